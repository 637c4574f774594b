"""6: credits and settlements of a zone -> what shows that they are right. Pure, for the worker process.

Everything here is verified before it is handed out: a proof that the contract would refuse is refused here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from appliance.position import Place, Position, settled
from appliance.proof import ProofError
from circuits import credit, hints, lists, money, settlement, zero
from circuits.each_zero import EachZeroProof
from circuits.generators import LIB
from circuits.group import LibPoint
from circuits.listed import ListedProof
from circuits.opening import sum_openings
from circuits.pedersen import Opening, commit
from circuits.scalar import ONE, Scalar
from circuits.settlement import Before, Dues, Settled
from circuits.verdict import ProofRejected
from circuits.zero import ZeroProof


@dataclass(frozen=True, slots=True)
class OpenedSum:
    """Commitments of which the sum is opened: to `total` with this blinding. `hints` add them up."""

    commitments: tuple[bytes, ...]
    total: int
    blinding: bytes
    hints: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class CreditProof:
    """The hint that adds the credits to the balances, the balances then, and a proof for each part."""

    add_hint: bytes
    balances: tuple[bytes, ...]
    parts: tuple[ListedProof, ...]


@dataclass(frozen=True, slots=True)
class MadeSettlement:
    """By slot: what opens the new balances and arrears, secret, and both lists, which are public; the sum's opening."""

    positions: tuple[Position, ...]
    balances: OpenedSum
    arrears: tuple[bytes, ...]
    add_hints: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class SettlementProof:
    """One of balance and arrears is zero in every slot; their sum is in range, a proof for each part."""

    either: EachZeroProof
    parts: tuple[ListedProof, ...]


@dataclass(frozen=True, slots=True)
class ReachedProof:
    """That a credit is `total` or more: the hint of subtracting total*A, and the proof of what that leaves."""

    hint: bytes
    proof: ListedProof


@dataclass(frozen=True, slots=True)
class PayoutProof:
    """By slot payouts, 2*H0 where none, and balances after them; a proof for each part, those of the payouts first."""

    rest: tuple[bytes, ...]
    difference_hint: bytes
    parts: tuple[ListedProof, ...]


def points(openings: Sequence[Opening]) -> tuple[bytes, ...]:
    return tuple(commit(LIB, opening).to_bytes() for opening in openings)


def corrections(dues: Sequence[Dues]) -> tuple[bytes, ...] | None:
    """What rulings take off, by slot: H0 where nothing; None where they take nothing off at all."""
    if all(slot.correction is None for slot in dues):
        return None
    return tuple(
        commit(LIB, Opening(0, ONE)).to_bytes()
        if slot.correction is None
        else lists.subtract(LibPoint, points([slot.correction.bill]), points([slot.correction.alternative])).points[0]
        for slot in dues
    )


def opened_sum(openings: Sequence[Opening]) -> OpenedSum:
    whole = sum_openings(openings)
    added = hints.for_additions([commit(LIB, opening).xy() for opening in openings], 1)
    return OpenedSum(points(openings), whole.value, whole.blinding.to_bytes(), added)


def prove_credit(
    shares: Sequence[Opening], balances: Sequence[bytes], contexts: Sequence[bytes], entropy: bytes
) -> CreditProof:
    """Of a batch of credits, onto balances as the chain keeps them. ProofError for what is false."""
    try:
        made = credit.prove(LibPoint, shares, contexts, entropy)
        credit.verify(LibPoint, made.commitments, made.total, contexts, made.parts)
        added = lists.add(LibPoint, balances, made.commitments)
    except (ValueError, ProofRejected) as error:
        raise ProofError(f"credits are not what they add up to: {error}") from error
    return CreditProof(added.hint, added.points, made.parts)


