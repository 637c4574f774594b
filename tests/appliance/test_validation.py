"""What may be billed: one row per rule, and that nothing accepted ever goes backward."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.validation import Accepted, Reason, judge
from drivers.api import Authenticity, Reading, Unit

RATE = 10_000  # Wh per hour
LAST = Accepted(at=1_000_000, index=50_000, register="1-0:1.8.0", unit="Wh")


def reading(at: int, index: int, register: str = "1-0:1.8.0", unit: Unit = Unit.WH) -> Reading:
    return Reading(register, index, unit, at, Authenticity.L0, b"frame", None)


@pytest.mark.parametrize(
    ("at", "index", "reason"),
    [
        (1_000_900, 50_100, Reason.NONE),
        (1_000_900, 50_000, Reason.NONE),  # nothing used
        (1_000_000, 50_000, Reason.NONE),  # read twice in one second
        (1_000_900, 49_999, Reason.BACKWARD),
        (1_000_900, 0, Reason.BACKWARD),
        (999_999, 50_100, Reason.NONE),  # our clock was set back; the index has not gone back
        (500_000, 50_001 + RATE, Reason.JUMP),
        (1_003_600, 50_000 + 2 * RATE, Reason.NONE),  # one hour and the slack of one
        (1_003_600, 50_001 + 2 * RATE, Reason.JUMP),
        (1_000_000 + 30 * 86_400, 50_000 + 30 * 24 * RATE, Reason.NONE),  # switched off for a month
    ],
)
def test_rules(at: int, index: int, reason: Reason) -> None:
    assert judge(reading(at, index), LAST, RATE) is reason


def test_another_quantity_is_never_mixed_in() -> None:
    assert judge(reading(1_000_900, 50_100, register="1-0:2.8.0"), LAST, RATE) is Reason.REGISTER
    assert judge(reading(1_000_900, 50_100, unit=Unit.ML), LAST, RATE) is Reason.REGISTER


def test_the_first_reading_is_taken() -> None:
    assert judge(reading(1, 10**9), None, RATE) is Reason.NONE


@given(st.lists(st.tuples(st.integers(-100, 100_000), st.integers(0, 10**7)), max_size=50))
def test_accepted_indexes_never_fall(steps: list[tuple[int, int]]) -> None:
    last, at = None, 1_000_000
    for step, index in steps:
        at = max(1, at + step)
        candidate = reading(at, index)
        if judge(candidate, last, RATE) is Reason.NONE:
            assert last is None or index >= last.index
            last = Accepted(at, index, candidate.register, candidate.unit.value)
