"""A vote of an appliance with small zones: they are counted in one sum, and whoever can be counted alone is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from appliance.ballot import Vote
from appliance.calls.voting import Action
from appliance.config import ZoneConfig
from appliance.delivery import State
from appliance.polls import CAST_BEFORE
from appliance.store import outbox
from appliance.store import polls as stored
from tests.contracts.settlement import STRANGER
from tests.contracts.test_appliance_periods import FIRST
from tests.contracts.test_appliance_votes import Box, box
from tests.contracts.vm import Machine

QUORUM_30: Final = Action("parameter", name="quorum-pct", number=30)


def zone(number: int, homes: int) -> ZoneConfig:
    here = {slot: f"{'ABCDE'[number - 1]}-{slot + 1:02}" for slot in range(homes)}
    return ZoneConfig(number, f"Lane {number}", "electricity", 4, FIRST, here, ())


LARGE, SMALL, TINY, VACANT = zone(1, 3), zone(2, 1), zone(3, 1), zone(4, 0)


async def asked(of: Box, choices: Mapping[str, Any]) -> int:
    """A proposal, chosen on, and both vectors cast; the height of its close."""
    of.propose(QUORUM_30)
    await of.pass_by(1)
    for label, choice in choices.items():
        await of.choose(label, choice)
    await of.pass_by(1)
    closes = of.proposal()["closes"]
    assert isinstance(closes, int)
    for before in CAST_BEFORE:
        await of.burn_to(closes - before)
    return closes


def together(of: Box, number: int) -> Any:
    found = of.home.read(of.home.governance, "get-ballots", 1, number)
    return found and (found["tallied"], found["together"])


async def test_homes_in_zones_that_are_too_small_alone_decide_too(machine: Machine, tmp_path: Path) -> None:
    async with box(machine, tmp_path, zones=(LARGE, SMALL, TINY, VACANT)) as of:
        closes = await asked(of, {"A-01": "yes", "A-02": "no", "B-01": "yes", "C-01": "yes"})
        assert of.done() == [("cast-ballots", True)] * 6
        await of.burn_to(closes)
        await of.pass_by()
        assert sorted(of.done()[6:]) == [("tally", True), ("tally-together", True)]
        kept = of.proposal()
        assert (kept["yes"], kept["no"], kept["electorate"]) == (3, 1, 5)
        assert [together(of, number) for number in (1, 2, 3, 4)] == [(True, [1]), (True, [2, 3]), (True, [2, 3]), None]
        await of.pass_by(3)
        made = await outbox.of_call(of.db, Vote.TOGETHER, 2, 1)
        assert made is not None
        assert (made.on_chain, made.delivery.state) == (True, State.FINAL)
        await of.burn_to(kept["ready"])
        assert of.done()[8:] == [("execute", True)]
        assert of.home.read(of.home.registry, "get-parameter", "quorum-pct") == 30


async def test_a_single_small_zone_is_counted_with_a_large_one(machine: Machine, tmp_path: Path) -> None:
    async with box(machine, tmp_path, zones=(LARGE, SMALL)) as of:
        closes = await asked(of, {"A-01": "yes", "B-01": "no"})
        await of.burn_to(closes)
        await of.pass_by()
        assert of.done()[4:] == [("tally-together", True)]
        kept = of.proposal()
        assert (kept["yes"], kept["no"], kept["electorate"]) == (1, 1, 4)


async def test_where_all_together_are_too_few_nothing_is_cast(machine: Machine, tmp_path: Path) -> None:
    """Their sums would never be opened."""
    async with box(machine, tmp_path, zones=(SMALL, VACANT)) as of:
        closes = await asked(of, {"B-01": "yes"})
        await of.burn_to(closes)
        await of.pass_by()
        assert of.done() == []


@pytest.mark.parametrize("forgotten", ["call", "prepared"])
async def test_who_is_counted_with_whom_is_the_same_after_a_crash(
    machine: Machine, tmp_path: Path, forgotten: str
) -> None:
    """Whatever of the plan is lost with the box's last moments, it makes the same again from the chain."""
    async with box(machine, tmp_path, zones=(LARGE, SMALL, TINY)) as of:
        closes = await asked(of, {"A-01": "yes", "B-01": "yes", "C-01": "no"})
        of.home.vm.burn(closes + 5 - of.home.vm.burn(0))
        await of.look()
        before = [await stored.together(of.db, 1, number) for number in (1, 2, 3)]
        assert before == [[1], [2, 3], []]
        counting = "SELECT id FROM call WHERE kind IN ('tally', 'tally-together')"
        async with of.db.transaction() as tx:
            for table in ("signed", "submission", "prepared", "call"):
                column = {"signed": "submission_id", "call": "id"}.get(table, "call_id")
                chosen = f"SELECT id FROM submission WHERE call_id IN ({counting})" if table == "signed" else counting
                if table != "call" or forgotten == "call":
                    await tx.run(f"DELETE FROM {table} WHERE {column} IN ({chosen})")
            if forgotten == "call":
                await tx.run("UPDATE vector SET counted = 0, together = NULL")
        await of.pass_by(6)
        assert [await stored.together(of.db, 1, number) for number in (1, 2, 3)] == before
        assert [together(of, number) for number in (1, 2, 3)] == [(True, [1]), (True, [2, 3]), (True, [2, 3])]
        kept = of.proposal()
        assert (kept["yes"], kept["no"]) == (2, 1)


async def test_a_zone_that_was_counted_already_is_in_no_other_sum(machine: Machine, tmp_path: Path) -> None:
    """A call that was made before the box lost its memory of it: the groups stay those of all vectors, so nothing that
    is counted comes into another sum, nor does one that was to be counted with it."""
    async with box(machine, tmp_path, zones=(LARGE, SMALL, TINY)) as of:
        closes = await asked(of, {"A-01": "yes", "B-01": "yes", "C-01": "no"})
        await of.burn_to(closes)
        await of.pass_by()
        assert together(of, 2) == (True, [2, 3])
        made = len(of.done())
        async with of.db.transaction() as tx:
            await tx.run("UPDATE vector SET counted = 0, together = NULL")
        await of.pass_by(4)
        assert len(of.done()) == made
        assert [await stored.together(of.db, 1, number) for number in (1, 2, 3)] == [[], [], []]
        assert of.home.call(of.home.governance, "execute", 1, sender=STRANGER).refusal() > 0
