"""governance: contests, assemblies, when what is decided is done, and by whom never; and pauses."""

from __future__ import annotations

import random
from typing import Any

import pytest

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
    household,
)
from tests.contracts.vm import Machine
from tests.contracts.votes import (
    ABSTAIN,
    EXECUTION_TIME,
    NO,
    PAUSE,
    PAUSE_REST,
    PHOTO,
    QUORUM_30,
    SHORTEST,
    TEXT,
    TIMELOCK,
    VERIFIER_LOCK,
    YES,
    ZONE,
    Ballots,
    Polls,
    action,
    ballots,
    burn_to,
    closed,
    governing,
    logged,
    own_principal,
    refusal,
    tallied,
)

VOTER = household(ZONE, 0)


@pytest.fixture
def polls(machine: Machine, rng: random.Random) -> Polls:
    """Over a privacy-proof that believes everything."""
    return governing(machine, rng)


@pytest.fixture
def made(rng: random.Random) -> Ballots:
    return ballots(rng, (YES, YES, NO, ABSTAIN))


# ------------------------------------------------------------------------------------------------ contesting


def test_a_dwelling_contests_a_false_yes(polls: Polls, made: Ballots) -> None:
    s = polls.s
    number = closed(polls, made)
    own = own_principal(s, ZONE, 0)
    contest = ("contest-ballot", number, ZONE)
    assert refusal(polls.call(*contest, 0, sender=own)) == "governance.ERR_NO_RESULT"
    polls.tally(number, ZONE, made).ok()
    assert refusal(polls.call("contest-ballot", number, 2, 0, sender=own)) == "governance.ERR_NO_BALLOTS"
    assert refusal(polls.call("contest-ballot", 9, ZONE, 0, sender=own)) == "governance.ERR_PROPOSAL_UNKNOWN"
    derived = household(ZONE, 1)
    for sender, slot in ((GATEWAY, 0), (VOTER, 0), (own, 1), (derived, 1), (STEWARD, 0), (own, 4), (own, 2**128 - 1)):
        assert refusal(polls.call(*contest, slot, sender=sender)) == "governance.ERR_NOT_VOTER"
    receipt = polls.call(*contest, 0, sender=own)
    topic, event = logged(s, s.governance, receipt)
    assert topic == 803
    dwelling = s.read(s.registry, "get-dwelling-of", own)
    assert event == {"topic": "contest", "proposal": number, "zone": ZONE, "slot": 0, "dwelling": dwelling}
    assert polls.read("is-contested", number, ZONE, 0)
    assert refusal(polls.call(*contest, 0, sender=own)) == "governance.ERR_CONTESTED"
    assert polls.proposal(number)["contested"] == 1
    assert refusal(polls.executed(number)) == "governance.ERR_REJECTED"


def test_fewer_contests_than_half_the_lead_void_nothing(polls: Polls) -> None:
    number = tallied(polls, yes=4, no=1)
    polls.call("contest-ballot", number, ZONE, 0, sender=own_principal(polls.s, ZONE, 0)).ok()
    polls.executed(number).ok()
    late = polls.call("contest-ballot", number, ZONE, 1, sender=own_principal(polls.s, ZONE, 1))
    assert refusal(late) == "governance.ERR_EXECUTED"


def test_an_answer_gives_it_back_while_enough_stay_hidden(polls: Polls) -> None:
    """Real openings are in test_governance_ballots."""
    s = polls.s
    number = tallied(polls, yes=4, no=0)

    def answer(slot: int, sender: Any = GATEWAY, proposal: int = number, zone: int = ZONE) -> Any:
        return polls.call("answer-contest", proposal, zone, slot, bytes(32), s.proof, sender=sender)

    assert refusal(answer(1)) == "governance.ERR_NOT_CONTESTED"
    owners = [own_principal(s, ZONE, slot) for slot in range(3)]
    for slot, own in enumerate(owners):
        polls.call("contest-ballot", number, ZONE, slot, sender=own).ok()
    for sender in (STEWARD, owners[1], STRANGER):
        assert refusal(answer(1, sender)) == "governance.ERR_NOT_GATEWAY"
    assert refusal(answer(1, proposal=9)) == "governance.ERR_PROPOSAL_UNKNOWN"
    assert refusal(answer(1, zone=9)) == "governance.ERR_NO_BALLOTS"
    topic, event = logged(s, s.governance, answer(1))
    assert (topic, event["topic"], event["slot"]) == (804, "contest-answer", 1)
    assert refusal(answer(1)) == "governance.ERR_NOT_CONTESTED"
    again = polls.call("contest-ballot", number, ZONE, 1, sender=owners[1])
    assert refusal(again) == "governance.ERR_CONTESTED"
    answer(2).ok()
    assert refusal(answer(0)) == "governance.ERR_K_MIN"
    assert polls.proposal(number)["contested"] == 1
    assert polls.read("get-ballots", number, ZONE)["hidden"] == 2
    polls.executed(number).ok()
    assert refusal(answer(0)) == "governance.ERR_EXECUTED"


