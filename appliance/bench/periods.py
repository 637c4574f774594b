"""A zone's periods, from usage to settlement: calls with real proofs, and what opens the commitments afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from appliance.bench.calls import GATEWAY, Call
from appliance.bench.town import (
    DEVICE,
    FIRST_BLOCK,
    POWER,
    RATIO,
    WATER,
    Town,
    call,
    proof,
    sent,
    some,
)
from appliance.call import METER_DATA, UsageBatch, submit_usage_batch, usage_batch_context
from appliance.calls import billing as bill_calls
from appliance.calls import payment as pay_calls
from appliance.calls import registry as registry_calls
from appliance.calls.billing import Billing
from appliance.calls.payment import Crediting, Settling
from appliance.calls.values import digest
from appliance.credit import Credits
from appliance.money import Money
from appliance.money_proof import CreditProof, MadeSettlement, SettlementProof, opened_sum, points
from appliance.position import Position
from appliance.proof import BoundProof, SummedBatch
from circuits import bill, credit, lists, money, settlement, usage
from circuits.bill import Billed, Public
from circuits.generators import LIB
from circuits.group import LibPoint
from circuits.opening import sum_openings
from circuits.pedersen import Opening
from circuits.scalar import ONE
from circuits.settlement import Before, Correction, Dues, Settled
from circuits.shape import USAGE_BOUND
from circuits.tariff import Band, Line, lines
from circuits.tariff import bill as amount_of

BLOCKS: Final = 7
WATER_BANDS: Final = (Band(0, 60),)
CHARGES: Final = {POWER: 900, WATER: 400}


def batch(town: Town, zone: int, *, opened: bool = True) -> Iterator[Call]:
    """The zone's next 7 blocks, as a batch with its total or a sealed one."""
    book = town.books[zone]
    used = [Opening(town.rng.randrange(USAGE_BOUND), town.blinding()) for _ in range(book.slots)]
    listed, whole = points(used), sum_openings(used)
    before = book.running
    hint = None if before is None else lists.add(LibPoint, points(before), listed).hint
    first, last = book.next_block, book.next_block + BLOCKS - 1
    root, counts = town.entropy(), (0, book.slots, 0, 0, 0, 0)
    if opened:
        sums = SummedBatch(whole.value, whole.blinding.to_bytes(), listed, listed, hint)
        of = UsageBatch(zone, first, last, root, counts, sums, book.period)
        context = usage_batch_context(town.sender, of)
        made = usage.prove(LibPoint, used, context, town.entropy(), opened=True)
        yield sent(submit_usage_batch(town.sender, of, BoundProof(context, made.points, made.scalars, made.hints)))
    else:
        context = town.bound(
            "sealed-batch",
            METER_DATA,
            zone=zone,
            period=book.period,
            first_block=first,
            last_block=last,
            total=0,
            blinding_sum=b"",
            evidence_root=root,
            authenticity=counts,
            commitments_hash=digest(listed),
        )
        made = usage.prove(LibPoint, used, context, town.entropy(), opened=False)
        parts = (made.points, made.scalars, made.hints)
        said = (zone, first, last, listed, root, counts, None if hint is None else some(hint), *parts)
        yield call(GATEWAY, METER_DATA, "submit-sealed-batch", *said, proof())
    book.running = used if before is None else [a + b for a, b in zip(before, used, strict=True)]
    book.next_block, book.blocks = last + 1, book.blocks + BLOCKS


def own_proof(town: Town, zone: int, slot: int) -> Iterator[Call]:
    """Of the zone's first batch, which is its only one so far: the device of the slot says the same."""
    used = (town.books[zone].running or [])[slot]
    listed = points([used])
    context = town.bound(
        "usage-proof",
        METER_DATA,
        DEVICE,
        zone=zone,
        slot=slot,
        period=0,
        first_block=FIRST_BLOCK,
        last_block=FIRST_BLOCK + BLOCKS - 1,
        commitments_hash=digest(listed),
    )
    made = usage.prove(LibPoint, [used], context, town.entropy(), opened=False)
    said = (zone, slot, FIRST_BLOCK, FIRST_BLOCK + BLOCKS - 1, listed[0], made.points, made.scalars, made.hints)
    yield call(DEVICE, METER_DATA, "submit-usage-proof", *said, proof())


def close(town: Town, zone: int) -> Iterator[Call]:
    book = town.books[zone]
    yield sent(registry_calls.close_period(town.sender, zone))
    book.usage[book.period] = (book.running or [], book.blocks)
    book.running, book.blocks, book.period = None, 0, book.period + 1


def combined_total(town: Town, zones: Sequence[int]) -> Iterator[Call]:
    """Of sealed batches, the only ones of these zones."""
    used = [town.books[zone].running or [] for zone in zones]
    whole = sum_openings([opening for zone in used for opening in zone])
    hints = [opened_sum(zone).hints for zone in used]
    sums = opened_sum([sum_openings(zone) for zone in used])
    said = (zones, FIRST_BLOCK, whole.value, whole.blinding.to_bytes(), hints, sums.hints)
    yield call(GATEWAY, METER_DATA, "open-combined-total", *said, proof())


