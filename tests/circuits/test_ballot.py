"""S6 as it is used: every vote there is, and the tally of some slots."""

from random import Random

import pytest

from circuits import ballot, hints
from circuits.ballot import Ballot
from circuits.generators import LIB, bases
from circuits.group import LibPoint
from circuits.opening import sum_opens
from circuits.pedersen import Opening
from circuits.reference import ReferencePoint
from circuits.scalar import Scalar
from circuits.verdict import Check
from tests.circuits.zones import ENTROPY, HERE, THERE, commitments, fresh, rejected

VOTES = [(1, 0), (0, 1), (0, 0)]
A = LIB.value.to_bytes()


def ballots(slots: int, seed: int = 1) -> list[Ballot]:
    rng = Random(seed)
    return [Ballot(*(Opening(value, fresh(rng)) for value in VOTES[s % 3])) for s in range(slots)]


def lists_of(cast: list[Ballot]) -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
    return commitments([each.yes for each in cast]), commitments([each.no for each in cast])


@pytest.mark.parametrize("slots", [1, 4, 16, 64])
def test_a_vector_of_ballots(slots: int) -> None:
    cast = ballots(slots)
    yes, no = lists_of(cast)
    proof = ballot.prove(LIB, cast, HERE, ENTROPY)
    ballot.verify(LibPoint, yes, no, HERE, proof)
    assert rejected(ballot.verify, LibPoint, yes, no, THERE, proof) is Check.EQUATION
    assert rejected(ballot.verify, LibPoint, no, yes, HERE, proof) is Check.EQUATION
    found = ballot.branches(LibPoint, yes, no)
    both = commitments([each.yes + each.no for each in cast])
    assert (found.yes[0], found.no[0], found.both[0]) == (yes, no, both)
    assert found.hints == (hints.for_lists(yes, no), *(hints.for_lists(each, [A] * slots) for each in (yes, no, both)))


def test_over_the_reference_group() -> None:
    cast = ballots(3)
    yes, no = lists_of(cast)
    proof = ballot.prove(LIB, cast, HERE, ENTROPY)
    assert ballot.prove(bases(ReferencePoint), cast, HERE, ENTROPY) == proof
    ballot.verify(ReferencePoint, yes, no, HERE, proof)
    assert rejected(ballot.verify, ReferencePoint, yes, no, THERE, proof) is Check.EQUATION


@pytest.mark.parametrize("mask", [1, 0b1011, 0b111111, 0b100000])
def test_a_tally_of_the_slots_of_a_mask(mask: int) -> None:
    cast = ballots(6)
    counted = [s for s in range(6) if mask >> s & 1]
    found = ballot.tally(LIB, cast, mask)
    assert found.yes.value == sum(VOTES[s % 3][0] for s in counted)
    assert found.no.value == sum(VOTES[s % 3][1] for s in counted)
    for row, opening, made in zip(
        lists_of(cast), (found.yes, found.no), (found.yes_hints, found.no_hints), strict=True
    ):
        points = [LibPoint.from_bytes_checked(row[s]) for s in counted]
        assert sum_opens(LIB, points, opening)
        (whole,) = hints.add_up([point.xy() for point in points], made)
        assert whole == LibPoint.sum(points).xy()


def test_what_is_no_ballot() -> None:
    for votes in ((1, 1), (2, 0), (0, 2)):
        with pytest.raises(ValueError, match="for, against"):
            Ballot(*(Opening(value, Scalar(5)) for value in votes))
    for mask in (0, -1, 1 << 6):
        with pytest.raises(ValueError, match="mask"):
            ballot.tally(LIB, ballots(6), mask)
    yes, no = lists_of(ballots(4))
    proof = ballot.prove(LIB, ballots(4), HERE, ENTROPY)
    assert rejected(ballot.verify, LibPoint, yes, no[:3], HERE, proof) is Check.LENGTH
    assert rejected(ballot.verify, LibPoint, yes[:3], no[:3], HERE, proof) is Check.LENGTH
    assert rejected(ballot.verify, LibPoint, yes, (bytes(33), *no[1:]), HERE, proof) is Check.ENCODING
    assert rejected(ballot.verify, LibPoint, (A, *yes[1:]), no, HERE, proof) is Check.HINT
