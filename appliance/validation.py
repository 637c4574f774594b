"""2: a reading and the last accepted one -> accepted or suspect. Pure.

The first rules of VEE (validation, estimation, editing). A suspect reading is journaled as it came and never
billed; the next accepted index carries what it would have carried.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from drivers.api import Reading

SLACK_SECONDS: Final = 3600  # a meter's own refresh and rounding, added to the elapsed time


class Reason(StrEnum):
    """Why a reading is suspect; words of the journal, so never renamed."""

    NONE = ""
    BACKWARD = "backward"  # the index is lower than before: reset, replacement or a late reply
    JUMP = "jump"  # more than the service can carry in the time since
    REGISTER = "register"  # another quantity or unit than before


@dataclass(frozen=True, slots=True)
class Accepted:
    """What is kept of the last accepted reading of a meter."""

    at: int
    index: int
    register: str
    unit: str


def judge(reading: Reading, last: Accepted | None, max_rate: int) -> Reason:
    """NONE if accepted. `max_rate` is the most the service can carry, in the reading's unit per hour."""
    if last is None:
        return Reason.NONE
    if (reading.register, reading.unit.value) != (last.register, last.unit):
        return Reason.REGISTER
    if reading.index < last.index:
        return Reason.BACKWARD
    elapsed = max(0, reading.at - last.at) + SLACK_SECONDS  # a clock set back tells nothing about the meter
    if (reading.index - last.index) * 3600 > max_rate * elapsed:
        return Reason.JUMP
    return Reason.NONE
