"""Pieces of Clarity that the templates ask for by name."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Final

from circuits.scalar import P

LIMB: Final = 52
WIDTH: Final = 120


def times(text: str, count: int) -> str:
    """The same text `count` times."""
    return " ".join([text] * count)


def numbered(prefix: str, count: int = 5, form: str = "%s") -> str:
    """x0 x1 x2 ..., each put into the form."""
    return " ".join(form % f"{prefix}{i}" for i in range(count))


def minus(names: Sequence[str]) -> str:
    return "".join(f" - {name}" for name in names)


def parameters(names: Sequence[str], kind: str) -> str:
    return " ".join(f"({name} {kind})" for name in names)


def column(times: str, x: str, y: str, k: int) -> str:
    """The products of limbs of x and y that make up column k."""
    return " ".join(f"({times}{x}{i} {y}{k - i})" for i in range(max(0, k - 4), min(k, 4) + 1))


def nested(function: str, items: Sequence[str]) -> str:
    text = items[0]
    for item in items[1:]:
        text = f"({function} {text} {item})"
    return text


def singly(text: str) -> str:
    """What is written for whole lists, for single elements."""
    return text.replace("(map ", "(").replace("B1", str(2**LIMB)).replace("F1", str(2**260 % P))


def small_sum(coefficients: Sequence[int], limb: int) -> str:
    """The sum of small multiples of the n_k, in one limb."""
    parts = [f"d{k}-{limb}" if c == 1 else f"(* d{k}-{limb} u{c})" for k, c in enumerate(coefficients) if c]
    return f"(+ {' '.join(parts)})"


def small_sums(coefficients: Sequence[int]) -> str:
    return "".join(f"\n  {small_sum(coefficients, limb)}" for limb in range(5))


def collected(coefficients: Sequence[int]) -> str:
    return f"(sc-collect{small_sums(coefficients)})"


def wrapped(text: str) -> str:
    """Code lines broken at blanks after at most WIDTH characters, where there are any."""
    return "\n".join(part for line in text.split("\n") for part in _broken(line))


def _broken(line: str) -> list[str]:
    if len(line) <= WIDTH or ";;" in line:
        return [line]
    return textwrap.wrap(line, WIDTH, break_long_words=False, break_on_hyphens=False)
