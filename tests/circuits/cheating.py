"""A range prover that commits to whatever it is told, and a verifier whose rules can be weakened.

Both (the verifier is in naive.py) are written from the specification, apart from circuits/, in plain loops. `Rules()`
is the protocol; every other value is a naive one that some test shows to be broken. Letters: circuits/README.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Final, Generic

from circuits.generators import PointT, hash_to_lift
from circuits.pedersen import Opening
from circuits.range_equation import RangeProof, RangeStatement
from circuits.scalar import N, Scalar
from circuits.shape import LINEAR_TAG, Generators, Shape
from circuits.transcript import HashTranscript, NewTranscript, Transcript, buffers

POWERS: Final = (-1, 1, 2, 3, 5, 6)
PAPER_POWERS: Final = (*POWERS, 7)
"""With one entry of l more, as in the paper, where the public shift is added to the vector."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What a verifier draws and checks."""

    new: NewTranscript = HashTranscript
    first_exponent: int = 1  # w_i = u^-(k + this) * ...
    scaled: bool = True  # lam_0 is z, otherwise 1
    opening_row: bool = True  # K + c*W = s1*A + s2*H_0
    total_row: bool = True
    powers: tuple[int, ...] = POWERS
    membership: bool = True  # x is drawn, otherwise 0
    linear_row: bool = True  # y is drawn, otherwise 1
    flat: bool = False  # all w_i of one value are equal
    whole_table: bool = False  # slots beyond the table stand for digits, too (for m = 1)

    def linear(self, shape: Shape) -> int:
        """Entries of l that are sent."""
        return max(8 >> shape.rounds, 1) if shape.rounds else len(self.powers)

    def linear_rounds(self, shape: Shape) -> int:
        return min(shape.rounds, 3)


@dataclass(frozen=True, slots=True)
class Rows:
    """Challenges of the third message and the weights made of them."""

    x: int
    y: int
    us: tuple[int, ...]
    w: tuple[int, ...]
    lam: tuple[int, ...]

    @classmethod
    def draw(cls, rules: Rules, shape: Shape, transcript: Transcript) -> Rows:
        x, y = transcript.derived(0)
        u, z = transcript.derived(1)
        pairs = [transcript.derived(2 + h) for h in range(shape.rounds)]
        w, lam = [], []
        for j in range(shape.m):
            value, slot = z if rules.scaled else 1, 1
            for h, (u_h, v_h) in enumerate(pairs):
                if j >> h & 1:
                    value, slot = value * v_h % N, slot * u_h % N
            lam.append(value)
            for k in range(shape.digits):
                exponent = 1 if rules.flat else k + rules.first_exponent
                w.append(pow(slot * pow(u, exponent, N), -1, N))
        us = tuple(pair[0] for pair in pairs)
        return cls(x if rules.membership else 0, y if rules.linear_row else 1, us, tuple(w), tuple(lam))

    def forms(self, rules: Rules, shape: Shape, e: int) -> dict[int, list[int]]:
        """The linear form on n by powers of t."""
        table = [0] * shape.slots
        slots = range(shape.slots) if rules.whole_table else shape.table
        for digit, slot in enumerate(slots):
            table[slot] = 2 * self.x * pow(e + digit, -1, N) % N
        values = [lam * b for lam in self.lam for b in shape.weights]
        return {1: [2 * (e * w - self.x) for w in self.w], 2: [2 * value for value in values], 3: table}


