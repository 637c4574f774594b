"""6: asks the chain what has come in, plans bills, credits and settlements, and prepares their calls (task)."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from appliance import accounts, billing, books, ledger
from appliance import leaving as leaving_steps
from appliance.accounts import Terms
from appliance.ask import ask
from appliance.call import USER_REGISTRY, Sender
from appliance.calls import payment as calls
from appliance.calls import registry
from appliance.chain.clarity import Ascii, UInt
from appliance.chain.node import Node
from appliance.clock import Clock
from appliance.config import ZoneConfig
from appliance.keys import Randomness, Secret
from appliance.ledger import Mirrored
from appliance.money import Ratio
from appliance.period import Step
from appliance.sealed import may_open
from appliance.store import blocks, leaving, money, outbox, secrets
from appliance.store.database import Database
from appliance.worker import Keys, Prover

log = logging.getLogger("mita.settle")

AHEAD: Final = 8  # references of a dwelling that are known before it pays under them
_BILL_STEPS: Final = (Step.BILLS, Step.BAND, Step.PROVE_BILLS)


async def terms_of(node: Node, sender: Sender, zones: Sequence[ZoneConfig]) -> dict[int, Terms]:
    """By zone, where the settlement has a payment contract and knows the zone. NodeError."""
    name = Ascii(calls.PAYMENT)
    if await ask(node, sender, registry.read_active, USER_REGISTRY, "get-active-contract", name) is None:
        return {}
    found = {}
    for zone in zones:
        known = await ask(node, sender, registry.read_zone, USER_REGISTRY, "get-zone", UInt(zone.zone))
        if known is None:
            continue
        found[zone.zone] = Terms(Ratio(known.ratio))
    return found


async def openings(db: Database, node: Node, sender: Sender, zones: Iterable[int]) -> dict[tuple[int, int], bool]:
    """By zone and period that is not settled: may the settlement's sum be opened now, and so must be? NodeError.

    The account is asked last: what is shown of a period after its settlement changes nothing about that.
    """
    known = set(zones)
    waiting = [*await money.unsettled(db), *((zone, period) for zone, period, _ in await money.planned(db))]
    found = {}
    for zone, period in waiting:
        if zone not in known:
            continue
        opens = await may_open(node, sender, zone, period)
        account = await ask(node, sender, calls.read_account, calls.PAYMENT, "get-account", UInt(zone))
        if account is not None and account.settled <= period:
            found[zone, period] = opens
    return found


async def watch_payments(
    db: Database,
    node: Node,
    sender: Sender,
    zones: Sequence[ZoneConfig],
    terms: Mapping[int, Terms],
    clock: Clock,
    buried: int,
) -> None:
    """Takes down what was paid to these zones, once it is under so many Bitcoin blocks. NodeError."""
    homes = {(zone.zone, label): slot for zone in zones for label, slot in (await leaving.receiving(db, zone)).items()}
    until = (await node.tip()).burn_height - buried
    count = await ask(node, sender, registry.read_number, calls.PAYMENT, "get-payment-count")
    for number in range(await money.last_payment(db) + 1, count + 1):
        seen = await ask(node, sender, calls.read_payment, calls.PAYMENT, "get-payment", UInt(number))
        if seen is None or seen.height > until:
            return
        async with db.transaction() as tx:
            label = await money.label_of(tx, seen.reference)
            slot = None if label is None else homes.get((seen.zone, label))
            await money.put_payment(tx, number, seen)
            if slot is not None and seen.open and seen.zone in terms:
                amount = terms[seen.zone].ratio.worth(seen.tokens)
                await money.enter(tx, [ledger.paid(seen.zone, number, slot, amount)], clock.now())
        if slot is None and seen.zone in terms:
            log.warning("zone %d: nobody was given the reference of payment %d", seen.zone, number)


async def give_references(
    db: Database, node: Node, sender: Sender, zones: Sequence[ZoneConfig], dwellings: Mapping[str, Secret]
) -> None:
    """Keeps the next AHEAD references of every dwelling that the registry knows ready. NodeError."""
    for zone in zones:
        holders = await blocks.holders(db, zone.zone)
        for slot, label in zone.dwellings.items():
            if holders.get(slot, secrets.dwelling(label)) != secrets.dwelling(label):
                continue  # another home's time is not over, so the registry's number is not this one's
            known, used = await money.references_of(db, label)
            if known >= used + AHEAD:
                continue
            number = await _dwelling(node, sender, zone.zone, slot)
            if number is None:
                continue
            fresh = [calls.reference(dwellings[label].payment_salt(n), number) for n in range(known, used + AHEAD)]
            async with db.transaction() as tx:
                await money.put_references(tx, label, known, fresh)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Which slots of a zone differ from the books, on a chain that has this account; nothing is settled if any do."""

    account: calls.AccountOnChain
    wrong: list[int]


async def prepare_due(
    db: Database, prover: Prover, sender: Sender, keys: Keys, randomness: Randomness, compared: Mapping[int, Comparison]
) -> None:
    """Proves and prepares every call that has no payload for this sender; no credit or settlement of zones with
    other accounts on chain than in the books."""
    for call in await outbox.unprepared(db, sender.mark):
        if call.aside:
            continue
        if call.kind == Step.CLOSE:
            payload = registry.close_period(sender, call.zone)
        elif call.kind in _BILL_STEPS:
            payload = await billing.prepared(db, prover, sender, call, keys, randomness)
        elif (found := compared.get(call.zone)) is None or found.wrong:
            continue
        elif call.kind in leaving_steps.STEPS:
            payload = await leaving_steps.prepared(db, prover, sender, call, keys, randomness)
        else:
            payload = await accounts.prepared(db, prover, sender, call, keys, randomness)
        async with db.transaction() as tx:
            await outbox.prepare(tx, call.id, sender.mark, payload)


async def compare(
    db: Database, node: Node, sender: Sender, zones: Iterable[int], keys: Keys, compared: dict[int, Comparison]
) -> None:
    """Holds the books of these zones against the chain whenever their accounts changed. NodeError."""
    for zone in zones:
        account = await ask(node, sender, calls.read_account, calls.PAYMENT, "get-account", UInt(zone))
        before = compared.get(zone)
        if account is None or (before is not None and before.account == account):
            continue
        balances = await ask(node, sender, calls.read_points, calls.PAYMENT, "get-balances", UInt(zone))
        arrears = await ask(node, sender, calls.read_points, calls.PAYMENT, "get-arrears", UInt(zone))
        if await ask(node, sender, calls.read_account, calls.PAYMENT, "get-account", UInt(zone)) != account:
            continue  # it changed in between
        mirrored = [Mirrored(*pair) for pair in zip(balances, arrears, strict=True)]
        wrong = await books.mismatches(db, zone, account, mirrored, keys)
        if wrong:
            log.error("zone %d: accounts of slots %s differ from the books: nothing is settled", zone, wrong)
        compared[zone] = Comparison(account, wrong)


async def _dwelling(node: Node, sender: Sender, zone: int, slot: int) -> int | None:
    """The registry's number of who lives there; None where the registry knows nobody."""
    period = await ask(node, sender, registry.read_number, USER_REGISTRY, "get-open-period", UInt(zone))
    where = UInt(zone), UInt(slot), UInt(period)
    return await ask(node, sender, registry.read_maybe_number, USER_REGISTRY, "get-occupant", *where)
