// The node's own endpoints: submissions, accounts, fees, read-only calls, contracts, network.
import { Cl, ClarityType, hexToCV, validateStacksAddress } from "@stacks/transactions";
import { Rejection, admit } from "./admission.mjs";
import { argumentMismatch, toHex } from "./clarity.mjs";
import { BadPayload, NoEstimate, estimate } from "./fees.mjs";
import { CLARITY_VERSION, EPOCH_ID, VmError, causeOf } from "./vm.mjs";
import { DecodeError, TESTNET_CHAIN_ID, decode } from "./wire.mjs";

/** An answer other than 200. `body` is JSON when it is an object, else plain text. */
export class Answer extends Error {
  constructor(status, body) {
    super(typeof body === "string" ? body : JSON.stringify(body));
    this.status = status;
    this.body = body;
  }
}

// a read-only call's budget on a node with default settings
const READ_ONLY_LIMIT = { runtime: 1e9, readCount: 100, readLength: 200_000 };
const NONE = toHex(Cl.none());

export function requirePrincipal(text) {
  const [address, name] = text.split(".");
  if (!validateStacksAddress(address) || (name !== undefined && !/^[a-zA-Z][a-zA-Z0-9_-]{0,127}$/.test(name))) {
    throw new Answer(400, "Invalid principal");
  }
  return text;
}

/** Hex of a Clarity value, with or without 0x. */
function readValue(hex) {
  try {
    return hexToCV(hex);
  } catch (error) {
    // the SDK's reader throws plain errors for every malformed value
    throw new Answer(400, `Failed to decode Clarity value: ${error.message}`);
  }
}

/** POST /v2/transactions with raw bytes. The answer is the txid without 0x. */
export function submit(chain, faults, bytes, now) {
  let tx;
  try {
    tx = decode(bytes);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw new Answer(400, new Rejection("Deserialization", { message: error.message }).body("0".repeat(64)));
  }
  try {
    if (faults.takeSubmission() || chain.mempool.find(tx.txid) !== undefined) return tx.txid;
    const outbid = admit(tx, chain, chain.mempool);
    chain.mempool.add(tx, { received: now, replaces: outbid?.txid ?? null });
  } catch (error) {
    if (!(error instanceof Rejection)) throw error;
    throw new Answer(400, error.body(tx.txid));
  }
  return tx.txid;
}

/** The {tx, attachment} form of a submission. */
export function submitJson(chain, faults, body, now) {
  if (typeof body?.tx !== "string" || !/^(0x)?([0-9a-f]{2})*$/i.test(body.tx)) {
    throw new Answer(400, "Invalid body: tx hex is missing");
  }
  return submit(chain, faults, Buffer.from(body.tx.replace(/^0x/, ""), "hex"), now);
}

export function account(chain, principal, proof) {
  const view = {
    balance: `0x${chain.balance(principal).toString(16).padStart(32, "0")}`,
    locked: `0x${"0".repeat(32)}`,
    unlock_height: 0,
    nonce: Number(chain.nonce(principal)),
  };
  return proof ? { ...view, balance_proof: "", nonce_proof: "" } : view;
}

export function feeEstimate(chain, body) {
  if (typeof body?.transaction_payload !== "string") {
    throw new Answer(400, "Invalid body: transaction_payload is missing");
  }
  const length = body.estimated_len ?? 0;
  if (!Number.isInteger(length) || length < 0) throw new Answer(400, "Invalid body: estimated_len must be a length");
  try {
    return estimate(chain.mined.values(), body.transaction_payload, length);
  } catch (error) {
    if (error instanceof BadPayload) throw new Answer(400, `Failed to decode transaction payload: ${error.message}`);
    if (!(error instanceof NoEstimate)) throw error;
    throw new Answer(400, { error: "Estimation could not be performed", reason: "NoEstimateAvailable" });
  }
}

