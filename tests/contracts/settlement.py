"""A settlement on the VM: the contracts deployed and bootstrapped, zones with dwellings, and proven batches that fit.

s = Settlement(vm, small=True, later=("billing",))  # zones of 4 slots, k-min 2; billing deployed and active, too
s.bootstrap()                                       # roles, gateway, listed token
s.zone(1, 4)                                        # a dwelling in every slot: household(1, 0) to household(1, 3)
batch = s.metered(rng, 1, [5, 0, 7, 9])             # a whole period of one batch, proved, and closed
"""

from __future__ import annotations

import hashlib
import itertools
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, Final

from appliance.chain.address import Address, Contract, Network
from appliance.chain.clarity import Optional, serialize
from appliance.founding import USERS_AT_ONCE
from circuits import hints
from circuits import usage as usage_proof
from circuits.generators import LIB
from circuits.group import LibPoint
from circuits.pedersen import Opening, commit
from circuits.range_equation import RangeProof, RangeStatement
from circuits.scalar import P, Scalar
from circuits.shape import USAGE, generators
from tests.contracts.batches import Batch as Batch
from tests.contracts.batches import OwnProof as OwnProof
from tests.contracts.batches import make_batch as make_batch
from tests.contracts.errors import GENERATED, error_name
from tests.contracts.texts import OFFICE, SMALL_K_MIN, TOKEN, small_registry
from tests.contracts.vm import CONTRACTS, Machine, Receipt, value

_LATER: Final = ("billing", "utility-token", "voucher-token", "payment", "dispute-resolution", "governance")
LATER: Final = tuple(name for name in _LATER if (CONTRACTS / f"{name}.clar").exists())
DEPLOYMENT_ORDER: Final = (
    *("audit-log", "user-registry", *GENERATED, "privacy-proof", "aggregation", "meter-data"),
    *LATER,
)
CHAIN_ID: Final = Network.TESTNET.chain_id
ELECTRICITY: Final = 1
WATER: Final = 2
DAY: Final = 86400
MAX_USAGE: Final = 2**20 - 1


def account(name: str) -> Address:
    """A testnet address nobody else has; the VM asks for no signatures."""
    return Address(Network.TESTNET.address_version, hashlib.sha256(name.encode()).digest()[:20])


STEWARD: Final = account("steward")
SECOND: Final = account("second steward")
TREASURERS: Final = tuple(account(f"treasurer {n}") for n in range(3))
PROVIDER: Final = account("provider")
AGENT: Final = account("agent")
GATEWAY: Final = account("gateway")
STRANGER: Final = account("stranger")
K_MIN: Final = 15


