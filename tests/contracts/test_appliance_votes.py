"""A vote through the appliance's own steps against the contracts: from a page's request to a new tariff."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from appliance import follow, polls, projection
from appliance.app import Household, core_store
from appliance.ballot import Vote
from appliance.calls import voting
from appliance.calls.voting import Action, Proposal, Rates
from appliance.chain.address import Network
from appliance.chain.node import Node
from appliance.chain.transaction import PrivateKey
from appliance.config import ZoneConfig
from appliance.delivery import State
from appliance.polls import CAST_BEFORE, TAKEN_UNTIL, TALLY_TIME, standing_of
from appliance.store import outbox, portal, votes
from appliance.store import polls as stored
from appliance.store.database import Database
from appliance.uplink import deliver
from appliance.uplink.deliver import Lane
from appliance.worker import Prover
from circuits.tariff import Band
from tests.appliance.settled import CountedRandomness, InlineProver
from tests.contracts.settlement import ELECTRICITY, STEWARD, STRANGER, Settlement
from tests.contracts.test_appliance_periods import FIRST, POLICY, _config, address_of
from tests.contracts.vm import Machine
from tests.fakes.clock import FakeClock
from tests.fakes.vm_node import VmNode

TEXT = hashlib.sha256(b"cheaper light").digest()
EVERYBODY = {slot: f"A-{slot + 1:02}" for slot in range(4)}
HERE = ZoneConfig(1, "Lane A", "electricity", 4, FIRST, EVERYBODY, ())
RATES = Rates(ELECTRICITY, 5, 45, (Band(0, 90), Band(500, 300)))
CHEAPER = Action("tariff", rates=RATES)


class Box:
    """An appliance whose homes have been there for two periods, its portal, and its settlement."""

    def __init__(
        self,
        home: Settlement,
        db: Database,
        shown: Database,
        owned: Household,
        lane: Lane,
        zones: Sequence[ZoneConfig],
    ) -> None:
        self.home, self.db, self.shown, self.owned, self.lane, self.zones = home, db, shown, owned, lane, zones
        self.vm_node = VmNode(home.vm)
        self.clock = FakeClock(FIRST * 1000)
        self.randomness = CountedRandomness()
        self.prover = InlineProver()

    async def look(self) -> None:
        """Every step that a vote takes, once."""
        db, node, sender = self.db, cast(Node, self.vm_node), self.lane.sender
        worker, owned = cast(Prover, self.prover), self.owned.keys
        standing = await polls.look(db, node, sender, self.zones)
        await polls.take_choices(db, self.shown, standing)
        await polls.plan_due(db, node, worker, sender, self.zones, owned, POLICY.final_burn_blocks)
        await polls.prepare_due(db, worker, sender, owned, self.randomness)
        served = {zone.zone for zone in self.zones}
        await deliver.sign_due(db, node, self.lane, self.clock, POLICY, served)
        await deliver.take_up_due(db, node, self.lane, self.clock, POLICY, served)
        await deliver.deliver_due(db, node, self.lane, self.clock, POLICY)
        await follow.read_back_calls(db, node, sender)
        await projection.show_due(db, self.shown, owned)

    async def pass_by(self, rounds: int = 4) -> None:
        for _ in range(rounds):
            await self.look()
            self.vm_node.mine()
            self.home.vm.burn(1)
            self.clock.at += POLICY.poll

    async def burn_to(self, height: int) -> None:
        self.home.vm.burn(height - self.home.vm.burn(0))
        await self.pass_by()

    def propose(self, action: Action = CHEAPER) -> int:
        closes = self.home.vm.burn(0) + 1100
        made = voting.propose(self.lane.sender, action, TEXT, closes)
        number = self.home.vm.public(made.contract, made.function, list(made.arguments), STEWARD).ok()
        assert isinstance(number, int)
        return number

    async def choose(self, label: str, choice: votes.Yes, proposal: int = 1) -> None:
        """As the portal does it."""
        row = await self.shown.one("SELECT id FROM dwelling WHERE label = ?", (label,))
        assert row is not None
        assert isinstance(row[0], int)
        async with self.shown.transaction() as tx:
            await votes.request(tx, row[0], proposal, choice)

    async def answers(self) -> dict[str, str]:
        rows = await self.shown.all("SELECT label, answer FROM choice JOIN dwelling d ON d.id = dwelling_id")
        return {str(label): str(answer) for label, answer in rows}

    def proposal(self, number: int = 1) -> dict[str, Any]:
        found = self.home.read(self.home.governance, "get-proposal", number)
        assert isinstance(found, dict)
        return found

    def done(self) -> list[tuple[str, bool]]:
        return self.vm_node.executed


@asynccontextmanager
async def box(
    vm: Machine, folder: Path, newcomers: Sequence[str] = (), zones: Sequence[ZoneConfig] = (HERE,)
) -> AsyncIterator[Box]:
    """All vote but the newcomers; each home in one zone. Zones have four slots; their periods turn without batches."""
    home = Settlement(vm, small=True, later=("billing", "governance"))
    office = home.office()
    home.bootstrap(meter_data=office)
    limits = {"ceiling": 1000, "charge-ceiling": 1000, "lifeline": 1}
    bands = [{"from": 0, "rate": 100}, {"from": 500, "rate": 300}]
    first = {"utility": ELECTRICITY, "charge": 50, "bands": bands, **limits}
    home.call(home.billing, "found-tariffs", [first], sender=home.deployer).ok()
    config = replace(_config(folder, home.deployer), zones=tuple(zones))
    async with core_store(config) as (db, owned), Database.open(folder / "portal.db", "portal") as shown:
        lane = Lane(PrivateKey(owned.gateway.raw), Network.TESTNET, home.deployer)
        home.call(home.registry, "register-gateway", lane.address, sender=STEWARD).ok()
        for zone in zones:
            home.empty_zone(zone.zone, 4, first_block=FIRST)
        where = {label: (zone.zone, slot) for zone in zones for slot, label in zone.dwellings.items()}
        places = {label: (address_of(owned.dwellings[label]), [place]) for label, place in where.items()}
        home.settle(dict(places[label] for label in places if label not in newcomers))
        for zone in zones:
            for function in ("begin-zone", "open-period", "open-period"):
                home.call(office, function, zone.zone, sender=STRANGER).ok()
        home.settle(dict(places[label] for label in newcomers))
        for zone in zones:
            home.together(home.registry, "replace-gateway", zone.zone, lane.address)
        async with shown.transaction() as tx:
            for zone in zones:
                await portal.put_zone(tx, portal.Zone(zone.zone, zone.name, "electricity", "Wh", 4, "ST1.c"))
            for number, (label, (zone_id, slot)) in enumerate(where.items()):
                row = await portal.put_dwelling(tx, label, bytes([number]) * 16, bytes(32))
                await portal.put_service(tx, portal.Service(zone_id, slot, row, 3))
        yield Box(home, db, shown, owned, lane, zones)


async def test_what_homes_choose_on_a_page_becomes_a_new_tariff(machine: Machine, tmp_path: Path) -> None:
    async with box(machine, tmp_path) as of:
        of.propose()
        await of.pass_by(1)
        (asked,) = await votes.proposals(of.shown, 5)
        assert (asked.kind, asked.utility, asked.charge, asked.state) == ("tariff", "electricity", 45, "open")
        assert [(band.start, band.rate) for band in asked.bands] == [(0, 90), (500, 300)]
        for label, choice in (("A-01", "no"), ("A-02", "yes"), ("A-03", "yes"), ("A-04", "no")):
            await of.choose(label, "yes" if choice == "yes" else "no")
        await of.pass_by(1)
        await of.choose("A-01", "yes")
        await of.pass_by(1)
        assert set((await of.answers()).values()) == {"taken"}
        assert of.done() == []

        closes = of.proposal()["closes"]
        await of.burn_to(closes - CAST_BEFORE[0])
        assert of.done() == [("cast-ballots", True)]
        await of.choose("A-04", "yes")
        await of.pass_by(1)
        await of.burn_to(closes - CAST_BEFORE[1])
        await of.choose("A-03", "no")
        await of.pass_by(2)
        assert (await of.answers())["A-03"] == "late"
        assert of.done() == [("cast-ballots", True)] * 2
        await of.burn_to(closes)
        await of.pass_by()
        assert of.done()[2:] == [("tally", True)]
        kept = of.proposal()
        assert (kept["yes"], kept["no"], kept["electorate"]) == (4, 0, 4)

        (asked,) = await votes.proposals(of.shown, 5)
        assert (asked.state, asked.voted, asked.voters, asked.ready) == ("passed", 4, 4, kept["ready"])
        await of.burn_to(kept["ready"])
        assert of.done()[3:] == [("execute", True)]
        tariff = of.home.read(of.home.billing, "get-tariff", ELECTRICITY, 2)
        assert (tariff["from-period"], tariff["charge"]) == (5, 45)
        await of.pass_by()
        assert (await votes.proposals(of.shown, 5))[0].state == "done"
        assert [p.over for p in await stored.proposals(of.db)] == [True]
        assert len(of.done()) == 4
        for kind, part in ((Vote.CAST, 0), (Vote.CAST, 1), (Vote.TALLY, 0), (Vote.EXECUTE, 0)):
            made = await outbox.of_call(of.db, kind, 1, 1, part)
            assert made is not None
            assert (made.on_chain, made.delivery.state) == (True, State.FINAL)


async def test_what_was_refused_is_not_done(machine: Machine, tmp_path: Path) -> None:
    async with box(machine, tmp_path) as of:
        of.propose()
        await of.pass_by(1)
        for label in ("A-01", "A-02", "A-03"):
            await of.choose(label, "no")
        await of.pass_by(1)
        closes = of.proposal()["closes"]
        await of.burn_to(closes - CAST_BEFORE[1])
        assert of.done() == [("cast-ballots", True)], "no first vector once the time of the second has come"
        await of.burn_to(closes)
        await of.pass_by()
        kept = of.proposal()
        assert (kept["yes"], kept["no"]) == (0, 3)
        await of.burn_to(closes + TALLY_TIME)
        assert (await votes.proposals(of.shown, 5))[0].state == "refused"
        await of.burn_to(kept["ready"])
        assert [name for name, _ in of.done()] == ["cast-ballots", "tally"]


async def test_a_home_that_has_no_vote_is_told_so_and_counts_nothing(machine: Machine, tmp_path: Path) -> None:
    async with box(machine, tmp_path, newcomers=("A-04",)) as of:
        of.propose()
        await of.pass_by(1)
        for label in EVERYBODY.values():
            await of.choose(label, "yes")
        await of.pass_by(1)
        assert await of.answers() == {"A-01": "taken", "A-02": "taken", "A-03": "taken", "A-04": "no_vote"}
        closes = of.proposal()["closes"]
        await of.burn_to(closes - CAST_BEFORE[1])
        await of.burn_to(closes)
        await of.pass_by()
        assert (of.proposal()["yes"], of.proposal()["electorate"]) == (3, 3)


async def test_both_vectors_go_out_whoever_chooses_and_look_alike(machine: Machine, tmp_path: Path) -> None:
    """When, how many and how long is the same whether nobody or everybody chose: only blindings differ."""
    async with box(machine, tmp_path) as of:
        of.propose()
        await of.pass_by(1)
        closes = of.proposal()["closes"]
        await of.burn_to(closes - CAST_BEFORE[0])
        first = of.home.read(of.home.governance, "get-ballots", 1, 1)
        await of.burn_to(closes - CAST_BEFORE[1])
        second = of.home.read(of.home.governance, "get-ballots", 1, 1)
        assert of.done() == [("cast-ballots", True)] * 2
        assert not set(first["yes"] + first["no"]) & set(second["yes"] + second["no"])
        assert len(await of.db.all("SELECT DISTINCT length(payload) FROM prepared")) == 1


async def test_no_choice_is_ever_logged(machine: Machine, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with box(machine, tmp_path) as of:
        of.propose()
        await of.pass_by(1)
        await of.choose("A-02", "yes")
        await of.pass_by(2)
        await of.burn_to(of.proposal()["closes"] - CAST_BEFORE[1])
        said = [record.getMessage() for record in caplog.records if record.name.startswith("mita")]
        assert "zone 1: ballots on proposal 1 are cast" in said
        assert not [line for line in said if re.search(r"\byes\b|\bno\b|A-0\d", line)]


async def test_a_proposal_of_anything_at_all_breaks_nothing(machine: Machine, tmp_path: Path) -> None:
    """Who has a vote may propose numbers that no database holds, and a utility that does not exist."""
    async with box(machine, tmp_path) as of:
        huge = (1 << 128) - 1
        of.propose(Action("tariff", rates=Rates(huge, huge, huge, (Band(huge, huge), Band(huge, 0)))))
        await of.pass_by(2)
        (asked,) = await votes.proposals(of.shown, 5)
        assert (asked.utility, asked.charge, asked.from_period) == (None, projection.LARGEST, projection.LARGEST)
        await of.burn_to(of.proposal()["closes"] + 5)
        assert (await votes.proposals(of.shown, 5))[0].state == "closed"


async def test_somebody_else_may_execute_what_was_decided(machine: Machine, tmp_path: Path) -> None:
    async with box(machine, tmp_path) as of:
        of.propose(Action("parameter", name="quorum-pct", number=30))
        await of.pass_by(1)
        for label in EVERYBODY.values():
            await of.choose(label, "yes")
        await of.pass_by(1)
        closes = of.proposal()["closes"]
        await of.burn_to(closes - CAST_BEFORE[1])
        await of.burn_to(closes)
        await of.pass_by()
        ready = of.proposal()["ready"]
        of.home.vm.burn(ready - of.home.vm.burn(0))
        await of.look()
        of.home.call(of.home.governance, "execute", 1, sender=STRANGER).ok()
        await of.pass_by(6)
        assert of.done()[-1] == ("execute", False)
        made = await outbox.of_call(of.db, Vote.EXECUTE, 1, 1)
        assert made is not None
        assert (made.on_chain, made.delivery.state) == (True, State.FINAL)
        assert of.home.read(of.home.registry, "get-parameter", "quorum-pct") == 30


PROPOSAL = Proposal(Action("pause-off"), 5000, 0, 0, 0, False, 0, False)


@pytest.mark.parametrize(
    ("changes", "height", "carried", "expected"),
    [
        ({}, 5000 - TAKEN_UNTIL - 1, False, ("open", False)),
        ({}, 5000 - TAKEN_UNTIL, False, ("closed", False)),
        ({}, 5000, False, ("closed", False)),
        ({}, 5000 + 4320, False, ("lapsed", True)),
        ({"ready": 7016}, 5000, True, ("passed", False)),
        ({"ready": 7016}, 5000 + 431, False, ("closed", False)),
        ({"ready": 7016}, 5000 + 432, False, ("refused", False)),
        ({"ready": 7016}, 5000 + 4320, False, ("refused", True)),
        ({"ready": 7016}, 7016 + 4319, True, ("passed", False)),
        ({"ready": 7016}, 7016 + 4320, True, ("lapsed", True)),
        ({"ready": 7016, "executed": True}, 7020, True, ("done", True)),
    ],
)
def test_how_a_proposal_stands(
    changes: Mapping[str, Any], height: int, carried: bool, expected: tuple[str, bool]
) -> None:
    assert standing_of(replace(PROPOSAL, **changes), height, carried=carried) == expected
