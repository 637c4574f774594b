"""Both groups behind one contract: strict encodings, equal results, infinity kept."""

from typing import Any

import coincurve
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circuits.group import LibPoint
from circuits.reference import ReferencePoint
from circuits.scalar import EncodingError, N, P, Scalar, total

KINDS: list[Any] = [LibPoint, ReferencePoint]
scalars = st.one_of(
    st.sampled_from([0, 1, 2, N - 1, N - 2, 2**128, N // 2]), st.integers(min_value=0, max_value=N - 1)
).map(Scalar)


def both(scalar: Scalar) -> tuple[LibPoint, ReferencePoint]:
    return LibPoint.generator() * scalar, ReferencePoint.generator() * scalar


def same(lib: LibPoint, reference: ReferencePoint) -> bool:
    if lib.is_infinity() or reference.is_infinity():
        return lib.is_infinity() and reference.is_infinity()
    return lib.to_bytes() == reference.to_bytes()


@settings(max_examples=40, deadline=None)
@given(scalars, scalars, scalars)
def test_the_two_groups_agree(a: Scalar, b: Scalar, c: Scalar) -> None:
    (p, p_), (q, q_) = both(a), both(b)
    assert same(p + q, p_ + q_)
    assert same(p - q, p_ - q_)
    assert same(-p, -p_)
    assert same(p * c, p_ * c)
    assert same(LibPoint.sum([p, q, p]), ReferencePoint.sum([p_, q_, p_]))
    assert same(p + q, (ReferencePoint.generator() * (a + b)))


@pytest.mark.parametrize("kind", KINDS)
def test_doubling_inverse_and_infinity(kind: Any) -> None:
    g = kind.generator()
    assert g + g == g * Scalar(2)
    assert (g - g).is_infinity()
    assert g + kind.infinity() == g == kind.infinity() + g
    assert (kind.infinity() + kind.infinity()).is_infinity()
    assert (-kind.infinity()).is_infinity()
    assert (g * Scalar(0)).is_infinity()
    assert (kind.infinity() * Scalar(5)).is_infinity()
    assert g * Scalar(N - 1) == -g
    assert kind.sum([]).is_infinity()
    assert kind.sum([g, -g, g, -g]).is_infinity()
    assert kind.sum([g, g, kind.infinity()]) == g * Scalar(2)
    assert g != -g
    assert g != kind.infinity()
    assert hash(g) == hash(kind.from_bytes_checked(g.to_bytes()))
    with pytest.raises(EncodingError):
        kind.infinity().to_bytes()


@pytest.mark.parametrize("kind", KINDS)
def test_only_canonical_compressed_points_are_taken(kind: Any) -> None:
    key = coincurve.PublicKey.from_secret((7).to_bytes(32, "big"))
    good, uncompressed = key.format(compressed=True), key.format(compressed=False)
    assert kind.from_bytes_checked(good).to_bytes() == good
    hybrid = bytes([6 + uncompressed[-1] % 2]) + uncompressed[1:]
    assert coincurve.PublicKey(hybrid).format() == good, "the library itself takes hybrid keys: this is the danger"
    bad = [
        uncompressed,
        hybrid,
        bytes([6]) + good[1:],
        bytes([7]) + good[1:],
        bytes([4]) + good[1:],
        bytes([0]) + good[1:],
        good[:-1],
        good + b"\0",
        b"",
        bytes(33),
        b"\x02" + P.to_bytes(32, "big"),
        b"\x02" + (P + 1).to_bytes(32, "big"),
        b"\x02" + b"\xff" * 32,
        b"\x02" + (5).to_bytes(32, "big"),  # 5^3 + 7 is no square mod p
    ]
    for encoded in bad:
        with pytest.raises(EncodingError):
            kind.from_bytes_checked(encoded)
    with pytest.raises(EncodingError):
        kind.from_x_even(5)
    with pytest.raises(EncodingError):
        kind.from_x_even(P)
    with pytest.raises(EncodingError):
        kind.from_x_even(-1)


def test_scalars_are_canonical_and_hidden() -> None:
    assert Scalar.from_bytes_checked((N - 1).to_bytes(32, "big")).value == N - 1
    for encoded in (N.to_bytes(32, "big"), b"\xff" * 32, bytes(31), bytes(33), b""):
        with pytest.raises(EncodingError):
            Scalar.from_bytes_checked(encoded)
    for value in (-1, N):
        with pytest.raises(EncodingError):
            Scalar(value)
    with pytest.raises(EncodingError):
        Scalar.from_bytes_wide(bytes(47))
    with pytest.raises(ZeroDivisionError):
        Scalar(0).inverse()
    assert "123456" not in repr(Scalar(123456))


@given(scalars, scalars)
def test_scalar_arithmetic_is_mod_n(a: Scalar, b: Scalar) -> None:
    assert (a + b).value == (a.value + b.value) % N
    assert (a - b).value == (a.value - b.value) % N
    assert (a * b).value == (a.value * b.value) % N
    assert (-a + a).value == 0
    assert total([a, b, a]) == a + b + a
    if a:
        assert (a * a.inverse()).value == 1
    assert Scalar.from_bytes_checked(a.to_bytes()) == a
