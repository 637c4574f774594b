"""Commitments with coordinates on other generators than A and H_0.

In the protocol as published they are not excluded, and a pair of them opens to a true sum of which one part is
negative. Here three things stand against it, and each is shown to suffice alone: the opening row, lam_0 = z, and an l
one entry shorter than in the paper, which leaves t^6 to nothing but squares of the junk.
"""

from dataclasses import replace
from functools import partial
from random import Random

import pytest

from circuits.generators import LIB
from circuits.group import LibPoint
from circuits.opening import sum_opens
from circuits.pedersen import Opening
from circuits.range_equation import Check
from circuits.scalar import N, Scalar
from circuits.shape import USAGE, Shape, generators
from tests.circuits.cheating import PAPER_POWERS, Forgery, Plan, Rules, count, forge, plan, reciprocals
from tests.circuits.hostile_transcripts import Programmed
from tests.circuits.naive import accepts, verdict

ONE, FOUR = USAGE[1], USAGE[4]
BASE = generators(LibPoint, ONE.slots)
PUBLISHED = Rules(opening_row=False, scaled=False, powers=PAPER_POWERS)
DEFENCES = {
    "opening row": replace(PUBLISHED, opening_row=True),
    "lam_0 = z": replace(PUBLISHED, scaled=True),
    "short l": replace(PUBLISHED, powers=Rules().powers),
}


def negative_part(value: int) -> tuple[Plan, int]:
    """All digits zero but the first, which is the value itself: the junk nu on G_0 stands in for its reciprocal.

    2*mult_0*nu = 1 is what row 0 lacks with r_0 = 0. Returns nu, too.
    """
    nu = pow(14, -1, N)

    def without_the_first(e: int) -> list[int]:
        return [0, *reciprocals(e, [0] * 7)]

    multiplicities = (7, *[0] * 7)
    cheat = Plan((value % N,), (value % N, *[0] * 7), multiplicities, without_the_first, {(0, 0): nu})
    return cheat, nu


def counterpart(value: int, nu: int) -> Plan:
    """An honest value whose commitment carries -nu on G_0; its first reciprocal pays for that."""
    honest = plan(ONE, [value])
    first, zeros = honest.digits[0], honest.multiplicities[0]
    assert first
    assert zeros
    share = 1 + 2 * zeros * nu
    multiplicities = list(honest.multiplicities)
    multiplicities[first] += share - 1

    def first_scaled(e: int) -> list[int]:
        one, *rest = reciprocals(e, honest.digits)
        return [one * share % N, *rest]

    return replace(honest, multiplicities=tuple(multiplicities), reciprocals=first_scaled, junk_g={(0, 0): -nu % N})


def takes(forged: Forgery, rules: Rules) -> bool:
    base = generators(LibPoint, forged.statement.shape.slots)
    return accepts(base, forged.statement, forged.proof, rules)


def ours(forged: Forgery) -> Check | None:
    return verdict(generators(LibPoint, forged.statement.shape.slots), forged.statement, forged.proof)


def their_sum_opens(one: Forgery, two: Forgery, total: int) -> bool:
    points = [LibPoint.from_bytes_checked(forged.statement.commitments[0]) for forged in (one, two)]
    return sum_opens(LIB, points, Opening(total, Scalar((one.blindings[0] + two.blindings[0]) % N)))


def test_the_published_protocol_accepts_a_negative_part_of_an_opening_sum() -> None:
    cheat, nu = negative_part(-1000)
    negative = forge(BASE, ONE, cheat, PUBLISHED, seed=1)
    positive = forge(BASE, ONE, counterpart(3200, nu), PUBLISHED, seed=2)
    assert takes(negative, PUBLISHED)
    assert takes(positive, PUBLISHED)
    assert their_sum_opens(negative, positive, 2200)
    assert ours(forge(BASE, ONE, cheat)) is Check.EQUATION
    assert ours(forge(BASE, ONE, counterpart(3200, nu))) is Check.EQUATION


@pytest.mark.parametrize("rules", DEFENCES.values(), ids=DEFENCES.keys())
def test_each_defence_alone_rejects_the_pair(rules: Rules) -> None:
    cheat, nu = negative_part(-1000)
    assert not takes(forge(BASE, ONE, cheat, rules), rules)
    assert not takes(forge(BASE, ONE, counterpart(3200, nu), rules), rules)
    assert takes(forge(BASE, ONE, plan(ONE, [3200]), rules), rules)  # honest ones pass under the same rules


@pytest.mark.parametrize("nu", [1, N - 1, 2**200])
@pytest.mark.parametrize("slot", [0, 5, 6, 7])
def test_any_coordinate_on_a_vector_generator_is_found_without_the_opening_row(slot: int, nu: int) -> None:
    """Also where no digit is counted (6, 7 are behind the table): t^6 holds w_i*(2*lam*nu)^2 and nothing to meet it."""
    junk = replace(plan(ONE, [0]), junk_g={(0, slot): nu})
    uncounted = slot != 0
    longer = Rules(opening_row=False, powers=PAPER_POWERS)
    assert takes(forge(BASE, ONE, junk, longer), longer) is uncounted
    assert not takes(forge(BASE, ONE, junk, Rules(opening_row=False)), Rules(opening_row=False))
    assert ours(forge(BASE, ONE, junk)) is Check.EQUATION


