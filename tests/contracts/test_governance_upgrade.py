"""Another proof contract takes over by a vote, with real ballots and proofs: what is open stays open, what is owned is
kept, and the old contract is refused."""

from __future__ import annotations

import random
from typing import Any

import pytest

from appliance.chain.address import Contract
from circuits.pedersen import Opening
from circuits.settlement import Correction
from tests.contracts.disputes import HASH, PERIOD, ZONE, Tried
from tests.contracts.errors import GENERATED
from tests.contracts.settlement import GATEWAY, SECOND, STEWARD, STRANGER, TREASURERS, generated, household
from tests.contracts.vm import CONTRACTS, Machine
from tests.contracts.votes import (
    ABSTAIN,
    NO,
    VERIFIER_LOCK,
    YES,
    Polls,
    action,
    ballots,
    burn_to,
    refusal,
)

USAGE = (9000, 5000, 0, 70)
VOTES = (YES, YES, NO, ABSTAIN)


@pytest.fixture
def m(machine: Machine, rng: random.Random) -> Tried:
    """A zone of four with money in it, all bills up to PERIOD, of which the last is not settled, and an open period in
    which a batch has come."""
    made = Tried(machine, rng)
    made.zone(ZONE, 4)
    for slot in range(4):
        made.mint(household(ZONE, slot), 10**9)
        made.pay(ZONE, slot, 4_000_000).ok()
    made.credit(ZONE).ok()
    for period in range(PERIOD + 1):
        made.meter(ZONE, USAGE)
        made.bill(ZONE).ok()
        if period < PERIOD:
            made.settle(ZONE).ok()
    made.s.submit(made.s.following(rng, ZONE, [1, 2, 3, 4])).ok()
    made.holds()
    return made


def second_verifier(m: Tried) -> Contract:
    """The same text under another name, put up by somebody else, as anybody may."""
    text = (CONTRACTS / "privacy-proof.clar").read_text().replace(" .user-registry", f" '{m.s.registry}")
    for name in GENERATED:
        text = text.replace(f" .{name} ", f" '{generated(m.s.vm)}.{name} ")
    return m.s.vm.deploy("privacy-proof-2", m.s.stranger, text)


def kept(m: Tried) -> tuple[Any, ...]:
    """What a switch must not touch."""
    s = m.s
    return (
        s.read(s.meter_data, "get-zone-state", ZONE),
        s.read(s.meter_data, "get-running", ZONE),
        s.read(s.payment, "get-account", ZONE),
        s.read(s.payment, "get-balances", ZONE),
        s.read(s.payment, "get-arrears", ZONE),
        [s.read(s.billing, "get-bills", ZONE, period) for period in range(PERIOD + 1)],
        s.read(s.disputes, "get-dispute", 1),
        s.read(s.registry, "get-zone", ZONE),
    )


def test_a_voted_verifier_takes_over_and_everything_else_survives(m: Tried, rng: random.Random) -> None:
    s, court, polls = m.s, m.court, Polls(m.s, rng)
    old, new = s.proof, second_verifier(m)
    bill, alternative = m.zones[ZONE].bills[PERIOD][0], Opening(100_000, m.blinding())
    dispute = court.open_proved(0, bill, alternative).ok()
    court.call("submit-evidence", dispute, HASH, sender=GATEWAY).ok()

    number = polls.propose(action("contract", name="privacy-proof", who=new), sender=household(ZONE, 2))
    vote = ballots(rng, VOTES)
    polls.cast(number, ZONE, vote).ok()
    burn_to(s, polls.proposal(number)["closes"])
    polls.tally(number, ZONE, vote).ok()
    ready = polls.proposal(number)["ready"]
    assert ready == polls.proposal(number)["closes"] + VERIFIER_LOCK
    burn_to(s, ready - 1)
    assert refusal(polls.call("execute", number, sender=STRANGER)) == "governance.ERR_LOCKED"
    before = kept(m)
    batch = s.proved(s.following(rng, ZONE, [4, 3, 2, 1]))
    s.vm.burn(1)
    polls.call("execute", number, sender=STRANGER).ok()
    assert s.read(s.registry, "get-active-contract", "privacy-proof") == new
    assert kept(m) == before

    # whatever is sent with the old one, or was proved for it, is refused
    assert refusal(s.submit(batch)) == "meter-data.ERR_PROOF_CONTRACT"
    assert refusal(s.submit(batch, proof=new)) == "range.ERR_HINT"
    assert refusal(m.settle(ZONE)) == "payment.ERR_PROOF_CONTRACT"
    another = polls.propose(action("pause-off"))
    assert refusal(polls.cast(another, ZONE, vote)) == "governance.ERR_PROOF_CONTRACT"

    # and with the new one all goes on where it was: the dispute, the settlement, the open period, the next vote
    s.proof = new
    for sender in (STEWARD, SECOND, TREASURERS[0]):
        court.call("rule-by-assembly", dispute, True, HASH, sender=sender).ok()
    court.call("close-dispute", dispute, sender=STRANGER).ok()
    m.zones[ZONE].corrections[0, PERIOD] = Correction(bill, alternative)
    m.settle(ZONE, [(0, PERIOD)]).ok()
    m.holds()
    assert m.zones[ZONE].balances[0].value == 4_000_000 - 2 * 900_000 - 100_000
    s.submit(s.following(rng, ZONE, [4, 3, 2, 1])).ok()
    s.close_period(ZONE).ok()
    assert s.read(s.meter_data, "get-period-usage", ZONE, PERIOD + 1)["batches"] == 2
    assert refusal(m.bill_call("calculate-bills", ZONE, [], b"", old)) == "billing.ERR_PROOF_CONTRACT"
    polls.cast(another, ZONE, ballots(rng, VOTES)).ok()


@pytest.mark.parametrize("votes", [(NO, NO, YES, ABSTAIN), (YES, NO, ABSTAIN, ABSTAIN), (ABSTAIN,) * 4])
def test_a_verifier_that_is_not_wanted_does_not(m: Tried, rng: random.Random, votes: tuple[int, ...]) -> None:
    s, polls = m.s, Polls(m.s, rng)
    new = second_verifier(m)
    number = polls.decided(action("contract", name="privacy-proof", who=new), votes)
    assert refusal(polls.executed(number)) in ("governance.ERR_REJECTED", "governance.ERR_QUORUM")
    assert refusal(s.call(s.registry, "switch-contract", "privacy-proof", new, sender=STEWARD)) == (
        "user-registry.ERR_CALLER"
    )
    assert s.read(s.registry, "is-active", "privacy-proof", s.proof)
    assert refusal(s.submit(s.following(rng, ZONE, [0] * 4), proof=new)) == "meter-data.ERR_PROOF_CONTRACT"


def test_an_opened_dispute_needs_the_verifier_of_its_day(m: Tried) -> None:
    new = second_verifier(m)
    assert refusal(m.court.open(0, through=new)) == "dispute-resolution.ERR_PROOF_CONTRACT"
