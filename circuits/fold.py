"""The prover's rounds: n and l are halved until n is one value long, each round shown by two points X and Y.

For vectors n over G_i and l over H_i, a round of challenge gamma keeps the relation "A carries |n|^2_w + <c_n, n> +
<c_l, l>" (README.md has the argument). om = 1/u_h is the weight of the upper half relative to the lower.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic

from circuits.generators import PointT
from circuits.msm import msm
from circuits.range_equation import Weights, dot, fold_all
from circuits.scalar import N, Scalar
from circuits.shape import LINEAR, PADDED, Generators, Shape
from circuits.transcript import Transcript, nonzero


@dataclass(frozen=True, slots=True)
class Vector(Generic[PointT]):
    """n or l: entries, weights of their squares (zero for l), the form on them, their generators."""

    entries: Sequence[int]
    squares: Sequence[int]
    form: Sequence[int]
    points: Sequence[PointT]

    def halved(self, om: int) -> Halves[PointT]:
        half = len(self.entries) // 2
        hi = [om * entry % N for entry in self.entries[half:]]
        return Halves(self.entries[:half], hi, self.squares[:half], self.form, self.points)


@dataclass(frozen=True, slots=True)
class Halves(Generic[PointT]):
    """A vector in a round: its lower half, om times its upper half, weights of the lower, form and generators."""

    lo: Sequence[int]
    hi: Sequence[int]
    squares: Sequence[int]
    form: Sequence[int]
    points: Sequence[PointT]

    def x(self) -> tuple[int, Sequence[int], Sequence[PointT]]:
        """The share of X: its scalar on A, and scalars on points."""
        on_a = 2 * sum(w * a * b for w, a, b in zip(self.squares, self.lo, self.hi, strict=True))
        crossed = [*self.hi, *self.lo]
        return on_a + dot(self.form, crossed), crossed, self.points

    def y(self) -> tuple[int, Sequence[int], Sequence[PointT]]:
        """The share of Y."""
        half = len(self.hi)
        on_a = sum(w * b * b for w, b in zip(self.squares, self.hi, strict=True))
        return on_a + dot(self.form[half:], self.hi), self.hi, self.points[half:]

    def joined(self, gamma: int) -> Vector[PointT]:
        """lo + gamma*hi, and generators alike."""
        half, scale = len(self.lo), Scalar(gamma)
        return Vector(
            [(a + gamma * b) % N for a, b in zip(self.lo, self.hi, strict=True)],
            self.squares,
            fold_all(self.form, [gamma]),
            [a + b * scale for a, b in zip(self.points[:half], self.points[half:], strict=True)],
        )


def padded(kind: type[PointT], el: Vector[PointT]) -> Vector[PointT]:
    """l with two zeros more, so that it can be halved; they have no generators."""
    zeros = [0] * (PADDED - LINEAR)
    return Vector(
        [*el.entries, *zeros], [*el.squares, *zeros], [*el.form, *zeros], [*el.points, *[kind.infinity()] * len(zeros)]
    )


def fold(
    generators: Generators[PointT],
    shape: Shape,
    weights: Weights,
    transcript: Transcript,
    n: Vector[PointT],
    el: Vector[PointT],
) -> tuple[Sequence[int], Sequence[int], list[bytes]]:
    """What is left of n and of l, and X and Y of every round; ZeroChallengeError."""
    base = generators.bases
    if shape.rounds:
        el = padded(base.kind, el)
    sent: list[bytes] = []
    for r in range(shape.rounds):
        om = pow(weights.fold(r), -1, N)
        halves = [n.halved(om), *([el.halved(om)] if r < shape.linear_rounds else [])]
        for shares in ([half.x() for half in halves], [half.y() for half in halves]):
            scalars = [sum(share[0] for share in shares), *(scalar for share in shares for scalar in share[1])]
            points = [base.value, *(point for share in shares for point in share[2])]
            sent.append(msm(base.kind, scalars, points).to_bytes())
        transcript.absorb(sent[-2] + sent[-1])
        gamma = transcript.challenges()[0]
        nonzero(gamma)
        n = halves[0].joined(gamma)
        if r < shape.linear_rounds:
            el = halves[1].joined(gamma)
    return n.entries, el.entries, sent
