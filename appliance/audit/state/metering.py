"""meter-data and aggregation as their events tell them."""

from __future__ import annotations

from appliance.audit.state.events import Fields, Readers, Said, insist, only
from appliance.audit.state.registry import Registry
from circuits import lists
from circuits.group import LibPoint

Key = tuple[int, int]


class Metering:
    """Batches and running sums, closed periods, opened totals, and what was shown of single dwellings."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.batches: dict[Key, Fields] = {}
        self.commitments: dict[Key, list[bytes]] = {}
        self.self_proofs: dict[Key, list[Fields]] = {}
        self.states: dict[int, Fields] = {}
        self.running: dict[int, list[bytes]] = {}
        self.periods: dict[Key, Fields] = {}
        self.zone_usage: dict[Key, Fields] = {}
        self.zone_periods: dict[Key, Fields] = {}
        self.settlement_periods: dict[Key, Fields] = {}
        self.combined: dict[Key, Fields] = {}
        self.exposed: dict[Key, int] = {}

    def readers(self) -> Readers:
        own = {
            "usage-batch": self._batch,
            "sealed-batch": self._batch,
            "usage-proof": self._proof,
            "combined-total": self._combined,
            "period-closed": self._closed,
            "zone-closed": lambda said: self.registry.close(said.fields["zone"]),
        }
        return {("meter-data", topic): reader for topic, reader in own.items()}

    def next_block(self, zone: int) -> int:
        state = self.states.get(zone)
        return int(state["next-block"] if state else self.registry.zones[zone]["first-block"])

    def expose(self, zone: int, period: int, slots: int) -> None:
        self.exposed[zone, period] = self.exposed.get((zone, period), 0) | slots

    def expose_all(self, said: Said, mask: int) -> None:
        """Of a payout from the slots in the mask: those that are exposed now."""
        zone, period, slots = (said.fields[name] for name in ("zone", "period", "slots"))
        before = self.exposed.get((zone, period), 0)
        occupied = self.registry.membership(zone, period)["occupied"]
        insist(slots == before | (mask & occupied), "exposes other slots than those that are paid out")
        self.exposed[zone, period] = slots

    def _batch(self, said: Said) -> None:
        fields = said.fields
        zone, first = fields["zone"], fields["first-block"]
        insist(first == self.next_block(zone), "does not begin where the batch before ends")
        insist(fields["period"] == self.registry.zones[zone]["period"], "is of another period than the open one")
        key = zone, first
        self.batches[key] = {
            **only(
                fields, "last-block", "total", "commitments-hash", "evidence-root", "checked", "contested", "period"
            ),
            "height": said.event.height,
        }
        self.commitments[key] = fields["commitments"]
        state = self.states.get(zone, {"batches": 0, "blocks": 0})
        before = self.running.get(zone) if state["batches"] else None
        listed = fields["commitments"]
        self.running[zone] = listed if before is None else list(lists.add(LibPoint, before, listed).points)
        self.states[zone] = {
            "next-block": fields["last-block"] + 1,
            "batches": state["batches"] + 1,
            "blocks": state["blocks"] + fields["last-block"] + 1 - first,
            "heard": said.burn,
        }
        self.registry.begin(zone)
        if said.topic == "usage-batch":
            self._opened(zone, fields)

    def _opened(self, zone: int, fields: Fields) -> None:
        self.zone_usage[zone, fields["first-block"]] = only(fields, "last-block", "total")
        utility, period = self.registry.zones[zone]["utility"], fields["period"]
        _count(self.zone_periods, (zone, period), fields["total"], 1)
        _count(self.settlement_periods, (utility, period), fields["total"], 1)

    def _combined(self, said: Said) -> None:
        fields = said.fields
        for zone in fields["zones"]:
            key = zone, fields["first-block"]
            insist(key in self.batches and key not in self.combined, "is of batches that there are not")
            self.combined[key] = only(fields, "zones", "last-block", "total")
        _count(self.settlement_periods, (fields["utility"], fields["period"]), fields["total"], len(fields["zones"]))

    def _proof(self, said: Said) -> None:
        fields = said.fields
        key = fields["zone"], fields["first-block"]
        proofs = self.self_proofs.setdefault(key, [])
        insist(fields["slot"] not in [proof["slot"] for proof in proofs], "proves a slot again")
        proofs.append(only(fields, "slot", "last-block", "commitment"))
        if key in self.batches and fields["contested"]:
            self.batches[key]["contested"] = True

    def _closed(self, said: Said) -> None:
        fields, zone = said.fields, said.fields["zone"]
        state = self.states.get(zone, {"batches": 0, "blocks": 0})
        insist(fields["usage"] == self.running.get(zone, []), "is not the sum of the period's batches")
        insist((fields["blocks"], fields["batches"]) == (state["blocks"], state["batches"]), "counts otherwise")
        self.periods[zone, fields["period"]] = only(fields, "usage", "blocks", "batches")
        self.running.pop(zone, None)
        self.states[zone] = {**state, "batches": 0, "blocks": 0}


def _count(totals: dict[Key, Fields], key: Key, total: int, batches: int) -> None:
    before = totals.get(key, {"total": 0, "batches": 0})
    totals[key] = {"total": before["total"] + total, "batches": before["batches"] + batches}
