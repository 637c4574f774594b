"""Whole periods of a zone's money, with real proofs: paid in, billed, settled, paid out; solvent after every call."""

from __future__ import annotations

import random

import pytest

from circuits.pedersen import Opening
from circuits.settlement import Settled
from circuits.tariff import Band
from tests.contracts.errors import error_name
from tests.contracts.money import Money
from tests.contracts.money_bills import DISPUTABLE
from tests.contracts.money_zone import Zone, points
from tests.contracts.settlement import AGENT, PROVIDER, STRANGER, account, household
from tests.contracts.vm import Machine, Receipt

ONE = (Band(0, 100),)
THREE = (Band(0, 100), Band(1000, 200), Band(4000, 400))
RATIO = 1000


def step(m: Money, receipt: Receipt) -> Receipt:
    receipt.ok()
    m.holds()
    return receipt


def all_paid(machine: Machine, rng: random.Random) -> tuple[Money, Zone]:
    """Zone 1 of four slots and one band; each has paid 2,000, credited."""
    m = Money(machine, rng, ratio=RATIO)
    m.found(0, *ONE).ok()
    at = m.zone(1, 4)
    for slot in range(4):
        m.mint(household(1, slot), 10**9)
        step(m, m.pay(1, slot, 2000))
    step(m, m.credit(1))
    return m, at


@pytest.mark.parametrize("bands", [ONE, THREE], ids=["one band", "three bands"])
def test_two_periods_of_a_zone_of_four(machine: Machine, rng: random.Random, bands: tuple[Band, ...]) -> None:
    m = Money(machine, rng, ratio=RATIO)
    step(m, m.found(50, *bands))
    at = m.zone(1, 4, vacant=[3])
    for slot in range(3):
        m.mint(household(1, slot), 10**9)
    m.mint(AGENT, 10**9)
    step(m, m.pay(1, 0, 1500))
    step(m, m.pay(1, 1, 3))
    step(m, m.fund_float(1, 1000))
    step(m, m.approve_sales(1, 400))
    step(m, m.credit(1, sales=[(2, 250), (0, 50)]))
    m.meter(1, [9000, 40_000, 0, 0])
    step(m, m.bill(1))
    step(m, m.settle(1))
    assert [opening.value for opening in at.arrears][1] > 0
    assert at.balances[1].value == 0
    step(m, m.withdraw(1))
    step(m, m.pay(1, 1, 100_000))
    step(m, m.credit(1))
    m.meter(1, [10, 10, 30_000, 0], blocks=3)
    step(m, m.bill(1))
    step(m, m.settle(1))
    assert at.arrears[1].value == 0
    step(m, m.withdraw(1))
    step(m, m.withdraw_float(1, 600))
    m.s.vm.burn(4320)
    step(m, m.release(1))
    step(m, m.release(1))
    step(m, m.withdraw(1))


def test_a_correction_is_settled_when_the_zone_s_income_covers_it(machine: Machine, rng: random.Random) -> None:
    m, at = all_paid(machine, rng)
    m.meter(1, [9000, 5000, 100, 0])
    step(m, m.bill(1))
    m.correct(1, 0, 0, 400_000)
    m.correct(1, 2, 0, 0)
    m.at_desk("freeze", 1, 1, 0).ok()  # holds nothing up but what rests on it
    step(m, m.settle(1))
    m.at_desk("unfreeze", 1, 1, 0).ok()
    step(m, m.withdraw(1))
    m.meter(1, [0, 0, 300, 0])  # an income of 30,000 pays for 10,000 of corrections, but not for 500,000
    step(m, m.bill(1))
    assert error_name(m.settle(1, [(0, 0)]).refusal()) == "payment.ERR_UNFUNDED"
    m.holds()
    step(m, m.settle(1, [(2, 0)]))
    assert at.balances[2].value == 2_000_000 - 10_000 - 30_000 + 10_000
    m.meter(1, [100, 5000, 0, 0])
    step(m, m.bill(1))
    step(m, m.settle(1, [(0, 0)]))
    assert at.balances[0].value == 2_000_000 - 900_000 - 10_000 + 500_000
    step(m, m.withdraw(1))
    m.s.vm.burn(4320)
    for _ in range(3):
        step(m, m.release(1))
    step(m, m.withdraw(1))


