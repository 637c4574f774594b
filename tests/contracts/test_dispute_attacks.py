"""dispute-resolution under attack: the gateway with keys that it made, leavers, payers, jurors who move, observers."""

from __future__ import annotations

import random

import pytest

from appliance.chain.address import Address
from circuits.pedersen import Opening
from tests.contracts.disputes import (
    ASSEMBLY,
    HASH,
    PANEL,
    PERIOD,
    ZONE,
    Court,
    Tried,
    court,
)
from tests.contracts.money_bills import DISPUTABLE
from tests.contracts.settlement import (
    GATEWAY,
    PROVIDER,
    SECOND,
    STEWARD,
    STRANGER,
    TREASURERS,
)
from tests.contracts.test_dispute_claims import RATIO, Payer
from tests.contracts.vm import Machine
from tests.contracts.votes import burn_to, logged, own_principal, refusal


@pytest.fixture
def c(machine: Machine, rng: random.Random) -> Court:
    return court(machine, rng)


@pytest.fixture
def few(machine: Machine, rng: random.Random) -> Court:
    """Nobody can be drawn: assemblies decide."""
    return court(machine, rng, jurors=0)


# ------------------------------------------------------------------------------------------------ the gateway's key


def test_the_gateway_raises_no_bill_with_a_key_that_it_made(machine: Machine, rng: random.Random) -> None:
    """It would let its own deadline pass, and the ruling "for the resident" would be a debt of 2^36 - 1."""
    m = Tried(machine, rng)
    m.zone(ZONE, 4)
    for _ in range(PERIOD + 1):
        m.meter(ZONE, (9000, 5000, 0, 70))
        m.bill(ZONE).ok()
    bill, dearer = m.zones[ZONE].bills[PERIOD][3], Opening(2**36 - 1, m.blinding())
    assert refusal(m.court.open_proved(3, bill, dearer, sealed=True)) == "dispute-resolution.ERR_SEALED"
    with pytest.raises(ValueError, match=r"value|range"):
        m.court.open_proved(3, bill, dearer)
    own = own_principal(m.s, ZONE, 3)
    m.court.open_proved(3, bill, dearer, sealed=True, sender=own).ok()


def _ruled(c: Court, number: int, *, for_resident: bool) -> None:
    for who in (STEWARD, SECOND, TREASURERS[0]):
        c.call("rule-by-assembly", number, for_resident, HASH, sender=who).ok()


@pytest.mark.parametrize("stage", ["open", "answered", "for", "against", "closed against"])
def test_a_dwelling_s_own_dispute_takes_the_place_of_one_with_the_gateway_s_key(few: Court, stage: str) -> None:
    c = few
    first = c.opened(answered=stage != "open")
    if stage not in ("open", "answered"):
        _ruled(c, first, for_resident=stage == "for")
    if stage == "closed against":
        c.call("close-dispute", first, sender=GATEWAY).ok()
    own = own_principal(c.s, ZONE, 0)
    receipt = c.open(0, sender=own)
    second = receipt.ok()
    lapsed = [event.value for event in receipt.prints if event.contract == str(c.s.disputes)]
    assert len(lapsed) == (1 if stage == "closed against" else 2)
    assert c.dispute(second)["own"] is True
    assert c.read("get-dispute-of", ZONE, 0, PERIOD) == second
    found = c.dispute(first)
    assert (found["own"], found["closed"], found["ruling"]["for-resident"]) == (False, True, False)
    assert c.s.read(c.s.billing, "get-frozen-count", ZONE, PERIOD) == 1
    assert c.s.read(c.s.billing, "get-claims", ZONE, 0) == 1
    for function, *args in (
        ("submit-evidence", first, HASH),
        ("rule-by-assembly", first, True, HASH),
        ("expire", first),
        ("draw-panel", first),
    ):
        sender = STEWARD if function == "rule-by-assembly" else GATEWAY
        assert refusal(c.call(function, *args, sender=sender)) == "dispute-resolution.ERR_RULED"
    assert refusal(c.call("appeal", first, sender=GATEWAY)) == "dispute-resolution.ERR_FINAL"
    assert refusal(c.call("close-dispute", first, sender=GATEWAY)) == "dispute-resolution.ERR_CLOSED"

    c.call("submit-evidence", second, HASH, sender=GATEWAY).ok()
    _ruled(c, second, for_resident=True)
    c.call("close-dispute", second, sender=STRANGER).ok()
    assert c.s.read(c.s.billing, "get-pending-count", ZONE) == 1
    assert refusal(c.open(0, sender=own)) == "dispute-resolution.ERR_DISPUTED", "its own only once"


