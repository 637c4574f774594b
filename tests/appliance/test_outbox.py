"""The outbox: the newest version is the one to send, also if it was signed before; homes and nonces stay unique."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import cast

import pytest

from appliance import delivery
from appliance.chain.address import Network
from appliance.chain.node import Node
from appliance.chain.transaction import PrivateKey
from appliance.delivery import Policy
from appliance.proof import ProvenBatch
from appliance.store import blocks, outbox
from appliance.store.database import Database
from appliance.store.outbox import Signed
from appliance.uplink import deliver
from appliance.uplink.deliver import Lane
from tests.fakes.clock import FakeClock
from tests.fakes.world import World, some_bytes

POLICY = Policy(final_burn_blocks=2, poll=5, max_fee=10_000)
KEY, OLD, NEW = (PrivateKey(bytes(31) + bytes([n])) for n in (7, 8, 9))


async def with_batch(db: Database, first: int = 10) -> None:
    points = (b"\x02" + some_bytes(f"{first}", 32),)
    proven = ProvenBatch(5, some_bytes("r", 32), points, points, None)
    async with db.transaction() as tx:
        await blocks.put_batch(tx, 1, first, first + 1, some_bytes("root", 32), proven)


async def test_a_configuration_edited_and_put_back_signs_the_same_bytes_again(tmp_path: Path) -> None:
    world, clock = World(), FakeClock()
    old, new = (Lane(KEY, Network.TESTNET, key.address(Network.TESTNET)) for key in (OLD, NEW))
    async with Database.open(tmp_path / "core.db", "core") as db:
        await with_batch(db)
        node = cast(Node, world)
        await deliver.sign_due(db, node, old, clock, POLICY, {1})
        world.unknown_contract = True
        sent = []
        for lane in (old, new, old, new, old):
            clock.at += 1000
            await deliver.deliver_due(db, node, lane, clock, POLICY)
            submission = await outbox.of_batch(db, 1, 10)
            assert submission is not None
            sent.append(submission.versions[-1].txid)
        assert len(set(sent)) == 2
        assert sent == [sent[0], sent[1], sent[0], sent[1], sent[0]]
        world.unknown_contract = False
        clock.at += 1000
        await deliver.deliver_due(db, node, old, clock, POLICY)
        world.mine()
        assert world.executed() == [(1, 10)]


async def test_a_version_signed_again_becomes_the_newest(tmp_path: Path) -> None:
    async with Database.open(tmp_path / "core.db", "core") as db:
        await with_batch(db)
        a, b = Signed(b"a" * 32, 5, b"a"), Signed(b"b" * 32, 6, b"b")
        async with db.transaction() as tx:
            await outbox.put(tx, 1, 10, "ST", 0, delivery.queued(1), a)
            for signed in (b, a, a):
                await outbox.add_version(tx, 1, signed)
        submission = await outbox.of_batch(db, 1, 10)
        assert submission is not None
        assert submission.versions == (b, a)


async def test_a_batch_has_one_submission_and_a_nonce_one_batch(tmp_path: Path) -> None:
    async with Database.open(tmp_path / "core.db", "core") as db:
        await with_batch(db)
        await with_batch(db, 12)
        async with db.transaction() as tx:
            await outbox.put(tx, 1, 10, "ST", 0, delivery.queued(1), Signed(b"a" * 32, 5, b"a"))
        for first, nonce in ((10, 1), (12, 0)):
            with pytest.raises(sqlite3.IntegrityError):
                async with db.transaction() as tx:
                    await outbox.put(tx, 1, first, "ST", nonce, delivery.queued(1), Signed(b"b" * 32, 5, b"b"))
        assert await outbox.next_nonce(db, "ST") == 1
        assert await outbox.lowest_nonce(db) == 0


async def test_what_a_clock_put_off_for_years_is_due(tmp_path: Path) -> None:
    async with Database.open(tmp_path / "core.db", "core") as db:
        await with_batch(db)
        ahead = delivery.Delivery(delivery.State.SENT, since=10**10, next_at=10**10)
        async with db.transaction() as tx:
            await outbox.put(tx, 1, 10, "ST", 0, ahead, Signed(b"a" * 32, 5, b"a"))
        assert len(await outbox.due(db, 1_800_000_000)) == 1
        assert await outbox.due(db, 10**10 - 100) == []
