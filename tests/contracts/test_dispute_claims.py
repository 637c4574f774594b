"""Payments that did not arrive: who asks, what the gateway shows without opening anything, and what is paid back."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from appliance.chain.address import Address
from circuits import lists, money
from circuits.group import LibPoint
from circuits.pedersen import Opening
from circuits.scalar import Scalar
from tests.contracts.disputes import NO_PROOF, SILENCE, ZONE, Tried
from tests.contracts.money_texts import BELIEVER
from tests.contracts.money_zone import Paid, points
from tests.contracts.settlement import GATEWAY, PROVIDER, STEWARD, STRANGER, account, household
from tests.contracts.vm import Machine, Receipt
from tests.contracts.votes import NOTHING, burn_to, logged, refusal

RATIO = 1000
RELATIVE = account("a relative abroad")
SALT = b"sixteen byte key"
CLAIM_TIME = 4320


class Payer:
    """Payments for slot 0's dwelling, whose salts the gateway has issued."""

    def __init__(self, machine: Machine, rng: random.Random) -> None:
        self.m = m = Tried(machine, rng, ratio=RATIO)
        m.zone(ZONE, 4)
        self.dwelling = m.court.dwelling(household(ZONE, 0))
        for who in (RELATIVE, *(household(ZONE, slot) for slot in range(4))):
            m.mint(who, 10**9)

    def reference(self, salt: bytes = SALT, dwelling: int | None = None) -> bytes:
        number = self.dwelling if dwelling is None else dwelling
        return hashlib.sha256(salt + number.to_bytes(16, "big")).digest()

    def pay(self, amount: int, *, slot: int = 0, salt: bytes = SALT, payer: Address = RELATIVE) -> int:
        """`slot` is whom the gateway will credit."""
        m = self.m
        receipt = m.pay_call("pay", ZONE, self.reference(salt), amount, m.s.token, sender=payer)
        number = receipt.ok()
        assert isinstance(number, int)
        m.zones[ZONE].payments[number] = Paid(payer, amount, slot)
        m.zones[ZONE].pot += amount
        return number

    def claim(self, number: int, *, salt: bytes = SALT, dwelling: int | None = None, sender: Any = RELATIVE) -> Receipt:
        which = self.dwelling if dwelling is None else dwelling
        return self.m.court.call("claim-credit", number, salt, which, sender=sender)

    def answer(
        self,
        number: int,
        slot: int = 0,
        *,
        total: int | None = None,
        sender: Address = GATEWAY,
        changes: Mapping[str, Any] = NOTHING,
    ) -> Receipt:
        """With a real proof, of the honest rest or, where that is less than nothing, of nothing."""
        m = self.m
        claim = m.court.read("get-claim", number)
        credited = m.zones[ZONE].credits[claim["sequence"]][slot]
        claimed = claim["total"] if total is None else total
        bound = {"payment": number, "zone": ZONE, "sequence": claim["sequence"], "slot": slot, "total": claim["total"]}
        context = m.context("claim", m.s.disputes, sender=sender, **(bound | dict(changes)))
        rest = Opening(max(credited.value - claimed, 0), credited.blinding)
        made = money.prove(LibPoint, [rest], context, hashlib.sha256(context).digest())
        hint = lists.subtract(LibPoint, points([credited]), points([Opening(claim["total"], Scalar(0))])).hint
        parts = (list(made.points), list(made.scalars), list(made.hints))
        return m.court.call("answer-claim", number, slot, hint, *parts, m.s.proof, sender=sender)

    def refund(self, number: int, period: int = 0) -> Receipt:
        return self.m.court.call("refund-claim", number, period, self.m.s.token, sender=STRANGER)

    def over(self, number: int) -> None:
        """A week later, in which a batch came."""
        self.m.court.batch()
        burn_to(self.m.s, self.m.court.read("get-claim", number)["answer-by"] + 1)

    def held_back(self) -> None:
        """A period is settled, of whose income a part is held back."""
        m = self.m
        for slot in range(1, 4):
            m.pay(ZONE, slot, 2000).ok()
        m.credit(ZONE).ok()
        m.meter(ZONE, [9000] * 4)
        m.bill(ZONE).ok()
        m.settle(ZONE).ok()
        m.holds()


@pytest.fixture
def p(machine: Machine, rng: random.Random) -> Payer:
    return Payer(machine, rng)


