"""governance under attack: forged ballots, keys that a gateway made, zones that close, and who stops a stolen vote."""

from __future__ import annotations

import random

import pytest

from tests.contracts.money_texts import BELIEVER
from tests.contracts.settlement import GATEWAY, SECOND, STEWARD, STRANGER, TREASURERS, household
from tests.contracts.vm import Machine
from tests.contracts.votes import (
    ABSTAIN,
    PHOTO,
    QUORUM_30,
    SHORTEST,
    TEXT,
    YES,
    ZONE,
    Polls,
    action,
    ballots,
    burn_to,
    governing,
    logged,
    own_principal,
    refusal,
    tallied,
)


@pytest.fixture
def polls(machine: Machine, rng: random.Random) -> Polls:
    """Over a privacy-proof that believes everything."""
    return governing(machine, rng)


@pytest.mark.parametrize(("yes", "no", "passes"), [(3, 1, False), (4, 2, False), (5, 2, True)])
def test_a_contested_ballot_may_have_been_against(polls: Polls, yes: int, no: int, passes: bool) -> None:
    """A gateway that turns one No into a Yes turns two votes against three into three against two."""
    number = tallied(polls, yes=yes, no=no)
    polls.call("contest-ballot", number, ZONE, 0, sender=own_principal(polls.s, ZONE, 0)).ok()
    receipt = polls.executed(number)
    if passes:
        receipt.ok()
    else:
        assert refusal(receipt) == "governance.ERR_REJECTED"


def test_observers_stop_the_verifier_that_a_stolen_gateway_voted_in(polls: Polls) -> None:
    """Who has its key casts every ballot of its zones as it likes; revoking it undoes no tally."""
    s = polls.s
    other = s.vm.deploy("other", s.stranger, BELIEVER.replace(" .user-registry", f" '{s.registry}"))
    number = tallied(polls, action("contract", name="privacy-proof", who=other), yes=4, no=0)
    s.together(s.registry, "revoke-gateway", GATEWAY)
    for yes, no in ((4, 0), (3, 2)):
        made = polls.call("record-assembly", number, yes, no, PHOTO, sender=STEWARD)
        assert refusal(made) == "governance.ERR_NO_ASSEMBLY", "it switches nothing"
    receipt = [polls.call("record-assembly", number, 1, 3, PHOTO, sender=who) for who in (STEWARD, SECOND, *TREASURERS)]
    assert [one.ok() for one in receipt[:3]] == [False, False, True]
    assert refusal(receipt[3]) == "governance.ERR_OBSERVED"
    assert refusal(polls.executed(number)) == "governance.ERR_REJECTED"
    assert s.read(s.registry, "get-active-contract", "privacy-proof") == s.proof


def test_votes_of_a_zone_that_closed_meanwhile_are_votes_of_so_many_voters(polls: Polls) -> None:
    """Else they would count towards the quorum and their zone not."""
    s = polls.s
    s.zone(2, 4)
    for _ in range(2):
        s.metered(polls.rng, 2, [0] * 4)
    s.vm.burn(12_960 - SHORTEST)
    number = polls.propose(QUORUM_30)
    made = ballots(polls.rng, (YES, ABSTAIN, ABSTAIN, ABSTAIN))
    polls.believed(number, ZONE, made).ok()
    burn_to(s, polls.proposal(number)["closes"])
    s.metered(polls.rng, 2, [0] * 4)
    s.call(s.meter_data, "close-zone", ZONE, sender=STRANGER).ok()
    receipt = polls.tally(number, ZONE, made)
    assert logged(s, s.governance, receipt)[1]["electorate"] == 8
    assert refusal(polls.executed(number)) == "governance.ERR_QUORUM"


def test_a_closed_zone_without_a_vector_has_no_voters(polls: Polls) -> None:
    s = polls.s
    s.zone(2, 4)
    for _ in range(2):
        s.metered(polls.rng, 2, [0] * 4)
    s.vm.burn(12_960)
    s.metered(polls.rng, ZONE, [0] * 4)
    s.call(s.meter_data, "close-zone", 2, sender=STRANGER).ok()
    number = tallied(polls, yes=1, no=0)
    assert polls.proposal(number)["electorate"] == 4


def test_the_gateway_s_proposal_is_not_in_the_dwelling_s_way(polls: Polls) -> None:
    """It has the key of a dwelling that has none of its own, and could ask something new whenever that may ask."""
    s = polls.s
    polls.propose(QUORUM_30, sender=household(ZONE, 0), open_for=8000)
    own = own_principal(s, ZONE, 0)
    polls.propose(QUORUM_30, sender=own)
    again = polls.call("propose", QUORUM_30, TEXT, s.vm.burn(1) + SHORTEST + 10, sender=own)
    assert refusal(again) == "governance.ERR_PROPOSING"
