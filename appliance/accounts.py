"""6: payments and bills of a zone -> credits, settlements, their calls, and books that are held against the chain.

What opens a balance on chain follows from everything that changed it before, in the order of the calls; so a call can
be prepared while those before it are still on their way.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from appliance import ledger, money_proof, position
from appliance.billing import billed
from appliance.call import Sender
from appliance.calls import payment as calls
from appliance.calls.payment import Crediting, Settling
from appliance.chain.payload import ContractCall
from appliance.config import ZoneConfig
from appliance.credit import Credits, next_credits
from appliance.keys import Randomness
from appliance.ledger import Entry, Mirrored
from appliance.money import Money, Ratio, total
from appliance.period import Step
from appliance.position import Place, Position
from appliance.proof import ENTROPY_BYTES, ProofError
from appliance.settlement import Account, Correction, Settled, entitlement, settle
from appliance.store import disputes, money, outbox, periods, secrets
from appliance.store.database import Database
from appliance.store.disputes import Ruled
from appliance.store.money import SettledSlot, StoredCredit
from appliance.store.outbox import Call
from appliance.worker import Keys, Prover
from circuits import alternative
from circuits import settlement as circuit
from circuits.pedersen import Opening
from circuits.settlement import Before, Dues

log = logging.getLogger("mita.accounts")

CORRECTIONS: Final = 16  # that a settlement names, at most


@dataclass(frozen=True, slots=True)
class Terms:
    """What the chain says of a zone's money: the worth of a token unit, and whether sums may be opened."""

    ratio: Ratio
    open: bool


async def credit_due(db: Database, zone: ZoneConfig, terms: Terms) -> None:
    """Plans a batch of credits where there are payments, one batch at a time."""
    if not terms.open or await _under_way(db, zone.zone):
        return
    slots = {label: slot for slot, label in zone.dwellings.items()}
    holders = [secrets.holder(zone, slot) for slot in range(zone.slots)]
    async with db.transaction() as tx:
        covers = next_credits(await money.waiting(tx, zone.zone, slots), (), terms.ratio)
        if covers is None:
            return
        sequence = await money.next_sequence(tx, zone.zone)
        await money.put_credit(tx, zone.zone, sequence, covers, holders)
    log.info("zone %d: credits %d cover %d payments", zone.zone, sequence, len(covers.payments))


async def settle_due(db: Database, terms: dict[int, Terms], keys: Keys) -> None:
    """Plans the settlement of every billed period of these zones."""
    for zone, period in await money.unsettled(db):
        if zone not in terms:
            continue
        bills = await periods.bills_of(db, zone, period)
        where = await positions(db, zone, len(bills), keys)
        before = [
            Account(Money(slot.balance.value), Money(0 if bill.began else slot.arrears.value))
            for bill, slot in zip(bills, where, strict=True)
        ]
        ruled = await disputes.to_correct(db, zone) if terms[zone].open else []
        amounts = [bill.amount for bill in bills]
        named = affordable(before, amounts, ruled)
        slots = [
            SettledSlot(slot, account, made.after)
            for slot, (account, made) in enumerate(zip(before, _settled(before, amounts, named), strict=True))
        ]
        async with db.transaction() as tx:
            await money.put_settlement(tx, zone, period, slots, opened=terms[zone].open)
            await disputes.set_corrected(tx, [of.dispute for of in named], period)
        owing = sum(bool(slot.after.arrears) for slot in slots)
        log.info("zone %d: period %d is settled, %d of %d slots in arrears", zone, period, owing, len(slots))


def affordable(before: Sequence[Account], bills: Sequence[Money], ruled: Sequence[Ruled]) -> list[Ruled]:
    """The rulings that a settlement can name, by slot: one for each, as many as the contract takes, and together no
    more than comes in, for what the provider may take never falls. The others wait."""
    named: dict[int, Ruled] = {}
    for of in ruled:
        tried = named | {of.slot: of}
        if of.slot in named or len(tried) > CORRECTIONS:
            continue
        if entitlement(_settled(before, bills, list(tried.values()))) >= 0:
            named = tried
    return [named[slot] for slot in sorted(named)]


