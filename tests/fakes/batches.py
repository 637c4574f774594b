"""Batches whose commitments and proofs are no more than bytes, for tests of what happens to them afterwards."""

from __future__ import annotations

from appliance import call
from appliance.call import Sender
from appliance.proof import BoundProof, SummedBatch
from appliance.store import blocks, proofs
from appliance.store.database import Database
from tests.fakes.world import some_bytes


async def put_batch(db: Database, zone: int, first: int, last: int, total: int = 5) -> None:
    """A summed batch of two slots; the zone's first one begins with block 10."""
    points = tuple(b"\x02" + some_bytes(f"{zone}/{first}/{slot}", 32) for slot in range(2))
    sums = SummedBatch(total, some_bytes("r", 32), points, points, None if first == 10 else some_bytes("h", 32))
    async with db.transaction() as tx:
        await blocks.put_batch(tx, zone, first, last, some_bytes("root", 32), sums)


async def put_proof(db: Database, sender: Sender, zone: int, first: int) -> None:
    """A proof of the batch as this sender would submit it."""
    context = call.usage_batch_context(sender, await proofs.for_chain(db, zone, first))
    made = BoundProof(context, (b"\x03" + context,), (context,), (context,))
    async with db.transaction() as tx:
        await proofs.put_batch_proof(tx, zone, first, made, 1)
