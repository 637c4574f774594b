"""One of several commitments is to zero, in every slot of a list."""

import hashlib
from dataclasses import replace
from functools import partial
from random import Random
from typing import Any

import coincurve
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.chain.clarity import Buffer as ClarityBuffer
from appliance.chain.clarity import List, Value, serialize
from circuits import disjunction, each_zero
from circuits.each_zero import EachZeroProof, KnownZero
from circuits.generators import LIB, bases
from circuits.reference import ReferencePoint
from circuits.scalar import N, Scalar
from circuits.transcript import MODULUS, buffer_lists
from circuits.verdict import Check
from tests.circuits.zones import ENTROPY, HERE, THERE, commitments, openings, rejected

REFERENCE = bases(ReferencePoint)
Made = tuple[list[tuple[bytes, ...]], list[KnownZero], EachZeroProof]


def zone(b: int, slots: int, seed: int = 1, base: Any = LIB) -> Made:
    """Slot s is zero on branch s mod b, and nowhere else."""
    rng = Random(seed)
    rows = [openings(rng, [0 if s % b == k else 1 + s + k for s in range(slots)]) for k in range(b)]
    known = [KnownZero(s % b, rows[s % b][s].blinding) for s in range(slots)]
    branches = [commitments(row) for row in rows]
    return branches, known, each_zero.prove(base, branches, known, HERE, ENTROPY)


@pytest.mark.parametrize("b", [2, 3, 4])
@pytest.mark.parametrize("slots", [1, 4, 16, 64])
def test_every_size(b: int, slots: int) -> None:
    branches, _, proof = zone(b, slots)
    each_zero.verify(LIB, branches, HERE, proof)
    assert [len(row) for row in (*proof.nonces, *proof.shares, *proof.responses)] == [slots] * (3 * b - 1)
    assert rejected(each_zero.verify, LIB, branches, THERE, proof) is Check.EQUATION


def test_each_branch_of_each_slot_is_one_native_call() -> None:
    branches, _, proof = zone(3, 4)
    text = each_zero.DOMAIN + HERE + serialized(branches) + serialized(proof.nonces)
    whole = int.from_bytes(hashlib.sha256(text).digest()[16:], "big")
    for slot in range(4):
        shares = [int.from_bytes(row[slot], "big") for row in proof.shares]
        shares.append((whole - sum(shares)) % MODULUS)
        for branch, share, nonce, response in zip(branches, shares, proof.nonces, proof.responses, strict=True):
            signature = branch[slot][1:] + share.to_bytes(32, "big") + bytes([branch[slot][0] - 2])
            key = coincurve.PublicKey.from_signature_and_message(signature, response[slot], hasher=None)
            assert key.format() == nonce[slot]


def serialized(rows: Any) -> bytes:
    """As Clarity's to-consensus-buff? has it, by the appliance's own encoder."""
    value: Value = List(tuple(List(tuple(ClarityBuffer(item) for item in row)) for row in rows))
    encoded: bytes = serialize(value)
    assert encoded == buffer_lists(rows)
    return encoded


def test_one_slot_is_not_the_single_disjunction() -> None:
    """Their domains differ: neither serves as the other."""
    branches, known, proof = zone(2, 1)
    column = [row[0] for row in branches]
    single = disjunction.prove(LIB, column, known[0].branch, known[0].blinding, HERE, ENTROPY)
    flat = disjunction.DisjunctionProof(*(tuple(row[0] for row in part) for part in parts(proof)))
    assert rejected(disjunction.verify, LIB, column, HERE, flat) is Check.EQUATION
    lifted = EachZeroProof(*(tuple((item,) for item in part) for part in parts(single)))
    assert rejected(each_zero.verify, LIB, branches, HERE, lifted) is Check.EQUATION


def parts(proof: Any) -> tuple[Any, Any, Any]:
    return proof.nonces, proof.shares, proof.responses


def test_both_groups_agree() -> None:
    branches, _, proof = zone(2, 4)
    assert zone(2, 4, base=REFERENCE)[2] == proof
    each_zero.verify(REFERENCE, branches, HERE, proof)
    assert rejected(each_zero.verify, REFERENCE, branches, THERE, proof) is Check.EQUATION


@settings(max_examples=15, deadline=None)
@given(st.integers(2, 4), st.integers(1, 5), st.data(), st.binary(min_size=32, max_size=32))
def test_any_branch_of_any_slot_may_be_the_one(b: int, slots: int, data: st.DataObject, entropy: bytes) -> None:
    index = [data.draw(st.integers(0, b - 1)) for _ in range(slots)]
    also = data.draw(st.booleans())  # other branches zero as well
    rows = [openings(Random(k), [0 if also or index[s] == k else 7 for s in range(slots)]) for k in range(b)]
    known = [KnownZero(k, rows[k][s].blinding) for s, k in enumerate(index)]
    branches = [commitments(row) for row in rows]
    each_zero.verify(LIB, branches, HERE, each_zero.prove(LIB, branches, known, HERE, entropy))