/** Why a node refuses the call before running it, or null. */
function readOnlyRefusal(declared, contract, fn, args) {
  if (declared === undefined) return `Unchecked(NoSuchContract("${contract}"))`;
  const found = declared.functions.find(({ name }) => name === fn);
  if (found === undefined) return `Unchecked(UndefinedFunction("${fn}"))`;
  if (found.access === "private") return `Unchecked(NoSuchPublicFunction("${contract}", "${fn}"))`;
  if (found.access === "public") return `Unchecked(PublicFunctionNotReadOnly("${contract}", "${fn}"))`;
  const mismatch = argumentMismatch(found.args, args);
  return mismatch === null ? null : `Unchecked(${mismatch})`;
}

export function callRead(chain, contract, fn, body) {
  if (typeof body?.sender !== "string" || !Array.isArray(body.arguments)) {
    throw new Answer(400, "Invalid body: sender and arguments are needed");
  }
  const sender = requirePrincipal(body.sender);
  const args = body.arguments.map(readValue);
  const refusal = readOnlyRefusal(chain.interfaceOf(contract), contract, fn, args);
  if (refusal !== null) return { okay: false, cause: refusal };
  try {
    const { value, costs } = chain.vm.read(contract, fn, args, sender);
    const over = Object.keys(READ_ONLY_LIMIT).find((name) => costs[name] > READ_ONLY_LIMIT[name]);
    if (over !== undefined) return { okay: false, cause: `CostBalanceExceeded: ${over} ${costs[over]}` };
    return { okay: true, result: toHex(value) };
  } catch (error) {
    if (!(error instanceof VmError) || error.broken) throw error;
    return { okay: false, cause: causeOf(error.message) };
  }
}

export function info(chain) {
  const { height, burnHeight, hash } = chain.tip;
  return {
    peer_version: 4207599113,
    burn_block_height: burnHeight,
    stable_burn_block_height: burnHeight,
    server_version: "mita-devnet 1 (Clarity VM of clarinet-sdk)",
    network_id: TESTNET_CHAIN_ID,
    parent_network_id: 3669344250,
    stacks_tip_height: height,
    stacks_tip: hash,
    tenure_height: chain.blocks.filter(({ tenureStart }) => tenureStart).length,
    genesis_chainstate_hash: chain.blocks[0].hash,
    unanchored_tip: null,
    unanchored_seq: null,
    exit_at_block_height: null,
    is_fully_synced: true,
    node_public_key: null,
    node_public_key_hash: null,
    last_pox_anchor: null,
    stackerdbs: [],
  };
}

export function pox(chain) {
  return {
    first_burnchain_block_height: chain.blocks[0].burnHeight,
    current_burnchain_block_height: chain.tip.burnHeight,
    epochs: [{ epoch_id: EPOCH_ID, start_height: chain.blocks[0].burnHeight, end_height: Number.MAX_SAFE_INTEGER }],
  };
}

export function contractSource(chain, contract) {
  const height = chain.published.get(contract);
  if (height === undefined) throw new Answer(404, "No contract source data found");
  return { source: chain.vm.sourceOf(contract), publish_height: height, clarity_version: CLARITY_VERSION };
}

export function contractInterface(chain, contract) {
  const declared = chain.interfaceOf(contract);
  if (declared === undefined) throw new Answer(404, "No contract interface data found");
  return declared;
}

export function dataVar(chain, contract, name) {
  const known = chain.interfaceOf(contract)?.variables.some((v) => v.name === name && v.access === "variable");
  if (!known) throw new Answer(404, "Data var not found");
  return { data: toHex(chain.vm.dataVar(contract, name)) };
}

/** The body is the key's hex as a JSON string. */
export function mapEntry(chain, contract, map, body) {
  if (typeof body !== "string") throw new Answer(400, "Invalid body: the key's hex is needed");
  const known = chain.interfaceOf(contract)?.maps.some(({ name }) => name === map);
  if (!known) throw new Answer(404, "Map not found");
  try {
    const entry = chain.vm.mapEntry(contract, map, readValue(body));
    return { data: entry.type === ClarityType.OptionalNone ? NONE : toHex(entry) };
  } catch (error) {
    if (!(error instanceof VmError) || error.broken) throw error;
    return { data: NONE };
  }
}
