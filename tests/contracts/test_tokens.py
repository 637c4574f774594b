"""The reward token moves among dwellings and payment only; the voucher is minted by three treasurers."""

from __future__ import annotations

import random
from typing import Any

import pytest

from appliance.chain.address import Address, Contract
from appliance.chain.clarity import NONE, Optional
from tests.contracts.errors import error_name
from tests.contracts.money_bills import CONTRACTS
from tests.contracts.settlement import AGENT, STEWARD, STRANGER, TREASURERS, Settlement, consensus_hash, household
from tests.contracts.vm import Machine, Receipt, value

FIRST, SECOND = household(1, 0), household(1, 1)
NOT_OWNER = 4
REFERENCE = bytes(32)

SPENDER = """
(define-public (spend (amount uint) (from principal) (to principal))
  (contract-call? .voucher-token transfer amount from to none))
(define-public (take (amount uint) (from principal) (to principal))
  (contract-call? .utility-token transfer amount from to none))
(define-public (mint (amount uint) (to principal)) (contract-call? .utility-token mint amount to))
(define-public (burn (amount uint) (from principal)) (contract-call? .utility-token burn amount from))
"""


def settled(vm: Machine, payment: bool = True) -> tuple[Settlement, Contract]:
    """Zone 1, and a contract that is payment or, if not, nobody."""
    s = Settlement(vm, small=True, later=CONTRACTS)
    spender = vm.deploy("spender", s.deployer, SPENDER)
    if payment:
        s.bootstrap(payment=spender)
    else:
        s.bootstrap()
    s.zone(1, 4)
    return s, spender


@pytest.fixture
def s(machine: Machine) -> Settlement:
    return settled(machine, payment=False)[0]


def refused(receipt: Receipt) -> str:
    return error_name(receipt.refusal())


def utility(s: Settlement, function: str, *args: Any, sender: Address) -> Receipt:
    return s.call(s.later["utility-token"], function, *args, sender=sender)


def voucher(s: Settlement, function: str, *args: Any, sender: Address) -> Receipt:
    return s.call(s.later["voucher-token"], function, *args, sender=sender)


def balance(s: Settlement, token: str, who: Any) -> int:
    found = s.vm.read(s.later[token], "get-balance", who).ok()
    assert isinstance(found, int)
    return found


def mint(s: Settlement, number: int, amount: int, who: Address) -> None:
    first, second, third = TREASURERS
    assert voucher(s, "mint", number, amount, who, sender=first).ok() is False
    assert voucher(s, "mint", number, amount, who, sender=second).ok() is False
    assert voucher(s, "mint", number, amount, who, sender=third).ok() is True


def test_rewards_move_among_dwellings_and_payment(machine: Machine) -> None:
    s, payment = settled(machine)
    s.call(payment, "mint", 10, FIRST, sender=STRANGER).ok()
    memo = Optional(value(b"thanks"))
    receipt = utility(s, "transfer", 4, FIRST, SECOND, memo, sender=FIRST)
    assert receipt.ok() is True
    assert [event.value for event in receipt.prints] == [value(b"thanks")]
    utility(s, "transfer", 1, FIRST, payment, NONE, sender=FIRST).ok()
    assert [balance(s, "utility-token", who) for who in (FIRST, SECOND, payment)] == [5, 4, 1]
    for outside in (STRANGER, AGENT, s.proof):
        assert refused(utility(s, "transfer", 1, FIRST, outside, NONE, sender=FIRST)) == "utility-token.ERR_OUTSIDE"
    assert utility(s, "transfer", 1, FIRST, SECOND, NONE, sender=SECOND).refusal() == NOT_OWNER
    assert s.call(payment, "take", 1, FIRST, SECOND, sender=FIRST).refusal() == NOT_OWNER  # payment has no need to
    assert utility(s, "transfer", 6, FIRST, SECOND, NONE, sender=FIRST).refusal() == 1
    assert utility(s, "transfer", 1, FIRST, FIRST, NONE, sender=FIRST).refusal() == 2
    assert utility(s, "transfer", 0, FIRST, SECOND, NONE, sender=FIRST).refusal() == 3
    s.call(payment, "burn", 5, FIRST, sender=STRANGER).ok()
    assert s.vm.read(s.later["utility-token"], "get-total-supply").ok() == 5


def test_who_has_moved_to_another_key_keeps_nothing_to_move_with_the_old(machine: Machine) -> None:
    s, payment = settled(machine)
    s.call(payment, "mint", 10, STRANGER, sender=STRANGER).ok()
    assert refused(utility(s, "transfer", 1, STRANGER, FIRST, NONE, sender=STRANGER)) == "utility-token.ERR_OUTSIDE"


def test_only_payment_mints_and_burns_rewards(machine: Machine) -> None:
    s, spender = settled(machine, payment=False)
    for who in (FIRST, STEWARD, s.deployer):
        assert refused(utility(s, "mint", 1, FIRST, sender=who)) == "utility-token.ERR_CALLER"
        assert refused(utility(s, "burn", 1, FIRST, sender=who)) == "utility-token.ERR_CALLER"
    assert refused(s.call(spender, "mint", 1, FIRST, sender=FIRST)) == "utility-token.ERR_CALLER"
    assert refused(s.call(spender, "burn", 1, FIRST, sender=FIRST)) == "utility-token.ERR_CALLER"


