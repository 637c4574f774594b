"""governance: who asks, who casts, and what is counted."""

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
    account,
    household,
)
from tests.contracts.vm import Machine
from tests.contracts.votes import (
    ABSTAIN,
    NO,
    NO_BITS,
    QUORUM_30,
    SHORTEST,
    TALLY_TIME,
    TEXT,
    TIMELOCK,
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

LONGEST = 8640
VOTER = household(ZONE, 0)


@pytest.fixture
def polls(machine: Machine, rng: random.Random) -> Polls:
    """Over a privacy-proof that believes everything."""
    return governing(machine, rng)


@pytest.fixture
def made(rng: random.Random) -> Ballots:
    return ballots(rng, (YES, YES, NO, ABSTAIN))


# ------------------------------------------------------------------------------------------------ asking


def test_voters_and_stewards_ask_one_thing_at_a_time(polls: Polls) -> None:
    s = polls.s
    closes = s.vm.burn(1) + SHORTEST + 10
    receipt = polls.call("propose", QUORUM_30, TEXT, closes, sender=VOTER)
    assert receipt.ok() == polls.read("get-proposal-count") == 1
    topic, event = logged(s, s.governance, receipt)
    assert (topic, event.pop("topic"), event.pop("proposal")) == (800, "proposal", 1)
    assert event == {
        "action": {"kind": "parameter", "name": "quorum-pct", "number": 30, "who": None, "holds": None, "tariff": None},
        "text-hash": TEXT,
        "closes": closes,
        "proposer": VOTER,
    }
    assert polls.proposal(1) == event | {
        "zones": [],
        "eligible": 0,
        "electorate": 0,
        "yes": 0,
        "no": 0,
        "contested": 0,
        "assembly": False,
        "ready": 0,
        "executed": False,
    }
    assert polls.propose(QUORUM_30, sender=STEWARD) == 2
    own, moved = own_principal(s, ZONE, 0), account("another phone")
    assert polls.propose(QUORUM_30, sender=own) == 3, "what was asked with the gateway's key is not its own"
    s.call(s.registry, "set-principal", s.read(s.registry, "get-dwelling-of", own), moved, sender=own).ok()
    for sender in (moved, STEWARD):
        again = polls.call("propose", QUORUM_30, TEXT, closes + SHORTEST, sender=sender)
        assert refusal(again) == "governance.ERR_PROPOSING"
    burn_to(s, polls.proposal(3)["closes"])
    assert polls.propose(QUORUM_30, sender=moved) == 4


def test_nobody_else_asks(polls: Polls) -> None:
    s = polls.s
    s.zone(2, 4)
    s.together(s.registry, "move-out", ZONE, 3)
    s.metered(polls.rng, ZONE, [0] * 4)
    closes = s.vm.burn(1) + SHORTEST + 10
    too_young, gone = household(2, 0), household(ZONE, 3)
    for sender in (STRANGER, GATEWAY, PROVIDER, AGENT, *TREASURERS, s.deployer, too_young, gone):
        receipt = polls.call("propose", QUORUM_30, TEXT, closes, sender=sender)
        assert refusal(receipt) == "governance.ERR_NOT_PROPOSER", sender
    assert polls.read("get-proposal-count") == 0


TARIFF = {"utility": 1, "from-period": 9, "charge": 0, "bands": [{"from": 0, "rate": 100}]}


@pytest.mark.parametrize(
    "what",
    [
        action("war"),
        action(""),
        action("pause-off", number=1),
        action("parameter", name="k-min"),
        action("parameter", number=20),
        action("parameter", name="k-min", number=20, who=STRANGER),
        action("role", number=1, who=STRANGER),
        action("token", who=STRANGER),
        action("contract", name="payment"),
        action("contract", name="payment", who=STRANGER, tariff=TARIFF),
        action("tariff"),
        action("tariff", name="k-min", tariff=TARIFF),
    ],
)
def test_what_is_no_action(polls: Polls, what: dict[str, Any]) -> None:
    closes = polls.s.vm.burn(1) + SHORTEST + 10
    assert refusal(polls.call("propose", what, TEXT, closes, sender=STEWARD)) == "governance.ERR_ACTION"


def test_a_text_has_a_hash_and_a_vote_its_time(polls: Polls) -> None:
    now = polls.s.vm.burn(1)
    receipt = polls.call("propose", QUORUM_30, TEXT[:31], now + SHORTEST, sender=STEWARD)
    assert refusal(receipt) == "governance.ERR_HASH"
    for closes in (0, now, now + SHORTEST - 1, now + LONGEST + 1, 2**128 - 1):
        receipt = polls.call("propose", QUORUM_30, TEXT, closes, sender=STEWARD)
        assert refusal(receipt) == "governance.ERR_CLOSE", closes
    polls.call("propose", QUORUM_30, TEXT, now + SHORTEST, sender=STEWARD).ok()
    polls.call("propose", QUORUM_30, TEXT, now + LONGEST, sender=SECOND).ok()


# ------------------------------------------------------------------------------------------------ casting


def test_who_casts_and_when(polls: Polls, made: Ballots) -> None:
    s = polls.s
    number = polls.propose(QUORUM_30)
    for sender in (STEWARD, PROVIDER, VOTER, s.deployer, STRANGER):
        assert refusal(polls.believed(number, ZONE, made, sender=sender)) == "governance.ERR_NOT_GATEWAY"
    assert refusal(polls.believed(number + 1, ZONE, made)) == "governance.ERR_PROPOSAL_UNKNOWN"
    assert refusal(polls.believed(number, 77, made)) == "governance.ERR_ZONE_UNKNOWN"
    closes = polls.proposal(number)["closes"]
    burn_to(s, closes - 1)
    polls.believed(number, ZONE, made).ok()
    s.vm.burn(1)
    assert refusal(polls.believed(number, ZONE, made)) == "governance.ERR_CLOSED"


def test_a_revoked_gateway_casts_nothing(polls: Polls, made: Ballots) -> None:
    s = polls.s
    number = polls.propose(QUORUM_30)
    s.together(s.registry, "revoke-gateway", GATEWAY)
    assert refusal(polls.believed(number, ZONE, made)) == "governance.ERR_NOT_GATEWAY"


def test_a_vector_has_every_slot_and_three_proofs(polls: Polls, made: Ballots) -> None:
    s = polls.s
    number = polls.propose(QUORUM_30)
    yes, no = made.lists
    cases: list[tuple[Any, ...]] = [
        (yes[:3], no, made.hints, [NO_BITS] * 3),
        (yes, no[:3], made.hints, [NO_BITS] * 3),
        (yes[:3], no[:3], made.hints, [NO_BITS] * 3),
        ([], [], made.hints, [NO_BITS] * 3),
        (yes * 2, no * 2, made.hints, [NO_BITS] * 3),
        (yes, no, made.hints[:3], [NO_BITS] * 3),
        (yes, no, [], [NO_BITS] * 3),
        (yes, no, made.hints, [NO_BITS] * 2),
    ]
    for case in cases:
        receipt = polls.call("cast-ballots", number, ZONE, *case, s.proof, sender=GATEWAY)
        assert refusal(receipt) == "governance.ERR_SLOT_COUNT"
    assert polls.read("get-ballots", number, ZONE) is None


def test_a_look_alike_proof_contract(polls: Polls, made: Ballots) -> None:
    s = polls.s
    look_alike = s.vm.deploy("look-alike", s.stranger, BELIEVER.replace(" .user-registry", f" '{s.registry}"))
    number = polls.propose(QUORUM_30)
    assert refusal(polls.believed(number, ZONE, made, through=look_alike)) == "governance.ERR_PROOF_CONTRACT"
    polls.believed(number, ZONE, made).ok()
    burn_to(s, polls.proposal(number)["closes"])
    assert refusal(polls.tally(number, ZONE, made, through=look_alike)) == "governance.ERR_PROOF_CONTRACT"
    polls.tally(number, ZONE, made).ok()
    polls.call("contest-ballot", number, ZONE, 2, sender=own_principal(s, ZONE, 2)).ok()
    answer = polls.call("answer-contest", number, ZONE, 2, bytes(32), look_alike, sender=GATEWAY)
    assert refusal(answer) == "governance.ERR_PROOF_CONTRACT"


# ------------------------------------------------------------------------------------------------ counting


def test_a_zone_is_tallied_once_in_its_time(polls: Polls, made: Ballots) -> None:
    s = polls.s
    number = polls.propose(QUORUM_30)
    assert refusal(polls.tally(number + 1, ZONE, made)) == "governance.ERR_PROPOSAL_UNKNOWN"
    polls.believed(number, ZONE, made).ok()
    closes = polls.proposal(number)["closes"]
    burn_to(s, closes - 1)
    assert refusal(polls.tally(number, ZONE, made)) == "governance.ERR_OPEN"
    s.vm.burn(1)
    assert refusal(polls.tally(number, 2, made)) == "governance.ERR_NO_BALLOTS"
    receipt = polls.tally(number, ZONE, made, sender=STRANGER)
    topic, event = logged(s, s.governance, receipt)
    assert topic == 802
    assert event == {
        "topic": "tally",
        "proposal": number,
        "zone": ZONE,
        "yes": 2,
        "no": 1,
        "voters": 4,
        "electorate": 4,
        "ready": closes + TIMELOCK,
    }
    assert refusal(polls.tally(number, ZONE, made)) == "governance.ERR_TALLIED"
    found = polls.proposal(number)
    assert (found["yes"], found["no"], found["electorate"], found["ready"]) == (2, 1, 4, closes + TIMELOCK)


def test_a_late_tally_is_none(polls: Polls, made: Ballots) -> None:
    number = closed(polls, made)
    burn_to(polls.s, polls.proposal(number)["closes"] + TALLY_TIME - 1)
    polls.s.vm.burn(1)
    assert refusal(polls.tally(number, ZONE, made)) == "governance.ERR_TALLY_LATE"
    assert refusal(polls.executed(number)) == "governance.ERR_NO_RESULT"


def test_no_sum_over_fewer_than_k_min(polls: Polls, made: Ballots) -> None:
    """Of the zone's four, one votes."""
    s = polls.s
    number = polls.propose(QUORUM_30)
    for slot in range(3):
        s.together(s.registry, "move-out", ZONE, slot)
    s.close_period(ZONE).refusal()
    batch = s.following(polls.rng, ZONE, [0] * 4)
    s.submit(batch).ok()
    s.close_period(ZONE).ok()
    polls.believed(number, ZONE, made).ok()
    assert polls.read("get-ballots", number, ZONE)["voters"] == [False, False, False, True]
    burn_to(s, polls.proposal(number)["closes"])
    assert refusal(polls.tally(number, ZONE, made, [3])) == "governance.ERR_K_MIN"


def test_enough_must_vote_and_more_for_it(polls: Polls) -> None:
    """A quorum of 25 %, of four."""
    for yes, no, outcome in (
        (0, 0, "governance.ERR_QUORUM"),
        (1, 0, None),
        (1, 1, "governance.ERR_REJECTED"),
        (0, 1, "governance.ERR_REJECTED"),
        (2, 1, None),
        (2, 2, "governance.ERR_REJECTED"),
    ):
        receipt = polls.executed(tallied(polls, action("pause-off"), yes=yes, no=no))
        if outcome is None:
            receipt.ok()
        else:
            assert refusal(receipt) == outcome, (yes, no)


def test_a_quorum_is_of_all_voters_wherever_they_are(polls: Polls, made: Ballots) -> None:
    """Zone 2 casts and is not tallied, zone 3 does not cast, zone 4 has nobody who votes yet."""
    s = polls.s
    for zone in (2, 3):
        s.zone(zone, 16)
        for _ in range(2):
            s.metered(polls.rng, zone, [0] * 16)
    s.zone(4, 4)
    number = polls.propose(QUORUM_30)
    polls.believed(number, ZONE, made).ok()
    for _ in range(2):
        polls.believed(number, 2, ballots(polls.rng, [NO] * 16)).ok()
    burn_to(s, polls.proposal(number)["closes"])
    polls.tally(number, ZONE, made, claims={"yes": 4, "no": 0}).ok()
    assert polls.proposal(number)["electorate"] == 4 + 16 + 16
    assert refusal(polls.executed(number)) == "governance.ERR_QUORUM"


def test_a_closed_zone_counts_no_more(polls: Polls, made: Ballots) -> None:
    s = polls.s
    s.zone(2, 16)
    for _ in range(2):
        s.metered(polls.rng, 2, [0] * 16)
    s.vm.burn(12_960)
    s.call(s.meter_data, "close-zone", 2, sender=STRANGER).ok()
    number = closed(polls, made)
    polls.tally(number, ZONE, made).ok()
    assert polls.proposal(number)["electorate"] == 4
    polls.executed(number).ok()
