"""One SQLite file, one connection, one lock: a transaction of one task never holds another task's statements."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import aiosqlite

from appliance.store.migrate import Schema, migrate

Value = int | str | bytes | None


class Transaction:
    """Statements that all take effect together. Only made by `Database.transaction`."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection

    async def run(self, sql: str, values: Iterable[Value] = ()) -> int:
        """Executes one statement; the number of rows it changed."""
        async with self._connection.execute(sql, tuple(values)) as cursor:
            return cursor.rowcount

    async def insert(self, sql: str, values: Iterable[Value] = ()) -> int:
        """Executes one INSERT; the new row's id."""
        async with self._connection.execute(sql, tuple(values)) as cursor:
            if cursor.lastrowid is None:
                raise AssertionError("an INSERT without a row id")
            return cursor.lastrowid

    async def run_many(self, sql: str, rows: Iterable[Sequence[Value]]) -> None:
        await self._connection.executemany(sql, [tuple(row) for row in rows])

    async def all(self, sql: str, values: Iterable[Value] = ()) -> list[tuple[Value, ...]]:
        async with self._connection.execute(sql, tuple(values)) as cursor:
            return [tuple(row) for row in await cursor.fetchall()]

    async def one(self, sql: str, values: Iterable[Value] = ()) -> tuple[Value, ...] | None:
        async with self._connection.execute(sql, tuple(values)) as cursor:
            row = await cursor.fetchone()
            return None if row is None else tuple(row)


class Database:
    """A migrated database file. WAL, synchronous=FULL, foreign keys on, mode 0600."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection
        self._lock = asyncio.Lock()

    @classmethod
    @asynccontextmanager
    async def open(cls, path: Path, schema: Schema) -> AsyncIterator[Database]:
        await asyncio.to_thread(_make_private, path)
        async with aiosqlite.connect(path, isolation_level=None) as connection:
            await connection.execute("PRAGMA journal_mode = WAL")
            await connection.execute("PRAGMA synchronous = FULL")
            await connection.execute("PRAGMA foreign_keys = ON")
            await connection.execute("PRAGMA busy_timeout = 5000")
            await migrate(connection, schema)
            yield cls(connection)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """BEGIN IMMEDIATE to COMMIT; anything raised inside, cancellation too, rolls everything back."""
        async with self._lock:
            try:
                await self._connection.execute("BEGIN IMMEDIATE")
                yield Transaction(self._connection)
                await self._connection.execute("COMMIT")
            except BaseException:  # cancellation too: half a transaction must not stay
                await self._connection.rollback()  # does nothing where BEGIN was cancelled before it took effect
                raise

    async def all(self, sql: str, values: Iterable[Value] = ()) -> list[tuple[Value, ...]]:
        """Rows of one SELECT, outside any transaction."""
        async with self._lock:
            return await Transaction(self._connection).all(sql, values)

    async def one(self, sql: str, values: Iterable[Value] = ()) -> tuple[Value, ...] | None:
        async with self._lock:
            return await Transaction(self._connection).one(sql, values)


def _make_private(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
