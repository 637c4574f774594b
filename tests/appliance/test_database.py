"""The store's floor: pragmas, all-or-nothing transactions, migrations that survive a cut."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import aiosqlite
import pytest

from appliance.store import migrate as migrate_module
from appliance.store.database import Database
from appliance.store.migrate import SchemaError, migrate, scripts


async def test_how_it_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "core.db"
    async with Database.open(path, "core") as db:
        assert await db.one("PRAGMA journal_mode") == ("wal",)
        assert await db.one("PRAGMA synchronous") == (2,)  # FULL
        assert await db.one("PRAGMA foreign_keys") == (1,)
        assert path.stat().st_mode & 0o077 == 0
        tables = await db.all("SELECT sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        assert tables
        assert all(str(sql).rstrip().endswith("STRICT") for (sql,) in tables)
        assert not any("REAL" in str(sql) for (sql,) in tables), "integers only"
    async with Database.open(path, "core") as db:
        assert await db.one("PRAGMA user_version") == (len(scripts("core")),)


async def test_a_transaction_is_all_or_nothing(tmp_path: Path) -> None:
    async with Database.open(tmp_path / "core.db", "core") as db:
        with pytest.raises(sqlite3.IntegrityError):  # noqa: PT012 - the second statement fails, the first goes too
            async with db.transaction() as tx:
                await tx.run("INSERT INTO sealed VALUES ('a', x'00')")
                await tx.run("INSERT INTO sealed VALUES ('a', x'00')")
        assert await db.all("SELECT name FROM sealed") == []
        async with db.transaction() as tx:
            await tx.run("INSERT INTO sealed VALUES ('a', x'00')")
        assert await db.all("SELECT name FROM sealed") == [("a",)]


async def test_a_cancelled_task_leaves_nothing_behind(tmp_path: Path) -> None:
    async with Database.open(tmp_path / "core.db", "core") as db:
        entered = asyncio.Event()

        async def slow() -> None:
            async with db.transaction() as tx:
                await tx.run("INSERT INTO sealed VALUES ('a', x'00')")
                entered.set()
                await asyncio.Event().wait()

        task = asyncio.create_task(slow())
        await entered.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await db.all("SELECT name FROM sealed") == []


async def test_transactions_of_two_tasks_do_not_mix(tmp_path: Path) -> None:
    async with Database.open(tmp_path / "core.db", "core") as db:

        async def write(name: str, fail: bool) -> None:
            async with db.transaction() as tx:
                await tx.run("INSERT INTO sealed VALUES (?, x'00')", (name,))
                await asyncio.sleep(0)
                if fail:
                    raise ZeroDivisionError

        results = await asyncio.gather(*(write(str(n), n % 2 == 1) for n in range(10)), return_exceptions=True)
        assert sum(isinstance(result, ZeroDivisionError) for result in results) == 5
        assert await db.all("SELECT name FROM sealed ORDER BY name") == [(str(n),) for n in range(0, 10, 2)]


async def test_wrong_types_are_refused_by_the_tables(tmp_path: Path) -> None:
    async with Database.open(tmp_path / "core.db", "core") as db:
        with pytest.raises(sqlite3.IntegrityError):
            async with db.transaction() as tx:
                await tx.run("INSERT INTO meter (name, zone, slot) VALUES ('m', 'one', 0)")


async def test_a_newer_database_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "core.db"
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("PRAGMA user_version = 99")
    with pytest.raises(SchemaError, match="install the newer program"):
        async with Database.open(path, "core"):
            pass


async def test_a_migration_that_is_cut_leaves_the_version_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = [
        "CREATE TABLE a (x INTEGER) STRICT;",
        "CREATE TABLE b (x INTEGER) STRICT; CREATE TABLE a (x INTEGER) STRICT;",
    ]
    monkeypatch.setattr(migrate_module, "scripts", lambda _: steps)
    path = tmp_path / "x.db"
    async with aiosqlite.connect(path, isolation_level=None) as raw:
        with pytest.raises(sqlite3.OperationalError, match="already exists"):
            await migrate(raw, "core")
    with closing(sqlite3.connect(path)) as left:
        assert left.execute("PRAGMA user_version").fetchone() == (1,)
        assert [name for (name,) in left.execute("SELECT name FROM sqlite_master")] == ["a"]
    steps[1] = "CREATE TABLE b (x INTEGER) STRICT;"
    async with aiosqlite.connect(path, isolation_level=None) as raw:
        assert await migrate(raw, "core") == 2


def test_the_schema_files_are_numbered() -> None:
    for schema in ("core", "portal"):
        assert len(scripts(schema)) >= 1


async def test_a_full_disk_loses_nothing_and_is_got_over(tmp_path: Path) -> None:
    """SQLite's own page limit stands for the disk: the same error at the same place."""
    async with Database.open(tmp_path / "core.db", "core") as db:
        async with db.transaction() as tx:
            await tx.run("INSERT INTO sealed VALUES ('before', x'00')")
        await db.one("PRAGMA max_page_count = 1")  # as many as there are
        with pytest.raises(sqlite3.OperationalError, match="full"):
            async with db.transaction() as tx:
                await tx.run("INSERT INTO sealed VALUES ('big', zeroblob(1000000))")
        assert await db.all("SELECT name FROM sealed") == [("before",)]
        await db.one("PRAGMA max_page_count = 1000000")
        async with db.transaction() as tx:
            await tx.run("INSERT INTO sealed VALUES ('after', zeroblob(1000000))")
        assert await db.all("SELECT name FROM sealed ORDER BY name") == [("after",), ("before",)]
