"""privacy-proof's arithmetic mod p and mod N against Python's integers, through its private functions."""

from __future__ import annotations

import itertools
import random

import pytest

from appliance.chain.address import Contract
from circuits.scalar import N, P
from tests.contracts.settlement import account, deploy_proof
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

# Appended to a copy of the contract, so that one call tries 64 operations.
WRAPPERS = """
(define-private (one-sub (a (list 2 uint)) (b (list 2 uint))) (fe-sub (high a) (low a) (high b) (low b)))
(define-private (one-mul-sub (a (list 2 uint)) (b (list 2 uint)) (c (list 2 uint)) (d (list 2 uint)))
  (fe-mul-sub (high a) (low a) (high b) (low b) (high c) (low c) (high d) (low d)))
(define-private (one-sqr-sub (a (list 2 uint)) (b (list 2 uint)) (c (list 2 uint)))
  (fe-sqr-sub (high a) (low a) (high b) (low b) (high c) (low c)))
(define-private (one-scalar-sub (a (list 2 uint)) (b (list 2 uint)))
  (scalar-sub (high a) (low a) (high b) (low b)))
(define-private (one-scalar-times (a (list 2 uint)) (n (list 2 uint))) (scalar-times (high a) (low a) (low n)))
(define-read-only (muls (a (list 64 (list 2 uint))) (b (list 64 (list 2 uint)))) (map fe-mul a b))
(define-read-only (subs (a (list 64 (list 2 uint))) (b (list 64 (list 2 uint)))) (map one-sub a b))
(define-read-only (mul-subs
    (a (list 64 (list 2 uint))) (b (list 64 (list 2 uint))) (c (list 64 (list 2 uint))) (d (list 64 (list 2 uint))))
  (map one-mul-sub a b c d))
(define-read-only (sqr-subs
    (a (list 64 (list 2 uint))) (b (list 64 (list 2 uint))) (c (list 64 (list 2 uint))))
  (map one-sqr-sub a b c))
(define-read-only (scalar-subs (a (list 64 (list 2 uint))) (b (list 64 (list 2 uint)))) (map one-scalar-sub a b))
(define-read-only (scalar-timeses (a (list 64 (list 2 uint))) (n (list 64 (list 2 uint)))) (map one-scalar-times a n))
"""


def halves(number: int) -> list[int]:
    return [number // HALF, number % HALF]


def whole(wide: list[int]) -> int:
    return wide[0] * HALF + wide[1]


@pytest.fixture(scope="module")
def field(machine: Machine) -> Contract:
    deployer = account("deployer of test_field")
    machine.deploy("audit-log", deployer)
    machine.deploy("user-registry", deployer)
    return deploy_proof(machine, deployer, (CONTRACTS / "privacy-proof.clar").read_text() + WRAPPERS)


def mapped(machine: Machine, field: Contract, function: str, *operands: list[int]) -> list[int]:
    """function over the operands, 64 at a time; results as they come, not reduced."""
    results: list[int] = []
    for start in range(0, len(operands[0]), 64):
        args = [[halves(number) for number in operand[start : start + 64]] for operand in operands]
        results += [whole(wide) for wide in machine.read(field, function, *args).plain()]
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


# ------------------------------------------------------------------------------------------------ mod p


def test_products_of_edge_values_and_thousands_of_others(machine: Machine, field: Contract, rng: random.Random) -> None:
    a, b = pairs(rng, 1500)
    for x, y, product in zip(a, b, mapped(machine, field, "muls", a, b), strict=True):
        assert product % P == x * y % P, (x, y)


def test_differences_of_canonical_values(machine: Machine, field: Contract, rng: random.Random) -> None:
    a, b = ([number % P for number in side] for side in pairs(rng, 1000))
    for x, y, difference in zip(a, b, mapped(machine, field, "subs", a, b), strict=True):
        assert difference % P == (x - y) % P, (x, y)


def test_products_of_differences_less_a_value(machine: Machine, field: Contract, rng: random.Random) -> None:
    """(a - b) * c - d, also where the differences are extreme and the values not canonical."""
    a, b = pairs(rng, 1000)
    c, d = (rng.sample(side, len(side)) for side in (a, b))
    top = (1 << 256) - 1
    for extreme in itertools.product((0, top), repeat=4):
        for side, number in zip((a, b, c, d), extreme, strict=True):
            side.append(number)
    for w, x, y, z, result in zip(a, b, c, d, mapped(machine, field, "mul-subs", a, b, c, d), strict=True):
        assert result % P == ((w - x) * y - z) % P, (w, x, y, z)


def test_squares_less_two_values(machine: Machine, field: Contract, rng: random.Random) -> None:
    a, b = pairs(rng, 1000)
    c = rng.sample(a, len(a))
    for extreme in itertools.product((0, (1 << 256) - 1), repeat=3):
        for side, number in zip((a, b, c), extreme, strict=True):
            side.append(number)
    for x, y, z, result in zip(a, b, c, mapped(machine, field, "sqr-subs", a, b, c), strict=True):
        assert result % P == (x * x - y - z) % P, (x, y, z)


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
def test_canonical_values_are_below_p(machine: Machine, field: Contract, a: int) -> None:
    assert whole(machine.private(field, "fe-canonical", halves(a)).plain()) == a % P


# ------------------------------------------------------------------------------------------------ mod N


def test_scalars_less_scalars(machine: Machine, field: Contract, rng: random.Random) -> None:
    edges = [*EDGES, N - 1, N - 2, N - HALF]
    a, b = (list(side) for side in zip(*itertools.product(edges, edges), strict=True))
    a, b = [x % N for x in [*a, *numbers(rng, 500)]], [x % N for x in [*b, *numbers(rng, 500)]]
    for x, y, difference in zip(a, b, mapped(machine, field, "scalar-subs", a, b), strict=True):
        assert difference == (x - y) % N, (x, y)


def test_coordinates_times_prices_are_below_n(machine: Machine, field: Contract, rng: random.Random) -> None:
    """Canonical, as recovery wants them; also where the product ends just below or above a multiple of N."""
    a = [*EDGES, N - 1, N, N + 1, 2 * HALF - 1, *numbers(rng, 1000)]
    n = [rng.choice((1, 2, 100, 10_000, (1 << 52) - 1, rng.getrandbits(52) | 1)) for _ in a]
    for price in (3, 10_000, (1 << 52) - 1):
        for k in (1, 2, price // 2, price - 1):
            for near in (-1, 0, 1, 2):
                a.append((k * N) // price + near)
                n.append(price)
    results = mapped(machine, field, "scalar-timeses", a, n)
    for x, y, product in zip(a, n, results, strict=True):
        assert product == x * y % N, (x, y)