# ------------------------------------------------------------------------------------------------ assemblies


def record(polls: Polls, number: int, yes: int, no: int, *people: Any, photo: bytes = PHOTO) -> list[Any]:
    return [polls.call("record-assembly", number, yes, no, photo, sender=who) for who in people]


def test_three_observers_outrank_the_ballots(polls: Polls) -> None:
    s = polls.s
    switch = tallied(polls, action("contract", name="privacy-proof", who=STRANGER))
    assert refusal(record(polls, switch, 9, 0, STEWARD)[0]) == "governance.ERR_NO_ASSEMBLY"
    number = tallied(polls)
    first, second, again = record(polls, number, 3, 9, STEWARD, TREASURERS[0], STEWARD)
    assert first.ok() is second.ok() is again.ok() is False
    assert record(polls, number, 4, 9, TREASURERS[1])[0].ok() is False, "of another count"
    assert record(polls, number, 3, 9, TREASURERS[1], photo=bytes(32))[0].ok() is False, "of another sheet"
    (third,) = record(polls, number, 3, 9, TREASURERS[1])
    assert third.ok() is True
    topic, event = logged(s, s.governance, third)
    assert (topic, event["topic"], event["yes"], event["no"]) == (805, "assembly", 3, 9)
    found = polls.proposal(number)
    assert (found["yes"], found["no"], found["assembly"]) == (3, 9, True)
    assert refusal(record(polls, number, 9, 3, SECOND)[0]) == "governance.ERR_OBSERVED"
    assert refusal(polls.executed(number)) == "governance.ERR_REJECTED"


def test_an_assembly_starts_the_timelock_again_and_ends_tallies(polls: Polls, made: Ballots) -> None:
    s = polls.s
    number = closed(polls, made)
    record(polls, number, 5, 2, STEWARD, SECOND, TREASURERS[2])[-1].ok()
    assert polls.proposal(number)["ready"] == s.vm.burn(1) - 1 + TIMELOCK
    assert refusal(polls.tally(number, ZONE, made)) == "governance.ERR_OBSERVED"
    assert refusal(polls.call("execute", number, sender=STRANGER)) == "governance.ERR_LOCKED"
    polls.executed(number).ok()
    assert refusal(record(polls, number, 5, 2, STEWARD)[0]) == "governance.ERR_EXECUTED"


def test_when_an_assembly_is_recorded_and_by_whom(polls: Polls, made: Ballots) -> None:
    s = polls.s
    number = polls.propose(QUORUM_30)
    assert refusal(record(polls, number, 5, 2, STEWARD)[0]) == "governance.ERR_OPEN"
    assert refusal(record(polls, number + 1, 5, 2, STEWARD)[0]) == "governance.ERR_PROPOSAL_UNKNOWN"
    closes = polls.proposal(number)["closes"]
    burn_to(s, closes)
    for sender in (VOTER, GATEWAY, PROVIDER, AGENT, s.deployer):
        assert refusal(record(polls, number, 5, 2, sender)[0]) == "user-registry.ERR_ROLE"
    assert refusal(record(polls, number, 5, 2, STEWARD, photo=PHOTO[:31])[0]) == "governance.ERR_HASH"
    burn_to(s, closes + EXECUTION_TIME)
    assert refusal(record(polls, number, 5, 2, STEWARD)[0]) == "governance.ERR_LAPSED"


