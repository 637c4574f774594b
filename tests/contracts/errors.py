"""The contracts' error constants, read from their sources: the only table of names and numbers the tests use."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import Final

from tests.contracts.vm import CONTRACTS

# Every contract's own range of 100 (design: "Layout and habits").
RANGES: Final = {"user-registry": 100, "meter-data": 200, "privacy-proof": 300, "aggregation": 400, "audit-log": 900}

_CONSTANT: Final = re.compile(r"^\(define-constant (ERR_[A-Z_]+) \(err u(\d+)\)\) ;; (\S.*)$")


@dataclass(frozen=True, slots=True)
class ErrorConstant:
    contract: str
    name: str
    code: int
    meaning: str


def error_constants() -> tuple[ErrorConstant, ...]:
    """All of them; a constant without a one-line meaning is not one."""
    return tuple(
        ErrorConstant(contract, match[1], int(match[2]), match[3])
        for contract in RANGES
        for line in (CONTRACTS / f"{contract}.clar").read_text().splitlines()
        if (match := _CONSTANT.match(line))
    )


_TABLE: Final = {error.code: f"{error.contract}.{error.name}" for error in error_constants()}


def error_name(code: int) -> str:
    """meter-data.ERR_REPLAY for 202. KeyError for a number no contract defines."""
    return _TABLE[code]


def duplicates() -> list[int]:
    """Codes given twice."""
    return [code for code, times in Counter(error.code for error in error_constants()).items() if times > 1]
