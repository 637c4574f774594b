"""S3 as it is used, and against a plain cash book over several periods."""

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circuits import hints, lists, settlement
from circuits.generators import LIB
from circuits.group import LibPoint
from circuits.pedersen import Opening
from circuits.reference import ReferencePoint
from circuits.scalar import ONE, Scalar
from circuits.settlement import Before, Correction, Dues, Settled
from circuits.verdict import Check
from tests.circuits.zones import ENTROPY, HERE, THERE, commitments, fresh, openings, rejected, signed

H0 = LIB.blinding.to_bytes()
AMOUNTS = [  # bill, arrears, balance
    (0, 0, 0),
    (10, 0, 30),
    (30, 0, 10),
    (30, 0, 30),
    (5, 7, 0),
    (5, 7, 11),
    (5, 7, 13),
    (0, 9, 9),
]


def dues(rng: Random, amounts: tuple[int, int, int], correction: Correction | None = None) -> Dues:
    bill, arrears, balance = openings(rng, amounts)
    return Dues(bill, arrears, balance, correction)


def before(slots: list[Dues], *, corrected: bool = False, base: Any = LIB) -> Before:
    corrections = None
    if corrected:
        corrections = tuple(H0 if slot.correction is None else difference(slot.correction) for slot in slots)
    bills, arrears, funds = (
        commitments([getattr(slot, name) for slot in slots], base) for name in ("bill", "arrears", "balance")
    )
    return Before(bills, arrears, funds, corrections)


def difference(correction: Correction) -> bytes:
    (made,) = lists.subtract(LibPoint, commitments([correction.bill]), commitments([correction.alternative])).points
    return made


def balances(after: list[Settled]) -> tuple[bytes, ...]:
    return commitments([slot.balance for slot in after])


@pytest.mark.parametrize("slots", [4, 16, 64])
@pytest.mark.parametrize("corrected", [False, True])
def test_a_zone_is_settled(slots: int, corrected: bool) -> None:
    rng = Random(slots)
    known = [dues(rng, AMOUNTS[s % 8]) for s in range(slots)]
    if corrected:  # once to the good of a dwelling, more than its bill; once, by appeal, to its harm
        known[0] = dues(rng, (4, 0, 1), Correction(*openings(rng, (20, 3))))
        known[3] = dues(rng, (4, 0, 1), Correction(*openings(rng, (3, 20))))
    after = [slot.settle(fresh(rng), corrected=corrected) for slot in known]
    for due, now in zip(known, after, strict=True):
        assert now.balance.value * now.arrears.value == 0
        assert now.arrears.value - now.balance.value == due.due()
    if corrected:
        assert [(after[s].balance.value, after[s].arrears.value) for s in (0, 3)] == [(14, 0), (0, 20)]
    public, named = before(known, corrected=corrected), balances(after)
    computed = settlement.settled(LibPoint, public, named)
    assert computed.arrears == commitments([slot.arrears for slot in after])
    assert computed.sums == commitments([slot.balance + slot.arrears for slot in after])
    assert len(computed.hints) == 4 + corrected
    assert computed.hints[0] == hints.for_lists(named, public.bills)
    assert computed.hints[-1] == hints.for_lists(computed.arrears, named)
    either = settlement.prove_either(LIB, after, HERE, ENTROPY)
    settlement.verify_either(LibPoint, public, named, HERE, either)
    assert rejected(settlement.verify_either, LibPoint, public, named, THERE, either) is Check.EQUATION
    contexts = [HERE, THERE][: len(named) // 33 + 1]
    sums = settlement.prove_sums(LibPoint, after, contexts, ENTROPY)
    settlement.verify_sums(LibPoint, public, named, contexts, sums)
    assert rejected(settlement.verify_sums, LibPoint, public, named, [bytes(32)] * len(sums), sums) is Check.EQUATION


def test_over_the_reference_group() -> None:
    rng = Random(5)
    known = [dues(rng, amounts) for amounts in AMOUNTS[:4]]
    after = [slot.settle(fresh(rng), corrected=False) for slot in known]
    public, named = before(known), balances(after)
    assert settlement.settled(ReferencePoint, public, named) == settlement.settled(LibPoint, public, named)
    either = settlement.prove_either(LIB, after, HERE, ENTROPY)
    settlement.verify_either(ReferencePoint, public, named, HERE, either)
    sums = settlement.prove_sums(LibPoint, after, [HERE], ENTROPY)
    settlement.verify_sums(ReferencePoint, public, named, [HERE], sums)
    assert rejected(settlement.verify_sums, ReferencePoint, public, named, [THERE], sums) is Check.EQUATION


def test_the_first_settlement_begins_with_balances_of_h0_and_arrears_of_2_h0() -> None:
    rng = Random(6)
    first = [Dues(bill, Opening(0, Scalar(2)), Opening(0, ONE)) for bill in openings(rng, [0, 5, 70, 0])]
    assert before(first).balances == (H0,) * 4
    after = [slot.settle(fresh(rng), corrected=False) for slot in first]
    public, named = before(first), balances(after)
    settlement.verify_either(LibPoint, public, named, HERE, settlement.prove_either(LIB, after, HERE, ENTROPY))
    assert [slot.arrears.value for slot in after] == [0, 5, 70, 0]


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2**36), st.integers(0, 2**40)), min_size=1, max_size=6), st.integers(0, 2**32))
def test_a_cash_book_over_periods(periods: list[tuple[int, int]], seed: int) -> None:
    """Bills and top-ups of one dwelling: what it has or owes is the difference of all that was paid and billed."""
    rng, paid, owed = Random(seed), 0, 0
    state = Settled(Opening(0, ONE), Opening(0, Scalar(2)))
    for due, credit in periods:
        paid, owed = paid + credit, owed + due
        funded = state.balance + Opening(credit, fresh(rng))
        state = Dues(Opening(due, fresh(rng)), state.arrears, funded).settle(fresh(rng), corrected=False)
        assert (state.balance.value, state.arrears.value) == (max(paid - owed, 0), max(owed - paid, 0))


