"""Rates by vote: what billing refuses whatever was decided, and that an execution which is refused says so."""

from __future__ import annotations

import random
from typing import Any

import pytest

from tests.contracts.disputes import Court, court
from tests.contracts.settlement import ELECTRICITY, GATEWAY, PROVIDER, STEWARD, STRANGER, WATER, household
from tests.contracts.vm import Machine
from tests.contracts.votes import (
    YES,
    ZONE,
    Polls,
    action,
    ballots,
    burn_to,
    refusal,
)


@pytest.fixture
def c(machine: Machine, rng: random.Random) -> Court:
    """One band at 100, a ceiling of 1000 for the lifeline; the open period is 3."""
    return court(machine, rng, jurors=0)


def tariff(rate: int, from_period: int = 9, utility: int = ELECTRICITY, **more: Any) -> dict[str, Any]:
    bands = [{"from": 0, "rate": rate}]
    return action("tariff", tariff={"utility": utility, "from-period": from_period, "charge": 0, "bands": bands} | more)


def decided(c: Court, what: dict[str, Any]) -> tuple[Polls, int]:
    """Both zones in favour."""
    polls = Polls(c.s, c.rng)
    number = polls.propose(what)
    made = {ZONE: ballots(c.rng, [YES] * 4), 2: ballots(c.rng, [YES] * 16)}
    for zone, vector in made.items():
        polls.believed(number, zone, vector).ok()
    burn_to(c.s, polls.proposal(number)["closes"])
    for zone, vector in made.items():
        polls.tally(number, zone, vector).ok()
    return polls, number


def test_a_voted_rate_holds_from_its_period_on(c: Court) -> None:
    s = c.s
    polls, number = decided(c, tariff(120, 5))
    polls.executed(number).ok()
    assert s.read(s.billing, "get-tariff-for", ELECTRICITY, 4)["bands"] == [{"from": 0, "rate": 100}]
    assert s.read(s.billing, "get-tariff-for", ELECTRICITY, 5)["bands"] == [{"from": 0, "rate": 120}]


@pytest.mark.parametrize(
    ("what", "error"),
    [
        (tariff(121), "ERR_STEP"),
        (tariff(79), "ERR_STEP"),
        (tariff(0), "ERR_TARIFF"),
        (tariff(100, 3), "ERR_PERIOD"),
        (tariff(100, 0), "ERR_PERIOD"),
        (tariff(100, 900), "ERR_PERIOD"),
        (tariff(100, utility=WATER), "ERR_NO_TARIFF"),
        (tariff(100, bands=[]), "ERR_TARIFF"),
        (tariff(100, bands=[{"from": 0, "rate": 100}, {"from": 10, "rate": 90}]), "ERR_TARIFF"),
    ],
)
def test_a_vote_does_not_make_it_lawful(c: Court, what: dict[str, Any], error: str) -> None:
    polls, number = decided(c, what)
    assert refusal(polls.executed(number)) == f"billing.{error}"
    assert polls.proposal(number)["executed"] is False
    assert refusal(polls.executed(number)) == f"billing.{error}"


def test_a_rate_that_was_lawful_when_asked_may_be_retroactive_when_done(c: Court) -> None:
    polls, number = decided(c, tariff(110, 4))
    c.s.metered(c.rng, ZONE, [0] * 4)
    assert refusal(polls.executed(number)) == "billing.ERR_PERIOD"


def test_the_lifeline_never_costs_more_than_its_ceiling(machine: Machine, rng: random.Random) -> None:
    c = court(machine, rng, jurors=0, ceiling=110)
    polls, number = decided(c, tariff(111))
    assert refusal(polls.executed(number)) == "billing.ERR_CEILING"
    polls, number = decided(c, tariff(110))
    polls.executed(number).ok()


def test_nobody_sets_a_rate_but_by_a_vote(c: Court) -> None:
    bands = [{"from": 0, "rate": 110}]
    for sender in (STEWARD, PROVIDER, GATEWAY, STRANGER, household(ZONE, 0), c.s.deployer):
        receipt = c.s.call(c.s.billing, "set-tariff", ELECTRICITY, 9, 0, bands, sender=sender)
        assert refusal(receipt) == "billing.ERR_CALLER"