def test_what_gives_way_is_said(c: Court) -> None:
    first = c.open().ok()
    receipt = c.open(0, sender=own_principal(c.s, ZONE, 0))
    second = receipt.ok()
    events = [event.value for event in receipt.prints if event.contract == str(c.s.disputes)]
    assert len(events) == 2
    assert logged(c.s, c.s.disputes, receipt)[1]["own"] is True
    assert c.dispute(first)["ruling"] == {
        "for-resident": False,
        "height": c.dispute(second)["opened"],
        "final": True,
    }


def test_a_bill_is_corrected_once_whoever_asked(few: Court) -> None:
    c = few
    first = c.opened()
    _ruled(c, first, for_resident=True)
    due = c.s.read(c.s.billing, "get-bills", ZONE, PERIOD)["due"]
    burn_to(c.s, due - 1)
    assert refusal(c.call("close-dispute", first, sender=STRANGER)) == "dispute-resolution.ERR_APPEALABLE"
    own = own_principal(c.s, ZONE, 0)
    burn_to(c.s, due)
    assert refusal(c.open(0, sender=own)) == "dispute-resolution.ERR_LATE"
    c.call("close-dispute", first, sender=STRANGER).ok()
    assert c.s.read(c.s.billing, "get-pending-count", ZONE) == 1


def test_the_gateway_s_dispute_about_another_bill_is_in_nobody_s_way(few: Court) -> None:
    c = few
    first = c.opened()
    assert refusal(c.open(period=1)) == "dispute-resolution.ERR_DISPUTING"
    own = own_principal(c.s, ZONE, 0)
    second = c.open(0, period=1, sender=own).ok()
    assert refusal(c.open(0, period=0, sender=own)) == "dispute-resolution.ERR_DISPUTING"
    assert c.dispute(first)["ruling"] is None
    for number in (first, second):
        if number == second:
            c.call("submit-evidence", number, HASH, sender=GATEWAY).ok()
        _ruled(c, number, for_resident=False)
        c.call("close-dispute", number, sender=STRANGER).ok()
    c.open(0, period=0, sender=own).ok()


# ------------------------------------------------------------------------------------------------ who has left


def test_nobody_disputes_at_the_expense_of_who_lives_there_now(machine: Machine, rng: random.Random) -> None:
    """The correction goes into the slot's balance: who has left and is released would charge, or pay, the next."""
    m = Tried(machine, rng)
    m.zone(ZONE, 4)
    s, court_ = m.s, m.court
    own = own_principal(s, ZONE, 1)
    batch = s.following(m.rng, ZONE, [10, 20, 30, 40])
    s.submit(batch).ok()
    s.call(s.registry, "move-out", ZONE, 1, sender=own).ok()
    s.close_period(ZONE).ok()
    m.zones[ZONE].usages[0] = (batch.openings, 7)
    m.bill(ZONE).ok()
    m.settle(ZONE).ok()
    assert refusal(m.release_slot(ZONE, 1, 0)) == "payment.ERR_EARLY"  # it may still dispute its last bill
    due = s.read(s.billing, "get-bills", ZONE, 0)["due"]
    s.vm.burn(due - s.vm.burn(1))
    m.release_slot(ZONE, 1, 0).ok()
    assert refusal(court_.open(1, period=0, sender=own)) == "dispute-resolution.ERR_NOT_DWELLING"
    s.settle({s.stranger: [(ZONE, 1)]})
    assert refusal(court_.open(1, period=0, sender=own)) == "dispute-resolution.ERR_NOT_DWELLING"
    assert refusal(court_.open(1, period=0, sender=s.stranger)) == "dispute-resolution.ERR_NOT_DWELLING"


# ------------------------------------------------------------------------------------------------ jurors, observers


