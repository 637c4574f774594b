"""privacy-proof: usage proofs, the kinds of `verify-proof`, and sums slot by slot."""

from __future__ import annotations

import random

import pytest

from circuits import hints, lists, usage
from circuits.generators import LIB, bases
from circuits.group import LibPoint
from circuits.opening import sum_openings
from circuits.pedersen import Opening, commit
from circuits.range_equation import RangeProof, RangeStatement
from circuits.reference import ReferencePoint
from circuits.scalar import EncodingError, N, P, Scalar
from circuits.shape import USAGE, generators
from circuits.usage import UsageProof
from tests.contracts.errors import error_name
from tests.contracts.privacy import CONTEXT, Proof, encoded, no_points, not_scalars, openings, points, refusal
from tests.contracts.settlement import MAX_USAGE, added, addition_hint, prove
from tests.contracts.vm import VmError

Parts = tuple[tuple[bytes, ...], tuple[bytes, ...], tuple[bytes, ...]]


def made(rng: random.Random, slots: int, kind: str = "random", *, opened: bool = True) -> UsageProof:
    fixed = {"zero": 0, "full": MAX_USAGE}
    values = [fixed.get(kind, rng.randrange(MAX_USAGE + 1)) for _ in range(slots)]
    return prove(tuple(openings(rng, values)), CONTEXT, opened=opened)


def parts(proven: UsageProof) -> Parts:
    return proven.points, proven.scalars, proven.hints


def rehinted(proven: UsageProof, commitments: tuple[bytes, ...], total: Opening | None, context: bytes) -> Parts:
    """The same proof for another statement, with the hints that the other challenges need."""
    shape = USAGE[len(commitments)]
    statement = RangeStatement(shape, context, commitments, total)
    proof = RangeProof(proven.points, proven.scalars)
    return proven.points, proven.scalars, hints.make(generators(LibPoint, shape.slots), statement, proof)


def total_of(proven: UsageProof) -> tuple[int, bytes]:
    assert proven.total is not None
    return proven.total.value, proven.total.blinding.to_bytes()


# ------------------------------------------------------------------------------------------------ usage


@pytest.mark.parametrize("slots", [1, 4, 16, 32, 64])
def test_honest_usage_in_every_size(proof: Proof, rng: random.Random, slots: int) -> None:
    opened = made(rng, slots)
    assert proof.batch(opened.commitments, *total_of(opened), parts(opened)).ok() == 3
    closed = made(rng, slots, opened=False)
    assert proof.usage(closed.commitments, parts(closed)).ok() == 2


@pytest.mark.parametrize("kind", ["zero", "full"])
def test_anyone_can_check_a_proof_by_its_kind(proof: Proof, rng: random.Random, kind: str) -> None:
    opened, closed = made(rng, 16, kind), made(rng, 4, kind, opened=False)
    assert proof.verify("usage", opened.commitments, total_of(opened), *parts(opened)).ok() is True
    assert proof.verify("usage", closed.commitments, None, *parts(closed)).ok() is True
    # the same by the checker that shares no curve arithmetic with the prover
    usage.verify(ReferencePoint, closed.commitments, CONTEXT, None, closed.points, closed.scalars)


def test_one_variant_is_not_the_other(proof: Proof, rng: random.Random) -> None:
    opened, closed = made(rng, 4), made(rng, 4, opened=False)
    total = opened.total
    assert total is not None
    asked = rehinted(opened, opened.commitments, None, CONTEXT)
    assert refusal(proof.usage(opened.commitments, asked)) == "range.ERR_EQUATION"
    whole = Opening(total.value, total.blinding)
    asked = rehinted(closed, opened.commitments, whole, CONTEXT)
    assert refusal(proof.batch(opened.commitments, *total_of(opened), asked)) == "range.ERR_EQUATION"


