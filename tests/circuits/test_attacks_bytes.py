"""Proofs as bytes: one flipped, what is no point or scalar, wrong counts, challenges of zero, awkward additions."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from random import Random
from typing import Any

import pytest

from circuits import hints
from circuits.group import LibPoint
from circuits.hints import add_pairs, differences
from circuits.msm import msm
from circuits.range_equation import Check, ProofRejected, RangeProof, RangeStatement
from circuits.reference import ReferencePoint
from circuits.scalar import EncodingError, N, P, Scalar
from circuits.shape import USAGE, Shape, generators
from circuits.transcript import HashTranscript, ZeroChallengeError, nonzero
from circuits.usage import verify as verify_usage
from tests.circuits.cheating import Rules, forge, plan
from tests.circuits.honest import Proved, proved
from tests.circuits.hostile_transcripts import Programmed, Zeroed
from tests.circuits.naive import accepts, verdict

ONE, FOUR = USAGE[1], USAGE[4]


def ours(statement: RangeStatement, proof: RangeProof) -> Check | None:
    return verdict(generators(LibPoint, statement.shape.slots), statement, proof)


def honest(m: int) -> Proved:
    return proved(USAGE[m], [(j * 54_321) % 2**20 for j in range(m)], opened=m > 1)


# One byte flipped ----------------------------------------------------------------------------------------------------


def pieces(made: Proved) -> list[bytes]:
    return [*made.statement.commitments, *made.proof.points, *made.proof.scalars]


def assembled(made: Proved, parts: Sequence[bytes]) -> tuple[RangeStatement, RangeProof]:
    m, points = made.statement.shape.m, made.statement.shape.points
    statement = replace(made.statement, commitments=tuple(parts[:m]))
    return statement, RangeProof(tuple(parts[m : m + points]), tuple(parts[m + points :]))


def check_flips(made: Proved, places: Sequence[tuple[int, int]], rng: Random) -> None:
    """Any other exception than a rejection would come out of `ours`."""
    for part, at in places:
        parts = pieces(made)
        flipped = bytearray(parts[part])
        flipped[at] ^= rng.randrange(1, 256)
        parts[part] = bytes(flipped)
        found = ours(*assembled(made, parts))
        assert found in {Check.ENCODING, Check.EQUATION}, (part, at)
        if len(flipped) == 33 and at == 0 and flipped[0] not in (2, 3):
            assert found is Check.ENCODING


def all_places(made: Proved) -> list[tuple[int, int]]:
    return [(part, at) for part, data in enumerate(pieces(made)) for at in range(len(data))]


@pytest.mark.parametrize("m", [1, 4])
def test_every_byte_flipped(m: int) -> None:
    made = honest(m)
    assert ours(made.statement, made.proof) is None
    places = all_places(made)
    assert len(places) == 33 * (m + USAGE[m].points) + 32 * USAGE[m].scalars
    check_flips(made, places, Random(m))


def test_two_hundred_bytes_flipped_of_the_largest() -> None:
    made, rng = honest(64), Random(64)
    assert ours(made.statement, made.proof) is None
    check_flips(made, rng.sample(all_places(made), 200), rng)


def test_every_sign_flipped() -> None:
    """02 for 03: still a point, the negative one. And every scalar negated."""
    made = honest(4)
    for part, data in enumerate(pieces(made)):
        parts = pieces(made)
        number = int.from_bytes(data, "big")
        parts[part] = bytes([data[0] ^ 1]) + data[1:] if len(data) == 33 else ((N - number) % N).to_bytes(32, "big")
        assert ours(*assembled(made, parts)) is Check.EQUATION


def test_two_points_or_two_scalars_swapped() -> None:
    made = honest(4)
    parts = pieces(made)
    for one in range(len(parts) - 1):
        if len(parts[one]) == len(parts[one + 1]):
            swapped = [*parts[:one], parts[one + 1], parts[one], *parts[one + 2 :]]
            assert ours(*assembled(made, swapped)) is Check.EQUATION


# Encodings, lengths --------------------------------------------------------------------------------------------------


def on_curve(x: int) -> bool:
    return pow(x**3 + 7, (P - 1) // 2, P) == 1


NO_X = next(x for x in range(1, 100) if not on_curve(x))
LOW_X = next(x for x in range(1, 100) if on_curve(x))
G = LibPoint.generator().to_bytes()
Y_OF_G = LibPoint.generator().xy()[1].to_bytes(32, "big")

NO_POINTS = {
    "infinity as SEC 1 has it": b"\0",
    "zeros": bytes(33),
    "infinity with a prefix": b"\2" + bytes(32),
    "hybrid": bytes([6 + Y_OF_G[-1] % 2]) + G[1:],
    "hybrid, whole": bytes([6 + Y_OF_G[-1] % 2]) + G[1:] + Y_OF_G,
    "uncompressed": b"\4" + G[1:] + Y_OF_G,
    "prefix 04 on 33 bytes": b"\4" + G[1:],
    "prefix 00": b"\0" + G[1:],
    "prefix 01": b"\1" + G[1:],
    "prefix 82": b"\x82" + G[1:],
    "not on the curve": b"\2" + NO_X.to_bytes(32, "big"),
    "x = p": b"\2" + P.to_bytes(32, "big"),
    "x = p + 1, which is 1": b"\2" + (P + LOW_X).to_bytes(32, "big"),
    "x = 2^256 - 1": b"\2" + b"\xff" * 32,
    "x alone": G[1:],
    "short": G[:-1],
    "long": G + b"\0",
    "empty": b"",
}
NO_SCALARS = {
    "N": N.to_bytes(32, "big"),
    "N + 1": (N + 1).to_bytes(32, "big"),
    "2^256 - 1": b"\xff" * 32,
    "short": bytes(31),
    "long": bytes(33),
    "empty": b"",
}


@pytest.mark.parametrize("encoded", NO_POINTS.values(), ids=NO_POINTS.keys())
def test_what_is_no_point(encoded: bytes) -> None:
    for kind in (LibPoint, ReferencePoint):
        with pytest.raises(EncodingError):
            kind.from_bytes_checked(encoded)
    made = honest(4)
    for part in range(4 + FOUR.points):
        parts = pieces(made)
        parts[part] = encoded
        assert ours(*assembled(made, parts)) is Check.ENCODING


@pytest.mark.parametrize("encoded", NO_SCALARS.values(), ids=NO_SCALARS.keys())
def test_what_is_no_scalar(encoded: bytes) -> None:
    made = honest(4)
    for part in range(4 + FOUR.points, len(pieces(made))):
        parts = pieces(made)
        parts[part] = encoded
        assert ours(*assembled(made, parts)) is Check.ENCODING


def test_a_scalar_has_one_encoding_only() -> None:
    """s and s + N are the same number; with a small s, which one proof in 2^128 has, both fit into 32 bytes."""
    base = generators(LibPoint, ONE.slots)
    forged = forge(base, ONE, plan(ONE, [9]), Rules())
    first = int.from_bytes(forged.proof.scalars[0], "big")
    small = replace(forged.proof, scalars=((first % 2**120).to_bytes(32, "big"), *forged.proof.scalars[1:]))
    other = replace(small, scalars=((first % 2**120 + N).to_bytes(32, "big"), *small.scalars[1:]))
    assert ours(forged.statement, small) is Check.EQUATION
    assert ours(forged.statement, other) is Check.ENCODING


def test_a_zero_scalar_is_no_proof_either() -> None:
    made = honest(4)
    for part in range(4 + FOUR.points, len(pieces(made))):
        parts = pieces(made)
        parts[part] = bytes(32)
        assert ours(*assembled(made, parts)) is Check.EQUATION


@pytest.mark.parametrize("m", [1, 4])
def test_one_more_or_less_of_anything(m: int) -> None:
    made = honest(m)
    statement, proof = made.statement, made.proof
    for points in (proof.points[:-1], (*proof.points, proof.points[-1]), ()):
        assert ours(statement, replace(proof, points=points)) is Check.LENGTH
    for scalars in (proof.scalars[:-1], (*proof.scalars, proof.scalars[-1]), (*proof.scalars, bytes(32)), ()):
        assert ours(statement, replace(proof, scalars=scalars)) is Check.LENGTH
    for commitments in (statement.commitments[:-1], (*statement.commitments, statement.commitments[0]), ()):
        assert ours(replace(statement, commitments=commitments), proof) is Check.LENGTH


def test_counts_for_which_there_is_no_shape() -> None:
    made = honest(4)
    for count in (0, 2, 3, 5, 8, 63, 65):
        commitments = (made.statement.commitments * 20)[:count]
        with pytest.raises(ProofRejected) as rejected:
            verify_usage(LibPoint, commitments, bytes(32), made.statement.total, made.proof.points, made.proof.scalars)
        assert rejected.value.check is Check.LENGTH


# Challenges of zero --------------------------------------------------------------------------------------------------


def used_challenges(shape: Shape, opened: bool) -> dict[str, tuple[int, int | None, int]]:
    """Step, derived index, half of each (transcript.py)."""
    found: dict[str, tuple[int, int | None, int]] = {"e": (1, None, 0), "t": (3, None, 0), "c": (3, None, 1)}
    found |= {"x": (2, 0, 0), "y": (2, 0, 1), "u": (2, 1, 0), "z": (2, 1, 1)}
    for h in range(shape.rounds):
        found |= {f"u_{h}": (2, 2 + h, 0), f"v_{h}": (2, 2 + h, 1), f"gamma_{h}": (4 + h, None, 0)}
    found["eta"] = (4 + shape.rounds, None, 0)
    if opened:
        found["theta"] = (4 + shape.rounds, None, 1)
    return found


def test_a_challenge_of_zero_is_named() -> None:
    """Against zero weights alone: a row with weight zero is not checked, so this is not only a matter of division."""
    base = generators(LibPoint, FOUR.slots)
    made = honest(4)
    names = used_challenges(FOUR, opened=True)
    assert len(names) == 3 + 4 + 3 * 2 + 2
    for at in names.values():
        assert verdict(base, made.statement, made.proof, partial(Zeroed, *at)) is Check.ZERO_CHALLENGE
    plain = proved(FOUR, [1, 2, 3, 4])
    for name, at in used_challenges(FOUR, opened=True).items():
        if name != "theta":
            assert verdict(base, plain.statement, plain.proof, partial(Zeroed, *at)) is Check.ZERO_CHALLENGE


@pytest.mark.parametrize("name", ["x", "z"])
def test_what_a_zero_challenge_would_let_pass(name: str) -> None:
    """Without x no digit is in need of a table; without z no digits are in need of a value."""
    base = generators(LibPoint, ONE.slots)
    zero = partial(Zeroed, *used_challenges(ONE, opened=False)[name])
    value = 10**9
    cheat = plan(ONE, [value], [0])
    if name == "x":
        cheat = replace(cheat, digits=(value, *[0] * 7))
    forged = forge(base, ONE, cheat, Rules(zero))
    assert forged.error == 0
    assert verdict(base, forged.statement, forged.proof, zero) is Check.ZERO_CHALLENGE
    assert verdict(base, forged.statement, forged.proof) is Check.EQUATION


def test_a_term_with_scalar_zero() -> None:
    """gamma_0^2 = u_1 takes Y_0 out of the equation. It cancels, but a contract's recovery could not follow."""
    base = generators(LibPoint, FOUR.slots)
    oracle = partial(Programmed, {4: (7, 1)}, [(2, 3), (5, 7), (11, 13), (49, 17)])
    forged = forge(base, FOUR, plan(FOUR, [1, 2, 3, 4]), Rules(oracle))
    assert accepts(base, forged.statement, forged.proof, Rules(oracle))
    assert verdict(base, forged.statement, forged.proof, oracle) is Check.EQUATION
    near = partial(Programmed, {4: (7, 1)}, [(2, 3), (5, 7), (11, 13), (50, 17)])
    forged = forge(base, FOUR, plan(FOUR, [1, 2, 3, 4]), Rules(near))
    assert verdict(base, forged.statement, forged.proof, near) is None


