"""Clarity values while they are computed with, the kinds they carry, and the way from and to consensus bytes.

uint is int, int is Signed, bool is bool, (buff n) is bytes, string-ascii is str, principals are Address and Contract,
none is None. A list carries its own kind, which its history decides (`as-max-len?`, `filter`, storage); so may a tuple.
Rules from stacks-core (commit in tables.py), clarity-types/src/types/mod.rs and serialization.rs (`sanitize_value`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

from appliance.chain import clarity
from appliance.chain.address import Address, Contract
from contracts.costs.kinds import (
    BOOL,
    EMPTY_LIST,
    INT,
    NO_TYPE,
    NONE_KIND,
    PRINCIPAL,
    TRAIT,
    UINT,
    Kind,
    ascii_string,
    buff,
    is_fixed,
    list_of,
    optional,
    response,
    supertype,
    tuple_of,
    utf8_string,
)


@dataclass(frozen=True, slots=True, order=True)
class Signed:
    """An int, -2^127 to 2^127 - 1."""

    value: int


@dataclass(frozen=True, slots=True)
class Unicode:
    """A string-utf8. The model has them as literals and results, not as arguments."""

    text: str


@dataclass(frozen=True, slots=True)
class Some:
    value: Value


@dataclass(frozen=True, slots=True)
class Ok:
    value: Value


@dataclass(frozen=True, slots=True)
class Err:
    value: Value


@dataclass(frozen=True, slots=True)
class Trait:
    """A contract that came as an argument of a trait's type."""

    contract: Contract


class Items:
    """A list. Equality is that of the items; the kind does not count."""

    __slots__ = ("items", "kind")

    def __init__(self, items: tuple[Value, ...], kind: Kind) -> None:
        self.items = items
        self.kind = kind

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Items) and same(self.items, other.items)

    __hash__ = None  # type: ignore[assignment]  # mutable, and compared by content


class Fields:
    """A tuple; names in byte order. `declared` is the kind where it came from storage or `merge`, else None."""

    __slots__ = ("_kind", "declared", "names", "values")

    def __init__(self, names: tuple[str, ...], values: tuple[Value, ...], declared: Kind | None = None) -> None:
        self.names = names
        self.values = values
        self.declared = declared
        self._kind = declared

    @classmethod
    def of(cls, fields: dict[str, Value]) -> Fields:
        names = tuple(sorted(fields))
        return cls(names, tuple(fields[name] for name in names))

    @property
    def kind(self) -> Kind:
        if self._kind is None:
            self._kind = tuple_of(self.names, tuple([kind_of(value) for value in self.values]))
        return self._kind

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Fields) and self.names == other.names and same(self.values, other.values)

    __hash__ = None  # type: ignore[assignment]  # mutable, and compared by content


Value = (
    None | int | Signed | bool | bytes | str | Unicode | Address | Contract | Trait | Some | Ok | Err | Items | Fields
)


def same(a: tuple[Value, ...], b: tuple[Value, ...]) -> bool:
    """Equal one by one; True is not 1 here."""
    return len(a) == len(b) and all(type(x) is type(y) and x == y for x, y in zip(a, b, strict=True))


def kind_of(value: Value) -> Kind:
    match value:
        case bool():
            return BOOL
        case int():
            return UINT
        case bytes():
            return buff(len(value))
        case Fields() | Items():
            return value.kind
        case None:
            return NONE_KIND
        case Some():
            return optional(kind_of(value.value))
        case Ok():
            return response(kind_of(value.value), NO_TYPE)
        case Err():
            return response(NO_TYPE, kind_of(value.value))
        case str():
            return ascii_string(len(value))
        case Unicode():
            return utf8_string(len(value.text))
        case Signed():
            return INT
        case Trait():
            return TRAIT
    return PRINCIPAL


def size_of(value: Value) -> int:
    """The size that cost functions take."""
    if type(value) is int:
        return 16
    if type(value) is bytes:
        return 4 + len(value)
    return kind_of(value).size


def make_list(items: tuple[Value, ...]) -> Items:
    """A list whose kind is the least that admits its items. KindMismatch where there is none."""
    if not items:
        return Items((), EMPTY_LIST)
    return Items(items, list_of(reduce(supertype, [kind_of(item) for item in items]), len(items)))


def sanitized(value: Value) -> Value:
    """The value with the kinds that follow from what it holds, as arguments and results of calls have them."""
    match value:
        case Fields():
            inner = tuple([sanitized(field) for field in value.values])
            if value.declared is None and all(x is y for x, y in zip(inner, value.values, strict=True)):
                return value
            return Fields(value.names, inner)
        case Items():
            fresh = make_list(tuple([sanitized(item) for item in value.items]))
            return value if fresh.kind is value.kind and all(map(_is, fresh.items, value.items)) else fresh
        case Some() | Ok() | Err():
            held = sanitized(value.value)
            return value if held is value.value else type(value)(held)
    return value


