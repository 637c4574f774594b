"""Every closed block and every batch gets one proof, whenever the power fails, and a damaged store stops it all."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from appliance import call, prove
from appliance.app import Household, core_store
from appliance.block import level_counts
from appliance.call import Sender
from appliance.chain.address import Network
from appliance.chain.clarity import Buffer, UInt
from appliance.close import close_due
from appliance.proof import ProofError, ProvenBlock
from appliance.store import blocks, proofs
from appliance.store.database import Database
from appliance.store.readings import append, register_meter
from appliance.store.rows import whole
from appliance.validation import Reason
from appliance.worker import Prover
from circuits import usage
from circuits.group import LibPoint
from circuits.pedersen import Opening
from circuits.scalar import Scalar
from drivers.api import Authenticity, Reading, Unit
from tests.appliance.settled import (
    OTHER,
    SENDER,
    TIME,
    ZONE,
    CountedRandomness,
    InlineProver,
    PowerCut,
    asked,
    config,
    holds,
)
from tests.fakes.clock import FakeClock

BLOCKS = range(10, 14)
BATCHES = (10, 12)


@asynccontextmanager
async def closed(folder: Path) -> AsyncIterator[tuple[Database, Household]]:
    """A store in which the BLOCKS are closed and nothing is committed."""
    async with core_store(config(folder)) as (db, owned):
        if await blocks.next_block(db, 1, BLOCKS[0]) == BLOCKS[0]:
            async with db.transaction() as tx:
                for slot in range(15):
                    name = f"m{slot:02}"
                    meter = await register_meter(tx, name, 1, slot)
                    for block in (9, *BLOCKS):
                        index = 1000 + (block - 9) * 1234 * slot
                        level = Authenticity.L3 if slot % 2 else Authenticity.L1
                        reading = Reading("1-0:1.8.0", index, Unit.WH, block * 100 + 50, level, b"f", None)
                        await append(tx, meter, name, reading, Reason.NONE)
            await close_due(db, [ZONE], FakeClock(1400), TIME, set())
        yield db, owned


async def work(
    db: Database, owned: Household, prover: InlineProver, randomness: CountedRandomness, sender: Sender = SENDER
) -> None:
    """Everything that is due, as the appliance does it after a start."""
    worker = cast(Prover, prover)
    await prove.commit_due(db, worker, owned.keys, FakeClock(1400), randomness)
    await prove.batch_due(db, worker, [ZONE], owned.keys, TIME)
    await asked(db)
    await prove.prove_due(db, worker, sender, owned.keys, randomness, set())


async def all_hold(db: Database, sender: Sender = SENDER) -> None:
    for number in BLOCKS:
        proven = await proofs.of_block(db, 1, number)
        assert proven is not None
        assert proven.total == sum(slot.usage for slot in (await blocks.get_block(db, 1, number)).content.slots)
        assert holds(proven.commitments, proven.total, proven.blinding_sum, proven.proof)
    for first in BATCHES:
        batch = await proofs.for_chain(db, 1, first)
        context = call.usage_batch_context(sender, batch)
        proof = await proofs.of_batch(db, 1, first, context)
        assert proof is not None
        assert proof.context == context
        assert holds(batch.sums.commitments, batch.sums.total, batch.sums.blinding_sum, proof)


async def test_a_sealed_batch_is_proved_for_its_own_call_and_says_no_total(tmp_path: Path) -> None:
    """And in the other form again, should the chain say so: both proofs are kept."""
    async with closed(tmp_path) as (db, owned):
        worker, randomness = cast(Prover, InlineProver()), CountedRandomness()
        await prove.commit_due(db, worker, owned.keys, FakeClock(1400), randomness)
        await prove.batch_due(db, worker, [ZONE], owned.keys, TIME)
        done: set[tuple[int, int, bool]] = set()
        await prove.prove_due(db, worker, SENDER, owned.keys, randomness, done)
        assert not done, "nothing before the chain was asked"
        for sealed in (True, False):
            async with db.transaction() as tx:
                await proofs.set_sealed(tx, 1, 10, sealed=sealed)
            await prove.prove_due(db, worker, SENDER, owned.keys, randomness, done)
            batch = await proofs.for_chain(db, 1, 10)
            proof = await proofs.of_batch(db, 1, 10, call.usage_batch_context(SENDER, batch))
            assert proof is not None
            made = call.submit_usage_batch(SENDER, batch, proof)
            assert made.function == ("submit-sealed-batch" if sealed else "submit-usage-batch")
            assert (UInt(batch.sums.total) in made.arguments) is not sealed
            assert (Buffer(batch.sums.blinding_sum) in made.arguments) is not sealed
            total = None if sealed else Opening(batch.sums.total, Scalar.from_bytes_checked(batch.sums.blinding_sum))
            usage.verify(LibPoint, batch.sums.commitments, proof.context, total, proof.points, proof.scalars)
        assert done == {(1, 10, True), (1, 10, False)}
        assert await db.all("SELECT count(*) FROM batch_proof") == [(2,)]


async def contents(db: Database) -> dict[str, list[tuple[object, ...]]]:
    tables = ("block", "block_slot", "block_proof", "batch", "batch_slot", "batch_proof")
    return {table: [tuple(row) for row in await db.all(f"SELECT * FROM {table} ORDER BY 1, 2, 3")] for table in tables}


async def test_blocks_and_batches_are_proved_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    randomness = CountedRandomness()
    with caplog.at_level(logging.INFO):
        async with closed(tmp_path) as (db, owned):
            await work(db, owned, InlineProver(), randomness)
            await all_hold(db)
            before = await contents(db)
            spent = randomness.calls
            await work(db, owned, InlineProver(), randomness)
            assert await contents(db) == before
            assert randomness.calls == spent, "nothing was proved twice"
            assert {whole(ms) for (ms,) in await db.all("SELECT proving_ms FROM batch_proof")} == {7}
    assert "block 10 proved in range in 7 ms" in caplog.text
    assert "batch from block 12 proved in range in 7 ms" in caplog.text


async def test_the_power_fails_after_every_step(tmp_path: Path) -> None:
    """With each result of the worker lost once, the end is the same store but for the proofs' randomness."""
    randomness, lost = CountedRandomness(), 0
    async with closed(tmp_path / "whole") as (db, owned):
        await work(db, owned, InlineProver(), randomness)
        device_key = (tmp_path / "whole" / "device.key").read_bytes()
        sealed = await db.all("SELECT name, box FROM sealed")
        expected = await contents(db)
    (tmp_path / "cut").mkdir()
    (tmp_path / "cut" / "device.key").write_bytes(device_key)
    async with Database.open(tmp_path / "cut" / "core.db", "core") as db, db.transaction() as tx:
        await tx.run_many("INSERT INTO sealed VALUES (?, ?)", sealed)
    while True:
        prover = InlineProver(cut_after=1 if lost % 2 else 0)
        async with closed(tmp_path / "cut") as (db, owned):
            try:
                await work(db, owned, prover, randomness)
            except PowerCut:
                lost += 1
                continue
            await all_hold(db)
            found = await contents(db)
            break
    assert lost >= 8
    for table in ("block", "block_slot", "batch", "batch_slot"):
        assert found[table] == expected[table], table
    assert len(found["block_proof"]) == len(BLOCKS)
    assert len(found["batch_proof"]) == len(BATCHES)
    context, points = 2, 5
    for fresh, first in zip(found["block_proof"], expected["block_proof"], strict=True):
        assert fresh[context] == first[context]
        assert fresh[points] != first[points]


