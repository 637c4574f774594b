"""From SQLite's loose values to types. Our own data is trusted: a wrong type is corruption and stops us."""

from __future__ import annotations

from appliance.store.database import Value


class CorruptionError(Exception):
    """A column holds what this program never writes."""


def whole(value: Value) -> int:
    if not isinstance(value, int):
        raise CorruptionError("an integer column holds something else")
    return value


def maybe_whole(value: Value) -> int | None:
    return None if value is None else whole(value)


def text(value: Value) -> str:
    if not isinstance(value, str):
        raise CorruptionError("a text column holds something else")
    return value


def blob(value: Value) -> bytes:
    if not isinstance(value, bytes):
        raise CorruptionError("a binary column holds something else")
    return value


def maybe_blob(value: Value) -> bytes | None:
    return None if value is None else blob(value)
