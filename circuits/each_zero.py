"""For every slot at least one of several commitments commits to zero, and nobody learns which.

In each slot the disjunction of disjunction.py; one hash serves all slots: the shares of every slot add up to the
second half of SHA-256(domain | context | all branches | all nonces), mod 2^128. Lists are by branch, then by slot.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from circuits import disjunction
from circuits.generators import Bases, PointT
from circuits.nonces import ATTEMPTS, Nonces
from circuits.scalar import Scalar
from circuits.transcript import HALF, buffer_lists, domain, halves
from circuits.verdict import Check, ProofRejected

DOMAIN: Final = domain(b"mita/v1/each-zero")
BRANCHES: Final = range(2, 5)
SLOTS: Final = range(1, 65)

Lists = Sequence[Sequence[bytes]]


@dataclass(frozen=True, slots=True)
class KnownZero:
    """Of one slot: which branch is a multiple of H0, and of which blinding, not zero. Secret: `repr` hides both."""

    branch: int
    blinding: Scalar

    def __repr__(self) -> str:
        return "KnownZero(...)"


@dataclass(frozen=True, slots=True)
class EachZeroProof:
    """For b branches of n slots: b lists of n nonces, b - 1 of shares (the last follow), b of responses."""

    nonces: tuple[tuple[bytes, ...], ...]
    shares: tuple[tuple[bytes, ...], ...]
    responses: tuple[tuple[bytes, ...], ...]


def prove(
    bases: Bases[PointT], branches: Lists, known: Sequence[KnownZero], context: bytes, entropy: bytes
) -> EachZeroProof:
    """2 to 4 branches of 1 to 64 slots, `known` by slot; context and fresh entropy of 32 bytes each; else ValueError.

    Same arguments, same proof.
    """
    b = len(branches)
    if b not in BRANCHES or len(context) != 32 or not _rectangular(branches, b, len(known)):
        raise ValueError("2 to 4 branches of 1 to 64 slots, one of them known in each, and a context of 32 bytes")
    columns = list(zip(*branches, strict=True))
    for column, zero in zip(columns, known, strict=True):
        disjunction.check_known(bases, column, zero.branch, zero.blinding)
    secret = b"".join(zero.branch.to_bytes(1, "big") + zero.blinding.to_bytes() for zero in known)
    for attempt in range(ATTEMPTS):
        stream = Nonces(entropy, secret, DOMAIN + context + buffer_lists(branches), attempt)
        begun = [
            disjunction.begin(bases, column, zero.branch, stream) for column, zero in zip(columns, known, strict=True)
        ]
        nonces = tuple(zip(*(slot.nonces for slot in begun), strict=True))
        whole = challenge(context, branches, nonces)
        answered = [slot.answer(bases, zero.blinding, whole) for slot, zero in zip(begun, known, strict=True)]
        if all(all(shares) for shares, _ in answered):
            by_branch = zip(*([share.to_bytes(HALF, "big") for share in shares] for shares, _ in answered), strict=True)
            responses = tuple(zip(*(given for _, given in answered), strict=True))
            return EachZeroProof(nonces, tuple(by_branch)[:-1], responses)
    raise AssertionError(f"{ATTEMPTS} attempts with a zero share: hash or random source is broken")


def verify(bases: Bases[PointT], branches: Lists, context: bytes, proof: EachZeroProof) -> None:
    """Returns for a valid proof; ProofRejected otherwise."""
    b, slots = len(branches), len(branches[0]) if branches else 0
    lists = ((branches, b), (proof.nonces, b), (proof.shares, b - 1), (proof.responses, b))
    if b not in BRANCHES or len(context) != 32 or not all(_rectangular(rows, many, slots) for rows, many in lists):
        raise ProofRejected(Check.LENGTH, "not 2 to 4 branches of 1 to 64 slots, each with nonce, share and response")
    columns = [
        disjunction.Column(
            [row[slot] for row in branches],
            [row[slot] for row in proof.nonces],
            [row[slot] for row in proof.shares],
            [row[slot] for row in proof.responses],
        )
        for slot in range(slots)
    ]
    for column in columns:
        column.check_encodings(bases)
    whole = challenge(context, branches, proof.nonces)
    shares = [column.all_shares(whole) for column in columns]
    for column, given in zip(columns, shares, strict=True):
        column.check_equations(bases, given)


def challenge(context: bytes, branches: Lists, nonces: Lists) -> int:
    """What the shares of every slot add up to mod 2^128; may be zero."""
    return halves(hashlib.sha256(DOMAIN + context + buffer_lists(branches) + buffer_lists(nonces)).digest())[1]


def _rectangular(rows: Lists, many: int, slots: int) -> bool:
    return len(rows) == many and slots in SLOTS and all(len(row) == slots for row in rows)
