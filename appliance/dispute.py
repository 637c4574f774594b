"""5: what the chain says of a dispute -> what the operator has to do, and by when. Pure. Heights are burn heights.

A missed deadline rules for the resident, so nothing here waits for a person longer than it must.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

APPEAL_BLOCKS: Final = 1008

State = Literal["answer", "draw", "panel", "assembly", "for", "against", "closed-for", "closed-against"]


@dataclass(frozen=True, slots=True)
class Ruling:
    for_resident: bool
    height: int
    final: bool


@dataclass(frozen=True, slots=True)
class Dispute:
    """As dispute-resolution keeps it, as far as the operator needs it.

    `alternative` commits to what the bill should be. `rule_by` is 0 until a panel is drawn or an assembly decides.
    """

    id: int
    zone: int
    slot: int
    period: int
    alternative: bytes
    opened: int
    answer_by: int
    answered: bool
    round: int
    redrawn: bool
    draw_at: int
    assembly: bool
    rule_by: int
    ruling: Ruling | None
    closed: bool

    @property
    def draws(self) -> int:
        """Which draw it waits for or has had, of at most four: two of the first panel, two on appeal."""
        return 2 * self.round + self.redrawn


class Act(StrEnum):
    """The contract's functions, in the order in which they come."""

    ANSWER = "submit-evidence"
    DRAW = "draw-panel"
    EXPIRE = "expire"
    CLOSE = "close-dispute"


def due(of: Dispute, height: int) -> Act | None:
    """What to do now, if anything. All but the answer anybody may do: the operator does not wait for others.

    It answers late, too: the contract's clock stands still while no batch comes.
    """
    if of.closed:
        return None
    if of.ruling is not None:
        return Act.CLOSE if of.ruling.final or height > of.ruling.height + APPEAL_BLOCKS else None
    if not of.answered:
        return Act.ANSWER
    if not of.rule_by:
        return Act.DRAW if height > of.draw_at else None
    return Act.EXPIRE if not of.assembly and height > of.rule_by else None


def is_done(act: Act, draws: int, of: Dispute) -> bool:
    """Whether what an act was for, at that draw, has happened, whoever brought it about."""
    match act:
        case Act.ANSWER:
            return of.answered
        case Act.DRAW:
            return of.draws > draws or of.rule_by > 0 or of.ruling is not None
        case Act.EXPIRE:
            return of.draws > draws or of.assembly or of.ruling is not None
        case Act.CLOSE:
            return of.closed


def left_to_answer(of: Dispute, height: int) -> int | None:
    """Burn blocks until the operator's time is over; None if nothing is waited for."""
    if of.closed or of.ruling is not None or of.answered:
        return None
    return max(of.answer_by - height, 0)


def state(of: Dispute) -> tuple[State, int | None]:
    """Where it stands, and the burn height that is waited for, if any."""
    if of.ruling is not None:
        if of.closed:
            return ("closed-for" if of.ruling.for_resident else "closed-against"), None
        until = None if of.ruling.final else of.ruling.height + APPEAL_BLOCKS
        return ("for" if of.ruling.for_resident else "against"), until
    if not of.answered:
        return "answer", of.answer_by
    if not of.rule_by:
        return "draw", of.draw_at
    return ("assembly" if of.assembly else "panel"), of.rule_by
