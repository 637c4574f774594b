"""payment: what is refused of payouts, released slots and rewards."""

from __future__ import annotations

import random

import pytest

from circuits.tariff import Band
from tests.contracts.believing import RATIO, REFERENCE, Believing, opening, rich
from tests.contracts.settlement import (
    AGENT,
    GATEWAY,
    PROVIDER,
    SECOND,
    STEWARD,
    STRANGER,
    consensus_hash,
    household,
)
from tests.contracts.vm import Machine

PAYER = household(1, 0)
LIMIT = 2**36 // RATIO


@pytest.fixture
def m(machine: Machine, rng: random.Random) -> Believing:
    """Zone 1 of four dwellings; zone 2 of one, too few to open a sum; zone 3 of 64 slots. A tariff of one band."""
    made = Believing(machine, rng)
    made.found(0, Band(0, 100)).ok()
    made.back_rewards().ok()
    made.zone(1, 4)
    rich(made, PAYER, AGENT, PROVIDER)
    return made


def test_payouts(m: Believing) -> None:
    m.pay_call("pay", 1, REFERENCE, 50, m.s.token, sender=PAYER).ok()
    m.give_credit(1, [1]).ok()
    paid = m.payouts(0)
    m.approve(1, paid, 1, 5000)
    assert m.refused(m.pay_out(1, paid, 1, 5000)) == "ERR_EARLY"  # nothing is settled
    m.end_period(1)
    m.settle_with(1, opening(40 * RATIO)).ok()
    assert m.refused(m.pay_out(1, paid, 1, 5000)) == "ERR_NOT_APPROVED"  # it was for the settlement before
    m.approve(1, paid, 1, 5000)
    assert m.refused(m.pay_out(1, paid, 1, 5000)) == "ERR_MASK"
    assert m.refused(m.pay_call("allow-payout", 1, 0, sender=household(1, 1))) == "ERR_NOT_DWELLING"
    m.pay_call("allow-payout", 1, 0, sender=household(1, 0)).ok()
    assert m.refused(m.pay_out(1, paid, 1, 6000)) == "ERR_NOT_APPROVED"
    assert m.refused(m.pay_out(1, paid, 1, 5000, sender=STRANGER)) == "ERR_NOT_GATEWAY"
    assert m.refused(m.pay_out(1, paid, 1, 5000, proof=m.s.token)) == "ERR_PROOF_CONTRACT"
    other = m.payouts(0, 1)
    m.approve(1, other, 1, 5000)
    assert m.refused(m.pay_out(1, other, 1, 5000)) == "ERR_MASK"  # something for slot 1
    m.approve(1, paid[:3], 1, 5000)
    assert m.refused(m.pay_out(1, paid[:3], 1, 5000)) == "ERR_SLOT_COUNT"
    m.approve(1, paid, 1, 0)
    assert m.refused(m.pay_out(1, paid, 1, 0)) == "ERR_AMOUNT"
    m.approve(1, paid, 1, 5000, STRANGER)
    assert m.refused(m.pay_out(1, paid, 1, 5000, STRANGER)) == "ERR_NOT_AGENT"
    assert m.refused(m.prove_payout(1, 1)) == "ERR_NOT_BEGUN"
    m.approve(1, paid, 1, 41_000)
    m.pay_out(1, paid, 1, 41_000).ok()
    assert m.refused(m.prove_payout(1, 1)) == "ERR_UNFUNDED"
    m.pay_out(1, paid, 1, 5000).ok()
    assert m.refused(m.prove_payout(1, 2)) == "ERR_NOT_BEGUN"
    assert m.refused(m.prove_payout(1, 1, sender=STRANGER)) == "ERR_NOT_GATEWAY"
    assert m.refused(m.prove_payout(1, 1, proof=m.s.token)) == "ERR_PROOF_CONTRACT"
    assert m.refused(m.prove_payout(1, 1, token=m.s.later["utility-token"])) == "ERR_TOKEN"
    m.prove_payout(1, 0).ok()
    assert m.account(1)["pot"] == 50
    m.give_credit(1, []).ok()
    assert m.refused(m.prove_payout(1, 1)) == "ERR_NOT_BEGUN"  # the balances are others now
    m.pay_out(1, paid, 1, 5000).ok()
    m.prove_payout(1, 1).ok()
    assert m.account(1)["pot"] == 45
    assert m.refused(m.prove_payout(1, 1)) == "ERR_NOT_BEGUN"
    assert m.refused(m.pay_out(1, paid, 1, 5000)) == "ERR_REPEATED"


def test_who_approves_a_payout(m: Believing) -> None:
    m.at_desk("set-role", 1, PROVIDER, True).ok()
    m.at_desk("set-role", 1, GATEWAY, True).ok()
    m.at_desk("set-role", 1, AGENT, True).ok()
    args = (1, 1, 5000, AGENT, consensus_hash([b""]))
    for who in (PROVIDER, GATEWAY, AGENT):
        assert m.refused(m.pay_call("approve-payout", *args, sender=who)) == "ERR_PARTIAL"
    assert m.refused(m.pay_call("approve-payout", *args, sender=STRANGER)) == "user-registry.ERR_ROLE"
    for _ in range(2):
        assert m.pay_call("approve-payout", *args, sender=STEWARD).ok() is False  # one person
    assert m.pay_call("approve-payout", *args, sender=SECOND).ok() is True