def test_an_honest_credit_is_shown_and_nothing_is_opened(p: Payer) -> None:
    s = p.m.s
    number = p.pay(700)
    p.m.credit(ZONE).ok()
    receipt = p.claim(number)
    topic, event = logged(s, s.disputes, receipt)
    assert topic == 708
    answer_by = s.vm.burn(1) - 1 + 1008
    assert event == {
        "topic": "claim",
        "payment": number,
        "zone": ZONE,
        "sequence": 0,
        "dwelling": p.dwelling,
        "total": 700 * RATIO,
        "answer-by": answer_by,
    }
    assert refusal(p.claim(number)) == "dispute-resolution.ERR_CLAIMED"
    for sender in (PROVIDER, STEWARD, RELATIVE, household(ZONE, 0)):
        assert refusal(p.answer(number, sender=sender)) == "dispute-resolution.ERR_NOT_GATEWAY"
    topic, event = logged(s, s.disputes, p.answer(number))
    assert (topic, event["topic"], event["slot"]) == (708, "claim-answer", 0)
    assert s.read(s.aggregation, "get-exposed", ZONE, 0)["count"] == 0
    p.over(number)
    assert refusal(p.answer(number)) == "dispute-resolution.ERR_ANSWERED"
    assert refusal(p.refund(number)) == "dispute-resolution.ERR_ANSWERED"


def test_only_the_payer_and_only_for_whom_it_was(p: Payer) -> None:
    number = p.pay(700)
    assert refusal(p.claim(number)) == "dispute-resolution.ERR_PAYMENT", "not credited yet: it can be reclaimed"
    p.m.credit(ZONE).ok()
    for sender in (household(ZONE, 0), GATEWAY, STRANGER):
        assert refusal(p.claim(number, sender=sender)) == "dispute-resolution.ERR_NOT_PAYER"
    assert refusal(p.claim(number + 1)) == "dispute-resolution.ERR_PAYMENT"
    cases: list[tuple[bytes, int]] = [(SALT, p.dwelling + 1), (bytes(16), p.dwelling), (SALT[:15], p.dwelling)]
    for salt, dwelling in cases:
        assert refusal(p.claim(number, salt=salt, dwelling=dwelling)) == "dispute-resolution.ERR_REFERENCE"
    burn_to(p.m.s, p.m.s.read(p.m.s.payment, "get-credit", ZONE, 0)["height"] + CLAIM_TIME - 1)
    p.claim(number).ok()


def test_a_month_later_nobody_asks(p: Payer) -> None:
    number = p.pay(700)
    p.m.credit(ZONE).ok()
    burn_to(p.m.s, p.m.s.read(p.m.s.payment, "get-credit", ZONE, 0)["height"] + CLAIM_TIME)
    assert refusal(p.claim(number)) == "dispute-resolution.ERR_PAYMENT"


def test_nobody_asked(p: Payer) -> None:
    number = p.pay(700)
    p.m.credit(ZONE).ok()
    args = (number, 0, bytes(32), *NO_PROOF, p.m.s.proof)
    assert refusal(p.m.court.call("answer-claim", *args, sender=GATEWAY)) == "dispute-resolution.ERR_CLAIM_UNKNOWN"
    assert refusal(p.refund(number)) == "dispute-resolution.ERR_CLAIM_UNKNOWN"


def test_what_was_credited_to_a_neighbour_comes_back_out_of_the_hold_back(p: Payer) -> None:
    """100 of the relative's are in slot 1; the gateway finds no proof for slot 0, and slot 1 is not this dwelling's."""
    m = p.m
    number = p.pay(100, slot=1)
    m.credit(ZONE).ok()
    p.claim(number).ok()
    assert refusal(p.answer(number, 0)) == "range.ERR_HINT"
    assert refusal(p.answer(number, 1)) == "dispute-resolution.ERR_SLOT"
    assert refusal(p.refund(number)) == "dispute-resolution.ERR_NOT_DUE"
    p.held_back()
    p.over(number)
    assert refusal(p.answer(number, 0)) == "dispute-resolution.ERR_DEADLINE"
    before = m.s.vm.read(m.s.token, "get-balance", RELATIVE).ok()
    held = m.zones[ZONE].hold_backs[0]
    assert held >= 100 * RATIO
    topic, event = logged(m.s, m.s.disputes, p.refund(number))
    refunded = {"topic": "claim-refunded", "payment": number, "period": 0, "amount": 100 * RATIO}
    assert (topic, event) == (708, refunded)
    m.zones[ZONE].payments[number].state = "refunded"
    m.zones[ZONE].draw(0, 100 * RATIO)
    m.zones[ZONE].pot -= 100
    m.holds()
    assert m.s.vm.read(m.s.token, "get-balance", RELATIVE).ok() == before + 100
    assert refusal(p.refund(number)) == "dispute-resolution.ERR_ANSWERED"


