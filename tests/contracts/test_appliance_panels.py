"""Neighbours drawn by lot decide: the appliance draws them, draws again where they are silent, and closes."""

from __future__ import annotations

import random
from pathlib import Path

from appliance.resident_money import Doubt
from appliance.store import disputes
from tests.contracts.disputes import APPEAL, JURY, PANEL, Court
from tests.contracts.settlement import GATEWAY, STEWARD
from tests.contracts.test_appliance_disputes import BILLED, COURT, RIGHT, SLOT, Resident, one_period
from tests.contracts.test_appliance_periods import FIRST, gateway, two_blocks
from tests.contracts.vm import Machine

JURORS = 14


async def test_a_panel_is_drawn_and_drawn_again_and_its_ruling_closed(
    machine: Machine, tmp_path: Path, rng: random.Random
) -> None:
    async with gateway(machine, tmp_path, more=COURT) as of:
        home = of.home
        home.call(home.registry, "register-gateway", GATEWAY, sender=STEWARD)
        court = Court(home, rng)
        home.zone(JURY, 16, gateway=GATEWAY)
        for _ in range(2):
            home.metered(rng, JURY, [0] * 16)
        for slot in range(JURORS):
            court.join(JURY, slot)
        await one_period(of)
        doubt, who = Doubt(0, BILLED, RIGHT), Resident(of)
        number = await who.disputes(doubt)
        await who.tells(doubt)
        await of.until_rest(12)
        first = court.dispute(number)["panel"]
        assert len(first) == 3

        await two_blocks(of, FIRST + 2, [0, 0, 0, 0])
        await of.until_rest()
        home.vm.burn(PANEL + 1000)
        await of.until_rest(14)
        second = court.dispute(number)["panel"]
        assert len(second) == 3
        assert not set(first) & set(second), "nobody sits twice"

        for dwelling in second[:2]:
            court.rule(number, dwelling, for_resident=True).ok()
        await of.until_rest(3)
        assert len(await disputes.unclosed(of.db)) == 1, "an appeal is possible"
        home.vm.burn(APPEAL)
        await of.until_rest(8)
        assert court.dispute(number)["closed"] is True
        names = [name for name, _ in of.vm_node.executed]
        expected = ["submit-evidence", "draw-panel", "expire", "draw-panel", "close-dispute"]
        assert [name for name in names if name in expected] == [expected[0], *expected]
        assert all(ok for _, ok in of.vm_node.executed)

        await two_blocks(of, FIRST + 4, [900, 0, 0, 0])
        await of.until_rest()
        assert home.read(home.billing, "get-correction", 1, SLOT, 0)["taken"] is True
        assert of.compared[1].wrong == []
