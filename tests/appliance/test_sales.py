"""Receipts for cash: numbered without a gap, one for each request whenever the power fails, never beyond the float."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from appliance import ledger, receipt, sale, sales
from appliance.config import AgentConfig
from appliance.keys import Secret
from appliance.ledger import Kind, Name
from appliance.money import Ratio
from appliance.period import Step
from appliance.receipt import first_broken
from appliance.sale import LATE, Float, Watched
from appliance.sales import Seller
from appliance.store import agents, leaving, money, outbox, portal
from appliance.store import sales as stored
from appliance.store.database import Database, Transaction
from appliance.store.sales import StoredFloat
from tests.appliance.settled import GATEWAY, HOMES, OTHER, ZONE, PowerCut

NOW = 1_000_000
RATIO = Ratio(1000)
ANOTHER = (
    "INSERT INTO sale SELECT 9, agent, {number}, name, zone, slot, label, tokens, amount, at, zeroblob(16), previous, "
    "NULL, NULL, '' FROM sale"
)
FIRST, SECOND = AgentConfig("AG-1", str(GATEWAY)), AgentConfig("AG-2", str(OTHER))
SELLERS = [FIRST, SECOND]


class Box:
    """Both databases of a gateway with fifteen homes and two agents, who may sell 100 token units each."""

    def __init__(self, db: Database, shown: Database) -> None:
        self.db, self.shown = db, shown

    async def ask(self, mark: int, amount: int, label: str = "A-01", agent: AgentConfig = FIRST, at: int = NOW) -> int:
        row = await self.shown.one("SELECT id FROM agent WHERE address = ?", (agent.address,))
        assert row is not None
        async with self.shown.transaction() as tx:
            return await agents.ask(tx, int(str(row[0])), mark.to_bytes(16, "big"), 1, label, amount, at)

    async def answer(self, now: int = NOW) -> None:
        await sales.take_requests(self.db, self.shown, [ZONE], SELLERS, now)

    async def answers(self) -> list[tuple[object, ...]]:
        return list(await self.shown.all("SELECT answer, receipt FROM sale_request ORDER BY number"))

    async def set_float(self, agent: AgentConfig, final: int, *, may_sell: bool = True) -> None:
        of = Watched(Float(final, final, 0), final, None, 0)
        async with self.db.transaction() as tx:
            await stored.put_float(tx, StoredFloat(1, agent.address, RATIO, of, may_sell))

    async def receipts(self, agent: AgentConfig = FIRST) -> list[receipt.Receipt]:
        return [one.receipt for one in await stored.waiting(self.db, 1) if one.agent == agent.address]


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Box]:
    async with Database.open(folder / "core.db", "core") as db, Database.open(folder / "portal.db", "portal") as shown:
        made = Box(db, shown)
        async with db.transaction() as tx:
            for label in HOMES.values():
                await money.put_references(tx, label, 0, [label.encode().ljust(32)])
        async with shown.transaction() as tx:
            for n, one in enumerate(SELLERS):
                await agents.put_agent(tx, one.address, one.label, bytes([n]) * 16, bytes(32))
        for one in SELLERS:
            await made.set_float(one, 100)
        yield made


@pytest.fixture
async def box(tmp_path: Path) -> AsyncIterator[Box]:
    async with opened(tmp_path) as made:
        yield made


async def test_requests_are_swept_out_a_day_after_their_answer_and_their_marks_stay_known(box: Box) -> None:
    await box.ask(1, 5000)
    await box.answer()
    later = NOW + agents.KEPT_SECONDS
    await box.ask(2, 6000, at=later)
    await box.answer(later)
    assert await box.answers() == [("sold", 2)]
    await box.ask(1, 5000, at=later)
    await box.answer(later)
    assert await box.answers() == [("sold", 2), ("sold", 1)]
    assert len(await box.receipts()) == 2


async def test_numbers_count_for_each_agent_without_a_gap(box: Box) -> None:
    for mark, agent in enumerate((FIRST, SECOND, FIRST, FIRST, SECOND)):
        await box.ask(mark, 2000, f"A-0{mark + 1}", agent)
    await box.answer()
    assert await box.answers() == [("sold", 1), ("sold", 1), ("sold", 2), ("sold", 3), ("sold", 2)]
    for agent, count in ((FIRST, 3), (SECOND, 2)):
        receipts = await box.receipts(agent)
        assert [one.number for one in receipts] == list(range(1, count + 1))
        assert first_broken(receipts) is None
        assert {one.source for one in receipts} == {agent.address}
    shown = await agents.receipts(box.shown, FIRST.address, 9)
    assert [(one.number, one.label, one.amount) for one in shown] == [
        (3, "A-04", 2000),
        (2, "A-03", 2000),
        (1, "A-01", 2000),
    ]
    assert [one.code for one in reversed(shown)] == [one.short() for one in await box.receipts()]


async def test_a_receipt_is_in_the_books_and_binds_the_float(box: Box) -> None:
    await box.ask(1, 30_000, "A-03")
    await box.answer()
    assert await money.sums(box.db, 1) == {
        Name(1, Kind.FLOAT, FIRST.address): 30_000,
        Name(1, Kind.PROMISED, "2"): -30_000,
    }
    assert await stored.sold(box.db, 1, FIRST.address) == (30, 30)


@pytest.mark.parametrize(
    ("amount", "label", "answer"),
    [
        (101_000, "A-01", "left"),
        (100_000, "A-01", "sold"),
        (1_500, "A-01", "amount"),
        (1 << 36, "A-01", "amount"),
        (1_000, "Q-99", "home"),
        (1_000, "AG-2", "home"),
    ],
)
async def test_what_may_be_sold(box: Box, amount: int, label: str, answer: str) -> None:
    await box.ask(1, amount, label)
    await box.answer()
    assert [word for word, _ in await box.answers()] == [answer]
    assert len(await box.receipts()) == (answer == "sold")


async def test_a_home_that_the_registry_never_knew_is_none(box: Box) -> None:
    async with box.db.transaction() as tx:
        await tx.run("DELETE FROM reference WHERE label = 'A-02'")
    await box.ask(1, 1000, "A-02")
    await box.answer()
    assert await box.answers() == [("home", None)]


async def test_many_small_sales_come_to_no_more_than_was_approved(box: Box) -> None:
    for mark in range(12):
        await box.ask(mark, 9000)
    await box.answer()
    assert [word for word, _ in await box.answers()] == ["sold"] * 11 + ["left"]
    await box.ask(99, 1000)
    await box.ask(100, 1000)
    await box.answer()
    assert [word for word, _ in await box.answers()][-2:] == ["sold", "left"]
    assert await stored.sold(box.db, 1, FIRST.address) == (100, 100)
    assert await stored.sold(box.db, 1, SECOND.address) == (0, 0)


async def test_nothing_is_sold_late_closed_or_for_who_is_no_agent(box: Box) -> None:
    for mark, at in ((1, NOW - LATE - 1), (2, NOW + LATE + 1), (3, NOW - LATE)):
        await box.ask(mark, 1000, at=at)
    await box.answer()
    assert [word for word, _ in await box.answers()] == ["late", "late", "sold"]
    await box.set_float(FIRST, 100, may_sell=False)
    await box.ask(4, 1000)
    await box.ask(5, 1000, agent=SECOND)
    await sales.take_requests(box.db, box.shown, [ZONE], [FIRST], NOW)
    assert [word for word, _ in await box.answers()][-2:] == ["closed", "closed"]


async def test_the_same_request_has_one_receipt(box: Box) -> None:
    """Even where portal.db forgot that it was answered."""
    await box.ask(1, 5000)
    await box.answer()
    async with box.shown.transaction() as tx:
        await tx.run("UPDATE sale_request SET answer = 'waiting', receipt = NULL")
        await tx.run("DELETE FROM sale")
    await box.set_float(FIRST, 0)
    await box.answer(NOW + 10 * LATE)
    assert await box.answers() == [("sold", 1)]
    assert len(await box.receipts()) == 1
    assert len(await agents.receipts(box.shown, FIRST.address, 9)) == 1


class Cutting:
    """A database of which the power fails after so many statements, or right after a commit."""

    def __init__(self, db: Database, left: list[int]) -> None:
        self._db, self._left = db, left

    def _step(self) -> None:
        self._left[0] -= 1
        if self._left[0] < 0:
            raise PowerCut

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        self._step()
        async with self._db.transaction() as tx:
            yield cast(Transaction, _CuttingTransaction(tx, self._step))
            self._step()
        self._step()

    def __getattr__(self, name: str) -> object:
        return getattr(self._db, name)


class _CuttingTransaction:
    def __init__(self, tx: Transaction, step: Callable[[], None]) -> None:
        self._tx, self._step = tx, step

    def __getattr__(self, name: str) -> object:
        self._step()
        return getattr(self._tx, name)


async def test_the_power_fails_at_every_step_and_each_request_has_one_receipt(tmp_path: Path) -> None:
    """Two requests; the power fails after 0, 1, 2 ... statements, then the box starts again."""
    steps, done = 0, False
    while not done:
        folder = tmp_path / str(steps)
        folder.mkdir()
        async with opened(folder) as box:
            await box.ask(1, 5000, "A-01")
            await box.ask(2, 7000, "A-02")
            left = [steps]
            try:
                core, shown = (cast(Database, Cutting(db, left)) for db in (box.db, box.shown))
                await sales.take_requests(core, shown, [ZONE], SELLERS, NOW)
                done = True
            except PowerCut:
                pass
        async with opened_again(folder) as box:
            before = await box.receipts()
            await box.answer()
            after = await box.receipts()
            assert after[: len(before)] == before, "what was given stays"
            assert [(one.number, one.label, one.amount.units) for one in after] == [
                (1, "A-01", 5000),
                (2, "A-02", 7000),
            ]
            assert first_broken(after) is None
            assert await box.answers() == [("sold", 1), ("sold", 2)]
            assert [one.number for one in await agents.receipts(box.shown, FIRST.address, 9)] == [2, 1]
            assert (await money.sums(box.db, 1))[Name(1, Kind.FLOAT, FIRST.address)] == 12_000
        steps += 1
    assert steps > 30, "every statement was a place to fail at"


@asynccontextmanager
async def opened_again(folder: Path) -> AsyncIterator[Box]:
    async with Database.open(folder / "core.db", "core") as db, Database.open(folder / "portal.db", "portal") as shown:
        yield Box(db, shown)


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("DELETE FROM sale", "never deleted"),
        ("UPDATE sale SET amount = 1", "never changed"),
        ("UPDATE sale SET label = 'A-09'", "never changed"),
        ("UPDATE sale SET number = 7", "never changed"),
        (ANOTHER.format(number=3), "without a gap"),
        (ANOTHER.format(number=1), "without a gap"),
    ],
)
async def test_receipts_are_kept_as_they_are(box: Box, statement: str, words: str) -> None:
    await box.ask(1, 5000)
    await box.answer()
    with pytest.raises(sqlite3.IntegrityError, match=words):
        async with box.db.transaction() as tx:
            await tx.run(statement)


async def test_a_lost_portal_gets_every_receipt_again(box: Box) -> None:
    await box.ask(1, 5000)
    await box.answer()
    async with box.shown.transaction() as tx:
        await tx.run("DELETE FROM sale")
        await tx.run("DELETE FROM agent_float")
    await sales.show_due(box.db, box.shown, [ZONE], {})
    async with box.db.transaction() as tx:
        await stored.show_all_again(tx)
    await sales.show_due(box.db, box.shown, [ZONE], {})
    (shown,) = await agents.receipts(box.shown, FIRST.address, 9)
    assert (shown.number, shown.state) == (1, "ready")
    assert await agents.rooms(box.shown, 1) == [agents.Room(1, 95_000, 1000)]


async def test_a_home_that_has_left_leaves_its_sale_open_until_it_is_back(box: Box) -> None:
    """It is in no batch, and both see it; where the home is again, it is credited."""
    await box.ask(1, 5000, "A-01")
    await box.ask(2, 6000, "A-02")
    await box.answer()
    left = replace(ZONE, dwellings={slot: label for slot, label in HOMES.items() if label != "A-01"})
    await sales.show_due(box.db, box.shown, [left], {})
    states = {one.label: one.state for one in await agents.receipts(box.shown, FIRST.address, 9)}
    assert states == {"A-01": "open", "A-02": "ready"}
    slots = {label: slot for slot, label in left.dwellings.items()}
    assert [(one.slot, one.tokens) for one in await stored.ready(box.db, 1, slots)] == [(1, 6)]
    moved = {"A-01": 15, **slots}
    assert [(one.slot, one.tokens) for one in await stored.ready(box.db, 1, moved)] == [(15, 5), (1, 6)]
    await sales.show_due(box.db, box.shown, [ZONE], {})
    states = {one.label: one.state for one in await agents.receipts(box.shown, FIRST.address, 9)}
    assert states == {"A-01": "ready", "A-02": "ready"}


async def test_a_home_that_moved_out_is_credited_while_its_money_is_there_and_buys_no_more(
    box: Box,
) -> None:
    async with box.db.transaction() as tx:
        await tx.run("INSERT INTO sealed (name, box) VALUES ('dwelling/A-01', x'')")
    await box.ask(1, 5000, "A-01")
    await box.answer()
    async with box.db.transaction() as tx:
        await leaving.put_departure(tx, 1, leaving.Departure(0, "dwelling/A-01", 4))
    await box.ask(2, 5000, "A-01")
    await box.answer()
    assert await box.answers() == [("sold", 1), ("home", None)]
    slots = await leaving.receiving(box.db, ZONE)
    assert [(one.slot, one.tokens) for one in await stored.ready(box.db, 1, slots)] == [(0, 5)]
    async with box.db.transaction() as tx:
        await outbox.put_call(tx, Step.RELEASE, 1, 4, 0)  # its money was cleared away
    assert await stored.ready(box.db, 1, await leaving.receiving(box.db, ZONE)) == []
    await sales.show_due(box.db, box.shown, [ZONE], {})
    assert [one.state for one in await agents.receipts(box.shown, FIRST.address, 9)] == ["open"]


async def test_sales_beyond_what_is_approved_now_wait_and_say_so(box: Box) -> None:
    for mark in range(3):
        await box.ask(mark, 30_000)
    await box.answer()
    await box.set_float(FIRST, 65)
    await sales.show_due(box.db, box.shown, [ZONE], {})
    states = [one.state for one in reversed(await agents.receipts(box.shown, FIRST.address, 9))]
    assert states == ["ready", "ready", "approval"]
    assert (await agents.rooms(box.shown, 1))[0].room == 0


async def test_the_log_says_neither_home_nor_amount(box: Box, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    await box.ask(1, 54_000, "A-07")
    await box.answer()
    said = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("mita"))
    assert said == "agent AG-1: receipt 1"


async def test_agents_cards_open_the_portal_and_another_account_gets_another_code(tmp_path: Path) -> None:
    async with Database.open(tmp_path / "portal.db", "portal") as shown:
        first, second = (Seller(one, Secret(bytes([n]) * 32)) for n, one in enumerate(SELLERS))
        await sales.show_agents(shown, [first, second])
        before = await shown.all("SELECT address, label, salt, code_hash FROM agent ORDER BY label")
        await sales.show_agents(shown, [first, second])
        assert await shown.all("SELECT address, label, salt, code_hash FROM agent ORDER BY label") == before
        assert before[0][3] == await portal.hash_code(first.secret.sign_in_code(), first.secret.sign_in_salt())
        swapped = [replace(first, config=AgentConfig("AG-2", FIRST.address))]
        swapped.append(replace(second, config=AgentConfig("AG-1", SECOND.address)))
        await sales.show_agents(shown, swapped)
        assert await shown.all("SELECT address, label FROM agent ORDER BY label") == [
            (SECOND.address, "AG-1"),
            (FIRST.address, "AG-2"),
        ]
        await sales.show_agents(shown, [])
        assert await shown.all("SELECT * FROM agent") == []


def test_a_float_in_the_books_is_what_was_put_in_less_what_was_taken_and_sold() -> None:
    entries = [
        ledger.funded(1, 1, "ST1", RATIO.worth(100)),
        ledger.sold(1, 1, 3, "ST1", RATIO.worth(30)),
        ledger.drawn(1, 2, "ST1", RATIO.worth(50)),
    ]
    assert ledger.sums(entries) == {
        Name(1, Kind.POT): 50_000,
        Name(1, Kind.FLOAT, "ST1"): -20_000,
        Name(1, Kind.PROMISED, "3"): -30_000,
    }
    assert sale.LATE > 0
