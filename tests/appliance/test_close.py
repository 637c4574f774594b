"""Blocks close by time, once, in order, and never because a clock leapt."""

import logging
from pathlib import Path

import pytest

from appliance.close import close_due
from appliance.config import TimeConfig, ZoneConfig
from appliance.store import blocks
from appliance.store.database import Database, Value
from appliance.store.readings import append, register_meter
from appliance.validation import Reason
from drivers.api import Authenticity, Reading, Unit
from tests.fakes.clock import FakeClock

TIME = TimeConfig(origin=0, block_seconds=100, batch_blocks=2, grace_seconds=10, poll_seconds=1, journal_seconds=1)
ZONES = [ZoneConfig(zone, f"Lane {zone}", "electricity", 16, 5, {}, ()) for zone in (1, 2)]


async def with_secrets(db: Database) -> None:
    async with db.transaction() as tx:
        await tx.run_many("INSERT INTO sealed VALUES (?, x'00')", [("zone/1",), ("zone/2",)])


async def closed(db: Database) -> list[tuple[Value, ...]]:
    return await db.all("SELECT zone, block, starts_at, ends_at FROM block ORDER BY zone, block")


async def test_a_block_closes_after_its_grace_and_only_once(tmp_path: Path) -> None:
    clock = FakeClock(609)
    async with Database.open(tmp_path / "core.db", "core") as db:
        await with_secrets(db)
        assert await close_due(db, ZONES, clock, TIME, set()) == 0
        clock.at = 610
        assert await close_due(db, ZONES, clock, TIME, set()) == 2
        assert await close_due(db, ZONES, clock, TIME, set()) == 0
        assert await closed(db) == [(1, 5, 500, 600), (2, 5, 500, 600)]
        clock.at = 400  # the clock goes back
        assert await close_due(db, ZONES, clock, TIME, set()) == 0
        clock.at = 915  # the box was off for a while
        assert await close_due(db, ZONES, clock, TIME, set()) == 6
        assert [row[1] for row in await closed(db) if row[0] == 1] == [5, 6, 7, 8]


async def test_a_clock_that_leapt_ahead_closes_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with Database.open(tmp_path / "core.db", "core") as db:
        await with_secrets(db)
        leapt = FakeClock((5 + TIME.catch_up_blocks + 2) * 100)
        with caplog.at_level(logging.ERROR):
            told: set[int] = set()
            for _ in range(5):
                assert await close_due(db, ZONES, leapt, TIME, told) == 0
        assert [record.levelname for record in caplog.records] == ["ERROR", "ERROR"], "once for each zone"
        assert "set the right time" in caplog.text
        assert await closed(db) == []


async def test_usage_comes_from_the_journal_and_carries_on(tmp_path: Path) -> None:
    async with Database.open(tmp_path / "core.db", "core") as db:
        await with_secrets(db)
        async with db.transaction() as tx:
            meter = await register_meter(tx, "m1", 1, 3)
            for at, index in ((450, 1000), (599, 1010), (601, 1012), (799, 1050), (910, 1060)):
                await append(
                    tx, meter, "m1", Reading("1-0:1.8.0", index, Unit.WH, at, Authenticity.L3, b"f", None), Reason.NONE
                )
        await close_due(db, ZONES[:1], FakeClock(1015), TIME, set())
        days = [(await blocks.get_block(db, 1, number)).content.slots for number in range(5, 10)]
        assert [(d[3].index_start, d[3].index_end, d[3].usage, d[3].missing) for d in days] == [
            (1000, 1010, 10, False),
            (1010, 1012, 2, False),
            (1012, 1050, 38, False),
            (1050, 1050, 0, True),
            (1050, 1060, 10, False),
        ]
        assert all(d[0].usage == 0 and not d[0].missing for d in days)
        assert await blocks.levels(db, 1, 5, 7) == [3]
        assert await blocks.levels(db, 1, 5, 8) == [3]
        assert await blocks.levels(db, 1, 8, 8) == [3], "the chain does not show who was silent"
