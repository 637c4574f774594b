"""Values at and beyond the bound, false totals, and true proofs shown for another statement."""

import hashlib
from dataclasses import replace
from functools import partial
from itertools import permutations

import pytest

from circuits.generators import LIB
from circuits.group import LibPoint
from circuits.opening import sum_opens
from circuits.pedersen import Opening
from circuits.range_equation import Check, RangeProof, RangeStatement
from circuits.range_proof import prove
from circuits.scalar import N, Scalar
from circuits.shape import USAGE, Shape, generators
from circuits.transcript import HashTranscript, NewTranscript
from tests.circuits.cheating import Forgery, Plan, Rules, count, forge, plan
from tests.circuits.honest import proved
from tests.circuits.hostile_transcripts import NoTotal, OneHalf, Pair, Programmed, Unbound
from tests.circuits.naive import accepts, verdict

ONE, FOUR = USAGE[1], USAGE[4]


def ours(statement: RangeStatement, proof: RangeProof) -> Check | None:
    return verdict(generators(LibPoint, statement.shape.slots), statement, proof)


def judged(forged: Forgery) -> Check | None:
    return ours(forged.statement, forged.proof)


# Values --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("m", USAGE)
def test_the_bound_is_r_and_what_is_below_it_passes(m: int) -> None:
    shape = USAGE[m]
    assert shape.bound == 2**20
    edge = [0, shape.bound - 1, 1, shape.bound - 2][:m] + [shape.bound - 1] * (m - 4)
    for opened in (False, True):
        made = proved(shape, edge, opened=opened)
        assert ours(made.statement, made.proof) is None


def cheats(shape: Shape, value: int, at: int) -> list[Plan]:
    """What somebody might try who committed to a value out of range: `value` is commitment `at`."""
    values = [j * 100 for j in range(shape.m)]
    values[at] = value
    near = list(values)
    near[at] = min(value, shape.bound - 1) if value < N // 2 else 0
    close = plan(shape, values, near)
    found = [close]
    for k in (0, shape.digits - 1):  # one digit takes what is missing: out of the table, or off by a fraction
        slot = at * shape.digits + k
        missing = (value - near[at]) * pow(shape.weights[k], -1, N)
        digits = tuple((d + missing * (i == slot)) % N for i, d in enumerate(close.digits))
        found += [replace(close, digits=digits), replace(close, digits=digits, multiplicities=count(shape, digits))]
    return found


