"""0: once per settlement: deploys the contracts, ends the deployer's power, registers gateway and zones.

Not a step of the pipeline, and not run by the appliance: those who found a settlement do this with their own keys.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from appliance import call
from appliance.chain.address import Address, Contract, Network
from appliance.chain.clarity import FALSE, NONE, Ascii, Buffer, List, Tuple, UInt, Value
from appliance.chain.node import Accepted, Node
from appliance.chain.payload import ContractCall, ContractDeploy, Payload, payload_bytes
from appliance.chain.transaction import PrivateKey, Transaction
from appliance.config import ZoneConfig

VERIFIERS: Final = ("range-1", "range-4", "range-16", "range-32", "range-64")
GENERATED: Final = (*VERIFIERS, "point-sums")
CONTRACTS: Final = ("audit-log", "user-registry", *GENERATED, call.PRIVACY_PROOF, "aggregation", call.METER_DATA)
"""In the order of deployment: static calls go backwards only."""

_POLL_SECONDS: Final = 0.1
_EMPTY_LOG: Final = Tuple.of({"seq": UInt(0), "head": Buffer(bytes(32))})


class FoundingError(Exception):
    """A transaction of the founding did not take effect; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Founders:
    """The deployer, whose power ends with the bootstrap, and the steward who registers. They may be one person.

    `max_fee` in micro-STX is the most that one transaction may cost.
    """

    deployer: PrivateKey
    steward: PrivateKey
    network: Network
    max_fee: int = 5_000_000


async def found(
    node: Node,
    founders: Founders,
    sources: Mapping[str, str],
    gateway: Address,
    zones: Sequence[ZoneConfig],
    block_seconds: int,
) -> list[str]:
    """Sends what is not done yet and waits until it is in blocks; the transaction ids. May be repeated after a failure.

    `sources` maps CONTRACTS to Clarity text. In stages: a node refuses calls to a contract that is not in a block yet.
    """
    deployer = founders.deployer.address(founders.network)
    steward = founders.steward.address(founders.network)
    stages: list[tuple[PrivateKey, list[Payload]]] = [
        (founders.deployer, [ContractDeploy(name, sources[name]) for name in CONTRACTS]),
        (founders.deployer, bootstrap_calls(deployer, steward)),
        (founders.steward, registration_calls(deployer, gateway, zones, block_seconds)),
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
        case "user-registry", "bootstrap", (List((steward, *_)), _):
            return "is-steward", (steward,)
        case "user-registry", ("register-gateway" | "register-zone"), (who, *_):
            return function.replace("register", "get"), (who,)
        case _:
            raise AssertionError(f"{contract}.{function} is no call of the founding")


def bootstrap_calls(deployer: Address, steward: Address) -> list[Payload]:
    """Fixes who writes the audit log, who is steward, which contracts are active."""
    log = Contract(deployer, "audit-log")
    registry = Contract(deployer, "user-registry")
    writers = List((registry, Contract(deployer, call.METER_DATA)))
    active = List(
        tuple(
            Tuple.of({"name": Ascii(name), "contract": Contract(deployer, name)})
            for name in (call.PRIVACY_PROOF, "aggregation", call.METER_DATA)
        )
    )
    return [
        ContractCall(log, "bootstrap", (writers,)),
        ContractCall(registry, "bootstrap", (List((steward,)), active)),
    ]


def registration_calls(
    deployer: Address, gateway: Address, zones: Sequence[ZoneConfig], block_seconds: int
) -> list[Payload]:
    """A steward's calls for one gateway and its zones."""
    registry = Contract(deployer, "user-registry")
    return [
        ContractCall(registry, "register-gateway", (gateway,)),
        *(
            ContractCall(
                registry,
                "register-zone",
                (
                    UInt(zone.zone),
                    gateway,
                    UInt(call.UTILITY_CODES[zone.utility]),
                    UInt(zone.slots),
                    UInt(len(set(zone.dwellings.values()))),
                    UInt(zone.first_block),
                    UInt(block_seconds),
                ),
            )
            for zone in zones
        ),
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
