"""Words -> integer, against a table of bytes from IEEE 754 and against slow formulas of other parts of the library."""

import struct
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.api import DriverError
from drivers.decode import Encoding, Layout, WordOrder, decode, decode_index, frame

B, L = WordOrder.BIG, WordOrder.LITTLE


def words(data: str) -> tuple[int, ...]:
    return tuple(int(data[at : at + 4], 16) for at in range(0, len(data), 4))


@pytest.mark.parametrize(
    ("encoding", "order", "scale", "data", "expected"),
    [
        ("u16", B, "1", "0000", 0),
        ("u16", B, "1", "FFFF", 65_535),
        ("i16", B, "1", "FFFF", -1),
        ("i16", L, "1", "8000", -32_768),
        ("u32", B, "1", "00010002", 65_538),
        ("u32", L, "1", "00010002", 131_073),
        ("u32", B, "1", "FFFFFFFE", 4_294_967_294),
        ("i32", B, "1", "FFFFFFFE", -2),
        ("i32", L, "1", "FFFEFFFF", -2),
        ("u64", B, "10", "000000000085BFF8", 87_654_320),
        ("u64", L, "10", "BFF8008500000000", 87_654_320),
        ("u64", B, "1", "FFFFFFFFFFFFFFFE", 18_446_744_073_709_551_614),
        ("i64", B, "1", "FFFFFFFFFFFFFFFE", -2),
        ("i64", B, "1", "7FFFFFFFFFFFFFFE", 9_223_372_036_854_775_806),
        ("f32", B, "1", "3F800000", 1),
        ("f32", L, "1", "00003F80", 1),
        ("f32", B, "1000", "42F6E979", 123_456),  # 123.45600128...
        ("f32", B, "1000000", "40490FDB", 3_141_593),  # 3.14159274...
        ("f32", B, "1000", "461C3FFE", 9_999_998),  # 9999.998046875: one step below 10,000 kWh is 0.98 Wh
        ("f32", B, "1000", "47C34FFF", 99_999_992),  # 99999.9921875: a step is 7.8 Wh here
        ("f32", B, "1", "3F000000", 1),  # 0.5, half up
        ("f32", B, "1", "3FC00000", 2),  # 1.5
        ("f32", B, "1", "40200000", 3),  # 2.5
        ("f32", B, "1", "3EFFFFFF", 0),  # the number before 0.5
        ("f32", B, "1", "80000000", 0),  # minus zero
        ("f32", B, "1000", "00000001", 0),  # the smallest there is
        ("f64", B, "1", "40C81CD6E631F8A1", 12_346),  # 12345.6789
        ("f64", L, "10000", "F8A1E6311CD640C8", 123_456_789),
        ("f64", B, "10000", "40C81CD6E631F8A1", 123_456_789),
        ("f64", B, "1", "433FFFFFFFFFFFFF", 9_007_199_254_740_991),
        ("u16", B, "1/10", "0005", 1),  # 0.5, half up
        ("u16", B, "1/10", "0004", 0),
        ("i16", B, "1/10", "FFFB", 0),  # -0.5 goes up
        ("i16", B, "1/10", "FFFA", -1),
        ("u32", B, "1000/3", "00000001", 333),
        ("u32", B, "2000/3", "00000001", 667),
    ],
)
def test_table(encoding: str, order: WordOrder, scale: str, data: str, expected: int) -> None:
    assert decode(Layout(Encoding(encoding), order, Fraction(scale)), words(data)) == expected


@pytest.mark.parametrize(
    ("encoding", "data", "message"),
    [
        ("f32", "7FC00000", "not a number"),
        ("f32", "FFFFFFFF", "not a number"),
        ("f32", "7F800000", "not a number"),
        ("f32", "FF800000", "not a number"),
        ("f64", "7FF8000000000000", "not a number"),
        ("f64", "FFF0000000000000", "not a number"),
        ("f32", "80000001", "negative"),  # rounds to 0, and is negative all the same
        ("f32", "BF800000", "negative"),
        ("i32", "FFFFFFFF", "negative"),
        ("f32", "7F000000", "too large"),
        ("u64", "8000000000000000", "too large"),
        ("f64", "43E0000000000000", "too large"),  # 2^63
    ],
)
def test_an_index_that_cannot_be_is_refused(encoding: str, data: str, message: str) -> None:
    with pytest.raises(DriverError, match=message) as refused:
        decode_index(Layout(Encoding(encoding), B, Fraction(1)), words(data))
    assert not refused.value.permanent