def test_who_can_pay_nothing_still_settles() -> None:
    """Always provable: a debtor blocks nobody."""
    rng = Random(7)
    known = [dues(rng, (2**36 - 1, 2**47, 0)) for _ in range(4)]
    after = [slot.settle(fresh(rng), corrected=False) for slot in known]
    settlement.prove_either(LIB, after, HERE, ENTROPY)
    settlement.prove_sums(LibPoint, after, [HERE], ENTROPY)


def test_what_is_refused() -> None:
    rng = Random(8)
    slot = dues(rng, (4, 0, 1), Correction(*openings(rng, (20, 3))))
    with pytest.raises(ValueError, match="without corrections"):
        slot.settle(fresh(rng), corrected=False)
    over = [dues(rng, (2**48, 0, 0)).settle(fresh(rng), corrected=False)]
    with pytest.raises(ValueError, match="outside"):
        settlement.prove_sums(LibPoint, over, [HERE], ENTROPY)
    both = [Settled(*openings(rng, (1, 2)))]
    with pytest.raises(ValueError, match="does not open"):
        settlement.prove_either(LIB, both, HERE, ENTROPY)
    public = Before((H0,), (signed(0, Scalar(2)),), (H0,), None)
    assert rejected(settlement.settled, LibPoint, public, (H0, H0)) is Check.LENGTH
    # the same point once more has no sum with one hint
    assert rejected(settlement.settled, LibPoint, public, (H0,)) is Check.HINT


def test_no_fixed_points_keep_a_zone_from_being_settled() -> None:
    """A bill of 2*H0 and first arrears, equal or opposite, have no sum; after a fresh balance they have."""
    rng = Random(9)
    for blinding in (Scalar(2), -Scalar(2), ONE, -ONE):
        slot = Dues(Opening(0, blinding), Opening(0, Scalar(2)), Opening(0, ONE))
        for corrected in (False, True):
            after = [slot.settle(fresh(rng), corrected=corrected)]
            public = before([slot], corrected=corrected)
            if slot.bill.blinding in (Scalar(2), -Scalar(2)):
                assert rejected(lists.add, LibPoint, public.bills, public.arrears) is Check.HINT
            if after[0].arrears.blinding != after[0].balance.blinding:  # else F + D - W is infinity
                assert settlement.settled(LibPoint, public, balances(after)).arrears == commitments(
                    [slot.arrears for slot in after]
                )
