"""Shapes: bounds, digits, where the table sits, and what a domain fixes."""

import hashlib
from collections.abc import Mapping
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circuits.generators import LIB, hash_to_lift
from circuits.group import LibPoint
from circuits.reference import ReferencePoint
from circuits.scalar import N, P, Scalar
from circuits.shape import (
    LINEAR_TAG,
    MONEY,
    MONEY_BOUND,
    USAGE,
    USAGE_BOUND,
    VECTOR_TAG,
    Shape,
    generators,
    generators_hash,
    lifts,
    operations,
)

TINY = [Shape(1, (1, 2, 4), 2), Shape(2, (1, 4), 4), Shape(2, (1, 2), 4), Shape(4, (1, 3), 4), Shape(8, (1,), 8)]
EVERY = [*USAGE.values(), *MONEY.values()]
shapes = st.sampled_from([*EVERY, *TINY])


def test_the_bound_of_every_usage_shape_is_r() -> None:
    assert USAGE_BOUND == 2**20
    assert {m: shape.bound for m, shape in USAGE.items()} == dict.fromkeys((1, 4, 16, 32, 64), USAGE_BOUND)
    assert [shape.m for shape in USAGE.values()] == list(USAGE)


def test_the_bound_of_every_money_shape_is_the_same() -> None:
    assert MONEY_BOUND == 2**48
    assert {m: shape.bound for m, shape in MONEY.items()} == dict.fromkeys((1, 4, 16, 32), MONEY_BOUND)
    assert [shape.m for shape in MONEY.values()] == list(MONEY)


@pytest.mark.parametrize("shape", TINY)
def test_digits_reach_every_value_and_no_other(shape: Shape) -> None:
    """By trying all digits: the values they make are exactly [0, bound)."""
    reached = {0}
    for weight in shape.weights:
        reached = {value + weight * digit for value in reached for digit in range(shape.base)}
    assert reached == set(range(shape.bound))


@pytest.mark.parametrize("shapes_", [USAGE, MONEY])
@pytest.mark.parametrize("m", [1, 4, 16, 32, 64])
def test_the_weights_reach_every_value_and_no_other(shapes_: Mapping[int, Shape], m: int) -> None:
    """As intervals: [0, reach] with one more weight stays an interval if the weight is at most reach + 1."""
    if m not in shapes_:
        assert (shapes_, m) == (MONEY, 64)
        return
    reach = 0
    for weight in shapes_[m].weights:
        assert weight <= reach + 1
        reach += weight * (shapes_[m].base - 1)
    assert reach == (2**20 if shapes_ is USAGE else 2**48) - 1


@given(shapes, st.data())
def test_a_value_is_the_sum_of_its_digits(shape: Shape, data: st.DataObject) -> None:
    edges = st.sampled_from([0, 1, shape.bound - 1, shape.bound - 2])
    value = data.draw(st.one_of(edges, st.integers(0, shape.bound - 1)))
    digits = shape.split(value)
    assert len(digits) == shape.digits
    assert all(0 <= digit < shape.base for digit in digits)
    assert sum(w * d for w, d in zip(shape.weights, digits, strict=True)) == value


@given(shapes, st.integers())
def test_values_outside_have_no_digits(shape: Shape, offset: int) -> None:
    for value in (-1 - abs(offset), shape.bound + abs(offset)):
        with pytest.raises(ValueError, match="outside"):
            shape.split(value)


@pytest.mark.parametrize("shape", [*EVERY, *TINY])
def test_every_digit_has_a_slot_of_its_own_and_pairs_fold_together(shape: Shape) -> None:
    assert len(set(shape.table)) == len(shape.table) == shape.base
    assert all(0 <= slot < shape.slots for slot in shape.table)
    if shape.m > 1:
        for digit, slot in enumerate(shape.table):
            assert abs(shape.table[shape.base - 1 - digit] - slot) == shape.slots // 2


