"""What the community may decide, in words, and a dwelling's own choice, which no page shows again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from aiohttp import web

from appliance.store import portal, votes
from web.access import signed_in
from web.amounts import amount, money, rate
from web.forms import typed
from web.locale import Locale
from web.page import render, words_for
from web.session import DATABASE

SHOWN: Final = 20
UNIT_OF: Final[dict[str, portal.Unit]] = {"electricity": "Wh", "water": "L"}


@dataclass(frozen=True, slots=True)
class Shown:
    """A proposal in words; `answer` is what became of the home's newest choice, None before it made one."""

    proposal: votes.ShownProposal
    asks: str
    details: list[str]
    standing: str
    turnout: str | None
    answer: str | None


async def proposals(request: web.Request) -> web.Response:
    db, words = request.app[DATABASE], words_for(request)
    place = await portal.place(db) or portal.Place("", 0)
    answers = await votes.answers_of(db, signed_in(request).dwelling_id)
    shown = [_shown(of, answers.get(of.id), place, words) for of in await votes.proposals(db, SHOWN)]
    return render(request, "resident/votes.html", proposals=shown)


async def choose(request: web.Request) -> web.Response:
    """Asks the core to take a choice; 404 for what is not open, 400 for what is neither yes nor no."""
    db, typed_number = request.app[DATABASE], request.match_info["proposal"]
    if not (typed_number.isascii() and typed_number.isdigit() and len(typed_number) <= 15):
        raise web.HTTPNotFound
    choice = await typed(request, "choice")
    async with db.transaction() as tx:
        if not await votes.is_open(tx, int(typed_number)):
            raise web.HTTPNotFound
        match choice:
            case "yes" | "no":
                await votes.request(tx, signed_in(request).dwelling_id, int(typed_number), choice)
            case _:
                raise web.HTTPBadRequest
    raise web.HTTPSeeOther("/votes")


def _shown(of: votes.ShownProposal, answer: votes.Answer | None, place: portal.Place, words: Locale) -> Shown:
    return Shown(
        of,
        _asks(of, words),
        _prices(of, place, words),
        _standing(of, words),
        words.text("votes.turnout", voted=of.voted, voters=of.voters) if of.ready is not None else None,
        None if answer is None else words.text(f"votes.answer_{answer}"),
    )


def _standing(of: votes.ShownProposal, words: Locale) -> str:
    match of.state:
        case "open":
            return words.text("votes.state_open", until=of.until)
        case "passed":
            return words.text("votes.state_passed", ready=of.ready or 0)
    return words.text(f"votes.state_{of.state}")


def _asks(of: votes.ShownProposal, words: Locale) -> str:
    name, who, number = of.name or "?", of.who or "?", of.number or 0
    match of.kind:
        case "tariff":
            utility = words.text(f"utility.{of.utility}") if of.utility is not None else "?"
            return words.text("votes.asks_tariff", utility=utility, period=of.from_period or 0)
        case "parameter":
            return words.text("votes.asks_parameter", name=name, number=number)
        case "role":
            if of.holds:
                return words.text("votes.asks_role", who=who, number=number)
            return words.text("votes.asks_role_end", who=who, number=number)
        case "token":
            return words.text("votes.asks_token", who=who, number=number)
        case "contract":
            return words.text("votes.asks_contract", name=name, who=who)
        case "pause-off":
            return words.text("votes.asks_pause_off")


def _prices(of: votes.ShownProposal, place: portal.Place, words: Locale) -> list[str]:
    if of.utility is None or of.charge is None:
        return []
    unit = UNIT_OF[of.utility]
    lines = [words.text("votes.charge", rate=money(of.charge, place))]
    for band in of.bands:
        each = rate(band.rate, unit, place)
        above = words.text("votes.above", rate=each, start=amount(band.start, unit))
        lines.append(above if band.start else words.text("votes.from_first", rate=each))
    return lines
