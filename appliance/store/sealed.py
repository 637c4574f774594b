"""Batches that were sent without their totals, and the totals that several zones' are opened in together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from appliance.store.database import Database, Transaction
from appliance.store.rows import blob, maybe_whole, whole


@dataclass(frozen=True, slots=True)
class SealedBatch:
    """A sealed batch of a zone; `height`: the burn height of its block, None while the contract was not read back."""

    zone: int
    first_block: int
    last_block: int
    period: int
    height: int | None


async def uncombined(source: Database | Transaction, since_block: int) -> list[SealedBatch]:
    """Of blocks from this one on, those that belong to no common total, and those that may yet be sealed."""
    rows = await source.all(
        "SELECT zone, first_block, last_block, period, CASE on_chain WHEN 1 THEN burn_height END "
        "FROM batch JOIN batch_delivery USING (zone, first_block) WHERE combined IS NULL AND first_block >= ? "
        "AND coalesce(sealed, 1) = 1 ORDER BY first_block, zone",
        (since_block,),
    )
    return [SealedBatch(whole(r[0]), whole(r[1]), whole(r[2]), whole(r[3]), maybe_whole(r[4])) for r in rows]


async def combine(tx: Transaction, zones: Sequence[int], first_block: int) -> None:
    """Their batches from this block on are opened together."""
    await tx.run_many(
        "UPDATE batch SET combined = ? WHERE zone = ? AND first_block = ? AND combined IS NULL",
        [(min(zones), zone, first_block) for zone in zones],
    )


async def combined(source: Database | Transaction, lowest: int, first_block: int) -> list[int]:
    """The zones of a common total, by the lowest."""
    rows = await source.all(
        "SELECT zone FROM batch WHERE combined = ? AND first_block = ? ORDER BY zone", (lowest, first_block)
    )
    return [whole(row[0]) for row in rows]


async def opening(source: Database | Transaction, zone: int, first_block: int) -> tuple[int, bytes]:
    """The total and the blinding that open a batch's sum. Secret while the batch is sealed."""
    row = await source.one(
        "SELECT total, blinding_sum FROM batch WHERE zone = ? AND first_block = ?", (zone, first_block)
    )
    if row is None:
        raise KeyError(f"zone {zone} has no batch from block {first_block}")
    return whole(row[0]), blob(row[1])


async def newest_block(source: Database | Transaction) -> int:
    row = await source.one("SELECT max(last_block) FROM batch")
    return 0 if row is None else maybe_whole(row[0]) or 0
