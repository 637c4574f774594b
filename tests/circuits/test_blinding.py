"""HKDF by RFC 5869's own vectors; blindings that never meet; codes that survive being copied by hand."""

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circuits import code
from circuits.blinding import BlindingKey, Letter, hkdf
from circuits.code import CodeError

FROZEN_BLINDING = "6896b9372a75d17f2e48563f2d6f9965feb904273530c0c26a628ae4b1c4f2f7"
FROZEN_SALT = "7f848cff2651010d519546b18f012046"

# RFC 5869, appendix A.1 to A.3: key, salt, info, length, output
RFC_5869 = [
    (
        "0b" * 22, "000102030405060708090a0b0c", "f0f1f2f3f4f5f6f7f8f9", 42,
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
    ),
    (
        bytes(range(0x50)).hex(), bytes(range(0x60, 0xB0)).hex(), bytes(range(0xB0, 0x100)).hex(), 82,
        (
            "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09"
            "da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"
        ),
    ),
    (
        "0b" * 22, "", "", 42,
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("key", "salt", "info", "length", "output"), RFC_5869)
def test_hkdf_by_the_rfc(key: str, salt: str, info: str, length: int, output: str) -> None:
    assert hkdf(bytes.fromhex(key), bytes.fromhex(info), length, bytes.fromhex(salt)).hex() == output


def test_hkdf_refuses_more_than_it_can_yield() -> None:
    with pytest.raises(ValueError, match="8160"):
        hkdf(b"k", b"", 8161)


def test_every_context_has_its_own_blinding() -> None:
    keys = [BlindingKey(bytes(15) + bytes([i])) for i in range(2)]
    seen = {
        key.blinding(Letter.USAGE, zone, slot, block, value, sequence)
        for key, zone, slot, block, value, sequence in itertools.product(keys, (1, 256), (0, 1), (0, 1), (0, 1), (0, 1))
    }
    assert len(seen) == 64
    salts = {key.leaf_salt(z, s, b) for key, z, s, b in itertools.product(keys, (1, 256), (0, 1), (0, 1))}
    assert len(salts) == 16


def test_every_letter_has_its_own_blinding() -> None:
    key = BlindingKey(bytes(range(16)))
    assert [letter.value for letter in Letter] == [b"U", b"F", b"W", b"D", b"K", b"P", b"Y", b"N"]
    assert len({key.blinding(letter, 1, 2, 3, 4) for letter in Letter}) == 8


@pytest.mark.parametrize("value", [-1, -(2**63), 2**64])
def test_a_value_that_cannot_be_committed_has_no_blinding(value: int) -> None:
    with pytest.raises(ValueError, match=r"\[0, 2\^64\)"):
        BlindingKey(bytes(range(16))).blinding(Letter.BALANCE, 1, 2, 3, value)


def test_the_derivation_does_not_change() -> None:
    """Frozen: what is on a printed card must open commitments for years."""
    key = BlindingKey(bytes(range(16)))
    assert key.blinding(Letter.USAGE, 1, 2, 3, 4).to_bytes().hex() == FROZEN_BLINDING
    assert key.leaf_salt(1, 2, 3).hex() == FROZEN_SALT


@given(st.binary(min_size=16, max_size=16))
def test_a_proof_code_reads_back_however_it_is_typed(secret: bytes) -> None:
    key = BlindingKey(secret)
    text = key.to_code()
    assert len(text) == 34
    for typed in (text, text.lower(), text.replace("-", " "), text.replace("0", "o").replace("1", "l"), f"  {text}\n"):
        assert BlindingKey.from_code(typed) == key


def test_every_single_slip_and_every_swap_of_neighbours_is_found() -> None:
    rng = random.Random(5869)
    for _ in range(20):
        text = BlindingKey(rng.randbytes(16)).to_code().replace("-", "")
        for i, right in enumerate(text):
            for wrong in code.ALPHABET.replace(right, ""):
                with pytest.raises(CodeError):
                    BlindingKey.from_code(text[:i] + wrong + text[i + 1 :])
        for i in range(len(text) - 3):  # both in the number itself
            if text[i] != text[i + 1]:
                with pytest.raises(CodeError):
                    BlindingKey.from_code(text[:i] + text[i + 1] + text[i] + text[i + 2 :])


def test_what_is_wrong_with_a_code_is_said_without_repeating_it() -> None:
    text = BlindingKey(bytes(range(16))).to_code()
    for typed, words in (
        (text[:-1], "28 letters and digits; 27 were typed"),
        (text.replace("G", "U"), "the letter U does not occur"),
        ("ZZ" + text[2:], "compare the code with the card"),
    ):
        with pytest.raises(CodeError, match=words) as caught:
            BlindingKey.from_code(typed)
        assert typed not in str(caught.value)


@given(st.binary(min_size=10, max_size=10))
def test_sign_in_codes_are_four_groups_of_four(secret: bytes) -> None:
    text = code.encode(secret, checked=False)
    assert [len(group) for group in text.split("-")] == [4, 4, 4, 4]
    assert code.decode(text, 10, checked=False) == secret


def test_keys_are_hidden() -> None:
    assert BlindingKey(bytes(range(16))).secret.hex() not in repr(BlindingKey(bytes(range(16))))
    with pytest.raises(ValueError, match="16 bytes"):
        BlindingKey(bytes(15))
