"""How many transactions a dwelling takes: what the appliance does in a month, counted. Pure.

The settlement is one of 200 dwellings with electricity and water, in four zones of 64 slots and 50 dwellings for each.
What residents send of their own accord, payments above all, is not in it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from appliance.bench.figures import Figure
from appliance.block import next_batch
from appliance.period import Step, billing, crediting, ends_at, settling

DWELLINGS: Final = 200
UTILITIES: Final = 2
ZONES: Final = 4  # of each utility
SLOTS: Final = 64
MONTH: Final = 31  # blocks of a period
BATCH: Final = 7  # blocks of a batch
PROVIDERS: Final = ("withdraw", "release-holdback")
"""What a provider calls once for every zone and period."""
TARGETS: Final = {1: 0.6, 4: 1.2}  # by bands of the tariff


def month(bands: int) -> Counter[str]:
    """The calls for one zone, by function."""
    return Counter(_calls(bands))


def _calls(bands: int) -> Iterator[str]:
    batched, last = 0, ends_at(0, -1, MONTH)
    while batched <= last and (span := next_batch(0, batched, MONTH, BATCH, last)) is not None:
        yield "submit-usage-batch"
        batched = span[1] + 1
    yield Step.CLOSE.value
    for due in (*billing(bands, SLOTS), *crediting(SLOTS), *settling(SLOTS)):
        yield due.step.value
    yield from PROVIDERS


def traffic_figures() -> list[Figure]:
    found = []
    for bands, target in TARGETS.items():
        calls = month(bands)
        each = calls.total() * ZONES * UTILITIES / DWELLINGS
        listed = ", ".join(f"{count} {name}" for name, count in calls.items())
        words = f"for each of {ZONES * UTILITIES} zones of {SLOTS} slots: {listed}"
        name = f"chain.tx_per_dwelling_month.{bands}band{'s' if bands > 1 else ''}"
        found.append(Figure(name, round(each, 4), target, words))
    return found
