"""A clock that stands still until it is moved."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class FakeClock:
    at: int = 1_800_000_000

    def now(self) -> int:
        return self.at

    async def sleep(self, seconds: int) -> None:
        self.at += seconds
