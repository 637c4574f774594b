"""S6: in every slot Y, N and Y + N are 0 or 1: one vote for, one against, or none. The tally opens two sums."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from circuits import each_zero, hints, lists
from circuits.each_zero import EachZeroProof, KnownZero
from circuits.generators import Bases, PointT, bases
from circuits.lists import Combined
from circuits.opening import sum_openings
from circuits.pedersen import Opening, commit


@dataclass(frozen=True, slots=True)
class Ballot:
    """One slot's. A slot without a vote has zeros, with blindings like all others."""

    yes: Opening
    no: Opening

    def __post_init__(self) -> None:
        if self.yes.value + self.no.value > 1:
            raise ValueError("a ballot is for, against, or neither")


@dataclass(frozen=True, slots=True)
class BallotProof:
    """That the bits of three lists are bits: Y, N and Y + N."""

    yes: EachZeroProof
    no: EachZeroProof
    both: EachZeroProof


@dataclass(frozen=True, slots=True)
class Branches:
    """Of the lists Y, N and Y + N: each with its difference to A. `hints` belong to Y + N, Y - A, N - A, Y + N - A."""

    yes: tuple[tuple[bytes, ...], tuple[bytes, ...]]
    no: tuple[tuple[bytes, ...], tuple[bytes, ...]]
    both: tuple[tuple[bytes, ...], tuple[bytes, ...]]
    hints: tuple[bytes, ...]


def branches(kind: type[PointT], yes: Sequence[bytes], no: Sequence[bytes]) -> Branches:
    """What a contract computes; ProofRejected."""
    both = lists.add(kind, yes, no)
    less = [_less_one(kind, points) for points in (yes, no, both.points)]
    pairs = [(tuple(points), made.points) for points, made in zip((yes, no, both.points), less, strict=True)]
    return Branches(pairs[0], pairs[1], pairs[2], (both.hint, *(made.hint for made in less)))


def prove(base: Bases[PointT], ballots: Sequence[Ballot], context: bytes, entropy: bytes) -> BallotProof:
    """1 to 64 slots; context and fresh entropy of 32 bytes; ValueError otherwise."""
    rows = ([b.yes for b in ballots], [b.no for b in ballots], [b.yes + b.no for b in ballots])
    made = []
    for row in rows:
        points = [commit(base, opening).to_bytes() for opening in row]
        known = [KnownZero(opening.value, opening.blinding) for opening in row]
        pair = [points, _less_one(base.kind, points).points]
        made.append(each_zero.prove(base, pair, known, context, entropy))
    return BallotProof(*made)


def verify(kind: type[PointT], yes: Sequence[bytes], no: Sequence[bytes], context: bytes, proof: BallotProof) -> None:
    """Returns for valid ballots; ProofRejected otherwise."""
    pairs, base = branches(kind, yes, no), bases(kind)
    each_zero.verify(base, pairs.yes, context, proof.yes)
    each_zero.verify(base, pairs.no, context, proof.no)
    each_zero.verify(base, pairs.both, context, proof.both)


@dataclass(frozen=True, slots=True)
class Tally:
    """Opens the sums of Y and of N over the slots of a mask, bit s for slot s, with hints for adding up."""

    yes: Opening
    no: Opening
    yes_hints: tuple[bytes, ...]
    no_hints: tuple[bytes, ...]


def tally(base: Bases[PointT], ballots: Sequence[Ballot], mask: int) -> Tally:
    """ValueError for a mask without slots or with slots that do not exist."""
    if not 0 < mask < 1 << len(ballots):
        raise ValueError("a mask has at least one slot, and none beyond the last")
    counted = [ballot for slot, ballot in enumerate(ballots) if mask >> slot & 1]
    yes, no = [ballot.yes for ballot in counted], [ballot.no for ballot in counted]
    return Tally(sum_openings(yes), sum_openings(no), _sum_hints(base, yes), _sum_hints(base, no))


def _sum_hints(base: Bases[PointT], openings: Sequence[Opening]) -> tuple[bytes, ...]:
    return hints.for_additions([commit(base, opening).xy() for opening in openings], 1)


def _less_one(kind: type[PointT], points: Sequence[bytes]) -> Combined:
    return lists.subtract(kind, points, [bases(kind).value.to_bytes()] * len(points))
