"""Disputes at random, each command foretold by a model: what it is refused for, or what it changes."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

import pytest

from appliance.chain.address import Address
from appliance.chain.clarity import ResponseErr
from tests.contracts.disputes import (
    ANSWER,
    APPEAL,
    ASSEMBLY,
    DRAW_DELAY,
    HASH,
    PANEL,
    PERIOD,
    SILENCE,
    ZONE,
    Court,
    court,
)
from tests.contracts.errors import error_name
from tests.contracts.settlement import GATEWAY, PROVIDER, SECOND, STEWARD, STRANGER, TREASURERS, household
from tests.contracts.vm import Machine, Receipt

OBSERVERS: Final = (STEWARD, SECOND, *TREASURERS)
APPROVAL: Final = 1008

accepted: Final = Counter[str]()


@dataclass(slots=True)
class Case:
    """What get-dispute should say, as far as it changes."""

    opened: int
    answer_by: int
    draw_at: int
    answered: bool = False
    round: int = 0
    assembly: bool = False
    panel: list[int] = field(default_factory=list)
    former: list[int] = field(default_factory=list)
    redrawn: bool = False
    rule_by: int = 0
    votes_for: int = 0
    votes_against: int = 0
    ruling: dict[str, bool | int] | None = None
    closed: bool = False
    shown: dict[bool, int] = field(default_factory=lambda: {True: 0, False: 0})
    voted: set[tuple[int, int]] = field(default_factory=set)
    signed: dict[bool, tuple[int, set[Address]]] = field(default_factory=dict)


class Model:
    """Four disputes of one zone, and a clock."""

    def __init__(self, c: Court) -> None:
        self.c = c
        self.height = c.s.vm.burn(1)
        self.heard = 0
        self.due: int = c.s.read(c.s.billing, "get-bills", ZONE, PERIOD)["due"]
        self.cases: dict[int, Case] = {}
        self.accepted = Counter[str]()
        self.jury = {c.read("get-juror", index)["dwelling"] for index in range(c.read("get-pool-size"))}
        for slot in range(4):
            number = c.open(slot).ok()
            self.cases[number] = case = Case(self.height, self.height + ANSWER, self.height + DRAW_DELAY)
            if len(self.jury) < 12:
                case.assembly, case.rule_by = True, case.answer_by + ASSEMBLY

    def over(self, case: Case, deadline: int) -> bool:
        return self.height > deadline and (self.heard > case.opened or self.height > deadline + SILENCE)

    def step(self, rng: random.Random) -> None:
        number = rng.choice(list(self.cases))
        often = (self.show, self.draw, self.rule, self.rule, self.rule, self.rule, self.sign, self.sign)
        command = rng.choice((*often, *often, self.burn, self.burn, self.batch, self.expire, self.appeal, self.close))
        command(number, self.cases[number], rng)
        self.agrees(number)

    def agrees(self, number: int) -> None:
        case, found = self.cases[number], self.c.dispute(number)
        for name in ("answered", "round", "assembly", "panel", "former", "redrawn", "ruling", "closed"):
            assert found[name] == getattr(case, name), name
        for name in ("draw_at", "rule_by", "votes_for", "votes_against"):
            assert found[name.replace("_", "-")] == getattr(case, name), name

    def says(self, function: str, receipt: Receipt, error: str | None) -> bool:
        """Whether it was accepted; as foretold."""
        refused = error_name(receipt.refusal()) if isinstance(receipt.result, ResponseErr) else None
        assert refused == (error and f"dispute-resolution.{error}")
        self.accepted[function] += refused is None
        return refused is None

    # --------------------------------------------------------------------------------------------- commands

    def burn(self, number: int, case: Case, rng: random.Random) -> None:
        ends = [case.answer_by, case.rule_by, case.draw_at, self.height + 3]
        if case.ruling:
            ends.append(int(case.ruling["height"]) + APPEAL)
        ahead = [end + past - self.height for end in ends for past in (0, 1) if end + past > self.height]
        self.height = self.c.s.vm.burn(rng.choice(ahead) if rng.random() < 0.1 else min(ahead))

    def batch(self, number: int, case: Case, rng: random.Random) -> None:
        self.c.batch()
        self.height += 1
        self.heard = self.height

    def show(self, number: int, case: Case, rng: random.Random) -> None:
        sender, resident = rng.choice([(household(ZONE, number - 1), True), (GATEWAY, False), (PROVIDER, False)])
        error = None
        if case.ruling:
            error = "ERR_RULED"
        elif not resident and not case.answered and self.over(case, case.answer_by):
            error = "ERR_DEADLINE"
        elif case.shown[resident] == 8:
            error = "ERR_EVIDENCE_FULL"
        if self.says("show", self.c.call("submit-evidence", number, HASH, sender=sender), error):
            case.shown[resident] += 1
            case.answered |= not resident

    def draw(self, number: int, case: Case, rng: random.Random) -> None:
        error = None
        if case.ruling:
            error = "ERR_RULED"
        elif case.rule_by:
            error = "ERR_DRAWN"
        elif self.height < case.draw_at:
            error = "ERR_NO_BLOCK"
        if self.says("draw", self.c.call("draw-panel", number, sender=STRANGER), error):
            sits = self.c.dispute(number)["panel"]
            assert len(sits) == len(set(sits)) in (0, 3 if case.round == 0 else 7)
            assert set(sits) <= self.jury - set(case.former)
            case.panel, case.assembly = sits, not sits
            case.rule_by = max(self.height, case.answer_by) + (PANEL if sits else ASSEMBLY)

    def rule(self, number: int, case: Case, rng: random.Random) -> None:
        dwelling = rng.choice([*case.panel, *case.panel, rng.choice(sorted(self.jury))])
        for_resident = rng.random() < 0.7
        error = None
        if dwelling not in case.panel:
            error = "ERR_NOT_MEMBER"
        elif case.ruling:
            error = "ERR_RULED"
        elif not case.answered:
            error = "ERR_UNANSWERED"
        elif self.height > case.rule_by:
            error = "ERR_DEADLINE"
        elif (case.round, dwelling) in case.voted:
            error = "ERR_VOTED"
        if self.says("rule", self.c.rule(number, dwelling, for_resident=for_resident), error):
            case.voted.add((case.round, dwelling))
            case.votes_for += for_resident
            case.votes_against += not for_resident
            if 2 * (case.votes_for if for_resident else case.votes_against) > len(case.panel):
                self.decide(case, for_resident, final=case.round == 1)

    def decide(self, case: Case, for_resident: bool, *, final: bool) -> None:
        case.ruling = {"for-resident": for_resident, "height": self.height, "final": final}

    def sign(self, number: int, case: Case, rng: random.Random) -> None:
        who, for_resident = rng.choice(OBSERVERS), rng.random() < 0.5
        error = None
        if case.ruling:
            error = "ERR_RULED"
        elif not case.assembly:
            error = "ERR_NO_ASSEMBLY"
        elif not case.answered:
            error = "ERR_UNANSWERED"
        elif self.height > case.rule_by:
            error = "ERR_DEADLINE"
        if self.says("sign", self.c.call("rule-by-assembly", number, for_resident, HASH, sender=who), error):
            until, people = case.signed.get(for_resident, (0, set[Address]()))
            if self.height >= until:
                until, people = self.height + APPROVAL, set[Address]()
            case.signed[for_resident] = (until, people | {who})
            if len(people | {who}) == 3:
                self.decide(case, for_resident, final=True)

    def expire(self, number: int, case: Case, rng: random.Random) -> None:
        panel = case.answered and not case.assembly
        error = None
        if case.ruling:
            error = "ERR_RULED"
        elif (panel and not case.rule_by) or not self.over(case, case.rule_by if case.answered else case.answer_by):
            error = "ERR_NOT_DUE"
        if not self.says("expire", self.c.call("expire", number, sender=STRANGER), error):
            return
        if not panel:
            self.decide(case, True, final=True)
            return
        case.former, case.panel = [*case.former, *case.panel], []
        case.votes_for = case.votes_against = 0
        if case.redrawn:
            case.assembly, case.rule_by = True, self.height + ASSEMBLY
        else:
            case.draw_at, case.rule_by = self.height + DRAW_DELAY, 0
        case.redrawn = True

    def appeal(self, number: int, case: Case, rng: random.Random) -> None:
        sender = rng.choice([household(ZONE, number - 1), GATEWAY, PROVIDER])
        error = None
        if not case.ruling:
            error = "ERR_NOT_RULED"
        elif case.ruling["final"]:
            error = "ERR_FINAL"
        elif self.height > int(case.ruling["height"]) + APPEAL:
            error = "ERR_DEADLINE"
        if self.says("appeal", self.c.call("appeal", number, sender=sender), error):
            case.former, case.panel = [*case.former, *case.panel], []
            case.round, case.redrawn, case.ruling = 1, False, None
            case.draw_at, case.rule_by = self.height + DRAW_DELAY, 0
            case.votes_for = case.votes_against = 0

    def close(self, number: int, case: Case, rng: random.Random) -> None:
        error = None
        if not case.ruling:
            error = "ERR_NOT_RULED"
        elif case.closed:
            error = "ERR_CLOSED"
        elif self.height < (self.due if case.ruling["for-resident"] else 0) or (
            not case.ruling["final"] and self.height <= int(case.ruling["height"]) + APPEAL
        ):
            error = "ERR_APPEALABLE"
        if self.says("close", self.c.call("close-dispute", number, sender=STRANGER), error):
            assert case.ruling
            case.closed = True
            correction = self.c.s.read(self.c.s.billing, "get-correction", ZONE, number - 1, PERIOD)
            assert (correction is not None) is case.ruling["for-resident"]
            assert not self.c.s.read(self.c.s.billing, "is-frozen", ZONE, number - 1, PERIOD)


@pytest.mark.parametrize(("seed", "jurors"), [(0, 16), (1, 16), (2, 12), (3, 11)])
def test_whatever_is_tried_goes_as_foretold(machine: Machine, seed: int, jurors: int) -> None:
    rng = random.Random(f"disputes {seed}")
    model = Model(court(machine, rng, jurors=jurors))
    for _ in range(300):
        model.step(rng)
    for number in model.cases:
        model.agrees(number)
    print(model.accepted)
    accepted.update(model.accepted)


def test_every_command_was_accepted_somewhere() -> None:
    """In the runs above."""
    assert all(accepted[name] for name in ("show", "draw", "rule", "sign", "expire", "appeal", "close")), accepted
