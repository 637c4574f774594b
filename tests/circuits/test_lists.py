"""Lists of commitments added and subtracted with one hint, and money lists in parts."""

from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circuits import hints, lists, money
from circuits.group import LibPoint
from circuits.pedersen import Opening
from circuits.range_equation import RangeProof, RangeStatement
from circuits.reference import ReferencePoint
from circuits.scalar import P, Scalar
from circuits.shape import MONEY, MONEY_BOUND, generators
from circuits.verdict import Check
from tests.circuits.zones import ENTROPY, HERE, THERE, commitments, openings, pretended, rejected, signed


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 8), st.integers(0, 2**32))
def test_a_list_is_added_slot_by_slot(slots: int, seed: int) -> None:
    rng = Random(seed)
    left, right = (openings(rng, [rng.randrange(2**40) for _ in range(slots)]) for _ in "ab")
    made = lists.add(LibPoint, commitments(left), commitments(right))
    assert made.points == commitments([a + b for a, b in zip(left, right, strict=True)])
    product = 1
    for a, b in zip(commitments(left), commitments(right), strict=True):
        product = product * (int.from_bytes(b[1:], "big") - int.from_bytes(a[1:], "big")) % P
    assert int.from_bytes(made.hint, "big") * product % P == 1
    less = lists.subtract(LibPoint, commitments(left), commitments(right))
    assert less.points == tuple(
        signed(a.value - b.value, a.blinding - b.blinding) for a, b in zip(left, right, strict=True)
    )
    assert less.hint == made.hint  # -P has the same x as P


def test_both_groups_combine_alike() -> None:
    left, right = (commitments(openings(Random(seed), [1, 2])) for seed in (1, 2))
    for combine in (lists.add, lists.subtract):
        assert combine(ReferencePoint, left, right) == combine(LibPoint, left, right)


def test_what_cannot_be_combined() -> None:
    left, right = (commitments(openings(Random(seed), [1, 2, 3])) for seed in (1, 2))
    for combine in (lists.add, lists.subtract):
        assert rejected(combine, LibPoint, left, right[:2]) is Check.LENGTH
        assert rejected(combine, LibPoint, left, (*right[:2], left[2])) is Check.HINT
        assert rejected(combine, LibPoint, left, (*right[:2], lists.negated(left[2]))) is Check.HINT
        for bad in (b"", bytes(33), right[0][1:], b"\4" + right[0][1:]):
            assert rejected(combine, LibPoint, left, (bad, *right[1:])) is Check.ENCODING
            assert rejected(combine, LibPoint, (bad, *left[1:]), right) is Check.ENCODING
    assert rejected(hints.for_lists, left, left) is Check.HINT
    with pytest.raises(ValueError, match="shorter"):
        hints.for_lists(left, right[:2])


@pytest.mark.parametrize("m", MONEY)
def test_money_of_every_size_up_to_the_bound(m: int) -> None:
    edge = [0, MONEY_BOUND - 1, 1, MONEY_BOUND - 2][:m] + [MONEY_BOUND - 1] * (m - 4)
    known = openings(Random(m), edge)
    proof = money.prove(LibPoint, known, HERE, ENTROPY)
    assert proof.total is None
    money.verify(LibPoint, proof.commitments, HERE, proof.points, proof.scalars)
    assert rejected(money.verify, LibPoint, proof.commitments, THERE, proof.points, proof.scalars) is Check.EQUATION
    statement = RangeStatement(MONEY[m], HERE, commitments(known), None)
    hints.check(generators(LibPoint, MONEY[m].slots), statement, RangeProof(proof.points, proof.scalars), proof.hints)
    with pytest.raises(ValueError, match="outside"):
        money.prove(LibPoint, [*known[1:], Opening(MONEY_BOUND, Scalar(5))], HERE, ENTROPY)


@pytest.mark.parametrize("m", [1, 4])
def test_money_over_the_reference_group(m: int) -> None:
    proof = money.prove(LibPoint, openings(Random(m), [MONEY_BOUND - 1] * m), HERE, ENTROPY)
    money.verify(ReferencePoint, proof.commitments, HERE, proof.points, proof.scalars)
    assert (
        rejected(money.verify, ReferencePoint, proof.commitments, THERE, proof.points, proof.scalars) is Check.EQUATION
    )


@pytest.mark.parametrize("value", [-1, -(2**20), MONEY_BOUND, MONEY_BOUND + 1, 2**64])
@pytest.mark.parametrize("m", [1, 4])
def test_money_out_of_range_is_not_proved(m: int, value: int) -> None:
    shown = openings(Random(9), [3] * (m - 1) + [min(max(value, 0), MONEY_BOUND - 1)])
    points = (*commitments(shown[:-1]), signed(value, shown[-1].blinding))
    proof = pretended(points, shown, HERE)
    assert rejected(money.verify, LibPoint, points, HERE, proof.points, proof.scalars) is Check.EQUATION


def test_a_zone_in_parts() -> None:
    for slots, sizes in ((1, [1]), (4, [4]), (16, [16]), (32, [32]), (64, [32, 32])):
        assert [len(part) for part in money.parts(range(slots))] == sizes
    known = openings(Random(3), list(range(64)))
    proofs = money.prove_parts(LibPoint, known, [HERE, THERE], ENTROPY)
    points = commitments(known)
    money.verify_parts(LibPoint, points, [HERE, THERE], proofs)
    first, second = proofs
    assert not {*first.points, *first.scalars} & {*second.points, *second.scalars}

    def judged(points_: Any, contexts: Any, given: Any) -> Check:
        return rejected(money.verify_parts, LibPoint, points_, contexts, given)

    assert judged(points, [HERE, THERE], proofs[::-1]) is Check.EQUATION
    assert judged(points, [THERE, HERE], proofs) is Check.EQUATION
    assert judged(points, [HERE, HERE], proofs) is Check.EQUATION
    assert judged((*points[32:], *points[:32]), [HERE, THERE], proofs) is Check.EQUATION
    assert judged(points, [HERE, THERE], (first, replace(second, points=first.points))) is Check.EQUATION
    # half a zone is not the zone
    for contexts, shown in (([HERE], [first]), ([HERE, THERE], [first]), ([HERE], proofs), ([], [])):
        assert judged(points, contexts, shown) is Check.LENGTH
    for fewer in (0, 32, 33, 48, 63):
        assert judged(points[:fewer], [HERE, THERE], proofs) is Check.LENGTH
    assert judged((), [], ()) is Check.LENGTH
    with pytest.raises(ValueError, match="contexts"):
        money.prove_parts(LibPoint, known, [HERE], ENTROPY)
    with pytest.raises(ValueError, match="no shape"):
        money.prove_parts(LibPoint, known[:5], [HERE], ENTROPY)
