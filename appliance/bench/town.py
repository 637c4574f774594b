"""The settlement that `./mita bench chain` plays through: who takes part, what is registered, how a call is made."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from appliance import founding
from appliance.bench.calls import (
    DEPLOYER,
    GATEWAY,
    NETWORK,
    PROVIDER,
    SECOND_STEWARD,
    STEWARD,
    Call,
    Plain,
    contract,
    value,
)
from appliance.call import PRIVACY_PROOF, USER_REGISTRY, Sender
from appliance.calls.values import context
from appliance.chain.address import Address, Contract
from appliance.chain.clarity import Optional, UInt, Value, serialize
from appliance.chain.payload import ContractCall
from appliance.chain.transaction import PrivateKey
from appliance.config import ZoneConfig
from appliance.founding import FirstTariff
from circuits.pedersen import Opening
from circuits.scalar import ONE, N, Scalar
from circuits.tariff import Band

BILLING, PAYMENT, DISPUTES, GOVERNANCE = "billing", "payment", "dispute-resolution", "governance"
VOUCHER, REWARD = "voucher-token", "utility-token"

SLOTS: Final = 64
SMALL: Final = 16
FIRST_BLOCK: Final = 20_000
DAY: Final = 86_400
RATIO: Final = 100_000  # units of account in a token
REWARD_AMOUNT: Final = 3

POWER, WATER, COURT, SEALED = 1, 2, 3, (4, 5, 6, 7)
"""Zones: 64 slots of each utility, 16 whose dwellings are jurors, and 64 each that send sealed batches."""
ZONES, MORE_ZONES = 64, 100
"""As many zones as there may be; nobody lives in those from the second number on."""
VACANT: Final = 63  # of WATER's slots

THIRD_STEWARD, SPARE_GATEWAY, SECOND_SPARE, DEVICE = (PrivateKey(bytes([n]) * 32) for n in range(10, 14))
AGENTS: Final = tuple(PrivateKey(bytes([20 + n]) * 32) for n in range(8))
TREASURERS: Final = tuple(PrivateKey(bytes([30 + n]) * 32) for n in range(3))
HOMES: Final = tuple(PrivateKey(bytes([100 + n]) * 32) for n in range(104))
"""Of dwellings u1 to u104: 64 in POWER, all but the last of them in WATER; 16 in COURT, 12 in each of two of SEALED."""


class Surroundings(Protocol):
    """The chain that the calls are made on."""

    def burn(self, blocks: int) -> int:
        """So many empty burn blocks; the burn height then."""

    def read(self, contract: Contract, function: str, *arguments: Value) -> Value:
        """The answer of a read-only function."""


@dataclass(slots=True)
class Book:
    """What opens a zone's commitments, and what the zone does next. Openings by slot."""

    slots: int
    next_block: int = FIRST_BLOCK
    period: int = 0
    running: list[Opening] | None = None
    usage: dict[int, tuple[list[Opening], int]] = field(default_factory=dict)
    """By closed period, and over how many blocks."""
    bills: dict[int, list[Opening]] = field(default_factory=dict)
    balances: list[Opening] = field(default_factory=list)
    arrears: list[Opening] = field(default_factory=list)
    shares: list[Opening] = field(default_factory=list)
    """Of the newest credits."""
    blocks: int = 0
    settled: int = 0
    sequence: int = 0
    version: int = 0

    def __post_init__(self) -> None:
        self.balances = [Opening(0, ONE)] * self.slots
        self.arrears = [Opening(0, ONE + ONE)] * self.slots


@dataclass(slots=True)
class Town:
    """`bands` are electricity's. Whatever is yielded as a call takes effect before the next is asked for."""

    rng: random.Random
    chain: Surroundings
    bands: tuple[Band, ...]
    sealed: tuple[int, ...]
    books: dict[int, Book] = field(default_factory=dict)
    payments: int = 0

    def __post_init__(self) -> None:
        self.books = {zone: Book(slots) for zone, slots in ((POWER, SLOTS), (WATER, SLOTS), (COURT, SMALL))}
        self.books |= {zone: Book(SLOTS) for zone in self.sealed}

    @property
    def sender(self) -> Sender:
        """The gateway."""
        return Sender(NETWORK, DEPLOYER.address(NETWORK), GATEWAY.address(NETWORK))

    def blinding(self) -> Scalar:
        return Scalar(self.rng.randrange(1, N))

    def entropy(self) -> bytes:
        return self.rng.randbytes(32)

    def burn_to(self, height: int) -> None:
        """The next call runs in this burn block or a later one."""
        now = self.chain.burn(1)
        if now < height:
            self.chain.burn(height - now)

    def read(self, name: str, function: str, *arguments: Plain) -> Value:
        return self.chain.read(contract(name), function, *map(value, arguments))

    def bound(self, domain: str, name: str, sender: PrivateKey = GATEWAY, /, **fields: Plain) -> bytes:
        """The context of a proof in a call of contract `name` by `sender`."""
        who = Sender(NETWORK, DEPLOYER.address(NETWORK), sender.address(NETWORK))
        named = {field_name.replace("_", "-"): value(item) for field_name, item in fields.items()}
        return context(who, domain, name, named)

    def hashed(self, fields: Mapping[str, Plain]) -> bytes:
        """SHA-256 of a tuple's consensus bytes."""
        return hashlib.sha256(serialize(value(fields))).digest()


