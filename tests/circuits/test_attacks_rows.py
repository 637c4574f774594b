"""Each constraint has a weight of its own: where two share one, or a row is missing, a false witness fits."""

from dataclasses import replace
from random import Random

import pytest

from circuits.group import LibPoint
from circuits.range_equation import Check, Weights
from circuits.scalar import N
from circuits.shape import MONEY, USAGE, Shape, generators
from tests.circuits.cheating import PAPER_POWERS, Forgery, Plan, Rows, Rules, count, forge, plan, reciprocals
from tests.circuits.hostile_transcripts import OneHalf, OneIndex, Programmed
from tests.circuits.naive import accepts, verdict
from tests.circuits.toy_group import rank

ONE, FOUR = USAGE[1], USAGE[4]
BASE = generators(LibPoint, ONE.slots)


def rejected_by_ours_alone(forged: Forgery, rules: Rules) -> bool:
    """The weak verifier takes it. Ours, whose transcript is the same, does not."""
    base = generators(LibPoint, forged.statement.shape.slots)
    return (
        accepts(base, forged.statement, forged.proof, rules)
        and verdict(base, forged.statement, forged.proof) is Check.EQUATION
    )


# Which monomials the constraints have -------------------------------------------------------------------------------


def drawn(rng: Random, rounds: int) -> list[tuple[int, int]]:
    return [(rng.randrange(1, 2**128), rng.randrange(1, 2**128)) for _ in range(2 + rounds)]


def monomials(shape: Shape, pairs: list[tuple[int, int]], rules: Rules | None, junk: bool) -> list[int]:
    """Values of all constraints' weights: digits, membership, linear part, values; with junk, lam_j * w_i, too.

    Ours come from circuits.range_equation, weak ones from the rules.
    """
    transcript = Programmed({}, pairs, bytes(32), bytes(32))
    if rules is None:
        ours = Weights.of(transcript, shape.rounds)
        x, y, w, lam = ours.x, ours.y, ours.slot_weights(shape.digits), ours.value_weights()
    else:
        rows = Rows.draw(rules, shape, transcript)
        x, y, w, lam = rows.x, rows.y, list(rows.w), list(rows.lam)
    return [*w, x, y, *lam, *(a * b % N for a in lam for b in w if junk)]


def deficit(shape: Shape, rules: Rules | None, junk: bool) -> int:
    """Monomials that are not alone. Different ones have different values at a random point, but for chance 2^-120;
    and different monomials are linearly independent, so this is what the rank of their matrix lacks."""
    values = monomials(shape, drawn(Random(7), shape.rounds), rules, junk)
    return len(values) - len(set(values))


@pytest.mark.parametrize(
    "shape", [*USAGE.values(), *MONEY.values()], ids=lambda shape: f"m={shape.m}, {shape.digits} digits"
)
def test_no_two_constraints_share_a_weight(shape: Shape) -> None:
    assert deficit(shape, None, junk=True) == 0
    assert deficit(shape, Rules(), junk=True) == 0
    # exponents from 0 and lam_0 = 1: slot (0, 0) and value 0 share the weight 1
    assert deficit(shape, Rules(first_exponent=0, scaled=False), junk=False) == 1
    # either alone keeps them apart
    assert deficit(shape, Rules(first_exponent=0), junk=False) == 0
    assert deficit(shape, Rules(scaled=False), junk=False) == 0
    # but with lam_0 = 1 a commitment's coordinate on G_i weighs as digit i does, for every slot
    assert deficit(shape, Rules(scaled=False), junk=True) == shape.slots


RANKED = [
    *((USAGE[m], junk) for m, junk in ((1, False), (1, True), (4, False), (4, True), (16, False), (32, False))),
    (USAGE[64], False),
    *((MONEY[m], junk) for m, junk in ((1, False), (1, True), (4, False), (4, True), (16, False), (32, False))),
]


@pytest.mark.parametrize(
    ("shape", "junk"), RANKED, ids=[f"m={shape.m}, {shape.digits} digits, {junk}" for shape, junk in RANKED]
)
def test_the_matrix_of_weights_has_full_rank(shape: Shape, junk: bool) -> None:
    """The same by linear algebra: as many random draws as constraints."""
    rng = Random(shape.m)
    size = len(monomials(shape, drawn(rng, shape.rounds), None, junk))
    assert size == shape.slots + shape.m + 2 + (shape.slots * shape.m if junk else 0)
    draws = [drawn(rng, shape.rounds) for _ in range(size)]
    assert rank([monomials(shape, pairs, None, junk) for pairs in draws]) == size
    naive = Rules(first_exponent=1 if junk else 0, scaled=False)
    lost = shape.slots if junk else 1
    assert rank([monomials(shape, pairs, naive, junk) for pairs in draws]) == size - lost


