"""Disputes on the VM: a zone whose bills are disputed, another whose dwellings are jurors, and a mirror of the draw."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from appliance.chain.address import Address, Contract
from circuits import money
from circuits.generators import LIB
from circuits.group import LibPoint
from circuits.pedersen import Opening, commit
from circuits.scalar import N, Scalar
from circuits.tariff import Band
from tests.contracts.money import Money
from tests.contracts.money_texts import BELIEVER
from tests.contracts.settlement import (
    CHAIN_ID,
    ELECTRICITY,
    GATEWAY,
    Settlement,
    addition_hint,
    consensus_hash,
)
from tests.contracts.vm import Machine, Receipt
from tests.contracts.votes import NOTHING, own_principal

ALL: Final = ("billing", "utility-token", "voucher-token", "payment", "dispute-resolution", "governance")
ZONE: Final = 1
JURY: Final = 2
PERIOD: Final = 2
MEMBERS: Final = 14
DRAW_DELAY: Final = 6
ANSWER: Final = 1008
PANEL: Final = 1008
ASSEMBLY: Final = 2016
APPEAL: Final = 1008
SILENCE: Final = 12_960
CEILING: Final = (LIB.value * Scalar(2**36 - 1)).to_bytes()
HASH: Final = hashlib.sha256(b"photographs of the meter").digest()
NO_PROOF: Final[tuple[list[bytes], list[bytes], list[bytes]]] = ([], [], [])


def drawn(header_hash: bytes, dispute: int, round_: int, try_: int, size: int) -> int:
    """The contract's get-drawn."""
    seed = {"header-hash": header_hash, "dispute": dispute, "round": round_, "try": try_}
    return int.from_bytes(consensus_hash(seed)[:16], "big") % size


def panel(
    header_hash: bytes, dispute: int, round_: int, pool: Sequence[int], size: int, barred: Iterable[int]
) -> list[int]:
    """Who sits: `pool` are dwellings by index, `barred` those who may not. Empty where 32 tries are not enough."""
    out, sits = set(barred), list[int]()
    for try_ in range(32):
        if len(sits) < size:
            dwelling = pool[drawn(header_hash, dispute, round_, try_, len(pool))]
            if dwelling not in out:
                sits.append(dwelling)
                out.add(dwelling)
    return sits if len(sits) == size else []


