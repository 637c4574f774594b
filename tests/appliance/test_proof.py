"""Commitments of blocks and batches, recomputed over py_ecc; a damaged store is noticed before anything is sent."""

from dataclasses import replace

import pytest

from appliance.proof import BlockWitness, ProofError, SlotWitness, prove_batch, prove_block, sum_hint
from circuits.blinding import BlindingKey, Letter
from circuits.generators import bases
from circuits.pedersen import Opening, commit
from circuits.reference import ReferencePoint
from circuits.scalar import P, Scalar

REFERENCE = bases(ReferencePoint)
KEYS = [BlindingKey(bytes(15) + bytes([slot])) for slot in range(16)]


def witness(block: int, usages: list[int]) -> BlockWitness:
    return BlockWitness(1, block, tuple(SlotWitness(u, k) for u, k in zip(usages, KEYS, strict=True)))


DAYS = [witness(7, list(range(16))), witness(8, [0] * 16)]


def test_a_block_is_committed_slot_by_slot() -> None:
    made = prove_block(DAYS[0])
    for slot in (0, 15):
        opening = Opening(slot, KEYS[slot].blinding(Letter.USAGE, 1, slot, 7, slot))
        assert commit(REFERENCE, opening).to_bytes() == made[slot]
    assert len(set(made) | set(prove_block(DAYS[1]))) == 32, "equal usages never look equal"


def test_a_batch_sums_and_opens_and_runs_on() -> None:
    stored = [prove_block(day) for day in DAYS]
    first = prove_batch(DAYS, stored, None)
    assert first.total == sum(range(16))
    assert first.sum_hint is None
    assert first.running == first.commitments
    points = [ReferencePoint.from_bytes_checked(c) for c in first.commitments]
    whole = Opening(first.total, Scalar.from_bytes_checked(first.blinding_sum))
    assert ReferencePoint.sum(points) == commit(REFERENCE, whole)
    third = witness(9, [3] * 16)
    second = prove_batch([third], [prove_block(third)], first.running)
    for old, new, after in zip(first.running, second.commitments, second.running, strict=True):
        total = ReferencePoint.from_bytes_checked(old) + ReferencePoint.from_bytes_checked(new)
        assert total.to_bytes() == after
    assert second.sum_hint is not None
    product = 1
    for old, new in zip(first.running, second.commitments, strict=True):
        product = product * (int.from_bytes(new[1:], "big") - int.from_bytes(old[1:], "big")) % P
    assert product * int.from_bytes(second.sum_hint, "big") % P == 1


def test_what_residents_were_shown_is_what_is_summed() -> None:
    stored = [list(prove_block(day)) for day in DAYS]
    stored[1][3] = stored[0][3]
    with pytest.raises(ProofError, match="block 8 of zone 1"):
        prove_batch(DAYS, stored, None)
    altered = replace(DAYS[0], slots=(replace(DAYS[0].slots[0], usage=99), *DAYS[0].slots[1:]))
    with pytest.raises(ProofError, match="block 7"):
        prove_batch([altered, DAYS[1]], [prove_block(day) for day in DAYS], None)


def test_a_hint_for_equal_points_does_not_exist() -> None:
    point = prove_block(DAYS[0])[0]
    with pytest.raises(ValueError, match="not invertible"):
        sum_hint([point], [point])


def test_the_same_block_with_other_data_shares_no_blinding() -> None:
    """An old backup put back, or a clock set back: the difference of the two commitments must not show the usage."""
    before, after = witness(7, [100] * 16), witness(7, [103] * 16)
    for old, new in zip(before.openings(), after.openings(), strict=True):
        assert old.blinding != new.blinding
    a = REFERENCE.value
    shown = {(a * Scalar(v)).to_bytes() for v in range(1, 8)}
    for old_point, new_point in zip(prove_block(before), prove_block(after), strict=True):
        difference = ReferencePoint.from_bytes_checked(new_point) - ReferencePoint.from_bytes_checked(old_point)
        assert difference.to_bytes() not in shown
    assert prove_block(before) == prove_block(before), "the same data gives the same commitment"
