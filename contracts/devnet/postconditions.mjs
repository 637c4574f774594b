// Post-conditions against the asset events of one executed transaction (SIP-005, SIP-040).
import {
  FungibleConditionCode as Fungible,
  NonFungibleConditionCode as NonFungible,
  PostConditionMode as Mode,
  PostConditionPrincipalId as Principal,
  PostConditionType as Type,
  addressToString,
} from "@stacks/transactions";
import { toHex } from "./clarity.mjs";

const COMPARE = {
  [Fungible.Equal]: (sent, amount) => sent === amount,
  [Fungible.Greater]: (sent, amount) => sent > amount,
  [Fungible.GreaterEqual]: (sent, amount) => sent >= amount,
  [Fungible.Less]: (sent, amount) => sent < amount,
  [Fungible.LessEqual]: (sent, amount) => sent <= amount,
};
const STX = "STX";
const key = (...parts) => parts.join(" ");

/** What each principal sent or burned: `amounts` by principal and asset, `items` by principal, asset and value. */
function movements(events) {
  const amounts = new Map();
  const items = new Set();
  const add = (sender, asset, amount) => {
    const at = key(sender, asset);
    amounts.set(at, { sender, asset, sum: (amounts.get(at)?.sum ?? 0n) + BigInt(amount) });
  };
  for (const { kind, data } of events) {
    if (kind === "stx_transfer_event" || kind === "stx_burn_event") add(data.sender, STX, data.amount);
    if (kind === "ft_transfer_event" || kind === "ft_burn_event") add(data.sender, data.asset, data.amount);
    if (kind === "nft_transfer_event" || kind === "nft_burn_event") items.add(key(data.sender, data.asset, data.value));
  }
  return { amounts, items };
}

function principalOf({ principal }, origin) {
  if (principal.prefix === Principal.Origin) return origin;
  const address = addressToString(principal.address);
  return principal.prefix === Principal.Standard ? address : `${address}.${principal.contractName.content}`;
}

function assetOf({ asset }) {
  return `${addressToString(asset.address)}.${asset.contractName.content}::${asset.assetName.content}`;
}

/** Null when every condition holds, else one sentence saying which does not. */
export function violation(tx, events) {
  const { amounts, items } = movements(events);
  const covered = new Set();
  for (const condition of tx.postConditions) {
    const who = principalOf(condition, tx.sender);
    if (condition.conditionType === Type.NonFungible) {
      const at = key(who, assetOf(condition), toHex(condition.assetName));
      covered.add(at);
      const sent = items.has(at);
      if (condition.conditionCode === NonFungible.Sends && !sent) return `${at} was not sent`;
      if (condition.conditionCode === NonFungible.DoesNotSend && sent) return `${at} was sent`;
    } else if (condition.conditionType === Type.STX || condition.conditionType === Type.Fungible) {
      const at = key(who, condition.conditionType === Type.STX ? STX : assetOf(condition));
      covered.add(at);
      const sent = amounts.get(at)?.sum ?? 0n;
      if (!COMPARE[condition.conditionCode](sent, condition.amount)) return `${at} moved ${sent}`;
    } else {
      return `condition type ${condition.conditionType} (staking, PoX) is not modelled`;
    }
  }
  if (tx.postConditionMode === Mode.Allow) return null;
  // Originator mode holds only the origin to the list, Deny everybody
  const binds = (at) => tx.postConditionMode === Mode.Deny || at.startsWith(`${tx.sender} `);
  const loose = [...amounts.keys(), ...items].find((at) => binds(at) && !covered.has(at));
  return loose === undefined ? null : `${loose} moved without a condition`;
}
