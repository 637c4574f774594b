"""aggregation: only the active meter-data writes, once per batch; what is shown of single slots."""

from __future__ import annotations

import random
from typing import Any

import pytest

from appliance.chain.address import Contract
from tests.contracts.errors import error_name
from tests.contracts.settlement import ELECTRICITY, GATEWAY, STEWARD, WATER, Settlement
from tests.contracts.vm import Machine, Receipt, plain

FORGERY = """
(define-public (forge (first-block uint) (total uint))
  (contract-call? 'AGGREGATION record-batch u1 u1 u0 first-block (+ first-block u6) total))
"""


def test_nobody_else_writes_totals(settlement: Settlement) -> None:
    s = settlement
    look_alike = s.vm.deploy("meter-data", s.stranger, FORGERY.replace("AGGREGATION", str(s.aggregation)))
    for sender in (s.deployer, STEWARD, GATEWAY, s.stranger):
        for receipt in (
            s.call(s.aggregation, "record-batch", 1, ELECTRICITY, 0, 100, 106, 5, sender=sender),
            s.call(look_alike, "forge", 100, 5, sender=sender),
        ):
            assert error_name(receipt.refusal()) == "aggregation.ERR_NOT_METER_DATA"
    assert s.read(s.aggregation, "get-zone-usage", 1, 100) is None
    assert s.read(s.aggregation, "get-settlement-usage", ELECTRICITY, 0) == {"total": 0, "batches": 0}


def test_a_batch_has_one_total_whatever_meter_data_is_active(bare: Settlement) -> None:
    active = bare.vm.deploy("other-meter-data", bare.deployer, FORGERY.replace("AGGREGATION", str(bare.aggregation)))
    bare.bootstrap(meter_data=active)
    receipt = bare.call(active, "forge", 100, 5, sender=bare.stranger)
    receipt.ok()
    (event,) = receipt.prints
    assert plain(event.value) == {
        "topic": "zone-usage",
        "zone": 1,
        "utility": ELECTRICITY,
        "period": 0,
        "first-block": 100,
        "last-block": 106,
        "total": 5,
    }
    for total in (5, 6):
        again = bare.call(active, "forge", 100, total, sender=bare.stranger)
        assert error_name(again.refusal()) == "aggregation.ERR_RECORDED"
    bare.call(active, "forge", 107, 8, sender=bare.stranger).ok()
    assert bare.read(bare.aggregation, "get-zone-usage", 1, 100) == {"last-block": 106, "total": 5}
    assert bare.read(bare.aggregation, "get-zone-period-usage", 1, 0) == {"total": 13, "batches": 2}
    assert bare.read(bare.aggregation, "get-settlement-usage", ELECTRICITY, 0) == {"total": 13, "batches": 2}
    assert bare.read(bare.aggregation, "get-settlement-usage", WATER, 0) == {"total": 0, "batches": 0}
    assert bare.read(bare.aggregation, "get-settlement-usage", ELECTRICITY, 1) == {"total": 0, "batches": 0}


# ------------------------------------------------------------------------------------------------ singled out


@pytest.fixture
def shown(machine: Machine) -> tuple[Settlement, Contract]:
    """Zone 1 of four dwellings, zone 2 of three; k-min is 2, and the second contract stands in for payment."""
    s = Settlement(machine, small=True)
    office = s.office()
    s.bootstrap(payment=office)
    s.zone(1, 4)
    s.zone(2, 4, vacant=[3])
    return s, office


def test_what_was_shown_of_single_slots_leaves_k_min_others(shown: tuple[Settlement, Contract]) -> None:
    s, office = shown

    def expose(slot: int, zone: int = 1, period: int = 0) -> Receipt:
        return s.call(office, "expose", zone, period, slot, sender=STEWARD)

    assert s.read(s.aggregation, "may-open", 1, 0) is True
    receipt = expose(2)
    receipt.ok()
    (event,) = receipt.prints
    assert plain(event.value) == {"topic": "exposed", "zone": 1, "period": 0, "slot": 2}
    assert expose(2).prints == ()
    assert s.read(s.aggregation, "get-exposed", 1, 0) == {"slots": 0b100, "count": 1}
    expose(0).ok()
    assert s.read(s.aggregation, "may-open", 1, 0) is True
    for slot in (1, 3):
        assert error_name(expose(slot).refusal()) == "aggregation.ERR_K_MIN"
    for slot in (0, 2):
        expose(slot).ok()
    assert s.read(s.aggregation, "get-exposed", 1, 0) == {"slots": 0b101, "count": 2}
    expose(1, period=1).ok()  # another period, another sum
    expose(0, zone=2).ok()
    expose(3, zone=2).ok()  # vacant: it counts for nobody
    assert s.read(s.aggregation, "get-exposed", 2, 0) == {"slots": 0b001, "count": 1}
    assert error_name(expose(1, zone=2).refusal()) == "aggregation.ERR_K_MIN"


