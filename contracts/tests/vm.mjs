// The Clarity VM as a process: one JSON request a line on standard input, one JSON answer a line on standard output.
// Clarity values travel as the hex of their consensus bytes. Starts as an empty session at epoch 4.0, Clarity 6.
//
// {op: "reset"}                                              a new empty session
// {op: "manifest", path}                                     a new session of what a Clarinet.toml lists, deployed by
//                                                            Clarinet itself, which writes its plan beside the manifest
// {op: "deploy", name, path | source, sender}                a contract from a file or from text
// {op: "public" | "read" | "private", contract, fn, args, sender}
// {op: "stored", asked: [{contract, name, key?}]}            map entries as optionals, and without a key data variables:
//                                                            what the contracts keep, without running them
// {op: "mine", blocks}                                       empty Stacks blocks
// {op: "burn", blocks}                                       empty burn blocks, each with one Stacks block
// {op: "height"}
//
// Answers: {result, events, marks, costs}, {stored}, {height}, {contracts}, or {error} for what the VM refused to run or
// aborted.
import { readFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import { createInterface } from "node:readline";
import { getSDK } from "@stacks/clarinet-sdk";
import { Cl } from "@stacks/transactions";

const FIRST_MARK = 10n ** 30n;
const CALLS = { public: "callPublicFn", read: "callReadOnlyFn", private: "callPrivateFn" };

// Standard output carries answers only; the SDK's own remarks go to standard error.
console.log = console.error;

let session;

async function reset() {
  session = await getSDK({ trackCosts: true });
  await session.initEmptySession({ enabled: false });
  session.setEpoch("4.0");
  return {};
}

async function manifest(path) {
  session = await getSDK({ trackCosts: true });
  await session.initSession(dirname(path), `./${basename(path)}`, null);
  return { contracts: [...session.getContractsInterfaces().keys()].filter((id) => id.startsWith(session.deployer)) };
}

function receipt({ result, events, costs }) {
  const printed = events.filter(({ event }) => event === "print_event").map(({ data }) => data);
  return {
    result: Cl.serialize(result),
    events: printed
      .filter(({ value }) => !isMark(value))
      .map(({ contract_identifier, value }) => ({ contract: contract_identifier, value: Cl.serialize(value) })),
    marks: printed.filter(({ value }) => isMark(value)).map(({ value }) => String(value.value)),
    costs: costs?.total ?? null,
  };
}

// A number that no contract prints but one whose text was marked (tests/contracts/marks.py).
function isMark({ type, value }) {
  return type === "uint" && value >= FIRST_MARK;
}

// The prints of a refused or a read-only call are gone; the trace of the last call still has them. That of a proof that
// was only read would be too long.
function traced(request, called) {
  const done = receipt(called);
  const kept = request.op === "public" && called.result.type !== "err";
  if (!process.env.MITA_MARKS || kept || request.contract.endsWith(".privacy-proof")) return done;
  const trace = session.getLastContractCallTrace() ?? "";
  return { ...done, marks: [...trace.matchAll(/print event: u(\d{31,})/g)].map(([, mark]) => mark) };
}

function stored({ contract, name, key }) {
  if (key === undefined) return Cl.serialize(session.getDataVar(contract, name));
  try {
    return Cl.serialize(session.getMapEntry(contract, name, Cl.deserialize(key)));
  } catch (error) {
    if (String(error?.message ?? error) !== "value not found") throw error;
    return Cl.serialize(Cl.none());
  }
}

async function answer(request) {
  const { op } = request;
  if (op === "reset") return reset();
  if (op === "manifest") return manifest(request.path);
  if (op === "height") return { height: session.stacksBlockHeight };
  if (op === "burn") return { height: session.mineEmptyBurnBlocks(request.blocks) };
  if (op === "mine") return { height: session.mineEmptyStacksBlocks(request.blocks) };
  if (op === "stored") return { stored: request.asked.map(stored) };
  if (op === "deploy") {
    const source = request.source ?? readFileSync(request.path, "utf8");
    return receipt(session.deployContract(request.name, source, { clarityVersion: 6 }, request.sender));
  }
  if (op in CALLS) {
    const args = request.args.map((arg) => Cl.deserialize(arg));
    return traced(request, session[CALLS[op]](request.contract, request.fn, args, request.sender));
  }
  throw new Error(`unknown op ${op}`);
}

await reset();
for await (const line of createInterface({ input: process.stdin })) {
  let reply;
  try {
    reply = await answer(JSON.parse(line));
  } catch (error) {
    reply = { error: String(error?.message ?? error) };
  }
  process.stdout.write(`${JSON.stringify(reply)}\n`);
}
