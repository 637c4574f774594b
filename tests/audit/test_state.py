"""The state of a settlement from its events alone: all that the contracts say, or the first event that does not fit."""

from __future__ import annotations

import dataclasses
import itertools
import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import pytest

from appliance.audit.state import Event, Misfit, State, rebuild
from appliance.audit.state.log import TOPICS, UNLOGGED
from appliance.chain.address import Contract
from appliance.chain.clarity import Ascii, Bool, Buffer, Int, List, Tuple, UInt, Value
from tests.audit.story import CASHED, COURT, DISPUTED, HAMLETS, JURORS, MOVED, TOWN, WELL, Story, told
from tests.contracts.disputes import PERIOD
from tests.contracts.settlement import AGENT, ELECTRICITY, Settlement, household

ZONES: Final = (TOWN, COURT, *HAMLETS, WELL)


@pytest.fixture(scope="module")
def story(node: Path) -> Iterator[Story]:
    with told(node) as made:
        yield made


@pytest.fixture(scope="module")
def state(story: Story) -> State:
    return rebuild(story.vm.events, story.s.deployer)


class Asked:
    """The contracts' own answers."""

    def __init__(self, s: Settlement) -> None:
        self.s = s

    def __call__(self, contract: Contract, function: str, *args: Any) -> Any:
        return self.s.read(contract, function, *args)


Compared = Callable[[State, Settlement, Asked], None]
PARTS: dict[str, Compared] = {}


def part(check: Compared) -> Compared:
    PARTS[check.__name__] = check
    return check


@part
def audit_log(state: State, s: Settlement, ask: Asked) -> None:
    assert {"seq": state.seq, "head": state.head} == ask(s.audit, "get-head")


@part
def roles_and_settings(state: State, s: Settlement, ask: Asked) -> None:
    assert len(state.roles) == 8
    for (role, who), held in state.roles.items():
        assert ask(s.registry, "has-role", role, who) == held
    for name, contract in state.active_contracts.items():
        assert ask(s.registry, "get-active-contract", name) == contract
    for name, value in state.parameters.items():
        assert ask(s.registry, "get-parameter", name) == value
    assert state.parameters["reward"] == 70
    for token, ratio in state.tokens.items():
        assert ask(s.registry, "get-token-ratio", token) == ratio
    assert state.paused_until > 0
    assert state.pauses == ask(s.governance, "get-last-pause")
    assert state.backing == ask(s.later["utility-token"], "get-backing")
    assert state.mints == ask(s.later["voucher-token"], "get-mints")


@part
def gateways_and_zones(state: State, s: Settlement, ask: Asked) -> None:
    assert len(state.gateways) == 3
    for gateway, record in state.gateways.items():
        assert ask(s.registry, "get-gateway", gateway) == record
    assert list(state.zones) == ask(s.registry, "get-zones") == list(ZONES)
    for zone, record in state.zones.items():
        found = ask(s.registry, "get-zone", zone)
        assert record == {name: field for name, field in found.items() if name != "frozen"}
        assert found["frozen"] == state.gateways[record["gateway"]]["revoked"]
    for utility, period in state.latest_periods.items():
        assert ask(s.registry, "get-latest-period", utility) == period


@part
def dwellings_by_zone_and_period(state: State, s: Settlement, ask: Asked) -> None:
    for number, record in state.dwellings.items():
        assert ask(s.registry, "get-dwelling", number) == record
        assert ask(s.registry, "get-dwelling-of", record["principal"]) == number
    assert ask(s.registry, "get-dwelling", len(state.dwellings) + 1) is None
    for zone in ZONES:
        for period in range(state.zones[zone]["period"] + 2):
            kept = state.memberships.get((zone, period))
            if kept is not None:
                assert ask(s.registry, "get-membership", zone, period) == kept
            for slot in range(state.zones[zone]["slots"]):
                assert ask(s.registry, "get-occupant", zone, slot, period) == occupant(state, zone, slot, period)
    for meter, record in state.meters.items():
        assert ask(s.registry, "get-meter", meter) == record
    for (zone, slot), record in state.self_provers.items():
        assert ask(s.registry, "get-self-prover", zone, slot) == record["prover"]


def occupant(state: State, zone: int, slot: int, period: int) -> int | None:
    for tenancy in state.tenancies.get((zone, slot), []):
        if tenancy["from"] <= period and (tenancy["until"] is None or period <= tenancy["until"]):
            return int(tenancy["dwelling"])
    return None


