"""0: once per settlement: deploys the contracts, ends the deployer's power, registers roles, zones and dwellings.

Not a step of the pipeline, and not run by the appliance: those who found a settlement do this with their own keys.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from appliance import call
from appliance.chain.address import Address, Contract, Network
from appliance.chain.clarity import FALSE, NONE, Ascii, Buffer, List, Tuple, UInt, Value
from appliance.chain.node import Accepted, Node
from appliance.chain.payload import ContractCall, ContractDeploy, Payload, payload_bytes
from appliance.chain.transaction import PrivateKey, Transaction
from appliance.config import Utility, ZoneConfig
from circuits.tariff import Band

VERIFIERS: Final = (
    *("range-1", "range-4", "range-16", "range-32", "range-64"),
    *("money-1", "money-4", "money-16", "money-32"),
)
GENERATED: Final = (*VERIFIERS, "point-sums")
RECORDING: Final = (
    *(call.METER_DATA, "billing", "utility-token", "voucher-token", "payment", "dispute-resolution"),
    "governance",
)
ACTIVE: Final = (call.PRIVACY_PROOF, "aggregation", *RECORDING)
"""Those that the registry names by their job."""
CONTRACTS: Final = ("audit-log", call.USER_REGISTRY, *GENERATED, *ACTIVE)
"""In the order of deployment: static calls go backwards only."""

STEWARD, TREASURER, PROVIDER, AGENT = 1, 2, 3, 4  # the registry's numbers of roles
USERS_AT_ONCE: Final = 16  # as in the registry
OBSERVERS: Final = 3  # likewise: stewards and treasurers together, without whom there is no zone

_ROLES: Final = {"steward": STEWARD, "treasurer": TREASURER, "provider": PROVIDER, "agent": AGENT}
_POLL_SECONDS: Final = 0.1
_EMPTY_LOG: Final = Tuple.of({"seq": UInt(0), "head": Buffer(bytes(32))})


class FoundingError(Exception):
    """A transaction of the founding did not take effect; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Founders:
    """The deployer, whose power ends with the bootstrap, and two stewards, of whom one may be the deployer.

    `max_fee` in micro-STX is the most that one transaction may cost.
    """

    deployer: PrivateKey
    stewards: tuple[PrivateKey, PrivateKey]
    network: Network
    max_fee: int = 5_000_000


@dataclass(frozen=True, slots=True)
class FirstTariff:
    """What a utility costs at first, and what no vote can pass: how dear the first band and how high the charge for a
    block may be, and how low the second band may begin."""

    utility: Utility
    charge: int
    bands: tuple[Band, ...]
    ceiling: int
    charge_ceiling: int
    lifeline: int


@dataclass(frozen=True, slots=True)
class Charter:
    """What the founders agree on. Zones settle in `token`, a unit of which is `ratio` units of account;
    `parameters` are those of the registry that begin otherwise than usual."""

    provider: Address
    token: Contract
    ratio: int
    tariffs: tuple[FirstTariff, ...]
    parameters: Mapping[str, int] = field(default_factory=dict)
    treasurers: tuple[Address, ...] = ()
    agents: tuple[Address, ...] = ()


@dataclass(frozen=True, slots=True)
class Site:
    """What is registered: a gateway, its zones, and the principals of the dwellings in them, by label. By the chain's
    clock block b begins at `origin` + b * `block_seconds`, unix seconds, and in 1970 if that were earlier."""

    gateway: Address
    zones: Sequence[ZoneConfig]
    origin: int
    block_seconds: int
    principals: Mapping[str, Address]


async def found(node: Node, founders: Founders, sources: Mapping[str, str], charter: Charter, site: Site) -> list[str]:
    """Sends what is not done yet and waits until it is in blocks; the transaction ids. May be repeated after a failure.

    `sources` maps CONTRACTS to Clarity text. In stages: a node refuses calls to a contract that is not in a block yet,
    and a call that takes two stewards takes effect with the second one's. FoundingError.
    """
    deployer = founders.deployer.address(founders.network)
    stewards = [key.address(founders.network) for key in founders.stewards]
    stages: list[tuple[PrivateKey, Sequence[Payload]]] = [
        (founders.deployer, [ContractDeploy(name, sources[name]) for name in CONTRACTS]),
        (founders.deployer, bootstrap_calls(deployer, stewards, charter)),
        *((founders.stewards[who], payloads) for who, payloads in registration_calls(deployer, charter, site)),
    ]
    sent: list[str] = []
    for key, payloads in stages:
        left = [payload for payload in payloads if not await _done(node, deployer, payload)]
        sent += await _send(node, key, founders, left)
    return sent


