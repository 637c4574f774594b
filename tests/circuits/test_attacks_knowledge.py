"""What a proof gives away: nothing, as a simulator makes the same without a witness.

And what it would give away with fewer blinders or with nonces used twice.
"""

from collections import Counter
from functools import partial
from random import Random

import pytest

from circuits.generators import hash_to_lift
from circuits.group import LibPoint
from circuits.opening import sum_openings
from circuits.pedersen import Opening, commit
from circuits.range_equation import Check, RangeProof, RangeStatement
from circuits.range_proof import attempts, prove
from circuits.scalar import N, Scalar
from circuits.shape import USAGE, Shape, generators
from circuits.transcript import NewTranscript, buffers
from tests.circuits.cheating import (
    POWERS,
    Draws,
    Relation,
    Rows,
    Rules,
    at,
    combine,
    dot,
    fold,
    forge,
    negated,
    plan,
    reciprocals,
)
from tests.circuits.honest import proved
from tests.circuits.hostile_transcripts import Pair, Programmed
from tests.circuits.naive import draw, verdict
from tests.circuits.toy_group import LogPoint, rank

ONE, FOUR = USAGE[1], USAGE[4]
BYTE = Shape(1, (1, 4, 16, 64), 4)  # values of 8 bits, so that all can be tried


def fixed(shape: Shape, seed: int) -> NewTranscript:
    """An oracle with the same answers for every proof."""
    rng = Random(seed)

    def pair() -> Pair:
        return rng.randrange(1, 2**128), rng.randrange(1, 2**128)

    weights = [pair() for _ in range(2 + shape.rounds)]
    answers = {step: pair() for step in range(1, 5 + shape.rounds)}
    return partial(Programmed, answers, weights)


def log(point: bytes) -> int:
    return LogPoint.from_bytes_checked(point).log


# The rank lemma ------------------------------------------------------------------------------------------------------


def views(shape: Shape, count: int, value: int) -> list[list[int]]:
    """Logarithms of M, D and R and all scalars of proofs of one statement, that differ in the blinders alone."""
    base, oracle, rng = generators(LogPoint, shape.slots), fixed(shape, 5), Random(value)
    openings = [Opening((value + j) % shape.bound, Scalar(rng.randrange(N))) for j in range(shape.m)]
    commitments = tuple(commit(base.bases, opening).to_bytes() for opening in openings)
    statement = RangeStatement(shape, bytes(32), commitments, None)
    made = [prove(base, statement, openings, rng.randbytes(32), oracle) for _ in range(count)]
    return [[*map(log, p.points[:3]), *(int.from_bytes(s, "big") for s in p.scalars)] for p in made]


def weakly_blinded(shape: Shape, count: int) -> list[list[int]]:
    base, oracle = generators(LogPoint, shape.slots), fixed(shape, 5)
    cheat = plan(shape, [j + 5 for j in range(shape.m)], weak=True)
    made = [forge(base, shape, cheat, Rules(oracle), seed=seed).proof for seed in range(count)]
    return [[*map(log, p.points[:3]), *(int.from_bytes(s, "big") for s in p.scalars)] for p in made]


def affine_rank(rows: list[list[int]]) -> int:
    return rank([[a - b for a, b in zip(row, rows[0], strict=True)] for row in rows[1:]])


@pytest.mark.parametrize("shape", [ONE, BYTE, Shape(1, (1, 2, 4), 2)])
@pytest.mark.parametrize("value", [0, 1, 6])
def test_what_is_sent_has_as_many_degrees_of_freedom_as_numbers(shape: Shape, value: int) -> None:
    """M, D, R, all of n, all six of l, s1 and s2: L + 11 numbers, each way to blind them reached. S and K then follow
    from the final equation, whatever the witness is."""
    size = 3 + shape.slots + 6 + 2
    rows = views(shape, size + 3, value)
    assert len(rows[0]) == size
    assert affine_rank(rows) == size
    assert affine_rank([row[3 + shape.slots : -2] for row in rows]) == 6  # l alone


def test_what_is_sent_after_folding_is_as_free() -> None:
    for shape in (FOUR, USAGE[16]):
        size = 3 + shape.scalars
        assert affine_rank(views(shape, size + 3, 3)) == size


def test_the_weak_pattern_lacks_one() -> None:
    rows = weakly_blinded(ONE, 3 + ONE.slots + 6 + 2 + 3)
    assert affine_rank([row[3 + ONE.slots : -2] for row in rows]) == 5
    assert affine_rank(rows) < 3 + ONE.slots + 6 + 2


def fitting(statement: RangeStatement, proof: RangeProof) -> list[int]:
    """Values for which y*(l_4*t^5 + l_5*t^6) = -(f_4*t^4 + f_5*t^5): weakly blinded, it depends on the digits alone."""
    shape, ch = statement.shape, draw(Rules(), statement, proof)
    el = [-int.from_bytes(s, "big") for s in proof.scalars[shape.slots : -2]]
    seen = ch.rows.y * (el[4] * ch.t**5 + el[5] * ch.t**6) % N
    forms = ch.rows.forms(Rules(), shape, ch.e)
    found = []
    for value in range(shape.bound):
        d = shape.split(value)
        r = reciprocals(ch.e, d)
        f4 = dot(ch.rows.w, [a * a for a in r]) + dot(forms[2], r) + dot(forms[3], d)
        if (seen + f4 * ch.t**4 + dot(forms[3], r) * ch.t**5) % N == 0:
            found.append(value)
    return found


