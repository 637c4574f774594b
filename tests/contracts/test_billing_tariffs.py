"""Tariffs: what they may be, and how far a vote can move them."""

from __future__ import annotations

import random
from typing import Any

import pytest

from circuits.tariff import Band
from tests.contracts.errors import error_name
from tests.contracts.money import Money
from tests.contracts.settlement import ELECTRICITY, STRANGER, WATER, household
from tests.contracts.vm import Machine, Receipt

LARGEST = 149_796
YEAR = 52_560


def bands_of(*bands: tuple[int, int]) -> list[dict[str, int]]:
    return [{"from": start, "rate": rate} for start, rate in bands]


def refused(receipt: Receipt) -> str:
    return error_name(receipt.refusal()).removeprefix("billing.")


def found(m: Money, *bands: tuple[int, int], sender: Any = None, **changes: int) -> Receipt:
    first: dict[str, Any] = {"utility": ELECTRICITY, "ceiling": 120, "charge-ceiling": 1000, "lifeline": 3000}
    first |= {"charge": 100, "bands": bands_of(*bands)} | changes
    return m.s.call(m.s.billing, "found-tariffs", [first], sender=sender or m.s.deployer)


def vote(m: Money, start: int, charge: int, *bands: tuple[int, int], utility: int = ELECTRICITY) -> Receipt:
    return m.at_desk("set-tariff", utility, start, charge, bands_of(*bands))


@pytest.fixture
def m(machine: Machine, rng: random.Random) -> Money:
    return Money(machine, rng)