@dataclass(frozen=True, slots=True)
class Court:
    """The disputes of a settlement."""

    s: Settlement
    rng: random.Random

    def call(self, function: str, *args: Any, sender: Address) -> Receipt:
        return self.s.call(self.s.disputes, function, *args, sender=sender)

    def read(self, function: str, *args: Any) -> Any:
        return self.s.read(self.s.disputes, function, *args)

    def dispute(self, number: int) -> dict[str, Any]:
        found = self.read("get-dispute", number)
        assert isinstance(found, dict)
        return found

    def bills(self, zone: int = ZONE, period: int = PERIOD) -> list[bytes]:
        found: list[bytes] = self.s.read(self.s.billing, "get-bills", zone, period)["bills"]
        return found

    def batch(self, zone: int = ZONE) -> None:
        """The zone's next batch arrives, in a burn block of its own, so that its clock runs."""
        self.s.vm.burn(1)
        slots = self.s.read(self.s.registry, "get-zone", zone)["slots"]
        self.s.submit(self.s.following(self.rng, zone, [0] * slots, 1)).ok()

    def bill(self, zone: int = ZONE) -> Receipt:
        return self.s.call(self.s.billing, "calculate-bills", zone, [], b"", self.s.proof, sender=GATEWAY)

    # --------------------------------------------------------------------------------------------- opening

    def context(self, slot: int, sender: Address, bill: bytes, changes: Mapping[str, Any] = NOTHING) -> bytes:
        """The 32 bytes that the proof of an alternative is bound to; `changes` for another call's."""
        bound: dict[str, Any] = {
            "domain": "mita/v1/dispute",
            "chain": CHAIN_ID,
            "contract": self.s.disputes,
            "proof": self.s.proof,
            "submitter": sender,
            "zone": ZONE,
            "slot": slot,
            "period": PERIOD,
            "sealed": False,
            "bill": bill,
        }
        assert set(changes) <= set(bound)
        return consensus_hash(bound | dict(changes))

    def open(
        self,
        slot: int = 0,
        *,
        zone: int = ZONE,
        period: int = PERIOD,
        sender: Address | None = None,
        through: Contract | None = None,
    ) -> Receipt:
        """By the slot's dwelling; without proof, for a privacy-proof that asks for none."""
        alternative = commit(LIB, Opening(0, Scalar(self.rng.randrange(1, N)))).to_bytes()
        args = (zone, slot, period, alternative, False, bytes(32), *NO_PROOF, through or self.s.proof)
        return self.call("open-dispute", *args, sender=sender or self.who(zone, slot))

    def open_proved(
        self,
        slot: int,
        bill: Opening,
        alternative: Opening,
        *,
        sealed: bool = False,
        sender: Address | None = None,
        changes: Mapping[str, Any] = NOTHING,
        sent: bytes | None = None,
    ) -> Receipt:
        """A real proof, of the honest difference; `sent` goes in the place of the alternative's commitment."""
        who = sender or self.who(ZONE, slot)
        committed = self.bills()[slot]
        named = sent or commit(LIB, alternative).to_bytes()
        second = (
            Opening(2**36 - 1 - alternative.value, -alternative.blinding)
            if sealed
            else Opening(bill.value - alternative.value, bill.blinding - alternative.blinding)
        )
        context = self.context(slot, who, committed, {"sealed": sealed} | dict(changes))
        twice = (alternative, second, alternative, second)
        made = money.prove(LibPoint, twice, context, hashlib.sha256(context).digest())
        hint = addition_hint([committed, CEILING], [named, named])
        parts = (list(made.points), list(made.scalars), list(made.hints))
        return self.call("open-dispute", ZONE, slot, PERIOD, named, sealed, hint, *parts, self.s.proof, sender=who)

    def opened(self, slot: int = 0, *, answered: bool = True) -> int:
        """A dispute's number; the operator has been heard."""
        number = self.open(slot).ok()
        assert isinstance(number, int)
        if answered:
            self.call("submit-evidence", number, HASH, sender=GATEWAY).ok()
        return number

    # --------------------------------------------------------------------------------------------- judging

    def join(self, zone: int, slot: int) -> Address:
        """Its household becomes a juror, with a principal of its own, which is returned."""
        own = own_principal(self.s, zone, slot)
        self.call("join-pool", sender=own).ok()
        return own

    def draw(self, number: int) -> list[int]:
        """The panel, or nobody where an assembly decides."""
        at = self.dispute(number)["draw-at"]
        now = self.s.vm.burn(1)
        if now < at:
            self.s.vm.burn(at - now)
        self.call("draw-panel", number, sender=self.s.stranger).ok()
        sits = self.dispute(number)["panel"]
        assert isinstance(sits, list)
        return sits

    def who(self, zone: int, slot: int) -> Address:
        """The principal of the dwelling that was there first."""
        found = self.s.read(self.s.registry, "dwelling-principal", zone, slot, 0)
        assert isinstance(found, Address)
        return found

    def principal(self, dwelling: int) -> Address:
        who = self.s.read(self.s.registry, "get-dwelling", dwelling)["principal"]
        assert isinstance(who, Address)
        return who

    def dwelling(self, who: Address) -> int:
        found = self.s.read(self.s.registry, "get-dwelling-of", who)
        assert isinstance(found, int)
        return found

    def rule(self, number: int, dwelling: int, *, for_resident: bool) -> Receipt:
        return self.call("rule", number, for_resident, sender=self.principal(dwelling))

    def ruled(self, number: int, *, for_resident: bool) -> None:
        """By as many of a new panel as it takes."""
        sits = self.draw(number)
        for dwelling in sits[: len(sits) // 2 + 1]:
            self.rule(number, dwelling, for_resident=for_resident).ok()

    def after(self, number: int, blocks: int) -> None:
        """So many burn blocks after the last ruling."""
        height = self.dispute(number)["ruling"]["height"] + blocks
        now = self.s.vm.burn(1)
        if now < height:
            self.s.vm.burn(height - now)


class Tried(Money):
    """The money of a settlement that has its dispute-resolution and governance, and no desk in their place."""

    def __init__(self, vm: Machine, rng: random.Random, *, ratio: int = 1, proof: str | None = None) -> None:
        self.s = Settlement(vm, proof, small=True, later=ALL, ratio=ratio)
        self.s.bootstrap()
        self.rng = rng
        self.costs = {}
        self.zones = {}
        self.rewards = {}
        self.own_keys = {}
        self.found(0, Band(0, 100)).ok()

    @property
    def court(self) -> Court:
        return Court(self.s, self.rng)


def court(
    vm: Machine, rng: random.Random, proof: str | None = BELIEVER, *, jurors: int = MEMBERS, ceiling: int = 1000
) -> Court:
    """Bills of zone 1's first three periods; so many of zone 2 are jurors, and all of zone 1 might be."""
    s = Settlement(vm, proof, small=True, later=ALL)
    s.bootstrap()
    first = {
        "utility": ELECTRICITY,
        "ceiling": ceiling,
        "charge-ceiling": 0,
        "lifeline": 1,
        "charge": 0,
        "bands": [{"from": 0, "rate": 100}],
    }
    s.call(s.billing, "found-tariffs", [first], sender=s.deployer).ok()
    made = Court(s, rng)
    for zone, slots in ((ZONE, 4), (JURY, 16)):
        s.zone(zone, slots)
    for zone, slots, periods in ((ZONE, 4, PERIOD + 1), (JURY, 16, 2)):
        for _ in range(periods):
            s.metered(rng, zone, [0] * slots)
    for slot in range(jurors):
        made.join(JURY, slot)
    for _ in range(PERIOD + 1):
        made.bill().ok()
    return made
