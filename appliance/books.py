"""6: the changes of a zone's balances and arrears, in their order -> what opens them, and what they are in the books.

What opens a balance on chain follows from everything that changed it before. Following begins at the newest settlement
whose outcome is kept, so that its work does not grow with the years.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from appliance import ledger, position
from appliance.billing import billed
from appliance.calls import payment as calls
from appliance.ledger import Entry, Kind, Mirrored, Name
from appliance.money import Money
from appliance.period import Step
from appliance.position import Place, Position
from appliance.proof import ProofError
from appliance.settlement import Account, Correction, Settled, settle
from appliance.store import disputes, followed, leaving, money, periods, planned
from appliance.store.database import Database
from appliance.store.disputes import Ruled
from appliance.store.followed import Snapshot
from appliance.store.money import StoredCredit
from appliance.store.outbox import Call
from appliance.worker import Keys
from circuits import alternative
from circuits import settlement as circuit
from circuits.pedersen import Opening
from circuits.settlement import Dues

FIRST_OF: Final = {
    Step.FINISH_CREDIT: Step.CREDIT,
    Step.FINISH_SETTLEMENT: Step.SETTLE,
    Step.PROVE_PAYOUT: Step.PAYOUT,
}
"""Later parts belong to the same change as the first."""


async def positions(db: Database, zone: int, slots: int, keys: Keys, before: Call | None = None) -> list[Position]:
    """What opens balances and arrears by slot once all planned changes up to this call have taken effect."""
    limit = None if before is None else await _change_of(db, before)
    kept = await followed.newest(db, zone, before_call=limit)
    changes = await money.changes(db, zone, after=_call_of(kept), before=limit)
    return (await _follow(db, zone, _start(kept, slots), changes, keys))[-1]


async def positions_after(db: Database, zone: int, period: int, slots: int, keys: Keys) -> list[Position]:
    """What opens balances and arrears by slot once a period is settled. KeyError for one that is not planned."""
    last = await planned.id_of(db, Step.SETTLE, zone, period)
    kept = await followed.newest(db, zone, before_call=last + 1)
    changes = await money.changes(db, zone, after=_call_of(kept), before=last + 1)
    return (await _follow(db, zone, _start(kept, slots), changes, keys))[-1]


async def mismatches(
    db: Database, zone: int, on_chain: calls.AccountOnChain, mirrored: Sequence[Mirrored], keys: Keys
) -> list[int]:
    """Slots in which the books, the keys and the chain do not agree; none, or nothing is settled.

    The account's version counts the changes that took effect. The outcome of the newest settlement among them is kept.
    """
    slots = len(mirrored)
    kept = await followed.newest(db, zone, version=on_chain.version)
    since = 0 if kept is None else kept.version
    changes = await money.changes(db, zone, after=_call_of(kept))
    done = changes[: on_chain.version - since]
    if len(done) != on_chain.version - since or _others(on_chain, done):
        return list(range(slots))
    where = await _follow(db, zone, _start(kept, slots), done, keys)
    found = ledger.sums([await entry_of(db, change) for change in done])
    for slot, account in enumerate([] if kept is None else kept.accounts):
        for kind, units in ((Kind.BALANCE, -account.balance.units), (Kind.ARREARS, account.arrears.units)):
            name = Name(zone, kind, str(slot))
            found[name] = found.get(name, 0) + units
    wrong = ledger.mismatches(found, zone, dict(enumerate(where[-1])), dict(enumerate(mirrored)))
    if not wrong:
        await _keep(db, zone, since, done, where)
    return wrong


async def changes_before(db: Database, call: Call) -> int:
    """How many changes are planned before this one: the version that the account then has."""
    limit = await _change_of(db, call)
    kept = await followed.newest(db, call.zone, before_call=limit)
    since = 0 if kept is None else kept.version
    return since + len(await money.changes(db, call.zone, after=_call_of(kept), before=limit))


async def entry_of(db: Database, call: Call) -> Entry:
    """What a change is in the books. ProofError for a damaged store."""
    zone, number = call.zone, call.number
    if call.kind == Step.CREDIT:
        stored = await money.get_credit(db, zone, number)
        return ledger.credited(zone, number, {s.slot: s.amount for s in stored.slots if s.amount})
    if call.kind == Step.PAYOUT:
        paid = await leaving.payout(db, zone, number)
        return ledger.paid_out(zone, number, {s.slot: s.amount for s in paid.slots}, paid.rest)
    if call.kind == Step.RELEASE:
        return ledger.released(zone, call.part, number, await money.arrears_before(db, zone, call.part, call.id))
    bills = await periods.bills_of(db, zone, number)
    slots = await money.settled_slots(db, zone, number)
    ruled = await disputes.corrected_by(db, zone, number)
    made = settled_with([slot.before for slot in slots], [bill.amount for bill in bills], ruled)
    if [slot.after for slot in made] != [slot.after for slot in slots]:
        raise ProofError(f"{call}: stored accounts are not what its bills make of them")
    before = {slot.slot: slot.before for slot in slots}
    return ledger.settled(zone, number, before, dict(enumerate(made)))


def settled_with(before: Sequence[Account], bills: Sequence[Money], ruled: Sequence[Ruled]) -> list[Settled]:
    """By slot, with these rulings."""
    corrections = {of.slot: Correction(of.billed, of.ruled) for of in ruled}
    return [
        settle(account, bill, corrections.get(slot))
        for slot, (account, bill) in enumerate(zip(before, bills, strict=True))
    ]


async def dues_of(
    db: Database, zone: int, period: int, where: Sequence[Position], keys: Keys
) -> tuple[list[Place], list[Dues]]:
    """What a settlement begins with, by slot."""
    places, bills = await billed(db, zone, period, keys)
    where = [  # who moved in owes nothing from before
        Position(slot.balance, position.FIRST.arrears) if bill.began else slot
        for bill, slot in zip(await periods.bills_of(db, zone, period), where, strict=True)
    ]
    corrections = {}
    for of in await disputes.corrected_by(db, zone, period):
        _, disputed = await billed(db, zone, of.period, keys)
        ruled = alternative.opening(keys[of.holder], zone, of.slot, of.period, of.ruled.units)
        corrections[of.slot] = circuit.Correction(disputed[of.slot], ruled)
    return places, [
        position.dues(slot, bill, corrections.get(number))
        for number, (slot, bill) in enumerate(zip(where, bills, strict=True))
    ]


def shares_of(stored: StoredCredit, keys: Keys) -> list[Opening]:
    """What opens a batch of credits, by slot."""
    return [
        position.credit_opening(Place(stored.zone, slot.slot, True, keys[slot.holder]), stored.sequence, slot.amount)
        for slot in stored.slots
    ]


def payouts_of(stored: leaving.StoredPayout, slots: int, keys: Keys) -> list[Opening]:
    """What opens payouts, by slot; nothing for those that are not paid out."""
    made = [position.NOT_PAID_OUT] * slots
    for of in stored.slots:
        place = Place(stored.zone, of.slot, True, keys[of.holder])
        made[of.slot] = position.payout_opening(place, stored.settled, of.amount)
    return made


async def _change_of(db: Database, call: Call) -> int:
    """The id of a change's first call."""
    first = FIRST_OF.get(Step(call.kind))
    return call.id if first is None else await planned.id_of(db, first, call.zone, call.number)


