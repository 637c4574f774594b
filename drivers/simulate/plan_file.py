"""The plan of a simulation: which meters there are, where they listen, who lives behind them, how fast time runs."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum

from drivers.api import DriverError
from drivers.modbus import model as models
from drivers.simulate.load import Dwelling
from drivers.table import Table

MODELS = {
    models.Utility.ELECTRICITY: ("eastron-sdm120", "eastron-sdm630", "abb-b23"),
    models.Utility.WATER: ("bove-b",),
}
SLOTS_OF_A_GATEWAY = 4
NAME = r"[A-Za-z0-9_.-]{1,64}"


class FaultKind(StrEnum):
    """What may be wrong with a virtual meter."""

    SILENT = "silent"  # never answers
    SLOW = "slow"  # answers rightly, `value` ms late
    EXCEPTION = "exception"  # answers exception code `value`
    COUNT = "count"  # answers with `value` registers, whatever was asked
    GARBAGE = "garbage"  # a well-framed answer that is no Modbus
    DROP = "drop"  # closes the connection instead of answering
    FUNCTION = "function"  # answers to the other read function
    UNIT = "unit"  # answers in the name of the next unit id
    FROZEN = "frozen"  # its index stands still


_VALUES = {FaultKind.SLOW: (1, 600_000), FaultKind.EXCEPTION: (1, 255), FaultKind.COUNT: (0, 125)}


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault and its number, 0 where the kind takes none."""

    kind: FaultKind
    value: int = 0


@dataclass(frozen=True, slots=True)
class PlannedMeter:
    """One virtual meter. Port 0 takes any free port, for this meter alone; equal ports make a gateway."""

    name: str
    port: int
    unit: int
    model: str
    seed: int
    dwelling: Dwelling
    start_index: int  # in the finest unit, at the plan's epoch
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """Simulated UTC is epoch_utc while the wall clock shows epoch_wall_ms, and runs `speed` times as fast."""

    epoch_utc: int
    epoch_wall_ms: int
    speed: int
    meters: tuple[PlannedMeter, ...]

    def utc(self, wall_ms: int) -> int:
        """Simulated UTC seconds; it never runs before the epoch."""
        return self.epoch_utc + max(0, wall_ms - self.epoch_wall_ms) * self.speed // 1000

    def to_json(self) -> str:
        """What `parse` reads."""
        document = asdict(self)
        for entry in document["meters"]:
            if entry["fault"] is None:
                del entry["fault"]
        return json.dumps(document, indent=1)


def parse(text: str) -> Plan:
    """A plan from JSON. DriverError(permanent=True) that says what is wrong where."""
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise DriverError(f"the plan is not JSON: {error}", permanent=True) from error
    if not isinstance(document, dict):
        raise DriverError("the plan is not a JSON object", permanent=True)
    table = Table("plan", document)
    plan = Plan(
        epoch_utc=table.integer("epoch_utc", 1, 2**40),
        epoch_wall_ms=table.integer("epoch_wall_ms", 0, 2**50),
        speed=table.integer("speed", 1, 1_000_000),
        meters=tuple(_meter(entry) for entry in table.tables("meters")),
    )
    table.close()
    _refuse_doubles(plan.meters)
    return plan


def parse_fault(table: Table) -> Fault:
    """{"kind": "slow", "value": 800}; value only where the kind takes one."""
    kind = table.choice("kind", FaultKind)
    fault = Fault(kind, table.integer("value", *_VALUES[kind])) if kind in _VALUES else Fault(kind)
    table.close()
    return fault


def plan(
    utilities: Sequence[models.Utility] = (models.Utility.ELECTRICITY, models.Utility.WATER),
    slots: int = 16,
    *,
    epoch_utc: int,
    epoch_wall_ms: int,
    speed: int = 1,
    first_port: int = 15020,
    seed: int = 7,
) -> Plan:
    """The default settlement: a zone for each utility, of the same dwellings. Meters have ports of their own, and the
    last four of a zone share a gateway."""
    meters: list[PlannedMeter] = []
    port = first_port
    for zone, utility in enumerate(utilities, start=1):
        kinds = MODELS[utility]
        for slot in range(slots):
            number = len(meters)
            in_gateway = slot - (slots - SLOTS_OF_A_GATEWAY)
            meters.append(
                PlannedMeter(
                    name=f"z{zone}s{slot:02}",
                    port=port,
                    unit=1 + max(0, in_gateway),
                    model=kinds[slot % len(kinds)],
                    seed=seed * 1000 + number,
                    dwelling=tuple(Dwelling)[slot % len(Dwelling)],
                    start_index=100_000 + 137_431 * number,
                )
            )
            if in_gateway < 0 or slot == slots - 1:
                port += 1
    return Plan(epoch_utc=epoch_utc, epoch_wall_ms=epoch_wall_ms, speed=speed, meters=tuple(meters))


def _meter(table: Table) -> PlannedMeter:
    model = table.text("model", models.NAME, f"a meter model: {', '.join(models.names())}")
    if model not in models.names():
        raise table.wrong("model", f"a meter model: {', '.join(models.names())}")
    planned = PlannedMeter(
        name=table.text("name", NAME, "a name of letters, digits, '.', '_' and '-'"),
        port=table.integer("port", 0, 65535),
        unit=table.integer("unit", 1, 247),
        model=model,
        seed=table.integer("seed", 0, 2**63),
        dwelling=table.choice("dwelling", Dwelling),
        start_index=table.integer("start_index", 0, 2**40),
        fault=parse_fault(table.table("fault")) if table.has("fault") else None,
    )
    table.close()
    return planned


def _refuse_doubles(meters: Sequence[PlannedMeter]) -> None:
    names: set[str] = set()
    places: set[tuple[int, int]] = set()
    for meter in meters:
        if meter.name in names:
            raise DriverError(f"plan: two meters are called {meter.name!r}; write different names", permanent=True)
        if meter.port and (meter.port, meter.unit) in places:
            raise DriverError(
                f"plan: two meters are unit {meter.unit} at port {meter.port}; write different units", permanent=True
            )
        names.add(meter.name)
        places.add((meter.port, meter.unit))
