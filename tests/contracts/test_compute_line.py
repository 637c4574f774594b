"""privacy-proof: lines of a tariff over commitments to usage, by `circuits.tariff` and over the reference group."""

from __future__ import annotations

import random

import pytest

from circuits.generators import LIB, bases
from circuits.group import LibPoint
from circuits.pedersen import Opening, commit
from circuits.reference import ReferencePoint
from circuits.scalar import N, P, Scalar
from circuits.tariff import Line
from tests.contracts.privacy import Proof, encoded, no_points, openings, refusal
from tests.contracts.settlement import MAX_USAGE

A, H0 = LIB.value, LIB.blinding
TOP = 2**52 - 1


@pytest.mark.parametrize("slots", [1, 2, 3, 16, 63, 64])
@pytest.mark.parametrize(
    ("rate", "constant"),
    [(1, 0), (1, 1), (1, -1), (0, 1), (0, -90_000), (250, 90_000), (250, -90_000), (TOP, TOP), (TOP, -TOP)],
)
def test_a_line_is_what_circuits_says(proof: Proof, rng: random.Random, slots: int, rate: int, constant: int) -> None:
    many = openings(rng, [rng.randrange(MAX_USAGE) for _ in range(slots)])
    usage, occupied = encoded(many), [rng.random() < 0.6 for _ in many]
    line = Line(rate, constant)
    expected = line.points(LIB, usage, occupied)
    found = proof.line(usage, rate, constant, expected.hint, occupied).ok()
    assert tuple(found) == expected.points
    # and it opens to the money that the line says, an amount below zero to that below N
    slot = rng.randrange(slots)
    amount = line.amount(many[slot].value, occupied=occupied[slot])
    blinding = line.blinding(many[slot].blinding, occupied=occupied[slot])
    assert found[slot] == (A * Scalar(amount % N) + H0 * blinding).to_bytes()
    if amount >= 0:
        assert proof.opens(found[slot], amount, blinding.to_bytes()).ok() is True


@pytest.mark.parametrize("constant", [-5_000, 0, 5_000])
def test_a_line_over_the_reference_group(proof: Proof, rng: random.Random, constant: int) -> None:
    usage, occupied = encoded(openings(rng, [3, 0])), [True, False]
    expected = Line(25, constant).points(bases(ReferencePoint), usage, occupied)
    assert tuple(proof.line(usage, 25, constant, expected.hint, occupied).ok()) == expected.points


def test_vacant_slots_of_a_line_without_rate_are_h0(proof: Proof, rng: random.Random) -> None:
    usage = encoded(openings(rng, [5, 6, 7]))
    found = proof.line(usage, 0, 9, b"", [False, True, False]).ok()
    assert found == [H0.to_bytes(), (A * Scalar(9)).to_bytes(), H0.to_bytes()]
    assert proof.line(usage, 0, -9, b"", [False, True, False]).ok()[1] == (-(A * Scalar(9))).to_bytes()


def test_the_point_of_vacant_slots_is_h0(proof: Proof) -> None:
    """Pinned in the contract; here by the reference, and opened by the contract itself."""
    (h0,) = proof.line([H0.to_bytes()], 0, 1, b"", [False]).ok()
    assert h0 == bases(ReferencePoint).blinding.to_bytes()
    assert proof.opens(h0, 0, bytes(31) + b"\x01").ok() is True


@pytest.mark.parametrize(
    ("rate", "constant"),
    [
        *[(0, 0), (TOP + 1, 0), (TOP + 1, 5), (2**128 - 1, 5)],
        *[(1, sign * size) for sign in (1, -1) for size in (TOP + 1, 2**64, 2**127 - 1)],
        *[(1, -(2**127)), (0, -(2**127)), (0, TOP + 1)],
    ],
)
@pytest.mark.parametrize("hint", [b"", bytes(32)])
def test_prices_out_of_range(proof: Proof, rng: random.Random, rate: int, constant: int, hint: bytes) -> None:
    assert refusal(proof.line(encoded(openings(rng, [5])), rate, constant, hint)) == "ERR_PRICE"


def test_a_line_s_hint_is_the_inverse_and_none_where_nothing_is_added(proof: Proof, rng: random.Random) -> None:
    usage = encoded(openings(rng, [5, 6, 7]))
    occupied = [True, False, True]
    hint = Line(250, 9).points(LIB, usage, occupied).hint
    for wrong in (bytes(32), bytes(31) + b"\x01", (P - int.from_bytes(hint, "big")).to_bytes(32, "big")):
        assert refusal(proof.line(usage, 250, 9, wrong, occupied)) == "ERR_HINT"
    assert refusal(proof.line(usage, 250, 8, hint, occupied)) == "ERR_HINT"
    assert refusal(proof.line(usage, 251, 9, hint, occupied)) == "ERR_HINT"
    assert refusal(proof.line(usage, 250, 9, hint, [True, True, True])) == "ERR_HINT"
    assert proof.line(usage, 250, -9, hint, occupied).ok() != proof.line(usage, 250, 9, hint, occupied).ok()
    for length in (b"", hint[:31]):
        assert refusal(proof.line(usage, 250, 9, length, occupied)) == "ERR_LENGTH"
    for length in (hint, b"\x00"):
        assert refusal(proof.line(usage, 250, 0, length, occupied)) == "ERR_LENGTH"
        assert refusal(proof.line(usage, 0, 9, length, occupied)) == "ERR_LENGTH"


