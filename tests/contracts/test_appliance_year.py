"""A year of periods through the appliance's own steps: bills counted again by hand, the pot enough at each step."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from appliance.chain.clarity import ResponseOk, UInt
from appliance.store import money, periods
from tests.contracts.settlement import ELECTRICITY, PROVIDER
from tests.contracts.test_appliance_periods import BANDS, FIRST, HOMES, PERIOD, RATIO, Gateway, gateway, two_blocks
from tests.contracts.vm import Machine

PERIODS = 13  # of 28 days
SLOTS = 4
CHARGE = 50
BLOCKS = 2
LARGEST = 1_500  # of a block's usage: beyond the second band's begin


@dataclass(slots=True)
class ByHand:
    """What every slot owes and has, from usage and payments alone; slot 3 is vacant."""

    balance: list[int] = field(default_factory=lambda: [0] * SLOTS)
    arrears: list[int] = field(default_factory=lambda: [0] * SLOTS)
    paid: int = 0
    settled: int = 0  # what was taken from balances

    def pay(self, slot: int, tokens: int) -> None:
        self.balance[slot] += tokens * RATIO
        self.paid += tokens * RATIO

    def bill(self, slot: int, usage: int) -> int:
        """Of a period: day by day what a day costs would be the same, as all its days are alike."""
        if slot not in HOMES:
            return 0
        above = max(0, usage - BANDS[1]["from"])
        return BLOCKS * (CHARGE + (usage - above) * BANDS[0]["rate"] + above * BANDS[1]["rate"])

    def settle(self, usage: list[int]) -> list[int]:
        """The bills; afterwards balances and arrears are those after them."""
        bills = [self.bill(slot, used) for slot, used in enumerate(usage)]
        for slot, amount in enumerate(bills):
            due = amount + self.arrears[slot]
            taken = min(due, self.balance[slot])
            self.balance[slot] -= taken
            self.arrears[slot] = due - taken
            self.settled += taken
        return bills


def solvent(of: Gateway) -> None:
    """Tokens are there for everything that anybody has a claim to, and the contract's own count of them is right."""
    account = of.home.read(of.home.payment, "get-account", 1)
    held = of.home.read(of.home.token, "get-balance", of.home.payment)
    assert held == ResponseOk(UInt(account["pot"]))
    waiting = 0
    for number in range(1, of.home.read(of.home.payment, "get-payment-count") + 1):
        payment = of.home.read(of.home.payment, "get-payment", number)
        waiting += payment["amount"] if payment["sequence"] is None and not payment["returned"] else 0
    owed = account["credited"] - account["paid-out"] - account["entitled"]
    assert owed >= 0
    assert account["pot"] * RATIO >= owed + account["income"] + (waiting + account["pool"]) * RATIO


async def rest(of: Gateway, rounds: int) -> None:
    for _ in range(rounds):
        await of.until_rest(1)
        solvent(of)


@pytest.mark.long
async def test_a_year_adds_up(machine: Machine, tmp_path: Path) -> None:
    rng = random.Random(2027)
    by_hand = ByHand()
    async with gateway(machine, tmp_path) as of:
        await of.reckon()
        for period in range(PERIODS):
            for slot, label in HOMES.items():
                if rng.random() < 0.6:
                    tokens = rng.choice((1, 90, 300, 900))
                    of.pay(label, tokens)
                    by_hand.pay(slot, tokens)
            await rest(of, 8)
            usage = [rng.choice((0, rng.randrange(LARGEST))) for _ in HOMES] + [rng.randrange(3)]
            await two_blocks(of, FIRST + BLOCKS * period, usage)
            await rest(of, 14)

            made = by_hand.settle(usage)
            assert [bill.amount.units for bill in await periods.bills_of(of.db, 1, period)] == made
            assert await of.accounts(period) == list(zip(by_hand.balance, by_hand.arrears, strict=True))
            account = of.home.read(of.home.payment, "get-account", 1)
            assert (account["settled"], account["credited"]) == (period + 1, by_hand.paid)
            assert account["entitled"] == by_hand.settled
            assert account["credited"] - account["entitled"] == sum(by_hand.balance)
            assert of.compared[1].wrong == []
            assert sum((await money.sums(of.db, 1)).values()) == 0
            used = of.home.read(of.home.aggregation, "get-zone-period-usage", 1, period)
            assert used == {"total": BLOCKS * sum(usage), "batches": BLOCKS}
            if period % 3 == 2:
                of.home.call(of.home.payment, "withdraw", 1, of.home.token, sender=PROVIDER).ok()
                solvent(of)
        names = [name for name, _ in of.vm_node.executed if name != "credit-batch"]
        assert names == list(PERIOD) * PERIODS
        assert all(ok for _, ok in of.vm_node.executed)
        assert of.home.read(of.home.billing, "get-version", ELECTRICITY, PERIODS) == 1
