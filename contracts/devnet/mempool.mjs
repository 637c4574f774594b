// Transactions known to the network and not mined. Kept in a file: other peers would have kept them too.
import { Journal, JournalError } from "./journal.mjs";
import { decode } from "./wire.mjs";

export class Mempool {
  #journal;
  #known = new Map();
  #mined = new Set();
  #dropped = new Map();

  constructor(path) {
    this.#journal = new Journal(path);
    for (const record of this.#journal.records) {
      if (record.op === "add") this.#remember(decode(Buffer.from(record.raw, "hex")), record);
      else if (record.op === "drop") this.#forget(record.txid, record);
      else throw new JournalError(`unknown mempool record ${record.op}`);
    }
  }

  #remember(tx, { received, replaces, foreign }) {
    if (replaces) this.#forget(replaces, { status: "dropped_replace_by_fee", by: tx.txid });
    this.#dropped.delete(tx.txid);
    this.#known.set(tx.txid, { tx, received, foreign });
  }

  #forget(txid, { status, by }) {
    const entry = this.#known.get(txid);
    if (entry === undefined) throw new JournalError(`dropped transaction ${txid} was never added`);
    this.#known.delete(txid);
    this.#dropped.set(txid, { ...entry, status, by: by ?? null });
  }

  /** Durable on return. `received` in UTC seconds; `replaces`: txid of the transaction outbid, in the same record. */
  add(tx, { received, replaces = null, foreign = false }) {
    this.#journal.append({ op: "add", txid: tx.txid, raw: tx.raw, received, replaces, foreign });
    this.#remember(tx, { received, replaces, foreign });
  }

  drop(txid, status, by = null) {
    this.#journal.append({ op: "drop", txid, status, by });
    this.#forget(txid, { status, by });
  }

  /** The chain says which transactions are in canonical blocks; all others that were added are pending. */
  setMined(txids) {
    this.#mined = txids;
  }

  /** Pending entries {tx, received, foreign} in order of arrival. */
  pending() {
    return [...this.#known.values()].filter(({ tx }) => !this.#mined.has(tx.txid));
  }

  /** The pending entry of a txid, or undefined. */
  find(txid) {
    return this.#mined.has(txid) ? undefined : this.#known.get(txid);
  }

  /** {tx, received, status, by} of a transaction that left without being mined, or undefined. */
  findDropped(txid) {
    return this.#dropped.get(txid);
  }

  /** The pending transaction that holds the same origin nonce or the same payer nonce, or undefined. */
  conflict(tx) {
    const holds = (other) =>
      (other.sender === tx.sender && other.nonce === tx.nonce) ||
      (other.payer === tx.payer && other.payerNonce === tx.payerNonce);
    return this.pending().find((entry) => holds(entry.tx))?.tx;
  }

  close() {
    this.#journal.close();
  }
}
