"""Somebody in front of the portal in a demonstration: keeps the cookie, and sends the token of the form seen last."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final

import aiohttp

_PAUSE_SECONDS: Final = 0.5
_TOKEN: Final = re.compile(r'name="token" value="([0-9a-f]+)"')


class Browser:
    """`page` is the text of what was seen last; empty where the portal refused."""

    def __init__(self, session: aiohttp.ClientSession, base: str) -> None:
        self._session, self._base = session, base
        self.page = ""

    async def get(self, path: str) -> str:
        async with self._session.get(self._base + path) as response:
            self.page = await response.text() if response.status == 200 else ""
        return self.page

    async def post(self, path: str, fields: Mapping[str, str]) -> str:
        token = _TOKEN.search(self.page)
        data = {"token": token[1] if token else "", **fields}
        async with self._session.post(self._base + path, data=data) as response:
            self.page = await response.text() if response.status == 200 else ""
        return self.page

    async def until(self, path: str, text: str) -> None:
        """Looks again and again until the page says this."""
        while True:
            if text in await self.get(path):
                return
            await asyncio.sleep(_PAUSE_SECONDS)

    def hidden(self, name: str) -> str:
        """A hidden field of the page's form; empty where there is none."""
        found = re.search(rf'type="hidden" name="{name}" value="([^"]*)"', self.page)
        return found[1] if found else ""


@asynccontextmanager
async def signed_in(base: str, label: str, sign_in_code: str) -> AsyncIterator[Browser]:
    """With the card of a home or an agent, as soon as the portal is up and knows it."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        browser = Browser(session, base)
        await _sign_in(browser, f"{label} {sign_in_code}")
        yield browser


async def _sign_in(browser: Browser, line: str) -> None:
    while True:
        with contextlib.suppress(aiohttp.ClientConnectionError):
            await browser.get("/sign-in")
            if await browser.post("/sign-in", {"code": line}):
                return
        await asyncio.sleep(_PAUSE_SECONDS)
