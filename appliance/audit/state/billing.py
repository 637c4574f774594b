"""billing as its events tell it."""

from __future__ import annotations

from appliance.audit.state.events import Fields, Readers, Said, insist, only
from appliance.audit.state.registry import Registry


class Billing:
    """Tariffs and their limits, final bills, what is under dispute, and what rulings take off."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.utilities: dict[int, Fields] = {}
        self.tariffs: dict[tuple[int, int], Fields] = {}
        self.bills: dict[tuple[int, int], Fields] = {}
        self.next_periods: dict[int, int] = {}
        self.frozen: set[tuple[int, int, int]] = set()
        self.corrections: dict[tuple[int, int, int], Fields] = {}

    def readers(self) -> Readers:
        own = {
            "tariff": self._tariff,
            "bills": self._bills,
            "freeze": self._freeze,
            "correction": self._correction,
        }
        return {("billing", topic): reader for topic, reader in own.items()}

    def take(self, zone: int, slot: int, period: int) -> None:
        """A settlement names this correction."""
        ruled = self.corrections[zone, slot, period]
        insist(not ruled["taken"], "takes a correction again")
        ruled["taken"] = True

    def _tariff(self, said: Said) -> None:
        fields, utility = said.fields, said.fields["utility"]
        self.tariffs[utility, fields["version"]] = only(fields, "from-period", "charge", "bands")
        self.utilities[utility] = {
            **only(fields, "ceiling", "charge-ceiling", "lifeline"),
            "versions": fields["version"],
            "changed": said.burn,
        }

    def _bills(self, said: Said) -> None:
        fields, zone = said.fields, said.fields["zone"]
        first: int = self.registry.zones[zone]["first-period"]
        period = self.next_periods.get(zone, first)
        insist(fields["period"] == period, "bills another period than the next")
        self.bills[zone, period] = only(fields, "bills", "version", "due")
        self.next_periods[zone] = period + 1

    def _freeze(self, said: Said) -> None:
        key = (said.fields["zone"], said.fields["slot"], said.fields["period"])
        insist((key in self.frozen) != said.fields["frozen"], "freezes or frees a bill again")
        if said.fields["frozen"]:
            self.frozen.add(key)
        else:
            self.frozen.remove(key)

    def _correction(self, said: Said) -> None:
        key = (said.fields["zone"], said.fields["slot"], said.fields["period"])
        insist(key in self.frozen and key not in self.corrections, "corrects a bill that is not disputed")
        self.corrections[key] = {"correction": said.fields["correction"], "taken": False}