def test_a_payout_may_show_more_than_leaves_k_min(shown: tuple[Settlement, Contract]) -> None:
    s, office = shown

    def mark(zone: int, mask: int) -> Receipt:
        return s.call(office, "expose-slots", zone, 0, mask, sender=STEWARD)

    s.call(office, "expose", 1, 0, 2, sender=STEWARD).ok()
    receipt = mark(1, 0b0101)
    receipt.ok()
    (event,) = receipt.prints
    assert plain(event.value) == {"topic": "exposed-slots", "zone": 1, "period": 0, "slots": 0b0101}
    assert s.read(s.aggregation, "get-exposed", 1, 0) == {"slots": 0b0101, "count": 2}
    assert s.read(s.aggregation, "may-open", 1, 0) is True
    mark(1, 2**128 - 1).ok()
    assert s.read(s.aggregation, "get-exposed", 1, 0) == {"slots": 0b1111, "count": 4}
    assert s.read(s.aggregation, "may-open", 1, 0) is False
    mark(2, 0b1000).ok()  # vacant
    assert s.read(s.aggregation, "get-exposed", 2, 0) == {"slots": 0, "count": 0}
    mark(2, 0b0110).ok()
    assert s.read(s.aggregation, "may-open", 2, 0) is False
    s.call(office, "expose", 2, 0, 1, sender=STEWARD).ok()  # shown already
    for sender in (STEWARD, GATEWAY, s.deployer):
        receipt = s.call(s.aggregation, "expose-slots", 1, 0, 1, sender=sender)
        assert error_name(receipt.refusal()) == "aggregation.ERR_CALLER"


def test_what_cannot_be_shown(shown: tuple[Settlement, Contract]) -> None:
    s, office = shown
    for zone, slot, error in ((77, 0, "ERR_ZONE_UNKNOWN"), (1, 4, "ERR_SLOT"), (1, 2**128 - 1, "ERR_SLOT")):
        receipt = s.call(office, "expose", zone, 0, slot, sender=STEWARD)
        assert error_name(receipt.refusal()) == f"aggregation.{error}"
    for sender in (STEWARD, GATEWAY, s.deployer):
        receipt = s.call(s.aggregation, "expose", 1, 0, 0, sender=sender)
        assert error_name(receipt.refusal()) == "aggregation.ERR_CALLER"
    assert s.read(s.aggregation, "may-open", 77, 0) is False
    assert s.read(s.aggregation, "may-open", 1, 2**128 - 1) is False


@pytest.mark.parametrize("job", ["payment", "dispute_resolution", "governance"])
def test_three_contracts_show_single_slots(machine: Machine, job: str) -> None:
    s = Settlement(machine, small=True)
    office = s.office()
    active: dict[str, Any] = {job: office}
    s.bootstrap(**active)
    s.zone(1, 4)
    s.call(office, "expose", 1, 0, 0, sender=STEWARD).ok()


def test_a_zone_that_lost_dwellings_opens_nothing_though_little_was_shown(
    shown: tuple[Settlement, Contract], rng: random.Random
) -> None:
    """The difference between two sums must never be one dwelling's: what was shown before a batch counts, too."""
    s, office = shown
    for slot in (0, 1):
        s.call(office, "expose", 1, 0, slot, sender=STEWARD).ok()
    s.submit(s.following(rng, 1, [1, 2, 3, 4])).ok()
    assert error_name(s.call(office, "expose", 1, 0, 2, sender=STEWARD).refusal()) == "aggregation.ERR_K_MIN"
    s.together(s.registry, "move-out", 1, 3)
    s.call(office, "expose", 1, 1, 0, sender=STEWARD).ok()
    s.close_period(1).ok()
    s.submit(s.following(rng, 1, [1, 2, 3, 4])).ok()
    assert error_name(s.call(office, "expose", 1, 1, 1, sender=STEWARD).refusal()) == "aggregation.ERR_K_MIN"
    s.together(s.registry, "move-out", 1, 2)
    s.together(s.registry, "move-out", 1, 1)
    s.close_period(1).ok()
    assert s.refused(s.proved(s.following(rng, 1, [1, 2, 3, 4]))) == "meter-data.ERR_K_MIN"
