"""The contracts' error constants, read from their sources: the only table of names and numbers the tests use."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import Final

from tests.contracts.vm import CONTRACTS

# Every contract's own range of 100 (design: "Layout and habits"); the generated verifiers share one.
RANGES: Final = {
    "user-registry": 100,
    "meter-data": 200,
    "privacy-proof": 300,
    "aggregation": 400,
    "billing": 500,
    "payment": 600,
    "dispute-resolution": 700,
    "governance": 800,
    "audit-log": 900,
    "range": 1000,
    "point-sums": 1100,
    "utility-token": 1200,
    "voucher-token": 1300,
}
VERIFIERS: Final = (
    *("range-1", "range-4", "range-16", "range-32", "range-64"),
    *("money-1", "money-4", "money-16", "money-32"),
)
GENERATED: Final = (*VERIFIERS, "point-sums")

_CONSTANT: Final = re.compile(r"^\(define-constant (ERR_[A-Z_]+) \(err u(\d+)\)\) ;; (\S.*)$")


@dataclass(frozen=True, slots=True)
class ErrorConstant:
    contract: str
    name: str
    code: int
    meaning: str


def constants_of(contract: str, source: str) -> tuple[ErrorConstant, ...]:
    """A constant without a one-line meaning is not one."""
    return tuple(
        ErrorConstant(contract, match[1], int(match[2]), match[3])
        for line in (CONTRACTS / f"{source}.clar").read_text().splitlines()
        if (match := _CONSTANT.match(line))
    )


def error_constants() -> tuple[ErrorConstant, ...]:
    """All of them, those of the verifiers once."""
    return tuple(
        error
        for contract in RANGES
        for error in constants_of(contract, VERIFIERS[0] if contract == "range" else contract)
    )


_TABLE: Final = {error.code: f"{error.contract}.{error.name}" for error in error_constants()}


def error_name(code: int) -> str:
    """meter-data.ERR_REPLAY for 202, range.ERR_HINT for 1002. KeyError for a number no contract defines."""
    return _TABLE[code]


def duplicates() -> list[int]:
    """Codes given twice."""
    return [code for code, times in Counter(error.code for error in error_constants()).items() if times > 1]