def test_the_first_tariffs(m: Money) -> None:
    assert refused(found(m, (0, 100), sender=STRANGER)) == "ERR_NOT_DEPLOYER"
    too_dear = 2**36 // 31 // LARGEST + 1
    for bands, charge in (
        ([], 100),
        ([(1, 100)], 100),
        ([(0, 100), (0, 200)], 100),
        ([(0, 100), (9, 200), (5, 300)], 100),
        ([(0, 100), (5, 99)], 100),
        ([(0, 100), (LARGEST, 200)], 100),
        ([(0, 2**14)], 100),
        ([(0, 2**128 - 1)], 100),
        ([(0, 0)], 0),
        ([(0, too_dear)], 0),
        ([(0, 1)], 2**36 // 31),
        ([(0, 1)], 2**128 - 1),
    ):
        limits = {"ceiling": 2**128 - 1, "charge-ceiling": 2**128 - 1}
        assert refused(found(m, *bands, charge=charge, **limits)) == "ERR_TARIFF", (bands, charge)
    assert refused(found(m, (0, 121))) == "ERR_CEILING"
    assert refused(found(m, (0, 100), (2999, 121))) == "ERR_CEILING"
    assert refused(found(m, (0, 100), charge=1001)) == "ERR_CEILING"
    assert refused(found(m, (0, 100), lifeline=0)) == "ERR_CEILING"
    assert m.s.read(m.s.billing, "get-tariff-for", ELECTRICITY, 5) is None
    found(m, (0, 100), (3000, 400), ceiling=100).ok()
    assert refused(found(m, (0, 100), utility=WATER)) == "ERR_FOUNDED"
    expected = {"from-period": 0, "charge": 100, "bands": bands_of((0, 100), (3000, 400))}
    assert m.s.read(m.s.billing, "get-tariff", ELECTRICITY, 1) == expected
    assert m.s.read(m.s.billing, "get-tariff-for", ELECTRICITY, 10**9) == expected
    assert m.s.read(m.s.billing, "get-tariff-for", WATER, 0) is None


def test_two_first_tariffs_are_for_two_utilities(m: Money) -> None:
    one = {"utility": WATER, "ceiling": 9, "charge-ceiling": 9, "lifeline": 1, "charge": 1, "bands": bands_of((0, 1))}
    assert refused(m.s.call(m.s.billing, "found-tariffs", [one, one], sender=m.s.deployer)) == "ERR_FOUNDED"


def test_nobody_founds_tariffs_for_a_zone_that_is_there(m: Money) -> None:
    m.zone(1, 4)
    assert refused(found(m, (0, 100))) == "ERR_FOUNDED"


def test_the_dearest_tariff_there_is(m: Money) -> None:
    """31 blocks of the largest usage come to just below 2^36."""
    rate = (2**36 - 1) // 31 // LARGEST
    charge = (2**36 - 1) // 31 - rate * LARGEST
    limits = {"ceiling": 2**14, "charge-ceiling": 2**40, "lifeline": 1}
    assert refused(found(m, (0, rate), charge=charge + 1, **limits)) == "ERR_TARIFF"
    found(m, (0, rate), charge=charge, **limits).ok()


def test_a_vote_moves_a_tariff_by_a_fifth(m: Money) -> None:
    found(m, (0, 100), (5000, 1000)).ok()
    m.s.vm.burn(2016)
    assert refused(m.s.call(m.s.billing, "set-tariff", 1, 3, 100, [], sender=STRANGER)) != "ERR_TARIFF"
    for charge, bands in (
        (121, ((0, 100), (5000, 1000))),
        (79, ((0, 100), (5000, 1000))),
        (100, ((0, 79), (5000, 1000))),
        (100, ((0, 100), (5000, 1201))),
        (100, ((0, 100), (5000, 799))),
        (100, ((0, 100), (3999, 1000))),
        (100, ((0, 100), (6001, 1000))),
        (100, ((0, 100), (5000, 1000), (5001, 1201))),
    ):
        assert refused(vote(m, 3, charge, *bands)) == "ERR_STEP", (charge, bands)
    assert refused(vote(m, 3, 100, (0, 100), (5000, 1))) == "ERR_TARIFF"
    assert refused(vote(m, 3, 100, (0, 100), utility=WATER)) == "ERR_NO_TARIFF"
    vote(m, 3, 120, (0, 80), (4000, 1200), (4001, 1200)).ok()
    assert m.s.read(m.s.billing, "get-version", ELECTRICITY, 2) == 1
    assert m.s.read(m.s.billing, "get-version", ELECTRICITY, 3) == 2


def test_no_vote_reaches_above_the_ceilings(m: Money) -> None:
    found(m, (0, 110), (3000, 1000), charge=900).ok()
    m.s.vm.burn(2016)
    assert refused(vote(m, 3, 900, (0, 121), (3000, 1000))) == "ERR_CEILING"
    assert refused(vote(m, 3, 900, (0, 110), (2999, 1000))) == "ERR_CEILING"
    assert refused(vote(m, 3, 900, (0, 110), (1, 132))) == "ERR_CEILING"
    assert refused(vote(m, 3, 1001, (0, 110), (3000, 1000))) == "ERR_CEILING"
    vote(m, 3, 1000, (0, 120), (3000, 1000)).ok()


def test_no_vote_reaches_back_or_far_ahead_or_often(m: Money) -> None:
    found(m, (0, 100), charge=0).ok()
    m.zone(1, 4)
    m.bands = (Band(0, 100),)
    assert refused(vote(m, 1, 0, (0, 101))) == "ERR_STEP"  # two weeks
    m.s.vm.burn(2016)
    m.meter(1, [1, 1, 1, 1])
    m.meter(1, [1, 1, 1, 1])
    for start in (0, 1, 2, 15):
        assert refused(vote(m, start, 0, (0, 101))) == "ERR_PERIOD"
    vote(m, 14, 0, (0, 120)).ok()
    m.s.vm.burn(2000)
    assert refused(vote(m, 3, 0, (0, 101))) == "ERR_STEP"
    m.s.vm.burn(16)
    assert refused(vote(m, 3, 0, (0, 121))) == "ERR_CEILING"
    vote(m, 3, 0, (0, 110)).ok()  # in the place of the one that has not begun, and a step from the one before it
    assert m.s.read(m.s.billing, "get-utility", ELECTRICITY)["versions"] == 2
    assert m.s.read(m.s.billing, "get-tariff-for", ELECTRICITY, 14)["bands"] == bands_of((0, 110))
    assert m.s.read(m.s.billing, "get-tariff-for", ELECTRICITY, 2)["bands"] == bands_of((0, 100))
    assert household(1, 0) != STRANGER


def test_every_period_finds_its_version(m: Money) -> None:
    found(m, (0, 100), charge=0).ok()
    m.zone(1, 4)
    m.bands = (Band(0, 100),)
    starts = [0]
    for step in (1, 2, 1, 3, 2):
        m.s.vm.burn(2016)
        start = starts[-1] + step
        while m.s.open_period(1) < starts[-1]:
            m.meter(1, [0, 0, 0, 1])
        vote(m, start, 0, (0, 100)).ok()
        starts.append(start)
    for period in range(starts[-1] + 3):
        expected = sum(start <= period for start in starts)
        assert m.s.read(m.s.billing, "get-version", ELECTRICITY, period) == expected
