"""The appliance's steps against the contracts: periods close, are billed and settled by themselves, whatever fails."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

import pytest

from appliance import accounts, answer, billing, call, claims, follow, leaving, prove, resident, sealed, settle
from appliance.app import Household, core_store
from appliance.calls import payment
from appliance.chain.address import Address, Network
from appliance.chain.clarity import Optional
from appliance.chain.node import Node
from appliance.chain.transaction import PrivateKey
from appliance.close import close_due
from appliance.config import ChainConfig, Config, PortalConfig, TimeConfig, ZoneConfig
from appliance.delivery import Policy, State
from appliance.keys import Secret
from appliance.settle import Comparison
from appliance.store import money, outbox, periods
from appliance.store.database import Database
from appliance.store.readings import append, register_meter
from appliance.uplink import deliver
from appliance.uplink.deliver import Lane
from appliance.validation import Reason
from appliance.worker import Prover
from drivers.api import Authenticity, Reading, Unit
from tests.appliance.settled import CountedRandomness, InlineProver, PowerCut
from tests.contracts.settlement import ELECTRICITY, STEWARD, STRANGER, Settlement
from tests.contracts.vm import CONTRACTS, Machine
from tests.fakes.clock import FakeClock
from tests.fakes.vm_node import VmNode

FIRST, DAY = 100, 1000
TIME = TimeConfig(0, DAY, 1, 0, 1, 1, period_blocks=2)
HOMES = {0: "A-01", 1: "A-02", 2: "A-03"}
ZONE = ZoneConfig(1, "Lane A", "electricity", 4, FIRST, HOMES, ())
POLICY = Policy(final_burn_blocks=2, poll=5, max_fee=100_000)
RATIO = 1000
PERIOD = (
    *("submit-usage-batch", "submit-usage-batch", "close-period"),
    *("calculate-bills", "prove-band", "prove-band", "prove-bills", "settle-period"),
)
BANDS = [{"from": 0, "rate": 100}, {"from": 500, "rate": 300}]


class Gateway:
    """One appliance and its settlement: three homes, a vacant slot, two bands, periods of two blocks."""

    def __init__(self, home: Settlement, node: VmNode, db: Database, owned: Household, lane: Lane) -> None:
        self.home, self.vm_node, self.db, self.owned, self.lane = home, node, db, owned, lane
        self.clock = self.wall = FakeClock(FIRST * DAY)
        self.randomness = CountedRandomness()
        self.prover = InlineProver()
        self.compared: dict[int, Comparison] = {}
        self.watched = answer.Watch()
        self.asking = claims.Watch()
        self.departing: dict[tuple[int, int], int] = {}
        self.payer = ""
        self.zone = ZONE
        self.paid: dict[str, int] = {}

    async def used(self, block: int, usage: Sequence[int]) -> None:
        """What the meters counted in a block; `usage` by slot."""
        async with self.db.transaction() as tx:
            for slot, amount in enumerate(usage):
                meter = await register_meter(tx, f"m{slot}", 1, slot)
                row = await tx.one("SELECT max(idx) FROM reading WHERE meter_id = ?", (meter,))
                before = row[0] if row is not None and isinstance(row[0], int) else None
                if before is None:
                    at = FIRST * DAY - 10
                    await append(tx, meter, f"m{slot}", _reading(1000, at), Reason.NONE)
                    before = 1000
                await append(tx, meter, f"m{slot}", _reading(before + amount, block * DAY + 50), Reason.NONE)

    async def look(self) -> None:
        """Every step of the appliance once, as its tasks do it."""
        db, node, keys, sender = self.db, cast(Node, self.vm_node), self.owned.keys, self.lane.sender
        worker = cast(Prover, self.prover)
        await close_due(db, [self.zone], self.clock, TIME, set())
        await prove.commit_due(db, worker, keys, self.clock, self.randomness)
        await prove.batch_due(db, worker, [self.zone], keys, TIME)
        await sealed.ask_due(db, node, sender)
        await prove.prove_due(db, worker, sender, keys, self.randomness, set())
        await settle.prepare_due(db, worker, sender, keys, self.randomness, self.compared)
        await claims.prepare_due(db, worker, sender, keys, self.randomness)
        await deliver.sign_due(db, node, self.lane, self.wall, POLICY, {1})
        await deliver.take_up_due(db, node, self.lane, self.wall, POLICY, {1})
        await deliver.deliver_due(db, node, self.lane, self.wall, POLICY)
        await follow.read_back(db, node, self.lane.deployer, self.lane.address, set())
        await follow.read_back_calls(db, node, sender)
        await self.reckon()

    async def reckon(self) -> None:
        db, node, keys, sender = self.db, cast(Node, self.vm_node), self.owned.keys, self.lane.sender
        terms = await settle.terms_of(node, sender, [self.zone])
        await billing.bill_due(db, node, cast(Prover, self.prover), sender, [self.zone], keys)
        await settle.give_references(db, node, sender, [self.zone], self.owned.dwellings)
        await settle.watch_payments(db, node, sender, [self.zone], terms, self.clock, POLICY.final_burn_blocks)
        await accounts.credit_due(db, self.zone, terms[1])
        ready = {zone: of.account.settled for zone, of in self.compared.items() if not of.wrong}
        await leaving.watch_departures(db, node, sender, [self.zone], self.departing, POLICY.final_burn_blocks)
        ratios = {zone: of.ratio for zone, of in terms.items()}
        await leaving.clear_due(db, node, sender, ratios, ready, self.payer, keys)
        await accounts.settle_due(db, await settle.openings(db, node, sender, terms), keys)
        await accounts.book_due(db, self.clock.now())
        await settle.compare(db, node, sender, terms, keys, self.compared)
        await answer.watch_disputes(db, node, sender, {1}, keys, self.watched, POLICY.final_burn_blocks)
        await answer.act_due(db, node, sender, keys)
        await claims.watch_claims(db, node, sender, {1}, self.asking, POLICY.final_burn_blocks)

    async def until_rest(self, rounds: int = 14) -> None:
        """Blocks and burn blocks pass until nothing more happens."""
        for _ in range(rounds):
            await self.look()
            self.vm_node.mine()
            self.home.vm.burn(1)
            self.clock.at += POLICY.poll

    def pay(self, label: str, tokens: int) -> None:
        """From a wallet of somebody else, under the dwelling's next reference."""
        slot = next(slot for slot, home in self.zone.dwellings.items() if home == label)
        number = self.home.read(self.home.registry, "get-occupant", 1, slot, self.home.open_period(1))
        salt = self.owned.dwellings[label].payment_salt(self.paid.get(label, 0))
        self.paid[label] = self.paid.get(label, 0) + 1
        arguments = (1, payment.reference(salt, number), tokens, self.home.token)
        self.home.call(self.home.token, "mint", tokens, STRANGER, sender=STRANGER).ok()
        self.home.call(self.home.payment, "pay", *arguments, sender=STRANGER).ok()

    async def accounts(self, period: int) -> list[tuple[int, int]]:
        """(balance, arrears) by slot after a period."""
        slots = await money.settled_slots(self.db, 1, period)
        return [(slot.after.balance.units, slot.after.arrears.units) for slot in slots]


