"""Who has left a slot or a closed zone gets its money, nobody else does, and no point keeps a zone from going on."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from circuits.pedersen import Opening
from circuits.scalar import ONE, ZERO, N, Scalar
from circuits.tariff import Band
from circuits.verdict import ProofRejected
from tests.contracts.errors import error_name
from tests.contracts.money import Money
from tests.contracts.money_bills import DISPUTABLE, TWO
from tests.contracts.money_zone import Zone, points
from tests.contracts.settlement import SECOND, STEWARD, STRANGER, account, household, make_batch
from tests.contracts.test_payment_periods import RATIO, step
from tests.contracts.vm import Machine, Receipt

RATE = 100


def refused(receipt: Receipt) -> str:
    return error_name(receipt.refusal()).removeprefix("payment.")


def begun(m: Money, *, payers: Sequence[int] = range(4), vacant: Sequence[int] = (), charge: int = 0) -> Zone:
    """Zone 1 of four slots, where these have paid 2,000 each, credited."""
    m.found(charge, Band(0, RATE)).ok()
    at = m.zone(1, 4, vacant=vacant)
    for slot in payers:
        m.mint(household(1, slot), 10**9)
        m.pay(1, slot, 2000).ok()
    if payers:
        m.credit(1).ok()
    return at


def ended(m: Money, usage: Sequence[int], *, leave: Sequence[int] = ()) -> None:
    """A period, billed and settled; these slots are left with it."""
    batch = m.s.following(m.rng, 1, usage)
    m.s.submit(batch).ok()
    for slot in leave:
        m.s.together(m.s.registry, "move-out", 1, slot)
    period = m.s.open_period(1)
    m.s.close_period(1).ok()
    m.zones[1].usages[period] = (batch.openings, 7)
    step(m, m.bill(1))
    step(m, m.settle(1))


def close(m: Money) -> None:
    m.s.vm.burn(12_960)
    m.s.call(m.s.meter_data, "close-zone", 1, sender=STRANGER).ok()


@pytest.fixture
def m(machine: Machine, rng: random.Random) -> Money:
    return Money(machine, rng, ratio=RATIO)


# ------------------------------------------------------------------------------------------------ closed zones


def test_the_gateway_evicts_nobody_with_a_key_that_it_made(m: Money) -> None:
    begun(m)
    ended(m, [10, 20, 30, 40])
    evicted = m.s.call(m.s.registry, "move-out", 1, 0, sender=household(1, 0))
    assert error_name(evicted.refusal()) == "user-registry.ERR_ROLE"
    m.give_key(1, 0)
    m.s.call(m.s.registry, "move-out", 1, 0, sender=m.tenant(1, 0)).ok()


def test_who_has_left_a_slot_that_is_not_released_takes_its_balance_out_of_a_closed_zone(m: Money) -> None:
    at = begun(m)
    m.give_key(1, 0)
    ended(m, [9000, 5000, 100, 7], leave=[0, 1])
    m.meter(1, [0, 0, 0, 0])
    close(m)
    m.s.vm.burn(4320)
    step(m, m.exit(1, 0))
    assert refused(m.exit(1, 1)) == "ERR_NOT_APPROVED"
    m.s.together(m.s.payment, "approve-exit", 1, 1, household(1, 1))
    m.s.vm.burn(4320)
    step(m, m.exit(1, 1))
    assert (at.balances[0].value, at.balances[1].value) == (0, 0)


def test_a_released_slot_is_nobody_s(m: Money) -> None:
    begun(m, payers=[2, 3])
    m.give_key(1, 0)
    ended(m, [10, 20, 30, 40], leave=[0])
    ended(m, [0, 20, 30, 40])
    assert refused(m.release_slot(1, 0, 0)) == "ERR_EARLY"  # its last bill may still be disputed
    m.s.vm.burn(DISPUTABLE)
    step(m, m.release_slot(1, 0, 0))
    m.pay(1, 0, 5, payer=household(1, 2)).ok()
    m.credit(1).ok()
    close(m)
    m.s.vm.burn(4320)
    assert refused(m.exit(1, 0)) == "ERR_NOT_DWELLING"


def test_two_stewards_and_a_new_principal_take_no_balance_at_once(m: Money) -> None:
    """It can be seen for a month, and passing it on makes it no older and no younger."""
    begun(m)
    ended(m, [1, 1, 1, 1])
    close(m)
    m.give_key(1, 0)
    assert refused(m.exit(1, 0)) == "ERR_NOT_APPROVED"
    m.s.vm.burn(4000)
    assert refused(m.exit(1, 0)) == "ERR_NOT_APPROVED"
    other = account("the next principal")
    m.s.call(m.s.registry, "set-principal", 1, other, sender=m.tenant(1, 0)).ok()
    m.own_keys[1, 0] = other
    assert refused(m.exit(1, 0)) == "ERR_NOT_APPROVED"
    m.s.vm.burn(320)
    step(m, m.exit(1, 0))


# ------------------------------------------------------------------------------------------------ slots that are left


def test_a_left_slot_is_paid_out_to_the_last_unit_and_given_on(m: Money) -> None:
    at = begun(m)
    ended(m, [1001] * 4, leave=[1])
    left, pot, income = at.balances[1].value, at.pot, at.income
    assert left % RATIO
    step(m, m.payout(1, {1: left}))
    assert (pot - at.pot, at.income - income) == (left // RATIO, left % RATIO)
    m.s.vm.burn(DISPUTABLE)
    step(m, m.release_slot(1, 1, 0))
    m.s.settle({account("the next household"): [(1, 1)]})


def test_less_than_a_token_unit_is_the_provider_s(m: Money) -> None:
    at = begun(m)
    ended(m, [19_999, 1, 1, 1], leave=[0])
    assert at.balances[0].value == RATE
    pot = at.pot
    step(m, m.payout(1, {0: RATE}))
    assert at.pot == pot
    m.s.vm.burn(DISPUTABLE)
    step(m, m.release_slot(1, 0, 0))


def test_what_a_vacant_slot_uses_is_taken_from_nobody(m: Money) -> None:
    at = begun(m)
    ended(m, [1000] * 4, leave=[1])
    left = at.balances[1].value
    ended(m, [0, 19_000, 0, 0])
    assert (at.balances[1].value, at.arrears[1].value) == (left, 0)


def test_a_zone_in_which_few_are_left_goes_on(m: Money) -> None:
    """Who left is paid, the slot is given on, and who stayed is credited; nothing is opened over one dwelling."""
    at = begun(m, payers=[0, 1], vacant=[2, 3])
    ended(m, [1000, 1000, 0, 0], leave=[1])
    m.meter(1, [5, 0, 0, 0])
    m.bill(1).ok()
    step(m, m.settle(1))
    step(m, m.payout(1, {1: at.balances[1].value}))
    m.s.vm.burn(DISPUTABLE)
    step(m, m.release_slot(1, 1, 0))
    m.pay(1, 0, 50).ok()
    step(m, m.credit(1))
    m.s.settle({account("the next household"): [(1, 1)]})
    m.meter(1, [5, 0, 0, 0])
    m.bill(1).ok()
    step(m, m.settle(1))


def test_who_was_paid_out_hides_nobody_in_the_next_settlement(m: Money) -> None:
    """Three slots are shown by a payout, one is not: its balance is not the difference."""
    at = begun(m)
    ended(m, [1000] * 4)
    for slot in (0, 1, 2):
        m.pay_call("allow-payout", 1, slot, sender=household(1, slot)).ok()
    step(m, m.payout(1, dict.fromkeys((0, 1, 2), RATIO)))
    assert m.s.read(m.s.aggregation, "get-exposed", 1, 1) == {"slots": 0b0111, "count": 3}
    entitled = at.entitled
    m.meter(1, [1000] * 4)
    m.bill(1).ok()
    step(m, m.settle(1))
    assert m.s.read(m.s.payment, "get-settlement", 1, 1)["opened"] is None
    assert at.entitled == entitled
    m.meter(1, [1000] * 4)
    m.bill(1).ok()
    step(m, m.settle(1))
    assert at.entitled > entitled  # nothing is lost, it is later


# ------------------------------------------------------------------------------------------------ chosen blindings


def metered(m: Money, usage: Sequence[int], chosen: Mapping[int, Scalar]) -> None:
    """A period, in which the gateway chose these slots' blindings."""
    first = m.s.read(m.s.meter_data, "get-zone-state", 1)["next-block"]
    batch = make_batch(m.rng, 1, first, first + 6, usage)
    openings = tuple(
        Opening(opening.value, chosen.get(slot, opening.blinding)) for slot, opening in enumerate(batch.openings)
    )
    blinding = sum((opening.blinding for opening in openings), ZERO)
    changed = replace(batch, openings=openings, commitments=points(openings), blinding_sum=blinding.to_bytes())
    m.s.submit(changed).ok()
    m.s.close_period(1).ok()
    m.zones[1].usages[0] = (openings, 7)