async def test_what_is_made_again_is_another_proof_of_the_same(tmp_path: Path) -> None:
    randomness, prover = CountedRandomness(), InlineProver(cut_after=0)
    async with closed(tmp_path) as (db, owned):
        with pytest.raises(PowerCut):
            await work(db, owned, prover, randomness)
        assert await proofs.of_block(db, 1, 10) is None
        assert (await blocks.get_block(db, 1, 10)).commitments is None, "both or none"
        await work(db, owned, InlineProver(), randomness)
        (gone,) = prover.lost
        kept = await proofs.of_block(db, 1, 10)
        assert isinstance(gone, ProvenBlock)
        assert kept is not None
        assert replace(kept, proof=gone.proof) == gone
        assert kept.proof.context == gone.proof.context
        assert not set(kept.proof.points) & set(gone.proof.points)


async def test_a_proof_is_bound_to_sender_contract_and_chain(tmp_path: Path) -> None:
    """Each configuration has its own proof; one that is put back finds it again."""
    senders = [
        SENDER,
        replace(SENDER, deployer=OTHER),
        replace(SENDER, address=OTHER),
        replace(SENDER, network=Network.MAINNET),
    ]
    randomness = CountedRandomness()
    async with closed(tmp_path) as (db, owned):
        for sender in senders:
            await work(db, owned, InlineProver(), randomness, sender)
            await all_hold(db, sender)
        made = await contents(db)
        assert len(made["batch_proof"]) == len(senders) * len(BATCHES)
        await work(db, owned, InlineProver(), randomness)
        assert await contents(db) == made


async def test_the_contract_is_told_how_far_to_trust_the_meters(tmp_path: Path) -> None:
    async with closed(tmp_path) as (db, owned):
        await work(db, owned, InlineProver(), CountedRandomness())
        assert (await proofs.for_chain(db, 1, 10)).authenticity == (0, 8, 0, 7, 0, 0)
    assert level_counts([0, None, 5, 5]) == (1, 0, 0, 0, 0, 2)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ("UPDATE block_slot SET usage = usage + 1 WHERE block = 11 AND slot = 4", "the batch from block 10 of zone 1"),
        ("UPDATE batch_slot SET commitment = running WHERE first_block = 12 AND slot = 4", "the batch from block 12"),
    ],
)
async def test_a_batch_that_does_not_open_is_not_proved(tmp_path: Path, damage: str, words: str) -> None:
    async with closed(tmp_path) as (db, owned):
        randomness, worker = CountedRandomness(), cast(Prover, InlineProver())
        await prove.commit_due(db, worker, owned.keys, FakeClock(1400), randomness)
        await prove.batch_due(db, worker, [ZONE], owned.keys, TIME)
        await asked(db)
        async with db.transaction() as tx:
            assert await tx.run(damage) == 1
        with pytest.raises(ProofError, match=words):
            await prove.prove_due(db, worker, SENDER, owned.keys, randomness, set())


async def test_neither_log_nor_errors_hold_a_proof_or_a_number(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        async with closed(tmp_path) as (db, owned):
            await work(db, owned, InlineProver(), CountedRandomness())
            rows = await db.all("SELECT points, scalars, hints, blinding_sum FROM block_proof")
            rows += await db.all("SELECT points, scalars, hints, context FROM batch_proof")
            usages = {str(u) for (u,) in await db.all("SELECT usage FROM block_slot WHERE usage > 1000")}
    parts = [blob[1:17].hex() for row in rows for blob in row if isinstance(blob, bytes)]
    assert len(parts) > 20
    assert not [part for part in parts if part in caplog.text]
    assert usages
    assert not [usage for usage in usages if usage in caplog.text]
