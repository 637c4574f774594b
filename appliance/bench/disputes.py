"""Disputes about bills and questions about payments: calls of dispute-resolution, with real proofs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from appliance.bench.calls import GATEWAY, Call
from appliance.bench.money import CLAIMED, CLAIMED_SLOT, PAYER, SALT, amount
from appliance.bench.town import (
    BILLING,
    DISPUTES,
    HOMES,
    POWER,
    RATIO,
    SLOTS,
    SMALL,
    TREASURERS,
    Town,
    call,
    own_key,
    own_principal,
    proof,
    token,
    uint,
)
from appliance.chain.clarity import List, Optional, Tuple, Value
from appliance.money_proof import points
from circuits import lists, money
from circuits.generators import LIB
from circuits.group import LibPoint
from circuits.pedersen import Opening
from circuits.scalar import Scalar
from circuits.settlement import Correction

BEFORE_JURORS, DRAWN, UNANSWERED = 0, 1, 2
"""Slots whose bills of period 0 are disputed, in this order: for an assembly, for panels, and never answered."""
CEILING: Final = (LIB.value * Scalar(2**36 - 1)).to_bytes()
LESS: Final = 1_000  # units of account that each asks for


@dataclass(frozen=True, slots=True)
class Disputed:
    """A correction as it is committed, and what it opens to."""

    commitment: bytes
    correction: Correction


def opened(town: Town, slot: int, found: dict[int, Disputed]) -> Iterator[Call]:
    bill = town.books[POWER].bills[0][slot]
    alternative = Opening(bill.value - LESS, town.blinding())
    less = Opening(LESS, bill.blinding - alternative.blinding)
    committed, named, correction = points([bill, alternative, less])
    who = HOMES[slot]
    context = town.bound("dispute", DISPUTES, who, zone=POWER, slot=slot, period=0, sealed=False, bill=committed)
    shown = money.prove(LibPoint, (alternative, less, alternative, less), context, town.entropy())
    hint = lists.subtract(LibPoint, (committed, CEILING), (named, named)).hint
    said = (POWER, slot, 0, named, False, hint, shown.points, shown.scalars, shown.hints)
    yield call(who, DISPUTES, "open-dispute", *said, proof())
    found[slot] = Disputed(correction, Correction(bill, alternative))


def jurors(_: Town) -> Iterator[Call]:
    """All dwellings of COURT, each with a principal of its own."""
    for slot in range(SMALL):
        dwelling = SLOTS + slot + 1
        yield from own_principal(dwelling)
        yield call(own_key(dwelling), DISPUTES, "join-pool")


def answered(town: Town, dispute: int) -> Iterator[Call]:
    yield call(HOMES[dispute - 1], DISPUTES, "submit-evidence", dispute, town.entropy())
    yield call(GATEWAY, DISPUTES, "submit-evidence", dispute, town.entropy())


def judged(town: Town) -> Iterator[Call]:
    """The second dispute: a panel, an appeal, a larger panel. The first: an assembly."""
    for appealed in (False, True):
        town.chain.burn(7)
        yield call(PAYER, DISPUTES, "draw-panel", DRAWN + 1)
        panel = _panel(town.read(DISPUTES, "get-dispute", DRAWN + 1))
        for dwelling in panel[: len(panel) // 2 + 1]:
            yield call(own_key(dwelling), DISPUTES, "rule", DRAWN + 1, True)
        if not appealed:
            yield call(GATEWAY, DISPUTES, "appeal", DRAWN + 1)
    town.burn_to(_due(town))  # all three were asked for with keys that the gateway has too
    yield call(PAYER, DISPUTES, "close-dispute", DRAWN + 1)
    photo = town.entropy()
    for treasurer in TREASURERS:
        yield call(treasurer, DISPUTES, "rule-by-assembly", BEFORE_JURORS + 1, True, photo)
    yield call(PAYER, DISPUTES, "close-dispute", BEFORE_JURORS + 1)


def expired(_: Town) -> Iterator[Call]:
    """The third, whose operator was silent for more than a week while batches came."""
    yield call(PAYER, DISPUTES, "expire", UNANSWERED + 1)
    yield call(PAYER, DISPUTES, "close-dispute", UNANSWERED + 1)


def claims(town: Town) -> Iterator[Call]:
    """A payer asks about two payments; the gateway answers for the first."""
    first, second = CLAIMED
    total = amount(first) * RATIO
    share = town.books[POWER].shares[CLAIMED_SLOT]
    yield call(PAYER, DISPUTES, "claim-credit", first, SALT, CLAIMED_SLOT + 1)
    listed = points([share, Opening(total, Scalar(0))])
    context = town.bound("claim", DISPUTES, payment=first, zone=POWER, sequence=0, slot=CLAIMED_SLOT, total=total)
    shown = money.prove(LibPoint, [Opening(share.value - total, share.blinding)], context, town.entropy())
    hint = lists.subtract(LibPoint, listed[:1], listed[1:]).hint
    said = (first, CLAIMED_SLOT, hint, shown.points, shown.scalars, shown.hints)
    yield call(GATEWAY, DISPUTES, "answer-claim", *said, proof())
    yield call(PAYER, DISPUTES, "claim-credit", second, SALT, CLAIMED_SLOT + 1)


def refunded(_: Town) -> Iterator[Call]:
    """The second payment, out of what was held back for period 0."""
    yield call(PAYER, DISPUTES, "refund-claim", CLAIMED[1], 0, token())


def _due(town: Town) -> int:
    match town.read(BILLING, "get-bills", POWER, 0):
        case Optional(Tuple(fields)):
            return uint(dict(fields)["due"])
    raise TypeError("get-bills did not answer with bills")


def _panel(dispute: Value) -> list[int]:
    match dispute:
        case Optional(Tuple(fields)):
            match dict(fields).get("panel"):
                case List(items):
                    return [uint(item) for item in items]
    raise TypeError("get-dispute did not answer with a panel")
