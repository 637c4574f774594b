"""The portal as one aiohttp application. It opens nothing but portal.db and holds no keys."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final
from urllib.parse import urlsplit

from aiohttp import hdrs, web
from aiohttp.abc import AbstractAccessLogger

from appliance.store.database import Database
from web import agent, community, resident
from web.access import (
    AGENT,
    AUDIENCES,
    DWELLING,
    PATTERN,
    Audience,
    Handler,
    Route,
    add_routes,
    audience_of,
    canonical_path,
    is_for,
)
from web.doors import BACKLOG, Door, Doors, Limits
from web.failures import error_page, hush
from web.locale import LANGUAGES
from web.page import LANGUAGE_COOKIE, STYLE_PATH, add_headers, style
from web.session import CLOCK, DATABASE, GATE, RANDOMNESS, SESSION_COOKIE, SignInGate, check_form, identify

MAX_BODY_BYTES: Final = 4096
SHUTDOWN_SECONDS: Final = 5  # for answers under way
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
    shared = Route("GET", STYLE_PATH, Audience.EVERYBODY, style)
    add_routes(app, [shared, *community.ROUTES, *resident.ROUTES, *agent.ROUTES])
    app.on_response_prepare.append(add_headers)
    return app


def portal_runner(app: web.Application) -> web.AppRunner:
    """Runs it with a log that holds nothing private. It bounds nothing: `serve` does."""
    hush()
    return web.AppRunner(app, access_log_class=RouteLogger, shutdown_timeout=SHUTDOWN_SECONDS)


@asynccontextmanager
async def serve(app: web.Application, host: str, port: int, limits: Limits | None = None) -> AsyncIterator[int]:
    """Listens until left; gives the port, which the system chooses for 0. OSError when it cannot listen there."""
    runner = portal_runner(app)
    await runner.setup()
    assert runner.server is not None  # after setup()
    doors = Doors(runner.server, limits or Limits(), access_log_class=RouteLogger)
    try:
        listening = await asyncio.get_running_loop().create_server(doors, host, port, backlog=BACKLOG)
        try:
            yield int(listening.sockets[0].getsockname()[1])
        finally:
            listening.close()
    finally:
        await runner.cleanup()
        doors.cut_off()
        await asyncio.sleep(0)  # one step of the loop closes them


class RouteLogger(AbstractAccessLogger):
    """Method, the route's pattern, status, bytes: no address, query, cookie or body."""

    def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:  # noqa: ARG002
        self.logger.info(
            "%s %s %d %d",
            request.method if request.method in hdrs.METH_ALL else "-",
            request.get(PATTERN, "-"),
            response.status,
            response.body_length,
        )


@web.middleware
async def explain_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every refusal is a page in plain words."""
    request[PATTERN] = canonical_path(request)
    if isinstance(request.protocol, Door):
        request.protocol.begin_request()
    try:
        return await handler(request)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return error_page(request, error.status)


@web.middleware
async def choose_language(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A link with ?lang= sets a cookie and goes on to the same page without it."""
    chosen = request.query.get("lang")
    # Only to a page of ours: a path such as //elsewhere would lead away.
    if request.method != "GET" or chosen not in LANGUAGES or request.match_info.http_exception is not None:
        return await handler(request)
    response = web.HTTPSeeOther(request.path)
    response.set_cookie(
        LANGUAGE_COOKIE, chosen, max_age=_YEAR_SECONDS, httponly=True, samesite="Strict", secure=request.secure
    )
    raise response


@web.middleware
async def admit(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Who is asking, whether this route is for them, and, for a POST, whether it came from our own page.

    Who is not signed in is asked to; to somebody of another role there is no such page.
    """
    audience = audience_of(request)
    if request.match_info.http_exception is None and audience is None:
        raise web.HTTPNotFound
    if canonical_path(request) != STYLE_PATH:
        await identify(request)
    if audience is not None and not is_for(audience, request):
        if DWELLING in request or AGENT in request:
            raise web.HTTPNotFound
        raise web.HTTPSeeOther("/sign-in?ended=1" if SESSION_COOKIE in request.cookies else "/sign-in")
    if request.method != "GET" and request.match_info.http_exception is None:
        await _read_form(request)
        await check_form(request)
    return await handler(request)


async def _read_form(request: web.Request) -> None:
    """400 for what cannot be read as a form, 413 when too long; `request.post()` then gives it without reading again.

    A form of a browser is UTF-8 and not compressed. Other charsets of Python can do more than name characters.
    """
    if request.content_type != "application/x-www-form-urlencoded":
        return  # refused by check_form
    if (request.charset or "utf-8").lower() != "utf-8" or hdrs.CONTENT_ENCODING in request.headers:
        raise web.HTTPBadRequest
    try:
        urlsplit(request.headers.get(hdrs.ORIGIN, ""))
        await request.post()
    except (ValueError, web.RequestPayloadError, ConnectionError) as error:
        raise web.HTTPBadRequest from error
