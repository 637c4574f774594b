"""point-sums by itself: what it adds, sums and multiplies, whom it refuses, and that its text is the generator's."""

from __future__ import annotations

import random
import re

import pytest

from appliance.chain.address import Contract
from circuits.group import LibPoint
from circuits.reference import ReferencePoint
from circuits.scalar import N, P, Scalar
from contracts.range.points import point_sums
from tests.contracts.errors import error_name
from tests.contracts.privacy import no_points, points, sum_hints
from tests.contracts.settlement import added, addition_hint, generated
from tests.contracts.vm import CONTRACTS, Machine, Receipt

TOP_FACTOR = 2**52 - 1


@pytest.fixture
def sums(machine: Machine) -> Contract:
    return Contract(generated(machine), "point-sums")


def encoded(many: list[LibPoint]) -> list[bytes]:
    return [point.to_bytes() for point in many]


def refusal(receipt: Receipt) -> str:
    return error_name(receipt.refusal()).removeprefix("point-sums.")


def test_the_committed_file_is_what_is_generated() -> None:
    text = (CONTRACTS / "point-sums.clar").read_text()
    assert text == point_sums(), "python -m contracts.range writes it anew"
    assert "generated" in text.splitlines()[0]
    assert text.isascii()
    code = re.sub(r";;.*", "", text)
    assert "{{" not in code
    assert not re.search(r"tx-sender|contract-call\?|define-(?:public|map|data-var|trait)|bit-shift", code)
    constants = re.findall(r"\(define-constant (\S+)", code)
    assert all(name.startswith("ERR_") for name in constants), "a node counts constants each time it loads a contract"


@pytest.mark.parametrize("count", [1, 2, 3, 5, 16, 31, 64])
def test_sums_pair_by_pair(machine: Machine, sums: Contract, rng: random.Random, count: int) -> None:
    left, right = encoded(points(rng, count)), encoded(points(rng, count))
    found = machine.read(sums, "add", left, right, addition_hint(left, right)).ok()
    assert found == added(left, right)
    own = ReferencePoint.from_bytes_checked(left[-1]) + ReferencePoint.from_bytes_checked(right[-1])
    assert found[-1] == own.to_bytes()


@pytest.mark.parametrize("count", [1, 2, 3, 7, 16, 64])
def test_sums_of_all(machine: Machine, sums: Contract, rng: random.Random, count: int) -> None:
    many = points(rng, count)
    whole = many[0]
    for point in many[1:]:
        whole = whole + point
    assert machine.read(sums, "sum", encoded(many), sum_hints(encoded(many))).ok() == whole.to_bytes()


@pytest.mark.parametrize("factor", [1, 2, 3, 2_500, 2**32, TOP_FACTOR])
def test_multiples(machine: Machine, sums: Contract, rng: random.Random, factor: int) -> None:
    many = points(rng, 5)
    found = machine.read(sums, "multiply", encoded(many), factor).ok()
    assert found == encoded([point * Scalar(factor) for point in many])


def test_a_hint_for_other_points_or_none(machine: Machine, sums: Contract, rng: random.Random) -> None:
    for count in (1, 3, 15):
        left, right = encoded(points(rng, count)), encoded(points(rng, count))
        good = addition_hint(left, right)
        number = int.from_bytes(good, "big")
        for wrong in (0, 1, number ^ 1, P - number, P, (1 << 256) - 1, (number + 1) % P):
            assert refusal(machine.read(sums, "add", left, right, wrong.to_bytes(32, "big"))) == "ERR_HINT"
        assert refusal(machine.read(sums, "add", right, left, good)) == "ERR_HINT"  # an odd number of signs


def test_points_equal_or_opposite(machine: Machine, sums: Contract, rng: random.Random) -> None:
    (point,) = points(rng, 1)
    for other in (point, -point):
        for hint in (bytes(32), bytes(31) + b"\x01", b"\xff" * 32):
            assert refusal(machine.read(sums, "add", *([p.to_bytes()] for p in (point, other)), hint)) == "ERR_HINT"
            assert refusal(machine.read(sums, "sum", encoded([point, other]), [hint])) == "ERR_HINT"


def test_what_is_no_point(machine: Machine, sums: Contract, rng: random.Random) -> None:
    good, other = encoded(points(rng, 2))
    for bad in no_points(rng, good):
        assert refusal(machine.read(sums, "add", [good, bad], [other, good], bytes(32))) == "ERR_ENCODING"
        assert refusal(machine.read(sums, "add", [good, other], [bad, good], bytes(32))) == "ERR_ENCODING"
        assert refusal(machine.read(sums, "sum", [bad], [])) == "ERR_ENCODING"
        assert refusal(machine.read(sums, "sum", [good, bad], [bytes(32)])) == "ERR_ENCODING"
        asked = [*sum_hints([good, other]), bytes(32)]
        assert refusal(machine.read(sums, "sum", [good, other, bad], asked)) == "ERR_ENCODING"
        assert refusal(machine.read(sums, "multiply", [good, bad], 7)) == "ERR_ENCODING"


def test_an_x_that_is_no_scalar_is_added_but_not_multiplied(
    machine: Machine, sums: Contract, rng: random.Random
) -> None:
    """Recovery takes x below N only; between N and p lies one point in 2^128."""
    x = next(x for x in range(N, P) if pow(x**3 + 7, (P - 1) // 2, P) == 1)
    large = LibPoint.from_x_even(x).to_bytes()
    (other,) = encoded(points(rng, 1))
    assert machine.read(sums, "add", [large], [other], addition_hint([large], [other])).ok() == added([large], [other])
    assert refusal(machine.read(sums, "multiply", [large], 7)) == "ERR_ENCODING"


def test_lists_and_hints_of_other_lengths(machine: Machine, sums: Contract, rng: random.Random) -> None:
    left, right = encoded(points(rng, 3)), encoded(points(rng, 3))
    hint = addition_hint(left, right)
    for args in (
        (left, right[:2], hint),
        (left[:2], right, hint),
        ([], [], hint),
        ([], right, hint),
        (left, [], hint),
        (left, right, hint[:31]),
        (left, right, b""),
    ):
        assert refusal(machine.read(sums, "add", *args)) == "ERR_LENGTH"
    hints = sum_hints(left)
    for asked in ([], hints[:1], [*hints, hint], [*hints, *[hint] * 10], [hints[0], hints[1][:31]]):
        assert refusal(machine.read(sums, "sum", left, asked)) == "ERR_LENGTH"
    for asked in ([], [hint]):
        assert refusal(machine.read(sums, "sum", [], asked)) == "ERR_LENGTH"
    assert refusal(machine.read(sums, "multiply", [], 7)) == "ERR_LENGTH"


@pytest.mark.parametrize("factor", [0, TOP_FACTOR + 1, 2**64, 2**127, 2**128 - 1])
def test_factors_out_of_range(machine: Machine, sums: Contract, rng: random.Random, factor: int) -> None:
    assert refusal(machine.read(sums, "multiply", encoded(points(rng, 1)), factor)) == "ERR_FACTOR"
