"""Bills too low, too high, off every line, or that show their band: what each half of S2 alone would accept."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random

import pytest

from circuits import bill, each_zero, tariff
from circuits.bill import Billed, Public
from circuits.each_zero import EachZeroProof, KnownZero
from circuits.generators import LIB
from circuits.group import LibPoint
from circuits.pedersen import Opening
from circuits.scalar import EncodingError, Scalar
from circuits.tariff import Line
from circuits.verdict import Check
from tests.circuits.test_bill import FOUR, LIFELINE, Zone, billed, public
from tests.circuits.zones import ENTROPY, HERE, THERE, commitments, fresh, pretended, rejected

LINES = tariff.lines(70, LIFELINE, 30)
USAGES = [30 * 2_000, 30 * 5_000, 30 * 20_000, 0]
"""One slot in each band, and one that is silent."""


def zone(charged: Callable[[int], int], at: int) -> Zone:
    """All slots billed rightly but one, whose bill is `charged` of the right one."""
    honest = billed(LINES, USAGES)
    slots = list(honest.slots)
    slots[at] = replace(slots[at], bill=Opening(charged(slots[at].bill.value), slots[at].bill.blinding))
    return Zone(LINES, slots, public(slots))


def bands_accept(made: Zone, without: Sequence[int] = ()) -> bool:
    """A verifier of the ranges alone, and of all lines but some."""
    for k, line in enumerate(made.lines):
        if k not in without:
            proofs = bill.prove_band(LibPoint, line, made.slots, [HERE], ENTROPY)
            bill.verify_band(LibPoint, line, made.public, [HERE], proofs)
    return True


def touching_accepts(made: Zone) -> bool:
    """A verifier of the disjunction alone, shown a proof by who does not care whether a bill is below other lines."""
    known = []
    for slot in made.slots:
        amounts = [line.amount(slot.usage.value, occupied=slot.occupied) for line in made.lines]
        k = amounts.index(slot.bill.value)
        blinding = made.lines[k].blinding(slot.usage.blinding, occupied=slot.occupied)
        known.append(KnownZero(k, slot.bill.blinding - blinding))
    branches = [bill.excess(LibPoint, line, made.public).points for line in made.lines]
    proof = each_zero.prove(LIB, branches, known, HERE, ENTROPY)
    bill.verify_touched(LibPoint, made.lines, made.public, HERE, proof)
    return True


def forged_band(made: Zone, k: int, context: bytes = HERE) -> Check:
    """Who has no opening of P in range shows one of zero with the right blinding."""
    line = made.lines[k]
    shown = [
        Opening(max(slot.bill.value - line.amount(slot.usage.value, occupied=slot.occupied), 0), blinding)
        for slot in made.slots
        for blinding in [slot.bill.blinding - line.blinding(slot.usage.blinding, occupied=slot.occupied)]
    ]
    points = bill.excess(LibPoint, line, made.public).points
    return rejected(bill.verify_band, LibPoint, line, made.public, [context], [pretended(points, shown, context)])


def forged_touch(made: Zone, at: int, k: int) -> Check:
    """The proof for a zone in which slot `at`, and any other that is on no line, is on line k; shown for this one."""
    branches = [list(bill.excess(LibPoint, line, made.public).points) for line in made.lines]
    known = []
    for s, slot in enumerate(made.slots):
        amounts = [line.amount(slot.usage.value, occupied=slot.occupied) for line in made.lines]
        branch = amounts.index(slot.bill.value) if s != at and slot.bill.value in amounts else k
        blinding = slot.bill.blinding - made.lines[branch].blinding(slot.usage.blinding, occupied=slot.occupied)
        branches[branch][s] = commitments([Opening(0, blinding)])[0]
        known.append(KnownZero(branch, blinding))
    proof = each_zero.prove(LIB, branches, known, HERE, ENTROPY)
    each_zero.verify(LIB, branches, HERE, proof)
    return rejected(bill.verify_touched, LibPoint, made.lines, made.public, HERE, proof)


def on_line(k: int, usage: int) -> int:
    return LINES[k].amount(usage, occupied=True)


# Amounts -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("at", "band", "unproved"), [(1, 0, [1]), (2, 0, [1, 2]), (2, 1, [2])])
def test_billed_by_too_cheap_a_band(at: int, band: int, unproved: list[int]) -> None:
    """The bill is on a line, so the disjunction holds; the line of the true band is above it."""
    made = zone(lambda _: on_line(band, USAGES[at]), at)
    assert touching_accepts(made)
    assert bands_accept(made, unproved)
    for k in range(3):
        if k in unproved:
            with pytest.raises(ValueError, match="committed value"):
                bill.prove_band(LibPoint, LINES[k], made.slots, [HERE], ENTROPY)
            assert forged_band(made, k) is Check.EQUATION


@pytest.mark.parametrize(("at", "over"), [(0, 1), (2, 1), (1, 10**6), (3, 70 * 30), (3, 2**36)])
def test_billed_above_every_line(at: int, over: int) -> None:
    """Every range proof holds; no line is touched."""
    made = zone(lambda right: right + over, at)
    assert bands_accept(made)
    with pytest.raises(ValueError, match="above every line"):
        bill.prove_touched(LIB, LINES, made.slots, HERE, ENTROPY)
    assert {forged_touch(made, at, k) for k in range(3)} == {Check.EQUATION}


def test_billed_by_too_dear_a_band_is_billed_below_its_own() -> None:
    """Of a convex tariff the other lines are below: there is no line above the right bill to be put on."""
    for at, usage in enumerate(USAGES):
        right = tariff.bill(LINES, usage, occupied=True)
        assert all(on_line(k, usage) <= right for k in range(3)), at
    # of lines that are not convex there is one: the largest is the bill, whatever the bands were meant to say
    falling = (Line(900, 0), Line(200, 10**6))
    assert tariff.bill(falling, 1, occupied=True) == 10**6 + 200


@pytest.mark.parametrize("at", range(4))
def test_billed_one_below_a_line(at: int) -> None:
    """Neither half accepts; the other two lines would."""
    made = zone(lambda right: right - 1, at)
    lacking = [k for k in range(3) if on_line(k, USAGES[at]) > made.slots[at].bill.value]
    assert len(lacking) == 1
    assert bands_accept(made, lacking)
    assert forged_band(made, lacking[0]) is Check.EQUATION
    with pytest.raises(ValueError, match="committed value"):
        bill.prove_touched(LIB, LINES, made.slots, HERE, ENTROPY)
    assert {forged_touch(made, at, k) for k in range(3)} == {Check.EQUATION}


def test_a_charge_for_a_vacant_slot() -> None:
    """Its lines have no constant. Shown as occupied, the same bill would be right; who is, the contract knows."""
    made = billed(LINES, USAGES, vacant=[3])
    charged = list(made.slots)
    charged[3] = replace(charged[3], bill=Opening(30 * 70, charged[3].bill.blinding), occupied=True)
    as_occupied = Zone(LINES, charged, public(charged))
    assert touching_accepts(as_occupied)
    assert bands_accept(as_occupied)
    proof = bill.prove_touched(LIB, LINES, charged, HERE, ENTROPY)
    told = replace(as_occupied.public, occupied=(True, True, True, False))
    assert rejected(bill.verify_touched, LibPoint, LINES, told, HERE, proof) is Check.EQUATION


def test_one_bill_too_low_pays_for_another_too_high() -> None:
    """A verifier that opened the sum would accept."""
    made = zone(lambda right: right - 500, 0)
    slots = list(made.slots)
    slots[2] = replace(slots[2], bill=Opening(slots[2].bill.value + 500, slots[2].bill.blinding))
    made = Zone(LINES, slots, public(slots))
    honest = billed(LINES, USAGES)
    assert sum(slot.bill.value for slot in slots) == sum(slot.bill.value for slot in honest.slots)
    assert forged_band(made, 0) is Check.EQUATION
    assert forged_touch(made, 2, 2) is Check.EQUATION


# Proofs moved --------------------------------------------------------------------------------------------------------


def test_proofs_of_another_band_part_zone_or_context() -> None:
    made, other = billed(LINES, USAGES), billed(LINES, USAGES, seed=2)
    proofs = [bill.prove_band(LibPoint, line, made.slots, [HERE], ENTROPY) for line in LINES]
    for k, line in enumerate(LINES):
        for j, proof in enumerate(proofs):
            if j != k:
                assert rejected(bill.verify_band, LibPoint, line, made.public, [HERE], proof) is Check.EQUATION
        assert rejected(bill.verify_band, LibPoint, line, other.public, [HERE], proofs[k]) is Check.EQUATION
        assert rejected(bill.verify_band, LibPoint, line, made.public, [THERE], proofs[k]) is Check.EQUATION
    touched = bill.prove_touched(LIB, LINES, made.slots, HERE, ENTROPY)
    swapped = replace(made.public, bills=(*made.public.bills[1::-1], *made.public.bills[2:]))
    for lines_, told, context in (
        (LINES, made.public, THERE),
        (LINES, other.public, HERE),
        (LINES, swapped, HERE),
        (LINES[::-1], made.public, HERE),
    ):
        assert rejected(bill.verify_touched, LibPoint, lines_, told, context, touched) is Check.EQUATION
    assert rejected(bill.verify_touched, LibPoint, LINES[:2], made.public, HERE, touched) is Check.LENGTH


def test_a_line_that_is_not_the_tariffs_among_the_branches() -> None:
    """Who chooses a branch chooses the bill: the verifier makes the branches of its own lines."""
    made = zone(lambda right: right + 12_345, 1)
    extra = Line(LINES[1].rate, LINES[1].constant + 12_345)
    with_it = Zone((*LINES, extra), made.slots, made.public)
    proof = bill.prove_touched(LIB, with_it.lines, made.slots, HERE, ENTROPY)
    points = [bill.excess(LibPoint, line, made.public).points for line in with_it.lines]
    each_zero.verify(LIB, points, HERE, proof)
    short = EachZeroProof(proof.nonces[:3], proof.shares[:2], proof.responses[:3])
    assert rejected(bill.verify_touched, LibPoint, LINES, made.public, HERE, short) is Check.EQUATION
    assert rejected(bill.verify_touched, LibPoint, LINES, made.public, HERE, proof) is Check.LENGTH


# Blindings -----------------------------------------------------------------------------------------------------------


def seen_bands(of_tariff: Sequence[Line], told: Public, offset: int) -> list[list[int]]:
    """What everybody can see: on which lines P is a known multiple of H0."""
    marked = (LIB.blinding * Scalar(offset)).to_bytes()
    rows = [bill.excess(LibPoint, line, told).points for line in of_tariff]
    return [[k for k, row in enumerate(rows) if row[s] == marked] for s in range(len(told.bills))]


def test_a_blinding_made_of_the_usages_shows_the_band() -> None:
    """a_k*g_U + 1: all proofs hold, and P = H0 tells everybody which line the bill is on. Hence fresh ones."""
    honest = billed(LINES, USAGES)
    bands = [0, 1, 2, 0]
    slots = [
        replace(slot, bill=Opening(slot.bill.value, LINES[k].blinding(slot.usage.blinding, occupied=True) + Scalar(1)))
        for slot, k in zip(honest.slots, bands, strict=True)
    ]
    careless = Zone(LINES, slots, public(slots))
    assert touching_accepts(careless)
    assert bands_accept(careless)
    assert seen_bands(LINES, careless.public, 1) == [[k] for k in bands]
    assert seen_bands(LINES, honest.public, 1) == [[]] * 4


def test_the_very_multiple_is_refused() -> None:
    """a_k*g_U itself: P would be infinity, which has no encoding; the subtraction has no hint."""
    honest = billed(LINES, USAGES)
    slots = [
        replace(slot, bill=Opening(slot.bill.value, LINES[k].blinding(slot.usage.blinding, occupied=True)))
        for slot, k in zip(honest.slots, (0, 1, 2, 0), strict=True)
    ]
    with pytest.raises(EncodingError, match="infinity"):
        bill.prove_touched(LIB, LINES, slots, HERE, ENTROPY)
    assert rejected(bill.excess, LibPoint, LINES[0], public(slots)) is Check.HINT


def test_two_bills_under_one_blinding_show_their_difference() -> None:
    """Of two periods: tried in the time of a search over differences. The derivation has value and period in it."""
    rng = Random(1)
    blinding = fresh(rng)
    first, second = (LibPoint.from_bytes_checked(commitments([Opening(v, blinding)])[0]) for v in (70_000, 70_123))
    found = next(d for d in range(1, 1_000) if first + LIB.value * Scalar(d) == second)
    assert found == 123


# The one hash --------------------------------------------------------------------------------------------------------


def test_a_bill_of_four_bands_on_every_line_but_the_verifiers() -> None:
    """Known branch moved by one: the answer for line k shown on line k + 1."""
    of_tariff = tariff.lines(70, FOUR, 30)
    made = billed(of_tariff, [30 * 2_000, 30 * 5_000, 30 * 20_000, 30 * 40_000])
    proof = bill.prove_touched(LIB, of_tariff, made.slots, HERE, ENTROPY)
    for shift in (1, 2, 3):
        order = [(k + shift) % 4 for k in range(4)]
        moved = EachZeroProof(
            tuple(proof.nonces[k] for k in order), proof.shares, tuple(proof.responses[k] for k in order)
        )
        assert rejected(bill.verify_touched, LibPoint, of_tariff, made.public, HERE, moved) is Check.EQUATION


def test_the_silent_slots_zero_does_not_serve_the_others() -> None:
    """All branches of the silent slot are known; the others' answers made with its blinding fail."""
    made = zone(lambda right: right + 5, 2)
    branches = [bill.excess(LibPoint, line, made.public).points for line in LINES]
    silent: Billed = made.slots[3]
    wrong = KnownZero(0, silent.excess(LINES[0]).blinding)
    with pytest.raises(ValueError, match="does not open"):
        each_zero.prove(LIB, branches, [wrong] * 4, HERE, ENTROPY)
    as_if = [[row[0], row[1], row[3], row[3]] for row in branches]
    known = [
        KnownZero(0, made.slots[0].excess(LINES[0]).blinding),
        KnownZero(1, made.slots[1].excess(LINES[1]).blinding),
        wrong,
        wrong,
    ]
    forged = each_zero.prove(LIB, as_if, known, HERE, ENTROPY)
    each_zero.verify(LIB, as_if, HERE, forged)
    assert rejected(bill.verify_touched, LibPoint, LINES, made.public, HERE, forged) is Check.EQUATION
