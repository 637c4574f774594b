"""Shares of a shared meter: they add up, nobody's is off by a whole unit, and the odd units go round."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.split import most, parts, reduced

WEIGHTS = st.lists(st.integers(0, 200), min_size=1, max_size=16)
TOTALS = st.integers(0, 10**7)
TURNS = st.integers(0, 2**40)


@given(TOTALS, WEIGHTS, TURNS)
def test_parts_add_up_and_each_is_its_share_rounded(total: int, weights: list[int], turn: int) -> None:
    made = parts(total, weights, turn)
    shares = reduced(weights)
    whole = sum(shares)
    assert sum(made) == total
    for part, share in zip(made, shares, strict=True):
        assert total * share // whole <= part <= -(-total * share // whole)


@given(TOTALS, st.lists(st.integers(0, 9), min_size=1, max_size=6), TURNS)
def test_over_a_round_of_blocks_each_gets_its_exact_share(total: int, weights: list[int], first: int) -> None:
    shares = reduced(weights)
    whole = sum(shares)
    rounds = [parts(total, weights, first + turn) for turn in range(whole)]
    assert [sum(column) for column in zip(*rounds, strict=True)] == [total * share for share in shares]


@given(st.integers(0, 200_000), WEIGHTS, TURNS)
def test_the_most_that_a_meter_may_show_keeps_every_slot_below_the_limit(
    limit: int, weights: list[int], turn: int
) -> None:
    total = most(limit, weights)
    assert max(parts(total, weights, turn)) <= limit
    beyond = total + 1
    shares = reduced(weights)
    assert -(-beyond * max(shares) // sum(shares)) > limit, "no more would fit at every turn"


def test_equal_parts_take_turns() -> None:
    made = [parts(7, [1, 1, 1], turn) for turn in range(3)]
    assert all(sorted(day) == [2, 2, 3] for day in made)
    assert [sum(column) for column in zip(*made, strict=True)] == [7, 7, 7]


def test_who_has_weight_zero_gets_nothing_unless_all_have() -> None:
    assert parts(10, [0, 5, 0], 3) == [0, 10, 0]
    assert sorted(parts(10, [0, 0, 0], 3)) == [3, 3, 4]


def test_neighbouring_turns_do_not_favour_the_same_slot() -> None:
    """A hundred days of one odd unit among weights of thousands: nobody strays far from the exact share."""
    weights = [4999, 2503, 2498]
    whole = sum(weights)
    got = [0, 0, 0]
    for turn in range(20_780, 20_880):
        got = [sum(pair) for pair in zip(got, parts(1, weights, turn), strict=True)]
    assert all(abs(part * whole - 100 * weight) < 3 * whole for part, weight in zip(got, weights, strict=True))


@pytest.mark.parametrize(("total", "weights"), [(1, []), (-1, [1]), (1, [1, -1])])
def test_nonsense_is_refused(total: int, weights: list[int]) -> None:
    with pytest.raises(ValueError, match="a split needs"):
        parts(total, weights, 0)
