"""6: homes that leave -> what is paid out to them, and slots that are free for others (task).

What a home has left is public only in sum, and only once stewards have agreed to exactly this sum for exactly these
slots; so it is proposed first, and the proposal is kept.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

from appliance import books, ledger, money_proof
from appliance.ask import ask
from appliance.call import USER_REGISTRY, Sender
from appliance.calls import leaving as calls
from appliance.calls import payment, registry
from appliance.calls.leaving import PayingOut
from appliance.chain.address import Address, Contract
from appliance.chain.clarity import Buffer, UInt
from appliance.chain.node import Node
from appliance.chain.payload import ContractCall
from appliance.config import ZoneConfig
from appliance.keys import Randomness
from appliance.money import Money, Ratio
from appliance.period import Step, paying_out
from appliance.position import Position
from appliance.proof import ENTROPY_BYTES, ProofError
from appliance.store import blocks, leaving, money, outbox, periods, secrets
from appliance.store.database import Database
from appliance.store.leaving import Departure, PaidSlot, StoredPayout
from appliance.store.outbox import Call
from appliance.worker import Keys, Prover

log = logging.getLogger("mita.leaving")

STEPS: Final = (Step.PAYOUT, Step.PROVE_PAYOUT, Step.RELEASE)
_TENANCIES: Final = 8  # periods back in which the end of a home's time is looked for


async def watch_departures(
    db: Database,
    node: Node,
    sender: Sender,
    zones: Sequence[ZoneConfig],
    seen: dict[tuple[int, int], int],
    buried: int,
) -> None:
    """Takes down which homes have left their slots, or will with the open period, once that was so for as many Bitcoin
    blocks as make it final; `seen` has since when, by zone and slot. NodeError."""
    tip = (await node.tip()).burn_height
    for zone in zones:
        holders = await blocks.holders(db, zone.zone)
        if not holders:
            continue
        period = await ask(node, sender, registry.read_number, USER_REGISTRY, "get-open-period", UInt(zone.zone))
        read = partial(registry.read_membership, zone.slots)
        then = await ask(node, sender, read, USER_REGISTRY, "get-membership", UInt(zone.zone), UInt(period + 1))
        known = {(of.slot, of.holder) for of in await leaving.departures(db, zone.zone)}
        for slot, holder in holders.items():
            if then.occupied[slot] or holder == secrets.vacant(zone.zone) or (slot, holder) in known:
                seen.pop((zone.zone, slot), None)
                continue
            if tip - seen.setdefault((zone.zone, slot), tip) < buried:
                continue
            last = await _last(node, sender, zone.zone, slot, period)
            if last is None or last < await _first(db, zone, slot, holder):
                continue  # nobody has left: the home is not registered yet
            async with db.transaction() as tx:
                await leaving.put_departure(tx, zone.zone, Departure(slot, holder, last))
            log.info("zone %d: slot %d is left with period %d", zone.zone, slot, last)


async def _last(node: Node, sender: Sender, zone: int, slot: int, period: int) -> int | None:
    """The newest period in which somebody lived there, whose money may still be there; None if it stays, whatever the
    list of who is there said: that may have been of a period that was undone."""
    holder = await ask(node, sender, registry.read_maybe_number, USER_REGISTRY, "get-holder", UInt(zone), UInt(slot))
    after = UInt(zone), UInt(slot), UInt(period + 1)
    if await ask(node, sender, registry.read_maybe_number, USER_REGISTRY, "get-occupant", *after) is not None:
        return None
    for number in range(period, max(period - _TENANCIES, -1), -1) if holder is not None else ():
        where = UInt(zone), UInt(slot), UInt(number)
        if await ask(node, sender, registry.read_maybe_number, USER_REGISTRY, "get-occupant", *where) is not None:
            return number
    return None


async def _first(db: Database, zone: ZoneConfig, slot: int, holder: str) -> int:
    """The period of the first block that a home's secret committed."""
    block = await leaving.held_since(db, zone.zone, slot, holder)
    return await periods.of_block(db, zone.zone, zone.first_block if block is None else block)


async def clear_due(
    db: Database,
    node: Node,
    sender: Sender,
    ratios: Mapping[int, Ratio],
    settled: Mapping[int, int],
    agent: str,
    keys: Keys,
) -> None:
    """Proposes payouts, plans those that stewards have approved, and releases slots in which nothing is left.

    `settled` is the next period to settle by zone, of those whose books are the chain's; `agent` pays out in cash, and
    nothing is proposed without one. NodeError.
    """
    for zone, period in settled.items():
        left = [of for of in await leaving.unreleased(db, zone) if of.last < period]
        if not left or zone not in ratios:
            continue
        slots = len(await blocks.holders(db, zone))
        where = await books.positions(db, zone, slots, keys)
        if not await money.settled_slots(db, zone, period):  # else it is too late for a payout before it
            proposed = await leaving.find_payout(db, zone, period)
            if proposed is None and agent:
                await _propose(db, node, sender, ratios[zone], agent, zone, period, left, where, keys)
            elif proposed is not None and not proposed.planned:
                await _carry_out(db, node, sender, proposed, slots)
        for of in left:
            if not where[of.slot].balance.value and await _is_clear(db, node, sender, zone, of):
                async with db.transaction() as tx:
                    await outbox.put_call(tx, Step.RELEASE, zone, of.last, of.slot)
                log.info("zone %d: slot %d is given on", zone, of.slot)


