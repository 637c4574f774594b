"""Blocks and batches: closed, committed, summed, each once. Their range proofs are in `proofs`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from appliance.block import Block, SlotUsage
from appliance.call import CHECKED_SUM
from appliance.proof import SummedBatch
from appliance.store import outbox
from appliance.store.database import Database, Transaction
from appliance.store.rows import blob, maybe_blob, maybe_whole, text, whole


@dataclass(frozen=True, slots=True)
class StoredBlock:
    """A closed block and, once proven, its commitments in slot order."""

    content: Block
    commitments: tuple[bytes, ...] | None


@dataclass(frozen=True, slots=True)
class StoredBatch:
    """A batch as summed, and what was read back from the chain about it. `period` is whose running sums it adds to,
    `sealed` whether it is sent without its total: None until the chain was asked."""

    zone: int
    first_block: int
    last_block: int
    period: int
    evidence_root: bytes
    sums: SummedBatch
    on_chain: bool
    checked: int
    sealed: bool | None = None


async def next_block(source: Database | Transaction, zone: int, first_block: int) -> int:
    """The number of the block that closes next."""
    row = await source.one("SELECT max(block) FROM block WHERE zone = ?", (zone,))
    last = None if row is None else maybe_whole(row[0])
    return first_block if last is None else last + 1


async def first_block(tx: Transaction, zone: int) -> tuple[int, int, int] | None:
    """(number, starts_at, ends_at) of the oldest block of a zone; None while it has none."""
    row = await tx.one("SELECT block, starts_at, ends_at FROM block WHERE zone = ? ORDER BY block LIMIT 1", (zone,))
    return None if row is None else (whole(row[0]), whole(row[1]), whole(row[2]))


async def billed_indexes(tx: Transaction, zone: int, block: int) -> dict[int, int | None]:
    """Per slot the index up to which usage is in a block; empty before the first block."""
    rows = await tx.all("SELECT slot, index_end FROM block_slot WHERE zone = ? AND block = ?", (zone, block))
    return {whole(slot): maybe_whole(index) for slot, index in rows}


async def holders(source: Database | Transaction, zone: int) -> dict[int, str]:
    """Per slot whose secret committed to its newest block; empty before the first."""
    rows = await source.all(
        "SELECT slot, holder FROM block_slot s WHERE zone = ? "
        "AND block = (SELECT max(block) FROM block WHERE zone = s.zone)",
        (zone,),
    )
    return {whole(slot): text(holder) for slot, holder in rows}


async def put_block(tx: Transaction, block: Block, closed_at: int) -> None:
    await tx.run(
        "INSERT INTO block (zone, block, starts_at, ends_at, closed_at) VALUES (?, ?, ?, ?, ?)",
        (block.zone, block.block, block.starts_at, block.ends_at, closed_at),
    )
    await tx.run_many(
        "INSERT INTO block_slot (zone, block, slot, index_start, index_end, usage, missing, level, journal_head, "
        "holder, shared) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                block.zone,
                block.block,
                s.slot,
                s.index_start,
                s.index_end,
                s.usage,
                int(s.missing),
                s.level,
                s.journal_head,
                s.holder,
                int(s.shared),
            )
            for s in block.slots
        ],
    )


async def get_block(source: Database | Transaction, zone: int, block: int) -> StoredBlock:
    head = await source.one("SELECT starts_at, ends_at FROM block WHERE zone = ? AND block = ?", (zone, block))
    if head is None:
        raise KeyError(f"zone {zone} has no block {block}")
    rows = await source.all(
        "SELECT slot, index_start, index_end, usage, missing, level, journal_head, holder, commitment, shared "
        "FROM block_slot WHERE zone = ? AND block = ? ORDER BY slot",
        (zone, block),
    )
    slots = tuple(
        SlotUsage(
            slot=whole(r[0]),
            holder=text(r[7]),
            index_start=maybe_whole(r[1]),
            index_end=maybe_whole(r[2]),
            usage=whole(r[3]),
            missing=bool(r[4]),
            level=maybe_whole(r[5]),
            journal_head=blob(r[6]),
            shared=bool(r[9]),
        )
        for r in rows
    )
    commitments = [maybe_blob(r[8]) for r in rows]
    proven = tuple(c for c in commitments if c is not None)
    return StoredBlock(
        Block(zone, block, whole(head[0]), whole(head[1]), slots),
        commitments=proven if len(proven) == len(slots) else None,
    )


async def put_commitments(tx: Transaction, zone: int, block: int, commitments: Sequence[bytes], now: int) -> None:
    """Once: a block that has commitments keeps them."""
    claimed = await tx.run(
        "UPDATE block SET proven_at = ? WHERE zone = ? AND block = ? AND proven_at IS NULL", (now, zone, block)
    )
    if claimed != 1:
        return
    await tx.run_many(
        "UPDATE block_slot SET commitment = ? WHERE zone = ? AND block = ? AND slot = ?",
        [(commitment, zone, block, slot) for slot, commitment in enumerate(commitments)],
    )


async def progress(db: Database, zone: int, first_block: int) -> tuple[int, int]:
    """(blocks in batches, consecutive proven blocks) of a zone, counted from its first. One statement: one snapshot."""
    row = await db.one(
        "SELECT (SELECT max(last_block) FROM batch WHERE zone = ?), "
        "coalesce((SELECT min(block) FROM block WHERE zone = ? AND proven_at IS NULL), "
        "(SELECT max(block) + 1 FROM block WHERE zone = ?))",
        (zone, zone, zone),
    )
    last_batched, first_unready = (None, None) if row is None else (maybe_whole(row[0]), maybe_whole(row[1]))
    batched = 0 if last_batched is None else last_batched - first_block + 1
    return batched, 0 if first_unready is None else first_unready - first_block


async def put_batch(
    tx: Transaction,
    zone: int,
    first_block: int,
    last_block: int,
    evidence_root: bytes,
    sums: SummedBatch,
    period: int = 0,
) -> None:
    """A summed batch, and that its call is to be made."""
    await tx.run(
        "INSERT INTO batch (zone, first_block, last_block, total, blinding_sum, evidence_root, sum_hint, period) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (zone, first_block, last_block, sums.total, sums.blinding_sum, evidence_root, sums.sum_hint, period),
    )
    await outbox.put_call(tx, outbox.BATCH, zone, first_block)
    await tx.run_many(
        "INSERT INTO batch_slot VALUES (?, ?, ?, ?, ?)",
        [
            (zone, first_block, slot, commitment, running)
            for slot, (commitment, running) in enumerate(zip(sums.commitments, sums.running, strict=True))
        ],
    )


async def get_batch(source: Database | Transaction, zone: int, first_block: int) -> StoredBatch:
    row = await source.one(
        "SELECT last_block, total, blinding_sum, evidence_root, sum_hint, on_chain, checked, period, sealed "
        "FROM batch JOIN batch_delivery USING (zone, first_block) WHERE zone = ? AND first_block = ?",
        (zone, first_block),
    )
    if row is None:
        raise KeyError(f"zone {zone} has no batch from block {first_block}")
    slots = await source.all(
        "SELECT commitment, running FROM batch_slot WHERE zone = ? AND first_block = ? ORDER BY slot",
        (zone, first_block),
    )
    sums = SummedBatch(
        total=whole(row[1]),
        blinding_sum=blob(row[2]),
        commitments=tuple(blob(c) for c, _ in slots),
        running=tuple(blob(r) for _, r in slots),
        sum_hint=maybe_blob(row[4]),
    )
    return StoredBatch(
        zone,
        first_block,
        whole(row[0]),
        whole(row[7]),
        blob(row[3]),
        sums,
        on_chain=bool(row[5]),
        checked=whole(row[6]),
        sealed=None if row[8] is None else bool(row[8]),
    )


async def running_before(db: Database, zone: int, first_block: int, period: int = 0) -> tuple[bytes, ...] | None:
    """The period's running commitments when the batch from first_block is added; None if it is the first."""
    row = await db.one(
        "SELECT max(first_block) FROM batch WHERE zone = ? AND first_block < ? AND period = ?",
        (zone, first_block, period),
    )
    last = None if row is None else maybe_whole(row[0])
    return None if last is None else (await get_batch(db, zone, last)).sums.running


