"""Range proofs, the verifier's half: challenges and the one equation that an aggregated Bulletproofs++ proof must meet.

Letters are those of README.md. Everything is mod N; vectors have L = n*m entries, slot i = j*n + k is digit k of
value j.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Generic

from circuits.generators import PointT
from circuits.pedersen import Opening
from circuits.scalar import EncodingError, N, Scalar, inverses, product
from circuits.shape import LINEAR, OPENING, PADDED, Generators, Shape
from circuits.transcript import HashTranscript, NewTranscript, Transcript, ZeroChallengeError, buffers, nonzero
from circuits.verdict import Check, ProofRejected

POWERS: Final = (-1, 1, 2, 3, 5, 6)
"""Of t in c_l: with those of S, M, D and R they meet every power but the one that holds the statement, t^3."""


@dataclass(frozen=True, slots=True)
class RangeStatement:
    """Each commitment opens to a value below shape.bound, and their sum to `total` if one is given.

    `commitments` are m points of 33 bytes, `context` is 32 bytes that say what the proof is for.
    """

    shape: Shape
    context: bytes
    commitments: tuple[bytes, ...]
    total: Opening | None

    def domain(self) -> bytes:
        return self.shape.domain(self.total is not None)


@dataclass(frozen=True, slots=True)
class RangeProof:
    """points: M, D, R, S, K, then X and Y of every round, 33 bytes each. scalars: -n, -l, -s1, -s2, 32 bytes each."""

    points: tuple[bytes, ...]
    scalars: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Weights:
    """The challenges after R. u, u_h, v_h weigh rows; x the set membership, y the linear part, z the values."""

    x: int
    y: int
    z: int
    u: int
    us: tuple[int, ...]
    vs: tuple[int, ...]

    @classmethod
    def of(cls, transcript: Transcript, rounds: int) -> Weights:
        """ZeroChallengeError."""
        x, y = transcript.derived(0)
        u, z = transcript.derived(1)
        pairs = [transcript.derived(2 + h) for h in range(rounds)]
        us, vs = tuple(p[0] for p in pairs), tuple(p[1] for p in pairs)
        nonzero(x, y, z, u, *us, *vs)
        return cls(x, y, z, u, us, vs)

    def fold(self, r: int) -> int:
        """u_h of the bit h of j that round r folds: the highest first."""
        return self.us[-1 - r]

    def value_weights(self) -> list[int]:
        """lam_j = z * product of v_h over the bits h of j."""
        return tensor(self.z, self.vs)

    def slot_weights(self, digits: int) -> list[int]:
        """w_i = u^-(k+1) * product of 1/u_h over the bits h of j."""
        first = pow(self.u, -1, N)
        inverse = [pow(u_h, -1, N) for u_h in self.us]
        powers = [pow(first, k + 1, N) for k in range(digits)]
        return [w * power % N for w in tensor(1, inverse) for power in powers]


@dataclass(frozen=True, slots=True)
class Challenges:
    """Everything the verifier draws, in the order of the messages. theta is used only where a total is opened."""

    e: int
    weights: Weights
    t: int
    c: int
    gammas: tuple[int, ...]
    eta: int
    theta: int


@dataclass(frozen=True, slots=True)
class Terms(Generic[PointT]):
    """scalars[i] * points[i] must sum to infinity. `denominator` is what the contract's first hint inverts."""

    scalars: tuple[int, ...]
    points: tuple[PointT, ...]
    denominator: int


def tensor(start: int, factors: Sequence[int]) -> list[int]:
    """start * product over the bits h of j of factors[h], for every j."""
    row = [start]
    for factor in factors:
        row += [value * factor % N for value in row]
    return row


def dot(left: Sequence[int], right: Sequence[int]) -> int:
    return sum(a * b for a, b in zip(left, right, strict=True)) % N


