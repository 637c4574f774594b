"""user-registry: who votes, slot by slot, against a model written from the rules, in lives chosen at random."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Final

import pytest

from appliance.chain.address import Address
from appliance.founding import USERS_AT_ONCE
from tests.contracts.settlement import ELECTRICITY, STEWARD, WATER, Settlement, account
from tests.contracts.town import Town, refusal
from tests.contracts.vm import Machine, Receipt

SETTLED: Final = 2  # periods, in which somebody has to have been there before
VOTE_MOVES: Final = 8640  # burn blocks, until a vote has moved with its dwelling
SLOTS: Final = 2  # of each zone's four; few, so that they are given on often
UTILITIES: Final = {1: ELECTRICITY, 3: WATER, 4: ELECTRICITY, 5: WATER}
STEPS: Final = 200


@dataclass(slots=True)
class Stay:
    """Somebody's time in a slot; periods, both inclusive."""

    dwelling: int
    zone: int
    slot: int
    first: int
    last: int | None = None


@dataclass(slots=True)
class Zone:
    period: int = 0
    begun: bool = False
    closed: bool = False
    uncleared: set[int] = field(default_factory=set)


@dataclass(slots=True)
class Rules:
    """Everything that ever was, and who votes by it."""

    zones: dict[int, Zone] = field(default_factory=lambda: {zone: Zone() for zone in UTILITIES})
    stays: list[Stay] = field(default_factory=list)
    votes: dict[int, tuple[int, int] | None] = field(default_factory=dict)
    """Of each dwelling: the zone, and since when; 0 for the first, which needs no time to move."""

    def changes_from(self, zone: int) -> int:
        return self.zones[zone].period + self.zones[zone].begun

    def newest(self, zone: int, slot: int) -> Stay | None:
        return next((s for s in reversed(self.stays) if (s.zone, s.slot) == (zone, slot)), None)

    def refuses(self, dwelling: int, zone: int, slot: int) -> str | None:
        """Why the dwelling cannot get this slot."""
        at, start = self.zones[zone], self.changes_from(zone)
        last = self.newest(zone, slot)
        if at.closed:
            return "ERR_CLOSED"
        if last is not None and (last.last is None or last.last >= start):
            return "ERR_OCCUPIED"
        if slot in at.uncleared:
            return "ERR_NOT_RELEASED"
        for stay in self.stays:
            other = self.zones[stay.zone]
            if stay.dwelling != dwelling or UTILITIES[stay.zone] != UTILITIES[zone] or other.closed:
                continue
            if (stay.last is None or stay.last >= other.period) and (stay.last is None or stay.last >= start):
                return "ERR_ONE_CONNECTION"
        if any(
            stay.dwelling == dwelling and UTILITIES[stay.zone] == UTILITIES[zone] and (stay.last or -1) >= start
            for stay in self.stays
        ):
            return "ERR_ONE_CONNECTION"  # the zone is behind: it was elsewhere then
        return None

    def comes(self, dwelling: int, zone: int, slot: int) -> None:
        self.stays.append(Stay(dwelling, zone, slot, self.changes_from(zone)))

    def goes(self, stay: Stay) -> None:
        if self.zones[stay.zone].begun:
            stay.last = self.zones[stay.zone].period
            self.zones[stay.zone].uncleared.add(stay.slot)
        else:
            self.stays.remove(stay)

    def chooses(self, dwelling: int, height: int) -> None:
        """After every change: who does not live where it votes any more votes in the lowest zone that it lives in."""
        lives = {s.zone for s in self.stays if s.dwelling == dwelling and s.last is None}
        lives = {zone for zone in lives if not self.zones[zone].closed}
        vote = self.votes[dwelling]
        if lives and (vote is None or vote[0] not in lives):
            self.votes[dwelling] = min(lives), 0 if vote is None else height

    def is_settled(self, zone: int, slot: int) -> bool:
        return self.occupant(zone, slot, SETTLED) is not None

    def occupant(self, zone: int, slot: int, periods: int = 0) -> int | None:
        """Who is there in the open period, and came so many before it or earlier."""
        now = self.zones[zone].period
        for stay in self.stays:
            if (stay.zone, stay.slot) == (zone, slot) and (stay.last is None or stay.last >= now):
                return stay.dwelling if stay.first + periods <= now else None
        return None

    def is_voter(self, zone: int, slot: int, height: int) -> bool:
        dwelling = self.occupant(zone, slot, SETTLED)
        vote = None if dwelling is None else self.votes[dwelling]
        return vote is not None and vote[0] == zone and (vote[1] == 0 or height >= vote[1] + VOTE_MOVES)