def address_of(secret: Secret) -> Address:
    return PrivateKey(secret.signing_key()).address(Network.TESTNET)


def _reading(index: int, at: int) -> Reading:
    return Reading("1-0:1.8.0", index, Unit.WH, at, Authenticity.L3, b"f", None)


def _config(folder: Path, deployer: Address, zone: ZoneConfig = ZONE) -> Config:
    chain = ChainConfig("http://127.0.0.1:1", "testnet", str(deployer), 1000, 2, 1)
    return Config("Place", 0, folder, TIME, None, chain, PortalConfig("127.0.0.1", 0), (zone,))


def _without_word_to_the_registry() -> str:
    shipped, said = (CONTRACTS / "payment.clar").read_text(), "(try! (contract-call? .user-registry begin-zone zone))"
    assert shipped.count(said) == 1
    return shipped.replace(said, "true")


@asynccontextmanager
async def gateway(
    vm: Machine,
    folder: Path,
    *,
    more: Sequence[str] = (),
    parameters: Mapping[str, int] | None = None,
    registered: Sequence[str] = tuple(HOMES.values()),
    office: bool = False,
    bands: Sequence[Mapping[str, int]] = BANDS,
) -> AsyncIterator[Gateway]:
    """`registered` are the homes that the registry knows. With an `office` anybody may show slots in payment's name;
    then the registry listens to that, and payment leaves it alone."""
    texts = {"payment": _without_word_to_the_registry()} if office else {}
    home = Settlement(vm, small=True, later=("billing", "utility-token", "payment", *more), ratio=RATIO, texts=texts)
    if office:
        home.bootstrap(parameters=parameters, payment=home.office())
    else:
        home.bootstrap(parameters=parameters)
    limits = {"ceiling": 1000, "charge-ceiling": 1000, "lifeline": 1}
    first = {"utility": ELECTRICITY, "charge": 50, "bands": list(bands), **limits}
    home.call(home.billing, "found-tariffs", [first], sender=home.deployer).ok()
    home.call(home.later["utility-token"], "back-with", home.token, sender=home.deployer).ok()
    async with core_store(_config(folder, home.deployer)) as (db, owned):
        lane = Lane(PrivateKey(owned.gateway.raw), Network.TESTNET, home.deployer)
        home.call(home.registry, "register-gateway", lane.address, sender=STEWARD).ok()
        home.empty_zone(1, 4, first_block=FIRST, gateway=lane.address)
        principals = {address_of(secret): label for label, secret in owned.dwellings.items() if label in registered}
        slots = {label: slot for slot, label in HOMES.items()}
        home.settle({who: [(1, slots[label])] for who, label in principals.items()})
        yield Gateway(home, VmNode(vm), db, owned, lane)