# ------------------------------------------------------------------------------------------------ doing it


def test_neither_before_the_timelock_nor_twice_nor_for_ever(polls: Polls) -> None:
    s = polls.s
    assert refusal(polls.call("execute", 1, sender=STRANGER)) == "governance.ERR_PROPOSAL_UNKNOWN"
    number = tallied(polls)
    ready = polls.proposal(number)["ready"]
    burn_to(s, ready - 1)
    assert refusal(polls.call("execute", number, sender=STRANGER)) == "governance.ERR_LOCKED"
    assert s.read(s.registry, "get-parameter", "quorum-pct") == 25
    s.vm.burn(1)
    receipt = polls.call("execute", number, sender=STRANGER)
    topic, event = logged(s, s.governance, receipt)
    assert (topic, event["topic"], event["proposal"]) == (806, "executed", number)
    assert s.read(s.registry, "get-parameter", "quorum-pct") == 30
    assert refusal(polls.call("execute", number, sender=STRANGER)) == "governance.ERR_EXECUTED"

    late = tallied(polls)
    burn_to(s, polls.proposal(late)["ready"] + EXECUTION_TIME)
    assert refusal(polls.call("execute", late, sender=STRANGER)) == "governance.ERR_LAPSED"


def test_only_another_verifier_has_the_short_lock(polls: Polls) -> None:
    s = polls.s
    other = s.vm.deploy("other", s.stranger, BELIEVER.replace(" .user-registry", f" '{s.registry}"))
    for name, lock in (("privacy-proof", VERIFIER_LOCK), ("payment", TIMELOCK), ("governance", TIMELOCK)):
        number = tallied(polls, action("contract", name=name, who=other))
        found = polls.proposal(number)
        assert found["ready"] == found["closes"] + lock


@pytest.mark.parametrize(
    ("what", "error"),
    [
        (action("parameter", name="k-min", number=1), "user-registry.ERR_PARAMETER"),
        (action("parameter", name="k-min", number=65), "user-registry.ERR_PARAMETER"),
        (action("parameter", name="quorum-pct", number=9), "user-registry.ERR_PARAMETER"),
        (action("parameter", name="timelock", number=2015), "user-registry.ERR_PARAMETER"),
        (action("parameter", name="no such", number=1), "user-registry.ERR_PARAMETER"),
        (action("parameter", name="period-blocks", number=30), "user-registry.ERR_FOR_GOOD"),
        (action("contract", name="payment", who=STRANGER), "user-registry.ERR_FOR_GOOD"),
        (action("contract", name="governance", who=STRANGER), "user-registry.ERR_FOR_GOOD"),
        (action("token", who=STRANGER, number=0), "user-registry.ERR_RATIO"),
        (action("role", number=1, who=STEWARD, holds=True), "user-registry.ERR_NO_CHANGE"),
        (action("role", number=1, who=STEWARD, holds=False), "user-registry.ERR_FEW_STEWARDS"),
        (action("role", number=5, who=STRANGER, holds=True), "user-registry.ERR_NO_SUCH_ROLE"),
    ],
)
def test_what_the_registry_refuses_stays_undone(polls: Polls, what: dict[str, Any], error: str) -> None:
    number = tallied(polls, what)
    assert refusal(polls.executed(number)) == error
    assert polls.proposal(number)["executed"] is False


def test_every_kind_is_done(polls: Polls) -> None:
    s = polls.s
    coin = s.vm.deploy("other-coin", s.stranger, "(define-fungible-token coin)")
    other = s.vm.deploy("other", s.stranger, BELIEVER.replace(" .user-registry", f" '{s.registry}"))
    assert s.read(s.registry, "get-token-ratio", coin) is None
    polls.executed(tallied(polls, action("token", who=coin, number=1))).ok()
    assert s.read(s.registry, "get-token-ratio", coin) == 1
    polls.executed(tallied(polls, action("role", number=4, who=STRANGER, holds=True))).ok()
    assert s.read(s.registry, "has-role", 4, STRANGER)
    polls.executed(tallied(polls, action("role", number=4, who=STRANGER, holds=False))).ok()
    assert not s.read(s.registry, "has-role", 4, STRANGER)
    number = tallied(polls, action("pause-off"))
    burn_to(s, polls.proposal(number)["ready"])
    s.together(s.governance, "pause")
    assert s.read(s.registry, "is-paused")
    polls.executed(number).ok()
    assert not s.read(s.registry, "is-paused")
    polls.executed(tallied(polls, action("contract", name="privacy-proof", who=other))).ok()
    assert s.read(s.registry, "get-active-contract", "privacy-proof") == other


