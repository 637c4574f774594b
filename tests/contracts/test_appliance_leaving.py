"""A home moves out: it is paid out as stewards approve, its slot given on, and who comes next begins with nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from appliance import books, ledger
from appliance.app import core_store
from appliance.calls import payment
from appliance.chain.address import Address, Contract
from appliance.chain.clarity import ResponseOk, UInt, Value
from appliance.chain.node import Node
from appliance.cli import payouts
from appliance.config import ConfigError, ZoneConfig
from appliance.leaving import watch_departures
from appliance.ledger import Kind, Name
from appliance.store import leaving, money, outbox, periods
from tests.appliance.settled import InlineProver, PowerCut
from tests.contracts.settlement import AGENT, SECOND, STEWARD, STRANGER
from tests.contracts.test_appliance_periods import (
    DAY,
    FIRST,
    HOMES,
    POLICY,
    RATIO,
    ZONE,
    Gateway,
    _config,
    address_of,
    gateway,
    two_blocks,
)
from tests.contracts.vm import Machine

SLOT = 1  # A-02's
DUE = 1100  # burn blocks after which a bill is past dispute


@asynccontextmanager
async def leaver(machine: Machine, folder: Path, tokens: int = 300) -> AsyncIterator[Gateway]:
    """A-02 has paid so much, and leaves with period 0, which is settled."""
    async with gateway(machine, folder) as of:
        of.payer = str(AGENT)
        await of.reckon()
        of.pay("A-01", 900)
        of.pay("A-02", tokens)
        await of.until_rest(8)
        await of.used(FIRST, [400, 700, 100, 0])
        of.clock.at = (FIRST + 1) * DAY
        await of.until_rest(4)
        of.home.together(of.home.registry, "move-out", 1, SLOT)
        await of.used(FIRST + 1, [400, 700, 100, 0])
        of.clock.at = (FIRST + 2) * DAY
        await of.until_rest()
        yield of


def approve(of: Gateway, folder: Path, *, amount: int = 0) -> payouts.Proposed:
    (one,) = payouts.proposed(folder / "core.db")
    arguments = (1, one.mask, one.amount + amount, Address.from_c32(one.agent), bytes.fromhex(one.payouts_hash))
    of.home.together(of.home.payment, "approve-payout", *arguments)
    return one


def kinds(of: Gateway, *names: str) -> list[tuple[str, bool]]:
    return [(name, ok) for name, ok in of.vm_node.executed if name in names]


CLEARING = ("payout-batch", "prove-payout", "release-slot")


async def test_who_left_is_paid_out_and_its_slot_given_on(
    machine: Machine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with leaver(machine, tmp_path) as of:
        (left,) = await leaving.departures(of.db, 1)
        assert (left.slot, left.holder, left.last) == (SLOT, "dwelling/A-02", 0)
        (one,) = payouts.proposed(tmp_path / "core.db")
        assert (one.zone, one.period, one.mask, one.amount) == (1, 1, 1 << SLOT, 79_900)
        assert not one.planned
        for _ in range(3):
            await of.look()
        assert payouts.proposed(tmp_path / "core.db") == [one], "the same, however often it is asked for"
        assert kinds(of, *CLEARING) == []

        approve(of, tmp_path)
        await of.until_rest(10)
        assert kinds(of, *CLEARING) == [("payout-batch", True), ("prove-payout", True)]
        assert of.home.read(of.home.token, "get-balance", AGENT) == ResponseOk(UInt(79))
        account = of.home.read(of.home.payment, "get-account", 1)
        assert (account["paid-out"], account["version"]) == (79_900, 3)
        assert of.compared[1].wrong == []
        found = await money.sums(of.db, 1)
        assert found[Name(1, Kind.POT)] == (900 + 300 - 79) * RATIO
        assert sum(found.values()) == 0
        assert payouts.proposed(tmp_path / "core.db") == [replace(one, planned=True)]

        of.home.vm.burn(DUE)
        await of.until_rest(6)
        assert kinds(of, *CLEARING)[2:] == [("release-slot", True)]
        assert of.home.read(of.home.registry, "get-holder", 1, SLOT) is None
        assert of.home.read(of.home.payment, "get-left-arrears", 1, SLOT, 0) is not None
        assert await leaving.unreleased(of.db, 1) == []
        assert of.compared[1].wrong == []
        await two_blocks(of, FIRST + 2, [400, 0, 100, 0])
        await of.until_rest()
        assert await of.accounts(1) == [(739_800, 0), (0, 0), (0, 40_200), (0, 0)]
        assert of.compared[1].wrong == []
        assert len(kinds(of, *CLEARING)) == 3, "nothing twice"
    printed = payouts.proposed(tmp_path / "core.db")[0]
    assert "approved, and carried out" in next(printed.lines())
    assert "A-02" not in "\n".join(printed.lines())


async def test_arrears_stay_with_who_left_and_the_next_home_begins_with_nothing(
    machine: Machine, tmp_path: Path
) -> None:
    async with leaver(machine, tmp_path, tokens=100) as of:
        assert (await of.accounts(0))[SLOT] == (0, 120_100)
        of.home.vm.burn(DUE)
        await of.until_rest(6)
        assert kinds(of, *CLEARING) == [("release-slot", True)], "there is nothing to be paid out"
        found = await money.sums(of.db, 1)
        assert found[Name(1, Kind.ARREARS, f"{SLOT}/0")] == 120_100
        assert ledger.account_of(found, 1, SLOT).arrears.units == 0
    fresh = replace(ZONE, dwellings=HOMES | {SLOT: "B-02"})
    async with core_store(_config(tmp_path, of.home.deployer, fresh)) as (db, owned):
        of.db, of.owned, of.zone = db, owned, fresh
        of.compared.clear()
        of.home.settle({address_of(owned.dwellings["B-02"]): [(1, SLOT)]})
        await two_blocks(of, FIRST + 2, [400, 0, 100, 0])
        await of.until_rest()
        await two_blocks(of, FIRST + 4, [400, 200, 100, 0])
        await of.until_rest(2)
        of.pay("B-02", 50)
        await of.until_rest()
        bills = await periods.bills_of(of.db, 1, 2)
        assert (bills[SLOT].holder, bills[SLOT].began, bills[SLOT].amount.units) == ("dwelling/B-02", True, 40_100)
        after = (await of.accounts(2))[SLOT]
        assert after in ((9_900, 0), (0, 40_100)), "with what it paid, if that came in time"
        assert of.compared[1].wrong == []
        await two_blocks(of, FIRST + 6, [400, 0, 100, 0])
        await of.until_rest()
        assert (await of.accounts(3))[SLOT] == (9_800, 0)
        assert of.compared[1].wrong == []
        assert all(ok for _, ok in of.vm_node.executed)


@pytest.mark.parametrize("otherwise", [False, True])
async def test_nothing_is_paid_out_unless_stewards_approve_exactly_that(
    otherwise: bool, machine: Machine, tmp_path: Path
) -> None:
    async with leaver(machine, tmp_path) as of:
        if otherwise:
            approve(of, tmp_path, amount=-1)
        of.home.vm.burn(DUE)
        await of.until_rest(8)
        assert kinds(of, *CLEARING) == []
        assert len(await leaving.unreleased(of.db, 1)) == 1, "and the slot is not given on"
        await two_blocks(of, FIRST + 2, [400, 0, 100, 0])
        await of.until_rest()
        (one,) = payouts.proposed(tmp_path / "core.db")
        assert (one.period, one.amount) == (2, 79_900), "before the next settlement it is proposed again"
        approve(of, tmp_path)
        await of.until_rest(12)
        assert kinds(of, *CLEARING) == [(name, True) for name in CLEARING]
        assert of.compared[1].wrong == []


async def test_one_steward_is_not_enough(machine: Machine, tmp_path: Path) -> None:
    async with leaver(machine, tmp_path) as of:
        (one,) = payouts.proposed(tmp_path / "core.db")
        arguments = (1, one.mask, one.amount, AGENT, bytes.fromhex(one.payouts_hash))
        of.home.call(of.home.payment, "approve-payout", *arguments, sender=STEWARD).ok()
        await of.until_rest(6)
        assert kinds(of, *CLEARING) == []
        of.home.call(of.home.payment, "approve-payout", *arguments, sender=SECOND).ok()
        await of.until_rest(10)
        assert kinds(of, *CLEARING) == [("payout-batch", True), ("prove-payout", True)]


async def test_the_power_fails_at_every_proof_of_leaving(machine: Machine, tmp_path: Path) -> None:
    async with leaver(machine, tmp_path) as of:
        approve(of, tmp_path)
        of.home.vm.burn(DUE)
        cuts = 0
        for number in range(40):
            of.prover = InlineProver(cut_after=number % 6)
            try:
                await of.look()
            except PowerCut:
                cuts += 1
            of.vm_node.mine()
            of.home.vm.burn(1)
            of.clock.at += POLICY.poll
        assert cuts > 3
        of.prover = InlineProver()
        await of.until_rest(8)
        assert kinds(of, *CLEARING) == [(name, True) for name in CLEARING]
        assert of.compared[1].wrong == []


async def test_credits_for_who_left_are_paid_out_and_come_no_more_once_the_slot_is_free(
    machine: Machine, tmp_path: Path
) -> None:
    async with leaver(machine, tmp_path) as of:
        approve(of, tmp_path)
        await of.until_rest(8)
        of.paid["A-02"] = 1
        late(of, 20)
        await of.until_rest(8)
        assert of.home.read(of.home.payment, "get-account", 1)["sequence"] == 2
        of.home.vm.burn(DUE)
        await of.until_rest(6)
        assert len(kinds(of, *CLEARING)) == 2, "its balance is not zero"
        await two_blocks(of, FIRST + 2, [0, 0, 0, 0])
        await of.until_rest()
        approve(of, tmp_path)
        await of.until_rest(12)
        assert kinds(of, *CLEARING)[-1] == ("release-slot", True)
        late(of, 30)
        await of.until_rest(6)
        payment = of.home.read(of.home.payment, "get-payment-count")
        assert of.home.read(of.home.payment, "get-payment", payment)["sequence"] is None, "its payer takes it back"
        assert of.compared[1].wrong == []


def late(of: Gateway, tokens: int) -> None:
    """Somebody pays under a reference that A-02 had been given."""
    salt = of.owned.dwellings["A-02"].payment_salt(of.paid["A-02"])
    of.paid["A-02"] += 1
    number = of.home.read(of.home.registry, "get-occupant", 1, SLOT, 0)
    of.home.call(of.home.token, "mint", tokens, STRANGER, sender=STRANGER).ok()
    arguments = (1, payment.reference(salt, number), tokens, of.home.token)
    of.home.call(of.home.payment, "pay", *arguments, sender=STRANGER).ok()


async def test_a_home_that_has_not_left_stays_in_the_configuration(machine: Machine, tmp_path: Path) -> None:
    async with gateway(machine, tmp_path) as of:
        await of.reckon()
        await two_blocks(of, FIRST, [1, 1, 1, 0])
        await of.until_rest(4)
    without: ZoneConfig = replace(ZONE, dwellings={0: "A-01", 2: "A-03"})
    with pytest.raises(ConfigError, match="slot 1 of zone 1 is A-02's"):
        async with core_store(_config(tmp_path, of.home.deployer, without)):
            pass


async def test_a_slot_that_was_left_commits_with_the_zones_secret(machine: Machine, tmp_path: Path) -> None:
    """From the period after the last, even where the configuration still names the home."""
    async with leaver(machine, tmp_path) as of:
        await two_blocks(of, FIRST + 2, [1, 1, 1, 0])
        await of.until_rest()
        holders = [(await periods.bills_of(of.db, 1, period))[SLOT].holder for period in (0, 1)]
        assert holders == ["dwelling/A-02", "zone/1"]
        assert await books.positions(of.db, 1, 4, of.owned.keys)
        assert await outbox.rejected(of.db) == []


async def test_a_list_of_nobody_moves_nobody_out(machine: Machine, tmp_path: Path) -> None:
    """Of a period that the registry does not know it says that nobody is there; a node may answer so for a while."""
    async with gateway(machine, tmp_path) as of:
        await of.reckon()
        await two_blocks(of, FIRST, [1, 1, 1, 0])
        await of.until_rest(8)
        real = of.vm_node.call_read

        async def ahead(contract: Contract, function: str, arguments: tuple[Value, ...], sender: Address) -> Value:
            if function == "get-membership":
                arguments = (arguments[0], UInt(99))
            return await real(contract, function, arguments, sender)

        of.vm_node.call_read = ahead  # type: ignore[method-assign]  # of this one node: it answers from a later period
        node = cast(Node, of.vm_node)
        for _ in range(6):
            await watch_departures(of.db, node, of.lane.sender, [of.zone], of.departing, 2)
            of.home.vm.burn(1)
        assert await leaving.departures(of.db, 1) == []


async def test_a_departure_counts_once_it_is_buried(machine: Machine, tmp_path: Path) -> None:
    async with gateway(machine, tmp_path) as of:
        await of.reckon()
        await of.used(FIRST, [1, 1, 1, 0])
        of.clock.at = (FIRST + 1) * DAY
        await of.until_rest(4)
        of.home.together(of.home.registry, "move-out", 1, SLOT)
        await of.look()
        assert await leaving.departures(of.db, 1) == []
        of.home.vm.burn(2)
        await of.look()
        assert [one.slot for one in await leaving.departures(of.db, 1)] == [SLOT]
