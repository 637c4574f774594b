"""Arithmetic of point-sums against Python's integers, through their private functions."""

from __future__ import annotations

import itertools
import random
from typing import Any

import pytest

from appliance.chain.address import Contract
from appliance.chain.clarity import Int, List
from circuits.scalar import N, P
from tests.contracts.settlement import account
from tests.contracts.vm import CONTRACTS, Machine

HALF = 1 << 128
TOP = (1 << 256) - 1
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
    TOP - 1,
    TOP,
    (1 << 52) - 1,
    (1 << 104) - 1,
    (1 << 208) - 1,
    (1 << 256) - (1 << 208),
    (1 << 256) - (1 << 48),
]
PAIR, LAST = 1 << 104, 1 << 59  # bounds of an element's parts

# Appended to a copy of the contract, so that one call tries 64 operations.
WRAPPERS = """
(define-private (one-product (a (buff 32)) (b (buff 32))) (times (parts-of a) (parts-of b)))
(define-private (one-addition (a (buff 65)) (b (buff 65)) (i (buff 32))) (add-points a b (parts-of i)))
(define-read-only (products (a (list 64 (buff 32))) (b (list 64 (buff 32)))) (map one-product a b))
(define-read-only (products-of-parts (a (list 64 (list 3 int))) (b (list 64 (list 3 int)))) (map times a b))
(define-read-only (ones (a (list 64 (list 3 int)))) (map is-one a))
(define-read-only (differences (a (list 64 (buff 65))) (b (list 64 (buff 65)))) (map x-difference a b))
(define-read-only (additions (a (list 64 (buff 65))) (b (list 64 (buff 65))) (i (list 64 (buff 32))))
  (map one-addition a b i))
(define-read-only (scalar-timeses (a (list 64 (buff 32))) (n (list 64 uint))) (map scalar-times a n))
"""


@pytest.fixture(scope="module")
def sums(machine: Machine) -> Contract:
    source = (CONTRACTS / "point-sums.clar").read_text()
    return machine.deploy("point-sums", account("deployer of test_field's sums"), source + WRAPPERS)


def mapped(machine: Machine, contract: Contract, function: str, *operands: list[Any]) -> list[Any]:
    """function over the operands, 64 at a time; results as they come."""
    results: list[Any] = []
    for start in range(0, len(operands[0]), 64):
        results += machine.read(contract, function, *(operand[start : start + 64] for operand in operands)).plain()
    assert len(results) == len(operands[0])
    return results


def encoded(numbers: list[int]) -> list[bytes]:
    return [number.to_bytes(32, "big") for number in numbers]


def whole(parts: list[int]) -> int:
    """An element of its three parts, which are within their bounds."""
    low, middle, high = parts
    assert abs(low) <= PAIR
    assert abs(middle) <= PAIR
    assert abs(high) < LAST
    return low + (middle << 104) + (high << 208)


def in_parts(number: int) -> List:
    """With the whole sign in the last part."""
    return List((Int(number % PAIR), Int((number >> 104) % PAIR), Int(number >> 208)))


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


def test_products_of_edge_values_and_thousands_of_others(machine: Machine, sums: Contract, rng: random.Random) -> None:
    a, b = pairs(rng, 1500)
    for x, y, product in zip(a, b, mapped(machine, sums, "products", encoded(a), encoded(b)), strict=True):
        assert whole(product) % P == x * y % P, (x, y)


def test_products_of_extreme_parts(machine: Machine, sums: Contract, rng: random.Random) -> None:
    """Four times as large as any that occur, of either sign: no column overflows, and the product's parts are small."""

    def part(bound: int) -> int:
        return rng.choice((-1, 1)) * rng.choice((0, 1, bound, bound - 1, rng.randrange(bound)))

    extreme = [[x * 4 * PAIR, y * 4 * PAIR, z * 4 * LAST] for x, y, z in itertools.product((-1, 0, 1), repeat=3)]
    a = [p for p in extreme for _ in extreme] + [[part(4 * PAIR), part(4 * PAIR), part(4 * LAST)] for _ in range(500)]
    b = extreme * len(extreme) + [[part(4 * PAIR), part(4 * PAIR), part(4 * LAST)] for _ in range(500)]
    operands = ([List(tuple(map(Int, parts))) for parts in side] for side in (a, b))
    for x, y, product in zip(a, b, mapped(machine, sums, "products-of-parts", *operands), strict=True):
        expected = (x[0] + (x[1] << 104) + (x[2] << 208)) * (y[0] + (y[1] << 104) + (y[2] << 208)) % P
        assert whole(product) % P == expected, (x, y)


