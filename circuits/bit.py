"""C commits to 0 or 1: C or C - A commits to zero. The arguments of a contract's check of it."""

from __future__ import annotations

from dataclasses import dataclass

from circuits import disjunction
from circuits.disjunction import DisjunctionProof
from circuits.generators import Bases, PointT
from circuits.pedersen import Opening, commit
from circuits.scalar import EncodingError, P
from circuits.transcript import HALF
from circuits.verdict import Check, ProofRejected


@dataclass(frozen=True, slots=True)
class BitProof:
    """points: both nonces, 33 bytes. scalars: the first share as 32 bytes, both responses. hints: one inverse."""

    points: tuple[bytes, ...]
    scalars: tuple[bytes, ...]
    hints: tuple[bytes, ...]


def prove(bases: Bases[PointT], opening: Opening, context: bytes, entropy: bytes) -> BitProof:
    """value 0 or 1, blinding not zero; context and fresh entropy of 32 bytes each; ValueError otherwise."""
    if opening.value not in (0, 1):
        raise ValueError("a bit is 0 or 1")
    commitment = commit(bases, opening)
    branches = (commitment.to_bytes(), (commitment - bases.value).to_bytes())
    made = disjunction.prove(bases, branches, opening.value, opening.blinding, context, entropy)
    share = bytes(HALF) + made.shares[0]
    return BitProof(made.nonces, (share, *made.responses), (hint(bases, commitment),))


def verify(bases: Bases[PointT], commitment: bytes, context: bytes, proof: BitProof) -> None:
    """Returns for a valid proof, hint included; ProofRejected otherwise."""
    if (len(proof.points), len(proof.scalars), len(proof.hints)) != (2, 3, 1):
        raise ProofRejected(Check.LENGTH, "a bit is proved by two points, three scalars and a hint")
    share = proof.scalars[0]
    if len(share) != 2 * HALF or any(share[:HALF]):
        raise ProofRejected(Check.ENCODING, "a share is below 2^128, in 32 bytes")
    if len(proof.hints[0]) != 32:
        raise ProofRejected(Check.ENCODING, "a hint has 32 bytes")
    try:
        point = bases.kind.from_bytes_checked(commitment)
    except EncodingError as error:
        raise ProofRejected(Check.ENCODING, str(error)) from error
    if int.from_bytes(proof.hints[0], "big") * _difference(bases, point) % P != 1:
        raise ProofRejected(Check.HINT, "not the inverse that C - A needs")
    branches = (commitment, (point - bases.value).to_bytes())
    parts = DisjunctionProof(proof.points, (share[HALF:],), proof.scalars[1:])
    disjunction.verify(bases, branches, context, parts)


def hint(bases: Bases[PointT], commitment: PointT) -> bytes:
    """What a contract adds -A to C with: 1/(x_A - x_C) mod p; ValueError for C = A and C = -A."""
    return pow(_difference(bases, commitment), -1, P).to_bytes(32, "big")


def _difference(bases: Bases[PointT], commitment: PointT) -> int:
    return (bases.value.xy()[0] - commitment.xy()[0]) % P