def test_a_slot_is_released_when_nothing_is_open(m: Believing) -> None:
    def release(slot: int, last: int, sender: object = GATEWAY, proof: object = None) -> str:
        args = (1, slot, last, m.list_of(1)[0], bytes(32), proof or m.s.proof)
        return m.refused(m.pay_call("release-slot", *args, sender=sender))  # type: ignore[arg-type]  # an Address

    m.end_period(1)
    m.s.together(m.s.registry, "move-out", 1, 2)
    assert release(2, 0) == "ERR_OCCUPIED"
    m.settle_with(1, opening(0)).ok()
    assert release(2, 0) == "ERR_OCCUPIED"  # lived there in period 1, too
    assert release(2, 1) == "ERR_OCCUPIED"  # which is not settled
    m.end_period(1)
    m.settle_with(1, opening(0)).ok()
    assert release(2, 1, sender=STRANGER) == "ERR_NOT_GATEWAY"
    assert release(2, 1, proof=m.s.token) == "ERR_PROOF_CONTRACT"
    assert release(2, 7) == "ERR_OCCUPIED"
    m.at_desk("freeze", 1, 2, 1).ok()
    assert release(2, 1) == "ERR_CLAIMS"
    m.at_desk("correct-bill", 1, 2, 1, m.list_of(1)[0]).ok()
    m.at_desk("unfreeze", 1, 2, 1).ok()
    assert release(2, 1) == "ERR_CLAIMS"
    m.end_period(1)
    m.settle_with(1, opening(0), ((2, 1),)).ok()
    assert release(2, 1) == "ERR_EARLY"
    m.s.vm.burn(1008)
    m.pay_call("release-slot", 1, 2, 1, m.list_of(1)[0], bytes(32), m.s.proof).ok()
    assert release(2, 1) == "ERR_REPEATED"


def test_rewards(m: Believing) -> None:
    def fund(amount: int) -> str:
        return m.refused(m.pay_call("fund-rewards", 1, amount, m.s.token, sender=PAYER))

    for amount in (0, 2**40):
        assert fund(amount) == "ERR_AMOUNT"
    m.pay_call("fund-rewards", 1, 10, m.s.token, sender=PAYER).ok()
    m.end_period(1)
    m.settle_with(1, opening(0)).ok()
    assert m.refused(m.claim(1, 0, 0)) == "ERR_NOT_REWARDED"  # too new
    m.end_period(1)
    assert m.refused(m.claim(1, 0, 1)) == "ERR_EARLY"
    m.settle_with(1, opening(0)).ok()
    assert m.refused(m.claim(1, 0, 0)) == "ERR_EARLY"  # not the last
    assert m.refused(m.claim(1, 0, 1)) == "ERR_NOT_REWARDED"  # the parameter says none
    m.at_desk("set-parameter", "reward", 11).ok()
    assert m.refused(m.claim(1, 0, 1)) == "ERR_NOT_REWARDED"  # the gateway has this key
    own = m.give_key(1, 0)
    assert m.refused(m.claim(1, 0, 1)) == "ERR_POT"
    m.at_desk("set-parameter", "reward", 4).ok()
    assert m.refused(m.claim(1, 0, 1, sender=household(1, 1))) == "ERR_NOT_DWELLING"
    assert m.refused(m.claim(1, 0, 1, proof=m.s.token)) == "ERR_PROOF_CONTRACT"
    m.at_desk("freeze", 1, 0, 1).ok()
    assert m.refused(m.claim(1, 0, 1)) == "ERR_CLAIMS"
    m.at_desk("unfreeze", 1, 0, 1).ok()
    m.claim(1, 0, 1).ok()
    assert m.refused(m.claim(1, 0, 1)) == "ERR_REPEATED"
    assert m.account(1)["pot"] == 6
    m.pay_call("redeem", 1, REFERENCE, 4, sender=own).ok()
    assert m.account(1)["pot"] == 10
    m.s.vm.burn(4320)
    assert m.refused(m.pay_call("reclaim", 1, m.s.token, sender=own)) == "ERR_PAYMENT"  # a reward is no cash
    m.give_credit(1, [1]).ok()


def test_rewards_that_nothing_backs(machine: Machine, rng: random.Random) -> None:
    m = Believing(machine, rng)
    m.zone(1, 4)
    rich(m, PAYER)
    fund = m.pay_call("fund-rewards", 1, 5, m.s.token, sender=PAYER)
    assert m.refused(fund) == "ERR_NOT_REWARDED"
    assert m.refused(m.pay_call("redeem", 1, REFERENCE, 5, sender=PAYER)) == "ERR_NOT_REWARDED"
    assert m.refused(m.back_rewards()) == "utility-token.ERR_BACKED"  # the zone was promised none
