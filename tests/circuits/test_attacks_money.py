"""Settlements, credits, payouts and ballots that are not what they say: what each check alone would accept."""

from collections.abc import Sequence
from random import Random
from typing import Any

import pytest

from circuits import ballot, credit, each_zero, lists, settlement
from circuits.ballot import BallotProof
from circuits.each_zero import EachZeroProof, KnownZero
from circuits.generators import LIB
from circuits.group import LibPoint
from circuits.opening import sum_opens
from circuits.pedersen import Opening
from circuits.scalar import ONE, N, Scalar, total
from circuits.settlement import Before
from circuits.verdict import Check
from tests.circuits.zones import ENTROPY, HERE, THERE, commitments, fresh, openings, pretended, rejected, signed

A = LIB.value.to_bytes()
Signed = tuple[int, Scalar]


def points(known: Sequence[Signed]) -> tuple[bytes, ...]:
    return tuple(signed(*each) for each in known)


def shown(known: Sequence[Signed]) -> list[Opening]:
    """What a forger has to show: zero in place of what is negative."""
    return [Opening(max(value, 0), blinding) for value, blinding in known]


# S3 ------------------------------------------------------------------------------------------------------------------

OWED = [(30, 0, 10), (10, 0, 30), (5, 7, 12), (0, 0, 0)]  # bill, arrears, balance


class Settling:
    """A zone in which somebody names other new balances than the honest ones."""

    def __init__(self, named: Sequence[int]) -> None:
        rng = Random(1)
        columns = [openings(rng, column) for column in zip(*OWED, strict=True)]
        bills, arrears, balances = (commitments(column) for column in columns)
        self.before = Before(bills, arrears, balances, None)
        self.balances: list[Signed] = [(value, fresh(rng)) for value in named]
        self.arrears: list[Signed] = []
        for (value, blinding), f, d, w in zip(self.balances, *columns, strict=True):
            due = f.value + d.value - w.value
            self.arrears.append((due + value, f.blinding + d.blinding - w.blinding + blinding))
        self.named = points(self.balances)
        self.after = settlement.settled(LibPoint, self.before, self.named)
        assert self.after.arrears == points(self.arrears)

    def either(self) -> None:
        """The proof that in every slot one is zero, verified; ValueError where neither is."""
        known = [
            KnownZero(0, w[1]) if w[0] == 0 else KnownZero(1, d[1])
            for w, d in zip(self.balances, self.arrears, strict=True)
        ]
        proof = each_zero.prove(LIB, [self.named, self.after.arrears], known, HERE, ENTROPY)
        settlement.verify_either(LibPoint, self.before, self.named, HERE, proof)

    def sums(self) -> Check | None:
        """The verdict on the range proof of W' + D'; one of zeros where a sum is negative."""
        whole = [(w[0] + d[0], w[1] + d[1]) for w, d in zip(self.balances, self.arrears, strict=True)]
        proof = pretended(self.after.sums, shown(whole), HERE)
        if all(value >= 0 for value, _ in whole):
            settlement.verify_sums(LibPoint, self.before, self.named, [HERE], [proof])
            return None
        return rejected(settlement.verify_sums, LibPoint, self.before, self.named, [HERE], [proof])


def test_settled_as_it_should_be() -> None:
    made = Settling([0, 20, 0, 0])
    made.either()
    assert made.sums() is None


@pytest.mark.parametrize("named", [[5, 20, 0, 0], [0, 20, 0, 1_000], [0, 25, 0, 0]])
def test_balance_and_arrears_both_positive(named: list[int]) -> None:
    """Money and debt out of nothing, both: the sum is in range. Only that one of them is zero forbids it."""
    made = Settling(named)
    assert made.sums() is None
    with pytest.raises(ValueError, match="does not open"):
        made.either()
    honest = Settling([0, 20, 0, 0])
    known = [
        KnownZero(0, w[1]) if w[0] == 0 else KnownZero(1, d[1])
        for w, d in zip(honest.balances, honest.arrears, strict=True)
    ]
    proof = each_zero.prove(LIB, [honest.named, honest.after.arrears], known, HERE, ENTROPY)
    assert rejected(settlement.verify_either, LibPoint, made.before, made.named, HERE, proof) is Check.EQUATION


