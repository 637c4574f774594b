"""What a dwelling owes, period by period, in steps that add up; and what it bought from agents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from aiohttp import web

from appliance.store import agents, portal, shown
from circuits import code
from web.access import signed_in
from web.amounts import amount, day, moment, money, rate
from web.locale import Locale
from web.page import render, words_for
from web.session import DATABASE

SHOWN: Final = 12


@dataclass(frozen=True, slots=True)
class ShownStep:
    """One line: what, and what it costs."""

    words: str
    amount: str


@dataclass(frozen=True, slots=True)
class ShownBill:
    """A bill in words; `account` is empty until it is settled."""

    bill: shown.Bill
    first: str
    last: str
    usage: str
    amount: str
    steps: list[ShownStep]
    account: list[ShownStep]
    left: str
    owed: str | None
    contest: list[str]
    reward_code: str | None


@dataclass(frozen=True, slots=True)
class ShownReceipt:
    """What the home bought from an agent with cash, and where it is on its way to the balance."""

    receipt: agents.Receipt
    amount: str
    when: str


@dataclass(frozen=True, slots=True)
class ShownService:
    zone: portal.Zone
    bills: list[ShownBill]
    receipts: list[ShownReceipt]
    asked: list[shown.Asked]


async def bills(request: web.Request) -> web.Response:
    db, words = request.app[DATABASE], words_for(request)
    place = await portal.place(db) or portal.Place("", 0)
    own = signed_in(request).dwelling_id
    services = [
        ShownService(
            zone,
            [_shown(bill, zone, place, words) for bill in await shown.bills_of(db, own, zone.zone, SHOWN)],
            [_receipt(of, place, words) for of in await agents.sold_to(db, own, zone.zone, SHOWN)],
            await shown.asked_of(db, own, zone.zone, SHOWN),
        )
        for _, zone in await portal.services_of(db, own)
    ]
    return render(request, "resident/bills.html", services=services)


def _shown(bill: shown.Bill, zone: portal.Zone, place: portal.Place, words: Locale) -> ShownBill:
    def cost(units: int) -> str:
        return money(units, place)

    length = (bill.ends_at - bill.starts_at) // bill.blocks
    offset = place.utc_offset_minutes
    after = bill.accounts
    return ShownBill(
        bill,
        day(bill.starts_at, bill.starts_at + length, offset, words),
        day(bill.ends_at - length, bill.ends_at, offset, words),
        amount(bill.usage, zone.unit),
        cost(bill.amount),
        [ShownStep(_step_words(step, zone.unit, place, words), cost(step.amount)) for step in bill.steps],
        [] if after is None else _account(bill.amount, after, place, words),
        "" if after is None else cost(after.balance),
        cost(after.arrears) if after is not None and after.arrears else None,
        [] if bill.contest is None else contest(bill.contest, place, words),
        None if bill.clear is None else code.encode(bill.clear, checked=True),
    )


def _receipt(of: agents.Receipt, place: portal.Place, words: Locale) -> ShownReceipt:
    return ShownReceipt(of, money(of.amount, place), moment(of.at, place.utc_offset_minutes, words))


def contest(of: shown.Contest, place: portal.Place, words: Locale) -> list[str]:
    """Where a dispute stands, in sentences."""
    stage = of.stage.replace("-", "_")
    if of.height is None or stage.startswith("closed"):
        said = [words.text(f"dispute.{stage}")]
    else:
        said = [words.text(f"dispute.{stage}_until", height=of.height)]
    said += [words.text("dispute.unread" if of.claimed is None else "dispute.claimed", amount=_cost(of.claimed, place))]
    if stage == "closed_for" and of.claimed is not None:
        said += [words.text("dispute.waits" if of.corrected is None else "dispute.corrected")]
    return said


def _cost(units: int | None, place: portal.Place) -> str:
    return "" if units is None else money(units, place)


def _step_words(step: shown.Step, unit: portal.Unit, place: portal.Place, words: Locale) -> str:
    if step.start is None:
        return words.text("bills.charge", days=step.quantity, rate=money(step.rate, place))
    used, each = amount(step.quantity, unit), rate(step.rate, unit, place)
    if step.start:
        return words.text("bills.above", used=used, rate=each, start=amount(step.start, unit))
    if step.upto is None:
        return words.text("bills.all", used=used, rate=each)
    return words.text("bills.upto", used=used, rate=each, upto=amount(step.upto, unit))


def _account(bill: int, account: shown.Accounts, place: portal.Place, words: Locale) -> list[ShownStep]:
    """The lines add up: what was owed and this bill, less what was paid ahead, is what is left."""
    return [
        ShownStep(words.text("bills.owed_before"), money(account.owed, place)),
        ShownStep(words.text("bills.this_bill"), money(bill, place)),
        ShownStep(words.text("bills.paid_ahead"), money(account.before, place)),
        ShownStep(words.text("bills.left"), money(account.balance, place)),
        ShownStep(words.text("bills.still_owed"), money(account.arrears, place)),
    ]
