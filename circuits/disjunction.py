"""At least one of several commitments commits to zero, and nobody learns which (Cramer, Damgard, Schoenmakers 1994).

Each branch is the equation of zero.py with a share h_i of the challenge, 128 bits; all shares add up to the second
half of SHA-256(domain | context | branches | nonces), mod 2^128. Who knows one opening can choose all shares but one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from circuits import zero
from circuits.generators import Bases, PointT
from circuits.nonces import ATTEMPTS, Nonces
from circuits.scalar import EncodingError, Scalar
from circuits.transcript import HALF, MODULUS, buffers, domain, halves
from circuits.verdict import Check, ProofRejected

DOMAIN: Final = domain(b"mita/v1/any-zero")


@dataclass(frozen=True, slots=True)
class DisjunctionProof:
    """For m branches: m nonces of 33 bytes, m - 1 shares of 16 bytes (the last follows), m responses of 32 bytes."""

    nonces: tuple[bytes, ...]
    shares: tuple[bytes, ...]
    responses: tuple[bytes, ...]


def prove(
    bases: Bases[PointT], branches: Sequence[bytes], index: int, blinding: Scalar, context: bytes, entropy: bytes
) -> DisjunctionProof:
    """branches[index] = blinding * H0; at least two branches, context and fresh entropy of 32 bytes each.

    Every other branch is simulated: its share and response first, the nonce they lead to afterwards.
    """
    if len(branches) < 2:
        raise ValueError("a disjunction has at least two branches")
    if branches[index] != (bases.blinding * blinding).to_bytes():
        raise ValueError("the blinding does not open the branch to zero")
    secret = index.to_bytes(1, "big") + blinding.to_bytes()
    for attempt in range(ATTEMPTS):
        stream = Nonces(entropy, secret, DOMAIN + context + buffers(branches), attempt)
        k = stream.next()
        shares = [stream.next(MODULUS) for _ in branches]
        responses = [stream.next().to_bytes(32, "big") for _ in branches]
        points = [
            zero.recovered(bases, branch, share, int.from_bytes(response, "big"))
            for branch, share, response in zip(branches, shares, responses, strict=True)
        ]
        points[index] = bases.kind.generator() * Scalar(k)
        nonces = tuple(point.to_bytes() for point in points)
        others = sum(shares) - shares[index]
        shares[index] = (challenge(context, branches, nonces) - others) % MODULUS
        responses[index] = zero.respond(bases, blinding, zero.x_of(branches[index]), shares[index], k)
        if all(shares):
            sent = tuple(share.to_bytes(HALF, "big") for share in shares[:-1])
            return DisjunctionProof(nonces, sent, tuple(responses))
    raise AssertionError(f"{ATTEMPTS} attempts with a zero share: hash or random source is broken")


def verify(bases: Bases[PointT], branches: Sequence[bytes], context: bytes, proof: DisjunctionProof) -> None:
    """Returns for a valid proof; ProofRejected otherwise."""
    m = len(branches)
    if m < 2 or (len(proof.nonces), len(proof.shares), len(proof.responses), len(context)) != (m, m - 1, m, 32):
        raise ProofRejected(Check.LENGTH, "not two or more branches, each with nonce, share and response")
    if any(len(share) != HALF for share in proof.shares):
        raise ProofRejected(Check.ENCODING, "a share has 16 bytes")
    try:
        for branch, nonce, response in zip(branches, proof.nonces, proof.responses, strict=True):
            zero.check_branch(bases, branch, nonce, response)
    except EncodingError as error:
        raise ProofRejected(Check.ENCODING, str(error)) from error
    shares = [int.from_bytes(share, "big") for share in proof.shares]
    shares.append((challenge(context, branches, proof.nonces) - sum(shares)) % MODULUS)
    if not all(shares):
        raise ProofRejected(Check.ZERO_CHALLENGE, "a share is zero")
    for branch, share, nonce, response in zip(branches, shares, proof.nonces, proof.responses, strict=True):
        if not zero.holds(bases, branch, share, nonce, response):
            raise ProofRejected(Check.EQUATION, "a response does not lead to its nonce")


def challenge(context: bytes, branches: Sequence[bytes], nonces: Sequence[bytes]) -> int:
    """What the shares add up to mod 2^128; may be zero."""
    return halves(hashlib.sha256(DOMAIN + context + buffers(branches) + buffers(nonces)).digest())[1]