def test_our_prover_draws_again_after_a_zero_challenge() -> None:
    drawn: list[int] = []

    def new(domain: bytes, context: bytes) -> HashTranscript | Zeroed:
        drawn.append(1)
        return Zeroed(3, None, 0, domain, context) if len(drawn) < 3 else HashTranscript(domain, context)

    made = proved(ONE, [7], new=new)
    assert len(drawn) == 3
    assert ours(made.statement, made.proof) is None
    with pytest.raises(AssertionError, match="attempts"):
        proved(ONE, [7], new=partial(Zeroed, 3, None, 0))
    with pytest.raises(ZeroChallengeError):
        nonzero(1, 0, 2)


# Additions that have no slope ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [LibPoint, ReferencePoint])
def test_doubling_cancelling_and_infinity(kind: Any) -> None:
    p, zero = kind.generator() * Scalar(7), kind.infinity()
    q = kind.generator() * Scalar(9)
    assert p + p == p * Scalar(2) == kind.sum([p, p]) == msm(kind, [1, 1], [p, p])
    assert (p + -p).is_infinity()
    assert kind.sum([p, -p]).is_infinity()
    assert msm(kind, [1, 1], [p, -p]).is_infinity()
    assert msm(kind, [2**200, N - 2**200], [p, p]).is_infinity()
    assert p + zero == p == zero + p == kind.sum([zero, p, zero]) == msm(kind, [1, 5], [p, zero])
    assert (zero + zero).is_infinity()
    assert msm(kind, [], []).is_infinity()
    assert msm(kind, [0, N, 2 * N], [p, p, q]).is_infinity()
    # what passes through infinity, a doubling or the same x on its way
    for points, expected in (
        ([p, -p, q], q),
        ([p, p, -p, -p, q], q),
        ([p, q, p, q], p * Scalar(2) + q * Scalar(2)),
        ([p, -p, p], p),
        ([p] * 5, p * Scalar(5)),
    ):
        assert kind.sum(points) == expected == msm(kind, [1] * len(points), points)