# Forgeries where a weight is shared or a row is gone -----------------------------------------------------------------


@pytest.mark.parametrize("shape", [ONE, USAGE[16]])
@pytest.mark.parametrize("value", [N - 4_999_993, 1_000_000_007])
def test_colliding_weights_of_a_digit_and_a_value(shape: Shape, value: int) -> None:
    """With weight 1 for both, the first digit's reciprocal makes up for any value, and a multiplicity for that."""
    values = [value, *range(1, shape.m)]
    wrong = plan(shape, values, [0, *values[1:]])
    multiplicities = list(wrong.multiplicities)
    multiplicities[shape.table[0]] += value

    def too_large(e: int) -> list[int]:
        first, *rest = reciprocals(e, wrong.digits)
        return [first * (1 + value) % N, *rest]

    cheat = replace(wrong, multiplicities=tuple(multiplicities), reciprocals=too_large)
    base = generators(LibPoint, shape.slots)
    for first_exponent in (0, 1):
        for scaled in (False, True):
            rules = Rules(first_exponent=first_exponent, scaled=scaled)
            forged = forge(base, shape, cheat, rules)
            broken = not first_exponent and not scaled
            assert accepts(base, forged.statement, forged.proof, rules) is broken
            assert verdict(base, forged.statement, forged.proof) is Check.EQUATION


def test_the_linear_rows_own_weight() -> None:
    """lM_3 meets t^3 as a value does; alone, or with lD_2 and lR_1, it must be 0."""
    for name, i in (("M", 3), ("D", 2), ("R", 1)):
        value = 10**12
        cheat = replace(plan(ONE, [value], [0]), extra={(name, i): 2 * value})
        naive = Rules(linear_row=False, scaled=False)
        assert rejected_by_ours_alone(forge(BASE, ONE, cheat, naive), naive)
        assert verdict_of(cheat) is Check.EQUATION
        # z keeps the value apart even then
        forged = forge(BASE, ONE, cheat, Rules(linear_row=False))
        assert not accepts(BASE, forged.statement, forged.proof, Rules(linear_row=False))
    honest = plan(ONE, [7])
    assert verdict_of(replace(honest, extra={("M", 3): 5})) is Check.EQUATION
    assert verdict_of(replace(honest, extra={("M", 3): 5, ("R", 1): -5})) is None  # harmless: they meet and cancel


def verdict_of(cheat: Plan, shape: Shape = ONE) -> Check | None:
    forged = forge(generators(LibPoint, shape.slots), shape, cheat)
    return verdict(generators(LibPoint, shape.slots), forged.statement, forged.proof)


def test_without_set_membership_any_digit_passes() -> None:
    naive = Rules(membership=False)
    for value in (ONE.bound, 10**9, N - 1):
        cheat = Plan((value,), (value, *[0] * 7), (8, *[0] * 7))
        assert rejected_by_ours_alone(forge(BASE, ONE, cheat, naive), naive)
        assert verdict_of(cheat) is Check.EQUATION


def test_one_weight_for_all_digits_of_a_value() -> None:
    """Two digits' reciprocals then make up for each other, and multiplicities of 0 for both."""
    value = N - 5
    digits = (value, *[0] * 7)

    def shifted(e: int) -> list[int]:
        # r_0 = 0 and r_1 = 2/e: the sum of (d_i + e)*r_i is eight and that of r_i is 8/e, though d_0 is no digit
        first, second, *rest = reciprocals(e, [0] * 8)
        return [0, (first + second) % N, *rest]

    cheat = Plan((value,), digits, (8, *[0] * 7), shifted)
    naive = Rules(flat=True)
    assert rejected_by_ours_alone(forge(BASE, ONE, cheat, naive), naive)
    assert verdict_of(cheat) is Check.EQUATION


def test_x_and_y_from_one_half_of_a_hash() -> None:
    """lR_1 is chosen after e, so it can make up for the membership row, if y weighs as x does."""
    value = N - 5
    cheat = Plan((value,), (value, *[0] * 7), (8, *[0] * 7))

    def attack(rules: Rules) -> Forgery:
        e = forge(BASE, ONE, cheat, rules).draws.e
        miss = 8 * pow(e, -1, N) - sum(reciprocals(e, cheat.digits))
        return forge(BASE, ONE, replace(cheat, extra={("R", 1): -2 * miss % N}), rules)

    forged = attack(Rules(OneHalf))
    assert verdict(BASE, forged.statement, forged.proof, OneHalf) is None
    for made in (forged, attack(Rules())):
        assert verdict(BASE, made.statement, made.proof) is Check.EQUATION


