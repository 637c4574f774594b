"""The shape of a range proof: how many values, in which digits, over which generators."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from types import MappingProxyType
from typing import Final, Generic

from circuits.generators import Bases, Lift, PointT, bases, hash_to_lift
from circuits.group import LibPoint

VECTOR_TAG: Final = b"mita/v1/vector"
LINEAR_TAG: Final = b"mita/v1/linear"
LINEAR: Final = 6
"""Length of l, over H_0 (the blinding base) to H_5."""
PADDED: Final = 8
"""Length of l when it folds: two zeros, on generators that do not exist, are appended."""
OPENING: Final = 2
"""Scalars s1 and s2 at the end of every proof."""
_NAME: Final = b"mita/v1/range-proof"


@dataclass(frozen=True)
class Shape:
    """m values, each sum_k weights[k] * digit[k] with digits in [0, base).

    m is a power of two. The weights reach every integer of [0, bound) and nothing else: weights[0] = 1, none above one
    more than what those before it reach. base is even and at most len(weights) * m; bound is at most 2^64.
    """

    m: int
    weights: tuple[int, ...]
    base: int

    def __post_init__(self) -> None:
        if self.m < 1 or self.m & (self.m - 1):
            raise ValueError("the number of values is a power of two")
        if self.base % 2 or not 2 <= self.base <= self.slots:
            raise ValueError("the base is even and at most the number of slots")
        reach = 0
        for weight in self.weights:
            if not 1 <= weight <= reach + 1:
                raise ValueError(f"the digit weight {weight} leaves a gap")
            reach += weight * (self.base - 1)
        if reach >= 2**64:
            raise ValueError("values have at most 64 bits")

    @property
    def digits(self) -> int:
        """n: digits of a value."""
        return len(self.weights)

    @property
    def slots(self) -> int:
        """L: length of the vectors; slot j*n + k is digit k of value j."""
        return self.m * len(self.weights)

    @property
    def rounds(self) -> int:
        """log2 m: each round halves the values, and l while it is longer than one."""
        return self.m.bit_length() - 1

    @property
    def linear_rounds(self) -> int:
        """The first rounds, in which l folds too."""
        return min(self.rounds, PADDED.bit_length() - 1)

    @property
    def bound(self) -> int:
        """Values are below it."""
        return 1 + (self.base - 1) * sum(self.weights)

    @property
    def linear(self) -> int:
        """Scalars of l that are sent: 6 after no round, then 4, 2, 1."""
        return PADDED >> self.linear_rounds if self.rounds else LINEAR

    @property
    def points(self) -> int:
        """M, D, R, S, K, then X and Y of every round."""
        return 5 + 2 * self.rounds

    @property
    def scalars(self) -> int:
        """-n, -l, -s1, -s2."""
        return self.digits + self.linear + OPENING

    @property
    def terms(self) -> int:
        """Points in the final equation, A and H_0 counted as one."""
        return self.slots + LINEAR + self.points + self.m

    @property
    def hints(self) -> int:
        """One inverse mod N, then one mod p for each level of additions until two points are left."""
        return (self.terms - 1).bit_length()

    @cached_property
    def table(self) -> tuple[int, ...]:
        """The slot that stands for each digit value v. v and base-1-v share a digit column and, for m > 1, sit half the
        values apart, so that the first round folds them together."""
        half, pairs = self.m // 2, self.base // 2
        if not half:
            return tuple(range(self.base))
        low = [(v % half) * self.digits + v // half for v in range(pairs)]
        return tuple(low + [slot + half * self.digits for slot in reversed(low)])

    def split(self, value: int) -> list[int]:
        """Digits of a value in [0, bound); ValueError outside."""
        if not 0 <= value < self.bound:
            raise ValueError(f"the value is outside [0, {self.bound})")
        digits = []
        for weight in reversed(self.weights):
            digit = min(value // weight, self.base - 1)
            digits.append(digit)
            value -= digit * weight
        if value:
            raise AssertionError("weights without gaps leave no rest")
        return digits[::-1]

    def domain(self, opened: bool) -> bytes:
        """32 bytes that fix the statement's form, everything in this class and the generators."""
        return hashlib.sha256(
            b"".join(
                (
                    bytes([len(_NAME)]) + _NAME,
                    bytes([opened]),
                    self.m.to_bytes(2, "big"),
                    self.base.to_bytes(4, "big"),
                    len(self.weights).to_bytes(2, "big"),
                    *(weight.to_bytes(8, "big") for weight in self.weights),
                    generators_hash(self.slots),
                )
            )
        ).digest()