def call(sender: PrivateKey, name: str, function: str, *arguments: Plain) -> Call:
    return Call(contract(name), function, tuple(map(value, arguments)), sender, read_only=False)


def sent(payload: ContractCall, sender: PrivateKey = GATEWAY) -> Call:
    return Call(payload.contract, payload.function, payload.arguments, sender, read_only=False)


def together(name: str, function: str, *arguments: Plain) -> Iterator[Call]:
    """What takes two stewards."""
    for steward in (STEWARD, SECOND_STEWARD):
        yield call(steward, name, function, *arguments)


def own_key(dwelling: int) -> PrivateKey:
    """One that no gateway made."""
    return PrivateKey(bytes([dwelling]) * 31 + b"\x01")


def own_principal(dwelling: int) -> Iterator[Call]:
    """The dwelling gets that of its own key."""
    yield from together(USER_REGISTRY, "set-principal", dwelling, address(own_key(dwelling)))


def address(key: PrivateKey) -> Address:
    return key.address(NETWORK)


def proof() -> Contract:
    return contract(PRIVACY_PROOF)


def token() -> Contract:
    """What zones settle in."""
    return contract(VOUCHER)


def founding_calls(town: Town) -> Iterator[Call]:
    """Bootstraps, roles, zones and dwellings."""
    deployer = address(DEPLOYER)
    tariffs = (
        FirstTariff("electricity", 900, town.bands, 100, 2_000, 1),
        FirstTariff("water", 400, (Band(0, 60),), 100, 1_000, 1),
    )
    charter = founding.Charter(
        address(PROVIDER),
        token(),
        RATIO,
        tariffs,
        {"period-blocks": 1, "reward": REWARD_AMOUNT, "quorum-pct": 10},
        tuple(map(address, TREASURERS)),
        tuple(map(address, AGENTS)),
    )
    homes = {
        POWER: range(SLOTS),
        WATER: range(SLOTS - 1),
        COURT: range(SLOTS, SLOTS + SMALL),
        SEALED[0]: range(80, 92),
        SEALED[1]: range(92, 104),
        **{zone: range(0) for zone in town.sealed[2:]},
    }
    zones = [
        ZoneConfig(
            zone,
            "",
            "water" if zone == WATER else "electricity",
            town.books[zone].slots,
            FIRST_BLOCK,
            {slot: _label(home) for slot, home in enumerate(here)},
            (),
        )
        for zone, here in homes.items()
    ]
    principals = {_label(home): address(key) for home, key in enumerate(HOMES)}
    # blocks begin in 1970, so that the simulator's clock holds no batch back
    site = founding.Site(address(GATEWAY), zones, -FIRST_BLOCK * DAY, DAY, principals)
    stewards = (STEWARD, SECOND_STEWARD)
    for payload in founding.bootstrap_calls(deployer, list(map(address, stewards)), charter):
        yield sent(payload, DEPLOYER)
    for who, payloads in founding.registration_calls(deployer, charter, site):
        for payload in payloads:
            yield sent(payload, stewards[who])


def _label(home: int) -> str:
    """Labels sort as dwellings are numbered."""
    return f"home {home:03}"


def registry_calls(town: Town) -> Iterator[Call]:
    """What stewards and dwellings change afterwards, before anything was metered."""
    spare, second = address(SPARE_GATEWAY), address(SECOND_SPARE)
    yield from together(USER_REGISTRY, "register-steward", address(THIRD_STEWARD))
    yield call(STEWARD, USER_REGISTRY, "register-gateway", spare)
    yield from together(USER_REGISTRY, "revoke-gateway", spare)
    yield call(STEWARD, USER_REGISTRY, "register-gateway", second)
    for gateway in (second, address(GATEWAY)):
        yield from together(USER_REGISTRY, "replace-gateway", POWER, gateway)
    for zone in range(MORE_ZONES, MORE_ZONES + ZONES - len(town.books)):
        empty = (zone, address(GATEWAY), address(PROVIDER), POWER, SLOTS, FIRST_BLOCK, 0, DAY, token(), 0)
        yield from together(USER_REGISTRY, "register-zone", *empty)
    newcomer = [{"zone": town.sealed[-1], "slot": 40}]
    yield from together(USER_REGISTRY, "register-user", address(PrivateKey(bytes([99]) * 32)), newcomer)
    yield from together(USER_REGISTRY, "assign-slot", SLOTS, WATER, VACANT)
    old, new = town.entropy(), town.entropy()
    yield call(STEWARD, USER_REGISTRY, "register-meter", old, POWER, range(16), 2)
    yield call(STEWARD, USER_REGISTRY, "replace-meter", old, new)
    yield call(HOMES[0], USER_REGISTRY, "set-self-proving", POWER, 0, some(address(DEVICE)))


def some(item: Plain) -> Value:
    return Optional(value(item))


def uint(item: Value) -> int:
    """TypeError for anything but a number."""
    if not isinstance(item, UInt):
        raise TypeError("a number is missing in a contract's answer")
    return item.value
