"""Cases of S1, variants a and b, and of money in range."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

from circuits import hints, money, usage
from circuits.group import LibPoint
from circuits.opening import sum_openings
from circuits.pedersen import Opening
from circuits.range_equation import RangeProof, RangeStatement, terms
from circuits.range_proof import prove
from circuits.scalar import N, Scalar
from circuits.shape import MONEY_BOUND, USAGE, USAGE_BOUND, Shape, generators
from tests.vectors.case import OK, SHAPES, Case
from tests.vectors.parts import (
    CONTEXT,
    ENCODING,
    EQUATION,
    HINT,
    LENGTH,
    OTHER,
    bad_points,
    bad_scalars,
    commitments,
    entropy,
    judged,
    minus,
    negated,
    openings,
    plain,
    plus,
    put,
    shifted,
    swapped,
)


@dataclass(frozen=True)
class Boastful(Shape):
    """The same shape for a prover who shows the digits of another value: what is left when the bound is taken off."""

    def split(self, value: int) -> list[int]:
        return super().split(value % self.bound)


def usage_cases(m: int) -> list[Case]:
    """Variants a and b; for the large shapes only what depends on the shape."""
    valid = [
        usage_case(f"m = {m}, {words}, variant {'a' if opened else 'b'}", values, opened=opened)
        for i, (words, values) in enumerate(values_of(m))
        for opened in (True, False)
        if m <= 4 or opened == (i % 2 == 0)
    ]
    a = valid[0]
    b = next(case for case in valid if case.total is None)
    if m > 4:
        return [
            *valid,
            *wrong_statements(a),
            *wrong_orders(a),
            *out_of_range(m),
            *wrong_lengths(a)[:3],
            *wrong_hints(a),
        ]
    return [
        *valid,
        *wrong_statements(a),
        *wrong_variants(a, b),
        *wrong_points(a),
        *(wrong_orders(a) if m > 1 else []),
        *out_of_range(m),
        *wrong_lengths(a),
        *wrong_hints(a),
        *(equal_points(a) if m == 1 else []),
        *wrong_encodings(a)[: None if m == 1 else 5],
    ]


def money_cases(m: int) -> list[Case]:
    """Few: what a money verifier shares with one of usages, the cases of usages check."""
    top = MONEY_BOUND - 1
    edge = [0, top, 1, top - 1]
    valid = [
        money_case(f"m = {m}, values at the edges", [edge[i % 4] for i in range(m)]),
        money_case(f"m = {m}, values bound - 1", [top] * m),
    ]
    a = valid[0]
    over = "a value equal to the bound, digits of zero"
    known = [
        *unequal([("another context", replace(a, context=OTHER))]),
        forged(over, [MONEY_BOUND, *[7] * (m - 1)], opened=False, kind="money"),
    ]
    if m > 1:
        return [a, *known]
    last = len(a.hints) - 1
    return [
        *valid,
        *known,
        *unequal([("first commitment + A", replace(a, commitments=put(a.commitments, 0, shifted(a.commitments[0]))))]),
        *judged(LENGTH, [("a scalar too few", replace(a, scalars=a.scalars[:-1]))]),
        *judged(HINT, [("last hint negated", replace(a, hints=put(a.hints, last, minus(a.hints[last]))))]),
        *judged(ENCODING, [("last scalar: N", replace(a, scalars=(*a.scalars[:-1], N.to_bytes(32, "big"))))]),
    ]


def money_case(comment: str, values: Sequence[int]) -> Case:
    """A valid one."""
    label = f"money {comment}"
    made = money.prove(LibPoint, openings(values, label), CONTEXT, entropy(label))
    return plain(comment, "money", made.commitments, (made.points, made.scalars, made.hints))


def values_of(m: int) -> list[tuple[str, list[int]]]:
    random = Random(m)
    edge = [0, USAGE_BOUND - 1, 1, USAGE_BOUND - 2]
    return [
        ("random values", [random.randrange(USAGE_BOUND) for _ in range(m)]),
        ("values zero", [0] * m),
        ("values bound - 1", [USAGE_BOUND - 1] * m),
        ("values at the edges", [edge[i % 4] for i in range(m)]),
    ]


def usage_case(comment: str, values: Sequence[int], *, opened: bool, label: str = "") -> Case:
    """A valid one."""
    proof = usage.prove(LibPoint, openings(values, comment + label), CONTEXT, entropy(comment + label), opened=opened)
    total = proof.total
    return Case(
        comment,
        "usage",
        CONTEXT,
        proof.commitments,
        None if total is None else total.value,
        None if total is None else total.blinding.to_bytes(),
        proof.points,
        proof.scalars,
        proof.hints,
        OK,
    )


def statement_of(case: Case) -> RangeStatement:
    total = None
    if case.total is not None and case.blinding is not None:
        total = Opening(case.total, Scalar.from_bytes_checked(case.blinding))
    return RangeStatement(SHAPES[case.kind][len(case.commitments)], case.context, case.commitments, total)


def rehinted(case: Case) -> Case:
    """With the hints that belong to the changed proof: whoever forges computes them, too."""
    statement = statement_of(case)
    made = hints.make(generators(LibPoint, statement.shape.slots), statement, RangeProof(case.points, case.scalars))
    return replace(case, hints=made)


def forged(comment: str, values: Sequence[int], *, opened: bool, kind: str = "usage") -> Case:
    """Values out of range, by a prover who leaves out the check of its own digits."""
    honest = SHAPES[kind][len(values)]
    shape = Boastful(honest.m, honest.weights, honest.base)
    known = openings(values, comment)
    total = sum_openings(known) if opened else None
    statement = RangeStatement(shape, CONTEXT, commitments(known), total)
    proof = prove(generators(LibPoint, shape.slots), statement, known, entropy(comment))
    case = Case(
        comment,
        kind,
        CONTEXT,
        statement.commitments,
        None if total is None else total.value,
        None if total is None else total.blinding.to_bytes(),
        proof.points,
        proof.scalars,
        (),
        EQUATION,
    )
    return rehinted(case)


def unequal(changes: Sequence[tuple[str, Case]]) -> list[Case]:
    """Those that fail the final equation and nothing before it."""
    return judged(EQUATION, [(comment, rehinted(case)) for comment, case in changes])


def wrong_statements(a: Case) -> list[Case]:
    """A valid proof of another statement."""
    assert a.total is not None
    assert a.blinding is not None
    another = usage_case(a.comment, [1] * len(a.commitments), opened=True, label="another")
    return unequal(
        [
            ("another context", replace(a, context=OTHER)),
            ("total + 1", replace(a, total=a.total + 1)),
            ("blinding of the total + 1", replace(a, blinding=plus(a.blinding, 1))),
            ("first commitment + A", replace(a, commitments=put(a.commitments, 0, shifted(a.commitments[0])))),
            ("the commitments of another proof", replace(a, commitments=another.commitments)),
        ]
    )


def wrong_variants(a: Case, b: Case) -> list[Case]:
    return unequal(
        [
            ("another context, variant b", replace(b, context=OTHER)),
            ("variant a shown as b", replace(a, total=None, blinding=None)),
            ("variant b shown as a", replace(b, total=a.total, blinding=a.blinding)),
        ]
    )


def wrong_points(a: Case) -> list[Case]:
    """One thing changed that the equation alone finds."""
    another = usage_case(a.comment, [1] * len(a.commitments), opened=True, label="another")
    changes = [
        ("first commitment negated", replace(a, commitments=put(a.commitments, 0, negated(a.commitments[0])))),
        ("first commitment is M", replace(a, commitments=put(a.commitments, 0, a.points[0]))),
        ("M and D swapped", replace(a, points=swapped(a.points, 0, 1))),
        ("S and K swapped", replace(a, points=swapped(a.points, 3, 4))),
        ("R negated", replace(a, points=put(a.points, 2, negated(a.points[2])))),
        ("the points of another proof", replace(a, points=another.points)),
        ("the scalars of another proof", replace(a, scalars=another.scalars)),
    ]
    for i, scalar in enumerate(a.scalars):
        changes.append((f"scalar {i} + 1", replace(a, scalars=put(a.scalars, i, plus(scalar, 1)))))
    nothing = replace(a, scalars=put(a.scalars, 0, bytes(32)))
    return [*unequal(changes), *judged(EQUATION, [("a term with the scalar zero", nothing)])]


def wrong_orders(a: Case) -> list[Case]:
    """For more than one value."""
    m, last = len(a.commitments), len(a.points) - 1
    return unequal(
        [
            ("first and last commitment swapped", replace(a, commitments=swapped(a.commitments, 0, m - 1))),
            ("second commitment repeats the first", replace(a, commitments=put(a.commitments, 1, a.commitments[0]))),
            ("first X and Y swapped", replace(a, points=swapped(a.points, 5, 6))),
            ("first and last round swapped", replace(a, points=swapped(swapped(a.points, 5, last - 1), 6, last))),
            ("last Y negated", replace(a, points=put(a.points, last, negated(a.points[last])))),
        ]
    )


def out_of_range(m: int) -> list[Case]:
    over = [USAGE_BOUND, *[7] * (m - 1)]
    return [
        forged("a value equal to the bound, digits of zero, variant a", over, opened=True),
        forged("a value equal to the bound, digits of zero, variant b", over, opened=False),
        forged("last value 2^64 - 1, digits of its rest", [*[0] * (m - 1), 2**64 - 1], opened=False),
    ]


def wrong_lengths(a: Case) -> list[Case]:
    one, spare = (1).to_bytes(32, "big"), a.points[0]
    b = replace(a, total=None, blinding=None)  # so few values may not reach the total, which is another fault
    changes = [
        ("a point too few", replace(a, points=a.points[:-1])),
        ("a scalar too many", replace(a, scalars=(*a.scalars, one))),
        ("a hint too few", replace(a, hints=a.hints[:-1])),
        ("no commitment", replace(b, commitments=())),
        ("a commitment too few", replace(b, commitments=a.commitments[:-1])),
        ("a commitment too many", replace(a, commitments=(*a.commitments, spare))),
        ("a point too many", replace(a, points=(*a.points, spare))),
        ("no points", replace(a, points=())),
        ("a scalar too few", replace(a, scalars=a.scalars[:-1])),
        ("no scalars", replace(a, scalars=())),
        ("a hint too many", replace(a, hints=(*a.hints, one))),
        ("no hints", replace(a, hints=())),
        ("31 bytes of context", replace(a, context=a.context[:-1])),
    ]
    return judged(LENGTH, changes)


def wrong_hints(a: Case) -> list[Case]:
    last = len(a.hints) - 1
    one = (1).to_bytes(32, "big")
    changes = [
        ("first hint zero", replace(a, hints=put(a.hints, 0, bytes(32)))),
        ("first hint + 1", replace(a, hints=put(a.hints, 0, plus(a.hints[0], 1)))),
        ("second hint zero", replace(a, hints=put(a.hints, 1, bytes(32)))),
        ("second hint one", replace(a, hints=put(a.hints, 1, one))),
        ("last hint negated", replace(a, hints=put(a.hints, last, minus(a.hints[last])))),
        ("last two hints swapped", replace(a, hints=swapped(a.hints, last, last - 1))),
        ("hints right for another context", replace(rehinted(replace(a, context=OTHER)), context=a.context)),
    ]
    return judged(HINT, changes)


def equal_points(a: Case) -> list[Case]:
    """M, which the first level adds to term 4, is that term or its negative: no hint exists. m = 1, where the proof
    itself holds the term's scalar."""
    base = generators(LibPoint, USAGE[1].slots)
    twin = (base.vector[4] * Scalar.from_bytes_checked(a.scalars[4])).to_bytes()
    cases = []
    for comment, point in (("P + P among the terms", twin), ("P + (-P) among the terms", negated(twin))):
        case = replace(a, points=put(a.points, 0, point))
        whole = terms(base, statement_of(case), RangeProof(case.points, case.scalars)).denominator
        first = pow(whole, -1, N).to_bytes(32, "big")
        cases.append((comment, replace(case, hints=put(a.hints, 0, first))))
    return judged(HINT, cases)


def wrong_encodings(a: Case) -> list[Case]:
    m, changes = len(a.commitments), []
    for name, point in bad_points(a.points[1]):
        changes.append((f"D: {name}", replace(a, points=put(a.points, 1, point))))
        changes.append((f"last commitment: {name}", replace(a, commitments=put(a.commitments, m - 1, point))))
    for name, scalar in bad_scalars():
        changes.append((f"first scalar: {name}", replace(a, scalars=put(a.scalars, 0, scalar))))
        changes.append((f"last scalar: {name}", replace(a, scalars=put(a.scalars, len(a.scalars) - 1, scalar))))
        changes.append((f"blinding of the total: {name}", replace(a, blinding=scalar)))
    return judged(ENCODING, changes)
