"""Clarity values and their consensus encoding (SIP-005, "Clarity Value Representation"; the VM's limits).

Every value checks its own range when made. What one value cannot see (nesting, total size, whether the items of a list
share a type) is checked when it is written or read, so both directions accept exactly the same set.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from appliance.chain.address import HASH160_BYTES, Address, AddressError, CodecError, Contract

MAX_VALUE_BYTES = 1 << 20
MAX_UTF8_CHARACTERS = MAX_VALUE_BYTES // 4
MAX_TYPE_DEPTH = 32  # a plain value counts 1, every container around it 1 more

_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9\-_!?+<>=/*]{0,127}|[-+=/*]|[<>]=?")
_ASCII = re.compile(r"[\x20-\x7e\t\n\x0c\r]*")


class ClarityError(CodecError):
    """Not a Clarity value, or not its one canonical encoding."""


@dataclass(frozen=True, slots=True)
class UInt:
    """0 to 2^128 - 1."""

    value: int

    def __post_init__(self) -> None:
        if type(self.value) is not int or not 0 <= self.value < 1 << 128:
            raise ClarityError("a uint is 0 to 2^128 - 1")


@dataclass(frozen=True, slots=True)
class Int:
    """-2^127 to 2^127 - 1."""

    value: int

    def __post_init__(self) -> None:
        if type(self.value) is not int or not -(1 << 127) <= self.value < 1 << 127:
            raise ClarityError("an int is -2^127 to 2^127 - 1")


@dataclass(frozen=True, slots=True)
class Bool:
    value: bool

    def __post_init__(self) -> None:
        if type(self.value) is not bool:
            raise ClarityError("a bool is True or False")


@dataclass(frozen=True, slots=True)
class Buffer:
    """At most 1 MiB."""

    data: bytes

    def __post_init__(self) -> None:
        if type(self.data) is not bytes or len(self.data) > MAX_VALUE_BYTES:
            raise ClarityError("a buffer is bytes, at most 1 MiB")


@dataclass(frozen=True, slots=True)
class Ascii:
    """Printable ASCII and tab, line feed, form feed, carriage return; at most 1 MiB."""

    text: str

    def __post_init__(self) -> None:
        if type(self.text) is not str or len(self.text) > MAX_VALUE_BYTES or not _ASCII.fullmatch(self.text):
            raise ClarityError("a string-ascii is printable ASCII and white space, at most 1 MiB")


@dataclass(frozen=True, slots=True)
class Utf8:
    """At most 262,144 Unicode scalar values (no surrogates)."""

    text: str

    def __post_init__(self) -> None:
        if type(self.text) is not str or len(self.text) > MAX_UTF8_CHARACTERS:
            raise ClarityError("a string-utf8 is at most 262,144 characters")
        if any("\ud800" <= character <= "\udfff" for character in self.text):
            raise ClarityError("a string-utf8 holds no surrogates")


@dataclass(frozen=True, slots=True)
class Optional:
    """(some value), or none when `value` is None."""

    value: "Value | None"

    def __post_init__(self) -> None:
        if self.value is not None:
            _value_checked(self.value)


@dataclass(frozen=True, slots=True)
class ResponseOk:
    value: "Value"

    def __post_init__(self) -> None:
        _value_checked(self.value)


@dataclass(frozen=True, slots=True)
class ResponseErr:
    value: "Value"

    def __post_init__(self) -> None:
        _value_checked(self.value)


@dataclass(frozen=True, slots=True)
class List:
    """Values of one type."""

    items: "tuple[Value, ...]"

    def __post_init__(self) -> None:
        if type(self.items) is not tuple:
            raise ClarityError("the items of a list are a tuple")
        for item in self.items:
            _value_checked(item)


@dataclass(frozen=True, slots=True)
class Tuple:
    """(name, value) pairs, at least one, names unique and in byte order; `Tuple.of` sorts."""

    fields: "tuple[tuple[str, Value], ...]"

    def __post_init__(self) -> None:
        if type(self.fields) is not tuple or not self.fields:
            raise ClarityError("a tuple has at least one field")
        before = ""
        for name, value in self.fields:
            name_checked(name)
            _value_checked(value)
            if name <= before:
                raise ClarityError("the names of a tuple are unique and in byte order")
            before = name

    @classmethod
    def of(cls, fields: "Mapping[str, Value]") -> Self:
        return cls(tuple(sorted(fields.items(), key=lambda field: field[0])))

    def __getitem__(self, name: str) -> "Value":
        """KeyError when there is no such field."""
        return dict(self.fields)[name]


Value = (
    UInt | Int | Bool | Buffer | Ascii | Utf8 | Address | Contract | Optional | ResponseOk | ResponseErr | List | Tuple
)
NONE = Optional(None)
TRUE = Bool(True)
FALSE = Bool(False)


def name_checked(name: str) -> str:
    """A Clarity name of 1 to 128 characters: a letter and what may follow it, or an operator."""
    if type(name) is not str or not _NAME.fullmatch(name):
        raise ClarityError("not a Clarity name")
    return name


def _value_checked(value: object) -> None:
    if not isinstance(value, Value):
        raise ClarityError("not a Clarity value")


# The type of a value, as far as lists and nesting need it. None is the type not known yet: of what is in `none`, in an
# empty list, or on the untaken side of a response.
_Kind = str | tuple["_Kind | None", ...] | dict[str, "_Kind | None"] | None


def _common(a: _Kind, b: _Kind) -> _Kind:
    """The type that admits both, as the VM's least supertype; ClarityError when there is none."""
    if a is None or b is None:
        return b if a is None else a
    if isinstance(a, dict) and isinstance(b, dict) and a.keys() == b.keys():
        return {name: _common(a[name], b[name]) for name in a}
    if isinstance(a, tuple) and isinstance(b, tuple) and a[0] == b[0]:
        return (a[0], *(_common(x, y) for x, y in zip(a[1:], b[1:], strict=True)))
    if not isinstance(a, str) or a != b:
        raise ClarityError("the items of a list are of different types")
    return a


