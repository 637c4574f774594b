"""The generated verifiers' arithmetic against Python's integers, and their sums of points against libsecp256k1's."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from appliance.chain.address import Contract
from appliance.chain.clarity import Int
from circuits import hints as inverses
from circuits.group import LibPoint
from circuits.scalar import N, P, Scalar
from circuits.shape import MONEY, USAGE, Shape
from contracts.range.generator import environment, name_of, verifier
from contracts.range.layout import MANY
from tests.contracts.settlement import account
from tests.contracts.vm import Machine

HINT, EQUATION = 1002, 1004
HALF = 1 << 128
TOP = (1 << 256) - 1
EDGES = [0, 1, 2, HALF - 1, HALF, N - 1, N, N + 1, P - 1, P, P + 1, 1 << 255, TOP - 1, TOP]
EDGES += [(1 << k) - 1 for k in (52, 104, 156, 208)] + [TOP - ((1 << k) - 1) for k in (48, 104, 208)]
SHORT = [0, 1, 2, (1 << 52) - 1, 1 << 52, (1 << 104) - 1, HALF - 1]


def halves(number: int) -> dict[str, int]:
    return {"h": number >> 128, "l": number % HALF}


def whole(element: dict[str, int]) -> int:
    return element["h"] * HALF + element["l"]


SCALARS = """
(define-read-only (try-mul (a (list 64 {h: uint, l: uint})) (b (list 64 {h: uint, l: uint}))) (map sc-mul a b))
(define-read-only (try-add (a (list 64 {h: uint, l: uint})) (b (list 64 {h: uint, l: uint}))) (map sc-add a b))
(define-read-only (try-dot (a (list 64 {h: uint, l: uint})) (b (list 64 {h: uint, l: uint}))) (map sc-dot a b b b))
(define-read-only (try-short (a (list 64 {h: uint, l: uint})) (s (list 64 uint))) (map sc-short a s))
(define-read-only (try-short-plus (a (list 64 {h: uint, l: uint})) (s (list 64 uint)) (b (list 64 {h: uint, l: uint})))
  (map sc-short-plus a s b))
(define-read-only (try-canonical (a (list 64 {h: uint, l: uint}))) (map sc-canonical a))
(define-read-only (try-negate (a (list 64 {h: uint, l: uint}))) (map sc-negate a))
"""
STEPS = """
(define-read-only (try-square-step (a (list 64 {h: uint, l: uint})) (s (list 64 uint)) (b (list 64 {h: uint, l: uint})))
  (map sc-square-step a s b a b))