def test_any_change_of_the_statement_is_refused(proof: Proof, rng: random.Random) -> None:
    """With the old hints, and with hints that fit the changed statement: the equation itself refuses it."""
    proven = made(rng, 4)
    assert proven.total is not None
    c, total = proven.commitments, proven.total
    other = encoded(openings(rng, [5]))[0]
    negated = bytes([c[2][0] ^ 1]) + c[2][1:]
    changes: list[tuple[tuple[bytes, ...], Opening, bytes]] = [
        (c, Opening(total.value + 1, total.blinding), CONTEXT),
        (c, Opening(total.value - 1, total.blinding), CONTEXT),
        (c, Opening(0, total.blinding), CONTEXT),
        (c, Opening(total.value, total.blinding + Scalar(1)), CONTEXT),
        (c, Opening(total.value, -total.blinding), CONTEXT),
        (c, total, bytes(32)),
        ((c[1], c[0], *c[2:]), total, CONTEXT),
        ((c[0], c[0], *c[2:]), total, CONTEXT),
        ((*c[:2], negated, c[3]), total, CONTEXT),
        ((*c[:3], other), total, CONTEXT),
    ]
    for commitments, opening, context in changes:
        stated = (commitments, opening.value, opening.blinding.to_bytes())
        if context != CONTEXT or commitments != c:
            assert refusal(proof.batch(*stated, parts(proven), context)) == "range.ERR_HINT"
        fitting = rehinted(proven, commitments, opening, context)
        assert refusal(proof.batch(*stated, fitting, context)) == "range.ERR_EQUATION"
    assert proof.batch(c, *total_of(proven), parts(proven)).ok() == 3


@pytest.mark.parametrize("slots", [0, 2, 3, 5, 15, 17, 63])
def test_there_is_no_verifier_for_other_counts(proof: Proof, rng: random.Random, slots: int) -> None:
    commitments = [point.to_bytes() for point in points(rng, slots)]
    nothing: Parts = ((), (), ())
    assert refusal(proof.batch(commitments, 0, bytes(32), nothing)) == "ERR_LENGTH"
    assert refusal(proof.usage(commitments, nothing)) == "ERR_LENGTH"
    assert refusal(proof.verify("usage", commitments)) == "ERR_LENGTH"


def test_each_size_has_its_own_verifier(proof: Proof, rng: random.Random) -> None:
    """A proof for another number of values has other lengths, and a context of 31 bytes is none."""
    small, large = made(rng, 4), made(rng, 16)
    assert refusal(proof.batch(large.commitments, *total_of(large), parts(small))) == "range.ERR_LENGTH"
    assert refusal(proof.batch(small.commitments, *total_of(small), parts(large))) == "range.ERR_LENGTH"
    for ctx in (b"", CONTEXT[:31]):
        assert refusal(proof.batch(small.commitments, *total_of(small), parts(small), ctx)) == "range.ERR_LENGTH"
    for short in (0, 1, 2):
        cut = tuple(part[:-1] if i == short else part for i, part in enumerate(parts(small)))
        assert refusal(proof.usage(small.commitments, (cut[0], cut[1], cut[2]))) == "range.ERR_LENGTH"


def test_totals_that_no_meters_can_show_are_refused_before_any_equation(proof: Proof, rng: random.Random) -> None:
    full = made(rng, 4, "full")
    value, blinding = total_of(full)
    assert value == 4 * (2**20 - 1)
    assert proof.batch(full.commitments, value, blinding, parts(full)).ok() == 3
    for total in (value + 1, 2**64, 2**127, 2**128 - 1):
        assert refusal(proof.batch(full.commitments, total, blinding, parts(full))) == "ERR_OPENING"
        assert refusal(proof.verify("usage", full.commitments, (total, blinding), *parts(full))) == "ERR_OPENING"


def test_blindings_of_totals_are_scalars(proof: Proof, rng: random.Random) -> None:
    proven = made(rng, 1)
    for blinding in not_scalars():
        assert refusal(proof.batch(proven.commitments, 5, blinding, parts(proven))) == "ERR_ENCODING"


def test_a_total_and_a_blinding_of_zero(proof: Proof, rng: random.Random) -> None:
    """Both at once: the sum of the commitments is no point at all, and the proof still holds."""
    many = openings(rng, [0, 0, 0])
    many.append(Opening(0, -sum_openings(many).blinding))
    proven = prove(tuple(many), CONTEXT, opened=True)
    assert total_of(proven) == (0, bytes(32))
    assert proof.batch(proven.commitments, 0, bytes(32), parts(proven)).ok() == 3
    asked = rehinted(proven, proven.commitments, Opening(1, Scalar(0)), CONTEXT)
    assert refusal(proof.batch(proven.commitments, 1, bytes(32), asked)) == "range.ERR_EQUATION"


