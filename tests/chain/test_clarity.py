import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.chain.address import Address, Contract
from appliance.chain.clarity import (
    MAX_TYPE_DEPTH,
    MAX_UTF8_CHARACTERS,
    MAX_VALUE_BYTES,
    NONE,
    Ascii,
    Bool,
    Buffer,
    ClarityError,
    Int,
    List,
    Optional,
    ResponseErr,
    ResponseOk,
    Tuple,
    UInt,
    Utf8,
    Value,
    deserialize,
    serialize,
)

from .descriptions import ANY_NAME, PATIENT
from .oracle import Oracle

ADDRESS = Address(26, bytes(range(20)))

addresses = st.builds(Address, st.integers(0, 31), st.binary(min_size=20, max_size=20))
contract_names = st.from_regex(r"[a-zA-Z][a-zA-Z0-9_-]{0,39}", fullmatch=True)
names = st.builds(str.__add__, st.sampled_from("azAZm"), st.text(ANY_NAME, max_size=10))
LEAVES: list[st.SearchStrategy[Value]] = [
    st.integers(0, (1 << 128) - 1).map(UInt),
    st.integers(-(1 << 127), (1 << 127) - 1).map(Int),
    st.booleans().map(Bool),
    st.binary(max_size=60).map(Buffer),
    st.text("".join(map(chr, [*range(0x20, 0x7F), 9, 10, 12, 13])), max_size=60).map(Ascii),
    st.text(max_size=40).map(Utf8),
    st.one_of(addresses, st.builds(Contract, addresses, contract_names)),
]


def _around(inner: st.SearchStrategy[st.SearchStrategy[Value]]) -> st.SearchStrategy[st.SearchStrategy[Value]]:
    def response(sides: tuple[st.SearchStrategy[Value], st.SearchStrategy[Value]]) -> st.SearchStrategy[Value]:
        return st.one_of(sides[0].map(ResponseOk), sides[1].map(ResponseErr))

    return st.one_of(
        inner.map(lambda s: st.one_of(st.none(), s).map(Optional)),
        st.tuples(inner, inner).map(response),
        inner.map(lambda s: st.lists(s, max_size=4).map(lambda items: List(tuple(items)))),
        st.dictionaries(names, inner, min_size=1, max_size=4).map(lambda f: st.fixed_dictionaries(f).map(Tuple.of)),
    )


# A type is a strategy for its values, so that the items of a list come from one.
values: st.SearchStrategy[Value] = st.recursive(st.sampled_from(LEAVES), _around, max_leaves=8).flatmap(lambda s: s)


@given(values)
@settings(PATIENT, max_examples=300)
def test_round_trip(value: Value) -> None:
    data = serialize(value)
    assert deserialize(data) == value
    assert serialize(deserialize(data)) == data


@given(values, st.data())
@settings(PATIENT, max_examples=300)
def test_changed_bytes_are_refused_or_canonical(value: Value, data: st.DataObject) -> None:
    encoded = bytearray(serialize(value))
    at = data.draw(st.integers(0, len(encoded) - 1))
    match data.draw(st.sampled_from(("change", "cut", "insert", "repeat"))):
        case "change":
            encoded[at] ^= data.draw(st.integers(1, 255))
        case "cut":
            del encoded[at:]
        case "insert":
            encoded.insert(at, data.draw(st.integers(0, 255)))
        case "repeat":
            encoded += encoded[at:]
    _refused_or_canonical(bytes(encoded))


@given(st.binary(max_size=200))
@PATIENT
def test_any_bytes_are_refused_or_canonical(data: bytes) -> None:
    _refused_or_canonical(data)


def _refused_or_canonical(data: bytes) -> None:
    try:
        value = deserialize(data)
    except ClarityError:
        return
    assert serialize(value) == data


