"""privacy-proof: what a commitment, or a sum of commitments, opens to."""

from __future__ import annotations

import random

import pytest

from circuits.generators import LIB, bases
from circuits.group import LibPoint
from circuits.opening import sum_openings
from circuits.pedersen import Opening, commit
from circuits.reference import ReferencePoint
from circuits.scalar import ONE, ZERO, N, P, Scalar
from tests.contracts.privacy import Proof, encoded, no_points, not_scalars, openings, points, refusal, sum_hints
from tests.contracts.settlement import MAX_USAGE

A = LIB.value


# ------------------------------------------------------------------------------------------------ one commitment


@pytest.mark.parametrize("number", [0, 1, 2, MAX_USAGE, 64 * MAX_USAGE + 1, 2**64 - 1])
def test_a_commitment_opens_to_its_value_and_blinding_alone(proof: Proof, rng: random.Random, number: int) -> None:
    for blinding in (Scalar(rng.randrange(1, N)), ONE, Scalar(N - 1), Scalar(2**128)):
        point = commit(LIB, Opening(number, blinding))
        assert proof.opens(point.to_bytes(), number, blinding.to_bytes()).ok() is True
    for wrong in (number + 1, number - 1 if number else 2**127 - 1):
        assert refusal(proof.opens(point.to_bytes(), wrong, blinding.to_bytes())) == "ERR_OPENING"
    for scalar in (bytes(32), (-blinding).to_bytes(), (blinding + ONE).to_bytes()):
        assert refusal(proof.opens(point.to_bytes(), number, scalar)) == "ERR_OPENING"
    assert refusal(proof.opens((-point).to_bytes(), number, blinding.to_bytes())) == "ERR_OPENING"


def test_the_bases_are_those_of_the_reference(proof: Proof, rng: random.Random) -> None:
    reference = bases(ReferencePoint)
    for number in (0, 7, MAX_USAGE):
        blinding = Scalar(rng.randrange(1, N))
        point = reference.value * Scalar(number) + reference.blinding * blinding
        assert proof.opens(point.to_bytes(), number, blinding.to_bytes()).ok() is True
    assert proof.opens(A.to_bytes(), 1, bytes(32)).ok() is True
    assert proof.opens(LIB.blinding.to_bytes(), 0, ONE.to_bytes()).ok() is True


def test_values_of_zero_with_blindings_on_both_sides_of_x(proof: Proof, rng: random.Random) -> None:
    """The contract subtracts the blinding from the point's x mod N: both with and without a borrow."""
    borrows = set()
    for _ in range(12):
        blinding = Scalar(rng.randrange(1, N))
        point = LIB.blinding * blinding
        borrows.add(int.from_bytes(point.to_bytes()[1:], "big") < blinding.value)
        assert proof.opens(point.to_bytes(), 0, blinding.to_bytes()).ok() is True
        for other in (A + point, point - A, -point, point + LIB.blinding):
            assert refusal(proof.opens(other.to_bytes(), 0, blinding.to_bytes())) == "ERR_OPENING"
    assert borrows == {True, False}


def test_no_point_opens_to_nothing(proof: Proof, rng: random.Random) -> None:
    for point in (A, -A, LIB.blinding, LibPoint.generator(), *points(rng, 3)):
        assert refusal(proof.opens(point.to_bytes(), 0, bytes(32))) == "ERR_OPENING"
    for point in points(rng, 2):
        as_blinding = (int.from_bytes(point.to_bytes()[1:], "big") % N).to_bytes(32, "big")
        assert refusal(proof.opens(point.to_bytes(), 0, as_blinding)) == "ERR_OPENING"
        assert refusal(proof.opens(point.to_bytes(), 0, LIB.x.to_bytes())) == "ERR_OPENING"


