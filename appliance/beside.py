"""5: calls of a gateway that go on beside a zone's metering and money. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

CLAIM_TIME: Final = 4320  # as in the contract: burn blocks after a payment was credited in which its payer may ask


class Beside(StrEnum):
    """The contracts' functions, whose effect nothing else waits for."""

    CLAIM = "answer-claim"
    CONTEST = "answer-contest"
    COMBINED = "open-combined-total"


@dataclass(frozen=True, slots=True)
class Claim:
    """A payer's question whether a payment got there, as dispute-resolution keeps it. `total`: units of account that
    the credits have to reach; `over`: answered, or paid back. Heights are burn heights."""

    payment: int
    zone: int
    sequence: int
    total: int
    opened: int
    answer_by: int
    over: bool
