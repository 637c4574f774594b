"""6: agents' floats on chain, requests to sell -> receipts, which credits cover as they cover payments (task).

A receipt is stored, and entered in the books, before a request is answered: asked again, whatever died in between, it
is answered with the same receipt.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from appliance import ledger, sale
from appliance.ask import ask
from appliance.call import USER_REGISTRY, Sender
from appliance.calls import payment as calls
from appliance.calls import registry
from appliance.chain.address import Address
from appliance.chain.clarity import UInt
from appliance.chain.node import Node
from appliance.config import AgentConfig, ZoneConfig
from appliance.keys import Secret
from appliance.money import BOUND, Ratio
from appliance.receipt import Kind, following
from appliance.sale import LATE, Float
from appliance.store import agents, leaving, money, portal, sales, secrets
from appliance.store.agents import Answer, Request
from appliance.store.database import Database, Transaction
from appliance.store.sales import StoredFloat, StoredSale

log = logging.getLogger("mita.sales")

AGENT_ROLE: Final = 4  # the registry's number
LARGEST: Final = 1 << 62  # token units; more is not looked at


@dataclass(frozen=True, slots=True)
class Seller:
    """An agent of the configuration, and the secret behind its card."""

    config: AgentConfig
    secret: Secret


async def watch_floats(
    db: Database,
    node: Node,
    sender: Sender,
    ratios: Mapping[int, Ratio],
    sellers: Sequence[AgentConfig],
    buried: int,
    now: int,
) -> None:
    """Takes down every agent's float in these zones. What is approved counts after `buried` burn blocks. NodeError."""
    if not sellers:
        return
    height = (await node.tip()).burn_height
    known = {
        zone: await ask(node, sender, registry.read_zone, USER_REGISTRY, "get-zone", UInt(zone)) for zone in ratios
    }
    served = {zone for zone, of in known.items() if of is not None and not of.closed}
    for one in sellers:
        who, role = Address.from_c32(one.address), UInt(AGENT_ROLE)
        holds = await ask(node, sender, registry.read_truth, USER_REGISTRY, "has-role", role, who)
        for zone, ratio in ratios.items():
            seen = await ask(node, sender, calls.read_float, calls.PAYMENT, "get-float", UInt(zone), who)
            async with db.transaction() as tx:
                may_sell = holds and zone in served
                await _note(tx, zone, one, ratio, _bounded(seen), height, buried, now, may_sell=may_sell)


