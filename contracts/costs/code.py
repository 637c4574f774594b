"""Compiled expressions: closures over a frame, with the runtime that is certain known beforehand.

A closure charges only what depends on values. What is due whenever an expression is entered is its `fixed` runtime;
whoever enters it charges that, and mostly adds it to a `fixed` of its own. So an arithmetic body charges once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from contracts.costs.kinds import Kind
from contracts.costs.tables import Cost, Table

Frame = list[Any]
Run = Callable[[Frame], Any]


class CallAborted(Exception):
    """The VM would abort the transaction at run time: overflow, division by zero, unwrap-panic and the like."""

    permanent = True


class Leave(Exception):
    """An early return out of the function: try!, asserts! and unwrap!."""

    def __init__(self, value: Any) -> None:
        super().__init__()
        self.value = value


class Meter:
    """What the running call has been charged."""

    __slots__ = ("read_count", "read_length", "runtime", "write_count", "write_length")

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.runtime = self.read_count = self.read_length = self.write_count = self.write_length = 0

    def charge(self, cost: Cost, n: int) -> None:
        self.runtime += cost.runtime(n)
        if cost.read_count or cost.write_count:
            self.read_count += cost.read_count
            self.read_length += cost.read_length.at(n)
            self.write_count += cost.write_count
            self.write_length += cost.write_length.at(n)


@dataclass(frozen=True, slots=True)
class Code:
    """`kind`: that of every value it yields, if known. `leaves`: may return early. `borrowed`: a name, whose value
    costs its size where it is taken rather than looked at."""

    run: Run
    fixed: int = 0
    kind: Kind | None = None
    leaves: bool = False
    borrowed: bool = False

    def plus(self, runtime: int) -> Code:
        return replace(self, fixed=self.fixed + runtime)


@dataclass(frozen=True, slots=True)
class Charges:
    """A table and the meter that it fills."""

    table: Table
    meter: Meter

    def cost(self, name: str) -> Cost:
        return self.table.costs[name]

    def runtime(self, name: str, n: int = 0) -> int:
        return self.table.costs[name].runtime(n)

    def charged(self, code: Code) -> Run:
        """For an expression entered only sometimes: pays its fixed runtime, then runs."""
        if not code.fixed:
            return code.run
        meter, run, fixed = self.meter, code.run, code.fixed

        def entered(frame: Frame) -> Any:
            meter.runtime += fixed
            return run(frame)

        return entered

    def strict(
        self,
        parts: Sequence[Code],
        make: Callable[[list[Run]], Run],
        *,
        before: int = 0,
        after: int = 0,
        kind: Kind | None = None,
        leaves: bool = False,
    ) -> Code:
        """All parts in order, then what `make` makes of them; `before` and `after` are due around the parts."""
        fixed, left = before, False
        runs: list[Run] = []
        for part in parts:
            runs.append(self.charged(part) if left else part.run)
            fixed += 0 if left else part.fixed
            left = left or part.leaves
        if left and after:
            runs[-1] = self._then(runs[-1], after)
        elif after:
            fixed += after
        return Code(make(runs), fixed, kind, left or leaves)

    def _then(self, run: Run, runtime: int) -> Run:
        meter = self.meter

        def charging(frame: Frame) -> Any:
            value = run(frame)
            meter.runtime += runtime
            return value

        return charging


def calling(function: Callable[..., Any], runs: Sequence[Run]) -> Run:
    """`function` of what the runs yield."""
    match runs:
        case [a]:
            return lambda frame: function(a(frame))
        case [a, b]:
            return lambda frame: function(a(frame), b(frame))
        case [a, b, c]:
            return lambda frame: function(a(frame), b(frame), c(frame))
    return lambda frame: function(*[run(frame) for run in runs])