def test_no_usage_of_a_vacant_slot_keeps_a_zone_from_being_billed(m: Money) -> None:
    """rate*U is H0: once no hint made the list of bills."""
    begun(m, payers=[], vacant=[3], charge=50)
    metered(m, [5, 6, 7, 0], {3: Scalar(pow(RATE, -1, N))})
    step(m, m.bill(1))
    step(m, m.settle(1))


@pytest.mark.parametrize("blinding", [TWO, -TWO, ONE])
def test_no_bill_keeps_a_zone_from_being_settled(m: Money, blinding: Scalar) -> None:
    """A bill of nothing that is the first arrears, or minus these, or the first balance."""
    at = begun(m, payers=[])
    metered(m, [5, 6, 7, 0], {3: blinding * Scalar(pow(RATE, -1, N))})
    step(m, m.bill(1))
    assert points([at.bills[0][3]]) == points([Opening(0, blinding)])
    step(m, m.settle(1))


def test_bills_that_cancel_all_that_there_is_wait_for_a_credit_of_nothing(m: Money) -> None:
    """F + D - W is infinity for F = -H0: arrears and balance are then one point, until W has another blinding."""
    begun(m, payers=[])
    metered(m, [5, 6, 7, 0], {3: -ONE * Scalar(pow(RATE, -1, N))})
    step(m, m.bill(1))
    with pytest.raises(ProofRejected):
        m.settle(1)
    step(m, m.credit(1))
    step(m, m.settle(1))


def test_stewards_who_moved_somebody_out_are_two(m: Money) -> None:
    begun(m, payers=[])
    for _ in range(2):
        assert m.s.call(m.s.registry, "move-out", 1, 0, sender=STEWARD).ok() is False
    assert m.s.call(m.s.registry, "move-out", 1, 0, sender=SECOND).ok() is True
