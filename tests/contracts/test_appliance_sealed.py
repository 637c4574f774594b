"""Zones of few homes: batches without totals, settlements that open nothing, and totals of several zones together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

import pytest

from appliance import projection, prove, sealed
from appliance.app import core_store
from appliance.beside import Beside
from appliance.calls.metering import Crowd
from appliance.chain.address import Contract, Network
from appliance.chain.node import Node
from appliance.chain.transaction import PrivateKey
from appliance.close import close_due
from appliance.config import ChainConfig, Config, PortalConfig, ZoneConfig
from appliance.delivery import PATIENCE, State
from appliance.follow import read_back, read_back_calls
from appliance.resident_money import Doubt
from appliance.store import blocks, disputes, money, outbox
from appliance.store.database import Database
from appliance.uplink import deliver
from appliance.uplink.deliver import Lane
from appliance.worker import Prover
from tests.appliance.settled import CountedRandomness, InlineProver, PowerCut
from tests.contracts.settlement import STEWARD, STRANGER, Settlement
from tests.contracts.test_appliance_disputes import BILLED, COURT, RIGHT, Resident, assembly
from tests.contracts.test_appliance_periods import (
    DAY,
    FIRST,
    POLICY,
    TIME,
    Gateway,
    address_of,
    gateway,
    two_blocks,
)
from tests.contracts.vm import Machine
from tests.fakes.clock import FakeClock
from tests.fakes.vm_node import VmNode

SEALED = ("submit-sealed-batch", "submit-sealed-batch", "close-period", "calculate-bills")


def shows(of: Gateway, period: int, *slots: int) -> None:
    """In payment's name, however few are left."""
    office = Contract(of.home.deployer, "office")
    mask = sum(1 << slot for slot in slots)
    of.home.call(office, "expose-slots", 1, period, mask, sender=STRANGER).ok()


async def hours(of: Gateway, rounds: int) -> None:
    """As `until_rest`, while so much time passes for people that what was refused is taken up again."""
    for _ in range(rounds):
        await of.look()
        of.vm_node.mine()
        of.home.vm.burn(1)
        of.wall.at += PATIENCE // 3


async def test_a_zone_of_one_home_goes_from_readings_to_settled_periods(machine: Machine, tmp_path: Path) -> None:
    """Its payments are credited, its bills settled; no total and no sum is opened, and nobody is entitled to more."""
    async with gateway(machine, tmp_path, registered=["A-01"]) as of:
        await of.reckon()
        of.pay("A-01", 500)
        await of.until_rest(8)
        await two_blocks(of, FIRST, [400, 0, 0, 0])
        await of.until_rest()
        names = [name for name, ok in of.vm_node.executed if ok]
        assert names[:5] == ["credit-batch", *SEALED]
        assert names[-1] == "settle-period"
        assert len(names) == len(of.vm_node.executed)
        assert await of.accounts(0) == [(419_900, 0), (0, 0), (0, 0), (0, 0)]
        assert of.home.read(of.home.payment, "get-settlement", 1, 0)["opened"] is None
        assert of.home.read(of.home.payment, "get-account", 1)["entitled"] == 0
        for first in (FIRST, FIRST + 1):
            kept = of.home.read(of.home.meter_data, "get-batch", 1, first)
            assert (kept["checked"], kept["total"]) == (2, 0)
            assert of.home.read(of.home.aggregation, "get-zone-usage", 1, first) is None
            assert (await blocks.get_batch(of.db, 1, first)).sealed
        async with Database.open(tmp_path / "portal.db", "portal") as shown:
            await projection.show_due(of.db, shown, of.owned.keys)
            rows = await shown.all("SELECT total, checked FROM batch")
            assert rows == [(0, 2), (0, 2)], "the page is not told the total"
        await two_blocks(of, FIRST + 2, [1, 0, 0, 0])
        await of.until_rest()
        assert of.home.read(of.home.payment, "get-account", 1)["settled"] == 2
        assert of.compared[1].wrong == []


async def test_a_batch_that_may_open_its_total_no_more_is_sealed(machine: Machine, tmp_path: Path) -> None:
    """Whatever was shown came between the proof and the block: refused by name, proved again, there once."""
    async with gateway(machine, tmp_path, office=True) as of:
        of.wall = FakeClock(of.clock.at)
        await of.reckon()
        await two_blocks(of, FIRST, [400, 700, 100, 0])
        for _ in range(3):
            await of.look()
        made = await outbox.of_batch(of.db, 1, FIRST)
        assert made is not None
        assert made.delivery.state is State.SENT
        shows(of, 0, 0, 1)
        await hours(of, 24)
        assert of.vm_node.executed[0] == ("submit-usage-batch", False)
        taken = [name for name, ok in of.vm_node.executed if ok and "batch" in name]
        assert taken == ["submit-sealed-batch", "submit-sealed-batch"]
        made = await outbox.of_batch(of.db, 1, FIRST)
        assert made is not None
        assert (made.delivery.state, made.on_chain) == (State.FINAL, True)
        assert of.home.read(of.home.meter_data, "get-zone-state", 1)["next-block"] == FIRST + 2
        assert of.home.read(of.home.payment, "get-account", 1)["settled"] == 1
        assert of.home.read(of.home.payment, "get-settlement", 1, 0)["opened"] is None
        assert of.compared[1].wrong == []