def test_the_largest_index() -> None:
    assert decode_index(Layout(Encoding.U64, B, Fraction(1)), words("7FFFFFFFFFFFFFFF")) == 2**63 - 1


@pytest.mark.parametrize("order", list(WordOrder))
def test_a_pattern_stands_for_no_value_in_the_order_of_the_wire(order: WordOrder) -> None:
    layout = Layout(Encoding.U32, order, Fraction(1), (bytes.fromhex("FFFF0000"),))
    with pytest.raises(DriverError, match="no value"):
        decode(layout, words("FFFF0000"))
    assert decode(layout, words("0000FFFF")) >= 0


@pytest.mark.parametrize("encoding", list(Encoding))
def test_a_wrong_word_count_is_refused(encoding: Encoding) -> None:
    for count in {0, encoding.words - 1, encoding.words + 1}:
        with pytest.raises(DriverError, match=f"{count} registers came where {encoding} takes {encoding.words}"):
            decode(Layout(encoding, B, Fraction(1)), [0] * count)


def test_the_frame_keeps_the_order_of_the_wire() -> None:
    assert frame((0x0102, 0xA0B0)) == bytes.fromhex("0102A0B0")


INTEGERS = {
    Encoding.U16: "H",
    Encoding.I16: "h",
    Encoding.U32: "I",
    Encoding.I32: "i",
    Encoding.U64: "Q",
    Encoding.I64: "q",
}


@given(st.sampled_from(sorted(INTEGERS)), st.sampled_from(WordOrder), st.data(), st.integers(1, 10**6))
def test_integers_are_exact(encoding: Encoding, order: WordOrder, data: st.DataObject, scale: int) -> None:
    width = 16 * encoding.words
    low, high = (-(2 ** (width - 1)), 2 ** (width - 1) - 1) if encoding.startswith("i") else (0, 2**width - 1)
    value = data.draw(st.integers(low, high))
    packed = struct.unpack(f">{encoding.words}H", struct.pack(">" + INTEGERS[encoding], value))
    on_wire = packed if order is B else packed[::-1]
    assert decode(Layout(encoding, order, Fraction(scale)), on_wire) == value * scale


@given(st.floats(0, 2**40, width=32), st.sampled_from((1, 10, 1000, 10**6)))
def test_floats_are_rounded_as_decimals_are(value: float, scale: int) -> None:
    on_wire = struct.unpack(">2H", struct.pack(">f", value))
    with localcontext() as context:
        context.prec = 400  # a binary float is a finite decimal
        expected = int((Decimal(value) * scale).quantize(Decimal(1), rounding=ROUND_HALF_UP))
    assert decode_index(Layout(Encoding.F32, B, Fraction(scale)), on_wire) == expected


@given(st.lists(st.floats(0, 1e9, width=32), min_size=2, max_size=20))
def test_a_rising_register_gives_a_rising_index(values: list[float]) -> None:
    layout = Layout(Encoding.F32, B, Fraction(1000))
    indexes = [decode_index(layout, struct.unpack(">2H", struct.pack(">f", value))) for value in sorted(values)]
    assert indexes == sorted(indexes)


@given(st.sampled_from(Encoding), st.sampled_from(WordOrder), st.data())
def test_any_words_give_an_index_or_a_driver_error(encoding: Encoding, order: WordOrder, data: st.DataObject) -> None:
    on_wire = data.draw(st.lists(st.integers(0, 65535), max_size=5))
    index = _index_or_error(Layout(encoding, order, Fraction(1000)), on_wire)
    assert 0 <= index < 2**63 if isinstance(index, int) else not index.permanent


def _index_or_error(layout: Layout, on_wire: list[int]) -> int | DriverError:
    try:
        return decode_index(layout, on_wire)
    except DriverError as error:
        return error
