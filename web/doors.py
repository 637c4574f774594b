"""How many connections the portal holds, and for how long: the Wi-Fi must not use up what the core needs."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from dataclasses import dataclass
from typing import Any, cast

from aiohttp import web

from web.failures import error_page, report


@dataclass(frozen=True, slots=True)
class Limits:
    """Open connections, and seconds until one is cut off."""

    # A process has 1024 descriptors by default. The core needs some dozens: databases, buses, the node, the prover.
    total: int = 100
    # A browser opens six. One address so never holds more than a fifth, and a household behind one address fits.
    per_address: int = 20
    # Until the first request's head is complete: one packet, over a bad Wi-Fi a few.
    head: float = 10
    # From the head to the answer's last byte, so that neither a body nor a reader that trickles keeps a place.
    request: float = 30
    # From an answer to the head of the next request.
    idle: float = 15


# Connections accepted at one go. Those over the limit hold a descriptor until they are closed, some steps of the loop
# later, so a flood holds a small multiple of this for a moment.
BACKLOG = 16


class Doors:
    """Who is inside. Makes a Door for every connection; belongs to one listening server."""

    def __init__(self, server: web.Server, limits: Limits, **settings: Any) -> None:
        self._server = server
        self.limits = limits
        self._settings = settings
        self._inside: set[Door] = set()
        self._by_address: Counter[str] = Counter()

    def __call__(self) -> Door:
        return Door(self, self._server, self._settings)

    def enter(self, door: Door, address: str) -> bool:
        """False when there is no place left."""
        if len(self._inside) >= self.limits.total or self._by_address[address] >= self.limits.per_address:
            return False
        self._inside.add(door)
        self._by_address[address] += 1
        return True

    def leave(self, door: Door, address: str) -> None:
        if door in self._inside:
            self._inside.remove(door)
            self._by_address -= Counter((address,))  # forgets addresses at zero

    def cut_off(self) -> None:
        for door in self._inside:
            door.cut_off()


class Door(web.RequestHandler):
    """One connection: aiohttp's protocol with a place to take, a deadline, and errors in plain words."""

    __slots__ = ("_address", "_deadline", "_doors", "_line")

    def __init__(self, doors: Doors, server: web.Server, settings: dict[str, Any]) -> None:
        # No form of ours is compressed, and a small body can unpack to a very large one.
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            keepalive_timeout=doors.limits.idle,
            auto_decompress=False,
            **settings,
        )
        self._doors = doors
        self._address = ""
        self._line: asyncio.Transport | None = None
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        peer = transport.get_extra_info("peername")
        self._address = str(peer[0]) if peer else ""  # already gone again
        line = cast(asyncio.Transport, transport)
        if not self._doors.enter(self, self._address):
            line.abort()
            return
        self._line = line
        super().connection_made(transport)
        self._allow(self._doors.limits.head)

    def connection_lost(self, exc: BaseException | None) -> None:
        self._line = None
        if self._deadline is not None:
            self._deadline.cancel()
        self._doors.leave(self, self._address)
        super().connection_lost(exc)

    def begin_request(self) -> None:
        """A head is complete."""
        self._allow(self._doors.limits.request)

    def log_access(self, request: web.BaseRequest, response: web.StreamResponse, time: float | None) -> None:
        """Called when an answer is out."""
        super().log_access(request, response, time)
        self._allow(self._doors.limits.idle)

    def cut_off(self) -> None:
        # Not close(): that waits for a reader who may never read.
        if self._line is not None:
            self._line.abort()

    def _allow(self, seconds: float) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        if self._line is not None:
            self._deadline = asyncio.get_running_loop().call_later(seconds, self.cut_off)

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """A refusal that never reached the portal's own steps, such as of an unknown Expect, gets our words too."""
        if isinstance(resp, web.HTTPException) and resp.status >= 400:
            resp = error_page(_of_portal(request), resp.status)
            resp.force_close()
        return await super().finish_response(request, resp, start_time)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 - quotes the request
    ) -> web.StreamResponse:
        """For a request that cannot be read, and for whatever a handler did not expect. ConnectionError if too late."""
        if status >= 500:
            report(exc or sys.exception(), request)  # aiohttp does not pass a TimeoutError on
        if request.writer.output_size > 0:
            raise ConnectionError("part of another answer is already out")
        response = error_page(_of_portal(request), status)
        response.force_close()
        return response


def _of_portal(request: web.BaseRequest) -> web.Request:
    """An application's server makes no other kind."""
    return cast(web.Request, request)
