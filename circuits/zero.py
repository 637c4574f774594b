"""C commits to zero: C = r*H0, whose r the prover knows. A Schnorr proof in the form of one `secp256k1-recover?`.

h = SHA-256(domain | context | C | R), and recover(z, (x_C, h, parity of C)) = x_C^-1 * (h*C - z*G) must be R. In
Schnorr's letters the challenge is -h/x_C, the response z/x_C; the base is G, of which H0 is a known multiple.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from circuits.generators import Bases, PointT
from circuits.nonces import Nonces
from circuits.scalar import EncodingError, N, Scalar
from circuits.transcript import domain
from circuits.verdict import Check, ProofRejected

DOMAIN: Final = domain(b"mita/v1/zero")


@dataclass(frozen=True, slots=True)
class ZeroProof:
    """R, 33 bytes, and z, 32 bytes."""

    nonce: bytes
    response: bytes


def prove(bases: Bases[PointT], blinding: Scalar, context: bytes, entropy: bytes) -> ZeroProof:
    """For C = blinding * H0, blinding not zero; context and fresh entropy of 32 bytes each."""
    commitment = (bases.blinding * blinding).to_bytes()
    k = Nonces(entropy, blinding.to_bytes(), DOMAIN + context + commitment, 0).next()
    nonce = (bases.kind.generator() * Scalar(k)).to_bytes()
    return ZeroProof(nonce, respond(bases, blinding, x_of(commitment), challenge(context, commitment, nonce), k))


def verify(bases: Bases[PointT], commitment: bytes, context: bytes, proof: ZeroProof) -> None:
    """Returns for a valid proof; ProofRejected otherwise."""
    if len(context) != 32:
        raise ProofRejected(Check.LENGTH, "a context has 32 bytes")
    try:
        check_branch(bases, commitment, proof.nonce, proof.response)
    except EncodingError as error:
        raise ProofRejected(Check.ENCODING, str(error)) from error
    h = challenge(context, commitment, proof.nonce)
    if not 0 < h < N:
        raise ProofRejected(Check.ZERO_CHALLENGE, "the challenge is zero or not below N")
    if not holds(bases, commitment, h, proof.nonce, proof.response):
        raise ProofRejected(Check.EQUATION, "the response does not lead to the nonce")


def challenge(context: bytes, commitment: bytes, nonce: bytes) -> int:
    """h, as an integer of 256 bits."""
    return int.from_bytes(hashlib.sha256(DOMAIN + context + commitment + nonce).digest(), "big")


def x_of(point: bytes) -> int:
    """The x-coordinate of an encoded point, below N as recovery wants it; EncodingError."""
    x = int.from_bytes(point[1:], "big")
    if not 0 < x < N:
        raise EncodingError("recovery needs an x-coordinate in (0, N)")
    return x


def respond(bases: Bases[PointT], blinding: Scalar, x: int, h: int, k: int) -> bytes:
    """z = h*c - x_C*k, where C = c*G, hence c = -r/x_A."""
    c = -blinding.value * bases.x.inverse().value
    return ((h * c - x * k) % N).to_bytes(32, "big")


def recovered(bases: Bases[PointT], commitment: bytes, h: int, z: int) -> PointT:
    """recover(z, (x_C, h, parity of C)) = x_C^-1 * (h*C - z*G)."""
    inverse = pow(x_of(commitment), -1, N)
    point = bases.kind.from_bytes_checked(commitment)
    return point * Scalar(h * inverse % N) + bases.kind.generator() * Scalar(-z * inverse % N)


def check_branch(bases: Bases[PointT], commitment: bytes, nonce: bytes, response: bytes) -> None:
    """EncodingError unless these are a commitment fit for recovery, a point and a scalar."""
    bases.kind.from_bytes_checked(commitment)
    bases.kind.from_bytes_checked(nonce)
    x_of(commitment)
    Scalar.from_bytes_checked(response)


def holds(bases: Bases[PointT], commitment: bytes, h: int, nonce: bytes, response: bytes) -> bool:
    """Whether the response leads to the nonce; encodings are checked before."""
    return recovered(bases, commitment, h, int.from_bytes(response, "big")) == bases.kind.from_bytes_checked(nonce)
