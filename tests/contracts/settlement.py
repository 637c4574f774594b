"""A settlement on the VM: the contracts deployed and bootstrapped, zones, and proven batches that fit them."""

from __future__ import annotations

import hashlib
import itertools
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final

from appliance.chain.address import Address, Contract, Network
from appliance.chain.clarity import Buffer, Optional, serialize
from circuits import hints
from circuits import usage as usage_proof
from circuits.generators import LIB
from circuits.group import LibPoint
from circuits.opening import sum_openings
from circuits.pedersen import Opening, commit
from circuits.range_equation import RangeProof, RangeStatement
from circuits.scalar import N, P, Scalar
from circuits.shape import USAGE, generators
from tests.contracts.errors import GENERATED, error_name
from tests.contracts.vm import CONTRACTS, Machine, Receipt, value

DEPLOYMENT_ORDER: Final = ("audit-log", "user-registry", *GENERATED, "privacy-proof", "aggregation", "meter-data")
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


@cache
def generated(vm: Machine) -> Address:
    """Who deployed the range verifiers and point-sums on this VM. They keep nothing, so all settlements share them."""
    deployer = account("deployer of the generated contracts")
    for name in GENERATED:
        vm.deploy(name, deployer)
    return deployer


def deploy_proof(vm: Machine, deployer: Address, source: str | None = None) -> Contract:
    """privacy-proof, or another text in its place, over the shared contracts; the registry is the deployer's own."""
    text = source or (CONTRACTS / "privacy-proof.clar").read_text()
    for name in GENERATED:
        text = text.replace(f" .{name} ", f" '{generated(vm)}.{name} ")
    return vm.deploy("privacy-proof", deployer, text)


@dataclass(frozen=True, slots=True)
class Batch:
    """The arguments of submit-usage-batch, and the openings behind them. Without `points` it is not proven yet."""

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
    points: list[bytes] | None = None
    scalars: list[bytes] | None = None
    hints: list[bytes] | None = None

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
            self.points or [],
            self.scalars or [],
            self.hints or [],
            proof,
        ]


@dataclass(frozen=True, slots=True)
class OwnProof:
    """What a dwelling says of its own slot."""

    zone: int
    slot: int
    first_block: int
    last_block: int
    opening: Opening


def make_batch(
    rng: random.Random, zone: int, first_block: int, last_block: int, usage: Sequence[int], **changes: Any
) -> Batch:
    """An honest batch, not proven yet: fresh blindings, the opening of the sum, an evidence root of its own."""
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


def consensus_hash(python: Any) -> bytes:
    """SHA-256 of a value's consensus bytes."""
    return hashlib.sha256(serialize(value(python))).digest()


@cache
def prove(openings: tuple[Opening, ...], context: bytes, *, opened: bool) -> usage_proof.UsageProof:
    """With the context as randomness, so that every run makes the same proof."""
    return usage_proof.prove(LibPoint, openings, context, hashlib.sha256(context).digest(), opened=opened)


_numbers = itertools.count(1)


class Settlement:
    """The contracts of one settlement, looked after by STEWARD, with GATEWAY registered. Its deployer is its own, so
    that settlements of many tests live side by side on one chain; so is a stranger who may deploy look-alikes.

    `proof` is the text of privacy-proof, if not our own."""

    def __init__(self, vm: Machine, proof: str | None = None) -> None:
        number = next(_numbers)
        self.vm = vm
        self.deployer = account(f"deployer {number}")
        self.stranger = account(f"stranger {number}")
        self.audit = vm.deploy("audit-log", self.deployer)
        self.registry = vm.deploy("user-registry", self.deployer)
        self.proof = deploy_proof(vm, self.deployer, proof)
        self.aggregation = vm.deploy("aggregation", self.deployer)
        self.meter_data = vm.deploy("meter-data", self.deployer)

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

    def context(self, batch: Batch, **changes: Any) -> bytes:
        """The 32 bytes that a batch's proof is bound to, from the specification; `changes` for another call's."""
        bound = {
            "domain": "mita/v1/usage-batch",
            "chain": CHAIN_ID,
            "contract": self.meter_data,
            "proof": self.proof,
            "submitter": GATEWAY,
            "zone": batch.zone,
            "period": 0,
            "first-block": batch.first_block,
            "last-block": batch.last_block,
            "total": batch.total,
            "blinding-sum": batch.blinding_sum,
            "evidence-root": batch.evidence_root,
            "authenticity": batch.authenticity,
            "commitments-hash": consensus_hash(batch.commitments),
        }
        assert set(changes) <= set(bound)
        return consensus_hash(bound | changes)

    def proved(self, batch: Batch, **changes: Any) -> Batch:
        """With the range proof of the openings behind it, for this call or, with `changes`, for another."""
        proof = prove(batch.openings, self.context(batch, **changes), opened=True)
        return replace(batch, points=list(proof.points), scalars=list(proof.scalars), hints=list(proof.hints))

    def rehinted(self, batch: Batch, **changes: Any) -> Batch:
        """A proven batch with the hints that its own call needs, whatever the proof was made for."""
        shape = USAGE[len(batch.commitments)]
        total = Opening(batch.total, Scalar.from_bytes_checked(batch.blinding_sum))
        statement = RangeStatement(shape, self.context(batch, **changes), tuple(batch.commitments), total)
        proof = RangeProof(tuple(batch.points or ()), tuple(batch.scalars or ()))
        return replace(batch, hints=list(hints.make(generators(LibPoint, shape.slots), statement, proof)))

    def submit(self, batch: Batch, *, sender: Address = GATEWAY, proof: Contract | None = None) -> Receipt:
        """Proves what has no proof yet, for the call of GATEWAY to the settlement's own proof contract."""
        proven = self.proved(batch) if batch.points is None else batch
        return self.vm.public(self.meter_data, "submit-usage-batch", proven.args(proof or self.proof), sender)

    def self_proving(self, zone: int, slot: int, prover: Address) -> None:
        self.call(self.registry, "set-self-proving", zone, slot, Optional(prover), sender=STEWARD).ok()

    def own_context(self, own: OwnProof, sender: Address, **changes: Any) -> bytes:
        """The 32 bytes that a slot's own proof is bound to, from the specification."""
        bound = {
            "domain": "mita/v1/usage-proof",
            "chain": CHAIN_ID,
            "contract": self.meter_data,
            "proof": self.proof,
            "submitter": sender,
            "zone": own.zone,
            "slot": own.slot,
            "period": 0,
            "first-block": own.first_block,
            "last-block": own.last_block,
            "commitments-hash": consensus_hash([commit(LIB, own.opening).to_bytes()]),
        }
        assert set(changes) <= set(bound)
        return consensus_hash(bound | changes)

    def submit_own(self, own: OwnProof, *, sender: Address, through: Contract | None = None, **changes: Any) -> Receipt:
        """submit-usage-proof, to `through` for a proof contract; `changes` make the proof one for another call."""
        made = prove((own.opening,), self.own_context(own, sender, **changes), opened=False)
        parts = (made.commitments[0], list(made.points), list(made.scalars), list(made.hints))
        where = (own.zone, own.slot, own.first_block, own.last_block)
        return self.call(self.meter_data, "submit-usage-proof", *where, *parts, through or self.proof, sender=sender)

    def following(self, rng: random.Random, zone: int, usage: Sequence[int], blocks: int = 7) -> Batch:
        """An honest batch that the zone's state expects next, with its hint; not proven yet."""
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
