"""aggregation: only the active meter-data writes, once per batch."""

from __future__ import annotations

from tests.contracts.errors import error_name
from tests.contracts.settlement import ELECTRICITY, GATEWAY, STEWARD, WATER, Settlement
from tests.contracts.vm import plain

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
