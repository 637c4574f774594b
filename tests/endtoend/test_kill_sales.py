"""kill -9 of the appliance while an agent sells: each form has one receipt, and each receipt one credit."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

import aiohttp
import pytest

from appliance.calls.payment import PAYMENT, read_float
from appliance.chain.address import Contract
from appliance.chain.clarity import UInt
from appliance.chain.node import Node
from appliance.cli import actors, agents
from appliance.cli import town as surroundings
from appliance.cli.browser import Browser, signed_in
from appliance.cli.reckoning import Books
from appliance.cli.town import Pace, Town
from tests.endtoend.test_kill import _consistent

PACE = Pace(day_ms=20_000, block_ms=250)  # sales, not meters, are the subject
SALES, CUTS, FLOAT = 24, 6, 1000
PATIENCE = 150
WITHOUT_AN_ENTRY = (
    "SELECT count(*) FROM sale WHERE NOT EXISTS (SELECT 1 FROM entry "
    "WHERE reference = 'sale/' || zone || '/' || agent || '/' || number)"
)


async def sells(town: Town, amounts: list[int]) -> list[str]:
    """One form after the other, each sent until it is answered; a cut ends connections, and may end the session."""
    seen: list[str] = []
    while len(seen) < len(amounts):
        with suppress(aiohttp.ClientError, TimeoutError):
            async with signed_in(town.portal, town.agent_card.label, town.agent_card.sign_in_code) as browser:
                while len(seen) < len(amounts):
                    form = {"home": f"A-{len(seen) % 16 + 1:02}", "amount": str(amounts[len(seen)])}
                    seen.append(await one_sale(browser, {**form, "utility": "electricity"}))
        await asyncio.sleep(0.1)
    return seen


async def one_sale(browser: Browser, form: dict[str, str]) -> str:
    await agents.check(browser, form)
    once = browser.hidden("once")
    while True:
        with suppress(aiohttp.ClientError, TimeoutError):
            page = await browser.post("/agent/sell", {**form, "once": once})
            if "<h1>Receipt " in page:
                return once
            await browser.get("/agent")
        await asyncio.sleep(0.1)


async def test_each_form_has_one_receipt_and_each_receipt_one_credit(tmp_path: Path, node: Path) -> None:
    del node  # only that there is one
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")  # shown when the test fails
    rng = random.Random(seed)
    amounts = [rng.randrange(1, 30) for _ in range(SALES)]
    lines: list[str] = []
    async with surroundings.town(tmp_path, PACE, lines.append) as town, aiohttp.ClientSession() as session:
        chain, core = Node(town.node_url, session), town.config.data / "core.db"
        await actors.mint(chain, town.cast, FLOAT, agents.person(chain, town.cast).address)
        await agents.fills_up(chain, town.cast, 1, FLOAT)
        selling = asyncio.create_task(sells(town, amounts))
        for _ in range(CUTS):
            async with surroundings.appliance(town, lines.append) as running:
                await asyncio.sleep(rng.uniform(1.0, 4.0))  # the moment of the cut is the test's subject
                assert running.code is None, "\n".join(running.last_words)
                running.kill()
                assert await running.ended() == -9
            _consistent(core)
        async with surroundings.appliance(town, lines.append) as running:
            async with asyncio.timeout(PATIENCE):
                await selling
                while _sold(core) < SALES:
                    assert running.code is None, "\n".join(running.last_words)
                    await asyncio.sleep(0.2)
        pots = Contract(town.deployer, PAYMENT)
        who = agents.person(chain, town.cast).address
        there = read_float(await chain.call_read(pots, "get-float", (UInt(1), who), who))
    assert there.debited == sum(amounts)
    with closing(sqlite3.connect(core)) as db:
        rows = db.execute("SELECT number, tokens, label FROM sale ORDER BY number").fetchall()
        assert rows == [(n + 1, tokens, f"A-{n % 16 + 1:02}") for n, tokens in enumerate(amounts)]
        assert db.execute(WITHOUT_AN_ENTRY).fetchone() == (0,)
        credited = db.execute("SELECT sum(amount) FROM credit_slot WHERE zone = 1").fetchone()
    assert credited == (sum(amounts) * surroundings.RATIO,)
    assert not [line for line in lines if any(f"A-{n:02}" in line for n in range(1, 17))], "the log names no home"


def _sold(core: Path) -> int:
    books = Books(core)
    try:
        return books.sold()
    finally:
        books.close()


@pytest.fixture(autouse=True)
def _short_timeouts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request that a cut leaves hanging is given up soon."""
    monkeypatch.setattr(aiohttp.client, "DEFAULT_TIMEOUT", aiohttp.ClientTimeout(total=5))
