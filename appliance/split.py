"""4: the usage of a shared meter -> the part of every slot it feeds. Pure, integers only.

The slots lie side by side on a line as long as the usage, each as wide as its weight; the cuts between them fall on
whole units, moved by an offset that goes through all its values. So the parts add up exactly, each is its exact share
rounded down or up, and over `sum of weights` blocks of equal usage each slot gets its exact share to the unit.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise
from math import gcd
from typing import Final

_SPREAD: Final = 618  # thousandths, near the golden ratio: the offsets of neighbouring blocks lie far apart


def parts(total: int, weights: Sequence[int], turn: int) -> list[int]:
    """What each slot gets of `total`, in order; `turn`, such as a block's number, says whose turn the odd units are.

    Weights are not negative; where all are zero, each slot counts the same.
    """
    if not weights or total < 0 or min(weights) < 0:
        raise ValueError("a split needs slots, a usage and weights that are not negative")
    shares = reduced(weights)
    whole = sum(shares)
    offset = turn * _step(whole) % whole
    cuts = [(total * before + offset) // whole for before in accumulate(shares, initial=0)]
    return [end - start for start, end in pairwise(cuts)]


def most(limit: int, weights: Sequence[int]) -> int:
    """The greatest total of which no slot gets more than `limit`, whatever the turn."""
    shares = reduced(weights)
    return limit * sum(shares) // max(shares)


def reduced(weights: Sequence[int]) -> tuple[int, ...]:
    """The same proportions in the smallest numbers; all one where all are zero."""
    divisor = gcd(*weights)
    return tuple(weight // divisor for weight in weights) if divisor else (1,) * len(weights)


def _step(whole: int) -> int:
    """A number without a common divisor with `whole`: its multiples go through every offset."""
    step = max(whole * _SPREAD // 1000, 1)
    while gcd(step, whole) != 1:
        step += 1
    return step
