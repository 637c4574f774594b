"""Everything that can be done in a settlement, in an order in which it can: what `./mita bench chain` measures.

Each public function of each contract is called at least once, those that work on a zone's lists for 64 slots. Only what
contracts call of each other is left out: it is measured as a part of what is called here.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Final

from appliance.bench import disputes, money, periods, votes
from appliance.bench.calls import Call
from appliance.bench.disputes import BEFORE_JURORS, DRAWN, UNANSWERED, Disputed
from appliance.bench.town import (
    COURT,
    POWER,
    SEALED,
    SLOTS,
    WATER,
    Surroundings,
    Town,
    founding_calls,
    registry_calls,
    together,
)
from appliance.call import METER_DATA, USER_REGISTRY
from circuits.tariff import Band

BANDS: Final = (Band(0, 20), Band(40_000, 35), Band(80_000, 50), Band(120_000, 80))


@dataclass(frozen=True, slots=True)
class Step:
    """A transaction that takes effect, and the name of the figures that it alone is told by; None for most."""

    call: Call
    figures: str | None = None
    note: str = ""


def steps(rng: random.Random, surroundings: Surroundings, *, long: bool) -> Iterator[Step]:
    """`long`: as many bands as a tariff has, as many zones as can be opened together."""
    town = Town(rng, surroundings, BANDS if long else BANDS[:2], SEALED if long else SEALED[:2])
    yield from map(Step, chain(founding_calls(town), registry_calls(town), periods.batch(town, POWER)))
    yield from map(Step, periods.own_proof(town, POWER, 0))
    yield from map(Step, together(USER_REGISTRY, "move-out", POWER, money.MOVED_OUT))
    for later in periods.batch(town, POWER):
        yield Step(
            later,
            f"{METER_DATA}.{later.function}.{SLOTS}",
            "a later batch of a period, in which one slot proved itself: 64 that do make it a little dearer",
        )
    yield from map(Step, chain(_first_period(town), _disputes(town), _later(town), _ends(town)))


def _first_period(town: Town) -> Iterator[Call]:
    """Closed, paid in, billed; sealed batches of other zones; the court's two periods."""
    yield from periods.close(town, POWER)
    for _ in range(2):
        yield from periods.batch(town, COURT)
        yield from periods.close(town, COURT)
    yield from periods.batch(town, WATER)
    yield from periods.close(town, WATER)
    for zone in town.sealed:
        yield from periods.batch(town, zone, opened=False)
    yield from periods.combined_total(town, town.sealed)
    yield from money.paid_in(town)
    yield from disputes.claims(town)
    yield from periods.bills(town, POWER, 0)
    yield from periods.bills(town, WATER, 0)


def _disputes(town: Town) -> Iterator[Call]:
    """Three of the first period's bills; then the next batch, without which no clock runs; then the settlement."""
    found: dict[int, Disputed] = {}
    yield from disputes.opened(town, BEFORE_JURORS, found)
    yield from disputes.jurors(town)
    for slot in (DRAWN, UNANSWERED):
        yield from disputes.opened(town, slot, found)
    for slot in (BEFORE_JURORS, DRAWN):
        yield from disputes.answered(town, slot + 1)
    yield from disputes.judged(town)
    town.chain.burn(1_008)
    yield from periods.batch(town, POWER)
    yield from periods.close(town, POWER)
    yield from disputes.expired(town)
    yield from periods.settle(town, POWER, {slot: (of.commitment, of.correction) for slot, of in found.items()})
    yield from disputes.refunded(town)


def _later(town: Town) -> Iterator[Call]:
    """Who votes, is paid out, or gets a reward has been there for two periods."""
    yield from money.payout(town)
    yield from money.release_slot(town)
    yield from money.rewards(town)
    yield from votes.proposed(town)
    yield from votes.cast(town)


def _ends(town: Town) -> Iterator[Call]:
    yield from votes.decided(town)
    yield from money.income(town)
    yield from votes.paused(town)
    yield from money.closed(town)
