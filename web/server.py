"""The portal as one aiohttp application. It opens nothing but portal.db and holds no keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from aiohttp import web
from aiohttp.abc import AbstractAccessLogger

from appliance.store.database import Database
from web import community, resident
from web.access import AUDIENCES, DWELLING, PATTERN, Audience, Handler, Route, add_routes, audience_of, canonical_path
from web.locale import LANGUAGES
from web.page import LANGUAGE_COOKIE, STYLE_PATH, add_headers, render, style
from web.session import CLOCK, DATABASE, GATE, RANDOMNESS, SESSION_COOKIE, SignInGate, check_form, identify

MAX_BODY_BYTES: Final = 4096
_EXPLAINED: Final = (400, 403, 404, 405, 413, 415)
_YEAR_SECONDS: Final = 31_536_000


def make_portal(database: Database, clock: Callable[[], int], randomness: Callable[[int], bytes]) -> web.Application:
    """`clock` in UTC seconds; `randomness(n)` gives n unpredictable bytes."""
    app = web.Application(
        middlewares=[explain_errors, choose_language, admit],
        client_max_size=MAX_BODY_BYTES,
    )
    app[DATABASE] = database
    app[CLOCK] = clock
    app[RANDOMNESS] = randomness
    app[GATE] = SignInGate(database, randomness)
    app[AUDIENCES] = {}
    add_routes(app, [Route("GET", STYLE_PATH, Audience.EVERYBODY, style), *community.ROUTES, *resident.ROUTES])
    app.on_response_prepare.append(add_headers)
    return app


def portal_runner(app: web.Application) -> web.AppRunner:
    """Runs it with a log that holds nothing private."""
    return web.AppRunner(app, access_log_class=RouteLogger)


class RouteLogger(AbstractAccessLogger):
    """Method, the route's pattern, status, bytes: no address, query, cookie or body."""

    def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:  # noqa: ARG002
        self.logger.info(
            "%s %s %d %d", request.method, request.get(PATTERN, "-"), response.status, response.body_length
        )


@web.middleware
async def explain_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every refusal is a page in plain words."""
    request[PATTERN] = canonical_path(request)
    try:
        return await handler(request)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        status = error.status if error.status in _EXPLAINED else 400
        return render(request, "error.html", status=error.status, key=f"error.{status}")


@web.middleware
async def choose_language(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A link with ?lang= sets a cookie and goes on to the same page without it."""
    chosen = request.query.get("lang")
    if request.method != "GET" or chosen not in LANGUAGES:
        return await handler(request)
    response = web.HTTPSeeOther(request.path)
    response.set_cookie(
        LANGUAGE_COOKIE, chosen, max_age=_YEAR_SECONDS, httponly=True, samesite="Strict", secure=request.secure
    )
    raise response


@web.middleware
async def admit(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Who is asking, whether this route is for them, and, for a POST, whether it came from our own page."""
    audience = audience_of(request)
    if request.match_info.http_exception is None and audience is None:
        raise web.HTTPNotFound
    if canonical_path(request) != STYLE_PATH:
        await identify(request)
    if audience is Audience.RESIDENT and DWELLING not in request:
        raise web.HTTPSeeOther("/sign-in?ended=1" if SESSION_COOKIE in request.cookies else "/sign-in")
    if request.method != "GET" and request.match_info.http_exception is None:
        await check_form(request)
    return await handler(request)
