"""Ways round the rules that were open once: who was credited for whom, who is asked, who is a party, who counts."""

from __future__ import annotations

import random

import pytest

from appliance.chain.address import Address
from circuits.tariff import Band
from tests.contracts.disputes import HASH, ZONE, court
from tests.contracts.money import Money
from tests.contracts.money_bills import DISPUTABLE
from tests.contracts.money_texts import BELIEVER
from tests.contracts.settlement import (
    AGENT,
    GATEWAY,
    PROVIDER,
    SECOND,
    STEWARD,
    STRANGER,
    TREASURERS,
    Settlement,
    account,
    household,
)
from tests.contracts.test_dispute_claims import RATIO, Payer
from tests.contracts.test_governance_together import LARGE, company
from tests.contracts.test_payment_leaving import begun, ended
from tests.contracts.test_sealed_batches import seal
from tests.contracts.town import Town
from tests.contracts.vm import Machine
from tests.contracts.votes import own_principal, refusal


@pytest.fixture
def p(machine: Machine, rng: random.Random) -> Payer:
    return Payer(machine, rng)


@pytest.fixture
def m(machine: Machine, rng: random.Random) -> Money:
    return Money(machine, rng, ratio=RATIO)


# ------------------------------------------------------------------------------------------------ never moved in


def test_who_was_credited_before_it_came_stays_whose_money_it_is(p: Payer) -> None:
    """Else it could leave before its time, the payer would be paid back, and the credit would wait in the slot."""
    m, s = p.m, p.m.s
    number = p.pay(700)
    m.credit(ZONE).ok()
    own = own_principal(s, ZONE, 0)
    s.call(s.registry, "move-out", ZONE, 0, sender=own).ok()
    assert s.read(s.registry, "get-holder", ZONE, 0) == p.dwelling
    p.claim(number).ok()
    p.answer(number, 0).ok()


def test_nobody_gets_a_slot_with_what_another_paid_in(m: Money) -> None:
    begun(m)
    s = m.s
    s.together(s.registry, "move-out", 1, 0)
    again = [{"who": account("who comes next"), "slots": [{"zone": 1, "slot": 0}]}]
    assert s.call(s.registry, "register-users", again, sender=STEWARD).ok() is False
    assert refusal(s.call(s.registry, "register-users", again, sender=SECOND)) == "user-registry.ERR_NOT_RELEASED"


def test_where_nothing_was_credited_a_mistake_is_put_right_at_once(m: Money) -> None:
    m.found(0, Band(0, 100)).ok()
    m.zone(1, 4)
    s = m.s
    s.together(s.registry, "move-out", 1, 0)
    s.settle({account("who comes next"): [(1, 0)]})
    m.mint(household(1, 1), 10**9)
    m.pay(1, 1, 5).ok()
    m.credit(1).ok()
    assert s.read(s.registry, "get-zone", 1)["begun"] is True


# ------------------------------------------------------------------------------------------------ one burn block


def _left(p: Payer) -> None:
    """The dwelling of slot 0 has left with period 0, its slot is settled and empty, and the bill is due."""
    m = p.m
    batch = m.s.following(m.rng, ZONE, [0, 0, 0, 0])
    m.s.submit(batch).ok()
    m.s.together(m.s.registry, "move-out", ZONE, 0)
    m.s.close_period(ZONE).ok()
    m.zones[ZONE].usages[0] = (batch.openings, 7)
    m.bill(ZONE).ok()
    m.settle(ZONE).ok()
    m.s.vm.burn(DISPUTABLE)


def test_what_was_credited_after_the_release_was_not_for_who_was_released(p: Payer) -> None:
    """Release and credit in one burn block: the gateway credits the next dwelling with what was paid for the last."""
    m, s = p.m, p.m.s
    number = p.pay(300)
    _left(p)
    m.release_slot(ZONE, 0, 0).ok()
    s.settle({s.stranger: [(ZONE, 0)]})
    m.credit(ZONE).ok()
    assert s.read(s.registry, "get-holder", ZONE, 0) != p.dwelling
    p.claim(number).ok()
    assert refusal(p.answer(number)) == "dispute-resolution.ERR_SLOT"


def test_who_comes_in_the_burn_block_of_the_release_can_be_shown_its_credit(p: Payer) -> None:
    m, s = p.m, p.m.s
    _left(p)
    m.release_slot(ZONE, 0, 0).ok()
    s.settle({s.stranger: [(ZONE, 0)]})
    p.dwelling = m.court.dwelling(s.stranger)
    number = p.pay(300)
    m.credit(ZONE).ok()
    p.claim(number).ok()
    p.answer(number).ok()


# ------------------------------------------------------------------------------------------------ payouts


def test_who_moved_in_after_the_settled_period_is_asked_before_it_is_paid_out(m: Money) -> None:
    at = begun(m, payers=range(3), vacant=[3])
    ended(m, [0, 0, 0, 0])
    s = m.s
    late = household(1, 3)
    s.settle({late: [(1, 3)]})
    m.meter(1, [0, 0, 0, 0])
    assert s.read(s.registry, "get-occupant", 1, 3, s.open_period(1)) is not None, "lives there now"
    m.mint(late, 10**6)
    m.pay(1, 3, 2000).ok()
    m.credit(1).ok()
    assert at.settled == 1
    assert refusal(m.payout(1, {0: 1000})) == "payment.ERR_MASK", "its neighbour would be asked"
    assert refusal(m.payout(1, {3: 2000 * RATIO})) == "payment.ERR_MASK"
    m.pay_call("allow-payout", 1, 3, sender=late).ok()
    m.payout(1, {3: 2000 * RATIO}).ok()
    m.holds()


