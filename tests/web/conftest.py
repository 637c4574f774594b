"""A running portal over a filled portal.db, and somebody in front of it."""

from __future__ import annotations

import asyncio
import hashlib
import re
import shutil
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import ClientSession, CookieJar, web

from appliance.store import portal
from appliance.store.database import Database
from tests.web.village import (
    AGENT_CARD,
    BLOCKS,
    DAY,
    START,
    Card,
    CountedRandomness,
    FakeClock,
    card,
    settle,
    settle_agent,
)
from web.server import make_portal, serve

SIGNING_IN = (7, 8)


@dataclass(frozen=True, slots=True)
class Seen:
    """A response as its reader gets it."""

    status: int
    path: str
    text: str
    headers: Mapping[str, str]


class Visitor:
    """One browser: keeps cookies, sends the form token of the page it last saw."""

    def __init__(self, session: ClientSession, base: str) -> None:
        self._session = session
        self.base = base
        self.token = ""

    async def get(self, path: str, headers: Mapping[str, str] | None = None, follow: bool = True) -> Seen:
        return await self._ask("GET", path, None, headers, follow)

    async def post(
        self, path: str, fields: Mapping[str, str], headers: Mapping[str, str] | None = None, follow: bool = True
    ) -> Seen:
        return await self._ask("POST", path, {"token": self.token, **fields}, headers, follow)

    async def sign_in(self, line: str, headers: Mapping[str, str] | None = None) -> Seen:
        await self.get("/sign-in", headers)
        return await self.post("/sign-in", {"code": line}, headers)

    def cookies(self) -> dict[str, str]:
        return {morsel.key: morsel.value for morsel in self._session.cookie_jar}

    def set_cookies(self, cookies: Mapping[str, str]) -> None:
        self._session.cookie_jar.clear()
        self._session.cookie_jar.update_cookies(cookies)

    async def _ask(
        self, method: str, path: str, data: Mapping[str, str] | None, headers: Mapping[str, str] | None, follow: bool
    ) -> Seen:
        async with self._session.request(
            method, self.base + path, data=data, headers=headers, allow_redirects=follow
        ) as response:
            text = await response.text()
            found = re.search(r'name="token" value="([0-9a-f]+)"', text)
            if found:
                self.token = found[1]
            return Seen(response.status, response.url.path, text, response.headers)


@dataclass(frozen=True, slots=True)
class Running:
    """The portal on a free port of the loopback, its database, and its clock."""

    base: str
    app: web.Application
    database: Database
    clock: FakeClock
    folder: Path

    async def change(self, sql: str, *values: int | str | bytes) -> int:
        """What somebody with the file could do."""
        async with self.database.transaction() as tx:
            return await tx.run(sql, values)


@pytest.fixture(scope="session")
def hashes() -> dict[int, tuple[bytes, bytes]]:
    """Salt and code hash of the dwellings that sign in; made once, since scrypt is slow on purpose."""
    salts = {number: hashlib.sha256(b"salt%d" % number).digest()[:16] for number in SIGNING_IN}
    return {
        number: (salt, asyncio.run(portal.hash_code(card(number).sign_in_code, salt))) for number, salt in salts.items()
    }


@pytest.fixture(scope="session")
def settled(tmp_path_factory: pytest.TempPathFactory, hashes: dict[int, tuple[bytes, bytes]]) -> Path:
    """A portal.db with the whole village, for each test to copy."""
    file = tmp_path_factory.mktemp("village") / "portal.db"

    async def write() -> None:
        async with Database.open(file, "portal") as database:
            await settle(database, hashes)
            await settle_agent(database)

    asyncio.run(write())
    assert [path.name for path in file.parent.iterdir()] == ["portal.db"]
    return file


@pytest.fixture
async def running(tmp_path: Path, settled: Path) -> AsyncIterator[Running]:
    shutil.copy(settled, tmp_path)
    clock = FakeClock(START + BLOCKS * DAY)
    async with Database.open(tmp_path / "portal.db", "portal") as database:
        app = make_portal(database, clock, CountedRandomness())
        async with serve(app, "127.0.0.1", 0) as port:
            yield Running(f"http://127.0.0.1:{port}", app, database, clock, tmp_path)


@pytest.fixture
async def visitor(running: Running) -> AsyncIterator[Visitor]:
    """Somebody who is not signed in."""
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as session:
        yield Visitor(session, running.base)


@pytest.fixture
def my_card() -> Card:
    return card(7)


@pytest.fixture
async def resident(running: Running, my_card: Card) -> AsyncIterator[Visitor]:
    """The household of A-07, signed in."""
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as session:
        somebody = Visitor(session, running.base)
        seen = await somebody.sign_in(my_card.sign_in_line)
        assert (seen.status, seen.path) == (200, "/usage")
        yield somebody


@pytest.fixture
async def seller(running: Running) -> AsyncIterator[Visitor]:
    """The agent AG-1, signed in."""
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as session:
        somebody = Visitor(session, running.base)
        assert (await somebody.sign_in(AGENT_CARD.sign_in_line)).path == "/agent"
        yield somebody


@pytest.fixture
async def neighbour(running: Running) -> AsyncIterator[Visitor]:
    """The household of A-08, signed in."""
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as session:
        somebody = Visitor(session, running.base)
        assert (await somebody.sign_in(card(8).sign_in_line)).path == "/usage"
        yield somebody