def household(zone: int, slot: int) -> Address:
    """The principal of the dwelling that `Settlement.zone` puts into a slot."""
    return account(f"household {zone}/{slot}")


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
    """The contracts of one settlement. Its deployer is its own, so that settlements of many tests live side by side on
    one chain; so is a stranger who may deploy look-alikes.

    `proof` is the text of privacy-proof, if not our own; `small` the test copy of the registry, with zones of 4 slots
    and k-min 2; `later` which of LATER are deployed, in that order, and active. `token` is listed with `ratio` units of
    account in a unit, and may be minted by anybody. A period has one block or more. `texts` are those of LATER that
    are not as shipped."""

    def __init__(
        self,
        vm: Machine,
        proof: str | None = None,
        *,
        small: bool = False,
        later: Sequence[str] = (),
        ratio: int = 1,
        texts: Mapping[str, str] | None = None,
    ) -> None:
        number = next(_numbers)
        self.vm = vm
        self.k_min = SMALL_K_MIN if small else K_MIN
        self.ratio = ratio
        self.deployer = account(f"deployer {number}")
        self.stranger = account(f"stranger {number}")
        self.audit = vm.deploy("audit-log", self.deployer)
        self.registry = vm.deploy("user-registry", self.deployer, small_registry() if small else None)
        self.proof = deploy_proof(vm, self.deployer, proof)
        self.aggregation = vm.deploy("aggregation", self.deployer)
        self.meter_data = vm.deploy("meter-data", self.deployer)
        self.token = vm.deploy("test-token", self.deployer, TOKEN)
        self.later = {name: vm.deploy(name, self.deployer, (texts or {}).get(name)) for name in later}

    @property
    def billing(self) -> Contract:
        return self.later["billing"]

    @property
    def payment(self) -> Contract:
        return self.later["payment"]

    @property
    def disputes(self) -> Contract:
        return self.later["dispute-resolution"]

    @property
    def governance(self) -> Contract:
        return self.later["governance"]

    def bootstrap(
        self,
        writers: Sequence[Contract] | None = None,
        parameters: Mapping[str, int] | None = None,
        **active: Contract,
    ) -> None:
        """As README.md says: writers first, then stewards and active contracts, then the other roles and the gateway.
        `active` puts other contracts into the table, or further ones (`dispute_resolution=...`)."""
        self.found(writers, parameters, **active)
        for role, people in (("provider", [PROVIDER]), ("agent", [AGENT]), ("treasurer", TREASURERS)):
            for who in people:
                self.together(self.registry, f"register-{role}", who)
        self.call(self.registry, "register-gateway", GATEWAY, sender=STEWARD).ok()

    def office(self) -> Contract:
        """Deploys texts.OFFICE: what it passes on, it may once `bootstrap` has made it governance, payment or other."""
        return self.vm.deploy("office", self.deployer, OFFICE)

    def found(
        self,
        writers: Sequence[Contract] | None = None,
        parameters: Mapping[str, int] | None = None,
        **active: Contract,
    ) -> None:
        """Only the two bootstraps."""
        contracts = {"privacy-proof": self.proof, "aggregation": self.aggregation, "meter-data": self.meter_data}
        contracts |= self.later
        contracts |= {name.replace("_", "-"): contract for name, contract in active.items()}
        usual = [self.registry, self.meter_data, *self.later.values()]
        self.call(self.audit, "bootstrap", list(writers or usual), sender=self.deployer).ok()
        table = [{"name": name, "contract": contract} for name, contract in contracts.items()]
        begins = {"period-blocks": 1} | dict(parameters or {})
        values = [{"name": name, "value": number} for name, number in begins.items()]
        listed = [{"token": self.token, "ratio": self.ratio}]
        self.call(self.registry, "bootstrap", [STEWARD, SECOND], table, values, listed, sender=self.deployer).ok()

    def together(self, contract: Contract, function: str, *args: Any) -> Receipt:
        """What takes two stewards: the second one's receipt, by which it has taken effect."""
        assert self.call(contract, function, *args, sender=STEWARD).ok() is False
        receipt = self.call(contract, function, *args, sender=SECOND)
        assert receipt.ok() is True
        return receipt

    def empty_zone(
        self,
        zone: int,
        slots: int,
        *,
        utility: int = ELECTRICITY,
        first_block: int = 100,
        gateway: Address = GATEWAY,
        origin: int = 0,
        first_period: int = 0,
        token: Contract | None = None,
    ) -> None:
        """Nobody lives there yet. Its first block began in 1970, so that the chain's clock holds no batch back."""
        settles = token or self.token
        fields = (zone, gateway, PROVIDER, utility, slots, first_block, origin, DAY, settles, first_period)
        self.together(self.registry, "register-zone", *fields)

    def zone(self, zone: int, slots: int, *, vacant: Sequence[int] = (), **fields: Any) -> None:
        """A dwelling of its own in every slot that is not `vacant`; `fields` as of `empty_zone`."""
        self.empty_zone(zone, slots, **fields)
        self.settle({household(zone, slot): [(zone, slot)] for slot in range(slots) if slot not in vacant})

    def settle(self, homes: Mapping[Address, Sequence[tuple[int, int]]]) -> None:
        """Registers dwellings by their principals, each with its (zone, slot)s."""
        users = [
            {"who": who, "slots": [{"zone": zone, "slot": slot} for zone, slot in places]}
            for who, places in homes.items()
        ]
        for at in range(0, len(users), USERS_AT_ONCE):
            self.together(self.registry, "register-users", users[at : at + USERS_AT_ONCE])

    def metered(self, rng: random.Random, zone: int, usage: Sequence[int], *, blocks: int = 7) -> Batch:
        """A whole period of one batch, proved and closed; the batch, whose openings are the period's."""
        batch = self.following(rng, zone, usage, blocks)
        self.submit(batch).ok()
        self.close_period(zone).ok()
        return batch

    def close_period(self, zone: int, *, sender: Address = GATEWAY) -> Receipt:
        return self.call(self.meter_data, "close-period", zone, sender=sender)

    def open_period(self, zone: int) -> int:
        period = self.read(self.registry, "get-open-period", zone)
        assert isinstance(period, int)
        return period

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
            "period": self.open_period(batch.zone),
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
        """By the slot's household: at once before the zone's first batch, else from the next period on."""
        sender = household(zone, slot)
        self.call(self.registry, "set-self-proving", zone, slot, Optional(prover), sender=sender).ok()

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
            "period": self.open_period(own.zone),
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
