"""Commitments and proofs of blocks and batches, checked over py_ecc; a damaged store is noticed before it is sent."""

import hashlib
from dataclasses import replace
from typing import Any

import pytest

from appliance.proof import (
    BlockWitness,
    ProofError,
    SlotWitness,
    commit_block,
    prove_batch,
    prove_block,
    sum_batch,
    sum_hint,
    usage_block_context,
)
from circuits import usage
from circuits.blinding import BlindingKey, Letter
from circuits.generators import bases
from circuits.pedersen import Opening, commit
from circuits.reference import ReferencePoint
from circuits.scalar import P, Scalar
from circuits.verdict import ProofRejected

REFERENCE = bases(ReferencePoint)
KEYS = [BlindingKey(bytes(15) + bytes([slot])) for slot in range(16)]


def witness(block: int, usages: list[int]) -> BlockWitness:
    return BlockWitness(1, block, tuple(SlotWitness(u, k) for u, k in zip(usages, KEYS, strict=True)))


CONTEXT = hashlib.sha256(b"what it is for").digest()
ENTROPY = hashlib.sha256(b"never used before").digest()
DAYS = [witness(7, list(range(16))), witness(8, [0] * 16)]


def test_a_block_is_committed_slot_by_slot() -> None:
    made = commit_block(DAYS[0])
    for slot in (0, 15):
        opening = Opening(slot, KEYS[slot].blinding(Letter.USAGE, 1, slot, 7, slot))
        assert commit(REFERENCE, opening).to_bytes() == made[slot]
    assert len(set(made) | set(commit_block(DAYS[1]))) == 32, "equal usages never look equal"


def test_a_batch_sums_and_opens_and_runs_on() -> None:
    stored = [commit_block(day) for day in DAYS]
    first = sum_batch(DAYS, stored, None)
    assert first.total == sum(range(16))
    assert first.sum_hint is None
    assert first.running == first.commitments
    points = [ReferencePoint.from_bytes_checked(c) for c in first.commitments]
    whole = Opening(first.total, Scalar.from_bytes_checked(first.blinding_sum))
    assert ReferencePoint.sum(points) == commit(REFERENCE, whole)
    third = witness(9, [3] * 16)
    second = sum_batch([third], [commit_block(third)], first.running)
    for old, new, after in zip(first.running, second.commitments, second.running, strict=True):
        total = ReferencePoint.from_bytes_checked(old) + ReferencePoint.from_bytes_checked(new)
        assert total.to_bytes() == after
    assert second.sum_hint is not None
    product = 1
    for old, new in zip(first.running, second.commitments, strict=True):
        product = product * (int.from_bytes(new[1:], "big") - int.from_bytes(old[1:], "big")) % P
    assert product * int.from_bytes(second.sum_hint, "big") % P == 1


def test_what_residents_were_shown_is_what_is_summed() -> None:
    stored = [list(commit_block(day)) for day in DAYS]
    stored[1][3] = stored[0][3]
    with pytest.raises(ProofError, match="block 8 of zone 1"):
        sum_batch(DAYS, stored, None)
    altered = replace(DAYS[0], slots=(replace(DAYS[0].slots[0], usage=99), *DAYS[0].slots[1:]))
    with pytest.raises(ProofError, match="block 7"):
        sum_batch([altered, DAYS[1]], [commit_block(day) for day in DAYS], None)


def test_a_hint_for_equal_points_does_not_exist() -> None:
    point = commit_block(DAYS[0])[0]
    with pytest.raises(ValueError, match="not invertible"):
        sum_hint([point], [point])


def test_the_same_block_with_other_data_shares_no_blinding() -> None:
    """An old backup put back, or a clock set back: the difference of the two commitments must not show the usage."""
    before, after = witness(7, [100] * 16), witness(7, [103] * 16)
    for old, new in zip(before.openings(), after.openings(), strict=True):
        assert old.blinding != new.blinding
    a = REFERENCE.value
    shown = {(a * Scalar(v)).to_bytes() for v in range(1, 8)}
    for old_point, new_point in zip(commit_block(before), commit_block(after), strict=True):
        difference = ReferencePoint.from_bytes_checked(new_point) - ReferencePoint.from_bytes_checked(old_point)
        assert difference.to_bytes() not in shown
    assert commit_block(before) == commit_block(before), "the same data gives the same commitment"


