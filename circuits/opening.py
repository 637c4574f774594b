"""S7 opening: a commitment, or the sum of some, opens to a value."""

from __future__ import annotations

from collections.abc import Sequence

from circuits.generators import Bases, PointT
from circuits.pedersen import Opening, commit
from circuits.scalar import total


def sum_openings(openings: Sequence[Opening]) -> Opening:
    """Opens the sum of the commitments these open."""
    return Opening(sum(o.value for o in openings), total([o.blinding for o in openings]))


def opens(bases: Bases[PointT], commitment: PointT, opening: Opening) -> bool:
    """C = v*A + r*H0, by recomputation."""
    return commitment == commit(bases, opening)


def sum_opens(bases: Bases[PointT], commitments: Sequence[PointT], opening: Opening) -> bool:
    """The sum of the commitments opens to the value; false for no commitments, which open nothing."""
    return len(commitments) > 0 and opens(bases, bases.kind.sum(commitments), opening)
