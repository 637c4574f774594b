"""Registering zones: the arguments of one, and the call."""

from __future__ import annotations

from typing import Any

from tests.contracts.settlement import DAY, ELECTRICITY, GATEWAY, PROVIDER, STEWARD, Settlement
from tests.contracts.vm import Receipt


def zone_fields(s: Settlement, **changes: Any) -> list[Any]:
    fields = {
        "zone": 5,
        "gateway": GATEWAY,
        "provider": PROVIDER,
        "utility": ELECTRICITY,
        "slots": 16,
        "first_block": 20_000,
        "origin": 1_700_000_000,
        "block_seconds": DAY,
        "token": s.token,
        "first_period": 0,
    }
    assert set(changes) <= set(fields)
    return list((fields | changes).values())


def register_zone(s: Settlement, sender: Any = STEWARD, **changes: Any) -> Receipt:
    return s.call(s.registry, "register-zone", *zone_fields(s, **changes), sender=sender)
