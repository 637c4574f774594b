// The indexed API's view of transactions, events and nonces.
import { PostConditionMode, hexToCV } from "@stacks/transactions";
import { repr, toHex, typeName } from "./clarity.mjs";

const iso = (seconds) => new Date(seconds * 1000).toISOString();
const value = (hex) => ({ hex, repr: repr(hexToCV(hex)) });
const MODES = {
  [PostConditionMode.Allow]: "allow",
  [PostConditionMode.Deny]: "deny",
  [PostConditionMode.Originator]: "originator",
};

/** One VM event in the API's shape. */
export function renderEvent({ kind, data }, index, txid) {
  const head = { event_index: index, tx_id: `0x${txid}` };
  const moved = (part) => ({ asset_event_type: part, sender: data.sender ?? "", recipient: data.recipient ?? "" });
  const [, asset, part] = /^(stx|ft|nft)_(transfer|mint|burn)_event$/.exec(kind) ?? [];
  if (kind === "print_event") {
    const log = { contract_id: data.contract, topic: data.topic, value: value(data.value) };
    return { ...head, event_type: "smart_contract_log", contract_log: log };
  }
  if (asset === "stx") return { ...head, event_type: "stx_asset", asset: { ...moved(part), amount: data.amount } };
  if (asset === "ft") {
    const body = { ...moved(part), asset_id: data.asset, amount: data.amount };
    return { ...head, event_type: "fungible_token_asset", asset: body };
  }
  if (asset === "nft") {
    const body = { ...moved(part), asset_id: data.asset, value: value(data.value) };
    return { ...head, event_type: "non_fungible_token_asset", asset: body };
  }
  return { ...head, event_type: kind, data };
}

function renderPayload(chain, { payload, sender }) {
  if (payload.kind === "token_transfer") {
    const memo = `0x${Buffer.from(payload.memo, "utf8").toString("hex").padEnd(68, "0")}`;
    const body = { recipient_address: payload.recipient, amount: String(payload.amount), memo };
    return { tx_type: "token_transfer", token_transfer: body };
  }
  if (payload.kind === "smart_contract") {
    const body = {
      clarity_version: payload.clarityVersion,
      contract_id: `${sender}.${payload.name}`,
      source_code: payload.source,
    };
    return { tx_type: "smart_contract", smart_contract: body };
  }
  const declared = chain.interfaceOf(payload.contract)?.functions.find(({ name }) => name === payload.fn);
  const call = { contract_id: payload.contract, function_name: payload.fn };
  if (declared !== undefined) {
    const args = declared.args.map(({ name, type }) => `(${name} ${typeName(type)})`);
    const head = [payload.fn, ...args].join(" ");
    call.function_signature = `(define-public (${head}) ${typeName(declared.outputs.type)})`;
  }
  call.function_args = payload.args.map((arg, i) => ({
    hex: toHex(arg),
    repr: repr(arg),
    name: declared?.args[i]?.name ?? "",
    type: declared?.args[i] ? typeName(declared.args[i].type) : "",
  }));
  return { tx_type: "contract_call", contract_call: call };
}

function renderTx(chain, tx) {
  const sponsor = tx.sponsored ? { sponsor_address: tx.payer, sponsor_nonce: Number(tx.payerNonce) } : {};
  return {
    tx_id: `0x${tx.txid}`,
    nonce: Number(tx.nonce),
    fee_rate: String(tx.fee),
    sender_address: tx.sender,
    sponsored: tx.sponsored,
    ...sponsor,
    post_condition_mode: MODES[tx.postConditionMode],
    anchor_mode: "any",
    ...renderPayload(chain, tx),
  };
}

function renderMined(chain, { tx, receipt, block, index }) {
  const parent = chain.blocks[block.height - chain.blocks[0].height - 1];
  const { costs } = receipt;
  return {
    ...renderTx(chain, tx),
    is_unanchored: false,
    block_hash: `0x${block.hash}`,
    parent_block_hash: `0x${block.parent}`,
    block_height: block.height,
    block_time: block.time,
    block_time_iso: iso(block.time),
    burn_block_height: block.burnHeight,
    burn_block_time: block.time,
    burn_block_time_iso: iso(block.time),
    parent_burn_block_time: parent.time,
    parent_burn_block_time_iso: iso(parent.time),
    canonical: true,
    microblock_canonical: true,
    microblock_hash: "0x",
    microblock_sequence: 2147483647,
    tx_index: index,
    tx_status: receipt.status,
    tx_result: value(receipt.result),
    event_count: receipt.events.length,
    events: receipt.events.map((event, i) => renderEvent(event, i, tx.txid)),
    execution_cost_runtime: costs.runtime,
    execution_cost_read_count: costs.readCount,
    execution_cost_read_length: costs.readLength,
    execution_cost_write_count: costs.writeCount,
    execution_cost_write_length: costs.writeLength,
    vm_error: receipt.vmError ?? null,
  };
}

/** GET /extended/v1/tx/{txid}; undefined when nobody knows the transaction. `txid` without 0x. */
export function transaction(chain, txid) {
  const mined = chain.mined.get(txid);
  if (mined !== undefined) return renderMined(chain, mined);
  const waiting = chain.mempool.find(txid) ?? chain.mempool.findDropped(txid);
  if (waiting === undefined) return undefined;
  const { tx, received, status, by } = waiting;
  const view = {
    ...renderTx(chain, tx),
    tx_status: status ?? "pending",
    receipt_time: received,
    receipt_time_iso: iso(received),
  };
  if (status !== undefined) view.replaced_by_tx_id = by === null ? null : `0x${by}`;
  return view;
}

/** GET /extended/v1/tx/{txid}/raw: the signed bytes, mined or pending; undefined when nobody knows the transaction. */
export function rawTransaction(chain, txid) {
  const tx = (chain.mined.get(txid) ?? chain.mempool.find(txid))?.tx;
  return tx === undefined ? undefined : { raw_tx: `0x${tx.raw}` };
}

/** GET /extended/v1/contract/{id}/events: prints, newest first. */
export function contractEvents(chain, contract, limit, offset) {
  const found = [];
  for (const { tx, receipt } of chain.mined.values()) {
    receipt.events.forEach((event, index) => {
      if (event.kind === "print_event" && event.data.contract === contract) found.push([event, index, tx.txid]);
    });
  }
  const page = found.reverse().slice(offset, offset + limit);
  return { limit, offset, total: found.length, results: page.map((entry) => renderEvent(...entry)) };
}

/** GET /extended/v1/address/{p}/nonces. */
export function nonces(chain, principal) {
  const held = new Set();
  for (const { tx } of chain.mempool.pending()) {
    if (tx.sender === principal) held.add(Number(tx.nonce));
    if (tx.sponsored && tx.payer === principal) held.add(Number(tx.payerNonce));
  }
  const inMempool = [...held].sort((a, b) => b - a);
  const next = Number(chain.nonce(principal));
  const last = inMempool[0] ?? null;
  const missing = [];
  for (let nonce = next; last !== null && nonce < last; nonce += 1) if (!held.has(nonce)) missing.unshift(nonce);
  return {
    last_mempool_tx_nonce: last,
    last_executed_tx_nonce: next === 0 ? null : next - 1,
    possible_next_nonce: last === null ? next : Math.max(next, last + 1),
    detected_missing_nonces: missing,
    detected_mempool_nonces: inMempool,
  };
}
