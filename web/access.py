"""Who may see what: every route declares its audience, and a route that declares none is seen by nobody."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from aiohttp import web

from appliance.store.portal import Dwelling

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Audience(Enum):
    EVERYBODY = "everybody"
    RESIDENT = "resident"


@dataclass(frozen=True, slots=True)
class Route:
    method: str
    path: str
    audience: Audience
    handler: Handler


AUDIENCES: Final = web.AppKey("audiences", dict[tuple[str, str], Audience])
PATTERN: Final = web.RequestKey("pattern", str)  # for the log; absent when a request could not be read
DWELLING: Final = web.RequestKey("dwelling", Dwelling)


def add_routes(app: web.Application, routes: list[Route]) -> None:
    for route in routes:
        app.router.add_route(route.method, route.path, route.handler)
        app[AUDIENCES][(route.method, route.path)] = route.audience


def canonical_path(request: web.Request) -> str:
    """The route's pattern, never the path that was asked for; "-" when there is none."""
    resource = request.match_info.route.resource
    return "-" if resource is None else resource.canonical


def audience_of(request: web.Request) -> Audience | None:
    return request.app[AUDIENCES].get((request.method, canonical_path(request)))


def signed_in(request: web.Request) -> Dwelling:
    """The resident's dwelling; only in handlers of RESIDENT routes."""
    return request[DWELLING]
