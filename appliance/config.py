"""One TOML file -> one frozen tree. Every mistake is reported with the key, what was given and what to write."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from appliance.table import ConfigError as ConfigError
from appliance.table import Table

Utility = Literal["electricity", "water"]
SplitRule = Literal["equal", "weights", "heads", "sub-meters"]
Unit = Literal["Wh", "L"]

UNIT_OF: Final[Mapping[Utility, Unit]] = {"electricity": "Wh", "water": "L"}
SLOTS: Final = (16, 64)
GREATEST_WEIGHT: Final = 1000
LONGEST_PERIOD: Final = 31  # blocks that a tariff must be able to bill
METER_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")
LABEL: Final = re.compile(r"[A-Z0-9]{1,4}-[A-Z0-9]{1,4}(-[A-Z0-9]{1,4})?")


@dataclass(frozen=True, slots=True)
class Share:
    """What one slot gets of a shared meter; `weight` counts against the other slots', and is not used by sub-meters."""

    slot: int
    weight: int


@dataclass(frozen=True, slots=True)
class SharedConfig:
    """The slots, two or more, that one meter feeds, and by what its usage is split among those that are occupied."""

    rule: SplitRule
    shares: tuple[Share, ...]


@dataclass(frozen=True, slots=True)
class MeterConfig:
    """A meter installed at a slot, or one that several share: then `slot` is None. `settings` go to its driver."""

    name: str
    driver: str
    slot: int | None
    settings: Mapping[str, object]
    shared: SharedConfig | None = None

    @property
    def fed(self) -> tuple[int, ...]:
        """The slots that share it; none for a meter at a slot of its own."""
        return () if self.shared is None else tuple(share.slot for share in self.shared.shares)


@dataclass(frozen=True, slots=True)
class ZoneConfig:
    """Slots of one utility. `dwellings` maps occupied slots to dwelling labels."""

    zone: int
    name: str
    utility: Utility
    slots: int
    first_block: int
    dwellings: Mapping[int, str]
    meters: tuple[MeterConfig, ...]


@dataclass(frozen=True, slots=True)
class TimeConfig:
    """Block b covers [origin + b*block_seconds, origin + (b+1)*block_seconds), UTC; a period has `period_blocks`.

    Further behind than `catch_up_blocks` the clock is taken to be wrong, not the box to have been switched off.
    """

    origin: int
    block_seconds: int
    batch_blocks: int
    grace_seconds: int
    poll_seconds: int
    journal_seconds: int
    catch_up_blocks: int = 400
    period_blocks: int = 28

    def starts_at(self, block: int) -> int:
        return self.origin + block * self.block_seconds

    def block_at(self, at: int) -> int:
        return (at - self.origin) // self.block_seconds


@dataclass(frozen=True, slots=True)
class ScaleConfig:
    """A demonstration's time: see `clock.ScaledClock`."""

    epoch_utc: int
    epoch_wall_ms: int
    speed: int


@dataclass(frozen=True, slots=True)
class ChainConfig:
    """Where transactions go. Fees in micro-STX; final after so many Bitcoin blocks on top."""

    node: str
    network: Literal["mainnet", "testnet"]
    deployer: str
    max_fee: int
    final_burn_blocks: int
    poll_seconds: int


@dataclass(frozen=True, slots=True)
class PortalConfig:
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class AgentConfig:
    """Who sells credit for cash: the label on its card, and its account on the chain."""

    label: str
    address: str


@dataclass(frozen=True, slots=True)
class Config:
    """`utc_offset_minutes` is the place's, for pages; the core counts in UTC. So are `currency` and its `decimals`:
    a unit of account is 10^-decimals of it."""

    place: str
    utc_offset_minutes: int
    data: Path
    time: TimeConfig
    scale: ScaleConfig | None
    chain: ChainConfig
    portal: PortalConfig
    zones: tuple[ZoneConfig, ...]
    currency: str = ""
    decimals: int = 0
    agents: tuple[AgentConfig, ...] = ()


