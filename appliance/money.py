"""Amounts of money: integers in units of account, never negative, never a fraction. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

BOUND: Final = 1 << 48  # every amount that is committed is below it (circuits.money)
CREDIT_BOUND: Final = 1 << 36  # a bill or a credit of one slot is below it (protocol, section 2)
BATCH_BOUND: Final = 1 << 40  # and what one batch of credits amounts to is below this


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """Units of account, in [0, 2^48). No floats, no other integers: `Money + 1` is a mistake and fails."""

    units: int

    def __post_init__(self) -> None:
        if type(self.units) is not int or not 0 <= self.units < BOUND:
            raise ValueError(f"an amount is a whole number of units in [0, 2^48), not {self.units!r}")

    def __add__(self, other: Money) -> Money:
        return Money(self.units + other.units)

    def __sub__(self, other: Money) -> Money:
        """ValueError where less than nothing would be left."""
        return Money(self.units - other.units)

    def __bool__(self) -> bool:
        return self.units != 0


NOTHING: Final = Money(0)


def total(amounts: Iterable[Money]) -> Money:
    return Money(sum(amount.units for amount in amounts))


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many units of account one unit of a zone's token is worth; 1 to 2^40, fixed for the zone's life."""

    units: int

    def __post_init__(self) -> None:
        if type(self.units) is not int or not 1 <= self.units <= 1 << 40:
            raise ValueError("a token unit is worth 1 to 2^40 units of account")

    def worth(self, tokens: int) -> Money:
        """Of so many token units."""
        return Money(tokens * self.units)

    def whole_tokens(self, amount: Money) -> tuple[int, Money]:
        """The token units in an amount, and what is left over and carried."""
        tokens, rest = divmod(amount.units, self.units)
        return tokens, Money(rest)
