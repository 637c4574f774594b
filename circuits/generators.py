"""Generators nobody knows a discrete logarithm of, by hash and increment from public tags (protocol, section 2).

For tag and index: x is the first SHA-256(len(tag) | tag | index | counter) with 0 < x < N that is the x-coordinate of a
point, L the point with that x and even y, and the generator is x^-1 * L. So `secp256k1-recover?` with hash 0 and
signature (x, z, 0) yields z times the generator without any arithmetic in the contract.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from typing import Final, Generic, TypeVar

from circuits.group import LibPoint, Point
from circuits.scalar import EncodingError, N, Scalar

PointT = TypeVar("PointT", bound=Point)

VALUE_TAG: Final = b"mita/v1/value"


@dataclass(frozen=True, slots=True)
class Lift(Generic[PointT]):
    """What a tag hashes to: L = (x, even y)."""

    x: Scalar
    point: PointT


def hash_to_lift(kind: type[PointT], tag: bytes, index: int) -> Lift[PointT]:
    """tag 1..255 bytes, index in [0, 2^32). About two tries on average."""
    if not 1 <= len(tag) <= 255:
        raise ValueError("a generator's tag has 1 to 255 bytes")
    prefix = bytes([len(tag)]) + tag + index.to_bytes(4, "big")
    for counter in range(2**16):
        x = int.from_bytes(hashlib.sha256(prefix + counter.to_bytes(4, "big")).digest(), "big")
        if not 0 < x < N:
            continue
        try:
            return Lift(Scalar(x), kind.from_x_even(x))
        except EncodingError:
            continue
    raise AssertionError("2^16 hashes without a point: SHA-256 is broken")


@dataclass(frozen=True, slots=True)
class Bases(Generic[PointT]):
    """A carries values, H0 carries blindings: A = x^-1 * L, H0 = -x^-1 * G. Only H0 is a known multiple of G."""

    kind: type[PointT]
    x: Scalar
    value: PointT
    blinding: PointT


@cache
def bases(kind: type[PointT]) -> Bases[PointT]:
    """The protocol's bases over the given group."""
    lift = hash_to_lift(kind, VALUE_TAG, 0)
    inverse = lift.x.inverse()
    return Bases(kind, lift.x, lift.point * inverse, -(kind.generator() * inverse))


LIB: Final = bases(LibPoint)