def load(path: Path) -> Config:
    """Reads and checks the file; relative folders are taken from where the file lies."""
    try:
        tree = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(f"there is no configuration file {path}: give its path with -c") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid TOML: {error}") from error
    return parse(tree, path.parent)


def parse(tree: Mapping[str, object], folder: Path) -> Config:
    """The checked configuration of a parsed TOML tree."""
    top = Table(tree, "")
    config = Config(
        place=top.text("place", default="Mita"),
        utc_offset_minutes=top.whole("utc_offset_minutes", -720, 840, default=0),
        data=folder / top.text("data"),
        time=_time(top.table("time")),
        scale=_scale(top.table("scale")) if "scale" in tree else None,
        chain=_chain(top.table("chain")),
        portal=_portal(top.table("portal")),
        zones=tuple(_zone(table) for table in top.tables("zone")),
        currency=top.text("currency", default=""),
        decimals=top.whole("decimals", 0, 9, default=0),
        agents=tuple(_agent(table) for table in top.tables("agent")),
    )
    top.done()
    if not config.zones:
        raise ConfigError("no [[zone]] is described: add at least one")
    meters = [meter for zone in config.zones for meter in zone.meters]
    homes = {label for zone in config.zones for label in zone.dwellings.values()}
    for what, names in (
        ("zone number", [str(z.zone) for z in config.zones]),
        ("meter name", [m.name for m in meters]),
        ("meter with settings", [f"{m.driver} {sorted(m.settings.items())}" for m in meters]),
        (
            "label, typed without hyphens,",
            [label.replace("-", "") for label in (*homes, *(agent.label for agent in config.agents))],
        ),
        ("agent's address", [agent.address for agent in config.agents]),
    ):
        double = sorted({name for name in names if names.count(name) > 1})
        if double:
            raise ConfigError(f"{what} {double[0]} is used twice: give each its own")
    return config


def _time(table: Table) -> TimeConfig:
    time = TimeConfig(
        origin=table.whole("origin", 0, 2**40, default=0),
        block_seconds=table.whole("block_seconds", 60, 7 * 86400, default=86400),
        batch_blocks=table.whole("batch_blocks", 1, 7, default=7),
        grace_seconds=table.whole("grace_seconds", 0, 86400, default=120),
        poll_seconds=table.whole("poll_seconds", 1, 86400, default=60),
        journal_seconds=table.whole("journal_seconds", 1, 86400, default=900),
        catch_up_blocks=table.whole("catch_up_blocks", 1, 10_000, default=400),
        period_blocks=table.whole("period_blocks", 1, LONGEST_PERIOD, default=28),
    )
    table.done()
    return time


def _scale(table: Table) -> ScaleConfig:
    scale = ScaleConfig(
        epoch_utc=table.whole("epoch_utc", 0, 2**40),
        epoch_wall_ms=table.whole("epoch_wall_ms", 0, 2**50),
        speed=table.whole("speed", 1, 10**6),
    )
    table.done()
    return scale


def _chain(table: Table) -> ChainConfig:
    chain = ChainConfig(
        node=table.text("node"),
        network=table.choice("network", ("mainnet", "testnet")),
        deployer=table.text("deployer"),
        max_fee=table.whole("max_fee", 1, 10**9, default=500_000),
        final_burn_blocks=table.whole("final_burn_blocks", 1, 100, default=6),
        poll_seconds=table.whole("poll_seconds", 1, 86400, default=30),
    )
    if not chain.node.startswith(("http://", "https://")):
        table.wrong("node", chain.node, 'the address of a Stacks node, such as "https://node.example:20443"')
    table.done()
    return chain


def _portal(table: Table) -> PortalConfig:
    portal = PortalConfig(
        host=table.text("host", default="127.0.0.1"), port=table.whole("port", 0, 65535, default=8080)
    )
    table.done()
    return portal


def _agent(table: Table) -> AgentConfig:
    agent = AgentConfig(table.text("label"), table.text("address"))
    if not LABEL.fullmatch(agent.label):
        table.wrong("label", agent.label, 'a label such as "AG-1"')
    table.done()
    return agent


