"""Honest statements and proofs, as the gateway makes them, from a seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from circuits.group import LibPoint
from circuits.opening import sum_openings
from circuits.pedersen import Opening, commit
from circuits.range_equation import RangeProof, RangeStatement
from circuits.range_proof import prove
from circuits.scalar import N, Scalar
from circuits.shape import Shape, generators
from circuits.transcript import HashTranscript, NewTranscript


@dataclass(frozen=True, slots=True)
class Proved:
    """What is on chain, and what only its prover knows."""

    statement: RangeStatement
    proof: RangeProof
    openings: tuple[Opening, ...]


def proved(
    shape: Shape,
    values: Sequence[int],
    *,
    opened: bool = False,
    context: bytes = bytes(32),
    seed: int = 1,
    new: NewTranscript = HashTranscript,
) -> Proved:
    rng, base = Random(seed), generators(LibPoint, shape.slots)
    openings = tuple(Opening(value, Scalar(rng.randrange(1, N))) for value in values)
    commitments = tuple(commit(base.bases, opening).to_bytes() for opening in openings)
    statement = RangeStatement(shape, context, commitments, sum_openings(openings) if opened else None)
    return Proved(statement, prove(base, statement, openings, rng.randbytes(32), new), openings)
