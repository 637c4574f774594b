"""Two zones of eight homes each: the appliance takes them from readings to a settled period; an audit accepts it."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import aiohttp
import pytest

from appliance import accounts, billing, follow, prove, sealed, settle
from appliance.app import Household, core_store
from appliance.calls import payment
from appliance.chain.address import Address, Contract
from appliance.chain.clarity import UInt
from appliance.chain.node import Node
from appliance.chain.transaction import PrivateKey
from appliance.cli.town import TARIFFS
from appliance.close import close_due
from appliance.config import ChainConfig, Config, PortalConfig, TimeConfig, ZoneConfig
from appliance.delivery import Policy
from appliance.founding import CONTRACTS, Charter, Founders, Site, found
from appliance.settle import Comparison
from appliance.store.database import Database
from appliance.store.readings import append, register_meter
from appliance.uplink import deliver
from appliance.uplink.deliver import Lane
from appliance.validation import Reason
from appliance.worker import Prover
from drivers.api import Authenticity, Reading, Unit
from tests.appliance.settled import CountedRandomness, InlineProver
from tests.audit.conftest import Told, audit_of
from tests.audit.proxy import Rewrite, at_read, lying
from tests.audit.settlement import DAY, FIRST_BLOCK, FOLDER, NETWORK, SECOND, SLOTS, STEWARD
from tests.devnet.network import Devnet
from tests.fakes.clock import FakeClock

DEPLOYER, TREASURER = (PrivateKey(bytes([n]) * 32) for n in (31, 32))
HOMES = 8  # of a zone: too few alone, enough together
TIME = TimeConfig(0, DAY, 2, 0, 1, 1, period_blocks=2)
POLICY = Policy(final_burn_blocks=1, poll=1, max_fee=10**6)
ZONES = [
    ZoneConfig(zone, "Lane", "electricity", SLOTS, FIRST_BLOCK, {s: f"{zone}-{s}" for s in range(HOMES)}, ())
    for zone in (1, 2)
]
ROUNDS = 200


@dataclass(frozen=True, slots=True)
class Village:
    url: str
    owner: Address
    usage: int
    settled: list[int]

    def audited(self, rewrite: Rewrite) -> Told:
        async def ask() -> Told:
            async with lying(self.url, rewrite, {}) as url:
                return await asyncio.to_thread(audit_of, "--chain", url, "--settlement", str(self.owner))

        return asyncio.run(ask())


@pytest.fixture(scope="module")
def village(node: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Village]:
    folder = tmp_path_factory.mktemp("village")
    owner = DEPLOYER.address(NETWORK)
    settings = ChainConfig("http://127.0.0.1:1", "testnet", str(owner), POLICY.max_fee, POLICY.final_burn_blocks, 1)
    config = Config("Place", 0, folder, TIME, None, settings, PortalConfig("127.0.0.1", 0), tuple(ZONES))
    gateway = asyncio.run(_gateway(config))
    funded = [*(key.address(NETWORK) for key in (DEPLOYER, STEWARD, SECOND)), gateway]
    chain = Devnet(node, folder / "chain", {str(who): 10**12 for who in funded}, block_ms=50)
    assert chain.start(), chain.messages
    yield asyncio.run(_run(f"http://127.0.0.1:{chain.port}", config))
    assert chain.kill(signal.SIGTERM) == 0


async def _gateway(config: Config) -> Address:
    async with core_store(config) as (_, owned):
        return PrivateKey(owned.gateway.raw).address(NETWORK)


async def _run(url: str, config: Config) -> Village:
    owner = DEPLOYER.address(NETWORK)
    sources = {name: (FOLDER / f"{name}.clar").read_text("utf-8") for name in CONTRACTS}
    token = Contract(owner, "voucher-token")
    charter = Charter(
        *(STEWARD.address(NETWORK), token, 1, TARIFFS, {"period-blocks": TIME.period_blocks}),
        treasurers=(TREASURER.address(NETWORK),),
    )
    async with core_store(config) as (db, owned), aiohttp.ClientSession() as session:
        node = Node(url, session)
        lane = Lane(PrivateKey(owned.gateway.raw), NETWORK, owner)
        people = {label: PrivateKey(secret.signing_key()).address(NETWORK) for label, secret in owned.dwellings.items()}
        site = Site(lane.address, ZONES, 0, DAY, people)
        await found(node, Founders(DEPLOYER, (STEWARD, SECOND), NETWORK), sources, charter, site)
        usage = await _read(db)
        settled = await _appliance(db, node, lane, owned)
    return Village(url, owner, usage, settled)


async def _read(db: Database) -> int:
    """Two days of every meter; what all of them counted."""
    total = 0
    async with db.transaction() as tx:
        for zone in ZONES:
            for slot in range(HOMES):
                name, index = f"m{zone.zone}-{slot}", 1000
                meter = await register_meter(tx, name, zone.zone, slot)
                for block in (FIRST_BLOCK - 1, FIRST_BLOCK, FIRST_BLOCK + 1):
                    index += 0 if block < FIRST_BLOCK else 100 * zone.zone + slot
                    at = block * DAY + DAY // 2
                    await append(
                        tx,
                        meter,
                        name,
                        Reading("1-0:1.8.0", index, Unit.WH, at, Authenticity.L3, b"f", None),
                        Reason.NONE,
                    )
                total += index - 1000
    return total


async def _appliance(db: Database, node: Node, lane: Lane, owned: Household) -> list[int]:
    """The appliance's steps until both zones are settled and their totals opened; the next periods to settle."""
    clock, randomness, worker = FakeClock((FIRST_BLOCK + 2) * DAY), CountedRandomness(), cast(Prover, InlineProver())
    keys, sender, numbers = owned.keys, lane.sender, {zone.zone for zone in ZONES}
    compared: dict[int, Comparison] = {}
    read: Any = payment.read_account
    for _ in range(ROUNDS):
        await close_due(db, ZONES, clock, TIME, set())
        await sealed.ask_due(db, node, sender)
        await sealed.combine_due(db, node, sender, ZONES)
        await prove.commit_due(db, worker, keys, clock, randomness)
        await prove.batch_due(db, worker, ZONES, keys, TIME)
        await prove.prove_due(db, worker, sender, keys, randomness, set())
        await settle.prepare_due(db, worker, sender, keys, randomness, compared)
        await sealed.prepare_due(db, worker, sender)
        await deliver.sign_due(db, node, lane, clock, POLICY, numbers)
        await deliver.deliver_due(db, node, lane, clock, POLICY)
        await follow.read_back(db, node, lane.deployer, lane.address, set())
        await follow.read_back_calls(db, node, sender)
        terms = await settle.terms_of(node, sender, ZONES)
        await billing.bill_due(db, node, worker, sender, ZONES, keys)
        await accounts.settle_due(db, await settle.openings(db, node, sender, terms), keys)
        await accounts.book_due(db, clock.now())
        await settle.compare(db, node, sender, terms, keys, compared)
        clock.at += POLICY.poll
        answers = [
            read(await node.call_read(Contract(lane.deployer, "payment"), "get-account", (UInt(zone),), lane.address))
            for zone in numbers
        ]
        ended = await db.one("SELECT count(*) FROM call WHERE on_chain = 0")
        if all(answer.settled == 1 for answer in answers) and ended == (0,):
            return [answer.settled for answer in answers]
        await asyncio.sleep(0.05)
    raise AssertionError("the periods are not settled")


def test_a_small_zone_goes_from_readings_to_a_settled_period_and_the_audit_holds(village: Village) -> None:
    assert village.settled == [1, 1]
    told = village.audited(lambda *asked: asked[-1])
    assert (told.code, told.report["failures"]) == (0, []), told.err
    assert [(zone["zone"], zone["batches"]) for zone in told.report["zones"]] == [(1, 1), (2, 1)]


def test_the_audit_sees_a_total_that_is_not_the_readings(village: Village) -> None:
    honest = village.audited(at_read("get-combined-usage", 1, FIRST_BLOCK, total=UInt(village.usage)))
    assert honest.code == 0, "what the meters counted is what was opened"
    told = village.audited(at_read("get-combined-usage", 1, FIRST_BLOCK, total=UInt(village.usage + 1)))
    assert told.failures() == {(None, None, "total")}
