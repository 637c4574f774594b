"""dispute-resolution: panels, what they decide, appeals, and assemblies where there are too few to draw from."""

from __future__ import annotations

import random

import pytest

from tests.contracts.disputes import (
    APPEAL,
    ASSEMBLY,
    HASH,
    JURY,
    PANEL,
    PERIOD,
    ZONE,
    Court,
    court,
)
from tests.contracts.settlement import (
    AGENT,
    GATEWAY,
    PROVIDER,
    SECOND,
    STEWARD,
    STRANGER,
    TREASURERS,
    household,
)
from tests.contracts.vm import Machine
from tests.contracts.votes import burn_to, logged, refusal

RESIDENT = household(ZONE, 0)


@pytest.fixture
def c(machine: Machine, rng: random.Random) -> Court:
    return court(machine, rng, jurors=16)


@pytest.fixture
def few(machine: Machine, rng: random.Random) -> Court:
    """Eleven jurors outside the zone, and all four of its own: an assembly decides."""
    made = court(machine, rng, jurors=11)
    for slot in range(4):
        made.join(ZONE, slot)
    return made


# ------------------------------------------------------------------------------------------------ the draw


def test_not_before_the_block_is_mined_and_not_twice(c: Court) -> None:
    s = c.s
    number = c.opened()
    draw_at = c.dispute(number)["draw-at"]
    burn_to(s, draw_at - 1)
    assert refusal(c.call("draw-panel", number, sender=STRANGER)) == "dispute-resolution.ERR_NO_BLOCK"
    assert refusal(c.call("draw-panel", 9, sender=STRANGER)) == "dispute-resolution.ERR_DISPUTE_UNKNOWN"
    s.vm.burn(1)
    receipt = c.call("draw-panel", number, sender=STRANGER)
    topic, event = logged(s, s.disputes, receipt)
    assert topic == 703
    assert len(event["header-hash"]) == 32
    found = c.dispute(number)
    assert event["panel"] == found["panel"]
    assert found["rule-by"] == found["answer-by"] + PANEL, "a week, but no less than from when the operator is heard"
    assert len(set(found["panel"])) == 3
    for _ in range(3):
        s.vm.burn(1)
        assert refusal(c.call("draw-panel", number, sender=STRANGER)) == "dispute-resolution.ERR_DRAWN"
    assert c.dispute(number)["panel"] == event["panel"]


def test_nobody_is_drawn_once_there_is_a_ruling(c: Court) -> None:
    number = c.open().ok()
    c.batch()
    burn_to(c.s, c.dispute(number)["answer-by"] + 1)
    c.call("expire", number, sender=STRANGER).ok()
    assert refusal(c.call("draw-panel", number, sender=STRANGER)) == "dispute-resolution.ERR_RULED"


# ------------------------------------------------------------------------------------------------ ruling


def test_members_rule_once_each_and_more_than_half_decide(c: Court) -> None:
    s = c.s
    number = c.opened()
    first, second, third = c.draw(number)
    outsider = next(d for d in range(1, 20) if d not in (first, second, third))
    for sender in (RESIDENT, GATEWAY, STEWARD, STRANGER, c.principal(outsider)):
        assert refusal(c.call("rule", number, True, sender=sender)) == "dispute-resolution.ERR_NOT_MEMBER"
    assert refusal(c.call("rule", 9, True, sender=c.principal(first))) == "dispute-resolution.ERR_DISPUTE_UNKNOWN"
    receipt = c.rule(number, first, for_resident=True)
    vote = {"topic": "vote", "dispute": number, "round": 0, "dwelling": first, "for-resident": True}
    assert logged(s, s.disputes, receipt) == (704, vote)
    assert refusal(c.rule(number, first, for_resident=True)) == "dispute-resolution.ERR_VOTED"
    assert refusal(c.rule(number, first, for_resident=False)) == "dispute-resolution.ERR_VOTED"
    c.rule(number, second, for_resident=False).ok()
    assert c.dispute(number)["ruling"] is None
    receipt = c.rule(number, third, for_resident=False)
    ruling = {"topic": "ruling", "dispute": number, "for-resident": False, "final": False, "round": 0}
    assert logged(s, s.disputes, receipt) == (705, {**ruling, "photo-hash": None})
    assert refusal(c.rule(number, second, for_resident=True)) == "dispute-resolution.ERR_RULED"


def test_a_member_that_changes_its_principal_still_has_one_voice(c: Court) -> None:
    s = c.s
    number = c.opened()
    first = c.draw(number)[0]
    before = c.principal(first)
    c.rule(number, first, for_resident=True).ok()
    s.call(s.registry, "set-principal", first, s.stranger, sender=before).ok()
    assert refusal(c.call("rule", number, True, sender=s.stranger)) == "dispute-resolution.ERR_VOTED"
    assert refusal(c.call("rule", number, True, sender=before)) == "dispute-resolution.ERR_NOT_MEMBER"