def test_more_than_one_hold_back_comes_out_of_the_provider_s_income_and_waits_for_that(p: Payer) -> None:
    m, at = p.m, p.m.zones[ZONE]
    number = p.pay(900, slot=1)
    m.credit(ZONE).ok()
    p.claim(number).ok()
    p.held_back()
    held, income = at.hold_backs[0], at.income
    assert held < 900 * RATIO < held + income
    m.withdraw(ZONE).ok()
    m.s.vm.burn(1)
    m.meter(ZONE, [0, 9000, 9000, 0])
    burn_to(m.s, m.court.read("get-claim", number)["answer-by"] + 1)
    assert refusal(p.refund(number)) == "payment.ERR_POT"
    m.bill(ZONE).ok()
    m.settle(ZONE).ok()
    p.refund(number).ok()
    at.payments[number].state = "refunded"
    at.draw(0, 900 * RATIO)
    at.pot -= 900
    assert at.hold_backs[0] == 0
    m.holds()


def test_what_was_refunded_need_not_be_shown_beside_another_claim(p: Payer) -> None:
    """Of 100 and 200 for slot 0 only 200 got there: one is paid back, the other can be shown; not both, nor neither."""
    m, at = p.m, p.m.zones[ZONE]
    numbers = [p.pay(100), p.pay(200, salt=bytes(16))]
    _credit(p, [200_000, 100_000, 0, 0], numbers)
    for number in numbers:
        at.payments[number].state = "credited"
    at.credited += 300_000
    at.version += 1
    at.balances = [a + b for a, b in zip(at.balances, at.credits[0], strict=True)]
    p.claim(numbers[0]).ok()
    p.held_back()
    p.over(numbers[0])
    p.claim(numbers[1], salt=bytes(16)).ok()
    assert refusal(p.answer(numbers[1])) == "range.ERR_HINT"  # 300 are claimed
    p.refund(numbers[0]).ok()
    assert m.court.read("get-claim", numbers[1])["total"] == 200_000
    p.answer(numbers[1]).ok()


def test_less_than_was_paid_is_not_enough_and_two_payments_are_not_one(p: Payer) -> None:
    """Credited with 900 of 500 and 500: what one payment alone would show does not do for both."""
    m = p.m
    numbers = [p.pay(500), p.pay(500, salt=bytes(16))]
    _credit(p, [900_000, 100_000, 0, 0], numbers)
    p.claim(numbers[0]).ok()
    p.answer(numbers[0]).ok()
    p.claim(numbers[1], salt=bytes(16)).ok()
    assert m.court.read("get-claim", numbers[1])["total"] == 1000 * RATIO
    assert refusal(p.answer(numbers[1], total=500_000)) == "range.ERR_HINT"
    assert refusal(p.answer(numbers[1])) == "range.ERR_HINT"


@pytest.mark.parametrize(
    ("field", "other"),
    [("payment", 2), ("zone", 2), ("sequence", 1), ("slot", 1), ("total", 1)],
)
def test_an_answer_to_another_claim_is_refused(p: Payer, field: str, other: int) -> None:
    number = p.pay(700)
    p.m.credit(ZONE).ok()
    p.claim(number).ok()
    assert refusal(p.answer(number, changes={field: other})) == "range.ERR_HINT"


def test_a_look_alike_proof_contract(p: Payer) -> None:
    s = p.m.s
    look_alike = s.vm.deploy("look-alike", s.stranger, BELIEVER.replace(" .user-registry", f" '{s.registry}"))
    number = p.pay(700, slot=1)
    p.m.credit(ZONE).ok()
    p.claim(number).ok()
    args = (number, 0, bytes(32), *NO_PROOF, look_alike)
    receipt = p.m.court.call("answer-claim", *args, sender=GATEWAY)
    assert refusal(receipt) == "dispute-resolution.ERR_PROOF_CONTRACT"


def test_a_gateway_without_uplink_has_time_but_not_for_ever(p: Payer) -> None:
    number = p.pay(700)
    p.m.credit(ZONE).ok()
    p.claim(number).ok()
    answer_by = p.m.court.read("get-claim", number)["answer-by"]
    burn_to(p.m.s, answer_by + 1)
    assert refusal(p.refund(number)) == "dispute-resolution.ERR_NOT_DUE"
    burn_to(p.m.s, answer_by + SILENCE + 1)
    assert refusal(p.refund(number)) == "payment.ERR_POT", "nothing was held back: there never was income"
    assert refusal(p.answer(number)) == "dispute-resolution.ERR_DEADLINE"


def _credit(p: Payer, units: Sequence[int], covered: Sequence[int]) -> None:
    """The gateway's own idea of who gets what of these payments."""
    m = p.m
    at = m.zones[ZONE]
    shares = m.fresh(units)
    m.credit_call(ZONE, shares, covered, []).ok()
    at.credits[at.sequence] = shares
    at.sequence += 1