def test_a_negative_balance_without_arrears() -> None:
    """Who owes 20 has -20 and no arrears: one of them is zero. Only the range forbids it."""
    made = Settling([-20, 20, 0, 0])
    made.either()
    assert made.sums() is Check.EQUATION


def test_negative_arrears_without_a_balance() -> None:
    """Who has 20 left has none and arrears of -20."""
    made = Settling([0, 0, 0, 0])
    made.either()
    assert made.sums() is Check.EQUATION


def test_a_range_proof_of_both_lists_apart_needs_no_more_than_of_their_sum() -> None:
    """W' and D' negative and positive so that the sum is in range: then neither is zero."""
    made = Settling([-5, 20, 0, 0])  # arrears of 15, the sum 10
    assert made.sums() is None
    with pytest.raises(ValueError, match="does not open"):
        made.either()


def test_a_settlement_shown_for_another_zone_or_in_another_context() -> None:
    made = Settling([0, 20, 0, 0])
    known = [
        KnownZero(0, w[1]) if w[0] == 0 else KnownZero(1, d[1])
        for w, d in zip(made.balances, made.arrears, strict=True)
    ]
    proof = each_zero.prove(LIB, [made.named, made.after.arrears], known, HERE, ENTROPY)
    before = made.before
    richer = Before(before.bills, before.arrears, (signed(50, ONE), *before.balances[1:]), None)
    cheaper = Before((signed(0, ONE), *before.bills[1:]), before.arrears, before.balances, None)
    for told in (richer, cheaper):
        assert rejected(settlement.verify_either, LibPoint, told, made.named, HERE, proof) is Check.EQUATION
    assert rejected(settlement.verify_either, LibPoint, before, made.named, THERE, proof) is Check.EQUATION
    swapped = (made.named[1], made.named[0], *made.named[2:])
    assert rejected(settlement.verify_either, LibPoint, before, swapped, HERE, proof) is Check.EQUATION
    exchanged = EachZeroProof(proof.nonces[::-1], proof.shares, proof.responses[::-1])
    assert rejected(settlement.verify_either, LibPoint, before, made.named, HERE, exchanged) is Check.EQUATION


# S5 ------------------------------------------------------------------------------------------------------------------


def test_shares_that_do_not_add_up() -> None:
    """Each in range; only the opened sum tells."""
    proof = credit.prove(LibPoint, openings(Random(2), [10, 20, 30, 40]), [HERE], ENTROPY)
    for received in (99, 101, 0):
        claimed = Opening(received, proof.total.blinding)
        assert rejected(credit.verify, LibPoint, proof.commitments, claimed, [HERE], proof.parts) is Check.EQUATION
    moved = [Opening(10, Scalar(3)), Opening(90, proof.total.blinding - Scalar(3))]
    assert sum_opens(LIB, [LibPoint.from_bytes_checked(c) for c in commitments(moved)], proof.total)


@pytest.mark.parametrize("values", [[-50, 150, 0, 0], [-(2**40), 2**40 + 100, 0, 0], [100, -1, 1, 0]])
def test_a_negative_credit_behind_a_right_sum(values: list[int]) -> None:
    """Taken from one dwelling and given to another: the sum opens to what was received. Only the range forbids it."""
    rng = Random(3)
    known = [(value, fresh(rng)) for value in values]
    listed = points(known)
    received = Opening(100, total([blinding for _, blinding in known]))
    assert sum_opens(LIB, [LibPoint.from_bytes_checked(point) for point in listed], received)
    proof = pretended(listed, shown(known), HERE)
    assert rejected(credit.verify, LibPoint, listed, received, [HERE], [proof]) is Check.EQUATION


def test_a_sum_that_wraps_around() -> None:
    """Values near N/4, four of them, would open to 0 if no range held them down."""
    rng = Random(4)
    quarter = N // 4
    known = [(value, fresh(rng)) for value in (quarter, quarter, quarter, N - 3 * quarter)]
    listed = points(known)
    nothing = Opening(0, total([blinding for _, blinding in known]))
    assert sum_opens(LIB, [LibPoint.from_bytes_checked(point) for point in listed], nothing)
    proof = pretended(listed, [Opening(0, blinding) for _, blinding in known], HERE)
    assert rejected(credit.verify, LibPoint, listed, nothing, [HERE], [proof]) is Check.EQUATION