def test_nothing_is_changed_but_by_a_vote(polls: Polls) -> None:
    """By nobody, nor by a contract of the same text that nobody voted in."""
    s = polls.s
    text = (polls.s.vm, polls.rng)
    other = Settlement(text[0], BELIEVER, small=True, later=("billing", "governance"))
    calls: list[tuple[Any, ...]] = [
        ("set-role", 1, STRANGER, True),
        ("set-parameter", "k-min", 3),
        ("list-token", STRANGER, 1),
        ("switch-contract", "privacy-proof", other.proof),
        ("switch-contract", "governance", other.governance),
        ("set-pause", 10**9),
    ]
    relay = s.vm.deploy(
        "relay",
        s.stranger,
        f"""(define-public (relay (name (string-ascii 32)) (contract principal))
  (contract-call? '{s.registry} switch-contract name contract))""",
    )
    for function, *args in calls:
        for sender in (STEWARD, GATEWAY, VOTER, PROVIDER, *TREASURERS, s.deployer, STRANGER):
            receipt = s.call(s.registry, function, *args, sender=sender)
            assert refusal(receipt) == "user-registry.ERR_CALLER"
    receipt = s.call(relay, "relay", "privacy-proof", other.proof, sender=STEWARD)
    assert refusal(receipt) == "user-registry.ERR_CALLER"
    assert s.read(s.registry, "is-active", "privacy-proof", s.proof)


# ------------------------------------------------------------------------------------------------ pausing


def test_two_stewards_pause_three_days_in_thirty(polls: Polls) -> None:
    s = polls.s
    for sender in (*TREASURERS, GATEWAY, PROVIDER, VOTER, s.deployer):
        assert refusal(polls.call("pause", sender=sender)) == "user-registry.ERR_ROLE"
    assert polls.call("pause", sender=STEWARD).ok() is False
    assert polls.call("pause", sender=STEWARD).ok() is False
    assert not s.read(s.registry, "is-paused")
    receipt = polls.call("pause", sender=SECOND)
    assert receipt.ok() is True
    topic, event = logged(s, s.governance, receipt)
    begun = polls.read("get-last-pause")["begun"]
    assert (topic, event) == (807, {"topic": "pause", "until": begun + PAUSE})
    assert s.read(s.registry, "is-paused")
    for sender in (STEWARD, SECOND):
        assert refusal(polls.call("pause", sender=sender)) == "governance.ERR_PAUSED_LATELY"
    burn_to(s, begun + PAUSE)
    assert not s.read(s.registry, "is-paused")
    burn_to(s, begun + PAUSE_REST - 1)
    assert refusal(polls.call("pause", sender=STEWARD)) == "governance.ERR_PAUSED_LATELY"
    s.vm.burn(1)
    s.together(s.governance, "pause")
    assert polls.read("get-last-pause")["count"] == 2


def test_a_change_that_cannot_be_recorded_is_refused(machine: Machine) -> None:
    s = Settlement(machine, BELIEVER, small=True, later=("billing", "governance"))
    writers: list[Any] = [s.registry]
    s.call(s.audit, "bootstrap", writers, sender=s.deployer).ok()
    table = [{"name": "governance", "contract": s.governance}]
    s.call(s.registry, "bootstrap", [STEWARD, SECOND], table, [], [], sender=s.deployer).ok()
    closes = s.vm.burn(1) + SHORTEST + 10
    receipt = s.call(s.governance, "propose", QUORUM_30, TEXT, closes, sender=STEWARD)
    assert refusal(receipt) == "audit-log.ERR_NOT_WRITER"
    assert s.read(s.governance, "get-proposal", 1) is None
