"""Tokens that lie, keep a fee, strike or call back while they are moved."""

from __future__ import annotations

import random

import pytest

from appliance.chain.address import Contract
from tests.contracts.errors import error_name
from tests.contracts.money import Money
from tests.contracts.money_texts import BAD_TOKENS, CALLING, KEEPING, SHRINKING, STRIKING
from tests.contracts.settlement import AGENT, GATEWAY, PROVIDER, household
from tests.contracts.vm import Machine, Receipt

REFERENCE = bytes(32)
PAYER = household(1, 0)


def with_token(m: Money, text: str) -> Contract:
    """Zone 2 settles in the token of this text; zone 1 in the usual one, of which there is something in its pot."""
    m.zone(1, 4)
    for who in (PAYER, AGENT, PROVIDER):
        m.mint(who, 1000)
    m.pay(1, 0, 100).ok()
    token = m.s.vm.deploy("bad-token", m.s.deployer, text)
    m.at_desk("list-token", token, 1).ok()
    m.s.empty_zone(2, 4, token=token)
    for who in (PAYER, AGENT):
        m.s.call(token, "mint", 1000, who, sender=who).ok()
    return token


@pytest.mark.parametrize("text", BAD_TOKENS.values(), ids=BAD_TOKENS)
def test_nothing_is_paid_with_a_token_that(machine: Machine, rng: random.Random, text: str) -> None:
    m = Money(machine, rng)
    token = with_token(m, text)
    for name, args in (("pay", (2, REFERENCE, 50, token)), ("fund-float", (2, 50, token))):
        sender = PAYER if name == "pay" else AGENT
        assert error_name(m.pay_call(name, *args, sender=sender).refusal()) == "payment.ERR_TOKEN"
    assert m.s.read(m.s.payment, "get-account", 2)["pot"] == 0
    assert m.s.read(m.s.payment, "get-payment-count") == 1
    m.holds()


@pytest.mark.parametrize(
    "text", [STRIKING, SHRINKING, KEEPING], ids=["takes other tokens", "costs a unit more", "does not move"]
)
def test_nothing_is_paid_out_by_a_token_that(machine: Machine, rng: random.Random, text: str) -> None:
    m = Money(machine, rng)
    token = with_token(m, text)
    m.pay_call("fund-float", 2, 50, token, sender=AGENT).ok()
    m.pay_call("fund-float", 2, 30, token, sender=AGENT).ok()
    assert error_name(m.pay_call("withdraw-float", 2, 50, token, sender=AGENT).refusal()) == "payment.ERR_TOKEN"
    assert m.s.read(m.s.payment, "get-account", 2)["pot"] == 80
    assert m.s.read(m.s.payment, "get-float", 2, AGENT)["balance"] == 80
    m.holds()


@pytest.mark.parametrize("which", range(7))
def test_no_function_can_be_called_while_a_token_moves(machine: Machine, rng: random.Random, which: int) -> None:
    m = Money(machine, rng)
    token = with_token(m, CALLING)
    m.s.call(token, "next", which, sender=PAYER).ok()
    m.pay_call("fund-float", 2, 50, token, sender=AGENT).ok()
    assert error_name(m.s.read(token, "get-answer")) == "payment.ERR_BUSY"
    m.s.call(token, "next", 7, sender=PAYER).ok()
    m.pay_call("withdraw-float", 2, 20, token, sender=AGENT).ok()  # the flag is down again
    m.holds()


def test_a_zone_takes_no_token_but_its_own(machine: Machine, rng: random.Random) -> None:
    m = Money(machine, rng)
    token = with_token(m, CALLING)
    m.pay_call("fund-float", 1, 50, m.s.token, sender=AGENT).ok()

    def refused(receipt: Receipt) -> None:
        assert error_name(receipt.refusal()) == "payment.ERR_TOKEN"

    refused(m.pay_call("pay", 1, REFERENCE, 5, token, sender=PAYER))
    refused(m.pay_call("fund-float", 1, 5, token, sender=AGENT))
    refused(m.pay_call("withdraw-float", 1, 5, token, sender=AGENT))
    refused(m.pay_call("withdraw", 1, token, sender=PROVIDER))
    refused(m.pay_call("fund-rewards", 1, 5, token, sender=PAYER))
    m.s.vm.burn(4320)
    refused(m.pay_call("reclaim", 1, token, sender=PAYER))
    assert m.s.read(m.s.payment, "get-account", 1)["pot"] == 150
    assert GATEWAY != PAYER
