"""Range proofs, the prover's half: aggregated Bulletproofs++ (eprint 2022/510) with multilinear weights.

Letters, departures from the paper and the argument for them are in README.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from circuits.fold import Vector, fold
from circuits.generators import PointT
from circuits.msm import msm
from circuits.nonces import ATTEMPTS, Nonces
from circuits.pedersen import Opening
from circuits.range_equation import (
    NewTranscript,
    RangeProof,
    RangeStatement,
    Weights,
    digit_inverses,
    dot,
    linear_weights,
    shift_rows,
    total_bytes,
)
from circuits.scalar import N
from circuits.shape import LINEAR, Generators, Shape
from circuits.transcript import HashTranscript, ZeroChallengeError, buffers, nonzero


@dataclass(frozen=True, slots=True)
class Row:
    """Coordinates of a committed point: b on A, `vector` on the G_i, `linear` on H_0 to H_5."""

    b: int
    vector: Sequence[int]
    linear: Sequence[int]

    def commit(self, generators: Generators[PointT]) -> bytes:
        kind, value = generators.bases.kind, generators.bases.value
        scalars = (self.b, *self.vector, *self.linear)
        return msm(kind, scalars, (value, *generators.vector, *generators.linear)).to_bytes()


def prove(
    generators: Generators[PointT],
    statement: RangeStatement,
    openings: Sequence[Opening],
    entropy: bytes,
    new: NewTranscript = HashTranscript,
) -> RangeProof:
    """The openings are those of the statement's commitments, in order; `entropy` is 32 fresh random bytes.

    ValueError for a value out of range. Same arguments, same proof.
    """
    return next(attempts(generators, statement, openings, entropy, new))


def attempts(
    generators: Generators[PointT],
    statement: RangeStatement,
    openings: Sequence[Opening],
    entropy: bytes,
    new: NewTranscript = HashTranscript,
) -> Iterator[RangeProof]:
    """Proofs of the same statement, each with nonces of its own: for who needs one whose hints exist."""
    if len(openings) != statement.shape.m or len(statement.context) != 32:
        raise ValueError("a statement has one opening per value and a context of 32 bytes")
    secret = b"".join(o.value.to_bytes(8, "big") + o.blinding.to_bytes() for o in openings)
    public = b"".join(
        (statement.domain(), statement.context, buffers(statement.commitments), total_bytes(statement.total))
    )
    for attempt in range(ATTEMPTS):
        nonces = Nonces(entropy, secret, public, attempt)
        try:
            yield _prove(generators, statement, openings, nonces, new)
        except ZeroChallengeError:
            continue
    raise AssertionError(f"{ATTEMPTS} attempts without a usable proof: hash or random source is broken")


def _prove(
    generators: Generators[PointT],
    statement: RangeStatement,
    openings: Sequence[Opening],
    nonces: Nonces,
    new: NewTranscript,
) -> RangeProof:
    shape, base = statement.shape, generators.bases
    transcript = new(statement.domain(), statement.context)
    transcript.absorb(buffers(statement.commitments))

    digits = [digit for opening in openings for digit in shape.split(opening.value)]
    row_m, row_d, linear_r, b_r = _blinded(shape, digits, nonces)
    points = [row_m.commit(generators), row_d.commit(generators)]
    transcript.absorb(points[0] + points[1])
    e = transcript.challenges()[0]
    nonzero(e)

    by_digit = digit_inverses(shape, e)
    row_r = Row(b_r, [by_digit[digit] for digit in digits], linear_r)
    points.append(row_r.commit(generators))
    transcript.absorb(points[2])
    weights = Weights.of(transcript, shape.rounds)

    lam, w, forms = weights.value_weights(), weights.slot_weights(shape.digits), shift_rows(shape, e, weights)
    blinding = dot(lam, [opening.blinding.value for opening in openings])
    value = dot(lam, [opening.value for opening in openings])
    rows = {0: row_m, 1: row_d, 2: row_r}
    rows[-1] = _cancelling(weights.y, w, forms, rows, nonces.take(shape.slots), blinding)
    k1, k2 = nonces.take(2)
    points += [rows[-1].commit(generators), msm(base.kind, (k1, k2), (base.value, base.blinding)).to_bytes()]
    transcript.absorb(points[3] + points[4])
    t, c = transcript.challenges()
    nonzero(t, c)

    vector = _at(t, {power: row.vector for power, row in rows.items()})
    linear = _at(t, {power: row.linear for power, row in rows.items()})
    linear[0] = (linear[0] + 2 * t * t * t * blinding) % N
    n = Vector(vector, w, _at(t, forms), generators.vector)
    el = Vector(linear, [0] * LINEAR, linear_weights(weights.y, t), generators.linear)
    left_n, left_l, rounds = fold(generators, shape, weights, transcript, n, el)
    scalars = (*left_n, *left_l, k1 + c * value, k2 + c * blinding)
    return RangeProof((*points, *rounds), tuple((-s % N).to_bytes(32, "big") for s in scalars))


def _blinded(shape: Shape, digits: Sequence[int], nonces: Nonces) -> tuple[Row, Row, list[int], int]:
    """M of the multiplicities, D of the digits, and what blinds R.

    The zeros are where a blinder would meet t^3; with the others free, M, D, R and l are uniform whatever the witness.
    """
    multiplicities = [0] * shape.slots
    for digit in digits:
        multiplicities[shape.table[digit]] += 1
    b_m, b_d, b_r = nonces.take(3)
    m0, m1, m2, m4 = nonces.take(4)
    d0, d1, d3 = nonces.take(3)
    r0, r2, r3 = nonces.take(3)
    row_m = Row(b_m, multiplicities, [m0, m1, m2, 0, m4, 0])
    row_d = Row(b_d, digits, [d0, d1, 0, d3, 0, 0])
    return row_m, row_d, [r0, 0, r2, r3, 0, 0], b_r


def _cancelling(
    y: int,
    w: Sequence[int],
    forms: Mapping[int, Sequence[int]],
    rows: Mapping[int, Row],
    s: list[int],
    blinding: int,
) -> Row:
    """S over the random vector s, so that every power of t but t^3 cancels in the final equation.

    `rows` are M, D and R by their powers of t, `blinding` is the sum of lam_j*g_j.
    """
    f = _coefficients(w, {-1: s, **{power: row.vector for power, row in rows.items()}}, forms)
    inverse = pow(y, -1, N)
    (m, d, r), (b_m, b_d, b_r) = (rows[k].linear for k in range(3)), (rows[k].b for k in range(3))
    linear = [
        -f[-2] * inverse,
        (b_m - f[0]) * inverse - d[0],
        (b_d - f[1]) * inverse - m[1] - r[0],
        (b_r - f[2]) * inverse - m[2] - d[1] - 2 * blinding,
        -f[4] * inverse - d[3] - r[2],
        -f[5] * inverse - m[4] - r[3],
    ]
    return Row((f[-1] + y * m[0]) % N, s, [scalar % N for scalar in linear])


def _coefficients(
    w: Sequence[int], vectors: Mapping[int, Sequence[int]], forms: Mapping[int, Sequence[int]]
) -> dict[int, int]:
    """f_k of t^k in |n|^2_w + <c, n>, n and c being polynomials in t given by power."""
    f: dict[int, int] = defaultdict(int)
    for power, vector in vectors.items():
        weighted = [a * b % N for a, b in zip(w, vector, strict=True)]
        for other, second in vectors.items():
            if other <= power:
                f[power + other] += dot(weighted, second) * (1 if other == power else 2)
        for other, form in forms.items():
            f[power + other] += dot(form, vector)
    return f


def _at(t: int, rows: Mapping[int, Sequence[int]]) -> list[int]:
    """The polynomial with these coefficients, entry by entry."""
    powers = {power: pow(t, power, N) for power in rows}
    length = len(next(iter(rows.values())))
    return [sum(powers[power] * row[i] for power, row in rows.items()) % N for i in range(length)]
