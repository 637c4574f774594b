"""The random part: which commands are given to a town, one after the other."""

from __future__ import annotations

import random
from typing import ClassVar

from hypothesis import assume
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from circuits.tariff import Band
from tests.contracts.model.living import Living
from tests.contracts.model.village import NEWCOMERS, OWN, SLOTS, ZONES
from tests.contracts.money_texts import BAD_TOKENS
from tests.contracts.settlement import AGENT
from tests.contracts.vm import Machine

ZONE = st.sampled_from(ZONES)
SLOT = st.integers(0, SLOTS - 1)
MOSTLY = st.sampled_from([True, True, True, False])
SELDOM = st.sampled_from([False, False, False, False, False, True])
USAGE = st.lists(st.sampled_from([0, 1, 800, 9000, 40_000]), min_size=SLOTS, max_size=SLOTS)
UNITS = st.sampled_from([0, 1, 3, 77, 2000, 50_000])  # token units
TARIFFS = {
    "one band": (50, (Band(0, 100),)),
    "no charge": (0, (Band(0, 7),)),
    "three bands": (50, (Band(0, 100), Band(1000, 200), Band(4000, 400))),
    "first units free": (0, (Band(0, 0), Band(500, 300))),
}


class Town(RuleBasedStateMachine):
    """A rule is a command, or what a gateway does one after the other."""

    vm: ClassVar[Machine]

    @initialize(
        start=st.integers(0, 2**32),
        ratio=st.sampled_from([1, 1000]),
        tariff=st.sampled_from(list(TARIFFS)),
        bad=st.sampled_from(list(BAD_TOKENS)),
        dies=SELDOM,
    )
    def found(self, start: int, ratio: int, tariff: str, bad: str, dies: bool) -> None:
        assume(start)  # the first example that is tried is the simplest, with one rule again and again
        charge, bands = TARIFFS[tariff]
        rng = random.Random(start)
        self.town = Living(self.vm, rng, ratio=ratio, charge=charge, bands=bands, hostile=BAD_TOKENS[bad])
        self.may_die = dies
        self.turns = 0
        for zone in ZONES:
            for slot in range(3):
                self.town.pays(zone, slot, 2_000_000 // ratio)
            self.town.funds_float(zone, 5000, agent=True)
            self.town.funds_rewards(zone, 200)

    # ------------------------------------------------------------------------------------------- a gateway works

    def works(self, zone: int, usage: list[int], blocks: int) -> None:
        """What is due next, with proofs."""
        town, place, at = self.town, self.town.places[zone], self.town.zones[zone]
        if at.settled in place.due:
            town.settles(zone)
        elif place.next_bill in at.usages:
            if len(town.bands) > 1 and place.candidate is None:
                town.names_bills(zone, by_provider=False)
            elif len(town.bands) == 1:
                town.names_bills(zone, by_provider=not town.serves(zone))
            elif place.proved < 2 ** len(town.bands) - 1:
                town.proves_band(zone, next(b for b in range(len(town.bands)) if not place.proved >> b & 1))
            else:
                town.proves_bills(zone)
        elif place.batches:
            town.closes_period(zone)
        else:
            town.meters(zone, usage, blocks, sealed=not place.may_open(place.period))

    @invariant()
    def life_goes_on(self) -> None:
        """Between the rules: whatever else they try, time passes, and gateways work, in turn, and do not stay away for
        long."""
        self.turns += 1
        zone, rng = ZONES[self.turns % len(ZONES)], self.town.rng
        place = self.town.places[zone]
        if rng.random() < 0.1:
            self.town.passes(rng.choice((144, 1007, 1008, 4319, 4320)))
        if self.turns % 8 < 2 and place.gateway in self.town.revoked:
            self.town.replaces(zone, by_itself=False)
        if len(self.town.zones[zone].waiting()) > 5:
            self.town.credits(zone, None, [])
        if self.town.serves(zone) or self.turns % 8 < 2:
            self.works(zone, [rng.choice((0, 5, 900, 9000, 40_000)) for _ in range(SLOTS)], rng.randint(1, 7))

    @rule(zone=ZONE, usage=USAGE, blocks=st.integers(1, 7), times=st.integers(1, 3))
    def gateway_works(self, zone: int, usage: list[int], blocks: int, times: int) -> None:
        for _ in range(times):
            self.works(zone, usage, blocks)

    @rule(usage=USAGE, times=st.integers(1, 3))
    def all_gateways_work(self, usage: list[int], times: int) -> None:
        for zone in ZONES * times:
            self.works(zone, usage, 7)

    @rule(zone=ZONE, usage=USAGE)
    def a_period_ends_without_bills(self, zone: int, usage: list[int]) -> None:
        """Bills may be many periods late."""
        if self.town.places[zone].period < self.town.places[zone].next_bill + 3:
            self.town.meters(zone, usage, 7, sealed=not self.town.places[zone].may_open(self.town.places[zone].period))
            self.town.closes_period(zone)

    # ------------------------------------------------------------------------------------------- single commands

    @rule(zone=ZONE, usage=USAGE, blocks=st.integers(1, 7), sealed=st.booleans(), again=SELDOM)
    def meter(self, zone: int, usage: list[int], blocks: int, sealed: bool, again: bool) -> None:
        self.town.meters(zone, usage, blocks, sealed=sealed, again=again)

    @rule(zone=ZONE)
    def close_period(self, zone: int) -> None:
        self.town.closes_period(zone)

    @rule(zone=ZONE, by_provider=st.booleans(), more=st.sampled_from([0, 0, 1, 5000]))
    def name_bills(self, zone: int, by_provider: bool, more: int) -> None:
        self.town.names_bills(zone, by_provider=by_provider, more=more)

    @rule(zone=ZONE, band=st.integers(0, 3))
    def prove_band(self, zone: int, band: int) -> None:
        self.town.proves_band(zone, band)

    @rule(zone=ZONE)
    def prove_bills(self, zone: int) -> None:
        self.town.proves_bills(zone)

    @rule(zone=ZONE, slot=SLOT, amount=UNITS, many=st.integers(1, 3))
    def pay(self, zone: int, slot: int, amount: int, many: int) -> None:
        for _ in range(many):
            self.town.pays(zone, slot, amount)

    @rule(zone=ZONE, slot=SLOT, amount=st.sampled_from([2**36, 2**36 // 1000 + 1, 10**13]))
    def pay_too_much(self, zone: int, slot: int, amount: int) -> None:
        self.town.pays(zone, slot, amount)

    @rule(zone=ZONE, pick=st.integers(0, 99), by_payer=MOSTLY)
    def reclaim(self, zone: int, pick: int, by_payer: bool) -> None:
        self.town.reclaims(zone, pick, by_payer=by_payer)

    @rule(zone=ZONE, pick=st.integers(0, 99), period=st.integers(0, 5))
    def refund(self, zone: int, pick: int, period: int) -> None:
        self.town.refunds(zone, pick, period)

    @rule(zone=ZONE, amount=UNITS, agent=MOSTLY)
    def fund_float(self, zone: int, amount: int, agent: bool) -> None:
        self.town.funds_float(zone, amount, agent=agent)

    @rule(zone=ZONE, more=st.sampled_from([-1, 0, 1, 500, 10_000]))
    def approve_sales(self, zone: int, more: int) -> None:
        self.town.approves_sales(zone, max(0, self.town.zones[zone].floats[AGENT].approved + more))

    @rule(zone=ZONE, amount=UNITS)
    def withdraw_float(self, zone: int, amount: int) -> None:
        self.town.withdraws_float(zone, amount)

    @rule(zone=ZONE, sales=st.lists(st.tuples(SLOT, st.sampled_from([1, 100, 400])), max_size=3), more=SELDOM)
    def credit(self, zone: int, sales: list[tuple[int, int]], more: bool) -> None:
        self.town.credits(zone, None, sales, more=int(more))

    @rule(zone=ZONE, sales=st.sampled_from([[], [], [], [(0, 1)]]))
    def credit_again(self, zone: int, sales: list[tuple[int, int]]) -> None:
        self.town.credits(zone, None, sales)

    @rule(zone=ZONE, pick=st.lists(st.integers(1, 30), min_size=1, max_size=3))
    def credit_any(self, zone: int, pick: list[int]) -> None:
        """Payments credited before, returned, of another zone, or that nobody made."""
        self.town.credits(zone, pick, [])

    @rule(zone=ZONE, pending=st.booleans(), kept=st.sampled_from([0, 0, 0, 1, 10**6]))
    def settle(self, zone: int, pending: bool, kept: int) -> None:
        waiting = {slot: (slot, period) for slot, period in self.town.pending(zone)} if pending else {}
        self.town.settles(zone, sorted(waiting.values()), kept=0 if waiting else kept)

    @rule(zone=ZONE, named=st.lists(st.tuples(SLOT, st.integers(0, 3)), min_size=1, max_size=2))
    def settle_with_any(self, zone: int, named: list[tuple[int, int]]) -> None:
        """Corrections that were never ruled, taken already, or two of a slot."""
        self.town.settles(zone, named)

    @rule(zone=ZONE, by_provider=MOSTLY)
    def withdraw(self, zone: int, by_provider: bool) -> None:
        self.town.withdraws(zone, by_provider=by_provider)

    @rule(zone=ZONE)
    def release_holdback(self, zone: int) -> None:
        self.town.releases(zone)

    @rule(zone=ZONE, slot=SLOT, by_tenant=MOSTLY)
    def allow_payout(self, zone: int, slot: int, by_tenant: bool) -> None:
        self.town.allows_payout(zone, slot, by_tenant=by_tenant)

    @rule(
        zone=ZONE,
        shares=st.dictionaries(SLOT, st.sampled_from([0, 1000, 500_000, 10**6]), min_size=1, max_size=3),
        allowed=MOSTLY,
    )
    def payout(self, zone: int, shares: dict[int, int], allowed: bool) -> None:
        place = self.town.places[zone]
        for slot in shares if allowed else ():
            if place.occupant(slot, place.period) is not None:
                self.town.allows_payout(zone, slot, by_tenant=True)
        self.town.pays_out(zone, shares)

    @rule(zone=ZONE, slot=SLOT, before=st.integers(0, 3))
    def release_slot(self, zone: int, slot: int, before: int) -> None:
        self.town.releases_slot(zone, slot, max(0, self.town.places[zone].period - before))

    @rule(zone=ZONE)
    def release_left_slots(self, zone: int) -> None:
        place = self.town.places[zone]
        for slot in sorted(place.unreleased):
            until = place.tenancies[slot][-1].until
            assert until is not None
            self.town.releases_slot(zone, slot, until)

    @rule(zone=ZONE, amount=UNITS)
    def fund_rewards(self, zone: int, amount: int) -> None:
        self.town.funds_rewards(zone, amount)

    @rule(zone=ZONE, slot=SLOT)
    def claim_reward(self, zone: int, slot: int) -> None:
        self.town.claims_reward(zone, slot)

    @rule(zone=ZONE, slot=SLOT, amount=st.sampled_from([1, 30, 70, 71]))
    def redeem(self, zone: int, slot: int, amount: int) -> None:
        self.town.redeems(zone, slot, amount)

    @rule(sender=st.tuples(ZONE, SLOT), to=st.none() | st.tuples(ZONE, SLOT), amount=st.sampled_from([1, 30, 71]))
    def pass_rewards_on(self, sender: tuple[int, int], to: tuple[int, int] | None, amount: int) -> None:
        self.town.passes_rewards_on(sender, to, amount)

    @rule(owner=st.tuples(ZONE, SLOT), amount=st.sampled_from([1, 70]))
    def take_rewards(self, owner: tuple[int, int], amount: int) -> None:
        self.town.takes_rewards(owner, amount)

    @rule(amount=st.sampled_from([1, 50]), zone=st.none() | ZONE)
    def pay_with_a_bad_token(self, amount: int, zone: int | None) -> None:
        self.town.pays_with_a_bad_token(amount, zone=zone)

    # ------------------------------------------------------------------------------------------- disputes

    @rule(zone=ZONE, slot=SLOT, back=st.integers(0, 4))
    def freeze(self, zone: int, slot: int, back: int) -> None:
        self.town.freezes(zone, slot, max(0, self.town.places[zone].next_bill - back))

    @rule(zone=ZONE, slot=SLOT, back=st.integers(1, 4), per_mille=st.sampled_from([0, 100, 990, 1200]), won=MOSTLY)
    def dispute(self, zone: int, slot: int, back: int, per_mille: int, won: bool) -> None:
        """One that takes no time."""
        period = max(0, self.town.places[zone].next_bill - back)
        self.town.freezes(zone, slot, period)
        if won:
            self.town.corrects(zone, slot, period, per_mille)
        self.town.unfreezes(zone, slot, period)

    @rule(zone=ZONE, slot=SLOT, period=st.integers(0, 5))
    def unfreeze(self, zone: int, slot: int, period: int) -> None:
        frozen = sorted(self.town.places[zone].frozen)
        self.town.unfreezes(zone, *(frozen[0] if frozen else (slot, period)))

    # ------------------------------------------------------------------------------------------- people

    @rule(zone=ZONE, slot=SLOT, who=st.sampled_from(["tenant", "stewards", "stranger"]))
    def move_out(self, zone: int, slot: int, who: str) -> None:
        if who == "stranger" or self.town.places[zone].membership(self.town.places[zone].target())["dwellings"] > 2:
            self.town.moves_out(zone, slot, who)

    @rule(zone=ZONE, slot=SLOT, number=st.integers(0, len(NEWCOMERS) - 1))
    def move_in(self, zone: int, slot: int, number: int) -> None:
        self.town.moves_in(zone, slot, number)

    @rule(zone=ZONE, slot=SLOT, number=st.integers(0, len(OWN) - 1))
    def take_own_key(self, zone: int, slot: int, number: int) -> None:
        self.town.takes_own_key(zone, slot, number)

    @rule(zone=ZONE)
    def revoke(self, zone: int) -> None:
        self.town.revokes(zone)

    @rule(zone=ZONE, by_itself=SELDOM)
    def replace(self, zone: int, by_itself: bool) -> None:
        """Where it serves, too; frozen zones are served again."""
        self.town.replaces(zone, by_itself=by_itself)
        for frozen in ZONES:
            if self.town.places[frozen].gateway in self.town.revoked:
                self.town.replaces(frozen, by_itself=False)

    @rule(blocks=st.sampled_from([0, 1, 20]))
    def pause(self, blocks: int) -> None:
        self.town.pauses(blocks)

    @rule(blocks=st.sampled_from([1, 25, 144, 1008, 4320]))
    def time_passes(self, blocks: int) -> None:
        self.town.passes(blocks)

    # ------------------------------------------------------------------------------------------- a closed zone

    @precondition(lambda self: self.may_die)
    @rule()
    def silence(self) -> None:
        self.town.passes(12_960)

    @rule(zone=ZONE)
    def close_zone(self, zone: int) -> None:
        if self.may_die or self.town.height < self.town.places[zone].heard + 12_960:
            self.town.closes_zone(zone)

    @rule(zone=ZONE, slot=SLOT)
    def approve_exit(self, zone: int, slot: int) -> None:
        self.town.approves_exit(zone, slot)

    @rule(zone=ZONE, slot=SLOT, more=st.sampled_from([0, 0, 0, 1]))
    def exit(self, zone: int, slot: int, more: int) -> None:
        self.town.exits(zone, slot, more=more)

    @rule(zone=ZONE)
    def approve_remainder(self, zone: int) -> None:
        self.town.approves_remainder(zone)

    @rule(zone=ZONE)
    def call_for_remainder(self, zone: int) -> None:
        self.town.calls_for_remainder(zone)

    def teardown(self) -> None:
        """The readings in between leave out what is old."""
        if hasattr(self, "town"):
            self.town.holds()
            assert self.town.attacker.found() == {}