def test_who_moves_within_a_zone_is_one_juror_of_it(few: Court) -> None:
    """Two homes there for a while, counted twice, would be more jurors of the zone than there are at all."""
    c, s = few, few.s
    s.zone(3, 4, vacant=[3])
    for _ in range(2):
        s.metered(c.rng, 3, [0] * 4)
    mover = own_principal(s, 3, 0)
    s.call(s.registry, "move-out", 3, 0, sender=mover).ok()
    s.together(s.registry, "assign-slot", c.dwelling(mover), 3, 3)
    c.call("join-pool", sender=mover).ok()
    assert c.read("get-juror", 0)["zones"] == [3]
    c.bill(3).ok()
    number = c.open(1, zone=3, period=0).ok()
    assert (c.dispute(number)["pool"], c.dispute(number)["outside"]) == (1, 0)


def test_a_revoked_gateway_records_no_assembly_about_itself(few: Court) -> None:
    c, s = few, few.s
    s.together(s.registry, "register-steward", GATEWAY)
    number = c.opened()
    assert refusal(c.call("rule-by-assembly", number, False, HASH, sender=GATEWAY)) == "dispute-resolution.ERR_PARTIAL"
    s.together(s.registry, "revoke-gateway", GATEWAY)
    assert refusal(c.call("rule-by-assembly", number, False, HASH, sender=GATEWAY)) == "dispute-resolution.ERR_PARTIAL"


# ------------------------------------------------------------------------------------------------ clocks


def test_an_assembly_has_its_whole_time_after_an_operator_that_could_not_be_heard(few: Court) -> None:
    """Without uplink for longer than answer and assembly have, it would lose with its first batch, heard or not."""
    c, s = few, few.s
    number = c.open().ok()
    heard = c.dispute(number)["rule-by"] + 100
    burn_to(s, heard)
    receipt = c.call("submit-evidence", number, HASH, sender=GATEWAY)
    assert logged(s, s.disputes, receipt)[1]["rule-by"] == heard + ASSEMBLY
    c.batch()
    c.call("submit-evidence", number, HASH, sender=PROVIDER).ok()
    assert c.dispute(number)["rule-by"] == heard + ASSEMBLY, "only the first answer"
    assert refusal(c.call("expire", number, sender=STRANGER)) == "dispute-resolution.ERR_NOT_DUE"
    burn_to(s, heard + ASSEMBLY)
    assert refusal(c.call("expire", number, sender=STRANGER)) == "dispute-resolution.ERR_NOT_DUE"
    _ruled(c, number, for_resident=False)


def test_a_panel_drawn_before_the_late_answer_has_its_whole_time(c: Court) -> None:
    number = c.open().ok()
    sits = c.draw(number)
    heard = c.dispute(number)["rule-by"] + 100
    burn_to(c.s, heard)
    c.call("submit-evidence", number, HASH, sender=GATEWAY).ok()
    assert c.dispute(number)["rule-by"] == heard + PANEL
    c.batch()
    for dwelling in sits[:2]:
        c.rule(number, dwelling, for_resident=False).ok()
    assert c.dispute(number)["ruling"]["for-resident"] is False


# ------------------------------------------------------------------------------------------------ payers


@pytest.fixture
def p(machine: Machine, rng: random.Random) -> Payer:
    return Payer(machine, rng)


def _left(p: Payer) -> Address:
    """The dwelling of slot 0 is credited with 700, lives through period 0 and leaves with it, by its own key."""
    m = p.m
    number = p.pay(700)
    assert number == 1
    m.credit(ZONE).ok()
    own = own_principal(m.s, ZONE, 0)
    batch = m.s.following(m.rng, ZONE, [7000, 0, 0, 0])
    m.s.submit(batch).ok()
    m.s.call(m.s.registry, "move-out", ZONE, 0, sender=own).ok()
    m.s.close_period(ZONE).ok()
    m.zones[ZONE].usages[0] = (batch.openings, 7)
    m.bill(ZONE).ok()
    m.settle(ZONE).ok()
    assert m.zones[ZONE].balances[0].value == 0
    return own


def test_a_true_answer_about_who_has_left_and_moved_on_is_accepted(p: Payer) -> None:
    """Its homes forget an ended one with the next, and the payer would have both the usage and the money."""
    m, s = p.m, p.m.s
    m.zone(2, 4, vacant=[0])
    _left(p)
    s.vm.burn(DISPUTABLE)
    m.release_slot(ZONE, 0, 0).ok()
    m.meter(2, [0] * 4)
    s.together(s.registry, "assign-slot", p.dwelling, 2, 0)
    s.settle({s.stranger: [(ZONE, 0)]})
    m.meter(ZONE, [0] * 4)
    p.claim(1).ok()
    assert {home["zone"] for home in s.read(s.registry, "get-dwelling", p.dwelling)["homes"]} == {2}
    p.answer(1).ok()
    p.over(1)
    assert refusal(p.refund(1)) == "dispute-resolution.ERR_ANSWERED"


