"""Ballots with real proofs: what a vector may hold, for which call it is good, and whose slots are counted."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import Any

import pytest

from circuits.generators import LIB
from circuits.group import LibPoint
from circuits.opening import sum_openings
from circuits.pedersen import Opening, commit
from circuits.scalar import N, Scalar
from tests.contracts.settlement import GATEWAY, STEWARD, WATER, Settlement, account, household
from tests.contracts.vm import CONTRACTS, Machine
from tests.contracts.votes import (
    ABSTAIN,
    NO,
    ONE,
    QUORUM_30,
    TIMELOCK,
    YES,
    ZONE,
    Ballots,
    Polls,
    ballots,
    burn_to,
    governing,
    logged,
    own_principal,
    prove_bits,
    refusal,
)

VOTES = (YES, NO, YES, ABSTAIN)


@pytest.fixture(scope="module")
def asked(machine: Machine) -> Polls:
    """Proposal 1 is open; for what is refused."""
    polls = governing(machine, random.Random("asked"), None)
    polls.propose(QUORUM_30, open_for=8000)
    return polls


@pytest.fixture
def polls(machine: Machine, rng: random.Random) -> Polls:
    return governing(machine, rng, None)


def test_the_pinned_point_is_a_yes_that_hides_nothing() -> None:
    assert f"(define-constant VALUE_BASE 0x{ONE.hex()})" in (CONTRACTS / "governance.clar").read_text()
    assert commit(LIB, Opening(1, Scalar(0))).to_bytes() == ONE


def test_from_a_question_to_what_it_changes(polls: Polls) -> None:
    s = polls.s
    number = polls.propose(QUORUM_30, sender=household(ZONE, 3))
    made = ballots(polls.rng, VOTES)
    receipt = polls.cast(number, ZONE, made)
    yes, no = made.lists
    topic, event = logged(s, s.governance, receipt)
    assert topic == 801
    assert event == {
        "topic": "ballots",
        "proposal": number,
        "zone": ZONE,
        "yes": yes,
        "no": no,
        "voters": [True] * 4,
        "context": polls.context(number, ZONE, made),
    }
    kept = {key: event[key] for key in ("yes", "no", "voters")}
    kept |= {"period": 2, "eligible": 4, "hidden": 4, "tallied": False, "together": []}
    assert polls.read("get-ballots", number, ZONE) == kept
    burn_to(s, polls.proposal(number)["closes"])
    false: list[dict[str, int]] = [{"yes": 3}, {"yes": 1}, {"no": 0}, {"no": 2}, {"yes": 4, "no": 0}]
    for claims in false:
        assert refusal(polls.tally(number, ZONE, made, claims=claims)) == "privacy-proof.ERR_OPENING"
    assert refusal(polls.tally(number, ZONE, made, [0, 1, 2])) == "privacy-proof.ERR_HINT"
    polls.tally(number, ZONE, made, sender=s.stranger).ok()
    assert polls.read("get-ballots", number, ZONE) == kept | {"tallied": True, "together": [ZONE]}
    found = polls.proposal(number)
    assert (found["yes"], found["no"], found["electorate"]) == (2, 1, 4)
    assert (found["zones"], found["eligible"]) == ([ZONE], 4)
    polls.executed(number).ok()
    assert s.read(s.registry, "get-parameter", "quorum-pct") == 30


def test_all_against_and_nobody_at_all(polls: Polls) -> None:
    """Sums of zero open, too."""
    for votes, sums in (((NO,) * 4, (0, 4)), ((ABSTAIN,) * 4, (0, 0))):
        number = polls.decided(QUORUM_30, votes)
        found = polls.proposal(number)
        assert (found["yes"], found["no"]) == sums


@pytest.mark.parametrize(
    ("field", "other"),
    [
        ("domain", "mita/v1/ballot"),
        ("chain", 1),
        ("contract", STEWARD),
        ("proof", STEWARD),
        ("submitter", STEWARD),
        ("proposal", 2),
        ("zone", 2),
        ("yes-hash", bytes(32)),
        ("no-hash", bytes(32)),
    ],
)
def test_a_vector_for_another_call_is_refused(asked: Polls, rng: random.Random, field: str, other: Any) -> None:
    made = ballots(rng, VOTES)
    assert refusal(asked.cast(1, ZONE, made, changes={field: other})) == "privacy-proof.ERR_EQUATION"
    assert asked.read("get-ballots", 1, ZONE) is None


@dataclass(frozen=True, slots=True)
class Forged(Ballots):
    """One slot's Y or N holds `by` more than is proved; the blinding stays, so that the proof is as near as can be."""

    side: int
    slot: int
    by: int

    @property
    def lists(self) -> tuple[list[bytes], list[bytes]]:
        lists = Ballots(self.yes, self.no).lists
        point = LibPoint.from_bytes_checked(lists[self.side][self.slot])
        lists[self.side][self.slot] = (point + LIB.value * Scalar(self.by % N)).to_bytes()
        return lists


