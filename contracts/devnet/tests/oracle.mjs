// Signs transactions and runs the SDK for the tests: one JSON request a line in, one JSON answer a line out.
import { createInterface } from "node:readline";
import {
  AddressHashMode,
  Cl,
  Pc,
  TransactionSigner,
  addressFromPublicKeys,
  addressHashModeToVersion,
  addressToString,
  createStacksPublicKey,
  getAddressFromPrivateKey,
  hexToCV,
  makeContractCall,
  makeContractDeploy,
  makeSTXTokenTransfer,
  makeUnsignedSTXTokenTransfer,
  postConditionToWire,
  privateKeyToPublic,
  serializeCV,
  serializePayload,
  sponsorTransaction,
} from "@stacks/transactions";
import { getSDK, tx } from "@stacks/clarinet-sdk";

function condition({ who, code, amount, asset, id }) {
  const from = who === "origin" ? Pc.origin() : Pc.principal(who);
  if (id !== undefined) {
    const item = { sends: "willSendAsset", keeps: "willNotSendAsset" }[code];
    return from[item]().nft(asset, Cl.parse(id));
  }
  const amountIs = { eq: "willSendEq", le: "willSendLte", ge: "willSendGte", lt: "willSendLt", gt: "willSendGt" }[code];
  const chosen = from[amountIs](amount);
  return asset === undefined ? chosen.ustx() : chosen.ft(...asset.split("::"));
}

/** The SDK's builder leaves post-conditions out of a plain transfer; a hostile or careless client need not. */
async function transferWithConditions(common, recipient, amount) {
  const publicKey = privateKeyToPublic(common.senderKey);
  const transfer = await makeUnsignedSTXTokenTransfer({ ...common, publicKey, recipient, amount });
  transfer.postConditions.values = common.postConditions.map(postConditionToWire);
  new TransactionSigner(transfer).signOrigin(common.senderKey);
  return transfer;
}

/** One key, or several of which `required` sign: in their order, or (`ordered: false`) each from the same hash. */
function signersOf({ key, multisig }) {
  if (multisig === undefined) return { senderKey: key };
  const { keys, required, ordered } = multisig;
  return {
    publicKeys: keys.map(privateKeyToPublic),
    numSignatures: required,
    signerKeys: keys.slice(0, required),
    useNonSequentialMultiSig: !ordered,
  };
}

/** The address of a multi-signature account, from the SDK. */
function multisigAddress({ keys, required, ordered }) {
  const mode = ordered ? AddressHashMode.P2SH : AddressHashMode.P2SHNonSequential;
  const publicKeys = keys.map((key) => createStacksPublicKey(privateKeyToPublic(key)));
  const version = addressHashModeToVersion(mode, "testnet");
  return addressToString(addressFromPublicKeys(version, mode, required, publicKeys));
}

async function build(request) {
  const { kind, nonce, fee, network = "testnet", sponsor } = request;
  const common = {
    ...signersOf(request),
    nonce,
    fee: sponsor ? 0 : fee,
    network,
    sponsored: sponsor !== undefined,
    postConditionMode: request.mode ?? "deny",
    postConditions: (request.conditions ?? []).map(condition),
  };
  switch (kind) {
    case "transfer":
      if (request.conditions) return transferWithConditions(common, request.to, request.amount);
      return makeSTXTokenTransfer({
        ...common,
        recipient: request.to,
        amount: request.amount,
        memo: request.memo ?? "",
      });
    case "call": {
      const [contractAddress, contractName] = request.contract.split(".");
      const functionArgs = request.args.map((text) => Cl.parse(text));
      return makeContractCall({ ...common, contractAddress, contractName, functionName: request.fn, functionArgs });
    }
    case "deploy":
      return makeContractDeploy({
        ...common,
        contractName: request.name,
        codeBody: request.source,
        clarityVersion: request.clarity_version ?? 6,
      });
    default:
      throw new TypeError(`unknown kind ${kind}`);
  }
}

async function sign(request) {
  let signed = await build(request);
  if (request.sponsor) {
    signed = await sponsorTransaction({
      transaction: signed,
      sponsorPrivateKey: request.sponsor.key,
      sponsorNonce: request.sponsor.nonce,
      fee: request.sponsor.fee,
      network: "testnet",
    });
  }
  return { raw: signed.serialize(), txid: signed.txid(), payload: serializePayload(signed.payload) };
}

/** The same blocks in a session of the SDK without anything around it. */
async function simulate({ accounts, blocks }) {
  const session = await getSDK({ trackCosts: true, trackCoverage: false });
  await session.initEmptySession({ enabled: false });
  session.setEpoch("4.0");
  for (const [address, balance] of Object.entries(accounts)) session.mintSTX(address, BigInt(balance));
  return blocks.map((steps) =>
    session
      .mineBlock(
        steps.map((step) =>
          step.kind === "deploy"
            ? tx.deployContract(step.name, step.source, { clarityVersion: 6 }, step.sender)
            : tx.callPublicFn(step.contract, step.fn, step.args.map((text) => Cl.parse(text)), step.sender),
        ),
      )
      .map(({ result, costs }) => ({ result: `0x${serializeCV(result)}`, costs: costs.total })),
  );
}

const OPERATIONS = {
  address: ({ key }) => getAddressFromPrivateKey(key, "testnet"),
  multisig_address: multisigAddress,
  sign,
  simulate,
  encode: ({ text }) => `0x${serializeCV(Cl.parse(text))}`,
  decode: ({ hex }) => Cl.stringify(hexToCV(hex)),
};

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  const answer = await OPERATIONS[request.op](request);
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
