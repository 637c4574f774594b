"""S2 as it is used: a tariff's lines, a zone's bills, and what proves them right."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circuits import bill, each_zero, hints, tariff
from circuits.bill import Billed, Public
from circuits.generators import LIB, bases
from circuits.group import LibPoint
from circuits.lists import negated
from circuits.pedersen import Opening
from circuits.reference import ReferencePoint
from circuits.scalar import ONE, N, Scalar
from circuits.tariff import Band, Line, lines
from circuits.verdict import Check
from tests.circuits.zones import ENTROPY, HERE, THERE, commitments, fresh, openings, rejected, signed

LIFELINE = (Band(0, 200), Band(3_000, 450), Band(10_000, 900))
FOUR = (*LIFELINE, Band(30_000, 2_000))


def by_blocks(charge: int, bands: Sequence[Band], blocks: int, usage: int) -> int:
    """The bill by the schoolbook: each band's share of the usage at its rate, limits times blocks."""
    whole = blocks * charge
    ends = [*(band.start * blocks for band in bands[1:]), None]
    for band, end in zip(bands, ends, strict=True):
        low = band.start * blocks
        whole += band.rate * max((usage if end is None else min(usage, end)) - low, 0)
    return whole


@dataclass(frozen=True)
class Zone:
    """A zone billed by a tariff; `slots` is secret."""

    lines: tuple[Line, ...]
    slots: list[Billed]
    public: Public


def billed(of_tariff: tuple[Line, ...], usages: Sequence[int], vacant: Sequence[int] = (), seed: int = 1) -> Zone:
    rng = Random(seed)
    slots = []
    for s, usage in enumerate(usages):
        occupied = s not in vacant
        due = tariff.bill(of_tariff, usage, occupied=occupied)
        slots.append(Billed(Opening(usage, fresh(rng)), Opening(due, fresh(rng)), occupied))
    return Zone(of_tariff, slots, public(slots))


def public(slots: Sequence[Billed], base: Any = LIB) -> Public:
    return Public(
        commitments([slot.usage for slot in slots], base),
        commitments([slot.bill for slot in slots], base),
        tuple(slot.occupied for slot in slots),
    )


bands_strategy = st.builds(
    lambda starts, rates: tuple(map(Band, [0, *sorted(starts)], sorted(rates))),
    st.just([]),
    st.lists(st.integers(1, 2**14 - 1), min_size=1, max_size=1),
) | st.integers(2, 4).flatmap(
    lambda k: st.builds(
        lambda starts, rates: tuple(map(Band, [0, *sorted(starts)], sorted(rates))),
        st.lists(st.integers(1, 2**18), min_size=k - 1, max_size=k - 1, unique=True),
        st.lists(st.integers(1, 2**14 - 1), min_size=k, max_size=k),
    )
)


@given(st.integers(0, 10**6), bands_strategy, st.integers(1, 31), st.integers(0, 31 * 149_796))
def test_the_largest_line_is_the_sum_over_the_bands(
    charge: int, bands: tuple[Band, ...], blocks: int, usage: int
) -> None:
    of_tariff = lines(charge, bands, blocks)
    assert tariff.bill(of_tariff, usage, occupied=True) == by_blocks(charge, bands, blocks, usage)
    assert tariff.bill(of_tariff, 0, occupied=True) == blocks * charge
    assert tariff.bill(of_tariff, 0, occupied=False) == 0
    excess = tariff.bill(of_tariff, usage, occupied=True) - min(line.amount(usage, occupied=True) for line in of_tariff)
    assert 0 <= excess < 2**48


def test_lines_by_hand() -> None:
    assert lines(70, LIFELINE, 30) == (
        Line(200, 2_100),
        Line(450, 30 * (70 - 250 * 3_000)),
        Line(900, 30 * (70 - 250 * 3_000 - 450 * 10_000)),
    )
    assert lines(0, (Band(0, 5),), 7) == (Line(5, 0),)