def test_no_ruling_before_the_operator_is_heard_or_after_the_deadline(c: Court) -> None:
    number = c.opened(answered=False)
    first = c.draw(number)[0]
    assert refusal(c.rule(number, first, for_resident=True)) == "dispute-resolution.ERR_UNANSWERED"
    c.call("submit-evidence", number, HASH, sender=GATEWAY).ok()
    burn_to(c.s, c.dispute(number)["rule-by"])
    c.rule(number, first, for_resident=True).ok()
    c.s.vm.burn(1)
    second = c.dispute(number)["panel"][1]
    assert refusal(c.rule(number, second, for_resident=True)) == "dispute-resolution.ERR_DEADLINE"


def test_a_panel_that_is_silent_is_drawn_again_and_then_an_assembly_decides(c: Court) -> None:
    """One that voted and one that did not are out alike."""
    s = c.s
    number = c.opened()
    assert refusal(c.call("expire", number, sender=RESIDENT)) == "dispute-resolution.ERR_NOT_DUE"
    first = c.draw(number)
    c.rule(number, first[0], for_resident=True).ok()
    burn_to(s, c.dispute(number)["rule-by"] + 1)
    assert refusal(c.call("expire", number, sender=RESIDENT)) == "dispute-resolution.ERR_NOT_DUE", "no batch came"
    c.batch()
    receipt = c.call("expire", number, sender=RESIDENT)
    topic, event = logged(s, s.disputes, receipt)
    assert (topic, event["topic"], event["assembly"], event["rule-by"]) == (703, "panel-missed", False, 0)
    found = c.dispute(number)
    assert (found["panel"], found["former"], found["votes-for"], found["ruling"]) == ([], first, 0, None)
    assert refusal(c.rule(number, first[1], for_resident=True)) == "dispute-resolution.ERR_NOT_MEMBER"

    second = c.draw(number)
    assert not set(first) & set(second)
    burn_to(s, c.dispute(number)["rule-by"] + 1)
    receipt = c.call("expire", number, sender=RESIDENT)
    assert logged(s, s.disputes, receipt)[1]["assembly"] is True
    assert refusal(c.call("draw-panel", number, sender=STRANGER)) == "dispute-resolution.ERR_DRAWN"
    burn_to(s, c.dispute(number)["rule-by"] + 1)
    c.call("expire", number, sender=RESIDENT).ok()
    ruling = c.dispute(number)["ruling"]
    assert (ruling["for-resident"], ruling["final"]) == (True, True)


# ------------------------------------------------------------------------------------------------ appeals


@pytest.mark.parametrize("sender", [RESIDENT, GATEWAY, PROVIDER])
def test_seven_others_on_appeal_and_that_is_the_end(c: Court, sender: object) -> None:
    s = c.s
    number = c.opened()
    assert refusal(c.call("appeal", number, sender=RESIDENT)) == "dispute-resolution.ERR_NOT_RULED"
    c.ruled(number, for_resident=True)
    first = c.dispute(number)["panel"]
    for other in (STRANGER, STEWARD, household(ZONE, 1), c.principal(first[0])):
        assert refusal(c.call("appeal", number, sender=other)) == "dispute-resolution.ERR_NOT_PARTY"
    assert refusal(c.call("appeal", 9, sender=RESIDENT)) == "dispute-resolution.ERR_DISPUTE_UNKNOWN"
    c.after(number, APPEAL)
    assert isinstance(sender, type(RESIDENT))
    receipt = c.call("appeal", number, sender=sender)
    topic, event = logged(s, s.disputes, receipt)
    assert (topic, event["resident"]) == (706, sender == RESIDENT)
    assert refusal(c.call("appeal", number, sender=RESIDENT)) == "dispute-resolution.ERR_NOT_RULED"
    assert refusal(c.call("close-dispute", number, sender=STRANGER)) == "dispute-resolution.ERR_NOT_RULED"
    seven = c.draw(number)
    assert len(set(seven)) == 7
    assert not set(first) & set(seven)
    for dwelling in seven[:3]:
        c.rule(number, dwelling, for_resident=True).ok()
    for dwelling in seven[3:6]:
        c.rule(number, dwelling, for_resident=False).ok()
    assert c.dispute(number)["ruling"] is None
    c.rule(number, seven[6], for_resident=False).ok()
    ruling = c.dispute(number)["ruling"]
    assert (ruling["for-resident"], ruling["final"]) == (False, True)
    for party in (RESIDENT, GATEWAY):
        assert refusal(c.call("appeal", number, sender=party)) == "dispute-resolution.ERR_FINAL"
    c.call("close-dispute", number, sender=STRANGER).ok()
    assert s.read(s.billing, "get-correction", ZONE, 0, PERIOD) is None


