"""Drivers that do as they are told, for the collector."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from drivers.api import Authenticity, Clock, Confidence, Identity, Reading, Register, Unit


@dataclass(slots=True)
class FakeMeter:
    """Answers what `index` says at the time of asking; raises `fault` instead while it is set."""

    clock: Clock
    index: Callable[[int], int]
    fault: BaseException | None = None
    asked: int = 0

    async def identify(self) -> Identity:
        if self.fault is not None:
            raise self.fault
        register = Register("1-0:1.8.0", Unit.WH, None, 20_000, resettable=False)
        return Identity("Fake", "F1", None, "fake@1", Confidence.A, register)

    async def read(self) -> Reading:
        self.asked += 1
        if self.fault is not None:
            raise self.fault
        index = self.index(self.clock())
        return Reading("1-0:1.8.0", index, Unit.WH, self.clock(), Authenticity.L0, index.to_bytes(8, "big"), None)


@dataclass(slots=True)
class FakeBus:
    meters: dict[str, FakeMeter]

    def meter(self, settings: Mapping[str, object]) -> FakeMeter:
        return self.meters[str(settings["name"])]


@dataclass(slots=True)
class FakeDriver:
    """One bus for all its meters."""

    meters: dict[str, FakeMeter] = field(default_factory=dict)
    name: str = "fake"

    def bus_key(self, settings: Mapping[str, object]) -> str:
        assert settings
        return "the bus"

    @asynccontextmanager
    async def open_bus(self, settings: Mapping[str, object], clock: Clock) -> AsyncIterator[FakeBus]:
        assert settings
        assert clock() > 0
        yield FakeBus(self.meters)
