"""What is read: events as contracts print them, in plain values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from appliance.chain.address import Contract
from appliance.chain.clarity import Ascii, Bool, Buffer, Int, List, Optional, Tuple, UInt, Utf8, Value

Fields = dict[str, Any]
"""A tuple: numbers, bytes, text, truth, None, lists of these, and principals as Address or Contract."""


@dataclass(frozen=True, slots=True)
class Event:
    """One print event; `height` is that of its Stacks block, `burn` that of the Bitcoin block below it."""

    contract: Contract
    value: Value
    height: int
    burn: int


@dataclass(frozen=True, slots=True)
class Said:
    """An event of the settlement's own: its number in the order of all events, the contract's name, its fields."""

    index: int
    name: str
    topic: str
    fields: Fields
    event: Event

    @property
    def burn(self) -> int:
        return self.event.burn


class Misfit(Exception):
    """The first event that does not follow from those before it; `index` counts from 0."""

    def __init__(self, index: int, words: str) -> None:
        super().__init__(f"event {index} {words}")
        self.index = index


Reader = Callable[[Said], None]
Readers = Mapping[tuple[str, str], Reader]
"""By contract and topic."""


def plain(value: Value) -> Any:
    """Principals and responses stay what they are."""
    match value:
        case UInt(number) | Int(number):
            return number
        case Bool(truth):
            return truth
        case Buffer(data):
            return data
        case Ascii(text) | Utf8(text):
            return text
        case Optional(inner):
            return None if inner is None else plain(inner)
        case List(items):
            return [plain(item) for item in items]
        case Tuple(fields):
            return {name: plain(field) for name, field in fields}
    return value


def without(fields: Fields, *names: str) -> Fields:
    """All but the topic and these."""
    return {name: field for name, field in fields.items() if name not in ("topic", *names)}


def only(fields: Fields, *names: str) -> Fields:
    return {name: fields[name] for name in names}


def insist(fits: object, words: str) -> None:
    """ValueError unless it is so."""
    if not fits:
        raise ValueError(words)
