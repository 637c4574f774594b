"""privacy-proof: amounts of money below 2^48, proved for 1, 4, 16 or 32 commitments at once."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from dataclasses import replace

import pytest

from circuits import hints, money, usage
from circuits.generators import LIB
from circuits.group import LibPoint
from circuits.money import MoneyProof
from circuits.pedersen import Opening
from circuits.range_equation import RangeProof, RangeStatement
from circuits.reference import ReferencePoint
from circuits.scalar import N, Scalar
from circuits.shape import MONEY, generators
from tests.contracts.privacy import CONTEXT, Parts, Proof, encoded, no_points, openings, points, refusal

BOUND = 2**48
ELSEWHERE = bytes(32)


def made(rng: random.Random, values: Sequence[int], context: bytes = CONTEXT) -> MoneyProof:
    return money.prove(LibPoint, openings(rng, values), context, rng.randbytes(32))


def parts(proven: MoneyProof) -> Parts:
    return proven.points, proven.scalars, proven.hints


def rehinted(proven: MoneyProof, commitments: Sequence[bytes], context: bytes = CONTEXT) -> Parts:
    """The same proof for another statement, with the hints that the other challenges need."""
    shape = MONEY[len(commitments)]
    statement = RangeStatement(shape, context, tuple(commitments), None)
    proof = RangeProof(proven.points, proven.scalars)
    return proven.points, proven.scalars, hints.make(generators(LibPoint, shape.slots), statement, proof)


def put(items: Sequence[bytes], at: int, item: bytes) -> list[bytes]:
    return [*items[:at], item, *items[at + 1 :]]


def flipped(data: bytes, at: int = -1) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at:][1:]


@pytest.mark.parametrize("m", MONEY)
def test_amounts_in_every_size(proof: Proof, rng: random.Random, m: int) -> None:
    mixed = [rng.choice((0, 1, 2**20, 2**40, BOUND - 1, rng.randrange(BOUND))) for _ in range(m)]
    for values in ([0] * m, [BOUND - 1] * m, mixed):
        proven = made(rng, values)
        assert proof.money(proven.commitments, parts(proven)).ok() is True
    assert proof.verify("money", proven.commitments, None, *parts(proven)).ok() is True


@pytest.mark.parametrize("m", [1, 4])
def test_the_independent_checker_agrees(proof: Proof, rng: random.Random, m: int) -> None:
    proven = made(rng, [BOUND - 1] * m)
    money.verify(ReferencePoint, proven.commitments, CONTEXT, proven.points, proven.scalars)
    assert proof.money(proven.commitments, parts(proven)).ok() is True


@pytest.mark.parametrize("m", [0, 2, 3, 5, 8, 15, 17, 31, 33, 63, 64])
def test_there_is_no_verifier_for_other_counts(proof: Proof, rng: random.Random, m: int) -> None:
    commitments = [point.to_bytes() for point in points(rng, m)]
    assert refusal(proof.money(commitments, ((), (), ()))) == "ERR_LENGTH"
    assert refusal(proof.verify("money", commitments)) == "ERR_LENGTH"


def test_a_proof_has_the_lengths_of_its_size(proof: Proof, rng: random.Random) -> None:
    small, large = made(rng, [5] * 4), made(rng, [5] * 16)
    assert refusal(proof.money(large.commitments, parts(small))) == "range.ERR_LENGTH"
    assert refusal(proof.money(small.commitments, parts(large))) == "range.ERR_LENGTH"
    for ctx in (b"", CONTEXT[:31]):
        assert refusal(proof.money(small.commitments, parts(small), ctx)) == "range.ERR_LENGTH"
    for which in range(3):
        for change in (lambda items: items[:-1], lambda items: (*items, items[0]), lambda _: ()):
            p, s, h = (change(part) if i == which else part for i, part in enumerate(parts(small)))
            assert refusal(proof.money(small.commitments, (p, s, h))) == "range.ERR_LENGTH"


@pytest.mark.parametrize("m", [1, 16])
def test_usage_is_not_proved_as_money_nor_money_as_usage(proof: Proof, rng: random.Random, m: int) -> None:
    many = openings(rng, [9] * m)
    as_usage = usage.prove(LibPoint, many, CONTEXT, rng.randbytes(32), opened=False)
    as_money = money.prove(LibPoint, many, CONTEXT, rng.randbytes(32))
    shown = as_usage.points, as_usage.scalars, as_usage.hints
    assert as_usage.commitments == as_money.commitments
    assert refusal(proof.money(as_usage.commitments, shown)) == "range.ERR_LENGTH"
    assert refusal(proof.usage(as_money.commitments, parts(as_money))) == "range.ERR_LENGTH"
    assert proof.usage(as_usage.commitments, shown).ok() == 2


@pytest.mark.parametrize("shift", [1, BOUND, -BOUND, N // 2])
def test_amounts_out_of_range(proof: Proof, rng: random.Random, shift: int) -> None:
    """The honest proof of the largest amounts, or of none, for one that is moved out of range."""
    proven = made(rng, [BOUND - 1 if shift > 0 else 0] * 4)
    moved = LibPoint.from_bytes_checked(proven.commitments[2]) + LIB.value * Scalar(shift % N)
    commitments = put(proven.commitments, 2, moved.to_bytes())
    assert refusal(proof.money(commitments, parts(proven))) == "range.ERR_HINT"
    assert refusal(proof.money(commitments, rehinted(proven, commitments))) == "range.ERR_EQUATION"
    with pytest.raises(ValueError, match="outside"):
        made(rng, [BOUND])


@pytest.mark.parametrize("m", [4, 32])
def test_any_change_of_the_statement_is_refused(proof: Proof, rng: random.Random, m: int) -> None:
    """With the old hints, and with hints that fit the changed statement: the equation itself refuses it."""
    proven = made(rng, [rng.randrange(BOUND) for _ in range(m)])
    c = proven.commitments
    others = [
        [c[1], c[0], *c[2:]],
        [c[0], c[0], *c[2:]],
        put(c, 1, flipped(c[1], 0)),
        put(c, m - 1, encoded(openings(rng, [5]))[0]),
        put(c, 0, proven.points[0]),
    ]
    for commitments in others:
        assert refusal(proof.money(commitments, parts(proven))) == "range.ERR_HINT"
        assert refusal(proof.money(commitments, rehinted(proven, commitments))) == "range.ERR_EQUATION"
    assert refusal(proof.money(c, parts(proven), ELSEWHERE)) == "range.ERR_HINT"
    assert refusal(proof.money(c, rehinted(proven, c, ELSEWHERE), ELSEWHERE)) == "range.ERR_EQUATION"
    assert proof.money(c, parts(proven)).ok() is True


@pytest.mark.parametrize("m", [1, 4])
def test_every_part_of_a_proof_counts(proof: Proof, rng: random.Random, m: int) -> None:
    proven = made(rng, [rng.randrange(BOUND) for _ in range(m)])
    p, s, h = parts(proven)
    for at in range(len(p)):
        changed = replace(proven, points=tuple(put(p, at, flipped(p[at], 0))))
        assert refusal(proof.money(proven.commitments, rehinted(changed, proven.commitments))) == "range.ERR_EQUATION"
        # an altered x is no point, or the point of another proof
        bent = refusal(proof.money(proven.commitments, (put(p, at, flipped(p[at])), s, h)))
        assert bent in ("range.ERR_ENCODING", "range.ERR_HINT")
    for at in range(len(s)):
        other = ((int.from_bytes(s[at], "big") + 1) % N).to_bytes(32, "big")
        changed = replace(proven, scalars=tuple(put(s, at, other)))
        assert refusal(proof.money(proven.commitments, rehinted(changed, proven.commitments))) == "range.ERR_EQUATION"
    for at in range(len(h)):
        for wrong in (flipped(h[at]), flipped(h[at], 0), bytes(32), b"\xff" * 32):
            assert refusal(proof.money(proven.commitments, (p, s, put(h, at, wrong)))) == "range.ERR_HINT"


@pytest.mark.parametrize("m", [1, 16])
def test_every_part_has_one_encoding(proof: Proof, rng: random.Random, m: int) -> None:
    proven = made(rng, [rng.randrange(BOUND) for _ in range(m)])
    p, s, h = parts(proven)
    for bad in no_points(rng, proven.commitments[0]):
        at = rng.randrange(m)
        assert refusal(proof.money(put(proven.commitments, at, bad), parts(proven))) == "range.ERR_ENCODING"
        at = rng.randrange(len(p))
        assert refusal(proof.money(proven.commitments, (put(p, at, bad), s, h))) == "range.ERR_ENCODING"
    for bad in (b"", bytes(31), N.to_bytes(32, "big"), b"\xff" * 32):
        at = rng.randrange(len(s))
        assert refusal(proof.money(proven.commitments, (p, put(s, at, bad), h))) == "range.ERR_ENCODING"
    for bad in (b"", bytes(31)):
        at = rng.randrange(len(h))
        assert refusal(proof.money(proven.commitments, (p, s, put(h, at, bad)))) == "range.ERR_ENCODING"


def test_a_zone_of_64_is_proved_in_two_parts(proof: Proof, rng: random.Random) -> None:
    """Each for its own context: neither stands for the other."""
    many = [Opening(rng.randrange(BOUND), Scalar(rng.randrange(1, N))) for _ in range(64)]
    contexts = [hashlib.sha256(bytes([part])).digest() for part in range(2)]
    first, second = money.prove_parts(LibPoint, many, contexts, rng.randbytes(32))
    for part, proven in enumerate((first, second)):
        listed = encoded(many)[32 * part : 32 * part + 32]
        assert proof.money(listed, parts(proven), contexts[part]).ok() is True
        assert refusal(proof.money(listed, parts(proven), contexts[1 - part])) == "range.ERR_HINT"
    assert refusal(proof.money(first.commitments, parts(second), contexts[1])) == "range.ERR_HINT"
