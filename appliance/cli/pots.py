"""Holds the contract's account of a zone against what came into its pot: payments from wallets, and agents' floats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from appliance import call
from appliance.calls.payment import PAYMENT, read_float, read_payment
from appliance.calls.registry import read_number, read_zone
from appliance.chain.address import Address, Contract
from appliance.chain.clarity import Optional, Tuple, UInt
from appliance.chain.node import Node


@dataclass(frozen=True, slots=True)
class Paid:
    """What the chain took in for a zone's homes, by wallets and from agents' floats, and what it credited to their
    balances, in units of account."""

    zone: int
    paid: int
    sold: int
    chain: int


async def paid_in(
    node: Node,
    deployer: Address,
    gateway: Address,
    zone: int,
    agents: Sequence[tuple[str, int]],
    problems: list[str],
) -> Paid:
    """Of payments that credits cover, and floats that they debit; others are their payers' and agents' still.

    `agents` come with what their receipts say is in batches; the chain debits no more.
    """
    pots, registry = Contract(deployer, PAYMENT), Contract(deployer, call.USER_REGISTRY)
    known = read_zone(await node.call_read(registry, "get-zone", (UInt(zone),), gateway))
    account = await node.call_read(pots, "get-account", (UInt(zone),), gateway)
    count = read_number(await node.call_read(pots, "get-payment-count", (), gateway))
    covered = 0
    for number in range(1, count + 1):
        seen = read_payment(await node.call_read(pots, "get-payment", (UInt(number),), gateway))
        if seen is not None and seen.zone == zone and not seen.open and not seen.returned:
            covered += seen.tokens
    debited = 0
    for agent, receipts in agents:
        arguments = UInt(zone), Address.from_c32(agent)
        there = read_float(await node.call_read(pots, "get-float", arguments, gateway))
        debited += there.debited
        if there.debited > receipts:
            problems.append(
                f"zone {zone}: agent {agent} gave receipts for {receipts}, the chain debited {there.debited}"
            )
    match account:
        case Optional(Tuple(fields)) if known is not None:
            credited = read_number(dict(fields)["credited"])
            return Paid(zone, covered * known.ratio, debited * known.ratio, credited)
    raise TypeError(f"the contract keeps no account of zone {zone}")
