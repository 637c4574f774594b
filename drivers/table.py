"""A TOML table that is asked for one key after another and refuses what is missing, wrong or not asked for.

Every refusal is a DriverError(permanent=True) that names the place, the key, the value given and what to write.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from drivers.api import DriverError

Choice = TypeVar("Choice", bound=StrEnum)
_MISSING = object()


class Table:
    """Reads each key once; `close()` refuses the keys that nobody read."""

    def __init__(self, place: str, values: Mapping[str, object]) -> None:
        self.place = place
        self._values = values
        self._asked: set[str] = set()

    def has(self, key: str) -> bool:
        """Whether an optional key is given; it counts as asked for."""
        self._asked.add(key)
        return key in self._values

    def is_null(self, key: str) -> bool:
        """Whether a key of a JSON object is null; TOML has no such thing."""
        return self._values.get(key, _MISSING) is None

    def integer(self, key: str, low: int, high: int, default: int | None = None) -> int:
        """An integer from low to high."""
        value = self._take(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise self.wrong(key, f"an integer from {low} to {high}")
        return value

    def text(self, key: str, pattern: str, expected: str, default: str | None = None) -> str:
        """A string that the pattern matches whole."""
        value = self._take(key, default)
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            raise self.wrong(key, expected)
        return value

    def choice(self, key: str, kind: type[Choice]) -> Choice:
        """One of the values of the enumeration."""
        expected = "one of " + ", ".join(repr(member.value) for member in kind)
        value = self._take(key, None)
        if not isinstance(value, str) or value not in list(kind):
            raise self.wrong(key, expected)
        return kind(value)

    def boolean(self, key: str) -> bool:
        value = self._take(key, None)
        if not isinstance(value, bool):
            raise self.wrong(key, "true or false")
        return value

    def texts(self, key: str, pattern: str, expected: str) -> tuple[str, ...]:
        """A list of strings that the pattern matches, empty if the key is absent."""
        value = self._take(key, [])
        if not isinstance(value, list):
            raise self.wrong(key, expected)
        for item in value:
            if not isinstance(item, str) or not re.fullmatch(pattern, item):
                raise self.wrong(key, expected)
        return tuple(value)

    def table(self, key: str) -> "Table":
        value = self._take(key, None)
        if not isinstance(value, dict):
            raise self.wrong(key, f"a table [{key}]")
        return Table(f"{self.place}: [{key}]", value)

    def tables(self, key: str) -> tuple["Table", ...]:
        """One or more tables."""
        expected = f"one or more tables [[{key}]]"
        value = self._take(key, None)
        if not isinstance(value, list) or not value or not all(isinstance(item, dict) for item in value):
            raise self.wrong(key, expected)
        return tuple(Table(f"{self.place}: [[{key}]] {number}", item) for number, item in enumerate(value, start=1))

    def close(self) -> None:
        """Refuses keys that nobody asked for: a mistyped key must not pass for a default."""
        unknown = sorted(set(self._values) - set(self._asked))
        if unknown:
            known = ", ".join(sorted(self._asked))
            raise DriverError(
                f"{self.place}: {unknown[0]} = {self._values[unknown[0]]!r} is not a known key; write one of: {known}",
                permanent=True,
            )

    def wrong(self, key: str, expected: str) -> DriverError:
        """The refusal of a key's value."""
        if key not in self._values:
            return DriverError(f"{self.place}: {key} is missing; write {expected}", permanent=True)
        return DriverError(f"{self.place}: {key} = {self._values[key]!r} is wrong; write {expected}", permanent=True)

    def _take(self, key: str, default: object) -> object:
        self._asked.add(key)
        value = self._values.get(key, _MISSING)
        return default if value is _MISSING else value