async def set_on_chain(tx: Transaction, zone: int, first_block: int, checked: int) -> None:
    """Nothing for a batch that is in no block any more: the answer came from before it was undone."""
    await outbox.set_on_chain(tx, await outbox.put_call(tx, outbox.BATCH, zone, first_block))
    await tx.run(
        "UPDATE batch SET checked = ?, sealed = ? WHERE zone = ? AND first_block = ? AND EXISTS "
        "(SELECT 1 FROM batch_delivery d WHERE d.zone = batch.zone AND d.first_block = batch.first_block "
        "AND d.on_chain = 1)",
        (checked, int(not checked & CHECKED_SUM), zone, first_block),
    )


async def levels(db: Database, zone: int, first_block: int, last_block: int) -> list[int]:
    """The lowest authenticity level of every slot with a meter in these blocks.

    A meter that was silent all the while keeps its last known level, so that the chain does not show who was silent; L0
    if it never answered.
    """
    rows = await db.all(
        "SELECT coalesce(min(level) FILTER (WHERE block >= ?), (SELECT level FROM block_slot b WHERE b.zone = s.zone "
        "AND b.slot = s.slot AND b.block < ? AND level IS NOT NULL ORDER BY block DESC LIMIT 1), 0) "
        "FROM block_slot s JOIN feed USING (zone, slot) WHERE zone = ? AND block BETWEEN ? AND ? "
        "GROUP BY slot ORDER BY slot",
        (first_block, first_block, zone, first_block, last_block),
    )
    return [whole(row[0]) for row in rows]


