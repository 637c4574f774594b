"""Sums of multiples of points: s_0*P_0 + s_1*P_1 + ... over any group."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from circuits.generators import PointT
from circuits.scalar import N, Scalar

SHORT: Final = 12
"""Scalars of at most so many bits are added up bit by bit, all points of one bit in one call."""


def msm(kind: type[PointT], scalars: Sequence[int], points: Sequence[PointT]) -> PointT:
    """Any integers, taken mod N, as many as points."""
    parts = []
    planes: list[list[PointT]] = [[] for _ in range(SHORT)]
    for scalar, point in zip(scalars, points, strict=True):
        rest = scalar % N
        if rest >> SHORT:
            parts.append(point * Scalar(rest))
            continue
        for plane in planes:
            if rest & 1:
                plane.append(point)
            rest >>= 1
    doubled = kind.infinity()
    for plane in reversed(planes):
        doubled = kind.sum([doubled, doubled, *plane])
    return kind.sum([*parts, doubled])