def _settled(before: Sequence[Account], bills: Sequence[Money], ruled: Sequence[Ruled]) -> list[Settled]:
    corrections = {of.slot: Correction(of.billed, of.ruled) for of in ruled}
    return [
        settle(account, bill, corrections.get(slot))
        for slot, (account, bill) in enumerate(zip(before, bills, strict=True))
    ]


async def prepared(
    db: Database, prover: Prover, sender: Sender, call: Call, keys: Keys, randomness: Randomness
) -> ContractCall:
    """The payload of a call for credits or a settlement. ProofError for a damaged store."""
    if call.kind in (Step.CREDIT, Step.FINISH_CREDIT):
        stored = await money.get_credit(db, call.zone, call.number)
        before = await positions(db, call.zone, len(stored.slots), keys, call)
        return await _credit_call(prover, sender, call, stored, before, keys, randomness)
    before = await positions(db, call.zone, len(await periods.bills_of(db, call.zone, call.number)), keys, call)
    return await _settlement_call(db, prover, sender, call, before, keys, randomness)


async def positions(db: Database, zone: int, slots: int, keys: Keys, before: Call | None = None) -> list[Position]:
    """What opens balances and arrears by slot once all planned changes up to this call have taken effect."""
    changes = await money.changes(db, zone)
    limit = None if before is None else next(c.id for c in changes if _same_change(c, before))
    return await _followed(db, zone, slots, [c for c in changes if limit is None or c.id < limit], keys)


async def positions_after(db: Database, zone: int, period: int, slots: int, keys: Keys) -> list[Position]:
    """What opens balances and arrears by slot once a period is settled. StopIteration for one that is not planned."""
    changes = await money.changes(db, zone)
    last = next(n for n, change in enumerate(changes) if (change.kind, change.number) == (Step.SETTLE, period))
    return await _followed(db, zone, slots, changes[: last + 1], keys)


async def mismatches(
    db: Database, zone: int, on_chain: calls.AccountOnChain, mirrored: Sequence[Mirrored], keys: Keys
) -> list[int]:
    """Slots in which the books, the keys and the chain do not agree; none, or nothing is settled."""
    done = [
        change
        for change in await money.changes(db, zone)
        if change.number < (on_chain.sequence if change.kind == Step.CREDIT else on_chain.settled)
    ]
    where = await _followed(db, zone, len(mirrored), done, keys)
    entries = [await entry_of(db, change) for change in done]
    return ledger.mismatches(ledger.sums(entries), zone, dict(enumerate(where)), dict(enumerate(mirrored)))


async def book_due(db: Database, now: int) -> None:
    """Enters every final credit and settlement that is not in the books."""
    for call in await outbox.final(db, (Step.CREDIT, Step.SETTLE)):
        entry = await entry_of(db, call)
        if not await money.entered(db, entry.reference):
            async with db.transaction() as tx:
                await money.enter(tx, [entry], now)


async def entry_of(db: Database, call: Call) -> Entry:
    """What a batch of credits or a settlement is in the books."""
    if call.kind == Step.CREDIT:
        stored = await money.get_credit(db, call.zone, call.number)
        return ledger.credited(call.zone, call.number, {s.slot: s.amount for s in stored.slots if s.amount})
    bills = await periods.bills_of(db, call.zone, call.number)
    slots = await money.settled_slots(db, call.zone, call.number)
    ruled = await disputes.corrected_by(db, call.zone, call.number)
    made = _settled([slot.before for slot in slots], [bill.amount for bill in bills], ruled)
    if [slot.after for slot in made] != [slot.after for slot in slots]:
        raise ProofError(f"{call}: stored accounts are not what its bills make of them")
    before = {slot.slot: slot.before for slot in slots}
    return ledger.settled(call.zone, call.number, before, dict(enumerate(made)))