@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize("by", [1, 2, -1, -2, 41, 2**127])
def test_two_votes_or_less_than_none_are_no_ballot(asked: Polls, rng: random.Random, side: int, by: int) -> None:
    """In slot 0, a yes, and in slot 3, which abstains; a bit moved to the other bit is refused as well."""
    for slot in (0, 3):
        made = ballots(rng, VOTES)
        assert refusal(asked.cast(1, ZONE, Forged(made.yes, made.no, side, slot, by))) == "privacy-proof.ERR_EQUATION"


def test_for_and_against_at_once_is_no_ballot(asked: Polls, rng: random.Random) -> None:
    """Y and N are each a bit; only their sum tells."""
    made = ballots(rng, VOTES)
    both = Ballots(made.yes, (replace(made.no[0], value=1), *made.no[1:]))
    context = asked.context(1, ZONE, both)
    alone = [prove_bits(side, context) for side in (both.yes, both.no)]
    for third in (*alone, made.bits(context)[2]):
        assert refusal(asked.cast(1, ZONE, both, bits=[*alone, third])) == "privacy-proof.ERR_EQUATION"


def test_a_later_vector_replaces_the_earlier(polls: Polls) -> None:
    s = polls.s
    number = polls.propose(QUORUM_30)
    first, second = ballots(polls.rng, [YES] * 4), ballots(polls.rng, VOTES)
    polls.cast(number, ZONE, first).ok()
    polls.cast(number, ZONE, second).ok()
    assert polls.read("get-ballots", number, ZONE)["eligible"] == 4
    burn_to(s, polls.proposal(number)["closes"])
    assert refusal(polls.cast(number, ZONE, first)) == "governance.ERR_CLOSED"
    assert refusal(polls.tally(number, ZONE, first)) == "privacy-proof.ERR_HINT"
    polls.tally(number, ZONE, second).ok()


def test_who_counts(machine: Machine, rng: random.Random) -> None:
    """Slot 0 votes; 1 is vacant; 2 has just moved in; 3 votes in zone 0, the lowest of its zones. The one in zone 0 who
    moved out has no say, and the vacant slot's yes is not one."""
    s = Settlement(machine, small=True, later=("billing", "governance"))
    polls = Polls(s, rng)
    s.bootstrap()
    s.empty_zone(0, 4, utility=WATER, first_block=500)
    s.empty_zone(ZONE, 4)
    twofold, others = account("a dwelling of two connections"), [household(0, 0), household(0, 2), household(ZONE, 0)]
    s.settle({twofold: [(0, 1), (ZONE, 3)]} | dict(zip(others, ([(0, 0)], [(0, 2)], [(ZONE, 0)]), strict=True)))
    for _ in range(2):
        s.metered(rng, 0, [0] * 4)
        s.metered(rng, ZONE, [0] * 4)
    s.settle({household(ZONE, 2): [(ZONE, 2)]})
    for _ in range(2):
        s.metered(rng, ZONE, [0] * 4)
    assert [s.read(s.registry, "is-settled", ZONE, slot) for slot in range(4)] == [True, False, False, True]
    number = polls.propose(QUORUM_30)
    water, power = ballots(rng, (YES, YES, NO, YES)), ballots(rng, [YES] * 4)
    polls.cast(number, 0, water).ok()
    polls.cast(number, ZONE, power).ok()
    assert polls.read("get-ballots", number, 0)["voters"] == [True, True, True, False]
    assert polls.read("get-ballots", number, ZONE)["voters"] == [True, False, False, False]
    burn_to(s, polls.proposal(number)["closes"])
    assert refusal(polls.tally(number, 0, water)) == "privacy-proof.ERR_HINT"
    assert refusal(polls.tally(number, 0, water, [1, 2, 3])) == "privacy-proof.ERR_HINT"
    polls.tally(number, 0, water, [0, 1, 2]).ok()
    assert refusal(polls.tally(number, ZONE, power, [0])) == "governance.ERR_K_MIN"
    found = polls.proposal(number)
    assert (found["yes"], found["no"], found["electorate"]) == (2, 1, 4)


