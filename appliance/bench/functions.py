"""What every public function of every contract costs: the most of all calls of it that were measured."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from appliance.bench.figures import Figure
from appliance.bench.measured import Measured, runtime_pct, worst_pct

SIMULATED, MAINNET = 5.0, 1.0
"""Per cent of a block on the simulator's table, and of the dearest dimension of a tenure on mainnet's: any call."""
DEVIATION: Final = 0.0


@dataclass(frozen=True, slots=True)
class Told:
    """One call of a function. `within` names the transaction's own function where a contract made the call."""

    runtime_pct: float
    worst_pct: float
    dimension: str
    bytes: int
    within: str = ""


def function_figures(calls: Sequence[Measured]) -> list[Figure]:
    """By contract and function, in the order in which they were first called.

    Where only contracts call a function, its costs are those of the call within a transaction, as they are modelled.
    """
    direct, within = _direct(calls), _within(calls)
    found = [figure for name, told in (within | direct).items() for figure in _figures(name, told)]
    deviation = max(call.deviation_pct for call in calls)
    note = f"the largest of {len(calls)} calls"
    return [*found, Figure("chain.functions.model_deviation_pct", deviation, DEVIATION, note, binding=True)]


def _direct(calls: Iterable[Measured]) -> dict[str, list[Told]]:
    made: dict[str, list[Told]] = {}
    for found in calls:
        runtime, (worst, dimension) = runtime_pct(found.simulated.runtime), worst_pct(found.new)
        told = Told(runtime, worst, dimension, found.call.transaction_bytes)
        made.setdefault(_name(found), []).append(told)
    return made


def _within(calls: Iterable[Measured]) -> dict[str, list[Told]]:
    made: dict[str, list[Told]] = {}
    for found in calls:
        for old, new in zip(found.old.parts, found.new.parts, strict=True):
            runtime, (worst, dimension) = runtime_pct(old.runtime), worst_pct(new)
            told = Told(runtime, worst, dimension, found.call.transaction_bytes, _name(found))
            made.setdefault(f"{new.contract.name}.{new.function}", []).append(told)
    return made


def _figures(name: str, calls: Sequence[Told]) -> list[Figure]:
    runtime, worst = max(calls, key=lambda told: told.runtime_pct), max(calls, key=lambda told: told.worst_pct)
    long = max(calls, key=lambda told: told.bytes)
    made = f"the highest of {len(calls)} calls" if len(calls) > 1 else ""
    return [
        Figure(
            f"chain.{name}.runtime_pct_simulator",
            runtime.runtime_pct,
            SIMULATED,
            f"modelled as a part of {runtime.within}" if runtime.within else made,
        ),
        Figure(
            f"chain.{name}.worst_pct_mainnet",
            worst.worst_pct,
            MAINNET,
            f"modelled{f' as a part of {worst.within}' if worst.within else ''}, {worst.dimension}",
        ),
        Figure(
            f"chain.{name}.bytes",
            long.bytes,
            None,
            f"of a signed transaction that calls {long.within or 'it'}{', which calls it' if long.within else ''}",
        ),
    ]


def _name(found: Measured) -> str:
    return f"{found.call.contract.name}.{found.call.function}"