def test_same_arguments_same_proof_and_nothing_shared_otherwise() -> None:
    branches, known, proof = zone(2, 4)
    assert each_zero.prove(LIB, branches, known, HERE, ENTROPY) == proof
    others = [
        each_zero.prove(LIB, branches, known, THERE, ENTROPY),
        each_zero.prove(LIB, branches, known, HERE, bytes(32)),
    ]
    seen = {item for part in parts(proof) for row in part for item in row}
    for other in others:
        assert not seen & {item for part in parts(other) for row in part for item in row}
    assert len(seen) == 5 * 4
    assert repr(known[0]) == "KnownZero(...)"


def test_what_cannot_be_proved_is_refused() -> None:
    branches, known, _ = zone(2, 4)
    prove = partial(each_zero.prove, LIB)
    for wrong in (
        KnownZero(1, known[0].blinding),
        KnownZero(0, Scalar(5)),
        KnownZero(2, Scalar(5)),
        KnownZero(-2, known[0].blinding),
    ):
        with pytest.raises(ValueError, match="does not open"):
            prove(branches, [wrong, *known[1:]], HERE, ENTROPY)
    for rows, secrets, context in (
        (branches[:1], known, HERE),
        ([*branches, *branches, branches[0]], known, HERE),
        ([], [], HERE),
        (branches, known[:3], HERE),
        ([branches[0], branches[1][:3]], known, HERE),
        ([(), ()], [], HERE),
        ([row * 17 for row in branches], known * 17, HERE),
        (branches, known, bytes(31)),
    ):
        with pytest.raises(ValueError, match="2 to 4 branches"):
            prove(rows, secrets, context, ENTROPY)
    with pytest.raises(ValueError, match="entropy"):
        prove(branches, known, HERE, b"")


def test_lengths() -> None:
    branches, _, proof = zone(3, 4)
    for rows in (
        branches[:2],
        [*branches, branches[0]],
        [],
        [*branches[:2], branches[2][:3]],
        [row[:3] for row in branches],
    ):
        assert rejected(each_zero.verify, LIB, rows, HERE, proof) is Check.LENGTH
    for name in ("nonces", "shares", "responses"):
        rows = getattr(proof, name)
        for wrong in (
            rows[:-1],
            (*rows, rows[0]),
            (),
            (*rows[:-1], rows[-1][:3]),
            (*rows[:-1], (*rows[-1], rows[0][0])),
        ):
            assert rejected(each_zero.verify, LIB, branches, HERE, replace(proof, **{name: wrong})) is Check.LENGTH
    for context in (b"", bytes(31), bytes(33)):
        assert rejected(each_zero.verify, LIB, branches, context, proof) is Check.LENGTH
    assert rejected(each_zero.verify, LIB, [(), ()], HERE, EachZeroProof(((), ()), ((),), ((), ()))) is Check.LENGTH


def test_encodings() -> None:
    branches, _, proof = zone(2, 2)

    def put(rows: Any, item: bytes) -> Any:
        return (*rows[:-1], (rows[-1][0], item))

    for item in (b"", bytes(33), b"\4" + branches[0][0][1:], b"\2" + (5).to_bytes(32, "big")):
        assert rejected(each_zero.verify, LIB, put(branches, item), HERE, proof) is Check.ENCODING
        changed = replace(proof, nonces=put(proof.nonces, item))
        assert rejected(each_zero.verify, LIB, branches, HERE, changed) is Check.ENCODING
    for item in (b"", bytes(31), N.to_bytes(32, "big")):
        changed = replace(proof, responses=put(proof.responses, item))
        assert rejected(each_zero.verify, LIB, branches, HERE, changed) is Check.ENCODING
    for item in (b"", bytes(15), bytes(17), bytes(32)):
        changed = replace(proof, shares=put(proof.shares, item))
        assert rejected(each_zero.verify, LIB, branches, HERE, changed) is Check.ENCODING


lists = st.lists(st.lists(st.binary(max_size=34), max_size=3), max_size=4)


@settings(max_examples=40, deadline=None)
@given(lists, st.binary(max_size=33), lists, lists, lists)
def test_junk_raises_nothing_else(branches: Any, context: bytes, nonces: Any, shares: Any, responses: Any) -> None:
    proof = EachZeroProof(nonces, shares, responses)
    assert rejected(each_zero.verify, LIB, branches, context, proof) in Check
