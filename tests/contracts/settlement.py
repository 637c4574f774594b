"""A settlement on the VM: the five contracts deployed and bootstrapped, zones, and batches that fit them."""

from __future__ import annotations

import hashlib
import itertools
import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from appliance.chain.address import Address, Contract, Network
from appliance.chain.clarity import Buffer, Optional
from circuits.generators import LIB
from circuits.group import LibPoint
from circuits.opening import sum_openings
from circuits.pedersen import Opening, commit
from circuits.scalar import N, P, Scalar
from tests.contracts.errors import error_name
from tests.contracts.vm import Machine, Receipt

DEPLOYMENT_ORDER: Final = ("audit-log", "user-registry", "privacy-proof", "aggregation", "meter-data")
CHAIN_ID: Final = Network.TESTNET.chain_id
ELECTRICITY: Final = 1
WATER: Final = 2
DAY: Final = 86400
MAX_USAGE: Final = 2**20 - 1


def account(name: str) -> Address:
    """A testnet address nobody else has; the VM asks for no signatures."""
    return Address(Network.TESTNET.address_version, hashlib.sha256(name.encode()).digest()[:20])


STEWARD: Final = account("steward")
GATEWAY: Final = account("gateway")
STRANGER: Final = account("stranger")


@dataclass(frozen=True, slots=True)
class Batch:
    """The arguments of submit-usage-batch, and the openings behind them."""

    zone: int
    first_block: int
    last_block: int
    commitments: list[bytes]
    total: int
    blinding_sum: bytes
    evidence_root: bytes
    authenticity: list[int]
    openings: tuple[Opening, ...]
    sum_hint: bytes | None = None
    points: list[bytes] = field(default_factory=list)
    scalars: list[bytes] = field(default_factory=list)
    hints: list[bytes] = field(default_factory=list)

    def args(self, proof: Contract) -> list[Any]:
        return [
            self.zone,
            self.first_block,
            self.last_block,
            self.commitments,
            self.total,
            self.blinding_sum,
            self.evidence_root,
            self.authenticity,
            None if self.sum_hint is None else Optional(Buffer(self.sum_hint)),
            self.points,
            self.scalars,
            self.hints,
            proof,
        ]


def make_batch(
    rng: random.Random, zone: int, first_block: int, last_block: int, usage: Sequence[int], **changes: Any
) -> Batch:
    """An honest batch: fresh blindings, the opening of the sum, an evidence root of its own."""
    openings = tuple(Opening(v, Scalar(rng.randrange(N))) for v in usage)
    whole = sum_openings(openings)
    batch = Batch(
        zone=zone,
        first_block=first_block,
        last_block=last_block,
        commitments=[commit(LIB, opening).to_bytes() for opening in openings],
        total=whole.value,
        blinding_sum=whole.blinding.to_bytes(),
        evidence_root=rng.randbytes(32),
        authenticity=[0, len(usage), 0, 0, 0, 0],
        openings=openings,
    )
    return replace(batch, **changes)


def addition_hint(running: Sequence[bytes], added: Sequence[bytes]) -> bytes:
    """Inverse mod p of the product of all (x of added - x of running); zero where there is none."""
    product = 1
    for a, b in zip(running, added, strict=True):
        product = product * (int.from_bytes(b[1:], "big") - int.from_bytes(a[1:], "big")) % P
    return (pow(product, -1, P) if product else 0).to_bytes(32, "big")


def added(running: Sequence[bytes], batch: Sequence[bytes]) -> list[bytes]:
    """Slot by slot sums over libsecp256k1."""
    return [
        (LibPoint.from_bytes_checked(a) + LibPoint.from_bytes_checked(b)).to_bytes()
        for a, b in zip(running, batch, strict=True)
    ]


_numbers = itertools.count(1)


class Settlement:
    """The contracts of one settlement, looked after by STEWARD, with GATEWAY registered. Its deployer is its own, so
    that settlements of many tests live side by side on one chain; so is a stranger who may deploy look-alikes."""

    def __init__(self, vm: Machine) -> None:
        number = next(_numbers)
        self.vm = vm
        self.deployer = account(f"deployer {number}")
        self.stranger = account(f"stranger {number}")
        (self.audit, self.registry, self.proof, self.aggregation, self.meter_data) = (
            vm.deploy(name, self.deployer) for name in DEPLOYMENT_ORDER
        )

    def bootstrap(self, **active: Contract) -> None:
        """As README.md says: writers first, then stewards and active contracts."""
        self.call(self.audit, "bootstrap", [self.registry, self.meter_data], sender=self.deployer).ok()
        contracts = {"privacy-proof": self.proof, "aggregation": self.aggregation, "meter-data": self.meter_data}
        contracts |= {name.replace("_", "-"): contract for name, contract in active.items()}
        table = [{"name": name, "contract": contract} for name, contract in contracts.items()]
        self.call(self.registry, "bootstrap", [STEWARD], table, sender=self.deployer).ok()
        self.call(self.registry, "register-gateway", GATEWAY, sender=STEWARD).ok()

    def zone(self, zone: int, slots: int, *, utility: int = ELECTRICITY, first_block: int = 100) -> None:
        """A dwelling in every slot."""
        fields = (zone, GATEWAY, utility, slots, slots, first_block, DAY)
        self.call(self.registry, "register-zone", *fields, sender=STEWARD).ok()

    def call(self, contract: Contract, function: str, *args: Any, sender: Address) -> Receipt:
        return self.vm.public(contract, function, list(args), sender)

    def read(self, contract: Contract, function: str, *args: Any) -> Any:
        return self.vm.read(contract, function, *args).plain()

    def submit(self, batch: Batch, *, sender: Address = GATEWAY, proof: Contract | None = None) -> Receipt:
        return self.vm.public(self.meter_data, "submit-usage-batch", batch.args(proof or self.proof), sender)

    def following(self, rng: random.Random, zone: int, usage: Sequence[int], blocks: int = 7) -> Batch:
        """An honest batch that the zone's state expects next, with its hint."""
        first = self.read(self.meter_data, "get-zone-state", zone)["next-block"]
        batch = make_batch(rng, zone, first, first + blocks - 1, usage)
        running = self.read(self.meter_data, "get-running", zone)
        if running is None:
            return batch
        return replace(batch, sum_hint=addition_hint(running, batch.commitments))

    def snapshot(self, zone: int) -> tuple[Any, ...]:
        """Everything readable that a batch of this zone could change."""
        state = self.read(self.meter_data, "get-zone-state", zone)
        return (
            state,
            self.read(self.meter_data, "get-running", zone),
            self.read(self.meter_data, "get-batch", zone, state["next-block"]),
            self.read(self.aggregation, "get-zone-usage", zone, state["next-block"]),
            self.read(self.aggregation, "get-zone-period-usage", zone, state["period"]),
            self.read(self.aggregation, "get-settlement-usage", ELECTRICITY, state["period"]),
            self.read(self.audit, "get-head"),
        )

    def refused(self, batch: Batch, *, zone: int = 1, **how: Any) -> str:
        """Submits, asserts that nothing of `zone` changed, and returns the error's name."""
        before = self.snapshot(zone)
        name = error_name(self.submit(batch, **how).refusal())
        assert self.snapshot(zone) == before
        return name


def usage(rng: random.Random, slots: int, kind: str = "random") -> list[int]:
    fixed = {"zero": 0, "full": MAX_USAGE}
    return [fixed.get(kind, rng.randrange(MAX_USAGE + 1)) for _ in range(slots)]
