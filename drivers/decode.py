"""Register words -> integer in the finest unit. Pure and exact: no float takes part in arithmetic.

A float register is unpacked, turned into the fraction it stands for, scaled and rounded half up. What is not a number
at all (NaN, infinity, a not-a-value pattern) and an index that cannot be is a DriverError worth trying again.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from drivers.api import INDEX_LIMIT, DriverError


class Encoding(StrEnum):
    """Type of a value in registers; the number is its width in bits."""

    U16 = "u16"
    I16 = "i16"
    U32 = "u32"
    I32 = "i32"
    U64 = "u64"
    I64 = "i64"
    F32 = "f32"
    F64 = "f64"

    @property
    def words(self) -> int:
        """Registers of 16 bits that one value takes."""
        return int(self.value[1:]) // 16


class WordOrder(StrEnum):
    """Which word comes first; the bytes of a word are always most significant first."""

    BIG = "big"
    LITTLE = "little"


@dataclass(frozen=True, slots=True)
class Layout:
    """How a value lies in registers and what one raw step is worth."""

    encoding: Encoding
    order: WordOrder
    scale: Fraction  # finest units per raw step, positive: 1000 for kWh -> Wh, 10 for 0.01 kWh -> Wh
    not_a_value: tuple[bytes, ...] = ()  # register bytes, as they come, that mean "no value"


def frame(words: Sequence[int]) -> bytes:
    """The words' bytes in the order in which they came."""
    return b"".join(word.to_bytes(2, "big") for word in words)


def decode(layout: Layout, words: Sequence[int]) -> int:
    """The value in the finest unit, signed, rounded half up. DriverError if there is no value or a wrong word count."""
    return _round_half_up(_scaled(layout, words))


def decode_index(layout: Layout, words: Sequence[int]) -> int:
    """A cumulative index: as `decode`, and a negative value or one of 2^63 or more is a DriverError too."""
    value = _scaled(layout, words)
    if value < 0:  # before rounding: a small negative number must not pass as 0
        raise DriverError("the meter gave a negative index", permanent=False)
    index = _round_half_up(value)
    if index >= INDEX_LIMIT:
        raise DriverError("the meter gave an index too large to be one", permanent=False)
    return index


def _scaled(layout: Layout, words: Sequence[int]) -> Fraction:
    if len(words) != layout.encoding.words:
        raise DriverError(
            f"{len(words)} registers came where {layout.encoding} takes {layout.encoding.words}", permanent=False
        )
    raw = frame(words)
    if raw in layout.not_a_value:
        raise DriverError("the meter says that it has no value now", permanent=False)
    return _number(layout, raw) * layout.scale


def _number(layout: Layout, raw: bytes) -> Fraction:
    if layout.order is WordOrder.LITTLE:
        raw = b"".join(raw[at : at + 2] for at in range(len(raw) - 2, -1, -2))
    match layout.encoding:
        case Encoding.F32:
            return _finite(struct.unpack(">f", raw)[0])
        case Encoding.F64:
            return _finite(struct.unpack(">d", raw)[0])
        case Encoding.I16 | Encoding.I32 | Encoding.I64:
            return Fraction(int.from_bytes(raw, "big", signed=True))
        case Encoding.U16 | Encoding.U32 | Encoding.U64:
            return Fraction(int.from_bytes(raw, "big"))


def _finite(value: float) -> Fraction:
    try:
        return Fraction(value)
    except (ValueError, OverflowError) as error:
        raise DriverError("the meter gave something that is not a number", permanent=False) from error


def _round_half_up(value: Fraction) -> int:
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)