def _depth(kind: _Kind) -> int:
    if kind is None or isinstance(kind, str):
        return 1
    return 1 + max(_depth(inner) for inner in (kind.values() if isinstance(kind, dict) else kind[1:]))


def serialize(value: Value, max_depth: int = MAX_TYPE_DEPTH) -> bytes:
    """The consensus encoding. ClarityError when nested beyond max_depth, over 1 MiB, or a list mixes types."""
    out = bytearray()
    kind = _write(value, out, max_depth)
    _whole_checked(kind, len(out), max_depth)
    return bytes(out)


def deserialize(data: bytes, max_depth: int = MAX_TYPE_DEPTH) -> Value:
    """The value that `serialize` writes as exactly `data`; ClarityError for anything else."""
    reader = Reader(data)
    value = read_value(reader, max_depth)
    reader.end()
    return value


def _whole_checked(kind: _Kind, size: int, max_depth: int) -> None:
    if size > MAX_VALUE_BYTES:
        raise ClarityError("the encoded value is over 1 MiB")
    if _depth(kind) > max_depth:
        raise ClarityError("the value is nested too deep")


def _write(value: Value, out: bytearray, room: int) -> _Kind:
    if room <= 0:
        raise ClarityError("the value is nested too deep")
    match value:
        case UInt(number):
            out += b"\x01" + number.to_bytes(16, "big")
            return "uint"
        case Int(number):
            out += b"\x00" + number.to_bytes(16, "big", signed=True)
            return "int"
        case Buffer(data):
            _write_sized(0x02, data, out)
            return "buffer"
        case Bool(truth):
            out += b"\x03" if truth else b"\x04"
            return "bool"
        case Address():
            out += b"\x05" + bytes([value.version]) + value.hash160
            return "principal"
        case Contract(address, name):
            out += b"\x06" + bytes([address.version]) + address.hash160 + bytes([len(name)]) + name.encode()
            return "principal"
        case ResponseOk(inner):
            out += b"\x07"
            return ("response", _write(inner, out, room - 1), None)
        case ResponseErr(inner):
            out += b"\x08"
            return ("response", None, _write(inner, out, room - 1))
        case Optional(some):
            out.append(0x09 if some is None else 0x0A)
            return ("optional", None if some is None else _write(some, out, room - 1))
        case List(items):
            out += b"\x0b" + len(items).to_bytes(4, "big")
            kind: _Kind = None
            for item in items:
                kind = _common(kind, _write(item, out, room - 1))
            return ("list", kind)
        case Tuple(fields):
            out += b"\x0c" + len(fields).to_bytes(4, "big")
            kinds: dict[str, _Kind] = {}
            for name, field in fields:
                out += bytes([len(name)]) + name.encode()
                kinds[name] = _write(field, out, room - 1)
            return kinds
        case Ascii(text):
            _write_sized(0x0D, text.encode("ascii"), out)
            return "ascii"
        case Utf8(text):
            _write_sized(0x0E, text.encode(), out)
            return "utf8"


