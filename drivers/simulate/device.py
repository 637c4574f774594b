"""A virtual meter: what its registers hold at an instant, and which fault it has. No sockets here."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TextIO

from drivers.api import Clock
from drivers.modbus.model import Model, Point, Role, Span
from drivers.simulate.encode import encode
from drivers.simulate.load import LoadCurve, jitter
from drivers.simulate.plan_file import Fault, FaultKind

ILLEGAL_FUNCTION = 1
ILLEGAL_ADDRESS = 2
ILLEGAL_COUNT = 3
MOST_REGISTERS = 125


@dataclass(frozen=True, slots=True)
class Answer:
    """Register words, and the index they show if they hold all of the billed register."""

    words: tuple[int, ...]
    at: int  # simulated UTC seconds
    index: int | None  # as displayed, in the finest unit


@dataclass(frozen=True, slots=True)
class Refusal:
    """A Modbus exception code."""

    code: int


class Device(Protocol):
    """What the server puts behind a unit id."""

    fault: Fault | None

    def answer(self, function: int, address: int, count: int) -> Answer | Refusal: ...

    def served(self, answer: Answer) -> None:
        """The answer goes out as it is."""


class VirtualMeter:
    """A meter of a model whose index follows a load curve."""

    def __init__(
        self, name: str, model: Model, curve: LoadCurve, clock: Clock, record: Callable[[str, int, int], None]
    ):
        self.name = name
        self._model = model
        self._curve = curve
        self._clock = clock
        self._record = record
        self._fault: Fault | None = None
        self._frozen_at: int | None = None
        self._points = {point.span: point for point in model.points}
        self._cells: dict[int, dict[int, Span]] = {}  # by function and address
        for span in [*self._points, *([] if model.serial_number is None else [model.serial_number])]:
            cells = self._cells.setdefault(span.function, {})
            cells.update(dict.fromkeys(range(span.address, span.address + span.count), span))
        self._phases = max(1, sum(point.code in _VOLTAGES for point in model.points))

    @property
    def fault(self) -> Fault | None:
        return self._fault

    @fault.setter
    def fault(self, fault: Fault | None) -> None:
        self._fault = fault
        self._frozen_at = self._clock() if fault is not None and fault.kind is FaultKind.FROZEN else None

    def answer(self, function: int, address: int, count: int) -> Answer | Refusal:
        """Registers of one instant. A request that touches a register the model does not have is refused."""
        at = self._clock()
        cells = self._cells.get(function)
        if cells is None:
            return Refusal(ILLEGAL_FUNCTION)
        if not 1 <= count <= min(MOST_REGISTERS, self._model.max_registers):
            return Refusal(ILLEGAL_COUNT)
        wanted = range(address, address + count)
        if any(number not in cells for number in wanted):
            return Refusal(ILLEGAL_ADDRESS)
        registers: dict[int, int] = {}
        shown: int | None = None
        for span in dict.fromkeys(cells[number] for number in wanted):
            point = self._points.get(span)
            words, displayed = encode(span.layout, self._serial() if point is None else self._quantity(point, at))
            registers.update(enumerate(words, start=span.address))
            if point is self._model.billing and span.address >= address and span.address + span.count <= wanted.stop:
                shown = displayed
        return Answer(tuple(registers[number] for number in wanted), at, shown)

    def served(self, answer: Answer) -> None:
        """Records an answer that shows the index."""
        if answer.index is not None:
            self._record(self.name, answer.at, answer.index)

    def _serial(self) -> int:
        return 10_000_000 + jitter(self._curve.seed, 3) % 80_000_000

    def _index(self, at: int) -> int:
        return self._curve.index(at if self._frozen_at is None else min(at, self._frozen_at))

    def _quantity(self, point: Point, at: int) -> int:
        """In the point's finest unit. Points of a kind not simulated read 0, as on a meter that does not use them."""
        if point.role is Role.BILLING:
            return self._index(at)
        rate = self._curve.rate(at)
        if point.code == _FLOW:
            return rate
        if point.code in _VOLTAGES:
            return self._millivolts(_VOLTAGES[point.code], at)
        if point.code in _CURRENTS:
            phase = _CURRENTS[point.code]
            return self._phase_watts(phase, rate) * 1_000_000 // self._millivolts(phase, at)
        if point.code in _POWERS:
            return self._phase_watts(_POWERS[point.code], rate) * 1000
        if point.code == _POWER:
            return rate * 1000
        if point.code == _FREQUENCY:
            return 49_950 + jitter(self._curve.seed, 4, at // 60) % 101
        return 0

    def _millivolts(self, phase: int, at: int) -> int:
        return 224_000 + jitter(self._curve.seed, 5, phase, at // 60) % 12_001

    def _phase_watts(self, phase: int, watts: int) -> int:
        """Shared evenly, what does not divide on the first phase."""
        share = watts // self._phases
        return watts - share * (self._phases - 1) if phase == 1 else share


_VOLTAGES = {"1-0:32.7.0": 1, "1-0:52.7.0": 2, "1-0:72.7.0": 3}
_CURRENTS = {"1-0:31.7.0": 1, "1-0:51.7.0": 2, "1-0:71.7.0": 3}
_POWERS = {"1-0:36.7.0": 1, "1-0:56.7.0": 2, "1-0:76.7.0": 3}
_POWER = "1-0:16.7.0"
_FREQUENCY = "1-0:14.7.0"
_FLOW = "8-0:2.0.0"


def journal(log: TextIO) -> Callable[[str, int, int], None]:
    """Appends what was served, one JSON object a line, at once."""

    def record(name: str, at: int, index: int) -> None:
        log.write(json.dumps({"meter": name, "at": at, "index": index}) + "\n")
        log.flush()

    return record
