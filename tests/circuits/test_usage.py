"""S1 as it is used: openings in, a contract's arguments out, and checked again from bytes."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circuits import hints, usage
from circuits.generators import LIB
from circuits.group import LibPoint
from circuits.opening import sum_opens
from circuits.pedersen import Opening, commit
from circuits.range_equation import RangeProof, RangeStatement
from circuits.reference import ReferencePoint
from circuits.scalar import N, Scalar
from circuits.shape import USAGE, USAGE_BOUND, generators
from circuits.usage import UsageProof
from circuits.verdict import Check, ProofRejected

CONTEXT, ENTROPY = bytes([9]) * 32, bytes(range(32))


def openings(m: int, value: int = 17) -> list[Opening]:
    return [Opening(value, Scalar(3**100 + j)) for j in range(m)]


def verify(proof: UsageProof, kind: Any = LibPoint, context: bytes = CONTEXT) -> None:
    usage.verify(kind, proof.commitments, context, proof.total, proof.points, proof.scalars)


@pytest.mark.parametrize("opened", [True, False])
@pytest.mark.parametrize("m", USAGE)
def test_both_variants_in_every_size(m: int, opened: bool) -> None:
    known = openings(m, USAGE_BOUND - 1)
    proof = usage.prove(LibPoint, known, CONTEXT, ENTROPY, opened=opened)
    verify(proof)
    assert proof.commitments == tuple(commit(LIB, opening).to_bytes() for opening in known)
    statement = RangeStatement(USAGE[m], CONTEXT, proof.commitments, proof.total)
    hints.check(generators(LibPoint, USAGE[m].slots), statement, RangeProof(proof.points, proof.scalars), proof.hints)
    if not opened:
        assert proof.total is None
        return
    assert proof.total is not None
    assert proof.total.value == m * (USAGE_BOUND - 1)
    assert sum_opens(LIB, [LibPoint.from_bytes_checked(c) for c in proof.commitments], proof.total)
    for wrong in (
        Opening(proof.total.value - 1, proof.total.blinding),
        Opening(proof.total.value, proof.total.blinding + Scalar(1)),
        None,
    ):
        with pytest.raises(ProofRejected) as rejected:
            verify(replace(proof, total=wrong))
        assert rejected.value.check is Check.EQUATION


def test_proofs_are_the_same_size_for_all_values() -> None:
    sizes = set()
    seen: set[bytes] = set()
    for value in (0, 1, 17, USAGE_BOUND - 1):
        proof = usage.prove(LibPoint, openings(4, value), CONTEXT, ENTROPY, opened=False)
        shown = [*proof.points, *proof.scalars, *proof.hints]
        sizes.add(tuple(len(item) for item in shown))
        assert len(set(shown)) == len(shown)
        assert not seen & set(shown)
        seen |= set(shown)
    assert len(sizes) == 1


def test_the_reference_group_checks_what_the_library_proved() -> None:
    proof = usage.prove(LibPoint, openings(1), CONTEXT, ENTROPY, opened=True)
    verify(proof, ReferencePoint)
    with pytest.raises(ProofRejected):
        verify(proof, ReferencePoint, bytes(32))


@pytest.mark.parametrize("count", [0, 2, 3, 5, 63, 65, 128])
def test_other_sizes_have_no_shape(count: int) -> None:
    with pytest.raises(ValueError, match="no shape"):
        usage.prove(LibPoint, openings(count), CONTEXT, ENTROPY, opened=True)
    with pytest.raises(ProofRejected) as rejected:
        usage.verify(LibPoint, [bytes(33)] * count, CONTEXT, None, [], [])
    assert rejected.value.check is Check.LENGTH


def test_what_cannot_be_proved_is_refused_before_anything_is_made() -> None:
    for value in (USAGE_BOUND, 2**64 - 1):
        with pytest.raises(ValueError, match="outside"):
            usage.prove(LibPoint, [*openings(3), Opening(value, Scalar(4))], CONTEXT, ENTROPY, opened=False)
    with pytest.raises(ValueError, match="context"):
        usage.prove(LibPoint, openings(1), bytes(31), ENTROPY, opened=True)
    with pytest.raises(ValueError, match="entropy"):
        usage.prove(LibPoint, openings(1), CONTEXT, b"", opened=True)


def test_a_proof_without_hints_is_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if an inverse did not exist the first time: the next attempt has other nonces."""
    first = usage.prove(LibPoint, openings(1), CONTEXT, ENTROPY, opened=True)
    real, calls = hints.make, []

    def unlucky(*given_: Any) -> tuple[bytes, ...]:
        calls.append(given_)
        if len(calls) == 1:
            raise ProofRejected(Check.HINT, "by chance")
        return real(*given_)

    monkeypatch.setattr("circuits.listed.hints.make", unlucky)
    second = usage.prove(LibPoint, openings(1), CONTEXT, ENTROPY, opened=True)
    assert len(calls) == 2
    verify(second)
    assert not set(first.points) & set(second.points)
    assert not set(first.scalars) & set(second.scalars)


items = st.lists(
    st.one_of(
        st.binary(max_size=34),
        st.sampled_from([commit(LIB, Opening(v, Scalar(3))).to_bytes() for v in (0, 1)]),
        st.integers(0, N - 1).map(lambda x: x.to_bytes(32, "big")),
    ),
    max_size=17,
)
totals = st.one_of(st.none(), st.builds(Opening, st.integers(0, 2**64 - 1), st.integers(0, N - 1).map(Scalar)))


@settings(max_examples=60, deadline=None)
@given(items, st.binary(max_size=33), totals, items, items)
def test_junk_raises_nothing_else(
    commitments: list[bytes], context: bytes, total: Opening | None, points: list[bytes], scalars: list[bytes]
) -> None:
    with pytest.raises(ProofRejected):
        usage.verify(LibPoint, commitments, context, total, points, scalars)
