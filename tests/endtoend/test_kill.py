"""Power fails: kill -9 of the appliance at random moments, again and again. Nothing lost, nothing doubled."""

from __future__ import annotations

import asyncio
import os
import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import aiohttp
import pytest

from appliance.chain.node import Node
from appliance.cli import town as surroundings
from appliance.cli.reckoning import Books, reckon
from appliance.cli.town import Pace, Town
from appliance.store.database import Database
from appliance.store.readings import verify_journal
from tests.endtoend.conftest import until_final

PACE = Pace(day_ms=1000, block_ms=250)
SETTLED_AFTER = 6  # more final batches after the last cut
MOST_SECONDS = 2.0
HALF_DONE = (  # each counts rows that only a torn step could leave
    """SELECT count(*) FROM block b
       WHERE (SELECT count(*) FROM block_slot s WHERE s.zone = b.zone AND s.block = b.block) <> 16""",
    """SELECT count(*) FROM block JOIN block_slot USING (zone, block)
       WHERE (proven_at IS NULL) <> (commitment IS NULL)""",
    """SELECT count(*) FROM block LEFT JOIN block_proof USING (zone, block)
       WHERE (proven_at IS NULL) <> (context IS NULL)""",
    """SELECT count(*) FROM batch_delivery LEFT JOIN batch_proof USING (zone, first_block)
       WHERE state IS NOT NULL AND context IS NULL""",
    "SELECT count(*) FROM batch LEFT JOIN batch_delivery d USING (zone, first_block) WHERE d.on_chain IS NULL",
    "SELECT count(*) FROM (SELECT 1 FROM batch_proof GROUP BY zone, first_block HAVING count(*) > 1)",
    "SELECT count(*) FROM (SELECT 1 FROM signed GROUP BY submission_id HAVING count(*) > 1)",
    """SELECT count(*) FROM batch b
       WHERE (SELECT count(*) FROM batch_slot s WHERE s.zone = b.zone AND s.first_block = b.first_block) <> 16""",
    "SELECT count(*) FROM submission WHERE id NOT IN (SELECT submission_id FROM signed)",
    "SELECT count(*) FROM block_slot WHERE usage <> coalesce(index_end - index_start, 0)",
    """SELECT count(*) FROM block_slot a JOIN block_slot b
       ON b.zone = a.zone AND b.slot = a.slot AND b.block = a.block + 1
       WHERE a.index_end IS NOT NULL AND b.index_start <> a.index_end""",
)


@pytest.mark.parametrize("cuts", [20, pytest.param(100, marks=pytest.mark.long)])
async def test_kill_at_random_moments(cuts: int, tmp_path: Path, node: Path) -> None:
    del node  # only that there is one
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")  # shown when the test fails
    rng = random.Random(seed)
    lines: list[str] = []
    async with surroundings.town(tmp_path, PACE, lines.append) as town:
        core = town.config.data / "core.db"
        for _ in range(cuts):
            await _run_and_cut(town, rng, lines.append)
            _consistent(core)
        workers_left = _workers()
        async with surroundings.appliance(town, lines.append) as running:
            await until_final(core, running, _finals(core) + SETTLED_AFTER)
        async with aiohttp.ClientSession() as session:
            books = Books(core)
            node_there = Node(town.node_url, session)
            result = await reckon(books, town.served, node_there, town.deployer, town.gateway, town.units)
            books.close()
    assert result.problems == ()
    assert result.equal
    assert len(result.totals) >= SETTLED_AFTER
    assert workers_left == []
    async with Database.open(core, "core") as db:
        assert await verify_journal(db) == result.readings


async def _run_and_cut(town: Town, rng: random.Random, tell: Callable[[str], None]) -> None:
    """Starts the appliance and kills it after a random while, sometimes while it is still starting."""
    async with surroundings.appliance(town, tell) as running:
        await asyncio.sleep(rng.uniform(0.05, MOST_SECONDS))  # the moment of the cut is the test's subject
        assert running.code is None, "\n".join(running.last_words)
        running.kill()
        assert await running.ended() == -9


def _consistent(core: Path) -> None:
    """The database is whole, and no step is half done."""
    if not core.exists():
        return
    with closing(sqlite3.connect(core)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        if db.execute("PRAGMA user_version").fetchone() == (0,):
            return
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        for half_done in HALF_DONE:
            assert db.execute(half_done).fetchone() == (0,), half_done


def _finals(core: Path) -> int:
    books = Books(core)
    try:
        return books.finals()
    finally:
        books.close()


def _workers() -> list[int]:
    """Proving processes that outlived their appliance: children of nobody that still run our code."""
    left = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal() or int(entry.name) == os.getpid():
            continue
        try:
            command = (entry / "cmdline").read_bytes()
            parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
        if b"multiprocessing.spawn" in command and parent == 1:
            left.append(int(entry.name))
    return left
