"""6: periods that ended -> bills, their proofs, and the calls that bring both to the chain.

Bills are made as soon as the chain has opened the period, for then its tariff and who lives where do not change any
more. All calls of a period are prepared at once and follow each other; each proof is made once for each sender.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import partial

from appliance import bill_proof
from appliance.ask import ask
from appliance.bill import Tariff
from appliance.bill_proof import MadeBills
from appliance.call import USER_REGISTRY, UTILITY_CODES, Sender
from appliance.calls import billing as calls
from appliance.calls import registry
from appliance.calls.billing import Billing
from appliance.calls.registry import Membership
from appliance.chain.clarity import Ascii, UInt
from appliance.chain.node import Node
from appliance.chain.payload import ContractCall
from appliance.config import ZoneConfig
from appliance.keys import Randomness
from appliance.money import Money
from appliance.period import Step, band_and_part, parts
from appliance.position import Place, bill_opening
from appliance.proof import ENTROPY_BYTES, BlockWitness, ProofError, witness_of
from appliance.store import blocks, periods
from appliance.store.database import Database
from appliance.store.outbox import Call
from appliance.store.periods import StoredBill, StoredPeriod
from appliance.worker import Keys, Prover
from circuits.pedersen import Opening

log = logging.getLogger("mita.billing")


async def bill_due(
    db: Database, node: Node, prover: Prover, sender: Sender, zones: Sequence[ZoneConfig], keys: Keys
) -> None:
    """Makes the bills of every ended period that the chain has opened. NodeError while it cannot be asked."""
    utilities = {zone.zone: UTILITY_CODES[zone.utility] for zone in zones}
    for of in await periods.unbilled(db):
        if of.zone not in utilities:
            continue
        found = await _terms(node, sender, of, utilities[of.zone], await _slots(db, of))
        if found is None:
            continue
        tariff, members = found
        made = await _made(db, prover, of, tariff, members.occupied, keys)
        holders = await _holders(db, of)
        bills = [
            StoredBill(
                slot=slot,
                holder=holders[slot],
                occupied=bill.occupied,
                began=members.began[slot],
                usage=bill.usage.value,
                amount=Money(bill.bill.value),
                commitment=made.public.bills[slot],
            )
            for slot, bill in enumerate(made.slots)
        ]
        async with db.transaction() as tx:
            await periods.put_bills(tx, of, tariff, bills)
        log.info("zone %d: bills of period %d made by tariff %d", of.zone, of.period, tariff.version)


async def billed(db: Database, zone: int, period: int, keys: Keys) -> tuple[list[Place], list[Opening]]:
    """By slot: whose bill it is, and what opens it. KeyError for a period without bills."""
    of = await periods.get(db, zone, period)
    tariff, stored = await periods.tariff_of(db, zone, period), await periods.bills_of(db, zone, period)
    if tariff is None:
        raise KeyError(f"period {period} of zone {zone} has no bills")
    places, witnesses = await _witnessed(db, of, [bill.occupied for bill in stored], keys)
    lines = tariff.lines(of.blocks)
    slots = bill_proof.metered(places, witnesses)
    return places, [
        bill_opening(slot.place, lines, slot.usage, period, bill.amount)
        for slot, bill in zip(slots, stored, strict=True)
    ]


async def _terms(
    node: Node, sender: Sender, of: StoredPeriod, utility: int, slots: int
) -> tuple[Tariff, Membership] | None:
    """Tariff of a period, and who lives there; None before the chain has opened it, or where nothing is billed."""
    zone, period = UInt(of.zone), UInt(of.period)
    name = Ascii(calls.BILLING)
    if await ask(node, sender, registry.read_active, USER_REGISTRY, "get-active-contract", name) is None:
        return None
    if await ask(node, sender, registry.read_number, USER_REGISTRY, "get-open-period", zone) < of.period:
        return None
    of_utility = UInt(utility)
    version = await ask(node, sender, registry.read_number, calls.BILLING, "get-version", of_utility, period)
    read = partial(calls.read_tariff, utility, version)
    tariff = await ask(node, sender, read, calls.BILLING, "get-tariff", of_utility, UInt(version))
    read_members = partial(registry.read_membership, slots)
    members = await ask(node, sender, read_members, USER_REGISTRY, "get-membership", zone, period)
    return None if tariff is None else (tariff, members)


async def _slots(db: Database, of: StoredPeriod) -> int:
    return len((await blocks.get_block(db, of.zone, of.last_block)).content.slots)


async def _holders(db: Database, of: StoredPeriod) -> list[str]:
    """Whose key a bill is made with: who had the slot when the period ended."""
    return [slot.holder for slot in (await blocks.get_block(db, of.zone, of.last_block)).content.slots]


async def _made(
    db: Database, prover: Prover, of: StoredPeriod, tariff: Tariff, occupied: Sequence[bool], keys: Keys
) -> MadeBills:
    places, witnesses = await _witnessed(db, of, occupied, keys)
    return await prover.run(bill_proof.make_from, places, witnesses, tariff.lines(of.blocks), of.period)


async def _witnessed(
    db: Database, of: StoredPeriod, occupied: Sequence[bool], keys: Keys
) -> tuple[list[Place], list[BlockWitness]]:
    content = [(await blocks.get_block(db, of.zone, n)).content for n in range(of.first_block, of.last_block + 1)]
    places = [
        Place(of.zone, slot.slot, taken, keys[slot.holder])
        for slot, taken in zip(content[-1].slots, occupied, strict=True)
    ]
    return places, [witness_of(block, keys) for block in content]


async def prepared(
    db: Database, prover: Prover, sender: Sender, call: Call, keys: Keys, randomness: Randomness
) -> ContractCall:
    of = await periods.get(db, call.zone, call.number)
    tariff, stored = (
        await periods.tariff_of(db, call.zone, call.number),
        await periods.bills_of(db, call.zone, call.number),
    )
    if tariff is None:
        raise AssertionError(f"{call} was to be made before there were bills")
    lines = tariff.lines(of.blocks)
    made = await _made(db, prover, of, tariff, [bill.occupied for bill in stored], keys)
    if made.public.bills != tuple(bill.commitment for bill in stored):
        raise ProofError(f"bills of period {of.period} of zone {of.zone} do not open with the stored keys")
    named = Billing(of.zone, of.period, tariff.version, made.public.bills if len(lines) > 1 else ())
    match call.kind:
        case Step.BILLS if len(lines) == 1:
            return calls.calculate_bills(sender, named, await prover.run(bill_proof.computed_hint, lines[0], made))
        case Step.BILLS:
            return calls.calculate_bills(sender, named, b"")
        case Step.BAND:
            band, part = band_and_part(call.part, len(stored))
            contexts = [calls.band_context(sender, named, band, n) for n in range(parts(len(stored)))]
            entropy = randomness(ENTROPY_BYTES)
            shown = await prover.run(bill_proof.prove_band, lines[band], made, contexts, entropy)
            first = part == 0
            line_hint, difference_hint = (shown.line_hint, shown.difference_hint) if first else (b"", b"")
            return calls.prove_band(sender, named, band, part, line_hint, difference_hint, shown.parts[part])
        case Step.PROVE_BILLS:
            context, entropy = calls.bills_context(sender, named), randomness(ENTROPY_BYTES)
            touched = await prover.run(bill_proof.prove_touched, lines, made, context, entropy)
            return calls.prove_bills(sender, named, touched)
    raise AssertionError(f"nobody knows how to make {call}")
