"""Bases, commitments and openings: over both groups, and against the one native call a contract has."""

import hashlib
from typing import Any

import coincurve
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circuits.generators import LIB, VALUE_TAG, Bases, bases, hash_to_lift
from circuits.group import LibPoint
from circuits.opening import opens, sum_openings, sum_opens
from circuits.pedersen import Opening, commit
from circuits.reference import ReferencePoint
from circuits.scalar import N, P, Scalar

REFERENCE = bases(ReferencePoint)
openings = st.builds(
    Opening,
    st.one_of(st.sampled_from([0, 1, 2**20 - 1, 2**64 - 1]), st.integers(0, 2**64 - 1)),
    st.integers(1, N - 1).map(Scalar),
)


def recover(z: bytes, r: int, s: int) -> bytes:
    """secp256k1-recover? with recovery id 0, as libsecp256k1 does it."""
    signature = r.to_bytes(32, "big") + s.to_bytes(32, "big") + b"\0"
    return coincurve.PublicKey.from_signature_and_message(signature, z, hasher=None).format()


def test_the_bases_are_what_the_protocol_says_by_big_integers_alone() -> None:
    counter = 0
    while True:
        text = bytes([len(VALUE_TAG)]) + VALUE_TAG + bytes(4) + counter.to_bytes(4, "big")
        x = int.from_bytes(hashlib.sha256(text).digest(), "big")
        square = (x**3 + 7) % P
        if 0 < x < N and pow(square, (P - 1) // 2, P) == 1:
            break
        counter += 1
    assert LIB.x.value == x
    y = pow(square, (P + 1) // 4, P)
    lift = ReferencePoint((x, y if y % 2 == 0 else P - y))
    assert REFERENCE.value * Scalar(x) == lift
    assert REFERENCE.blinding * Scalar(x) == -ReferencePoint.generator()
    assert LIB.value.to_bytes() == REFERENCE.value.to_bytes()
    assert LIB.blinding.to_bytes() == REFERENCE.blinding.to_bytes()


def test_the_bases_do_not_change() -> None:
    """Frozen: commitments on chain refer to them for ever."""
    assert f"{LIB.x.value:064x}" == "43c700558f8c3e3cd39823e530523334fa7bac486c0840f0aabeeb87a6e105d2"
    assert LIB.value.to_bytes().hex() == "02a3204d9656be8a9c085ea33ea60ceca693a522910824cff8c7dcc54166431bdf"
    assert LIB.blinding.to_bytes().hex() == "02a6851a018281fec9022c10bcfa8c4aea45895cdc22b381648a418e6943285818"


def test_generators_of_different_tags_and_indexes_differ() -> None:
    lifts = [
        hash_to_lift(LibPoint, tag, index) for tag in (VALUE_TAG, b"mita/v1/x", b"mita/v1/") for index in range(20)
    ]
    points = {lift.point for lift in lifts} | {LIB.value, LIB.blinding, LibPoint.generator(), -LibPoint.generator()}
    assert len(points) == len(lifts) + 4
    for tag in (b"", b"x" * 256):
        with pytest.raises(ValueError, match="tag"):
            hash_to_lift(LibPoint, tag, 0)


@settings(max_examples=25, deadline=None)
@given(openings)
def test_both_groups_and_the_native_call_make_the_same_commitment(opening: Opening) -> None:
    made = commit(LIB, opening)
    assert commit(REFERENCE, opening).to_bytes() == made.to_bytes()
    if opening.value:
        assert recover(opening.blinding.to_bytes(), LIB.x.value, opening.value) == made.to_bytes()
    # one A more, so that a value of zero needs no path of its own
    shifted = recover(opening.blinding.to_bytes(), LIB.x.value, opening.value + 1)
    assert shifted == (made + LIB.value).to_bytes()


@settings(max_examples=20, deadline=None)
@given(st.integers(1, N - 1).map(Scalar))
def test_a_value_of_zero_by_the_native_call(blinding: Scalar) -> None:
    x_g = int.from_bytes(LibPoint.generator().to_bytes()[1:], "big")
    s = -blinding.value * pow(LIB.x.value, -1, N) * x_g % N
    assert recover(bytes(32), x_g, s) == commit(LIB, Opening(0, blinding)).to_bytes()


@pytest.mark.parametrize("base", [LIB, REFERENCE])
def test_sums_open_and_nothing_else_does(base: Bases[Any]) -> None:
    parts = [Opening(v, Scalar(r)) for v, r in ((0, 5), (7, N - 3), (2**20 - 1, 11), (0, 13))]
    points = [commit(base, part) for part in parts]
    whole = sum_openings(parts)
    assert whole.value == 7 + 2**20 - 1
    assert sum_opens(base, points, whole)
    assert whole == parts[0] + parts[1] + parts[2] + parts[3]
    assert opens(base, points[1], parts[1])
    assert not opens(base, points[1], parts[2])
    assert not sum_opens(base, points, Opening(whole.value + 1, whole.blinding))
    assert not sum_opens(base, points, Opening(whole.value, whole.blinding + Scalar(1)))
    assert not sum_opens(base, points[:-1], whole)
    assert not sum_opens(base, [*points[:-1], points[0]], whole)
    assert not sum_opens(base, [], Opening(0, Scalar(0)))


def test_openings_are_bounded_and_hidden() -> None:
    for value in (-1, 2**64):
        with pytest.raises(ValueError, match="committed value"):
            Opening(value, Scalar(1))
    assert "4711" not in repr(Opening(4711, Scalar(4711)))