LINEAR_JUNK = {
    1: Rules(opening_row=False),
    2: Rules(opening_row=False),
    3: Rules(opening_row=False, powers=PAPER_POWERS),
    4: Rules(opening_row=False, scaled=False),
    5: Rules(opening_row=False, scaled=False, powers=PAPER_POWERS),
}


@pytest.mark.parametrize(("i", "rules"), LINEAR_JUNK.items())
def test_a_pair_with_h_times_h_i_and_minus_that(i: int, rules: Rules) -> None:
    """Both values are in range, but neither commitment can ever be opened alone. The weak rules differ by i: where the
    junk meets t^8 or t^9, R can only cancel it if lam_0 is known before."""
    h = 987_654_321

    def part(value: int, sign: int) -> Plan:
        extra = {("R", i + 1): -2 * sign * h} if i > 3 else {}
        return replace(plan(ONE, [value]), junk_h={(0, i): sign * h % N}, extra=extra)

    one, two = forge(BASE, ONE, part(5, 1), rules, seed=3), forge(BASE, ONE, part(9, -1), rules, seed=4)
    assert takes(one, rules)
    assert takes(two, rules)
    assert their_sum_opens(one, two, 14)
    for sign in (1, -1):
        made = part(5, sign)
        assert ours(forge(BASE, ONE, replace(made, extra={}))) is Check.EQUATION
        if i < 5:  # R has no coordinate on H_6
            assert ours(forge(BASE, ONE, made)) is Check.EQUATION
    only_ours = Rules(opening_row=False)
    plain = forge(BASE, ONE, replace(part(5, 1), extra={}), only_ours)
    assert takes(plain, only_ours) is (i < 3)  # which is why the opening row has to stay


@pytest.mark.parametrize("shape", [FOUR, USAGE[16]], ids=lambda shape: f"m={shape.m}")
@pytest.mark.parametrize("on_h", [False, True])
def test_junk_that_cancels_in_the_weighted_sum(shape: Shape, on_h: bool) -> None:
    """lam_0*j_0 + lam_1*j_1 = 0 for known lam: the weights must come after the commitments."""
    rng = Random(11)
    pairs = [(rng.randrange(1, 2**128), rng.randrange(1, 2**128)) for _ in range(2 + shape.rounds)]
    base, ratio = generators(LibPoint, shape.slots), pow(pairs[2][1], -1, N)  # lam_0/lam_1 = 1/v_0
    junk = {(0, 1): 55, (1, 1): -55 * ratio % N}
    honest = plan(shape, [j * 1000 for j in range(shape.m)])
    cheat = replace(honest, junk_h=junk) if on_h else replace(honest, junk_g=junk)
    oracle = partial(Programmed, {}, pairs)
    forged = forge(base, shape, cheat, Rules(oracle))
    assert verdict(base, forged.statement, forged.proof, oracle) is None
    assert verdict(base, forged.statement, forged.proof) is Check.EQUATION
    assert ours(forge(base, shape, cheat)) is Check.EQUATION


def test_k_that_guesses_c() -> None:
    """K = k_1*A + k_2*H_0 - c*lam*junk is right for one c in 2^128."""
    for junk in ({(0, 1): 3}, {(0, 2): N - 3}):
        cheat = replace(plan(ONE, [5]), junk_h=junk, guess=12_345)
        oracle = partial(Programmed, {3: (999, 12_345)}, [])
        forged = forge(BASE, ONE, cheat, Rules(oracle))
        assert verdict(BASE, forged.statement, forged.proof, oracle) is None
        other = partial(Programmed, {3: (999, 12_346)}, [])
        assert ours(forge(BASE, ONE, cheat, Rules(other))) is Check.EQUATION
        assert ours(forge(BASE, ONE, cheat)) is Check.EQUATION


def test_k_that_guesses_c_for_a_coordinate_on_g_0() -> None:
    """The negative part above, under rules with the opening row but without the other two defences."""
    cheat, _ = negative_part(-1000)
    guessed = replace(cheat, guess=12_345)
    for c in (12_345, 12_346):
        rules = replace(PUBLISHED, opening_row=True, new=partial(Programmed, {3: (999, c)}, []))
        assert takes(forge(BASE, ONE, guessed, rules), rules) is (c == 12_345)
    assert ours(forge(BASE, ONE, guessed)) is Check.EQUATION


def test_digits_are_counted_only_where_they_are_in_the_table() -> None:
    """Of the tools above, so that a cheat's multiplicities are what it claims."""
    assert count(ONE, [0, 0, 5, 6, N - 1, 3, 3, 3]) == (2, 0, 0, 3, 0, 1, 0, 0)
