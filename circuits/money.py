"""Every commitment of a list is to an amount of money below 2^48 units of account. Nothing is opened.

A zone of 64 slots is proved in two parts of 32, any smaller one whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeVar

from circuits import listed
from circuits.generators import PointT
from circuits.listed import ListedProof as MoneyProof
from circuits.pedersen import Opening
from circuits.shape import MONEY
from circuits.verdict import Check, ProofRejected

ItemT = TypeVar("ItemT")

PART: Final = 32
"""Slots of a part, at most."""


def parts(items: Sequence[ItemT]) -> list[Sequence[ItemT]]:
    """A zone's list as it is range-proved, part by part."""
    return [items[first : first + PART] for first in range(0, len(items), PART)]


def prove(kind: type[PointT], openings: Sequence[Opening], context: bytes, entropy: bytes) -> MoneyProof:
    """1, 4, 16 or 32 openings of values below 2^48, context and fresh entropy of 32 bytes; ValueError otherwise.

    Same arguments, same proof.
    """
    return listed.prove(kind, MONEY, openings, context, entropy, opened=False)


def prove_parts(
    kind: type[PointT], openings: Sequence[Opening], contexts: Sequence[bytes], entropy: bytes
) -> tuple[MoneyProof, ...]:
    """A zone's whole list, a context for each part; ValueError. Each proof's nonces depend on its statement."""
    cut = parts(openings)
    if len(cut) != len(contexts):
        raise ValueError(f"{len(contexts)} contexts for {len(cut)} parts")
    return tuple(prove(kind, part, context, entropy) for part, context in zip(cut, contexts, strict=True))


def verify(
    kind: type[PointT],
    commitments: Sequence[bytes],
    context: bytes,
    points: Sequence[bytes],
    scalars: Sequence[bytes],
) -> None:
    """Returns for a valid proof; ProofRejected otherwise. Needs no hints."""
    listed.verify(kind, MONEY, commitments, context, None, points, scalars)


def verify_parts(
    kind: type[PointT], commitments: Sequence[bytes], contexts: Sequence[bytes], proofs: Sequence[MoneyProof]
) -> None:
    """A zone's whole list, not empty: a context for each part, and a proof, of which points and scalars are used."""
    cut = parts(commitments)
    if not cut or not len(cut) == len(contexts) == len(proofs):
        raise ProofRejected(Check.LENGTH, f"{len(proofs)} proofs for {len(cut)} parts")
    for part, context, proof in zip(cut, contexts, proofs, strict=True):
        verify(kind, part, context, proof.points, proof.scalars)


__all__ = ["PART", "MoneyProof", "parts", "prove", "prove_parts", "verify", "verify_parts"]
