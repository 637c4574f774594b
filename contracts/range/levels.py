"""How the terms are added up: on whole lists, or pair by pair."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

from circuits.shape import Shape

TAILS: Final = (20, 18, 16, 14, 12)
"""How many factors the last steps of every tree begin with: what wastes least of these."""
SMALL: Final = (8, 16)
LARGE: Final = (16, 32)
"""So many additions of a level, or more, are made on whole lists; a list of scalars so long is multiplied as a whole.
For up to MUCH slots, and for more, where the source would get too long."""
MUCH: Final = 128


@dataclass(frozen=True)
class Step:
    """One step of a level's tree of products: `half` factors by `half` others. Names are prefixes of variables."""

    index: int
    half: int
    fill: int

    @property
    def letter(self) -> str:
        return chr(ord("A") + self.index)

    @property
    def left(self) -> str:
        return f"l{self.letter}"

    @property
    def right(self) -> str:
        return f"h{self.letter}"

    @property
    def product(self) -> str:
        return f"p{self.letter}"

    @property
    def inverse(self) -> str:
        return f"i{self.letter}"

    @property
    def twice(self) -> str:
        return f"k{self.letter}"

    @property
    def swapped(self) -> str:
        return f"w{self.letter}"

    @property
    def above(self) -> str:
        return f"p{chr(ord(self.letter) - 1)}" if self.index else "d"

    @property
    def above_inverse(self) -> str:
        return f"i{chr(ord(self.letter) - 1)}" if self.index else "i"


@dataclass(frozen=True)
class Level:
    """One level of additions on whole lists; `number` is that of its hint."""

    number: int
    points: int
    tail: int
    following: Level | None

    @property
    def first(self) -> bool:
        return self.number == 1

    @property
    def pairs(self) -> int:
        return self.points // 2

    @property
    def odd(self) -> bool:
        return self.points % 2 == 1

    @property
    def names(self) -> str:
        return "abc" if self.odd else "ab"

    @property
    def parts(self) -> list[tuple[int, int]]:
        """a, b and c as ranges of the points."""
        cuts = [(0, self.pairs), (self.pairs, 2 * self.pairs)]
        return [*cuts, (2 * self.pairs, self.points)] if self.odd else cuts

    @cached_property
    def depth(self) -> int:
        """Halvings until at most `tail` factors are left."""
        depth = 0
        while self.tail << depth < self.pairs:
            depth += 1
        return depth

    @property
    def fill(self) -> int:
        """Ones that make the number of factors the tail's times a power of two."""
        return (self.tail << self.depth) - self.pairs

    @cached_property
    def steps(self) -> list[Step]:
        """From the whole list down to the tail; the first fills up."""
        whole = self.tail << self.depth
        return [Step(i, whole >> i + 1, 0 if i else self.fill) for i in range(self.depth)]

    @property
    def tail_name(self) -> str:
        return self.steps[-1].product if self.steps else "d"

    @property
    def tail_inverse(self) -> str:
        return self.steps[-1].inverse if self.steps else self.inverse

    @property
    def inverse(self) -> str:
        return "i"


def levels(points: int, tail: int, few_pairs: int, number: int = 1) -> list[Level]:
    """Those of at least few_pairs pairs, and the first in any case."""
    if number > 1 and points // 2 < few_pairs:
        return []
    rest = levels(points - points // 2, tail, few_pairs, number + 1)
    return [Level(number, points, tail, rest[0] if rest else None), *rest]


def cut_best(shape: Shape) -> list[Level]:
    """With the tail that fills up least."""
    few_pairs, _ = LARGE if shape.slots > MUCH else SMALL
    return min(
        (levels(shape.terms, tail, few_pairs) for tail in TAILS), key=lambda cut: sum(level.fill for level in cut)
    )


@dataclass(frozen=True)
class Additions:
    """One level of additions, pair by pair: names of the points; `number` is that of its hint."""

    number: int
    pairs: list[tuple[str, str]]


def additions(terms: int) -> tuple[list[Additions], list[str]]:
    """All levels, and the two points that are left."""
    made: list[Additions] = []
    points = [f"s0-{i}" for i in range(terms)]
    while len(points) > 2:
        half, number = len(points) // 2, len(made) + 1
        made.append(Additions(number, list(zip(points[:half], points[half : 2 * half], strict=True))))
        points = [*(f"s{number}-{i}" for i in range(half)), *points[2 * half :]]
    return made, points
