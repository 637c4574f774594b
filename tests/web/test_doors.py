"""Connections: how many, from whom, for how long. Each test waits for the event of closing."""

import asyncio
import itertools
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web

from appliance.store.database import Database
from tests.web.village import CountedRandomness, FakeClock
from web.doors import Limits
from web.server import make_portal, serve

GET = b"GET / HTTP/1.1\r\nHost: box\r\n\r\n"
NEVER = Limits(total=100, per_address=20, head=3600, request=3600, idle=3600)
AT_ONCE = 0.01

Pair = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture
async def portal(tmp_path: Path) -> AsyncIterator[web.Application]:
    async with Database.open(tmp_path / "portal.db", "portal") as database:
        yield make_portal(database, FakeClock(0), CountedRandomness())


class Street:
    """Clients with addresses of their own: all of 127.0.0.0/8 is this machine."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._pairs: list[Pair] = []

    async def come(self, address: str = "127.0.0.1") -> Pair:
        pair = await asyncio.open_connection("127.0.0.1", self._port, local_addr=(address, 0))
        self._pairs.append(pair)
        return pair

    async def leave(self) -> None:
        for _, writer in self._pairs:
            writer.transport.abort()
        await asyncio.gather(*(writer.wait_closed() for _, writer in self._pairs), return_exceptions=True)


@asynccontextmanager
async def street(app: web.Application, limits: Limits) -> AsyncIterator[Street]:
    async with serve(app, "127.0.0.1", 0, limits) as port:
        clients = Street(port)
        try:
            yield clients
        finally:
            await clients.leave()


async def page(pair: Pair) -> int:
    """Asks for the first page over this connection and reads all of it."""
    reader, writer = pair
    writer.write(GET)
    head = await reader.readuntil(b"\r\n\r\n")
    fields = dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:] if line)
    await reader.readexactly(int(fields[b"Content-Length"]))
    return int(head.split()[1])


async def closed(pair: Pair) -> bytes:
    """What was still sent before the portal closed the connection."""
    return await asyncio.wait_for(pair[0].read(), 30)


async def refused(pair: Pair) -> None:
    assert await closed(pair) == b""


async def test_one_address_takes_no_more_than_its_part(portal: web.Application) -> None:
    async with street(portal, replace(NEVER, per_address=3)) as clients:
        inside = [await clients.come() for _ in range(3)]
        assert [await page(pair) for pair in inside] == [200] * 3
        for _ in range(5):
            await refused(await clients.come())
        assert await page(await clients.come("127.0.0.2")) == 200
        assert [await page(pair) for pair in inside] == [200] * 3


async def test_all_together_take_no_more_than_the_total(portal: web.Application) -> None:
    addresses = (f"127.0.1.{number}" for number in itertools.count(1))
    async with street(portal, replace(NEVER, total=6, per_address=2)) as clients:
        inside = [await clients.come(next(addresses)) for _ in range(6)]
        assert [await page(pair) for pair in inside] == [200] * 6
        for _ in range(20):
            await refused(await clients.come(next(addresses)))
        assert [await page(pair) for pair in inside] == [200] * 6


async def test_a_place_is_free_again_after_its_client_left(portal: web.Application) -> None:
    async with street(portal, replace(NEVER, total=1, per_address=1)) as clients:
        for _ in range(5):
            pair = await clients.come()
            pair[1].write(b"GET / HTTP/1.1\r\nHost: box\r\nConnection: close\r\n\r\n")
            assert (await closed(pair)).startswith(b"HTTP/1.1 200 ")
        async with asyncio.timeout(30):
            for _ in range(5):
                pair = await clients.come()
                assert await page(pair) == 200
                pair[1].transport.abort()
                while True:  # a refusal while the portal has not noticed yet
                    again = await clients.come()
                    again[1].write(b"GET / HTTP/1.1\r\nHost: box\r\nConnection: close\r\n\r\n")
                    try:
                        if await again[0].read():
                            break
                    except ConnectionError:
                        pass


async def test_the_usual_limits_leave_the_core_its_descriptors(portal: web.Application) -> None:
    """A flood of 300 idle connections from 60 addresses; a client from before still gets pages."""
    async with street(portal, Limits()) as clients:
        resident = await clients.come("127.0.3.1")
        assert await page(resident) == 200
        flood = [await clients.come(f"127.0.2.{number}") for number in range(60) for _ in range(5)]
        reads = [asyncio.create_task(pair[0].read()) for pair in flood]
        over = 300 + 1 - Limits().total
        for ended in itertools.islice(asyncio.as_completed(reads), over):
            assert await ended == b""
        assert sum(read.done() for read in reads) == over
        assert await page(resident) == 200
        for read in reads:
            read.cancel()
        await asyncio.gather(*reads, return_exceptions=True)


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: box\r\nX-Slow: ", b"GE"])
async def test_a_head_that_never_comes(portal: web.Application, sent: bytes) -> None:
    async with street(portal, replace(NEVER, head=AT_ONCE)) as clients:
        pair = await clients.come()
        pair[1].write(sent)
        assert await closed(pair) == b""


async def test_a_body_that_never_comes(portal: web.Application) -> None:
    async with street(portal, replace(NEVER, request=AT_ONCE)) as clients:
        pair = await clients.come()
        pair[1].write(
            b"POST /sign-in HTTP/1.1\r\nHost: box\r\nContent-Length: 100\r\n"
            b"Content-Type: application/x-www-form-urlencoded\r\n\r\ntoken="
        )
        assert await closed(pair) == b""


async def test_an_answer_that_nobody_reads(portal: web.Application) -> None:
    """Requests one after the other and no reading: the answers fill every buffer between, and the place is freed."""
    async with street(portal, replace(NEVER, total=1, request=1)) as clients:
        deaf = socket.create_connection(("127.0.0.1", clients._port))
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.setblocking(False)
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(60):
                with pytest.raises(ConnectionError):
                    await loop.sock_sendall(deaf, GET * 500_000)
        finally:
            deaf.close()
        assert await page(await clients.come()) == 200


@pytest.mark.parametrize("then", [b"", b"GET / HTTP/1.1\r\n"])
async def test_an_idle_connection_after_an_answer(portal: web.Application, then: bytes) -> None:
    async with street(portal, replace(NEVER, idle=AT_ONCE)) as clients:
        pair = await clients.come()
        assert await page(pair) == 200
        pair[1].write(then)
        await asyncio.wait_for(pair[0].read(), 30)


async def test_an_answer_gives_the_time_for_the_next_request(portal: web.Application) -> None:
    """The first head's short time no longer counts once it is there."""
    async with street(portal, replace(NEVER, head=1)) as clients:
        pair, silent = await clients.come(), await clients.come()
        assert await page(pair) == 200
        assert await closed(silent) == b"", "opened later and cut off: so the first one's time is over too"
        assert await page(pair) == 200


async def test_leaving_closes_everything(portal: web.Application) -> None:
    async with serve(portal, "127.0.0.1", 0, NEVER) as port:
        clients = Street(port)
        idle, silent = await clients.come(), await clients.come()
        assert await page(idle) == 200
    assert await closed(idle) == await closed(silent) == b""
    await clients.leave()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)


async def test_a_port_in_use(portal: web.Application) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        async with serve(portal, "127.0.0.1", taken.getsockname()[1]):
            pass