def test_rewards_are_backed_once_by_a_listed_token_before_there_is_a_zone(machine: Machine, s: Settlement) -> None:
    assert refused(utility(s, "back-with", s.token, sender=s.deployer)) == "utility-token.ERR_BACKED"
    s = Settlement(machine, small=True, later=CONTRACTS)
    s.bootstrap()
    assert s.read(s.later["utility-token"], "get-backing") is None
    for who, token in ((STRANGER, s.token), (s.deployer, s.later["voucher-token"])):
        assert refused(utility(s, "back-with", token, sender=who)) == "utility-token.ERR_BACKED"
    utility(s, "back-with", s.token, sender=s.deployer).ok()
    assert s.read(s.later["utility-token"], "get-backing") == s.token
    assert refused(utility(s, "back-with", s.token, sender=s.deployer)) == "utility-token.ERR_BACKED"


def test_three_treasurers_mint_vouchers_each_mint_once(s: Settlement) -> None:
    first, second, third = TREASURERS
    assert refused(voucher(s, "mint", 1, 100, FIRST, sender=STEWARD)) == "user-registry.ERR_ROLE"
    assert refused(voucher(s, "mint", 1, 0, FIRST, sender=first)) == "voucher-token.ERR_AMOUNT"
    for number in (0, 2):
        assert refused(voucher(s, "mint", number, 5, FIRST, sender=first)) == "voucher-token.ERR_MINTED"
    for _ in range(3):
        assert voucher(s, "mint", 1, 100, FIRST, sender=first).ok() is False  # one person
    assert voucher(s, "mint", 1, 101, FIRST, sender=second).ok() is False  # another mint
    assert voucher(s, "mint", 1, 100, FIRST, sender=second).ok() is False
    assert balance(s, "voucher-token", FIRST) == 0
    receipt = voucher(s, "mint", 1, 100, FIRST, sender=third)
    assert receipt.ok() is True
    event = {"topic": "mint", "number": 1, "amount": 100, "recipient": FIRST}
    head = s.read(s.audit, "get-head")
    assert s.read(s.audit, "get-entry", head["seq"])["entry"][68:] == consensus_hash(event)
    assert refused(voucher(s, "mint", 1, 101, FIRST, sender=third)) == "voucher-token.ERR_MINTED"
    mint(s, 2, 100, FIRST)
    assert s.vm.read(s.later["voucher-token"], "get-total-supply").ok() == 200
    assert s.read(s.later["voucher-token"], "get-mints") == 2


def test_vouchers_are_moved_by_their_owner(machine: Machine) -> None:
    s, spender = settled(machine, payment=False)
    mint(s, 1, 100, FIRST)
    voucher(s, "transfer", 30, FIRST, STRANGER, NONE, sender=FIRST).ok()
    voucher(s, "transfer", 10, STRANGER, AGENT, Optional(value(b"x")), sender=STRANGER).ok()
    assert voucher(s, "transfer", 1, FIRST, STRANGER, NONE, sender=STRANGER).refusal() == NOT_OWNER
    # a contract that the owner calls does not become the owner
    assert s.call(spender, "spend", 1, FIRST, STRANGER, sender=FIRST).refusal() == NOT_OWNER
    assert voucher(s, "transfer", 71, FIRST, STRANGER, NONE, sender=FIRST).refusal() == 1
    assert voucher(s, "transfer", 0, FIRST, STRANGER, NONE, sender=FIRST).refusal() == 3


def test_payment_moves_vouchers_for_an_owner_who_calls_it_and_no_other(machine: Machine) -> None:
    s, payment = settled(machine)
    mint(s, 1, 100, FIRST)
    s.call(payment, "spend", 30, FIRST, payment, sender=FIRST).ok()
    assert s.call(payment, "spend", 1, FIRST, payment, sender=STRANGER).refusal() == NOT_OWNER
    assert balance(s, "voucher-token", FIRST) == 70


def test_bills_are_paid_in_vouchers(machine: Machine, rng: random.Random) -> None:
    """The real payment contract, in a zone that settles in vouchers."""
    s = Settlement(machine, small=True, later=CONTRACTS)
    office = s.office()
    s.bootstrap(governance=office)
    token = s.later["voucher-token"]
    s.call(office, "list-token", token, 10, sender=STRANGER).ok()
    s.zone(1, 4, token=token)
    mint(s, 1, 100, FIRST)
    s.call(s.payment, "pay", 1, rng.randbytes(32), 60, token, sender=FIRST).ok()
    assert balance(s, "voucher-token", s.payment) == 60
    s.vm.burn(4320)
    s.call(s.payment, "reclaim", 1, token, sender=FIRST).ok()
    assert balance(s, "voucher-token", FIRST) == 100


def test_both_answer_as_sip_010_asks(s: Settlement) -> None:
    for name, decimals in (("utility-token", 0), ("voucher-token", 2)):
        token = s.later[name]
        assert s.vm.read(token, "get-decimals").ok() == decimals
        assert s.vm.read(token, "get-token-uri").ok() is None
        assert s.vm.read(token, "get-total-supply").ok() == 0
        assert s.vm.read(token, "get-name").ok().startswith("Mita")
        assert s.vm.read(token, "get-symbol").ok().isupper()
