"""Zero proofs and disjunctions as somebody builds them who forges: by hand, apart from the provers in circuits/."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from circuits import disjunction, zero
from circuits.disjunction import DisjunctionProof
from circuits.generators import LIB
from circuits.group import LibPoint
from circuits.range_equation import Check, ProofRejected
from circuits.scalar import N, Scalar
from circuits.transcript import buffers
from circuits.zero import ZeroProof

G: LibPoint = LibPoint.generator()
A: LibPoint = LIB.value
HERE, THERE = bytes(32), b"\1" + bytes(31)


def point(scalar_a: int, scalar_g: int) -> LibPoint:
    """Of which A and G are the only bases anybody knows."""
    return A * Scalar(scalar_a % N) + G * Scalar(scalar_g % N)


def number(data: bytes) -> int:
    return int.from_bytes(data, "big")


def fixed(value: int) -> bytes:
    return (value % N).to_bytes(32, "big")


def verdict_zero(commitment: bytes, context: bytes, proof: ZeroProof) -> Check | None:
    try:
        zero.verify(LIB, commitment, context, proof)
    except ProofRejected as rejected:
        return rejected.check
    return None


def verdict_any(branches: Sequence[bytes], context: bytes, proof: DisjunctionProof) -> Check | None:
    try:
        disjunction.verify(LIB, branches, context, proof)
    except ProofRejected as rejected:
        return rejected.check
    return None


def scaled_holds(commitment: bytes, h: int, proof: ZeroProof) -> bool:
    """x_C*R = h*C - z*G, written out apart from circuits/."""
    c, r = (LibPoint.from_bytes_checked(p) for p in (commitment, proof.nonce))
    return r * Scalar(number(commitment[1:]) % N) == c * Scalar(h % N) - G * Scalar(number(proof.response) % N)


def zero_hash(missing: str, context: bytes, commitment: bytes, nonce: bytes) -> int:
    """The challenge of a zero proof when the hash leaves something out."""
    parts = {"context": context, "commitment": commitment, "nonce": nonce}
    text = b"".join(data for name, data in parts.items() if name != missing)
    return number(hashlib.sha256(zero.DOMAIN + text).digest()) % N


def any_hash(missing: str, context: bytes, branches: Sequence[bytes], nonces: Sequence[bytes]) -> int:
    """The sum of a disjunction's shares when the hash leaves something out."""
    parts = {"context": context, "branches": buffers(branches), "nonces": buffers(nonces)}
    text = b"".join(data for name, data in parts.items() if name != missing)
    return number(hashlib.sha256(disjunction.DOMAIN + text).digest()[16:])


def answer(commitment: bytes, blinding: int, h: int, k: int) -> bytes:
    """The response for C = blinding*H_0 and R = k*G: with C = c*G, h*c - x_C*k."""
    c = -blinding * pow(LIB.x.value, -1, N)
    return fixed(h * c - number(commitment[1:]) * k)
