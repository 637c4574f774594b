"""The same points over py_ecc: pure Python, slow, by other authors: a checker shares no arithmetic with the prover."""

from __future__ import annotations

import sys
from collections.abc import Sequence

_limit = sys.getrecursionlimit()  # before py_ecc is imported, hence imports below code

from py_ecc.secp256k1 import secp256k1 as curve  # noqa: E402

from circuits.group import check_encoding  # noqa: E402
from circuits.scalar import EncodingError, P, Scalar  # noqa: E402

sys.setrecursionlimit(_limit)  # py_ecc raises it to 100,000: nested input from outside would then overflow the C stack

_INFINITY = (0, 0)  # py_ecc's own form of the neutral element


class ReferencePoint:
    """Point over py_ecc. Same contract as `circuits.group.Point`."""

    __slots__ = ("_xy",)

    def __init__(self, xy: tuple[int, int]) -> None:
        self._xy = xy

    @classmethod
    def from_bytes_checked(cls, encoded: bytes) -> ReferencePoint:
        check_encoding(encoded)
        even = cls.from_x_even(int.from_bytes(encoded[1:], "big"))
        return even if encoded[0] == 2 else -even

    @classmethod
    def from_x_even(cls, x: int) -> ReferencePoint:
        if not 0 <= x < P:
            raise EncodingError("an x-coordinate lies in [0, p)")
        square = (pow(x, 3, P) + 7) % P
        y = pow(square, (P + 1) // 4, P)  # p = 3 mod 4
        if y * y % P != square:
            raise EncodingError("no point of secp256k1 has this x-coordinate")
        return cls((x, y if y % 2 == 0 else P - y))

    @classmethod
    def infinity(cls) -> ReferencePoint:
        return cls(_INFINITY)

    @classmethod
    def generator(cls) -> ReferencePoint:
        return cls(curve.G)

    @classmethod
    def sum(cls, points: Sequence[ReferencePoint]) -> ReferencePoint:
        result = cls.infinity()
        for point in points:
            result = result + point
        return result

    def to_bytes(self) -> bytes:
        if self.is_infinity():
            raise EncodingError("infinity has no encoding")
        x, y = self._xy
        return bytes([2 + y % 2]) + x.to_bytes(32, "big")

    def xy(self) -> tuple[int, int]:
        if self.is_infinity():
            raise EncodingError("infinity has no coordinates")
        return self._xy

    def is_infinity(self) -> bool:
        return self._xy == _INFINITY

    def __add__(self, other: ReferencePoint) -> ReferencePoint:
        if self.is_infinity():
            return other
        if other.is_infinity():
            return self
        if self._xy[0] == other._xy[0] and self._xy[1] != other._xy[1]:
            return ReferencePoint.infinity()
        return ReferencePoint(curve.add(self._xy, other._xy))

    def __neg__(self) -> ReferencePoint:
        x, y = self._xy
        return self if self.is_infinity() else ReferencePoint((x, P - y))

    def __sub__(self, other: ReferencePoint) -> ReferencePoint:
        return self + -other

    def __mul__(self, scalar: Scalar) -> ReferencePoint:
        if self.is_infinity() or not scalar:
            return ReferencePoint.infinity()
        return ReferencePoint(curve.multiply(self._xy, scalar.value))

    def __eq__(self, other: object) -> bool:
        return self._xy == other._xy if isinstance(other, ReferencePoint) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._xy)

    def __repr__(self) -> str:
        return "ReferencePoint(infinity)" if self.is_infinity() else f"ReferencePoint({self.to_bytes().hex()})"