async def _note(
    tx: Transaction,
    zone: int,
    seller: AgentConfig,
    ratio: Ratio,
    seen: Float,
    height: int,
    buried: int,
    now: int,
    *,
    may_sell: bool,
) -> None:
    """The books follow what the float holds and has been debited together: the same whatever is sold."""
    known = await sales.floats(tx, zone, seller.address)
    if not known and seen == Float(0, 0, 0):
        return
    before = known[0] if known else None
    after = sale.first_seen(seen, height) if before is None else sale.watched(before.watched, seen, height, buried)
    if before is not None and after.final < before.watched.final:
        log.error("zone %d: less is approved by agent %s than was: a deep reorganisation", zone, seller.label)
    booked, entries = (0, 0) if before is None else (before.booked, before.entries)
    filled = min(seen.balance + seen.debited - after.earlier, (BOUND - 1) // ratio.units)
    filled = max(0, filled)
    if filled != booked:
        entries += 1
        change = ratio.worth(abs(filled - booked))
        enter = ledger.funded if filled > booked else ledger.drawn
        await money.enter(tx, [enter(zone, entries, seller.address, change)], now)
    await sales.put_float(tx, StoredFloat(zone, seller.address, ratio, after, may_sell, filled, entries))


def _bounded(of: Float) -> Float:
    return Float(*(min(number, LARGEST) for number in (of.balance, of.approved, of.debited)))


async def take_requests(
    db: Database, shown: Database, zones: Sequence[ZoneConfig], sellers: Sequence[AgentConfig], now: int
) -> None:
    """Answers every request that waits."""
    requests = await agents.waiting(shown)
    homes = await _homes(db, zones) if requests else {}
    names = {one.address: one.label for one in sellers}
    for request in requests:
        async with db.transaction() as tx:
            made = await _sell(tx, request, homes, names, now)
        async with shown.transaction() as tx:
            if isinstance(made, StoredSale):
                await agents.put_receipt(tx, _receipt(made, "ready"))
                await agents.answer(tx, request, "sold", made.receipt.number)
            else:
                await agents.answer(tx, request, made)
        if isinstance(made, StoredSale):
            log.info("agent %s: receipt %d", made.name, made.receipt.number)


async def _homes(db: Database, zones: Sequence[ZoneConfig]) -> dict[tuple[int, str], int]:
    """The slots of those who live there, by zone and label; to who has left, nothing is sold any more, and to who comes
    after it, nothing before the slot is given on."""
    found = {}
    for zone in zones:
        gone = {(of.slot, of.holder) for of in await leaving.departures(db, zone.zone)}
        held = {of.slot for of in await leaving.unreleased(db, zone.zone)}
        for slot, label in zone.dwellings.items():
            if slot not in held and (slot, secrets.dwelling(label)) not in gone:
                found[zone.zone, label] = slot
    return found


async def _sell(
    tx: Transaction, request: Request, homes: Mapping[tuple[int, str], int], names: Mapping[str, str], now: int
) -> StoredSale | Answer:
    """The receipt of a request, the one that it has or a new one; or why there is none."""
    done = await sales.of_request(tx, request.once)
    if done is not None:
        return done
    found = await sales.floats(tx, request.zone, request.address)
    if request.address not in names or not found or not found[0].open:
        return "closed"
    if abs(now - request.at) > LATE:
        return "late"
    slot = homes.get((request.zone, request.label))
    if slot is None or not await money.is_registered(tx, request.label):
        return "home"
    tokens = sale.whole_tokens(request.amount, found[0].ratio)
    if tokens is None:
        return "amount"
    if tokens > sale.room(found[0].watched, *await sales.sold(tx, request.zone, request.address)):
        return "left"
    amount = found[0].ratio.worth(tokens)
    before = await sales.last(tx, request.address)
    made = following(before, now, Kind.SALE, request.label, amount, request.address)
    entry = ledger.sold(request.zone, made.number, slot, request.address, amount)
    await money.enter(tx, [entry], now)
    name = names[request.address]
    return await sales.put_sale(tx, made, request.address, name, request.zone, slot, tokens, request.once)


async def show_agents(shown: Database, sellers: Sequence[Seller]) -> None:
    """Who sells, and signs in with which code. Codes are hashed only when they are new: it is slow."""
    known = await agents.salts(shown)
    hashes = {
        one.config.address: await portal.hash_code(one.secret.sign_in_code(), one.secret.sign_in_salt())
        for one in sellers
        if known.get(one.config.address) != one.secret.sign_in_salt()
    }
    async with shown.transaction() as tx:
        await agents.let_go(tx, {one.config.address for one in sellers})
        for one in sellers:
            salt, code_hash = one.secret.sign_in_salt(), hashes.get(one.config.address)
            await agents.put_agent(tx, one.config.address, one.config.label, salt, code_hash)


async def show_due(
    db: Database, shown: Database, zones: Sequence[ZoneConfig], known: dict[tuple[int, str], agents.Room]
) -> None:
    """Copies what is left of floats, and where sales are on their way. `known` is what was copied before."""
    homes: set[tuple[int, str]] = set()
    ready: set[int] = set()
    for zone in zones:
        for of in await sales.floats(db, zone.zone):
            left = sale.room(of.watched, *await sales.sold(db, zone.zone, of.agent)) if of.open else 0
            room = agents.Room(zone.zone, min(left, (BOUND - 1) // of.ratio.units) * of.ratio.units, of.ratio.units)
            if known.get((zone.zone, of.agent)) != room:
                async with shown.transaction() as tx:
                    await agents.put_room(tx, of.agent, room)
                known[zone.zone, of.agent] = room
        slots = await leaving.receiving(db, zone)
        homes |= {(zone.zone, label) for label in slots}
        ready |= {one.number for one in await sales.ready(db, zone.zone, slots)}
    for made, final, before in await sales.shown_words(db):
        state: agents.State = "ready" if made.id in ready else "approval"
        if made.sequence is not None:
            state = "final" if final else "credit"
        elif (made.zone, made.receipt.label) not in homes:
            state = "open"
        word = f"{state} {made.sequence}"
        if word != before:
            async with shown.transaction() as tx:
                await agents.put_receipt(tx, _receipt(made, state))
            async with db.transaction() as tx:
                await sales.set_shown_word(tx, made.id, word)


def _receipt(made: StoredSale, state: agents.State) -> agents.Receipt:
    of = made.receipt
    return agents.Receipt(
        made.agent, of.number, made.name, made.zone, of.label, of.amount.units, of.at, of.short(), state, made.sequence
    )