def test_an_appeal_comes_within_a_week(c: Court) -> None:
    number = c.opened()
    c.ruled(number, for_resident=False)
    c.after(number, APPEAL + 1)
    assert refusal(c.call("appeal", number, sender=RESIDENT)) == "dispute-resolution.ERR_DEADLINE"


# ------------------------------------------------------------------------------------------------ assemblies


def test_three_observers_rule_where_too_few_can_be_drawn(few: Court) -> None:
    c, s = few, few.s
    number = c.opened(answered=False)
    found = c.dispute(number)
    assert (found["pool"], found["outside"], found["assembly"]) == (15, 11, True)
    assert found["rule-by"] == found["answer-by"] + ASSEMBLY
    s.vm.burn(10)
    assert refusal(c.call("draw-panel", number, sender=STRANGER)) == "dispute-resolution.ERR_DRAWN"
    rule = ("rule-by-assembly", number, True, HASH)
    assert refusal(c.call(*rule, sender=STEWARD)) == "dispute-resolution.ERR_UNANSWERED"
    c.call("submit-evidence", number, HASH, sender=GATEWAY).ok()
    for sender in (c.who(ZONE, 0), GATEWAY, PROVIDER):
        assert refusal(c.call(*rule, sender=sender)) == "dispute-resolution.ERR_PARTIAL"
    for sender in (AGENT, STRANGER, household(ZONE, 1), s.deployer):
        assert refusal(c.call(*rule, sender=sender)) == "user-registry.ERR_ROLE"
    assert (
        refusal(c.call("rule-by-assembly", 9, True, HASH, sender=STEWARD)) == "dispute-resolution.ERR_DISPUTE_UNKNOWN"
    )
    assert refusal(c.call(*rule[:3], HASH[:31], sender=STEWARD)) == "dispute-resolution.ERR_HASH"
    for sender in (STEWARD, STEWARD, TREASURERS[0]):
        assert c.call(*rule, sender=sender).ok() is False
    assert c.call("rule-by-assembly", number, False, HASH, sender=SECOND).ok() is False, "of another ruling"
    receipt = c.call(*rule, sender=SECOND)
    assert receipt.ok() is True
    ruling = c.dispute(number)["ruling"]
    assert (ruling["for-resident"], ruling["final"]) == (True, True)
    assert refusal(c.call(*rule, sender=STEWARD)) == "dispute-resolution.ERR_RULED"
    assert refusal(c.call("appeal", number, sender=GATEWAY)) == "dispute-resolution.ERR_FINAL"


def test_a_steward_does_not_record_its_own_case(few: Court) -> None:
    c, s = few, few.s
    number = c.opened()
    resident = c.who(ZONE, 0)
    s.together(s.registry, "register-steward", resident)
    assert refusal(c.call("rule-by-assembly", number, True, HASH, sender=resident)) == "dispute-resolution.ERR_PARTIAL"


def test_no_assembly_over_a_panel_or_after_its_time(c: Court, few: Court) -> None:
    number = c.opened()
    by_panel = c.call("rule-by-assembly", number, True, HASH, sender=STEWARD)
    assert refusal(by_panel) == "dispute-resolution.ERR_NO_ASSEMBLY"
    number = few.opened()
    burn_to(few.s, few.dispute(number)["rule-by"] + 1)
    late = few.call("rule-by-assembly", number, True, HASH, sender=STEWARD)
    assert refusal(late) == "dispute-resolution.ERR_DEADLINE"


def test_a_pool_of_the_gone_ends_in_an_assembly(machine: Machine, rng: random.Random) -> None:
    """Twelve jurors when the dispute is opened, of whom eleven have no home when the block is mined."""
    c = court(machine, rng, jurors=12)
    s = c.s
    number = c.opened()
    for slot in range(11):
        s.together(s.registry, "move-out", JURY, slot)
    s.metered(rng, JURY, [0] * 16)
    assert c.draw(number) == []
    found = c.dispute(number)
    assert found["assembly"] is True
    assert found["rule-by"] == found["answer-by"] + ASSEMBLY


def test_what_observers_sign_for_another_dispute_counts_for_nothing(few: Court) -> None:
    c = few
    first, second = c.opened(0), c.opened(1)
    for sender in (STEWARD, SECOND):
        assert c.call("rule-by-assembly", first, True, HASH, sender=sender).ok() is False
    assert c.call("rule-by-assembly", second, True, HASH, sender=TREASURERS[0]).ok() is False
    assert c.dispute(first)["ruling"] is None
    assert c.dispute(second)["ruling"] is None


def test_nothing_is_drawn_from_an_empty_pool(machine: Machine, rng: random.Random) -> None:
    c = court(machine, rng, jurors=0)
    number = c.opened()
    assert (c.dispute(number)["pool"], c.dispute(number)["assembly"]) == (0, True)
    c.s.vm.burn(10)
    assert refusal(c.call("draw-panel", number, sender=STRANGER)) == "dispute-resolution.ERR_DRAWN"
