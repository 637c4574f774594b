"""6: contested ballots -> an answer where the ballot was no Y, and enough others stay hidden (task).

Whoever contests a ballot gives up its secret by what it says; the answer shows that nothing was gained by it. A Y is
never answered: then the contest stands, whoever is right.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from appliance import ballot
from appliance.ask import ask
from appliance.ballot import Choice
from appliance.beside import Beside
from appliance.call import USER_REGISTRY, Sender
from appliance.calls import contests as calls
from appliance.calls import registry
from appliance.calls.contests import Opened
from appliance.calls.voting import GOVERNANCE
from appliance.chain.clarity import UInt
from appliance.chain.node import Node
from appliance.config import ZoneConfig
from appliance.position import Place
from appliance.store import outbox, polls
from appliance.store.database import Database
from appliance.store.outbox import Call
from appliance.store.polls import VectorSlot
from appliance.worker import Keys

log = logging.getLogger("mita.contests")


async def answer_due(db: Database, node: Node, sender: Sender, zones: Sequence[ZoneConfig]) -> None:
    """Plans the answers to contested ballots of these zones, one for each look: how many stay hidden is asked anew for
    the next. NodeError."""
    for of in await polls.proposals(db):
        number = UInt(of.id)
        if of.over or not of.kept.ready:
            continue
        if not await ask(node, sender, calls.read_contested, GOVERNANCE, "get-proposal", number):
            continue
        for zone in zones:
            for slot in await _not_yes(db, of.id, zone.zone):
                if await _is_contested(node, sender, of.id, zone.zone, slot):
                    await _plan(db, node, sender, of.id, zone.zone, slot)


async def _plan(db: Database, node: Node, sender: Sender, proposal: int, zone: int, slot: int) -> None:
    opened = await _opened(node, sender, proposal, zone)
    if opened is None:
        return
    hidden, needed, waiting = 0, 0, 0
    for other in opened.together:
        found = await _opened(node, sender, proposal, other)
        hidden += 0 if found is None else found.hidden
        k_min = await ask(node, sender, registry.read_number, USER_REGISTRY, "get-k-min", UInt(other))
        needed = max(needed, k_min)
        for call in await outbox.of_kinds(db, other, (Beside.CONTEST,)):
            own = (call.zone, call.part) == (zone, slot)
            waiting += call.number == proposal and not own and not await _is_done(db, call)
    if hidden - waiting <= needed:
        return  # it is left as it is: too few would stay hidden
    async with db.transaction() as tx:
        await outbox.put_call(tx, Beside.CONTEST, zone, proposal, slot)
    log.info("zone %d: a contested ballot on proposal %d is answered", zone, proposal)


async def prepare_due(db: Database, sender: Sender, keys: Keys) -> None:
    """Prepares every answer that has no payload for this sender."""
    for call in await outbox.unprepared(db, sender.mark):
        if call.kind != Beside.CONTEST:
            continue
        revision = await polls.counted(db, call.number, call.zone)
        of = (await polls.vector(db, call.number, call.zone, revision))[call.part]
        if of.choice is Choice.YES:
            raise AssertionError(f"{call}: a Y is never opened")
        place = Place(call.zone, of.slot, True, keys[of.holder])
        chosen = {} if of.choice is None else {of.slot: of.choice}
        (made,) = ballot.vector([place], [True], chosen, call.number, revision)
        payload = calls.answer_contest(sender, call.number, call.zone, call.part, made.yes.blinding.to_bytes())
        async with db.transaction() as tx:
            await outbox.prepare(tx, call.id, sender.mark, payload)


async def is_over(node: Node, sender: Sender, made: Call) -> bool:
    """Whether the ballot is contested no more, or it does not matter any more. NodeError."""
    if not await ask(node, sender, calls.read_contested, GOVERNANCE, "get-proposal", UInt(made.number)):
        return True
    return not await _is_contested(node, sender, made.number, made.zone, made.part)


async def _not_yes(db: Database, proposal: int, zone: int) -> list[int]:
    """The slots whose counted ballots are no Y."""
    try:
        revision = await polls.counted(db, proposal, zone)
    except KeyError:
        return []  # nothing of this zone was counted
    slots: Sequence[VectorSlot] = await polls.vector(db, proposal, zone, revision)
    return [of.slot for of in slots if of.votes and of.choice is not Choice.YES]


async def _is_done(db: Database, call: Call) -> bool:
    submission = await outbox.of_call(db, call.kind, call.zone, call.number, call.part)
    return submission is not None and submission.on_chain


async def _is_contested(node: Node, sender: Sender, proposal: int, zone: int, slot: int) -> bool:
    where = UInt(proposal), UInt(zone), UInt(slot)
    return await ask(node, sender, registry.read_truth, GOVERNANCE, "is-contested", *where)


async def _opened(node: Node, sender: Sender, proposal: int, zone: int) -> Opened | None:
    return await ask(node, sender, calls.read_opened, GOVERNANCE, "get-ballots", UInt(proposal), UInt(zone))
