"""Forgeries of "commits to zero", against naive forms and against ours."""

import hashlib
from dataclasses import replace
from random import Random

import coincurve
import pytest

from circuits import zero
from circuits.generators import LIB
from circuits.group import LibPoint
from circuits.pedersen import Opening, commit
from circuits.range_equation import Check
from circuits.scalar import N, P, Scalar
from circuits.zero import ZeroProof
from tests.circuits.zero_tools import (
    HERE,
    THERE,
    A,
    G,
    answer,
    fixed,
    number,
    point,
    scaled_holds,
    verdict_zero,
    zero_hash,
)

# Zero ----------------------------------------------------------------------------------------------------------------


def test_a_true_zero_and_nothing_else() -> None:
    for value, blinding in ((0, 5), (0, N - 1), (1, 5), (N - 1, 5), (2**20, 7)):
        made = zero.prove(LIB, Scalar(blinding), HERE, bytes(32))
        commitment = (A * Scalar(value) + LIB.blinding * Scalar(blinding)).to_bytes()
        assert verdict_zero(commitment, HERE, made) is (None if not value else Check.EQUATION)
        assert scaled_holds(commitment, zero.challenge(HERE, commitment, made.nonce), made) is (not value)


def test_a_signature_under_the_commitment_as_key_is_forgeable_for_any_value() -> None:
    """(r, s) verifies under C = v*A + ((s*b - z)/r)*G for whatever v, when z does not depend on C."""
    z, chosen, b = hashlib.sha256(b"withdraw" + HERE).digest(), 10**6, 777_777
    nonce = point(1, b)
    r = number(nonce.to_bytes()[1:]) % N
    s = chosen * r % N
    known = (s * b - number(z)) * pow(r, -1, N) % N
    commitment = point(chosen, known)
    low_s = min(s, N - s)  # libsecp256k1 takes only the lower one; the other sign of s is valid, too
    signature = coincurve.ecdsa.cdata_to_der(
        coincurve.ecdsa.deserialize_compact(r.to_bytes(32, "big") + low_s.to_bytes(32, "big"))
    )
    assert coincurve.PublicKey(commitment.to_bytes()).verify(signature, z, hasher=None)
    blinding = -known * LIB.x.value % N  # G = -x_A * H_0
    assert commitment == commit(LIB, Opening(chosen, Scalar(blinding)))  # and opens to what the forger likes
    proof = ZeroProof(nonce.to_bytes(), fixed(s))
    assert verdict_zero(commitment.to_bytes(), HERE, proof) is Check.EQUATION


def test_a_hash_without_the_commitment() -> None:
    """Plain Schnorr, z*G + R = h*C with h over context and R: then C = (R + z*G)/h commits to 1/h, not to zero.

    In our form R is scaled by x_C, so that C would have to be known to be computed; the hash covers it all the same.
    """
    nonce = point(1, 31_337)
    h = zero_hash("commitment", HERE, b"", nonce.to_bytes())
    z = 99
    inverse = pow(h, -1, N)
    commitment = (nonce + G * Scalar(z)) * Scalar(inverse)
    assert commitment == point(inverse, (31_337 + z) * inverse)
    assert commitment * Scalar(h) == nonce + G * Scalar(z)  # what the naive verifier checks
    encoded = commitment.to_bytes()
    x = number(encoded[1:])
    for response in (z, z * x, z * pow(x, -1, N)):
        assert verdict_zero(encoded, HERE, ZeroProof(nonce.to_bytes(), fixed(response))) is Check.EQUATION
        scaled_nonce = (nonce * Scalar(pow(x, -1, N))).to_bytes()
        assert verdict_zero(encoded, HERE, ZeroProof(scaled_nonce, fixed(response))) is Check.EQUATION


def test_a_hash_without_the_nonce() -> None:
    """Then the nonce is whatever the response leads to, for any commitment."""
    commitment = commit(LIB, Opening(4711, Scalar(5))).to_bytes()

    def attack(h: int) -> ZeroProof:
        return ZeroProof(zero.recovered(LIB, commitment, h, 12).to_bytes(), fixed(12))

    h = zero_hash("nonce", HERE, commitment, b"")
    assert scaled_holds(commitment, h, attack(h))
    assert verdict_zero(commitment, HERE, attack(h)) is Check.EQUATION
    for _ in range(3):  # or with a nonce put into the hash before: it is another then
        h = zero.challenge(HERE, commitment, attack(h).nonce) % N
        assert verdict_zero(commitment, HERE, attack(h)) is Check.EQUATION


@pytest.mark.parametrize("missing", ["context", "none"])
def test_a_hash_without_the_context(missing: str) -> None:
    """A withdrawal's proof would serve for a vote. With nothing missing, the hand-made proof is as good as ours."""
    commitment, k = (LIB.blinding * Scalar(5)).to_bytes(), 8
    nonce = (G * Scalar(k)).to_bytes()
    made = ZeroProof(nonce, answer(commitment, 5, zero_hash(missing, HERE, commitment, nonce), k))
    assert scaled_holds(commitment, zero_hash(missing, HERE, commitment, nonce), made)
    assert scaled_holds(commitment, zero_hash(missing, THERE, commitment, nonce), made) is (missing == "context")
    assert verdict_zero(commitment, HERE, made) is (None if missing == "none" else Check.EQUATION)
    assert verdict_zero(commitment, THERE, made) is Check.EQUATION
    assert verdict_zero(commitment, HERE[:-1], made) is Check.LENGTH