@pytest.mark.parametrize(
    ("m", "weights", "base"),
    [
        (0, (1, 2), 2),
        (3, (1, 2), 2),
        (1, (1, 2), 3),
        (1, (1, 2), 4),
        (2, (1, 2), 6),
        (1, (1, 2), 0),
        (1, (2, 1), 2),
        (1, (1, 3), 2),
        (1, (1, 0), 2),
        (1, (1, -1), 2),
        (4, tuple(4**k for k in range(33)), 4),
    ],
)
def test_shapes_that_would_prove_something_else_are_refused(m: int, weights: tuple[int, ...], base: int) -> None:
    with pytest.raises(ValueError, match=r"number of values|base|weight|bits"):
        Shape(m, weights, base)


@pytest.mark.parametrize("shape", [*EVERY, *TINY])
def test_sizes_by_simulation(shape: Shape) -> None:
    """l and n are folded, terms are added in pairs: the counts by doing it."""
    n, el = [0] * shape.slots, [0] * (8 if shape.rounds else 6)
    for _ in range(shape.rounds):
        n, el = n[: len(n) // 2], el[: max(len(el) // 2, 1)]
    assert len(n) == shape.digits
    assert len(el) == shape.linear
    assert shape.scalars == len(n) + len(el) + 2
    assert shape.points == 5 + 2 * shape.rounds
    left = shape.slots + 5 + 1 + shape.points + shape.m
    assert left == shape.terms
    levels = 0
    while left > 2:
        left, levels = left - left // 2, levels + 1
    assert shape.hints == 1 + levels


def test_sizes_of_the_usage_shapes() -> None:
    assert [shape.terms for shape in USAGE.values()] == [20, 39, 99, 181, 279]
    assert [shape.hints for shape in USAGE.values()] == [5, 6, 7, 8, 9]
    assert [shape.linear for shape in USAGE.values()] == [6, 2, 1, 1, 1]


def test_sizes_of_the_money_shapes() -> None:
    """The lists of a contract's function take 32 points, 32 scalars and 12 hints."""
    assert [shape.terms for shape in MONEY.values()] == [26, 67, 163, 277]
    assert [shape.points for shape in MONEY.values()] == [5, 9, 13, 15]
    assert [shape.scalars for shape in MONEY.values()] == [22, 16, 11, 10]
    assert [shape.hints for shape in MONEY.values()] == [5, 7, 8, 9]


def test_operations_counted_by_hand() -> None:
    """m = 1: M 1+4, D 1+3, R 1+8+3, S 1+8+6, K 2, and 20 terms: A and H_0 are two, M is none. The 6 multiplicities of M
    and the 8 digits of D are short."""
    assert operations(USAGE[1]) == 5 + 4 + 12 + 15 + 2 + 20
    # m = 4, 20 slots; round 0: X 1+20+6, Y 1+10+2, folded 10+2; round 1: X 1+10+4, Y 1+5+2, folded 5+2
    assert operations(USAGE[4]) == (5 + 4 + 24 + 27 + 2) + (27 + 13 + 12) + (15 + 8 + 7) + 39


def test_operations_leave_out_every_short_scalar() -> None:
    """The whole yardstick, of which circuits/README.md tells."""
    assert {m: operations(shape) for m, shape in USAGE.items()} == {1: 58, 4: 183, 16: 519, 32: 987, 64: 1475}


def test_a_domain_fixes_the_whole_shape() -> None:
    every = [*EVERY, *TINY, Shape(1, (1, 2, 3), 2), Shape(8, (1,), 6), Shape(4, (1, 2), 4)]
    domains = [shape.domain(opened) for shape in every for opened in (True, False)]
    assert len(set(domains)) == 2 * len(every)


def test_domains_and_generators_do_not_change() -> None:
    """Frozen: contracts hold them."""
    assert generators_hash(USAGE[1].slots).hex() == "29bde90b2a13c56a1ba14a68722f4b0a204525aec467d9e87427490fbf055d24"
    assert generators_hash(USAGE[64].slots).hex() == "76635ee0eb5437d4695a9066267336291b58aeb95fa35c5e198926412921f7c0"
    assert USAGE[1].domain(opened=True).hex() == "61b72332287d1117ed3e9d7c1edf28c13a893cdd86c26ce3f128d103bd44d736"
    assert USAGE[64].domain(opened=False).hex() == "c5b1e9cd02cffa230dc7d860924db70d91375b2c3a2d292c069c58f0c2718033"
    assert generators_hash(MONEY[1].slots).hex() == "5fb3dc2cf94fb58771110f1c137d6813859e3757a01869f3666283a347c4914f"
    assert generators_hash(MONEY[32].slots).hex() == "d456de06465cb896bdb03255cdc511ea096b0c13a640b2bd47225d81cf082cab"
    assert MONEY[1].domain(opened=False).hex() == "6406d56e82486747b658d41456e7efc684eacaa36ec8f626e80c2fa8afa339f3"
    assert MONEY[32].domain(opened=False).hex() == "c026ce700bffb165dfaf8f23a7b567c9b5459b2847571415c4079d94903f2af9"


def test_a_domain_by_hand() -> None:
    shape = TINY[0]
    lifted = [hash_to_lift(LibPoint, VECTOR_TAG, i) for i in range(3)]
    lifted += [hash_to_lift(LibPoint, LINEAR_TAG, i) for i in range(1, 6)]
    text = b"".join(x.to_bytes() for x in (LIB.x, *(lift.x for lift in lifted)))
    fields = b"\x13mita/v1/range-proof" + b"\1" + b"\0\1" + b"\0\0\0\2" + b"\0\3"
    fields += b"".join(weight.to_bytes(8, "big") for weight in (1, 2, 4)) + hashlib.sha256(text).digest()
    assert shape.domain(opened=True) == hashlib.sha256(fields).digest()


def test_generators_are_distinct_and_the_same_in_both_groups() -> None:
    lib = generators(LibPoint, MONEY[32].slots)
    everything = [lib.bases.value, LibPoint.generator(), *lib.linear, *lib.vector]
    assert len(lib.vector) == 224
    assert len(lib.linear) == 6
    assert lib.linear[0] == lib.bases.blinding
    assert len({point.to_bytes()[1:] for point in everything}) == len(everything)
    reference = generators(ReferencePoint, 8)
    assert [point.to_bytes() for point in reference.vector] == [point.to_bytes() for point in lib.vector[:8]]
    assert [point.to_bytes() for point in reference.linear] == [point.to_bytes() for point in lib.linear]


def test_a_generator_by_big_integers() -> None:
    for tag, index in ((VECTOR_TAG, 191), (LINEAR_TAG, 5)):
        found = next(
            x
            for counter in range(100)
            if (x := candidate(tag, index, counter)) < N and pow(x**3 + 7, (P - 1) // 2, P) == 1
        )
        (lift,) = lifts(LibPoint, tag, index, 1)
        assert lift.x.value == found
        lib = generators(LibPoint, 192)
        point = lib.vector[index] if tag == VECTOR_TAG else lib.linear[index]
        assert point * Scalar(found) == lift.point
        assert lift.point.to_bytes() == b"\2" + found.to_bytes(32, "big")


def candidate(tag: bytes, index: int, counter: int) -> int:
    text = bytes([len(tag)]) + tag + index.to_bytes(4, "big") + counter.to_bytes(4, "big")
    return int(hashlib.sha256(text).hexdigest(), 16)


def test_random_values_of_the_largest_shape() -> None:
    random = Random(5)
    shape = USAGE[64]
    for _ in range(200):
        value = random.randrange(shape.bound)
        low, middle, high = shape.split(value)
        assert low + 124 * middle + 8400 * high == value


def test_random_amounts_of_the_single_shape() -> None:
    """Fourteen digits, the last two of one weight."""
    random = Random(6)
    shape = MONEY[1]
    for _ in range(200):
        value = random.randrange(shape.bound)
        *low, last, top = shape.split(value)
        assert sum(digit * 14**k for k, digit in enumerate(low)) + (last + top) * 8645425551360 == value
