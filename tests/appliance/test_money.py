"""Amounts, bills and settlements: the steps a person reads, and the integers that are proved, are the same."""

from __future__ import annotations

from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.bill import BandStep, ChargeStep, Tariff, bill
from appliance.block import MAX_BLOCK_USAGE
from appliance.money import BOUND, NOTHING, Money, Ratio, total
from appliance.settlement import Account, Correction, entitlement, pay_out, settle
from circuits import settlement as proved
from circuits import tariff
from circuits.pedersen import Opening
from circuits.scalar import Scalar
from circuits.tariff import Band


@st.composite
def tariffs(draw: st.DrawFn) -> Tariff:
    count = draw(st.integers(1, 4))
    starts = sorted(draw(st.sets(st.integers(1, 20_000), min_size=count - 1, max_size=count - 1)))
    rates = sorted(draw(st.lists(st.integers(1, 10_000), min_size=count, max_size=count)))
    bands = tuple(Band(*band) for band in zip([0, *starts], rates, strict=True))
    return Tariff(1, 3, 0, draw(st.integers(0, 100_000)), bands)


AMOUNTS = st.integers(0, 2**36 - 1).map(Money)
BLOCKS = st.integers(1, 31)


@pytest.mark.parametrize("units", [-1, BOUND, 1.0, True, "1"])
def test_what_is_no_amount_is_refused(units: object) -> None:
    with pytest.raises(ValueError, match="a whole number of units"):
        Money(cast(Any, units))


def test_an_amount_never_goes_below_nothing_and_mixes_with_no_number() -> None:
    with pytest.raises(ValueError, match="whole number"):
        _ = Money(1) - Money(2)
    with pytest.raises(AttributeError):
        _ = Money(1) + cast(Any, 1)
    assert cast(Any, Money(1)) != 1


@given(st.integers(0, 2**40), st.integers(1, 2**20))
def test_whole_tokens_and_the_rest_are_the_amount(units: int, ratio: int) -> None:
    tokens, rest = Ratio(ratio).whole_tokens(Money(units))
    assert Ratio(ratio).worth(tokens) + rest == Money(units)
    assert rest.units < ratio


@given(tariffs(), st.integers(0, 31 * MAX_BLOCK_USAGE), BLOCKS)
def test_the_steps_add_up_to_what_the_lines_prove(of: Tariff, usage: int, blocks: int) -> None:
    for occupied in (True, False):
        made = bill(of, usage, blocks, occupied=occupied)
        assert made.amount.units == tariff.bill(of.lines(blocks), usage, occupied=occupied)
        assert total(step.amount for step in made.steps) == made.amount
        assert sum(step.quantity for step in made.steps if isinstance(step, BandStep)) == (usage if occupied else 0)
        for step in made.steps:
            match step:
                case ChargeStep(count, charge, amount):
                    assert occupied
                    assert amount.units == count * charge
                case BandStep(start, upto, quantity, rate, amount):
                    assert amount.units == quantity * rate
                    assert upto is None or quantity <= upto - start


@given(tariffs(), st.lists(st.integers(0, MAX_BLOCK_USAGE), min_size=1, max_size=31))
def test_the_lifeline_costs_its_own_rate_however_long_the_period(of: Tariff, days: list[int]) -> None:
    """What a home uses below the first limit costs the first rate, never more; a late close moves nothing up a band."""
    limit = of.bands[1].start if len(of.bands) > 1 else MAX_BLOCK_USAGE
    used = [min(day, limit) for day in days]
    made = bill(of, sum(used), len(used), occupied=True)
    assert made.amount.units == len(used) * of.charge + sum(used) * of.bands[0].rate
    whole, parts = bill(of, sum(days), len(days), occupied=True), [bill(of, day, 1, occupied=True) for day in days]
    assert whole.amount <= total(part.amount for part in parts)


def test_a_tariff_that_could_bill_too_much_is_refused() -> None:
    with pytest.raises(ValueError, match="could reach 2\\^36"):
        Tariff(1, 1, 0, 0, (Band(0, 16_000),))
    with pytest.raises(ValueError, match="rates lie in"):
        Tariff(1, 1, 0, 0, (Band(0, 1), Band(5, 1 << 14)))
    with pytest.raises(ValueError, match="1 to 4 bands"):
        Tariff(1, 1, 0, 0, (Band(0, 9), Band(5, 8)))


ACCOUNTS = st.one_of(
    AMOUNTS.map(lambda amount: Account(amount, NOTHING)), AMOUNTS.map(lambda amount: Account(NOTHING, amount))
)
CORRECTIONS = st.one_of(st.none(), st.builds(Correction, AMOUNTS, AMOUNTS))


@given(ACCOUNTS, AMOUNTS, CORRECTIONS)
def test_a_settlement_creates_and_destroys_nothing(before: Account, owed: Money, correction: Correction | None) -> None:
    made = settle(before, owed, correction)
    after = made.after
    assert not (after.balance and after.arrears), "nobody owes and has at the same time"
    less = 0 if correction is None else correction.billed.units - correction.ruled.units
    assert before.balance.units - before.arrears.units - owed.units + less == after.balance.units - after.arrears.units
    assert made.paid <= before.balance
    assert entitlement([made]) == before.balance.units - after.balance.units


@given(ACCOUNTS, AMOUNTS, CORRECTIONS)
def test_it_is_what_is_proved_on_commitments(before: Account, owed: Money, correction: Correction | None) -> None:
    def opened(amount: Money, blinding: int) -> Opening:
        return Opening(amount.units, Scalar(blinding))

    dues = proved.Dues(
        opened(owed, 5),
        opened(before.arrears, 6),
        opened(before.balance, 7),
        None if correction is None else proved.Correction(opened(correction.billed, 8), opened(correction.ruled, 9)),
    )
    shown = dues.settle(Scalar(10), corrected=correction is not None)
    made = settle(before, owed, correction)
    assert (shown.balance.value, shown.arrears.value) == (made.after.balance.units, made.after.arrears.units)


def test_a_payout_takes_no_more_than_there_is() -> None:
    account = Account(Money(10), NOTHING)
    assert pay_out(account, Money(10)) == Account(NOTHING, NOTHING)
    with pytest.raises(ValueError, match="whole number"):
        pay_out(account, Money(11))
