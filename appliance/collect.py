"""1: drivers -> readings in the journal (task, I/O). One task owns each physical bus; one writer owns the journal.

Meters are polled often. Journaled are one reading per `journal_seconds`, and around every block's end the last one
before and the first one after it.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from appliance.clock import Clock
from appliance.config import MeterConfig, TimeConfig, Utility, ZoneConfig
from appliance.store import readings
from appliance.store.database import Database
from appliance.validation import Reason, judge
from drivers import registry
from drivers.api import Bus, Driver, DriverError, Meter, Reading, Unit

log = logging.getLogger("mita.collect")

ANSWER_SECONDS: Final = 20  # real time; a driver has its own, shorter time-outs
FIRST_DELAY: Final = 2  # polls that a meter sits out after its first failure, doubled by each further one
MAX_DELAY: Final = 64
QUEUE_LIMIT: Final = 10_000
INDEX_UNIT: Final[Mapping[Utility, Unit]] = {"electricity": Unit.WH, "water": Unit.ML}


@dataclass(slots=True)
class Installed:
    """A meter at its slot and how it is doing. `held` is the newest reading that is not journaled."""

    row_id: int
    config: MeterConfig
    unit: Unit
    meter: Meter | None = None
    max_rate: int | None = None
    failures: int = 0
    sits_out: int = 0
    held: Reading | None = None
    journaled_at: int | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """A reading on its way into the journal."""

    row_id: int
    name: str
    reading: Reading
    max_rate: int


@dataclass(slots=True)
class Journal:
    """Readings wait here for the writer, which stores all that wait in one transaction. Full: the buses wait."""

    db: Database
    waiting: deque[Taken] = field(default_factory=deque)
    more: asyncio.Event = field(default_factory=asyncio.Event)
    room: asyncio.Event = field(default_factory=asyncio.Event)

    async def add(self, taken: Sequence[Taken]) -> None:
        while len(self.waiting) > QUEUE_LIMIT:
            self.room.clear()
            await self.room.wait()
        self.waiting.extend(taken)
        if taken:
            self.more.set()

    async def write(self) -> None:
        """The writer's task."""
        while True:
            await self.more.wait()
            self.more.clear()
            await self.store()
            self.room.set()

    async def store(self) -> None:
        """Journals all that wait; on failure they wait on."""
        entries = list(self.waiting)
        async with self.db.transaction() as tx:
            for entry in entries:
                last = await readings.last_accepted(tx, entry.row_id)
                reason = judge(entry.reading, last, entry.max_rate)
                await readings.append(tx, entry.row_id, entry.name, entry.reading, reason)
                if reason is not Reason.NONE:
                    log.warning("a reading of meter %s is suspect and not billed: %s", entry.name, reason)
        for _ in entries:
            self.waiting.popleft()


def worth_keeping(meter: Installed, reading: Reading, time: TimeConfig) -> list[Reading]:
    """Which readings to journal now that this one has come; the rest stay `held`."""
    held, meter.held = meter.held, None
    if held is not None and time.block_at(held.at) != time.block_at(reading.at):
        return [held, reading]
    crossed = meter.journaled_at is None or time.block_at(meter.journaled_at) != time.block_at(reading.at)
    if crossed or (meter.journaled_at is not None and reading.at - meter.journaled_at >= time.journal_seconds):
        return [reading]
    meter.held = reading
    return []


async def install(db: Database, zones: Sequence[ZoneConfig]) -> dict[tuple[Driver, str], list[Installed]]:
    """Meters by bus. DriverError or JournalError for what no retry can mend."""
    buses: dict[tuple[Driver, str], list[Installed]] = {}
    for zone in zones:
        for config in zone.meters:
            driver = registry.driver(config.driver)
            async with db.transaction() as tx:
                row_id = await readings.register_meter(tx, config.name, zone.zone, config.slot, config.fed)
            key = (driver, driver.bus_key(config.settings))
            buses.setdefault(key, []).append(Installed(row_id, config, INDEX_UNIT[zone.utility]))
    return buses


async def poll_bus(
    driver: Driver, meters: Sequence[Installed], clock: Clock, time: TimeConfig, journal: Journal
) -> None:
    """Owns one bus for ever: each cycle asks every meter that is not sitting out."""
    settings: Mapping[str, object] = meters[0].config.settings
    async with driver.open_bus(settings, clock.now) as bus:
        while True:
            for meter in meters:
                await journal.add(await _poll(bus, meter, time))
            await clock.sleep(time.poll_seconds)


async def _poll(bus: Bus, meter: Installed, time: TimeConfig) -> list[Taken]:
    if meter.sits_out > 0:
        meter.sits_out -= 1
        return []
    try:
        reading, max_rate = await _ask(bus, meter)
        _pass_on_cancellation()
    except DriverError as error:
        _pass_on_cancellation()
        if meter.failures == 0:
            log.warning("meter %s does not answer: %s", meter.config.name, error)
        meter.sits_out = min(FIRST_DELAY << min(meter.failures, 16), MAX_DELAY)
        meter.failures += 1
        return []
    if meter.failures:
        log.info("meter %s answers again", meter.config.name)
    meter.failures = 0
    kept = worth_keeping(meter, reading, time)
    if kept:
        meter.journaled_at = reading.at
    return [Taken(meter.row_id, meter.config.name, entry, max_rate) for entry in kept]


def _pass_on_cancellation() -> None:
    """A driver may swallow it (Python 3.11's `wait_for` can); this task must end all the same."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


async def _ask(bus: Bus, meter: Installed) -> tuple[Reading, int]:
    """A reading and the meter's greatest rate. Whatever a driver does or raises harms its own meter only."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            return await _converse(bus, meter)
    except DriverError:
        raise
    except asyncio.CancelledError as error:
        _pass_on_cancellation()
        raise DriverError("the driver gave up", permanent=False) from error
    except TimeoutError as error:
        raise DriverError("the driver did not come back in time", permanent=False) from error
    except Exception as error:  # the one place where anything may come: third-party code
        raise DriverError(f"the driver failed: {type(error).__name__}", permanent=False) from error


async def _converse(bus: Bus, meter: Installed) -> tuple[Reading, int]:
    """Before its first reading a meter says that it is what the configuration calls it."""
    if meter.meter is None:
        meter.meter = bus.meter(meter.config.settings)
    if meter.max_rate is None:
        identity = await meter.meter.identify()
        if identity.register.unit is not meter.unit:
            raise DriverError(f"it measures {identity.register.unit}, its zone {meter.unit}", permanent=True)
        meter.max_rate = identity.register.max_rate
        log.info("meter %s answers: %s", meter.config.name, identity.profile)
    reading: object = await meter.meter.read()
    if not isinstance(reading, Reading):
        raise DriverError("the driver gave something that is no reading", permanent=True)
    return reading, meter.max_rate
