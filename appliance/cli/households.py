"""What households of a demonstration do beside paying: claim a reward, and dispute a bill until it is settled.

Each acts with a key of its own, by the contracts alone, as strangers to the appliance would; its page tells it what it
types in.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from appliance import call, resident, resident_money
from appliance.chain.address import Address, Contract, Network
from appliance.chain.clarity import Bool, Buffer, Optional, UInt, Value
from appliance.chain.node import Node
from appliance.chain.transaction import PrivateKey
from appliance.cli.actors import ActorError, Person
from appliance.keys import Secret
from appliance.resident import ENTROPY_BYTES, Home
from appliance.resident_money import Doubt
from circuits.scalar import Scalar

MAX_FEE: Final = 500_000
OBSERVERS: Final = 3  # who answer for what an assembly decided
_POLL_SECONDS: Final = 0.2


@dataclass(frozen=True, slots=True)
class Place:
    """A dwelling's slot; `own` is the key of its own principal, if it has one."""

    label: str
    zone: int
    slot: int
    own: bytes | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """The settlement's deployer and network, and the core's portal.db, which stands for the dwellings' pages."""

    deployer: Address
    network: Network
    portal: Path

    def contract(self, name: str) -> Contract:
        return Contract(self.deployer, name)

    @property
    def known(self) -> resident.Settlement:
        return resident.Settlement(self.network, self.deployer)


async def takes_own_key(node: Node, at: Settled, stewards: Sequence[PrivateKey], dwelling: int, own: bytes) -> None:
    """Two stewards give a dwelling, by its number in the registry, a principal that the gateway has no key of."""
    new = PrivateKey(own).address(at.network)
    for number, key in enumerate(stewards[:2], start=1):
        steward = Person(f"steward {number}", key, at.network, node)
        await steward.does(at.contract(call.USER_REGISTRY), "set-principal", UInt(dwelling), new)


async def claims_reward(node: Node, at: Settled, home: Place, secret: Secret, period: int) -> None:
    """Once the period is settled, with the code on the dwelling's page. ActorError for a home that owes."""
    row = await _on_page(at, "SELECT clear FROM bill WHERE state = 'settled' AND ", home, period)
    if row[0] is None:
        raise ActorError(f"{home.label} owes something after period {period}, and gets no reward for that")
    blinding = Scalar.from_bytes_checked(row[0])
    entropy = os.urandom(ENTROPY_BYTES)
    txid = await resident_money.claim(node, at.known, _home(home, secret), period, blinding, entropy, MAX_FEE)
    await _mined(node, home.label, txid)


async def disputes_bill(node: Node, at: Settled, home: Place, secret: Secret, period: int, right: int) -> int:
    """Says that a bill should be `right` units of account, and lets the gateway read that; the dispute's number.

    Once the bill is final. ResidentError where it cannot be opened or is less.
    """
    row = await _on_page(at, "SELECT amount FROM bill WHERE state <> 'made' AND ", home, period)
    doubt, who = Doubt(period, row[0], right), _home(home, secret)
    entropy = os.urandom(ENTROPY_BYTES)
    await _mined(node, home.label, await resident_money.dispute(node, at.known, who, doubt, entropy, MAX_FEE))
    await _mined(node, home.label, await resident_money.tell(node, at.known, who, doubt, MAX_FEE))
    asked = at.contract("dispute-resolution"), "get-dispute-of"
    key = UInt(home.zone), UInt(home.slot), UInt(period)
    match await node.call_read(*asked, key, who.signing.address(at.network)):
        case Optional(UInt(number)):
            return number
    raise ActorError(f"{home.label} has no dispute about period {period}")


async def billed(at: Settled, home: Place, period: int) -> int:
    """What the page says that the home owes for a period, in units of account, once it is final."""
    amount: int = (await _on_page(at, "SELECT amount FROM bill WHERE state <> 'made' AND ", home, period))[0]
    return amount


async def rules_by_assembly(
    node: Node, at: Settled, observers: Sequence[PrivateKey], dispute: int, *, for_resident: bool, sheet: bytes
) -> None:
    """Three stewards or treasurers, none of them a party, record what an assembly decided; `sheet` is the hash of its
    photograph. After the operator was heard, where too few may be drawn."""
    arguments: tuple[Value, ...] = (UInt(dispute), Bool(for_resident), Buffer(sheet))
    for number, key in enumerate(observers[:OBSERVERS], start=1):
        observer = Person(f"observer {number}", key, at.network, node)
        await observer.does(at.contract("dispute-resolution"), "rule-by-assembly", *arguments)


async def watches_dispute(at: Settled, home: Place, period: int, stage: str, tell: Callable[[str], None]) -> None:
    """Tells every stage that the dwelling's page shows, until it shows this one."""
    last = ""
    while last != stage:
        row = await _on_page(at, "SELECT state FROM dispute WHERE ", home, period)
        if row[0] != last:
            last = row[0]
            tell(f"{home.label}'s dispute about period {period}: {last}")
        await asyncio.sleep(_POLL_SECONDS)


def _home(home: Place, secret: Secret) -> Home:
    return Home.from_secret(home.zone, home.slot, secret.raw, home.own)


async def _mined(node: Node, label: str, txid: str) -> None:
    """ResidentError where the contract refused."""
    while True:
        accepted = await resident.outcome(node, txid)
        if accepted is not None:
            break
        await asyncio.sleep(_POLL_SECONDS)
    if not accepted:
        raise ActorError(f"{label}: transaction {txid} failed")


async def _on_page(at: Settled, select: str, home: Place, period: int) -> tuple[Any, ...]:
    """What the dwelling's page says of a period, once it does."""
    where = "zone = ? AND slot = ? AND period = ?"
    while True:
        with contextlib.suppress(sqlite3.OperationalError), contextlib.closing(_read_only(at.portal)) as shown:
            row: tuple[Any, ...] | None = shown.execute(select + where, (home.zone, home.slot, period)).fetchone()
            if row is not None:
                return row
        await asyncio.sleep(_POLL_SECONDS)


def _read_only(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{path}?mode=ro", uri=True)
