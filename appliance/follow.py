"""10: chain -> store: compares what the contracts keep of zones, batches and money with what is here (task)."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from appliance import call
from appliance.ask import ask
from appliance.call import Sender
from appliance.calls import billing, payment, registry
from appliance.chain.address import Address, Contract
from appliance.chain.clarity import Ascii, UInt
from appliance.chain.node import Node, NodeError
from appliance.config import TimeConfig, ZoneConfig
from appliance.period import Step, band_and_part, parts
from appliance.store import blocks, outbox, periods
from appliance.store.database import Database
from appliance.store.outbox import Call

log = logging.getLogger("mita.follow")


async def confirm_zones(
    node: Node,
    deployer: Address,
    sender: Address,
    zones: Sequence[ZoneConfig],
    time: TimeConfig,
    wrong: dict[int, list[str]],
) -> None:
    """Per zone what the registry knows otherwise than the configuration; such a zone sends nothing."""
    known = Contract(deployer, call.USER_REGISTRY)
    for zone in zones:
        if wrong.get(zone.zone) == []:
            continue
        answer = await node.call_read(known, "get-zone", (UInt(zone.zone),), sender)
        try:
            found = call.differences(answer, zone, sender, time.block_seconds)
        except TypeError as error:
            raise NodeError(f"get-zone answers in an unknown form: {error}", permanent=True) from error
        there = await node.call_read(known, "get-parameter", (Ascii("period-blocks"),), sender)
        if there != UInt(time.period_blocks):
            blocks_there = there.value if isinstance(there, UInt) else there
            found.append(f"period_blocks is {blocks_there} there, {time.period_blocks} here")
        if found and found != wrong.get(zone.zone):
            log.error("zone %d is registered otherwise, so nothing is sent for it: %s", zone.zone, "; ".join(found))
        wrong[zone.zone] = found


async def read_back(
    db: Database, node: Node, deployer: Address, sender: Address, differing: set[tuple[int, int]]
) -> None:
    """Marks batches whose commitments, total and root are on chain as they are here. NodeError when there is no link.

    `differing` collects (zone, first block) of those that a node shows with other content, and loses them again when it
    does not: nothing is built on top of them, but a node that errs does no lasting harm.
    """
    contract = Contract(deployer, call.METER_DATA)
    for zone, first_block in await blocks.unread_on_chain(db):
        answer = await node.call_read(contract, "get-batch", (UInt(zone), UInt(first_block)), sender)
        try:
            found = call.read_batch(answer)
        except TypeError as error:
            raise NodeError(f"get-batch answers in an unknown form: {error}", permanent=True) from error
        if found is None:  # the node that answered is behind, or the block was undone
            continue
        batch = await blocks.get_batch(db, zone, first_block)
        expected = call.BatchOnChain(
            batch.last_block,
            batch.sums.total,
            call.commitments_hash(batch.sums.commitments),
            batch.evidence_root,
            found.checked,
        )
        if found == expected and found.checked & call.CHECKED_SUM:
            differing.discard((zone, first_block))
            async with db.transaction() as tx:
                await blocks.set_on_chain(tx, zone, first_block, found.checked)
        elif (zone, first_block) not in differing:
            differing.add((zone, first_block))
            log.error("zone %d: the batch from block %d is on chain with other content", zone, first_block)


async def read_back_calls(db: Database, node: Node, sender: Sender) -> None:
    """Marks calls of period and money whose effect the contracts show. NodeError when there is no link.

    A call that was refused because somebody else had done the same before counts, too: anybody may close a period.
    """
    for made in await outbox.unread(db, also_rejected=True):
        if made.kind == outbox.BATCH:
            continue
        if await _took_effect(db, node, sender, made):
            async with db.transaction() as tx:
                await outbox.set_on_chain(tx, made.id)


async def _took_effect(db: Database, node: Node, sender: Sender, made: Call) -> bool:
    """Whether the contracts keep what this call was to bring about."""
    key = UInt(made.zone), UInt(made.number)
    match made.kind:
        case Step.CLOSE:
            closed = await ask(node, sender, registry.read_closed, "meter-data", "get-period-usage", *key)
            return closed is not None and await _is_ours(db, made, closed)
        case Step.BILLS | Step.BAND | Step.PROVE_BILLS:
            return await _bills_took_effect(db, node, sender, made)
        case Step.CREDIT | Step.FINISH_CREDIT:
            account = await ask(node, sender, payment.read_account, "payment", "get-account", UInt(made.zone))
            return account is not None and account.sequence > made.number
        case Step.SETTLE | Step.FINISH_SETTLEMENT:
            account = await ask(node, sender, payment.read_account, "payment", "get-account", UInt(made.zone))
            return account is not None and account.settled > made.number
    return False


async def _is_ours(db: Database, made: Call, closed: registry.ClosedPeriod) -> bool:
    """Whether the period was closed with our batches, all of them and no more."""
    of = await periods.get(db, made.zone, made.number)
    running = await blocks.running_before(db, made.zone, of.last_block + 1, of.period)
    return (closed.usage, closed.blocks) == (running, of.blocks)


async def _bills_took_effect(db: Database, node: Node, sender: Sender, made: Call) -> bool:
    own = tuple(bill.commitment for bill in await periods.bills_of(db, made.zone, made.number))
    key = UInt(made.zone), UInt(made.number)
    final = await ask(node, sender, billing.read_bills, "billing", "get-bills", *key)
    if final is not None and final.bills == own:
        async with db.transaction() as tx:
            await periods.set_due(tx, made.zone, made.number, final.due)
        return True
    candidate = await ask(node, sender, billing.read_candidate, "billing", "get-candidate", UInt(made.zone))
    if candidate is None or candidate.bills != own or made.kind == Step.PROVE_BILLS:
        return False
    if made.kind == Step.BILLS:
        return True
    band, part = band_and_part(made.part, len(own))
    return bool(candidate.proved >> (band * parts(len(own)) + part) & 1)