def test_a_vacant_slot_that_uses_something_owes_nothing() -> None:
    of_tariff = lines(70, LIFELINE, 30)
    assert tariff.bill(of_tariff, 5, occupied=False) == 0
    assert tariff.bill(of_tariff, 5, occupied=True) == 5 * 200 + 30 * 70


def test_tariffs_that_are_refused() -> None:
    for charge, bands, blocks in (
        (-1, LIFELINE, 30),
        (0, LIFELINE, 0),
        (0, (), 30),
        (0, (*FOUR, Band(50_000, 3_000)), 30),
        (0, LIFELINE[1:], 30),
        (0, (Band(0, 2), Band(5, 1)), 30),
        (0, (Band(0, 1), Band(0, 2)), 30),
    ):
        with pytest.raises(ValueError, match=r"bands|charge"):
            lines(charge, bands, blocks)
    for rate, constant in ((-1, 0), (2**52, 0), (1, 2**52), (1, -(2**52))):
        with pytest.raises(ValueError, match="rates"):
            Line(rate, constant)
    with pytest.raises(ValueError, match="no points"):
        Line(0, 0).points(LIB, commitments(openings(Random(1), [4])), [True])


@pytest.mark.parametrize("line", [Line(3, 5), Line(3, -500), Line(3, 0), Line(0, 70), Line(2**52 - 1, 1 - 2**52)])
def test_a_line_in_points(line: Line) -> None:
    usages, occupied = openings(Random(1), [4, 0, 7]), (True, False, False)
    made = line.points(LIB, commitments(usages), occupied)
    for usage, taken, point in zip(usages, occupied, made.points, strict=True):
        value, blinding = line.amount(usage.value, occupied=taken), line.blinding(usage.blinding, occupied=taken)
        assert LibPoint.from_bytes_checked(point) == LIB.value * Scalar(value % N) + LIB.blinding * blinding
    if line.rate and line.constant:
        used = [commitments(usages)[0], *[negated(LIB.value.to_bytes())] * 2]
        scaled = [(LibPoint.from_bytes_checked(point) * Scalar(line.rate)).to_bytes() for point in used]
        constant = (LIB.value * Scalar(line.constant % N)).to_bytes()
        assert made.hint == hints.for_lists(scaled, [constant, *[LIB.blinding.to_bytes()] * 2])
    else:
        assert made.hint == b""
    assert line.points(bases(ReferencePoint), commitments(usages), occupied) == made
    assert rejected(line.points, LIB, commitments(usages), occupied[:2]) is Check.LENGTH
    assert rejected(line.points, LIB, (bytes(33), *commitments(usages[1:])), occupied) is Check.ENCODING


@pytest.mark.parametrize("line", [Line(3, 5), Line(3, -5), Line(3, 0), Line(1, 9), Line(0, 70)])
def test_no_usage_keeps_a_vacant_slot_from_its_line(line: Line) -> None:
    """One of which a multiple is H0 or -H0, or that is no usage at all: the line is H0."""
    used, inverse = commitments(openings(Random(1), [4])), Scalar(pow(max(line.rate, 1), -1, N))
    for value, blinding in ((0, inverse), (0, -inverse), (-5, ONE), (7, ONE)):
        made = line.points(LIB, (signed(value, blinding), *used), (False, True))
        assert made.points[0] == LIB.blinding.to_bytes()
        assert made == line.points(LIB, (used[0], *used), (False, True))