def test_a_correction_that_no_income_covers_is_drawn_from_the_hold_back_and_what_the_provider_left(
    machine: Machine, rng: random.Random
) -> None:
    m, at = all_paid(machine, rng)
    m.meter(1, [9000, 5000, 100, 0])
    step(m, m.bill(1))
    m.correct(1, 0, 0, 400_000)  # 500,000 too much; 70,500 are held back and 1,339,500 came in
    m.correct(1, 1, 0, 0)
    step(m, m.settle(1))
    held, income = at.hold_backs[0], at.income
    m.meter(1, [0, 0, 0, 0])
    step(m, m.bill(1))
    step(m, m.settle(1, [(0, 0)]))
    assert at.balances[0].value == 2_000_000 - 400_000
    assert (at.hold_backs[0], at.income) == (0, income - (500_000 - held))
    step(m, m.withdraw(1))
    m.meter(1, [0, 0, 10, 0])
    step(m, m.bill(1))
    assert error_name(m.settle(1, [(1, 0)]).refusal()) == "payment.ERR_UNFUNDED"  # the provider has taken its income
    step(m, m.settle(1))
    m.holds()


def test_without_a_correction_nothing_is_drawn(machine: Machine, rng: random.Random) -> None:
    """A gateway that gives everybody more than they have, at the provider's expense."""
    m = Money(machine, rng, ratio=RATIO)
    m.found(0, *ONE).ok()
    at = m.zone(1, 4)
    m.mint(household(1, 0), 10**9)
    step(m, m.pay(1, 0, 2000))
    step(m, m.credit(1))
    for used in (9000, 0):
        m.meter(1, [used, 0, 0, 0])
        step(m, m.bill(1))
        if used:
            step(m, m.settle(1))
    assert at.income > 0
    honest = [at.due(slot).settle(m.blinding(), corrected=False) for slot in range(4)]
    more = Opening(RATIO, m.blinding())
    false = [Settled(honest[0].balance + more, honest[0].arrears + more), *honest[1:]]
    larger = m.settle_call(1, false, (), shown=honest, opened=[slot.balance for slot in false])
    assert error_name(larger.refusal()) == "privacy-proof.ERR_EQUATION"
    opened = m.settle_call(1, honest, (), opened=[slot.balance for slot in false])
    assert error_name(opened.refusal()) == "privacy-proof.ERR_HINT"
    m.holds()


def test_somebody_moves_out_and_is_paid_in_cash(machine: Machine, rng: random.Random) -> None:
    m, at = all_paid(machine, rng)
    m.meter(1, [9000, 5000, 100, 0])
    m.s.together(m.s.registry, "move-out", 1, 1)
    step(m, m.bill(1))
    step(m, m.settle(1))
    assert error_name(m.payout(1, {1: 1_500_000}).refusal()) == "payment.ERR_MASK"  # lives there in the open period
    m.holds()
    m.meter(1, [1, 1, 1, 1])
    step(m, m.bill(1))
    step(m, m.settle(1))
    step(m, m.pay_call("allow-payout", 1, 0, sender=household(1, 0)))
    left, income = at.balances[1].value, at.income
    step(m, m.payout(1, {1: left, 0: RATIO}))
    assert (at.balances[1].value, at.income - income) == (0, left % RATIO)  # an agent pays whole units
    assert error_name(m.payout(1, {0: RATIO}).refusal()) == "payment.ERR_REPEATED"
    owed = points(at.arrears)[1]
    m.s.vm.burn(DISPUTABLE)
    step(m, m.release_slot(1, 1, 1))
    assert m.s.read(m.s.payment, "get-left-arrears", 1, 1, 1)["arrears"] == owed
    assert error_name(m.release_slot(1, 1, 1).refusal()) == "payment.ERR_REPEATED"
    m.meter(1, [5, 5000, 5, 5])  # a tap that runs where nobody lives
    m.s.settle({account("who comes next"): [(1, 1)]})
    step(m, m.bill(1))
    step(m, m.settle(1))
    for used, owed_then in ((5000, 0), (7, 700)):  # the first of these periods began before they moved in
        m.meter(1, [5, used, 5, 5])
        step(m, m.bill(1))
        step(m, m.settle(1))
        assert at.arrears[1].value == owed_then


