"""Inverses that save a contract its divisions, and the additions it makes with them.

One inverse mod N of everything the scalars divide by; then, as the terms of the final equation are added up in pairs,
one inverse mod p per level. Each is determined by statement and proof, so the transcript does not absorb them.
"""

from __future__ import annotations

from collections.abc import Sequence

from circuits.generators import PointT
from circuits.range_equation import NewTranscript, RangeProof, RangeStatement, Terms, terms, zero_term
from circuits.scalar import N, P, Scalar, inverses, product
from circuits.shape import LINEAR, Generators, Shape
from circuits.transcript import HashTranscript
from circuits.verdict import Check, ProofRejected

Affine = tuple[int, int]


def make(
    generators: Generators[PointT], statement: RangeStatement, proof: RangeProof, new: NewTranscript = HashTranscript
) -> tuple[bytes, ...]:
    """shape.hints of 32 bytes, also for a proof that is false; ProofRejected if an inverse does not exist."""
    equation = terms(generators, statement, proof, new)
    first = pow(equation.denominator, -1, N).to_bytes(32, "big")
    return first, *for_additions(points(statement.shape, equation), 2)


def for_additions(level: Sequence[Affine], left: int) -> tuple[bytes, ...]:
    """One hint per level of additions until `left` points are left; ProofRejected for equal or opposite points."""
    made = []
    while len(level) > left:
        shared = product(differences(level), P)
        if not shared:
            raise ProofRejected(Check.HINT, "two points to be added have the same x-coordinate")
        made.append(pow(shared, -1, P))
        level = add_pairs(level, made[-1])
    return tuple(hint.to_bytes(32, "big") for hint in made)


def for_lists(left: Sequence[bytes], right: Sequence[bytes]) -> bytes:
    """For adding two lists of encoded points, as long as each other, slot by slot: the inverse mod p of the product of
    all x(right) - x(left); ProofRejected for a pair of equal or opposite points."""
    pairs = zip(left, right, strict=True)
    shared = product([int.from_bytes(b[1:], "big") - int.from_bytes(a[1:], "big") for a, b in pairs], P)
    if not shared:
        raise ProofRejected(Check.HINT, "two points to be added have the same x-coordinate")
    return pow(shared, -1, P).to_bytes(32, "big")


def add_up(level: Sequence[Affine], hints: Sequence[bytes]) -> Sequence[Affine]:
    """The points that are left when every hint has been used; ProofRejected if one is wrong."""
    for hint in hints:
        inverse = int.from_bytes(hint, "big")
        if inverse * product(differences(level), P) % P != 1:
            raise ProofRejected(Check.HINT, f"wrong inverse where {len(level)} points are left")
        level = add_pairs(level, inverse)
    return level


def check(
    generators: Generators[PointT],
    statement: RangeStatement,
    proof: RangeProof,
    hints: Sequence[bytes],
    new: NewTranscript = HashTranscript,
) -> None:
    """Everything the contract checks, in the way it does; ProofRejected. A hint need not be reduced."""
    equation = terms(generators, statement, proof, new)
    if len(hints) != statement.shape.hints:
        raise ProofRejected(Check.LENGTH, f"{len(hints)} hints, not {statement.shape.hints}")
    if any(len(hint) != 32 for hint in hints):
        raise ProofRejected(Check.ENCODING, "a hint has 32 bytes")
    if int.from_bytes(hints[0], "big") * equation.denominator % N != 1:
        raise ProofRejected(Check.HINT, "the first hint is not the inverse of the denominators")
    first, second = add_up(points(statement.shape, equation), hints[1:])
    if not cancel(first, second):
        raise ProofRejected(Check.EQUATION, "the last two points do not cancel")


def cancel(first: Affine, second: Affine) -> bool:
    """Whether one is the negative of the other."""
    return first[0] == second[0] and first[1] + second[1] == P


def points(shape: Shape, equation: Terms[PointT]) -> list[Affine]:
    """Affine coordinates of all terms, A and H_0 as one; ProofRejected for a term that recovery refuses."""
    if zero_term(shape, equation):
        raise ProofRejected(Check.EQUATION, "a term has the scalar zero, which the contract's recovery refuses")
    made = [point * Scalar(scalar) for point, scalar in zip(equation.points, equation.scalars, strict=True)]
    on_a = shape.slots + LINEAR - 1
    made[on_a : on_a + 2] = [made[on_a] + made[on_a + 1]]
    return [point.xy() for point in made]


def differences(level: Sequence[Affine]) -> list[int]:
    """x of the second minus x of the first, of every pair: point i goes with point half + i."""
    half = len(level) // 2
    return [(level[half + i][0] - level[i][0]) % P for i in range(half)]


def add_pairs(level: Sequence[Affine], inverse: int) -> list[Affine]:
    """The sums of all pairs, then the odd last point; `inverse` is that of the product of all differences."""
    half = len(level) // 2
    sums = []
    for first, second, one in zip(level, level[half:], inverses(differences(level), inverse, P), strict=False):
        sums.append(_add(first, second, one))
    return [*sums, *level[2 * half :]]


def _add(first: Affine, second: Affine, inverse: int) -> Affine:
    """Of two points with different x-coordinates (SEC 1, section 2.2.1)."""
    (x0, y0), (x1, y1) = first, second
    slope = (y1 - y0) * inverse % P
    x = (slope * slope - x0 - x1) % P
    return x, (slope * (x0 - x) - y0) % P