@pytest.mark.parametrize("shape", [FOUR, USAGE[16]], ids=lambda shape: f"m={shape.m}")
def test_values_1_and_2_weighed_alike(shape: Shape) -> None:
    """v_0 = v_1: what one of them has too much the other may lack, and the total is right."""
    values = [j * 10 for j in range(shape.m)]
    values[1], values[2] = N - 5, 35
    cheat = plan(shape, values, [0, 0, 30, *values[3:]])
    base = generators(LibPoint, shape.slots)
    forged = forge(base, shape, cheat, Rules(OneIndex), opened=True)
    assert verdict(base, forged.statement, forged.proof, OneIndex) is None
    for made in (forged, forge(base, shape, cheat, opened=True)):
        assert verdict(base, made.statement, made.proof) is Check.EQUATION


def test_digit_b_with_a_multiplicity_on_slot_b() -> None:
    """m = 1 has eight slots and six digit values: the slots behind the table stand for nothing."""
    for digit in (6, 7):
        for k in (0, 7):
            digits = [0] * 8
            digits[k] = digit
            multiplicities = [0] * 8
            multiplicities[0], multiplicities[digit] = 7, 1
            value = digit * ONE.weights[k]
            cheat = Plan((value,), tuple(digits), tuple(multiplicities))
            naive = Rules(whole_table=True)
            assert rejected_by_ours_alone(forge(BASE, ONE, cheat, naive), naive)
            assert verdict_of(cheat) is Check.EQUATION
    # a multiplicity there beside right ones counts for nothing, as it should
    assert verdict_of(replace(plan(ONE, [0]), multiplicities=(8, 0, 0, 0, 0, 0, 3, N - 3))) is None


def test_the_table_has_a_slot_for_each_digit() -> None:
    for shape in (*USAGE.values(), *MONEY.values()):
        assert len(set(shape.table)) == shape.base
        assert set(shape.table) <= set(range(shape.slots))


def wrong_witnesses(shape: Shape) -> list[Plan]:
    """Values in range, one thing wrong at a time."""
    honest = plan(shape, [77 + j for j in range(shape.m)])
    found = []
    for slot in {0, shape.table[1], shape.table[shape.base - 1], shape.slots - 1}:
        if slot in shape.table:  # a multiplicity one too high, or moved
            more = [a + (i == slot) for i, a in enumerate(honest.multiplicities)]
            found.append(replace(honest, multiplicities=tuple(more)))
            moved = [a - (i == shape.table[0]) for i, a in enumerate(more)]
            found += [replace(honest, multiplicities=tuple(moved))] if slot != shape.table[0] else []
        for change in (1, N - 1):  # a digit with all that follows from it, but not the value
            digits = tuple((d + change * (i == slot)) % N for i, d in enumerate(honest.digits))
            found.append(replace(honest, digits=digits, multiplicities=count(shape, digits)))

        def off(e: int, slot: int = slot) -> list[int]:
            return [r + (i == slot) for i, r in enumerate(reciprocals(e, honest.digits))]

        def zero(e: int, slot: int = slot) -> list[int]:
            return [0 if i == slot else r for i, r in enumerate(reciprocals(e, honest.digits))]

        found += [replace(honest, reciprocals=off), replace(honest, reciprocals=zero)]
    return found


@pytest.mark.parametrize(
    "shape",
    [ONE, FOUR, USAGE[16], MONEY[1], MONEY[4]],
    ids=lambda shape: f"m={shape.m}, {shape.digits} digits",
)
def test_anything_wrong_in_the_witness_is_found(shape: Shape) -> None:
    cheats = wrong_witnesses(shape)
    assert len(cheats) > 10
    assert [verdict_of(cheat, shape) for cheat in cheats] == [Check.EQUATION] * len(cheats)
    assert verdict_of(plan(shape, [77 + j for j in range(shape.m)]), shape) is None


def test_a_longer_l_is_another_protocol() -> None:
    """The paper's seven entries prove the same of well-formed commitments; the rest is in test_attacks_commitments."""
    rules = Rules(powers=PAPER_POWERS)
    forged = forge(BASE, ONE, plan(ONE, [123_456]), rules)
    assert forged.error == 0
    assert accepts(BASE, forged.statement, forged.proof, rules)
    assert verdict(BASE, forged.statement, forged.proof) is Check.LENGTH