def operations(shape: Shape) -> int:
    """Multiplications by scalars of full size that the protocol's equations ask of a prover who also makes the hints: a
    yardstick.

    M, D, R, S, K; X, Y and the folding of generators in every round; every term but M of the final equation. Not the
    vector parts of M and D: their scalars, multiplicities and digits, are short and cost a prover next to nothing.
    """
    slots = shape.slots
    count = 5 + 4 + (4 + slots) + (7 + slots) + 2 + shape.terms
    for r in range(shape.rounds):
        half = slots >> (r + 1)
        lower = PADDED >> (r + 1) if r < shape.linear_rounds else 0
        upper = min(lower, LINEAR - lower)
        x, y, folded = 1 + 2 * half + lower + upper, 1 + half + upper, half + upper
        count += x + y + folded
    return count


@dataclass(frozen=True, slots=True)
class Generators(Generic[PointT]):
    """The bases A and H0, the vector generators G_i and H_1 .. H_5, each x^-1 times its lift."""

    bases: Bases[PointT]
    vector: tuple[PointT, ...]
    linear: tuple[PointT, ...]


@cache
def lifts(kind: type[PointT], tag: bytes, first: int, count: int) -> tuple[Lift[PointT], ...]:
    return tuple(hash_to_lift(kind, tag, index) for index in range(first, first + count))


@cache
def generators(kind: type[PointT], slots: int) -> Generators[PointT]:
    """Those of a shape with so many slots. The value tag's come first; all tags differ, so no two are the same."""
    base = bases(kind)
    vector = tuple(lift.point * lift.x.inverse() for lift in lifts(kind, VECTOR_TAG, 0, slots))
    linear = tuple(lift.point * lift.x.inverse() for lift in lifts(kind, LINEAR_TAG, 1, LINEAR - 1))
    return Generators(base, vector, (base.blinding, *linear))


@cache
def generators_hash(slots: int) -> bytes:
    """SHA-256 over the x-coordinates of all lifts, 32 bytes each: value, vector 0.., linear 1..5."""
    xs = [bases(LibPoint).x]
    xs += [lift.x for lift in lifts(LibPoint, VECTOR_TAG, 0, slots)]
    xs += [lift.x for lift in lifts(LibPoint, LINEAR_TAG, 1, LINEAR - 1)]
    return hashlib.sha256(b"".join(x.to_bytes() for x in xs)).digest()


USAGE_BOUND: Final = 2**20
"""R: a batch's usage per slot is below it, in Wh or litre (protocol, section 2)."""

USAGE: Final[Mapping[int, Shape]] = MappingProxyType(
    {
        1: Shape(1, (1, 6, 36, 216, 1296, 7776, 46656, 153728), 6),
        4: Shape(4, (1, 16, 256, 4096, 65536), 16),
        16: Shape(16, (1, 32, 1024, 32768), 32),
        32: Shape(32, (1, 32, 1024, 32768), 32),
        64: Shape(64, (1, 124, 8400), 124),
    }
)
"""By the number of values; every bound is exactly R."""

MONEY_BOUND: Final = 2**48
"""Money values that are proved to be in range are below it, in units of account."""

MONEY: Final[Mapping[int, Shape]] = MappingProxyType(
    {
        1: Shape(1, (*(14**k for k in range(12)), 8645425551360, 8645425551360), 14),
        4: Shape(4, tuple(16**k for k in range(12)), 16),
        16: Shape(16, tuple(64**k for k in range(8)), 64),
        32: Shape(32, (*(118**k for k in range(6)), 2382695919296), 118),
    }
)
"""By the number of values; every bound is exactly 2^48, because base - 1 divides 2^48 - 1. Lists of 64 go in two."""
