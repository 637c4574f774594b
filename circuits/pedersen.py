"""Pedersen commitments C = v*A + r*H0: perfectly hiding, binding under discrete log (Pedersen 1991)."""

from __future__ import annotations

from dataclasses import dataclass

from circuits.generators import Bases, PointT
from circuits.scalar import Scalar


@dataclass(frozen=True, slots=True)
class Opening:
    """What opens a commitment: value v in [0, 2^64) and blinding r. Secret until opened, so `repr` shows neither."""

    value: int
    blinding: Scalar

    def __post_init__(self) -> None:
        if not 0 <= self.value < 2**64:
            raise ValueError("a committed value lies in [0, 2^64)")

    def __add__(self, other: Opening) -> Opening:
        """Opens the sum of the two commitments."""
        return Opening(self.value + other.value, self.blinding + other.blinding)

    def __repr__(self) -> str:
        return "Opening(...)"


def commit(bases: Bases[PointT], opening: Opening) -> PointT:
    """v*A + r*H0."""
    return bases.value * Scalar(opening.value) + bases.blinding * opening.blinding
