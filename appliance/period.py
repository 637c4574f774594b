"""5: when a period ends, and which calls of the contracts its end takes, in their order. Pure.

Whether a call has been made is the outbox's to know; what is asked here has the same answer whenever it is asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from circuits.money import PART


class Step(StrEnum):
    """The contracts' functions."""

    CLOSE = "close-period"
    BILLS = "calculate-bills"
    BAND = "prove-band"
    PROVE_BILLS = "prove-bills"
    SETTLE = "settle-period"
    FINISH_SETTLEMENT = "finish-settlement"
    CREDIT = "credit-batch"
    FINISH_CREDIT = "finish-credit"
    PAYOUT = "payout-batch"
    PROVE_PAYOUT = "prove-payout"
    RELEASE = "release-slot"


BANDS: Final = 4  # of a tariff, at most


@dataclass(frozen=True, slots=True)
class Due:
    """One call; `part` tells those of the same step apart: band times parts plus part of the list."""

    step: Step
    part: int = 0


def parts(slots: int) -> int:
    """In how many parts a zone's list of amounts is range-proved."""
    return -(-slots // PART)


def band_and_part(part: int, slots: int) -> tuple[int, int]:
    """Which band, and which part of the list, a call of the step BAND is for."""
    return divmod(part, parts(slots))


def billing(bands: int, slots: int) -> tuple[Due, ...]:
    """What turns a closed period's usage into final bills. One band is computed and needs no proof."""
    if not 1 <= bands <= BANDS:
        raise ValueError("a tariff has 1 to 4 bands")
    proofs = [Due(Step.BAND, part) for part in range(bands * parts(slots))] if bands > 1 else []
    touched = [Due(Step.PROVE_BILLS)] if bands > 1 else []
    return (Due(Step.BILLS), *proofs, *touched)


def settling(slots: int) -> tuple[Due, ...]:
    return (Due(Step.SETTLE), *(Due(Step.FINISH_SETTLEMENT, part) for part in range(1, parts(slots))))


def crediting(slots: int) -> tuple[Due, ...]:
    return (Due(Step.CREDIT), *(Due(Step.FINISH_CREDIT, part) for part in range(1, parts(slots))))


def paying_out(slots: int) -> tuple[Due, ...]:
    """Payouts in range, part by part, then what they leave."""
    return (Due(Step.PAYOUT), *(Due(Step.PROVE_PAYOUT, part) for part in range(1, 2 * parts(slots))))


def ends_at(first: int, batched: int, period_blocks: int) -> int:
    """The last block of the period from `first`: after so many blocks, or with the batches that are there if longer.

    `batched` is the newest block in a batch. Only a period that was begun when none ended can be longer.
    """
    return max(first + period_blocks - 1, batched)
