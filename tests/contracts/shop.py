"""The appliance with two agents and a portal against the contracts, over a node that can forget an approval."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

from appliance import mend, projection, sales
from appliance.chain.address import Address, Contract
from appliance.chain.clarity import Bool, Buffer, List, Tuple, UInt, Value
from appliance.chain.node import Accepted, Node
from appliance.chain.payload import ContractCall
from appliance.chain.transaction import deserialize
from appliance.config import AgentConfig
from appliance.delivery import PATIENCE
from appliance.keys import Secret
from appliance.money import Ratio
from appliance.sales import Seller
from appliance.store import agents, portal
from appliance.store.database import Database
from circuits.generators import bases
from circuits.pedersen import Opening, commit
from circuits.reference import ReferencePoint
from circuits.scalar import Scalar
from tests.contracts.settlement import AGENT, account
from tests.contracts.test_appliance_periods import HOMES, POLICY, RATIO, ZONE, Gateway, gateway
from tests.contracts.vm import Machine
from tests.fakes.clock import FakeClock
from tests.fakes.vm_node import VmNode

OTHER = account("second agent")
SELLERS = (AgentConfig("AG-1", str(AGENT)), AgentConfig("AG-2", str(OTHER)))


class Forgetful(VmNode):
    """A node that shows floats as they were before a reorganisation took their approvals away."""

    def __init__(self, vm: Machine) -> None:
        super().__init__(vm)
        self.believed: dict[Address, int] = {}
        self.sent: list[bytes] = []
        self.retired: set[Address] = set()

    async def submit(self, raw: bytes) -> Accepted:
        self.sent.append(raw)
        return await super().submit(raw)

    async def call_read(
        self, contract: Contract, function: str, arguments: tuple[Value, ...], sender: Address
    ) -> Value:
        answer = await super().call_read(contract, function, arguments, sender)
        if function == "has-role" and arguments[1] in self.retired:
            return Bool(value=False)
        if function == "get-float" and isinstance(answer, Tuple) and arguments[1] in self.believed:
            approved = self.believed[arguments[1]]
            return Tuple.of({**dict(answer.fields), "approved": UInt(approved)})
        return answer


class Shop(Gateway):
    """The same appliance with two agents and a portal."""

    def __init__(self, of: Gateway, shown: Database) -> None:
        node = Forgetful(of.home.vm)
        super().__init__(of.home, node, of.db, of.owned, of.lane)
        self.node, self.shown, self.mark = node, shown, 0
        self.rooms: dict[tuple[int, str], agents.Room] = {}

    async def reckon(self) -> None:
        node, sender = cast(Node, self.vm_node), self.lane.sender
        ratios = {1: Ratio(RATIO)}
        await sales.watch_floats(self.db, node, sender, ratios, SELLERS, POLICY.final_burn_blocks, self.wall.now())
        await mend.mend_due(self.db, node, sender, 1)
        await super().reckon()
        await sales.take_requests(self.db, self.shown, [ZONE], SELLERS, self.wall.now())
        await projection.show_due(self.db, self.shown, self.owned.keys)
        await sales.show_due(self.db, self.shown, [ZONE], self.rooms)

    def fund(self, agent: Address, tokens: int) -> None:
        self.home.call(self.home.token, "mint", tokens, agent, sender=agent).ok()
        self.home.call(self.home.payment, "fund-float", 1, tokens, self.home.token, sender=agent).ok()

    def approve(self, agent: Address, total: int) -> None:
        self.home.call(self.home.payment, "approve-sales", 1, total, sender=agent).ok()

    async def final(self) -> None:
        """Until what is approved counts."""
        for _ in range(POLICY.final_burn_blocks + 1):
            await self.reckon()
            self.home.vm.burn(1)
        await self.reckon()

    async def sell(self, agent: Address, label: str, tokens: int) -> str:
        """As the portal does it; the answer."""
        self.mark += 1
        row = await self.shown.one("SELECT id FROM agent WHERE address = ?", (str(agent),))
        assert row is not None
        async with self.shown.transaction() as tx:
            mark = self.mark.to_bytes(16, "big")
            number = await agents.ask(tx, int(str(row[0])), mark, 1, label, tokens * RATIO, self.wall.now())
        await sales.take_requests(self.db, self.shown, [ZONE], SELLERS, self.wall.now())
        found = await agents.answered(self.shown, int(str(row[0])), number)
        assert found is not None
        return found.answer

    async def states(self, agent: Address) -> list[str]:
        return [one.state for one in reversed(await agents.receipts(self.shown, str(agent), 99))]

    def float_of(self, agent: Address) -> dict[str, int]:
        found = self.home.read(self.home.payment, "get-float", 1, agent)
        assert isinstance(found, dict)
        return found

    def account(self) -> dict[str, Any]:
        found = self.home.read(self.home.payment, "get-account", 1)
        assert isinstance(found, dict)
        return found

    async def passing(self, rounds: int) -> None:
        """Time of people and of the chain passes, so that whatever is taken up again is."""
        self.wall = FakeClock(self.clock.at)
        for _ in range(rounds):
            await self.look()
            self.vm_node.mine()
            self.home.vm.burn(1)
            self.wall.at += PATIENCE // 3


@asynccontextmanager
async def shop(vm: Machine, folder: Path) -> AsyncIterator[Shop]:
    async with gateway(vm, folder) as of, Database.open(folder / "portal.db", "portal") as shown:
        of.home.together(of.home.registry, "register-agent", OTHER)
        made = Shop(of, shown)
        async with shown.transaction() as tx:
            await portal.put_zone(tx, portal.Zone(1, "Lane A", "electricity", "Wh", 4, "ST1.c"))
            for slot, label in HOMES.items():
                row = await portal.put_dwelling(tx, label, bytes([slot]) * 16, bytes(32))
                await portal.put_service(tx, portal.Service(1, slot, row, 3))
        await sales.show_agents(shown, [Seller(one, Secret(bytes([n]) * 32)) for n, one in enumerate(SELLERS)])
        await made.reckon()
        yield made


def credits_sent(of: Shop) -> list[ContractCall]:
    """Every credit-batch that was executed and took effect."""
    found = []
    for raw in dict.fromkeys(of.node.sent):
        transaction = deserialize(raw)
        status = of.node.done.get(transaction.txid())
        payload = transaction.payload
        if status is not None and status.state.value == "success" and isinstance(payload, ContractCall):
            found += [payload] if payload.function == "credit-batch" else []
    return found


def recomputed(call: ContractCall, payments: Mapping[int, int]) -> int:
    """What a batch of credits amounts to, from its arguments and the payments' tokens alone, over py_ecc: its shares
    add up to exactly that, under the blinding that it names."""
    _, _, shares, ids, floats, blinding, *_ = call.arguments
    assert isinstance(shares, List)
    assert isinstance(ids, List)
    assert isinstance(floats, List)
    assert isinstance(blinding, Buffer)
    tokens = sum(payments[number.value] for number in ids.items if isinstance(number, UInt))
    for one in floats.items:
        assert isinstance(one, Tuple)
        amount = dict(one.fields)["amount"]
        assert isinstance(amount, UInt)
        tokens += amount.value
    points = [ReferencePoint.from_bytes_checked(share.data) for share in shares.items if isinstance(share, Buffer)]
    opened = Opening(tokens * RATIO, Scalar.from_bytes_checked(blinding.data))
    assert commit(bases(ReferencePoint), opened).to_bytes() == ReferencePoint.sum(points).to_bytes()
    return tokens * RATIO
