"""What a zone's money is in plain numbers, and how its commitments and proofs travel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from appliance.chain.address import Address
from appliance.chain.clarity import ResponseOk
from circuits import hints
from circuits.generators import LIB
from circuits.group import LibPoint
from circuits.listed import ListedProof
from circuits.pedersen import Opening, commit
from circuits.settlement import Correction, Dues
from tests.contracts.vm import Receipt


@dataclass(slots=True)
class Paid:
    """A payment in token units; `slot` is whom it is for, which only payer and gateway know."""

    payer: Address
    amount: int
    slot: int
    reward: bool = False
    state: str = "waiting"  # "credited", "returned", "refunded"


@dataclass(slots=True)
class Float:
    balance: int = 0
    approved: int = 0
    debited: int = 0


@dataclass(slots=True)
class Zone:
    """What is committed, opened, and what is public. Openings by slot; `pot`, `pool` and floats in token units, the
    others in units of account."""

    slots: int
    ratio: int
    balances: list[Opening]
    arrears: list[Opening]
    usages: dict[int, tuple[Sequence[Opening], int]] = field(default_factory=dict)
    bills: dict[int, list[Opening]] = field(default_factory=dict)
    corrections: dict[tuple[int, int], Correction] = field(default_factory=dict)
    credits: dict[int, list[Opening]] = field(default_factory=dict)
    payments: dict[int, Paid] = field(default_factory=dict)
    floats: dict[Address, Float] = field(default_factory=dict)
    hold_backs: dict[int, int] = field(default_factory=dict)
    pot: int = 0
    pool: int = 0
    credited: int = 0
    paid_out: int = 0
    entitled: int = 0
    income: int = 0
    settled: int = 0
    released: int = 0
    sequence: int = 0
    version: int = 0
    balances_forfeited: bool = False

    @property
    def parts(self) -> int:
        return 2 if self.slots > 32 else 1

    def account(self) -> dict[str, int]:
        """As get-account says it."""
        public = ("pot", "pool", "credited", "entitled", "income", "settled", "released", "sequence", "version")
        return {"paid-out": self.paid_out, **{name: getattr(self, name) for name in public}}

    def draw(self, period: int, amount: int) -> None:
        """What the provider gives back: out of this period's hold-back, then its income."""
        if held := min(amount, self.hold_backs.get(period, 0)):
            self.hold_backs[period] -= held
        self.income -= amount - held

    def waiting(self) -> list[int]:
        return [number for number, paid in self.payments.items() if paid.state == "waiting"]

    def due(self, slot: int, corrected: Sequence[tuple[int, int]] = ()) -> Dues:
        """The slot before the next settlement."""
        correction = next((self.corrections[place] for place in corrected if place[0] == slot), None)
        return Dues(self.bills[self.settled][slot], self.arrears[slot], self.balances[slot], correction)


def points(openings: Sequence[Opening]) -> list[bytes]:
    return [commit(LIB, opening).to_bytes() for opening in openings]


def sum_hints(commitments: Sequence[bytes]) -> list[bytes]:
    """For sum-commitments."""
    return list(hints.for_additions([LibPoint.from_bytes_checked(point).xy() for point in commitments], 1))


def range_args(proof: ListedProof) -> tuple[list[bytes], list[bytes], list[bytes]]:
    return list(proof.points), list(proof.scalars), list(proof.hints)


def accepted(receipt: Receipt) -> bool:
    return isinstance(receipt.result, ResponseOk)
