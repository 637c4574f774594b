"""What a bill should be: only who has the key reads it, and only what opens the commitment counts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from circuits import alternative
from circuits.blinding import BlindingKey, Letter
from circuits.generators import LIB
from circuits.pedersen import commit

KEY, OTHER = BlindingKey(b"k" * 16), BlindingKey(b"o" * 16)
PLACE = (1, 2, 3)


def named(amount: int, key: BlindingKey = KEY) -> bytes:
    encoded: bytes = commit(LIB, alternative.opening(key, *PLACE, amount)).to_bytes()
    return encoded


@given(st.integers(0, 2**48 - 1))
def test_the_gateway_reads_what_the_dwelling_sealed(amount: int) -> None:
    sealed = alternative.seal(KEY, named(amount), amount)
    assert len(sealed) == alternative.SEALED_BYTES
    assert alternative.unseal(KEY, *PLACE, named(amount), sealed) == amount
    assert alternative.unseal(OTHER, *PLACE, named(amount), sealed) is None


def test_what_does_not_open_the_commitment_is_no_amount() -> None:
    sealed = alternative.seal(KEY, named(5), 5)
    assert alternative.unseal(KEY, *PLACE, named(6), sealed) is None
    assert alternative.unseal(KEY, 1, 2, 4, named(5), sealed) is None
    assert alternative.unseal(KEY, *PLACE, named(5), alternative.seal(KEY, named(5), 6)) is None
    assert alternative.unseal(KEY, *PLACE, named(5), alternative.seal(KEY, named(5), 2**48)) is None
    for foreign in (bytes(32), b"\xff" * 32, sealed[:-1], b""):
        assert alternative.unseal(KEY, *PLACE, named(5), foreign) is None


def test_bill_and_alternative_never_share_a_blinding() -> None:
    bill = KEY.blinding(Letter.BILL, *PLACE, 5)
    assert alternative.opening(KEY, *PLACE, 5).blinding != bill
    assert alternative.seal(KEY, named(5), 5) != alternative.seal(KEY, named(6), 5)