# ------------------------------------------------------------------------------------------------ kinds


@pytest.mark.parametrize("kind", ["", "Usage", "usage ", "range", "moneys", "opening2", "zeros", "0123456789abcdef"])
def test_other_words_are_no_kinds(proof: Proof, rng: random.Random, kind: str) -> None:
    assert refusal(proof.verify(kind, encoded(openings(rng, [1])))) == "ERR_KIND"


def test_what_a_kind_does_not_name_must_be_absent(proof: Proof, rng: random.Random) -> None:
    c = encoded(openings(rng, [0, 5]))
    b = bytes(31) + b"\x01"
    opening = (0, b)
    for receipt in (
        proof.verify("opening", c[:1]),
        proof.verify("opening", c[:1], opening, points=c[:1]),
        proof.verify("opening", c[:1], opening, scalars=[b]),
        proof.verify("opening", c[:1], opening, hints=[b]),
        proof.verify("opening", c, opening),
        proof.verify("opening", c, opening, hints=[b[:31]]),
        proof.verify("opening", [], opening),
        proof.verify("opening", c[:1], opening, ctx=CONTEXT[:31]),
        proof.verify("money", c[:1], opening, points=c[:1], scalars=[b]),
        proof.verify("money", c, None, points=c[:1], scalars=[b]),
        proof.verify("money", [], None),
        proof.verify("zero", c[:1], opening, points=c[:1], scalars=[b]),
        proof.verify("zero", c, None, points=c[:1], scalars=[b]),
        proof.verify("zero", [], None, points=c[:1], scalars=[b]),
        proof.verify("zero", c[:1], None, points=c, scalars=[b]),
        proof.verify("zero", c[:1], None, points=[], scalars=[b]),
        proof.verify("zero", c[:1], None, points=c[:1], scalars=[b, b]),
        proof.verify("zero", c[:1], None, points=c[:1], scalars=[]),
        proof.verify("zero", c[:1], None, points=c[:1], scalars=[b], hints=[b]),
        proof.verify("zero", c[:1], None, points=c[:1], scalars=[b], ctx=b""),
        proof.verify("bit", c[:1], opening, points=c, scalars=[b] * 3, hints=[b]),
        proof.verify("bit", c, None, points=c, scalars=[b] * 3, hints=[b]),
        proof.verify("bit", [], None, points=c, scalars=[b] * 3, hints=[b]),
        proof.verify("bit", c[:1], None, points=c[:1], scalars=[b] * 3, hints=[b]),
        proof.verify("bit", c[:1], None, points=[*c, *c], scalars=[b] * 3, hints=[b]),
        proof.verify("bit", c[:1], None, points=c, scalars=[b] * 2, hints=[b]),
        proof.verify("bit", c[:1], None, points=c, scalars=[b] * 4, hints=[b]),
        proof.verify("bit", c[:1], None, points=c, scalars=[], hints=[b]),
        proof.verify("bit", c[:1], None, points=c, scalars=[b] * 3, hints=[]),
        proof.verify("bit", c[:1], None, points=c, scalars=[b] * 3, hints=[b, b]),
        proof.verify("bit", c[:1], None, points=c, scalars=[b] * 3, hints=[b[:31]]),
        proof.verify("bit", c[:1], None, points=c, scalars=[b[:31], b, b], hints=[b]),
        proof.verify("bit", c[:1], None, points=c, scalars=[b] * 3, hints=[b], ctx=CONTEXT[:31]),
    ):
        assert refusal(receipt) == "ERR_LENGTH"


def test_a_proof_of_one_kind_is_none_of_another(proof: Proof, rng: random.Random) -> None:
    proven = made(rng, 1)
    for kind in ("money", "zero", "bit", "opening"):
        assert refusal(proof.verify(kind, proven.commitments, total_of(proven), *parts(proven))) == "ERR_LENGTH"


