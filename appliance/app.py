"""Composition root: opens everything, then one TaskGroup in the order of the pipeline."""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import aiohttp

from appliance import (
    accounts,
    answer,
    billing,
    claims,
    close,
    collect,
    contests,
    follow,
    keys,
    leaving,
    mend,
    polls,
    projection,
    prove,
    sales,
    sealed,
    settle,
)
from appliance.chain.address import Address, CodecError, Contract, Network
from appliance.chain.node import Node, NodeError
from appliance.chain.transaction import PrivateKey
from appliance.clock import Clock, ScaledClock, SystemClock
from appliance.collect import Journal
from appliance.config import AgentConfig, Config, ConfigError, TimeConfig, ZoneConfig
from appliance.delivery import Policy
from appliance.keys import Seal, Secret
from appliance.sales import Seller
from appliance.store import agents, blocks, secrets
from appliance.store import leaving as leaving_store
from appliance.store.database import Database
from appliance.store.leaving import Departure
from appliance.uplink import deliver
from appliance.uplink.deliver import Lane
from appliance.worker import Keys, Prover
from web.server import make_portal, serve

log = logging.getLogger("mita")

TICK: Final = 0.25  # seconds between two looks at the store
END_SECONDS: Final = 10  # for an orderly end, before it is made short


class InUseError(Exception):
    """Another appliance works on this data folder."""


@dataclass(frozen=True, slots=True)
class Card:
    """What a dwelling's printed card says. Secret: `repr` hides the codes."""

    label: str
    sign_in_code: str
    proof_code: str

    def __repr__(self) -> str:
        return f"Card({self.label!r}, ...)"


@dataclass(frozen=True, slots=True)
class AgentCard:
    """What an agent's printed card says. Secret: `repr` hides the code."""

    label: str
    sign_in_code: str

    def __repr__(self) -> str:
        return f"AgentCard({self.label!r}, ...)"


@dataclass(frozen=True, slots=True)
class Household:
    """Secrets of a gateway, opened: its own key, the dwellings' by label, blinding keys by the secrets' names, and the
    agents'."""

    gateway: Secret
    dwellings: dict[str, Secret]
    keys: Keys
    sellers: tuple[Seller, ...] = ()

    def cards(self) -> list[Card]:
        return [
            Card(label, secret.sign_in_code(), secret.blinding_key().to_code())
            for label, secret in sorted(self.dwellings.items())
        ]

    def agent_cards(self) -> list[AgentCard]:
        return [AgentCard(one.config.label, one.secret.sign_in_code()) for one in self.sellers]


def _check_address(agent: AgentConfig, network: Network) -> None:
    """ConfigError for what is no account of the network."""
    try:
        right = Address.from_c32(agent.address).version == network.address_version
    except CodecError:
        right = False
    if not right:
        raise ConfigError(f"agent {agent.label}: {agent.address} is no address of the {network.name.lower()}")


def clock_of(config: Config) -> Clock:
    scale = config.scale
    return SystemClock() if scale is None else ScaledClock(scale.epoch_utc, scale.epoch_wall_ms, scale.speed)


