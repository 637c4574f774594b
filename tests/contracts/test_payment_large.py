"""Zones of 16 and 64 slots through everything that handles whole lists, and what each call costs.

The VM's table is older than mainnet's and dearer; a call may take 5 % of a block on it, in no dimension more.
"""

from __future__ import annotations

import random

import pytest

from circuits.tariff import Band
from tests.contracts.errors import error_name
from tests.contracts.money import Money
from tests.contracts.settlement import household
from tests.contracts.test_payment_periods import RATIO, step
from tests.contracts.vm import Machine

BLOCK = {
    "runtime": 5_000_000_000,
    "readCount": 30_000,
    "readLength": 200_000_000,
    "writeCount": 15_000,
    "writeLength": 15_000_000,
}


@pytest.mark.parametrize("slots", [16, 64])
def test_a_period_with_bands_a_correction_and_a_payout(machine: Machine, rng: random.Random, slots: int) -> None:
    m = Money(machine, rng, ratio=RATIO)
    step(m, m.found(50, Band(0, 100), Band(1000, 200)))
    at = m.zone(1, slots, vacant=range(slots * 2 // 3, slots))
    for slot in range(3):
        m.mint(household(1, slot), 10**9)
        step(m, m.pay(1, slot, 2000 * (slot + 1)))
    step(m, m.credit(1))
    m.meter(1, [rng.randrange(20_000) for _ in range(slots)])
    step(m, m.bill(1))
    m.correct(1, 1, 0, at.bills[0][1].value // 2)
    step(m, m.settle(1))
    step(m, m.pay_call("allow-payout", 1, 2, sender=household(1, 2)))
    step(m, m.payout(1, {2: RATIO}))
    m.meter(1, [rng.randrange(20_000) for _ in range(slots)])
    step(m, m.bill(1))
    m.costs["settle-period without corrections"] = m.costs.pop("settle-period")
    step(m, m.settle(1, [(1, 0)]))
    step(m, m.withdraw(1))
    for function, costs in sorted(m.costs.items()):
        print(slots, function, {name: costs[name] for name in BLOCK})
        assert all(costs[name] <= BLOCK[name] * 5 // 100 for name in BLOCK), function


def test_halves_are_of_one_list(machine: Machine, rng: random.Random) -> None:
    """Begun once more with other blindings, a settlement wants the second half of the last lists."""
    m = Money(machine, rng, ratio=RATIO)
    m.found(0, Band(0, 100)).ok()
    at = m.zone(1, 64)
    m.meter(1, [rng.randrange(20_000) for _ in range(64)])
    m.bill(1).ok()
    first, second = (
        [at.due(slot).settle(m.blinding(), corrected=False) for slot in range(64)] for _ in range(2)
    )  # fmt: skip
    m.settle_call(1, first, (), begin_only=True).ok()
    m.settle_call(1, second, (), begin_only=True).ok()
    assert error_name(m.finish_settlement(1, first).refusal()) == "range.ERR_HINT"
    assert m.s.read(m.s.payment, "get-account", 1)["settled"] == 0
    m.finish_settlement(1, second).ok()
    assert m.s.read(m.s.payment, "get-account", 1)["settled"] == 1
