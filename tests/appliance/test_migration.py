"""A store that an older version left behind opens, loses nothing, and gets proofs for whatever is not on chain yet.

tests/databases/ holds dumps. Made by version 1: zone 1 of 15 homes; blocks 10 to 20 are committed, 21 is only closed;
the batches from 10, 12, 14, 16 and 18 are final, included, sent, queued, and not signed. Made of it by version 2: all
blocks are proved, the batches from 14 on too; that from 18 is queued, that from 20 not signed. Device key: 00 01 .. 1f.
"""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import cast

import pytest

from appliance import call, prove
from appliance.app import core_store
from appliance.chain.address import Network
from appliance.chain.node import Node
from appliance.chain.payload import ContractCall
from appliance.chain.transaction import PrivateKey, deserialize
from appliance.delivery import Policy, State
from appliance.proof import ProofError
from appliance.store import blocks, outbox, portal, proofs
from appliance.store.database import Database
from appliance.store.migrate import scripts
from appliance.uplink import deliver
from appliance.uplink.deliver import Lane
from appliance.worker import Prover
from tests.appliance.settled import DEPLOYER, TIME, ZONE, CountedRandomness, InlineProver, asked, config, holds
from tests.fakes.clock import FakeClock
from tests.fakes.world import World

DATABASES = Path(__file__).parents[1] / "databases"
POLICY = Policy(final_burn_blocks=2, poll=5, max_fee=100_000)
Rows = dict[str, list[tuple[object, ...]]]


def left_behind(folder: Path, core: int = 1) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "device.key").write_bytes(bytes(range(32)))
    for name, version in (("core", core), ("portal", 1)):
        with closing(sqlite3.connect(folder / f"{name}.db")) as db:
            db.executescript((DATABASES / f"{name}-v{version}.sql").read_text("utf-8"))
            assert db.execute("PRAGMA user_version").fetchone() == (version,)
    return folder


def rows(path: Path) -> Rows:
    """Every row of every table."""
    with closing(sqlite3.connect(path)) as db:
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {table: db.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall() for table in sorted(tables)}


@pytest.mark.parametrize("version", [1, 2])
async def test_an_old_core_is_opened_twice_and_keeps_every_row(version: int, tmp_path: Path) -> None:
    path = left_behind(tmp_path, version) / "core.db"
    before = rows(path)
    for _ in range(2):
        async with Database.open(path, "core") as db:
            assert await db.one("PRAGMA user_version") == (len(scripts("core")),)
            assert await db.one("PRAGMA integrity_check") == ("ok",)
            assert await db.all("PRAGMA foreign_key_check") == []
    after = rows(path)
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT zone, first_block, on_chain FROM batch_delivery ORDER BY 1, 2").fetchall() == [
            (zone, first, on_chain) for zone, first, *_, on_chain, _, _ in before["batch"]
        ]
    calls = {call[0]: call for call in after.pop("call")}
    assert [call[1:5] for call in calls.values()] == [("batch", zone, first, 0) for zone, first, *_ in before["batch"]]
    submitted = [(row[0], *calls[row[1]][2:4], *row[2:]) for row in after.pop("submission")]
    assert submitted == before.pop("submission")
    before["batch"] = [(*row[:7], *row[8:], 0, 0, None) for row in before["batch"]]
    before["block_slot"] = [(*row, 0) for row in before["block_slot"]]
    new = [
        *("block_proof", "batch_proof", "prepared", "shared_slot", "period", "tariff", "tariff_band", "bill"),
        *("reference", "payment", "credit", "credit_slot", "entry", "posting", "settlement", "settled_slot"),
        *("proposal", "choice", "vector", "vector_slot", "dispute", "agent_float", "sale"),
        *("claim", "departure", "payout", "payout_slot", "followed", "followed_slot"),
    ]
    assert after == {**{table: [] for table in new}, **before}


async def test_a_migrated_schema_is_that_of_a_new_store(tmp_path: Path) -> None:
    left_behind(tmp_path)
    for name in ("core", "portal"):
        shapes = []
        for path in (tmp_path / f"{name}.db", tmp_path / f"new-{name}.db"):
            async with Database.open(path, "core" if name == "core" else "portal") as db:
                found = await db.all("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name")
                shapes.append([(kind, what, re.sub(r"\s+", " ", str(sql))) for kind, what, sql in found])
        assert shapes[0] == shapes[1]