"""
ELEMENTS = """
(define-read-only (try-fe-mul (a (list 64 {h: uint, l: uint})) (b (list 64 {h: uint, l: uint}))) (map fe-mul a b))
(define-read-only (try-fe-sub (a (list 64 {h: uint, l: uint})) (b (list 64 {h: uint, l: uint}))) (map fe-sub a b))
"""


@pytest.fixture(scope="module")
def contract(machine: Machine) -> Contract:
    """range-4 with wrappers that try 64 operations in one call."""
    return machine.deploy("range-4-tried", account("deployer of test_range"), verifier(USAGE[4]) + SCALARS + STEPS)


@pytest.fixture(scope="module")
def listing(machine: Machine) -> Contract:
    """range-16 likewise, which calculates on lists."""
    return machine.deploy("range-16-tried", account("deployer of test_range"), verifier(USAGE[16]) + SCALARS + ELEMENTS)


def tried(machine: Machine, contract: Contract, function: str, *operands: list[Any]) -> list[int]:
    results: list[int] = []
    for start in range(0, len(operands[0]), 64):
        arguments = [operand[start : start + 64] for operand in operands]
        results += [whole(element) for element in machine.read(contract, f"try-{function}", *arguments).plain()]
    assert len(results) == len(operands[0])
    assert max(results) < 1 << 256
    return results


def numbers(rng: random.Random, count: int, bits: int = 256) -> list[int]:
    """Uniform ones, and ones with long runs of equal bits, where carries travel far."""
    found = []
    for _ in range(count):
        number = rng.getrandbits(bits)
        low, high = sorted(rng.sample(range(bits + 1), 2))
        run = (1 << high) - (1 << low)
        found.append(rng.choice((number, number | run, number & ~run)))
    return found


def operands(rng: random.Random, seconds: list[int], bits: int) -> tuple[list[int], list[int]]:
    pairs = [(a, b) for a in EDGES for b in seconds]
    first, second = [a for a, _ in pairs], [b for _, b in pairs]
    return first + numbers(rng, 600), second + numbers(rng, 600, bits)


OPERATIONS: dict[str, tuple[int, Callable[[int, int], int]]] = {
    "mul": (N, lambda a, b: a * b),
    "add": (N, lambda a, b: a + b),
    "dot": (N, lambda a, b: a * b + b * b),
    "fe-mul": (P, lambda a, b: a * b),
    "fe-sub": (P, lambda a, b: a - b),
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_two_elements(machine: Machine, listing: Contract, rng: random.Random, name: str) -> None:
    modulus, operation = OPERATIONS[name]
    a, b = operands(rng, EDGES, 256)
    results = tried(machine, listing, name, [halves(x) for x in a], [halves(y) for y in b])
    for x, y, result in zip(a, b, results, strict=True):
        assert result % modulus == operation(x, y) % modulus, (x, y)


def test_an_element_and_a_challenge(machine: Machine, contract: Contract, rng: random.Random) -> None:
    a, s = operands(rng, SHORT, 128)
    b = [rng.choice(EDGES) for _ in a]
    elements, others = [halves(x) for x in a], [halves(z) for z in b]
    for x, y, result in zip(a, s, tried(machine, contract, "short", elements, s), strict=True):
        assert result % N == x * y % N, (x, y)
    results = tried(machine, contract, "short-plus", elements, s, others)
    for x, y, z, result in zip(a, s, b, results, strict=True):
        assert result % N == (x * y + z) % N, (x, y, z)


def test_a_step_of_the_sum_of_squares(machine: Machine, contract: Contract, rng: random.Random) -> None:
    a, s = operands(rng, SHORT, 128)
    b = [rng.choice(EDGES) for _ in a]
    results = tried(machine, contract, "square-step", [halves(x) for x in a], s, [halves(z) for z in b])
    for x, y, z, result in zip(a, s, b, results, strict=True):
        assert result % N == (x * y + (z + x) ** 2 + z) % N, (x, y, z)


def test_sums_of_columns(machine: Machine, rng: random.Random) -> None:
    top = (1 << 100) - 1
    single = machine.deploy("range-1-tried", account("deployer of test_range"), verifier(USAGE[1]))
    for case in range(30):
        columns = [top] * 5 if not case else [rng.choice((0, 1, top, rng.getrandbits(100))) for _ in range(5)]
        a, s = rng.choice([TOP, *EDGES]), rng.choice(SHORT)
        total = sum(c << 52 * k for k, c in enumerate(columns))
        for function, first, expected in (
            ("sc-collect", [], total),
            ("sc-short-collect", [halves(a), s], a * s + total),
        ):
            result = whole(machine.private(single, function, *first, *columns).plain())
            assert result < 1 << 256
            assert result % N == expected % N


def test_a_top_limb_up_to_its_bound(machine: Machine, contract: Contract, rng: random.Random) -> None:
    """The lower limbs count with their lowest 52 bits."""
    for case in range(30):
        low = [rng.choice(((1 << 52) - 1, 0, rng.getrandbits(52))) for _ in range(4)]
        top = rng.choice(((1 << 120) - 1, (1 << 48) - 1, 1 << 48, rng.getrandbits(120))) if case else (1 << 120) - 1
        carried = [limb + (rng.getrandbits(70) << 52) for limb in low]
        result = whole(machine.private(contract, "sc-pack", *carried, top).plain())
        assert result < 1 << 256
        assert result % N == sum(limb << 52 * k for k, limb in enumerate((*low, top))) % N


def test_negative(machine: Machine, contract: Contract, rng: random.Random) -> None:
    a = [*EDGES, *range(N - 3, N + 3), *numbers(rng, 100)]
    for x, result in zip(a, tried(machine, contract, "negate", [halves(x) for x in a]), strict=True):
        assert 0 < result <= N
        assert (x + result) % N == 0


def test_canonical(machine: Machine, contract: Contract, rng: random.Random) -> None:
    a = [*EDGES, N + HALF - 2, *range(N - 3, N + 3), *numbers(rng, 100)]
    assert tried(machine, contract, "canonical", [halves(x) for x in a]) == [x % N for x in a]


def test_columns_up_to_their_bound_reduce_without_overflow(
    machine: Machine, listing: Contract, rng: random.Random
) -> None:
    for function, modulus, top in (("sc-reduce", N, (1 << 113) - 1), ("fe-reduce", P, (1 << 112) - 1)):
        cases = [[top] * 9, [0] * 9, *([top if i == k else 0 for i in range(9)] for k in range(9))]
        cases += [[rng.choice((0, top, rng.getrandbits(112))) for _ in range(9)] for _ in range(30)]
        for columns in cases:
            result = whole(machine.private(listing, function, *columns).plain())
            assert result < 1 << 256
            assert result % modulus == sum(c << 52 * k for k, c in enumerate(columns)) % modulus


# One product and one square of 40 elements, by the macros that the sums of points are made of.
LISTS = """
(define-constant B40 (list {b}))
(define-constant F40 (list {f}))
(define-read-only (products {x} {y})
  (let (
{product}
    ) (list z0 z1 z2 z3 z4)))
