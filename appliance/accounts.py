"""6: payments and bills of a zone -> credits, settlements, their calls, and books that are held against the chain.

What opens a balance on chain follows from everything that changed it before, in the order of the calls; so a call can
be prepared while those before it are still on their way.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from appliance import books, money_proof
from appliance.books import settled_with
from appliance.call import Sender
from appliance.calls import payment as calls
from appliance.calls.payment import Crediting, Settling
from appliance.chain.payload import ContractCall
from appliance.config import ZoneConfig
from appliance.credit import Credits, next_credits
from appliance.keys import Randomness
from appliance.money import Money, Ratio, total
from appliance.period import Step
from appliance.position import Position
from appliance.proof import ENTROPY_BYTES, ProofError
from appliance.settlement import Account, entitlement
from appliance.store import disputes, followed, leaving, money, outbox, periods, sales
from appliance.store.database import Database
from appliance.store.disputes import Ruled
from appliance.store.money import SettledSlot, StoredCredit
from appliance.store.outbox import Call
from appliance.worker import Keys, Prover
from circuits.settlement import Before

log = logging.getLogger("mita.accounts")

CORRECTIONS: Final = 16  # that a settlement names, at most
_WITH: Final = {True: "opening", False: "without opening"}


@dataclass(frozen=True, slots=True)
class Terms:
    """What the chain says of a zone's money: the worth of a token unit."""

    ratio: Ratio


async def credit_due(db: Database, zone: ZoneConfig, terms: Terms) -> None:
    """Plans a batch of credits where there are payments or sales, one batch at a time."""
    if await money.is_crediting(db, zone.zone):
        return
    slots, holders = await leaving.receiving(db, zone), await leaving.holders_of(db, zone)
    async with db.transaction() as tx:
        sold = await sales.ready(tx, zone.zone, slots)
        covers = next_credits(await money.waiting(tx, zone.zone, slots), sold, terms.ratio)
        if covers is None:
            return
        sequence = await money.next_sequence(tx, zone.zone)
        await money.put_credit(tx, zone.zone, sequence, covers, holders)
        await sales.cover(tx, sequence, [sale for sale in sold if sale.number in covers.sales])
    log.info(
        "zone %d: credits %d cover %d payments, %d sales", zone.zone, sequence, len(covers.payments), len(covers.sales)
    )


async def settle_due(db: Database, opens: Mapping[tuple[int, int], bool], keys: Keys) -> None:
    """Plans the settlement of every billed period, by zone and period of which it is known whether its sum is opened.

    Without that it names no corrections. A settlement that was planned otherwise, and is not on chain, is planned anew.
    """
    await _reconsider(db, opens)
    for zone, period in await money.unsettled(db):
        if (zone, period) not in opens:
            continue
        opened = opens[zone, period]
        bills = await periods.bills_of(db, zone, period)
        again = [made for made in await outbox.of_kinds(db, zone, (Step.SETTLE,)) if made.number == period]
        where = await books.positions(db, zone, len(bills), keys, again[0] if again else None)
        before = [
            Account(Money(slot.balance.value), Money(0 if bill.began else slot.arrears.value))
            for bill, slot in zip(bills, where, strict=True)
        ]
        ruled = await disputes.to_correct(db, zone) if opened else []
        amounts = [bill.amount for bill in bills]
        named = affordable(before, amounts, ruled)
        slots = [
            SettledSlot(slot, account, made.after)
            for slot, (account, made) in enumerate(zip(before, settled_with(before, amounts, named), strict=True))
        ]
        async with db.transaction() as tx:
            await money.put_settlement(tx, zone, period, slots, opened=opened)
            await disputes.set_corrected(tx, [of.dispute for of in named], period)
        owing = sum(bool(slot.after.arrears) for slot in slots)
        log.info("zone %d: period %d is settled, %d of %d slots in arrears", zone, period, owing, len(slots))


async def _reconsider(db: Database, opens: Mapping[tuple[int, int], bool]) -> None:
    """Something was shown of a home since, or k-min has changed: the sum is opened no more, or is after all."""
    for zone, period, opened in await money.planned(db):
        now = opens.get((zone, period), opened)
        if now == opened:
            continue
        named = await disputes.corrected_by(db, zone, period)
        async with db.transaction() as tx:
            if named:
                await disputes.forget_corrected(tx, zone, period)
                await money.forget_settlements(tx, zone, period)
                await followed.forget(tx, zone, period)
            else:
                await money.set_opened(tx, zone, period, opened=now)
        log.warning("zone %d: the settlement of period %d is made again, %s its sum", zone, period, _WITH[now])
        if named:
            return  # what follows it is planned anew, too


def affordable(before: Sequence[Account], bills: Sequence[Money], ruled: Sequence[Ruled]) -> list[Ruled]:
    """The rulings that a settlement can name, by slot: one for each, as many as the contract takes, and together no
    more than comes in, for what the provider may take never falls. The others wait."""
    named: dict[int, Ruled] = {}
    for of in ruled:
        tried = named | {of.slot: of}
        if of.slot in named or len(tried) > CORRECTIONS:
            continue
        if entitlement(settled_with(before, bills, list(tried.values()))) >= 0:
            named = tried
    return [named[slot] for slot in sorted(named)]


async def prepared(
    db: Database, prover: Prover, sender: Sender, call: Call, keys: Keys, randomness: Randomness
) -> ContractCall:
    """The payload of a call for credits or a settlement. ProofError for a damaged store."""
    if call.kind in (Step.CREDIT, Step.FINISH_CREDIT):
        stored = await money.get_credit(db, call.zone, call.number)
        before = await books.positions(db, call.zone, len(stored.slots), keys, call)
        return await _credit_call(prover, sender, call, stored, before, keys, randomness)
    before = await books.positions(db, call.zone, len(await periods.bills_of(db, call.zone, call.number)), keys, call)
    return await _settlement_call(db, prover, sender, call, before, keys, randomness)


async def book_due(db: Database, now: int) -> None:
    """Enters every final change of balances and arrears that is not in the books."""
    for call in await money.not_booked(db):
        entry = await books.entry_of(db, call)
        async with db.transaction() as tx:
            await money.enter(tx, [entry], now)


async def _credit_call(
    prover: Prover,
    sender: Sender,
    call: Call,
    stored: StoredCredit,
    before: Sequence[Position],
    keys: Keys,
    randomness: Randomness,
) -> ContractCall:
    shares = books.shares_of(stored, keys)
    by_slot = {s.slot: s.amount for s in stored.slots}
    covers = Credits(stored.payments, (), stored.floats, by_slot, total(by_slot.values()))
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
    places, dues = await books.dues_of(db, call.zone, call.number, where, keys)
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
