"""6: closed blocks -> commitments and proofs; blocks -> batches; batches -> proofs (task).

In the worker. What a crash interrupts is made again with fresh randomness: another valid proof of the same.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from appliance import period, proof
from appliance.block import level_counts, next_batch
from appliance.call import Sender, usage_batch_context
from appliance.clock import Clock
from appliance.config import TimeConfig, ZoneConfig
from appliance.evidence import Leaf, merkle_root
from appliance.keys import Randomness
from appliance.proof import ENTROPY_BYTES, ProofError
from appliance.store import blocks, periods, proofs
from appliance.store.blocks import StoredBlock
from appliance.store.database import Database
from appliance.store.periods import StoredPeriod
from appliance.worker import Keys, Prover

log = logging.getLogger("mita.prove")


async def commit_due(db: Database, prover: Prover, keys: Keys, clock: Clock, randomness: Randomness) -> None:
    """Writes commitments and proof of every closed block that has none. ProofError for a damaged store."""
    for zone, number in await proofs.unproven_blocks(db):
        block = await blocks.get_block(db, zone, number)
        witness, entropy = proof.witness_of(block.content, keys), randomness(ENTROPY_BYTES)
        proven, spent = await prover.timed(proof.prove_block, witness, _block_context(block, keys), entropy)
        if block.commitments not in (None, proven.commitments):
            raise ProofError(f"block {number} of zone {zone} does not open with the stored keys")
        async with db.transaction() as tx:
            await blocks.put_commitments(tx, zone, number, proven.commitments, clock.now())
            await proofs.put_block_proof(tx, zone, number, proven, spent)
        log.info("zone %d: block %d proved in range in %d ms", zone, number, spent)


async def batch_due(db: Database, prover: Prover, zones: Sequence[ZoneConfig], keys: Keys, time: TimeConfig) -> None:
    """Sums every full batch of committed blocks and opens its total."""
    for zone in zones:
        while True:
            number, began = await periods.open_period(db, zone.zone, zone.first_block)
            batched, proven = await blocks.progress(db, zone.zone, zone.first_block)
            ends = period.ends_at(began, zone.first_block + batched - 1, time.period_blocks)
            if zone.first_block + batched > ends:  # begun by a version that ended none
                async with db.transaction() as tx:
                    await periods.end(tx, zone.zone, number, began, ends)
                continue
            span = next_batch(zone.first_block, batched, proven, time.batch_blocks, ends)
            if span is None:
                break
            await _batch(db, prover, zone.zone, span, StoredPeriod(zone.zone, number, began, ends, None), keys)


async def _batch(
    db: Database, prover: Prover, zone: int, span: tuple[int, int], within: StoredPeriod, keys: Keys
) -> None:
    """With the period's last batch the period ends."""
    first, last = span
    content = [await blocks.get_block(db, zone, number) for number in range(first, last + 1)]
    witnesses = [proof.witness_of(block.content, keys) for block in content]
    stored = [_commitments(block) for block in content]
    running = await blocks.running_before(db, zone, first, within.period)
    sums = await prover.run(proof.sum_batch, witnesses, stored, running)
    root = merkle_root([digest for block in content for digest in _leaves(block, keys)])
    async with db.transaction() as tx:
        await blocks.put_batch(tx, zone, first, last, root, sums, within.period)
        if last == within.last_block:
            await periods.end(tx, zone, within.period, within.first_block, last)
    log.info("zone %d: batch of blocks %d to %d committed, its total opens", zone, first, last)


async def prove_due(
    db: Database, prover: Prover, sender: Sender, keys: Keys, randomness: Randomness, done: set[tuple[int, int, bool]]
) -> None:
    """Proves every batch that may have to be signed and has no proof for what this sender's contract will compute.

    Of those of which it is known whether they open their totals (`sealed`). `done` collects (zone, first block, sealed)
    of those that have a proof: what a context holds does not change while the appliance runs. ProofError for a damaged
    store.
    """
    for of in await proofs.unsettled_batches(db):
        zone, first_block = of.zone, of.first_block
        if of.sealed is None or (zone, first_block, of.sealed) in done:
            continue
        batch = await proofs.for_chain(db, zone, first_block)
        context = usage_batch_context(sender, batch)
        if await proofs.of_batch(db, zone, first_block, context) is None:
            content = [await blocks.get_block(db, zone, n) for n in range(first_block, batch.last_block + 1)]
            witnesses, entropy = [proof.witness_of(block.content, keys) for block in content], randomness(ENTROPY_BYTES)
            prove = proof.prove_sealed if batch.sealed else proof.prove_batch
            made, spent = await prover.timed(prove, witnesses, batch.sums.commitments, context, entropy)
            async with db.transaction() as tx:
                await proofs.put_batch_proof(tx, zone, first_block, made, spent)
            log.info("zone %d: batch from block %d proved in range in %d ms", zone, first_block, spent)
        done.add((zone, first_block, batch.sealed))


def _block_context(block: StoredBlock, keys: Keys) -> bytes:
    content = block.content
    levels = level_counts(slot.level for slot in content.slots)
    root = merkle_root(_leaves(block, keys))
    return proof.usage_block_context(content.zone, content.block, content.starts_at, content.ends_at, levels, root)


def _commitments(block: StoredBlock) -> tuple[bytes, ...]:
    if block.commitments is None:
        raise AssertionError(
            f"block {block.content.block} of zone {block.content.zone} was batched before it was proven"
        )
    return block.commitments


def _leaves(block: StoredBlock, keys: Keys) -> list[bytes]:
    zone, number = block.content.zone, block.content.block
    return [
        Leaf(
            zone, number, slot.slot, slot.index_start, slot.index_end, slot.usage, slot.missing, slot.journal_head
        ).digest(keys[slot.holder].leaf_salt(zone, slot.slot, number))
        for slot in block.content.slots
    ]