def test_the_contracts_additions_refuse_equal_x() -> None:
    """Doubling and cancelling show as a difference of zero, for which there is no hint."""
    p, q = LibPoint.generator() * Scalar(7), LibPoint.generator() * Scalar(9)
    for refused in ([p, p], [p, -p], [p, q, p, q], [p, q, -p, q]):
        assert 0 in differences([point.xy() for point in refused])
    level = [point.xy() for point in (p, -p, q, -q)]
    product = 1
    for difference in differences(level):
        product = product * difference % P
    assert add_pairs(level, pow(product, -1, P)) == [(p + q).xy(), (-p - q).xy()]
    with pytest.raises(EncodingError):
        LibPoint.infinity().xy()


def test_equal_points_in_a_proof_are_rejected_not_mishandled() -> None:
    """M = D = R and the like, and the same commitment everywhere: a rejection and nothing else, by hints as well."""
    made = honest(4)
    first = made.proof.points[0]
    negative = bytes([first[0] ^ 1]) + first[1:]
    changes: list[Callable[[list[bytes]], list[bytes]]] = [
        lambda parts: [*parts[:4], *[first] * FOUR.points, *parts[4 + FOUR.points :]],
        lambda parts: [*parts[:4], *[first, negative] * 4, first, *parts[4 + FOUR.points :]],
        lambda parts: [first] * (4 + FOUR.points) + parts[4 + FOUR.points :],
        lambda parts: [G] * (4 + FOUR.points) + parts[4 + FOUR.points :],
    ]
    base = generators(LibPoint, FOUR.slots)
    for change in changes:
        statement, proof = assembled(made, change(pieces(made)))
        assert ours(statement, proof) is Check.EQUATION
        with pytest.raises(ProofRejected):
            hints.check(base, statement, proof, hints.make(base, statement, proof))
