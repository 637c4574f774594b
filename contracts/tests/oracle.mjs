// A second opinion for the appliance's chain codec: one JSON request a line on standard input, one JSON answer a line on
// standard output. Transactions and values are built by @stacks/transactions, addresses by c32check, and Clarity is
// evaluated by the contract VM. Nothing here comes from the code under test: requests describe values in plain JSON.
//
//   {"op": "...", "items": [...]}  ->  [{"ok": ...} | {"error": "..."}, ...]   one answer per item, in order

import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import {
  Cl,
  deserializeTransaction,
  getAddressFromPrivateKey,
  makeContractCall,
  makeContractDeploy,
  makeSTXTokenTransfer,
  privateKeyToPublic,
  publicKeyToHex,
  serializeCV,
  sponsorTransaction,
} from '@stacks/transactions';

const require = createRequire(import.meta.url);
const c32check = require('c32check');

// {"t": type, "v": ...}: numbers as decimal text, buffers as hexadecimal, tuples as lists of [name, value].
function clarity({ t, v }) {
  switch (t) {
    case 'uint': return Cl.uint(BigInt(v));
    case 'int': return Cl.int(BigInt(v));
    case 'bool': return Cl.bool(v);
    case 'buffer': return Cl.bufferFromHex(v);
    case 'ascii': return Cl.stringAscii(v);
    case 'utf8': return Cl.stringUtf8(v);
    case 'principal': return Cl.address(v);
    case 'some': return Cl.some(clarity(v));
    case 'none': return Cl.none();
    case 'ok': return Cl.ok(clarity(v));
    case 'err': return Cl.error(clarity(v));
    case 'list': return Cl.list(v.map(clarity));
    case 'tuple': return Cl.tuple(Object.fromEntries(v.map(([name, field]) => [name, clarity(field)])));
    default: throw new Error(`unknown type ${t}`);
  }
}

// {"type": "stx" | "ft" | "nft", "payer": address, contract or "origin", "condition": ..., "amount" | "asset" | "token"}
function condition({ type, payer, condition, amount, asset, token }) {
  const common = { type: `${type}-postcondition`, address: payer, condition };
  if (type === 'stx') return { ...common, amount: BigInt(amount) };
  if (type === 'ft') return { ...common, asset, amount: BigInt(amount) };
  return { ...common, asset, assetId: clarity(token) };
}

async function originSigned(description) {
  const { kind, network, key, nonce, fee, mode, conditions, sponsor } = description;
  const common = {
    network,
    senderKey: key,
    nonce: BigInt(nonce),
    fee: BigInt(fee),
    sponsored: sponsor !== null,
    postConditionMode: mode,
    postConditions: conditions.map(condition),
  };
  if (kind === 'call') {
    return makeContractCall({
      ...common,
      contractAddress: description.address,
      contractName: description.name,
      functionName: description.function,
      functionArgs: description.arguments.map(clarity),
    });
  }
  if (kind === 'deploy') {
    return makeContractDeploy({
      ...common,
      contractName: description.name,
      codeBody: description.source,
      clarityVersion: description.clarity,
    });
  }
  return makeSTXTokenTransfer({
    ...common,
    recipient: clarity({ t: 'principal', v: description.recipient }),
    amount: BigInt(description.amount),
    memo: description.memo,
  });
}

async function transaction(description) {
  const { network, key, sponsor } = description;
  let built = await originSigned(description);
  if (sponsor !== null) {
    built = await sponsorTransaction({
      transaction: built,
      sponsorPrivateKey: sponsor.key,
      sponsorNonce: BigInt(sponsor.nonce),
      fee: BigInt(sponsor.fee),
      network,
    });
  }
  return { raw: built.serialize(), txid: built.txid(), sender: getAddressFromPrivateKey(key, network) };
}

let simnet;
async function vm() {
  if (simnet === undefined) {
    const { getSDK } = await import('@stacks/clarinet-sdk');
    simnet = await getSDK();
    await simnet.initEmptySession({ enabled: false });
    simnet.setEpoch('4.0');
  }
  return simnet;
}

const operations = {
  transactions: transaction,
  awaiting_sponsor: async (description) => (await originSigned(description)).serialize(),
  values: (item) => serializeCV(clarity(item)),
  // What the library reads out of the same bytes, written again; it checks the origin's signature.
  reread_transaction: (hex) => {
    const read = deserializeTransaction(hex);
    read.verifyOrigin();
    return { raw: read.serialize(), txid: read.txid() };
  },
  // address <-> version and hash160
  addresses: ({ version, hash160 }) => c32check.c32address(version, hash160),
  address: (text) => {
    const [version, hash160] = c32check.c32addressDecode(text);
    return { version, hash160 };
  },
  c32: (hex) => c32check.c32encode(hex),
  keys: (key) => ({
    public: publicKeyToHex(privateKeyToPublic(key)),
    mainnet: getAddressFromPrivateKey(key, 'mainnet'),
    testnet: getAddressFromPrivateKey(key, 'testnet'),
  }),
  // A Clarity expression, evaluated by the VM; its result in consensus encoding.
  evaluate: async (snippet) => serializeCV((await vm()).execute(snippet).result),
};

for await (const line of createInterface({ input: process.stdin })) {
  const { op, items } = JSON.parse(line);
  const answers = [];
  for (const item of items) {
    try {
      answers.push({ ok: await operations[op](item) });
    } catch (error) {
      answers.push({ error: String(error?.message ?? error) });
    }
  }
  process.stdout.write(`${JSON.stringify(answers)}\n`);
}