def test_a_line_wants_an_occupancy_for_every_usage(proof: Proof, rng: random.Random) -> None:
    usage = encoded(openings(rng, [5, 6, 7]))
    for rate, constant, hint in ((250, 9, bytes(32)), (250, 0, b""), (0, 9, b"")):
        for occupied in ([], [True] * 2, [True] * 4):
            assert refusal(proof.line(usage, rate, constant, hint, occupied)) == "ERR_LENGTH"
        assert refusal(proof.line([], rate, constant, hint, [])) == "ERR_LENGTH"
        assert refusal(proof.line([], rate, constant, hint, [True])) == "ERR_LENGTH"


@pytest.mark.parametrize(("rate", "constant"), [(250, 9), (250, -9), (1, 9), (250, 0), (0, 9)])
def test_no_usage_keeps_a_vacant_slot_from_its_line(proof: Proof, rng: random.Random, rate: int, constant: int) -> None:
    """One of which the rate makes H0 or -H0 once had no hint, so that its zone could never be billed."""
    (used,) = encoded(openings(rng, [5]))
    met = H0 * Scalar(pow(max(rate, 1), -1, N))
    line = Line(rate, constant)
    expected = line.points(LIB, [used, used], [False, True])
    for usage in (met.to_bytes(), (-met).to_bytes(), A.to_bytes(), (-A).to_bytes(), bytes(33)):
        found = proof.line([usage, used], rate, constant, expected.hint, [False, True]).ok()
        assert tuple(found) == expected.points
        assert found[0] == H0.to_bytes()


@pytest.mark.parametrize("constant", [100, -100])
def test_a_usage_that_meets_the_constant_has_no_line(proof: Proof, constant: int) -> None:
    """rate*U = constant*A needs a blinding of zero, which nobody derives; any other constant goes through."""
    usage = (A * Scalar(2)).to_bytes()
    for hint in (bytes(32), bytes(31) + b"\x01"):
        assert refusal(proof.line([usage], 50, constant, hint)) == "ERR_HINT"
    expected = Line(50, constant + 1).points(LIB, [usage], [True])
    assert proof.line([usage], 50, constant + 1, expected.hint).ok() == list(expected.points)


def test_lines_want_points(proof: Proof, rng: random.Random) -> None:
    (good,) = encoded(openings(rng, [5]))
    for bad in no_points(rng, good):
        assert refusal(proof.line([good, bad], 250, 9, bytes(32))) == "ERR_ENCODING"
        assert refusal(proof.line([bad, good], 250, -9, bytes(32), [True, False])) == "ERR_ENCODING"


def test_no_usage_costs_the_constant(proof: Proof, rng: random.Random) -> None:
    none = openings(rng, [0])[0]
    line = Line(250, 90_000)
    (bill,) = proof.line(encoded([none]), 250, 90_000, line.points(LIB, encoded([none]), [True]).hint).ok()
    assert proof.opens(bill, 90_000, (Scalar(250) * none.blinding).to_bytes()).ok() is True
    (nothing,) = proof.line(encoded([none]), 250, 0, b"").ok()
    assert proof.opens(nothing, 0, (Scalar(250) * none.blinding).to_bytes()).ok() is True


def test_a_bill_above_a_line_is_their_difference(proof: Proof, rng: random.Random) -> None:
    """As a bill of several bands is proved: P = F - line commits to what the bill has above it."""
    usage, bill = openings(rng, [400])[0], Opening(130_000, Scalar(rng.randrange(1, N)))
    line = Line(300, -20_000)
    on_line = line.points(LIB, encoded([usage]), [True])
    points = proof.line(encoded([usage]), line.rate, line.constant, on_line.hint).ok()
    difference = (commit(LIB, bill) - LibPoint.from_bytes_checked(points[0])).to_bytes()
    hint = pow(int.from_bytes(points[0][1:], "big") - int.from_bytes(encoded([bill])[0][1:], "big"), -1, P)
    assert proof.subtract(encoded([bill]), points, hint.to_bytes(32, "big")).ok() == [difference]
    blinding = bill.blinding - line.blinding(usage.blinding, occupied=True)
    assert proof.opens(difference, 130_000 - (300 * 400 - 20_000), blinding.to_bytes()).ok() is True