def _is(a: Value, b: Value) -> bool:
    return a is b


def declared(value: Value, kind: Kind) -> Value:
    """The value as read from storage of that kind: lists and tuples take over the declared kinds."""
    match value:
        case Fields():
            inner = (declared(field, of) for field, of in zip(value.values, kind.inner, strict=True))
            return Fields(value.names, tuple(inner), kind)
        case Items():
            return Items(tuple(declared(item, kind.inner[0]) for item in value.items), kind)
        case Some():
            return Some(declared(value.value, kind.inner[0]))
        case Ok():
            return Ok(declared(value.value, kind.inner[0]))
        case Err():
            return Err(declared(value.value, kind.inner[1]))
    return value


def cast(value: Value, kind: Kind) -> Value:
    """The value as a function has it that declares `kind`: a contract becomes the trait, a tuple takes over the
    declared kind, a list the declared entries under its own length. callables.rs, `clarity2_implicit_cast`."""
    match value:
        case Items():
            items = (
                value.items if is_fixed(kind.inner[0]) else tuple([cast(item, kind.inner[0]) for item in value.items])
            )
            return Items(items, list_of(kind.inner[0], value.kind.length))
        case Fields():
            if is_fixed(kind):
                return value
            return Fields(
                value.names, tuple([cast(v, of) for v, of in zip(value.values, kind.inner, strict=True)]), kind
            )
        case Some():
            return Some(cast(value.value, kind.inner[0]))
        case Ok():
            return Ok(cast(value.value, kind.inner[0]))
        case Err():
            return Err(cast(value.value, kind.inner[1]))
        case Contract() if kind is TRAIT:
            return Trait(value)
    return value


def admits(kind: Kind, value: Value) -> bool:
    """Whether a value may be passed where `kind` is declared."""
    match value:
        case None:
            return kind.family == "optional"
        case Some():
            return kind.family == "optional" and admits(kind.inner[0], value.value)
        case Ok() | Err():
            return kind.family == "response" and admits(kind.inner[isinstance(value, Err)], value.value)
        case Items():
            fits = kind.family == "list" and len(value.items) <= kind.length
            return fits and all(admits(kind.inner[0], item) for item in value.items)
        case Fields():
            fits = kind.family == "tuple" and kind.names == value.names
            return fits and all(map(admits, kind.inner, value.values))
        case Contract():
            return kind.family in ("principal", "trait")
    own = kind_of(value)
    return own.family == kind.family and own.length <= kind.length


def from_clarity(value: clarity.Value) -> Value:
    """ValueError for string-utf8, which the model does not have."""
    match value:
        case clarity.UInt(number):
            return number
        case clarity.Int(number):
            return Signed(number)
        case clarity.Bool(truth):
            return truth
        case clarity.Buffer(data):
            return data
        case clarity.Ascii(text):
            return text
        case Address() | Contract():
            return value
        case clarity.Optional(inner):
            return None if inner is None else Some(from_clarity(inner))
        case clarity.ResponseOk(inner):
            return Ok(from_clarity(inner))
        case clarity.ResponseErr(inner):
            return Err(from_clarity(inner))
        case clarity.List(items):
            return make_list(tuple(from_clarity(item) for item in items))
        case clarity.Tuple(fields):
            return Fields(tuple(name for name, _ in fields), tuple(from_clarity(field) for _, field in fields))
    raise ValueError(f"{type(value).__name__} is outside the modelled part of Clarity")


def to_clarity(value: Value) -> clarity.Value:
    match value:
        case None:
            return clarity.NONE
        case bool():
            return clarity.Bool(value)
        case int():
            return clarity.UInt(value)
        case Signed():
            return clarity.Int(value.value)
        case bytes():
            return clarity.Buffer(value)
        case str():
            return clarity.Ascii(value)
        case Unicode():
            return clarity.Utf8(value.text)
        case Some():
            return clarity.Optional(to_clarity(value.value))
        case Ok():
            return clarity.ResponseOk(to_clarity(value.value))
        case Err():
            return clarity.ResponseErr(to_clarity(value.value))
        case Items():
            return clarity.List(tuple(to_clarity(item) for item in value.items))
        case Fields():
            fields = zip(value.names, value.values, strict=True)
            return clarity.Tuple(tuple((name, to_clarity(field)) for name, field in fields))
        case Trait():
            return value.contract
    return value


def encode(value: Value) -> bytes:
    """Consensus bytes."""
    if type(value) is int:
        return b"\x01" + value.to_bytes(16, "big")
    return clarity.serialize(to_clarity(value))


def encoded_size(value: Value) -> int:
    if type(value) is int:
        return 17
    if type(value) is bytes:
        return 5 + len(value)
    return len(encode(value))