@pytest.mark.parametrize(
    "make",
    [
        lambda: UInt(-1),
        lambda: UInt(1 << 128),
        lambda: UInt(True),
        lambda: UInt(1.0),  # type: ignore[arg-type]
        lambda: Int(1 << 127),
        lambda: Int(-(1 << 127) - 1),
        lambda: Bool(1),  # type: ignore[arg-type]
        lambda: Buffer(bytearray(1)),  # type: ignore[arg-type]
        lambda: Buffer(bytes(MAX_VALUE_BYTES + 1)),
        lambda: Ascii("ä"),
        lambda: Ascii("\x7f"),
        lambda: Ascii("\0"),
        lambda: Ascii("a" * (MAX_VALUE_BYTES + 1)),
        lambda: Utf8("\ud800"),
        lambda: Utf8("a" * (MAX_UTF8_CHARACTERS + 1)),
        lambda: Optional(1),  # type: ignore[arg-type]
        lambda: ResponseOk(None),  # type: ignore[arg-type]
        lambda: ResponseErr("u1"),  # type: ignore[arg-type]
        lambda: List([UInt(1)]),  # type: ignore[arg-type]
        lambda: List((1,)),  # type: ignore[arg-type]
        lambda: Tuple(()),
        lambda: Tuple((("b", UInt(1)), ("a", UInt(1)))),
        lambda: Tuple((("a", UInt(1)), ("a", UInt(1)))),
        lambda: Tuple.of({}),
        lambda: Tuple.of({"1a": UInt(1)}),
        lambda: Tuple.of({"": UInt(1)}),
        lambda: Tuple.of({"a b": UInt(1)}),
        lambda: Tuple.of({"a\n": UInt(1)}),
        lambda: Tuple.of({"a" * 129: UInt(1)}),
        lambda: Tuple.of({"a": 1}),  # type: ignore[dict-item]
    ],
)
def test_not_a_value(make: Callable[[], Any]) -> None:
    with pytest.raises(ClarityError):
        make()


def test_values_are_frozen_and_tuples_are_looked_up_by_name() -> None:
    entry = Tuple.of({"total": UInt(7), "at-block": UInt(3)})
    assert entry["total"] == UInt(7)
    assert [name for name, _ in entry.fields] == ["at-block", "total"]
    with pytest.raises(KeyError):
        entry["missing"]
    with pytest.raises(dataclasses.FrozenInstanceError):
        entry.fields = ()  # type: ignore[misc]


@pytest.mark.parametrize(
    "items",
    [
        (UInt(1), Int(1)),
        (Buffer(b"a"), Ascii("a")),
        (Ascii("a"), Utf8("a")),
        (Optional(UInt(1)), UInt(1)),
        (Optional(UInt(1)), NONE, Optional(Int(1))),
        (ResponseOk(UInt(1)), ResponseErr(Bool(True)), ResponseOk(Bool(True))),
        (List((UInt(1),)), List(()), List((Int(1),))),
        (Tuple.of({"a": UInt(1)}), Tuple.of({"b": UInt(1)})),
        (Tuple.of({"a": UInt(1)}), Tuple.of({"a": UInt(1), "b": UInt(1)})),
        (Tuple.of({"a": UInt(1)}), Tuple.of({"a": Int(1)})),
    ],
)
def test_a_list_of_two_types_is_neither_written_nor_read(items: tuple[Value, ...]) -> None:
    with pytest.raises(ClarityError):
        serialize(List(items))
    with pytest.raises(ClarityError):
        deserialize(b"\x0b" + len(items).to_bytes(4, "big") + b"".join(map(serialize, items)))


@pytest.mark.parametrize(
    "items",
    [
        (NONE, Optional(UInt(1)), NONE),
        (ResponseOk(UInt(1)), ResponseErr(Bool(True)), ResponseOk(UInt(2))),
        (List(()), List((UInt(1),))),
        (ADDRESS, Contract(ADDRESS, "a")),
        (Tuple.of({"a": NONE}), Tuple.of({"a": Optional(Utf8(""))})),
    ],
)
def test_a_list_of_one_type_whose_parts_are_not_all_there(items: tuple[Value, ...]) -> None:
    assert deserialize(serialize(List(items))) == List(items)


def _nested(depth: int, leaf: Value) -> Value:
    for _ in range(depth - 1):
        leaf = Optional(leaf)
    return leaf


