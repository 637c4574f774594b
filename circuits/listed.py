"""Every commitment of a list opens to a value below a bound: a range proof with the hints of a contract's verifier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from circuits import hints, range_equation, range_proof
from circuits.generators import PointT
from circuits.opening import sum_openings
from circuits.pedersen import Opening, commit
from circuits.range_equation import RangeProof, RangeStatement
from circuits.shape import Shape, generators
from circuits.verdict import Check, ProofRejected

Shapes = Mapping[int, Shape]
"""By the number of values."""


@dataclass(frozen=True, slots=True)
class ListedProof:
    """The arguments of a contract's verifier. `total` opens the sum of the commitments; None where it is not shown."""

    commitments: tuple[bytes, ...]
    total: Opening | None
    points: tuple[bytes, ...]
    scalars: tuple[bytes, ...]
    hints: tuple[bytes, ...]


def prove(
    kind: type[PointT], shapes: Shapes, openings: Sequence[Opening], context: bytes, entropy: bytes, *, opened: bool
) -> ListedProof:
    """Openings of values in range, context and fresh entropy of 32 bytes; ValueError otherwise, also without a shape.

    Same arguments, same proof.
    """
    if len(openings) not in shapes:
        raise ValueError(f"no shape for {len(openings)} values")
    shape = shapes[len(openings)]
    bases = generators(kind, shape.slots)
    commitments = tuple(commit(bases.bases, opening).to_bytes() for opening in openings)
    statement = RangeStatement(shape, context, commitments, sum_openings(openings) if opened else None)
    for proof in range_proof.attempts(bases, statement, openings, entropy):
        try:
            made = hints.make(bases, statement, proof)
        except ProofRejected:  # by chance an inverse does not exist
            continue
        return ListedProof(commitments, statement.total, proof.points, proof.scalars, made)
    raise AssertionError("attempts end with an error of their own")


def verify(
    kind: type[PointT],
    shapes: Shapes,
    commitments: Sequence[bytes],
    context: bytes,
    total: Opening | None,
    points: Sequence[bytes],
    scalars: Sequence[bytes],
) -> None:
    """Returns for a valid proof, of the total too if there is one; ProofRejected otherwise. Needs no hints."""
    shape = shapes.get(len(commitments))
    if shape is None:
        raise ProofRejected(Check.LENGTH, f"no shape for {len(commitments)} values")
    statement = RangeStatement(shape, context, tuple(commitments), total)
    range_equation.verify(generators(kind, shape.slots), statement, RangeProof(tuple(points), tuple(scalars)))