@part
def batches_and_sums(state: State, s: Settlement, ask: Asked) -> None:
    assert len(state.batches) == 9
    for (zone, first), record in state.batches.items():
        assert ask(s.meter_data, "get-batch", zone, first) == record
        assert ask(s.meter_data, "get-commitments", zone, first) == state.commitments[zone, first]
    assert any(record["contested"] for record in state.batches.values())
    for (zone, first), proofs in state.self_proofs.items():
        assert ask(s.meter_data, "get-self-proofs", zone, first)["proofs"] == proofs
    for zone in ZONES:
        found = ask(s.meter_data, "get-zone-state", zone)
        known = state.zone_states.get(zone, {"next-block": state.zones[zone]["first-block"], "batches": 0})
        assert (found["next-block"], found["batches"]) == (known["next-block"], known["batches"])
        assert ask(s.meter_data, "get-last-heard", zone) == known.get("heard", state.zones[zone]["since"])
        assert ask(s.meter_data, "get-running", zone) == state.running.get(zone)
        for period in range(4):
            assert ask(s.meter_data, "get-period-usage", zone, period) == state.period_usages.get((zone, period))
    assert TOWN in state.running
    for (zone, first), record in state.zone_usage.items():
        assert ask(s.aggregation, "get-zone-usage", zone, first) == record
    for (zone, period), record in state.zone_period_usage.items():
        assert ask(s.aggregation, "get-zone-period-usage", zone, period) == record
    for (utility, period), record in state.settlement_usage.items():
        assert ask(s.aggregation, "get-settlement-usage", utility, period) == record
    assert len(state.combined_usage) == 2
    for (zone, first), record in state.combined_usage.items():
        assert ask(s.aggregation, "get-combined-usage", zone, first) == record
    assert len(state.exposed) > 0
    for zone in ZONES:
        for period in range(5):
            shown = state.exposed.get((zone, period), {"slots": 0, "count": 0})
            assert ask(s.aggregation, "get-exposed", zone, period) == shown


@part
def tariffs_and_bills(state: State, s: Settlement, ask: Asked) -> None:
    for (utility, version), record in state.tariffs.items():
        assert ask(s.billing, "get-tariff", utility, version) == record
    assert state.utilities[ELECTRICITY] == ask(s.billing, "get-utility", ELECTRICITY)
    assert len(state.bills) == 3
    for (zone, period), record in state.bills.items():
        assert ask(s.billing, "get-bills", zone, period) == record
    for slot in range(4):
        for period in range(4):
            key = TOWN, slot, period
            assert ask(s.billing, "is-frozen", *key) == (key in state.frozen)
            assert ask(s.billing, "get-correction", *key) == state.corrections.get(key)
    assert state.corrections[TOWN, DISPUTED, PERIOD]["taken"]


@part
def money(state: State, s: Settlement, ask: Asked) -> None:
    assert list(state.accounts) == [TOWN]
    assert ask(s.payment, "get-account", TOWN) == state.accounts[TOWN]
    assert ask(s.payment, "get-balances", TOWN) == state.balances[TOWN]
    assert ask(s.payment, "get-arrears", TOWN) == state.arrears[TOWN]
    assert ask(s.payment, "get-payment-count") == len(state.payments)
    for number, record in state.payments.items():
        assert ask(s.payment, "get-payment", number) == record
    assert {(record["returned"], record["reward"]) for record in state.payments.values()} == {
        (False, False),
        (True, False),
        (False, True),
    }
    assert ask(s.payment, "get-float", TOWN, AGENT) == state.floats[TOWN, AGENT]
    for (zone, sequence), record in state.credits.items():
        assert ask(s.payment, "get-credit", zone, sequence) == record
    for period in range(4):
        assert ask(s.payment, "get-settlement", TOWN, period) == state.settlements.get((TOWN, period))
        assert ask(s.payment, "get-hold-back", TOWN, period) == state.hold_backs.get((TOWN, period), 0)
        assert ask(s.payment, "get-wanted", TOWN, period) == state.wanted.get((TOWN, period), 0)
    assert ask(s.payment, "get-left-arrears", TOWN, MOVED, PERIOD) == state.left_arrears[TOWN, MOVED, PERIOD]
    assert ask(s.payment, "get-rewards-out") == state.rewards_out == 40
    who = household(TOWN, CASHED)
    assert ask(s.payment, "get-exit", TOWN, CASHED, who) == state.exits[TOWN, CASHED, who]
    assert ask(s.payment, "get-last-call", TOWN) == state.last_calls[TOWN]


@part
def disputes(state: State, s: Settlement, ask: Asked) -> None:
    assert len(state.disputes) == 2
    for number, record in state.disputes.items():
        assert ask(s.disputes, "get-dispute", number) == record
        key = record["zone"], record["slot"], record["period"]
        assert ask(s.disputes, "get-dispute-of", *key) == number
        for resident in (True, False):
            shown = state.evidence.get((number, resident), [])
            assert ask(s.disputes, "get-evidence", number, resident) == shown
    assert ask(s.disputes, "get-pool-size") == len(state.jurors) == JURORS
    for index, record in state.jurors.items():
        assert ask(s.disputes, "get-juror", index) == record
    assert len(state.votes) == 2 + 4
    assert len(state.claims) == 2
    for payment, record in state.claims.items():
        assert ask(s.disputes, "get-claim", payment) == record


@part
def governance(state: State, s: Settlement, ask: Asked) -> None:
    assert ask(s.governance, "get-proposal-count") == len(state.proposals) == 3
    for number, record in state.proposals.items():
        assert ask(s.governance, "get-proposal", number) == record
    assert len(state.ballots) == 3
    assert [record["together"] for record in state.ballots.values()] == [[TOWN], [TOWN, COURT], [TOWN, COURT]]
    for (number, zone), record in state.ballots.items():
        assert ask(s.governance, "get-ballots", number, zone) == record
    for key, contested in state.contests.items():
        assert ask(s.governance, "is-contested", *key) == contested
    assert set(state.contests.values()) == {True, False}


