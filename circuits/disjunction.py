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


@dataclass(frozen=True, slots=True)
class Begun:
    """A prover's first move: nonces of all branches, all but one of them simulated. Holds secrets."""

    branches: Sequence[bytes]
    index: int
    k: int
    shares: Sequence[int]
    responses: Sequence[bytes]
    nonces: tuple[bytes, ...]

    def answer(self, bases: Bases[PointT], blinding: Scalar, whole: int) -> tuple[tuple[int, ...], tuple[bytes, ...]]:
        """Shares that add up to `whole` mod 2^128, and responses. A proof with a zero share is not accepted."""
        shares, responses, own = list(self.shares), list(self.responses), self.branches[self.index]
        shares[self.index] = (whole - sum(shares) + shares[self.index]) % MODULUS
        responses[self.index] = zero.respond(bases, blinding, zero.x_of(own), shares[self.index], self.k)
        return tuple(shares), tuple(responses)

    def __repr__(self) -> str:
        return "Begun(...)"


def begin(bases: Bases[PointT], branches: Sequence[bytes], index: int, stream: Nonces) -> Begun:
    """Every branch but branches[index] is simulated: share and response first, the nonce they lead to afterwards."""
    k = stream.next()
    shares = [stream.next(MODULUS) for _ in branches]
    responses = [stream.next().to_bytes(32, "big") for _ in branches]
    points = [
        bases.kind.generator() * Scalar(k)
        if i == index
        else zero.recovered(bases, branch, share, int.from_bytes(response, "big"))
        for i, (branch, share, response) in enumerate(zip(branches, shares, responses, strict=True))
    ]
    return Begun(branches, index, k, shares, responses, tuple(point.to_bytes() for point in points))


def check_known(bases: Bases[PointT], branches: Sequence[bytes], index: int, blinding: Scalar) -> None:
    """ValueError unless branches[index] = blinding * H0."""
    if not 0 <= index < len(branches) or branches[index] != (bases.blinding * blinding).to_bytes():
        raise ValueError("the blinding does not open the branch to zero")


def prove(
    bases: Bases[PointT], branches: Sequence[bytes], index: int, blinding: Scalar, context: bytes, entropy: bytes
) -> DisjunctionProof:
    """branches[index] = blinding * H0; at least two branches, context and fresh entropy of 32 bytes each."""
    if len(branches) < 2:
        raise ValueError("a disjunction has at least two branches")
    check_known(bases, branches, index, blinding)
    secret = index.to_bytes(1, "big") + blinding.to_bytes()
    for attempt in range(ATTEMPTS):
        stream = Nonces(entropy, secret, DOMAIN + context + buffers(branches), attempt)
        begun = begin(bases, branches, index, stream)
        shares, responses = begun.answer(bases, blinding, challenge(context, branches, begun.nonces))
        if all(shares):
            sent = tuple(share.to_bytes(HALF, "big") for share in shares[:-1])
            return DisjunctionProof(begun.nonces, sent, responses)
    raise AssertionError(f"{ATTEMPTS} attempts with a zero share: hash or random source is broken")


@dataclass(frozen=True, slots=True)
class Column:
    """What a verifier has of one disjunction: as many branches, nonces and responses, one share fewer."""

    branches: Sequence[bytes]
    nonces: Sequence[bytes]
    shares: Sequence[bytes]
    responses: Sequence[bytes]

    def check_encodings(self, bases: Bases[PointT]) -> None:
        """ProofRejected."""
        if any(len(share) != HALF for share in self.shares):
            raise ProofRejected(Check.ENCODING, "a share has 16 bytes")
        try:
            for branch, nonce, response in zip(self.branches, self.nonces, self.responses, strict=True):
                zero.check_branch(bases, branch, nonce, response)
        except EncodingError as error:
            raise ProofRejected(Check.ENCODING, str(error)) from error

    def all_shares(self, whole: int) -> list[int]:
        """With the last one, which makes them add up to `whole` mod 2^128; ProofRejected for a zero share."""
        shares = [int.from_bytes(share, "big") for share in self.shares]
        shares.append((whole - sum(shares)) % MODULUS)
        if not all(shares):
            raise ProofRejected(Check.ZERO_CHALLENGE, "a share is zero")
        return shares

    def check_equations(self, bases: Bases[PointT], shares: Sequence[int]) -> None:
        """ProofRejected unless every response leads to its nonce."""
        for branch, share, nonce, response in zip(self.branches, shares, self.nonces, self.responses, strict=True):
            if not zero.holds(bases, branch, share, nonce, response):
                raise ProofRejected(Check.EQUATION, "a response does not lead to its nonce")


def verify(bases: Bases[PointT], branches: Sequence[bytes], context: bytes, proof: DisjunctionProof) -> None:
    """Returns for a valid proof; ProofRejected otherwise."""
    m = len(branches)
    if m < 2 or (len(proof.nonces), len(proof.shares), len(proof.responses), len(context)) != (m, m - 1, m, 32):
        raise ProofRejected(Check.LENGTH, "not two or more branches, each with nonce, share and response")
    column = Column(branches, proof.nonces, proof.shares, proof.responses)
    column.check_encodings(bases)
    column.check_equations(bases, column.all_shares(challenge(context, branches, proof.nonces)))


def challenge(context: bytes, branches: Sequence[bytes], nonces: Sequence[bytes]) -> int:
    """What the shares add up to mod 2^128; may be zero."""
    return halves(hashlib.sha256(DOMAIN + context + buffers(branches) + buffers(nonces)).digest())[1]