OUTSIDE = [2**20, 2**20 + 1, 2**32, N - 1, N - 1000, N // 2]


@pytest.mark.parametrize("value", OUTSIDE)
@pytest.mark.parametrize(("m", "at"), [(1, 0), (4, 0), (4, 3)])
def test_a_value_out_of_range(value: int, m: int, at: int) -> None:
    shape = USAGE[m]
    base = generators(LibPoint, shape.slots)
    tried = cheats(shape, value, at)
    naive = Rules(membership=False)  # digits need not be in the table
    taken = [forge(base, shape, cheat, naive) for cheat in tried]
    assert [accepts(base, f.statement, f.proof, naive) for f in taken] == [False, True, True, True, True]
    assert [judged(forge(base, shape, cheat)) for cheat in tried] == [Check.EQUATION] * 5
    if sum(tried[0].values) % N < 2**64:
        assert [judged(forge(base, shape, cheat, opened=True)) for cheat in tried] == [Check.EQUATION] * 5


def test_our_prover_does_not_even_try() -> None:
    made = proved(ONE, [5])
    for opening in (Opening(2**20, Scalar(3)), Opening(2**64 - 1, Scalar(3))):
        with pytest.raises(ValueError, match="outside"):
            prove(generators(LibPoint, 8), made.statement, [opening], bytes(32))


@pytest.mark.parametrize("m", [4, 16])
def test_minus_five_and_plus_five(m: int) -> None:
    """A sum that opens is not enough: here it does, with one usage negative."""
    shape = USAGE[m]
    base = generators(LibPoint, shape.slots)
    values = [N - 5, 305, *range(2, m)]
    true = sum(values) % N
    for near in ([0, 300], [0, 305]):
        forged = forge(base, shape, plan(shape, values, [*near, *range(2, m)]), opened=True)
        assert forged.statement.total == Opening(true, Scalar(sum(forged.blindings) % N))
        points = [LibPoint.from_bytes_checked(c) for c in forged.statement.commitments]
        assert sum_opens(LIB, points, forged.statement.total)
        assert judged(forged) is Check.EQUATION


@pytest.mark.parametrize("claim", [(1, 0), (-1, 0), (0, 1), (0, N - 1), (1, N - 1), (2**40, 0)])
@pytest.mark.parametrize("shape", [ONE, FOUR])
def test_a_false_total(shape: Shape, claim: tuple[int, int]) -> None:
    base = generators(LibPoint, shape.slots)
    cheat = replace(plan(shape, [1000 + j for j in range(shape.m)]), claim=claim)
    naive = Rules(total_row=False)  # the total is hashed, but its row left out
    forged = forge(base, shape, cheat, naive, opened=True)
    assert accepts(base, forged.statement, forged.proof, naive)
    assert judged(forged) is Check.EQUATION
    assert judged(forge(base, shape, replace(cheat, claim=(0, 0)), opened=True)) is None
    # changed afterwards
    made = proved(shape, [1000 + j for j in range(shape.m)], opened=True)
    total = made.statement.total
    assert total is not None
    false = Opening(total.value + claim[0], Scalar((total.blinding.value + claim[1]) % N))
    assert ours(replace(made.statement, total=false), made.proof) is Check.EQUATION


@pytest.mark.parametrize("shape", [ONE, FOUR])
def test_eta_and_theta_from_one_half_of_a_hash(shape: Shape) -> None:
    """A false total then hides behind a false s_1, off by as much."""
    base = generators(LibPoint, shape.slots)
    cheat = replace(plan(shape, [9] * shape.m), claim=(1000, 0))

    def attack(new: NewTranscript) -> tuple[RangeStatement, RangeProof]:
        forged = forge(base, shape, cheat, Rules(new), opened=True)
        scalars = list(forged.proof.scalars)
        scalars[-2] = ((int.from_bytes(scalars[-2], "big") - 1000) % N).to_bytes(32, "big")
        return forged.statement, replace(forged.proof, scalars=tuple(scalars))

    assert verdict(base, *attack(OneHalf), OneHalf) is None
    assert verdict(base, *attack(OneHalf)) is Check.EQUATION
    assert verdict(base, *attack(HashTranscript)) is Check.EQUATION


# Other statements ----------------------------------------------------------------------------------------------------


def constant(shape: Shape) -> Programmed:
    """Never hashes anything, and weighs all values alike."""
    answers: dict[int, Pair] = {step: (3 + step, 5 + step) for step in range(20)}
    weights = [(2, 3), (5, 7), *((11 + h, 1) for h in range(shape.rounds))]
    return Programmed(answers, weights, bytes(32), bytes(32))


def test_reordered_and_repeated_commitments() -> None:
    """Slots are dwellings: to swap two is to swap their bills."""
    made = proved(FOUR, [10, 20, 30, 40], opened=True)
    first, second, *rest = made.statement.commitments
    for order in permutations(made.statement.commitments):
        moved = replace(made.statement, commitments=order)
        assert ours(moved, made.proof) is (None if moved == made.statement else Check.EQUATION)
    for changed in ((first, first, *rest), (second, second, *rest), (first,) * 4):
        assert ours(replace(made.statement, commitments=changed), made.proof) is Check.EQUATION
    # a verifier that neither hashes nor weighs the places accepts the swap
    base = generators(LibPoint, FOUR.slots)

    def careless(domain: bytes, context: bytes) -> Programmed:
        return constant(FOUR)

    loose = proved(FOUR, [10, 20, 30, 40], opened=True, new=careless)
    swapped = replace(loose.statement, commitments=(second, first, *rest))
    assert verdict(base, swapped, loose.proof, careless) is None
    assert ours(swapped, loose.proof) is Check.EQUATION


FIELDS = {
    "chain": 0x80000000,
    "contract": "ST000.meter-data",
    "function": "submit-usage-batch",
    "submitter": "ST111",
    "zone": 7,
    "period": 3,
    "first block": 100,
    "last block": 106,
    "tariff version": 2,
    "evidence root": "aa" * 32,
    "authenticity": "0,0,64,0",
}


def context(fields: dict[str, object]) -> bytes:
    """As a contract makes it of everything a proof is for: a hash over named fields."""
    return hashlib.sha256(repr(sorted(fields.items())).encode()).digest()


OTHERS: dict[str, object] = {
    "chain": 1,
    "contract": "ST000.meter-data-v2",
    "function": "submit-usage-proof",
    "submitter": "ST112",
    "zone": 8,
    "period": 4,
    "first block": 99,
    "last block": 107,
    "tariff version": 3,
    "evidence root": "ab" * 32,
    "authenticity": "0,0,0,64",
}


@pytest.mark.parametrize("field", FIELDS)
def test_a_proof_replayed_in_another_context(field: str) -> None:
    here, there = context({**FIELDS}), context({**FIELDS, field: OTHERS[field]})
    base = generators(LibPoint, ONE.slots)
    made = proved(ONE, [500], opened=True, context=here)
    assert ours(made.statement, made.proof) is None
    assert ours(replace(made.statement, context=there), made.proof) is Check.EQUATION
    unbound = partial(Unbound, True)
    loose = proved(ONE, [500], opened=True, context=here, new=unbound)
    assert verdict(base, replace(loose.statement, context=there), loose.proof, unbound) is None
    assert ours(replace(loose.statement, context=there), loose.proof) is Check.EQUATION


def test_every_bit_of_the_context_counts() -> None:
    made = proved(ONE, [500])
    for bit in range(256):
        other = bytearray(32)
        other[bit // 8] ^= 1 << bit % 8
        assert ours(replace(made.statement, context=bytes(other)), made.proof) is Check.EQUATION
    for length in (0, 31, 33, 64):
        assert ours(replace(made.statement, context=bytes(length)), made.proof) is Check.LENGTH


def test_a_proof_of_variant_a_shown_as_b_and_the_other_way_round() -> None:
    base = generators(LibPoint, FOUR.slots)
    opened, plain = proved(FOUR, [1, 2, 3, 4], opened=True), proved(FOUR, [1, 2, 3, 4])
    assert opened.statement.commitments == plain.statement.commitments
    assert ours(plain.statement, opened.proof) is Check.EQUATION
    assert ours(opened.statement, plain.proof) is Check.EQUATION
    # where neither the domain nor the last message tells them apart, each passes as the other
    alike = partial(NoTotal, 5 + FOUR.rounds, 5 + 37 * FOUR.scalars)
    loose = proved(FOUR, [1, 2, 3, 4], opened=True, new=alike)
    assert verdict(base, loose.statement, loose.proof, alike) is None
    assert verdict(base, plain.statement, loose.proof, alike) is None
    assert ours(plain.statement, loose.proof) is Check.EQUATION


def test_a_proof_shown_for_another_shape_of_the_same_size() -> None:
    """Same generators, same lengths; other weights, or another base."""
    others = [
        Shape(1, (1, 2, 4, 8, 16, 32, 64, 128), 6),
        Shape(1, (1, 6, 36, 216, 1296, 7776, 46656, 153729), 6),
        Shape(1, (1, 2, 4, 8, 16, 32, 64, 128), 2),
        Shape(1, ONE.weights[:1] * 8, 8),
    ]
    made = proved(ONE, [0])
    for other in others:
        assert (other.points, other.scalars, other.slots) == (ONE.points, ONE.scalars, ONE.slots)
        assert ours(replace(made.statement, shape=other), made.proof) is Check.EQUATION
        again = proved(other, [0])
        assert ours(again.statement, again.proof) is None
        assert ours(replace(again.statement, shape=ONE), again.proof) is Check.EQUATION


def test_no_two_statements_begin_alike() -> None:
    shapes = [
        *USAGE.values(),
        Shape(1, (1, 2, 4, 8, 16, 32, 64, 128), 6),
        Shape(1, (1, 2, 4, 8, 16, 32, 64, 128), 2),
        Shape(2, (1, 2, 4, 8), 2),
        Shape(8, (1,), 2),
        Shape(4, (1, 2), 2),
    ]
    domains = {shape.domain(opened) for shape in shapes for opened in (False, True)}
    assert len(domains) == 2 * len(shapes)


def test_a_proof_for_m_values_shown_for_fewer_or_more() -> None:
    for m, other in ((1, 4), (4, 1), (4, 16), (16, 32)):
        made = proved(USAGE[m], [3] * m)
        commitments = (made.statement.commitments * other)[:other]
        statement = replace(made.statement, shape=USAGE[other], commitments=commitments)
        assert ours(statement, made.proof) is Check.LENGTH
