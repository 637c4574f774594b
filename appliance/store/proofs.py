"""Range proofs of blocks and batches, each made once for what it is bound to."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.block import level_counts
from appliance.call import UsageBatch
from appliance.proof import BoundProof, ProvenBlock
from appliance.store import blocks
from appliance.store.database import Database, Transaction
from appliance.store.rows import CorruptionError, blob, whole

_POINT = 33
_SCALAR = 32


async def unproven_blocks(db: Database) -> list[tuple[int, int]]:
    """(zone, block) of closed blocks without a proof: first those without commitments, then by age."""
    rows = await db.all(
        "SELECT zone, block FROM block WHERE NOT EXISTS "
        "(SELECT 1 FROM block_proof p WHERE p.zone = block.zone AND p.block = block.block) "
        "ORDER BY proven_at IS NOT NULL, block, zone"
    )
    return [(whole(zone), whole(block)) for zone, block in rows]


async def put_block_proof(tx: Transaction, zone: int, block: int, proven: ProvenBlock, proving_ms: int) -> None:
    """Once: a block that has a proof keeps it."""
    await tx.run(
        "INSERT INTO block_proof (zone, block, context, total, blinding_sum, points, scalars, hints, proving_ms) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (
            zone,
            block,
            proven.proof.context,
            proven.total,
            proven.blinding_sum,
            b"".join(proven.proof.points),
            b"".join(proven.proof.scalars),
            b"".join(proven.proof.hints),
            proving_ms,
        ),
    )


async def of_block(source: Database | Transaction, zone: int, block: int) -> ProvenBlock | None:
    """A block's commitments and proof; None until it is proved."""
    row = await source.one(
        "SELECT context, points, scalars, hints, total, blinding_sum FROM block_proof WHERE zone = ? AND block = ?",
        (zone, block),
    )
    if row is None:
        return None
    commitments = (await blocks.get_block(source, zone, block)).commitments
    if commitments is None:
        raise CorruptionError(f"block {block} of zone {zone} has a proof and no commitments")
    return ProvenBlock(whole(row[4]), blob(row[5]), commitments, _bound(*map(blob, row[:4])))


@dataclass(frozen=True, slots=True)
class Unsettled:
    """A batch that is in no block of the chain, so may have to be signed. `sealed`: None until the chain was asked."""

    zone: int
    first_block: int
    period: int
    sealed: bool | None


async def unsettled_batches(db: Database) -> list[Unsettled]:
    """Oldest first."""
    rows = await db.all(
        "SELECT zone, first_block, period, sealed FROM batch JOIN batch_delivery USING (zone, first_block) "
        "WHERE coalesce(state, 'queued') NOT IN ('included', 'final') ORDER BY first_block, zone"
    )
    return [Unsettled(whole(r[0]), whole(r[1]), whole(r[2]), None if r[3] is None else bool(r[3])) for r in rows]


async def set_sealed(tx: Transaction, zone: int, first_block: int, *, sealed: bool) -> None:
    """As what a batch is to be proved from now on."""
    await tx.run("UPDATE batch SET sealed = ? WHERE zone = ? AND first_block = ?", (int(sealed), zone, first_block))


async def for_chain(db: Database, zone: int, first_block: int) -> UsageBatch:
    """A batch as the contract is to be given it."""
    batch = await blocks.get_batch(db, zone, first_block)
    levels = await blocks.levels(db, zone, first_block, batch.last_block)
    counts = level_counts(levels)
    return UsageBatch(
        zone, first_block, batch.last_block, batch.evidence_root, counts, batch.sums, batch.period, bool(batch.sealed)
    )


async def put_batch_proof(tx: Transaction, zone: int, first_block: int, proof: BoundProof, proving_ms: int) -> None:
    """Once for each context: one that is there is kept."""
    await tx.run(
        "INSERT INTO batch_proof (zone, first_block, context, points, scalars, hints, proving_ms) "
        "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (
            zone,
            first_block,
            proof.context,
            b"".join(proof.points),
            b"".join(proof.scalars),
            b"".join(proof.hints),
            proving_ms,
        ),
    )


async def of_batch(db: Database, zone: int, first_block: int, context: bytes) -> BoundProof | None:
    """The proof of a batch that is bound to this context; None while there is none."""
    row = await db.one(
        "SELECT context, points, scalars, hints FROM batch_proof WHERE zone = ? AND first_block = ? AND context = ?",
        (zone, first_block, context),
    )
    return None if row is None else _bound(*map(blob, row))


def _bound(context: bytes, points: bytes, scalars: bytes, hints: bytes) -> BoundProof:
    return BoundProof(context, _split(points, _POINT), _split(scalars, _SCALAR), _split(hints, _SCALAR))


def _split(items: bytes, size: int) -> tuple[bytes, ...]:
    return tuple(items[start : start + size] for start in range(0, len(items), size))
