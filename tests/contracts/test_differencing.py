"""What sums taken from sums show of single homes: nothing, across joins, leaves, disputes, withdrawals, rewards and
tallies; and that each rule is what stands in the way, for without it the same attacker has what it wants."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from appliance.audit.state.events import plain
from appliance.chain.address import Address, Contract
from appliance.chain.clarity import Optional, ResponseOk
from circuits.opening import sum_openings
from circuits.pedersen import Opening
from circuits.tariff import Band
from tests.audit.story import CASHED, KEYED, MOVED, TOWN, Story, told
from tests.contracts.differencing import Attacker, Name, Span
from tests.contracts.errors import error_name
from tests.contracts.money import Money
from tests.contracts.money_bills import DISPUTABLE
from tests.contracts.money_zone import points
from tests.contracts.privacy import sum_hints
from tests.contracts.settlement import GATEWAY, Settlement, account, household
from tests.contracts.test_payment_leaving import begun, ended
from tests.contracts.test_payment_periods import RATIO
from tests.contracts.test_sealed_batches import combined, seal, sealed
from tests.contracts.vm import CONTRACTS, Machine, Receipt, value
from tests.contracts.votes import (
    ABSTAIN,
    NO,
    QUORUM_30,
    YES,
    Ballots,
    Polls,
    ballots,
    burn_to,
    governing,
    own_principal,
)

ZONE: Final = 1


def watching(s: Settlement) -> Attacker:
    """From now on; zones and tariffs that are there it knows."""
    attacker = Attacker(lambda zone, period: s.read(s.registry, "get-membership", zone, period))
    s.vm.hears = lambda prints: attacker.hear(prints, s.deployer)
    return attacker


# ------------------------------------------------------------------------------------------------ the attacker


def test_what_is_in_the_span_is_known_and_nothing_else() -> None:
    span = Span()
    a, b, c = ({(name,): 1} for name in "abc")
    span.learn(a | b | c)
    assert not any(span.knows(form) for form in (a, b, c, a | b))
    span.learn(a | {("b",): 2})
    assert span.knows({("b",): 1, ("c",): -1})
    assert not span.knows(c)
    span.learn(b)
    assert all(span.knows(form) for form in (a, b, c))
    assert not span.knows({("d",): 1})


# ------------------------------------------------------------------------------------------------ everything once


@pytest.fixture(scope="module")
def story(node: Path) -> Iterator[Story]:
    with told(node) as made:
        yield made


def test_a_settlement_in_which_everything_happens_shows_what_homes_show_of_themselves(story: Story) -> None:
    """A reward shows that nothing is owed, a contested ballot what it was, and who leaves with money how much."""
    s = story.s
    attacker = Attacker(lambda zone, period: s.read(s.registry, "get-membership", zone, period))
    for event in story.vm.events:
        said = plain(event.value)
        if event.contract.address == s.deployer and isinstance(said, dict):
            attacker.read(event.contract.name, said)
    known = {place: {name[0] for name in names} for place, names in attacker.known().items()}
    assert known == {
        (TOWN, KEYED): {"arrears", "yes"},
        (TOWN, CASHED): {"payout", "balance"},
        (TOWN, MOVED): {"balance"},
    }
    assert attacker.found() == {}
    assert len({name[0] for secrets in attacker.secrets.values() for name in secrets}) == 10, "all kinds of them"


# ------------------------------------------------------------------------------------------------ rule by rule

Attempt = Callable[[Machine, random.Random], tuple[Attacker, Receipt]]
"""What is watched, and the receipt of the call that opens too much."""


def few_stay(vm: Machine, rng: random.Random) -> tuple[Attacker, Receipt]:
    """Three of four leave; the total of the next batch would be the last one's usage."""
    m = Money(vm, rng, ratio=RATIO)
    attacker = watching(m.s)
    begun(m)
    ended(m, [1000] * 4, leave=[1, 2, 3])
    return attacker, m.s.submit(m.s.following(rng, ZONE, [7, 0, 0, 0]))


def few_stay_and_settle(vm: Machine, rng: random.Random) -> tuple[Attacker, Receipt]:
    """Likewise the sum of balances, once the others' are paid out; and what the provider may take shows nothing."""
    m = Money(vm, rng, ratio=RATIO)
    attacker = watching(m.s)
    at = begun(m)
    ended(m, [1000] * 4, leave=[1, 2, 3])
    m.withdraw(ZONE).ok()
    m.payout(ZONE, {slot: at.balances[slot].value for slot in (1, 2, 3)}).ok()
    m.s.vm.burn(DISPUTABLE)
    for slot in (1, 2, 3):
        m.release_slot(ZONE, slot, 0).ok()
    m.meter(ZONE, [7, 0, 0, 0])
    m.bill(ZONE).ok()
    after = [at.due(slot).settle(m.blinding(), corrected=False) for slot in range(at.slots)]
    m.opening = lambda _, balances: opened(balances)  # type: ignore[method-assign,assignment]  # whether it may or not
    receipt = m.settle_call(ZONE, after, ())
    assert isinstance(receipt.result, ResponseOk) or error_name(m.withdraw(ZONE).refusal()) == "payment.ERR_AMOUNT"
    return attacker, receipt


