"""The journal: append-only, chained, and what it says about a block."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from appliance.block import NO_JOURNAL
from appliance.store.database import Database
from appliance.store.readings import (
    JournalError,
    append,
    last_accepted,
    observe,
    register_meter,
    verify_journal,
)
from appliance.validation import Reason
from drivers.api import Authenticity, Reading, Unit


def reading(at: int, index: int, unit: Unit = Unit.WH) -> Reading:
    return Reading("1-0:1.8.0", index, unit, at, Authenticity.L1, index.to_bytes(8, "big"), None)


async def filled(db: Database, entries: list[tuple[int, int, Reason]], unit: Unit = Unit.WH) -> int:
    async with db.transaction() as tx:
        meter = await register_meter(tx, "m1", 1, 0)
        for at, index, reason in entries:
            await append(tx, meter, "m1", reading(at, index, unit), reason)
    return meter


async def test_what_a_block_sees(tmp_path: Path) -> None:
    async with Database.open(tmp_path / "core.db", "core") as db:
        entries = [
            (90, 1000, Reason.NONE),
            (100, 1005, Reason.NONE),
            (150, 9999, Reason.JUMP),
            (199, 1010, Reason.NONE),
            (200, 1011, Reason.NONE),
        ]
        meter = await filled(db, entries)
        async with db.transaction() as tx:
            seen = await observe(tx, 0, "zone/1", meter, 1003, 100, 200)
            assert (seen.billed, seen.first, seen.last, seen.level) == (1003, 1000, 1010, 1)
            empty = await observe(tx, 0, "zone/1", meter, 1011, 300, 400)
            assert (empty.last, empty.metered) == (None, True)
            before = await observe(tx, 0, "zone/1", meter, None, 0, 50)
            assert (before.first, before.last, before.journal_head) == (None, None, NO_JOURNAL)
            vacant = await observe(tx, 3, "zone/1", None, None, 100, 200)
            assert (vacant.metered, vacant.journal_head) == (False, NO_JOURNAL)
            head = await tx.one("SELECT hash FROM reading WHERE at = 199")
            assert head == (seen.journal_head,)
        accepted = await last_accepted(db, meter)
        assert accepted is not None
        assert (accepted.at, accepted.index) == (200, 1011)
        assert await verify_journal(db) == len(entries)


async def test_water_is_billed_in_whole_litres(tmp_path: Path) -> None:
    async with Database.open(tmp_path / "core.db", "core") as db:
        meter = await filled(db, [(100, 1999, Reason.NONE), (150, 5000, Reason.NONE)], Unit.ML)
        async with db.transaction() as tx:
            seen = await observe(tx, 0, "zone/1", meter, None, 100, 200)
        assert (seen.first, seen.last) == (1, 5)


async def test_the_journal_cannot_be_edited_through_the_database(tmp_path: Path) -> None:
    async with Database.open(tmp_path / "core.db", "core") as db:
        await filled(db, [(100, 1000, Reason.NONE)])
        for statement in ("UPDATE reading SET idx = 1", "DELETE FROM reading"):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                async with db.transaction() as tx:
                    await tx.run(statement)


@pytest.mark.parametrize(
    "edit",
    [
        "UPDATE reading SET idx = idx + 1 WHERE seq = 1",
        "UPDATE reading SET at = at + 1 WHERE seq = 1",
        "UPDATE reading SET verdict = 'accepted', reason = '' WHERE seq = 2",
        "UPDATE reading SET level = 5 WHERE seq = 0",
        "UPDATE reading SET frame_hash = zeroblob(32) WHERE seq = 1",
        "UPDATE reading SET counter = 7 WHERE seq = 1",
        "DELETE FROM reading WHERE seq = 1",
        "UPDATE meter SET name = 'm2'",
        "UPDATE reading SET unit = 'ml' WHERE seq = 1",
        "UPDATE reading SET register = '1-0:2.8.0' WHERE seq = 1",
    ],
)
async def test_an_edit_of_the_file_is_found(tmp_path: Path, edit: str) -> None:
    path = tmp_path / "core.db"
    async with Database.open(path, "core") as db:
        await filled(db, [(100, 1000, Reason.NONE), (150, 1010, Reason.NONE), (160, 1, Reason.BACKWARD)])
    with closing(sqlite3.connect(path)) as raw:
        raw.executescript(f"DROP TRIGGER reading_not_changed; DROP TRIGGER reading_not_deleted; {edit};")
    async with Database.open(path, "core") as db:
        with pytest.raises(JournalError, match="does not fit its hash chain"):
            await verify_journal(db)


async def test_a_meter_does_not_move_silently(tmp_path: Path) -> None:
    async with Database.open(tmp_path / "core.db", "core") as db:
        async with db.transaction() as tx:
            meter = await register_meter(tx, "m1", 1, 0)
            assert await register_meter(tx, "m1", 1, 0) == meter
        for name, zone, slot in (("m1", 1, 1), ("m1", 2, 0), ("m2", 1, 0)):
            with pytest.raises(JournalError, match="a replacement cannot be recorded yet"):
                async with db.transaction() as tx:
                    await register_meter(tx, name, zone, slot)
