"""6: closed blocks -> commitments and proofs; blocks -> batches; batches -> proofs (task).

In one worker process of low priority. Bytes and integers in and out of it; it dies with its parent. What a crash
interrupts is made again with fresh randomness: another valid proof of the same.
"""

from __future__ import annotations

import asyncio
import ctypes
import logging
import multiprocessing
import os
import resource
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import ParamSpec, Self, TypeVar

from appliance import proof
from appliance.block import level_counts, next_batch
from appliance.call import Sender, usage_batch_context
from appliance.clock import Clock
from appliance.config import TimeConfig, ZoneConfig
from appliance.evidence import Leaf, merkle_root
from appliance.keys import Randomness
from appliance.proof import ENTROPY_BYTES, BlockWitness, ProofError, SlotWitness
from appliance.store import blocks, proofs
from appliance.store.blocks import StoredBlock
from appliance.store.database import Database
from circuits.blinding import BlindingKey

log = logging.getLogger("mita.prove")

Args = ParamSpec("Args")
Result = TypeVar("Result")

_PR_SET_PDEATHSIG = 1  # prctl(2)
_NICE = 10


class Prover:
    """The worker: one process, started when first needed, remade when it breaks."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None

    async def run(self, function: Callable[Args, Result], *args: Args.args, **kwargs: Args.kwargs) -> Result:
        """function(*args) in the worker. A killed worker is remade once; what `function` raises is raised here."""
        if kwargs:
            raise TypeError("the worker takes positional arguments only")
        for last in (False, True):
            try:
                return await asyncio.get_running_loop().run_in_executor(self._worker(), function, *args)
            except BrokenProcessPool:
                self._pool = None
                if last:
                    raise
        raise AssertionError("unreachable")

    async def timed(self, function: Callable[..., Result], *args: object) -> tuple[Result, int]:
        """As `run`, and the milliseconds that it took in the worker."""
        return await self.run(_timed, function, args)

    def _worker(self) -> ProcessPoolExecutor:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                max_workers=1,
                mp_context=multiprocessing.get_context("spawn"),
                initializer=_settle,
                initargs=(os.getpid(),),
            )
        return self._pool

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)


def _settle(parent: int) -> None:
    """Low priority, no core dumps (they would hold secrets), and never outlives the parent."""
    os.nice(_NICE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if os.getppid() != parent:  # it died before prctl took effect
        os.kill(os.getpid(), signal.SIGKILL)


def _timed(function: Callable[..., Result], args: Sequence[object]) -> tuple[Result, int]:
    start = time.monotonic_ns()
    result = function(*args)
    return result, (time.monotonic_ns() - start) // 1_000_000


Keys = Mapping[str, BlindingKey]
"""Blinding keys by the name of the secret they derive from; a block's slots say whose they are."""


async def commit_due(db: Database, prover: Prover, keys: Keys, clock: Clock, randomness: Randomness) -> None:
    """Writes commitments and proof of every closed block that has none. ProofError for a damaged store."""
    for zone, number in await proofs.unproven_blocks(db):
        block = await blocks.get_block(db, zone, number)
        witness, entropy = _witness(block, keys), randomness(ENTROPY_BYTES)
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
            batched, proven = await blocks.progress(db, zone.zone, zone.first_block)
            span = next_batch(zone.first_block, batched, proven, time.batch_blocks)
            if span is None:
                break
            await _batch(db, prover, zone.zone, span, keys)


async def _batch(db: Database, prover: Prover, zone: int, span: tuple[int, int], keys: Keys) -> None:
    first, last = span
    content = [await blocks.get_block(db, zone, number) for number in range(first, last + 1)]
    witnesses = [_witness(block, keys) for block in content]
    stored = [_commitments(block) for block in content]
    running = await blocks.running_before(db, zone, first)
    sums = await prover.run(proof.sum_batch, witnesses, stored, running)
    root = merkle_root([digest for block in content for digest in _leaves(block, keys)])
    async with db.transaction() as tx:
        await blocks.put_batch(tx, zone, first, last, root, sums)
    log.info("zone %d: batch of blocks %d to %d committed, its total opens", zone, first, last)


async def prove_due(
    db: Database, prover: Prover, sender: Sender, keys: Keys, randomness: Randomness, done: set[tuple[int, int]]
) -> None:
    """Proves every batch that may have to be signed and has no proof for what this sender's contract will compute.

    `done` collects (zone, first block) of those that have one: what a context holds does not change while the
    appliance runs. ProofError for a damaged store.
    """
    for zone, first_block in await proofs.unsettled_batches(db):
        if (zone, first_block) in done:
            continue
        batch = await proofs.for_chain(db, zone, first_block)
        context = usage_batch_context(sender, batch)
        if await proofs.of_batch(db, zone, first_block, context) is None:
            content = [await blocks.get_block(db, zone, n) for n in range(first_block, batch.last_block + 1)]
            witnesses, entropy = [_witness(block, keys) for block in content], randomness(ENTROPY_BYTES)
            made, spent = await prover.timed(proof.prove_batch, witnesses, batch.sums.commitments, context, entropy)
            async with db.transaction() as tx:
                await proofs.put_batch_proof(tx, zone, first_block, made, spent)
            log.info("zone %d: batch from block %d proved in range in %d ms", zone, first_block, spent)
        done.add((zone, first_block))


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


def _witness(block: StoredBlock, keys: Keys) -> BlockWitness:
    return BlockWitness(
        block.content.zone,
        block.content.block,
        tuple(SlotWitness(slot.usage, keys[slot.holder]) for slot in block.content.slots),
    )


def _leaves(block: StoredBlock, keys: Keys) -> list[bytes]:
    zone, number = block.content.zone, block.content.block
    return [
        Leaf(
            zone, number, slot.slot, slot.index_start, slot.index_end, slot.usage, slot.missing, slot.journal_head
        ).digest(keys[slot.holder].leaf_salt(zone, slot.slot, number))
        for slot in block.content.slots
    ]
