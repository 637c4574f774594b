"""dispute-resolution: who disputes what and until when, what both sides show, and what follows from a ruling."""

from __future__ import annotations

import random

import pytest

from tests.contracts.disputes import (
    ANSWER,
    APPEAL,
    HASH,
    JURY,
    PERIOD,
    SILENCE,
    ZONE,
    Court,
    court,
)
from tests.contracts.money_texts import BELIEVER
from tests.contracts.settlement import (
    GATEWAY,
    PROVIDER,
    SECOND,
    STEWARD,
    STRANGER,
    Settlement,
    account,
    household,
)
from tests.contracts.vm import Machine
from tests.contracts.votes import burn_to, logged, own_principal, refusal

RESIDENT = household(ZONE, 0)


@pytest.fixture
def c(machine: Machine, rng: random.Random) -> Court:
    """Over a privacy-proof that believes everything; one dispute needs no panel of many."""
    return court(machine, rng)


def frozen(c: Court, slot: int = 0) -> bool:
    found = c.s.read(c.s.billing, "is-frozen", ZONE, slot, PERIOD)
    assert isinstance(found, bool)
    return found


# ------------------------------------------------------------------------------------------------ opening


def test_a_dispute_freezes_the_bill_it_names(c: Court) -> None:
    receipt = c.open()
    number = receipt.ok()
    topic, event = logged(c.s, c.s.disputes, receipt)
    found = c.dispute(number)
    assert topic == 700
    assert event.pop("topic") == "dispute"
    assert event.pop("dispute") == number == 1
    assert event.pop("sealed") is False
    assert event.pop("context") == c.context(0, RESIDENT, c.bills()[0])
    assert {key: found[key] for key in event} == event
    assert event["dwelling"] == c.dwelling(RESIDENT)
    assert event["bill"] == c.bills()[0]
    assert event["draw-at"] == event["opened"] + 6
    assert event["answer-by"] == event["opened"] + ANSWER
    assert (event["pool"], event["outside"], event["assembly"]) == (14, 14, False)
    assert c.read("get-dispute-of", ZONE, 0, PERIOD) == number
    assert frozen(c)
    assert not frozen(c, 1)


def test_only_who_lived_there_then(c: Court) -> None:
    """A neighbour, the operator, a steward; and who moves in later does not inherit the quarrel."""
    for sender in (household(ZONE, 1), household(JURY, 0), GATEWAY, PROVIDER, STEWARD, STRANGER, c.s.deployer):
        assert refusal(c.open(0, sender=sender)) == "dispute-resolution.ERR_NOT_DWELLING"
    for zone, slot in ((9, 0), (ZONE, 4), (ZONE, 2**128 - 1)):
        receipt = c.open(slot, zone=zone, sender=RESIDENT)
        assert refusal(receipt) == "dispute-resolution.ERR_NOT_DWELLING"
    own = own_principal(c.s, ZONE, 0)
    assert refusal(c.open(0, sender=RESIDENT)) == "dispute-resolution.ERR_NOT_DWELLING"
    c.open(0, sender=own).ok()


def test_who_has_moved_out_may_still_dispute_and_who_moved_in_may_not(c: Court) -> None:
    s = c.s
    s.together(s.registry, "move-out", ZONE, 0)
    s.metered(c.rng, ZONE, [0] * 4)
    assert s.read(s.registry, "get-slot", ZONE, 0) is None
    newcomer = account("who looks at the empty flat")
    assert refusal(c.open(0, sender=newcomer)) == "dispute-resolution.ERR_NOT_DWELLING"
    c.open(0).ok()


def test_bills_that_are_not_there_or_not_open_any_more(c: Court) -> None:
    s = c.s
    s.metered(c.rng, ZONE, [0] * 4)
    for period in (3, 4, 9, 2**128 - 1):
        assert refusal(c.open(0, period=period)) == "dispute-resolution.ERR_NO_BILLS"
    due = s.read(s.billing, "get-bills", ZONE, PERIOD)["due"]
    burn_to(s, due - 1)
    c.open(0).ok()
    s.vm.burn(1)
    assert refusal(c.open(1)) == "dispute-resolution.ERR_LATE"


def test_one_dispute_at_a_time_and_each_bill_once_for_ever(c: Court) -> None:
    number = c.open().ok()
    assert refusal(c.open()) == "dispute-resolution.ERR_DISPUTED"
    assert refusal(c.open(period=1)) == "dispute-resolution.ERR_DISPUTING"
    c.open(1).ok()
    c.call("submit-evidence", number, HASH, sender=GATEWAY).ok()
    c.ruled(number, for_resident=False)
    c.after(number, 1)
    assert refusal(c.open(period=1)) == "dispute-resolution.ERR_DISPUTING"
    c.after(number, APPEAL + 1)
    c.call("close-dispute", number, sender=STRANGER).ok()
    assert refusal(c.open()) == "dispute-resolution.ERR_LATE"
    c.s.metered(c.rng, ZONE, [0] * 4)
    c.bill().ok()
    c.open(period=3).ok()


