"""The community page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from aiohttp import web

from appliance.store import portal
from appliance.store.database import Database
from circuits.shape import USAGE_BOUND
from web.amounts import amount, day, everyday
from web.locale import Locale
from web.page import render, words_for
from web.session import DATABASE

BATCHES_SHOWN: Final = 6

# Below this number of homes a total says too much about one of them. The contract refuses such a total (its floor for
# k-min); until the contract has accepted one, this page is as strict by itself.
FEWEST_HOMES: Final = 15
SEALED: Final = 2  # what the contract checked of a batch whose total it does not know: the ranges


@dataclass(frozen=True, slots=True)
class ShownBatch:
    """`total` is None while it must not be shown; `days` may be unknown: empty."""

    batch: portal.Batch
    days: list[str]
    total: str | None
    everyday: str | None


@dataclass(frozen=True, slots=True)
class ShownZone:
    """`limit` is what each sealed amount of a range-proved batch lies below, in words."""

    zone: portal.Zone
    homes: int
    levels: dict[int, int]
    limit: str
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
        shown.append(ShownZone(zone, homes, levels, amount(USAGE_BOUND, zone.unit), batches))
    checks = {entry.batch.checked for each in shown for entry in each.batches}
    return render(request, "community/community.html", place=place, zones=shown, checks=checks)


async def _shown(
    db: Database, batch: portal.Batch, zone: portal.Zone, homes: int, words: Locale, offset: int
) -> ShownBatch:
    times = [await portal.block_times(db, zone.zone, b) for b in sorted({batch.first_block, batch.last_block})]
    days = [day(*time, offset, words) for time in times if time is not None]
    accepted = batch.state in ("included", "final")
    hidden = batch.checked == SEALED or (not accepted and batch.total == 0)
    if hidden or (homes < FEWEST_HOMES and not accepted):
        return ShownBatch(batch, days, None, None)
    return ShownBatch(batch, days, amount(batch.total, zone.unit), everyday(batch.total, zone.unit, words))
