// Fee estimates as the node makes them: what recent transactions paid per share of a block.
import { BytesReader, deserializePayload, addressToString, PayloadType } from "@stacks/transactions";

/** Block limits of the epoch on mainnet; the scalar of a transaction is its share of them times 10,000. */
const BLOCK_LIMITS = { runtime: 5e9, readCount: 30_000, readLength: 200e6, writeCount: 15_000, writeLength: 15e6 };
const PROPORTION_RESOLUTION = 10_000;
const MAX_TX_BYTES = 2 * 1024 * 1024;
const WINDOW = 100;
const PERCENTILES = [5, 50, 95];

/** No transaction of this kind was mined yet: the node's status 400. */
export class NoEstimate extends Error {}
/** The payload's hex is not a payload. */
export class BadPayload extends Error {}

function readKind(hex) {
  try {
    const payload = deserializePayload(new BytesReader(Buffer.from(hex.replace(/^0x/, ""), "hex")));
    if (payload.payloadType === PayloadType.TokenTransfer) return "token_transfer";
    if (payload.payloadType !== PayloadType.ContractCall) return "smart_contract";
    const address = addressToString(payload.contractAddress);
    return `${address}.${payload.contractName.content}.${payload.functionName.content}`;
  } catch (error) {
    // the SDK's reader throws plain errors for every malformed field
    throw new BadPayload(error.message);
  }
}

function kindOf({ payload }) {
  return payload.kind === "contract_call" ? `${payload.contract}.${payload.fn}` : payload.kind;
}

function scalarOf(costs, length) {
  const share = Object.entries(BLOCK_LIMITS).reduce((sum, [name, limit]) => sum + costs[name] / limit, 0);
  return Math.max(1, Math.round((share + length / MAX_TX_BYTES) * PROPORTION_RESOLUTION));
}

function percentile(sorted, percent) {
  return sorted[Math.min(sorted.length - 1, Math.floor((percent / 100) * sorted.length))];
}

/** The answer of POST /v2/fees/transaction; `mined` are the chain's entries, oldest first. */
export function estimate(mined, payloadHex, estimatedLength) {
  const kind = readKind(payloadHex);
  const entries = [...mined];
  const same = entries.filter(({ tx, receipt }) => kindOf(tx) === kind && !receipt.rolledBack);
  if (same.length === 0 || kind === "smart_contract") throw new NoEstimate();
  const { costs } = same[same.length - 1].receipt;
  const length = Math.max(estimatedLength, payloadHex.replace(/^0x/, "").length / 2);
  const scalar = scalarOf(costs, length);
  const rates = entries
    .slice(-WINDOW)
    .map(({ tx, receipt }) => Number(tx.fee) / scalarOf(receipt.costs, tx.size))
    .sort((a, b) => a - b);
  return {
    estimated_cost: {
      runtime: costs.runtime,
      read_count: costs.readCount,
      read_length: costs.readLength,
      write_count: costs.writeCount,
      write_length: costs.writeLength,
    },
    estimated_cost_scalar: scalar,
    cost_scalar_change_by_byte: PROPORTION_RESOLUTION / MAX_TX_BYTES,
    estimations: PERCENTILES.map((percent) => {
      const rate = percentile(rates, percent);
      return { fee_rate: rate, fee: Math.max(Math.ceil(rate * scalar), length) };
    }),
  };
}
