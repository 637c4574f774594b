"""A group in which every discrete logarithm lies open: a point is its logarithm mod N.

The sums that cancel here are those that cancel on the curve; it is quick, and a test can read what a point hides.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from circuits.group import check_encoding
from circuits.scalar import EncodingError, N, Scalar


class LogPoint:
    """Point by its logarithm, 02 and 32 bytes. Same contract as `circuits.group.Point`, but hides nothing."""

    __slots__ = ("log",)

    def __init__(self, log: int) -> None:
        self.log = log % N

    @classmethod
    def from_bytes_checked(cls, encoded: bytes) -> LogPoint:
        check_encoding(encoded)
        log = int.from_bytes(encoded[1:], "big")
        if encoded[0] != 2 or not 0 < log < N:
            raise EncodingError("a logarithm lies in (0, N)")
        return cls(log)

    @classmethod
    def from_x_even(cls, x: int) -> LogPoint:
        """A logarithm that has nothing to do with x, as far as anybody can tell."""
        return cls(int.from_bytes(hashlib.sha512(x.to_bytes(32, "big")).digest(), "big"))

    @classmethod
    def infinity(cls) -> LogPoint:
        return cls(0)

    @classmethod
    def generator(cls) -> LogPoint:
        return cls(1)

    @classmethod
    def sum(cls, points: Sequence[LogPoint]) -> LogPoint:
        return cls(sum(point.log for point in points))

    def to_bytes(self) -> bytes:
        if not self.log:
            raise EncodingError("infinity has no encoding")
        return b"\x02" + self.log.to_bytes(32, "big")

    def xy(self) -> tuple[int, int]:
        raise EncodingError("a logarithm has no coordinates")

    def is_infinity(self) -> bool:
        return not self.log

    def __add__(self, other: LogPoint) -> LogPoint:
        return LogPoint(self.log + other.log)

    def __sub__(self, other: LogPoint) -> LogPoint:
        return LogPoint(self.log - other.log)

    def __neg__(self) -> LogPoint:
        return LogPoint(-self.log)

    def __mul__(self, scalar: Scalar) -> LogPoint:
        return LogPoint(self.log * scalar.value)

    def __eq__(self, other: object) -> bool:
        return self.log == other.log if isinstance(other, LogPoint) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.log)


def rank(rows: Sequence[Sequence[int]], modulus: int = N) -> int:
    """Of a matrix over the integers mod a prime."""
    left = [[value % modulus for value in row] for row in rows]
    found = 0
    for column in range(len(left[0])):
        pivot = next((row for row in left if row[column]), None)
        if pivot is None:
            continue
        left.remove(pivot)
        found += 1
        inverse = pow(pivot[column], -1, modulus)
        tail = pivot[column:]
        for row in left:
            factor = row[column] * inverse % modulus
            if factor:
                row[column:] = [(a - factor * b) % modulus for a, b in zip(row[column:], tail, strict=True)]
    return found
