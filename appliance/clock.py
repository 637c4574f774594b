"""Time as an argument. The rest of the appliance never asks the operating system what time it is."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Protocol


class Clock(Protocol):
    def now(self) -> int:
        """UTC seconds."""

    async def sleep(self, seconds: int) -> None:
        """Returns when that much of this clock's time has passed."""


@dataclass(frozen=True, slots=True)
class SystemClock:
    """The operating system's idea of UTC."""

    def now(self) -> int:
        return time.time_ns() // 1_000_000_000

    async def sleep(self, seconds: int) -> None:
        await asyncio.sleep(seconds)


@dataclass(frozen=True, slots=True)
class ScaledClock:
    """Time that runs `speed` times as fast as the system's from a common origin, so that a demo's processes agree."""

    epoch_utc: int
    epoch_wall_ms: int
    speed: int

    def now(self) -> int:
        return self.epoch_utc + (time.time_ns() // 1_000_000 - self.epoch_wall_ms) * self.speed // 1000

    async def sleep(self, seconds: int) -> None:
        await asyncio.sleep(seconds / self.speed)
