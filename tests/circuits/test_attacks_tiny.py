"""Ranges so small that everything a prover could commit to is tried: accepted if and only if it is true.

In the group whose logarithms are open (toy_group.py) sums cancel exactly as they do on the curve.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from circuits.group import LibPoint
from circuits.pedersen import Opening, commit
from circuits.range_equation import Check, RangeStatement
from circuits.range_proof import prove
from circuits.reference import ReferencePoint
from circuits.scalar import N, Scalar
from circuits.shape import USAGE, Shape, generators
from tests.circuits.cheating import Plan, Rules, count, forge, plan, reciprocals
from tests.circuits.honest import proved
from tests.circuits.naive import accepts, verdict
from tests.circuits.toy_group import LogPoint

ONE = USAGE[1]
PAIR = Shape(1, (1, 2), 2)  # one value of two bits
LOOSE = Shape(1, (1, 1), 2)  # one value in 0..2, of which 1 has two forms
BITS = Shape(2, (1,), 2)  # two values of one bit, one round of folding
SHAPES = {"one of two bits": PAIR, "one in 0..2": LOOSE, "two of one bit": BITS}


def witnesses(shape: Shape) -> Iterator[tuple[Plan, bool]]:
    """All values and digits from just below their range to just above, all multiplicities; whether they are right."""
    digits = list(product(range(-1, shape.base + 1), repeat=shape.slots))
    multiplicities = list(product(range(shape.slots + 1), repeat=shape.slots))
    for values in product(range(-1, shape.bound + 1), repeat=shape.m):
        for d in digits:
            recomposed = [
                sum(b * x for b, x in zip(shape.weights, d[j * shape.digits :], strict=False)) for j in range(shape.m)
            ]
            for mult in multiplicities:
                right = list(values) == recomposed and set(d) <= {0, 1} and mult == count(shape, d)
                yield Plan(mod(values), mod(d), mod(mult)), right


def mod(numbers: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(number % N for number in numbers)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
def test_everything_that_can_be_committed(shape: Shape) -> None:
    base = generators(LogPoint, shape.slots)
    proved_values, tried = set(), 0
    for cheat, right in witnesses(shape):
        forged = forge(base, shape, cheat)
        found = verdict(base, forged.statement, forged.proof)
        assert found is (None if right else Check.EQUATION), cheat
        tried += 1
        if right:
            proved_values.add(cheat.values)
    assert tried == (shape.bound + 2) ** shape.m * 16 * 9
    assert proved_values == set(product(range(shape.bound), repeat=shape.m))


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
def test_without_the_table_the_same_search_finds_forgeries(shape: Shape) -> None:
    """So the search above would have found them."""
    base, naive = generators(LogPoint, shape.slots), Rules(membership=False)
    found = set()
    for d in product(range(-1, shape.base + 1), repeat=shape.slots):
        values = [
            sum(b * x for b, x in zip(shape.weights, d[j * shape.digits :], strict=False)) for j in range(shape.m)
        ]
        forged = forge(base, shape, Plan(mod(tuple(values)), mod(d), count(shape, d)), naive)
        assert accepts(base, forged.statement, forged.proof, naive)
        found.add(tuple(values))
    assert found > set(product(range(shape.bound), repeat=shape.m))


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
def test_no_reciprocal_but_the_right_one(shape: Shape) -> None:
    base = generators(LogPoint, shape.slots)
    for values in product(range(shape.bound), repeat=shape.m):
        honest = plan(shape, values)
        for factors in product((0, 1, 2, N - 1), repeat=shape.slots):

            def scaled(e: int, factors: tuple[int, ...] = factors, d: tuple[int, ...] = honest.digits) -> list[int]:
                return [a * b % N for a, b in zip(reciprocals(e, d), factors, strict=True)]

            forged = forge(base, shape, replace(honest, reciprocals=scaled))
            right = set(factors) == {1}
            assert verdict(base, forged.statement, forged.proof) is (None if right else Check.EQUATION)


@pytest.mark.parametrize("shape", [*SHAPES.values(), Shape(4, (1, 2), 4), Shape(8, (1,), 4)])
def test_our_prover_proves_every_value(shape: Shape) -> None:
    """On the curve, opened and not."""
    base = generators(LibPoint, shape.slots)
    for value in range(shape.bound):
        for opened in (False, True):
            made = proved(shape, [(value + j) % shape.bound for j in range(shape.m)], opened=opened)
            assert verdict(base, made.statement, made.proof) is None


def test_the_reference_group_judges_alike() -> None:
    base: Any = generators(ReferencePoint, ONE.slots)
    honest = forge(generators(LibPoint, ONE.slots), ONE, plan(ONE, [2**20 - 1]))
    false = forge(generators(LibPoint, ONE.slots), ONE, plan(ONE, [2**20], [2**20 - 1]))
    assert verdict(base, honest.statement, honest.proof) is None
    assert verdict(base, false.statement, false.proof) is Check.EQUATION
    opening = Opening(77, Scalar(5))
    statement = RangeStatement(ONE, bytes(32), (commit(base.bases, opening).to_bytes(),), opening)
    made = prove(base, statement, [opening], bytes(32))
    assert verdict(generators(LibPoint, ONE.slots), statement, made) is None
    assert made == prove(generators(LibPoint, ONE.slots), statement, [opening], bytes(32))
