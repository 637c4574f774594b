// One block of transactions through the VM: fees, aborts, post-conditions. Pure but for the VM it is given.
import { Cl } from "@stacks/transactions";
import { toHex } from "./clarity.mjs";
import { violation } from "./postconditions.mjs";
import { CLARITY_VERSION, MINER, VmError, causeOf } from "./vm.mjs";

const NO_COSTS = Object.freeze({ runtime: 0, readCount: 0, readLength: 0, writeCount: 0, writeLength: 0 });
const OK_TRUE = toHex(Cl.ok(Cl.bool(true)));
/** What the chain records for a transaction that failed at run time and so returned nothing. */
const ERR_NONE = toHex(Cl.error(Cl.none()));
const OVER_BUDGET = /CostBalanceExceeded|CostOverflow|MemoryBalanceExceeded/;

function mainStep({ payload, sender }) {
  switch (payload.kind) {
    case "token_transfer":
      return { kind: "transfer", amount: payload.amount, recipient: payload.recipient, sender };
    case "contract_call":
      return { kind: "call", contract: payload.contract, fn: payload.fn, args: payload.args, sender };
    case "smart_contract":
      return {
        kind: "deploy",
        name: payload.name,
        source: payload.source,
        clarityVersion: payload.clarityVersion ?? CLARITY_VERSION,
        sender,
      };
    default:
      throw new TypeError(`payload ${payload.kind} is never admitted`);
  }
}

/** The fee is a transfer of its own inside the block, so that contracts see balances after fees. */
const feeStep = (tx) => ({ kind: "transfer", amount: tx.fee, recipient: MINER, sender: tx.payer });

const stepsOf = (txs, rolledBack) =>
  txs.flatMap((tx) => (rolledBack.has(tx.txid) ? [feeStep(tx)] : [feeStep(tx), mainStep(tx)]));

function receiptOf(tx, outcome) {
  const deployed = tx.payload.kind === "smart_contract";
  return {
    status: outcome.ok ? "success" : "abort_by_response",
    result: deployed ? OK_TRUE : toHex(outcome.result),
    costs: outcome.costs,
    events: outcome.events,
    rolledBack: false,
  };
}

/** The receipts of outcomes in step order, or the first transaction that needs other treatment. */
function readOutcomes(txs, outcomes, rolledBack) {
  const receipts = [];
  let at = 0;
  for (const tx of txs) {
    if (!outcomes[at++].ok) return { unpaid: tx };
    if (rolledBack.has(tx.txid)) {
      receipts.push(rolledBack.get(tx.txid));
      continue;
    }
    const outcome = outcomes[at++];
    // a transfer beyond the balance is not an abort: the chain does not mine it
    if (!outcome.ok && tx.payload.kind === "token_transfer") return { unpaid: tx };
    const receipt = receiptOf(tx, outcome);
    const bound = outcome.ok && tx.payload.kind !== "token_transfer";
    const broken = bound ? violation(tx, outcome.events) : null;
    if (broken !== null) return { violates: tx, receipt, why: broken };
    receipts.push(receipt);
  }
  return { receipts };
}

/** The first of `txs` that the VM cannot execute: prefixes fail exactly from there on. */
function firstFailure(vm, image, txs, rolledBack) {
  let [low, high] = [1, txs.length];
  let failure = null;
  while (low <= high) {
    const middle = (low + high) >> 1;
    vm.restore(image);
    try {
      vm.mine(stepsOf(txs.slice(0, middle), rolledBack));
      low = middle + 1;
    } catch (error) {
      if (!(error instanceof VmError)) throw error;
      failure = { tx: txs[middle - 1], error };
      high = middle - 1;
    }
  }
  if (failure === null) throw new VmError("a block failed once and then succeeded in every prefix", { broken: true });
  return failure;
}

/**
 * Mines `txs` as one block on the state in `image`, which is also the VM's state on entry.
 * Answers {receipts}; or {unpaid: tx} (funds are missing now) or {refused: tx, status} (can never be mined), and then
 * the VM is back at `image` and nothing was mined.
 */
export function settle(vm, txs, image) {
  // consensus: a plain transfer with post-conditions is invalid, though its bytes are well formed
  const invalid = txs.find((tx) => tx.payload.kind === "token_transfer" && tx.postConditions.length > 0);
  if (invalid !== undefined) return { refused: invalid, status: "dropped_problematic" };
  const rolledBack = new Map();
  for (;;) {
    let outcome;
    try {
      outcome = readOutcomes(txs, vm.mine(stepsOf(txs, rolledBack)), rolledBack);
    } catch (error) {
      if (!(error instanceof VmError)) throw error;
      outcome = { failure: firstFailure(vm, image, txs, rolledBack) };
    }
    if (outcome.receipts) return outcome;
    vm.restore(image);
    if (outcome.unpaid) return outcome;
    if (outcome.violates) {
      const { violates, receipt, why } = outcome;
      rolledBack.set(violates.txid, {
        ...receipt,
        status: "abort_by_post_condition",
        events: [],
        rolledBack: true,
        vmError: `Post-condition check failure: ${why}`,
      });
      continue;
    }
    const { tx, error } = outcome.failure;
    if (error.broken) return { refused: tx, status: "dropped_problematic" };
    if (OVER_BUDGET.test(error.message)) return { refused: tx, status: "dropped_too_expensive" };
    rolledBack.set(tx.txid, {
      status: "abort_by_response",
      result: ERR_NONE,
      costs: NO_COSTS,
      events: [],
      rolledBack: true,
      vmError: causeOf(error.message),
    });
  }
}

/** Replays a recorded block without trials: what was rolled back then only pays its fee now. */
export function replay(vm, txs, recorded) {
  const rolledBack = new Map(txs.flatMap((tx, i) => (recorded[i].rolledBack ? [[tx.txid, recorded[i]]] : [])));
  return readOutcomes(txs, vm.mine(stepsOf(txs, rolledBack)), rolledBack).receipts;
}
