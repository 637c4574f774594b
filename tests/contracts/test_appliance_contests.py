"""A home contests its ballot: where that was no Y the appliance shows it, as long as enough others stay hidden."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest

from appliance import contests
from appliance.beside import Beside
from appliance.chain.address import Address, Network
from appliance.chain.node import Node
from appliance.chain.transaction import PrivateKey
from appliance.polls import CAST_BEFORE
from appliance.store import outbox
from tests.contracts.test_appliance_votes import EVERYBODY, Box, box
from tests.contracts.vm import Machine


def takes_own_key(of: Box, slot: int) -> Address:
    home = of.home
    number = home.read(home.registry, "get-occupant", 1, slot, home.open_period(1))
    own = PrivateKey(bytes(31) + bytes([40 + slot])).address(Network.TESTNET)
    home.together(home.registry, "set-principal", number, own)
    return own


async def tallied(of: Box, **choices: str) -> dict[int, Address]:
    """A vote over; `choices` by label, with a _ in the place of the hyphen. The homes' own keys, by slot."""
    own = {slot: takes_own_key(of, slot) for slot in EVERYBODY}
    of.propose()
    await of.pass_by(1)
    for label, choice in choices.items():
        await of.choose(label.replace("_", "-"), "yes" if choice == "yes" else "no")
    await of.pass_by(1)
    closes = of.proposal()["closes"]
    await of.burn_to(closes - CAST_BEFORE[1])
    await of.burn_to(closes)
    await of.pass_by()
    assert of.done()[-1] == ("tally", True)
    return own


def contest(of: Box, slot: int, who: Address) -> None:
    of.home.call(of.home.governance, "contest-ballot", 1, 1, slot, sender=who).ok()


async def answered(of: Box, rounds: int = 6) -> list[tuple[str, bool]]:
    """What the appliance does about it."""
    node, sender = cast(Node, of.vm_node), of.lane.sender
    for _ in range(rounds):
        await contests.answer_due(of.db, node, sender, of.zones)
        await contests.prepare_due(of.db, sender, of.owned.keys)
        await of.pass_by(1)
    return [done for done in of.done() if done[0] == "answer-contest"]


def is_contested(of: Box, slot: int) -> bool:
    found = of.home.read(of.home.governance, "is-contested", 1, 1, slot)
    assert isinstance(found, bool)
    return found


async def test_what_was_no_y_is_shown_and_a_y_is_not(machine: Machine, tmp_path: Path) -> None:
    async with box(machine, tmp_path) as of:
        own = await tallied(of, A_01="yes", A_02="yes", A_03="no")
        assert await answered(of, 2) == [], "nobody contests anything"
        contest(of, 0, own[0])
        assert await answered(of) == [], "it was a Y"
        assert is_contested(of, 0)
        contest(of, 2, own[2])
        assert await answered(of) == [("answer-contest", True)]
        assert not is_contested(of, 2)
        assert of.proposal()["contested"] == 1
        assert await answered(of) == [("answer-contest", True)], "once"
        made = await outbox.of_call(of.db, Beside.CONTEST, 1, 1, 2)
        assert made is not None
        assert made.on_chain


@pytest.mark.parametrize("at_once", [False, True])
async def test_no_more_are_opened_than_leave_enough_hidden(at_once: bool, machine: Machine, tmp_path: Path) -> None:
    """Of four two stay hidden, whoever contests, and however many do at once."""
    async with box(machine, tmp_path) as of:
        own = await tallied(of, A_01="yes", A_02="yes", A_03="no")
        for slot in (2, 3):
            contest(of, slot, own[slot])
            if not at_once:
                await answered(of)
        assert await answered(of) == [("answer-contest", True)] * 2
        assert of.home.read(of.home.governance, "get-ballots", 1, 1)["hidden"] == 2
        contest(of, 1, own[1])
        assert len(await answered(of)) == 2


async def test_a_contest_that_would_leave_too_few_hidden_stands(machine: Machine, tmp_path: Path) -> None:
    async with box(machine, tmp_path) as of:
        own = await tallied(of, A_01="yes")
        for slot in (1, 2, 3):
            contest(of, slot, own[slot])
        assert await answered(of, 10) == [("answer-contest", True)] * 2
        assert [is_contested(of, slot) for slot in (1, 2, 3)] == [False, False, True]
        assert of.home.read(of.home.governance, "get-ballots", 1, 1)["hidden"] == 2
