"""What households of a demonstration do, against the contracts and an appliance: a dispute until its end, a reward."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest

from appliance import projection
from appliance.chain.address import Network
from appliance.chain.node import Accepted, Node
from appliance.chain.transaction import PrivateKey
from appliance.cli import households
from appliance.cli.actors import ActorError
from appliance.cli.households import Place, Settled
from appliance.store.database import Database
from tests.contracts.settlement import STRANGER
from tests.contracts.test_appliance_disputes import BILLED, COURT, RIGHT, SLOT, one_period
from tests.contracts.test_appliance_periods import FIRST, gateway, two_blocks
from tests.contracts.vm import Machine
from tests.fakes.vm_node import VmNode

OBSERVERS = [PrivateKey(bytes(31) + bytes([n])) for n in (21, 22, 23)]


class Prompt(VmNode):
    """Everything is mined as it comes."""

    async def submit(self, raw: bytes) -> Accepted:
        answer = await super().submit(raw)
        self.mine()
        return answer


async def test_a_dispute_is_told_stage_by_stage_and_a_reward_claimed(machine: Machine, tmp_path: Path) -> None:
    portal = tmp_path / "portal.db"
    async with (
        gateway(machine, tmp_path, more=COURT, parameters={"reward": 3}) as of,
        Database.open(portal, "portal") as shown,
    ):
        home = of.home
        home.call(home.token, "mint", 10, STRANGER, sender=STRANGER).ok()
        home.call(home.payment, "fund-rewards", 1, 10, home.token, sender=STRANGER).ok()
        for key in OBSERVERS:
            home.together(home.registry, "register-treasurer", key.address(Network.TESTNET))
        await one_period(of)
        await projection.show_due(of.db, shown, of.owned.keys)

        node, said = cast(Node, Prompt(machine)), list[str]()
        at, who = Settled(home.deployer, Network.TESTNET, portal), Place("A-02", 1, SLOT)
        secret = of.owned.dwellings["A-02"]
        number = await households.disputes_bill(node, at, who, secret, 0, RIGHT)
        await of.until_rest(6)
        await projection.show_due(of.db, shown, of.owned.keys)
        await households.watches_dispute(at, who, 0, "assembly", said.append)
        await households.rules_by_assembly(node, at, OBSERVERS, number, for_resident=True, sheet=bytes(32))
        due = home.read(home.billing, "get-bills", 1, 0)["due"]
        home.vm.burn(due - home.vm.burn(1))  # it was asked for with a key that the gateway has, too
        await of.until_rest(8)
        await projection.show_due(of.db, shown, of.owned.keys)
        await households.watches_dispute(at, who, 0, "closed-for", said.append)
        assert said == [f"A-02's dispute about period 0: {stage}" for stage in ("assembly", "closed-for")]

        await two_blocks(of, FIRST + 2, [900, 0, 0, 0])
        await of.until_rest()
        assert (await of.accounts(1))[SLOT] == (79_800 + BILLED - RIGHT, 0)
        await projection.show_due(of.db, shown, of.owned.keys)
        own = bytes(31) + b"\x09"
        dwelling = home.read(home.registry, "get-occupant", 1, SLOT, 2)
        new = PrivateKey(own).address(Network.TESTNET)
        home.together(home.registry, "set-principal", dwelling, new)
        await households.claims_reward(node, at, Place("A-02", 1, SLOT, own), secret, 1)
        with pytest.raises(ActorError, match="A-03 owes something after period 1"):
            await households.claims_reward(node, at, Place("A-03", 1, 2), of.owned.dwellings["A-03"], 1)