def _start(kept: Snapshot | None, slots: int) -> list[Position]:
    return [position.FIRST] * slots if kept is None else list(kept.positions)


def _call_of(kept: Snapshot | None) -> int:
    return 0 if kept is None else kept.call_id


def _others(on_chain: calls.AccountOnChain, done: Sequence[Call]) -> bool:
    """Whether as many changes as the chain counts are not those that it says it has had."""
    reached = {Step.CREDIT.value: on_chain.sequence, Step.SETTLE.value: on_chain.settled}
    return any(change.number >= reached[change.kind] for change in done if change.kind in reached)


async def _follow(
    db: Database, zone: int, start: list[Position], changes: Sequence[Call], keys: Keys
) -> list[list[Position]]:
    """By slot, at the start and after each change."""
    steps = [start]
    for change in changes:
        steps.append(await _after(db, zone, steps[-1], change, keys))
    return steps


async def _after(db: Database, zone: int, where: list[Position], change: Call, keys: Keys) -> list[Position]:
    match change.kind:
        case Step.CREDIT:
            stored = await money.get_credit(db, zone, change.number)
            return [position.credited(*pair) for pair in zip(where, shares_of(stored, keys), strict=True)]
        case Step.PAYOUT:
            paid = payouts_of(await leaving.payout(db, zone, change.number), len(where), keys)
            return [position.paid_out(*pair) for pair in zip(where, paid, strict=True)]
        case Step.RELEASE:
            return [position.FIRST if slot == change.part else of for slot, of in enumerate(where)]
    places, dues = await dues_of(db, zone, change.number, where, keys)
    corrected = any(due.correction is not None for due in dues)
    return [
        position.settled(place, due, change.number, corrected=corrected)
        for place, due in zip(places, dues, strict=True)
    ]


async def _keep(db: Database, zone: int, since: int, done: Sequence[Call], where: Sequence[Sequence[Position]]) -> None:
    """The outcome of the newest settlement."""
    newest = max((n for n, change in enumerate(done) if change.kind == Step.SETTLE), default=None)
    if newest is not None:
        async with db.transaction() as tx:
            await followed.put(tx, zone, done[newest], since + newest + 1, where[newest + 1])