# ------------------------------------------------------------------------------------------------ encodings


def test_an_uncompressed_point_does_not_fit_the_type(proof: Proof) -> None:
    x, y = bases(ReferencePoint).value.xy()
    uncompressed = b"\x04" + x.to_bytes(32, "big") + y.to_bytes(32, "big")
    with pytest.raises(VmError):
        proof.opens(uncompressed, 1, bytes(32))


def test_bytes_that_are_no_point_are_refused_without_an_abort(proof: Proof, rng: random.Random) -> None:
    good = encoded(openings(rng, [5]))[0]
    for bad in no_points(rng, good):
        assert refusal(proof.opens(bad, 5, bytes(32))) == "ERR_ENCODING"
        assert refusal(proof.opens(bad, 0, bytes(32))) == "ERR_ENCODING"
        assert refusal(proof.add([bad], [good], bytes(32))) == "ERR_ENCODING"
        assert refusal(proof.add([good], [bad], bytes(32))) == "ERR_ENCODING"
        assert refusal(proof.verify("opening", [good, bad], (5, bytes(32)), hints=[bytes(32)])) == "ERR_ENCODING"
        assert refusal(proof.zero(bad, good, bytes(32))) == "ERR_ENCODING"
        assert refusal(proof.zero(good, bad, bytes(32))) == "ERR_ENCODING"
        assert refusal(proof.line([good, bad], 100, 0, b"")) == "ERR_ENCODING"
        assert refusal(proof.subtract([bad], [good], bytes(32))) == "ERR_ENCODING"
        assert refusal(proof.subtract([good], [bad], bytes(32))) == "ERR_ENCODING"


# ------------------------------------------------------------------------------------------------ slot by slot sums


@pytest.mark.parametrize("slots", [1, 2, 3, 7, 16, 17, 33, 63, 64])
def test_slot_by_slot_sums_equal_the_library_and_the_reference(proof: Proof, rng: random.Random, slots: int) -> None:
    running = [point.to_bytes() for point in points(rng, slots)]
    batch = [point.to_bytes() for point in points(rng, slots)]
    sums = proof.add(running, batch, addition_hint(running, batch)).ok()
    assert sums == added(running, batch)
    slot = rng.randrange(slots)
    reference = ReferencePoint.from_bytes_checked(running[slot]) + ReferencePoint.from_bytes_checked(batch[slot])
    assert sums[slot] == reference.to_bytes()


