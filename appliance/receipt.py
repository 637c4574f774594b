"""Numbered receipts in one chain: each names the one before, so that none can be left out or changed later. Pure.

A receipt binds the appliance when it is printed, whatever the chain knows by then.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from appliance.money import Money
from circuits import code

FIRST: Final = bytes(32)
_TAG: Final = b"mita/v1/receipt"
_SHORT: Final = 10  # bytes of the hash that are printed


class Kind(StrEnum):
    """What was received; words of the store, so never renamed."""

    PAYMENT = "payment"  # from a wallet
    SALE = "sale"  # cash, at an agent's
    COUNTER = "counter"  # a sale taken back; the amount is what it was


@dataclass(frozen=True, slots=True)
class Receipt:
    """`number` counts from 1 without a gap, `at` in UTC seconds, `source` names payment, agent or receipt."""

    number: int
    at: int
    kind: Kind
    label: str
    amount: Money
    source: str
    previous: bytes

    def digest(self) -> bytes:
        """SHA-256 over the receipt before and every field, each text behind its length."""
        fields = (
            _TAG,
            self.previous,
            self.number.to_bytes(8, "big"),
            self.at.to_bytes(8, "big"),
            _text(self.kind.value),
            _text(self.label),
            self.amount.units.to_bytes(8, "big"),
            _text(self.source),
        )
        return hashlib.sha256(b"".join(fields)).digest()

    def short(self) -> str:
        """80 bits of the digest as people copy them."""
        return code.encode(self.digest()[:_SHORT], checked=False)


def following(before: Receipt | None, at: int, kind: Kind, label: str, amount: Money, source: str) -> Receipt:
    """The receipt after this one, or the first."""
    if before is None:
        return Receipt(1, at, kind, label, amount, source, FIRST)
    return Receipt(before.number + 1, at, kind, label, amount, source, before.digest())


def first_broken(receipts: Sequence[Receipt]) -> int | None:
    """The number of the first receipt that does not follow the one before it; None if all do."""
    number, previous = 1, FIRST
    for receipt in receipts:
        if (receipt.number, receipt.previous) != (number, previous):
            return receipt.number
        number, previous = number + 1, receipt.digest()
    return None


def _text(value: str) -> bytes:
    encoded = value.encode()
    return len(encoded).to_bytes(2, "big") + encoded
