"""False statements about money, and true ones said twice or by somebody else: real proofs, each refused."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

from circuits import credit as credit_proofs
from circuits import lists
from circuits import money as money_proofs
from circuits.group import LibPoint
from circuits.opening import sum_openings
from circuits.pedersen import Opening
from circuits.settlement import Settled
from circuits.tariff import Band
from tests.contracts.errors import error_name
from tests.contracts.money import Money
from tests.contracts.money_zone import points, range_args, sum_hints
from tests.contracts.settlement import PROVIDER, household
from tests.contracts.vm import Machine, Receipt

RATIO = 1000
USAGE = [9000, 40_000, 0, 100]


def refused(receipt: Receipt) -> str:
    return error_name(receipt.refusal())


@pytest.fixture
def m(machine: Machine, rng: random.Random) -> Money:
    """Three of four dwellings have paid 2,000 each, waiting."""
    made = Money(machine, rng, ratio=RATIO)
    made.found(0, Band(0, 100)).ok()
    made.back_rewards().ok()
    made.zone(1, 4)
    for slot in range(3):
        made.mint(household(1, slot), 10**9)
        made.pay(1, slot, 2000).ok()
    return made


def billed(m: Money) -> list[Settled]:
    """Credited, metered and billed; an honest settlement."""
    m.credit(1).ok()
    m.meter(1, USAGE)
    m.bill(1).ok()
    return [m.zones[1].due(slot).settle(m.blinding(), corrected=False) for slot in range(4)]


# ------------------------------------------------------------------------------------------------ credits


def test_credits_are_what_was_paid(m: Money) -> None:
    numbers = [1, 2, 3]
    for units in ([2_000_000, 2_000_000, 2_000_000, 1], [0, 0, 0, 5_999_999]):
        assert refused(m.credit_call(1, m.fresh(units), numbers, [])) == "privacy-proof.ERR_OPENING"
    m.credit_call(1, m.fresh([0, 0, 0, 6_000_000]), numbers, []).ok()  # who gets it is for the payer to check


def test_no_credit_is_negative(m: Money) -> None:
    """One slot gets 3,000,000 out of another's -1,000,000: the sum is right, and no proof covers the list."""
    honest = m.fresh([2_000_000] * 3 + [0])
    blinding = m.blinding()
    (thief,) = lists.add(LibPoint, points([honest[0]]), points([Opening(1_000_000, blinding)])).points
    (victim,) = lists.subtract(LibPoint, points([honest[1]]), points([Opening(1_000_000, blinding)])).points
    named = [thief, victim, *points(honest[2:])]
    whole = sum_openings(honest)
    args = (whole.blinding.to_bytes(), sum_hints(named), lists.add(LibPoint, points(m.zones[1].balances), named).hint)
    bound = {"credits": named, "payments": [1, 2, 3], "floats": [], "amount": whole.value, "blinding-sum": args[0]}
    context = m.lists_context("credit", 1, 0, 0, bound)
    (proof,) = credit_proofs.prove(LibPoint, honest, [context], bytes(32)).parts
    receipt = m.pay_call("credit-batch", 1, 0, named, [1, 2, 3], [], *args, *range_args(proof), m.s.proof)
    assert refused(receipt) == "range.ERR_HINT"
    m.holds()


def test_credits_are_not_given_twice(m: Money) -> None:
    at = m.zones[1]
    shares = m.fresh([2_000_000] * 3 + [0])
    m.credit_call(1, shares, [1, 2, 3], []).ok()
    for slot in range(3):
        m.pay(1, slot, 2000).ok()
    at.balances = [old + new for old, new in zip(at.balances, shares, strict=True)]
    whole = sum_openings(shares)
    bound = {"credits": points(shares), "payments": [1, 2, 3], "floats": [], "amount": whole.value}
    bound["blinding-sum"] = whole.blinding.to_bytes()
    context = m.lists_context("credit", 1, 0, 0, bound)  # the first batch's, whose proof it is
    made = credit_proofs.prove(LibPoint, shares, [context], bytes(32))
    hint = lists.add(LibPoint, points(at.balances), points(m.fresh([1] * 4))).hint
    common: tuple[Any, ...] = (
        list(made.commitments),
        [4, 5, 6],
        [],
        whole.blinding.to_bytes(),
        list(made.sum_hints),
        hint,
    )
    receipt = m.pay_call("credit-batch", 1, 1, *common, *range_args(made.parts[0]), m.s.proof)
    assert refused(receipt) == "range.ERR_HINT"


