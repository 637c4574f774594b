"""A demonstration's surroundings, each a process of its own: virtual meters, a local chain, and the appliance."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import aiohttp

from appliance import app, config, founding
from appliance.app import AgentCard, Card
from appliance.chain.address import Address, Contract, Network
from appliance.chain.node import Node
from appliance.chain.transaction import PrivateKey
from appliance.cli import actors
from appliance.cli.actors import Cast, Paying
from appliance.cli.agents import Selling
from appliance.config import UNIT_OF, Config, Unit
from appliance.keys import Secret
from circuits.tariff import Band
from drivers.simulate.plan_file import Plan, plan

ROOT: Final = Path(__file__).resolve().parents[2]
CONTRACTS: Final = ROOT / "contracts"
DAY: Final = 86400
LIMIT: Final = 1 << 20
PORTS: Final = (10_000, 32_768)  # Linux gives outgoing connections ports from 32768 on
METER_PORTS: Final = 40
DECIMALS: Final = 5  # of the currency, in a unit of account
RATIO: Final = 10**DECIMALS  # units of account in one voucher, which is worth one of the currency
TARIFFS: Final = (
    founding.FirstTariff(
        "electricity",
        charge=50_000,
        bands=(Band(0, 1_000), Band(4_000, 1_500), Band(12_000, 2_200)),
        ceiling=1_500,
        charge_ceiling=100_000,
        lifeline=2_000,
    ),
    founding.FirstTariff(
        "water",
        charge=20_000,
        bands=(Band(0, 1_000), Band(50, 4_000), Band(200, 8_000)),
        ceiling=1_500,
        charge_ceiling=40_000,
        lifeline=25,
    ),
)
PAYING: Final = (Paying("A-01", 1, 800), Paying("A-02", 1, 200), Paying("A-01", 2, 60, 1))  # the others do not
FLOAT: Final = (1, 500)  # zone and vouchers that the agent puts into its pot
SELLING: Final = (Selling("A-03", "electricity", 150), Selling("A-04", "electricity", 90))
AGENT: Final = "AG-1"
REWARD: Final = 5  # vouchers, for owing nothing
SELF_PROVING: Final = ("A-02", 2, 1)  # label, zone and slot of a home that proves its own usage, too
SERVICES: Final = (("Power", "electricity"), ("Tap", "water"))  # of zone 1 and zone 2: the same homes have both
HEAD_START_MS: Final = 3000  # until the first day begins: meters and appliance are up by then


class TownError(Exception):
    """A part of the demonstration did not start; the message holds its last words."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a demonstration runs: wall milliseconds per simulated day and per chain block, of which every so many
    bring a run of Bitcoin blocks."""

    day_ms: int = 2000
    block_ms: int = 400
    burn_every: int = 2
    burn_run: int = 1
    batch_blocks: int = 2
    period_blocks: int = 4

    @property
    def speed(self) -> int:
        return DAY * 1000 // self.day_ms


LONG: Final = Pace(day_ms=9600, block_ms=400, burn_every=1, burn_run=6)
"""A day is 144 Bitcoin blocks, as on the network: votes and timelocks take as many days as they would."""


@dataclass(frozen=True, slots=True)
class Town:
    """Everything that runs, and where."""

    folder: Path
    config_file: Path
    config: Config
    node_url: str
    deployer: Address
    gateway: Address
    cards: Sequence[Card]
    agent_card: AgentCard
    served: Path
    founding: Sequence[str]
    cast: Cast
    pace: Pace

    @property
    def portal(self) -> str:
        return f"http://127.0.0.1:{self.config.portal.port}"

    @property
    def units(self) -> dict[int, Unit]:
        """What the zones' usage is counted in."""
        return {zone.zone: UNIT_OF[zone.utility] for zone in self.config.zones}


