"""Range proofs: every value in range is proved, in every shape and both groups; honest provers prove nothing else."""

import itertools
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circuits.generators import bases
from circuits.group import LibPoint
from circuits.opening import sum_openings
from circuits.pedersen import Opening, commit
from circuits.range_equation import Check, ProofRejected, RangeProof, RangeStatement, Terms, terms, verify, zero_term
from circuits.range_proof import attempts, prove
from circuits.reference import ReferencePoint
from circuits.scalar import N, Scalar
from circuits.shape import LINEAR, USAGE, Shape, generators

ENTROPY = bytes(range(32))
CONTEXT = bytes([7]) * 32
TINY = Shape(1, (1, 2, 4), 2)


def openings(values: Sequence[int], first: int = 1000) -> list[Opening]:
    return [Opening(value, Scalar((first + 7 * j) ** 40 % N)) for j, value in enumerate(values)]


def statement(shape: Shape, known: Sequence[Opening], *, opened: bool, kind: Any = LibPoint) -> RangeStatement:
    commitments = tuple(commit(bases(kind), opening).to_bytes() for opening in known)
    return RangeStatement(shape, CONTEXT, commitments, sum_openings(known) if opened else None)


def proved(shape: Shape, values: Sequence[int], *, opened: bool, kind: Any = LibPoint) -> tuple[Any, Any, RangeProof]:
    known = openings(values)
    told = statement(shape, known, opened=opened, kind=kind)
    base = generators(kind, shape.slots)
    return base, told, prove(base, told, known, ENTROPY)


@pytest.mark.parametrize("opened", [True, False])
@pytest.mark.parametrize("m", USAGE)
def test_edge_values_are_proved_in_every_shape(m: int, opened: bool) -> None:
    top = USAGE[m].bound - 1
    for values in ([0] * m, [top] * m, [top if j % 2 else 0 for j in range(m)]):
        verify(*proved(USAGE[m], values, opened=opened))


@settings(max_examples=12, deadline=None)
@given(st.sampled_from([1, 2, 4, 16]), st.booleans(), st.data())
def test_any_values_are_proved(m: int, opened: bool, data: st.DataObject) -> None:
    shape = USAGE.get(m, Shape(2, (1, 6, 36, 216), 8))
    values = data.draw(st.lists(st.integers(0, shape.bound - 1), min_size=m, max_size=m))
    base, told, proof = proved(shape, values, opened=opened)
    verify(base, told, proof)
    with pytest.raises(ProofRejected) as rejected:
        verify(base, replace(told, context=bytes(32)), proof)
    assert rejected.value.check is Check.EQUATION


@pytest.mark.parametrize("opened", [True, False])
def test_a_tiny_shape_whole(opened: bool) -> None:
    """All eight values of three bits."""
    for value in range(8):
        verify(*proved(TINY, [value], opened=opened))
    for value in (8, 9, 2**64 - 1):
        with pytest.raises(ValueError, match="outside"):
            proved(TINY, [value], opened=opened)


class Pretending(Shape):
    """Shows the digits of another value; all else is the honest prover."""

    __slots__ = ()

    def split(self, value: int) -> list[int]:
        return super().split(value % self.bound)


def test_no_digits_of_the_tiny_shape_prove_a_value_outside() -> None:
    """For each value of a few beyond the bound, and each of the eight sets of digits an honest prover can show."""
    base = generators(LibPoint, TINY.slots)
    for value, shown in itertools.product((8, 9, 15, 16, 2**20, 2**64 - 1), range(8)):
        known = openings([value])
        lied = [Opening(shown, known[0].blinding)]
        told = statement(TINY, known, opened=False)
        for witness in (known, lied):
            shape = Pretending(TINY.m, TINY.weights, TINY.base)
            proof = prove(base, replace(told, shape=shape), witness, ENTROPY)
            with pytest.raises(ProofRejected) as rejected:
                verify(base, told, proof)
            assert rejected.value.check is Check.EQUATION


def test_two_tiny_values_whole() -> None:
    shape = Shape(2, (1, 2), 2)
    assert shape.bound == 4
    for values in itertools.product(range(4), repeat=2):
        verify(*proved(shape, values, opened=True))


@pytest.mark.parametrize("m", [1, 4])
def test_the_reference_group_proves_the_same_bytes(m: int) -> None:
    values = [12345 * (j + 1) for j in range(m)]
    base, told, proof = proved(USAGE[m], values, opened=True)
    slow = generators(ReferencePoint, USAGE[m].slots)
    assert proved(USAGE[m], values, opened=True, kind=ReferencePoint)[1:] == (told, proof)
    verify(slow, told, proof)
    wrong = replace(told, total=Opening(1, Scalar(1)))
    for generators_ in (base, slow):
        with pytest.raises(ProofRejected):
            verify(generators_, wrong, proof)


@pytest.mark.parametrize("m", [1, 4, 64])
def test_same_arguments_same_proof_and_other_entropy_other_points(m: int) -> None:
    known = openings([5] * m)
    told = statement(USAGE[m], known, opened=True)
    base = generators(LibPoint, USAGE[m].slots)
    first = prove(base, told, known, ENTROPY)
    assert prove(base, told, known, ENTROPY) == first
    another = attempts(base, told, known, ENTROPY)
    others = [
        prove(base, told, known, bytes(32)),
        prove(base, replace(told, context=bytes(32)), known, ENTROPY),
        prove(base, replace(told, total=None), known, ENTROPY),
        [next(another), next(another)][1],
    ]
    for other in others:
        assert not set(first.points) & set(other.points)
        assert not set(first.scalars) & set(other.scalars)


