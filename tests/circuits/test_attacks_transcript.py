"""Everything is hashed, and hashed before the challenge that depends on it: forget one item, or draw one challenge
early, and any value can be proved."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest

from circuits.group import LibPoint
from circuits.pedersen import Opening
from circuits.range_equation import Check, RangeProof, RangeStatement, terms, verify
from circuits.scalar import N, Scalar
from circuits.shape import USAGE, Shape, generators
from circuits.transcript import HashTranscript, NewTranscript
from tests.circuits.cheating import Forgery, Plan, Rules, forge, plan, reciprocals
from tests.circuits.hostile_transcripts import Forgetful, Late
from tests.circuits.naive import accepts, draw, equation, verdict

ONE, FOUR = USAGE[1], USAGE[4]
TOO_MUCH = 10**9 + 7
BELOW_ZERO = N - 1000
A: LibPoint = generators(LibPoint, 1).bases.value


def false_proof(shape: Shape, new: NewTranscript, opened: bool = False) -> Forgery:
    """Of a value far out of range, with the digits of 5. It misses by a known multiple of A."""
    values = [TOO_MUCH, *range(1, shape.m)]
    forged = forge(
        generators(LibPoint, shape.slots), shape, plan(shape, values, [5, *values[1:]]), Rules(new), opened=opened
    )
    assert forged.error
    assert verdict(generators(LibPoint, shape.slots), forged.statement, forged.proof, new) is Check.EQUATION
    return forged


def moved(encoded: bytes, by: int) -> bytes:
    """The point plus a multiple of A."""
    return (LibPoint.from_bytes_checked(encoded) + A * Scalar(by % N)).to_bytes()


def with_point(proof: RangeProof, index: int, point: bytes) -> RangeProof:
    return replace(proof, points=(*proof.points[:index], point, *proof.points[index + 1 :]))


def with_scalar(proof: RangeProof, index: int, by: int) -> RangeProof:
    """`by` is added to the scalar that is sent."""
    scalars = list(proof.scalars)
    scalars[index] = ((int.from_bytes(scalars[index], "big") + by) % N).to_bytes(32, "big")
    return replace(proof, scalars=tuple(scalars))


def repair_point(shape: Shape, forged: Forgery, index: int) -> tuple[RangeStatement, RangeProof]:
    scalar = forged.draws.of_points(shape.rounds)[index]
    return forged.statement, with_point(
        forged.proof, index, moved(forged.proof.points[index], -forged.error * pow(scalar, -1, N))
    )


def test_the_weakened_verifier_with_full_rules_is_ours_term_by_term() -> None:
    for m in (1, 4, 16):
        for opened in (False, True):
            shape = USAGE[m]
            base = generators(LibPoint, shape.slots)
            honest = forge(base, shape, plan(shape, [j * 65_535 for j in range(m)]), opened=opened)
            ours = terms(base, honest.statement, honest.proof)
            assert equation(base, honest.statement, honest.proof) == list(zip(ours.scalars, ours.points, strict=True))
            assert honest.error == 0
            verify(base, honest.statement, honest.proof)


POINTS = ["M", "D", "R", "S", "K", "X_0", "Y_0", "X_1", "Y_1"]


@pytest.mark.parametrize("index", range(len(POINTS)), ids=POINTS)
def test_a_transcript_that_forgets_a_point_lets_it_repair_the_equation(index: int) -> None:
    step, first = [(1, 0), (1, 33), (2, 0), (3, 0), (3, 33), (4, 0), (4, 33), (5, 0), (5, 33)][index]
    forgetful = partial(Forgetful, step, first, first + 33)
    base = generators(LibPoint, FOUR.slots)
    statement, proof = repair_point(FOUR, false_proof(FOUR, forgetful), index)
    assert verdict(base, statement, proof, forgetful) is None
    assert verdict(base, statement, proof) is Check.EQUATION
    assert verdict(base, *repair_point(FOUR, false_proof(FOUR, HashTranscript), index)) is Check.EQUATION


@pytest.mark.parametrize("j", range(4))
@pytest.mark.parametrize("opened", [False, True])
def test_a_transcript_that_forgets_a_commitment_lets_it_move_out_of_range(j: int, opened: bool) -> None:
    base = generators(LibPoint, FOUR.slots)

    def attack(new: NewTranscript) -> tuple[RangeStatement, RangeProof]:
        forged = false_proof(FOUR, new, opened)
        ch = forged.draws
        scalar = (2 * ch.t**3 + ch.eta * ch.c) * ch.rows.lam[j] - (ch.theta if opened else 0)
        commitments = list(forged.statement.commitments)
        commitments[j] = moved(commitments[j], -forged.error * pow(scalar, -1, N))
        return replace(forged.statement, commitments=tuple(commitments)), forged.proof

    forgetful = partial(Forgetful, 0, 5 + 38 * j + 5, 5 + 38 * (j + 1))
    assert verdict(base, *attack(forgetful), forgetful) is None
    assert verdict(base, *attack(forgetful)) is Check.EQUATION
    assert verdict(base, *attack(HashTranscript)) is Check.EQUATION


def scalar_span(index: int) -> tuple[int, int]:
    """Where the last message has scalar `index`."""
    return 5 + 37 * index + 5, 5 + 37 * (index + 1)


@pytest.mark.parametrize("shape", [ONE, FOUR])
def test_eta_without_s1(shape: Shape) -> None:
    base = generators(LibPoint, shape.slots)

    def attack(new: NewTranscript) -> tuple[RangeStatement, RangeProof]:
        forged = false_proof(shape, new)
        by = -forged.error * pow(forged.draws.eta, -1, N)
        return forged.statement, with_scalar(forged.proof, shape.scalars - 2, by)

    forgetful = partial(Forgetful, 4 + shape.rounds, *scalar_span(shape.scalars - 2))
    assert verdict(base, *attack(forgetful), forgetful) is None
    assert verdict(base, *attack(forgetful)) is Check.EQUATION
    assert verdict(base, *attack(HashTranscript)) is Check.EQUATION


def off_on_h0(new: NewTranscript) -> tuple[Forgery, int]:
    """The error shifted from A to H_0: l_0 is set so that A fits. Returns by how much H_0 misses."""
    forged = false_proof(ONE, new, opened=True)
    l0 = forged.error * forged.draws.t * pow(forged.draws.rows.y, -1, N)
    proof = with_scalar(forged.proof, ONE.digits, -l0)
    return replace(forged, proof=proof, draws=draw(Rules(new), forged.statement, proof)), -l0


def test_eta_without_s2() -> None:
    base = generators(LibPoint, ONE.slots)

    def attack(new: NewTranscript) -> tuple[RangeStatement, RangeProof]:
        forged, miss = off_on_h0(new)
        by = -miss * pow(forged.draws.eta, -1, N)
        return forged.statement, with_scalar(forged.proof, ONE.scalars - 1, by)

    forgetful = partial(Forgetful, 4, *scalar_span(ONE.scalars - 1))
    assert verdict(base, *attack(forgetful), forgetful) is None
    assert verdict(base, *attack(forgetful)) is Check.EQUATION
    assert verdict(base, *attack(HashTranscript)) is Check.EQUATION


def test_theta_without_the_blinding_of_the_total() -> None:
    base = generators(LibPoint, ONE.slots)

    def attack(new: NewTranscript) -> tuple[RangeStatement, RangeProof]:
        forged, miss = off_on_h0(new)
        total = forged.statement.total
        assert total is not None
        by = -miss * pow(forged.draws.theta, -1, N)
        false = Opening(total.value, total.blinding + Scalar(by % N))
        return replace(forged.statement, total=false), forged.proof

    end = 5 + 37 * ONE.scalars
    forgetful = partial(Forgetful, 4, end + 16, end + 48)
    assert verdict(base, *attack(forgetful), forgetful) is None
    assert verdict(base, *attack(forgetful)) is Check.EQUATION
    assert verdict(base, *attack(HashTranscript)) is Check.EQUATION


@pytest.mark.parametrize("shape", [ONE, FOUR])
def test_theta_without_the_total(shape: Shape) -> None:
    """The forgery needs a total of any size mod N; 16 bytes are a second obstacle."""
    base = generators(LibPoint, shape.slots)
    end = 5 + 37 * shape.scalars

    def attack(new: NewTranscript) -> tuple[Forgery, tuple[int, int]]:
        forged = false_proof(shape, new, opened=True)
        true = forged.statement.total
        assert true is not None
        value = (true.value - forged.error * pow(forged.draws.theta, -1, N)) % N
        return forged, (value, true.blinding.value)

    forgetful = partial(Forgetful, 4 + shape.rounds, end, end + 16)
    forged, false = attack(forgetful)
    assert accepts(base, forged.statement, forged.proof, Rules(forgetful), false)
    assert false[0] >= 2**128
    with pytest.raises(ValueError, match="committed value"):
        Opening(false[0], Scalar(false[1]))
    for new in (forgetful, HashTranscript):
        forged, false = attack(new)
        small = Opening(false[0] % 2**64, Scalar(false[1]))
        assert verdict(base, replace(forged.statement, total=small), forged.proof) is Check.EQUATION


def square_root(square: int) -> int | None:
    """Mod N (Tonelli and Shanks)."""
    if pow(square, (N - 1) // 2, N) != 1:
        return None
    odd, twos = N - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    other = next(z for z in range(2, 100) if pow(z, (N - 1) // 2, N) == N - 1)
    generator, root, rest = pow(other, odd, N), pow(square, (odd + 1) // 2, N), pow(square, odd, N)
    for power in range(twos - 2, -1, -1):
        if pow(rest, 2**power, N) != 1:
            root = root * generator % N
            rest = rest * generator * generator % N
        generator = generator * generator % N
    return root


def digits_after_e(e: int) -> Plan:
    """Any value, any digit: all zero but the first, and the multiplicity of 0 makes up for it."""
    digits = [BELOW_ZERO, *[0] * 7]
    return Plan((BELOW_ZERO,), tuple(digits), (e * sum(reciprocals(e, digits)) % N, *[0] * 7))


def only_digits_after_e(e: int) -> Plan:
    """M says eight zeros. Two digits, d_0 + 6*d_1 = v, are chosen so that 1/(d_0 + e) + 1/(d_1 + e) = 2/e."""
    for value in range(N - 2000, N - 1000):
        s = value + 7 * e
        root = square_root(((2 * s + 5 * e) ** 2 - 48 * s * e) % N)
        if root is not None:
            second = (2 * s + 5 * e + root) * pow(24, -1, N)
            digits = ((s - 6 * second - e) % N, (second - e) % N, *[0] * 6)
            return Plan((value,), digits, (8, *[0] * 7))
    raise AssertionError("no square among a thousand")


@pytest.mark.parametrize(
    ("late", "cheat"),
    [
        (partial(Late, 1, 0, 66), digits_after_e),
        (partial(Late, 1, 0, 33), digits_after_e),
        (partial(Late, 1, 33, 66), only_digits_after_e),
    ],
    ids=["before M and D", "before M", "before D"],
)
def test_e_drawn_before(late: NewTranscript, cheat: Callable[[int], Plan]) -> None:
    """The first is the order of a published implementation (distributed-lab/bp-pp, aadc96c)."""
    base = generators(LibPoint, ONE.slots)

    def attack(new: NewTranscript) -> Forgery:
        made = cheat(12345)
        for _ in range(40):  # until e belongs to the commitment, and D, if it is hashed, to e
            e = forge(base, ONE, made, Rules(new)).draws.e
            if (again := cheat(e)) == made:
                break
            made = again
        return forge(base, ONE, made, Rules(new))

    forged = attack(late)
    assert forged.error == 0
    assert verdict(base, forged.statement, forged.proof, late) is None
    assert verdict(base, forged.statement, forged.proof) is Check.EQUATION
    assert verdict(base, *statement_and_proof(attack(HashTranscript))) is Check.EQUATION


def statement_and_proof(forged: Forgery) -> tuple[RangeStatement, RangeProof]:
    return forged.statement, forged.proof


def test_weights_drawn_before_r() -> None:
    """One reciprocal then makes up for whatever the rows miss together."""
    base, wrong = generators(LibPoint, ONE.slots), plan(ONE, [BELOW_ZERO], [5])

    def attack(new: NewTranscript) -> Forgery:
        first = forge(base, ONE, wrong, Rules(new))
        ch = first.draws
        miss = first.error * pow(2 * ch.t**3, -1, N)
        by = miss * pow(ch.rows.w[0] * (wrong.digits[0] + ch.e) - ch.rows.x, -1, N)

        def repaired(e: int) -> list[int]:
            first, *rest = reciprocals(e, wrong.digits)
            return [(first + by) % N, *rest]

        return forge(base, ONE, replace(wrong, reciprocals=repaired), Rules(new))

    late = partial(Late, 2, 0, 33)
    assert verdict(base, *statement_and_proof(attack(late)), late) is None
    assert verdict(base, *statement_and_proof(attack(late))) is Check.EQUATION
    assert verdict(base, *statement_and_proof(attack(HashTranscript))) is Check.EQUATION


def test_c_drawn_before_k() -> None:
    """K then hides coordinates of a commitment that are none of its business (K = ... - c*lam*h*H_1)."""
    base, honest = generators(LibPoint, ONE.slots), plan(ONE, [5])
    junk = replace(honest, junk_h={(0, 1): 77})

    def attack(new: NewTranscript) -> Forgery:
        c = forge(base, ONE, junk, Rules(new)).draws.c
        return forge(base, ONE, replace(junk, guess=c), Rules(new))

    late = partial(Late, 3, 33, 66)
    assert verdict(base, *statement_and_proof(attack(late)), late) is None
    assert verdict(base, *statement_and_proof(attack(late))) is Check.EQUATION
    assert verdict(base, *statement_and_proof(attack(HashTranscript))) is Check.EQUATION


@pytest.mark.parametrize(
    ("shape", "step", "first", "index"),
    [(ONE, 3, 0, 3), (FOUR, 5, 0, 7), (FOUR, 5, 33, 8)],
    ids=["t before S", "gamma before X", "gamma before Y"],
)
def test_a_challenge_drawn_before_its_point(shape: Shape, step: int, first: int, index: int) -> None:
    base, late = generators(LibPoint, shape.slots), partial(Late, step, first, first + 33)
    statement, proof = repair_point(shape, false_proof(shape, late), index)
    assert verdict(base, statement, proof, late) is None
    assert verdict(base, statement, proof) is Check.EQUATION
