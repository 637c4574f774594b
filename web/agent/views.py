"""Selling credit: what for and how much, once more to check, then a receipt; and the agent's own receipts.

An agent sees the homes it typed and the amounts it sold. No page of it says what a home used, owes or has.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from appliance.store import agents, portal
from appliance.store.agents import Answered, Receipt
from web.access import selling
from web.amounts import moment, money, units_of
from web.forms import Form, typed
from web.locale import Locale
from web.page import render, words_for
from web.session import CLOCK, DATABASE, RANDOMNESS

SHOWN: Final = 50
UTILITIES: Final = ("electricity", "water")
MARK_BYTES: Final = 16
_PATIENCE: Final = 30  # looks for an answer before the page says that it waits
_PAUSE: Final = 0.1


@dataclass(frozen=True, slots=True)
class ShownReceipt:
    receipt: Receipt
    amount: str
    when: str
    utility: str


@dataclass(frozen=True, slots=True)
class Left:
    """Of a float in a zone."""

    zone: portal.Zone
    amount: str
    some: bool


@dataclass(frozen=True, slots=True)
class Wanted:
    """A sale that somebody typed and that is possible, as far as the portal knows."""

    label: str
    zone: int
    utility: str
    units: int


async def sales(request: web.Request) -> web.Response:
    return await _page(request, Form(), 200)


async def check(request: web.Request) -> web.Response:
    """Shows what was typed once more, with a mark by which it counts once; nothing is sold yet."""
    outcome = await _wanted(request)
    if isinstance(outcome, Form):
        return await _page(request, outcome, 400)
    place = await portal.place(request.app[DATABASE]) or portal.Place("", 0)
    return render(
        request,
        "agent/check.html",
        here="/agent",
        compressed=False,
        wanted=outcome,
        amount=money(outcome.units, place),
        typed_amount=await typed(request, "amount"),
        once=request.app[RANDOMNESS](MARK_BYTES).hex(),
    )


async def sell(request: web.Request) -> web.Response:
    """Asks the core to sell; the same form again is the same sale."""
    db, agent = request.app[DATABASE], selling(request)
    once = await typed(request, "once")
    if len(once) != 2 * MARK_BYTES or any(c not in "0123456789abcdef" for c in once):
        raise web.HTTPBadRequest
    outcome = await _wanted(request)
    if isinstance(outcome, Form):
        return await _page(request, outcome, 400)
    now = request.app[CLOCK]()
    try:
        async with db.transaction() as tx:
            number = await agents.ask(
                tx, agent.agent_id, bytes.fromhex(once), outcome.zone, outcome.label, outcome.units, now
            )
    except KeyError as error:
        raise web.HTTPForbidden from error
    for _ in range(_PATIENCE):
        answered = await agents.answered(db, agent.agent_id, number)
        if answered is None or answered.answer != "waiting":
            break
        await asyncio.sleep(_PAUSE)
    raise web.HTTPSeeOther(f"/agent/sales/{number}")


async def receipt(request: web.Request) -> web.Response:
    """Of a request: its receipt, that it waits, or why nothing was sold."""
    db, agent, number = request.app[DATABASE], selling(request), request.match_info["request"]
    if not (number.isascii() and number.isdigit() and len(number) <= 15):
        raise web.HTTPNotFound
    answered = await agents.answered(db, agent.agent_id, int(number))
    if answered is None:
        raise web.HTTPNotFound
    shown = await _of(request, answered)
    return render(request, "agent/receipt.html", answer=answered.answer, shown=shown)


async def _of(request: web.Request, answered: Answered) -> ShownReceipt | None:
    if answered.receipt is None:
        return None
    db = request.app[DATABASE]
    found = await agents.receipt(db, selling(request).address, answered.receipt)
    if found is None:
        raise web.HTTPNotFound
    return (await _shown(request, [found]))[0]


async def _wanted(request: web.Request) -> Wanted | Form:
    """What the form asks for, or what is wrong with it."""
    db, words = request.app[DATABASE], words_for(request)
    utility = await typed(request, "utility")
    if utility not in UTILITIES:
        raise web.HTTPBadRequest
    place = await portal.place(db) or portal.Place("", 0)
    errors: dict[str, str] = {}
    found = await agents.home(db, (await typed(request, "home"))[:80], utility)
    if found is None:
        errors["home"] = words.text("sell.error_home", utility=words.text(f"utility.{utility}"))
    units = units_of((await typed(request, "amount"))[:80], place)
    if units is None:
        errors["amount"] = words.text("sell.error_amount")
    if found is None or units is None:
        return Form(errors)
    room = next((r for r in await agents.rooms(db, selling(request).agent_id) if r.zone == found[1]), None)
    if room is None or units > room.room:
        left = money(room.room if room else 0, place)
        return Form({"amount": words.text("sell.error_left", left=left)})
    if units % room.step:
        return Form({"amount": words.text("sell.error_step", step=money(room.step, place))})
    return Wanted(found[0], found[1], utility, units)


async def _page(request: web.Request, form: Form, status: int) -> web.Response:
    db, agent = request.app[DATABASE], selling(request)
    place = await portal.place(db) or portal.Place("", 0)
    zones = {zone.zone: zone for zone in await portal.zones(db)}
    rooms = [room for room in await agents.rooms(db, agent.agent_id) if room.zone in zones]
    return render(
        request,
        "agent/sales.html",
        status=status,
        here="/agent",
        form=form,
        rooms=[Left(zones[room.zone], money(room.room, place), bool(room.room)) for room in rooms],
        utilities=[u for u in UTILITIES if any(room.room and zones[room.zone].utility == u for room in rooms)],
        receipts=await _shown(request, await agents.receipts(db, agent.address, SHOWN)),
    )


async def _shown(request: web.Request, receipts: list[Receipt]) -> list[ShownReceipt]:
    db, words = request.app[DATABASE], words_for(request)
    place = await portal.place(db) or portal.Place("", 0)
    utilities = {zone.zone: zone.utility for zone in await portal.zones(db)}
    return [in_words(of, place, utilities.get(of.zone), words) for of in receipts]


def in_words(of: Receipt, place: portal.Place, utility: str | None, words: Locale) -> ShownReceipt:
    """`utility` is None for a zone that is not shown here any more."""
    return ShownReceipt(
        of,
        money(of.amount, place),
        moment(of.at, place.utc_offset_minutes, words),
        "" if utility is None else words.text(f"utility.{utility}"),
    )
