"""5: what opens a slot's bill, balance and arrears on chain, followed from the first commitment on. Pure.

Commitments are combined on chain, so a blinding is a sum of others; no blinding is stored, each is derived again from
the dwelling's key and the amounts. `circuits.settlement` does the same on points.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from appliance.money import Money
from circuits import settlement
from circuits.blinding import BlindingKey, Letter
from circuits.pedersen import Opening
from circuits.scalar import ONE, Scalar
from circuits.tariff import Line


@dataclass(frozen=True, slots=True)
class Place:
    """A slot and the key of who lives there; for a vacant one the zone's own. Secret: the key hides itself."""

    zone: int
    slot: int
    occupied: bool
    key: BlindingKey


@dataclass(frozen=True, slots=True)
class Position:
    """Openings of W and D. Secret: both hide themselves."""

    balance: Opening
    arrears: Opening


FIRST: Final = Position(Opening(0, ONE), Opening(0, Scalar(2)))
"""W = H0 and D = 2*H0, which everybody can open: of a slot's first period, and after it was released."""


def bill_opening(place: Place, lines: Sequence[Line], usage: Opening, period: int, amount: Money) -> Opening:
    """F. With one line the contract computes it from the usage's commitment; with more it has a blinding of its own."""
    if len(lines) == 1:
        return Opening(amount.units, lines[0].blinding(usage.blinding, occupied=place.occupied))
    return Opening(amount.units, place.key.blinding(Letter.BILL, place.zone, place.slot, period, amount.units))


def credit_opening(place: Place, sequence: int, amount: Money, revision: int = 0) -> Opening:
    """K of a batch of credits; `revision` counts the batches made for one sequence number."""
    blinding = place.key.blinding(Letter.CREDIT, place.zone, place.slot, sequence, amount.units, revision)
    return Opening(amount.units, blinding)


def credited(before: Position, credit: Opening) -> Position:
    return Position(before.balance + credit, before.arrears)


NOT_PAID_OUT: Final = Opening(0, Scalar(2))
"""2*H0, which stands for the payout of a slot that has none; the contract takes it off its balance all the same."""


def payout_opening(place: Place, period: int, amount: Money) -> Opening:
    """P of what is paid out before a period is settled."""
    return Opening(amount.units, place.key.blinding(Letter.PAYOUT, place.zone, place.slot, period, amount.units))


def paid_out(before: Position, payout: Opening) -> Position:
    """ValueError for a payout above the balance."""
    left = Opening(before.balance.value - payout.value, before.balance.blinding - payout.blinding)
    return Position(left, before.arrears)


def dues(before: Position, bill: Opening, correction: settlement.Correction | None) -> settlement.Dues:
    return settlement.Dues(bill, before.arrears, before.balance, correction)


def settled(place: Place, of: settlement.Dues, period: int, *, corrected: bool) -> Position:
    """After the settlement of a period. `corrected`: the settlement names corrections, of this slot or of others."""
    value = max(-of.due(), 0)
    fresh = place.key.blinding(Letter.BALANCE, place.zone, place.slot, period, value)
    after = of.settle(fresh, corrected=corrected)
    return Position(after.balance, after.arrears)