def test_a_true_answer_about_who_was_credited_long_after_it_left_is_accepted(p: Payer) -> None:
    """Its money stays in the slot for five periods more; then it is paid out what was sent, and moves on."""
    m, s = p.m, p.m.s
    own = _left(p)
    for _ in range(5):
        m.meter(ZONE, [0] * 4)
        m.bill(ZONE).ok()
        m.settle(ZONE).ok()
    number = p.pay(300, salt=bytes(16))
    m.credit(ZONE).ok()
    m.payout(ZONE, {0: 300 * RATIO}).ok()
    s.vm.burn(DISPUTABLE)
    m.release_slot(ZONE, 0, 0).ok()
    s.settle({s.stranger: [(ZONE, 0)]})
    p.claim(number, salt=bytes(16)).ok()
    assert s.read(s.registry, "get-holder", ZONE, 0) is not None
    assert own != s.stranger
    p.answer(number).ok()


def test_what_was_credited_to_who_lived_there_before_is_no_answer(p: Payer) -> None:
    """The relative's 300 went to the tenant of slot 1, who is paid them out and leaves; then slot 0's dwelling, for
    which they were, moves there."""
    m, s = p.m, p.m.s
    _left(p)
    number = p.pay(300, slot=1, salt=bytes(16))
    m.credit(ZONE).ok()
    s.together(s.registry, "move-out", ZONE, 1)
    for _ in range(2):
        m.meter(ZONE, [0] * 4)
        m.bill(ZONE).ok()
        m.settle(ZONE).ok()
    m.payout(ZONE, {1: m.zones[ZONE].balances[1].value}).ok()
    s.vm.burn(DISPUTABLE)
    m.release_slot(ZONE, 1, 1).ok()
    s.together(s.registry, "assign-slot", p.dwelling, ZONE, 1)
    m.meter(ZONE, [0] * 4)
    p.claim(number, salt=bytes(16)).ok()
    assert s.read(s.registry, "get-holder", ZONE, 1) == p.dwelling
    assert refusal(p.answer(number, 1)) == "dispute-resolution.ERR_SLOT"


def test_a_slot_that_it_had_long_before_the_credit_is_no_answer(p: Payer) -> None:
    """Who lives there now is paid with what the relative sent for who has left."""
    m, s = p.m, p.m.s
    _left(p)
    s.vm.burn(DISPUTABLE)
    m.release_slot(ZONE, 0, 0).ok()
    s.settle({s.stranger: [(ZONE, 0)]})
    s.vm.burn(1)
    number = p.pay(300, salt=bytes(16))
    m.credit(ZONE).ok()
    p.claim(number, salt=bytes(16)).ok()
    assert refusal(p.answer(number)) == "dispute-resolution.ERR_SLOT"
    m.meter(ZONE, [0] * 4)


def test_who_has_left_and_still_pays_is_credited_where_its_money_is(p: Payer) -> None:
    m, s = p.m, p.m.s
    _left(p)
    s.vm.burn(1)
    number = p.pay(300, salt=bytes(16))
    m.credit(ZONE).ok()
    p.claim(number, salt=bytes(16)).ok()
    p.answer(number).ok()


def test_in_a_closed_zone_nobody_asks_and_the_gateway_still_answers(p: Payer) -> None:
    """It can be credited no more and takes its balance out: with a refund it would have the money twice."""
    m, s = p.m, p.m.s
    early = p.pay(700)
    m.s.vm.burn(12_000)
    late = p.pay(50, salt=bytes(16))
    m.credit(ZONE).ok()
    p.claim(early).ok()
    s.vm.burn(1_000)
    s.call(s.meter_data, "close-zone", ZONE, sender=STRANGER).ok()
    assert refusal(p.claim(late, salt=bytes(16))) == "dispute-resolution.ERR_ZONE_CLOSED"
    p.answer(early).ok()
    s.together(s.registry, "revoke-gateway", GATEWAY)
    assert refusal(p.answer(early)) == "dispute-resolution.ERR_NOT_GATEWAY"