async def two_blocks(of: Gateway, first: int, usage: Sequence[int]) -> None:
    """A period in which every block has this usage; afterwards its end has passed."""
    for block in (first, first + 1):
        await of.used(block, usage)
    of.clock.at = (first + 2) * DAY


async def test_periods_close_are_billed_and_settled_by_themselves(machine: Machine, tmp_path: Path) -> None:
    async with gateway(machine, tmp_path) as of:
        await of.reckon()
        of.pay("A-01", 500)
        of.pay("A-02", 90)
        await of.until_rest(8)
        await two_blocks(of, FIRST, [400, 700, 100, 0])
        await of.until_rest()
        assert [name for name, ok in of.vm_node.executed if ok] == ["credit-batch", *PERIOD]
        bills = await periods.bills_of(of.db, 1, 0)
        assert [bill.amount.units for bill in bills] == [80_100, 220_100, 20_100, 0]
        assert await of.accounts(0) == [(419_900, 0), (0, 130_100), (0, 20_100), (0, 0)]
        due = await periods.due_of(of.db, 1, 0)
        assert due == of.home.read(of.home.billing, "get-bills", 1, 0)["due"]

        of.pay("A-03", 30)
        await of.until_rest(8)
        await two_blocks(of, FIRST + 2, [0, 0, 0, 0])
        await of.until_rest()
        assert await of.accounts(1) == [(419_800, 0), (0, 130_200), (9_800, 0), (0, 0)]
        assert [ok for _, ok in of.vm_node.executed] == [True] * len(of.vm_node.executed)
        assert of.compared[1].wrong == []
        account = of.home.read(of.home.payment, "get-account", 1)
        assert account["entitled"] == 620_000 - 419_800 - 9_800
        found = await money.sums(of.db, 1)
        assert sum(found.values()) == 0


async def test_the_power_fails_at_every_proof_and_nothing_is_lost_or_doubled(machine: Machine, tmp_path: Path) -> None:
    async with gateway(machine, tmp_path) as of:
        await of.reckon()
        of.pay("A-01", 500)
        await two_blocks(of, FIRST, [400, 700, 100, 5])
        cuts = 0
        for _ in range(60):
            of.prover = InlineProver(cut_after=cuts % 3)
            try:
                await of.look()
            except PowerCut:
                cuts += 1
            of.vm_node.link_up = cuts % 5 != 0
            of.vm_node.mine()
            of.home.vm.burn(1)
            of.clock.at += POLICY.poll
            if not of.vm_node.link_up:
                of.vm_node.link_up = True
        of.prover = InlineProver()
        await of.until_rest()
        assert cuts > 10
        names = [name for name, ok in of.vm_node.executed if ok]
        assert sorted(names) == sorted(["credit-batch", *PERIOD])
        assert len(names) == len(of.vm_node.executed)
        assert of.compared[1].wrong == []


