"""Measured figures, for people and for programs: a stable name, a value with its unit, and what it should be."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

Better = Literal["lower", "higher"]

UNITS: Final[Mapping[str, str]] = {
    # a figure's last word and its unit, so that a name always means the same
    "prove_s": "s",
    "verify_s": "s",
    "floor_ratio": "times",
    "memory_kib": "KiB",
    "bytes": "B",
    "bytes_per_slot": "B",
    "runtime_simulator": "units",
    "runtime_mainnet": "units",
    "runtime_pct_simulator": "%",
    "runtime_pct_mainnet": "%",
    "worst_pct_mainnet": "%",
    "fee_scalar_mainnet": "points",
    "reads": "reads",
    "writes": "writes",
    "read_length_simulator": "B",
    "read_length_mainnet": "B",
    "model_deviation_pct": "%",
    "1band": "calls",
    "4bands": "calls",
}


@dataclass(frozen=True, slots=True)
class Figure:
    """`name` is <bench>.<what>.<size>.<measure>, the measure one of UNITS. `target` None: nothing was promised.

    A bench that misses a `binding` target has failed: its figures are not to be believed.
    """

    name: str
    value: float
    target: float | None = None
    note: str = ""
    better: Better = "lower"
    binding: bool = False

    @property
    def unit(self) -> str:
        return UNITS[self.name.rpartition(".")[2]]

    @property
    def missed(self) -> bool:
        if self.target is None:
            return False
        return self.value > self.target if self.better == "lower" else self.value < self.target

    def to_object(self) -> dict[str, object]:
        return {
            "name": self.name,
            "value": self.value,
            "unit": self.unit,
            "better": self.better,
            "target": self.target,
            "note": self.note,
        }


def machine() -> dict[str, object]:
    """What the figures were measured on."""
    model = ""
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = ("model name", "Model", "Hardware")
        lines = [line.partition(":") for line in info.read_text("utf-8", "replace").splitlines()]
        model = next((value.strip() for name, _, value in lines if name.strip() in names), "")
    return {
        "cpu": model or platform.machine(),
        "architecture": platform.machine(),
        "cores": os.cpu_count() or 1,
        "memory_mib": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20,
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
    }


def as_json(figures: Sequence[Figure]) -> str:
    return json.dumps({"machine": machine(), "figures": [figure.to_object() for figure in figures]})


def as_lines(figures: Sequence[Figure]) -> Iterator[str]:
    """A table; a missed target is said in words."""
    about = machine()
    yield f"{about['cpu']}, {about['cores']} cores, Python {about['python']}"
    width = max((len(figure.name) for figure in figures), default=0)
    for figure in figures:
        target = ""
        if figure.target is not None:
            sign = "at most" if figure.better == "lower" else "at least"
            target = f"  {'MISSED, ' if figure.missed else ''}target {sign} {_shown(figure.target)}"
        yield f"{figure.name:<{width}}  {_shown(figure.value):>14} {figure.unit:<6}{target}"
        if figure.note:
            yield f"    {figure.note}"


def _shown(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,.4g}"
