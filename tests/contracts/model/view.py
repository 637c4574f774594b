"""What a command may change: the entries that the contracts keep, and what people have in their purses."""

from __future__ import annotations

from typing import Any, Final

from tests.contracts.settlement import AGENT, Settlement

PERIODS: Final = 4
"""The newest periods of which bills and hold-backs are read."""

PURSES: Final = """
(define-read-only (purses (people (list 40 principal)))
  {height: burn-block-height, coins: (map coins people), rewards: (map rewards people)})
(define-private (coins (who principal)) (unwrap-panic (contract-call? .test-token get-balance who)))
(define-private (rewards (who principal)) (unwrap-panic (contract-call? .utility-token get-balance who)))
"""

Entry = tuple[Any, ...]
"""Contract and variable, or contract, map and key."""


def of_settlement(s: Settlement) -> dict[str, Entry]:
    return {
        "log": (s.audit, "chain"),
        "count": (s.payment, "payment-count"),
        "rewards-out": (s.payment, "rewards-out"),
        "busy": (s.payment, "busy"),
        "paused-until": (s.registry, "paused-until"),
        "dwellings": (s.registry, "dwelling-count"),
    }


def of_zone(s: Settlement, zone: int, *, periods: list[int], open_: int, settled: int) -> dict[str, Entry]:
    ends = {"zone": zone, "period": settled - 1} if settled else {"zone": zone, "period": 0}
    entries: dict[str, Entry] = {
        **{name: (s.payment, name, zone) for name in ("accounts", "balances", "arrears", "last-calls")},
        **{name: (s.billing, name, zone) for name in ("pending-counts", "next-periods", "candidates")},
        **{name: (s.meter_data, name, zone) for name in ("running", "zone-states")},
        "zones": (s.registry, "zones", zone),
        "rolls": (s.registry, "rolls", zone),
        "floats": (s.payment, "floats", {"zone": zone, "agent": AGENT}),
        "wanted": (s.payment, "wanted", {"zone": zone, "settled": settled}),
        "exposures": (s.aggregation, "exposures", ends),
    }
    for period in periods:
        key = {"zone": zone, "period": period}
        entries[f"hold-backs {period}"] = (s.payment, "hold-backs", key)
        entries[f"final-bills {period}"] = (s.billing, "final-bills", key)
        entries[f"frozen-counts {period}"] = (s.billing, "frozen-counts", key)
    for period in (open_, open_ + 1):
        entries[f"memberships {period}"] = (s.registry, "memberships", {"zone": zone, "period": period})
    for slot in range(4):
        entries[f"claims {slot}"] = (s.billing, "claims", {"zone": zone, "slot": slot})
    return entries