async def test_a_settlement_that_may_open_its_sum_no_more_opens_nothing(machine: Machine, tmp_path: Path) -> None:
    async with gateway(machine, tmp_path, office=True) as of:
        of.wall = FakeClock(of.clock.at)
        await of.reckon()
        of.pay("A-01", 500)
        await of.until_rest(8)
        await two_blocks(of, FIRST, [400, 700, 100, 0])
        for _ in range(20):
            await of.look()
            made = await outbox.of_call(of.db, "settle-period", 1, 0)
            if made is not None and made.delivery.state is State.SENT:
                break
            of.vm_node.mine()
            of.home.vm.burn(1)
            of.wall.at += POLICY.poll
        assert await money.is_opened(of.db, 1, 0)
        shows(of, 0, 0, 1)
        await hours(of, 12)
        assert [ok for name, ok in of.vm_node.executed if name == "settle-period"] == [False, True]
        assert not await money.is_opened(of.db, 1, 0)
        assert await of.accounts(0) == [(419_900, 0), (0, 220_100), (0, 20_100), (0, 0)]
        assert of.home.read(of.home.payment, "get-settlement", 1, 0)["opened"] is None
        assert of.compared[1].wrong == []
        of.clock.at = of.wall.at = max(of.clock.at, of.wall.at)
        await two_blocks(of, FIRST + 2, [1, 1, 1, 0])
        await hours(of, 14)
        assert of.home.read(of.home.payment, "get-settlement", 1, 1)["opened"] is not None
        assert of.home.read(of.home.payment, "get-account", 1)["entitled"] > 0, "later, not lost"


async def test_a_correction_is_not_named_where_nothing_is_opened(machine: Machine, tmp_path: Path) -> None:
    """Planned with it, made again without it, and named by the next settlement that opens its sum."""
    async with gateway(machine, tmp_path, office=True, more=COURT) as of:
        await of.reckon()
        of.pay("A-01", 900)
        of.pay("A-02", 300)
        await of.until_rest(8)
        await two_blocks(of, FIRST, [400, 700, 100, 0])
        await of.until_rest()
        who, doubt = Resident(of), Doubt(0, BILLED, RIGHT)
        who.takes_own_key()
        number = await who.disputes(doubt)
        await of.until_rest(4)
        await who.tells(doubt)
        await of.until_rest(4)
        assembly(of, number, for_resident=True)
        await of.until_rest(8)
        of.wall = FakeClock(of.clock.at)
        await two_blocks(of, FIRST + 2, [900, 0, 0, 0])
        for _ in range(24):
            await of.look()
            made = await outbox.of_call(of.db, "settle-period", 1, 1)
            if made is not None and made.delivery.state is State.SENT:
                break
            of.vm_node.mine()
            of.home.vm.burn(1)
            of.wall.at += POLICY.poll
        assert [one.dispute for one in await disputes.corrected_by(of.db, 1, 1)] == [number]
        shows(of, 1, 0, 1)
        await hours(of, 14)
        assert [ok for name, ok in of.vm_node.executed if name == "settle-period"] == [True, False, True]
        assert await disputes.corrected_by(of.db, 1, 1) == []
        assert of.home.read(of.home.billing, "get-correction", 1, 1, 0)["taken"] is False
        assert of.compared[1].wrong == []
        of.clock.at = of.wall.at = max(of.clock.at, of.wall.at)
        await two_blocks(of, FIRST + 4, [900, 0, 0, 0])
        await hours(of, 14)
        assert [one.dispute for one in await disputes.corrected_by(of.db, 1, 2)] == [number]
        assert await money.is_opened(of.db, 1, 2)


# ------------------------------------------------------------------------------------------------ several zones


