"""What a verifier's templates are filled with: constants of the shape, and how its work is cut into lists."""

from __future__ import annotations

import hashlib
from typing import Any, Final

from circuits.generators import bases
from circuits.group import LibPoint
from circuits.scalar import N, P
from circuits.shape import (
    LINEAR,
    LINEAR_TAG,
    MONEY_BOUND,
    USAGE_BOUND,
    VECTOR_TAG,
    Shape,
    generators_hash,
    lifts,
)
from contracts.range.levels import LARGE, MUCH, SMALL, additions, cut_best
from contracts.range.phrases import LIMB, collected, column, minus, numbered, parameters, small_sums, times

FAMILIES: Final = {USAGE_BOUND: "range", MONEY_BOUND: "money"}
"""What the contracts for values below a bound are called, before the number of values."""
MANY: Final = 16
"""Where there are so many values, scalars and points are calculated as whole lists of limbs; below, one by one."""
_ENOUGH: Final = 2**62
"""Above any limb that `pack` is given."""


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
        for digits in columns:
            v = digits[row]
            if row + quarter < len(digits):
                w = digits[row + quarter]
                c_v, c_w = product(v), product(w)
                made.append((2, 2 * v, 2 * w, 2 * c_w, 2 * c_v, 2 * v * c_w, 2 * w * c_v, 1, c_v + c_w, c_v * c_w))
            else:
                made.append((0, 0, 0, 2, 0, 2 * v, 0, 0, 1, product(v)))
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


def powers(exponent: int) -> list[tuple[int, int]]:
    """The powers on the way to u^exponent, from u^2: each with the one it is the square of, or 0 for u times the last.

    A product with u is cheaper than a square."""
    if exponent < 2:
        return []
    if exponent % 2 or exponent == 2:
        return [*powers(exponent - 1), (exponent, 0)]
    return [*powers(exponent // 2), (exponent, exponent // 2)]


def reciprocal_numerators(shape: Shape) -> list[list[int]]:
    """Coefficients of twice the product of all e + w but the one with w = v, by v; the highest power of e first."""
    made = []
    for v in range(shape.base):
        row = [2]
        for w in range(shape.base):
            if w != v:
                row = [low + w * high for low, high in zip([*row, 0], [0, *row], strict=True)]
        made.append(row)
    return [list(power) for power in zip(*made, strict=True)]


def names(shape: Shape, source_hash: str) -> dict[str, Any]:
    """All that the templates of one shape refer to."""
    n, m, a = shape.digits, shape.m, shape.rounds
    added = cut_best(shape)
    long = (LARGE if shape.slots > MUCH else SMALL)[1]
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
    singles, last_two = additions(shape.terms)
    return {
        "family": FAMILIES[shape.bound],
        "bits": shape.bound.bit_length() - 1,
        "shape": shape,
        "m": m,
        "n": n,
        "a": a,
        "base": shape.base,
        "linear": shape.linear,
        "linear_rounds": shape.linear_rounds,
        "columns": columns,
        "entries": len(fractions),
        "fractions": list(zip(*fractions, strict=True)),
        "reciprocals": reciprocal_numerators(shape) if m == 1 else [],
        "additions": singles,
        "last_two": last_two,
        "sent": [*(f"n{k}" for k in range(n)), *(f"l{i}" for i in range(shape.linear)), "sent-s1", "sent-s2"],
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
        "vector_xs": [lift.x.value for lift in lifts(LibPoint, VECTOR_TAG, 0, shape.slots)],
        "linear_xs": [lift.x.value for lift in lifts(LibPoint, LINEAR_TAG, 1, LINEAR - 1)],
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
        "times": times,
        "numbered": numbered,
        "minus": minus,
        "parameters": parameters,
        "column": column,
        "collected": collected,
        "small_sums": small_sums,
        "doubled": lambda numbers: [2 * number for number in numbers],
        "powers": powers,
        "slot_numbers": bytes(range(shape.slots)),
        "round_challenges": "".join(f" r{h} v{h} g{h}" for h in range(a)),
        "begin": lambda less: "(map - " if less else "",
        "finish": lambda less, j: "".join(f" {name}{j}" for name in less) + ")" if less else "",
    }