def draw(statement: RangeStatement, proof: RangeProof, new: NewTranscript = HashTranscript) -> Challenges:
    """Every challenge, recomputed from statement and proof of right lengths; ProofRejected for a zero one."""
    shape, points = statement.shape, proof.points
    try:
        transcript = new(statement.domain(), statement.context)
        transcript.absorb(buffers(statement.commitments))
        transcript.absorb(points[0] + points[1])
        e = transcript.challenges()[0]
        transcript.absorb(points[2])
        weights = Weights.of(transcript, shape.rounds)
        transcript.absorb(points[3] + points[4])
        t, c = transcript.challenges()
        gammas = []
        for r in range(shape.rounds):
            transcript.absorb(points[5 + 2 * r] + points[6 + 2 * r])
            gammas.append(transcript.challenges()[0])
        transcript.absorb(buffers(proof.scalars) + total_bytes(statement.total))
        eta, theta = transcript.challenges()
        nonzero(e, t, c, *gammas, eta)
        if statement.total is not None:
            nonzero(theta)
    except ZeroChallengeError as error:
        raise ProofRejected(Check.ZERO_CHALLENGE, str(error)) from error
    return Challenges(e, weights, t, c, tuple(gammas), eta, theta)


def total_bytes(total: Opening | None) -> bytes:
    """16 bytes of the total and 32 of its blinding; none where no total is opened."""
    return b"" if total is None else total.value.to_bytes(16, "big") + total.blinding.to_bytes()


def linear_weights(y: int, t: int) -> list[int]:
    """c_l = y * (t^-1, t, t^2, t^3, t^5, t^6): every power of t but the one that holds the statement."""
    return [y * pow(t, power, N) % N for power in POWERS]


def digit_inverses(shape: Shape, e: int) -> list[int]:
    """1/(e + v) for every digit v; e in (0, 2^128)."""
    values = [e + digit for digit in range(shape.base)]
    return inverses(values, pow(product(values, N), -1, N), N)


def shift_rows(shape: Shape, e: int, weights: Weights) -> dict[int, list[int]]:
    """The linear form on n, by powers of t: c_i = 2*(t*(e*w_i - x) + t^2*lam_j*b_k + t^3*x/(e + v)).

    The last only on the slot that stands for digit v.
    """
    lam = weights.value_weights()
    table = [0] * shape.slots
    for inverse, slot in zip(digit_inverses(shape, e), shape.table, strict=True):
        table[slot] = 2 * weights.x * inverse % N
    return {
        1: [2 * (e * w - weights.x) % N for w in weights.slot_weights(shape.digits)],
        2: [2 * lam_j * b_k % N for lam_j in lam for b_k in shape.weights],
        3: table,
    }


def slot_terms(shape: Shape, ch: Challenges) -> list[int]:
    """c_i at the drawn t."""
    rows = shift_rows(shape, ch.e, ch.weights)
    powers = [(pow(ch.t, power, N), row) for power, row in rows.items()]
    return [sum(power * row[i] for power, row in powers) % N for i in range(shape.slots)]


def fold_all(values: Sequence[int], gammas: Sequence[int]) -> list[int]:
    """lo + gamma*hi of the halves, once for every gamma."""
    row = list(values)
    for gamma in gammas:
        half = len(row) // 2
        row = [(lo + gamma * hi) % N for lo, hi in zip(row[:half], row[half:], strict=True)]
    return row


def unfold_all(values: Sequence[int], gammas: Sequence[int]) -> list[int]:
    """The scalars on the generators of old that `values` on folded ones stand for."""
    return [value * g % N for g in tensor(1, gammas[::-1]) for value in values]


def terms(
    generators: Generators[PointT], statement: RangeStatement, proof: RangeProof, new: NewTranscript = HashTranscript
) -> Terms[PointT]:
    """The whole equation, in the contract's order: G_i, H_1 to H_5, A, H_0, M, D, R, S, K, each X and Y, V_j.

    A and H_0 are two terms here and one point there. ProofRejected for lengths, encodings and zero challenges.
    """
    shape = statement.shape
    points, numbers, commitments = decode(generators.bases.kind, statement, proof)
    ch = draw(statement, proof, new)
    t, weights, n = ch.t, ch.weights, shape.digits
    minus_n, minus_l = numbers[:n], numbers[n:-OPENING]
    minus_s1, minus_s2 = numbers[-OPENING:]
    linear = unfold_all(minus_l, ch.gammas[: shape.linear_rounds])[:LINEAR]

    on_a = _public_value(shape, ch) - _value(shape, ch, minus_n, minus_l) + ch.eta * minus_s1
    on_h0 = linear[0] + ch.eta * minus_s2
    on_v = [(2 * pow(t, 3, N) + ch.eta * ch.c) * lam for lam in weights.value_weights()]
    if statement.total is not None:
        on_a += ch.theta * statement.total.value
        on_h0 += ch.theta * statement.total.blinding.value
        on_v = [scalar - ch.theta for scalar in on_v]
    on_rounds: list[int] = []
    for r, gamma in enumerate(ch.gammas):
        on_rounds += [gamma, gamma * gamma - weights.fold(r)]
    on_points = [1, t, t * t, pow(t, -1, N), ch.eta, *on_rounds]
    scalars = [*unfold_all(minus_n, ch.gammas), *linear[1:], on_a, on_h0, *on_points, *on_v]
    base = generators.bases
    return Terms(
        tuple(s % N for s in scalars),
        (*generators.vector, *generators.linear[1:], base.value, base.blinding, *points, *commitments),
        denominator(shape, ch),
    )