async def test_what_is_not_on_chain_gets_proofs_and_what_was_sent_stays(tmp_path: Path) -> None:
    left_behind(tmp_path)
    world, clock, randomness = World(), FakeClock(3000), CountedRandomness()
    node, worker = cast(Node, world), cast(Prover, InlineProver())
    async with core_store(config(tmp_path)) as (db, owned):
        lane = Lane(PrivateKey(owned.gateway.raw), Network.TESTNET, DEPLOYER)
        old = [await outbox.of_batch(db, 1, first) for first in (10, 12, 14, 16)]
        raws = [submission.versions[0].raw for submission in old if submission is not None]
        world.mempool |= {0: raws[0], 1: raws[1]}
        world.mine()
        world.mempool[2] = raws[2]

        async def look() -> None:
            await prove.commit_due(db, worker, owned.keys, clock, randomness)
            await prove.batch_due(db, worker, [ZONE], owned.keys, TIME)
            await asked(db)
            await prove.prove_due(db, worker, lane.sender, owned.keys, randomness, set())
            await deliver.sign_due(db, node, lane, clock, POLICY, {1})
            await deliver.deliver_due(db, node, lane, clock, POLICY)

        committed = [(await blocks.get_block(db, 1, number)).commitments for number in range(10, 21)]
        for _ in range(2):
            await look()
        for number in range(10, 22):
            proven = await proofs.of_block(db, 1, number)
            assert proven is not None
            assert holds(proven.commitments, proven.total, proven.blinding_sum, proven.proof)
        assert [(await blocks.get_block(db, 1, number)).commitments for number in range(10, 21)] == committed
        proved = await db.all("SELECT first_block FROM batch_proof ORDER BY first_block")
        assert proved == [(14,), (16,), (18,), (20,)], "all that may have to be signed, once"

        now = [await outbox.of_batch(db, 1, first) for first in (10, 12, 14, 16, 18, 20)]
        final, included, sent, queued, *fresh = [submission for submission in now if submission is not None]
        assert final == old[0]
        assert [version.raw for version in included.versions] == [raws[1]]
        assert included.delivery.state is State.INCLUDED
        assert [version.raw for version in sent.versions] == [raws[2]]
        assert sent.delivery.state is State.SENT
        assert queued.versions[0].raw == raws[3]
        assert len(queued.versions) == 2
        assert [submission.nonce for submission in (queued, *fresh)] == [3, 4, 5]
        for submission in (queued, *fresh):
            payload = deserialize(submission.versions[-1].raw).payload
            assert isinstance(payload, ContractCall)
            batch = await proofs.for_chain(db, 1, submission.call.number)
            proof = await proofs.of_batch(db, 1, submission.call.number, call.usage_batch_context(lane.sender, batch))
            assert proof is not None
            assert holds(batch.sums.commitments, batch.sums.total, batch.sums.blinding_sum, proof)
            assert payload == call.submit_usage_batch(lane.sender, batch, proof)


async def test_what_version_2_signed_is_delivered_to_its_end(tmp_path: Path) -> None:
    """Nothing with a proof is signed anew, nonces go on, and the batch that was not signed comes last."""
    left_behind(tmp_path, 2)
    world, clock = World(), FakeClock(3000)
    node = cast(Node, world)
    async with core_store(config(tmp_path)) as (db, owned):
        lane = Lane(PrivateKey(owned.gateway.raw), Network.TESTNET, DEPLOYER)
        old = [await outbox.of_batch(db, 1, first) for first in (10, 12, 14, 16, 18)]
        world.mempool |= {
            n: submission.versions[0].raw for n, submission in enumerate(old[:3]) if submission is not None
        }
        for _ in range(12):
            await deliver.sign_due(db, node, lane, clock, POLICY, {1})
            await deliver.deliver_due(db, node, lane, clock, POLICY)
            for zone, first in await blocks.unread_on_chain(db):
                async with db.transaction() as tx:
                    await blocks.set_on_chain(tx, zone, first, 3)
            world.mine()
            world.burn()
            clock.at += 100
        assert world.executed() == [(1, first) for first in range(10, 22, 2)]
        now = [await outbox.of_batch(db, 1, first) for first in range(10, 22, 2)]
        assert [s.delivery.state for s in now if s is not None] == [State.FINAL] * 6
        assert [s.nonce for s in now if s is not None] == list(range(6))
        versions = [[s.versions for s in some if s is not None] for some in (old, now)]
        assert [n for n in range(5) if versions[0][n] != versions[1][n]] == [3], "version 1 signed it without a proof"
        assert (await blocks.get_batch(db, 1, 20)).checked == 3


async def test_an_old_commitment_that_does_not_open_stops_it(tmp_path: Path) -> None:
    left_behind(tmp_path)
    async with core_store(config(tmp_path)) as (db, owned):
        async with db.transaction() as tx:
            await tx.run("UPDATE block_slot SET usage = usage + 1 WHERE block = 13 AND slot = 5")
        with pytest.raises(ProofError, match="block 13 of zone 1 does not open"):
            await prove.commit_due(db, cast(Prover, InlineProver()), owned.keys, FakeClock(), CountedRandomness())
        assert await proofs.of_block(db, 1, 12) is not None
        assert await proofs.of_block(db, 1, 13) is None


async def test_an_old_portal_says_what_was_read_back_and_no_more(tmp_path: Path) -> None:
    path = left_behind(tmp_path) / "portal.db"
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE batch SET range_proved = 1 WHERE first_block = 18")
    before = rows(path)
    for _ in range(2):
        async with Database.open(path, "portal") as shown:
            checked = {batch.first_block: batch.checked for batch in await portal.batches(shown, 1, 9)}
            assert checked == {10: 1, 12: 0, 14: 0, 16: 0, 18: 3}
    after = rows(path)
    assert [row[:8] for row in after.pop("batch")] == [row[:8] for row in before.pop("batch")]
    before["place"] = [(*row, "", 0) for row in before["place"]]
    before["usage_block"] = [(*row, 0) for row in before["usage_block"]]
    new = ["claim", "bill", "bill_step", "dispute", "proposal", "proposal_band", "choice"]
    new += ["agent", "agent_float", "sale_request", "sale"]
    assert after == {**{table: [] for table in new}, **before}