def test_rewards_are_claimed_and_redeemed(machine: Machine, rng: random.Random) -> None:
    m = Money(machine, rng, ratio=RATIO)
    m.found(0, *ONE).ok()
    m.back_rewards().ok()
    m.zone(1, 4)
    m.at_desk("set-parameter", "reward", 70).ok()
    m.mint(PROVIDER, 1000)
    step(m, m.fund_rewards(1, 200))
    for slot in range(3):
        m.mint(household(1, slot), 10**9)
        step(m, m.pay(1, slot, 2000))
    step(m, m.credit(1))
    for _ in range(2):
        m.meter(1, [9000, 5000, 100, 1000])
        step(m, m.bill(1))
        step(m, m.settle(1))
    assert error_name(m.claim_reward(1, 0).refusal()) == "payment.ERR_NOT_REWARDED"  # the gateway could claim it
    for slot in range(4):
        m.give_key(1, slot)
    step(m, m.claim_reward(1, 0))
    assert error_name(m.claim_reward(1, 0).refusal()) == "payment.ERR_REPEATED"
    assert error_name(m.claim_reward(1, 3).refusal()) == "privacy-proof.ERR_EQUATION"  # owes
    step(m, m.claim_reward(1, 1))
    assert error_name(m.claim_reward(1, 2).refusal()) == "payment.ERR_POT"
    m.mint(PROVIDER, 1000)
    step(m, m.fund_rewards(1, 100))
    assert error_name(m.claim_reward(1, 2).refusal()) == "aggregation.ERR_K_MIN"
    m.holds()
    step(m, m.redeem(1, 0, 30))
    assert m.redeem(1, 0, 50).refusal() == 1  # SIP-010's: more than there is
    step(m, m.credit(1))


def test_a_closed_zone_is_left_with_everything(machine: Machine, rng: random.Random) -> None:
    m = Money(machine, rng, ratio=RATIO)
    m.found(0, *ONE).ok()
    at = m.zone(1, 4)
    m.mint(AGENT, 1000)
    step(m, m.fund_float(1, 500))
    step(m, m.approve_sales(1, 500))
    for slot in range(4):
        m.mint(household(1, slot), 10**9)
        step(m, m.pay(1, slot, 2000))
    step(m, m.credit(1))
    m.meter(1, [9001, 5000, 100, 0])
    step(m, m.bill(1))
    step(m, m.settle(1))
    step(m, m.pay(1, 0, 77))
    assert error_name(m.exit(1, 0).refusal()) == "payment.ERR_NOT_CLOSED"
    m.s.vm.burn(12_960)
    m.s.call(m.s.meter_data, "close-zone", 1, sender=STRANGER).ok()
    assert error_name(m.exit(1, 0).refusal()) == "payment.ERR_NOT_APPROVED"
    m.s.together(m.s.payment, "approve-exit", 1, 0, household(1, 0))
    assert error_name(m.exit(1, 0).refusal()) == "payment.ERR_NOT_APPROVED"  # not yet
    m.s.vm.burn(4320)
    step(m, m.exit(1, 0))
    assert at.balances[0].value == 0
    again = (1, 0, 1_099_900, *m.hint_and_zero(1, 0, 1_099_900), m.s.token, m.s.proof)
    assert (
        error_name(m.pay_call("exit-claim", *again, sender=household(1, 0)).refusal()) == "privacy-proof.ERR_EQUATION"
    )
    step(m, m.reclaim(1, 5))
    step(m, m.withdraw_float(1, 500))
    step(m, m.withdraw(1))
    assert m.claim_remainder(1).ok() is False
    m.s.vm.burn(12_900)
    assert error_name(m.claim_remainder(1).refusal()) == "payment.ERR_EARLY"
    assert error_name(m.approve_remainder(1).refusal()) == "payment.ERR_EARLY"
    m.s.vm.burn(60)
    assert error_name(m.claim_remainder(1).refusal()) == "payment.ERR_NOT_APPROVED"
    step(m, m.approve_remainder(1))
    assert m.claim_remainder(1).ok() is True
    m.holds()
    assert error_name(m.exit(1, 3).refusal()) == "payment.ERR_NOT_APPROVED"
    step(m, m.release(1))
    step(m, m.withdraw(1))
    assert at.pot == 0


def test_a_zone_of_too_few_settles_and_opens_nothing(machine: Machine, rng: random.Random) -> None:
    m = Money(machine, rng, ratio=RATIO)
    m.found(0, *ONE).ok()
    at = m.zone(1, 4, vacant=[1, 2, 3])
    for slot in range(2):
        m.mint(household(1, slot), 10**9)
        step(m, m.pay(1, slot, 2000))
    step(m, m.credit(1))  # what was paid is public anyway
    m.meter(1, [500, 0, 0, 0])
    m.s.settle({household(1, 1): [(1, 1)]})
    m.meter(1, [500, 0, 0, 0])
    step(m, m.bill(1))
    m.correct(1, 0, 0, 100)
    step(m, m.settle(1))
    step(m, m.bill(1))
    assert error_name(m.settle(1, [(0, 0)]).refusal()) == "payment.ERR_UNFUNDED"  # nobody sees whether it is
    step(m, m.settle(1))
    assert at.entitled == 0
    m.meter(1, [100, 100, 0, 0])
    step(m, m.bill(1))
    step(m, m.settle(1))
    assert at.entitled == 500_00 * 2 + 100_00 * 2
    step(m, m.withdraw(1))
