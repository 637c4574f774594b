"""An agent's pages: a sale is checked, counts once, and is seen by the agent and the home that paid, nobody else."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import ClientSession, CookieJar

from appliance.money import Money
from appliance.settlement import Account
from appliance.store import agents, portal, shown
from appliance.store.agents import Answer, Receipt
from tests.web.browser import axe_source, look
from tests.web.conftest import Running, Visitor
from tests.web.test_access import private_texts
from tests.web.test_bills import PLACE, made, plain
from tests.web.village import AGENT_ADDRESS, AGENT_CARD, ELECTRICITY, START, STEP, WATER, card
from web.amounts import units_of
from web.locale import locale

SAY = locale("en").text
SOLD = Receipt(AGENT_ADDRESS, 1, "AG-1", ELECTRICITY, "A-07", 50 * STEP, START, "CODE-OF-THE-RECE", "ready", None)
FORM = {"home": "a 07", "amount": "0.50", "utility": "electricity"}


async def place(running: Running) -> None:
    async with running.database.transaction() as tx:
        await portal.put_place(tx, PLACE)


async def put(running: Running, *receipts: Receipt) -> None:
    await place(running)
    async with running.database.transaction() as tx:
        for of in receipts:
            await agents.put_receipt(tx, of)


def once_of(page: str) -> str:
    found = re.search(r'name="once" value="([0-9a-f]{32})"', page)
    assert found is not None
    return found[1]


class Core:
    """Answers requests as the core does, once there is one."""

    def __init__(self, running: Running, answer: Answer = "sold") -> None:
        self.running, self.answer, self.seen = running, answer, list[agents.Request]()

    async def run(self) -> None:
        while True:
            for request in await agents.waiting(self.running.database):
                self.seen.append(request)
                sold = replace(SOLD, number=len(self.seen), label=request.label, amount=request.amount)
                async with self.running.database.transaction() as tx:
                    if self.answer == "sold":
                        await agents.put_receipt(tx, sold)
                        await agents.answer(tx, request, "sold", sold.number)
                    else:
                        await agents.answer(tx, request, self.answer)
            await asyncio.sleep(0.02)


@pytest.fixture
async def core(running: Running) -> AsyncIterator[Core]:
    await place(running)
    answering = Core(running)
    task = asyncio.create_task(answering.run())
    yield answering
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_a_sale_is_checked_then_made_and_both_see_the_receipt(
    seller: Visitor, resident: Visitor, neighbour: Visitor, core: Core
) -> None:
    page = plain((await seller.get("/agent")).text)
    assert "Left to sell: Electricity, Lane A" in page
    assert "5.00 KES" in page
    checked = await seller.post("/agent/check", FORM)
    assert (checked.status, core.seen) == (200, [])
    assert "Content-Encoding" not in checked.headers, "its length tells nothing of the form token"
    assert "A-07" in checked.text
    assert "0.50 KES" in plain(checked.text)
    seen = await seller.post("/agent/sell", {**FORM, "once": once_of(checked.text)})
    assert (seen.status, seen.path) == (200, "/agent/sales/1")
    for text in (
        "Receipt 1",
        "0.50 KES",
        "A-07",
        "Sun 2026-11-08 02:00",
        "AG-1",
        SOLD.code,
        SAY("receipt.state_ready"),
    ):
        assert text in plain(seen.text), text
    (request,) = core.seen
    assert (request.address, request.zone, request.label, request.amount) == (
        AGENT_ADDRESS,
        ELECTRICITY,
        "A-07",
        50_000,
    )
    assert "Receipt 1" in plain((await seller.get("/agent")).text)
    bills = plain((await resident.get("/bills")).text)
    for text in ("Receipt 1", "0.50 KES", "from agent AG-1", SOLD.code, SAY("receipt.state_ready")):
        assert text in bills, text
    assert SOLD.code not in (await neighbour.get("/bills")).text


async def test_the_same_form_again_is_the_same_sale(seller: Visitor, core: Core) -> None:
    checked = await seller.post("/agent/check", FORM) if await seller.get("/agent") else None
    assert checked is not None
    fields = {**FORM, "once": once_of(checked.text)}
    first = await seller.post("/agent/sell", fields)
    await seller.get("/agent")
    again = await seller.post("/agent/sell", {**fields, "amount": "1"})
    assert first.path == again.path == "/agent/sales/1"
    assert plain(first.text) == plain(again.text)
    assert [request.amount for request in core.seen] == [50_000]


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"home": "Q-99"}, "There is no such home here with a meter for Electricity."),
        ({"home": ""}, "There is no such home here"),
        ({"home": "AG-1"}, "There is no such home here"),
        ({"amount": ""}, SAY("sell.error_amount")),
        ({"amount": "0"}, SAY("sell.error_amount")),
        ({"amount": "-1"}, SAY("sell.error_amount")),
        ({"amount": "1,00"}, SAY("sell.error_amount")),
        ({"amount": "٣"}, SAY("sell.error_amount")),
        ({"amount": "9" * 30}, SAY("sell.error_amount")),
        ({"amount": "0.000001"}, SAY("sell.error_amount")),
        ({"amount": "5.01"}, "That is more than is left to sell: 5.00 KES"),
        ({"amount": "0.005"}, "The amount must be a multiple of 0.01 KES"),
        ({"utility": "water"}, "That is more than is left to sell: 0.00 KES"),
    ],
)
@pytest.mark.parametrize("path", ["/agent/check", "/agent/sell"])
async def test_what_cannot_be_sold_is_refused_in_words(
    running: Running, seller: Visitor, changed: dict[str, str], error: str, path: str
) -> None:
    await place(running)
    await seller.get("/agent")
    seen = await seller.post(path, {**FORM, "once": "00" * 16, **changed})
    assert seen.status == 400
    assert error in plain(seen.text)
    assert 'aria-invalid="true"' in seen.text
    assert await agents.waiting(running.database) == []


@pytest.mark.parametrize(
    "fields", [{"utility": "gas"}, {"utility": ""}, {"once": "xyz"}, {"once": ""}, {"once": "0" * 33}]
)
async def test_forms_that_no_page_made_are_refused(running: Running, seller: Visitor, fields: dict[str, str]) -> None:
    await place(running)
    await seller.get("/agent")
    assert (await seller.post("/agent/sell", {**FORM, "once": "00" * 16, **fields})).status == 400
    assert await agents.waiting(running.database) == []


@pytest.mark.parametrize("path", ["/agent/check", "/agent/sell"])
async def test_a_forged_token_sells_nothing(running: Running, seller: Visitor, path: str) -> None:
    await place(running)
    await seller.get("/agent")
    real = seller.token
    for token in ("0" * 64, "", real[:-1] + ("0" if real[-1] != "0" else "1")):
        seller.token = token
        assert (await seller.post(path, {**FORM, "once": "00" * 16})).status == 403
    seller.token = real
    other = {"Origin": "http://elsewhere.example"}
    assert (await seller.post(path, {**FORM, "once": "00" * 16}, other)).status == 403
    assert await agents.waiting(running.database) == []


async def test_a_residents_session_sells_nothing(running: Running, resident: Visitor) -> None:
    await place(running)
    await resident.get("/usage")
    assert (await resident.post("/agent/sell", {**FORM, "once": "00" * 16})).status == 404
    assert await agents.waiting(running.database) == []


async def test_an_agent_sees_its_own_sales_alone(running: Running, seller: Visitor) -> None:
    """Another agent's receipts, requests and floats are no pages of this one's."""
    other = card(98, "AG-2")
    salt = bytes([7]) * 16
    async with running.database.transaction() as tx:
        await agents.put_agent(tx, "ST2OTHER", other.label, salt, await portal.hash_code(other.sign_in_code, salt))
        await agents.put_room(tx, "ST2OTHER", agents.Room(ELECTRICITY, 7 * STEP, STEP))
    await put(running, SOLD)
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as session:
        somebody = Visitor(session, running.base)
        page = await somebody.sign_in(other.sign_in_line)
        assert "0.07 KES" in plain(page.text)
        assert SAY("sell.none") in plain(page.text)
        async with running.database.transaction() as tx:
            row = await tx.one("SELECT id FROM agent WHERE label = 'AG-1'")
            assert row is not None
            number = await agents.ask(tx, int(str(row[0])), bytes(16), 1, "A-07", STEP, running.clock.now)
        assert (await somebody.get(f"/agent/sales/{number}")).status == 404
        assert (await seller.get(f"/agent/sales/{number}")).status == 200
        await somebody.get("/agent")
        taken = await somebody.post("/agent/sell", {**FORM, "amount": "0.01", "once": bytes(16).hex()})
        assert taken.status == 403, "the mark of another agent's form"


async def test_it_waits_in_words_while_the_core_is_away(running: Running, seller: Visitor) -> None:
    await put(running)
    row = await running.database.one("SELECT id FROM agent")
    assert row is not None
    async with running.database.transaction() as tx:
        number = await agents.ask(tx, int(str(row[0])), bytes(16), 1, "A-07", STEP, running.clock.now)
    page = plain((await seller.get(f"/agent/sales/{number}")).text)
    assert SAY("receipt.waiting") in page
    answers: tuple[Answer, ...] = ("home", "amount", "left", "closed", "late")
    for n, answer in enumerate(answers, start=1):
        async with running.database.transaction() as tx:
            number = await agents.ask(tx, int(str(row[0])), bytes([n]) * 16, 1, "A-07", STEP, running.clock.now)
            request = agents.Request(number, bytes([n]) * 16, AGENT_ADDRESS, 1, "A-07", STEP, running.clock.now)
            await agents.answer(tx, request, answer)
        page = plain((await seller.get(f"/agent/sales/{number}")).text)
        assert SAY("receipt.refused_title") in page
        assert SAY(f"receipt.refused_{answer}") in page


@pytest.mark.parametrize("path", ["/agent/sales/x", "/agent/sales/-1", "/agent/sales/" + "9" * 30, "/agent/sales/7"])
async def test_addresses_that_are_no_sale(seller: Visitor, path: str) -> None:
    assert (await seller.get(path)).status == 404


@pytest.mark.parametrize("state", agents.STATES)
async def test_every_state_has_words_for_both(
    running: Running, seller: Visitor, resident: Visitor, state: agents.State
) -> None:
    await put(running, replace(SOLD, state=state, sequence=4 if state in ("credit", "final") else None))
    words = SAY(f"receipt.state_{state}", sequence=4)
    assert words in plain((await seller.get("/agent")).text)
    assert words in plain((await resident.get("/bills")).text)


async def test_the_state_of_a_receipt_moves_on_and_nothing_else_of_it(running: Running) -> None:
    await put(running, SOLD, replace(SOLD, state="credit", sequence=3, amount=9, label="A-08"))
    assert await agents.receipts(running.database, AGENT_ADDRESS, 9) == [replace(SOLD, state="credit", sequence=3)]


async def test_no_page_of_an_agent_tells_of_a_home(running: Running, seller: Visitor, core: Core) -> None:
    """Usage, bills, balances and arrears of the home it sells to, and of others."""
    async with running.database.transaction() as tx:
        await shown.put_bills(tx, [made(6, 0, "settled", Account(Money(777_777), Money(0)))])
    checked = await seller.post("/agent/check", FORM) if await seller.get("/agent") else None
    assert checked is not None
    pages = [checked.text, (await seller.post("/agent/sell", {**FORM, "once": once_of(checked.text)})).text]
    pages.append((await seller.get("/agent")).text)
    for page in pages:
        assert not [text for text in private_texts(7) + private_texts(8) if text in page]
        assert "7.77" not in plain(page)
        assert "123.456" not in plain(page)


async def test_a_new_code_ends_an_agents_sessions_and_a_rename_does_not(running: Running, seller: Visitor) -> None:
    async with running.database.transaction() as tx:
        await agents.put_agent(tx, AGENT_ADDRESS, "AG-9", bytes(range(16)), None)
    assert "AG-9" in (await seller.get("/agent")).text
    async with running.database.transaction() as tx:
        await agents.put_agent(tx, AGENT_ADDRESS, "AG-9", bytes(16), bytes(32))
    assert (await seller.get("/agent")).path == "/sign-in"


async def test_who_is_no_agent_any_more_signs_in_no_more_and_the_receipts_stay(
    running: Running, seller: Visitor, resident: Visitor
) -> None:
    await put(running, SOLD)
    async with running.database.transaction() as tx:
        await agents.let_go(tx, [])
    assert (await seller.get("/agent")).path == "/sign-in"
    assert (await seller.sign_in(AGENT_CARD.sign_in_line)).status == 403
    assert SOLD.code in (await resident.get("/bills")).text


async def test_no_agent_is_called_like_a_home(running: Running) -> None:
    for label in ("A-07", "a 0 7", "AG1"):
        with pytest.raises(portal.LabelTaken):
            async with running.database.transaction() as tx:
                await agents.put_agent(tx, "ST2OTHER", label, bytes(16), bytes(32))


async def test_guessing_an_agents_code_gets_slower_like_a_homes(running: Running, visitor: Visitor) -> None:
    for _ in range(3):
        assert (await visitor.sign_in("AG-1 0000-0000-0000-0000")).status == 403
    assert (await visitor.sign_in(AGENT_CARD.sign_in_line)).status == 429
    running.clock.now += 2
    assert (await visitor.sign_in(AGENT_CARD.sign_in_line)).path == "/agent"


@pytest.mark.parametrize(
    ("typed", "units"),
    [
        ("50", 5_000_000),
        ("12.50", 1_250_000),
        (" 1 000.00001 ", 100_000_001),
        ("1\u202f000", 100_000_000),
        ("0.000010", 1),
        ("0.000001", None),
        ("0.0", None),
        ("1.", None),
        (".5", None),
        ("1,5", None),
        ("1e3", None),
        ("+1", None),
    ],
)
def test_an_amount_is_read_in_one_way_or_not_at_all(typed: str, units: int | None) -> None:
    assert units_of(typed, PLACE) == units


async def test_in_swahili(seller: Visitor, core: Core) -> None:
    sw = locale("sw").text
    page = await seller.get("/agent", {"Accept-Language": "sw"})
    assert sw("sell.title") in page.text
    checked = await seller.post("/agent/check", FORM, {"Accept-Language": "sw"})
    assert sw("sell.check_title") in checked.text
    seen = await seller.post("/agent/sell", {**FORM, "once": once_of(checked.text)}, {"Accept-Language": "sw"})
    assert sw("receipt.number", number=1) in seen.text
    assert sw("receipt.state_ready") in seen.text


@pytest.fixture
async def pages(running: Running, seller: Visitor, resident: Visitor, core: Core) -> dict[str, str]:
    await put(running, replace(SOLD, number=8), replace(SOLD, number=9, state="final", sequence=2, zone=WATER))
    core.seen = [agents.Request(0, bytes(16), "", 0, "", 0, 0)] * 9
    checked = await seller.post("/agent/check", FORM) if await seller.get("/agent") else None
    assert checked is not None
    sold = await seller.post("/agent/sell", {**FORM, "once": once_of(checked.text)})
    found = {"check": checked.text, "receipt": sold.text, "sales": (await seller.get("/agent")).text}
    found["sales in Swahili"] = (await seller.get("/agent", {"Accept-Language": "sw"})).text
    found["refused"] = (await seller.post("/agent/check", {**FORM, "home": "", "amount": ""})).text
    found["bills"] = (await resident.get("/bills")).text
    return found


async def test_the_pages_on_a_phone(pages: dict[str, str], tool: Callable[[str], Path]) -> None:
    """320 px is also 1280 px at 400 % zoom."""
    for width in (320, 360):
        for name, looked in (await look(tool("chromium"), pages, width)).items():
            assert looked.width == width, name
            assert looked.small == [], name


async def test_axe_finds_nothing(pages: dict[str, str], tool: Callable[[str], Path]) -> None:
    for name, looked in (await look(tool("chromium"), pages, 360, axe_source())).items():
        assert looked.violations == [], name
        assert looked.passes > 10, name
