"""What a verifier's templates are filled with: constants of the shape, and how its work is cut into lists."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from circuits.generators import bases
from circuits.group import LibPoint
from circuits.scalar import N, P
from circuits.shape import LINEAR, LINEAR_TAG, VECTOR_TAG, Shape, generators_hash, lifts

LIMB: Final = 52
TAILS: Final = (20, 18, 16, 14, 12)
"""How many factors the last steps of every tree begin with: what wastes least of these."""
SMALL: Final = (8, 16)
LARGE: Final = (16, 32)
"""So many additions of a level, or more, are made on whole lists; a list of scalars so long is multiplied as a whole.
For up to 32 values, and for more, where the source would get too long."""
MANY: Final = 16
"""Where there are so many values, lists of scalars are cut into limbs."""
_ENOUGH: Final = 2**62
"""Above any limb that `pack` is given."""


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
    few_pairs, _ = LARGE if shape.m > 32 else SMALL
    return min(
        (levels(shape.terms, tail, few_pairs) for tail in TAILS), key=lambda cut: sum(level.fill for level in cut)
    )


def digit_rows(shape: Shape) -> list[list[int]]:
    """By column k, the digits whose slot it holds in the lower half of the rows, by row; only for m > 1."""
    half = shape.m // 2
    rows: list[list[int]] = []
    for digit in range(shape.base // 2):
        row, column = divmod(shape.table[digit], shape.digits)
        if column == len(rows):
            rows.append([])
        if row != len(rows[column]) or shape.table[shape.base - 1 - digit] != shape.table[digit] + half * shape.digits:
            raise AssertionError("the table's order is not what the verifier's fractions expect")
        rows[column].append(digit)
    return rows


def fraction_coefficients(shape: Shape) -> list[tuple[int, ...]]:
    """For the pairs of rows that the second round folds, row by row and column by column: coefficients of the numerator
    on f*alpha*(1+g), f*beta, g*f*beta, alpha, g*alpha, beta, g*beta and of the denominator on f^2, f, 1."""

    def product(digit: int) -> int:
        return digit * (shape.base - 1 - digit)

    made: list[tuple[int, ...]] = []
    quarter = shape.m // 4
    columns = digit_rows(shape)
    for row in range(quarter):
        for column in columns:
            v = column[row]
            if row + quarter < len(column):
                w = column[row + quarter]
                c_v, c_w = product(v), product(w)
                made.append((1, v, w, c_w, c_v, v * c_w, w * c_v, 1, c_v + c_w, c_v * c_w))
            else:
                made.append((0, 0, 0, 1, 0, v, 0, 0, 1, product(v)))
    return made


def limbs(number: int, count: int) -> list[int]:
    """`count` limbs, the last with all that is left."""
    low = [number >> LIMB * i & 2**LIMB - 1 for i in range(count - 1)]
    return [*low, number >> LIMB * (count - 1)]


def offset() -> tuple[int, list[int]]:
    """A multiple of p whose five limbs are all above _ENOUGH, and what multiple it is."""
    floor = sum(_ENOUGH << LIMB * i for i in range(5))
    multiple = -(-floor // P)
    return multiple, [_ENOUGH + limb for limb in limbs(multiple * P - floor, 5)]


def counters(tag: bytes, first: int, count: int) -> bytes:
    """With which counter, a byte, each lift of the tag was found."""
    found = []
    for index, lift in enumerate(lifts(LibPoint, tag, first, count), first):
        prefix = bytes([len(tag)]) + tag + index.to_bytes(4, "big")
        tries = (hashlib.sha256(prefix + counter.to_bytes(4, "big")).digest() for counter in range(256))
        found.append(next(i for i, x in enumerate(tries) if x == lift.x.to_bytes()))
    return bytes(found)


def nested(function: str, items: Sequence[str]) -> str:
    text = items[0]
    for item in items[1:]:
        text = f"({function} {text} {item})"
    return text


def dot(pairs: Sequence[tuple[str, str]]) -> str:
    """The sum of products, two by two."""
    parts = [
        f"(sc-dot {' '.join(pairs[i] + pairs[i + 1])})" if i + 1 < len(pairs) else f"(sc-mul {' '.join(pairs[i])})"
        for i in range(0, len(pairs), 2)
    ]
    return nested("sc-add", parts)


def names(shape: Shape, source_hash: str) -> dict[str, Any]:
    """All that the templates of one shape refer to."""
    n, m, a = shape.digits, shape.m, shape.rounds
    added = cut_best(shape)
    long = (LARGE if m > 32 else SMALL)[1]
    tail = added[0].tail
    rest = added[-1].points - added[-1].pairs
    few = max(rest // 2, tail // 2)
    by_lists = m >= MANY
    columns = len(digit_rows(shape)) if m > 1 else shape.base
    fractions = fraction_coefficients(shape) if m > 1 else []
    multiple, above = offset()
    in_sums = {1, tail // 2, tail} | {level.pairs for level in added}
    in_sums |= {half for level in added for step in level.steps for half in (step.half, 2 * step.half)}
    fills = {level.fill for level in added if level.fill}
    in_scalars: set[int] = set()
    if by_lists:
        in_scalars = {m} | {k << h for k in (n, 1) for h in range(a) if k << h >= long}
    back = limbs(2**260 % N, 3)
    repeated = [("B", 2**LIMB, in_sums), ("F", 2**260 % P, in_sums), ("ONES", 1, fills), ("NOUGHTS", 0, fills)]
    repeated_uints = [("U", 2**LIMB, in_scalars), *((f"W{i}-", back[i], in_scalars) for i in range(3))]

    def others(k: int) -> str:
        """What to multiply 1/(product of all denominators) by to get 1/(denominator k)."""
        parts = [f"before-{k}"] * (k > 0) + [f"after-{k}"] * (k < columns - 1)
        return nested("sc-mul", parts) if parts else "ONE"

    return {
        "shape": shape,
        "m": m,
        "n": n,
        "a": a,
        "base": shape.base,
        "linear": shape.linear,
        "linear_rounds": shape.linear_rounds,
        "columns": columns,
        "entries": len(fractions),
        "fractions": [(f"K{i + 1}", column) for i, column in enumerate(zip(*fractions, strict=True))],
        "levels": added,
        "rest": rest,
        "tail": tail,
        "few": few,
        "few_steps": (few - 1).bit_length(),
        "by_lists": by_lists,
        "LONG": long,
        "N": N,
        "P": P,
        "B": f"u{2**LIMB}",
        "B2": f"u{2 ** (2 * LIMB)}",
        "W": [f"u{limb}" for limb in back],
        "V": [f"u{limb}" for limb in limbs(2**256 % N, 3)],
        "offset": above,
        "offset_bits": max(limb.bit_length() for limb in above),
        "multiple": multiple,
        "repeated": [(name, str(number), sorted(lengths)) for name, number, lengths in repeated if lengths]
        + [(name, f"u{number}", sorted(lengths)) for name, number, lengths in repeated_uints if lengths],
        "value_x": bases(LibPoint).x.value,
        "VECTOR_TAG": VECTOR_TAG,
        "LINEAR_TAG": LINEAR_TAG,
        "vector_counters": counters(VECTOR_TAG, 0, shape.slots),
        "linear_counters": counters(LINEAR_TAG, 1, LINEAR - 1),
        "tag": lambda tag: f"0x{len(tag):02x}{tag.hex()}",
        "basis": "ACDEGHIJM",
        "longest": 512,
        "generators_hash": generators_hash(shape.slots).hex(),
        "source_hash": source_hash,
        "noughts": f"0x{'00' * 32}",
        "hexed": lambda data: f"0x{data.hex()}",
        "scalar": lambda number: f"0x{number:064x}",
        "nested": nested,
        "dot": dot,
        "others": others,
        "begin": lambda less: "(map - " if less else "",
        "finish": lambda less, j: "".join(f" {name}{j}" for name in less) + ")" if less else "",
    }
