// HTTP: routes of the node and of the indexed API, the orders under /devnet, and nothing else.
import { createServer } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { FaultError } from "./faults.mjs";
import { contractEvents, nonces, rawTransaction, transaction } from "./indexed.mjs";
import * as node from "./node.mjs";
import { Answer, requirePrincipal } from "./node.mjs";

const MAX_BODY = 5 * 1024 * 1024;
const MAX_MINE = 10_000;
const MAX_PAGE = 50;

async function readBody(request) {
  const parts = [];
  let length = 0;
  for await (const part of request) {
    length += part.length;
    if (length > MAX_BODY) throw new Answer(413, "Body too large");
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function readJson(bytes) {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    throw new Answer(400, "Invalid JSON");
  }
}

function pageOf(query) {
  const read = (name, fallback, highest) => {
    const text = query.get(name) ?? String(fallback);
    if (!/^\d+$/.test(text) || Number(text) > highest) {
      throw new Answer(400, { error: `${name} must be 0 to ${highest}` });
    }
    return Number(text);
  };
  return { limit: read("limit", 20, MAX_PAGE), offset: read("offset", 0, Number.MAX_SAFE_INTEGER) };
}

function countOf(body) {
  const blocks = body?.blocks ?? 1;
  if (!Number.isInteger(blocks) || blocks < 1 || blocks > MAX_MINE) {
    throw new Answer(400, { error: `blocks must be 1 to ${MAX_MINE}` });
  }
  return blocks;
}

function findTransaction(look, chain, txid) {
  const found = look(chain, txid.replace(/^0x/, "").toLowerCase());
  if (found === undefined) throw new Answer(404, { error: `could not find transaction by ID ${txid}` });
  return found;
}

/** [method, pattern, handler({chain, faults, now}, path groups, {query, body})]. */
const ROUTES = [
  [
    "POST",
    /^\/v2\/transactions$/,
    ({ chain, faults, now }, _, { body, type }) =>
      type.startsWith("application/json")
        ? node.submitJson(chain, faults, readJson(body), now())
        : node.submit(chain, faults, body, now()),
  ],
  [
    "GET",
    /^\/v2\/accounts\/([^/]+)$/,
    ({ chain }, [p], { query }) => node.account(chain, requirePrincipal(p), query.get("proof") !== "0"),
  ],
  ["POST", /^\/v2\/fees\/transaction$/, ({ chain }, _, { body }) => node.feeEstimate(chain, readJson(body))],
  ["GET", /^\/v2\/fees\/transfer$/, () => 1],
  [
    "POST",
    /^\/v2\/contracts\/call-read\/([^/]+)\/([^/]+)\/([^/]+)$/,
    ({ chain }, [a, n, fn], { body }) => node.callRead(chain, requirePrincipal(`${a}.${n}`), fn, readJson(body)),
  ],
  ["GET", /^\/v2\/info$/, ({ chain }) => node.info(chain)],
  ["GET", /^\/v2\/pox$/, ({ chain }) => node.pox(chain)],
  [
    "GET",
    /^\/v2\/contracts\/source\/([^/]+)\/([^/]+)$/,
    ({ chain }, [a, n]) => node.contractSource(chain, `${a}.${n}`),
  ],
  [
    "GET",
    /^\/v2\/contracts\/interface\/([^/]+)\/([^/]+)$/,
    ({ chain }, [a, n]) => node.contractInterface(chain, `${a}.${n}`),
  ],
  [
    "GET",
    /^\/v2\/data_var\/([^/]+)\/([^/]+)\/([^/]+)$/,
    ({ chain }, [a, n, name]) => node.dataVar(chain, `${a}.${n}`, name),
  ],
  [
    "POST",
    /^\/v2\/map_entry\/([^/]+)\/([^/]+)\/([^/]+)$/,
    ({ chain }, [a, n, map], { body }) => node.mapEntry(chain, `${a}.${n}`, map, readJson(body)),
  ],
  [
    "GET",
    /^\/extended\/v1\/tx\/((?:0x)?[0-9a-fA-F]{64})$/,
    ({ chain }, [txid]) => findTransaction(transaction, chain, txid),
  ],
  [
    "GET",
    /^\/extended\/v1\/tx\/((?:0x)?[0-9a-fA-F]{64})\/raw$/,
    ({ chain }, [txid]) => findTransaction(rawTransaction, chain, txid),
  ],
  [
    "GET",
    /^\/extended\/v1\/contract\/([^/]+)\/events$/,
    ({ chain }, [id], { query }) => {
      const { limit, offset } = pageOf(query);
      return contractEvents(chain, requirePrincipal(id), limit, offset);
    },
  ],
  ["GET", /^\/extended\/v1\/address\/([^/]+)\/nonces$/, ({ chain }, [p]) => nonces(chain, requirePrincipal(p))],
];

const ORDERS = [
  [
    "POST",
    /^\/devnet\/mine$/,
    ({ chain, faults }, _, { body }) => {
      for (let left = countOf(readJson(body)); left > 0; left -= 1) faults.mine();
      return chain.summary();
    },
  ],
  ["POST", /^\/devnet\/fault$/, ({ faults }, _, { body }) => faults.order(readJson(body))],
  ["GET", /^\/devnet\/state$/, ({ chain, faults }) => ({ ...chain.summary(), faults: faults.summary() })],
];

function route(routes, method, path) {
  for (const [verb, pattern, handler] of routes) {
    const match = pattern.exec(path);
    if (match !== null && verb === method) return { handler, groups: match.slice(1) };
  }
  throw new Answer(404, `No such endpoint: ${method} ${path}`);
}

function send(response, status, body) {
  const json = typeof body !== "string" || status === 200;
  const text = json ? JSON.stringify(body) : body;
  response.writeHead(status, {
    "content-type": json ? "application/json" : "text/plain",
    "content-length": Buffer.byteLength(text),
  });
  response.end(text);
}

/** Handles one request of the node's own paths as the faults in force demand. Returns false when it was cut off. */
async function suffer(faults, request) {
  const dark = faults.takeDark();
  if (dark === "reset") {
    request.socket.resetAndDestroy();
    return false;
  }
  if (dark === "503") throw new Answer(503, "Service Unavailable");
  const delay = faults.takeDelay();
  if (delay > 0) await pause(delay);
  return true;
}

/** `site`: {chain, faults, now} with now() in UTC seconds. */
export function makeServer(site) {
  return createServer(async (request, response) => {
    try {
      const { pathname, searchParams: query } = new URL(request.url, "http://127.0.0.1");
      const body = await readBody(request);
      const order = pathname.startsWith("/devnet/");
      if (!order && !(await suffer(site.faults, request))) return;
      const { handler, groups } = route(order ? ORDERS : ROUTES, request.method, decodeURI(pathname));
      const type = request.headers["content-type"] ?? "";
      send(response, 200, handler(site, groups, { query, body, type }));
    } catch (error) {
      if (error instanceof Answer) send(response, error.status, error.body);
      else if (error instanceof FaultError) send(response, 400, { error: error.message });
      else if (error instanceof URIError || error.code === "ERR_INVALID_URL") send(response, 400, "Invalid path");
      else if (error.code === "ECONNRESET") response.destroy();
      else throw error; // a fault of this program: it ends, its log is whole
    }
  });
}
