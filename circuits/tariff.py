"""A convex tariff as lines: what a usage costs is the largest of up to four rate*usage + constant.

A rising block tariff: band k begins at a usage per block, and what lies above it costs the band's rate. Its line
continues the band in both directions, and lies below the bill wherever another band applies.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from circuits.generators import Bases, PointT
from circuits.lists import Combined, add, negated
from circuits.scalar import EncodingError, N, Scalar
from circuits.verdict import Check, ProofRejected

TERM_BOUND: Final = 2**52
"""Rates and constants of lines are below it in size."""
BANDS: Final = range(1, 5)


@dataclass(frozen=True, slots=True)
class Band:
    """Usage per block from which it applies, and what each Wh or litre above costs, in units of account."""

    start: int
    rate: int


@dataclass(frozen=True, slots=True)
class Line:
    """rate*usage + constant for an occupied slot, nothing for a vacant one. rate >= 0, the constant has a sign.

    Both are zero in the first band of a tariff whose first units cost nothing, without a charge.
    """

    rate: int
    constant: int

    def __post_init__(self) -> None:
        if not 0 <= self.rate < TERM_BOUND or abs(self.constant) >= TERM_BOUND:
            raise ValueError("rates lie in [0, 2^52), constants in (-2^52, 2^52)")

    @property
    def free(self) -> bool:
        """It is zero whatever is used: no points, which would be infinity."""
        return not (self.rate or self.constant)

    def amount(self, usage: int, *, occupied: bool) -> int:
        return self.rate * usage + self.constant if occupied else 0

    def blinding(self, usage: Scalar, *, occupied: bool) -> Scalar:
        """Of the line's point over a usage of this blinding. A vacant slot has H0, whatever its usage is."""
        return usage * Scalar(self.rate) if occupied else Scalar(not self.free)

    def points(self, bases: Bases[PointT], usages: Sequence[bytes], occupied: Sequence[bool]) -> Combined:
        """By slot rate*U + constant*A or, where vacant, H0. ProofRejected; ValueError for a free line.

        What is added up for a vacant slot is rate*-A and H0, which always have a sum, and then forgotten.
        """
        if self.free:
            raise ValueError("a line without rate and constant has no points")
        if len(usages) != len(occupied):
            raise ProofRejected(Check.LENGTH, "a usage and an occupancy for every slot")
        constant = bases.value * Scalar(self.constant % N)
        nothing, unused = bases.blinding.to_bytes(), negated(bases.value.to_bytes())
        fixed = [constant.to_bytes() if taken else nothing for taken in occupied] if self.constant else []
        used = [usage if taken else unused for usage, taken in zip(usages, occupied, strict=True)]
        try:
            by_usage = [(bases.kind.from_bytes_checked(point) * Scalar(self.rate)) for point in used]
        except EncodingError as error:
            raise ProofRejected(Check.ENCODING, str(error)) from error
        if not self.rate:
            return Combined(tuple(fixed), b"")
        scaled = tuple(point.to_bytes() for point in by_usage)
        made = add(bases.kind, scaled, fixed) if self.constant else Combined(scaled, b"")
        shown = zip(made.points, occupied, strict=True)
        return Combined(tuple(point if taken else nothing for point, taken in shown), made.hint)


def lines(charge: int, bands: Sequence[Band], blocks: int) -> tuple[Line, ...]:
    """Over so many blocks, with a charge per block. ValueError unless the bands are 1 to 4, begin at 0 and rise."""
    rises = pairwise(bands)
    if len(bands) not in BANDS or bands[0].start or any(a.start >= b.start or a.rate > b.rate for a, b in rises):
        raise ValueError("1 to 4 bands, the first from 0, starts rising and rates not falling")
    if charge < 0 or blocks < 1:
        raise ValueError("a charge is not negative, and there is at least one block")
    made, constant, before = [], charge, bands[0].rate
    for band in bands:
        constant -= (band.rate - before) * band.start
        made.append(Line(band.rate, blocks * constant))
        before = band.rate
    return tuple(made)


def bill(of_tariff: Sequence[Line], usage: int, *, occupied: bool) -> int:
    """The largest of the lines."""
    return max(line.amount(usage, occupied=occupied) for line in of_tariff)
