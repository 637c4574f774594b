// The local chain as a process: node server.mjs --port 0 --data DIR [--block-ms 500] [--burn-every 2] [--burn-run 1]
// [--genesis FILE]
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { Chain } from "./chain.mjs";
import { Faults } from "./faults.mjs";
import { makeServer } from "./http.mjs";
import { requirePrincipal } from "./node.mjs";

const HOST = "127.0.0.1";
const USED_WRONGLY = 2;

const log = (line) => process.stderr.write(`devnet: ${line}\n`);

class UsageError extends Error {}

function whole(text, name) {
  if (!/^\d+$/.test(text)) throw new UsageError(`--${name} must be a whole number`);
  return Number(text);
}

/** Accounts of a genesis file; null without one. */
function readGenesis(path) {
  if (path === undefined) return null;
  const { accounts } = JSON.parse(readFileSync(path, "utf8"));
  for (const { address, balance } of accounts) {
    requirePrincipal(address);
    // the SDK takes amounts of a transfer as JSON numbers
    if (!/^\d+$/.test(balance) || Number(balance) > Number.MAX_SAFE_INTEGER) {
      throw new UsageError(`balance of ${address} must be decimal text in uSTX, at most ${Number.MAX_SAFE_INTEGER}`);
    }
  }
  return accounts.map(({ address, balance }) => ({ address, balance }));
}

function readArguments() {
  const names = ["port", "data", "block-ms", "burn-every", "burn-run", "genesis"];
  const options = Object.fromEntries(names.map((name) => [name, { type: "string" }]));
  const { values } = parseArgs({ options, strict: true });
  if (values.data === undefined) throw new UsageError("--data DIR is needed");
  const settings = {
    port: whole(values.port ?? "0", "port"),
    dir: values.data,
    blockMs: whole(values["block-ms"] ?? "500", "block-ms"),
    burnEvery: whole(values["burn-every"] ?? "2", "burn-every"),
    burnRun: whole(values["burn-run"] ?? "1", "burn-run"),
    accounts: readGenesis(values.genesis),
  };
  if (settings.burnEvery < 1) throw new UsageError("--burn-every must be at least 1");
  if (settings.burnRun < 1) throw new UsageError("--burn-run must be at least 1");
  return settings;
}

async function main() {
  const { port, dir, blockMs, burnEvery, burnRun, accounts } = readArguments();
  const now = () => Math.floor(Date.now() / 1000);
  const chain = await Chain.open({ dir, accounts, time: now(), burnEvery, burnRun });
  const faults = new Faults(chain, Date.now);
  const server = makeServer({ chain, faults, now });
  let timer = null;
  const stop = () => {
    clearInterval(timer);
    server.close();
    server.closeAllConnections();
    chain.close();
    process.exit(0);
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  server.listen(port, HOST, () => {
    const bound = server.address().port;
    process.stdout.write(`${JSON.stringify({ ready: true, port: bound, url: `http://${HOST}:${bound}` })}\n`);
    const { height, burnHeight } = chain.tip;
    log(`tip ${height}, Bitcoin block ${burnHeight}, ready after ${Math.round(performance.now())} ms`);
    if (blockMs > 0) timer = setInterval(() => faults.mine(), blockMs);
  });
}

try {
  await main();
} catch (error) {
  if (!(error instanceof UsageError) && !error.code?.startsWith("ERR_PARSE_ARGS")) throw error;
  log(error.message);
  process.exitCode = USED_WRONGLY;
}