def test_one_is_told_from_all_else_however_it_is_written(machine: Machine, sums: Contract, rng: random.Random) -> None:
    """Multiples of p on both sides, and neighbours of one."""
    multiples = [*range(-40, 41), 2047, -2047, *(rng.randrange(-2000, 2000) for _ in range(100))]
    offsets = [1, 0, 2, -1, 1 + (1 << 52), 1 + (1 << 104), 1 + (1 << 208), 4294968273, 1 - 4294968273, P // 2]
    cases = [(k * P + offset, offset) for k in multiples for offset in offsets]
    cases += [(1 - (1 << 256) + P, 1 + P - (1 << 256)), ((1 << 256) - P, 4294968273), ((1 << 256) + 1, 4294968274)]
    answers = mapped(machine, sums, "ones", [in_parts(number) for number, _ in cases])
    assert answers == [offset == 1 for _, offset in cases]


def test_differences_of_x(machine: Machine, sums: Contract, rng: random.Random) -> None:
    a, b = pairs(rng, 500)
    keys = ([b"\x04" + side + bytes(32) for side in encoded(x)] for x in (a, b))
    for x, y, difference in zip(a, b, mapped(machine, sums, "differences", *keys), strict=True):
        assert whole(difference) == y - x


def test_additions_that_end_on_edge_values(machine: Machine, sums: Contract, rng: random.Random) -> None:
    """Coordinates and slopes at will, on the curve or not: x must come out canonical, and y's parity be that of y
    below p."""
    small = [0, 1, 2, 3, 4294968272, 4294968273, 4294968274]
    edges = [*small, *(P - 1 - number for number in small), *(edge % P for edge in EDGES)]
    targets = [*itertools.product(edges, edges), *((rng.randrange(P), rng.randrange(P)) for _ in range(500))]
    a: list[bytes] = []
    b: list[bytes] = []
    inverses: list[int] = []
    for x, y in targets:
        inverse, dy, ax = (rng.choice((rng.randrange(P), rng.choice(edges))) for _ in range(3))
        slope = dy * inverse % P
        bx = (slope * slope - ax - x) % P
        ay = (slope * (ax - x) - y) % P
        a.append(b"\x04" + b"".join(encoded([ax, ay])))
        b.append(b"\x04" + b"".join(encoded([bx, (ay + dy) % P])))
        inverses.append(inverse)
    results = mapped(machine, sums, "additions", a, b, encoded(inverses))
    for (x, y), result in zip(targets, results, strict=True):
        assert result == bytes([2 + y % 2]) + x.to_bytes(32, "big")


# ------------------------------------------------------------------------------------------------ mod N


def test_coordinates_times_factors_are_below_n(machine: Machine, sums: Contract, rng: random.Random) -> None:
    """Canonical, as recovery wants them; also where the product ends just below or above a multiple of N."""
    a = [*EDGES, N - 1, N, N + 1, *numbers(rng, 1000)]
    n = [rng.choice((1, 2, 100, 10_000, (1 << 52) - 1, rng.getrandbits(52) | 1)) for _ in a]
    for factor in (3, 10_000, (1 << 52) - 1):
        for k in (1, 2, factor // 2, factor - 1):
            for near in (-1, 0, 1, 2):
                a.append((k * N) // factor + near)
                n.append(factor)
    for x, y, product in zip(a, n, mapped(machine, sums, "scalar-timeses", encoded(a), n), strict=True):
        assert product == (x * y % N).to_bytes(32, "big"), (x, y)
