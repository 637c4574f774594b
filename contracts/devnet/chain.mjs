// Blocks: mining, the log they are replayed from, reorganisation, and what can be asked about them.
import { createHash } from "node:crypto";
import { join } from "node:path";
import { replay, settle } from "./execute.mjs";
import { Journal, JournalError } from "./journal.mjs";
import { Mempool } from "./mempool.mjs";
import { ClarityVm, EPOCH } from "./vm.mjs";
import { decode } from "./wire.mjs";

const LOG_VERSION = 1;
const MAX_BLOCK_BYTES = 2 * 1024 * 1024;
const hash = (...parts) => createHash("sha512-256").update(JSON.stringify(parts)).digest("hex");

/** The genesis record of a new log. `accounts`: [{address, balance as decimal text in uSTX}]. */
const genesisRecord = (accounts, time) => ({ type: "genesis", version: LOG_VERSION, epoch: EPOCH, time, accounts });

/** Reads the log into the canonical blocks; a reorganisation in it takes blocks off the end. */
function readLog(records) {
  const blocks = [];
  let forks = 0;
  for (const record of records) {
    if (record.type === "block") {
      blocks.push(record);
    } else if (record.type === "reorganise") {
      if (record.depth > blocks.length) throw new JournalError("a reorganisation deeper than the chain");
      blocks.length -= record.depth;
      forks += 1;
    } else {
      throw new JournalError(`unknown block record ${record.type}`);
    }
  }
  return { blocks, forks };
}

export class Chain {
  #journal;
  #genesis;
  #genesisImage = null;
  #scratch = null;
  #forks = 0;
  #nonces;
  #balances = null;

  /** Opens or creates the chain in `dir`. `accounts` and `time` (UTC seconds) only matter for a new one. */
  static async open({ dir, accounts, time, burnEvery, burnRun = 1 }) {
    const chain = new Chain();
    chain.burnEvery = burnEvery;
    chain.burnRun = burnRun;
    chain.#journal = new Journal(join(dir, "blocks.jsonl"));
    const [first, ...rest] = chain.#journal.records;
    const genesis = first ?? genesisRecord(accounts ?? [], time);
    if (genesis.type !== "genesis" || genesis.version !== LOG_VERSION || genesis.epoch !== EPOCH) {
      throw new JournalError("the log does not begin with a genesis of this version");
    }
    if (accounts !== null && JSON.stringify(accounts) !== JSON.stringify(genesis.accounts)) {
      throw new JournalError("the log began with other genesis accounts");
    }
    if (first === undefined) chain.#journal.append(genesis);
    chain.#genesis = genesis;
    chain.vm = await ClarityVm.open(genesis);
    chain.mempool = new Mempool(join(dir, "mempool.jsonl"));
    const { blocks, forks } = readLog(rest);
    chain.#forks = forks;
    chain.#rebuild(blocks);
    return chain;
  }

  #reset() {
    const { vm } = this;
    const { height, burnHeight, time } = vm;
    const opening = { type: "block", height, burnHeight, time, tenureStart: true, parent: "0".repeat(64), txs: [] };
    this.blocks = [{ ...opening, hash: hash("genesis", this.#genesis) }];
    /** txid -> {tx, receipt, block, index}, canonical blocks only */
    this.mined = new Map();
    this.published = new Map();
    this.#nonces = new Map();
    this.#balances = null;
    this.mempool.setMined(this.mined);
  }

  /** The state after `blocks`, from the genesis image; every replayed result must equal the recorded one. */
  #rebuild(blocks) {
    this.#reset();
    if (blocks.length > 0) this.#keepGenesis();
    for (const block of blocks) {
      const txs = block.txs.map(({ raw }) => decode(Buffer.from(raw, "hex")));
      let receipts = [];
      if (block.tenureStart) this.vm.mineBurn();
      else receipts = replay(this.vm, txs, block.txs.map(({ receipt }) => receipt));
      const again = this.#record(block.tenureStart, txs, receipts ?? [], block.fork);
      if (JSON.stringify(again) !== JSON.stringify(block)) {
        throw new JournalError(`replay of block ${block.height} gave another result`);
      }
      this.#accept(block, txs);
    }
  }

  /** Copies the VM before its first block; not at start, where it would cost a fifth of a second for nothing. */
  #keepGenesis() {
    this.#genesisImage ??= this.vm.image();
  }