def test_nonces_depend_on_witness_and_statement_even_without_entropy() -> None:
    """A source that yields the same 32 bytes each time: no point of one proof is in the other."""
    base = generators(LibPoint, USAGE[1].slots)
    proofs = []
    for value, first in ((5, 1000), (6, 1000), (5, 1001)):
        known = openings([value], first)
        proofs.append(prove(base, statement(USAGE[1], known, opened=True), known, bytes(32)))
    for left, right in itertools.combinations(proofs, 2):
        assert not set(left.points) & set(right.points)


def test_what_a_prover_cannot_use_is_refused() -> None:
    known = openings([5])
    told = statement(USAGE[1], known, opened=False)
    base = generators(LibPoint, USAGE[1].slots)
    for entropy in (b"", bytes(31), bytes(33)):
        with pytest.raises(ValueError, match="entropy"):
            prove(base, told, known, entropy)
    with pytest.raises(ValueError, match="one opening per value"):
        prove(base, told, known * 2, ENTROPY)
    with pytest.raises(ValueError, match="context"):
        prove(base, replace(told, context=b""), known, ENTROPY)


def test_a_zero_scalar_is_refused_except_beside_another_on_the_same_point() -> None:
    """A and H_0 are one recovery: only A's scalar must not be zero."""
    base, told, proof = proved(USAGE[1], [5], opened=False)
    equation = terms(base, told, proof)
    assert not zero_term(told.shape, equation)
    for i in range(len(equation.scalars)):
        scalars = (*equation.scalars[:i], 0, *equation.scalars[i + 1 :])
        is_h0 = equation.points[i] == base.bases.blinding
        assert is_h0 == (i == told.shape.slots + LINEAR)
        assert zero_term(told.shape, Terms(scalars, equation.points, 1)) == (not is_h0)


@cache
def sample(m: int) -> tuple[Any, RangeStatement, RangeProof]:
    return proved(USAGE[m], [9] * m, opened=True)


@pytest.mark.parametrize("m", [1, 4, 16])
def test_lengths_are_checked_first(m: int) -> None:
    base, told, proof = sample(m)
    junk = b"junk"
    wrong: list[tuple[RangeStatement, RangeProof]] = [
        (replace(told, commitments=(*told.commitments, junk)), proof),
        (replace(told, commitments=told.commitments[1:]), proof),
        (replace(told, context=junk), proof),
        (told, replace(proof, points=(*proof.points, junk))),
        (told, replace(proof, points=proof.points[1:])),
        (told, replace(proof, scalars=(*proof.scalars, junk))),
        (told, replace(proof, scalars=())),
    ]
    for statement_, proof_ in wrong:
        with pytest.raises(ProofRejected) as rejected:
            verify(base, statement_, proof_)
        assert rejected.value.check is Check.LENGTH


junk_items = st.one_of(
    st.binary(max_size=40),
    st.binary(min_size=32, max_size=32).map(lambda x: b"\2" + x),
    st.sampled_from([bytes(33), bytes(32), N.to_bytes(32, "big"), b"\xff" * 33, b"\2" + b"\xff" * 32]),
    st.sampled_from([commit(bases(LibPoint), Opening(v, Scalar(3))).to_bytes() for v in (0, 1, 2**20)]),
    st.integers(0, N - 1).map(lambda x: x.to_bytes(32, "big")),
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([1, 4]), st.sampled_from(["commitments", "points", "scalars"]), st.data())
def test_junk_is_rejected_and_raises_nothing_else(m: int, part: str, data: st.DataObject) -> None:
    base, told, proof = sample(m)
    before: list[bytes] = list(getattr(told if part == "commitments" else proof, part))
    after = list(before)
    for _ in range(data.draw(st.integers(1, 3))):
        i = data.draw(st.integers(0, len(after) - 1))
        match data.draw(st.sampled_from(["put", "flip", "swap", "drop", "add"])):
            case "put":
                after[i] = data.draw(junk_items)
            case "flip" if after[i]:
                k = data.draw(st.integers(0, 8 * len(after[i]) - 1))
                changed = int.from_bytes(after[i], "big") ^ (1 << k)
                after[i] = changed.to_bytes(len(after[i]), "big")
            case "swap":
                j = data.draw(st.integers(0, len(after) - 1))
                after[i], after[j] = after[j], after[i]
            case "drop" if len(after) > 1:
                del after[i]
            case _:
                after.insert(i, data.draw(junk_items))
    changes: dict[str, Any] = {part: tuple(after)}
    if part == "commitments":
        told = replace(told, **changes)
    else:
        proof = replace(proof, **changes)
    if after == before:
        verify(base, told, proof)
        return
    with pytest.raises(ProofRejected):
        verify(base, told, proof)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([*USAGE]), st.data())
def test_random_points_and_scalars_of_the_right_form_prove_nothing(m: int, data: st.DataObject) -> None:
    shape = USAGE[m]
    seed = data.draw(st.integers(1, 2**64))
    g = LibPoint.generator()

    def point(i: int) -> bytes:
        return (g * Scalar(seed * 1000 + i)).to_bytes()

    told = RangeStatement(shape, CONTEXT, tuple(point(i) for i in range(m)), None)
    scalars = tuple((seed**5 + i).to_bytes(60, "big")[-32:] for i in range(shape.scalars))
    proof = RangeProof(tuple(point(100 + i) for i in range(shape.points)), scalars)
    with pytest.raises(ProofRejected):
        verify(generators(LibPoint, shape.slots), told, proof)
