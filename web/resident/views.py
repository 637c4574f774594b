"""A dwelling's usage, one batch of it, and the check of that batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from aiohttp import web

from appliance.store import portal
from appliance.store.database import Database
from circuits.blinding import BlindingKey
from circuits.code import CodeError
from circuits.shape import USAGE_BOUND
from web.access import signed_in
from web.amounts import amount, day, everyday
from web.forms import Form, typed
from web.locale import Locale
from web.page import render, words_for
from web.resident.chart import MAX_BARS, Chart, chart
from web.resident.check import Checked
from web.resident.check import check as check_batch
from web.session import DATABASE

BATCHES_SHOWN: Final = 6


@dataclass(frozen=True, slots=True)
class ShownDay:
    """A block in words; `used` is None when the meter did not answer."""

    block: portal.UsageBlock
    day: str
    used: str | None
    everyday: str | None
    index_start: str
    index_end: str


@dataclass(frozen=True, slots=True)
class ShownBatch:
    """`days` is empty when the dwelling had no meter then."""

    batch: portal.Batch
    days: list[ShownDay]
    used: str
    everyday: str | None
    commitment: portal.BatchCommitment | None


@dataclass(frozen=True, slots=True)
class ShownService:
    service: portal.Service
    zone: portal.Zone
    days: list[ShownDay]
    chart: Chart
    highest: str
    batches: list[ShownBatch]


@dataclass(frozen=True, slots=True)
class _Reader:
    """Whose pages these are and how they are worded."""

    db: Database
    dwelling: portal.Dwelling
    words: Locale
    offset_minutes: int

    def day(self, block: portal.UsageBlock, unit: portal.Unit) -> ShownDay:
        return ShownDay(
            block,
            day(block.starts_at, block.ends_at, self.offset_minutes, self.words),
            None if block.missing else amount(block.usage, unit),
            None if block.missing else everyday(block.usage, unit, self.words),
            amount(block.index_start, unit),
            amount(block.index_end, unit),
        )

    async def batch(self, batch: portal.Batch, unit: portal.Unit) -> ShownBatch:
        own = self.dwelling.dwelling_id
        blocks = await portal.blocks_of(self.db, own, batch.zone, batch.first_block, batch.last_block)
        used = sum(block.usage for block in blocks if not block.missing)
        return ShownBatch(
            batch,
            [self.day(block, unit) for block in blocks],
            amount(used, unit),
            everyday(used, unit, self.words),
            await portal.commitment_of(self.db, own, batch.zone, batch.first_block),
        )

    async def service(self, service: portal.Service, zone: portal.Zone) -> ShownService:
        blocks = await portal.newest_blocks_of(self.db, self.dwelling.dwelling_id, zone.zone, MAX_BARS)
        drawn = chart(blocks, self.offset_minutes)
        newest = await portal.batches(self.db, zone.zone, BATCHES_SHOWN)
        return ShownService(
            service,
            zone,
            [self.day(block, zone.unit) for block in reversed(blocks)],
            drawn,
            amount(drawn.highest, zone.unit),
            [await self.batch(batch, zone.unit) for batch in newest],
        )


async def usage(request: web.Request) -> web.Response:
    reader = await _reader(request)
    services = await portal.services_of(reader.db, reader.dwelling.dwelling_id)
    shown = [await reader.service(service, zone) for service, zone in services]
    return render(request, "resident/usage.html", services=shown)


async def batch(request: web.Request) -> web.Response:
    return await _batch_page(request, Form(), None, 200)


async def check(request: web.Request) -> web.Response:
    """Takes the proof code, computes, and forgets it."""
    try:
        key = BlindingKey.from_code(await typed(request, "proof_code"))
    except CodeError:
        return await _batch_page(request, Form({"proof_code": words_for(request).text("check.error_code")}), None, 400)
    reader = await _reader(request)
    _service, zone, found = await _own_batch(request, reader)
    own = reader.dwelling.dwelling_id
    blocks = await portal.blocks_of(reader.db, own, zone.zone, found.first_block, found.last_block)
    others = await portal.newest_blocks_of(reader.db, own, zone.zone, MAX_BARS)
    stored = await portal.commitment_of(reader.db, own, zone.zone, found.first_block)
    checked = check_batch(found, blocks, stored, others, key)
    if checked.verdict == "other_code":
        text = reader.words.text("check.other_code")
        return await _batch_page(request, Form({"proof_code": text}), None, 400)
    return await _batch_page(request, Form(), checked, 200)


async def _batch_page(request: web.Request, form: Form, checked: Checked | None, status: int) -> web.Response:
    reader = await _reader(request)
    service, zone, found = await _own_batch(request, reader)
    before, after = await portal.neighbouring_batches(reader.db, zone.zone, found.first_block)
    shown = await reader.batch(found, zone.unit)
    return render(
        request,
        "resident/batch.html",
        status=status,
        here=f"/usage/{zone.zone}/{found.first_block}",
        service=service,
        zone=zone,
        shown=shown,
        named={shown_day.block.block: shown_day.day for shown_day in shown.days},
        limit=amount(USAGE_BOUND, zone.unit),
        before=before,
        after=after,
        form=form,
        checked=checked,
    )


async def _reader(request: web.Request) -> _Reader:
    db = request.app[DATABASE]
    place = await portal.place(db)
    return _Reader(db, signed_in(request), words_for(request), place.utc_offset_minutes if place else 0)


async def _own_batch(request: web.Request, reader: _Reader) -> tuple[portal.Service, portal.Zone, portal.Batch]:
    """The batch of the address, if it is of a zone where the dwelling has a meter; otherwise there is no such page."""
    number = _number(request, "zone")
    first_block = _number(request, "first_block")
    for service, zone in await portal.services_of(reader.db, reader.dwelling.dwelling_id):
        if zone.zone == number:
            found = await portal.batch(reader.db, number, first_block)
            if found is not None:
                return service, zone, found
    raise web.HTTPNotFound


def _number(request: web.Request, name: str) -> int:
    text = request.match_info[name]
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise web.HTTPNotFound
    return int(text)
