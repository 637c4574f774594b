"""5: bill, arrears and balance -> what a period's settlement leaves of them. Pure.

What is due is paid from the balance as far as it goes; the rest becomes arrears, which bear no fee and never grow by
themselves. The same on commitments is `circuits.settlement`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from appliance.money import NOTHING, Money


@dataclass(frozen=True, slots=True)
class Account:
    """What a slot has paid ahead, and what it owes from before. Once settled, one of them is nothing."""

    balance: Money
    arrears: Money


OPENING_ACCOUNT = Account(NOTHING, NOTHING)


@dataclass(frozen=True, slots=True)
class Correction:
    """A ruling: the bill of an earlier period was `billed` and ought to have been `ruled`."""

    billed: Money
    ruled: Money


@dataclass(frozen=True, slots=True)
class Settled:
    """How a period's bill was met. due = bill + arrears before - correction, where that is not below nothing.

    `paid` went from the balance to the provider; `back` is what a correction gave beyond the due.
    """

    due: Money
    paid: Money
    back: Money
    after: Account


def settle(before: Account, bill: Money, correction: Correction | None = None) -> Settled:
    """One slot's settlement. ValueError where an amount would leave its range."""
    owed = bill.units + before.arrears.units
    if correction is not None:
        owed -= correction.billed.units - correction.ruled.units
    due, back = Money(max(owed, 0)), Money(max(-owed, 0))
    paid = min(due, before.balance)
    return Settled(due, paid, back, Account(before.balance - paid + back, due - paid))


def pay_out(before: Account, amount: Money) -> Account:
    """What is left of an account of which an amount was handed out; ValueError beyond the balance."""
    return Account(before.balance - amount, before.arrears)


def entitlement(settlements: Sequence[Settled]) -> int:
    """By how much one period's settlement moves what the provider may take; negative where corrections give more."""
    return sum(slot.paid.units - slot.back.units for slot in settlements)
