"""An agent of a demonstration: fills up its float and approves it on the chain, then sells credit on its page."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from appliance.app import AgentCard
from appliance.calls import payment
from appliance.chain.address import Contract
from appliance.chain.clarity import UInt
from appliance.chain.node import Node
from appliance.cli import actors
from appliance.cli.actors import ActorError, Cast, Person
from appliance.cli.browser import Browser, signed_in
from appliance.config import Utility

_POLL_SECONDS: Final = 0.3
_RECEIPT: Final = re.compile(r"<h1>Receipt ([0-9]+)</h1>")


@dataclass(frozen=True, slots=True)
class Selling:
    """A home brings so much cash, in whole units of the currency, for one of its services."""

    label: str
    utility: Utility
    amount: int


def person(node: Node, cast: Cast) -> Person:
    return Person("the agent", cast.agent, cast.network, node)


async def fills_up(node: Node, cast: Cast, zone: int, vouchers: int) -> None:
    """Puts vouchers, which treasurers have given it for cash, into the pot and approves that all of it is sold."""
    agent = person(node, cast)
    pots, token = Contract(cast.deployer, payment.PAYMENT), Contract(cast.deployer, actors.VOUCHER)
    await agent.does(pots, "fund-float", UInt(zone), UInt(vouchers), token)
    asked = await node.call_read(pots, "get-float", (UInt(zone), agent.address), agent.address)
    there = payment.read_float(asked)
    await agent.does(pots, "approve-sales", UInt(zone), UInt(there.balance + there.debited))


async def sell_all(base: str, card: AgentCard, plans: Sequence[Selling], tell: Callable[[str], None]) -> None:
    """ActorError for the first that is refused."""
    for of in plans:
        number = await sells(base, card, of)
        tell(f"{card.label} sells {of.amount} of {of.utility} to {of.label} for cash: receipt {number}")


async def sells(base: str, card: AgentCard, of: Selling) -> int:
    """On the page, as soon as the box has seen the float for long enough; the receipt's number."""
    async with signed_in(base, card.label, card.sign_in_code) as browser:
        form = {"home": of.label, "amount": str(of.amount), "utility": of.utility}
        await check(browser, form)
        sold = await browser.post("/agent/sell", {**form, "once": browser.hidden("once")})
        found = _RECEIPT.search(sold)
        if found is None:
            raise ActorError(f"{card.label} could not sell to {of.label}")
        return int(found[1])


async def check(browser: Browser, form: dict[str, str]) -> None:
    """Until the page to check is there. It is not while too little is left to sell."""
    while True:
        if 'action="/agent/check"' in await browser.get("/agent"):
            await browser.post("/agent/check", form)
        if 'action="/agent/sell"' in browser.page:
            return
        await asyncio.sleep(_POLL_SECONDS)