def zero_term(shape: Shape, equation: Terms[PointT]) -> bool:
    """Whether a term has the scalar zero, which the contract's recovery refuses. H_0 rides with A and may have it."""
    on_h0 = shape.slots + LINEAR
    return not all(equation.scalars[:on_h0] + equation.scalars[on_h0 + 1 :])


def _public_value(shape: Shape, ch: Challenges) -> int:
    """p = 2*t^3 * the sum of all w_i."""
    return 2 * pow(ch.t, 3, N) * sum(ch.weights.slot_weights(shape.digits)) % N


def _value(shape: Shape, ch: Challenges, minus_n: Sequence[int], minus_l: Sequence[int]) -> int:
    """|n|^2_w + <c_n, n> + <c_l, l> of the folded vectors, of which the negatives are given."""
    c_n = fold_all(slot_terms(shape, ch), ch.gammas)
    c_l = linear_weights(ch.weights.y, ch.t)
    if shape.rounds:
        c_l = fold_all([*c_l, *[0] * (PADDED - LINEAR)], ch.gammas[: shape.linear_rounds])
    w = ch.weights.slot_weights(shape.digits)[: shape.digits]
    return dot(w, [number * number for number in minus_n]) - dot(c_n, minus_n) - dot(c_l, minus_l)


def denominator(shape: Shape, ch: Challenges) -> int:
    """t * u^n * product of u_h * product of (e + v) over all digits v; what a contract divides by."""
    digits = (ch.e + digit for digit in range(shape.base))
    return product((ch.t, pow(ch.weights.u, shape.digits, N), *ch.weights.us, *digits), N)


def decode(
    kind: type[PointT], statement: RangeStatement, proof: RangeProof
) -> tuple[list[PointT], list[int], list[PointT]]:
    """The proof's points and scalars, and the commitments; ProofRejected for lengths and encodings."""
    shape = statement.shape
    lengths = (
        ("commitments", len(statement.commitments), shape.m),
        ("points", len(proof.points), shape.points),
        ("scalars", len(proof.scalars), shape.scalars),
        ("bytes of context", len(statement.context), 32),
    )
    for what, found, expected in lengths:
        if found != expected:
            raise ProofRejected(Check.LENGTH, f"{found} {what}, not {expected}")
    try:
        points = [kind.from_bytes_checked(p) for p in proof.points]
        numbers = [Scalar.from_bytes_checked(s).value for s in proof.scalars]
        commitments = [kind.from_bytes_checked(c) for c in statement.commitments]
    except EncodingError as error:
        raise ProofRejected(Check.ENCODING, str(error)) from error
    return points, numbers, commitments


def verify(
    generators: Generators[PointT], statement: RangeStatement, proof: RangeProof, new: NewTranscript = HashTranscript
) -> None:
    """Returns for a valid proof; ProofRejected otherwise."""
    equation = terms(generators, statement, proof, new)
    kind = generators.bases.kind
    if zero_term(statement.shape, equation):
        raise ProofRejected(Check.EQUATION, "a term has the scalar zero, which the contract's recovery refuses")
    parts = [point * Scalar(scalar) for point, scalar in zip(equation.points, equation.scalars, strict=True)]
    if not kind.sum(parts).is_infinity():
        raise ProofRejected(Check.EQUATION, "the terms do not cancel")


__all__ = [
    "Challenges",
    "Check",
    "NewTranscript",
    "ProofRejected",
    "RangeProof",
    "RangeStatement",
    "Terms",
    "Weights",
    "decode",
    "denominator",
    "digit_inverses",
    "dot",
    "draw",
    "fold_all",
    "linear_weights",
    "shift_rows",
    "slot_terms",
    "tensor",
    "terms",
    "total_bytes",
    "unfold_all",
    "verify",
    "zero_term",
]
