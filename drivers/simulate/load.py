"""Load curves: watts by kind of dwelling, hour and seed, and the energy index that follows from them.

Power is constant within an hour of UTC; energy is kept in watt-seconds and cut to whole watt-hours, so that the index
is XX
"""

from dataclasses import dataclass, field
from enum import StrEnum

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
    """The load behind one meter since `origin`, when its index was `start_index` Wh."""

    dwelling: Dwelling
    seed: int
    origin: int  # UTC seconds
    start_index: int  # Wh
    _sums: list[int] = field(default_factory=lambda: [0], compare=False, repr=False)  # Wh of the hours before, lazily

    def power_w(self, at: int) -> int:
        """Watts at that UTC second."""
        return self._hour_w(at // HOUR)

    def index_wh(self, at: int) -> int:
        """The index in Wh. ValueError before the origin."""
        if at < self.origin:
            raise ValueError(f"{at} lies before the curve's origin {self.origin}")
        first = self.origin // HOUR
        unused = self._hour_w(first) * (self.origin % HOUR)
        hour = at // HOUR
        while len(self._sums) <= hour - first:
            self._sums.append(self._sums[-1] + self._hour_w(first + len(self._sums) - 1))
        watt_seconds = self._sums[hour - first] * HOUR + self._hour_w(hour) * (at % HOUR) - unused
        return self.start_index + watt_seconds // HOUR

    def _hour_w(self, hour: int) -> int:
        """The kind's mean, 80 to 120 % by day and 60 to 140 % by hour."""
        day = 800 + jitter(self.seed, 1, hour // DAY) % 401
        within = 600 + jitter(self.seed, 2, hour) % 801
        return WATTS[self.dwelling][hour % DAY] * day * within // 1_000_000
