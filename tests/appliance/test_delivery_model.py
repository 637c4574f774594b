"""The outbox against a world that misbehaves: whatever happens, every batch takes effect exactly once."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from typing import cast

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from appliance.chain.address import Network
from appliance.chain.node import Node, NodeError
from appliance.chain.transaction import PrivateKey
from appliance.delivery import Policy
from appliance.store import blocks, outbox
from appliance.store.database import Database
from appliance.uplink import deliver
from appliance.uplink.deliver import Lane
from tests.fakes.batches import put_batch, put_proof
from tests.fakes.clock import FakeClock
from tests.fakes.world import Crash, World, batch_of

KEY = PrivateKey(bytes(31) + b"\x07")
DEPLOYER = PrivateKey(bytes(31) + b"\x08").address(Network.TESTNET)
POLICY = Policy(final_burn_blocks=2, poll=5, max_fee=10_000)
ZONES = (1, 2)
DAYS = 2  # blocks in a batch


class Outbox(RuleBasedStateMachine):
    """Commands: a batch is summed, or proved, the appliance looks, time passes, and all that networks and power do."""

    @initialize()
    def open(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="mita-outbox-"))
        self.runner = asyncio.Runner()
        self.world, self.clock = World(), FakeClock()
        self.made: dict[int, int] = dict.fromkeys(ZONES, 0)
        self.lane = Lane(KEY, Network.TESTNET, DEPLOYER)
        self.start()

    def start(self) -> None:
        self.stack = AsyncExitStack()
        opening = self.stack.enter_async_context(Database.open(self.folder / "core.db", "core"))
        self.db = self.runner.run(opening)

    @rule()
    def power_cut(self) -> None:
        self.runner.run(self.stack.aclose())
        self.start()

    @rule(zone=st.sampled_from(ZONES))
    def batch_is_summed(self, zone: int) -> None:
        first = 10 + DAYS * self.made[zone]
        self.made[zone] += 1
        self.runner.run(put_batch(self.db, zone, first, first + DAYS - 1))

    @rule(zone=st.sampled_from(ZONES), newest=st.booleans())
    def batch_is_proved(self, zone: int, newest: bool) -> None:
        """In any order, also again."""
        if self.made[zone]:
            first = 10 + DAYS * (self.made[zone] - 1 if newest else 0)
            self.runner.run(put_proof(self.db, self.lane.sender, zone, first))

    @rule()
    def appliance_looks(self) -> None:
        async def look() -> None:
            node = cast(Node, self.world)
            await deliver.sign_due(self.db, node, self.lane, self.clock, POLICY, ZONES)
            await deliver.deliver_due(self.db, node, self.lane, self.clock, POLICY)
            await deliver.take_up_due(self.db, node, self.lane, self.clock, POLICY, ZONES)
            for zone, first in await blocks.unread_on_chain(self.db):
                if (zone, first) in self.world.executed():
                    async with self.db.transaction() as tx:
                        await blocks.set_on_chain(tx, zone, first, 1)

        try:
            self.runner.run(look())
        except NodeError:
            self.clock.at += POLICY.poll
        except Crash:
            self.power_cut()

    @rule(seconds=st.sampled_from([1, 5, 60, 5000]))
    def time_passes(self, seconds: int) -> None:
        self.clock.at += seconds

    @rule()
    def block_is_mined(self) -> None:
        self.world.mine()

    @rule()
    def bitcoin_block_is_mined(self) -> None:
        self.world.burn()

    @rule(up=st.booleans(), lost=st.booleans())
    def link_changes(self, up: bool, lost: bool) -> None:
        self.world.link_up, self.world.answer_lost = up, lost

    @rule()
    def power_will_fail_while_sending(self) -> None:
        self.world.crash_on_submit = True

    @rule(depth=st.integers(1, 3))
    def chain_reorganises(self, depth: int) -> None:
        """Not deeper than finality: that is what the word means."""
        shallow = [
            b for b in self.world.blocks[1:] if self.world.burn_height - b.burn_height < POLICY.final_burn_blocks
        ]
        self.world.reorganise(min(depth, len(shallow)))

    @rule()
    def mempool_is_lost(self) -> None:
        self.world.forget_mempool()

    @rule(fee=st.integers(1, 300))
    def least_fee_changes(self, fee: int) -> None:
        self.world.minimum_fee = fee

    @rule(lags=st.booleans())
    def index_lags(self, lags: bool) -> None:
        """The node answers about accounts, but knows no transaction yet."""
        self.world.index_lags = lags

    @rule(lags=st.booleans())
    def accounts_lag(self, lags: bool) -> None:
        """The node's table of accounts is an old one."""
        self.world.account_lags = lags

    @rule(count=st.integers(1, 5))
    def key_is_used_elsewhere(self, count: int) -> None:
        """Only while nothing of ours is on its way: what a stranger with the key does then is for people to settle."""
        if self.world.nonce == self.world.foreign and not self.world.mempool:
            self.world.foreign += count

    @rule()
    def power_fails_while_sending_and_the_transaction_is_mined(self) -> None:
        self.world.crash_on_submit = True
        self.appliance_looks()
        self.world.mine()
        self.appliance_looks()

    @rule(missing=st.booleans())
    def contract_is_missing(self, missing: bool) -> None:
        self.world.unknown_contract = missing

    @invariant()
    def nothing_executes_twice_or_out_of_order(self) -> None:
        if not hasattr(self, "world"):
            return
        executed = self.world.executed()
        assert len(set(executed)) == len(executed)
        for zone in ZONES:
            firsts = [first for z, first in executed if z == zone]
            assert firsts == [10 + DAYS * i for i in range(len(firsts))]

    @invariant()
    def final_means_buried(self) -> None:
        if not hasattr(self, "world"):
            return
        world = self.world
        deep = [b for b in world.blocks if world.burn_height - b.burn_height >= POLICY.final_burn_blocks]
        buried = {batch_of(raw) for block in deep for raw, _ in block.transactions}

        async def finals() -> list[tuple[object, ...]]:
            return list(await self.db.all("SELECT zone, first_block FROM batch_delivery WHERE state = 'final'"))

        assert set(self.runner.run(finals())) <= buried

    def teardown(self) -> None:
        """When the world comes to rest, every batch that was summed is proved and final."""
        if not hasattr(self, "world"):
            return
        world = self.world
        world.link_up, world.answer_lost, world.crash_on_submit = True, False, False
        world.minimum_fee, world.unknown_contract, world.index_lags = 1, False, False
        world.account_lags = False
        for zone in ZONES:
            for i in range(self.made[zone]):
                self.runner.run(put_proof(self.db, self.lane.sender, zone, 10 + DAYS * i))
        expected = sorted((zone, 10 + DAYS * i) for zone in ZONES for i in range(self.made[zone]))
        try:
            for _ in range(60):
                self.clock.at += 4000
                self.appliance_looks()
                world.mine()
                world.burn()
            assert sorted(world.executed()) == expected, self.runner.run(
                self.db.all("SELECT id, zone, first_block, nonce, state, reason, next_at - since FROM batch_delivery")
            )
            assert self.runner.run(self.states(expected)) == ["final"] * len(expected)
        finally:
            self.runner.run(self.stack.aclose())
            self.runner.close()
            shutil.rmtree(self.folder)

    async def states(self, batches: list[tuple[int, int]]) -> list[str]:
        found = [await outbox.of_batch(self.db, zone, first) for zone, first in batches]
        return [submission.delivery.state.value for submission in found if submission is not None]


TestOutbox = Outbox.TestCase
TestOutbox.settings = settings(max_examples=60, stateful_step_count=50, deadline=None, phases=(Phase.generate,))
