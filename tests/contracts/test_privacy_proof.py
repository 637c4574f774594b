"""privacy-proof alone: what the sum of commitments opens to, and sums slot by slot."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import pytest

from appliance.chain.address import Contract
from circuits.generators import LIB, bases
from circuits.group import LibPoint
from circuits.opening import sum_openings
from circuits.pedersen import Opening, commit
from circuits.reference import ReferencePoint
from circuits.scalar import ONE, ZERO, EncodingError, N, P, Scalar
from tests.contracts.errors import error_name
from tests.contracts.settlement import MAX_USAGE, account, added, addition_hint
from tests.contracts.vm import CONTRACTS, Machine, Receipt, VmError

CONTEXT = bytes(range(32))
A = LIB.value


@dataclass(frozen=True, slots=True)
class Proof:
    """privacy-proof on the VM."""

    vm: Machine
    contract: Contract

    def verify(
        self,
        commitments: list[bytes],
        total: int,
        blinding: bytes,
        *,
        ctx: bytes = CONTEXT,
        points: list[bytes] | None = None,
        scalars: list[bytes] | None = None,
        hints: list[bytes] | None = None,
    ) -> Receipt:
        args: list[Any] = [ctx, commitments, total, blinding, points or [], scalars or [], hints or []]
        return self.vm.read(self.contract, "verify-usage-batch", *args)

    def add(self, running: list[bytes], batch: list[bytes], hint: bytes) -> Receipt:
        return self.vm.read(self.contract, "add-commitments", running, batch, hint)

    def opens(self, commitment: bytes, value: int, blinding: bytes) -> Receipt:
        return self.vm.read(self.contract, "verify-opening", commitment, value, blinding)


@pytest.fixture(scope="module")
def proof(machine: Machine) -> Proof:
    deployer = account("deployer of test_privacy_proof")
    machine.deploy("audit-log", deployer)
    machine.deploy("user-registry", deployer)
    return Proof(machine, machine.deploy("privacy-proof", deployer))


def refusal(receipt: Receipt) -> str:
    return error_name(receipt.refusal())


def openings(rng: random.Random, values: list[int]) -> list[Opening]:
    return [Opening(value, Scalar(rng.randrange(N))) for value in values]


def encoded(many: list[Opening]) -> list[bytes]:
    return [commit(LIB, opening).to_bytes() for opening in many]


def points(rng: random.Random, count: int) -> list[LibPoint]:
    return [LibPoint.generator() * Scalar(rng.randrange(1, N)) for _ in range(count)]


# ------------------------------------------------------------------------------------------------ the sum opens


@pytest.mark.parametrize("slots", [1, 2, 3, 16, 63, 64])
@pytest.mark.parametrize("usage", ["zero", "full", "random"])
def test_an_honest_sum_is_accepted_and_nothing_more_is_claimed(
    proof: Proof, rng: random.Random, slots: int, usage: str
) -> None:
    values = {"zero": 0, "full": MAX_USAGE}
    many = openings(rng, [values.get(usage, rng.randrange(MAX_USAGE)) for _ in range(slots)])
    whole = sum_openings(many)
    assert proof.verify(encoded(many), whole.value, whole.blinding.to_bytes()).ok() == 1


def test_blindings_may_sum_to_zero_and_to_the_largest_scalar(proof: Proof, rng: random.Random) -> None:
    for last in (ZERO, Scalar(N - 1)):
        first = Scalar(rng.randrange(N))
        many = [Opening(5, first), Opening(0, last - first)]
        assert proof.verify(encoded(many), 5, last.to_bytes()).ok() == 1


def test_equal_commitments_and_opposite_ones_are_only_numbers(proof: Proof, rng: random.Random) -> None:
    """P + P and P - P away from the accumulator are honest additions."""
    one = Opening(7, Scalar(rng.randrange(N)))
    point = commit(LIB, one)
    twice = one + one
    assert proof.verify([point.to_bytes()] * 2, 14, twice.blinding.to_bytes()).ok() == 1
    other = Opening(3, Scalar(rng.randrange(N)))
    three = [point.to_bytes(), (-point).to_bytes(), commit(LIB, other).to_bytes()]
    assert proof.verify(three, 3, other.blinding.to_bytes()).ok() == 1
    assert refusal(proof.verify(three, 4, other.blinding.to_bytes())) == "privacy-proof.ERR_OPENING"


def test_any_change_is_the_same_refusal(proof: Proof, rng: random.Random) -> None:
    many = openings(rng, [rng.randrange(MAX_USAGE) for _ in range(16)])
    whole = sum_openings(many)
    commitments, blinding = encoded(many), whole.blinding.to_bytes()
    off_by_one = (whole.blinding + ONE).to_bytes()
    negated = [bytes([c[0] ^ 1]) + c[1:] if i == 4 else c for i, c in enumerate(commitments)]
    for changed in (
        (commitments, whole.value + 1, blinding),
        (commitments, whole.value - 1, blinding),
        (commitments, 0, blinding),
        (commitments, 16 * MAX_USAGE, blinding),
        (commitments, 16 * MAX_USAGE + 1, blinding),
        (commitments, (1 << 128) - 1, blinding),
        (commitments, whole.value, off_by_one),
        (commitments, whole.value, (-whole.blinding).to_bytes()),
        (commitments, whole.value, bytes(32)),
        (negated, whole.value, blinding),
        (commitments[1:], whole.value, blinding),
        ([*commitments, commitments[0]], whole.value, blinding),
    ):
        assert refusal(proof.verify(*changed)) == "privacy-proof.ERR_OPENING"


def test_a_sum_with_only_x_or_only_y_of_the_right_point(proof: Proof, rng: random.Random) -> None:
    """The opposite of a point has its x; a point times a cube root of one mod N has its y."""
    root = Scalar(pow(next(g for g in range(2, 9) if pow(g, (N - 1) // 3, N) != 1), (N - 1) // 3, N))
    for _ in range(4):
        total, blinding, split = rng.randrange(2 * MAX_USAGE + 1), Scalar(rng.randrange(N)), points(rng, 1)[0]
        expected = commit(LIB, Opening(total + 1, blinding))
        same_y = expected * root
        assert same_y.to_bytes()[0] == expected.to_bytes()[0]
        assert same_y != expected
        for reached, accepted in ((expected, True), (-expected, False), (same_y, False), (same_y * root, False)):
            commitments = [split.to_bytes(), (reached - A - split).to_bytes()]
            receipt = proof.verify(commitments, total, blinding.to_bytes())
            if accepted:
                assert receipt.ok() == 1
            else:
                assert refusal(receipt) == "privacy-proof.ERR_OPENING"


@pytest.mark.parametrize("slots", [1, 2, 16, 64])
def test_no_total_is_above_what_its_commitments_can_hold(proof: Proof, rng: random.Random, slots: int) -> None:
    """Both openings are true; only one is of values that so many meters can show."""
    for beyond in (0, 1):
        whole = sum_openings(many := openings(rng, [MAX_USAGE + beyond, *[MAX_USAGE] * (slots - 1)]))
        assert whole.value == slots * (2**20 - 1) + beyond
        receipt = proof.verify(encoded(many), whole.value, whole.blinding.to_bytes())
        assert (refusal(receipt) if beyond else receipt.ok()) == ("privacy-proof.ERR_OPENING" if beyond else 1)


def test_a_value_above_all_meters_is_still_only_a_sum(proof: Proof, rng: random.Random) -> None:
    """What is NOT checked yet: one slot at 2^20 and one at its negative pass, which is why bit u2 is not set."""
    blindings = [Scalar(rng.randrange(N)) for _ in range(2)]
    minus = A * Scalar(N - (1 << 20)) + LIB.blinding * blindings[1]
    plus = commit(LIB, Opening((1 << 20) + 9, blindings[0]))
    receipt = proof.verify([plus.to_bytes(), minus.to_bytes()], 9, (blindings[0] + blindings[1]).to_bytes())
    assert receipt.ok() == 1


# ------------------------------------------------------------------------------------------------ Z = 0


def degenerate(rng: random.Random) -> dict[str, list[LibPoint]]:
    """Commitments that meet the accumulator, which starts from A, as an equal or an opposite point."""
    p, q, r = points(rng, 3)
    met = A + p + q
    return {
        "A first": [A],
        "-A first": [-A],
        "A first, then others": [A, p, q],
        "-A first, then others": [-A, p, q],
        "P + P": [p, q, met],
        "P - P": [p, q, -met],
        "P + P, then others": [p, q, met, r, p],
        "P - P, then others": [p, q, -met, r, p],
        "P - P twice": [p, -(A + p), q, -q],
    }


@pytest.mark.parametrize("case", list(degenerate(random.Random(0))))
def test_meeting_the_accumulator_never_opens_to_anything(proof: Proof, rng: random.Random, case: str) -> None:
    commitments = [point.to_bytes() for point in degenerate(rng)[case]]
    for total, blinding in ((0, ZERO), (1, ZERO), (2, ZERO), (12345, Scalar(rng.randrange(N))), (MAX_USAGE, ONE)):
        assert refusal(proof.verify(commitments, total, blinding.to_bytes())) == "privacy-proof.ERR_OPENING"


def test_without_the_check_of_z_the_attack_succeeds(machine: Machine, proof: Proof, rng: random.Random) -> None:
    """The same contract less one line accepts any total: it is that line which refuses the cases above."""
    line = "(asserts! (not (fe-is-zero z)) ERR_OPENING)"
    source = (CONTRACTS / "privacy-proof.clar").read_text()
    assert source.count(line) == 1
    weak = Proof(machine, machine.deploy("privacy-proof-weak", proof.contract.address, source.replace(line, "")))
    cases = degenerate(rng)
    for unforgeable in ("-A first", "P - P"):  # right after an opposite point X and Y are not zero yet
        del cases[unforgeable]
    for case, commitments in cases.items():
        receipt = weak.verify([point.to_bytes() for point in commitments], 12345, bytes(31) + b"\x07")
        assert receipt.ok() == 1, case


# ------------------------------------------------------------------------------------------------ encodings, lengths


def test_only_02_and_03_begin_a_commitment(proof: Proof, rng: random.Random) -> None:
    one = openings(rng, [5])[0]
    good = commit(LIB, one).to_bytes()
    for prefix in [*range(10), 0x12, 0x22, 0x42, 0x82, 0x83, 0xFC, 0xFE, 0xFF]:
        receipt = proof.verify([bytes([prefix]) + good[1:]], 5, one.blinding.to_bytes())
        if prefix == good[0]:
            assert receipt.ok() == 1
        else:
            expected = "ERR_OPENING" if prefix in (2, 3) else "ERR_ENCODING"
            assert refusal(receipt) == f"privacy-proof.{expected}"


def off_curve_x(rng: random.Random) -> int:
    while True:
        x = rng.randrange(P)
        try:
            LibPoint.from_x_even(x)
        except EncodingError:
            return x


def test_bytes_that_are_no_point_are_refused_without_an_abort(proof: Proof, rng: random.Random) -> None:
    one = openings(rng, [5])[0]
    good, blinding = commit(LIB, one).to_bytes(), one.blinding.to_bytes()
    wrong = [
        b"",
        b"\x02",
        good[:32],
        bytes(33),
        b"\x00" + good[1:],
        b"\x02" + bytes(32),  # y^2 = 7 has no root
        b"\x02" + P.to_bytes(32, "big"),
        b"\x02" + (P + 1).to_bytes(32, "big"),  # x = 1 is on the curve, but not in this form
        b"\x03" + b"\xff" * 32,
        *(b"\x02" + off_curve_x(rng).to_bytes(32, "big") for _ in range(8)),
    ]
    for bad in wrong:
        for commitments in ([bad], [good, bad], [bad, good]):
            assert refusal(proof.verify(commitments, 5, blinding)) == "privacy-proof.ERR_ENCODING"
        assert refusal(proof.opens(bad, 5, blinding)) == "privacy-proof.ERR_ENCODING"
        assert refusal(proof.add([bad], [good], blinding)) == "privacy-proof.ERR_ENCODING"
        assert refusal(proof.add([good], [bad], blinding)) == "privacy-proof.ERR_ENCODING"


def test_an_uncompressed_point_does_not_fit_the_type(proof: Proof) -> None:
    x, y = bases(ReferencePoint).value._xy
    uncompressed = b"\x04" + x.to_bytes(32, "big") + y.to_bytes(32, "big")
    with pytest.raises(VmError):
        proof.verify([uncompressed], 1, bytes(32))


@pytest.mark.parametrize(
    "blinding",
    [
        pytest.param(N.to_bytes(32, "big"), id="n"),
        pytest.param((N + 1).to_bytes(32, "big"), id="n + 1"),
        pytest.param(b"\xff" * 32, id="2^256 - 1"),
        pytest.param(bytes(31), id="31 bytes"),
        pytest.param(b"", id="no bytes"),
    ],
)
def test_a_blinding_is_32_bytes_below_n(proof: Proof, rng: random.Random, blinding: bytes) -> None:
    commitments = encoded(openings(rng, [5]))
    assert refusal(proof.verify(commitments, 5, blinding)) == "privacy-proof.ERR_ENCODING"
    assert refusal(proof.opens(commitments[0], 5, blinding)) == "privacy-proof.ERR_ENCODING"


def test_lengths_that_this_version_does_not_take(proof: Proof, rng: random.Random) -> None:
    one = openings(rng, [5])[0]
    commitments, blinding = encoded([one]), one.blinding.to_bytes()
    for receipt in (
        proof.verify([], 0, bytes(32)),
        proof.verify(commitments, 5, blinding, ctx=bytes(31)),
        proof.verify(commitments, 5, blinding, ctx=b""),
        proof.verify(commitments, 5, blinding, points=commitments),
        proof.verify(commitments, 5, blinding, scalars=[blinding]),
        proof.verify(commitments, 5, blinding, hints=[b""]),
    ):
        assert refusal(receipt) == "privacy-proof.ERR_LENGTH"


# ------------------------------------------------------------------------------------------------ slot by slot sums


@pytest.mark.parametrize("slots", [1, 2, 15, 16, 17, 33, 64])
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
            receipt = proof.add(running, batch, wrong.to_bytes(32, "big"))
            assert refusal(receipt) == "privacy-proof.ERR_HINT"


@pytest.mark.parametrize("slots", [1, 16, 64])
def test_equal_and_opposite_pairs_have_no_hint(proof: Proof, rng: random.Random, slots: int) -> None:
    running = points(rng, slots)
    for sign in (1, -1):
        batch = points(rng, slots)
        batch[-1] = running[-1] if sign == 1 else -running[-1]
        a, b = [point.to_bytes() for point in running], [point.to_bytes() for point in batch]
        for hint in (bytes(32), b"\x00" * 31 + b"\x01", addition_hint(a[:-1], b[:-1]), b"\xff" * 32):
            assert refusal(proof.add(a, b, hint)) == "privacy-proof.ERR_HINT"


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
        assert refusal(receipt) == "privacy-proof.ERR_LENGTH"


# ------------------------------------------------------------------------------------------------ one opening


def test_openings_of_one_commitment(proof: Proof, rng: random.Random) -> None:
    for value in (0, 1, 2, MAX_USAGE, 64 * MAX_USAGE + 1, (1 << 64) - 1):
        one = Opening(value, Scalar(rng.randrange(N)))
        commitment, blinding = commit(LIB, one).to_bytes(), one.blinding.to_bytes()
        assert proof.opens(commitment, value, blinding).ok() is True
        assert refusal(proof.opens(commitment, value + 1, blinding)) == "privacy-proof.ERR_OPENING"
        assert refusal(proof.opens(commitment, value, bytes(32))) == "privacy-proof.ERR_OPENING"
        assert refusal(proof.opens((-commit(LIB, one)).to_bytes(), value, blinding)) == "privacy-proof.ERR_OPENING"
    assert proof.opens(A.to_bytes(), 1, bytes(32)).ok() is True
    assert proof.opens(LIB.blinding.to_bytes(), 0, ONE.to_bytes()).ok() is True
    for point in (A, -A):
        assert refusal(proof.opens(point.to_bytes(), 0, bytes(32))) == "privacy-proof.ERR_OPENING"
    assert refusal(proof.opens(A.to_bytes(), (1 << 128) - 1, bytes(32))) == "privacy-proof.ERR_OPENING"
