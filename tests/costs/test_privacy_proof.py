"""What privacy-proof checks and computes costs in the model exactly what the simulator charges, refusals included."""

from __future__ import annotations

import random

import pytest

from circuits import each_zero, lists, money
from circuits.each_zero import EachZeroProof, KnownZero
from circuits.generators import LIB
from circuits.group import LibPoint
from circuits.opening import sum_openings
from circuits.pedersen import Opening
from circuits.scalar import N, Scalar
from circuits.tariff import Line
from tests.contracts.privacy import CONTEXT, Proof, deploy, encoded, openings, refusal, sum_hints
from tests.costs.compared import ComparedMachine


@pytest.fixture(scope="module")
def proof(machine: ComparedMachine) -> Proof:
    return deploy(machine, "costs")


def spent_on_mainnet(machine: ComparedMachine) -> int:
    """Without loading contracts, which costs what was read."""
    assert machine.mainnet_outcome is not None
    loads = machine.mainnet_outcome.read_count // 3
    loading = machine.mainnet_outcome.read_length - loads + 80 * loads  # of costs_3.rs: cost_load_contract
    return machine.mainnet_outcome.runtime - loading


def slots_with_zeros(rng: random.Random, b: int, slots: int) -> tuple[list[list[bytes]], EachZeroProof]:
    """The last of b branches is zero in every slot."""
    rows = [openings(rng, [0 if i == b - 1 else 7] * slots) for i in range(b)]
    branches = [encoded(row) for row in rows]
    known = [KnownZero(b - 1, zero.blinding) for zero in rows[-1]]
    return branches, each_zero.prove(LIB, branches, known, CONTEXT, rng.randbytes(32))


def test_an_opening(machine: ComparedMachine, proof: Proof) -> None:
    (known,) = openings(random.Random("an opening"), [1_000])
    proof.opens(encoded([known])[0], known.value, known.blinding.to_bytes()).ok()
    assert spent_on_mainnet(machine) <= 1_200


@pytest.mark.parametrize(
    ("rate", "constant", "most"), [(2_500, 120_000, 5e6), (2_500, -120_000, 5e6), (2_500, 0, 1e6), (0, -120_000, 1e5)]
)
def test_lines(machine: ComparedMachine, proof: Proof, rate: int, constant: int, most: int) -> None:
    usage = encoded(openings(random.Random("lines"), range(64)))
    occupied = [slot % 3 > 0 for slot in range(64)]
    hint = Line(rate, constant).points(LIB, usage, occupied).hint
    proof.line(usage, rate, constant, hint, occupied).ok()
    assert spent_on_mainnet(machine) <= most
    for wrong in (bytes(32), hint[:31], hint + bytes(32 - len(hint))):
        if wrong != hint:
            proof.line(usage, rate, constant, wrong, occupied).refusal()
    proof.line(usage, rate, constant, hint, occupied[:9]).refusal()


@pytest.mark.parametrize("slots", [1, 3, 16])
def test_sums_and_differences(proof: Proof, slots: int) -> None:
    rng = random.Random("sums and differences")
    many = openings(rng, range(slots))
    left, right = encoded(many), encoded(openings(rng, [7] * slots))
    difference = lists.subtract(LibPoint, left, right)
    proof.subtract(left, right, difference.hint).ok()
    proof.subtract(left, [right[0][:32], *right[1:]], difference.hint).refusal()
    whole, hints = sum_openings(many), sum_hints(left)
    proof.sum(left, hints).ok()
    proof.sum_opens(left, whole.value, whole.blinding.to_bytes(), hints).ok()
    proof.sum_opens(left, whole.value + 1, whole.blinding.to_bytes(), hints).refusal()
    proof.sum([], hints).refusal()


@pytest.mark.parametrize(("b", "slots", "most"), [(2, 4, 2e5), (3, 1, 2e5), (4, 16, 6e5), (2, 64, 8e5)])
def test_zeros_in_every_slot(machine: ComparedMachine, proof: Proof, b: int, slots: int, most: int) -> None:
    branches, made = slots_with_zeros(random.Random("zeros"), b, slots)
    proof.each_zero(branches, made).ok()
    assert spent_on_mainnet(machine) <= most
    assert refusal(proof.each_zero(branches, made, bytes(32))) == "ERR_EQUATION"
    without = EachZeroProof(made.nonces, made.shares[:-1], made.responses)
    assert refusal(proof.each_zero(branches, without)) == "ERR_LENGTH"
    short = EachZeroProof(
        made.nonces, ((made.shares[0][0][:15], *made.shares[0][1:]), *made.shares[1:]), made.responses
    )
    assert refusal(proof.each_zero(branches, short)) == "ERR_ENCODING"
    nothing = EachZeroProof(made.nonces, ((bytes(16), *made.shares[0][1:]), *made.shares[1:]), made.responses)
    assert refusal(proof.each_zero(branches, nothing)) == "ERR_ZERO_CHALLENGE"


@pytest.mark.parametrize(("m", "most"), [(1, 3e6), (4, 6.5e6), (16, 13.5e6)])
def test_money(machine: ComparedMachine, proof: Proof, m: int, most: int) -> None:
    rng = random.Random("money")
    known = [Opening(rng.randrange(2**48), Scalar(rng.randrange(1, N))) for _ in range(m)]
    made = money.prove(LibPoint, known, CONTEXT, rng.randbytes(32))
    parts = made.points, made.scalars, made.hints
    proof.money(made.commitments, parts).ok()
    assert spent_on_mainnet(machine) <= most
    proof.money(made.commitments, parts, bytes(32)).refusal()
    proof.money([*made.commitments, made.commitments[0]], parts).refusal()
    proof.verify("money", made.commitments, None, *parts).ok()
