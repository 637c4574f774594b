"""Points of secp256k1 over libsecp256k1 (coincurve), behind constructors stricter than the library's.

coincurve takes hybrid encodings (prefix 06, 07) and short scalars and cannot represent infinity; here a point is
exactly 33 bytes with prefix 02 or 03, and infinity is a value. Not constant time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, Self, runtime_checkable

from coincurve import PublicKey

from circuits.scalar import EncodingError, N, P, Scalar


@runtime_checkable
class Point(Protocol):
    """A point of secp256k1 or infinity; immutable, comparable, hashable."""

    @classmethod
    def from_bytes_checked(cls, encoded: bytes) -> Self:
        """33 bytes, prefix 02 or 03, on the curve; otherwise EncodingError. Infinity has no encoding."""

    @classmethod
    def from_x_even(cls, x: int) -> Self:
        """The point with this x-coordinate and even y; EncodingError when there is none."""

    @classmethod
    def infinity(cls) -> Self: ...

    @classmethod
    def generator(cls) -> Self:
        """G of SEC 2."""

    @classmethod
    def sum(cls, points: Sequence[Self]) -> Self: ...

    def to_bytes(self) -> bytes:
        """33 bytes; EncodingError for infinity."""

    def xy(self) -> tuple[int, int]:
        """Affine coordinates, each in [0, p); EncodingError for infinity."""

    def is_infinity(self) -> bool: ...

    def __add__(self, other: Self) -> Self: ...

    def __sub__(self, other: Self) -> Self: ...

    def __neg__(self) -> Self: ...

    def __mul__(self, scalar: Scalar) -> Self: ...


class LibPoint:
    """Point over libsecp256k1."""

    __slots__ = ("_key",)

    def __init__(self, key: PublicKey | None) -> None:
        self._key = key

    @classmethod
    def from_bytes_checked(cls, encoded: bytes) -> LibPoint:
        check_encoding(encoded)
        try:
            return cls(PublicKey(encoded))
        except ValueError as error:
            raise EncodingError("these 33 bytes are not a point of secp256k1") from error

    @classmethod
    def from_x_even(cls, x: int) -> LibPoint:
        if not 0 <= x < P:
            raise EncodingError("an x-coordinate lies in [0, p)")
        return cls.from_bytes_checked(b"\x02" + x.to_bytes(32, "big"))

    @classmethod
    def infinity(cls) -> LibPoint:
        return cls(None)

    @classmethod
    def generator(cls) -> LibPoint:
        return cls(PublicKey.from_secret((1).to_bytes(32, "big")))

    @classmethod
    def sum(cls, points: Sequence[LibPoint]) -> LibPoint:
        keys = [point._key for point in points if point._key is not None]  # noqa: SLF001 - this class's own
        if not keys:
            return cls.infinity()
        try:
            return cls(PublicKey.combine_keys(keys))
        except ValueError:  # libsecp256k1 cannot hold the one remaining result: infinity
            return cls.infinity()

    def to_bytes(self) -> bytes:
        if self._key is None:
            raise EncodingError("infinity has no encoding")
        return self._key.format(compressed=True)

    def xy(self) -> tuple[int, int]:
        if self._key is None:
            raise EncodingError("infinity has no coordinates")
        return self._key.point()

    def is_infinity(self) -> bool:
        return self._key is None

    def __add__(self, other: LibPoint) -> LibPoint:
        return LibPoint.sum([self, other])

    def __neg__(self) -> LibPoint:
        if self._key is None:
            return self
        encoded = self.to_bytes()
        return LibPoint(PublicKey(bytes([encoded[0] ^ 1]) + encoded[1:]))

    def __sub__(self, other: LibPoint) -> LibPoint:
        return self + -other

    def __mul__(self, scalar: Scalar) -> LibPoint:
        if self._key is None or not scalar:
            return LibPoint.infinity()
        return LibPoint(self._key.multiply(scalar.to_bytes()))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, LibPoint):
            return NotImplemented
        if self._key is None or other._key is None:
            return self._key is other._key
        return self.to_bytes() == other.to_bytes()

    def __hash__(self) -> int:
        return hash(None if self._key is None else self.to_bytes())

    def __repr__(self) -> str:
        return "LibPoint(infinity)" if self._key is None else f"LibPoint({self.to_bytes().hex()})"


def check_encoding(encoded: bytes) -> None:
    """Length and prefix of a compressed point (SEC 1, section 2.3.3); EncodingError says which is wrong."""
    if len(encoded) != 33:
        raise EncodingError(f"a point has 33 bytes, not {len(encoded)}")
    if encoded[0] not in (2, 3):
        raise EncodingError(f"a point starts with 02 or 03, not {encoded[0]:02x}")


__all__ = ["EncodingError", "LibPoint", "N", "P", "Point", "Scalar", "check_encoding"]
