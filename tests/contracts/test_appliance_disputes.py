"""A home disputes a bill: the appliance answers, goes on, and settles what is ruled once enough comes in."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from appliance import answer, projection, resident, resident_money
from appliance.chain.address import Network
from appliance.chain.clarity import ResponseOk, UInt
from appliance.chain.node import Node
from appliance.chain.transaction import PrivateKey
from appliance.money import Money
from appliance.resident import Home, ResidentError
from appliance.resident_money import Doubt
from appliance.store import disputes, money, outbox
from appliance.store.database import Database
from circuits import code
from tests.contracts.settlement import STEWARD, STRANGER, TREASURERS
from tests.contracts.test_appliance_periods import FIRST, Gateway, gateway, two_blocks
from tests.contracts.vm import Machine

MAX_FEE = 10_000
SLOT, BILLED, RIGHT = 1, 220_100, 100_000
COURT = ("dispute-resolution",)


class Resident:
    """A-02, with nothing but its card and a node."""

    def __init__(self, of: Gateway) -> None:
        self.of, self.node = of, cast(Node, of.vm_node)
        self.where = resident.Settlement(Network.TESTNET, of.lane.deployer)
        self.home = Home.from_secret(1, SLOT, of.owned.dwellings["A-02"].raw)

    def takes_own_key(self) -> None:
        """Which the gateway does not have."""
        home, own = self.of.home, bytes(31) + b"\x09"
        number = home.read(home.registry, "get-occupant", 1, SLOT, 0)
        home.together(home.registry, "set-principal", number, PrivateKey(own).address(Network.TESTNET))
        self.home = Home.from_secret(1, SLOT, self.of.owned.dwellings["A-02"].raw, own)

    async def disputes(self, doubt: Doubt) -> int:
        entropy = self.of.randomness(32)
        txid = await resident_money.dispute(self.node, self.where, self.home, doubt, entropy, MAX_FEE)
        self.of.vm_node.mine()
        assert await resident.outcome(self.node, txid) is True
        number = self.of.home.read(self.of.home.disputes, "get-dispute-of", 1, SLOT, doubt.period)
        assert isinstance(number, int)
        return number

    async def tells(self, doubt: Doubt) -> None:
        txid = await resident_money.tell(self.node, self.where, self.home, doubt, MAX_FEE)
        self.of.vm_node.mine()
        assert await resident.outcome(self.node, txid) is True


def assembly(of: Gateway, number: int, *, for_resident: bool) -> None:
    for who in (STEWARD, *TREASURERS[:2]):
        of.home.call(of.home.disputes, "rule-by-assembly", number, for_resident, bytes(32), sender=who).ok()


async def one_period(of: Gateway) -> None:
    await of.reckon()
    of.pay("A-01", 500)
    of.pay("A-02", 300)
    await of.until_rest(8)
    await two_blocks(of, FIRST, [400, 700, 100, 0])
    await of.until_rest()
    assert await of.accounts(0) == [(419_900, 0), (79_900, 0), (0, 20_100), (0, 0)]


@pytest.mark.parametrize("sealed", [False, True])
async def test_a_ruling_is_settled_as_soon_as_enough_comes_in(sealed: bool, machine: Machine, tmp_path: Path) -> None:
    async with gateway(machine, tmp_path, more=COURT) as of:
        await one_period(of)
        doubt = Doubt(0, 0 if sealed else BILLED, RIGHT, sealed)
        who = Resident(of)
        if sealed:
            with pytest.raises(ResidentError, match="error u735"):
                await who.disputes(doubt)
            who.takes_own_key()
        number = await who.disputes(doubt)
        await of.until_rest(4)
        (stored,) = await disputes.unclosed(of.db)
        assert stored.claimed is None
        await who.tells(doubt)
        await of.until_rest(4)
        async with Database.open(tmp_path / "portal.db", "portal") as shown:
            await projection.show_due(of.db, shown, of.owned.keys)
            rows = await shown.all("SELECT zone, slot, period, state, claimed FROM dispute")
            assert rows == [(1, SLOT, 0, "assembly", RIGHT)]
        (stored,) = await disputes.unclosed(of.db)
        assert stored.of.answered
        assert stored.claimed == Money(RIGHT)
        digest = await answer.evidence_of(of.db, stored.of, of.owned.keys)
        assert of.home.read(of.home.disputes, "get-evidence", number, False) == [digest]

        assembly(of, number, for_resident=True)
        if not sealed:
            await of.until_rest(3)
            assert of.home.read(of.home.disputes, "get-dispute", number)["closed"] is False, "its own may still come"
            of.home.vm.burn(of.home.read(of.home.billing, "get-bills", 1, 0)["due"] - of.home.vm.burn(0))
        await of.until_rest(8)
        assert of.home.read(of.home.disputes, "get-dispute", number)["closed"] is True
        assert await disputes.unclosed(of.db) == []
        entitled = of.home.read(of.home.payment, "get-account", 1)["entitled"]

        await two_blocks(of, FIRST + 2, [400, 0, 0, 0])
        await of.until_rest()
        assert await of.accounts(1) == [(339_800, 0), (79_800, 0), (0, 20_200), (0, 0)], "what came in was not enough"
        await two_blocks(of, FIRST + 4, [900, 0, 0, 0])
        await of.until_rest()
        assert await of.accounts(2) == [(0, 300), (79_700 + BILLED - RIGHT, 0), (0, 20_300), (0, 0)]
        kept = of.home.read(of.home.billing, "get-correction", 1, SLOT, 0)
        assert kept["taken"] is True
        assert of.home.read(of.home.payment, "get-account", 1)["entitled"] > entitled
        assert of.compared[1].wrong == []
        assert all(ok for name, ok in of.vm_node.executed if name != "open-dispute")
        assert sum((await money.sums(of.db, 1)).values()) == 0
        await two_blocks(of, FIRST + 6, [0, 0, 0, 0])
        await of.until_rest()
        assert (await of.accounts(3))[SLOT] == (79_600 + BILLED - RIGHT, 0), "once, and what follows still opens"
        assert of.home.read(of.home.payment, "get-account", 1)["settled"] == 4


async def test_a_ruling_against_the_resident_changes_nothing(machine: Machine, tmp_path: Path) -> None:
    async with gateway(machine, tmp_path, more=COURT) as of:
        await one_period(of)
        number = await Resident(of).disputes(Doubt(0, BILLED, RIGHT))
        await of.until_rest(5)
        assembly(of, number, for_resident=False)
        await of.until_rest(8)
        assert of.home.read(of.home.disputes, "get-dispute", number)["closed"] is True
        assert of.home.read(of.home.billing, "is-frozen", 1, SLOT, 0) is False
        assert await disputes.to_correct(of.db, 1) == []
        assert [name for name, _ in of.vm_node.executed[-3:]] == ["open-dispute", "submit-evidence", "close-dispute"]


async def test_what_somebody_else_did_before_is_done(machine: Machine, tmp_path: Path) -> None:
    """Anybody may close a dispute: our own call is refused, and nothing waits for a person."""
    async with gateway(machine, tmp_path, more=COURT) as of:
        await one_period(of)
        number = await Resident(of).disputes(Doubt(0, BILLED, RIGHT))
        await of.until_rest(5)
        assembly(of, number, for_resident=False)
        for _ in range(6):
            await of.look()
            if await outbox.of_call(of.db, "close-dispute", 1, number) is not None:
                break
            of.vm_node.mine()
            of.home.vm.burn(1)
        of.home.call(of.home.disputes, "close-dispute", number, sender=STEWARD).ok()
        await of.until_rest(8)
        assert ("close-dispute", False) in of.vm_node.executed
        assert await outbox.rejected(of.db) == []
        await two_blocks(of, FIRST + 2, [1, 1, 1, 0])
        await of.until_rest()
        assert of.home.read(of.home.payment, "get-account", 1)["settled"] == 2


async def test_a_bill_of_one_band_is_disputed_with_what_each_block_used(machine: Machine, tmp_path: Path) -> None:
    """By the gateway's key, too: nothing is sealed. Other usages, another first block or amount open nothing."""
    async with gateway(machine, tmp_path, more=COURT, bands=[{"from": 0, "rate": 100}]) as of:
        await of.reckon()
        await of.until_rest(4)
        await two_blocks(of, FIRST, [400, 700, 100, 0])
        await of.until_rest()
        who, billed = Resident(of), 2 * (50 + 700 * 100)
        honest = Doubt(0, billed, RIGHT, first_block=FIRST, used=(700, 700))
        for wrong in (
            replace(honest, used=(699, 701)),
            replace(honest, used=(700,)),
            replace(honest, first_block=FIRST + 1),
            replace(honest, billed=billed - 1),
            replace(honest, used=()),
        ):
            with pytest.raises(ResidentError, match="this amount does not open the bill on chain"):
                await who.disputes(wrong)
        assert await who.disputes(honest) == 1
        assert "700" not in repr(honest)
        with pytest.raises(ResidentError, match="a whole number of Wh or litres"):
            replace(honest, used=(-1,))


