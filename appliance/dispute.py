"""5: what the chain says of a dispute -> what the operator has to do, and by when. Pure. Heights are burn heights.

A missed deadline rules for the resident, so nothing here waits for a person longer than it must.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

APPEAL_BLOCKS: Final = 1008


@dataclass(frozen=True, slots=True)
class Ruling:
    for_resident: bool
    height: int
    final: bool


@dataclass(frozen=True, slots=True)
class Dispute:
    """As dispute-resolution keeps it, as far as the operator needs it."""

    id: int
    zone: int
    slot: int
    period: int
    answer_by: int
    answered: bool
    draw_at: int
    assembly: bool
    drawn: bool
    ruling: Ruling | None
    closed: bool


class Act(StrEnum):
    """The contract's functions, in the order in which they come."""

    ANSWER = "submit-evidence"
    DRAW = "draw-panel"
    CLOSE = "close-dispute"


def due(of: Dispute, height: int) -> Act | None:
    """What to do now, if anything. Drawing and closing anybody may do: the operator does not wait for others."""
    if of.closed:
        return None
    if of.ruling is not None:
        over = of.ruling.final or height >= of.ruling.height + APPEAL_BLOCKS
        return Act.CLOSE if over else None
    if not of.answered:
        return Act.ANSWER if height < of.answer_by else None
    if not of.drawn and not of.assembly and height > of.draw_at:
        return Act.DRAW
    return None


def left_to_answer(of: Dispute, height: int) -> int | None:
    """Burn blocks until the operator's time is over; None if nothing is waited for."""
    if of.closed or of.ruling is not None or of.answered:
        return None
    return max(of.answer_by - height, 0)