(define-read-only (squares {x} {y})
  (let (
{square}
    ) (list z0 z1 z2 z3 z4)))
"""


def test_whole_lists_with_limbs_up_to_their_bounds(machine: Machine, rng: random.Random) -> None:
    imports = ';;% from "field.clar" import product, square\n'

    def filled(call: str) -> str:
        return environment(USAGE[64]).from_string(f"{imports}{{{{ {call} }}}}\n").render()

    text = LISTS.format(
        b=" ".join([str(2**52)] * 40),
        f=" ".join([str(2**260 % P)] * 40),
        x=" ".join(f"(x{j} (list 40 int))" for j in range(5)),
        y=" ".join(f"(y{j} (list 40 int))" for j in range(5)),
        product=filled("product('z', 'x', 'y', 40, ('x', 'y'))"),
        square=filled("square('z', 'x', 40, ('x', 'y'))"),
    )
    contract = machine.deploy("range-lists", account("deployer of test_range"), text)
    tops = [(1 << 54) - 1] * 4 + [(1 << 61) - 1]

    def limb(j: int) -> int:
        return rng.choice((tops[j], -tops[j], rng.randint(-tops[j], tops[j]), rng.randint(-(1 << 20), 1 << 20), 0))

    x = [[limb(j) for _ in range(38)] + [tops[j], -tops[j]] for j in range(5)]
    y = [[limb(j) for _ in range(38)] + [tops[j], tops[j]] for j in range(5)]
    as_ints = [[Int(n) for n in limbs] for limbs in (*x, *y)]
    for function in ("products", "squares"):
        z = machine.read(contract, function, *as_ints).plain()
        for i in range(40):
            a, b, c = (sum(v[j][i] << 52 * j for j in range(5)) for v in (x, y, z))
            assert (c - (a * b if function == "products" else a * a) + a + b) % P == 0
            assert all(abs(z[j][i]) < 1 << 52 for j in range(4))
            assert abs(z[4][i]) < 1 << 59


TOPS = [(1 << 52) - 1] * 4 + [(1 << 58) - 1]


def signed(rng: random.Random, bounds: list[int]) -> dict[str, Int]:
    """An element as sums of points pass it on, each limb within its bound; a's limbs have one sign, and b's."""
    limbs = [rng.choice((0, 1, bound, rng.randint(0, bound))) for bound in bounds]
    signs = [rng.choice((1, -1)) for _ in range(3)]
    pairs = {"a": limbs[0] + (limbs[1] << 52), "b": limbs[2] + (limbs[3] << 52), "c": limbs[4]}
    return {name: Int(sign * pair) for (name, pair), sign in zip(pairs.items(), signs, strict=True)}


def number_of(element: dict[str, Any]) -> int:
    a, b, c = (part.value if isinstance(part, Int) else part for part in (element[name] for name in "abc"))
    assert max(abs(a), abs(b)) < 1 << 104
    assert abs(c) < 1 << 58
    return a + (b << 104) + (c << 208)


def test_one_addition_with_limbs_up_to_their_bounds(machine: Machine, contract: Contract, rng: random.Random) -> None:
    """Of any numbers: the formulas do not ask whether points are on the curve."""
    for _ in range(60):
        n, p, *coordinates = (signed(rng, TOPS) for _ in range(6))
        ax, ay, bx, by = map(number_of, coordinates)
        a, b = ({"x": coordinates[i], "y": coordinates[i + 1]} for i in (0, 2))
        product = machine.private(contract, "times-difference", p, a, b).plain()
        assert (number_of(product) - number_of(p) * (bx - ax)) % P == 0
        made = machine.private(contract, "add-next", n, p, a, b).plain()
        assert (number_of(made["inverse"]) - number_of(n) * (bx - ax)) % P == 0
        slope = (by - ay) * number_of(n) * number_of(p)
        x = slope**2 - ax - bx
        assert (number_of(made["sum"]["x"]) - x) % P == 0
        assert (number_of(made["sum"]["y"]) - slope * (ax - x) + ay) % P == 0


def test_elements_below_p(machine: Machine, contract: Contract, rng: random.Random) -> None:
    tops = [(1 << 62) - 1] * 5
    cases = [
        [0] * 5,
        tops,
        [-top for top in tops],
        *(
            [sign * ((n >> 52 * i) % (1 << 52)) for i in range(5)]
            for n in (P, P - 1, P + 1, 1 << 256, (1 << 256) - 1)
            for sign in (1, -1)
        ),
    ]
    cases += [[rng.choice((top, -top, rng.randint(-top, top), 0)) for top in tops] for _ in range(60)]
    for limbs in cases:
        packed = whole(machine.private(contract, "pack", *map(Int, limbs)).plain())
        assert packed < 1 << 256
        assert packed % P == sum(limb << 52 * i for i, limb in enumerate(limbs)) % P
    for _ in range(30):
        element = signed(rng, TOPS)
        assert whole(machine.private(contract, "canonical", element).plain()) == number_of(element) % P


def test_the_inverse_that_a_hint_claims(machine: Machine, contract: Contract, rng: random.Random) -> None:
    """It need not be reduced; a product of zero has none."""
    product = signed(rng, TOPS)
    inverse = pow(number_of(product), -1, P)
    hints = [inverse, *([inverse + P] if inverse + P <= TOP else [])]
    for hint in hints:
        claimed = machine.private(contract, "checked", product, hint.to_bytes(32, "big")).ok()
        assert number_of(claimed) % P == inverse
    one, small = {"a": Int(1), "b": Int(0), "c": Int(0)}, P + 1
    assert number_of(machine.private(contract, "checked", one, small.to_bytes(32, "big")).ok()) % P == 1
    for wrong in (0, 1, P, P - inverse, inverse ^ 1, TOP):
        assert machine.private(contract, "checked", product, wrong.to_bytes(32, "big")).refusal() == HINT
        nothing = {"a": Int(0), "b": Int(0), "c": Int(0)}
        assert machine.private(contract, "checked", nothing, wrong.to_bytes(32, "big")).refusal() == HINT


def keys(points: list[LibPoint]) -> list[bytes]:
    return [point.to_bytes() for point in points]


def random_points(rng: random.Random, count: int) -> list[LibPoint]:
    return [LibPoint.generator() * Scalar(rng.randrange(1, N)) for _ in range(count)]


def level_hints(points: list[LibPoint], hints: int) -> list[bytes]:
    """With a first one that `sum` does not look at; where no inverse exists, one that claims it is 1."""
    level = [point.xy() for point in points]
    made = [0]
    while len(level) > 2:
        product = 1
        for difference in inverses.differences(level):
            product = product * difference % P
        made.append(pow(product, -1, P) if product else 1)
        level = inverses.add_pairs(level, made[-1])
    assert len(made) == hints
    return [hint.to_bytes(32, "big") for hint in made]


@pytest.mark.parametrize("shape", [USAGE[1], USAGE[4], USAGE[64], MONEY[1], MONEY[4], MONEY[32]], ids=name_of)
def test_sums_of_points(machine: Machine, rng: random.Random, shape: Shape) -> None:
    contract = machine.deploy(f"{name_of(shape)}-summed", account("deployer of test_range"), verifier(shape))
    half = shape.terms // 2

    def sum_of(points: list[LibPoint], hints: list[bytes] | None = None) -> Any:
        encoded = keys(points)
        parts: list[Any] = [encoded[:half], encoded[half : 2 * half]] + (
            [encoded[2 * half :]] if shape.terms % 2 else []
        )
        if shape.m < MANY:
            parts = list(encoded)
        return machine.private(
            contract, f"sum-{shape.terms}", *parts, level_hints(points, shape.hints) if hints is None else hints
        )

    rest = random_points(rng, shape.terms - 1)
    whole_sum = LibPoint.sum(rest)
    cancelling = [*rest, -whole_sum]
    assert sum_of(cancelling).ok() is True
    assert sum_of([*rest, whole_sum]).refusal() == EQUATION
    assert sum_of([*rest, -whole_sum + LibPoint.generator()]).refusal() == EQUATION
    # P + P and P + (-P): of the first level, and of the next, where two sums are the same
    for other in (rest[0], -rest[0]):
        assert sum_of([*cancelling[:half], other, *cancelling[half + 1 :]]).refusal() == HINT
    quarter = (half + shape.terms % 2) // 2
    for sign in (1, N - 1):
        same = list(cancelling)
        same[half + quarter] = (same[0] + same[half]) * Scalar(sign) - same[quarter]
        assert sum_of(same).refusal() == HINT


def test_inverses_take_any_form_of_the_hint(machine: Machine, listing: Contract) -> None:
    """3 and 3 + p are the same inverse; zero has none."""
    third = pow(3, -1, P)
    for hint in (3, 3 + P):
        assert [whole(x) % P for x in machine.private(listing, "invert", [halves(third)], halves(hint)).ok()] == [3]
    for wrong in (0, 2, P, third):
        assert machine.private(listing, "invert", [halves(third)], halves(wrong)).refusal() == HINT
    for hint in (0, 1, P):
        assert machine.private(listing, "invert", [halves(0)], halves(hint)).refusal() == HINT
        assert machine.private(listing, "invert", [halves(P)], halves(hint)).refusal() == HINT
