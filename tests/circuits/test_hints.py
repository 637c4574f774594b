"""Hints, and the additions a contract makes with them."""

from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circuits import hints
from circuits.generators import bases
from circuits.group import LibPoint
from circuits.pedersen import Opening, commit
from circuits.range_equation import Check, ProofRejected, RangeProof, RangeStatement, terms, verify
from circuits.range_proof import prove
from circuits.reference import ReferencePoint
from circuits.scalar import N, P, Scalar, product
from circuits.shape import USAGE, Generators, generators

ENTROPY = bytes(range(32))


@cache
def sample(m: int) -> tuple[Generators[LibPoint], RangeStatement, RangeProof]:
    openings = [Opening(3 + j, Scalar(11 + j)) for j in range(m)]
    base = generators(LibPoint, USAGE[m].slots)
    commitments = tuple(commit(bases(LibPoint), opening).to_bytes() for opening in openings)
    statement = RangeStatement(USAGE[m], bytes(32), commitments, None)
    return base, statement, prove(base, statement, openings, ENTROPY)


def found(made: tuple[bytes, ...], m: int = 1) -> Check:
    base, statement, proof = sample(m)
    with pytest.raises(ProofRejected) as rejected:
        hints.check(base, statement, proof, made)
    return rejected.value.check


@pytest.mark.parametrize("m", USAGE)
def test_hints_of_every_shape(m: int) -> None:
    base, statement, proof = sample(m)
    made = hints.make(base, statement, proof)
    assert len(made) == USAGE[m].hints
    assert all(len(hint) == 32 for hint in made)
    hints.check(base, statement, proof, made)
    assert int.from_bytes(made[0], "big") * terms(base, statement, proof).denominator % N == 1


def test_both_groups_make_the_same_hints() -> None:
    base, statement, proof = sample(4)
    slow = generators(ReferencePoint, USAGE[4].slots)
    made = hints.make(base, statement, proof)
    assert hints.make(slow, statement, proof) == made
    hints.check(slow, statement, proof, made)


@pytest.mark.parametrize("m", [1, 4])
def test_each_hint_alone_and_all_together_must_be_right(m: int) -> None:
    made = hints.make(*sample(m))
    for i, hint in enumerate(made):
        modulus = P if i else N
        value = int.from_bytes(hint, "big")
        for wrong in (0, 1, modulus - 1, modulus - value, (value + 1) % modulus, 2**256 - 1):
            assert found((*made[:i], wrong.to_bytes(32, "big"), *made[i + 1 :]), m) is Check.HINT
    for i in range(len(made) - 1):
        assert found((*made[:i], made[i + 1], made[i], *made[i + 2 :]), m) is Check.HINT
    # each an inverse of something, their product right: jointly wrong
    two = [int.from_bytes(hint, "big") for hint in made[1:3]]
    shifted = [two[0] * 2 % P, two[1] * pow(2, -1, P) % P]
    assert found((made[0], *(value.to_bytes(32, "big") for value in shifted), *made[3:]), m) is Check.HINT


def test_lengths_of_hints() -> None:
    made = hints.make(*sample(1))
    for wrong in ((), made[:-1], made[1:], (*made, made[-1])):
        assert found(wrong) is Check.LENGTH
    for item in (b"", made[0][1:], b"\0" + made[0]):
        assert found((item, *made[1:])) is Check.ENCODING


def test_a_false_proof_has_hints_and_fails_the_equation_with_them() -> None:
    base, statement, proof = sample(4)
    for changed in (
        replace(statement, context=bytes([1]) * 32),
        replace(statement, commitments=statement.commitments[::-1]),
    ):
        made = hints.make(base, changed, proof)
        with pytest.raises(ProofRejected) as rejected:
            hints.check(base, changed, proof, made)
        assert rejected.value.check is Check.EQUATION
        with pytest.raises(ProofRejected) as rejected:
            hints.check(base, changed, proof, hints.make(base, statement, proof))
        assert rejected.value.check is Check.HINT


@pytest.mark.parametrize("sign", [1, -1])
def test_a_point_added_to_itself_or_its_negative_has_no_hint(sign: int) -> None:
    """M, with the scalar 1, is added to term 4, whose scalar the proof holds: P+P and P+(-P)."""
    base, statement, proof = sample(1)
    term = base.vector[4] * Scalar.from_bytes_checked(proof.scalars[4])
    twin = (term if sign == 1 else -term).to_bytes()
    forged = replace(proof, points=(twin, *proof.points[1:]))
    level = hints.points(statement.shape, terms(base, statement, forged))
    assert hints.differences(level).count(0) == 1
    with pytest.raises(ProofRejected) as rejected:
        hints.make(base, statement, forged)
    assert rejected.value.check is Check.HINT
    first = pow(terms(base, statement, forged).denominator, -1, N).to_bytes(32, "big")
    for rest in (bytes(32), (1).to_bytes(32, "big"), b"\xff" * 32):
        with pytest.raises(ProofRejected) as rejected:
            hints.check(base, statement, forged, (first, *[rest] * (statement.shape.hints - 1)))
        assert rejected.value.check is Check.HINT


def test_only_a_point_and_its_negative_cancel() -> None:
    """Not a point and itself, nor points with opposite y-coordinates alone: (x, y) and (beta*x, -y), beta^3 = 1."""
    point = (LibPoint.generator() * Scalar(7)).xy()
    negative = (-(LibPoint.generator() * Scalar(7))).xy()
    beta = pow(3, (P - 1) // 3, P)
    assert beta != 1
    other = (beta * point[0] % P, negative[1])
    assert (other[1] ** 2 - other[0] ** 3 - 7) % P == 0
    assert hints.cancel(point, negative)
    assert hints.cancel(negative, point)
    assert not hints.cancel(point, point)
    assert not hints.cancel(point, other)


def test_a_zero_scalar_fails_the_equation() -> None:
    base, statement, proof = sample(1)
    forged = replace(proof, scalars=(bytes(32), *proof.scalars[1:]))
    for judge in (hints.make, verify):
        with pytest.raises(ProofRejected) as rejected:
            judge(base, statement, forged)
        assert rejected.value.check is Check.EQUATION


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 2**40), min_size=3, max_size=20, unique=True), st.sampled_from([LibPoint, None]))
def test_pairs_are_added_as_the_groups_add(logs: list[int], fast: Any) -> None:
    """Affine additions by hints against the group's own."""
    kind = fast or ReferencePoint
    points = [kind.generator() * Scalar(log) for log in logs[: 20 if fast else 4]]
    level = [point.xy() for point in points]
    half = len(points) // 2
    inverse = pow(product(hints.differences(level), P), -1, P)
    sums = [points[i] + points[half + i] for i in range(half)] + points[2 * half :]
    assert hints.add_pairs(level, inverse) == [point.xy() for point in sums]
