"""10: chain -> store: compares what the contracts keep of zones, batches and money with what is here (task)."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Final

from appliance import call
from appliance.call import Sender
from appliance.chain.address import Address, Contract
from appliance.chain.clarity import Ascii, UInt
from appliance.chain.node import Node, NodeError
from appliance.config import TimeConfig, ZoneConfig
from appliance.effect import took_effect
from appliance.store import blocks, outbox
from appliance.store.database import Database

log = logging.getLogger("mita.follow")

SEALED_TOTAL: Final = 0  # what the contract keeps of a batch that opened none


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
            batch.sums.total if found.checked & call.CHECKED_SUM else SEALED_TOTAL,
            call.commitments_hash(batch.sums.commitments),
            batch.evidence_root,
            found.checked,
        )
        if found == expected and found.checked & (call.CHECKED_SUM | call.CHECKED_RANGES):
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
        if await took_effect(db, node, sender, made):
            async with db.transaction() as tx:
                await outbox.set_on_chain(tx, made.id)
