"""5: payments and sales that nobody has been credited for -> the next batch of credits of a zone. Pure.

The chain sees which payments and whose floats a batch covers and what they add up to, never whose credit is how much.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from appliance.money import BATCH_BOUND, CREDIT_BOUND, NOTHING, Money, Ratio, total

PAYMENTS: Final = 32  # a batch covers at most so many
AGENTS: Final = 8  # and debits the floats of at most so many


@dataclass(frozen=True, slots=True)
class Payment:
    """Tokens that came to the zone's pot under a reference issued to the dwelling in this slot. `id` is the chain's."""

    id: int
    slot: int
    tokens: int


@dataclass(frozen=True, slots=True)
class Sale:
    """Credit sold for cash against an agent's float; `number` counts all sales, `agent` is the agent's principal."""

    number: int
    slot: int
    agent: str
    tokens: int


@dataclass(frozen=True, slots=True)
class Credits:
    """A batch. `by_slot` adds up to `amount`, the worth of payments and floats; a slot left out gets nothing."""

    payments: tuple[int, ...]
    sales: tuple[int, ...]
    floats: tuple[tuple[str, int], ...]
    by_slot: dict[int, Money]
    amount: Money

    def of(self, slot: int) -> Money:
        return self.by_slot.get(slot, NOTHING)


def next_credits(payments: Iterable[Payment], sales: Iterable[Sale], ratio: Ratio) -> Credits | None:
    """The oldest first, as many as fit; None if there are none. What is worth 2^36 or more is never covered."""
    covered: list[Payment] = []
    sold: list[Sale] = []
    floats: Counter[str] = Counter()
    slots: dict[int, Money] = {}

    def fits(item: Payment | Sale) -> bool:
        if not 0 < item.tokens < -(-CREDIT_BOUND // ratio.units):
            return False
        worth = ratio.worth(item.tokens)
        if total(slots.values()).units + worth.units >= BATCH_BOUND:
            return False
        slots[item.slot] = slots.get(item.slot, NOTHING) + worth
        return True

    for payment in sorted(payments, key=lambda item: item.id):
        if len(covered) < PAYMENTS and fits(payment):
            covered.append(payment)
    for sale in sorted(sales, key=lambda item: item.number):
        if (sale.agent in floats or len(floats) < AGENTS) and fits(sale):
            sold.append(sale)
            floats[sale.agent] += sale.tokens
    if not slots:
        return None
    return Credits(
        tuple(payment.id for payment in covered),
        tuple(sale.number for sale in sold),
        tuple(sorted(floats.items())),
        slots,
        total(slots.values()),
    )
