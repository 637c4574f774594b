"""Bars of usage as numbers for an inline SVG; the table under it holds the real data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from appliance.store.portal import UsageBlock
from web.amounts import short_day

MAX_BARS: Final = 12
WIDTH: Final = 320
HEIGHT: Final = 150
BASE: Final = 126  # y of the line the bars stand on
TOP: Final = 18


@dataclass(frozen=True, slots=True)
class Bar:
    """Whole SVG units; a missing block has height 0 and is marked."""

    x: int
    y: int
    width: int
    height: int
    middle: int
    label: str
    missing: bool


@dataclass(frozen=True, slots=True)
class Chart:
    """`highest` is the usage of the tallest bar."""

    bars: list[Bar]
    highest: int


def chart(blocks: Sequence[UsageBlock], offset_minutes: int) -> Chart:
    """Of the newest MAX_BARS blocks. A usage above zero is at least one unit tall."""
    shown = blocks[-MAX_BARS:]
    highest = max((b.usage for b in shown if not b.missing), default=0)
    step = WIDTH // max(len(shown), 6)
    bars = []
    for i, block in enumerate(shown):
        used = 0 if block.missing else block.usage
        height = -(-used * (BASE - TOP) // highest) if highest else 0
        label = short_day(block.starts_at, block.ends_at, offset_minutes)
        bars.append(
            Bar(i * step + step // 8, BASE - height, step * 3 // 4, height, i * step + step // 2, label, block.missing)
        )
    return Chart(bars, highest)