def test_a_credit_shown_twice() -> None:
    """The same proof for the next sequence: the context is the contract's, and another."""
    proof = credit.prove(LibPoint, openings(Random(5), [1, 2, 3, 4]), [HERE], ENTROPY)
    credit.verify(LibPoint, proof.commitments, proof.total, [HERE], proof.parts)
    assert rejected(credit.verify, LibPoint, proof.commitments, proof.total, [THERE], proof.parts) is Check.EQUATION


# S5b -----------------------------------------------------------------------------------------------------------------


def test_a_payout_above_the_balance() -> None:
    """In range itself, and its sum opens to what is paid; another dwelling's money would pay."""
    rng = Random(6)
    balances, payouts = openings(rng, [10, 500, 0, 0]), openings(rng, [60, 0, 0, 0])
    paid = credit.prove(LibPoint, payouts, [HERE], ENTROPY)
    credit.verify(LibPoint, paid.commitments, paid.total, [HERE], paid.parts)
    with pytest.raises(ValueError, match="committed value"):
        credit.prove_remaining(LibPoint, balances, payouts, [HERE], ENTROPY)
    left = [(b.value - p.value, b.blinding - p.blinding) for b, p in zip(balances, payouts, strict=True)]
    forged = pretended(points(left), shown(left), HERE)
    told = (LibPoint, commitments(balances), paid.commitments, [HERE], [forged])
    assert rejected(credit.verify_remaining, *told) is Check.EQUATION


def test_a_negative_payout() -> None:
    """It would raise one balance at the cost of another: W - P is in range in every slot, and the sum is right."""
    rng = Random(7)
    balances = openings(rng, [100, 100, 0, 0])
    payouts = [(-40, fresh(rng)), (90, fresh(rng)), (0, fresh(rng)), (0, fresh(rng))]
    listed = points(payouts)
    paid = Opening(50, total([blinding for _, blinding in payouts]))
    assert sum_opens(LIB, [LibPoint.from_bytes_checked(point) for point in listed], paid)
    left = [
        Opening(b.value - value, b.blinding - blinding) for b, (value, blinding) in zip(balances, payouts, strict=True)
    ]
    remaining = pretended(lists.subtract(LibPoint, commitments(balances), listed).points, left, HERE)
    credit.verify_remaining(LibPoint, commitments(balances), listed, [HERE], [remaining])
    forged = pretended(listed, shown(payouts), HERE)
    assert rejected(credit.verify, LibPoint, listed, paid, [HERE], [forged]) is Check.EQUATION


def test_the_two_halves_of_a_payout_do_not_serve_as_each_other() -> None:
    rng = Random(8)
    balances, payouts = openings(rng, [100, 100, 0, 0]), openings(rng, [50, 0, 0, 0])
    paid = credit.prove(LibPoint, payouts, [HERE], ENTROPY)
    left = credit.prove_remaining(LibPoint, balances, payouts, [HERE], ENTROPY)
    assert rejected(credit.verify, LibPoint, paid.commitments, paid.total, [HERE], left) is Check.EQUATION
    told = (LibPoint, commitments(balances), paid.commitments, [HERE])
    assert rejected(credit.verify_remaining, *told, paid.parts) is Check.EQUATION
    poorer = (LibPoint, commitments(openings(rng, [100, 100, 0, 0])), paid.commitments, [HERE])
    assert rejected(credit.verify_remaining, *poorer, left) is Check.EQUATION


# S6 ------------------------------------------------------------------------------------------------------------------


