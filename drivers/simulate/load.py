"""Load curves: what a kind of dwelling takes by hour and seed, and the index that follows from it.

A rate, in W or in ml per hour, stands still within an hour of UTC; it is summed by the second and cut to whole Wh or
ml, so that the index at an instant is the same whatever was asked before.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from drivers.modbus.model import Utility

HOUR = 3600
DAY = 24
_MASK = 2**64 - 1


class Dwelling(StrEnum):
    """Who lives behind the meter."""

    FAMILY = "family"
    SINGLE = "single"
    SHOP = "shop"
    WORKSHOP = "workshop"
    NIGHT = "night"
    IDLE = "idle"


# Mean watts in each hour of the day, 0 to 23.
WATTS: dict[Dwelling, tuple[int, ...]] = {
    kind: tuple(int(watts) for watts in hours.split())
    for kind, hours in {
        Dwelling.FAMILY: "95 85 80 80 110 340 620 480 260 210 220 310 420 300 240 230 290 520 980 1150 940 610 320 150",
        Dwelling.SINGLE: "45 40 40 40 45 90 260 180 60 50 50 55 60 55 50 50 60 140 360 420 310 210 130 70",
        Dwelling.SHOP: "180 180 180 180 180 200 420 760 980 1050 1100 1150 "
        "1200 1180 1120 1080 1060 1020 960 820 540 260 200 180",
        Dwelling.WORKSHOP: "30 30 30 30 30 30 90 850 1600 1900 2000 1700 "
        "600 1750 2100 1950 1500 700 120 40 30 30 30 30",
        Dwelling.NIGHT: "640 600 560 520 480 300 120 60 50 50 50 50 55 55 60 70 90 150 320 480 620 700 720 690",
        Dwelling.IDLE: "3 3 3 3 3 3 3 3 3 3 3 3 3 3 3 3 3 3 3 3 3 3 3 3",
    }.items()
}


# Mean ml per hour, likewise.
ML_PER_HOUR: dict[Dwelling, tuple[int, ...]] = {
    kind: tuple(int(litres) * 1000 for litres in hours.split())
    for kind, hours in {
        Dwelling.FAMILY: "1 0 0 0 2 14 30 22 10 6 6 8 12 10 6 5 6 10 20 26 18 10 5 2",
        Dwelling.SINGLE: "0 0 0 0 0 3 9 6 2 0 0 1 2 1 0 0 0 2 6 9 5 3 1 0",
        Dwelling.SHOP: "0 0 0 0 0 0 4 8 10 10 11 12 14 12 10 9 9 8 6 4 2 0 0 0",
        Dwelling.WORKSHOP: "0 0 0 0 0 0 2 10 14 14 15 12 6 14 16 15 12 6 2 0 0 0 0 0",
        Dwelling.NIGHT: "8 6 5 5 4 3 2 1 0 0 0 0 0 0 1 1 2 4 8 12 14 14 12 10",
        Dwelling.IDLE: "0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0",
    }.items()
}
MEANS: dict[Utility, dict[Dwelling, tuple[int, ...]]] = {Utility.ELECTRICITY: WATTS, Utility.WATER: ML_PER_HOUR}


def jitter(seed: int, *place: int) -> int:
    """0 to 2^64 - 1, the same for the same arguments on every machine (Steele, Lea, Flood 2014: SplitMix64)."""
    state = seed & _MASK
    mixed = 0
    for number in (0, *place):
        state = (state + 0x9E3779B97F4A7C15 + number) & _MASK
        mixed = state
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
        mixed ^= mixed >> 31
        state = mixed
    return mixed


@dataclass(frozen=True, slots=True)
class LoadCurve:
    """The load behind one meter since `origin`, when its index was `start_index`, in Wh or ml."""

    dwelling: Dwelling
    seed: int
    origin: int  # UTC seconds
    start_index: int
    means: Mapping[Dwelling, tuple[int, ...]] = field(default_factory=lambda: WATTS)
    _sums: list[int] = field(default_factory=lambda: [0], compare=False, repr=False)  # of the hours before, lazily

    def rate(self, at: int) -> int:
        """W or ml per hour at that UTC second."""
        return self._mean(at // HOUR)

    def index(self, at: int) -> int:
        """In Wh or ml. ValueError before the origin."""
        if at < self.origin:
            raise ValueError(f"{at} lies before the curve's origin {self.origin}")
        first = self.origin // HOUR
        unused = self._mean(first) * (self.origin % HOUR)
        hour = at // HOUR
        while len(self._sums) <= hour - first:
            self._sums.append(self._sums[-1] + self._mean(first + len(self._sums) - 1))
        rate_seconds = self._sums[hour - first] * HOUR + self._mean(hour) * (at % HOUR) - unused
        return self.start_index + rate_seconds // HOUR

    def _mean(self, hour: int) -> int:
        """The kind's mean, 80 to 120 % by day and 60 to 140 % by hour."""
        day = 800 + jitter(self.seed, 1, hour // DAY) % 401
        within = 600 + jitter(self.seed, 2, hour) % 801
        return self.means[self.dwelling][hour % DAY] * day * within // 1_000_000
