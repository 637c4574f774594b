// The Clarity VM of the contract SDK, with block heights, balances and what the VM lacks: going back.
//
// The SDK runs the VM as WebAssembly and offers no rollback. The whole session lives in the module's linear memory,
// so a copy of that memory is a copy of the state: `image()` takes one, `restore()` puts it back, and everything the
// VM did in between has not happened. The memory is not exported by the SDK's loader; it is caught while the loader
// instantiates the module.
import { ClarityType } from "@stacks/transactions";

export const EPOCH = "4.0";
export const EPOCH_ID = "Epoch40";
export const CLARITY_VERSION = 6;
/** Fees go here inside the VM; nobody has its key. */
export const MINER = "ST000000000000000000002AMW42H";

/** The VM could not carry something out. After a step of a block its state is undefined and must be restored. */
export class VmError extends Error {
  /** @param {string} message @param {{broken?: boolean}} kind broken: the VM itself failed, not the contract */
  constructor(message, { broken = false } = {}) {
    super(message);
    this.broken = broken;
  }
}

async function loadSdk() {
  const { Instance } = WebAssembly;
  let exported;
  WebAssembly.Instance = function capture(module, imports) {
    const instance = new Instance(module, imports);
    exported = instance.exports;
    return instance;
  };
  try {
    const sdk = await import("@stacks/clarinet-sdk");
    const session = await sdk.getSDK({ trackCosts: true, trackCoverage: false });
    if (!(exported?.memory instanceof WebAssembly.Memory)) throw new VmError("the SDK's memory was not found");
    return { ...sdk, session, memory: exported.memory };
  } finally {
    WebAssembly.Instance = Instance;
  }
}

/** The SDK reads the wall clock once, for the time of its first block; a fixed one makes replay exact. */
async function atInstant(seconds, run) {
  const RealDate = globalThis.Date;
  globalThis.Date = class extends RealDate {
    constructor(...args) {
      super(...(args.length === 0 ? [seconds * 1000] : args));
    }
  };
  try {
    return await run();
  } finally {
    globalThis.Date = RealDate;
  }
}

/** The VM prints every failed contract call; those are results here, not news. */
function quietly(run) {
  const { log, error } = console;
  console.log = () => {};
  console.error = () => {};
  try {
    return run();
  } catch (thrown) {
    // a failed contract is thrown as a string; an Error is a trap or an overflow of the VM itself
    if (typeof thrown === "string") throw new VmError(thrown);
    throw new VmError(thrown.message, { broken: true });
  } finally {
    console.log = log;
    console.error = error;
  }
}

/** The cause inside the SDK's error text, as a node would give it. */
export function causeOf(message) {
  const inner = message.split(" -> ").slice(1).join(" -> ") || message;
  return inner.replace(/^.*?while interpreting [^:]+: /s, "");
}

const COST_KEYS = { runtime: 0, readCount: 0, readLength: 0, writeCount: 0, writeLength: 0 };

function readEvent({ event, data }) {
  const { asset_identifier: asset, raw_value: value, contract_identifier: contract, topic } = data;
  const { sender, recipient, amount, memo } = data;
  switch (event) {
    case "print_event":
      return { kind: event, data: { contract, topic, value } };
    case "stx_transfer_event":
    case "stx_burn_event":
    case "stx_mint_event":
      return { kind: event, data: { sender, recipient, amount, memo } };
    case "ft_transfer_event":
    case "ft_mint_event":
    case "ft_burn_event":
      return { kind: event, data: { asset, sender, recipient, amount } };
    case "nft_transfer_event":
    case "nft_mint_event":
    case "nft_burn_event":
      return { kind: event, data: { asset, sender, recipient, value } };
    default:
      return { kind: event, data };
  }
}

export class ClarityVm {
  #sdk;
  #session;
  #memory;

  /** A fresh session: `time` in UTC seconds, `accounts` as [{address, balance}] in uSTX. */
  static async open({ time, accounts }) {
    const vm = new ClarityVm();
    vm.#sdk = await loadSdk();
    vm.#session = vm.#sdk.session;
    vm.#memory = vm.#sdk.memory;
    await atInstant(time, async () => {
      await vm.#session.initEmptySession({ enabled: false });
      vm.#session.setEpoch(EPOCH);
    });
    for (const { address, balance } of accounts) quietly(() => vm.#session.mintSTX(address, BigInt(balance)));
    return vm;
  }

  get height() {
    return this.#session.stacksBlockHeight;
  }

  get burnHeight() {
    return this.#session.burnBlockHeight;
  }

  /** UTC seconds of the tip, as `stacks-block-time` gives it. */
  get time() {
    return Number(this.#session.getBlockTime());
  }

  /** A copy of the whole state; `into` reuses an earlier one's memory. */
  image(into = null) {
    const now = new Uint8Array(this.#memory.buffer);
    if (into === null || into.length !== now.length) return now.slice();
    into.set(now);
    return into;
  }

  /** Puts an image back. Memory never shrinks: what lies beyond the image is cleared. */
  restore(image) {
    const now = new Uint8Array(this.#memory.buffer);
    now.set(image);
    now.fill(0, image.length);
  }

  /** A Bitcoin block arrives; it opens a tenure with an empty Stacks block. */
  mineBurn() {
    this.#session.mineEmptyBurnBlock();
  }

  /** One Stacks block with all `steps`; throws VmError when one of them cannot be executed. */
  mine(steps) {
    const { tx } = this.#sdk;
    const calls = steps.map((step) => {
      switch (step.kind) {
        case "transfer":
          return tx.transferSTX(Number(step.amount), step.recipient, step.sender);
        case "call":
          return tx.callPublicFn(step.contract, step.fn, step.args, step.sender);
        case "deploy":
          return tx.deployContract(step.name, step.source, { clarityVersion: step.clarityVersion }, step.sender);
        default:
          throw new TypeError(`unknown step ${step.kind}`);
      }
    });
    return quietly(() => this.#session.mineBlock(calls)).map(({ result, events, costs }) => ({
      result,
      ok: result.type !== ClarityType.ResponseErr,
      costs: { ...COST_KEYS, ...costs?.total },
      events: events.map(readEvent),
    }));
  }

  /** {value, costs} of a read-only function at the tip; throws VmError. */
  read(contract, fn, args, sender) {
    const { result, costs } = quietly(() => this.#session.callReadOnlyFn(contract, fn, args, sender));
    return { value: result, costs: { ...COST_KEYS, ...costs?.total } };
  }

  /** Address or contract id -> uSTX, everybody who ever held any. */
  balances() {
    return this.#session.getAssetsMap().get("STX") ?? new Map();
  }

  /** The interface of a deployed contract, or undefined. */
  interfaceOf(contract) {
    return this.#session.getContractsInterfaces().get(contract);
  }

  sourceOf(contract) {
    return this.#session.getContractSource(contract);
  }

  /** Value of a data variable; throws VmError when there is none. */
  dataVar(contract, name) {
    return quietly(() => this.#session.getDataVar(contract, name));
  }

  /** (some value) or none; throws VmError for an unknown map. */
  mapEntry(contract, map, key) {
    return quietly(() => this.#session.getMapEntry(contract, map, key));
  }
}