async def _done(node: Node, deployer: Address, payload: Payload) -> bool:
    """Whether the chain shows that this took effect before. FoundingError for a contract with another text."""
    match payload:
        case ContractDeploy(name, source):
            there = await node.source(Contract(deployer, name))
            if there not in (None, source):
                raise FoundingError(f"{deployer} has deployed another {name}: found the settlement with a fresh key")
            return there is not None
        case ContractCall(contract, function, arguments):
            read, asked = _shown_by(contract.name, function, arguments)
            value = await node.call_read(contract, read, asked, deployer)
            return value not in (NONE, FALSE, _EMPTY_LOG)
        case _:
            return False


def _shown_by(contract: str, function: str, arguments: tuple[Value, ...]) -> tuple[str, tuple[Value, ...]]:
    """The read-only call that shows whether a call of the founding took effect."""
    match contract, function, arguments:
        case "audit-log", "bootstrap", _:
            return "get-head", ()
        case "utility-token", "back-with", _:
            return "get-backing", ()
        case "billing", "found-tariffs", (List((Tuple(first), *_)),):
            return "get-tariff", (dict(first)["utility"], UInt(1))
        case "user-registry", "bootstrap", (List((steward, *_)), *_):
            return "has-role", (UInt(STEWARD), steward)
        case "user-registry", ("register-gateway" | "register-zone"), (who, *_):
            return function.replace("register", "get"), (who,)
        case "user-registry", "register-users", (List((Tuple(user), *_)),):
            return "get-dwelling-of", (dict(user)["who"],)
        case "user-registry", _, (who,) if (role := _ROLES.get(function.removeprefix("register-"))) is not None:
            return "has-role", (UInt(role), who)
        case _:
            raise AssertionError(f"{contract}.{function} is no call of the founding")


def bootstrap_calls(deployer: Address, stewards: Sequence[Address], charter: Charter) -> list[ContractCall]:
    """Fixes who writes the audit log, who is steward, what is active, parameters, the token and the first tariffs.

    FoundingError where stewards and treasurers are so few that no registry takes a zone.
    """
    if len({*stewards, *charter.treasurers}) < OBSERVERS:
        raise FoundingError(f"stewards and treasurers must be {OBSERVERS} persons or more, to record an assembly")
    writers = List(tuple(Contract(deployer, name) for name in (call.USER_REGISTRY, *RECORDING)))
    active = [Tuple.of({"name": Ascii(name), "contract": Contract(deployer, name)}) for name in ACTIVE]
    values = [Tuple.of({"name": Ascii(name), "value": UInt(value)}) for name, value in charter.parameters.items()]
    token = Tuple.of({"token": charter.token, "ratio": UInt(charter.ratio)})
    calls = [
        ContractCall(Contract(deployer, "audit-log"), "bootstrap", (writers,)),
        ContractCall(
            Contract(deployer, call.USER_REGISTRY),
            "bootstrap",
            (List(tuple(stewards)), List(tuple(active)), List(tuple(values)), List((token,))),
        ),
        ContractCall(Contract(deployer, "utility-token"), "back-with", (charter.token,)),
    ]
    tariffs = List(tuple(map(_first, charter.tariffs)))
    return (
        [*calls, ContractCall(Contract(deployer, "billing"), "found-tariffs", (tariffs,))] if tariffs.items else calls
    )


def _first(of: FirstTariff) -> Value:
    bands = [Tuple.of({"from": UInt(band.start), "rate": UInt(band.rate)}) for band in of.bands]
    return Tuple.of(
        {
            "utility": UInt(call.UTILITY_CODES[of.utility]),
            "ceiling": UInt(of.ceiling),
            "charge-ceiling": UInt(of.charge_ceiling),
            "lifeline": UInt(of.lifeline),
            "charge": UInt(of.charge),
            "bands": List(tuple(bands)),
        }
    )