def verify(
    commitments: tuple[bytes, ...],
    context: bytes,
    total: Opening,
    points: tuple[bytes, ...],
    scalars: tuple[bytes, ...],
) -> None:
    """Over py_ecc, by the verifier that has nothing of the appliance."""
    usage.verify(ReferencePoint, commitments, context, total, points, scalars)


def test_a_blocks_proof_shows_its_ranges_and_total() -> None:
    made = prove_block(DAYS[0], CONTEXT, ENTROPY)
    assert made.commitments == commit_block(DAYS[0])
    assert made.proof.context == CONTEXT
    whole = Opening(made.total, Scalar.from_bytes_checked(made.blinding_sum))
    assert made.total == sum(range(16))
    verify(made.commitments, CONTEXT, whole, made.proof.points, made.proof.scalars)
    for context, total in ((bytes(32), whole), (CONTEXT, Opening(whole.value + 1, whole.blinding))):
        with pytest.raises(ProofRejected):
            verify(made.commitments, context, total, made.proof.points, made.proof.scalars)


def test_a_batchs_proof_is_of_the_summed_commitments() -> None:
    batch = sum_batch(DAYS, [commit_block(day) for day in DAYS], None)
    made = prove_batch(DAYS, batch.commitments, CONTEXT, ENTROPY)
    whole = Opening(batch.total, Scalar.from_bytes_checked(batch.blinding_sum))
    verify(batch.commitments, CONTEXT, whole, made.points, made.scalars)
    with pytest.raises(ProofError, match="the batch from block 7 of zone 1 does not open"):
        prove_batch(DAYS, (*batch.commitments[:15], batch.commitments[0]), CONTEXT, ENTROPY)
    with pytest.raises(ProofError, match="does not open"):
        prove_batch(DAYS[:1], batch.commitments, CONTEXT, ENTROPY)


def test_a_proof_that_came_out_wrong_is_not_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that errs while it proves: here it writes the last two scalars into each other's place."""
    honest = usage.prove

    def erring(*args: Any, **kwargs: Any) -> usage.UsageProof:
        made = honest(*args, **kwargs)
        return replace(made, scalars=(*made.scalars[:-2], made.scalars[-1], made.scalars[-2]))

    monkeypatch.setattr(usage, "prove", erring)
    with pytest.raises(ProofError, match="does not verify, final equation"):
        prove_block(DAYS[0], CONTEXT, ENTROPY)


def test_fresh_randomness_makes_another_proof_of_the_same() -> None:
    first, again, other = (prove_block(DAYS[1], CONTEXT, entropy) for entropy in (ENTROPY, ENTROPY, bytes(32)))
    assert first == again
    assert other.commitments == first.commitments
    assert not set(other.proof.points) & set(first.proof.points)
    assert not set(other.proof.scalars) & set(first.proof.scalars)


def test_the_proof_of_a_block_is_bound_to_everything_about_it() -> None:
    """The encoding written out once more, and each field alone changes it."""
    counts, root = (1, 2, 3, 4, 5, 0), bytes(range(32))
    by_hand = "13" + b"mita/v1/usage-block".hex() + "00000002" + f"{20780:016x}" + f"{100:016x}" + f"{200:016x}"
    by_hand += "010203040500" + root.hex()
    expected = hashlib.sha256(bytes.fromhex(by_hand)).digest()
    assert usage_block_context(2, 20780, 100, 200, counts, root) == expected
    others = [
        usage_block_context(3, 20780, 100, 200, counts, root),
        usage_block_context(2, 20781, 100, 200, counts, root),
        usage_block_context(2, 20780, 101, 200, counts, root),
        usage_block_context(2, 20780, 100, 201, counts, root),
        usage_block_context(2, 20780, 100, 200, (1, 2, 3, 4, 4, 1), root),
        usage_block_context(2, 20780, 100, 200, counts, bytes(32)),
    ]
    assert len({expected, *others}) == 7
    for few, short in ((counts[:5], root), (counts, root[:31])):
        with pytest.raises(ValueError, match="six counts"):
            usage_block_context(2, 20780, 100, 200, few, short)