def opened(balances: Sequence[Opening]) -> Optional:
    whole = sum_openings(balances)
    hints = sum_hints(points(balances))
    return Optional(value({"total": whole.value, "blinding": whole.blinding.to_bytes(), "hints": hints}))


def few_join(vm: Machine, rng: random.Random) -> tuple[Attacker, Receipt]:
    """A home joins a zone of one in the middle of a period: it counts from the next on."""
    s = Settlement(vm, small=True)
    attacker = watching(s)
    s.bootstrap()
    s.zone(ZONE, 4, vacant=[1, 2, 3])
    sealed(s, rng, ZONE)
    s.settle({account("who joins"): [(ZONE, 1)]})
    return attacker, s.submit(s.following(rng, ZONE, [7, 3, 0, 0]))


def opened_before(vm: Machine, rng: random.Random) -> tuple[Attacker, Receipt]:
    """A zone of four opens its total, and then again together with a zone of one."""
    s = Settlement(vm, small=True)
    attacker = watching(s)
    s.bootstrap()
    s.zone(1, 4)
    s.zone(2, 4, vacant=[1, 2, 3])
    large = s.following(rng, 1, [1, 2, 3, 4])
    s.submit(large).ok()
    return attacker, combined(s, [large, *sealed(s, rng, 2)])


def sealed_though_it_may_open(vm: Machine, rng: random.Random) -> tuple[Attacker, Receipt]:
    """A zone of four seals a batch, opens it together with a zone of one, and its bills' total is known beside."""
    s = Settlement(vm, small=True)
    attacker = watching(s)
    s.bootstrap()
    s.zone(1, 4)
    return attacker, seal(s, s.following(rng, 1, [1, 2, 3, 4]))


def all_but_one_claim(vm: Machine, rng: random.Random) -> tuple[Attacker, Receipt]:
    """Three of four show that they owe nothing: all that the zone is owed is the fourth's."""
    m = Money(vm, rng, ratio=RATIO)
    attacker = watching(m.s)
    m.found(0, Band(0, 100)).ok()
    m.back_rewards().ok()
    m.zone(ZONE, 4)
    m.at_desk("set-parameter", "reward", 70).ok()
    m.mint(GATEWAY, 1000)
    m.fund_rewards(ZONE, 1000, who=GATEWAY).ok()
    for slot in range(3):
        m.mint(household(ZONE, slot), 10**9)
        m.pay(ZONE, slot, 2000).ok()
    m.credit(ZONE).ok()
    for _ in range(2):
        m.meter(ZONE, [9000, 5000, 100, 1000])
        m.bill(ZONE).ok()
        m.settle(ZONE).ok()
    for slot in range(3):
        m.give_key(ZONE, slot)
    for slot in range(2):
        m.claim_reward(ZONE, slot).ok()
    return attacker, m.claim_reward(ZONE, 2)


def _cast(polls: Polls, made: Ballots) -> int:
    number = polls.propose(QUORUM_30)
    polls.cast(number, ZONE, made).ok()
    burn_to(polls.s, polls.proposal(number)["closes"])
    return number


def one_votes(vm: Machine, rng: random.Random) -> tuple[Attacker, Receipt]:
    """Three of four have left since."""
    polls = governing(vm, rng, None)
    for slot in (1, 2, 3):
        polls.s.together(polls.s.registry, "move-out", ZONE, slot)
    polls.s.metered(rng, ZONE, [0] * 4)
    attacker = watching(polls.s)
    made = ballots(rng, (YES, ABSTAIN, ABSTAIN, ABSTAIN))
    number = _cast(polls, made)
    return attacker, polls.tally(number, ZONE, made, [0])


def tallied_again(vm: Machine, rng: random.Random) -> tuple[Attacker, Receipt]:
    """The same ballots in a second sum: of the same voters, or of others if who votes were not settled."""
    polls = governing(vm, rng, None)
    attacker = watching(polls.s)
    made = ballots(rng, (YES, NO, NO, ABSTAIN))
    number = _cast(polls, made)
    polls.tally(number, ZONE, made).ok()
    return attacker, polls.tally(number, ZONE, made)


