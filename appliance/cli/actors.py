"""Those who live in a demonstration: treasurers who mint vouchers against cash, and residents who pay from wallets.

Each acts with a key of its own, by the contracts alone, as strangers to the appliance would.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from appliance import call
from appliance.calls import payment
from appliance.calls.registry import read_maybe_number, read_number
from appliance.chain.address import Address, Contract, Network
from appliance.chain.clarity import Buffer, Optional, UInt, Value
from appliance.chain.node import Accepted, Node
from appliance.chain.payload import ContractCall, payload_bytes
from appliance.chain.transaction import PostConditionMode, PrivateKey, Transaction
from appliance.keys import Secret

VOUCHER: Final = "voucher-token"
_POLL_SECONDS: Final = 0.2


class ActorError(Exception):
    """Something that a person did was not taken; the message says what and why."""


@dataclass(frozen=True, slots=True)
class Person:
    """Someone with a key, who makes one call after the other."""

    name: str
    key: PrivateKey
    network: Network
    node: Node

    @property
    def address(self) -> Address:
        return self.key.address(self.network)

    async def does(self, contract: Contract, function: str, *arguments: Value) -> Value:
        """The result of a call, once it is in a block. ActorError where it was refused."""
        payload = ContractCall(contract, function, arguments)
        nonce = (await self.node.account(self.address)).nonce
        transaction = self._signed(payload, nonce, 0)
        fee = await self.node.fee(payload_bytes(payload), len(transaction.serialize()))
        answer = await self.node.submit(self._signed(payload, nonce, fee).serialize())
        if not isinstance(answer, Accepted):
            raise ActorError(f"{self.name}: the node refused {function}: {answer.reason}")
        while True:
            status = await self.node.transaction(answer.txid)
            if status is not None and status.state.mined:
                if status.state.value != "success" or status.result is None:
                    raise ActorError(f"{self.name}: {function} failed: {call.error_name(status.result)}")
                return status.result
            await asyncio.sleep(_POLL_SECONDS)

    def _signed(self, payload: ContractCall, nonce: int, fee: int) -> Transaction:
        """It may move tokens: the payment contract itself limits what it takes."""
        return Transaction.unsigned(
            payload,
            network=self.network,
            public_key=self.key.public_key,
            nonce=nonce,
            fee=fee,
            mode=PostConditionMode.ALLOW,
        ).sign_origin(self.key)


@dataclass(frozen=True, slots=True)
class Paying:
    """A dwelling that pays so many vouchers into a zone's pot, with its `number`-th payment."""

    label: str
    zone: int
    vouchers: int
    number: int = 0


@dataclass(frozen=True, slots=True)
class Cast:
    """The keys of those who act; `residents` are the dwellings' secrets by label. `own` is one that a home takes as its
    own: nobody gave it a secret, so it needs something to pay fees with."""

    stewards: Sequence[PrivateKey]
    treasurers: Sequence[PrivateKey]
    residents: Mapping[str, Secret]
    deployer: Address
    network: Network
    own: Secret
    agent: PrivateKey


async def name_prover(node: Node, cast: Cast, label: str, zone: int, slot: int) -> None:
    """A dwelling proves its own slot from the next period on, with the key it has; at once where none has begun."""
    resident = resident_of(node, cast, label)
    registry = Contract(cast.deployer, call.USER_REGISTRY)
    await resident.does(registry, "set-self-proving", UInt(zone), UInt(slot), Optional(resident.address))


async def own_usage(portal: Path, zone: int, slot: int) -> tuple[int, list[int]]:
    """First block, and usage by block, of the home's first batch, as its page shows them once they are there."""
    while True:
        with contextlib.suppress(sqlite3.OperationalError), contextlib.closing(_read_only(portal)) as shown:
            rows = shown.execute(
                "SELECT b.first_block, u.usage FROM batch b JOIN usage_block u ON u.zone = b.zone AND u.block BETWEEN "
                "b.first_block AND b.last_block WHERE b.zone = ? AND u.slot = ? AND b.first_block = "
                "(SELECT min(first_block) FROM batch WHERE zone = b.zone) ORDER BY u.block",
                (zone, slot),
            ).fetchall()
            if rows:
                return rows[0][0], [used for _, used in rows]
        await asyncio.sleep(_POLL_SECONDS)


def _read_only(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{path}?mode=ro", uri=True)


async def pay_all(node: Node, cast: Cast, plans: Sequence[Paying], tell: Callable[[str], None]) -> None:
    """Treasurers mint what the residents then pay. ActorError for the first thing that is refused."""
    for plan in plans:
        resident = resident_of(node, cast, plan.label)
        await mint(node, cast, plan.vouchers, resident.address)
        await pay(resident, cast, plan)
        tell(f"{plan.label} pays {plan.vouchers} vouchers into zone {plan.zone}")


async def mint(node: Node, cast: Cast, vouchers: int, to: Address) -> None:
    """All treasurers agree to it, under the number that is next; nobody else may mint meanwhile."""
    token = Contract(cast.deployer, VOUCHER)
    number = read_number(await node.call_read(token, "get-mints", (), to)) + 1
    for n, key in enumerate(cast.treasurers, start=1):
        treasurer = Person(f"treasurer {n}", key, cast.network, node)
        await treasurer.does(token, "mint", UInt(number), UInt(vouchers), to)


async def dwelling_number(who: Person, cast: Cast) -> int:
    """By which the registry knows a dwelling. ActorError for somebody else."""
    registry = Contract(cast.deployer, call.USER_REGISTRY)
    answer = await who.node.call_read(registry, "get-dwelling-of", (who.address,), who.address)
    number = read_maybe_number(answer)
    if number is None:
        raise ActorError(f"{who.name} is no dwelling of this settlement")
    return number


async def account(node: Node, cast: Cast, zone: int, asking: Address) -> payment.AccountOnChain:
    """A zone's account. ActorError where the chain knows none."""
    pots = Contract(cast.deployer, payment.PAYMENT)
    found = payment.read_account(await node.call_read(pots, "get-account", (UInt(zone),), asking))
    if found is None:
        raise ActorError(f"zone {zone} has no account")
    return found


def resident_of(node: Node, cast: Cast, label: str) -> Person:
    return Person(label, PrivateKey(cast.residents[label].signing_key()), cast.network, node)


async def pay(resident: Person, cast: Cast, plan: Paying) -> Value:
    """Under a reference that only the dwelling and its gateway can tell is the dwelling's."""
    number = await dwelling_number(resident, cast)
    reference = payment.reference(cast.residents[plan.label].payment_salt(plan.number), number)
    pot, token = Contract(cast.deployer, payment.PAYMENT), Contract(cast.deployer, VOUCHER)
    return await resident.does(pot, "pay", UInt(plan.zone), Buffer(reference), UInt(plan.vouchers), token)