@dataclass(frozen=True, slots=True)
class Draws:
    """Every challenge of a proof."""

    e: int
    rows: Rows
    t: int
    c: int
    gammas: tuple[int, ...]
    eta: int
    theta: int

    def of_points(self, rounds: int) -> list[int]:
        """The scalars on M, D, R, S, K, X_0, Y_0, ... in the final equation."""
        scalars = [1, self.t, self.t**2, pow(self.t, -1, N), self.eta]
        for r, gamma in enumerate(self.gammas):
            scalars += [gamma, gamma**2 - self.rows.us[rounds - 1 - r]]
        return [scalar % N for scalar in scalars]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a cheating prover commits to; all integers mod N.

    `reciprocals` makes R of e, by default 1/(e + digit). `junk_g` and `junk_h` are coordinates of commitment j on G_i
    or H_i, by (j, i). `extra` is added to the linear coordinate i of "M", "D" or "R". `guess` is
    the c for which K hides the junk; `claim` is added to the total and its blinding.
    """

    values: tuple[int, ...]
    digits: tuple[int, ...]
    multiplicities: tuple[int, ...]
    reciprocals: Callable[[int], Sequence[int]] | None = None
    junk_g: Mapping[tuple[int, int], int] = field(default_factory=dict)
    junk_h: Mapping[tuple[int, int], int] = field(default_factory=dict)
    extra: Mapping[tuple[str, int], int] = field(default_factory=dict)
    guess: int = 0
    claim: tuple[int, int] = (0, 0)
    weak_blinding: bool = False


@dataclass(frozen=True, slots=True)
class Forgery:
    """A proof, and by how much its equation misses: the terms add up to error * A."""

    statement: RangeStatement
    proof: RangeProof
    draws: Draws
    blindings: tuple[int, ...]
    error: int


def count(shape: Shape, digits: Iterable[int]) -> tuple[int, ...]:
    """Multiplicities, each on its slot, of the digits that are in the table."""
    made = [0] * shape.slots
    for digit in digits:
        if 0 <= digit < shape.base:
            made[shape.table[digit]] += 1
    return tuple(made)


def plan(shape: Shape, committed: Sequence[int], proved: Sequence[int] | None = None, *, weak: bool = False) -> Plan:
    """Commitments to some values with the digits of others; honest if they are the same."""
    digits = [digit for value in (committed if proved is None else proved) for digit in shape.split(value)]
    return Plan(tuple(committed), tuple(digits), count(shape, digits), weak_blinding=weak)


def reciprocals(e: int, digits: Iterable[int]) -> list[int]:
    return [pow(e + digit, -1, N) for digit in digits]


def dot(left: Iterable[int], right: Iterable[int]) -> int:
    return sum(a * b for a, b in zip(left, right, strict=True)) % N


def combine(kind: type[PointT], scalars: Iterable[int], points: Iterable[PointT]) -> PointT:
    return kind.sum([point * Scalar(scalar % N) for scalar, point in zip(scalars, points, strict=True) if scalar % N])


def linear_points(generators: Generators[PointT], rules: Rules) -> list[PointT]:
    """H_0 to H_5, and H_6 where the rules have one."""
    lift = hash_to_lift(generators.bases.kind, LINEAR_TAG, 6)
    return [*generators.linear, lift.point * lift.x.inverse()][: len(rules.powers)]


def at(t: int, rows: Mapping[int, Sequence[int]]) -> list[int]:
    """Vectors by powers of t, added up."""
    columns = zip(*([pow(t, power, N) * entry for entry in row] for power, row in rows.items()), strict=True)
    return [sum(column) % N for column in columns]


@dataclass(frozen=True, slots=True)
class Relation(Generic[PointT]):
    """C = (|n|^2_w + <form, n> + <linear_form, l>)*A + <n, G> + <l, H>, to be folded."""

    n: list[int]
    form: list[int]
    g: list[PointT]
    l: list[int]  # noqa: E741 - the paper's letter
    linear_form: list[int]
    h: list[PointT]


def fold(
    generators: Generators[PointT], rules: Rules, shape: Shape, rows: Rows, relation: Relation[PointT], new: Transcript
) -> tuple[list[bytes], list[int], list[int], tuple[int, ...]]:
    """X and Y of all rounds, what is left of n and l, and the gammas."""
    kind, base = generators.bases.kind, generators.bases.value
    n, form, g = relation.n, relation.form, relation.g
    el, linear_form, h = relation.l, relation.linear_form, relation.h
    if shape.rounds:
        absent = 8 - len(el)
        el, linear_form, h = el + [0] * absent, linear_form + [0] * absent, h + [kind.infinity()] * absent
    sent: list[bytes] = []
    gammas = []
    for r in range(shape.rounds):
        om = pow(rows.us[shape.rounds - 1 - r], -1, N)
        half = len(n) // 2
        low, high = n[:half], [om * entry % N for entry in n[half:]]
        x = 2 * sum(w * a * b for w, a, b in zip(rows.w, low, high, strict=False))
        x += dot(form, high + low)
        y = sum(w * b * b for w, b in zip(rows.w, high, strict=False)) + dot(form[half:], high)
        on_x, on_y = list(zip(high + low, g, strict=True)), list(zip(high, g[half:], strict=True))
        quarter = len(el) // 2 if r < rules.linear_rounds(shape) else 0
        l_low, l_high = el[:quarter], [om * entry % N for entry in el[quarter : 2 * quarter]]
        if quarter:
            x += dot(linear_form, l_high + l_low)
            y += dot(linear_form[quarter:], l_high)
            on_x += zip(l_high + l_low, h, strict=True)
            on_y += zip(l_high, h[quarter:], strict=True)
        for on_a, pairs in ((x, on_x), (y, on_y)):
            point = combine(kind, [on_a, *(p[0] for p in pairs)], [base, *(p[1] for p in pairs)])
            sent.append(point.to_bytes())
        new.absorb(sent[-2] + sent[-1])
        gammas.append(new.challenges()[0])
        gamma = gammas[-1]
        n = [(a + gamma * b) % N for a, b in zip(low, high, strict=True)]
        form = [(a + gamma * b) % N for a, b in zip(form[:half], form[half:], strict=True)]
        g = [a + b * Scalar(gamma) for a, b in zip(g[:half], g[half:], strict=True)]
        if quarter:
            el = [(a + gamma * b) % N for a, b in zip(l_low, l_high, strict=True)]
            linear_form = [
                (a + gamma * b) % N for a, b in zip(linear_form[:quarter], linear_form[quarter:], strict=True)
            ]
            h = [a + b * Scalar(gamma) for a, b in zip(h[:quarter], h[quarter:], strict=True)]
    return sent, n, el, tuple(gammas)


def negated(scalars: Iterable[int]) -> tuple[bytes, ...]:
    """As they are sent."""
    return tuple((-scalar % N).to_bytes(32, "big") for scalar in scalars)


def statement_of(
    generators: Generators[PointT], shape: Shape, plan: Plan, blindings: Sequence[int], context: bytes, opened: bool
) -> RangeStatement:
    """The plan's commitments, and if it is to be opened their sum, plus what the plan adds to it."""
    base, commitments = generators.bases, []
    linear = linear_points(generators, Rules(powers=PAPER_POWERS))
    for j, (value, blinding) in enumerate(zip(plan.values, blindings, strict=True)):
        point = base.value * Scalar(value % N) + base.blinding * Scalar(blinding)
        for junk, points in ((plan.junk_g, generators.vector), (plan.junk_h, linear)):
            for (at_j, i), scalar in junk.items():
                if at_j == j:
                    point = point + points[i] * Scalar(scalar % N)
        commitments.append(point.to_bytes())
    value, blinding = (
        sum((*parts, more)) % N for parts, more in zip((plan.values, blindings), plan.claim, strict=True)
    )
    total = Opening(value, Scalar(blinding)) if opened else None
    return RangeStatement(shape, context, tuple(commitments), total)