@pytest.mark.parametrize("name", PARTS)
def test_it_is_what_the_contracts_say(story: Story, state: State, name: str) -> None:
    PARTS[name](state, story.s, Asked(story.s))


def test_every_kind_of_event_was_told(story: Story) -> None:
    """But few, whose readers are met by no event here."""
    told = {(event.contract.name, topic(event)) for event in story.vm.events}
    known = {(name, each) for name, topics in TOPICS.items() for each in topics}
    known |= {(name, each) for name, topics in UNLOGGED.items() for each in topics}
    assert known - told == NEVER_TOLD


NEVER_TOLD: Final = {
    ("user-registry", "token"),
    ("user-registry", "contract"),
    ("dispute-resolution", "dispute-lapsed"),
    ("dispute-resolution", "panel-missed"),
}


def topic(event: Event) -> str:
    assert isinstance(event.value, Tuple)
    fields = dict(event.value.fields)
    named = fields.get("topic", fields.get("call"))
    assert isinstance(named, Ascii)
    return named.text


def misfit(story: Story, events: Sequence[Event]) -> int:
    with pytest.raises(Misfit) as found:
        rebuild(events, story.s.deployer)
    return found.value.index


def is_entry(event: Event) -> bool:
    return event.contract.name == "audit-log" and topic(event) == "audit-entry"


def is_free(event: Event) -> bool:
    """No entry stands for it, and none of those that do fixes all of it."""
    return topic(event) == "exposed-slots"


def own(story: Story) -> list[tuple[int, Event]]:
    """Those of the settlement's contracts, by index."""
    return [(at, event) for at, event in enumerate(story.vm.events) if event.contract.address == story.s.deployer]


def changed(value: Value) -> Value:
    """Another value of the same type, or as near as one comes."""
    match value:
        case UInt(number):
            return UInt(number + 1)
        case Int(number):
            return Int(number + 1)
        case Bool(truth):
            return Bool(not truth)
        case Buffer(data):
            return Buffer(data[:-1] + bytes([data[-1] ^ 1]) if data else b"\0")
        case List(items) if items:
            return List(items[:-1])
    return UInt(77)


def test_an_altered_event_is_named(story: Story) -> None:
    """One field of each, chosen at random."""
    rng = random.Random("altered")
    for at, event in own(story):
        assert isinstance(event.value, Tuple)
        fields = dict(event.value.fields)
        name = rng.choice([name for name in fields if name not in ("topic", "call")])
        value = Tuple.of(fields | {name: changed(fields[name])})
        altered = [*story.vm.events]
        altered[at] = dataclasses.replace(event, value=value)
        if is_free(event):
            continue
        assert misfit(story, altered) == at, (topic(event), name)


def test_an_event_that_was_dropped_is_missed(story: Story) -> None:
    """Named is what stands alone without it: the event or its entry, or the event that it came with."""
    for at, event in own(story):
        if is_free(event) or (event.contract.name, topic(event)) == ("dispute-resolution", "assembly"):
            continue
        left = [*story.vm.events[:at], *story.vm.events[at + 1 :]]
        found = misfit(story, left)
        assert found == (at - 1 if is_entry(event) else at), topic(event)


def test_an_event_and_its_entry_dropped_together_are_missed(story: Story) -> None:
    events = own(story)
    pairs = [(at, after) for (at, _), (after, entry) in itertools.pairwise(events) if is_entry(entry)]
    for at, after in pairs[:-1]:
        left = [event for index, event in enumerate(story.vm.events) if index not in (at, after)]
        assert misfit(story, left) >= at
    at, after = pairs[-1]
    shorter = rebuild(story.vm.events[:at], story.s.deployer)
    assert shorter.head != rebuild(story.vm.events, story.s.deployer).head  # so compare the head
    assert after == len(story.vm.events) - 1


def test_reordered_events_are_named(story: Story) -> None:
    events = own(story)
    for (at, first), (after, second) in itertools.pairwise(events):
        if is_free(first) or is_free(second) or first == second:
            continue
        swapped = [*story.vm.events]
        swapped[at], swapped[after] = second, first
        assert at - 1 <= misfit(story, swapped) <= after + 1, (topic(first), topic(second))


def test_an_invented_event_is_named(story: Story) -> None:
    """The same once more: there is no entry for it, or no event for the entry."""
    for at, event in own(story):
        if is_free(event):
            continue
        more = [*story.vm.events[: at + 1], event, *story.vm.events[at + 1 :]]
        assert misfit(story, more) in (at, at + 1), topic(event)


def test_events_of_others_are_passed_over(story: Story, state: State) -> None:
    look_alike = Contract(story.s.stranger, "payment")
    others = [dataclasses.replace(event, contract=look_alike) for _, event in own(story)[:5]]
    assert rebuild([*others, *story.vm.events, *others], story.s.deployer) == state