# ------------------------------------------------------------------------------------------------ k-min


def test_nobody_counts_in_two_zones_of_one_total(machine: Machine, rng: random.Random) -> None:
    """Zone 2 is behind; a dwelling that has left zone 1 would come there in a period in which it was in zone 1."""
    s = Settlement(machine, small=True)
    s.bootstrap()
    s.zone(1, 4, vacant=[1, 2, 3])
    s.empty_zone(2, 4)
    first = s.following(rng, 1, [70, 0, 0, 0])
    seal(s, first).ok()
    s.together(s.registry, "move-out", 1, 0)
    s.close_period(1).ok()
    assert s.call(s.registry, "assign-slot", 1, 2, 0, sender=STEWARD).ok() is False
    again = s.call(s.registry, "assign-slot", 1, 2, 0, sender=SECOND)
    assert refusal(again) == "user-registry.ERR_ONE_CONNECTION"


# ------------------------------------------------------------------------------------------------ votes


def test_who_has_a_second_home_votes_there_when_the_zone_where_it_votes_is_closed(machine: Machine) -> None:
    town = Town(machine)
    town.register(account("Anna"), (1, 0), (3, 0))
    town.turn(1, 3, times=2)
    assert refusal(town.call(STRANGER, "revote", 1)) == "user-registry.ERR_NO_CHANGE"
    assert refusal(town.call(STRANGER, "revote", 9)) == "user-registry.ERR_DWELLING_UNKNOWN"
    town.act("close-zone", 1).ok()
    town.turn(3, times=3)
    assert town.read("count-voters", []) == 0
    town.call(STRANGER, "revote", 1).ok()
    assert town.read("get-dwelling", 1)["voting-zone"] == 3
    town.s.vm.burn(8640)
    assert town.read("count-voters", []) == 1
    assert town.read("get-voters", 1) == [False] * 64
    assert refusal(town.call(STRANGER, "revote", 1)) == "user-registry.ERR_NO_CHANGE"


# ------------------------------------------------------------------------------------------------ observers


def test_a_gateway_that_was_replaced_records_no_assembly_about_its_own_bill(
    machine: Machine, rng: random.Random
) -> None:
    c = court(machine, rng, jurors=0)
    s = c.s
    s.together(s.registry, "register-steward", GATEWAY)
    number = c.opened()
    s.together(s.registry, "revoke-gateway", GATEWAY)
    assert refusal(c.call("rule-by-assembly", number, False, HASH, sender=GATEWAY)) == "dispute-resolution.ERR_PARTIAL"
    other = account("another gateway")
    s.call(s.registry, "register-gateway", other, sender=STEWARD).ok()
    s.together(s.registry, "replace-gateway", ZONE, other)
    for who in (STEWARD, TREASURERS[0]):
        c.call("rule-by-assembly", number, False, HASH, sender=who).ok()
    assert refusal(c.call("rule-by-assembly", number, False, HASH, sender=GATEWAY)) == "dispute-resolution.ERR_PARTIAL"


# ------------------------------------------------------------------------------------------------ principals


@pytest.mark.parametrize("who", [GATEWAY, PROVIDER, AGENT, STEWARD, TREASURERS[0]])
def test_nobody_who_serves_is_made_a_party_by_naming_their_account(
    machine: Machine, rng: random.Random, who: Address
) -> None:
    """A gateway's answer would be the resident's, an observer would have to keep out, and neither was asked."""
    c = court(machine, rng, jurors=0)
    s = c.s
    own = own_principal(s, ZONE, 0)
    receipt = s.call(s.registry, "set-principal", c.dwelling(own), who, sender=own)
    assert refusal(receipt) == "user-registry.ERR_OFFICE"


def test_who_becomes_gateway_of_its_own_zone_answers_as_that(machine: Machine, rng: random.Random) -> None:
    c = court(machine, rng, jurors=0)
    s = c.s
    own = own_principal(s, ZONE, 0)
    number = c.open(0, sender=own).ok()
    s.call(s.registry, "register-gateway", own, sender=STEWARD).ok()
    s.together(s.registry, "replace-gateway", ZONE, own)
    c.call("submit-evidence", number, HASH, sender=own).ok()
    assert c.dispute(number)["answered"] is True
    assert c.read("get-evidence", number, True) == []


def test_a_contest_in_a_zone_that_was_closed_since_is_answered(machine: Machine, rng: random.Random) -> None:
    made = company(machine, rng, BELIEVER)
    s, polls = made.s, made.polls
    number = made.cast(prove=False)
    made.alone(number, LARGE).ok()
    office = s.read(s.registry, "get-active-contract", "meter-data")
    s.call(office, "close-zone", LARGE, sender=STRANGER).ok()
    own = own_principal(s, LARGE, 1)
    polls.call("contest-ballot", number, LARGE, 1, sender=own).ok()
    polls.call("answer-contest", number, LARGE, 1, bytes(32), s.proof, sender=GATEWAY).ok()