class Lives:
    """A registry, and the rules beside it."""

    def __init__(self, vm: Machine, rng: random.Random) -> None:
        self.town, self.rng, self.rules = Town(vm), rng, Rules()
        self.seen: set[str] = set()
        for zone in (4, 5):
            self.town.s.empty_zone(zone, 4, utility=UTILITIES[zone])

    @property
    def s(self) -> Settlement:
        return self.town.s

    def height(self) -> int:
        return self.s.vm.burn(0)

    def asked(self, function: str, *args: object) -> tuple[Receipt, int]:
        """What takes two stewards: the second's receipt, and the height at which it was."""
        assert self.town.call(STEWARD, function, *args).ok() is False
        receipt = self.town.s.call(self.s.registry, function, *args, sender=account("second steward"))
        return receipt, self.height()

    def agreed(self, what: str, receipt: Receipt, refused: str | None) -> bool:
        said = refusal(receipt) if refused else receipt.ok()
        assert said == (refused or True), what
        self.seen.add(f"{what}: {refused}")
        return refused is None

    def place(self) -> tuple[int, int]:
        return self.rng.choice(list(UTILITIES)), self.rng.randrange(SLOTS)

    # what happens

    def arrives(self) -> None:
        number = len(self.rules.votes) + 1
        places = [self.place() for _ in range(self.rng.choice((0, 1, 2, 2)))]
        if len({UTILITIES[zone] for zone, _ in places}) < len(places):
            places = places[:1]
        who = [{"zone": zone, "slot": slot} for zone, slot in places]
        error = next((e for e in (self.rules.refuses(number, *place) for place in places) if e), None)
        receipt, height = self.asked("register-users", [{"who": self.who(number), "slots": who}])
        if self.agreed("arrives", receipt, error):
            self.rules.votes[number] = None
            for place in places:
                self.rules.comes(number, *place)
            self.rules.chooses(number, height)

    def who(self, number: int) -> Address:
        return account(f"dwelling {number} of {self.s.deployer}")

    def gets_a_slot(self) -> None:
        if not self.rules.votes:
            return
        dwelling, place = self.rng.choice(list(self.rules.votes)), self.place()
        error = self.rules.refuses(dwelling, *place)
        receipt, height = self.asked("assign-slot", dwelling, *place)
        if self.agreed("gets a slot", receipt, error):
            self.rules.comes(dwelling, *place)
            self.rules.chooses(dwelling, height)

    def leaves(self) -> None:
        there = [stay for stay in self.rules.stays if stay.last is None]
        if not there:
            return
        self.gone(self.rng.choice(there))

    def gone(self, stay: Stay) -> bool:
        if stay.first > self.rules.zones[stay.zone].period:  # it has not come yet
            assert refusal(self.town.call(STEWARD, "move-out", stay.zone, stay.slot)) == "ERR_VACANT"
            self.seen.add("leaves: ERR_VACANT")
            return False
        receipt, height = self.asked("move-out", stay.zone, stay.slot)
        self.agreed("leaves", receipt, None)
        self.rules.goes(stay)
        self.rules.chooses(stay.dwelling, height)
        return True

    def moves_within_its_utility(self) -> None:
        """Out here and in there at once."""
        there = [stay for stay in self.rules.stays if stay.last is None]
        if not there:
            return
        stay = self.rng.choice(there)
        if not self.gone(stay):
            return
        alike = [zone for zone in UTILITIES if UTILITIES[zone] == UTILITIES[stay.zone]]
        place = self.rng.choice(alike), self.rng.randrange(SLOTS)
        error = self.rules.refuses(stay.dwelling, *place)
        receipt, height = self.asked("assign-slot", stay.dwelling, *place)
        if self.agreed("moves in", receipt, error):
            self.rules.comes(stay.dwelling, *place)
            self.rules.chooses(stay.dwelling, height)

    def period_turns(self) -> None:
        zone, times = self.rng.choice(list(UTILITIES)), self.rng.choice((1, 1, 2, 3))
        self.town.turn(zone, times=times)
        self.rules.zones[zone].begun = True
        self.rules.zones[zone].period += times

    def zone_begins(self) -> None:
        zone = self.rng.choice(list(UTILITIES))
        self.town.act("begin-zone", zone).ok()
        self.rules.zones[zone].begun = True

    def zone_closes(self) -> None:
        """Rarely, and never the first two."""
        zone = self.rng.choice((4, 5))
        if self.rng.random() < 0.1:
            self.town.act("close-zone", zone).ok()
            self.rules.zones[zone].closed = True

    def slot_is_cleared(self) -> None:
        uncleared = [(zone, slot) for zone, at in self.rules.zones.items() for slot in at.uncleared]
        zone, slot = self.rng.choice([self.place(), *uncleared])
        receipt = self.town.act("release-slot", zone, slot)
        if self.rules.occupant(zone, slot) is not None:
            assert refusal(receipt) == "ERR_OCCUPIED"
            return
        assert receipt.ok() is ((zone, slot) in uncleared)
        self.rules.zones[zone].uncleared.discard(slot)

    def time_passes(self) -> None:
        self.s.vm.burn(self.rng.choice((1, 40, VOTE_MOVES // 2, VOTE_MOVES)))

    # what must hold

    def agrees(self) -> None:
        height, rules = self.height(), self.rules
        voters = {
            zone: [slot < SLOTS and rules.is_voter(zone, slot, height) for slot in range(64)] for zone in UTILITIES
        }
        for zone, expected in voters.items():
            assert self.town.read("get-voters", zone) == expected, zone
            if any(expected):
                self.seen.add("somebody votes" if rules.zones[zone].closed else "somebody votes in an open zone")
        zone, slot = self.place()
        assert self.town.read("is-voter", zone, slot) == voters[zone][slot]
        assert self.town.read("is-settled", zone, slot) == rules.is_settled(zone, slot)
        but = self.rng.sample(list(UTILITIES), self.rng.randrange(3))
        counted = sum(sum(of) for zone, of in voters.items() if zone not in but and not rules.zones[zone].closed)
        assert self.town.read("count-voters", but) == counted
        for dwelling, vote in rules.votes.items():
            if self.rng.random() < 1.5 / len(rules.votes):
                found = self.town.read("get-dwelling", dwelling)
                assert (found["voting-zone"], found["voting-since"]) == (vote or (2**32, 0))
                homes = {(home["zone"], home["slot"]) for home in found["homes"]}
                where = [(z, s) for z in UTILITIES for s in range(SLOTS) if rules.occupant(z, s) == dwelling]
                has = any(place in homes and voters[place[0]][place[1]] for place in where)
                assert self.town.read("has-vote", dwelling) == has
                if vote and vote[1]:
                    self.seen.add("somebody moved")
        assert self.town.read("has-vote", len(rules.votes) + 1) is False


@pytest.mark.parametrize("seed", range(3))
def test_who_votes_is_what_the_rules_say_whoever_comes_and_goes(machine: Machine, seed: int) -> None:
    rng = random.Random(f"rolls {seed}")
    lives = Lives(machine, rng)
    events = [
        *(lives.arrives, lives.gets_a_slot, lives.gets_a_slot, lives.gets_a_slot, lives.leaves),
        *(lives.moves_within_its_utility, lives.zone_begins, lives.zone_closes, lives.time_passes),
        *(lives.period_turns, lives.period_turns, lives.period_turns, lives.slot_is_cleared, lives.slot_is_cleared),
    ]
    for _ in range(6):
        lives.arrives()
    for _ in range(STEPS):
        rng.choice(events)()
        lives.agrees()
    assert {"somebody votes in an open zone", "somebody moved", "leaves: None", "gets a slot: None"} <= lives.seen
    assert {"gets a slot: ERR_OCCUPIED", "gets a slot: ERR_ONE_CONNECTION"} <= lives.seen


def test_who_leaves_changes_nothing_for_who_lives_where_it_lived_before(machine: Machine) -> None:
    """Anna votes in zone 1, where she has changed slots; in her old one Ben lives, whose vote is in zone 3."""
    town = Town(machine)
    anna, ben = account("Anna"), account("Ben")
    town.register(anna, (1, 0))
    town.register(ben, (3, 3))
    town.turn(1, 3, times=2)
    town.both("move-out", 1, 0)
    town.both("assign-slot", 1, 1, 1)
    town.both("assign-slot", 1, 3, 0)
    town.turn(1, 3)
    town.act("release-slot", 1, 0).ok()
    town.both("assign-slot", 2, 1, 0)
    town.turn(1, times=2)
    assert town.read("get-voters", 1)[:4] == [False, True, False, False]
    assert len(town.read("get-dwelling", 1)["homes"]) == 3, "the old one is still written down"
    town.both("move-out", 3, 0)
    assert town.read("get-voters", 1)[:4] == [False, True, False, False]
    town.both("move-out", 1, 1)
    assert town.read("get-voters", 1)[:4] == [False, True, False, False]
    assert town.read("get-voters", 3)[:4] == [False, False, False, True]
    assert town.read("has-vote", 1) is True
    assert town.read("has-vote", 2) is True
    town.turn(1)
    assert town.read("get-voters", 1)[:4] == [False] * 4
    assert [town.read("has-vote", dwelling) for dwelling in (1, 2)] == [False, True]


def test_who_gets_a_slot_elsewhere_votes_no_more_in_a_zone_that_was_closed(machine: Machine) -> None:
    """Though it is still written down there: nobody moves out of a zone that stands still."""
    town = Town(machine)
    town.register(account("Anna"), (2, 1))
    town.turn(2, times=2)
    town.act("close-zone", 2).ok()
    assert town.read("get-voters", 2)[:4] == [False, True, False, False]
    assert town.read("count-voters", []) == 0
    assert town.read("has-vote", 1) is True
    town.both("assign-slot", 1, 1, 0)
    assert town.read("get-dwelling", 1)["voting-zone"] == 1
    assert town.read("get-voters", 2) == [False] * 64
    assert town.read("has-vote", 1) is False
    town.turn(1, times=3)
    assert town.read("get-voters", 1) == [False] * 64
    town.s.vm.burn(VOTE_MOVES)
    assert town.read("get-voters", 1)[:4] == [True, False, False, False]
    assert town.read("count-voters", []) == 1


def test_sixty_four_zones_of_sixty_four_are_counted_within_a_hundredth_of_a_block(machine: Machine) -> None:
    """As many zones as there may be, all slots taken, in one call of 129 reads."""
    s = Settlement(machine)
    office = s.office()
    s.bootstrap(meter_data=office)
    town = Town.__new__(Town)
    town.s, town.office = s, office
    for zone in range(64):
        s.empty_zone(zone, 64)
    for zone in (0, 63):
        s.settle({account(f"{s.deployer} {zone}/{slot}"): [(zone, slot)] for slot in range(64)})
        town.turn(zone, times=2)
    found = s.vm.read(s.registry, "count-voters", [])
    assert found.plain() == 128
    loading = 3
    assert found.costs["readCount"] == loading + 1 + 64 * 2
    assert found.costs["runtime"] < 50_000_000
    assert s.read(s.registry, "count-voters", [0]) == 64
    assert s.read(s.registry, "count-voters", list(range(64))) == 0
    assert s.read(s.registry, "get-voters", 63) == [True] * 64


def test_as_many_dwellings_as_one_call_takes_stay_within_a_hundredth_of_a_block(machine: Machine) -> None:
    """Two slots for each, in zones that run, where others have left before."""
    town = Town(machine)
    s = town.s
    for zone in (10, 11):
        s.empty_zone(zone, 16, utility=ELECTRICITY if zone == 10 else WATER)
    slots = range(USERS_AT_ONCE)
    s.settle({account(f"{s.deployer} left {n}"): [(10, n), (11, n)] for n in slots})
    town.turn(10, 11)
    for slot in slots:
        for zone in (10, 11):
            town.both("move-out", zone, slot)
    town.turn(10, 11)
    for slot in slots:
        for zone in (10, 11):
            town.act("release-slot", zone, slot).ok()
    users = [
        {"who": account(f"{s.deployer} new {n}"), "slots": [{"zone": zone, "slot": n} for zone in (10, 11)]}
        for n in slots
    ]
    receipt = s.together(s.registry, "register-users", users)
    assert receipt.costs["readCount"] <= 300
    assert receipt.costs["writeCount"] <= 150
    assert receipt.costs["writeLength"] <= 150_000
    town.turn(10, 11, times=3)
    assert s.read(s.registry, "get-voters", 10) == [True] * 16 + [False] * 48
    assert s.read(s.registry, "get-voters", 11) == [False] * 64
    print(receipt.costs)