class Voting:
    """Slots that cast any integers; the prover pretends where they are no bits."""

    def __init__(self, yes: Sequence[int], no: Sequence[int]) -> None:
        rng = Random(9)
        self.yes, self.no = ([(value, fresh(rng)) for value in row] for row in (yes, no))
        self.both = [(y[0] + n[0], y[1] + n[1]) for y, n in zip(self.yes, self.no, strict=True)]
        self.found = ballot.branches(LibPoint, points(self.yes), points(self.no))
        assert self.found.both[0] == points(self.both)

    def proof(self, name: str) -> EachZeroProof:
        """Right for bits; else as if the branch the answer is given for were zero."""
        known: list[Signed] = getattr(self, name)
        rows: Any = getattr(self.found, name)
        pair = [list(row) for row in rows]
        answers = []
        for s, (value, blinding) in enumerate(known):
            branch = 1 if value > 0 else 0
            answers.append(KnownZero(branch, blinding))
            pair[branch][s] = signed(0, blinding)
        return each_zero.prove(LIB, pair, answers, HERE, ENTROPY)

    def holds(self, name: str) -> bool:
        """Whether the check of one list alone accepts."""
        rows: Any = getattr(self.found, name)
        if {value for value, _ in getattr(self, name)} <= {0, 1}:
            each_zero.verify(LIB, rows, HERE, self.proof(name))
            return True
        assert rejected(each_zero.verify, LIB, rows, HERE, self.proof(name)) is Check.EQUATION
        return False

    def verdict(self) -> Check:
        proof = BallotProof(self.proof("yes"), self.proof("no"), self.proof("both"))
        return rejected(ballot.verify, LibPoint, points(self.yes), points(self.no), HERE, proof)


@pytest.mark.parametrize(
    ("yes", "no", "held"),
    [
        (1, 1, {"yes", "no"}),  # both at once: two votes
        (2, -1, {"both"}),  # one vote in sum, two for
        (-1, 2, {"both"}),
        (-1, 1, {"no", "both"}),  # takes a vote for away
        (1, -1, {"yes", "both"}),
        (2, 0, {"no"}),
        (-1, 0, {"no"}),
        (0, 3, {"yes"}),
        (1000, -1000, {"both"}),
    ],
)
@pytest.mark.parametrize("at", [0, 2])
def test_what_is_no_vote(yes: int, no: int, held: set[str], at: int) -> None:
    """Each of the three checks is needed: without those that do not hold, the ballots would be accepted."""
    votes = [[1, 0, 0], [0, 1, 0]]
    votes[0][at], votes[1][at] = yes, no
    made = Voting(*votes)
    assert {name for name in ("yes", "no", "both") if made.holds(name)} == held
    assert made.verdict() is Check.EQUATION


def test_ballots_of_others_and_of_another_proposal() -> None:
    rng = Random(10)
    cast = [ballot.Ballot(Opening(1, fresh(rng)), Opening(0, fresh(rng))) for _ in range(3)]
    yes, no = commitments([each.yes for each in cast]), commitments([each.no for each in cast])
    proof = ballot.prove(LIB, cast, HERE, ENTROPY)

    def judged(yes_: Sequence[bytes], no_: Sequence[bytes], context: bytes, given: BallotProof) -> Check:
        return rejected(ballot.verify, LibPoint, yes_, no_, context, given)

    assert judged(yes, no, THERE, proof) is Check.EQUATION
    assert judged(no, yes, HERE, proof) is Check.EQUATION
    assert judged(yes[::-1], no[::-1], HERE, proof) is Check.EQUATION
    assert judged(yes, no, HERE, BallotProof(proof.no, proof.yes, proof.both)) is Check.EQUATION
    assert judged(yes, no, HERE, BallotProof(proof.yes, proof.no, proof.yes)) is Check.EQUATION
    assert judged((yes[0], yes[0], yes[2]), no, HERE, proof) is Check.EQUATION


def test_a_branch_that_is_not_a_less() -> None:
    """[C, C - 2*A] would make two votes a bit: the verifier makes the branches itself."""
    rng = Random(11)
    known = [(2, fresh(rng)), (0, fresh(rng))]
    listed = points(known)
    two = (LIB.value + LIB.value).to_bytes()
    pair = [listed, lists.subtract(LibPoint, listed, [two] * 2).points]
    proof = each_zero.prove(LIB, pair, [KnownZero(1, known[0][1]), KnownZero(0, known[1][1])], HERE, ENTROPY)
    each_zero.verify(LIB, pair, HERE, proof)
    right = [listed, lists.subtract(LibPoint, listed, [A] * 2).points]
    assert rejected(each_zero.verify, LIB, right, HERE, proof) is Check.EQUATION
