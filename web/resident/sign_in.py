"""Signing in with the card, a dwelling's or an agent's, and finishing."""

from __future__ import annotations

from aiohttp import web

from web.access import AGENT, DWELLING
from web.forms import Form, typed
from web.page import render, words_for
from web.session import CLOCK, GATE, Refused, begin, close_current, end, keep_form_key

_STATUS = {"error_empty": 400, "error_shape": 400, "error_wrong": 403, "error_wait": 429}


async def sign_in_form(request: web.Request) -> web.Response:
    """?show=1 shows the letters while they are typed; ?ended=1 says that a visit timed out."""
    if DWELLING in request or AGENT in request:
        raise web.HTTPSeeOther("/usage" if DWELLING in request else "/agent")
    return _page(request, Form(), 200)


async def sign_in(request: web.Request) -> web.Response:
    code = await typed(request, "code")
    outcome = await request.app[GATE].sign_in(code, request.remote or "", request.app[CLOCK]())
    if isinstance(outcome, Refused):
        text = words_for(request).text(f"sign_in.{outcome.reason}", seconds=outcome.wait)
        response = _page(request, Form({"code": text}), _STATUS[outcome.reason])
        if outcome.wait:
            response.headers["Retry-After"] = str(outcome.wait)
        return response
    await close_current(request)
    response = web.HTTPSeeOther("/agent" if outcome.agent else "/usage")
    begin(request, response, outcome)
    raise response


async def finish(request: web.Request) -> web.Response:
    response = web.HTTPSeeOther("/finished")
    await end(request, response)
    raise response


async def finished(request: web.Request) -> web.Response:
    return render(request, "resident/finished.html")


def _page(request: web.Request, form: Form, status: int) -> web.Response:
    response = render(
        request,
        "resident/sign_in.html",
        status=status,
        here="/sign-in",
        form=form,
        visible="show" in request.query,
        ended="ended" in request.query,
    )
    keep_form_key(request, response)
    return response
