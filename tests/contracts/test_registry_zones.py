"""user-registry: zones."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contracts.errors import error_name
from tests.contracts.registering import register_zone, zone_fields
from tests.contracts.settlement import (
    DAY,
    ELECTRICITY,
    GATEWAY,
    PROVIDER,
    SECOND,
    STRANGER,
    WATER,
    Settlement,
)
from tests.contracts.vm import Receipt


def refusal(receipt: Receipt) -> str:
    return error_name(receipt.refusal()).removeprefix("user-registry.")


def test_a_zone_is_what_was_registered(settlement: Settlement) -> None:
    s = settlement
    for zone, slots, utility, first_block in (
        (5, 16, ELECTRICITY, 20_000),
        (6, 64, WATER, 0),
        (0, 16, WATER, 2**62 - 1),
        (2**32 - 1, 64, ELECTRICITY, 20_000),
    ):
        fields = {"zone": zone, "slots": slots, "utility": utility, "first_block": first_block}
        assert register_zone(s, **fields).ok() is False
        assert s.read(s.registry, "get-zone", zone) is None
        assert register_zone(s, SECOND, **fields).ok() is True
        assert s.read(s.registry, "get-zone", zone) == {
            "gateway": GATEWAY,
            "provider": PROVIDER,
            "utility": utility,
            "slots": slots,
            "first-block": first_block,
            "origin": 1_700_000_000,
            "block-seconds": DAY,
            "token": s.token,
            "ratio": 1,
            "first-period": 0,
            "period": 0,
            "begun": False,
            "closed": False,
            "frozen": False,
            "since": s.vm.burn(1) - 1,
        }
        state = {"next-block": first_block, "period": 0, "batches": 0}
        assert s.read(s.meter_data, "get-zone-state", zone) == state
        assert s.read(s.registry, "get-membership", zone, 0) == {"occupied": 0, "fresh": 0, "dwellings": 0}
    assert s.read(s.registry, "get-zone", 7) is None
    assert s.read(s.meter_data, "get-zone-state", 7) is None
    assert s.read(s.registry, "get-k-min", 5) == 15
    assert s.read(s.registry, "get-k-min", 6) == 20
    assert s.read(s.registry, "get-k-min", 7) == 20


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"sender": GATEWAY}, "ERR_ROLE"),
        ({"sender": STRANGER}, "ERR_ROLE"),
        ({"gateway": STRANGER}, "ERR_GATEWAY_UNKNOWN"),
        ({"provider": STRANGER}, "ERR_PROVIDER_UNKNOWN"),
        ({"utility": 0}, "ERR_UTILITY"),
        ({"utility": 3}, "ERR_UTILITY"),
        ({"slots": 0}, "ERR_SLOTS"),
        ({"slots": 4}, "ERR_SLOTS"),
        ({"slots": 32}, "ERR_SLOTS"),
        ({"slots": 65}, "ERR_SLOTS"),
        ({"block_seconds": 0}, "ERR_BLOCK_SECONDS"),
        ({"block_seconds": 2**32}, "ERR_BLOCK_SECONDS"),
        ({"origin": 2**32}, "ERR_BLOCK_SECONDS"),
        ({"origin": 2**128 - 1}, "ERR_BLOCK_SECONDS"),
        ({"zone": 2**32}, "ERR_ZONE_ID"),
        ({"zone": 2**128 - 1}, "ERR_ZONE_ID"),
        ({"first_block": 2**62}, "ERR_FIRST_BLOCK"),
        ({"first_block": 2**128 - 1}, "ERR_FIRST_BLOCK"),
        ({"token": STRANGER}, "ERR_TOKEN"),
        ({"first_period": 1}, "ERR_FIRST_PERIOD"),
        ({"first_period": 2**128 - 1}, "ERR_FIRST_PERIOD"),
    ],
)
def test_refused_zones(settlement: Settlement, changes: dict[str, Any], error: str) -> None:
    head = settlement.read(settlement.audit, "get-head")
    assert refusal(register_zone(settlement, sender=settlement.deployer)) == "ERR_ROLE"
    assert refusal(register_zone(settlement, **changes)) == error
    assert settlement.read(settlement.registry, "get-zone", 5) is None
    assert settlement.read(settlement.audit, "get-head") == head


def test_a_zone_id_is_given_once_even_to_the_same_zone(settlement: Settlement) -> None:
    s = settlement
    s.together(s.registry, "register-zone", *zone_fields(s))
    before = s.read(s.registry, "get-zone", 5)
    assert refusal(register_zone(s)) == "ERR_ZONE_KNOWN"
    assert refusal(register_zone(s, slots=64)) == "ERR_ZONE_KNOWN"
    assert s.read(s.registry, "get-zone", 5) == before


def test_a_settlement_has_64_zones_at_most(settlement: Settlement) -> None:
    s = settlement
    for zone in range(100, 162):
        s.empty_zone(zone, 16)
    assert s.read(s.registry, "get-zones") == [1, 2, *range(100, 162)]
    assert register_zone(s).ok() is False
    assert refusal(register_zone(s, SECOND)) == "ERR_ZONES"
    assert s.read(s.registry, "get-zone", 5) is None
