"""5: what the chain shows of an agent's float -> what it may still sell, and which sales a batch may cover. Pure.

An agent approves a total on chain first, then sells within it at once. So whoever got a receipt is credited without the
agent doing anything more; only a reorganisation deeper than what counts as final could take the approval away.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from appliance.credit import Sale
from appliance.money import CREDIT_BOUND, Ratio

LATE: Final = 600  # seconds after which a request is not taken any more: the agent has given up by then


@dataclass(frozen=True, slots=True)
class Float:
    """An agent's float in token units, as the payment contract keeps it: debited <= approved <= debited + balance,
    unless the zone is closed."""

    balance: int
    approved: int
    debited: int


@dataclass(frozen=True, slots=True)
class Watched:
    """A float over time. `final` of what is approved may be sold; a higher total, `pending`, was seen since that burn
    height. `earlier` was debited before this gateway's books knew the agent."""

    seen: Float
    final: int
    pending: tuple[int, int] | None
    earlier: int


def first_seen(seen: Float, height: int) -> Watched:
    """An approval counts only once it was seen for a while."""
    return watched(Watched(seen, 0, None, seen.debited), seen, height, 1)


def watched(before: Watched, seen: Float, height: int, buried: int) -> Watched:
    """After another look at this burn height. What is approved only rises, so less is a reorganisation: it counts at
    once. More counts when `buried` Bitcoin blocks have passed in which no look showed less."""
    final, pending = min(before.final, seen.approved), before.pending
    if pending is not None and seen.approved < pending[0]:
        pending = None
    if pending is not None and height - pending[1] >= buried:
        final, pending = pending[0], None
    if pending is None and seen.approved > final:
        pending = (seen.approved, height)
    return replace(before, seen=seen, final=final, pending=pending)


def room(of: Watched, sold: int, waiting: int) -> int:
    """Token units that may still be sold. `sold` by all receipts of the agent in the zone, of which `waiting` are in no
    batch; what the chain has debited counts where the books know less of it."""
    return max(0, of.final - max(of.earlier + sold, of.seen.debited + waiting))


def coverable(of: Watched, sold: int, waiting: Iterable[Sale]) -> list[Sale]:
    """The oldest of the waiting sales that the next batch may debit, `sold` of all being in batches before."""
    left = of.final - max(of.earlier + sold, of.seen.debited)
    found = []
    for sale in sorted(waiting, key=lambda one: one.number):
        left -= sale.tokens
        if left < 0:
            break
        found.append(sale)
    return found


def whole_tokens(units: int, ratio: Ratio) -> int | None:
    """What an amount is in token units; None for nothing, for more than one credit can be, and for parts of a unit."""
    tokens, rest = divmod(units, ratio.units)
    return tokens if 0 < units < CREDIT_BOUND and not rest else None


def is_short(now: Float, tokens: int) -> bool:
    """Whether the contract would refuse to debit so much."""
    return now.debited + tokens > now.approved or tokens > now.balance