async def test_somebody_else_may_close_a_period_and_everything_goes_on(machine: Machine, tmp_path: Path) -> None:
    """Anybody may, once it is long enough: the refusal of our own call is no reason for a person to come."""
    async with gateway(machine, tmp_path) as of:
        await of.reckon()
        await two_blocks(of, FIRST, [400, 700, 100, 0])
        for _ in range(12):
            await of.look()
            close = await outbox.of_call(of.db, "close-period", 1, 0)
            if close is not None and (of.lane.address, close.nonce) in of.vm_node.waiting:
                of.home.call(of.home.meter_data, "close-period", 1, sender=STRANGER).ok()
                break
            of.vm_node.mine()
            of.home.vm.burn(1)
            of.clock.at += POLICY.poll
        await of.until_rest()
        assert ("close-period", False) in of.vm_node.executed
        close = await outbox.of_call(of.db, "close-period", 1, 0)
        assert close is not None
        assert close.delivery.state is State.FINAL
        assert close.on_chain
        assert (await of.accounts(0))[0] == (0, 80_100)
        await two_blocks(of, FIRST + 2, [1, 1, 1, 0])
        await of.until_rest()
        assert (await of.accounts(1))[0] == (0, 80_400)
        assert of.home.read(of.home.payment, "get-account", 1)["settled"] == 2


