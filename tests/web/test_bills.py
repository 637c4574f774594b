"""A home's bills: the lines it reads add up, say what the tariff says, and are nobody else's."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from typing import get_args

import pytest

from appliance.bill import BandStep, ChargeStep, Tariff, bill
from appliance.money import Money
from appliance.settlement import Account, settle
from appliance.store import portal, shown
from circuits import code
from circuits.tariff import Band
from tests.web.conftest import Running, Visitor
from tests.web.village import DAY, ELECTRICITY, OFFSET_MINUTES, START
from web import amounts
from web.locale import locale
from web.resident.bills import contest

PLACE = portal.Place("Lane", OFFSET_MINUTES, "KES", 5)
TARIFF = Tariff(1, 2, 0, 50_000, (Band(0, 1000), Band(4000, 1500)))
USAGE, BLOCKS = 123_456, 28
COMMITMENT = b"\x02" + bytes(32)
SAY = locale("en").text


def made(slot: int, period: int, state: shown.State, before: Account | None = None, usage: int = USAGE) -> shown.Bill:
    found = bill(TARIFF, usage, BLOCKS, occupied=True)
    steps = []
    for step in found.steps:
        match step:
            case ChargeStep(count, charge, amount):
                steps.append(shown.Step(None, None, count, charge, amount.units))
            case BandStep(start, upto, quantity, rate, amount):
                steps.append(shown.Step(start, upto, quantity, rate, amount.units))
    accounts = None
    if before is not None:
        after = settle(before, found.amount).after
        accounts = shown.Accounts(before.balance.units, before.arrears.units, after.balance.units, after.arrears.units)
    starts_at = START - OFFSET_MINUTES * 60 + period * BLOCKS * DAY
    return shown.Bill(
        zone=ELECTRICITY,
        slot=slot,
        period=period,
        starts_at=starts_at,
        ends_at=starts_at + BLOCKS * DAY,
        blocks=BLOCKS,
        usage=usage,
        version=2,
        amount=found.amount.units,
        state=state,
        accounts=accounts,
        dispute_by=None if state == "made" else 900_123,
        commitment=COMMITMENT,
        steps=tuple(steps),
    )


async def put(running: Running, *bills: shown.Bill) -> None:
    async with running.database.transaction() as tx:
        await portal.put_place(tx, PLACE)
        await shown.put_bills(tx, bills)


def plain(text: str) -> str:
    """The words of a page, narrow spaces as spaces."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", text)).replace("\u202f", " "))


async def test_the_steps_are_in_words_and_add_up(running: Running, resident: Visitor) -> None:
    await put(running, made(6, 0, "final"))
    page = plain((await resident.get("/bills")).text)
    assert "Being connected: 28 days at 0.50 KES each 14.00 KES" in page
    assert "112.000 kWh at 10.00 KES/kWh, the price up to 112.000 kWh 1 120.00 KES" in page
    assert "11.456 kWh at 15.00 KES/kWh, the price above 112.000 kWh 171.84 KES" in page
    assert "The bill 1 305.84 KES" in page
    assert "You can dispute it until block 900123" in page
    assert bill(TARIFF, USAGE, BLOCKS, occupied=True).amount == Money(130_584_000)


@pytest.mark.parametrize(
    ("before", "says"),
    [
        (Account(Money(200_000_000), Money(0)), "Everything is paid. 694.16 KES are paid ahead."),
        (Account(Money(0), Money(5_000)), "This home owes 1 305.89 KES."),
    ],
)
async def test_a_settled_bill_says_what_was_paid_and_what_is_left(
    running: Running, resident: Visitor, before: Account, says: str
) -> None:
    await put(running, made(6, 0, "made"))
    assert SAY("bills.made") in plain((await resident.get("/bills")).text)
    await put(running, made(6, 0, "settled", before))
    page = plain((await resident.get("/bills")).text)
    assert SAY("bills.settled") in page
    assert says in page


