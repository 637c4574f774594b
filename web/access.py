"""Who may see what: every route declares its audience, and a route that declares none is seen by nobody."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from aiohttp import web

from appliance.store.portal import Dwelling
from appliance.store.sign_in import Agent

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Audience(Enum):
    EVERYBODY = "everybody"
    RESIDENT = "resident"
    AGENT = "agent"
    SIGNED_IN = "signed in"  # either of them


@dataclass(frozen=True, slots=True)
class Route:
    method: str
    path: str
    audience: Audience
    handler: Handler


AUDIENCES: Final = web.AppKey("audiences", dict[tuple[str, str], Audience])
PATTERN: Final = web.RequestKey("pattern", str)  # for the log; absent when a request could not be read
DWELLING: Final = web.RequestKey("dwelling", Dwelling)
AGENT: Final = web.RequestKey("agent", Agent)  # never beside DWELLING


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


def selling(request: web.Request) -> Agent:
    """The agent; only in handlers of AGENT routes."""
    return request[AGENT]


def is_for(audience: Audience | None, request: web.Request) -> bool:
    """Whether whoever asks, once identified, belongs to the audience."""
    match audience:
        case Audience.EVERYBODY:
            return True
        case Audience.RESIDENT:
            return DWELLING in request
        case Audience.AGENT:
            return AGENT in request
        case Audience.SIGNED_IN:
            return DWELLING in request or AGENT in request
    return False