def test_a_mask_does_not_move_after_the_first_vector(polls: Polls) -> None:
    """Who moves out later is in the sum that was promised, and in no other."""
    s = polls.s
    number = polls.propose(QUORUM_30)
    polls.cast(number, ZONE, ballots(polls.rng, VOTES)).ok()
    made = ballots(polls.rng, VOTES)
    s.together(s.registry, "move-out", ZONE, 1)
    s.metered(polls.rng, ZONE, [0] * 4)
    polls.cast(number, ZONE, made).ok()
    burn_to(s, polls.proposal(number)["closes"])
    assert refusal(polls.tally(number, ZONE, made, [0, 2, 3])) == "privacy-proof.ERR_HINT"
    polls.tally(number, ZONE, made).ok()
    assert refusal(polls.tally(number, ZONE, made, [0, 2, 3])) == "governance.ERR_TALLIED"
    polls.call("contest-ballot", number, ZONE, 1, sender=own_principal(s, ZONE, 1)).ok()


def test_a_gateway_that_invents_ballots_is_stopped_and_a_false_complaint_is_not_believed(polls: Polls) -> None:
    s = polls.s
    number = polls.propose(QUORUM_30)
    made = ballots(polls.rng, (YES, YES, YES, ABSTAIN))
    polls.cast(number, ZONE, made).ok()
    burn_to(s, polls.proposal(number)["closes"])
    polls.tally(number, ZONE, made).ok()
    for slot in (1, 3):
        polls.call("contest-ballot", number, ZONE, slot, sender=own_principal(s, ZONE, slot)).ok()
    assert refusal(polls.executed(number)) == "governance.ERR_REJECTED"
    for slot, error in ((1, "privacy-proof.ERR_OPENING"), (3, None)):
        blinding = made.yes[slot].blinding.to_bytes()
        receipt = polls.call("answer-contest", number, ZONE, slot, blinding, s.proof, sender=GATEWAY)
        if error:
            assert refusal(receipt) == error
        else:
            receipt.ok()
    assert polls.proposal(number)["contested"] == 1
    polls.executed(number).ok()


def test_a_lock_begins_anew_with_every_tally(polls: Polls) -> None:
    s = polls.s
    s.zone(2, 4)
    for _ in range(2):
        s.metered(polls.rng, 2, [0] * 4)
    number = polls.propose(QUORUM_30)
    first, second = ballots(polls.rng, VOTES), ballots(polls.rng, [NO] * 4)
    polls.cast(number, ZONE, first).ok()
    polls.cast(number, 2, second).ok()
    closes = polls.proposal(number)["closes"]
    burn_to(s, closes)
    polls.tally(number, ZONE, first).ok()
    assert polls.proposal(number)["ready"] == closes + TIMELOCK
    burn_to(s, closes + 100)
    polls.tally(number, 2, second).ok()
    found = polls.proposal(number)
    assert (found["yes"], found["no"], found["electorate"], found["ready"]) == (2, 5, 8, closes + 100 + TIMELOCK)
    assert refusal(polls.executed(number)) == "governance.ERR_REJECTED"


def test_a_vector_of_64_slots_and_its_tally_cost(machine: Machine, rng: random.Random) -> None:
    polls = governing(machine, rng, None, slots=64)
    number = polls.propose(QUORUM_30)
    made = ballots(rng, [YES, NO] * 32)
    cast = polls.cast(number, ZONE, made)
    cast.ok()
    burn_to(polls.s, polls.proposal(number)["closes"])
    tally = polls.tally(number, ZONE, made)
    tally.ok()
    print(cast.costs, tally.costs)
    assert cast.costs["runtime"] < 250_000_000
    assert tally.costs["runtime"] < 50_000_000


def test_openings_add_up_as_the_tally_says(rng: random.Random) -> None:
    made = ballots(rng, VOTES)
    assert (sum_openings(made.yes).value, sum_openings(made.no).value) == (2, 1)