  /** A block record of what the VM now holds on top of the current tip. */
  #record(tenureStart, txs, receipts, fork) {
    const { height, burnHeight, time } = this.vm;
    const parent = this.tip.hash;
    const mined = txs.map((tx, i) => ({ txid: tx.txid, raw: tx.raw, receipt: receipts[i] }));
    const content = { height, burnHeight, time, tenureStart, fork, parent, txs: mined };
    return { type: "block", ...content, hash: hash("block", content) };
  }

  #accept(block, txs) {
    this.blocks.push(block);
    this.#balances = null;
    block.txs.forEach(({ txid, receipt }, index) => {
      const tx = txs[index];
      this.mined.set(txid, { tx, receipt, block, index });
      this.#nonces.set(tx.sender, tx.nonce + 1n);
      if (tx.sponsored) this.#nonces.set(tx.payer, tx.payerNonce + 1n);
      if (tx.payload.kind === "smart_contract" && receipt.status === "success") {
        this.published.set(`${tx.sender}.${tx.payload.name}`, block.height);
      }
    });
  }

  /** On disk first, visible after. */
  #publish(tenureStart, txs, receipts) {
    const block = this.#record(tenureStart, txs, receipts, this.#forks);
    this.#journal.append(block);
    this.#accept(block, txs);
    return block;
  }

  get tip() {
    return this.blocks[this.blocks.length - 1];
  }

  /** The next nonce of a principal on the canonical chain. */
  nonce(principal) {
    return this.#nonces.get(principal) ?? 0n;
  }

  /** uSTX on the canonical chain. */
  balance(principal) {
    this.#balances ??= this.vm.balances();
    return this.#balances.get(principal) ?? 0n;
  }

  interfaceOf(contract) {
    return this.published.has(contract) ? this.vm.interfaceOf(contract) : undefined;
  }

  /** Pending transactions that can go into the next block, in an order that respects every nonce. */
  #select(held) {
    const chosen = [];
    const nonces = new Map();
    const next = (principal) => nonces.get(principal) ?? this.nonce(principal);
    let waiting = this.mempool.pending().map(({ tx }) => tx).filter(({ txid }) => !held.has(txid));
    let bytes = 0;
    const ready = (tx) =>
      tx.nonce === next(tx.sender) &&
      (!tx.sponsored || tx.payerNonce === next(tx.payer)) &&
      (tx.payload.kind !== "contract_call" || this.published.has(tx.payload.contract)) &&
      bytes + tx.size <= MAX_BLOCK_BYTES;
    for (let found = waiting.find(ready); found !== undefined; found = waiting.find(ready)) {
      chosen.push(found);
      bytes += found.size;
      nonces.set(found.sender, found.nonce + 1n);
      if (found.sponsored) nonces.set(found.payer, found.payerNonce + 1n);
      waiting = waiting.filter((tx) => tx !== found);
    }
    return chosen;
  }

  /** Mines what is ready; transactions that cannot pay now stay, those that can never be mined are dropped. */
  #mineReady() {
    const held = new Set();
    for (;;) {
      const txs = this.#select(held);
      if (txs.length === 0) {
        this.vm.mine([]);
        return this.#publish(false, [], []);
      }
      this.#scratch = this.vm.image(this.#scratch);
      const { receipts, unpaid, refused, status } = settle(this.vm, txs, this.#scratch);
      if (receipts) return this.#publish(false, txs, receipts);
      if (unpaid) held.add(unpaid.txid);
      else this.mempool.drop(refused.txid, status);
    }
  }

  /** Scheduled blocks since the last Bitcoin block. */
  get #sinceBurn() {
    const start = this.blocks.findLastIndex(({ tenureStart }) => tenureStart);
    return this.blocks.length - 1 - start;
  }

  /** One scheduled Stacks block; when Bitcoin blocks are due, each one's empty tenure-start block comes first. */
  mine() {
    this.#keepGenesis();
    if (this.#sinceBurn >= this.burnEvery) {
      for (let arrived = 0; arrived < this.burnRun; arrived += 1) {
        this.vm.mineBurn();
        this.#publish(true, [], []);
      }
    }
    return this.#mineReady();
  }

  /** Takes the last `depth` blocks off the canonical chain; their transactions are pending again. */
  reorganise(depth) {
    if (!Number.isInteger(depth) || depth < 1 || depth >= this.blocks.length) {
      throw new RangeError(`depth must be 1 to ${this.blocks.length - 1}`);
    }
    const kept = this.blocks.slice(1, this.blocks.length - depth);
    this.#journal.append({ type: "reorganise", depth });
    this.#forks += 1;
    this.vm.restore(this.#genesisImage);
    this.#rebuild(kept);
  }

  /** Everything a replay must reproduce, for comparison. */
  summary() {
    const { height, burnHeight, hash: tip } = this.tip;
    const text = (entries) => Object.fromEntries([...entries].map(([k, v]) => [k, String(v)]).sort());
    return {
      stacks_tip_height: height,
      burn_block_height: burnHeight,
      stacks_tip: `0x${tip}`,
      forks: this.#forks,
      mempool: this.mempool.pending().map(({ tx }) => `0x${tx.txid}`),
      mined: this.mined.size,
      balances: text(this.vm.balances()),
      nonces: text(this.#nonces),
    };
  }

  close() {
    this.#journal.close();
    this.mempool.close();
  }
}
