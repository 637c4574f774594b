"""S1: every commitment of a zone is to a usage below R; in variant a their sum opens to the zone's total, too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from circuits import hints, range_equation, range_proof
from circuits.generators import PointT
from circuits.opening import sum_openings
from circuits.pedersen import Opening, commit
from circuits.range_equation import RangeProof, RangeStatement
from circuits.shape import USAGE, generators
from circuits.verdict import Check, ProofRejected


@dataclass(frozen=True, slots=True)
class UsageProof:
    """The arguments of a contract's verifier. `total` opens the sum of the commitments; None in variant b."""

    commitments: tuple[bytes, ...]
    total: Opening | None
    points: tuple[bytes, ...]
    scalars: tuple[bytes, ...]
    hints: tuple[bytes, ...]


def prove(
    kind: type[PointT], openings: Sequence[Opening], context: bytes, entropy: bytes, *, opened: bool
) -> UsageProof:
    """1, 4, 16, 32 or 64 openings of values below R, context and fresh entropy of 32 bytes; ValueError otherwise.

    Variant a if `opened`. Same arguments, same proof.
    """
    if len(openings) not in USAGE:
        raise ValueError(f"no shape for {len(openings)} values")
    shape = USAGE[len(openings)]
    bases = generators(kind, shape.slots)
    commitments = tuple(commit(bases.bases, opening).to_bytes() for opening in openings)
    statement = RangeStatement(shape, context, commitments, sum_openings(openings) if opened else None)
    for proof in range_proof.attempts(bases, statement, openings, entropy):
        try:
            made = hints.make(bases, statement, proof)
        except ProofRejected:  # by chance an inverse does not exist
            continue
        return UsageProof(commitments, statement.total, proof.points, proof.scalars, made)
    raise AssertionError("attempts end with an error of their own")


def verify(
    kind: type[PointT],
    commitments: Sequence[bytes],
    context: bytes,
    total: Opening | None,
    points: Sequence[bytes],
    scalars: Sequence[bytes],
) -> None:
    """Returns for a valid proof, variant a if there is a total; ProofRejected otherwise. Needs no hints."""
    shape = USAGE.get(len(commitments))
    if shape is None:
        raise ProofRejected(Check.LENGTH, f"no shape for {len(commitments)} values")
    statement = RangeStatement(shape, context, tuple(commitments), total)
    range_equation.verify(generators(kind, shape.slots), statement, RangeProof(tuple(points), tuple(scalars)))
