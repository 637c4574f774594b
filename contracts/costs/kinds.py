"""Clarity types as far as costs need them: the size of a value is the size of its type.

Rules from stacks-core (commit in tables.py), clarity-types/src/types/signatures.rs: `inner_size`, `inner_type_size`,
`least_supertype_v2_1`. Kinds are interned: equal kinds are one object.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """`size`: of its values, at most. `type_size`: of the type itself. `length`: of buffers, strings and lists."""

    family: str
    size: int
    type_size: int
    length: int = 0
    inner: tuple[Kind, ...] = ()
    names: tuple[str, ...] = ()


NO_TYPE = Kind("no type", 1, 1)
UINT = Kind("uint", 16, 1)
INT = Kind("int", 16, 1)
BOOL = Kind("bool", 1, 1)
PRINCIPAL = Kind("principal", 148, 1)
TRAIT = Kind("trait", 276, 1)


@cache
def buff(length: int) -> Kind:
    return Kind("buff", 4 + length, 5, length)


@cache
def ascii_string(length: int) -> Kind:
    return Kind("string-ascii", 4 + length, 5, length)


@cache
def utf8_string(length: int) -> Kind:
    return Kind("string-utf8", 4 + 4 * length, 5, length)


@cache
def list_of(entry: Kind, length: int) -> Kind:
    type_size = entry.type_size + 5
    return Kind("list", entry.size * length + type_size, type_size, length, (entry,))


@cache
def optional(some: Kind) -> Kind:
    return Kind("optional", some.size + 1, some.type_size + 1, inner=(some,))


@cache
def response(ok: Kind, err: Kind) -> Kind:
    return Kind("response", max(ok.size, err.size) + 1, ok.type_size + err.type_size + 1, inner=(ok, err))


@cache
def tuple_of(names: tuple[str, ...], kinds: tuple[Kind, ...]) -> Kind:
    """Names in byte order."""
    letters = sum(len(name) for name in names)
    type_size = 2 * len(names) + letters + sum(kind.type_size for kind in kinds)
    size = type_size + 2 * len(names) + letters + sum(kind.size for kind in kinds)
    return Kind("tuple", size, type_size, inner=kinds, names=names)


EMPTY_LIST = list_of(NO_TYPE, 0)
NONE_KIND = optional(NO_TYPE)


class KindMismatch(ValueError):
    """Two types that no value has in common."""


def supertype(a: Kind, b: Kind) -> Kind:
    """The least type that admits both."""
    if a is b or b is NO_TYPE:
        return a
    if a is NO_TYPE:
        return b
    if a.family != b.family:
        raise KindMismatch(f"{a.family} and {b.family} in one list")
    match a.family:
        case "buff" | "string-ascii" | "string-utf8":
            return a if a.length >= b.length else b
        case "list":
            if a.length == 0 or b.length == 0:
                entry = b.inner[0] if a.length == 0 else a.inner[0]
            else:
                entry = supertype(a.inner[0], b.inner[0])
            return list_of(entry, max(a.length, b.length))
        case "optional":
            return optional(supertype(a.inner[0], b.inner[0]))
        case "response":
            return response(supertype(a.inner[0], b.inner[0]), supertype(a.inner[1], b.inner[1]))
        case "tuple" if a.names == b.names:
            return tuple_of(a.names, tuple(supertype(x, y) for x, y in zip(a.inner, b.inner, strict=True)))
    raise KindMismatch(f"different values of {a.family} in one list")


@cache
def is_fixed(kind: Kind) -> bool:
    """Whether every value of the declared type has this very kind, and so this very size."""
    if kind.family == "tuple":
        return all(is_fixed(inner) for inner in kind.inner)
    return kind in (UINT, INT, BOOL, PRINCIPAL)


@cache
def wire_size(kind: Kind) -> int | None:
    """The consensus bytes of every value that has this kind; None where that depends on the value."""
    match kind.family:
        case "uint" | "int":
            return 17
        case "bool":
            return 1
        case "buff" | "string-ascii":
            return 5 + kind.length
        case "tuple":
            fields = [wire_size(inner) for inner in kind.inner]
            known = [size for size in fields if size is not None]
            if len(known) == len(fields):
                return 5 + sum(known) + sum(1 + len(name) for name in kind.names)
    return None
