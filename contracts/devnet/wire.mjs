// Signed bytes -> a frozen transaction. Encoding is the contract SDK's; the checks on signatures are here.
import {
  AuthType,
  PayloadType,
  PubKeyEncoding,
  StacksWireType,
  addressFromPublicKeys,
  addressFromVersionHash,
  addressToString,
  deserializeTransaction,
  intoInitialSighashAuth,
  isSequentialMultiSig,
  isSingleSig,
  nextVerification,
  txidFromData,
} from "@stacks/transactions";

export const TESTNET_VERSION = 0x80;
export const TESTNET_CHAIN_ID = 0x80000000;
const SINGLE_SIG_VERSION = 26;
const MULTI_SIG_VERSION = 21;
const P2PKH = 0;
const HALF_ORDER = BigInt("0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0");

/** The bytes are not a transaction. Permanent. */
export class DecodeError extends Error {}
/** The bytes are a transaction that its signers did not sign as it stands. Permanent. */
export class SignatureError extends Error {}

function signerAddress(condition) {
  const version = condition.hashMode === P2PKH ? SINGLE_SIG_VERSION : MULTI_SIG_VERSION;
  return addressToString(addressFromVersionHash(version, condition.signer));
}

/** 65 bytes v r s; consensus since epoch 4.0 refuses s above half the group order. */
function requireLowS(signature) {
  if (BigInt(`0x${signature.slice(66)}`) > HALF_ORDER) throw new SignatureError("Signature is not low-S");
}

/** Checks one spending condition and returns the hash that the next signer starts from. */
function verifyCondition(condition, sighash, authType) {
  const { hashMode, fee, nonce } = condition;
  const keys = [];
  let current = sighash;
  let signatures = 0;
  const recover = (encoding, signature) => {
    requireLowS(signature);
    const step = nextVerification(current, authType, fee, nonce, encoding, signature);
    keys.push(step.pubKey);
    signatures += 1;
    return step.nextSigHash;
  };
  if (isSingleSig(condition)) {
    current = recover(condition.keyEncoding, condition.signature.data);
  } else {
    for (const field of condition.fields) {
      if (field.contents.type === StacksWireType.MessageSignature) {
        const next = recover(field.pubKeyEncoding ?? PubKeyEncoding.Compressed, field.contents.data);
        if (isSequentialMultiSig(hashMode)) current = next;
      } else {
        keys.push(field.contents);
      }
    }
  }
  const required = isSingleSig(condition) ? 1 : condition.signaturesRequired;
  const exact = isSingleSig(condition) || isSequentialMultiSig(hashMode);
  if (exact ? signatures !== required : signatures < required) {
    throw new SignatureError(`Incorrect number of signatures: ${signatures}, required ${required}`);
  }
  if (addressFromPublicKeys(0, hashMode, required, keys).hash160 !== condition.signer) {
    throw new SignatureError("Signer hash does not equal hash of public key(s)");
  }
  return current;
}

function initialSighash(wire) {
  const auth = wire.auth;
  wire.auth = intoInitialSighashAuth(auth);
  const hash = wire.txid();
  wire.auth = auth;
  return hash;
}

/** Throws SignatureError unless origin and sponsor signed exactly these bytes for this network. */
export function requireSigned(tx) {
  const { wire } = tx;
  if (wire.chainId !== TESTNET_CHAIN_ID) throw new SignatureError(`Bad chain ID ${wire.chainId}`);
  if (wire.transactionVersion !== TESTNET_VERSION) throw new SignatureError("Bad version: not a testnet transaction");
  try {
    const afterOrigin = verifyCondition(wire.auth.spendingCondition, initialSighash(wire), AuthType.Standard);
    if (tx.sponsored) verifyCondition(wire.auth.sponsorSpendingCondition, afterOrigin, AuthType.Sponsored);
  } catch (error) {
    // the curve library reports bad r, s and recovery ids with plain errors of its own
    throw error instanceof SignatureError ? error : new SignatureError(`Invalid signature: ${error.message}`);
  }
}

/** The part of a payload that the rest of the chain acts on. */
function readPayload(payload) {
  switch (payload.payloadType) {
    case PayloadType.TokenTransfer:
      return {
        kind: "token_transfer",
        recipient: payload.recipient.value,
        amount: BigInt(payload.amount),
        memo: payload.memo.content,
      };
    case PayloadType.ContractCall: {
      const contract = `${addressToString(payload.contractAddress)}.${payload.contractName.content}`;
      return { kind: "contract_call", contract, fn: payload.functionName.content, args: payload.functionArgs };
    }
    case PayloadType.SmartContract:
    case PayloadType.VersionedSmartContract:
      return {
        kind: "smart_contract",
        name: payload.contractName.content,
        source: payload.codeBody.content,
        clarityVersion: payload.clarityVersion ?? null,
      };
    default:
      return { kind: "other", payloadType: payload.payloadType };
  }
}

/** Bytes -> transaction; throws DecodeError. Nothing is checked but the encoding. */
export function decode(bytes) {
  let wire;
  let again;
  try {
    wire = deserializeTransaction(bytes);
    again = wire.serializeBytes();
  } catch (error) {
    // the SDK's reader throws plain errors for every malformed field
    throw new DecodeError(error.message);
  }
  if (Buffer.compare(Buffer.from(again), Buffer.from(bytes)) !== 0) {
    throw new DecodeError("not the canonical encoding of a transaction, or bytes left over");
  }
  const { authType, spendingCondition, sponsorSpendingCondition } = wire.auth;
  const sponsored = authType === AuthType.Sponsored;
  const paying = sponsored ? sponsorSpendingCondition : spendingCondition;
  const sender = signerAddress(spendingCondition);
  return Object.freeze({
    wire,
    txid: txidFromData(bytes),
    raw: Buffer.from(bytes).toString("hex"),
    size: bytes.length,
    sponsored,
    sender,
    nonce: spendingCondition.nonce,
    payer: sponsored ? signerAddress(sponsorSpendingCondition) : sender,
    payerNonce: paying.nonce,
    fee: paying.fee,
    payload: Object.freeze(readPayload(wire.payload)),
    postConditionMode: wire.postConditionMode,
    postConditions: wire.postConditions.values,
  });
}