async def test_usages_do_not_open_a_bill_of_two_bands(machine: Machine, tmp_path: Path) -> None:
    async with gateway(machine, tmp_path, more=COURT) as of:
        await one_period(of)
        with pytest.raises(ResidentError, match="of more than one band opens without --usage"):
            await Resident(of).disputes(Doubt(0, BILLED, RIGHT, first_block=FIRST, used=(700, 700)))


async def test_an_amount_that_is_not_the_bill_opens_nothing(machine: Machine, tmp_path: Path) -> None:
    async with gateway(machine, tmp_path, more=COURT) as of:
        await one_period(of)
        who = Resident(of)
        with pytest.raises(ResidentError, match="this amount does not open the bill on chain"):
            await who.disputes(Doubt(0, BILLED - 1, RIGHT))
        with pytest.raises(ResidentError, match="has no final bills of period 5"):
            await who.disputes(Doubt(5, BILLED, RIGHT))
        with pytest.raises(ResidentError, match="is not disputed"):
            await who.tells(Doubt(0, BILLED, RIGHT))


def test_a_doubt_that_no_ruling_could_settle_is_refused() -> None:
    with pytest.raises(ResidentError, match="more than what it is"):
        Doubt(0, 5, 6)
    for amounts in ((5, -1), (2**36, 5)):
        with pytest.raises(ResidentError, match="from 0 to 2"):
            Doubt(0, *amounts)
    assert "6" not in repr(Doubt(0, 5, 6, sealed=True))