def all_but_one_contest(vm: Machine, rng: random.Random) -> tuple[Attacker, Receipt]:
    """Three of four ballots are shown to be no Y: the sum of Y is the fourth's."""
    polls = governing(vm, rng, None)
    attacker = watching(polls.s)
    made = ballots(rng, (NO, NO, NO, YES))
    number = _cast(polls, made)
    polls.tally(number, ZONE, made).ok()
    for slot in range(3):
        polls.call("contest-ballot", number, ZONE, slot, sender=own_principal(polls.s, ZONE, slot)).ok()

    def answer(slot: int) -> Receipt:
        blinding = made.yes[slot].blinding.to_bytes()
        return polls.call("answer-contest", number, ZONE, slot, blinding, polls.s.proof, sender=GATEWAY)

    for slot in range(2):
        answer(slot).ok()
    return attacker, answer(2)


@dataclass(frozen=True, slots=True)
class Rule:
    """What refuses an attempt; and, where it is one check that does, that check in which contract, what stands in its
    place in one that lacks it, and what is then known of whom."""

    attempt: Attempt
    error: str
    contract: str = ""
    old: str = ""
    new: str = ""
    known: Name = ()


MAY_OPEN: Final = "(has-room zone period (get count (get-exposed zone period)))"
RULES: Final = {
    "leaves, then usage": Rule(few_stay, "meter-data.ERR_K_MIN", "aggregation", MAY_OPEN, "true", ("usage", 1, 0, 107)),
    "leaves, then withdrawals": Rule(
        few_stay_and_settle, "payment.ERR_K_MIN", "aggregation", MAY_OPEN, "true", ("balance", 1, 0, 1)
    ),
    "joins": Rule(few_join, "meter-data.ERR_K_MIN"),
    "alone and together": Rule(
        *(opened_before, "meter-data.ERR_NOT_SEALED", "meter-data"),
        *("(is-eq (get checked batch) CHECKED_RANGES) ERR_NOT_SEALED", "true ERR_NOT_SEALED"),
        ("usage", 2, 0, 100),
    ),
    "sealed though it may open": Rule(sealed_though_it_may_open, "meter-data.ERR_MAY_OPEN"),
    "rewards": Rule(
        *(all_but_one_claim, "aggregation.ERR_K_MIN", "aggregation"),
        *("(has-room zone period (+ (get count exposed) u1)) ERR_K_MIN", "true ERR_K_MIN"),
        ("arrears", 1, 3, 1),
    ),
    "tallies of one": Rule(
        *(one_votes, "governance.ERR_K_MIN", "governance"),
        *("(>= (get hidden cast) (contract-call? .user-registry get-k-min zone)) ERR_K_MIN", "true ERR_K_MIN"),
        ("yes", 1, 0, 1),
    ),
    "tallies again": Rule(tallied_again, "governance.ERR_TALLIED"),
    "contests": Rule(
        *(all_but_one_contest, "governance.ERR_K_MIN", "governance"),
        *("(> (get hidden all) (get k-min all)) ERR_K_MIN", "true ERR_K_MIN"),
        ("yes", 1, 3, 1),
    ),
}


def names(attacker: Attacker) -> list[Name]:
    return [name for known in attacker.known().values() for name in known]


@pytest.fixture
def heard(machine: Machine) -> Iterator[Machine]:
    yield machine
    machine.hears = None


@pytest.mark.parametrize("name", RULES)
def test_the_last_step_is_refused_and_nothing_is_known(heard: Machine, rng: random.Random, name: str) -> None:
    attacker, receipt = RULES[name].attempt(heard, rng)
    assert error_name(receipt.refusal()) == RULES[name].error
    assert attacker.found() == {}
    assert RULES[name].known not in names(attacker)


@pytest.mark.parametrize("name", [name for name, rule in RULES.items() if rule.contract])
def test_without_the_rule_it_is_known(
    heard: Machine, rng: random.Random, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    rule = RULES[name]
    shipped = (CONTRACTS / f"{rule.contract}.clar").read_text()
    assert shipped.count(rule.old) == 1
    deploy = Machine.deploy

    def without(vm: Machine, contract: str, sender: Address, source: str | None = None) -> Contract:
        return deploy(
            vm, contract, sender, shipped.replace(rule.old, rule.new) if contract == rule.contract else source
        )

    monkeypatch.setattr(Machine, "deploy", without)
    attacker, receipt = rule.attempt(heard, rng)
    receipt.ok()
    assert rule.known in names(attacker)
