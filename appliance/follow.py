"""10: chain -> store: reads back what the contracts keep of every batch and compares (task)."""

from __future__ import annotations

import logging
from dataclasses import replace

from appliance import call
from appliance.chain.address import Address, Contract
from appliance.chain.clarity import UInt
from appliance.chain.node import Node
from appliance.delivery import State
from appliance.store import blocks, outbox
from appliance.store.database import Database

log = logging.getLogger("mita.follow")


async def read_back(db: Database, node: Node, deployer: Address, sender: Address) -> None:
    """Marks batches whose commitments, total and root are on chain as they are here. NodeError when there is no link.

    A difference stops the zone: its submission is rejected, so that nothing is built on top.
    """
    contract = Contract(deployer, call.METER_DATA)
    for zone, first_block in await blocks.unread_on_chain(db):
        answer = await node.call_read(contract, "get-batch", (UInt(zone), UInt(first_block)), sender)
        try:
            found = call.read_batch(answer)
        except TypeError:
            log.exception("zone %d: the contract answers in a form this program does not know", zone)
            continue
        if found is None:  # the node that answered is behind, or the block was undone
            continue
        batch = await blocks.get_batch(db, zone, first_block)
        expected = call.BatchOnChain(
            batch.last_block,
            batch.proof.total,
            call.commitments_hash(batch.proof.commitments),
            batch.evidence_root,
            found.checked,
        )
        if found == expected and found.checked & call.CHECKED_SUM:
            async with db.transaction() as tx:
                await blocks.set_on_chain(tx, zone, first_block, found.checked)
            continue
        log.error("zone %d: the batch from block %d is on chain with other content", zone, first_block)
        submission = await outbox.of_batch(db, zone, first_block)
        if submission is not None:
            stopped = replace(submission.delivery, state=State.REJECTED, reason="other content on chain")
            async with db.transaction() as tx:
                await outbox.save(tx, submission.id, stopped)
