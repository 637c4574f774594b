"""One demonstration town, run until a batch of each zone is final, then left standing for tests to look at."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from appliance.chain.node import Node
from appliance.cli import town as surroundings
from appliance.cli.reckoning import Books
from appliance.cli.town import Pace, Process, Town

QUICK = Pace(day_ms=1500, block_ms=250)
PATIENCE = 90


@dataclass(slots=True)
class Run:
    """A town whose appliance is running, everything it said, and a link to its chain."""

    town: Town
    appliance: Process
    node: Node
    lines: list[str] = field(default_factory=list)

    @property
    def core(self) -> Path:
        return self.town.config.data / "core.db"

    @property
    def portal_url(self) -> str:
        return f"http://127.0.0.1:{self.town.config.portal.port}"


async def until_final(core: Path, running: Process, count: int) -> None:
    """Returns when `count` batches are final and read back; fails loudly if the appliance ends before."""
    async with asyncio.timeout(PATIENCE):
        while True:
            assert running.code is None, "\n".join(running.last_words)
            try:
                books = Books(core)
                try:
                    if books.finals() >= count:
                        return
                finally:
                    books.close()
            except sqlite3.OperationalError:  # the file or its tables are just being made
                pass
            await asyncio.sleep(0.1)


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def run(tmp_path_factory: pytest.TempPathFactory, node: Path) -> AsyncIterator[Run]:
    del node  # only that there is one
    lines: list[str] = []
    folder = tmp_path_factory.mktemp("town")
    async with (
        surroundings.town(folder, QUICK, lines.append) as town,
        surroundings.appliance(town, lines.append) as running,
        aiohttp.ClientSession() as session,
    ):
        await until_final(town.config.data / "core.db", running, 4)
        yield Run(town, running, Node(town.node_url, session), lines)
