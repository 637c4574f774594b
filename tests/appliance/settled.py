"""A zone of 15 homes with closed blocks, and a prover without a process of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from appliance.call import Sender
from appliance.chain.address import Network
from appliance.chain.transaction import PrivateKey
from appliance.config import ChainConfig, Config, PortalConfig, TimeConfig, ZoneConfig
from appliance.proof import BoundProof
from appliance.store.database import Database
from circuits import usage
from circuits.group import LibPoint
from circuits.pedersen import Opening
from circuits.scalar import Scalar

Result = TypeVar("Result")

TIME = TimeConfig(0, 100, 2, 0, 1, 1)
HOMES = {slot: f"A-{slot + 1:02}" for slot in range(15)}
ZONE = ZoneConfig(1, "Lane A", "electricity", 16, 10, HOMES, ())
CHAIN = ChainConfig("http://127.0.0.1:1", "testnet", "ST000000000000000000002AMW42H", 1000, 2, 1)
GATEWAY, DEPLOYER, OTHER = (PrivateKey(bytes(31) + bytes([n])).address(Network.TESTNET) for n in (1, 2, 3))
SENDER = Sender(Network.TESTNET, DEPLOYER, GATEWAY)


def config(folder: Path) -> Config:
    return Config("Place", 0, folder, TIME, None, CHAIN, PortalConfig("127.0.0.1", 0), (ZONE,))


class PowerCut(Exception):
    """Everything that was not stored is gone."""


class InlineProver:
    """Stands in for `appliance.worker.Prover`; `cut_after` results the power fails before anybody has one."""

    def __init__(self, cut_after: int | None = None) -> None:
        self.cut_after = cut_after
        self.lost: list[object] = []

    async def run(self, function: Callable[..., Result], *args: object) -> Result:
        result = function(*args)
        if self.cut_after == 0:
            self.lost.append(result)
            raise PowerCut
        if self.cut_after is not None:
            self.cut_after -= 1
        return result

    async def timed(self, function: Callable[..., Result], *args: object) -> tuple[Result, int]:
        return await self.run(function, *args), 7


class CountedRandomness:
    """Never the same bytes twice."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, size: int) -> bytes:
        self.calls += 1
        return hashlib.shake_256(self.calls.to_bytes(8, "big")).digest(size)


def holds(commitments: tuple[bytes, ...], total: int, blinding_sum: bytes, proof: BoundProof) -> bool:
    """Verified with nothing but the statement; ProofRejected where it does not hold."""
    whole = Opening(total, Scalar.from_bytes_checked(blinding_sum))
    usage.verify(LibPoint, commitments, proof.context, whole, proof.points, proof.scalars)
    return True


async def asked(db: Database, *, sealed: bool = False) -> None:
    """The chain has said of all batches whether their totals are opened."""
    async with db.transaction() as tx:
        await tx.run("UPDATE batch SET sealed = ? WHERE sealed IS NULL", (int(sealed),))