def test_a_look_alike_proof_contract(c: Court) -> None:
    look_alike = c.s.vm.deploy("look-alike", c.s.stranger, BELIEVER.replace(" .user-registry", f" '{c.s.registry}"))
    assert refusal(c.open(0, through=look_alike)) == "dispute-resolution.ERR_PROOF_CONTRACT"
    assert not frozen(c)


# ------------------------------------------------------------------------------------------------ the pool


def test_settled_dwellings_join_once(c: Court) -> None:
    s = c.s
    assert refusal(c.call("join-pool", sender=RESIDENT)) == "dispute-resolution.ERR_NOT_SETTLED", "a gateway's key"
    own = own_principal(s, ZONE, 0)
    receipt = c.call("join-pool", sender=own)
    topic, event = logged(s, s.disputes, receipt)
    assert topic == 701
    assert event == {"topic": "juror", "dwelling": c.dwelling(own), "index": 14, "zones": [ZONE]}
    assert c.read("get-juror", 14) == {"dwelling": c.dwelling(own), "zones": [ZONE]}
    assert c.read("get-pool-size") == 15
    assert refusal(c.call("join-pool", sender=own)) == "dispute-resolution.ERR_JUROR"
    s.call(s.registry, "set-principal", c.dwelling(own), RESIDENT, sender=own).ok()
    assert refusal(c.call("join-pool", sender=RESIDENT)) == "dispute-resolution.ERR_JUROR"
    s.zone(3, 4)
    gone = own_principal(s, ZONE, 1)
    for sender in (own, GATEWAY, STEWARD, own_principal(s, 3, 0)):
        assert refusal(c.call("join-pool", sender=sender)) == "dispute-resolution.ERR_NOT_SETTLED"
    s.call(s.registry, "move-out", ZONE, 1, sender=gone).ok()
    s.metered(c.rng, ZONE, [0] * 4)
    assert refusal(c.call("join-pool", sender=gone)) == "dispute-resolution.ERR_NOT_SETTLED"


def test_a_pool_is_fixed_when_the_dispute_is_opened(c: Court) -> None:
    first = c.opened(0)
    late = [c.dwelling(c.join(JURY, slot)) for slot in (14, 15)]
    c.join(ZONE, 3)
    second = c.opened(1)
    assert (c.dispute(first)["pool"], c.dispute(first)["outside"]) == (14, 14)
    assert (c.dispute(second)["pool"], c.dispute(second)["outside"]) == (17, 16)
    assert not set(late) & set(c.draw(first))


# ------------------------------------------------------------------------------------------------ evidence


def test_both_sides_show_what_they_have_until_the_ruling(c: Court) -> None:
    s = c.s
    number = c.open().ok()
    for sender in (household(ZONE, 1), STEWARD, STRANGER, household(JURY, 0)):
        assert refusal(c.call("submit-evidence", number, HASH, sender=sender)) == "dispute-resolution.ERR_NOT_PARTY"
    assert refusal(c.call("submit-evidence", 9, HASH, sender=RESIDENT)) == "dispute-resolution.ERR_DISPUTE_UNKNOWN"
    assert refusal(c.call("submit-evidence", number, HASH[:31], sender=RESIDENT)) == "dispute-resolution.ERR_HASH"
    receipt = c.call("submit-evidence", number, HASH, sender=RESIDENT)
    event = {"topic": "evidence", "dispute": number, "resident": True, "hash": HASH, "rule-by": 0}
    assert logged(s, s.disputes, receipt) == (702, event)
    assert c.dispute(number)["answered"] is False
    for sender in (PROVIDER, GATEWAY):
        c.call("submit-evidence", number, HASH, sender=sender).ok()
    assert c.dispute(number)["answered"] is True
    assert c.read("get-evidence", number, False) == [HASH] * 2
    for _ in range(7):
        c.call("submit-evidence", number, HASH, sender=RESIDENT).ok()
    full = c.call("submit-evidence", number, HASH, sender=RESIDENT)
    assert refusal(full) == "dispute-resolution.ERR_EVIDENCE_FULL"
    c.call("submit-evidence", number, HASH, sender=GATEWAY).ok()
    c.ruled(number, for_resident=True)
    late = c.call("submit-evidence", number, HASH, sender=GATEWAY)
    assert refusal(late) == "dispute-resolution.ERR_RULED"


def test_an_operator_that_is_silent_for_a_week_loses(c: Court) -> None:
    s = c.s
    number = c.open().ok()
    c.batch()
    answer_by = c.dispute(number)["answer-by"]
    burn_to(s, answer_by)
    assert refusal(c.call("expire", number, sender=RESIDENT)) == "dispute-resolution.ERR_NOT_DUE"
    s.vm.burn(1)
    late = c.call("submit-evidence", number, HASH, sender=GATEWAY)
    assert refusal(late) == "dispute-resolution.ERR_DEADLINE"
    c.call("submit-evidence", number, HASH, sender=RESIDENT).ok()
    receipt = c.call("expire", number, sender=STRANGER)
    event = {"topic": "ruling", "dispute": number, "for-resident": True, "final": True, "round": 0}
    assert logged(s, s.disputes, receipt) == (705, {**event, "photo-hash": None})
    assert refusal(c.call("appeal", number, sender=GATEWAY)) == "dispute-resolution.ERR_FINAL"
    assert refusal(c.call("expire", number, sender=STRANGER)) == "dispute-resolution.ERR_RULED"
    c.call("close-dispute", number, sender=STRANGER).ok()