def test_recoveries_that_fail_alike_open_nothing(proof: Proof, rng: random.Random) -> None:
    """A point with x between N and p, from which nothing is recovered; one that makes a recovery end at infinity."""
    large = next(x for x in range(N, P) if pow(x**3 + 7, (P - 1) // 2, P) == 1)
    blinding = Scalar(rng.randrange(1, N))
    end = LibPoint.generator() * (blinding * (-ONE - Scalar(LIB.x.value)).inverse())
    for point in (LibPoint.from_x_even(large), -LibPoint.from_x_even(large), end, -end):
        for scalar in (blinding, -blinding, ZERO, ONE):
            for number in (0, 1):
                assert refusal(proof.opens(point.to_bytes(), number, scalar.to_bytes())) == "ERR_OPENING"


def test_values_that_do_not_fit_are_refused_by_name(proof: Proof, rng: random.Random) -> None:
    blinding = Scalar(rng.randrange(1, N))
    large = A * Scalar(2**127 - 1) + LIB.blinding * blinding
    assert proof.opens(large.to_bytes(), 2**127 - 1, blinding.to_bytes()).ok() is True
    larger = A * Scalar(2**127) + LIB.blinding * blinding
    for number in (2**127, 2**128 - 1):
        assert refusal(proof.opens(larger.to_bytes(), number, blinding.to_bytes())) == "ERR_OPENING"


def test_blindings_and_commitments_have_one_encoding(proof: Proof, rng: random.Random) -> None:
    one, none = openings(rng, [5, 0])
    for opening in (one, none):
        (commitment,) = encoded([opening])
        for scalar in not_scalars():
            assert refusal(proof.opens(commitment, opening.value, scalar)) == "ERR_ENCODING"
        for bad in no_points(rng, commitment):
            assert refusal(proof.opens(bad, opening.value, opening.blinding.to_bytes())) == "ERR_ENCODING"


# ------------------------------------------------------------------------------------------------ a sum


@pytest.mark.parametrize("slots", [1, 2, 3, 5, 6, 7, 16, 17, 63, 64])
def test_sums_open_whatever_their_number(proof: Proof, rng: random.Random, slots: int) -> None:
    many = openings(rng, [rng.randrange(MAX_USAGE) for _ in range(slots)])
    whole, commitments = sum_openings(many), encoded(many)
    opening, hints = (whole.value, whole.blinding.to_bytes()), sum_hints(commitments)
    assert proof.verify("opening", commitments, opening, hints=hints).ok() is True
    assert proof.sum_opens(commitments, *opening, hints).ok() is True
    assert proof.sum(commitments, hints).ok() == commit(LIB, whole).to_bytes()
    if slots > 17:
        return
    for wrong in (
        (whole.value + 1, opening[1]),
        (0, opening[1]),
        (2**128 - 1, opening[1]),
        (whole.value, (whole.blinding + ONE).to_bytes()),
        (whole.value, (-whole.blinding).to_bytes()),
    ):
        assert refusal(proof.verify("opening", commitments, wrong, hints=hints)) == "ERR_OPENING"
        assert refusal(proof.sum_opens(commitments, *wrong, hints)) == "ERR_OPENING"


def test_a_sum_may_be_zero_and_its_parts_negative(proof: Proof, rng: random.Random) -> None:
    """An opening is of the sum alone: that the parts are in range is the range proof's matter."""
    first, second = (Scalar(rng.randrange(1, N)) for _ in range(2))
    plus, minus = A * Scalar(9) + LIB.blinding * first, LIB.blinding * second - A * Scalar(9)
    commitments = [plus.to_bytes(), minus.to_bytes()]
    hints = sum_hints(commitments)
    assert proof.verify("opening", commitments, (0, (first + second).to_bytes()), hints=hints).ok() is True
    zeros = openings(rng, [0] * 16)
    blinding = sum_openings(zeros).blinding.to_bytes()
    assert proof.verify("opening", encoded(zeros), (0, blinding), hints=sum_hints(encoded(zeros))).ok() is True


def test_hints_of_a_sum_are_the_inverses_and_one_for_each_level(proof: Proof, rng: random.Random) -> None:
    many = openings(rng, [5] * 6)
    whole, commitments = sum_openings(many), encoded(many)
    opening, hints = (whole.value, whole.blinding.to_bytes()), sum_hints(commitments)
    assert len(hints) == 3
    for i in range(3):
        spoilt = [*hints[:i], bytes(31) + b"\x01", *hints[i + 1 :]]
        assert refusal(proof.verify("opening", commitments, opening, hints=spoilt)) == "ERR_HINT"
        assert refusal(proof.sum(commitments, spoilt)) == "ERR_HINT"
    for number in (hints[:2], [], [*hints, hints[0]], [*hints[:2], hints[2][:31]]):
        assert refusal(proof.verify("opening", commitments, opening, hints=number)) == "ERR_LENGTH"
        assert refusal(proof.sum_opens(commitments, *opening, number)) == "ERR_LENGTH"
    assert refusal(proof.sum([], [])) == "ERR_LENGTH"
    for bad in no_points(rng, commitments[0]):
        assert refusal(proof.sum([bad], [])) == "ERR_ENCODING"
        assert refusal(proof.sum([*commitments[:5], bad], hints)) == "ERR_ENCODING"


def test_equal_and_opposite_commitments_cannot_be_added_up(proof: Proof, rng: random.Random) -> None:
    one, other = openings(rng, [5, 6])
    point = commit(LIB, one)
    for second in (point, -point):
        pair = [point.to_bytes(), second.to_bytes()]
        for hint in (bytes(32), bytes(31) + b"\x01", b"\xff" * 32):
            for opening in ((10, (one + one).blinding.to_bytes()), (0, bytes(32)), (5, one.blinding.to_bytes())):
                assert refusal(proof.verify("opening", pair, opening, hints=[hint])) == "ERR_HINT"
    # apart from each other they are only numbers
    three = [*encoded([one, one]), *encoded([other])]
    three = [three[0], three[2], three[1]]
    whole = one + one + other
    opening = (whole.value, whole.blinding.to_bytes())
    assert proof.verify("opening", three, opening, hints=sum_hints(three)).ok() is True


def test_blinding_sums_of_zero_are_ordinary(proof: Proof, rng: random.Random) -> None:
    first = Scalar(rng.randrange(1, N))
    pair = [Opening(5, first), Opening(4, -first)]
    commitments = encoded(pair)
    assert proof.verify("opening", commitments, (9, ZERO.to_bytes()), hints=sum_hints(commitments)).ok() is True
