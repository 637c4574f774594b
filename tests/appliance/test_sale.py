"""What an agent may still sell: never more than it approved on chain for good, whatever is seen in whatever order."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance import sale
from appliance.credit import Sale
from appliance.money import Ratio
from appliance.sale import Float, Watched

BURIED = 3


def after(*looks: tuple[int, int]) -> Watched:
    """Looks as (burn height, approved)."""
    (height, approved), *others = looks
    of = sale.first_seen(Float(1000, approved, 0), height)
    for at, seen in others:
        of = sale.watched(of, Float(1000, seen, 0), at, BURIED)
    return of


@pytest.mark.parametrize(
    ("looks", "final"),
    [
        ([(10, 50)], 0),
        ([(10, 50), (12, 50)], 0),
        ([(10, 50), (13, 50)], 50),
        ([(10, 50), (12, 70), (13, 70)], 50),
        ([(10, 50), (12, 70), (13, 70), (16, 70)], 70),
        ([(10, 50), (11, 40), (13, 50)], 0),
        ([(10, 50), (11, 40), (14, 50)], 40),
        ([(10, 50), (13, 50), (14, 20)], 20),
        ([(10, 50), (13, 50), (14, 0), (15, 50), (17, 50)], 0),
        ([(10, 50), (13, 50), (14, 0), (15, 50), (18, 50)], 50),
        ([(10, 0), (13, 0)], 0),
    ],
)
def test_an_approval_counts_once_no_look_showed_less_for_a_while(looks: list[tuple[int, int]], final: int) -> None:
    assert after(*looks).final == final


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 100)), min_size=1, max_size=20))
def test_what_counts_was_there_at_every_look_for_long_enough(steps: list[tuple[int, int]]) -> None:
    """An independent reading of the rule: the largest total that all looks of some span of BURIED blocks showed, and no
    look since then showed less of."""
    height, looks = 10, []
    for wait, approved in steps:
        height += wait
        looks.append((height, approved))
        allowed = 0
        for first in range(len(looks)):
            for last in range(first, len(looks)):
                if looks[last][0] - looks[first][0] >= BURIED:
                    allowed = max(allowed, min(seen for _, seen in looks[first:]))
        assert after(*looks).final <= allowed


def test_room_counts_every_receipt_and_whatever_the_chain_debited() -> None:
    of = Watched(Float(100, 100, 0), 100, None, 0)
    assert sale.room(of, 0, 0) == 100
    assert sale.room(of, 60, 60) == 40
    assert sale.room(of, 60, 0) == 40, "in a batch that the chain does not show yet"
    assert sale.room(replace(of, seen=Float(40, 100, 60)), 60, 0) == 40
    assert sale.room(replace(of, seen=Float(40, 100, 60)), 10, 10) == 30, "the books were lost"
    assert sale.room(replace(of, seen=Float(0, 100, 60), earlier=60), 30, 30) == 10
    assert sale.room(of, 200, 200) == 0


def test_a_batch_debits_the_oldest_that_fit_and_nothing_overtakes() -> None:
    of = Watched(Float(100, 100, 0), 100, None, 0)
    sales = [Sale(n, 0, "agent", tokens) for n, tokens in ((3, 10), (1, 60), (2, 50))]
    assert [one.number for one in sale.coverable(of, 0, sales)] == [1]
    assert [one.number for one in sale.coverable(of, 50, sales)] == []
    assert [one.number for one in sale.coverable(replace(of, final=120), 0, sales)] == [1, 2, 3]


def test_an_amount_is_whole_token_units_and_one_credit() -> None:
    ratio = Ratio(1000)
    assert sale.whole_tokens(5000, ratio) == 5
    for units in (0, -1000, 5001, 999, 1 << 36):
        assert sale.whole_tokens(units, ratio) is None
    assert sale.whole_tokens((1 << 36) - 1, Ratio(1)) == (1 << 36) - 1


@pytest.mark.parametrize(
    ("now", "tokens", "short"),
    [
        (Float(10, 10, 0), 10, False),
        (Float(10, 10, 0), 11, True),
        (Float(10, 9, 0), 10, True),
        (Float(10, 30, 20), 10, False),
        (Float(9, 30, 20), 10, True),
    ],
)
def test_short_is_what_the_contract_refuses(now: Float, tokens: int, short: bool) -> None:
    assert sale.is_short(now, tokens) is short
