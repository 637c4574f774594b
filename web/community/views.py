"""The community page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from aiohttp import web

from appliance.store import portal
from appliance.store.database import Database
from web.amounts import amount, day, everyday
from web.locale import Locale
from web.page import render, words_for
from web.session import DATABASE

BATCHES_SHOWN: Final = 6

# Below this number of homes a total says too much about one of them. The contract refuses such a total (its floor for
# k-min); until the contract has accepted one, this page is as strict by itself.
FEWEST_HOMES: Final = 15


@dataclass(frozen=True, slots=True)
class ShownBatch:
    """`total` is None while it must not be shown; `range` is the last part of a key; `days` may be unknown: empty."""

    batch: portal.Batch
    days: list[str]
    range: Literal["yes", "no", "unchecked"]
    total: str | None
    everyday: str | None


@dataclass(frozen=True, slots=True)
class ShownZone:
    zone: portal.Zone
    homes: int
    levels: dict[int, int]
    batches: list[ShownBatch]


async def community(request: web.Request) -> web.Response:
    db = request.app[DATABASE]
    words = words_for(request)
    place = await portal.place(db)
    offset = place.utc_offset_minutes if place else 0
    shown = []
    for zone in await portal.zones(db):
        levels = await portal.meter_levels(db, zone.zone)
        homes = sum(levels.values())
        newest = await portal.batches(db, zone.zone, BATCHES_SHOWN)
        batches = [await _shown(db, batch, zone, homes, words, offset) for batch in newest]
        shown.append(ShownZone(zone, homes, levels, batches))
    return render(request, "community/community.html", place=place, zones=shown)


async def _shown(
    db: Database, batch: portal.Batch, zone: portal.Zone, homes: int, words: Locale, offset: int
) -> ShownBatch:
    times = [await portal.block_times(db, zone.zone, b) for b in sorted({batch.first_block, batch.last_block})]
    days = [day(*time, offset, words) for time in times if time is not None]
    accepted = batch.state in ("included", "final")
    proved: Literal["yes", "no"] = "yes" if batch.range_proved else "no"
    checked = proved if accepted else "unchecked"
    if homes < FEWEST_HOMES and not accepted:
        return ShownBatch(batch, days, checked, None, None)
    return ShownBatch(batch, days, checked, amount(batch.total, zone.unit), everyday(batch.total, zone.unit, words))