def test_the_weak_pattern_betrays_the_value_and_ours_does_not() -> None:
    base = generators(LibPoint, BYTE.slots)
    for value in (0, 1, 77, 200, 255):
        weak = forge(base, BYTE, plan(BYTE, [value], weak=True), seed=value)
        assert verdict(base, weak.statement, weak.proof) is None  # a verifier cannot tell
        assert fitting(weak.statement, weak.proof) == [value]
        ours = proved(BYTE, [value], seed=value)
        assert fitting(ours.statement, ours.proof) == []


# The simulator -------------------------------------------------------------------------------------------------------


def stranger(tag: bytes, index: int) -> LibPoint:
    """A point nobody knows an opening of."""
    return hash_to_lift(LibPoint, tag, index).point


def simulated(shape: Shape, opened: bool, seed: int) -> tuple[RangeStatement, RangeProof, NewTranscript]:
    """A proof about commitments of strangers, and the oracle it needs. eta and the gammas stay what the hash says."""
    rng, rules, base = Random(seed), Rules(), generators(LibPoint, shape.slots)
    a, h0 = base.bases.value, base.bases.blinding

    def pair() -> Pair:
        return rng.randrange(1, 2**128), rng.randrange(1, 2**128)

    def scalars(count: int) -> list[int]:
        return [rng.randrange(1, N) for _ in range(count)]

    v, total = [stranger(b"commitments", j) for j in range(shape.m)], None
    if opened:
        total = Opening(123_456, Scalar(scalars(1)[0]))
        v[-1] = LibPoint.sum([commit(base.bases, total), *(-point for point in v[:-1])])
    statement = RangeStatement(shape, rng.randbytes(32), tuple(point.to_bytes() for point in v), total)
    (e, _), (t, c), weights = pair(), pair(), [pair() for _ in range(2 + shape.rounds)]
    oracle = partial(Programmed, {1: (e, 1), 3: (t, c)}, weights)
    transcript = oracle(shape.domain(opened), statement.context)
    rows = Rows.draw(rules, shape, transcript)

    n, el, s1, s2 = scalars(shape.slots), scalars(6), *scalars(2)
    m, d, r = (stranger(b"first points", i + 3 * seed) for i in range(3))
    w = combine(LibPoint, rows.lam, v)
    k = combine(LibPoint, (s1, s2, -c), (a, h0, w))
    form, linear_form = at(t, rows.forms(rules, shape, e)), [rows.y * pow(t, power, N) for power in POWERS]
    value = dot(rows.w, [entry * entry for entry in n]) + dot(form, n) + dot(linear_form, el)
    s = combine(
        LibPoint,
        (value - 2 * t**3 * sum(rows.w), *n, *el, -1, -t, -(t**2), -2 * t**3),
        (a, *base.vector, *base.linear, m, d, r, w),
    ) * Scalar(t)
    points = [point.to_bytes() for point in (m, d, r, s, k)]
    for message in (buffers(statement.commitments), points[0] + points[1], points[2], points[3] + points[4]):
        transcript.absorb(message)
    relation = Relation(n, form, list(base.vector), el, linear_form, list(base.linear))
    sent, n, el, _ = fold(base, rules, shape, rows, relation, transcript)
    return statement, RangeProof((*points, *sent), negated([*n, *el, s1, s2])), oracle


@pytest.mark.parametrize(("m", "opened"), [(1, False), (1, True), (4, False), (4, True), (16, False), (16, True)])
def test_a_simulator_without_witness_is_accepted_by_the_oracle_it_programs(m: int, opened: bool) -> None:
    """So proofs say nothing but their statement; and by the real hash it is a forgery like others."""
    shape = USAGE[m]
    base = generators(LibPoint, shape.slots)
    for seed in (1, 2):
        statement, proof, oracle = simulated(shape, opened, seed)
        assert verdict(base, statement, proof, oracle) is None
        assert verdict(base, statement, proof) is Check.EQUATION


# Nonces used twice ---------------------------------------------------------------------------------------------------


def difference(one: tuple[Draws, RangeProof], two: tuple[Draws, RangeProof]) -> int:
    """The value, if s1 of both proofs hides it under the same nonce: s1 = k1 + c*lam_0*v."""
    (first, p), (second, q) = one, two
    s1, other = (-int.from_bytes(proof.scalars[-2], "big") for proof in (p, q))
    weight = first.c * first.rows.lam[0] - second.c * second.rows.lam[0]
    return (s1 - other) * pow(weight, -1, N) % N


