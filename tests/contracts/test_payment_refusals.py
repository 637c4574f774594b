"""Everything payment refuses before it looks at a proof, by the error's name."""

from __future__ import annotations

import random

import pytest

from circuits.tariff import Band
from tests.contracts.believing import NO_PROOF, RATIO, REFERENCE, Believing, opening, rich
from tests.contracts.settlement import (
    AGENT,
    GATEWAY,
    PROVIDER,
    SECOND,
    STEWARD,
    STRANGER,
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


def test_who_and_how_much_pays(m: Believing) -> None:
    token = m.s.token

    def pay(zone: int, reference: bytes, amount: int) -> str:
        return m.refused(m.pay_call("pay", zone, reference, amount, token, sender=PAYER))

    assert pay(9, REFERENCE, 5) == "ERR_ZONE_UNKNOWN"
    assert pay(1, bytes(31), 5) == "ERR_REFERENCE"
    for amount in (0, LIMIT + 1, 2**128 - 1):
        assert pay(1, REFERENCE, amount) == "ERR_AMOUNT"
    assert m.pay_call("pay", 1, REFERENCE, LIMIT, token, sender=PAYER).ok() == 1
    assert m.refused(m.pay_call("fund-float", 1, 5, token, sender=STRANGER)) == "ERR_NOT_AGENT"
    for amount in (0, 2**40):
        assert m.refused(m.pay_call("fund-float", 1, amount, token, sender=AGENT)) == "ERR_AMOUNT"
    assert m.refused(m.pay_call("reclaim", 7, token, sender=PAYER)) == "ERR_PAYMENT"
    assert m.refused(m.pay_call("reclaim", 1, token, sender=STRANGER)) == "ERR_NOT_PAYER"
    assert m.refused(m.pay_call("reclaim", 1, token, sender=PAYER)) == "ERR_EARLY"
    m.s.vm.burn(4317)
    assert m.refused(m.pay_call("reclaim", 1, token, sender=PAYER)) == "ERR_EARLY"
    m.s.vm.burn(4)
    m.pay_call("reclaim", 1, token, sender=PAYER).ok()
    assert m.refused(m.pay_call("reclaim", 1, token, sender=PAYER)) == "ERR_PAYMENT"
    assert m.refused(m.give_credit(1, [1])) == "ERR_PAYMENT"


def test_a_float_is_debited_by_what_its_agent_approved_and_no_more(m: Believing) -> None:
    token = m.s.token
    m.pay_call("fund-float", 1, 100, token, sender=AGENT).ok()
    assert m.refused(m.give_credit(1, [], ((AGENT, 1),))) == "ERR_FLOAT"
    assert m.refused(m.pay_call("approve-sales", 1, 101, sender=AGENT)) == "ERR_FLOAT"
    m.pay_call("approve-sales", 1, 60, sender=AGENT).ok()
    for total in (0, 59, 60):
        assert m.refused(m.pay_call("approve-sales", 1, total, sender=AGENT)) == "ERR_FLOAT"
    assert m.refused(m.pay_call("withdraw-float", 1, 41, token, sender=AGENT)) == "ERR_FLOAT"
    assert m.refused(m.pay_call("withdraw-float", 1, 0, token, sender=AGENT)) == "ERR_FLOAT"
    assert m.refused(m.pay_call("withdraw-float", 1, 1, token, sender=STRANGER)) == "ERR_FLOAT"
    assert m.refused(m.give_credit(1, [], ((AGENT, 61),))) == "ERR_FLOAT"
    assert m.refused(m.give_credit(1, [], ((AGENT, 31), (AGENT, 30)))) == "ERR_FLOAT"
    assert m.refused(m.give_credit(1, [], ((STRANGER, 1),))) == "ERR_FLOAT"
    m.give_credit(1, [], ((AGENT, 31), (AGENT, 29))).ok()
    assert m.s.read(m.s.payment, "get-float", 1, AGENT) == {"balance": 40, "approved": 60, "debited": 60}
    m.pay_call("withdraw-float", 1, 40, token, sender=AGENT).ok()
    assert m.account(1)["pot"] == 60


def test_which_payments_are_credited(m: Believing) -> None:
    m.zone(2, 4)
    for zone, amount in ((1, 5), (2, 7), (1, 11)):
        m.pay_call("pay", zone, REFERENCE, amount, m.s.token, sender=PAYER).ok()
    for ids in ([2], [0], [4], [1, 1], [3, 1], [1, 2]):
        assert m.refused(m.give_credit(1, ids)) == "ERR_PAYMENT"
    assert m.refused(m.give_credit(1, [1], sender=STRANGER)) == "ERR_NOT_GATEWAY"
    assert m.refused(m.give_credit(1, [1], proof=m.s.token)) == "ERR_PROOF_CONTRACT"
    assert m.refused(m.give_credit(1, [1], sequence=1)) == "ERR_SEQUENCE"
    for slots in (3, 5, 16):
        assert m.refused(m.give_credit(1, [1], slots=slots)) == "ERR_SLOT_COUNT"
    m.give_credit(1, [1, 3]).ok()
    assert m.account(1)["credited"] == 16 * RATIO
    assert m.refused(m.give_credit(1, [1])) == "ERR_PAYMENT"
    assert m.refused(m.give_credit(1, [], sequence=0)) == "ERR_SEQUENCE"
    m.s.vm.burn(4320)
    assert m.refused(m.pay_call("reclaim", 1, m.s.token, sender=PAYER)) == "ERR_PAYMENT"
    m.give_credit(1, []).ok()  # of nothing: other blindings


def test_credits_have_a_ceiling_in_each_batch_and_in_all(m: Believing) -> None:
    for _ in range(17):
        m.pay_call("pay", 1, REFERENCE, LIMIT, m.s.token, sender=PAYER).ok()
    assert m.refused(m.give_credit(1, list(range(1, 18)))) == "ERR_AMOUNT"
    m.give_credit(1, list(range(1, 17))).ok()


def test_few_dwellings_are_credited_too(m: Believing) -> None:
    """The sum is that of payments, which everybody sees."""
    m.zone(2, 4, vacant=[1, 2, 3])
    m.pay_call("pay", 2, REFERENCE, 5, m.s.token, sender=PAYER).ok()
    m.give_credit(2, [1]).ok()


def test_a_settlement_opens_its_sum_where_it_may_and_only_there(m: Believing) -> None:
    m.pay_call("pay", 1, REFERENCE, 50, m.s.token, sender=PAYER).ok()
    m.give_credit(1, [1]).ok()
    assert m.refused(m.settle_with(1, opening(0))) == "ERR_NO_BILLS"
    m.end_period(1)
    assert m.refused(m.settle_with(1)) == "ERR_K_MIN"
    assert m.refused(m.settle_with(1, opening(50 * RATIO + 1))) == "ERR_UNFUNDED"
    assert m.refused(m.settle_with(1, opening(2**127))) == "ERR_UNFUNDED"
    assert m.refused(m.settle_with(1, opening(0), slots=3)) == "ERR_SLOT_COUNT"
    assert m.refused(m.settle_with(1, opening(0), sender=PROVIDER)) == "ERR_NOT_GATEWAY"
    assert m.refused(m.settle_with(1, opening(0), proof=m.s.token)) == "ERR_PROOF_CONTRACT"
    m.settle_with(1, opening(30 * RATIO)).ok()
    assert m.account(1)["entitled"] == 20 * RATIO
    m.end_period(1)
    assert m.refused(m.settle_with(1, opening(30 * RATIO + 1))) == "ERR_UNFUNDED"  # it never shrinks
    assert m.refused(m.settle_with(1, opening(0), ((0, 0),))) == "ERR_CORRECTION"
    for slot in (0, 2):
        m.at_desk("freeze", 1, slot, 0).ok()
        m.at_desk("correct-bill", 1, slot, 0, m.list_of(1)[0]).ok()
    for corrected in (((2, 0), (0, 0)), ((0, 0), (0, 0)), ((0, 0), (1, 0)), ((0, 1),)):
        assert m.refused(m.settle_with(1, opening(0), corrected)) == "ERR_CORRECTION"
    m.settle_with(1, opening(30 * RATIO), ((0, 0), (2, 0))).ok()
    m.end_period(1)
    assert m.refused(m.settle_with(1, opening(0), ((0, 0),))) == "ERR_CORRECTION"  # taken


def test_the_provider_s_income(m: Believing) -> None:
    m.pay_call("pay", 1, REFERENCE, 50, m.s.token, sender=PAYER).ok()
    m.give_credit(1, [1]).ok()
    m.end_period(1)
    assert m.refused(m.pay_call("release-holdback", 1, sender=PROVIDER)) == "ERR_EARLY"
    m.settle_with(1, opening(50 * RATIO - 20_039)).ok()  # 19,038 of 20,039, of which 1,001 are held back
    assert m.refused(m.pay_call("withdraw", 1, m.s.token, sender=STRANGER)) == "ERR_NOT_PROVIDER"
    m.pay_call("withdraw", 1, m.s.token, sender=PROVIDER).ok()
    assert (m.account(1)["pot"], m.account(1)["income"]) == (31, 38)
    assert m.refused(m.pay_call("withdraw", 1, m.s.token, sender=PROVIDER)) == "ERR_AMOUNT"
    assert m.refused(m.pay_call("release-holdback", 1, sender=STRANGER)) == "ERR_NOT_PROVIDER"
    assert m.refused(m.pay_call("release-holdback", 1, sender=PROVIDER)) == "ERR_EARLY"
    m.at_desk("freeze", 1, 3, 0).ok()
    m.s.vm.burn(4320)
    assert m.refused(m.pay_call("release-holdback", 1, sender=PROVIDER)) == "ERR_CLAIMS"
    m.at_desk("correct-bill", 1, 3, 0, m.list_of(1)[0]).ok()
    m.at_desk("unfreeze", 1, 3, 0).ok()
    assert m.refused(m.pay_call("release-holdback", 1, sender=PROVIDER)) == "ERR_EARLY"  # a correction waits
    m.s.vm.burn(4320)
    m.pay_call("release-holdback", 1, sender=PROVIDER).ok()  # but not for ever
    assert m.account(1)["income"] == 1039
    m.pay_call("withdraw", 1, m.s.token, sender=PROVIDER).ok()
    assert (m.account(1)["pot"], m.account(1)["income"]) == (30, 39)


def test_a_refund_comes_from_a_hold_back(m: Believing) -> None:
    for amount in (50, 1, 1):
        m.pay_call("pay", 1, REFERENCE, amount, m.s.token, sender=PAYER).ok()
    m.give_credit(1, [1, 2]).ok()
    m.end_period(1)
    m.settle_with(1, opening(20_000)).ok()
    held = m.s.read(m.s.payment, "get-hold-back", 1, 0)
    assert held == 1550
    assert m.refused(m.pay_call("refund", 2, 0, m.s.token, sender=PAYER)) == "ERR_CALLER"
    assert m.refused(m.at_desk("refund", 1, 0, m.s.token)) == "ERR_POT"
    assert m.refused(m.at_desk("refund", 3, 0, m.s.token)) == "ERR_PAYMENT"  # not credited: it can be reclaimed
    assert m.refused(m.at_desk("refund", 9, 0, m.s.token)) == "ERR_PAYMENT"
    m.at_desk("refund", 2, 0, m.s.token).ok()
    assert m.refused(m.at_desk("refund", 2, 0, m.s.token)) == "ERR_PAYMENT"
    assert m.s.read(m.s.payment, "get-hold-back", 1, 0) == 550
    assert m.account(1)["pot"] == 51


def test_a_pause_stops_new_money_and_nothing_else(m: Believing) -> None:
    m.zone(3, 64)
    m.pay_call("pay", 1, REFERENCE, 50, m.s.token, sender=PAYER).ok()
    m.pay_call("fund-float", 1, 50, m.s.token, sender=AGENT).ok()
    m.end_period(1)
    m.at_desk("set-pause", m.s.vm.burn(1) + 4400).ok()
    paused = [
        m.pay_call("pay", 1, REFERENCE, 5, m.s.token, sender=PAYER),
        m.pay_call("fund-float", 1, 5, m.s.token, sender=AGENT),
        m.give_credit(1, [1]),
        m.pay_call("withdraw", 1, m.s.token, sender=PROVIDER),
        m.pay_out(1, m.payouts(0), 1, 5000),
    ]
    assert {m.refused(receipt) for receipt in paused} == {"ERR_PAUSED"}
    m.settle_with(1, opening(0)).ok()
    assert m.refused(m.pay_call("release-holdback", 1, sender=PROVIDER)) == "ERR_PAUSED"
    m.s.vm.burn(4320)
    m.pay_call("reclaim", 1, m.s.token, sender=PAYER).ok()
    m.pay_call("withdraw-float", 1, 50, m.s.token, sender=AGENT).ok()


def test_a_revoked_gateway_moves_no_money(m: Believing) -> None:
    m.end_period(1)
    m.s.together(m.s.registry, "revoke-gateway", GATEWAY)
    assert m.refused(m.give_credit(1, [])) == "ERR_NOT_GATEWAY"
    assert m.refused(m.settle_with(1, opening(0))) == "ERR_NOT_GATEWAY"
    assert m.refused(m.pay_out(1, m.payouts(0), 1, 5000)) == "ERR_NOT_GATEWAY"


def test_a_closed_zone_takes_nothing(m: Believing) -> None:
    exit_args = (m.list_of(1)[0], m.list_of(1)[0], bytes(32), m.s.token, m.s.proof)
    exit_args = (bytes(32), *exit_args[1:])

    def leave(slot: int, amount: int, sender: object = None) -> str:
        who = sender or household(1, slot)
        return m.refused(m.pay_call("exit-claim", 1, slot, amount, *exit_args, sender=who))  # type: ignore[arg-type]  # an Address

    m.pay_call("pay", 1, REFERENCE, 50, m.s.token, sender=PAYER).ok()
    m.give_credit(1, [1]).ok()
    assert leave(0, 5) == "ERR_NOT_CLOSED"
    assert m.refused(m.pay_call("approve-exit", 1, 0, PAYER, sender=STEWARD)) == "ERR_NOT_CLOSED"
    assert m.refused(m.pay_call("claim-remainder", 1, sender=PROVIDER)) == "ERR_NOT_CLOSED"
    m.end_period(1)
    m.s.vm.burn(12_960)
    m.s.call(m.s.meter_data, "close-zone", 1, sender=STRANGER).ok()
    assert m.refused(m.pay_call("pay", 1, REFERENCE, 5, m.s.token, sender=PAYER)) == "ERR_CLOSED"
    assert m.refused(m.pay_call("fund-float", 1, 5, m.s.token, sender=AGENT)) == "ERR_CLOSED"
    assert m.refused(m.pay_call("redeem", 1, REFERENCE, 5, sender=PAYER)) == "ERR_CLOSED"
    assert m.refused(m.settle_with(1, opening(0))) == "ERR_NOT_GATEWAY"
    assert leave(0, 5, STRANGER) == "ERR_NOT_DWELLING"
    assert leave(0, 5) == "ERR_NOT_APPROVED"
    for who in (PROVIDER, GATEWAY):
        m.at_desk("set-role", 1, who, True).ok()
        assert m.refused(m.pay_call("approve-exit", 1, 0, PAYER, sender=who)) == "ERR_PARTIAL"
    m.s.together(m.s.payment, "approve-exit", 1, 0, PAYER)
    m.s.vm.burn(4320)
    for amount in (0, 2**47):
        assert leave(0, amount) == "ERR_AMOUNT"
    assert leave(0, 50 * RATIO + 1) == "ERR_UNFUNDED"
    assert m.refused(m.pay_call("claim-remainder", 1, sender=PAYER)) == "ERR_NOT_PROVIDER"
    m.pay_call("exit-claim", 1, 0, 50 * RATIO, *exit_args, sender=PAYER).ok()
    assert leave(0, 1) == "ERR_UNFUNDED"
    assert m.refused(m.pay_call("approve-remainder", 1, sender=STEWARD)) == "ERR_EARLY"  # nobody announced it
    m.pay_call("claim-remainder", 1, sender=PROVIDER).ok()
    m.s.vm.burn(12_960)
    for who in (PROVIDER, GATEWAY):
        assert m.refused(m.pay_call("approve-remainder", 1, sender=who)) == "ERR_PARTIAL"
    for _ in range(2):
        assert m.pay_call("approve-remainder", 1, sender=STEWARD).ok() is False
    assert m.refused(m.pay_call("claim-remainder", 1, sender=PROVIDER)) == "ERR_NOT_APPROVED"
    m.pay_call("approve-remainder", 1, sender=SECOND).ok()
    m.pay_call("claim-remainder", 1, sender=PROVIDER).ok()


def test_nothing_of_a_large_zone_takes_effect_before_its_second_half(m: Believing) -> None:
    m.zone(3, 64)
    assert m.refused(m.finish_credit(3)) == "ERR_NOT_BEGUN"
    assert m.refused(m.finish_settling(3)) == "ERR_NOT_BEGUN"
    m.pay_call("pay", 3, REFERENCE, 50, m.s.token, sender=PAYER).ok()
    m.give_credit(3, [1], slots=64).ok()
    assert m.account(3)["credited"] == 0
    assert m.refused(m.finish_credit(3, sender=STRANGER)) == "ERR_NOT_GATEWAY"
    assert m.refused(m.finish_credit(3, proof=m.s.token)) == "ERR_PROOF_CONTRACT"
    m.s.vm.burn(4320)
    m.pay_call("reclaim", 1, m.s.token, sender=PAYER).ok()  # as it is not credited yet
    assert m.refused(m.finish_credit(3)) == "ERR_PAYMENT"
    m.pay_call("pay", 3, REFERENCE, 70, m.s.token, sender=PAYER).ok()
    m.give_credit(3, [2], slots=64).ok()
    m.finish_credit(3).ok()
    assert m.account(3)["credited"] == 70 * RATIO
    assert m.refused(m.finish_credit(3)) == "ERR_NOT_BEGUN"

    m.end_period(3, 64)
    m.settle_with(3, slots=64).ok()
    assert m.account(3)["settled"] == 0
    assert m.refused(m.finish_settling(3)) == "ERR_K_MIN"
    assert m.refused(m.finish_settling(3, opening(0), sender=STRANGER)) == "ERR_NOT_GATEWAY"
    assert m.refused(m.finish_settling(3, opening(0), proof=m.s.token)) == "ERR_PROOF_CONTRACT"
    m.give_credit(3, [], slots=64).ok()
    m.finish_credit(3).ok()  # other balances than those of which the settlement was begun
    assert m.refused(m.finish_settling(3, opening(0))) == "ERR_NOT_BEGUN"
    m.give_credit(3, [], slots=64).ok()
    m.settle_with(3, slots=64).ok()
    m.finish_settling(3, opening(0)).ok()
    assert m.refused(m.finish_credit(3)) == "ERR_NOT_BEGUN"
    assert m.refused(m.finish_settling(3, opening(0))) == "ERR_NOT_BEGUN"
    assert NO_PROOF == ([], [], [])
