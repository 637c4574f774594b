"""What people do in a demonstration that goes on: pay every period, decide on prices, claim rewards, doubt a bill.

Stewards and treasurers do one thing after the other: `office` is held by whoever needs them.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import Final

from appliance import polls
from appliance.bill import Tariff
from appliance.call import USER_REGISTRY, UTILITY_CODES, Sender
from appliance.calls import voting
from appliance.calls.billing import read_tariff
from appliance.calls.payment import PAYMENT
from appliance.calls.registry import read_number
from appliance.calls.voting import Action, Proposal, Rates, read_proposal
from appliance.chain.address import Contract
from appliance.chain.clarity import ResponseOk, UInt
from appliance.chain.node import Node, NodeError
from appliance.cli import actors, agents, households
from appliance.cli import town as surroundings
from appliance.cli.actors import ActorError, Paying, Person
from appliance.cli.agents import Selling
from appliance.cli.browser import signed_in
from appliance.cli.households import Place, Settled
from appliance.cli.town import Town
from appliance.resident import ResidentError
from circuits.tariff import Band

Tell = Callable[[str], None]

PAYING: Final = (*surroundings.PAYING, Paying("A-06", 2, 60))  # in the first period, and most of them again and again
SELLING: Final = (*surroundings.SELLING, Selling("A-05", "electricity", 120))
REWARDED: Final = Place("A-06", 2, 5)
DOUBTING: Final = Place("A-02", 1, 1)
OPEN_FOR: Final = 1020  # burn blocks: a week, and a little for the way to the chain
AHEAD: Final = 10  # periods from a proposal to the one from which its prices hold: it is decided and done in six
AGAINST: Final = 3  # homes that want everything to stay as it is
POOL: Final = 100_000  # vouchers for rewards
_POLL_SECONDS: Final = 0.5


async def live(node: Node, town: Town, say: Tell) -> None:
    """Everything, for ever. What is refused is told, and the others go on."""
    office = asyncio.Lock()
    paying = partial(pays, numbers={})
    async with asyncio.TaskGroup() as tasks:
        for part in (paying, sells, decides, claims, doubts):
            tasks.create_task(_told(partial(part, node, town, say, office), say))


async def _told(part: Callable[[], Awaitable[None]], say: Tell) -> None:
    """Begins again where the link failed; ends where something was refused."""
    while True:
        try:
            return await part()
        except NodeError as error:
            say(f"once more: {error}")
        except (ActorError, ResidentError) as error:
            return say(f"FAILED: {error}")


async def pays(node: Node, town: Town, say: Tell, office: asyncio.Lock, numbers: dict[str, int]) -> None:
    """Every period, under the next of the dwelling's references; `numbers` are of the next ones.

    Who gets a key of its own pays once, with the one that it has before.
    """
    while True:
        plans = []
        for plan in PAYING:
            if plan.label == REWARDED.label and plan.label in numbers:
                continue
            plans.append(replace(plan, number=numbers.get(plan.label, 0)))
            numbers[plan.label] = plans[-1].number + 1
        async with office:
            await actors.pay_all(node, town.cast, plans, say)
        await asyncio.sleep(town.pace.day_ms * town.pace.period_blocks / 1000)


async def sells(node: Node, town: Town, say: Tell, office: asyncio.Lock) -> None:
    """Every period the agent fills up its float and sells all of it to those who bring cash."""
    zone, vouchers = surroundings.FLOAT[0], sum(one.amount for one in SELLING)
    while True:
        async with office:
            await actors.mint(node, town.cast, vouchers, agents.person(node, town.cast).address)
        await agents.fills_up(node, town.cast, zone, vouchers)
        await agents.sell_all(town.portal, town.agent_card, SELLING, say)
        await asyncio.sleep(town.pace.day_ms * town.pace.period_blocks / 1000)


async def decides(node: Node, town: Town, say: Tell, office: asyncio.Lock) -> None:
    """A steward proposes other prices, now for one utility, now for the other; homes choose on their pages."""
    await _voters(node, town)
    say("all homes have been here for two periods: from now on they may vote")
    turn = 0
    while True:
        utility = surroundings.SERVICES[turn % 2][1]
        async with office:
            number = await _propose(node, town, utility, dearer=turn % 4 >= 2, say=say)
        await _choose(town, number)
        say(f"proposal {number}: {len(town.cards)} homes have chosen on their pages, {AGAINST} of them against it")
        done, period = await _outcome(node, town, number)
        if done.executed:
            say(f"proposal {number}: done, by {done.yes} to {done.no}: new prices of {utility} from period {period} on")
            await _until_period(node, town, period)
            say(f"period {period} has begun: {utility} has new prices")
        else:
            say(f"proposal {number}: {done.yes} to {done.no}, and too late: period {period} has begun without it")
        turn += 1


async def claims(node: Node, town: Town, say: Tell, office: asyncio.Lock) -> None:
    """A home that owes nothing takes a key of its own and claims what it gets for that."""
    at, cast = _at(town), town.cast
    treasurer = Person("treasurer 1", cast.treasurers[0], cast.network, node)
    voucher, pots = Contract(cast.deployer, actors.VOUCHER), Contract(cast.deployer, PAYMENT)
    async with office:
        await actors.mint(node, cast, POOL, treasurer.address)
        await treasurer.does(pots, "fund-rewards", UInt(REWARDED.zone), UInt(POOL), voucher)
    number = await actors.dwelling_number(actors.resident_of(node, cast, REWARDED.label), cast)
    await _voters(node, town)
    own = cast.own.raw
    async with office:
        await households.takes_own_key(node, at, cast.stewards, number, own)
    secret, home = cast.residents[REWARDED.label], replace(REWARDED, own=own)
    period = await _settled(node, town, REWARDED.zone)
    await households.claims_reward(node, at, home, secret, period)
    say(f"{home.label} owes nothing after period {period} and got its reward")


async def doubts(node: Node, town: Town, say: Tell, office: asyncio.Lock) -> None:
    """A home says that its bill is twice what it should be; an assembly agrees."""
    at, cast = _at(town), town.cast
    period = await _settled(node, town, DOUBTING.zone)
    billed = await households.billed(at, DOUBTING, period)
    dispute = await households.disputes_bill(node, at, DOUBTING, cast.residents[DOUBTING.label], period, billed // 2)
    await households.watches_dispute(at, DOUBTING, period, "assembly", say)  # the operator was heard by then
    sheet = hashlib.sha256(b"a photograph of the sheet with the hands that were counted").digest()
    async with office:
        await households.rules_by_assembly(node, at, cast.treasurers, dispute, for_resident=True, sheet=sheet)
    await households.watches_dispute(at, DOUBTING, period, "closed-for", say)


async def _propose(node: Node, town: Town, utility: str, *, dearer: bool, say: Tell) -> int:
    """A tenth cheaper, or dearer, than now."""
    code = next(number for name, number in UTILITY_CODES.items() if name == utility)
    zone = next(zone for zone in town.config.zones if zone.utility == utility)
    period = await _period(node, town, zone.zone)
    tariff = await _tariff(node, town, code, period)
    factor = 11 if dearer else 9
    bands = tuple(Band(band.start, max(1, band.rate * factor // 10)) for band in tariff.bands)
    rates = Rates(code, period + AHEAD, tariff.charge * factor // 10, bands)
    steward = Person("steward 1", town.cast.stewards[0], town.cast.network, node)
    closes = (await node.tip()).burn_height + OPEN_FOR
    sender = Sender(town.cast.network, town.deployer, steward.address)
    text = hashlib.sha256(f"{utility}, {'dearer' if dearer else 'cheaper'}".encode()).digest()
    made = voting.propose(sender, Action("tariff", rates=rates), text, closes)
    answer = await steward.does(made.contract, made.function, *made.arguments)
    assert isinstance(answer, ResponseOk)
    number = read_number(answer.value)
    say(f"steward 1 proposes {'dearer' if dearer else 'cheaper'} {utility} from period {rates.from_period} on")
    return number


async def _choose(town: Town, number: int) -> None:
    """Every home signs in with its card and chooses on the page, one after the other."""
    for position, card in enumerate(town.cards):
        choice = "no" if position < AGAINST else "yes"
        async with signed_in(town.portal, card.label, card.sign_in_code) as browser:
            await browser.until("/votes", f'action="/votes/{number}"')  # once this box has seen the proposal
            if not await browser.post(f"/votes/{number}", {"choice": choice}):
                raise ActorError(f"{card.label} could not choose on proposal {number}")


async def _outcome(node: Node, town: Town, number: int) -> tuple[Proposal, int]:
    """A proposal of prices once it is done, or cannot be any more; and the period from which they are to hold."""
    contract, zone = Contract(town.deployer, voting.GOVERNANCE), town.config.zones[0].zone
    while True:
        period = await _period(node, town, zone)
        found = read_proposal(await node.call_read(contract, "get-proposal", (UInt(number),), town.gateway))
        if found is not None and found.action.rates is not None:
            begins = found.action.rates.from_period
            if found.executed or period >= begins:
                return found, begins
        await asyncio.sleep(_POLL_SECONDS)


async def _until_period(node: Node, town: Town, period: int) -> None:
    while True:
        if await _period(node, town, town.config.zones[0].zone) >= period:
            return
        await asyncio.sleep(_POLL_SECONDS)


async def _voters(node: Node, town: Town) -> None:
    """Until every home has its vote: all of them came at once."""
    zone = town.config.zones[0]
    sender = Sender(town.cast.network, town.deployer, town.gateway)
    while True:
        if sum(await polls.voters_of(node, sender, zone)) == len(zone.dwellings):
            return
        await asyncio.sleep(_POLL_SECONDS)


async def _settled(node: Node, town: Town, zone: int) -> int:
    """The next period of a zone that is settled from now on."""
    before = await _next_to_settle(node, town, zone)
    while True:
        now = await _next_to_settle(node, town, zone)
        if now > before:
            return now - 1
        await asyncio.sleep(_POLL_SECONDS)


async def _next_to_settle(node: Node, town: Town, zone: int) -> int:
    account = await actors.account(node, town.cast, zone, town.gateway)
    return account.settled


async def _period(node: Node, town: Town, zone: int) -> int:
    registry = Contract(town.deployer, USER_REGISTRY)
    return read_number(await node.call_read(registry, "get-open-period", (UInt(zone),), town.gateway))


async def _tariff(node: Node, town: Town, utility: int, period: int) -> Tariff:
    billing = Contract(town.deployer, "billing")
    key = UInt(utility), UInt(period)
    version = read_number(await node.call_read(billing, "get-version", key, town.gateway))
    answer = await node.call_read(billing, "get-tariff", (UInt(utility), UInt(version)), town.gateway)
    tariff = read_tariff(utility, version, answer)
    assert tariff is not None
    return tariff


def _at(town: Town) -> Settled:
    return Settled(town.deployer, town.cast.network, town.config.data / "portal.db")
