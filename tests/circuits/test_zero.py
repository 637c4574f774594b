"""C commits to zero: against the native call of a contract, over both groups."""

from dataclasses import replace
from typing import Any

import coincurve
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circuits import zero
from circuits.generators import LIB, bases
from circuits.group import LibPoint
from circuits.pedersen import Opening, commit
from circuits.reference import ReferencePoint
from circuits.scalar import EncodingError, N, P, Scalar
from circuits.verdict import Check, ProofRejected
from circuits.zero import ZeroProof

REFERENCE = bases(ReferencePoint)
CONTEXT, ENTROPY = bytes([3]) * 32, bytes(range(32))
blindings = st.one_of(st.sampled_from([1, 2, N - 1, N // 2]), st.integers(1, N - 1)).map(Scalar)


def zero_commitment(blinding: Scalar) -> bytes:
    encoded: bytes = commit(LIB, Opening(0, blinding)).to_bytes()
    return encoded


def rejected(base: Any, commitment: bytes, context: bytes, proof: ZeroProof) -> Check:
    with pytest.raises(ProofRejected) as found:
        zero.verify(base, commitment, context, proof)
    return found.value.check


@settings(max_examples=25, deadline=None)
@given(blindings, st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_it_is_what_one_native_call_checks(blinding: Scalar, context: bytes, entropy: bytes) -> None:
    commitment = zero_commitment(blinding)
    proof = zero.prove(LIB, blinding, context, entropy)
    zero.verify(LIB, commitment, context, proof)
    h = zero.challenge(context, commitment, proof.nonce).to_bytes(32, "big")
    signature = commitment[1:] + h + bytes([commitment[0] - 2])
    key = coincurve.PublicKey.from_signature_and_message(signature, proof.response, hasher=None)
    assert key.format() == proof.nonce


@settings(max_examples=4, deadline=None)
@given(blindings)
def test_both_groups_agree(blinding: Scalar) -> None:
    proof = zero.prove(REFERENCE, blinding, CONTEXT, ENTROPY)
    assert proof == zero.prove(LIB, blinding, CONTEXT, ENTROPY)
    zero.verify(REFERENCE, zero_commitment(blinding), CONTEXT, proof)
    assert rejected(REFERENCE, zero_commitment(blinding), bytes(32), proof) is Check.EQUATION


@settings(max_examples=20, deadline=None)
@given(blindings, st.sampled_from([1, 2, 2**20, 2**64 - 1]))
def test_other_values_are_not_proved(blinding: Scalar, value: int) -> None:
    """By a prover who answers for the blinding alone, for the commitment it really has."""
    commitment = commit(LIB, Opening(value, blinding)).to_bytes()
    nonce = (LibPoint.generator() * Scalar(99)).to_bytes()
    h = zero.challenge(CONTEXT, commitment, nonce)
    response = zero.respond(LIB, blinding, zero.x_of(commitment), h, 99)
    assert rejected(LIB, commitment, CONTEXT, ZeroProof(nonce, response)) is Check.EQUATION
    proof = zero.prove(LIB, blinding, CONTEXT, ENTROPY)
    assert rejected(LIB, commitment, CONTEXT, proof) is Check.EQUATION


def test_every_part_is_bound() -> None:
    blinding = Scalar(77)
    commitment = zero_commitment(blinding)
    proof = zero.prove(LIB, blinding, CONTEXT, ENTROPY)
    for context, commitment_, proof_ in (
        (bytes(32), commitment, proof),
        (CONTEXT, zero_commitment(Scalar(78)), proof),
        (CONTEXT, bytes([commitment[0] ^ 1]) + commitment[1:], proof),
        (CONTEXT, commitment, replace(proof, nonce=bytes([proof.nonce[0] ^ 1]) + proof.nonce[1:])),
        (CONTEXT, commitment, replace(proof, response=bytes(32))),
        (CONTEXT, commitment, zero.prove(LIB, blinding, bytes(32), ENTROPY)),
    ):
        assert rejected(LIB, commitment_, context, proof_) is Check.EQUATION


def test_a_response_serves_one_challenge_only() -> None:
    """Two challenges for one nonce would give the blinding away; other contexts have other nonces."""
    proofs = [zero.prove(LIB, Scalar(77), bytes([i]) * 32, ENTROPY) for i in range(10)]
    assert len({proof.nonce for proof in proofs}) == len({proof.response for proof in proofs}) == 10
    again = zero.prove(LIB, Scalar(77), bytes(32), bytes(32))
    assert again.nonce not in {proof.nonce for proof in proofs}
    assert zero.prove(LIB, Scalar(77), bytes(32), ENTROPY) == proofs[0]


class Digest:
    """In place of SHA-256, with a chosen output."""

    def __init__(self, value: int) -> None:
        self._value = value

    def digest(self) -> bytes:
        return self._value.to_bytes(32, "big")


@pytest.mark.parametrize("value", [0, N, 2**256 - 1])
def test_a_challenge_that_recovery_refuses(monkeypatch: pytest.MonkeyPatch, value: int) -> None:
    proof = zero.prove(LIB, Scalar(77), CONTEXT, ENTROPY)
    monkeypatch.setattr("circuits.zero.hashlib.sha256", lambda _: Digest(value))
    assert rejected(LIB, zero_commitment(Scalar(77)), CONTEXT, proof) is Check.ZERO_CHALLENGE


def test_encodings_and_lengths() -> None:
    commitment = zero_commitment(Scalar(77))
    proof = zero.prove(LIB, Scalar(77), CONTEXT, ENTROPY)
    for point in (b"", bytes(33), b"\4" + commitment[1:], commitment[:-1], b"\2" + (5).to_bytes(32, "big")):
        assert rejected(LIB, point, CONTEXT, proof) is Check.ENCODING
        assert rejected(LIB, commitment, CONTEXT, replace(proof, nonce=point)) is Check.ENCODING
    for scalar in (b"", bytes(31), N.to_bytes(32, "big"), b"\xff" * 32):
        assert rejected(LIB, commitment, CONTEXT, replace(proof, response=scalar)) is Check.ENCODING
    for context in (b"", bytes(31), bytes(33)):
        assert rejected(LIB, commitment, context, proof) is Check.LENGTH
    with pytest.raises(EncodingError):
        zero.prove(LIB, Scalar(0), CONTEXT, ENTROPY)
    with pytest.raises(ValueError, match="entropy"):
        zero.prove(LIB, Scalar(77), CONTEXT, b"")


def test_a_commitment_whose_x_coordinate_recovery_cannot_take() -> None:
    x = next(x for x in range(N, N + 100) if pow(x**3 + 7, (P - 1) // 2, P) == 1)
    assert x < P
    point = b"\2" + x.to_bytes(32, "big")
    LibPoint.from_bytes_checked(point)
    proof = zero.prove(LIB, Scalar(77), CONTEXT, ENTROPY)
    assert rejected(LIB, point, CONTEXT, proof) is Check.ENCODING


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=34), st.binary(max_size=33), st.binary(max_size=34), st.binary(max_size=33))
def test_junk_raises_nothing_else(commitment: bytes, context: bytes, nonce: bytes, response: bytes) -> None:
    with pytest.raises(ProofRejected):
        zero.verify(LIB, commitment, context, ZeroProof(nonce, response))