def registration_calls(deployer: Address, charter: Charter, site: Site) -> list[tuple[int, list[ContractCall]]]:
    """The two stewards' calls, stage by stage. FoundingError for dwellings that no registry takes."""
    registry = Contract(deployer, call.USER_REGISTRY)
    offices = [
        ContractCall(registry, f"register-{role}", (who,))
        for role, people in (
            ("provider", (charter.provider,)),
            ("treasurer", charter.treasurers),
            ("agent", charter.agents),
        )
        for who in people
    ]
    zones = [
        ContractCall(
            registry,
            "register-zone",
            (
                UInt(zone.zone),
                site.gateway,
                charter.provider,
                UInt(call.UTILITY_CODES[zone.utility]),
                UInt(zone.slots),
                UInt(zone.first_block),
                UInt(max(0, site.origin + zone.first_block * site.block_seconds)),
                UInt(site.block_seconds),
                charter.token,
                UInt(0),
            ),
        )
        for zone in site.zones
    ]
    users = _users(site)
    dwellings = [
        ContractCall(registry, "register-users", (List(tuple(users[at : at + USERS_AT_ONCE])),))
        for at in range(0, len(users), USERS_AT_ONCE)
    ]
    gateway = ContractCall(registry, "register-gateway", (site.gateway,))
    return [(0, [gateway, *offices]), (1, offices), (0, zones), (1, zones), (0, dwellings), (1, dwellings)]


def _users(site: Site) -> list[Value]:
    """The dwellings of all zones in the order of their labels, each with its slots."""
    places: dict[str, list[Value]] = {}
    served: set[tuple[str, str]] = set()
    for zone in site.zones:
        for slot, label in sorted(zone.dwellings.items()):
            if (label, zone.utility) in served:
                raise FoundingError(f"{label} has two slots of {zone.utility}: a dwelling has one of each utility")
            served.add((label, zone.utility))
            places.setdefault(label, []).append(Tuple.of({"zone": UInt(zone.zone), "slot": UInt(slot)}))
    return [
        Tuple.of({"who": site.principals[label], "slots": List(tuple(slots))})
        for label, slots in sorted(places.items())
    ]


async def _send(node: Node, key: PrivateKey, founders: Founders, payloads: Sequence[Payload]) -> list[str]:
    network = founders.network
    nonce = (await node.account(key.address(network))).nonce
    sent = []
    for payload in payloads:
        unsigned = Transaction.unsigned(payload, network=network, public_key=key.public_key, nonce=nonce, fee=0)
        fee = await node.fee(payload_bytes(payload), len(unsigned.serialize()))
        if fee > founders.max_fee:
            raise FoundingError(f"{_name(payload)} would cost {fee} micro-STX, more than {founders.max_fee}")
        transaction = Transaction.unsigned(
            payload, network=network, public_key=key.public_key, nonce=nonce, fee=fee
        ).sign_origin(key)
        answer = await node.submit(transaction.serialize())
        if not isinstance(answer, Accepted):
            raise FoundingError(f"{_name(payload)} was refused by the node: {answer.reason} {answer.message}")
        sent.append(answer.txid)
        nonce += 1
    for txid, payload in zip(sent, payloads, strict=True):
        await _executed(node, txid, payload)
    return sent


async def _executed(node: Node, txid: str, payload: Payload) -> None:
    while True:
        status = await node.transaction(txid)
        if status is not None and status.state.dropped:
            raise FoundingError(f"{_name(payload)} was dropped by the node")
        if status is not None and status.state.mined:
            if status.state.value != "success":
                raise FoundingError(f"{_name(payload)} failed on chain: {call.error_name(status.result)}")
            return
        await asyncio.sleep(_POLL_SECONDS)


def _name(payload: Payload) -> str:
    match payload:
        case ContractDeploy(name):
            return f"the deployment of {name}"
        case ContractCall(contract, function):
            return f"{contract.name}.{function}"
        case _:
            return "a transfer"