def bills(town: Town, zone: int, period: int, vacant: Sequence[int] = ()) -> Iterator[Call]:
    """All calls of a period's bills."""
    book = town.books[zone]
    used, blocks = book.usage[period]
    of_tariff = lines(CHARGES[zone], WATER_BANDS if zone == WATER else town.bands, blocks)
    taken = [slot not in vacant for slot in range(book.slots)]
    if len(of_tariff) == 1:
        of = Billing(zone, period, 1, ())
        computed = of_tariff[0].points(LIB, points(used), taken)
        yield sent(bill_calls.calculate_bills(town.sender, of, computed.hint))
        return
    made = [
        Billed(opening, Opening(amount_of(of_tariff, opening.value, occupied=here), town.blinding()), here)
        for opening, here in zip(used, taken, strict=True)
    ]
    of = Billing(zone, period, 1, points([slot.bill for slot in made]))
    yield sent(bill_calls.calculate_bills(town.sender, of, b""))
    for band, line in enumerate(of_tariff):
        yield from _band(town, of, band, line, made)
    shown = bill.prove_touched(LIB, of_tariff, made, bill_calls.bills_context(town.sender, of), town.entropy())
    yield sent(bill_calls.prove_bills(town.sender, of, shown))
    book.bills[period] = [slot.bill for slot in made]


def _band(town: Town, of: Billing, band: int, line: Line, made: Sequence[Billed]) -> Iterator[Call]:
    parts = range(len(money.parts(made)))
    contexts = [bill_calls.band_context(town.sender, of, band, part) for part in parts]
    public = Public(points([slot.usage for slot in made]), of.bills, tuple(slot.occupied for slot in made))
    computed = bill.excess(LibPoint, line, public)
    proofs = bill.prove_band(LibPoint, line, made, contexts, town.entropy())
    for part, shown in enumerate(proofs):
        hints = (computed.line_hint, computed.difference_hint) if part == 0 else (b"", b"")
        yield sent(bill_calls.prove_band(town.sender, of, band, part, *hints, shown))


def credited(
    town: Town, zone: int, by_slot: Mapping[int, int], payments: Sequence[int], floats: Mapping[str, int]
) -> Iterator[Call]:
    """`by_slot` and `floats` in token units; they and the payments add up."""
    book = town.books[zone]
    shares = [Opening(by_slot.get(slot, 0) * RATIO, town.blinding()) for slot in range(book.slots)]
    listed = opened_sum(shares)
    covers = Credits(tuple(payments), (), tuple(floats.items()), {}, Money(listed.total))
    of = Crediting(zone, book.sequence, covers, listed)
    made = credit.prove(LibPoint, shares, pay_calls.credit_contexts(town.sender, of), town.entropy())
    added = lists.add(LibPoint, points(book.balances), listed.commitments)
    shown = CreditProof(added.hint, added.points, made.parts)
    yield sent(pay_calls.credit_batch(town.sender, of, shown))
    yield sent(pay_calls.finish_credit(town.sender, zone, shown))
    book.balances = [old + new for old, new in zip(book.balances, shares, strict=True)]
    book.shares = shares
    book.sequence, book.version = book.sequence + 1, book.version + 1


def settle(town: Town, zone: int, corrected: Mapping[int, tuple[bytes, Correction]]) -> Iterator[Call]:
    """The next period, with these corrections of its bills by slot: the commitment, and what it opens to."""
    book = town.books[zone]
    dues = [
        Dues(*slot, corrected[number][1] if number in corrected else None)
        for number, slot in enumerate(zip(book.bills[book.settled], book.arrears, book.balances, strict=True))
    ]
    after = [slot.settle(town.blinding(), corrected=bool(corrected)) for slot in dues]
    taken_off = None
    if corrected:
        nothing = points([Opening(0, ONE)])[0]
        taken_off = tuple(corrected[slot][0] if slot in corrected else nothing for slot in range(book.slots))
    before = Before(points(book.bills[book.settled]), points(book.arrears), points(book.balances), taken_off)
    balances = opened_sum([slot.balance for slot in after])
    combined = settlement.settled(LibPoint, before, balances.commitments)
    positions = tuple(Position(slot.balance, slot.arrears) for slot in after)
    named = tuple((slot, book.settled) for slot in sorted(corrected))
    made = MadeSettlement(positions, balances, combined.arrears, combined.hints)
    of = Settling(zone, book.settled, named, made, opened=True)
    yield from _settled(town, of, after)
    book.balances = [slot.balance for slot in after]
    book.arrears = [slot.arrears for slot in after]
    book.settled, book.version = book.settled + 1, book.version + 1


def _settled(town: Town, of: Settling, after: Sequence[Settled]) -> Iterator[Call]:
    contexts = pay_calls.settlement_contexts(town.sender, of)
    either = settlement.prove_either(LIB, after, contexts[0], town.entropy())
    shown = SettlementProof(either, settlement.prove_sums(LibPoint, after, contexts, town.entropy()))
    yield sent(pay_calls.settle_period(town.sender, of, shown))
    yield sent(pay_calls.finish_settlement(town.sender, of, shown.parts[1]))
