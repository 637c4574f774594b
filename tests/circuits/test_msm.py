"""Sums of multiples, against one multiplication after the other."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circuits.group import LibPoint
from circuits.msm import SHORT, msm
from circuits.reference import ReferencePoint
from circuits.scalar import N, P, Scalar, inverses, product

edges = st.sampled_from([0, 1, 2, -1, N, N - 1, N + 1, 2**SHORT - 1, 2**SHORT, 2**128, -(2**300)])
scalars = st.one_of(edges, st.integers(0, 2**SHORT), st.integers(0, N - 1))


def points(kind: Any, count: int) -> list[Any]:
    """Some of them equal, opposite or infinity."""
    g = kind.generator()
    return [kind.infinity() if i % 5 == 4 else g * Scalar(i % 3 + 1) if i % 2 else -g for i in range(count)]


@settings(max_examples=40, deadline=None)
@given(st.lists(scalars, max_size=12))
def test_it_is_the_sum_of_the_multiples(found: list[int]) -> None:
    given_points = points(LibPoint, len(found))
    slow = LibPoint.infinity()
    for scalar, point in zip(found, given_points, strict=True):
        slow = slow + point * Scalar(scalar % N)
    assert msm(LibPoint, found, given_points) == slow


@settings(max_examples=6, deadline=None)
@given(st.lists(scalars, min_size=1, max_size=6))
def test_both_groups_agree(found: list[int]) -> None:
    lib = msm(LibPoint, found, points(LibPoint, len(found)))
    reference = msm(ReferencePoint, found, points(ReferencePoint, len(found)))
    assert lib.is_infinity() == reference.is_infinity()
    assert lib.is_infinity() or lib.to_bytes() == reference.to_bytes()


@pytest.mark.parametrize("kind", [LibPoint, ReferencePoint])
def test_nothing_sums_to_infinity_and_lengths_must_agree(kind: Any) -> None:
    g = kind.generator()
    assert msm(kind, [], []).is_infinity()
    assert msm(kind, [3, N - 3], [g, g]).is_infinity()
    assert msm(kind, [2**SHORT, 1], [g, -(g * Scalar(2**SHORT))]).is_infinity()
    with pytest.raises(ValueError, match="zip"):
        msm(kind, [1, 2], [g])


@given(st.lists(st.integers(1, N - 1), max_size=20), st.sampled_from([N, P]))
def test_one_inverse_serves_for_all(values: list[int], modulus: int) -> None:
    whole = product(values, modulus)
    found = inverses(values, pow(whole, -1, modulus), modulus)
    assert [value * inverse % modulus for value, inverse in zip(values, found, strict=True)] == [1] * len(values)
