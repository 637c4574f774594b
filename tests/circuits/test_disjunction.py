"""One of several commitments is to zero; and on it, a commitment to 0 or 1."""

from dataclasses import replace
from typing import Any

import coincurve
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circuits import bit, disjunction, zero
from circuits.bit import BitProof
from circuits.disjunction import DisjunctionProof
from circuits.generators import LIB, bases
from circuits.group import LibPoint
from circuits.pedersen import Opening, commit
from circuits.reference import ReferencePoint
from circuits.scalar import N, P, Scalar
from circuits.transcript import MODULUS
from circuits.verdict import Check, ProofRejected

REFERENCE = bases(ReferencePoint)
CONTEXT, ENTROPY = bytes([3]) * 32, bytes(range(32))
contexts = st.binary(min_size=32, max_size=32)


def branches_of(values: list[int], first: int = 5) -> list[bytes]:
    return [commit(LIB, Opening(value, Scalar(first + i))).to_bytes() for i, value in enumerate(values)]


def proved(m: int, index: int, base: Any = LIB) -> tuple[list[bytes], DisjunctionProof]:
    branches = branches_of([0 if i == index else 9 + i for i in range(m)])
    return branches, disjunction.prove(base, branches, index, Scalar(5 + index), CONTEXT, ENTROPY)


def rejected(branches: list[bytes], proof: DisjunctionProof, context: bytes = CONTEXT, base: Any = LIB) -> Check:
    with pytest.raises(ProofRejected) as found:
        disjunction.verify(base, branches, context, proof)
    return found.value.check


@settings(max_examples=20, deadline=None)
@given(st.integers(2, 5), st.data(), contexts, contexts)
def test_each_branch_is_one_native_call(m: int, data: st.DataObject, context: bytes, entropy: bytes) -> None:
    index = data.draw(st.integers(0, m - 1))
    branches = branches_of([0 if i == index else i + 1 for i in range(m)])
    proof = disjunction.prove(LIB, branches, index, Scalar(5 + index), context, entropy)
    disjunction.verify(LIB, branches, context, proof)
    shares = [int.from_bytes(share, "big") for share in proof.shares]
    shares.append((disjunction.challenge(context, branches, proof.nonces) - sum(shares)) % MODULUS)
    for branch, share, nonce, response in zip(branches, shares, proof.nonces, proof.responses, strict=True):
        signature = branch[1:] + share.to_bytes(32, "big") + bytes([branch[0] - 2])
        assert coincurve.PublicKey.from_signature_and_message(signature, response, hasher=None).format() == nonce


def test_all_branches_zero_and_equal_branches() -> None:
    for values, index in (([0, 0, 0], 1), ([0, 0], 0)):
        branches = branches_of(values)
        proof = disjunction.prove(LIB, branches, index, Scalar(5 + index), CONTEXT, ENTROPY)
        disjunction.verify(LIB, branches, CONTEXT, proof)
    twice = [zero_branch := branches_of([0])[0], zero_branch]
    disjunction.verify(LIB, twice, CONTEXT, disjunction.prove(LIB, twice, 1, Scalar(5), CONTEXT, ENTROPY))


def test_both_groups_agree() -> None:
    branches, proof = proved(2, 1)
    assert proved(2, 1, REFERENCE) == (branches, proof)
    disjunction.verify(REFERENCE, branches, CONTEXT, proof)
    assert rejected(branches, proof, bytes(32), REFERENCE) is Check.EQUATION


@pytest.mark.parametrize("m", [2, 3, 4])
def test_every_part_is_bound(m: int) -> None:
    branches, proof = proved(m, 0)
    assert rejected(branches, proof, bytes(32)) is Check.EQUATION
    assert rejected(branches[::-1], proof) is Check.EQUATION
    for i in range(m):
        flipped = bytes([branches[i][0] ^ 1]) + branches[i][1:]
        assert rejected([*branches[:i], flipped, *branches[i + 1 :]], proof) is Check.EQUATION
        nonces, responses = list(proof.nonces), list(proof.responses)
        nonces[i] = bytes([nonces[i][0] ^ 1]) + nonces[i][1:]
        responses[i] = ((int.from_bytes(responses[i], "big") + 1) % N).to_bytes(32, "big")
        assert rejected(branches, replace(proof, nonces=tuple(nonces))) is Check.EQUATION
        assert rejected(branches, replace(proof, responses=tuple(responses))) is Check.EQUATION
    for i in range(m - 1):
        shares = list(proof.shares)
        shares[i] = ((int.from_bytes(shares[i], "big") + 1) % MODULUS).to_bytes(16, "big")
        assert rejected(branches, replace(proof, shares=tuple(shares))) is Check.EQUATION


def test_without_a_zero_nothing_is_proved() -> None:
    branches = branches_of([1, 2])
    with pytest.raises(ValueError, match="does not open"):
        disjunction.prove(LIB, branches, 0, Scalar(5), CONTEXT, ENTROPY)
    # who simulates every branch would have to meet the hash with the shares
    shares, responses = [3, 4], [bytes([i]) * 32 for i in (1, 2)]
    nonces = tuple(
        zero.recovered(LIB, branch, share, int.from_bytes(response, "big")).to_bytes()
        for branch, share, response in zip(branches, shares, responses, strict=True)
    )
    proof = DisjunctionProof(nonces, ((3).to_bytes(16, "big"),), tuple(responses))
    assert rejected(branches, proof) is Check.EQUATION
    # and with the first share that the hash leaves, the first branch fails
    first = (disjunction.challenge(CONTEXT, branches, nonces) - 4) % MODULUS
    assert rejected(branches, replace(proof, shares=(first.to_bytes(16, "big"),))) is Check.EQUATION