def _same_change(change: Call, call: Call) -> bool:
    """Later parts belong to the same change as the first."""
    kind = {Step.FINISH_CREDIT: Step.CREDIT, Step.FINISH_SETTLEMENT: Step.SETTLE}.get(Step(call.kind), call.kind)
    return (change.kind, change.number) == (kind, call.number)


async def _under_way(db: Database, zone: int) -> bool:
    """Whether a batch of credits is planned and not final."""
    final = {call.id for call in await outbox.final(db, (Step.CREDIT,)) if call.zone == zone}
    return any(change.id not in final for change in await money.changes(db, zone) if change.kind == Step.CREDIT)


async def _followed(db: Database, zone: int, slots: int, changes: Sequence[Call], keys: Keys) -> list[Position]:
    where = [position.FIRST] * slots
    for change in changes:
        if change.kind == Step.CREDIT:
            stored = await money.get_credit(db, zone, change.number)
            where = [position.credited(*pair) for pair in zip(where, _shares(stored, keys), strict=True)]
        else:
            places, dues = await _dues(db, zone, change.number, where, keys)
            corrected = any(due.correction is not None for due in dues)
            where = [
                position.settled(place, due, change.number, corrected=corrected)
                for place, due in zip(places, dues, strict=True)
            ]
    return where


async def _dues(
    db: Database, zone: int, period: int, where: Sequence[Position], keys: Keys
) -> tuple[list[Place], list[Dues]]:
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


def _shares(stored: StoredCredit, keys: Keys) -> list[Opening]:
    return [
        position.credit_opening(Place(stored.zone, slot.slot, True, keys[slot.holder]), stored.sequence, slot.amount)
        for slot in stored.slots
    ]


async def _credit_call(
    prover: Prover,
    sender: Sender,
    call: Call,
    stored: StoredCredit,
    before: Sequence[Position],
    keys: Keys,
    randomness: Randomness,
) -> ContractCall:
    shares = _shares(stored, keys)
    covers = Credits(
        stored.payments, (), (), {s.slot: s.amount for s in stored.slots}, total(s.amount for s in stored.slots)
    )
    opened = await prover.run(money_proof.opened_sum, shares)
    of = Crediting(call.zone, call.number, covers, opened)
    balances = await prover.run(money_proof.points, [slot.balance for slot in before])
    contexts, entropy = calls.credit_contexts(sender, of), randomness(ENTROPY_BYTES)
    proof = await prover.run(money_proof.prove_credit, shares, balances, contexts, entropy)
    if call.kind == Step.CREDIT:
        return calls.credit_batch(sender, of, proof)
    return calls.finish_credit(sender, call.zone, proof)


async def _settlement_call(
    db: Database,
    prover: Prover,
    sender: Sender,
    call: Call,
    where: Sequence[Position],
    keys: Keys,
    randomness: Randomness,
) -> ContractCall:
    places, dues = await _dues(db, call.zone, call.number, where, keys)
    before = Before(
        tuple(bill.commitment for bill in await periods.bills_of(db, call.zone, call.number)),
        await prover.run(money_proof.points, [slot.arrears for slot in dues]),
        await prover.run(money_proof.points, [slot.balance for slot in where]),
        money_proof.corrections(dues),
    )
    made = await prover.run(money_proof.settle, places, dues, before, call.number)
    planned = [slot.after for slot in await money.settled_slots(db, call.zone, call.number)]
    if [Account(Money(s.balance.value), Money(s.arrears.value)) for s in made.positions] != planned:
        raise ProofError(f"{call}: what is proved is not what was planned")
    named = tuple((of.slot, of.period) for of in await disputes.corrected_by(db, call.zone, call.number))
    of = Settling(call.zone, call.number, named, made, await money.is_opened(db, call.zone, call.number))
    contexts, entropy = calls.settlement_contexts(sender, of), randomness(ENTROPY_BYTES)
    proof = await prover.run(money_proof.prove_settlement, made, before, contexts, entropy)
    if call.kind == Step.SETTLE:
        return calls.settle_period(sender, of, proof)
    return calls.finish_settlement(sender, of, proof.parts[1])