async def test_a_home_that_owes_nothing_claims_its_reward(machine: Machine, tmp_path: Path) -> None:
    """With the code on its page; whoever owes has none, and an older code opens nothing any more."""
    async with (
        gateway(machine, tmp_path, parameters={"reward": 3}) as of,
        Database.open(tmp_path / "portal.db", "portal") as shown,
    ):
        home = of.home
        home.call(home.token, "mint", 10, STRANGER, sender=STRANGER).ok()
        home.call(home.payment, "fund-rewards", 1, 10, home.token, sender=STRANGER).ok()
        await one_period(of)
        await two_blocks(of, FIRST + 2, [400, 0, 0, 0])
        await of.until_rest()
        await projection.show_due(of.db, shown, of.owned.keys)
        rows = await shown.all("SELECT slot, clear FROM bill WHERE period = 0 ORDER BY slot")
        old = {slot: clear for slot, clear in rows if isinstance(clear, bytes)}
        rows = await shown.all("SELECT slot, clear FROM bill WHERE period = 1 ORDER BY slot")
        new = {slot: clear for slot, clear in rows if isinstance(clear, bytes)}
        assert (set(old), set(new)) == ({0, 1}, {0, 1})

        who = Resident(of)
        who.takes_own_key()

        async def claims(blinding: bytes) -> bool | None:
            entropy = of.randomness(32)
            secret = resident_money.blinding_of(code.encode(blinding, checked=True))
            txid = await resident_money.claim(who.node, who.where, who.home, 1, secret, entropy, MAX_FEE)
            of.vm_node.mine()
            return await resident.outcome(who.node, txid)

        for wrong in (old[SLOT], new[0]):
            with pytest.raises(ResidentError, match="do not open to nothing with this code"):
                await claims(wrong)
        with pytest.raises(ResidentError, match="the reward code is not one"):
            resident_money.blinding_of("1234")
        assert await claims(new[SLOT]) is True
        address = who.home.signing.address(Network.TESTNET)
        assert machine.read(home.later["utility-token"], "get-balance", address).result == ResponseOk(UInt(3))
        with pytest.raises(ResidentError, match="error u629"):
            await claims(new[SLOT])


async def test_a_dispute_with_the_gateways_key_gives_way_to_the_dwellings_own(machine: Machine, tmp_path: Path) -> None:
    async with (
        gateway(machine, tmp_path, more=COURT) as of,
        Database.open(tmp_path / "portal.db", "portal") as shown,
    ):
        await one_period(of)
        who, doubt = Resident(of), Doubt(0, BILLED, RIGHT)
        first = await who.disputes(Doubt(0, BILLED, BILLED))
        await of.until_rest(5)
        who.takes_own_key()
        second = await who.disputes(doubt)
        assert (first, second) == (1, 2)
        await who.tells(doubt)
        await of.until_rest(10)
        assert [(one.of.id, one.of.answered) for one in await disputes.unclosed(of.db)] == [(second, True)]
        await projection.show_due(of.db, shown, of.owned.keys)
        assert await shown.all("SELECT state, claimed FROM dispute") == [("assembly", RIGHT)]