class Lanes:
    """One gateway of several zones of four slots, in which so many homes are registered."""

    def __init__(self, vm: Machine, folder: Path, homes: Mapping[int, int]) -> None:
        self.home = Settlement(vm, small=True)
        self.home.bootstrap()
        self.homes = homes
        self.zones = [
            ZoneConfig(zone, "Lane", "electricity", 4, FIRST, {slot: f"{zone}-{slot}" for slot in range(3)}, ())
            for zone in homes
        ]
        chain = ChainConfig("http://127.0.0.1:1", "testnet", str(self.home.deployer), 1000, 2, 1)
        portal = PortalConfig("127.0.0.1", 0)
        self.config = Config("Place", 0, folder, TIME, None, chain, portal, tuple(self.zones))
        self.node = VmNode(vm)
        self.randomness = CountedRandomness()
        self.prover = InlineProver()
        self.clock = FakeClock((FIRST + 2) * DAY)

    async def run(self, rounds: int, cut: bool = False) -> None:
        numbers = [zone.zone for zone in self.zones]
        async with core_store(self.config) as (db, owned):
            lane = Lane(PrivateKey(owned.gateway.raw), Network.TESTNET, self.home.deployer)
            if not self.home.read(self.home.registry, "get-zones"):
                self.home.call(self.home.registry, "register-gateway", lane.address, sender=STEWARD).ok()
                for zone, count in self.homes.items():
                    self.home.empty_zone(zone, 4, first_block=FIRST, gateway=lane.address)
                    people = [address_of(owned.dwellings[f"{zone}-{slot}"]) for slot in range(count)]
                    self.home.settle({who: [(zone, slot)] for slot, who in enumerate(people)})
            node, worker, keys = cast(Node, self.node), cast(Prover, self.prover), owned.keys
            for number in range(rounds):
                if cut:
                    self.prover.cut_after = number % 2
                try:
                    await close_due(db, self.zones, self.clock, TIME, set())
                    await sealed.ask_due(db, node, lane.sender)
                    await prove.commit_due(db, worker, keys, self.clock, self.randomness)
                    await prove.batch_due(db, worker, self.zones, keys, TIME)
                    await prove.prove_due(db, worker, lane.sender, keys, self.randomness, set())
                    await sealed.combine_due(db, node, lane.sender, self.zones)
                    await sealed.prepare_due(db, worker, lane.sender)
                except PowerCut:
                    pass
                await deliver.sign_due(db, node, lane, self.clock, POLICY, numbers)
                await deliver.deliver_due(db, node, lane, self.clock, POLICY)
                await read_back(db, node, lane.deployer, lane.address, set())
                await read_back_calls(db, node, lane.sender)
                self.node.mine()
                self.home.vm.burn(1)
                self.clock.at += POLICY.poll

    def together(self, zone: int, first: int) -> Sequence[int] | None:
        kept = self.home.read(self.home.aggregation, "get-combined-usage", zone, first)
        return None if kept is None else kept["zones"]


async def test_totals_of_small_zones_are_opened_together_once(machine: Machine, tmp_path: Path) -> None:
    lanes = Lanes(machine, tmp_path, {1: 1, 2: 3, 5: 1})
    await lanes.run(60, cut=True)
    await lanes.run(14)
    for first in (FIRST, FIRST + 1):
        assert lanes.together(1, first) == lanes.together(5, first) == [1, 5]
        assert lanes.together(2, first) is None, "large enough by itself"
    names = [name for name, ok in lanes.node.executed if ok]
    assert names.count("open-combined-total") == 2
    assert len(names) == len(lanes.node.executed)
    async with core_store(lanes.config) as (db, _):
        for first in (FIRST, FIRST + 1):
            made = await outbox.of_call(db, Beside.COMBINED, 1, first)
            assert made is not None
            assert made.delivery.state is State.FINAL


async def test_too_few_together_stay_sealed(machine: Machine, tmp_path: Path) -> None:
    lanes = Lanes(machine, tmp_path, {1: 1, 2: 0})
    await lanes.run(14)
    assert lanes.together(1, FIRST) is None
    assert {name for name, _ in lanes.node.executed} == {"submit-sealed-batch"}


@pytest.mark.parametrize(
    ("hidden", "expected"),
    [
        ({1: 8}, []),
        ({1: 8, 2: 6}, []),
        ({1: 8, 2: 7}, [[1, 2]]),
        ({1: 8, 2: 8, 3: 8, 4: 7}, [[1, 2], [3, 4]]),
        ({1: 8, 2: 8, 3: 8}, [[1, 2, 3]]),
        ({1: 4, 2: 4, 3: 4, 4: 3}, [[1, 2, 3, 4]]),
        ({1: 3, 2: 3, 3: 3, 4: 3, 5: 3}, []),
        ({1: 14, 2: 1, 3: 1, 4: 1, 5: 1}, [[1, 2, 3, 4]]),
    ],
)
def test_zones_are_put_together_as_long_as_they_hide_enough(hidden: dict[int, int], expected: list[list[int]]) -> None:
    assert sealed.groups({zone: Crowd(count, 15) for zone, count in hidden.items()}) == expected


def test_the_largest_k_min_counts() -> None:
    assert sealed.groups({1: Crowd(8, 15), 2: Crowd(8, 20)}) == []
    assert sealed.groups({1: Crowd(8, 15), 2: Crowd(8, 16)}) == [[1, 2]]
