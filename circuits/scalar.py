"""Integers modulo the order N of secp256k1 (SEC 2, section 2.4.1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

N: Final = 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141
P: Final = 2**256 - 2**32 - 977


class EncodingError(ValueError):
    """Bytes that are not the one canonical encoding of a point or scalar."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """An integer in [0, N). Many scalars are secret, so `repr` never shows the value."""

    value: int

    def __post_init__(self) -> None:
        if not 0 <= self.value < N:
            raise EncodingError("a scalar must lie in [0, N)")

    @classmethod
    def from_bytes_checked(cls, encoded: bytes) -> Scalar:
        """Exactly 32 bytes, big-endian, below N; otherwise EncodingError."""
        if len(encoded) != 32:
            raise EncodingError(f"a scalar has 32 bytes, not {len(encoded)}")
        return cls(int.from_bytes(encoded, "big"))

    @classmethod
    def from_bytes_wide(cls, uniform: bytes) -> Scalar:
        """At least 48 uniform bytes, reduced mod N: bias below 2^-128 (RFC 9380, section 5)."""
        if len(uniform) < 48:
            raise EncodingError("fewer than 48 bytes would be biased")
        return cls(int.from_bytes(uniform, "big") % N)

    def to_bytes(self) -> bytes:
        return self.value.to_bytes(32, "big")

    def __add__(self, other: Scalar) -> Scalar:
        return Scalar((self.value + other.value) % N)

    def __sub__(self, other: Scalar) -> Scalar:
        return Scalar((self.value - other.value) % N)

    def __mul__(self, other: Scalar) -> Scalar:
        return Scalar(self.value * other.value % N)

    def __neg__(self) -> Scalar:
        return Scalar(-self.value % N)

    def inverse(self) -> Scalar:
        """ZeroDivisionError for zero."""
        if self.value == 0:
            raise ZeroDivisionError("zero has no inverse mod N")
        return Scalar(pow(self.value, -1, N))

    def __bool__(self) -> bool:
        return self.value != 0

    def __repr__(self) -> str:
        return "Scalar(...)"


ZERO: Final = Scalar(0)
ONE: Final = Scalar(1)


def product(values: Sequence[int], modulus: int) -> int:
    result = 1
    for value in values:
        result = result * value % modulus
    return result


def inverses(values: Sequence[int], inverse: int, modulus: int) -> list[int]:
    """Of each value, given the inverse of the product of all: three products each, no division (Montgomery's trick)."""
    before = [1]
    for value in values:
        before.append(before[-1] * value % modulus)
    found = []
    for value, others in zip(reversed(values), reversed(before[:-1]), strict=True):
        found.append(inverse * others % modulus)
        inverse = inverse * value % modulus
    return found[::-1]


def total(scalars: list[Scalar]) -> Scalar:
    """Their sum mod N; zero for none."""
    return Scalar(sum(s.value for s in scalars) % N)