async def _propose(
    db: Database,
    node: Node,
    sender: Sender,
    ratio: Ratio,
    agent: str,
    zone: int,
    period: int,
    left: Sequence[Departure],
    where: Sequence[Position],
    keys: Keys,
) -> None:
    paid = tuple(
        PaidSlot(of.slot, of.holder, Money(where[of.slot].balance.value)) for of in left if where[of.slot].balance.value
    )
    if not paid:
        return
    token = await ask(node, sender, calls.read_token, USER_REGISTRY, "get-zone", UInt(zone))
    _, rest = ratio.whole_tokens(Money(sum(of.amount.units for of in paid)))
    made = StoredPayout(zone, period, agent, str(token), b"", rest, False, paid)
    hashed = calls.hash_of(money_proof.points(books.payouts_of(made, len(where), keys)))
    async with db.transaction() as tx:
        await leaving.put_payout(tx, StoredPayout(zone, period, agent, made.token, hashed, rest, False, paid))
    log.warning("zone %d: a payout to homes that left waits for two stewards: ./mita payouts shows it", zone)


async def _carry_out(db: Database, node: Node, sender: Sender, of: StoredPayout, slots: int) -> None:
    """Once two stewards have approved exactly this."""
    agent = Address.from_c32(of.agent)
    action = calls.action(of.zone, of.settled, of.mask, of.amount.units, agent, of.hash)
    kept = await node.map_entry(Contract(sender.deployer, payment.PAYMENT), calls.APPROVED, Buffer(action))
    if not calls.is_approved(kept):
        return
    async with db.transaction() as tx:
        for due in paying_out(slots):
            await outbox.put_call(tx, due.step, of.zone, of.settled, due.part)
        await leaving.set_planned(tx, of.zone, of.settled)
    log.info("zone %d: stewards approved a payout before the settlement of period %d", of.zone, of.settled)


async def _is_clear(db: Database, node: Node, sender: Sender, zone: int, of: Departure) -> bool:
    """Whether nothing can come in or be taken off any more: no receipt waits for a credit, the last bill is past
    dispute, and nothing is disputed or to be corrected."""
    if ledger.promised_of(await money.sums(db, zone), zone, of.slot):
        return False
    due = await periods.due_of(db, zone, of.last)
    if due is None or (await node.tip()).burn_height <= due:
        return False
    claims = await ask(node, sender, registry.read_number, "billing", "get-claims", UInt(zone), UInt(of.slot))
    return claims == 0


async def prepared(
    db: Database, prover: Prover, sender: Sender, call: Call, keys: Keys, randomness: Randomness
) -> ContractCall:
    """The payload of a call for who has left. ProofError for a damaged store."""
    slots = len(await blocks.holders(db, call.zone))
    where = await books.positions(db, call.zone, slots, keys, call)
    if call.kind == Step.RELEASE:
        version = await books.changes_before(db, call)
        context = calls.release_context(sender, call.zone, call.part, version)
        balance, entropy = where[call.part].balance, randomness(ENTROPY_BYTES)
        made = await prover.run(money_proof.prove_nothing_left, balance, context, entropy)
        return calls.release_slot(sender, call.zone, call.part, call.number, made)
    stored = await leaving.payout(db, call.zone, call.number)
    payouts = books.payouts_of(stored, slots, keys)
    points = await prover.run(money_proof.points, payouts)
    if calls.hash_of(points) != stored.hash:
        raise ProofError(f"{call}: payouts do not open with the stored keys")
    opened = await prover.run(money_proof.opened_sum, [payouts[of.slot] for of in stored.slots])
    paying = PayingOut(call.zone, call.number, stored.mask, Address.from_c32(stored.agent), points, opened)
    balances = [slot.balance for slot in where]
    rest = await prover.run(money_proof.left_after, balances, payouts)
    contexts, entropy = calls.contexts(sender, paying, rest), randomness(ENTROPY_BYTES)
    proof = await prover.run(money_proof.prove_payout, balances, payouts, contexts, entropy)
    if call.kind == Step.PAYOUT:
        return calls.payout_batch(sender, paying, proof)
    return calls.prove_payout(sender, call.zone, call.part, proof, Contract.parse(stored.token))