def test_the_clock_stands_while_no_batch_comes_but_not_for_ever(c: Court) -> None:
    """An operator without uplink loses nothing; one that stops its gateway to win time loses three months' income."""
    s = c.s
    number = c.open().ok()
    answer_by = c.dispute(number)["answer-by"]
    burn_to(s, answer_by + 500)
    assert refusal(c.call("expire", number, sender=RESIDENT)) == "dispute-resolution.ERR_NOT_DUE"
    burn_to(s, answer_by + SILENCE)
    assert refusal(c.call("expire", number, sender=RESIDENT)) == "dispute-resolution.ERR_NOT_DUE"
    s.vm.burn(1)
    late = c.call("submit-evidence", number, HASH, sender=GATEWAY)
    assert refusal(late) == "dispute-resolution.ERR_DEADLINE"
    c.call("expire", number, sender=RESIDENT).ok()


def test_an_operator_that_comes_back_late_is_heard_before_its_batch(c: Court) -> None:
    number = c.open().ok()
    burn_to(c.s, c.dispute(number)["answer-by"] + 500)
    c.call("submit-evidence", number, HASH, sender=PROVIDER).ok()
    c.batch()
    assert refusal(c.call("expire", number, sender=RESIDENT)) == "dispute-resolution.ERR_NOT_DUE"


# ------------------------------------------------------------------------------------------------ closing


@pytest.mark.parametrize("for_resident", [True, False])
def test_a_ruling_takes_effect_once_when_no_appeal_is_possible(c: Court, for_resident: bool) -> None:
    s = c.s
    number = c.opened()
    assert refusal(c.call("close-dispute", number, sender=STRANGER)) == "dispute-resolution.ERR_NOT_RULED"
    assert refusal(c.call("close-dispute", 9, sender=STRANGER)) == "dispute-resolution.ERR_DISPUTE_UNKNOWN"
    c.ruled(number, for_resident=for_resident)
    c.after(number, APPEAL)
    assert refusal(c.call("close-dispute", number, sender=RESIDENT)) == "dispute-resolution.ERR_APPEALABLE"
    assert frozen(c)
    s.vm.burn(1)
    assert refusal(c.call("appeal", number, sender=GATEWAY)) == "dispute-resolution.ERR_DEADLINE"
    receipt = c.call("close-dispute", number, sender=STRANGER)
    event = {"topic": "dispute-closed", "dispute": number, "for-resident": for_resident}
    assert logged(s, s.disputes, receipt) == (707, event)
    assert not frozen(c)
    correction = s.read(s.billing, "get-correction", ZONE, 0, PERIOD)
    expected = {"correction": c.dispute(number)["correction"], "taken": False}
    assert correction == (expected if for_resident else None)
    assert refusal(c.call("close-dispute", number, sender=STRANGER)) == "dispute-resolution.ERR_CLOSED"
    assert refusal(c.call("appeal", number, sender=RESIDENT)) == "dispute-resolution.ERR_DEADLINE"


def test_a_revoked_gateway_is_no_party_any_more(c: Court) -> None:
    number = c.open().ok()
    c.s.together(c.s.registry, "revoke-gateway", GATEWAY)
    assert refusal(c.call("submit-evidence", number, HASH, sender=GATEWAY)) == "dispute-resolution.ERR_NOT_PARTY"
    c.call("submit-evidence", number, HASH, sender=PROVIDER).ok()


def test_nobody_else_touches_bills(c: Court) -> None:
    """Nor do a steward, the operator or a copy of the contract that is not the active one."""
    s = c.s
    c.opened()
    other = Settlement(s.vm, BELIEVER, small=True)
    for function, *args in (
        ("freeze", ZONE, 1, PERIOD),
        ("unfreeze", ZONE, 0, PERIOD),
        ("correct-bill", ZONE, 0, PERIOD, c.bills()[0]),
    ):
        for sender in (RESIDENT, GATEWAY, PROVIDER, STEWARD, SECOND, s.deployer, other.deployer):
            assert refusal(s.call(s.billing, function, *args, sender=sender)) == "billing.ERR_CALLER"


def test_a_juror_that_cannot_be_recorded_is_refused(machine: Machine, rng: random.Random) -> None:
    s = Settlement(machine, BELIEVER, small=True, later=("billing", "utility-token", "voucher-token", "payment"))
    disputes = s.vm.deploy("dispute-resolution", s.deployer)
    s.bootstrap(dispute_resolution=disputes)
    s.zone(ZONE, 4)
    for _ in range(2):
        s.metered(rng, ZONE, [0] * 4)
    receipt = s.call(disputes, "join-pool", sender=own_principal(s, ZONE, 0))
    assert refusal(receipt) == "audit-log.ERR_NOT_WRITER"
    assert s.read(disputes, "get-pool-size") == 0