def test_nesting_ends_where_the_vm_ends_it(oracle: Oracle) -> None:
    """from-consensus-buff? adds an optional of its own, so its deepest value is one less deep than the type."""
    for containers, accepted in ((MAX_TYPE_DEPTH - 2, True), (MAX_TYPE_DEPTH - 1, False)):
        kind = "(optional " * containers + "uint" + ")" * containers
        raw = serialize(_nested(containers + 1, UInt(1)))
        answer = oracle.answers("evaluate", [f"(from-consensus-buff? {kind} 0x{raw.hex()})"])[0]
        assert ("ok" in answer) is accepted, answer
    deepest = b"\x0a" * (MAX_TYPE_DEPTH - 1) + serialize(UInt(1))
    assert serialize(deserialize(deepest)) == deepest
    for empty in (NONE, List(())):  # what could be inside them counts too
        with pytest.raises(ClarityError):
            deserialize(b"\x0a" * (MAX_TYPE_DEPTH - 1) + serialize(empty))
    for leaf in (UInt(1), NONE, List(())):
        too_deep = b"\x0a" * MAX_TYPE_DEPTH + serialize(leaf)
        with pytest.raises(ClarityError):
            deserialize(too_deep)
        with pytest.raises(ClarityError):
            serialize(_nested(MAX_TYPE_DEPTH + 1, leaf))
    with pytest.raises(ClarityError):
        deserialize(b"\x0a" * (1 << 20))


def test_nothing_over_one_mebibyte() -> None:
    half = Buffer(bytes(MAX_VALUE_BYTES // 2))
    for value in (Buffer(bytes(MAX_VALUE_BYTES)), List((half, half)), Tuple.of({"a": half, "b": half})):
        with pytest.raises(ClarityError):
            serialize(value)
    largest = Buffer(bytes(MAX_VALUE_BYTES - 5))
    assert deserialize(serialize(largest)) == largest
    with pytest.raises(ClarityError):
        deserialize(b"\x02" + (MAX_VALUE_BYTES - 4).to_bytes(4, "big") + bytes(MAX_VALUE_BYTES - 4))


# (type for the VM, encoding): what the VM's reader refuses, so must ours.
REFUSED = [
    ("{a: uint, b: uint}", "0c00000000"),  # no fields
    ("{a: uint}", "0c00000002" + "016101" + "00" * 16 + "016101" + "00" * 16),  # a name twice
    ("(string-ascii 9)", "0d000000010b"),  # vertical tab
    ("(string-ascii 9)", "0d0000000100"),
    ("(string-ascii 9)", "0d0000000180"),
    ("(string-utf8 9)", "0e00000002c080"),  # over-long
    ("(string-utf8 9)", "0e00000003eda080"),  # surrogate
    ("(string-utf8 9)", "0e00000004f4908080"),  # beyond U+10FFFF
    ("(list 2 uint)", "0b00000002" + "01" + "00" * 16 + "03"),  # two types
    ("(list 2 uint)", "0b00000002" + "01" + "00" * 16),  # an item short
    ("principal", "0520" + "00" * 20),  # version 32
    ("principal", "0616" + "00" * 20 + "00"),  # no name
    ("principal", "0616" + "00" * 20 + "0131"),  # name beginning with a digit
    ("bool", "0300"),  # a byte left over
    ("bool", "0f"),  # no such type
    ("bool", ""),
    ("uint", "01" + "00" * 15),
    ("(buff 9)", "02000000020f"),
    ("(optional uint)", "0a"),
]


def test_what_the_vm_refuses_is_refused(oracle: Oracle) -> None:
    answers = oracle.ask("evaluate", [f"(from-consensus-buff? {kind} 0x{raw})" for kind, raw in REFUSED])
    for (kind, raw), answer in zip(REFUSED, answers, strict=True):
        assert deserialize(bytes.fromhex(answer)) == NONE, (kind, raw)
        with pytest.raises(ClarityError):
            deserialize(bytes.fromhex(raw))


def test_two_encodings_that_the_vm_still_reads_are_refused(oracle: Oracle) -> None:
    """Names out of order, which it writes back in order; and a contract name too long for any deployed contract."""
    unsorted = "0c00000002" + "016201" + "00" * 16 + "016101" + "00" * 16
    long_name = "0616" + "00" * 20 + "29" + "61" * 41
    snippets = [
        f"(from-consensus-buff? {{a: uint, b: uint}} 0x{unsorted})",
        f"(from-consensus-buff? principal 0x{long_name})",
    ]
    assert all(answer.startswith("0a") for answer in oracle.ask("evaluate", snippets))
    for raw in (unsorted, long_name):
        with pytest.raises(ClarityError):
            deserialize(bytes.fromhex(raw))
