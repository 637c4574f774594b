"""Cases of the small statements: zero, any-zero, bit, opening."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random

from circuits import bit, disjunction, hints, zero
from circuits.generators import LIB
from circuits.group import LibPoint
from circuits.opening import sum_openings
from circuits.pedersen import Opening
from circuits.scalar import N, P, Scalar
from circuits.shape import USAGE_BOUND
from circuits.transcript import MODULUS
from tests.vectors.case import Case
from tests.vectors.parts import (
    CONTEXT,
    ENCODING,
    EQUATION,
    HINT,
    LENGTH,
    OTHER,
    ZERO,
    bad_points,
    bad_scalars,
    commitments,
    entropy,
    minus,
    negated,
    openings,
    plain,
    plus,
    put,
    shifted,
    swapped,
)


def zero_cases() -> list[Case]:
    known = openings([0, 0, 1], "zero")
    valid = []
    for i, (words, blinding) in enumerate(
        (("r random", known[0].blinding), ("r = 1", Scalar(1)), ("r = N - 1", Scalar(N - 1)))
    ):
        proof = zero.prove(LIB, blinding, CONTEXT, entropy(f"zero {i}"))
        points = commitments([Opening(0, blinding)])
        valid.append(plain(f"C = r*H0, {words}", "zero", points, ([proof.nonce], [proof.response], [])))
    a = valid[0]
    (nonce,), (response,) = a.points, a.scalars
    # a proof for r = r(C) by someone who pretends that C = A + r*H0 were r*H0
    one = commitments([known[2]])
    k = LibPoint.generator() * Scalar(12345)
    h = zero.challenge(CONTEXT, one[0], k.to_bytes())
    pretended = zero.respond(LIB, known[2].blinding, zero.x_of(one[0]), h, 12345)
    return [
        *valid,
        replace(a, comment="another context", context=OTHER, expected=EQUATION),
        replace(a, comment="C + A", commitments=(shifted(a.commitments[0]),), expected=EQUATION),
        replace(a, comment="C negated", commitments=(negated(a.commitments[0]),), expected=EQUATION),
        replace(a, comment="C of another proof", commitments=valid[1].commitments, expected=EQUATION),
        replace(a, comment="nonce negated", points=(negated(nonce),), expected=EQUATION),
        replace(a, comment="nonce of another proof", points=valid[1].points, expected=EQUATION),
        replace(a, comment="nonce is C", points=a.commitments, expected=EQUATION),
        replace(a, comment="response + 1", scalars=(plus(response, 1),), expected=EQUATION),
        replace(a, comment="response zero", scalars=(bytes(32),), expected=EQUATION),
        replace(
            a,
            comment="C commits to 1",
            commitments=one,
            points=(k.to_bytes(),),
            scalars=(pretended,),
            expected=EQUATION,
        ),
        replace(a, comment="no nonce", points=(), expected=LENGTH),
        replace(a, comment="two nonces", points=(nonce, nonce), expected=LENGTH),
        replace(a, comment="no response", scalars=(), expected=LENGTH),
        replace(a, comment="two responses", scalars=(response, response), expected=LENGTH),
        replace(a, comment="two commitments", commitments=a.commitments * 2, expected=LENGTH),
        replace(a, comment="a total nobody asked for", total=0, blinding=bytes(32), expected=LENGTH),
        replace(a, comment="no commitment", commitments=(), expected=LENGTH),
        replace(a, comment="31 bytes of context", context=CONTEXT[:-1], expected=LENGTH),
        *encodings(a),
        replace(
            a,
            comment="C: an x-coordinate of a point, between N and p",
            commitments=(b"\x02" + first_x_from_n().to_bytes(32, "big"),),
            expected=ENCODING,
        ),
    ]


def first_x_from_n() -> int:
    """The smallest x of a point that is not below N: recovery cannot take it."""
    x = N
    while pow(x**3 + 7, (P - 1) // 2, P) != 1:
        x += 1
    return x


def encodings(a: Case) -> list[Case]:
    """First point, first commitment and last scalar in forms that are refused."""
    cases = []
    for name, point in bad_points(a.points[0]):
        cases.append(replace(a, comment=f"nonce: {name}", points=put(a.points, 0, point), expected=ENCODING))
        changed = put(a.commitments, 0, point)
        cases.append(replace(a, comment=f"commitment: {name}", commitments=changed, expected=ENCODING))
    last = len(a.scalars) - 1
    for name, scalar in bad_scalars():
        cases.append(replace(a, comment=f"response: {name}", scalars=put(a.scalars, last, scalar), expected=ENCODING))
    return cases


def any_zero_cases() -> list[Case]:
    valid = []
    for m in (2, 3, 4):
        for index in (0, m - 1):
            known = openings([5 + i if i != index else 0 for i in range(m)], f"any {m} {index}")
            points = commitments(known)
            proof = disjunction.prove(LIB, points, index, known[index].blinding, CONTEXT, entropy(f"any {m} {index}"))
            scalars = [*(bytes(16) + share for share in proof.shares), *proof.responses]
            comment = f"{m} branches, number {index} is zero"
            valid.append(plain(comment, "any-zero", points, (proof.nonces, scalars, [])))
    return [*valid, *broken_disjunctions(valid[0]), *broken_disjunctions(valid[-1]), *none_zero()]


def none_zero() -> list[Case]:
    """Neither branch is zero; the prover opens the first as if its value were not there."""
    known = openings([1, 2], "none")
    points = commitments(known)
    as_if = commitments([Opening(0, known[0].blinding), known[1]])
    proof = disjunction.prove(LIB, as_if, 0, known[0].blinding, CONTEXT, entropy("none"))
    scalars = [bytes(16) + proof.shares[0], *proof.responses]
    case = plain("no branch is zero", "any-zero", points, (proof.nonces, scalars, []))
    return [replace(case, expected=EQUATION)]


def broken_disjunctions(a: Case) -> list[Case]:
    m = len(a.commitments)
    whole = disjunction.challenge(a.context, a.commitments, a.points)
    given = sum(int.from_bytes(share, "big") for share in a.scalars[: m - 2])
    rest = ((whole - given) % MODULUS).to_bytes(32, "big")
    changes = [
        ("another context", replace(a, context=OTHER), EQUATION),
        ("first and last branch swapped", replace(a, commitments=swapped(a.commitments, 0, m - 1)), EQUATION),
        ("first branch + A", replace(a, commitments=put(a.commitments, 0, shifted(a.commitments[0]))), EQUATION),
        ("first and last nonce swapped", replace(a, points=swapped(a.points, 0, m - 1)), EQUATION),
        ("first share + 1", replace(a, scalars=put(a.scalars, 0, raised(a.scalars[0]))), EQUATION),
        ("first response + 1", replace(a, scalars=put(a.scalars, m - 1, plus(a.scalars[m - 1], 1))), EQUATION),
        ("last response + 1", replace(a, scalars=put(a.scalars, 2 * m - 2, plus(a.scalars[2 * m - 2], 1))), EQUATION),
        ("first share zero", replace(a, scalars=put(a.scalars, 0, bytes(32))), ZERO),
        ("shares that leave zero for the last", replace(a, scalars=put(a.scalars, m - 2, rest)), ZERO),
        ("first share of 129 bits", replace(a, scalars=put(a.scalars, 0, wider(a.scalars[0]))), ENCODING),
        ("a nonce too few", replace(a, points=a.points[:-1]), LENGTH),
        ("a nonce too many", replace(a, points=(*a.points, a.points[0])), LENGTH),
        ("a scalar too few", replace(a, scalars=a.scalars[:-1]), LENGTH),
        ("a scalar too many", replace(a, scalars=(*a.scalars, a.scalars[-1])), LENGTH),
        ("31 bytes of context", replace(a, context=CONTEXT[:-1]), LENGTH),
    ]
    broken = [
        *(replace(case, comment=comment, expected=expected) for comment, case, expected in changes),
        *encodings(a),
    ]
    return [replace(case, comment=f"{m} branches; {case.comment}") for case in broken]


def wider(share: bytes) -> bytes:
    """The same mod 2^128, but not below it."""
    return (MODULUS + int.from_bytes(share, "big")).to_bytes(32, "big")


def raised(share: bytes) -> bytes:
    """Share + 1, mod 2^128."""
    return ((int.from_bytes(share, "big") + 1) % MODULUS).to_bytes(32, "big")


def bit_cases() -> list[Case]:
    valid = []
    for value in (0, 1):
        opening = openings([value], f"bit {value}")[0]
        proof = bit.prove(LIB, opening, CONTEXT, entropy(f"bit {value}"))
        parts = (proof.points, proof.scalars, proof.hints)
        valid.append(plain(f"C commits to {value}", "bit", commitments([opening]), parts))
    a, b = valid
    (hint,) = a.hints
    two = openings([2], "bit 2")
    changes = [
        ("another context", replace(a, context=OTHER), EQUATION),
        ("nonces swapped", replace(a, points=swapped(a.points, 0, 1)), EQUATION),
        ("responses swapped", replace(a, scalars=swapped(a.scalars, 1, 2)), EQUATION),
        ("share + 1", replace(a, scalars=put(a.scalars, 0, raised(a.scalars[0]))), EQUATION),
        ("the proof of another commitment", replace(b, commitments=a.commitments, hints=a.hints), EQUATION),
        ("C commits to 2", with_hint(replace(b, commitments=commitments(two))), EQUATION),
        ("C commits to -1", with_hint(replace(a, commitments=minus_one(a.commitments[0]))), EQUATION),
        ("share zero", replace(a, scalars=put(a.scalars, 0, bytes(32))), ZERO),
        ("share of 129 bits", replace(a, scalars=put(a.scalars, 0, wider(a.scalars[0]))), ENCODING),
        ("hint zero", replace(a, hints=(bytes(32),)), HINT),
        ("hint negated", replace(a, hints=(minus(hint),)), HINT),
        ("hint of another commitment", replace(a, hints=b.hints), HINT),
        ("C = A, so that C - A has no encoding", replace(a, commitments=(LIB.value.to_bytes(),)), HINT),
        ("C = -A, so that C - A needs a doubling", replace(a, commitments=((-LIB.value).to_bytes(),)), HINT),
        ("no hint", replace(a, hints=()), LENGTH),
        ("two hints", replace(a, hints=(hint, hint)), LENGTH),
        ("a nonce too few", replace(a, points=a.points[:1]), LENGTH),
        ("a scalar too few", replace(a, scalars=a.scalars[:2]), LENGTH),
        ("a scalar too many", replace(a, scalars=(*a.scalars, a.scalars[2])), LENGTH),
        ("two commitments", replace(a, commitments=a.commitments * 2), LENGTH),
        ("a total nobody asked for", replace(a, total=0, blinding=bytes(32)), LENGTH),
    ]
    broken = [replace(case, comment=comment, expected=expected) for comment, case, expected in changes]
    return [a, b, *broken, *encodings(a)]


def with_hint(case: Case) -> Case:
    return replace(case, hints=(bit.hint(LIB, LibPoint.from_bytes_checked(case.commitments[0])),))


def minus_one(point: bytes) -> tuple[bytes, ...]:
    return ((LibPoint.from_bytes_checked(point) - LIB.value).to_bytes(),)


def sum_case(comment: str, known: Sequence[Opening]) -> Case:
    points = commitments(known)
    whole = sum_openings(known)
    case = plain(comment, "opening", points, ([], [], sum_hints(points)))
    return replace(case, total=whole.value, blinding=whole.blinding.to_bytes())


def sum_hints(points: Sequence[bytes]) -> tuple[bytes, ...]:
    return hints.for_additions([LibPoint.from_bytes_checked(point).xy() for point in points], 1)


def opening_cases() -> list[Case]:
    random = Random("opening")
    valid = []
    for m in (1, 2, 3, 16, 64):
        for words, values in (("zero", [0] * m), ("random", [random.randrange(USAGE_BOUND) for _ in range(m)])):
            valid.append(sum_case(f"the sum of {m}, values {words}", openings(values, f"opening {m} {words}")))
    a = valid[-1]
    assert a.total is not None
    assert a.blinding is not None
    less, opposite = a.commitments[1:], put(a.commitments, 0, negated(a.commitments[0]))
    known = openings([5], "twice")[0]
    twice = replace(
        sum_case("", openings([5, 6], "pair")), total=10, blinding=(known.blinding + known.blinding).to_bytes()
    )
    once = commitments([known])[0]
    last = len(a.hints) - 1
    changes = [
        ("total + 1", replace(a, total=a.total + 1), EQUATION),
        ("total 0", replace(a, total=0), EQUATION),
        ("blinding + 1", replace(a, blinding=plus(a.blinding, 1)), EQUATION),
        ("a commitment less", replace(a, commitments=less, hints=sum_hints(less)), EQUATION),
        ("a commitment negated", replace(a, commitments=opposite, hints=sum_hints(opposite)), EQUATION),
        ("first hint zero", replace(a, hints=put(a.hints, 0, bytes(32))), HINT),
        ("last hint negated", replace(a, hints=put(a.hints, last, minus(a.hints[last]))), HINT),
        ("last two hints swapped", replace(a, hints=swapped(a.hints, last, last - 1)), HINT),
        ("a commitment twice, P + P", replace(twice, commitments=(once, once)), HINT),
        ("a commitment and its negative", replace(twice, commitments=(once, negated(once)), total=0), HINT),
        ("a hint too few", replace(a, hints=a.hints[:-1]), LENGTH),
        ("no commitment", replace(a, commitments=()), LENGTH),
        ("a point nobody asked for", replace(a, points=a.commitments[:1]), LENGTH),
        ("a scalar nobody asked for", replace(a, scalars=(a.blinding,)), LENGTH),
        ("no total", replace(a, total=None, blinding=None), LENGTH),
        ("31 bytes of context", replace(a, context=CONTEXT[:-1]), LENGTH),
    ]
    broken = [replace(case, comment=comment, expected=expected) for comment, case, expected in changes]
    for name, point in bad_points(a.commitments[3]):
        changed = put(a.commitments, 3, point)
        broken.append(replace(a, comment=f"commitment: {name}", commitments=changed, expected=ENCODING))
    for name, scalar in bad_scalars():
        broken.append(replace(a, comment=f"blinding: {name}", blinding=scalar, expected=ENCODING))
    return [*valid, *broken]