def forge(
    generators: Generators[PointT],
    shape: Shape,
    plan: Plan,
    rules: Rules | None = None,
    *,
    seed: int = 1,
    context: bytes = bytes(32),
    opened: bool = False,
) -> Forgery:
    """Everything by the protocol but what the plan says; every power of t is cancelled that S can cancel."""
    rules, rng, base, kind = rules or Rules(), Random(seed), generators.bases, generators.bases.kind
    slots, width, h = shape.slots, len(rules.powers), linear_points(generators, rules)

    def take(many: int) -> list[int]:
        return [rng.randrange(1, N) for _ in range(many)]

    def commit(on_a: int, vector: Sequence[int], linear: Sequence[int]) -> bytes:
        return combine(kind, [on_a, *vector, *linear], [base.value, *generators.vector, *h]).to_bytes()

    blindings = take(shape.m)
    statement = statement_of(generators, shape, plan, blindings, context, opened)
    transcript = rules.new(shape.domain(opened), context)
    transcript.absorb(buffers(statement.commitments))

    linear: dict[int, list[int]] = {}
    for power, name, free in ((0, "M", (0, 1, 2, 4)), (1, "D", (0, 1, 3)), (2, "R", (0, 2, 3))):
        linear[power] = [value if i in free else 0 for i, value in enumerate(take(width))]
        for (row, i), value in plan.extra.items():
            if row == name:
                linear[power][i] = (linear[power][i] + value) % N
    if plan.weak_blinding:  # "simplest choice" of a published branch: lR = 0, lD only where t^3 and t^6 need it
        first = take(width)
        linear = {0: first, 1: [-first[i + 1] if i in (2, 4) else 0 for i in range(width)], 2: [0] * width}
    on_a = dict(enumerate(take(3)))
    vector: dict[int, Sequence[int]] = {0: plan.multiplicities, 1: plan.digits}
    points = [commit(on_a[0], vector[0], linear[0]), commit(on_a[1], vector[1], linear[1])]
    transcript.absorb(points[0] + points[1])
    e, _ = transcript.challenges()
    vector[2] = plan.reciprocals(e) if plan.reciprocals else reciprocals(e, plan.digits)
    points.append(commit(on_a[2], vector[2], linear[2]))
    transcript.absorb(points[2])
    rows = Rows.draw(rules, shape, transcript)

    vector[3], linear[3] = [0] * slots, [0] * width
    for (j, i), value in plan.junk_g.items():
        vector[3][i] += 2 * rows.lam[j] * value  # type: ignore[index]
    for (j, i), value in plan.junk_h.items():
        linear[3][i] += 2 * rows.lam[j] * value
    blinding, value = dot(rows.lam, blindings), dot(rows.lam, plan.values)
    linear[3][0] += 2 * blinding
    on_a[3] = 2 * value + 2 * sum(rows.w)
    vector[-1] = take(slots)
    forms = rows.forms(rules, shape, e)
    rest = residual(rules, rows, on_a, vector, forms, linear)
    linear[-1] = [rest.pop(power - 1, 0) * pow(rows.y, -1, N) % N for power in rules.powers]
    on_a[-1] = -rest.pop(-1)
    points.append(commit(on_a[-1], vector[-1], linear[-1]))
    k1, k2 = take(2)
    hidden = base.value * Scalar(k1) + base.blinding * Scalar(k2)
    for junk, bases in ((plan.junk_g, generators.vector), (plan.junk_h, tuple(h))):
        for (j, i), coordinate in junk.items():
            hidden = hidden - bases[i] * Scalar(plan.guess * rows.lam[j] * coordinate % N)
    points.append(hidden.to_bytes())
    transcript.absorb(points[3] + points[4])
    t, c = transcript.challenges()

    linear_form = [rows.y * pow(t, power, N) % N for power in rules.powers]
    relation = Relation(at(t, vector), at(t, forms), list(generators.vector), at(t, linear), linear_form, h)
    sent, n, el, gammas = fold(generators, rules, shape, rows, relation, transcript)
    proof = RangeProof((*points, *sent), negated([*n, *el, k1 + c * value, k2 + c * blinding]))
    transcript.absorb(last_message(statement, proof))
    eta, theta = transcript.challenges()
    error = sum(pow(t, power, N) * value for power, value in rest.items()) % N
    return Forgery(statement, proof, Draws(e, rows, t, c, gammas, eta, theta), tuple(blindings), error)


def residual(
    rules: Rules,
    rows: Rows,
    on_a: Mapping[int, int],
    vector: Mapping[int, Sequence[int]],
    forms: Mapping[int, Sequence[int]],
    linear: Mapping[int, Sequence[int]],
) -> dict[int, int]:
    """By powers of t: the coordinate on A less |n|^2_w + <form, n> + <linear_form, l>."""
    rest: dict[int, int] = defaultdict(int, on_a)
    for first, left in vector.items():
        weighted = [w * entry % N for w, entry in zip(rows.w, left, strict=True)]
        for second, right in vector.items():
            rest[first + second] -= dot(weighted, right)
        for second, form in forms.items():
            rest[first + second] -= dot(left, form)
    for first, entries in linear.items():
        for power, entry in zip(rules.powers, entries, strict=True):
            rest[first + power] -= rows.y * entry
    return {power: value % N for power, value in rest.items()}


def last_message(statement: RangeStatement, proof: RangeProof) -> bytes:
    opened = b""
    if statement.total is not None:
        opened = statement.total.value.to_bytes(16, "big") + statement.total.blinding.to_bytes()
    return buffers(proof.scalars) + opened