def test_a_zero_proof_for_another_commitment() -> None:
    """Negated, doubled, somebody else's, or plus a value."""
    made, mine = zero.prove(LIB, Scalar(5), HERE, bytes(32)), LIB.blinding * Scalar(5)
    for other in (-mine, mine + mine, mine + A, mine - A, LIB.blinding, A, G):
        assert verdict_zero(other.to_bytes(), HERE, made) is Check.EQUATION
        negative = replace(made, response=fixed(-number(made.response)))
        assert verdict_zero(other.to_bytes(), HERE, negative) is Check.EQUATION


def test_somebody_elses_proof_bent_to_a_commitment_derived_from_theirs() -> None:
    """C + r*H_0 for a foreign C: in plain Schnorr, with a hash that leaves C out, z + h*c_r is a proof of it."""
    foreign, k, r = LIB.blinding * Scalar(5), 41, Scalar(9)
    derived = foreign + LIB.blinding * r
    shift = -r.value * pow(LIB.x.value, -1, N)  # r*H_0 = shift*G
    nonce = G * Scalar(k)
    h = zero_hash("commitment", HERE, b"", nonce.to_bytes())
    z = (h * -5 * pow(LIB.x.value, -1, N) - k) % N
    assert foreign * Scalar(h) == nonce + G * Scalar(z)
    assert derived * Scalar(h) == nonce + G * Scalar((z + h * shift) % N)
    made = zero.prove(LIB, Scalar(5), HERE, bytes(32))
    h = zero.challenge(HERE, foreign.to_bytes(), made.nonce)
    for bent in (number(made.response) + h * shift, number(made.response)):
        assert verdict_zero(derived.to_bytes(), HERE, replace(made, response=fixed(bent))) is Check.EQUATION


def test_every_byte_of_a_zero_proof() -> None:
    made, commitment = zero.prove(LIB, Scalar(5), HERE, bytes(32)), (LIB.blinding * Scalar(5)).to_bytes()
    parts = [commitment, made.nonce, made.response]
    rng = Random(3)
    for part, data in enumerate(parts):
        for at in range(len(data)):
            flipped = bytearray(data)
            flipped[at] ^= rng.randrange(1, 256)
            changed = [bytes(flipped) if i == part else old for i, old in enumerate(parts)]
            found = verdict_zero(changed[0], HERE, ZeroProof(changed[1], changed[2]))
            assert found in {Check.ENCODING, Check.EQUATION}


# An x-coordinate that recovery cannot take as r: in [N, p).
HIGH = next(x for x in range(N, N + 100) if pow(x**3 + 7, (P - 1) // 2, P) == 1)
NO_POINTS = [
    bytes(33),
    b"\0" * 32,
    b"\6" + G.to_bytes()[1:],
    b"\4" + G.to_bytes()[1:],
    b"\2" + P.to_bytes(32, "big"),
    b"",
]


@pytest.mark.parametrize("encoded", NO_POINTS)
def test_zero_encodings(encoded: bytes) -> None:
    made, commitment = zero.prove(LIB, Scalar(5), HERE, bytes(32)), (LIB.blinding * Scalar(5)).to_bytes()
    assert verdict_zero(encoded, HERE, made) is Check.ENCODING
    assert verdict_zero(commitment, HERE, replace(made, nonce=encoded)) is Check.ENCODING
    for response in (fixed(0)[1:], b"\0" + fixed(0), N.to_bytes(32, "big"), b"\xff" * 32, b""):
        assert verdict_zero(commitment, HERE, replace(made, response=response)) is Check.ENCODING


def test_a_commitment_whose_x_recovery_cannot_take() -> None:
    high = b"\2" + HIGH.to_bytes(32, "big")
    LibPoint.from_bytes_checked(high)  # a point, nevertheless
    made = zero.prove(LIB, Scalar(5), HERE, bytes(32))
    assert verdict_zero(high, HERE, made) is Check.ENCODING


def test_zero_nonces_are_the_statements_own() -> None:
    """With one nonce in two contexts the blinding is a quotient of differences."""
    commitment = (LIB.blinding * Scalar(5)).to_bytes()
    x, k = number(commitment[1:]), 31
    nonce = (G * Scalar(k)).to_bytes()
    h = [zero.challenge(context, commitment, nonce) for context in (HERE, THERE)]
    z = [number(zero.respond(LIB, Scalar(5), x, each, k)) for each in h]
    assert [verdict_zero(commitment, c, ZeroProof(nonce, fixed(s))) for c, s in zip((HERE, THERE), z, strict=True)] == [
        None,
        None,
    ]
    c = (z[0] - z[1]) * pow(h[0] - h[1], -1, N) % N
    assert G * Scalar(c) == LIB.blinding * Scalar(5)
    ours = {zero.prove(LIB, Scalar(5), context, bytes(32)).nonce for context in (HERE, THERE)}
    ours |= {zero.prove(LIB, Scalar(6), HERE, bytes(32)).nonce, zero.prove(LIB, Scalar(5), HERE, b"\1" * 32).nonce}
    assert len(ours) == 4
