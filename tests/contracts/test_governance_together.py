"""governance: zones with too few voters are counted in one sum, and nothing of one of them comes out beside it."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from tests.contracts.money_texts import BELIEVER
from tests.contracts.settlement import GATEWAY, SECOND, STEWARD, STRANGER, WATER, Settlement, account, household
from tests.contracts.vm import Machine, Receipt
from tests.contracts.votes import (
    ABSTAIN,
    NO,
    PHOTO,
    QUORUM_30,
    TALLY_TIME,
    TIMELOCK,
    YES,
    Ballots,
    Polls,
    ballots,
    burn_to,
    logged,
    own_principal,
    refusal,
)

LARGE, SMALL, TINY, OTHER, EMPTY, STRANGE = 1, 2, 3, 4, 5, 77
VOTERS = {LARGE: 3, SMALL: 1, TINY: 1, OTHER: 1, EMPTY: 0}
SECOND_GATEWAY = account("second gateway")


@dataclass(frozen=True, slots=True)
class Company:
    """Zones of four slots in which few vote, k-min being 2. All but OTHER are of one gateway; STRANGE is no zone."""

    polls: Polls
    made: dict[int, Ballots]
    size: Mapping[int, int]
    """By zone, in how many of its first slots somebody votes."""

    @property
    def s(self) -> Settlement:
        return self.polls.s

    def together(
        self,
        number: int,
        zones: Sequence[int],
        *,
        voters: Mapping[int, Sequence[int]] | None = None,
        **how: Any,
    ) -> Receipt:
        chosen = [(zone, self.made[zone], (voters or {}).get(zone, range(self.size[zone]))) for zone in zones]
        return self.polls.tally_together(number, chosen, **how)

    def alone(self, number: int, zone: int) -> Receipt:
        return self.polls.tally(number, zone, self.made[zone], range(self.size[zone]))

    def cast(self, zones: Sequence[int] = tuple(VOTERS), *, prove: bool) -> int:
        """A proposal whose vote is closed."""
        number = self.polls.propose(QUORUM_30)
        for zone in zones:
            sender = SECOND_GATEWAY if zone == OTHER else GATEWAY
            how: dict[str, Any] = {"sender": sender, **({"changes": {"submitter": sender}} if prove else {})}
            (self.polls.cast if prove else self.polls.believed)(number, zone, self.made[zone], **how).ok()
        burn_to(self.s, self.polls.proposal(number)["closes"])
        return number


def company(vm: Machine, rng: random.Random, proof: str | None) -> Company:
    s = Settlement(vm, proof, small=True, later=("billing", "governance"))
    office = s.office()
    s.bootstrap(meter_data=office)
    s.call(s.registry, "register-gateway", SECOND_GATEWAY, sender=STEWARD).ok()
    for zone, voters in VOTERS.items():
        s.empty_zone(zone, 4, gateway=SECOND_GATEWAY if zone == OTHER else GATEWAY)
        s.settle({household(zone, slot): [(zone, slot)] for slot in range(voters)})
        for function in ("begin-zone", "open-period", "open-period"):
            s.call(office, function, zone, sender=STRANGER).ok()
    votes = {LARGE: (YES, NO, YES, ABSTAIN), SMALL: (YES, ABSTAIN, ABSTAIN, ABSTAIN)}
    made = {zone: ballots(rng, votes.get(zone, (NO, ABSTAIN, ABSTAIN, ABSTAIN))) for zone in VOTERS}
    return Company(Polls(s, rng), made | {STRANGE: made[TINY]}, VOTERS | {STRANGE: 1})


@pytest.fixture
def proven(machine: Machine, rng: random.Random) -> Company:
    return company(machine, rng, None)


@pytest.fixture
def believed(machine: Machine, rng: random.Random) -> Company:
    """Over a privacy-proof that believes everything."""
    return company(machine, rng, BELIEVER)


# ------------------------------------------------------------------------------------------------ counting


def test_zones_too_small_to_count_alone_count_together(proven: Company) -> None:
    s, polls = proven.s, proven.polls
    number = proven.cast(prove=True)
    for zone in (SMALL, TINY):
        assert refusal(proven.alone(number, zone)) == "governance.ERR_K_MIN"
    receipt = proven.together(number, (SMALL, TINY))
    topic, event = logged(s, s.governance, receipt)
    ready = polls.proposal(number)["closes"] + TIMELOCK
    assert topic == 808
    found = {"yes": 1, "no": 1, "electorate": 6}
    totals = {"proposal": number, "zones": [SMALL, TINY], "voters": 2, **found}
    assert event == totals | {"topic": "tally-together", "ready": event["ready"]}
    assert ready <= event["ready"] <= ready + 10
    for zone in (SMALL, TINY):
        kept = polls.read("get-ballots", number, zone)
        assert (kept["tallied"], kept["together"], kept["hidden"]) == (True, [SMALL, TINY], 1)
    assert {name: polls.proposal(number)[name] for name in found} == found
    proven.alone(number, LARGE).ok()
    kept = polls.proposal(number)
    assert (kept["yes"], kept["no"], kept["electorate"]) == (3, 2, 6)


def test_four_zones_are_one_sum_and_a_large_one_may_be_among_them(proven: Company) -> None:
    """A zone of nobody has no sum."""
    number = proven.cast((LARGE, SMALL, TINY, EMPTY), prove=True)
    assert refusal(proven.together(number, (LARGE, SMALL, TINY, EMPTY))) == "privacy-proof.ERR_LENGTH"
    proven.together(number, (TINY, LARGE, SMALL), sender=STRANGER).ok()
    kept = proven.polls.proposal(number)
    assert (kept["yes"], kept["no"], kept["electorate"], kept["zones"]) == (3, 2, 6, [LARGE, SMALL, TINY, EMPTY])


def test_another_sum_another_blinding_or_others_than_the_voters_do_not_open(proven: Company) -> None:
    number = proven.cast((LARGE, SMALL, TINY), prove=True)
    for claims in ({"yes": 2}, {"yes": 0}, {"no": 0}, {"no": 2}, {"yes": 2, "no": 0}):
        refused = proven.together(number, (SMALL, TINY), claims=claims)
        assert refusal(refused) == "privacy-proof.ERR_OPENING"
    assert refusal(proven.together(number, (SMALL, TINY), shift=True)) == "privacy-proof.ERR_OPENING"
    for voters in ({LARGE: [0, 1]}, {LARGE: [0, 1, 3]}, {LARGE: [0, 1, 2, 3]}):
        refused = proven.together(number, (LARGE, TINY), voters=voters)
        assert refusal(refused) in ("privacy-proof.ERR_HINT", "privacy-proof.ERR_LENGTH")
    proven.together(number, (LARGE, TINY)).ok()


def test_who_counts_is_who_voted_when_the_first_vector_came(proven: Company) -> None:
    """Somebody who has left since is in the sum, somebody who has come since is not."""
    s, polls = proven.s, proven.polls
    number = polls.propose(QUORUM_30)
    for zone in (SMALL, TINY):
        polls.cast(number, zone, proven.made[zone]).ok()
    s.together(s.registry, "move-out", SMALL, 0)
    s.settle({household(TINY, 1): [(TINY, 1)]})
    office = s.read(s.registry, "get-active-contract", "meter-data")
    for zone in (SMALL, TINY):
        for _ in range(3):
            s.call(office, "open-period", zone, sender=STRANGER).ok()
        polls.cast(number, zone, proven.made[zone]).ok()
    assert s.read(s.registry, "get-voters", TINY)[:2] == [True, True]
    burn_to(s, polls.proposal(number)["closes"])
    assert refusal(proven.together(number, (SMALL, TINY), voters={TINY: [0, 1]})) == "privacy-proof.ERR_LENGTH"
    proven.together(number, (SMALL, TINY)).ok()


# ------------------------------------------------------------------------------------------------ attacks


def test_nothing_is_opened_twice_in_whatever_company(believed: Company) -> None:
    """The difference of two sums would be a sum over too few."""
    number = believed.cast(prove=False)
    believed.together(number, (LARGE, SMALL)).ok()
    for zones in ((LARGE, SMALL), (LARGE, TINY), (TINY, SMALL), (SMALL, LARGE, TINY)):
        assert refusal(believed.together(number, zones)) == "governance.ERR_TALLIED"
    for zone in (LARGE, SMALL):
        assert refusal(believed.alone(number, zone)) == "governance.ERR_TALLIED"
    other = believed.cast(prove=False)
    believed.alone(other, LARGE).ok()
    assert refusal(believed.together(other, (LARGE, SMALL))) == "governance.ERR_TALLIED"
    assert refusal(believed.together(other, (SMALL, LARGE))) == "governance.ERR_TALLIED"
    assert believed.polls.read("get-ballots", other, SMALL)["tallied"] is False, "what was refused left no mark"
    believed.together(other, (SMALL, TINY)).ok()


@pytest.mark.parametrize(
    ("zones", "error"),
    [
        ((SMALL, SMALL), "governance.ERR_TALLIED"),
        ((SMALL, TINY, SMALL), "governance.ERR_TALLIED"),
        ((SMALL, OTHER), "governance.ERR_GATEWAYS"),
        ((OTHER, SMALL, TINY), "governance.ERR_GATEWAYS"),
        ((SMALL,), "governance.ERR_K_MIN"),
        ((SMALL, EMPTY), "governance.ERR_K_MIN"),
        ((), "governance.ERR_K_MIN"),
        ((SMALL, TINY, STRANGE), "governance.ERR_NO_BALLOTS"),
    ],
)
def test_what_is_no_company(believed: Company, zones: tuple[int, ...], error: str) -> None:
    """One zone twice is not two, nor are zones of two boxes one secret; and there must be enough."""
    number = believed.cast(prove=False)
    assert refusal(believed.together(number, zones)) == error
    believed.together(number, (SMALL, TINY)).ok()


def test_a_company_is_counted_in_its_time_by_the_active_proof(believed: Company) -> None:
    s, polls = believed.s, believed.polls
    number = polls.propose(QUORUM_30)
    for zone in (SMALL, TINY):
        polls.believed(number, zone, believed.made[zone]).ok()
    assert refusal(believed.together(number, (SMALL, TINY))) == "governance.ERR_OPEN"
    assert refusal(believed.together(number + 1, (SMALL, TINY))) == "governance.ERR_PROPOSAL_UNKNOWN"
    closes = polls.proposal(number)["closes"]
    burn_to(s, closes)
    other = s.vm.deploy("other", s.stranger, BELIEVER.replace(" .user-registry", f" '{s.registry}"))
    refused = believed.together(number, (SMALL, TINY), through=other)
    assert refusal(refused) == "governance.ERR_PROOF_CONTRACT"
    burn_to(s, closes + TALLY_TIME)
    assert refusal(believed.together(number, (SMALL, TINY))) == "governance.ERR_TALLY_LATE"
    for who in (STEWARD, SECOND, account("treasurer 0")):
        receipt = polls.call("record-assembly", number, 3, 1, PHOTO, sender=who)
    assert receipt.ok() is True
    assert polls.proposal(number)["electorate"] == 6


def test_what_an_assembly_decided_is_not_counted_over(believed: Company) -> None:
    number = believed.cast(prove=False)
    for who in (STEWARD, SECOND, account("treasurer 0")):
        believed.polls.call("record-assembly", number, 3, 1, PHOTO, sender=who).ok()
    assert refusal(believed.together(number, (SMALL, TINY))) == "governance.ERR_OBSERVED"


def test_contested_ballots_are_answered_while_enough_of_the_company_stay_hidden(believed: Company) -> None:
    """Four in one sum, k-min 2: two may be shown, in whatever zone, the next not."""
    s, polls = believed.s, believed.polls
    number = believed.cast(prove=False)
    believed.together(number, (LARGE, SMALL)).ok()
    for zone, slot in ((SMALL, 0), (LARGE, 0), (LARGE, 1)):
        own = own_principal(s, zone, slot)
        polls.call("contest-ballot", number, zone, slot, sender=own).ok()

    def answer(zone: int, slot: int) -> Receipt:
        return polls.call("answer-contest", number, zone, slot, bytes(32), s.proof, sender=GATEWAY)

    answer(SMALL, 0).ok()
    answer(LARGE, 1).ok()
    assert refusal(answer(LARGE, 0)) == "governance.ERR_K_MIN"
    assert [polls.read("get-ballots", number, zone)["hidden"] for zone in (LARGE, SMALL)] == [2, 0]
    assert polls.proposal(number)["contested"] == 1


def test_a_zone_that_was_closed_since_still_counts(believed: Company) -> None:
    """As in a tally of its own; and who votes there is in the electorate."""
    s = believed.s
    number = believed.cast((SMALL, TINY), prove=False)
    office = s.read(s.registry, "get-active-contract", "meter-data")
    for zone in (SMALL, LARGE):
        s.call(office, "close-zone", zone, sender=STRANGER).ok()
    believed.together(number, (SMALL, TINY)).ok()
    assert believed.polls.proposal(number)["electorate"] == 3


def test_four_zones_of_64_cost_less_than_a_hundredth_of_a_block(machine: Machine, rng: random.Random) -> None:
    """On the table of the tests' VM at most five hundredths, and one of reads; no zone reads more than its ballots."""
    s = Settlement(machine, small=False, later=("billing", "governance"))
    office = s.office()
    s.bootstrap(meter_data=office)
    for zone in range(60):
        s.empty_zone(zone, 64, utility=WATER if zone % 2 else 1)
    for zone in range(4):
        s.settle({household(zone, slot): [(zone, slot)] for slot in range(64)})
        for function in ("begin-zone", "open-period", "open-period"):
            s.call(office, function, zone, sender=STRANGER).ok()
    polls = Polls(s, rng)
    number = polls.propose(QUORUM_30)
    made = {zone: ballots(rng, [YES, NO] * 32) for zone in range(4)}
    for zone in range(4):
        cast = polls.cast(number, zone, made[zone])
        cast.ok()
        assert cast.costs["readCount"] <= 100
    burn_to(s, polls.proposal(number)["closes"])
    receipt = Company(polls, made, dict.fromkeys(range(4), 64)).together(number, range(4))
    receipt.ok()
    print(receipt.costs)
    assert receipt.costs["readCount"] <= 300
    assert receipt.costs["readLength"] <= 2_000_000
    assert receipt.costs["runtime"] <= 250_000_000
    assert polls.proposal(number)["yes"] == 128
