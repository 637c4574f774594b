"""A TOML table that knows where it stands, so that every mistake in it is told with the key and what to write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn, TypeVar

T = TypeVar("T")


class ConfigError(Exception):
    """The configuration cannot be used; the message says where and what to write."""


class Table:
    """A TOML table that knows its own path and which keys were looked at."""

    def __init__(self, values: Mapping[str, object], path: str) -> None:
        self._values = values
        self._seen: set[str] = set()
        self.path = path

    def wrong(self, key: str, given: object, want: str) -> NoReturn:
        raise ConfigError(f"{self.path}{key} is {given!r}: write {want}")

    def _get(self, key: str, kind: type[T], default: T | None, want: str) -> T:
        self._seen.add(key)
        if key not in self._values:
            if default is None:
                raise ConfigError(f"{self.path}{key} is missing: write {want}")
            return default
        value = self._values[key]
        if not isinstance(value, kind) or isinstance(value, bool):
            raise ConfigError(f"{self.path}{key} is {value!r}: write {want}")
        return value

    def text(self, key: str, default: str | None = None) -> str:
        return self._get(key, str, default, "a text in quotes")

    def whole(self, key: str, low: int, high: int, default: int | None = None) -> int:
        want = f"a whole number from {low} to {high}"
        value = self._get(key, int, default, want)
        if not low <= value <= high:
            self.wrong(key, value, want)
        return value

    def has(self, key: str) -> bool:
        return key in self._values

    def wholes(self, key: str, low: int, high: int) -> tuple[int, ...]:
        want = f"a list of whole numbers from {low} to {high}"
        values = self._get(key, list, None, want)
        for value in values:
            if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
                self.wrong(key, values, want)
        return tuple(values)

    def choice(self, key: str, choices: tuple[T, ...]) -> T:
        value = self._get(key, str, None, f"one of {', '.join(map(str, choices))}")
        for choice in choices:
            if choice == value:
                return choice
        raise ConfigError(f"{self.path}{key} is {value!r}: write one of {', '.join(map(str, choices))}")

    def raw(self, key: str, default: dict[str, object]) -> dict[str, object]:
        return self._get(key, dict, default, "a table")

    def table(self, key: str) -> Table:
        return Table(self._get(key, dict, {}, "a table"), f"{self.path}{key}.")

    def tables(self, key: str) -> list[Table]:
        entries = self._get(key, list, [], f"[[{key}]] tables")
        found = []
        for number, entry in enumerate(entries):
            if not isinstance(entry, dict):
                raise ConfigError(f"{self.path}{key} must be written as [[{key}]] tables")
            found.append(Table(entry, f"{self.path}{key}[{number}]."))
        return found

    def done(self) -> None:
        """Unknown keys are mistakes, usually of spelling."""
        unknown = sorted(set(self._values) - self._seen)
        if unknown:
            raise ConfigError(
                f"{self.path}{unknown[0]} is not a setting: remove it, or choose from {', '.join(sorted(self._seen))}"
            )
