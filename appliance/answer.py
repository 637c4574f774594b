"""10: disputes on chain -> store; answers them in time, and goes on where nobody else does (task)."""

from __future__ import annotations

import logging
from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from functools import partial

from appliance.ask import ask
from appliance.call import USER_REGISTRY, Sender
from appliance.calls import dispute as calls
from appliance.calls import registry
from appliance.chain.clarity import Ascii, Bool, UInt
from appliance.chain.node import Node
from appliance.dispute import Act, Dispute, due, left_to_answer
from appliance.evidence import Leaf, merkle_root
from appliance.money import Money
from appliance.store import blocks, disputes, outbox, periods
from appliance.store.blocks import StoredBlock
from appliance.store.database import Database
from appliance.worker import Keys
from circuits.alternative import unseal

log = logging.getLogger("mita.answer")


@dataclass(slots=True)
class Watch:
    """What need not be stored: the highest number looked at, and since when disputes were seen closed."""

    last: int = 0
    closing: dict[int, int] = field(default_factory=dict)


async def watch_disputes(
    db: Database, node: Node, sender: Sender, zones: Container[int], keys: Keys, watch: Watch, buried: int
) -> None:
    """Takes down disputes about these zones once they are under so many Bitcoin blocks, and how they go on. NodeError.

    A dispute counts as closed once it has been for as long.
    """
    name = Ascii(calls.DISPUTES)
    if await ask(node, sender, registry.read_active, USER_REGISTRY, "get-active-contract", name) is None:
        return
    tip = (await node.tip()).burn_height
    for stored in await disputes.unclosed(db):
        seen = await _dispute(node, sender, stored.of.id)
        if seen is not None and (not seen.closed or _long_closed(watch, seen.id, tip, buried)):
            async with db.transaction() as tx:
                await disputes.put(tx, seen)
    watch.last = max(watch.last, await disputes.last(db))
    while (seen := await _dispute(node, sender, watch.last + 1)) is not None and seen.opened + buried <= tip:
        if seen.zone in zones and (not seen.closed or _long_closed(watch, seen.id, tip, buried)):
            async with db.transaction() as tx:
                await disputes.put(tx, seen)
            left = left_to_answer(seen, tip)
            log.warning("zone %d: slot %d disputes its bill of period %d", seen.zone, seen.slot, seen.period)
            if left is not None:
                log.info("dispute %d: %d Bitcoin blocks are left to answer", seen.id, left)
        elif seen.zone in zones:
            break
        watch.last += 1
    await _read_claims(db, node, sender, keys)


async def act_due(db: Database, node: Node, sender: Sender, keys: Keys) -> None:
    """Plans and prepares what the operator has to do about disputes. NodeError."""
    tip = (await node.tip()).burn_height
    for stored in await disputes.unclosed(db):
        act = due(stored.of, tip)
        if act is None or (act is Act.CLOSE and await _may_give_way(db, node, sender, stored.of, tip)):
            continue
        if act is Act.ANSWER:
            digest = await evidence_of(db, stored.of, keys)
            if digest is None:
                log.error("dispute %d is about a bill that is not here: a person has to answer", stored.of.id)
                continue
            payload = calls.submit_evidence(sender, stored.of.id, digest)
        else:
            payload = calls.about(sender, act, stored.of.id)
        part = stored.of.draws if act in (Act.DRAW, Act.EXPIRE) else 0
        async with db.transaction() as tx:
            call_id = await outbox.put_call(tx, act, stored.of.zone, stored.of.id, part)
            await outbox.prepare(tx, call_id, sender.mark, payload)


async def _may_give_way(db: Database, node: Node, sender: Sender, of: Dispute, tip: int) -> bool:
    """What was opened with a key that the gateway has corrects nothing before the bill is past dispute: till then the
    dwelling may dispute it with its own. NodeError."""
    last = await periods.due_of(db, of.zone, of.period)
    if of.ruling is None or not of.ruling.for_resident or last is None or tip >= last:
        return False
    return not await ask(node, sender, calls.read_own, calls.DISPUTES, "get-dispute", UInt(of.id))


async def evidence_of(db: Database, of: Dispute, keys: Keys) -> bytes | None:
    """What the operator can show: the root over the leaves of all the slot's blocks in the period, each of which is
    under a batch's evidence root, too. None where the bill is not here."""
    if not await periods.bills_of(db, of.zone, of.period):
        return None
    period = await periods.get(db, of.zone, of.period)
    content = [await blocks.get_block(db, of.zone, n) for n in range(period.first_block, period.last_block + 1)]
    return merkle_root([_leaf(block, of.slot, keys) for block in content])


def _leaf(block: StoredBlock, slot: int, keys: Keys) -> bytes:
    zone, number, of = block.content.zone, block.content.block, block.content.slots[slot]
    leaf = Leaf(zone, number, slot, of.index_start, of.index_end, of.usage, of.missing, of.journal_head)
    return leaf.digest(keys[of.holder].leaf_salt(zone, slot, number))


async def _read_claims(db: Database, node: Node, sender: Sender, keys: Keys) -> None:
    """Opens what dwellings say their bills should be, which is sealed among their evidence."""
    for stored in await disputes.unread(db):
        of = stored.of
        bills = await periods.bills_of(db, of.zone, of.period)
        if not bills:
            continue
        shown: Sequence[bytes] = await ask(
            node, sender, calls.read_evidence, calls.DISPUTES, "get-evidence", UInt(of.id), Bool(True)
        )
        key = keys[bills[of.slot].holder]
        found = (unseal(key, of.zone, of.slot, of.period, of.alternative, sealed) for sealed in shown)
        amount = next((amount for amount in found if amount is not None), None)
        if amount is not None:
            async with db.transaction() as tx:
                await disputes.set_claimed(tx, of.id, Money(amount))


def _long_closed(watch: Watch, number: int, tip: int, buried: int) -> bool:
    return tip - watch.closing.setdefault(number, tip) >= buried


async def _dispute(node: Node, sender: Sender, number: int) -> Dispute | None:
    read = partial(calls.read_dispute, number)
    return await ask(node, sender, read, calls.DISPUTES, "get-dispute", UInt(number))
