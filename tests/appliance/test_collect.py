"""Collecting: what is journaled when, and that one bad meter harms no other."""

import asyncio
import logging
from pathlib import Path

import pytest

from appliance.collect import Installed, Journal, poll_bus, worth_keeping
from appliance.config import MeterConfig, TimeConfig
from appliance.store.database import Database, Value
from appliance.store.readings import register_meter, verify_journal
from drivers.api import Authenticity, DriverError, Reading, Unit
from tests.fakes.meters import FakeDriver, FakeMeter

TIME = TimeConfig(
    origin=0, block_seconds=86_400, batch_blocks=2, grace_seconds=60, poll_seconds=60, journal_seconds=900
)


class SteppingClock:
    """Each sleep passes at once; `stop_after` sleeps end the loop under test."""

    def __init__(self, at: int, stop_after: int) -> None:
        self.at, self.left = at, stop_after

    def now(self) -> int:
        return self.at

    async def sleep(self, seconds: int) -> None:
        self.left -= 1
        if self.left == 0:
            raise asyncio.CancelledError
        self.at += seconds


def reading(at: int, index: int = 5) -> Reading:
    return Reading("1-0:1.8.0", index, Unit.WH, at, Authenticity.L0, b"f", None)


def installed(row_id: int, name: str) -> Installed:
    return Installed(row_id, MeterConfig(name, "fake", row_id, {"name": name}), Unit.WH)


def test_what_is_worth_keeping() -> None:
    """The first, one per journal time, and around a block's end the last before and the first after."""
    meter = installed(1, "m1")
    kept: list[int] = []
    for at in range(86_400 - 2000, 86_400 + 2000, 60):
        for entry in worth_keeping(meter, reading(at), TIME):
            kept.append(entry.at)
            meter.journaled_at = entry.at
    before = [at for at in kept if at < 86_400]
    after = [at for at in kept if at >= 86_400]
    assert before == [84_400, 85_300, 86_200, 86_380]
    assert after[:2] == [86_440, 87_340]
    assert len(kept) == len(set(kept))


async def collect(
    tmp_path: Path, driver: FakeDriver, clock: SteppingClock, names: list[str]
) -> list[tuple[Value, ...]]:
    async with Database.open(tmp_path / "core.db", "core") as db:
        meters = []
        async with db.transaction() as tx:
            for slot, name in enumerate(names):
                meters.append(installed(await register_meter(tx, name, 1, slot), name))
        journal = Journal(db)
        with pytest.raises(asyncio.CancelledError):
            await poll_bus(driver, meters, clock, TIME, journal)
        await journal.store()
        assert await verify_journal(db) > 0
        return await db.all(
            "SELECT name, at, idx, verdict FROM reading JOIN meter ON meter.id = meter_id ORDER BY name, seq"
        )


async def test_readings_reach_the_journal(tmp_path: Path) -> None:
    clock = SteppingClock(1_000_000, stop_after=40)
    driver = FakeDriver({"m1": FakeMeter(clock.now, lambda at: at // 60)})
    rows = await collect(tmp_path, driver, clock, ["m1"])
    assert [row[1] for row in rows] == [1_000_000, 1_000_900, 1_001_800]
    assert all(row[3] == "accepted" for row in rows)


@pytest.mark.parametrize(
    "fault",
    [
        DriverError("no answer", permanent=False),
        DriverError("wrong model", permanent=True),
        ValueError("a bug"),
        OSError(),
    ],
)
async def test_a_bad_meter_harms_only_itself(
    tmp_path: Path, fault: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    clock = SteppingClock(1_000_000, stop_after=60)
    bad = FakeMeter(clock.now, lambda _: 1, fault=fault)
    good = FakeMeter(clock.now, lambda at: at)
    with caplog.at_level(logging.INFO):
        rows = await collect(tmp_path, FakeDriver({"bad": bad, "good": good}), clock, ["bad", "good"])
    assert {row[0] for row in rows} == {"good"}
    assert good.asked == 60
    assert bad.asked == 0, "it never said what it is, so its index is not asked for"
    assert sum("bad does not answer" in line for line in caplog.messages) == 1, "said once, not at every poll"


async def test_a_meter_backs_off_and_comes_back(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    clock = SteppingClock(1_000_000, stop_after=200)
    meter = FakeMeter(clock.now, lambda at: at)

    class Flaky(FakeMeter):
        async def read(self) -> Reading:
            self.fault = DriverError("no answer", permanent=False) if 10 < self.asked < 14 else None
            return await super().read()

    flaky = Flaky(clock.now, lambda at: at)
    with caplog.at_level(logging.INFO):
        await collect(tmp_path, FakeDriver({"m": flaky, "n": meter}), clock, ["m", "n"])
    assert meter.asked == 200
    assert flaky.asked < 190, "it sat out polls"
    assert "meter m answers again" in caplog.messages


async def test_a_suspect_reading_is_kept_and_flagged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    clock = SteppingClock(1_000_000, stop_after=32)
    meter = FakeMeter(clock.now, lambda at: 500_000 if at < 1_000_900 else 400_000)
    rows = await collect(tmp_path, FakeDriver({"m": meter}), clock, ["m"])
    assert [(row[2], row[3]) for row in rows] == [(500_000, "accepted"), (400_000, "suspect"), (400_000, "suspect")]
    assert not any("400000" in line or "500000" in line for line in caplog.messages)


async def test_a_meter_of_another_quantity_is_not_read(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    clock = SteppingClock(1_000_000, stop_after=3)
    wrong, right = FakeMeter(clock.now, lambda at: at), FakeMeter(clock.now, lambda at: at)
    async with Database.open(tmp_path / "core.db", "core") as db:
        meters = [installed(1, "right"), installed(2, "wrong")]
        meters[1].unit = Unit.ML
        with pytest.raises(asyncio.CancelledError):
            await poll_bus(FakeDriver({"right": right, "wrong": wrong}), meters, clock, TIME, Journal(db))
    assert (right.asked, wrong.asked) == (3, 0)
    assert "it measures Wh, its zone ml" in caplog.text


async def test_a_driver_that_swallows_a_cancellation_cannot_keep_the_bus(tmp_path: Path) -> None:
    asked = asyncio.Event()

    class Deaf(FakeMeter):
        async def read(self) -> Reading:
            asked.set()
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                return reading(1_000_000)
            raise AssertionError

    clock = SteppingClock(1_000_000, stop_after=10)
    async with Database.open(tmp_path / "core.db", "core") as db:
        driver = FakeDriver({"m": Deaf(clock.now, lambda _: 1)})
        task = asyncio.create_task(poll_bus(driver, [installed(1, "m")], clock, TIME, Journal(db)))
        await asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert clock.left == 10, "it ended at once, not at the next pause"