class Process:
    """A child that dies with us; what it says on standard error goes to `tell`, line by line."""

    def __init__(self, child: asyncio.subprocess.Process, tell: Callable[[str], None]) -> None:
        self._child = child
        self.last_words: list[str] = []
        self._reader = asyncio.create_task(self._listen(tell))

    async def _listen(self, tell: Callable[[str], None]) -> None:
        assert self._child.stderr is not None
        async for line in self._child.stderr:
            text = line.decode(errors="replace").rstrip()
            self.last_words = [*self.last_words[-9:], text]
            tell(text)

    async def ready(self) -> dict[str, object]:
        """The first line of its standard output, which is JSON."""
        assert self._child.stdout is not None
        line = await self._child.stdout.readline()
        if not line:
            await self.ended()
            raise TownError("it ended before it was ready: " + " / ".join(self.last_words))
        answer = json.loads(line)
        assert isinstance(answer, dict)
        return answer

    @property
    def code(self) -> int | None:
        return self._child.returncode

    async def ended(self) -> int:
        code = await self._child.wait()
        await self._reader
        return code

    def kill(self) -> None:
        """As a power cut would."""
        with contextlib.suppress(ProcessLookupError):
            self._child.send_signal(signal.SIGKILL)

    async def stop(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._child.terminate()
        try:
            async with asyncio.timeout(5):
                await self.ended()
        except TimeoutError:
            self.kill()
            await self.ended()


@asynccontextmanager
async def process(tell: Callable[[str], None], *command: str | Path) -> AsyncIterator[Process]:
    child = await asyncio.create_subprocess_exec(
        *map(str, command),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=ROOT,
        limit=LIMIT,
    )
    running = Process(child, tell)
    try:
        yield running
    finally:
        await running.stop()


def python(*arguments: str | Path) -> list[str | Path]:
    return [sys.executable, "-I", "-m", *arguments]


def appliance(town: Town, tell: Callable[[str], None]) -> contextlib.AbstractAsyncContextManager[Process]:
    """The appliance itself, as `./mita run` starts it."""
    return process(tell, *python("appliance", "run", "-c", town.config_file))


@asynccontextmanager
async def town(folder: Path, pace: Pace, tell: Callable[[str], None], portal_port: int = 0) -> AsyncIterator[Town]:
    """A founded settlement of 16 homes with two utilities, its chain and meters running, and no appliance yet."""
    node_program = os.environ.get("MITA_NODE", "node")
    deployer, *stewards, provider = (PrivateKey(secrets.token_bytes(32)) for _ in range(4))
    treasurers = [PrivateKey(secrets.token_bytes(32)) for _ in range(3)]
    own, agent = Secret(secrets.token_bytes(32)), PrivateKey(secrets.token_bytes(32))
    network = Network.TESTNET
    start = int(time.time()) // DAY * DAY
    first_port = _free_ports(METER_PORTS + 1)  # at once: nobody listens yet, so a second search could find the same
    meters = plan(epoch_utc=start, epoch_wall_ms=0, speed=pace.speed, first_port=first_port)
    config_file = folder / "mita.toml"
    portal_port = portal_port or first_port + METER_PORTS

    def write_config(node_url: str, epoch_wall_ms: int) -> Config:
        named = str(deployer.address(network)), str(agent.address(network))
        text = _config_text(meters, pace, node_url, named, portal_port, epoch_wall_ms)
        config_file.write_text(text, "utf-8")
        return config.load(config_file)

    settings = write_config("http://127.0.0.1:1", 0)
    async with app.core_store(settings) as (_, owned):
        gateway_key, cards, (agent_card,) = PrivateKey(owned.gateway.raw), owned.cards(), owned.agent_cards()
        residents = owned.dwellings
        homes = {label: PrivateKey(secret.signing_key()).address(network) for label, secret in residents.items()}
    gateway = gateway_key.address(network)
    genesis = folder / "genesis.json"
    people = [
        *(key.address(network) for key in (deployer, *stewards, *treasurers, agent, PrivateKey(own.raw))),
        gateway,
        *homes.values(),
    ]
    genesis.write_text(json.dumps({"accounts": [{"address": str(a), "balance": "1000000000000"} for a in people]}))
    served, plan_file = folder / "served.jsonl", folder / "plan.json"
    devnet = CONTRACTS / "devnet" / "server.mjs"
    blocks = {"--block-ms": pace.block_ms, "--burn-every": pace.burn_every, "--burn-run": pace.burn_run}
    options = [part for name, number in blocks.items() for part in (name, str(number))]
    async with process(
        lambda _: None, node_program, devnet, "--port", "0", "--data", folder / "chain", "--genesis", genesis, *options
    ) as chain:
        url = str((await chain.ready())["url"])
        tell(f"local chain at {url}, the real Clarity VM behind a node's HTTP API")
        sources = {name: (CONTRACTS / f"{name}.clar").read_text("utf-8") for name in founding.CONTRACTS}
        async with aiohttp.ClientSession() as session:
            founders = founding.Founders(deployer, (stewards[0], stewards[1]), network)
            token = Contract(deployer.address(network), actors.VOUCHER)
            counters = tuple(key.address(network) for key in treasurers)
            parameters = {"period-blocks": pace.period_blocks, "reward": REWARD}
            agents = (agent.address(network),)
            charter = founding.Charter(provider.address(network), token, RATIO, TARIFFS, parameters, counters, agents)
            # Here days pass faster than by the chain's clock, which therefore must not hold them back.
            site = founding.Site(gateway, settings.zones, -start, DAY, homes)
            sent = await founding.found(Node(url, session), founders, sources, charter, site)
        tell(
            f"{len(founding.CONTRACTS)} contracts deployed; registered: {len(settings.zones)} zones, {len(homes)} homes"
        )
        epoch_wall_ms = time.time_ns() // 1_000_000 + HEAD_START_MS
        meters = plan(epoch_utc=start, epoch_wall_ms=epoch_wall_ms, speed=pace.speed, first_port=meters.meters[0].port)
        plan_file.write_text(meters.to_json())
        async with process(
            lambda _: None, *python("drivers.simulate", "--plan", plan_file, "--log", served)
        ) as simulator:
            await simulator.ready()
            tell(f"{len(meters.meters)} meters listen on Modbus TCP; one day passes in {pace.day_ms / 1000:g} s")
            settings = write_config(url, epoch_wall_ms)
            cast = Cast(stewards, treasurers, residents, deployer.address(network), network, own, agent)
            where = folder, config_file, settings, url, deployer.address(network), gateway
            yield Town(*where, cards, agent_card, served, sent, cast, pace)


def _config_text(meters: Plan, pace: Pace, url: str, named: tuple[str, str], port: int, epoch_wall_ms: int) -> str:
    """The appliance's configuration in TOML; JSON strings are TOML strings. `named` are deployer and agent."""
    deployer, agent = named
    first_block = meters.epoch_utc // DAY
    lines = [
        'place = "Mita demo"',
        'currency = "KES"',
        f"decimals = {DECIMALS}",
        'data = "data"',
        "[time]",
        f"batch_blocks = {pace.batch_blocks}",
        f"period_blocks = {pace.period_blocks}",
        f"grace_seconds = {DAY // 4}",
        f"poll_seconds = {DAY // 12}",
        f"journal_seconds = {DAY // 4}",
        "[scale]",
        f"epoch_utc = {meters.epoch_utc}",
        f"epoch_wall_ms = {epoch_wall_ms}",
        f"speed = {meters.speed}",
        "[chain]",
        f"node = {json.dumps(url)}",
        'network = "testnet"',
        f"deployer = {json.dumps(deployer)}",
        f"final_burn_blocks = {2 if pace.burn_run == 1 else 10 * pace.burn_run}",
        "poll_seconds = 1",
        "[portal]",
        f"port = {port}",
        "[[agent]]",
        f"label = {json.dumps(AGENT)}",
        f"address = {json.dumps(agent)}",
    ]
    for zone, (name, utility) in enumerate(SERVICES, start=1):
        own = [meter for meter in meters.meters if meter.name.startswith(f"z{zone}s")]
        lines += [
            "[[zone]]",
            f"zone = {zone}",
            f"name = {json.dumps(name)}",
            f"utility = {json.dumps(utility)}",
            f"slots = {len(own)}",
            f"first_block = {first_block}",
            "[zone.dwellings]",
            *(f'{slot} = "A-{slot + 1:02}"' for slot in range(len(own))),
        ]
        for slot, meter in enumerate(own):
            lines += [
                "[[zone.meter]]",
                f"name = {json.dumps(meter.name)}",
                'driver = "modbus"',
                f"slot = {slot}",
                "[zone.meter.settings]",
                'transport = "tcp"',
                'host = "127.0.0.1"',
                f"port = {meter.port}",
                f"unit = {meter.unit}",
                f"model = {json.dumps(meter.model)}",
                "timeout_ms = 500",
            ]
    return "\n".join(lines) + "\n"


def _free_ports(count: int) -> int:
    """The first of `count` consecutive ports that nobody listens on now, below those that outgoing links are given."""
    lowest, highest = PORTS
    for _ in range(100):
        first = lowest + secrets.randbelow(highest - lowest - count)
        with contextlib.ExitStack() as held:
            try:
                for port in range(first, first + count):
                    sock = held.enter_context(socket.socket())
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    sock.bind(("127.0.0.1", port))
            except OSError:
                continue
            return first
    raise TownError(f"no {count} consecutive free ports on this machine")