def small_y(count: int) -> list[LibPoint]:
    """Points with y = 1, 2, 3, ...: x is a cube root of y^2 - 7, which p = 7 mod 9 makes one power."""
    found: list[LibPoint] = []
    y = 0
    while len(found) < count:
        y += 1
        cube = (y * y - 7) % P
        x = pow(cube, (P + 2) // 9, P)
        if pow(x, 3, P) == cube:
            found.append(LibPoint.from_bytes_checked(bytes([2 + y % 2]) + x.to_bytes(32, "big")))
    return found


def small_x(count: int) -> list[LibPoint]:
    found: list[LibPoint] = []
    x = 0
    while len(found) < count:
        x += 1
        try:
            found.append(LibPoint.from_x_even(x))
        except EncodingError:
            continue
    return found


def test_sums_with_tiny_coordinates_are_written_canonically(proof: Proof, rng: random.Random) -> None:
    """Their x + p or y + p is below 2^256 too: unreduced, x would not decode and y would have the other parity."""
    targets = [*small_y(16), *(-point for point in small_y(8)), *small_x(20), *(-point for point in small_x(20))]
    running = points(rng, len(targets))
    batch = [(target - a).to_bytes() for target, a in zip(targets, running, strict=True)]
    before = [point.to_bytes() for point in running]
    sums = proof.add(before, batch, addition_hint(before, batch)).ok()
    assert sums == [target.to_bytes() for target in targets]


def test_a_hint_must_be_the_inverse(proof: Proof, rng: random.Random) -> None:
    for slots in (1, 16, 64):
        running = [point.to_bytes() for point in points(rng, slots)]
        batch = [point.to_bytes() for point in points(rng, slots)]
        hint = int.from_bytes(addition_hint(running, batch), "big")
        for wrong in (0, 1, hint ^ 1, P - hint, P, (1 << 256) - 1):
            assert refusal(proof.add(running, batch, wrong.to_bytes(32, "big"))) == "ERR_HINT"


@pytest.mark.parametrize("slots", [1, 16, 64])
def test_equal_and_opposite_pairs_have_no_hint(proof: Proof, rng: random.Random, slots: int) -> None:
    running = points(rng, slots)
    for sign in (1, -1):
        batch = points(rng, slots)
        batch[-1] = running[-1] if sign == 1 else -running[-1]
        a, b = [point.to_bytes() for point in running], [point.to_bytes() for point in batch]
        for hint in (bytes(32), b"\x00" * 31 + b"\x01", addition_hint(a[:-1], b[:-1]), b"\xff" * 32):
            assert refusal(proof.add(a, b, hint)) == "ERR_HINT"


def test_sums_want_lists_of_one_length_and_a_hint_of_32_bytes(proof: Proof, rng: random.Random) -> None:
    running = [point.to_bytes() for point in points(rng, 3)]
    batch = [point.to_bytes() for point in points(rng, 3)]
    hint = addition_hint(running, batch)
    for receipt in (
        proof.add(running, batch[:2], hint),
        proof.add(running[:2], batch, hint),
        proof.add([], [], hint),
        proof.add([], batch, hint),
        proof.add(running, batch, hint[:31]),
        proof.add(running, batch, b""),
    ):
        assert refusal(receipt) == "ERR_LENGTH"


@pytest.mark.parametrize("slots", [1, 2, 3, 16, 17, 64])
def test_slot_by_slot_differences(proof: Proof, rng: random.Random, slots: int) -> None:
    left, right = (encoded(openings(rng, [7] * slots)) for _ in range(2))
    made = lists.subtract(ReferencePoint if slots < 4 else LibPoint, left, right)
    assert tuple(proof.subtract(left, right, made.hint).ok()) == made.points
    # what is taken away and added again
    back = addition_hint(list(made.points), right)
    assert proof.add(list(made.points), right, back).ok() == left
    wrong = (P - int.from_bytes(made.hint, "big")).to_bytes(32, "big")
    assert refusal(proof.subtract(left, right, wrong)) == "ERR_HINT"
    assert refusal(proof.subtract(left, right[1:], made.hint)) == "ERR_LENGTH"
    assert refusal(proof.subtract(left, right, made.hint[:31])) == "ERR_LENGTH"


@pytest.mark.parametrize("sign", [1, -1])
def test_a_difference_of_equal_or_opposite_points_has_no_hint(proof: Proof, rng: random.Random, sign: int) -> None:
    left = points(rng, 3)
    right = [*points(rng, 2), left[2] if sign == 1 else -left[2]]
    a, b = [point.to_bytes() for point in left], [point.to_bytes() for point in right]
    for hint in (bytes(32), bytes(31) + b"\x01", addition_hint(a[:2], b[:2])):
        assert refusal(proof.subtract(a, b, hint)) == "ERR_HINT"


def test_commitments_that_are_added_up_stay_commitments(proof: Proof, rng: random.Random) -> None:
    """The sums open to the sums of what was committed, over plain integers."""
    first, second = openings(rng, [7, 0, MAX_USAGE]), openings(rng, [5, 9, MAX_USAGE])
    running, batch = encoded(first), encoded(second)
    sums = proof.add(running, batch, addition_hint(running, batch)).ok()
    for encoded_sum, a, b in zip(sums, first, second, strict=True):
        blinding = Scalar((a.blinding.value + b.blinding.value) % N)
        assert encoded_sum == commit(LIB, Opening(a.value + b.value, blinding)).to_bytes()
        assert proof.opens(encoded_sum, a.value + b.value, blinding.to_bytes()).ok() is True


def test_the_verifiers_names_are_their_own() -> None:
    assert [error_name(code) for code in (300, 1000)] == ["privacy-proof.ERR_ENCODING", "range.ERR_ENCODING"]