def settle(places: Sequence[Place], dues: Sequence[Dues], before: Before, period: int) -> MadeSettlement:
    """New balances under fresh blindings. ProofError where the commitments before are not what the dues open."""
    opened = (points([slot.bill for slot in dues]), points([slot.arrears for slot in dues]))
    if (*opened, points([slot.balance for slot in dues])) != (before.bills, before.arrears, before.balances):
        raise ProofError("bills, arrears or balances do not open to what is settled")
    corrected = before.corrections is not None
    after = tuple(settled(place, due, period, corrected=corrected) for place, due in zip(places, dues, strict=True))
    balances = opened_sum([slot.balance for slot in after])
    try:
        combined = settlement.settled(LibPoint, before, balances.commitments)
    except ProofRejected as error:
        raise ProofError(f"what is due cannot be added up: {error}") from error
    if combined.arrears != points([slot.arrears for slot in after]):
        raise ProofError("the new arrears do not open")
    return MadeSettlement(after, balances, combined.arrears, combined.hints)


def prove_settlement(
    made: MadeSettlement, before: Before, contexts: Sequence[bytes], entropy: bytes
) -> SettlementProof:
    """The first context serves the proof that one of both is zero, too. ProofError for what is false."""
    slots = [Settled(slot.balance, slot.arrears) for slot in made.positions]
    try:
        either = settlement.prove_either(LIB, slots, contexts[0], entropy)
        parts = settlement.prove_sums(LibPoint, slots, contexts, entropy)
        settlement.verify_either(LibPoint, before, made.balances.commitments, contexts[0], either)
        settlement.verify_sums(LibPoint, before, made.balances.commitments, contexts, parts)
    except (ValueError, ProofRejected) as error:
        raise ProofError(f"balances and arrears are not what is due: {error}") from error
    return SettlementProof(either, parts)


def prove_reached(credit_: Opening, total: int, context: bytes, entropy: bytes) -> ReachedProof:
    """ProofError for a credit below the total, which is above zero."""
    try:
        claimed = (LIB.value * Scalar(total)).to_bytes()
        left = lists.subtract(LibPoint, points([credit_]), [claimed])
        made = money.prove(LibPoint, [Opening(credit_.value - total, credit_.blinding)], context, entropy)
        money.verify(LibPoint, left.points, context, made.points, made.scalars)
    except (ValueError, ProofRejected) as error:
        raise ProofError(f"a credit is not what was claimed: {error}") from error
    return ReachedProof(left.hint, made)


def left_after(balances: Sequence[Opening], payouts: Sequence[Opening]) -> tuple[bytes, ...]:
    """The balances after these payouts, 33 bytes each."""
    return points([credit.remaining(*pair) for pair in zip(balances, payouts, strict=True)])


def prove_payout(
    balances: Sequence[Opening], payouts: Sequence[Opening], contexts: Sequence[bytes], entropy: bytes
) -> PayoutProof:
    """A context for each part of the payouts, then for each of what they leave. ProofError for what is false."""
    half = len(contexts) // 2
    try:
        left = lists.subtract(LibPoint, points(balances), points(payouts))
        shares = money.prove_parts(LibPoint, payouts, contexts[:half], entropy)
        rest = credit.prove_remaining(LibPoint, balances, payouts, contexts[half:], entropy)
        money.verify_parts(LibPoint, points(payouts), contexts[:half], shares)
        credit.verify_remaining(LibPoint, points(balances), points(payouts), contexts[half:], rest)
    except (ValueError, ProofRejected) as error:
        raise ProofError(f"payouts are more than there is: {error}") from error
    return PayoutProof(left.points, left.hint, (*shares, *rest))


def prove_nothing_left(balance: Opening, context: bytes, entropy: bytes) -> ZeroProof:
    """ProofError for a balance that is not zero."""
    if balance.value:
        raise ProofError("a slot that is to be given on has a balance")
    made = zero.prove(LIB, balance.blinding, context, entropy)
    zero.verify(LIB, commit(LIB, balance).to_bytes(), context, made)
    return made
