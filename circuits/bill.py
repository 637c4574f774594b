"""S2: a zone's bills are what a convex tariff says, F = max over k of a_k*U + b_k.

For every line k, P_k = F - a_k*U - b_k*A is in range: no bill is below a line. For every slot one P_k is zero: no bill
is above all lines. With one line nothing is proved, F is the line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from circuits import each_zero, lists, money
from circuits.each_zero import EachZeroProof, KnownZero
from circuits.generators import Bases, PointT, bases
from circuits.money import MoneyProof
from circuits.pedersen import Opening, commit
from circuits.tariff import Line


@dataclass(frozen=True, slots=True)
class Billed:
    """One slot's usage and bill. The bill has a blinding of its own: a multiple of the usage's would show the band."""

    usage: Opening
    bill: Opening
    occupied: bool

    def excess(self, line: Line) -> Opening:
        """Opens P; ValueError for a bill below the line."""
        value = self.bill.value - line.amount(self.usage.value, occupied=self.occupied)
        return Opening(value, self.bill.blinding - line.blinding(self.usage.blinding, occupied=self.occupied))


@dataclass(frozen=True, slots=True)
class Public:
    """What everybody knows: commitments to usages and bills by slot, and which slots are occupied."""

    usages: tuple[bytes, ...]
    bills: tuple[bytes, ...]
    occupied: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class Excess:
    """P by slot, and the hints of the two additions that lead there; no bytes where nothing is added."""

    points: tuple[bytes, ...]
    line_hint: bytes
    difference_hint: bytes


def excess(kind: type[PointT], line: Line, public: Public) -> Excess:
    """What a contract computes; ProofRejected. Above a free line lies the whole bill."""
    if line.free:
        return Excess(public.bills, b"", b"")
    on_line = line.points(bases(kind), public.usages, public.occupied)
    difference = lists.subtract(kind, public.bills, on_line.points)
    return Excess(difference.points, on_line.hint, difference.hint)


def prove_band(
    kind: type[PointT], line: Line, billed: Sequence[Billed], contexts: Sequence[bytes], entropy: bytes
) -> tuple[MoneyProof, ...]:
    """By part, a context for each: no bill of the zone is below the line. ValueError for one that is."""
    return money.prove_parts(kind, [slot.excess(line) for slot in billed], contexts, entropy)


def prove_touched(
    base: Bases[PointT], lines: Sequence[Line], billed: Sequence[Billed], context: bytes, entropy: bytes
) -> EachZeroProof:
    """Every bill is on one of 2 to 4 lines. ValueError for one that is not."""
    openings = [[slot.excess(line) for slot in billed] for line in lines]
    known = []
    for slot in zip(*openings, strict=True):
        on_line = next((k for k, opening in enumerate(slot) if not opening.value), None)
        if on_line is None:
            raise ValueError("a bill is above every line")
        known.append(KnownZero(on_line, slot[on_line].blinding))
    branches = [[commit(base, opening).to_bytes() for opening in row] for row in openings]
    return each_zero.prove(base, branches, known, context, entropy)


def verify_band(
    kind: type[PointT], line: Line, public: Public, contexts: Sequence[bytes], proofs: Sequence[MoneyProof]
) -> None:
    """Returns if no bill is below the line; ProofRejected otherwise."""
    money.verify_parts(kind, excess(kind, line, public).points, contexts, proofs)


def verify_touched(
    kind: type[PointT], lines: Sequence[Line], public: Public, context: bytes, proof: EachZeroProof
) -> None:
    """Returns if every bill is on a line; ProofRejected otherwise. Bills are right if every band is verified, too."""
    branches = [excess(kind, line, public).points for line in lines]
    each_zero.verify(bases(kind), branches, context, proof)