def test_nonces_used_in_two_contexts_betray_the_value_and_ours_are_not() -> None:
    base, value = generators(LibPoint, ONE.slots), 876_543
    contexts = [bytes(31) + bytes([i]) for i in range(2)]
    naive = [forge(base, ONE, plan(ONE, [value]), context=context, seed=9) for context in contexts]
    assert [verdict(base, f.statement, f.proof) for f in naive] == [None, None]
    assert difference(*((f.draws, f.proof) for f in naive)) == value

    opening = Opening(value, Scalar(naive[0].blindings[0]))
    ours = [prove(base, f.statement, [opening], bytes(32)) for f in naive]  # and the random source broken, too
    drawn = [draw(Rules(), f.statement, proof) for f, proof in zip(naive, ours, strict=True)]
    assert difference(*zip(drawn, ours, strict=True)) != value
    assert not set(ours[0].points) & set(ours[1].points)


def test_every_part_of_the_statement_and_the_witness_gives_other_nonces() -> None:
    base = generators(LibPoint, FOUR.slots)
    openings = [Opening(j * 100, Scalar(j + 1)) for j in range(4)]

    def first_points(change: list[Opening], context: bytes, opened: bool, entropy: bytes) -> list[bytes]:
        commitments = tuple(commit(base.bases, opening).to_bytes() for opening in change)
        statement = RangeStatement(FOUR, context, commitments, sum_openings(change) if opened else None)
        several = attempts(base, statement, change, entropy)
        return [point for _ in range(2) for point in next(several).points]

    other_value = [Opening(1, Scalar(1)), *openings[1:]]
    other_blinding = [*openings[:3], Opening(300, Scalar(5))]
    seen = [
        *first_points(openings, bytes(32), False, bytes(32)),
        *first_points(openings, bytes(32), True, bytes(32)),
        *first_points(openings, bytes(31) + b"\1", False, bytes(32)),
        *first_points(openings, bytes(32), False, bytes(31) + b"\1"),
        *first_points(other_value, bytes(32), False, bytes(32)),
        *first_points(other_blinding, bytes(32), False, bytes(32)),
        *first_points(openings[::-1], bytes(32), False, bytes(32)),
    ]
    assert len(set(seen)) == len(seen) == 7 * 2 * FOUR.points
    again = first_points(openings, bytes(32), False, bytes(32))
    assert again == seen[: len(again)]  # hedged, not random: the same arguments make the same proof


# Statistics ----------------------------------------------------------------------------------------------------------


def chi_square(one: Counter[int], two: Counter[int]) -> float:
    """Of two samples of bytes; expected 255, standard deviation 22.6, if they are alike."""
    n, m = one.total(), two.total()
    return sum((one[b] * m - two[b] * n) ** 2 / (n * m * (one[b] + two[b])) for b in range(256) if one[b] + two[b])


def windows(data: bytes) -> set[bytes]:
    return {data[i : i + 6] for i in range(len(data) - 5)}


def test_equal_and_different_values_look_alike() -> None:
    rng = Random(2024)
    groups = {
        "zero": [[0] * 4 for _ in range(20)],
        "equal": [[777_777] * 4 for _ in range(20)],
        "different": [[rng.randrange(2**20) for _ in range(4)] for _ in range(20)],
    }
    samples, seen = {}, Counter[bytes]()
    for start, (name, group) in enumerate(groups.items()):
        bodies, prefixes = b"", Counter[int]()
        for number, values in enumerate(group):
            made = proved(FOUR, values, seed=100 * start + number)
            points = [*made.statement.commitments, *made.proof.points]
            assert [len(p) for p in points] == [33] * 13
            assert [len(s) for s in made.proof.scalars] == [32] * 9
            pieces = [*(p[1:] for p in points), *made.proof.scalars]
            for piece in pieces:
                seen.update(windows(piece))
            bodies += b"".join(pieces)
            prefixes.update(p[0] for p in points)
        assert abs(prefixes[2] - prefixes[3]) < 5 * 260**0.5
        samples[name] = Counter(bodies)
        even = Counter(dict.fromkeys(range(256), 10**6))
        assert chi_square(samples[name], even) < 255 + 5 * 22.6
    assert max(seen.values()) == 1  # no six bytes occur twice, in no commitment, point or scalar
    assert chi_square(samples["zero"], samples["different"]) < 255 + 5 * 22.6
    assert chi_square(samples["equal"], samples["different"]) < 255 + 5 * 22.6


def test_differences_of_commitments_to_equal_values_say_nothing() -> None:
    """Under one blinding the difference of two commitments would be a small multiple of A; here none is."""
    base = generators(LibPoint, USAGE[16].slots).bases
    made = proved(USAGE[16], [5] * 8 + [6] * 8)
    points = [LibPoint.from_bytes_checked(c) for c in made.statement.commitments]
    small = {(base.value * Scalar(k % N)).to_bytes() for k in range(-20, 21) if k}
    assert len(set(made.statement.commitments)) == 16
    for i, one in enumerate(points):
        assert all((one - two).to_bytes() not in small for two in points[:i])
    same = commit(base, Opening(5, Scalar(7))) - commit(base, Opening(6, Scalar(7)))
    assert same.to_bytes() in small