async def test_books_that_differ_from_the_chain_stop_the_money_and_not_the_meters(
    machine: Machine, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with gateway(machine, tmp_path) as of:
        await of.reckon()
        of.pay("A-01", 500)
        await of.until_rest(8)
        await two_blocks(of, FIRST, [400, 700, 100, 0])
        await of.until_rest()
        async with of.db.transaction() as tx:
            await tx.run("UPDATE credit_slot SET amount = amount - 1 WHERE slot = 0")
            await tx.run("UPDATE credit_slot SET amount = amount + 1 WHERE slot = 1")
            await tx.run("UPDATE settled_slot SET before = before - 1, balance = balance - 1 WHERE slot = 0")
            await tx.run("UPDATE settled_slot SET before = before + 1, arrears = arrears - 1 WHERE slot = 1")
        of.compared.clear()
        await of.reckon()
        assert of.compared[1].wrong == [0, 1]
        assert "zone 1: accounts of slots [0, 1] differ from the books: nothing is settled" in caplog.text
        done = len(of.vm_node.executed)
        await two_blocks(of, FIRST + 2, [5, 5, 5, 0])
        await of.until_rest()
        assert [name for name, _ in of.vm_node.executed[done:]] == list(PERIOD[:-1])
        assert of.home.read(of.home.payment, "get-account", 1)["settled"] == 1


async def test_a_payment_under_nobodys_reference_is_left_to_its_payer(machine: Machine, tmp_path: Path) -> None:
    async with gateway(machine, tmp_path) as of:
        await of.reckon()
        arguments = (1, bytes(32), 5, of.home.token)
        of.home.call(of.home.token, "mint", 5, STRANGER, sender=STRANGER).ok()
        number = of.home.call(of.home.payment, "pay", *arguments, sender=STRANGER).ok()
        await of.until_rest(4)
        assert await money.last_payment(of.db) == number
        assert of.vm_node.executed == []
        of.home.vm.burn(4320)
        of.home.call(of.home.payment, "reclaim", number, of.home.token, sender=STRANGER).ok()


async def test_the_same_payment_is_never_credited_twice(machine: Machine, tmp_path: Path) -> None:
    """Not by a second reckoning while the first batch is under way, nor by one after it."""
    async with gateway(machine, tmp_path) as of:
        await of.reckon()
        of.pay("A-01", 7)
        of.home.vm.burn(3)
        for _ in range(3):
            await of.reckon()
        of.pay("A-01", 8)
        of.home.vm.burn(3)
        for _ in range(3):
            await of.reckon()
        assert await of.db.all("SELECT amount FROM credit") == [(7 * RATIO,)]
        await of.until_rest()
        assert await of.db.all("SELECT amount FROM credit ORDER BY sequence") == [(7 * RATIO,), (8 * RATIO,)]
        assert of.home.read(of.home.payment, "get-account", 1)["credited"] == 15 * RATIO
        assert of.compared[1].wrong == []


async def test_a_self_proving_home_holds_back_a_gateway_that_says_otherwise(machine: Machine, tmp_path: Path) -> None:
    """The same usage is the same commitment, and taken; another is refused inside the window, not after it."""
    async with gateway(machine, tmp_path) as of:
        secret = of.owned.dwellings["A-02"]
        home = resident.Home.from_secret(1, 1, secret.raw)
        node, where = cast(Node, of.vm_node), resident.Settlement(Network.TESTNET, of.lane.deployer)
        prover = Optional(address_of(secret))
        of.home.call(of.home.registry, "set-self-proving", 1, 1, prover, sender=address_of(secret)).ok()

        async def says(block: int, used: int) -> None:
            said = resident.Said(block, (used,))
            txid = await resident.submit(node, where, home, said, of.randomness(32), 10_000)
            assert await resident.outcome(node, txid) is None
            of.vm_node.mine()
            assert await resident.outcome(node, txid) is True

        await says(FIRST, 700)
        await of.used(FIRST, [400, 700, 100, 0])
        of.clock.at = (FIRST + 1) * DAY
        await of.until_rest(6)
        assert of.home.read(of.home.meter_data, "get-zone-state", 1)["next-block"] == FIRST + 1

        await says(FIRST + 1, 650)
        await of.used(FIRST + 1, [400, 700, 100, 0])
        of.clock.at = (FIRST + 2) * DAY
        await of.until_rest(6)
        batch = await outbox.of_batch(of.db, 1, FIRST + 1)
        assert batch is not None
        assert (batch.delivery.state, batch.delivery.reason) == (State.REJECTED, deliver.HELD)
        assert of.home.read(of.home.meter_data, "get-zone-state", 1)["next-block"] == FIRST + 1
        again = await resident.submit(node, where, home, resident.Said(FIRST + 1, (1,)), of.randomness(32), 10_000)
        of.vm_node.mine()
        with pytest.raises(resident.ResidentError, match="refused it with error u215"):
            await resident.outcome(node, again)

        of.home.vm.burn(150)
        of.clock.at += 4000  # for the outbox, which waits by people's time
        await deliver.take_up_due(of.db, node, of.lane, of.clock, POLICY, {1})
        await of.until_rest(4)
        kept = call.read_batch(machine.read(of.home.meter_data, "get-batch", 1, FIRST + 1).result)
        assert kept is not None
        assert of.home.read(of.home.meter_data, "get-batch", 1, FIRST + 1)["contested"] is True


async def test_only_the_named_key_proves(machine: Machine, tmp_path: Path) -> None:
    async with gateway(machine, tmp_path) as of:
        node, where = cast(Node, of.vm_node), resident.Settlement(Network.TESTNET, of.lane.deployer)
        home = resident.Home.from_secret(1, 1, of.owned.dwellings["A-02"].raw)
        txid = await resident.submit(node, where, home, resident.Said(FIRST, (5,)), of.randomness(32), 10_000)
        of.vm_node.mine()
        with pytest.raises(resident.ResidentError, match="refused it with error u214"):
            await resident.outcome(node, txid)


def test_what_cannot_be_said_is_refused() -> None:
    for usages in ((), (1,) * 8, (-1,)):
        with pytest.raises(resident.ResidentError, match="1 to 7 blocks"):
            resident.Said(1, usages)
    with pytest.raises(resident.ResidentError, match="the secret has 32 bytes"):
        resident.Home.from_secret(1, 1, bytes(31))
