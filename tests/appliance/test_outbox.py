"""The outbox: the newest version is the one to send, also if it was signed before; homes and nonces stay unique."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import cast

import pytest

from appliance import call, delivery
from appliance.calls import registry
from appliance.chain.address import Network
from appliance.chain.clarity import Buffer, List, Value
from appliance.chain.node import Node
from appliance.chain.payload import ContractCall
from appliance.chain.transaction import PrivateKey, deserialize
from appliance.delivery import Policy
from appliance.store import outbox, proofs
from appliance.store.database import Database
from appliance.store.outbox import Signed
from appliance.uplink import deliver
from appliance.uplink.deliver import Lane
from tests.fakes.batches import put_batch, put_proof
from tests.fakes.clock import FakeClock
from tests.fakes.world import World

POLICY = Policy(final_burn_blocks=2, poll=5, max_fee=10_000)
KEY, OLD, NEW = (PrivateKey(bytes(31) + bytes([n])) for n in (7, 8, 9))


async def with_batch(db: Database, first: int = 10) -> None:
    await put_batch(db, 1, first, first + 1)


async def test_a_configuration_edited_and_put_back_signs_the_same_bytes_again(tmp_path: Path) -> None:
    world, clock = World(), FakeClock()
    old, new = (Lane(KEY, Network.TESTNET, key.address(Network.TESTNET)) for key in (OLD, NEW))
    async with Database.open(tmp_path / "core.db", "core") as db:
        await with_batch(db)
        for lane in (old, new):
            await put_proof(db, lane.sender, 1, 10)
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


async def test_nothing_is_signed_before_it_is_proved_and_nothing_overtakes(tmp_path: Path) -> None:
    """The later batch is proved first: it still gets the later nonce. Another zone does not wait for it."""
    world, clock = World(), FakeClock()
    lane = Lane(KEY, Network.TESTNET, OLD.address(Network.TESTNET))
    node = cast(Node, world)

    async def nonces() -> dict[tuple[int, int], int]:
        await deliver.sign_due(db, node, lane, clock, POLICY, {1, 2})
        found = [(batch, await outbox.of_batch(db, *batch)) for batch in ((1, 10), (1, 12), (2, 10))]
        return {batch: submission.nonce for batch, submission in found if submission is not None}

    async with Database.open(tmp_path / "core.db", "core") as db:
        for zone, first in ((1, 10), (1, 12), (2, 10)):
            await put_batch(db, zone, first, first + 1)
        assert await nonces() == {}
        await put_proof(db, lane.sender, 1, 12)
        assert await nonces() == {}
        await put_proof(db, lane.sender, 2, 10)
        assert await nonces() == {(2, 10): 0}
        await put_proof(db, lane.sender, 1, 10)
        assert await nonces() == {(2, 10): 0, (1, 10): 1, (1, 12): 2}


async def test_another_deployer_needs_another_proof_before_anything_is_sent_there(tmp_path: Path) -> None:
    """The context names the contract: the proof for one is nothing to another, and the call is not made with it."""
    world, clock = World(), FakeClock()
    old, new = (Lane(KEY, Network.TESTNET, key.address(Network.TESTNET)) for key in (OLD, NEW))
    node = cast(Node, world)
    async with Database.open(tmp_path / "core.db", "core") as db:
        await with_batch(db)
        await put_proof(db, old.sender, 1, 10)
        await deliver.sign_due(db, node, old, clock, POLICY, {1})
        await deliver.deliver_due(db, node, new, clock, POLICY)
        assert world.submissions == 0
        submission = await outbox.of_batch(db, 1, 10)
        assert submission is not None
        assert len(submission.versions) == 1
        await put_proof(db, new.sender, 1, 10)
        await deliver.deliver_due(db, node, new, clock, POLICY)
        submission = await outbox.of_batch(db, 1, 10)
        assert submission is not None
        contexts = [call.usage_batch_context(lane.sender, await proofs.for_chain(db, 1, 10)) for lane in (old, new)]
        carried = [_scalars(version.raw) for version in submission.versions]
        assert carried == [List((Buffer(context),)) for context in contexts]
        world.mine()
        assert world.executed() == [(1, 10)]


def _scalars(raw: bytes) -> Value:
    payload = deserialize(raw).payload
    assert isinstance(payload, ContractCall)
    return payload.arguments[10]


async def test_a_fee_is_not_raised_without_the_proof(tmp_path: Path) -> None:
    """What an older version signed has no proof yet: it stays as it is, and is followed on."""
    world, clock = World(), FakeClock()
    lane = Lane(KEY, Network.TESTNET, OLD.address(Network.TESTNET))
    node = cast(Node, world)
    async with Database.open(tmp_path / "core.db", "core") as db:
        await with_batch(db)
        await put_proof(db, lane.sender, 1, 10)
        await deliver.sign_due(db, node, lane, clock, POLICY, {1})
        await deliver.deliver_due(db, node, lane, clock, POLICY)
        async with db.transaction() as tx:
            await tx.run("DELETE FROM batch_proof")
        clock.at += delivery.DEARER_AFTER + 10
        await deliver.deliver_due(db, node, lane, clock, POLICY)
        submission = await outbox.of_batch(db, 1, 10)
        assert submission is not None
        assert len(submission.versions) == 1
        world.mine()
        await put_proof(db, lane.sender, 1, 10)
        clock.at += POLICY.poll
        await deliver.deliver_due(db, node, lane, clock, POLICY)
        assert world.executed() == [(1, 10)]


async def test_a_batch_that_a_dwelling_holds_back_is_sent_again_in_time(tmp_path: Path) -> None:
    """Its own proof holds for a number of Bitcoin blocks: before them nothing is tried, after them once."""
    world, clock = World(), FakeClock()
    lane = Lane(KEY, Network.TESTNET, OLD.address(Network.TESTNET))
    node = cast(Node, world)
    world.held_until = world.burn_height + 10

    async def look() -> None:
        clock.at += delivery.PATIENCE
        await deliver.sign_due(db, node, lane, clock, POLICY, {1})
        await deliver.deliver_due(db, node, lane, clock, POLICY)
        await deliver.take_up_due(db, node, lane, clock, POLICY, {1})

    async with Database.open(tmp_path / "core.db", "core") as db:
        await with_batch(db)
        await put_proof(db, lane.sender, 1, 10)
        for _ in range(3):
            await look()
            world.mine()
            world.burn()
            world.burn()
        await look()
        submission = await outbox.of_batch(db, 1, 10)
        assert submission is not None
        assert (submission.delivery.state, submission.delivery.reason) == (delivery.State.REJECTED, deliver.HELD)
        sent = world.submissions
        while world.burn_height < world.held_until:
            await look()
            assert world.submissions == sent
            world.burn()
        for _ in range(2):
            await look()
            world.mine()
        assert world.executed() == [(1, 10)]
        assert world.submissions == sent + 1


async def test_a_version_signed_again_becomes_the_newest(tmp_path: Path) -> None:
    async with Database.open(tmp_path / "core.db", "core") as db:
        await with_batch(db)
        a, b = Signed(b"a" * 32, 5, b"a"), Signed(b"b" * 32, 6, b"b")
        async with db.transaction() as tx:
            await outbox.put(tx, 1, "ST", 0, delivery.queued(1), a)
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
            await outbox.put(tx, 1, "ST", 0, delivery.queued(1), Signed(b"a" * 32, 5, b"a"))
        for call_id, nonce in ((1, 1), (2, 0)):
            with pytest.raises(sqlite3.IntegrityError):
                async with db.transaction() as tx:
                    await outbox.put(tx, call_id, "ST", nonce, delivery.queued(1), Signed(b"b" * 32, 5, b"b"))
        assert await outbox.next_nonce(db, "ST") == 1
        assert await outbox.lowest_nonce(db) == 0


async def test_what_a_clock_put_off_for_years_is_due(tmp_path: Path) -> None:
    async with Database.open(tmp_path / "core.db", "core") as db:
        await with_batch(db)
        ahead = delivery.Delivery(delivery.State.SENT, since=10**10, next_at=10**10)
        async with db.transaction() as tx:
            await outbox.put(tx, 1, "ST", 0, ahead, Signed(b"a" * 32, 5, b"a"))
        assert len(await outbox.due(db, 1_800_000_000)) == 1
        assert await outbox.due(db, 10**10 - 100) == []


CLOSE, SETTLE = "close-period", "settle-period"


async def with_calls(db: Database, *kinds: str) -> dict[str, int]:
    """A batch from block 10, then these calls of period 0, then a batch from block 12; their ids."""
    await with_batch(db)
    async with db.transaction() as tx:
        ids = {kind: await outbox.put_call(tx, kind, 1, 0) for kind in kinds}
    await with_batch(db, 12)
    return ids


async def may_sign(db: Database) -> list[str]:
    return [f"{made.kind} {made.number}" for made in await outbox.unsigned(db)]


async def read_back(db: Database, call_id: int, nonce: int) -> None:
    included = delivery.Delivery(delivery.State.INCLUDED, 1, 1, height=5, burn_height=5)
    async with db.transaction() as tx:
        await outbox.put(tx, call_id, "ST", nonce, included, Signed(bytes([call_id]) * 32, 1, b"raw"))
        await outbox.set_on_chain(tx, call_id)


async def test_a_period_is_closed_after_its_batches_and_before_anything_else(tmp_path: Path) -> None:
    """The call that closes a period does not say which, nor with what: nothing goes beside it."""
    async with Database.open(tmp_path / "core.db", "core") as db:
        ids = await with_calls(db, CLOSE, SETTLE)
        assert await may_sign(db) == ["batch 10"]
        await read_back(db, 1, 0)
        assert await may_sign(db) == [f"{CLOSE} 0"]
        await read_back(db, ids[CLOSE], 1)
        assert await may_sign(db) == [f"{SETTLE} 0", "batch 12"]
        async with db.transaction() as tx:
            await outbox.forget_on_chain(tx, ids[CLOSE])
        assert await may_sign(db) == [], "the block that closed it was undone"


async def test_money_waits_for_metering_and_never_the_other_way_round(tmp_path: Path) -> None:
    world, clock = World(), FakeClock()
    lane = Lane(KEY, Network.TESTNET, OLD.address(Network.TESTNET))
    async with Database.open(tmp_path / "core.db", "core") as db:
        ids = await with_calls(db, SETTLE)
        for first in (10, 12):
            await put_proof(db, lane.sender, 1, first)
        await deliver.sign_due(db, cast(Node, world), lane, clock, POLICY, {1})
        assert await may_sign(db) == [f"{SETTLE} 0"], "not prepared: both batches went by"
        rejected = delivery.Delivery(delivery.State.REJECTED, 1, 1, reason="abort_by_response: ERR_UNFUNDED")
        async with db.transaction() as tx:
            await outbox.put(tx, ids[SETTLE], "other", 0, rejected, Signed(b"s" * 32, 1, b"raw"))
            await outbox.put_call(tx, SETTLE, 1, 1)
        await with_batch(db, 14)
        assert await may_sign(db) == ["batch 14"]


async def test_a_call_has_one_payload_for_each_sender(tmp_path: Path) -> None:
    old, new = (Lane(KEY, Network.TESTNET, key.address(Network.TESTNET)) for key in (OLD, NEW))
    first, second = (registry.close_period(lane.sender, zone) for lane, zone in ((old, 1), (old, 2)))
    async with Database.open(tmp_path / "core.db", "core") as db:
        ids = await with_calls(db, CLOSE)
        assert [made.kind for made in await outbox.unprepared(db, old.sender.mark)] == [CLOSE]
        async with db.transaction() as tx:
            for payload in (first, second):
                await outbox.prepare(tx, ids[CLOSE], old.sender.mark, payload)
        assert await outbox.prepared(db, ids[CLOSE], old.sender.mark) == first
        assert await outbox.unprepared(db, old.sender.mark) == []
        assert await outbox.prepared(db, ids[CLOSE], new.sender.mark) is None
        assert [made.kind for made in await outbox.unprepared(db, new.sender.mark)] == [CLOSE]


async def test_a_refused_call_whose_effect_is_there_is_done(tmp_path: Path) -> None:
    async with Database.open(tmp_path / "core.db", "core") as db:
        ids = await with_calls(db, CLOSE)
        await read_back(db, 1, 0)
        rejected = delivery.Delivery(delivery.State.REJECTED, 1, 1, reason="abort_by_response: ERR_PERIOD_SHORT")
        async with db.transaction() as tx:
            await outbox.put(tx, ids[CLOSE], "ST", 1, rejected, Signed(b"c" * 32, 1, b"raw"))
        assert await may_sign(db) == []
        assert [made.id for made in await outbox.unread(db, also_rejected=True)] == [ids[CLOSE]]
        async with db.transaction() as tx:
            await outbox.set_on_chain(tx, ids[CLOSE])
        found = await outbox.of_call(db, CLOSE, 1, 0)
        assert found is not None
        assert (found.delivery.state, found.on_chain) == (delivery.State.FINAL, True)
        assert await may_sign(db) == ["batch 12"]