def test_a_zero_share_is_refused() -> None:
    """With a zero share recovery refuses, and z alone would decide."""
    branches, proof = proved(3, 1)
    empty = bytes(16)
    assert rejected(branches, replace(proof, shares=(empty, proof.shares[1]))) is Check.ZERO_CHALLENGE
    assert rejected(branches, replace(proof, shares=(proof.shares[0], empty))) is Check.ZERO_CHALLENGE
    whole = disjunction.challenge(CONTEXT, branches, proof.nonces)
    rest = (whole - int.from_bytes(proof.shares[0], "big")) % MODULUS
    assert (
        rejected(branches, replace(proof, shares=(proof.shares[0], rest.to_bytes(16, "big")))) is Check.ZERO_CHALLENGE
    )


def test_lengths_and_encodings() -> None:
    branches, proof = proved(2, 0)
    wrong = [
        (branches[:1], proof),
        ([*branches, branches[0]], proof),
        ([], proof),
        (branches, replace(proof, nonces=proof.nonces[:1])),
        (branches, replace(proof, shares=())),
        (branches, replace(proof, shares=proof.shares * 2)),
        (branches, replace(proof, responses=proof.responses[:1])),
    ]
    for points, changed in wrong:
        assert rejected(points, changed) is Check.LENGTH
    for context in (b"", bytes(31)):
        assert rejected(branches, proof, context) is Check.LENGTH
    assert rejected(branches, replace(proof, shares=(bytes(17),))) is Check.ENCODING
    assert rejected([bytes(33), branches[1]], proof) is Check.ENCODING
    assert rejected(branches, replace(proof, nonces=(b"\4" + bytes(32), proof.nonces[1]))) is Check.ENCODING
    assert rejected(branches, replace(proof, responses=(proof.responses[0], b"\xff" * 32))) is Check.ENCODING
    with pytest.raises(ValueError, match="two branches"):
        disjunction.prove(LIB, branches[:1], 0, Scalar(5), CONTEXT, ENTROPY)


def test_proofs_of_either_branch_look_alike_and_share_nothing() -> None:
    shown = []
    for index in (0, 1):
        branches = branches_of([0, 0])
        proof = disjunction.prove(LIB, branches, index, Scalar(5 + index), CONTEXT, ENTROPY)
        shown.append({*proof.nonces, *proof.shares, *proof.responses})
    assert len(shown[0]) == len(shown[1]) == 5
    assert not shown[0] & shown[1]


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_junk_raises_nothing_else(data: st.DataObject) -> None:
    items = st.lists(st.binary(max_size=34), max_size=4).map(tuple)
    proof = DisjunctionProof(data.draw(items), data.draw(items), data.draw(items))
    with pytest.raises(ProofRejected):
        disjunction.verify(LIB, data.draw(items), data.draw(st.binary(max_size=33)), proof)
    with pytest.raises(ProofRejected):
        bit.verify(LIB, data.draw(st.binary(max_size=34)), CONTEXT, BitProof(*[data.draw(items) for _ in range(3)]))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1), st.integers(1, N - 1), contexts)
def test_a_bit_is_proved(value: int, blinding: int, entropy: bytes) -> None:
    opening = Opening(value, Scalar(blinding))
    commitment = commit(LIB, opening)
    proof = bit.prove(LIB, opening, CONTEXT, entropy)
    bit.verify(LIB, commitment.to_bytes(), CONTEXT, proof)
    x = commitment.xy()[0]
    assert int.from_bytes(proof.hints[0], "big") * (LIB.value.xy()[0] - x) % P == 1
    with pytest.raises(ProofRejected) as found:
        bit.verify(LIB, commitment.to_bytes(), bytes(32), proof)
    assert found.value.check is Check.EQUATION


def test_a_bit_over_the_reference_group() -> None:
    for value in (0, 1):
        opening = Opening(value, Scalar(31))
        proof = bit.prove(REFERENCE, opening, CONTEXT, ENTROPY)
        assert proof == bit.prove(LIB, opening, CONTEXT, ENTROPY)
        bit.verify(REFERENCE, commit(LIB, opening).to_bytes(), CONTEXT, proof)


def test_other_values_are_no_bits() -> None:
    for value in (2, 3, 2**64 - 1):
        with pytest.raises(ValueError, match="0 or 1"):
            bit.prove(LIB, Opening(value, Scalar(31)), CONTEXT, ENTROPY)
    good = bit.prove(LIB, Opening(1, Scalar(31)), CONTEXT, ENTROPY)
    for value in (0, 2, 3):
        commitment = commit(LIB, Opening(value, Scalar(31)))
        with pytest.raises(ProofRejected) as found:
            bit.verify(LIB, commitment.to_bytes(), CONTEXT, replace(good, hints=(bit.hint(LIB, commitment),)))
        assert found.value.check is Check.EQUATION


@pytest.mark.parametrize("point", [LIB.value, -LIB.value])
def test_a_without_blinding_has_no_hint(point: LibPoint) -> None:
    with pytest.raises(ValueError, match="invertible"):
        bit.hint(LIB, point)
    good = bit.prove(LIB, Opening(1, Scalar(31)), CONTEXT, ENTROPY)
    with pytest.raises(ProofRejected) as found:
        bit.verify(LIB, point.to_bytes(), CONTEXT, good)
    assert found.value.check is Check.HINT
