"""S5 and S5b as they are used."""

from random import Random

import pytest

from circuits import credit, hints
from circuits.group import LibPoint
from circuits.pedersen import Opening
from circuits.reference import ReferencePoint
from circuits.scalar import Scalar
from circuits.verdict import Check
from tests.circuits.zones import ENTROPY, HERE, THERE, commitments, openings, rejected


@pytest.mark.parametrize("slots", [1, 4, 16, 32, 64])
def test_hidden_credits_and_an_open_sum(slots: int) -> None:
    known = openings(Random(slots), [0 if s % 3 else 1_000 * s for s in range(slots)])
    contexts = [HERE, THERE][: slots // 33 + 1]
    proof = credit.prove(LibPoint, known, contexts, ENTROPY)
    assert proof.commitments == commitments(known)
    assert proof.total.value == sum(opening.value for opening in known)
    credit.verify(LibPoint, proof.commitments, proof.total, contexts, proof.parts)
    points = [LibPoint.from_bytes_checked(point).xy() for point in proof.commitments]
    (whole,) = hints.add_up(points, proof.sum_hints)
    assert whole == LibPoint.sum([LibPoint.from_bytes_checked(point) for point in proof.commitments]).xy()
    for wrong in (
        Opening(proof.total.value + 1, proof.total.blinding),
        Opening(proof.total.value, proof.total.blinding + Scalar(1)),
    ):
        assert rejected(credit.verify, LibPoint, proof.commitments, wrong, contexts, proof.parts) is Check.EQUATION
    elsewhere = [bytes(32)] * len(contexts)
    assert rejected(credit.verify, LibPoint, proof.commitments, proof.total, elsewhere, proof.parts) is Check.EQUATION


def test_over_the_reference_group() -> None:
    known = openings(Random(1), [7, 0, 2**40 - 1, 0])
    proof = credit.prove(LibPoint, known, [HERE], ENTROPY)
    credit.verify(ReferencePoint, proof.commitments, proof.total, [HERE], proof.parts)
    wrong = Opening(0, proof.total.blinding)
    assert rejected(credit.verify, ReferencePoint, proof.commitments, wrong, [HERE], proof.parts) is Check.EQUATION


@pytest.mark.parametrize("slots", [4, 64])
def test_a_payout_leaves_every_balance_in_range(slots: int) -> None:
    rng = Random(slots)
    balances = openings(rng, [50 * s for s in range(slots)])
    payouts = openings(rng, [50 if s == 3 else 50 * s if s == 2 else 0 for s in range(slots)])
    contexts = [HERE, THERE][: slots // 33 + 1]
    paid = credit.prove(LibPoint, payouts, contexts, ENTROPY)
    assert paid.total.value == 150
    credit.verify(LibPoint, paid.commitments, paid.total, contexts, paid.parts)
    left = credit.prove_remaining(LibPoint, balances, payouts, contexts, ENTROPY)
    credit.verify_remaining(LibPoint, commitments(balances), paid.commitments, contexts, left)
    mixed = (LibPoint, commitments(balances), paid.commitments, contexts, paid.parts)
    assert rejected(credit.verify_remaining, *mixed) is Check.EQUATION
    if slots == 4:
        credit.verify_remaining(ReferencePoint, commitments(balances), paid.commitments, contexts, left)


def test_what_cannot_be_shared() -> None:
    rng = Random(2)
    with pytest.raises(ValueError, match="no shape"):
        credit.prove(LibPoint, openings(rng, [1, 2]), [HERE], ENTROPY)
    with pytest.raises(ValueError, match="contexts"):
        credit.prove(LibPoint, openings(rng, [1, 2, 3, 4]), [HERE, THERE], ENTROPY)
    with pytest.raises(ValueError, match="outside"):
        credit.prove(LibPoint, openings(rng, [2**48, 0, 0, 0]), [HERE], ENTROPY)
    for balance, payout in ((0, 1), (5, 6), (2**48 - 1, 2**48)):
        with pytest.raises(ValueError, match="committed value"):
            credit.prove_remaining(LibPoint, openings(rng, [balance]), openings(rng, [payout]), [HERE], ENTROPY)
    same = Opening(5, Scalar(9))
    assert rejected(credit.prove, LibPoint, [same] * 4, [HERE], ENTROPY) is Check.HINT
    bad = (bytes(33), *commitments(openings(rng, [0, 0, 0])))
    shared = credit.prove(LibPoint, openings(rng, [1, 2, 3, 4]), [HERE], ENTROPY)
    assert rejected(credit.verify, LibPoint, bad, shared.total, [HERE], shared.parts) is Check.ENCODING
