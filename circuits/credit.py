"""S5: hidden credits of all slots add up to an amount received. S5b: hidden payouts to an amount paid, and no balance
goes below zero."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from circuits import hints, lists, money
from circuits.generators import PointT, bases
from circuits.money import MoneyProof
from circuits.opening import sum_openings, sum_opens
from circuits.pedersen import Opening, commit
from circuits.scalar import EncodingError
from circuits.verdict import Check, ProofRejected


@dataclass(frozen=True, slots=True)
class ShareProof:
    """Of an amount shared among slots: what opens the sum, the hints for adding up, and a range proof for each part."""

    commitments: tuple[bytes, ...]
    total: Opening
    sum_hints: tuple[bytes, ...]
    parts: tuple[MoneyProof, ...]


def prove(kind: type[PointT], shares: Sequence[Opening], contexts: Sequence[bytes], entropy: bytes) -> ShareProof:
    """1, 4, 16, 32 or 64 credits or payouts below 2^48, a context for each part; ValueError otherwise.

    ProofRejected if two points that are added up have one x-coordinate; then with other blindings.
    """
    points = [commit(bases(kind), share) for share in shares]
    added = hints.for_additions([point.xy() for point in points], 1)
    made = money.prove_parts(kind, shares, contexts, entropy)
    return ShareProof(tuple(point.to_bytes() for point in points), sum_openings(shares), added, made)


def verify(
    kind: type[PointT],
    commitments: Sequence[bytes],
    total: Opening,
    contexts: Sequence[bytes],
    proofs: Sequence[MoneyProof],
) -> None:
    """Returns if no share is negative and all add up to the total; ProofRejected otherwise."""
    money.verify_parts(kind, commitments, contexts, proofs)
    try:
        points = [kind.from_bytes_checked(commitment) for commitment in commitments]
    except EncodingError as error:
        raise ProofRejected(Check.ENCODING, str(error)) from error
    if not sum_opens(bases(kind), points, total):
        raise ProofRejected(Check.EQUATION, "the shares do not add up to the total")


def remaining(balance: Opening, payout: Opening) -> Opening:
    """Opens W - P; ValueError for a payout above the balance."""
    return Opening(balance.value - payout.value, balance.blinding - payout.blinding)


def prove_remaining(
    kind: type[PointT],
    balances: Sequence[Opening],
    payouts: Sequence[Opening],
    contexts: Sequence[bytes],
    entropy: bytes,
) -> tuple[MoneyProof, ...]:
    """S5b's second half, by part: every W - P is in range. ValueError for a payout above the balance."""
    left = [remaining(balance, payout) for balance, payout in zip(balances, payouts, strict=True)]
    return money.prove_parts(kind, left, contexts, entropy)


def verify_remaining(
    kind: type[PointT],
    balances: Sequence[bytes],
    payouts: Sequence[bytes],
    contexts: Sequence[bytes],
    proofs: Sequence[MoneyProof],
) -> None:
    """Returns if every W - P is in range; ProofRejected otherwise. The payouts themselves are for `verify`."""
    money.verify_parts(kind, lists.subtract(kind, balances, payouts).points, contexts, proofs)