def _write_sized(tag: int, data: bytes, out: bytearray) -> None:
    out.append(tag)
    out += len(data).to_bytes(4, "big")
    out += data


class Reader:
    """Reads big-endian fields of untrusted bytes in order; ClarityError where they end early."""

    __slots__ = ("data", "position")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.position = 0

    def take(self, size: int) -> bytes:
        if size > len(self.data) - self.position:
            raise ClarityError("the bytes end early")
        self.position += size
        return self.data[self.position - size : self.position]

    def integer(self, size: int, *, signed: bool = False) -> int:
        return int.from_bytes(self.take(size), "big", signed=signed)

    def ascii(self, length_size: int) -> str:
        """A length of `length_size` bytes and that many ASCII characters."""
        try:
            return self.take(self.integer(length_size)).decode("ascii")
        except UnicodeDecodeError as error:
            raise ClarityError("text is not ASCII") from error

    def address(self) -> Address:
        return Address(self.integer(1), self.take(HASH160_BYTES))

    def end(self) -> None:
        if self.position != len(self.data):
            raise ClarityError("bytes are left over")


def read_value(reader: Reader, max_depth: int = MAX_TYPE_DEPTH) -> Value:
    """The next value of `reader`, of at most 1 MiB and max_depth."""
    start = reader.position
    try:
        value, kind = _read(reader, max_depth)
    except AddressError as error:
        raise ClarityError(str(error)) from error
    _whole_checked(kind, reader.position - start, max_depth)
    return value


def _read(reader: Reader, room: int) -> tuple[Value, _Kind]:
    if room <= 0:
        raise ClarityError("the value is nested too deep")
    match reader.integer(1):
        case 0x00:
            return Int(reader.integer(16, signed=True)), "int"
        case 0x01:
            return UInt(reader.integer(16)), "uint"
        case 0x02:
            return Buffer(reader.take(reader.integer(4))), "buffer"
        case 0x03:
            return TRUE, "bool"
        case 0x04:
            return FALSE, "bool"
        case 0x05:
            return reader.address(), "principal"
        case 0x06:
            return Contract(reader.address(), reader.ascii(1)), "principal"
        case 0x07:
            value, kind = _read(reader, room - 1)
            return ResponseOk(value), ("response", kind, None)
        case 0x08:
            value, kind = _read(reader, room - 1)
            return ResponseErr(value), ("response", None, kind)
        case 0x09:
            return NONE, ("optional", None)
        case 0x0A:
            value, kind = _read(reader, room - 1)
            return Optional(value), ("optional", kind)
        case 0x0B:
            return _read_list(reader, room)
        case 0x0C:
            return _read_tuple(reader, room)
        case 0x0D:
            return Ascii(reader.ascii(4)), "ascii"
        case 0x0E:
            try:
                return Utf8(reader.take(reader.integer(4)).decode()), "utf8"
            except UnicodeDecodeError as error:
                raise ClarityError("text is not UTF-8") from error
    raise ClarityError("an unknown type prefix")


def _read_list(reader: Reader, room: int) -> tuple[Value, _Kind]:
    items: list[Value] = []
    common: _Kind = None
    for _ in range(reader.integer(4)):  # a count beyond the bytes ends at the first missing item
        item, kind = _read(reader, room - 1)
        items.append(item)
        common = _common(common, kind)
    return List(tuple(items)), ("list", common)


def _read_tuple(reader: Reader, room: int) -> tuple[Value, _Kind]:
    fields: list[tuple[str, Value]] = []
    kinds: dict[str, _Kind] = {}
    for _ in range(reader.integer(4)):
        name = reader.ascii(1)
        field, kinds[name] = _read(reader, room - 1)
        fields.append((name, field))
    return Tuple(tuple(fields)), kinds
