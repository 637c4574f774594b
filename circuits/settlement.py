"""S3: a zone settles a period. What is due is paid from the balance as far as it goes, the rest becomes arrears.

The prover names the new balances W'; the new arrears are D' = W' + F + D - W, less a correction where one is due. For
every slot W' or D' is zero, and D' + W' is in range: so neither is negative. W' is fresh and comes first, so that no
two points of an addition are equal or opposite whatever the others are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from circuits import each_zero, lists, money
from circuits.each_zero import EachZeroProof, KnownZero
from circuits.generators import Bases, PointT, bases
from circuits.money import MoneyProof
from circuits.pedersen import Opening, commit
from circuits.scalar import ONE, Scalar


@dataclass(frozen=True, slots=True)
class Correction:
    """A ruling put `alternative` in the place of `bill`: the difference, of either sign, is taken off what is due."""

    bill: Opening
    alternative: Opening


@dataclass(frozen=True, slots=True)
class Dues:
    """One slot before it is settled."""

    bill: Opening
    arrears: Opening
    balance: Opening
    correction: Correction | None = None

    def due(self) -> int:
        """x: what is owed beyond the balance; negative where the balance is larger."""
        value = self.bill.value + self.arrears.value - self.balance.value
        if self.correction is not None:
            value -= self.correction.bill.value - self.correction.alternative.value
        return value

    def settle(self, blinding: Scalar, *, corrected: bool) -> Settled:
        """`blinding` is fresh and belongs to the new balance. If the zone has corrections, a slot without one takes H0.

        ValueError for a correction in a zone that has none.
        """
        value = self.due()
        offset = self.bill.blinding + self.arrears.blinding - self.balance.blinding
        if self.correction is not None:
            if not corrected:
                raise ValueError("a correction in a zone without corrections")
            offset = offset - self.correction.bill.blinding + self.correction.alternative.blinding
        elif corrected:
            offset = offset - ONE
        return Settled(Opening(max(-value, 0), blinding), Opening(max(value, 0), offset + blinding))


@dataclass(frozen=True, slots=True)
class Settled:
    """One slot afterwards: W' and D'."""

    balance: Opening
    arrears: Opening


@dataclass(frozen=True, slots=True)
class Before:
    """Commitments by slot. `corrections` holds F - F*, and H0 for slots without; None where the zone has none."""

    bills: tuple[bytes, ...]
    arrears: tuple[bytes, ...]
    balances: tuple[bytes, ...]
    corrections: tuple[bytes, ...] | None


@dataclass(frozen=True, slots=True)
class After:
    """D' and D' + W' by slot, and the hints of the four or five additions, in their order."""

    arrears: tuple[bytes, ...]
    sums: tuple[bytes, ...]
    hints: tuple[bytes, ...]


def settled(kind: type[PointT], before: Before, balances: Sequence[bytes]) -> After:
    """What a contract computes from the new balances; ProofRejected."""
    steps = [lists.add(kind, balances, before.bills)]
    steps.append(lists.add(kind, steps[-1].points, before.arrears))
    steps.append(lists.subtract(kind, steps[-1].points, before.balances))
    if before.corrections is not None:
        steps.append(lists.subtract(kind, steps[-1].points, before.corrections))
    sums = lists.add(kind, steps[-1].points, balances)
    return After(steps[-1].points, sums.points, tuple(step.hint for step in (*steps, sums)))


def prove_either(base: Bases[PointT], after: Sequence[Settled], context: bytes, entropy: bytes) -> EachZeroProof:
    """For every slot the balance or the arrears are zero."""
    branches = [
        [commit(base, slot.balance).to_bytes() for slot in after],
        [commit(base, slot.arrears).to_bytes() for slot in after],
    ]
    known = [
        KnownZero(1, slot.arrears.blinding) if slot.balance.value else KnownZero(0, slot.balance.blinding)
        for slot in after
    ]
    return each_zero.prove(base, branches, known, context, entropy)


def prove_sums(
    kind: type[PointT], after: Sequence[Settled], contexts: Sequence[bytes], entropy: bytes
) -> tuple[MoneyProof, ...]:
    """By part, a context for each: every D' + W' is in range. ValueError for one that is not."""
    return money.prove_parts(kind, [slot.balance + slot.arrears for slot in after], contexts, entropy)


def verify_either(
    kind: type[PointT], before: Before, balances: Sequence[bytes], context: bytes, proof: EachZeroProof
) -> None:
    """Returns if each new balance or each arrears are zero; ProofRejected otherwise."""
    each_zero.verify(bases(kind), [balances, settled(kind, before, balances).arrears], context, proof)


def verify_sums(
    kind: type[PointT],
    before: Before,
    balances: Sequence[bytes],
    contexts: Sequence[bytes],
    proofs: Sequence[MoneyProof],
) -> None:
    """Returns if every sum is in range; ProofRejected otherwise. Settled is what `verify_either` accepts, too."""
    money.verify_parts(kind, settled(kind, before, balances).sums, contexts, proofs)