# ------------------------------------------------------------------------------------------------ settlements


def test_debt_is_not_forgiven_and_balances_are_not_kept(m: Money) -> None:
    """The contract computes the arrears: a balance too large leaves arrears too large, and neither is zero."""
    honest = billed(m)
    for slot, more in ((0, 1), (1, 1000), (3, 5)):
        false = list(honest)
        extra = Opening(more, m.blinding())
        false[slot] = Settled(honest[slot].balance + extra, honest[slot].arrears + extra)
        # no proof of it can be made; the honest one's is for other lists
        assert refused(m.settle_call(1, false, (), shown=honest)) == "privacy-proof.ERR_EQUATION"
    m.settle_call(1, honest, ()).ok()


def test_a_balance_is_not_negative(m: Money) -> None:
    """W' = -5 and D' = X - 5 = 0: one is zero, but their sum is not in range."""
    honest = billed(m)
    minus = Opening(2**63, m.blinding())  # stands for what no opening can hold
    with pytest.raises(ValueError, match="outside"):
        money_proofs.prove(LibPoint, [minus], bytes(32), bytes(32))
    swapped = [honest[1], honest[0], *honest[2:]]
    assert refused(m.settle_call(1, swapped, (), shown=honest)) in {
        "privacy-proof.ERR_EQUATION",
        "privacy-proof.ERR_HINT",
    }


def test_the_sum_of_balances_is_opened_as_it_is(m: Money) -> None:
    honest = billed(m)
    wrong = [replace(honest[0], balance=honest[0].balance + Opening(7, m.blinding())), *honest[1:]]
    for opened in ([slot.balance for slot in wrong], [slot.balance for slot in honest[:3]]):
        assert refused(m.settle_call(1, honest, (), opened=opened)) in {
            "privacy-proof.ERR_HINT",
            "privacy-proof.ERR_OPENING",
        }
    m.holds()


def test_a_settlement_is_not_proved_for_another_period(m: Money) -> None:
    honest = billed(m)
    at = m.zones[1]
    at.settled = 1
    at.bills[1] = at.bills[0]
    receipt = m.settle_call(1, honest, ())  # proofs for period 1
    assert refused(receipt) in {"privacy-proof.ERR_EQUATION", "range.ERR_HINT"}


# ------------------------------------------------------------------------------------------------ single slots


def test_zero_proofs_are_for_one_slot_one_caller_and_one_purpose(m: Money) -> None:
    m.at_desk("set-parameter", "reward", 5).ok()
    m.mint(PROVIDER, 100)
    m.fund_rewards(1, 100).ok()
    m.credit(1).ok()
    for _ in range(2):
        m.meter(1, [10, 10, 10, 10])
        m.bill(1).ok()
        m.settle(1).ok()
    at = m.zones[1]
    who = m.give_key(1, 0)
    purposes = {
        "another slot": m.slot_context("reward", 1, 1, 1, who),
        "another caller": m.slot_context("reward", 1, 0, 1, household(1, 1)),
        "another period": m.slot_context("reward", 1, 0, 0, who),
        "an exit": m.slot_context("exit", 1, 0, 1, who),
    }
    for context in purposes.values():
        args = (1, 0, 1, *m.zero(at.arrears[0], context), m.s.proof)
        assert refused(m.pay_call("claim-reward", *args, sender=who)) == "privacy-proof.ERR_EQUATION"
    m.claim_reward(1, 0).ok()
    m.holds()


def test_payouts_are_no_more_than_the_balance(m: Money) -> None:
    m.credit(1).ok()
    m.meter(1, [1, 1, 1, 1])
    m.bill(1).ok()
    m.settle(1).ok()
    m.pay_call("allow-payout", 1, 0, sender=household(1, 0)).ok()
    with pytest.raises(ValueError, match=r"\[0, 2\^64\)"):
        m.payout(1, {0: 3_000_000})
    at = m.zones[1]
    m.payout(1, {0: 1_000_000}, finish=False).ok()
    pot = at.pot
    assert refused(m.pay_call("prove-payout", 1, 1, [], [], [], m.s.token, m.s.proof)) == "range.ERR_LENGTH"
    assert m.s.read(m.s.payment, "get-account", 1)["pot"] == pot