async def unread_on_chain(db: Database) -> list[tuple[int, int]]:
    """Batches that are in a block but have not been read back from the contract."""
    return [(call.zone, call.number) for call in await outbox.unread(db) if call.kind == outbox.BATCH]


async def state_words(db: Database) -> list[tuple[int, int, str, str]]:
    """(zone, first block, state to show, state shown last) of every batch whose two differ."""
    rows = await db.all(
        "SELECT zone, first_block, coalesce(state, 'waiting') || CASE on_chain WHEN 1 THEN '+' ELSE '' END "
        "|| CASE sealed WHEN 0 THEN 'o' ELSE '' END AS word, "
        "shown FROM batch JOIN batch_delivery USING (zone, first_block) WHERE word <> shown ORDER BY first_block, zone"
    )
    return [(whole(r[0]), whole(r[1]), text(r[2]), text(r[3])) for r in rows]


async def set_shown_word(tx: Transaction, zone: int, first_block: int, word: str) -> None:
    await tx.run("UPDATE batch SET shown = ? WHERE zone = ? AND first_block = ?", (word, zone, first_block))


async def not_shown(db: Database) -> list[tuple[int, int]]:
    """(zone, block) of proven blocks that are not in portal.db yet, oldest first."""
    rows = await db.all("SELECT zone, block FROM block WHERE proven_at IS NOT NULL AND shown = 0 ORDER BY block, zone")
    return [(whole(zone), whole(block)) for zone, block in rows]


async def show_all_again(tx: Transaction) -> None:
    """portal.db was lost: everything is to be copied once more."""
    await tx.run("UPDATE block SET shown = 0")
    await tx.run("UPDATE batch SET shown = ''")
    await tx.run("UPDATE period SET shown = ''")
    await tx.run("UPDATE dispute SET shown = ''")


async def set_shown(tx: Transaction, zone: int, block: int) -> None:
    await tx.run("UPDATE block SET shown = 1 WHERE zone = ? AND block = ?", (zone, block))