@contextmanager
def only_one(data: Path) -> Iterator[None]:
    """Holds the data folder's lock; the system frees it when the process ends, however it ends."""
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(data / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise InUseError(f"another Mita is using {data}: stop it first") from error
    finally:
        os.close(descriptor)


async def household(config: Config, db: Database) -> Household:
    """Opens the secrets, making those that do not exist yet, in one transaction. ConfigError for a home that
    the configuration leaves out, and that has not left."""
    seal = Seal(keys.load_device_key(config.data / "device.key", os.urandom), os.urandom)
    async with db.transaction() as tx:
        gateway = await secrets.secret(tx, seal, secrets.GATEWAY, os.urandom)
        labels = sorted({label for zone in config.zones for label in zone.dwellings.values()})
        dwellings = {label: await secrets.secret(tx, seal, secrets.dwelling(label), os.urandom) for label in labels}
        sellers = tuple(
            [
                Seller(one, await secrets.secret(tx, seal, secrets.agent(one.address), os.urandom))
                for one in config.agents
            ]
        )
        for zone in config.zones:
            await secrets.secret(tx, seal, secrets.vacant(zone.zone), os.urandom)
            _same_blocks(zone, config.time, await blocks.first_block(tx, zone.zone))
            left = await leaving_store.departures(tx, zone.zone)
            _same_homes(zone, await blocks.holders(tx, zone.zone), left)
        named = await secrets.every(tx, seal)
    return Household(gateway, dwellings, {name: secret.blinding_key() for name, secret in named.items()}, sellers)


def _same_blocks(zone: ZoneConfig, time: TimeConfig, first: tuple[int, int, int] | None) -> None:
    """Blocks that are closed stay where they are in time."""
    if first is None:
        return
    number, starts_at, ends_at = first
    if number != zone.first_block:
        raise ConfigError(f"zone {zone.zone} began with block {number}: write first_block = {number}")
    if (time.starts_at(number), time.starts_at(number + 1)) != (starts_at, ends_at):
        length = ends_at - starts_at
        origin = starts_at - number * length
        raise ConfigError(f"blocks are closed already: write block_seconds = {length}, origin = {origin} in [time]")


def _same_homes(zone: ZoneConfig, holders: Mapping[int, str], left: Sequence[Departure]) -> None:
    """A home may move into a vacant slot, or one whose home has left, or is about to, as the registry said."""
    if holders and len(holders) != zone.slots:
        raise ConfigError(f"zone {zone.zone} has {len(holders)} slots, not {zone.slots}: a zone keeps its size")
    gone = {(of.slot, of.holder) for of in left}
    for slot, holder in holders.items():
        if holder not in (secrets.holder(zone, slot), secrets.vacant(zone.zone)) and (slot, holder) not in gone:
            home = holder.partition("/")[2]
            raise ConfigError(
                f'slot {slot} of zone {zone.zone} is {home}\'s: write {slot} = "{home}" in its dwellings, until this '
                "box has read in the registry that it moves out"
            )


@asynccontextmanager
async def core_store(config: Config) -> AsyncIterator[tuple[Database, Household]]:
    """The core's database and secrets, under the data folder's lock."""
    with only_one(config.data):
        async with Database.open(config.data / "core.db", "core") as db:
            yield db, await household(config, db)


async def run(config: Config) -> None:
    """Until cancelled. An error that no step expects ends everything: the system starts us again."""
    clock = clock_of(config)
    wall = SystemClock()  # of people and networks, which no demonstration can speed up
    async with AsyncExitStack() as stack:
        db, owned = await stack.enter_async_context(core_store(config))
        shown = await stack.enter_async_context(Database.open(config.data / "portal.db", "portal"))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        prover = stack.enter_context(Prover())
        node = Node(config.chain.node, session)
        lane = Lane(
            PrivateKey(owned.gateway.raw),
            Network[config.chain.network.upper()],
            Address.from_c32(config.chain.deployer),
        )
        if lane.deployer.version != lane.network.address_version:
            raise ConfigError(f"chain.deployer {lane.deployer} is no address of the {config.chain.network}")
        for one in config.agents:
            _check_address(one, lane.network)
        policy = Policy(config.chain.final_burn_blocks, config.chain.poll_seconds, config.chain.max_fee)
        contract = str(Contract(lane.deployer, "meter-data"))
        log.info("gateway %s, place %s", lane.address, config.place)

        buses = await collect.install(db, config.zones)
        journal = Journal(db)

        async def prove_and_batch() -> None:
            await prove.commit_due(db, prover, owned.keys, clock, os.urandom)
            await prove.batch_due(db, prover, config.zones, owned.keys, config.time)
            await prove.prove_due(db, prover, lane.sender, owned.keys, os.urandom, proved)

        proved: set[tuple[int, int, bool]] = set()
        ahead: set[int] = set()
        wrong: dict[int, list[str]] = {}
        differing: set[tuple[int, int]] = set()
        compared: dict[int, settle.Comparison] = {}
        watched = answer.Watch()
        asking = claims.Watch()
        departing: dict[tuple[int, int], int] = {}
        standing = [polls.NOTHING]

        async def sign() -> None:
            ready = {zone for zone, words in wrong.items() if not words} - {zone for zone, _ in differing}
            await deliver.sign_due(db, node, lane, wall, policy, ready)
            await deliver.take_up_due(db, node, lane, wall, policy, ready)  # also gives nonces away, so not beside it

        async def send() -> None:
            await deliver.deliver_due(db, node, lane, wall, policy)

        async def ask_forms() -> None:
            await sealed.ask_due(db, node, lane.sender)
            await sealed.combine_due(db, node, lane.sender, config.zones)
            await wall.sleep(policy.poll)

        async def read_back() -> None:
            await follow.confirm_zones(node, lane.deployer, lane.address, config.zones, config.time, wrong)
            await follow.read_back(db, node, lane.deployer, lane.address, differing)
            await follow.read_back_calls(db, node, lane.sender)
            await wall.sleep(policy.poll)

        async def reckon() -> None:
            terms = await settle.terms_of(node, lane.sender, config.zones)
            await billing.bill_due(db, node, prover, lane.sender, config.zones, owned.keys)
            if terms:
                await settle.give_references(db, node, lane.sender, config.zones, owned.dwellings)
                await settle.watch_payments(db, node, lane.sender, config.zones, terms, wall, policy.final_burn_blocks)
                ratios = {number: of.ratio for number, of in terms.items()}
                buried = policy.final_burn_blocks
                await sales.watch_floats(db, node, lane.sender, ratios, config.agents, buried, wall.now())
                for zone in config.zones:
                    if zone.zone in terms:
                        await mend.mend_due(db, node, lane.sender, zone.zone)
                        await accounts.credit_due(db, zone, terms[zone.zone])
                ready = {zone: of.account.settled for zone, of in compared.items() if not of.wrong}
                payer = config.agents[0].address if config.agents else ""
                await leaving.watch_departures(db, node, lane.sender, config.zones, departing, buried)
                await leaving.clear_due(db, node, lane.sender, ratios, ready, payer, owned.keys)
                opens = await settle.openings(db, node, lane.sender, terms)
                await accounts.settle_due(db, opens, owned.keys)
                await accounts.book_due(db, wall.now())
                await settle.compare(db, node, lane.sender, terms, owned.keys, compared)
            await wall.sleep(policy.poll)

        async def answer_disputes() -> None:
            numbers = {zone.zone for zone in config.zones}
            buried = policy.final_burn_blocks
            await answer.watch_disputes(db, node, lane.sender, numbers, owned.keys, watched, buried)
            await answer.act_due(db, node, lane.sender, owned.keys)
            await claims.watch_claims(db, node, lane.sender, numbers, asking, buried)
            await wall.sleep(policy.poll)

        async def hold_polls() -> None:
            standing[0] = await polls.look(db, node, lane.sender, config.zones, standing[0])
            buried = policy.final_burn_blocks
            await polls.plan_due(db, node, prover, lane.sender, config.zones, owned.keys, buried)
            await contests.answer_due(db, node, lane.sender, config.zones)
            await wall.sleep(policy.poll)

        async def prepare() -> None:
            await settle.prepare_due(db, prover, lane.sender, owned.keys, os.urandom, compared)
            await polls.prepare_due(db, prover, lane.sender, owned.keys, os.urandom)
            await claims.prepare_due(db, prover, lane.sender, owned.keys, os.urandom)
            await contests.prepare_due(db, lane.sender, owned.keys)
            await sealed.prepare_due(db, prover, lane.sender)

        async def show() -> None:
            await projection.show_place(db, shown, config, owned.dwellings, contract, owned.gateway.mark())
            await sales.show_agents(shown, owned.sellers)
            rooms: dict[tuple[int, str], agents.Room] = {}

            async def copy() -> None:
                await projection.show_due(db, shown, owned.keys)
                await sales.show_due(db, shown, config.zones, rooms)

            await _every_tick(copy)

        async with asyncio.TaskGroup() as tasks:
            start = partial(_start, tasks)
            start(journal.write())
            for (driver, _), meters in buses.items():
                start(collect.poll_bus(driver, meters, clock, config.time, journal))
            start(_every_tick(lambda: close.close_due(db, config.zones, clock, config.time, ahead)))
            start(_every_tick(prove_and_batch))
            start(_every_tick(prepare))
            for step in (ask_forms, sign, send, read_back, reckon, answer_disputes, hold_polls):
                start(_every_tick(partial(_with_link, step, wall, policy)))
            start(_every_tick(lambda: polls.take_choices(db, shown, standing[0])))
            start(_every_tick(lambda: sales.take_requests(db, shown, config.zones, config.agents, wall.now())))
            start(show())
            start(_serve(shown, wall, config))


def _start(tasks: asyncio.TaskGroup, work: Coroutine[object, object, None]) -> None:
    """Starts a task of the group; if it ends, the process does, even where another task cannot be cancelled."""

    async def watched() -> None:
        try:
            await work
        except BaseException as error:  # whatever ends one task ends the process
            task = asyncio.current_task()
            if isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling():
                raise  # the group ends already
            end_soon()
            raise RuntimeError("a task of the appliance ended") from error

    tasks.create_task(watched())


def end_soon() -> None:
    """Ends the process in a while, whatever hangs: it is safe to be killed at any instant, and not to run half."""
    deadline = threading.Timer(END_SECONDS, os._exit, (1,))
    deadline.daemon = True
    deadline.start()


async def _every_tick(step: Callable[[], Awaitable[object]]) -> None:
    while True:
        await step()
        await asyncio.sleep(TICK)


async def _with_link(step: Callable[[], Awaitable[None]], clock: Clock, policy: Policy) -> None:
    """Runs a step that needs the uplink; without one it waits for a poll's time."""
    try:
        await step()
    except NodeError as error:
        log.warning("the uplink is down: %s", error)
        await clock.sleep(policy.poll)


async def _serve(shown: Database, clock: Clock, config: Config) -> None:
    async with serve(make_portal(shown, clock.now, os.urandom), config.portal.host, config.portal.port) as port:
        log.info("portal at http://%s:%d/", config.portal.host, port)
        await asyncio.Event().wait()