@pytest.mark.parametrize("bands", [LIFELINE[:2], LIFELINE, FOUR])
@pytest.mark.parametrize("slots", [4, 16, 64])
def test_a_zone_is_billed(bands: tuple[Band, ...], slots: int) -> None:
    """Silent, vacant, at every band's beginning, and in every band."""
    usages = [0, 0, 30 * 3_000, 30 * 3_000 + 1, 30 * 10_000, 30 * 149_796, 5, 30 * 29_999]
    zone = billed(lines(70, bands, 30), [usages[s % 8] if s < 8 else 1_000 * s for s in range(slots)], vacant=[1])
    assert zone.slots[1].bill.value == 0
    contexts = [bytes([9, part]) + bytes(30) for part in range(2 if slots == 64 else 1)]
    for line in zone.lines:
        proofs = bill.prove_band(LibPoint, line, zone.slots, contexts, ENTROPY)
        bill.verify_band(LibPoint, line, zone.public, contexts, proofs)
        found = bill.excess(LibPoint, line, zone.public)
        assert found.points == tuple(point for proof in proofs for point in proof.commitments)
        assert found.difference_hint
    touched = bill.prove_touched(LIB, zone.lines, zone.slots, HERE, ENTROPY)
    bill.verify_touched(LibPoint, zone.lines, zone.public, HERE, touched)
    assert rejected(bill.verify_touched, LibPoint, zone.lines, zone.public, THERE, touched) is Check.EQUATION
    branches = [bill.excess(LibPoint, line, zone.public).points for line in zone.lines]
    each_zero.verify(LIB, branches, HERE, touched)


def test_first_units_that_cost_nothing() -> None:
    """Without a charge the first line is zero, and what is above it is the bill itself."""
    of_tariff = lines(0, (Band(0, 0), Band(3_000, 450)), 30)
    assert [line.free for line in of_tariff] == [True, False]
    zone = billed(of_tariff, [0, 5, 30 * 3_000, 30 * 3_000 + 7], vacant=[1])
    assert [slot.bill.value for slot in zone.slots] == [0, 0, 0, 7 * 450]
    found = bill.excess(LibPoint, of_tariff[0], zone.public)
    assert (found.points, found.line_hint, found.difference_hint) == (zone.public.bills, b"", b"")
    for line in of_tariff:
        proofs = bill.prove_band(LibPoint, line, zone.slots, [HERE], ENTROPY)
        bill.verify_band(LibPoint, line, zone.public, [HERE], proofs)
    touched = bill.prove_touched(LIB, of_tariff, zone.slots, HERE, ENTROPY)
    bill.verify_touched(LibPoint, of_tariff, zone.public, HERE, touched)


def test_one_band_needs_no_proof() -> None:
    (line,) = lines(70, LIFELINE[:1], 30)
    usages = openings(Random(2), [0, 5, 600, 7])
    occupied = (True, True, False, True)
    flat = line.points(LIB, commitments(usages), occupied).points
    due = [
        Opening(line.amount(u.value, occupied=taken), line.blinding(u.blinding, occupied=taken))
        for u, taken in zip(usages, occupied, strict=True)
    ]
    assert flat == commitments(due)


def test_over_the_reference_group() -> None:
    zone = billed(lines(70, LIFELINE[:2], 30), [0, 5, 100_000, 3], vacant=[3])
    touched = bill.prove_touched(LIB, zone.lines, zone.slots, HERE, ENTROPY)
    bill.verify_touched(ReferencePoint, zone.lines, zone.public, HERE, touched)
    assert rejected(bill.verify_touched, ReferencePoint, zone.lines, zone.public, THERE, touched) is Check.EQUATION
    proofs = bill.prove_band(LibPoint, zone.lines[1], zone.slots, [HERE], ENTROPY)
    bill.verify_band(ReferencePoint, zone.lines[1], zone.public, [HERE], proofs)


@settings(max_examples=10, deadline=None)
@given(
    bands_strategy.filter(lambda bands: len(bands) > 1), st.lists(st.integers(0, 7 * 149_796), min_size=4, max_size=4)
)
def test_any_tariff_and_usage(bands: tuple[Band, ...], usages: list[int]) -> None:
    zone = billed(lines(5, bands, 7), usages)
    for line in zone.lines:
        bill.verify_band(
            LibPoint, line, zone.public, [HERE], bill.prove_band(LibPoint, line, zone.slots, [HERE], ENTROPY)
        )
    touched = bill.prove_touched(LIB, zone.lines, zone.slots, HERE, ENTROPY)
    bill.verify_touched(LibPoint, zone.lines, zone.public, HERE, touched)
