"""privacy-proof's arithmetic mod p against Python's integers, through its private functions."""

from __future__ import annotations

import itertools
import random
from typing import Any

import pytest

from appliance.chain.address import Contract
from circuits.scalar import P
from tests.contracts.settlement import account
from tests.contracts.vm import CONTRACTS, Machine

HALF = 1 << 128
EDGES = [
    0,
    1,
    2,
    HALF - 1,
    HALF,
    P - (1 << 64),
    P - 2,
    P - 1,
    P,
    P + 1,
    (1 << 255),
    (1 << 256) - 2,
    (1 << 256) - 1,
    (1 << 52) - 1,
    (1 << 104) - 1,
    (1 << 208) - 1,
    (1 << 256) - (1 << 208),
    (1 << 256) - (1 << 48),
]


def halves(number: int) -> dict[str, int]:
    return {"h": number // HALF, "l": number % HALF}


def whole(fe: dict[str, int]) -> int:
    return fe["h"] * HALF + fe["l"]


# Appended to a copy of the contract, so that one call tries 64 operations.
WRAPPERS = """
(define-read-only (muls (a (list 64 {h: uint, l: uint})) (b (list 64 {h: uint, l: uint}))) (map fe-mul a b))
(define-read-only (subs (a (list 64 {h: uint, l: uint})) (b (list 64 {h: uint, l: uint}))) (map fe-sub a b))
(define-read-only (sqrs (a (list 64 {h: uint, l: uint}))) (map fe-sqr a))
"""


@pytest.fixture(scope="module")
def field(machine: Machine) -> Contract:
    deployer = account("deployer of test_field")
    machine.deploy("audit-log", deployer)
    machine.deploy("user-registry", deployer)
    source = (CONTRACTS / "privacy-proof.clar").read_text()
    return machine.deploy("privacy-proof", deployer, source + WRAPPERS)


def mapped(machine: Machine, field: Contract, function: str, *operands: list[int]) -> list[int]:
    """function over the operands, 64 at a time; results as they come, not reduced."""
    results: list[int] = []
    for start in range(0, len(operands[0]), 64):
        args = [[halves(number) for number in operand[start : start + 64]] for operand in operands]
        results += [whole(fe) for fe in machine.read(field, function, *args).plain()]
    assert len(results) == len(operands[0])
    assert max(results) < 1 << 256
    return results


def numbers(rng: random.Random, count: int) -> list[int]:
    """Uniform ones, and ones with long runs of equal bits, where carries travel far."""
    made: list[int] = []
    for _ in range(count):
        number = rng.getrandbits(256)
        if rng.random() < 0.5:
            low, high = sorted(rng.sample(range(257), 2))
            run = (1 << high) - (1 << low)
            number = number | run if rng.random() < 0.7 else number & ~run
        made.append(number)
    return made


def pairs(rng: random.Random, count: int) -> tuple[list[int], list[int]]:
    """All pairs of edge values, and `count` others."""
    a, b = zip(*itertools.product(EDGES, EDGES), strict=True)
    return [*a, *numbers(rng, count)], [*b, *numbers(rng, count)]


def test_products_of_edge_values_and_thousands_of_others(machine: Machine, field: Contract, rng: random.Random) -> None:
    a, b = pairs(rng, 2500)
    for x, y, product in zip(a, b, mapped(machine, field, "muls", a, b), strict=True):
        assert product % P == x * y % P, (x, y)


def test_differences(machine: Machine, field: Contract, rng: random.Random) -> None:
    a, b = pairs(rng, 2000)
    for x, y, difference in zip(a, b, mapped(machine, field, "subs", a, b), strict=True):
        assert difference % P == (x - y) % P, (x, y)


def test_squares(machine: Machine, field: Contract, rng: random.Random) -> None:
    a = [*EDGES, *numbers(rng, 2000)]
    for x, square in zip(a, mapped(machine, field, "sqrs", a), strict=True):
        assert square % P == x * x % P, x


def test_columns_up_to_their_bound_reduce_without_overflow(
    machine: Machine, field: Contract, rng: random.Random
) -> None:
    top = (1 << 112) - 1
    cases: list[list[int]] = [[top] * 9, [0] * 9]
    cases += [[top if i == k else 0 for i in range(9)] for k in range(9)]
    cases += [[rng.choice((0, top, rng.getrandbits(112))) for _ in range(9)] for _ in range(100)]
    for columns in cases:
        expected = sum(column << (52 * k) for k, column in enumerate(columns)) % P
        result = whole(machine.private(field, "fe-reduce", *columns).plain())
        assert result < 1 << 256
        assert result % P == expected, columns


@pytest.mark.parametrize("a", [0, 1, P - 1, P, P + 1, (1 << 256) - 1])
def test_canonical_values_and_comparisons_are_mod_p(machine: Machine, field: Contract, a: int) -> None:
    def ask(function: str, *args: int) -> Any:
        return machine.private(field, function, *(halves(arg) for arg in args)).plain()

    assert whole(ask("fe-canonical", a)) == a % P
    assert ask("fe-is-zero", a) == (a % P == 0)
    for b in (0, 1, P - 1, P, P + 1, (1 << 256) - 1):
        assert ask("fe-is-eq", a, b) == (a % P == b % P)