def _zone(table: Table) -> ZoneConfig:
    slots = table.whole("slots", 1, 64)
    if slots not in SLOTS:
        table.wrong("slots", slots, "16 or 64")
    meters = tuple(_meter(entry, slots) for entry in table.tables("meter"))
    _one_feed_each(table, meters)
    dwellings: dict[int, str] = {}
    for key, label in table.raw("dwellings", {}).items():
        if not key.isdecimal() or int(key) >= slots or key != str(int(key)):
            table.wrong("dwellings", key, f"a slot number from 0 to {slots - 1}")
        if not isinstance(label, str) or not LABEL.fullmatch(label):
            table.wrong(f"dwellings.{key}", label, 'a dwelling label such as "A-07"')
        dwellings[int(key)] = label
    labels = list(dwellings.values())
    twice = sorted({label for label in labels if labels.count(label) > 1})
    if twice:
        raise ConfigError(f"{table.path}dwellings: {twice[0]} is at two slots; a dwelling has one slot per utility")
    if not labels:
        raise ConfigError(f"{table.path}dwellings: no home is there: write one at least")
    zone = ZoneConfig(
        zone=table.whole("zone", 1, 2**31),
        name=table.text("name"),
        utility=table.choice("utility", ("electricity", "water")),
        slots=slots,
        first_block=table.whole("first_block", 0, 2**40),
        dwellings=dwellings,
        meters=meters,
    )
    table.done()
    return zone


def _meter(table: Table, slots: int) -> MeterConfig:
    name = table.text("name")
    if not METER_NAME.fullmatch(name):
        table.wrong("name", name, "1 to 64 letters, digits, dots, hyphens or underscores; not the serial number")
    shared = _shared(table, slots) if table.has("slots") else None
    meter = MeterConfig(
        name=name,
        driver=table.text("driver"),
        slot=table.whole("slot", 0, slots - 1) if shared is None else None,
        settings=table.raw("settings", {}),
        shared=shared,
    )
    table.done()
    return meter


def _shared(table: Table, slots: int) -> SharedConfig:
    fed = table.wholes("slots", 0, slots - 1)
    if len(fed) < 2 or len(set(fed)) != len(fed):
        table.wrong("slots", list(fed), "two or more different slots, or slot = N for a meter of one slot")
    rule: SplitRule = table.choice("split", ("equal", "weights", "heads", "sub-meters"))
    if rule in ("equal", "sub-meters"):
        return SharedConfig(rule, tuple(Share(slot, 1) for slot in fed))
    weights = table.wholes(rule, 0, GREATEST_WEIGHT)
    if len(weights) != len(fed) or not any(weights):
        table.wrong(rule, list(weights), f"one number for each of the {len(fed)} slots, not all of them 0")
    return SharedConfig(rule, tuple(Share(*pair) for pair in zip(fed, weights, strict=True)))


def _one_feed_each(table: Table, meters: Sequence[MeterConfig]) -> None:
    """One meter of its own at a slot, or a part of one shared meter; both only where the first splits the second."""
    own = [meter.slot for meter in meters if meter.slot is not None]
    fed = [slot for meter in meters for slot in meter.fed]
    if len(set(own)) != len(own) or len(set(fed)) != len(fed):
        raise ConfigError(f"{table.path}meter: two meters claim one slot; each slot has one meter")
    for meter in meters:
        if meter.shared is None:
            continue
        for share in meter.shared.shares:
            if meter.shared.rule == "sub-meters" and share.slot not in own:
                raise ConfigError(
                    f"{table.path}meter: {meter.name} is split by sub-meters, and slot {share.slot} has none: add a "
                    f"[[zone.meter]] with slot = {share.slot}"
                )
            if meter.shared.rule != "sub-meters" and share.slot in own:
                raise ConfigError(
                    f"{table.path}meter: slot {share.slot} has a meter of its own and a part of {meter.name}: remove "
                    'one, or write split = "sub-meters"'
                )
