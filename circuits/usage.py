"""S1: every commitment of a zone is to a usage below R; in variant a their sum opens to the zone's total, too."""

from __future__ import annotations

from collections.abc import Sequence

from circuits import listed
from circuits.generators import PointT
from circuits.listed import ListedProof as UsageProof
from circuits.pedersen import Opening
from circuits.shape import USAGE


def prove(
    kind: type[PointT], openings: Sequence[Opening], context: bytes, entropy: bytes, *, opened: bool
) -> UsageProof:
    """1, 4, 16, 32 or 64 openings of values below R, context and fresh entropy of 32 bytes; ValueError otherwise.

    Variant a if `opened`. Same arguments, same proof.
    """
    return listed.prove(kind, USAGE, openings, context, entropy, opened=opened)


def verify(
    kind: type[PointT],
    commitments: Sequence[bytes],
    context: bytes,
    total: Opening | None,
    points: Sequence[bytes],
    scalars: Sequence[bytes],
) -> None:
    """Returns for a valid proof, variant a if there is a total; ProofRejected otherwise. Needs no hints."""
    listed.verify(kind, USAGE, commitments, context, total, points, scalars)


__all__ = ["UsageProof", "prove", "verify"]
