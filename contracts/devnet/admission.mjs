// Whether the mempool takes a transaction: the node's checks, in the node's order, with the node's reasons.
import { argumentMismatch } from "./clarity.mjs";
import { SignatureError, requireSigned } from "./wire.mjs";

/** Nonces that may wait behind an account's next one. */
export const MAX_CHAINING = 25n;
/** uSTX per byte, by integer division. */
export const MIN_FEE_RATE = 1n;

/** A submission the node answers with status 400. */
export class Rejection extends Error {
  constructor(reason, data = null) {
    super(reason);
    this.reason = reason;
    this.data = data;
  }

  /** The body of the node's answer. */
  body(txid) {
    const body = { error: "transaction rejected", reason: this.reason, txid };
    if (this.data !== null) body.reason_data = this.data;
    return body;
  }
}

const hex128 = (amount) => `0x${amount.toString(16).padStart(32, "0")}`;

/** JSON numbers, as the node writes u64. */
const number = (value) => Number(value);

function requireFee(tx) {
  const size = BigInt(tx.size);
  if (tx.fee < 1n || tx.fee / size < MIN_FEE_RATE) {
    throw new Rejection("FeeTooLow", { expected: number(size * MIN_FEE_RATE), actual: number(tx.fee) });
  }
}

function requireNonce(principal, expected, actual, isOrigin) {
  const data = { actual: number(actual), principal, is_origin: isOrigin };
  if (actual < expected) throw new Rejection("BadNonce", { expected: number(expected), ...data });
  const highest = expected + 1n + MAX_CHAINING;
  if (actual > highest) {
    const message = "Nonce would exceed chaining limit in mempool";
    throw new Rejection("TooMuchChaining", { message, expected: number(highest), ...data });
  }
}

function requireFunds(expected, actual) {
  if (actual < expected) {
    throw new Rejection("NotEnoughFunds", { expected: hex128(expected), actual: hex128(actual) });
  }
}

const isMainnet = (principal) => principal.startsWith("SP") || principal.startsWith("SM");

function requireTransfer(tx, ledger) {
  const { recipient, amount } = tx.payload;
  if (isMainnet(recipient)) throw new Rejection("BadAddressVersionByte");
  if (recipient === tx.sender) throw new Rejection("TransferRecipientCannotEqualSender", { recipient });
  if (amount === 0n) throw new Rejection("TransferAmountMustBePositive");
  requireFunds(tx.payer === tx.sender ? amount + tx.fee : amount, ledger.balance(tx.sender));
}

function requireCall({ payload }, ledger) {
  if (isMainnet(payload.contract)) throw new Rejection("BadAddressVersionByte");
  const declared = ledger.interfaceOf(payload.contract);
  if (declared === undefined) throw new Rejection("NoSuchContract");
  const fn = declared.functions.find(({ name, access }) => name === payload.fn && access === "public");
  if (fn === undefined) throw new Rejection("NoSuchPublicFunction");
  const mismatch = argumentMismatch(fn.args, payload.args);
  if (mismatch !== null) throw new Rejection("BadFunctionArgument", { message: mismatch });
}

function requireDeploy(tx, ledger) {
  const id = `${tx.sender}.${tx.payload.name}`;
  if (ledger.interfaceOf(id) !== undefined) {
    throw new Rejection("ContractAlreadyExists", { contract_identifier: id });
  }
}

// payload ids of poison, coinbase (two kinds and Nakamoto's) and tenure change
const CLOSED_PAYLOADS = new Map([
  [3, "PoisonMicroblocksDoNotConflict"],
  [4, "NoCoinbaseViaMempool"],
  [5, "NoCoinbaseViaMempool"],
  [8, "NoCoinbaseViaMempool"],
  [7, "NoTenureChangeViaMempool"],
]);

/** Throws Rejection, or returns the pending transaction that `tx` outbids (undefined when its nonces are free). */
export function admit(tx, ledger, mempool) {
  try {
    requireSigned(tx);
  } catch (error) {
    if (!(error instanceof SignatureError)) throw error;
    throw new Rejection("SignatureValidation", { message: error.message });
  }
  requireFee(tx);
  requireNonce(tx.sender, ledger.nonce(tx.sender), tx.nonce, true);
  if (tx.sponsored) requireNonce(tx.payer, ledger.nonce(tx.payer), tx.payerNonce, false);
  requireFunds(tx.fee, ledger.balance(tx.payer));
  if (tx.payload.kind === "token_transfer") requireTransfer(tx, ledger);
  else if (tx.payload.kind === "contract_call") requireCall(tx, ledger);
  else if (tx.payload.kind === "smart_contract") requireDeploy(tx, ledger);
  else throw new Rejection(CLOSED_PAYLOADS.get(tx.payload.payloadType));
  const earlier = mempool.conflict(tx);
  if (earlier !== undefined && tx.fee <= earlier.fee) throw new Rejection("ConflictingNonceInMempool");
  return earlier;
}
