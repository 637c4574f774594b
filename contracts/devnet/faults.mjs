// What the node is told to do wrong. Counts run down by request, so that tests need no clock.
import {
  BytesReader,
  PayloadType,
  createTokenTransferPayload,
  deserializePayload,
  serializePayloadBytes,
} from "@stacks/transactions";
import { Rejection } from "./admission.mjs";
import { MINER } from "./vm.mjs";
import { decode } from "./wire.mjs";

/** The order cannot be carried out as given. */
export class FaultError extends Error {}

const DARK_MODES = ["reset", "503"];

function positive(order, name, fallback) {
  const value = order[name] ?? fallback;
  if (!Number.isInteger(value) || value < 1) throw new FaultError(`${name} must be a positive integer`);
  return value;
}

function pendingOf(chain, order) {
  const txid = String(order.txid ?? "").replace(/^0x/, "");
  const entry = chain.mempool.find(txid);
  if (entry === undefined) throw new FaultError("no pending transaction has this txid");
  return entry.tx;
}

/** A transfer that takes the nonce of `tx` for one uSTX more of fee. Only this chain takes it: it cannot be signed. */
function outbid(tx) {
  const { wire } = decode(Buffer.from(tx.raw, "hex"));
  const transfer = serializePayloadBytes(createTokenTransferPayload(MINER, 1, ""));
  wire.payload = deserializePayload(new BytesReader(transfer));
  if (wire.payload.payloadType !== PayloadType.TokenTransfer) throw new FaultError("no transfer was made");
  wire.postConditions.values = [];
  wire.setFee(tx.fee + 1n);
  return decode(wire.serializeBytes());
}

export class Faults {
  #chain;
  #clock;
  #drop = 0;
  #refuse = null;
  #delay = null;
  #dark = null;
  #lag = false;
  #missed = 0;

  /** `clock` gives UTC milliseconds; only `dark` and `lag` with `ms` read it. */
  constructor(chain, clock) {
    this.#chain = chain;
    this.#clock = clock;
  }

  /** Carries out {"kind": ...}; throws FaultError. */
  order(order) {
    switch (order?.kind) {
      case "drop":
        this.#drop = positive(order, "count", 1);
        return {};
      case "refuse":
        if (typeof order.reason !== "string") throw new FaultError("refuse needs a reason");
        this.#refuse = { left: positive(order, "count", 1), reason: order.reason, data: order.reason_data ?? null };
        return {};
      case "delay":
        this.#delay = { left: positive(order, "count", 1), ms: positive(order, "ms", undefined) };
        return {};
      case "dark": {
        const mode = String(order.mode ?? "reset");
        if (!DARK_MODES.includes(mode)) throw new FaultError(`mode must be one of ${DARK_MODES.join(", ")}`);
        const timed = order.ms !== undefined;
        const until = timed ? this.#clock() + positive(order, "ms") : null;
        this.#dark = { mode, until, left: timed ? null : positive(order, "count", 1) };
        return {};
      }
      case "lag":
        return this.#setLag(order.on ?? true);
      case "replace":
        return this.#replace(order);
      case "evict": {
        const tx = pendingOf(this.#chain, order);
        this.#chain.mempool.drop(tx.txid, order.status ?? "dropped_stale_garbage_collect");
        return {};
      }
      case "reorganise":
        return this.#reorganise(order.depth);
      case "clear":
        this.#drop = 0;
        this.#refuse = this.#delay = this.#dark = null;
        return this.#setLag(false);
      default:
        throw new FaultError(`unknown fault ${order?.kind}`);
    }
  }

  #reorganise(depth) {
    try {
      this.#chain.reorganise(depth);
    } catch (error) {
      if (error instanceof RangeError) throw new FaultError(error.message);
      throw error;
    }
    return this.#chain.summary();
  }

  #replace(order) {
    const ours = pendingOf(this.#chain, order);
    const theirs = outbid(ours);
    this.#chain.mempool.add(theirs, { received: Math.floor(this.#clock() / 1000), replaces: ours.txid, foreign: true });
    return { replaced_by: `0x${theirs.txid}` };
  }

  /** The network goes on while this node's tip stands; when it wakes it takes all missed blocks at once. */
  #setLag(on) {
    this.#lag = on;
    const mined = on ? 0 : this.#missed;
    if (!on) {
      for (; this.#missed > 0; this.#missed -= 1) this.#chain.mine();
    }
    return { caught_up: mined };
  }

  /** One scheduled block, or one more missed block while the node lags. */
  mine() {
    if (this.#lag) this.#missed += 1;
    else this.#chain.mine();
  }

  /** Milliseconds this answer is to be held back. */
  takeDelay() {
    if (this.#delay === null) return 0;
    const { ms } = this.#delay;
    this.#delay.left -= 1;
    if (this.#delay.left === 0) this.#delay = null;
    return ms;
  }

  /** "reset", "503" or null: how a request fails while the node is dark. */
  takeDark() {
    if (this.#dark === null) return null;
    const { mode, until } = this.#dark;
    if (until !== null && this.#clock() >= until) {
      this.#dark = null;
      return null;
    }
    if (until === null) {
      this.#dark.left -= 1;
      if (this.#dark.left === 0) this.#dark = null;
    }
    return mode;
  }

  /** Whether this submission is answered with 200 and forgotten; throws Rejection when it is to be refused. */
  takeSubmission() {
    if (this.#refuse !== null) {
      const { reason, data } = this.#refuse;
      this.#refuse.left -= 1;
      if (this.#refuse.left === 0) this.#refuse = null;
      throw new Rejection(reason, data);
    }
    if (this.#drop === 0) return false;
    this.#drop -= 1;
    return true;
  }

  summary() {
    return {
      drop: this.#drop,
      refuse: this.#refuse,
      delay: this.#delay,
      dark: this.#dark,
      lag: this.#lag,
      missed: this.#missed,
    };
  }
}
