"""A registry whose periods turn without batches."""

from __future__ import annotations

from typing import Any

from tests.contracts.errors import error_name
from tests.contracts.settlement import SECOND, STEWARD, STRANGER, WATER, Settlement
from tests.contracts.vm import Machine, Receipt


def refusal(receipt: Receipt) -> str:
    """The error's name; the registry's own without the contract."""
    return error_name(receipt.refusal()).removeprefix("user-registry.")


class Town:
    """Zones of four slots, of which `office` turns the periods without a batch; it is payment and governance, too."""

    def __init__(self, vm: Machine) -> None:
        self.s = Settlement(vm, small=True)
        self.office = self.s.office()
        self.s.bootstrap(meter_data=self.office, payment=self.office, governance=self.office)
        for zone in (1, 2):
            self.s.empty_zone(zone, 4)
        self.s.empty_zone(3, 4, utility=WATER)

    def register(self, who: Any, *places: tuple[int, int]) -> int:
        self.s.settle({who: places})
        return self.id_of(who)

    def id_of(self, who: Any) -> int:
        dwelling = self.s.read(self.s.registry, "get-dwelling-of", who)
        assert isinstance(dwelling, int)
        return dwelling

    def turn(self, *zones: int, times: int = 1) -> None:
        """The zones' next periods begin."""
        for zone in zones:
            for _ in range(times):
                self.act("begin-zone", zone).ok()
                self.act("open-period", zone).ok()

    def act(self, function: str, *args: Any) -> Receipt:
        return self.s.call(self.office, function, *args, sender=STRANGER)

    def call(self, sender: Any, function: str, *args: Any) -> Receipt:
        return self.s.call(self.s.registry, function, *args, sender=sender)

    def both(self, function: str, *args: Any) -> None:
        self.s.together(self.s.registry, function, *args)

    def read(self, function: str, *args: Any) -> Any:
        return self.s.read(self.s.registry, function, *args)

    def members(self, zone: int, period: int) -> tuple[int, int, int]:
        found = self.read("get-membership", zone, period)
        return found["occupied"], found["fresh"], found["dwellings"]

    def refused(self, function: str, *args: Any) -> str:
        """What the second steward is told, whose call would take effect."""
        assert self.call(STEWARD, function, *args).ok() is False
        return refusal(self.call(SECOND, function, *args))
