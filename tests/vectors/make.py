"""Writes the test vectors: `python -m tests.vectors.make`. Same program, same files."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from tests.vectors import each_zero
from tests.vectors.case import FOLDER, Case, text
from tests.vectors.others import any_zero_cases, bit_cases, opening_cases, zero_cases
from tests.vectors.ranges import money_cases, usage_cases

FILES: Final[dict[str, Callable[[], list[Case]]]] = {
    **{f"usage-{m}": partial(usage_cases, m) for m in (1, 4, 16, 64)},
    **{f"money-{m}": partial(money_cases, m) for m in (1, 4, 16, 32)},
    "zero": zero_cases,
    "any-zero": any_zero_cases,
    "bit": bit_cases,
    "opening": opening_cases,
}


def main() -> None:
    for name, cases in FILES.items():
        (FOLDER / f"{name}.json").write_text(text(cases()))
    (FOLDER / f"{each_zero.NAME}.json").write_text(text(each_zero.each_zero_cases()))


if __name__ == "__main__":
    main()
