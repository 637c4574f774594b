"""Zones of openings from a seed, commitments to any integer, and proofs by who pretends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import pytest

from circuits import hints
from circuits.generators import LIB
from circuits.group import LibPoint
from circuits.money import MoneyProof
from circuits.pedersen import Opening, commit
from circuits.range_equation import RangeStatement
from circuits.range_proof import prove
from circuits.scalar import N, Scalar
from circuits.shape import MONEY, generators
from circuits.verdict import Check, ProofRejected

HERE, THERE = bytes([3]) * 32, bytes([4]) * 32
ENTROPY = bytes(range(32))


def fresh(rng: Random) -> Scalar:
    return Scalar(rng.randrange(1, N))


def openings(rng: Random, values: Sequence[int]) -> list[Opening]:
    return [Opening(value, fresh(rng)) for value in values]


def commitments(known: Sequence[Opening], base: Any = LIB) -> tuple[bytes, ...]:
    return tuple(commit(base, opening).to_bytes() for opening in known)


def signed(value: int, blinding: Scalar) -> bytes:
    """A commitment to any integer, negative ones too."""
    encoded: bytes = (LIB.value * Scalar(value % N) + LIB.blinding * blinding).to_bytes()
    return encoded


def pretended(points: Sequence[bytes], shown: Sequence[Opening], context: bytes) -> MoneyProof:
    """A range proof about commitments by who has other openings to show: values in range, the same blindings."""
    shape = MONEY[len(points)]
    statement = RangeStatement(shape, context, tuple(points), None)
    base = generators(LibPoint, shape.slots)
    proof = prove(base, statement, shown, ENTROPY)
    return MoneyProof(tuple(points), None, proof.points, proof.scalars, hints.make(base, statement, proof))


def rejected(call: Callable[..., Any], *args: Any) -> Check:
    with pytest.raises(ProofRejected) as found:
        call(*args)
    return found.value.check
