"""Blocks close by time, once, in order, and never because a clock leapt."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from appliance.block import SlotUsage
from appliance.close import close_due
from appliance.config import MeterConfig, Share, SharedConfig, SplitRule, TimeConfig, ZoneConfig
from appliance.store import blocks
from appliance.store.database import Database, Value
from appliance.store.readings import JournalError, append, register_meter
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


def shared_zone(rule: SplitRule, *weights: int) -> ZoneConfig:
    """Slots 2, 4 and 5 behind one meter; 5 is vacant."""
    shares = tuple(Share(slot, weight) for slot, weight in zip((2, 4, 5), weights or (1, 1, 1), strict=True))
    shared = SharedConfig(rule, shares)
    homes = {slot: f"A-{slot}" for slot in range(16) if slot != 5}
    return ZoneConfig(1, "Lane 1", "electricity", 16, 5, homes, (MeterConfig("main", "fake", None, {}, shared),))


async def split_days(
    folder: Path, zone: ZoneConfig, shown: Mapping[str, Sequence[tuple[int, int]]]
) -> list[tuple[SlotUsage, ...]]:
    """Blocks 5 to 7 of a zone whose meters showed (time, index); "main" is shared, "s2" is installed at slot 2."""
    async with Database.open(folder / "core.db", "core") as db:
        await with_secrets(db)
        async with db.transaction() as tx:
            names = [("zone/1",), *((f"dwelling/A-{slot}",) for slot in range(16))]
            await tx.run_many("INSERT INTO sealed VALUES (?, x'00') ON CONFLICT DO NOTHING", names)
            for name, readings in shown.items():
                own = None if name == "main" else int(name[1:])
                meter = await register_meter(tx, name, 1, own, (2, 4, 5) if name == "main" else ())
                for at, index in readings:
                    reading = Reading("1-0:1.8.0", index, Unit.WH, at, Authenticity.L2, b"f", None)
                    await append(tx, meter, name, reading, Reason.NONE)
        await close_due(db, [zone], FakeClock(815), TIME, set())
        assert await blocks.levels(db, 1, 5, 7) == [2] * 3, "each slot of a shared meter has its level"
        return [(await blocks.get_block(db, 1, number)).content.slots for number in range(5, 8)]


MAIN = ((450, 1000), (599, 1010), (699, 1021), (799, 1033))


async def test_a_shared_meter_is_split_when_its_block_closes(tmp_path: Path) -> None:
    days = await split_days(tmp_path, shared_zone("equal"), {"main": MAIN})
    assert [sorted((day[2].usage, day[4].usage)) for day in days] == [[5, 5], [5, 6], [6, 6]]
    assert all(day[5].usage == 0 for day in days), "nobody lives there"
    assert [(day[4].index_start, day[4].index_end) for day in days] == [(1000, 1010), (1010, 1021), (1021, 1033)]
    assert {slot.slot for day in days for slot in day if slot.shared} == {2, 4, 5}


async def test_heads_and_weights_count_only_where_somebody_lives(tmp_path: Path) -> None:
    for rule, weights in (("heads", (3, 1, 4)), ("weights", (300, 100, 0))):
        folder = tmp_path / rule
        days = await split_days(folder, shared_zone(cast(SplitRule, rule), *weights), {"main": MAIN})
        assert sum(day[2].usage for day in days) in (24, 25)
        assert [day[2].usage + day[4].usage for day in days] == [10, 11, 12]


async def test_sub_meters_divide_what_the_main_meter_shows(tmp_path: Path) -> None:
    """Losses and lamps on the stairs fall on all in proportion; if no sub-meter moved, each gets the same."""
    subs = {
        "s2": ((450, 0), (599, 6), (799, 9)),
        "s4": ((440, 50), (580, 53)),
        "s5": ((440, 70),),
    }
    days = await split_days(tmp_path, shared_zone("sub-meters"), {"main": MAIN, **subs})
    assert sum(day[s].usage for day in days for s in (2, 4, 5)) == 33
    assert sorted((days[0][2].usage, days[0][4].usage)) in ([3, 7], [4, 6])
    assert days[0][5].usage == 0
    assert sorted(days[1][s].usage for s in (2, 4, 5)) == [3, 4, 4]
    assert [days[2][s].usage for s in (2, 4, 5)] == [12, 0, 0], (
        "what a silent sub-meter held back counts when it answers"
    )


async def test_slots_that_share_are_changed_only_before_their_first_block(tmp_path: Path) -> None:
    async with Database.open(tmp_path / "core.db", "core") as db:
        await with_secrets(db)
        async with db.transaction() as tx:
            meter = await register_meter(tx, "main", 1, None, (2, 4))
            assert await register_meter(tx, "main", 1, None, (2, 5)) == meter
            reading = Reading("1-0:1.8.0", 9, Unit.WH, 520, Authenticity.L2, b"f", None)
            await append(tx, meter, "main", reading, Reason.NONE)
        zone = replace(shared_zone("equal"), meters=(), dwellings={})
        await close_due(db, [zone], FakeClock(615), TIME, set())
        async with db.transaction() as tx:
            assert await register_meter(tx, "main", 1, None, (5, 2)) == meter
            with pytest.raises(JournalError, match=r"shared by slots \[2, 5\]"):
                await register_meter(tx, "main", 1, None, (2, 4, 5))
