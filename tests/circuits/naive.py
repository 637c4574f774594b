"""The verifier that goes with cheating.py, and ours beside it."""

from __future__ import annotations

from circuits.generators import PointT
from circuits.range_equation import Check, ProofRejected, RangeProof, RangeStatement, verify
from circuits.scalar import N
from circuits.shape import Generators
from circuits.transcript import NewTranscript, buffers
from tests.circuits.cheating import Draws, Rows, Rules, combine, last_message, linear_points


def draw(rules: Rules, statement: RangeStatement, proof: RangeProof) -> Draws:
    """Every challenge, recomputed."""
    shape, points = statement.shape, proof.points
    transcript = rules.new(shape.domain(statement.total is not None), statement.context)
    transcript.absorb(buffers(statement.commitments))
    transcript.absorb(points[0] + points[1])
    e, _ = transcript.challenges()
    transcript.absorb(points[2])
    rows = Rows.draw(rules, shape, transcript)
    transcript.absorb(points[3] + points[4])
    t, c = transcript.challenges()
    gammas = []
    for r in range(shape.rounds):
        transcript.absorb(points[5 + 2 * r] + points[6 + 2 * r])
        gammas.append(transcript.challenges()[0])
    transcript.absorb(last_message(statement, proof))
    return Draws(e, rows, t, c, tuple(gammas), *transcript.challenges())


def equation(
    generators: Generators[PointT],
    statement: RangeStatement,
    proof: RangeProof,
    rules: Rules | None = None,
    total: tuple[int, int] | None = None,
) -> list[tuple[int, PointT]]:
    """Scalars and points that must cancel. `total` replaces the statement's by any integers mod N."""
    rules = rules or Rules()
    shape, kind = statement.shape, generators.bases.kind
    ch = draw(rules, statement, proof)
    rows, t, rounds, width = ch.rows, ch.t, shape.rounds, len(rules.powers)
    sent = [-int.from_bytes(scalar, "big") % N for scalar in proof.scalars]
    n, el, (s1, s2) = sent[: shape.digits], sent[shape.digits : -2], sent[-2:]
    if len(el) != rules.linear(shape):
        raise AssertionError("the proof was made under other rules")

    # every folded generator written out: which challenges an entry of the long vectors is multiplied by
    forms = rows.forms(rules, shape, ch.e)
    on_g, on_h = [1] * shape.slots, [1] * width
    for r, gamma in enumerate(ch.gammas):
        for j in range(shape.m):
            if j >> (rounds - 1 - r) & 1:
                for k in range(shape.digits):
                    on_g[j * shape.digits + k] *= gamma
        for i in range(width):
            if r < rules.linear_rounds(shape) and i >> (2 - r) & 1:
                on_h[i] *= gamma
    value = 0
    for k, entry in enumerate(n):
        column = range(k, shape.slots, shape.digits)
        form = sum(on_g[i] * pow(t, power, N) * row[i] for i in column for power, row in forms.items())
        value += rows.w[k] * entry * entry + form * entry
    for i, power in enumerate(rules.powers):
        value += rows.y * pow(t, power, N) * on_h[i] * el[i % len(el)]
    on_g = [factor * n[i % shape.digits] for i, factor in enumerate(on_g)]
    on_h = [factor * el[i % len(el)] for i, factor in enumerate(on_h)]

    on_a = 2 * pow(t, 3, N) * sum(rows.w) - value
    on_v = [2 * pow(t, 3, N) * lam for lam in rows.lam]
    on_points = ch.of_points(rounds)
    on_h0 = -on_h[0]
    if rules.opening_row:
        on_a -= ch.eta * s1
        on_h0 -= ch.eta * s2
        on_v = [old + ch.eta * ch.c * lam for old, lam in zip(on_v, rows.lam, strict=True)]
    else:
        on_points[4] = 0
    opened = total
    if statement.total is not None and total is None:
        opened = (statement.total.value, statement.total.blinding.value)
    if opened is not None and rules.total_row:
        on_a += ch.theta * opened[0]
        on_h0 += ch.theta * opened[1]
        on_v = [old - ch.theta for old in on_v]

    points = [kind.from_bytes_checked(point) for point in (*proof.points, *statement.commitments)]
    base = generators.bases
    scalars = [*(-a for a in on_g), *(-a for a in on_h[1:]), on_a, on_h0, *on_points, *on_v]
    all_points = [*generators.vector, *linear_points(generators, rules)[1:], base.value, base.blinding, *points]
    return [(scalar % N, point) for scalar, point in zip(scalars, all_points, strict=True)]


def accepts(
    generators: Generators[PointT],
    statement: RangeStatement,
    proof: RangeProof,
    rules: Rules | None = None,
    total: tuple[int, int] | None = None,
) -> bool:
    """Under weakened rules."""
    made = equation(generators, statement, proof, rules, total)
    return combine(generators.bases.kind, [scalar for scalar, _ in made], [point for _, point in made]).is_infinity()


def verdict(
    generators: Generators[PointT],
    statement: RangeStatement,
    proof: RangeProof,
    new: NewTranscript | None = None,
) -> Check | None:
    """Of our verifier: the check that failed, None if it accepts."""
    try:
        if new is None:
            verify(generators, statement, proof)
        else:
            verify(generators, statement, proof, new)
    except ProofRejected as rejected:
        return rejected.check
    return None