async def test_the_newest_bill_comes_first(running: Running, resident: Visitor) -> None:
    await put(running, made(6, 0, "settled", Account(Money(0), Money(0))), made(6, 1, "final", usage=7))
    page = plain((await resident.get("/bills")).text)
    assert page.index("for 0.007 kWh") < page.index("for 123.456 kWh")


async def test_nobody_sees_anothers_bill(running: Running, resident: Visitor, neighbour: Visitor) -> None:
    await put(running, made(6, 0, "final"), made(7, 0, "final", usage=77_777))
    assert "123.456 kWh" in plain((await resident.get("/bills")).text)
    page = plain((await neighbour.get("/bills")).text)
    assert "123.456" not in page
    assert "77.777 kWh" in page


async def test_before_the_first_bill(resident: Visitor) -> None:
    assert SAY("bills.none") in plain((await resident.get("/bills")).text)


@pytest.mark.parametrize(
    ("units", "decimals", "currency", "text"),
    [
        (0, 5, "KES", "0.00_KES"),
        (100_000, 5, "KES", "1.00_KES"),
        (123_456, 5, "KES", "1.23456_KES"),
        (1_234_567_890, 2, "ZAR", "12_345_678.90_ZAR"),
        (7, 1, "X", "0.7_X"),
        (1_234, 0, "UGX", "1_234_UGX"),
        (12, 0, "", "12"),
    ],
)
def test_money_is_exact(units: int, decimals: int, currency: str, text: str) -> None:
    shown_as = amounts.money(units, portal.Place("", 0, currency, decimals))
    assert shown_as.replace(amounts.SPACE, "_") == text


def test_a_rate_is_of_what_people_buy() -> None:
    assert amounts.rate(1000, "Wh", PLACE).replace(amounts.SPACE, " ") == "10.00 KES/kWh"
    assert amounts.rate(250, "L", PLACE).replace(amounts.SPACE, " ") == "2.50 KES/m³"


@pytest.mark.parametrize(
    ("found", "says"),
    [
        (shown.Contest("answer", 900_500, None, None), ["dispute.unread"]),
        (shown.Contest("against", None, 100_000_000, None), ["dispute.against"]),
        (shown.Contest("closed-for", None, 100_000_000, None), ["dispute.closed_for", "dispute.waits"]),
        (shown.Contest("closed-for", None, 100_000_000, 3), ["dispute.closed_for", "dispute.corrected"]),
    ],
)
async def test_a_dispute_says_where_it_stands(
    running: Running, resident: Visitor, found: shown.Contest, says: list[str]
) -> None:
    await put(running, made(6, 0, "final"))
    async with running.database.transaction() as tx:
        await shown.put_contest(tx, ELECTRICITY, 6, 0, found)
    page = plain((await resident.get("/bills")).text)
    assert all(SAY(key) in page for key in ("dispute.title", *says))
    assert ("until block 900123" in page) is False, "it is disputed already"
    if found.height:
        assert "by block 900500 of the Bitcoin chain, or you are right" in page
    if found.claimed:
        assert "You say that 1 000.00 KES is right." in page


def test_every_stage_has_its_words() -> None:
    ended = ("for", "against", "closed-for", "closed-against")
    for stage in get_args(shown.Stage):
        heights = [*([None] if stage in ended else []), *([] if stage.startswith("closed") else [900_500])]
        for height in heights:
            for language in ("en", "sw"):
                assert contest(shown.Contest(stage, height, 5, None), PLACE, locale(language))


async def test_a_home_without_arrears_has_a_reward_code(
    running: Running, resident: Visitor, neighbour: Visitor
) -> None:
    clear = (7).to_bytes(32, "big")
    await put(running, replace(made(6, 0, "settled", Account(Money(200_000_000), Money(0))), clear=clear))
    reward_code = code.encode(clear, checked=True)
    assert reward_code in plain((await resident.get("/bills")).text)
    assert reward_code not in (await neighbour.get("/bills")).text
