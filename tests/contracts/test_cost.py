"""What a call may cost: shares of a block's budget, on the cost table that the VM of the tests charges.

That table is older than mainnet's and dearer for arithmetic and hashes; reads, writes and lengths are the same.
"""

from __future__ import annotations

import random

import pytest

from circuits import bit, each_zero, money, zero
from circuits.bit import BitProof
from circuits.each_zero import KnownZero
from circuits.generators import LIB
from circuits.group import LibPoint
from circuits.opening import sum_openings
from circuits.tariff import Line
from tests.contracts.privacy import CONTEXT, Proof, encoded, openings, sum_hints
from tests.contracts.settlement import MAX_USAGE, Settlement, addition_hint, prove
from tests.contracts.vm import Receipt

RUNTIME = 5_000_000_000
READ_COUNT, READ_LENGTH = 30_000, 200_000_000
WRITE_COUNT, WRITE_LENGTH = 15_000, 15_000_000
CALL_READ_LENGTH, CALL_READ_COUNT = 200_000, 100  # a node's default budget for a read-only call
CALL_RUNTIME = 1_000_000_000


@pytest.mark.parametrize(("zone", "slots", "percent"), [(1, 16, 1), (2, 64, 3)])
def test_a_batch_stays_within_its_share_of_a_block(
    settlement: Settlement, rng: random.Random, zone: int, slots: int, percent: int
) -> None:
    s = settlement
    for which in ("first", "later"):
        batch = s.following(rng, zone, [rng.randrange(MAX_USAGE) for _ in range(slots)])
        receipt = s.submit(batch)
        receipt.ok()
        costs = receipt.costs
        print(f"submit-usage-batch, {slots} slots, {which} batch of a period: {costs}")
        assert costs["runtime"] <= RUNTIME * percent // 100
        assert costs["readCount"] <= READ_COUNT // 100
        assert costs["readLength"] <= READ_LENGTH // 100
        assert costs["writeCount"] <= WRITE_COUNT // 100
        assert costs["writeLength"] <= WRITE_LENGTH // 100


@pytest.mark.parametrize("slots", [1, 4, 16, 32, 64])
def test_anyone_s_check_fits_a_read_only_call(proof: Proof, rng: random.Random, slots: int) -> None:
    many = openings(rng, [rng.randrange(MAX_USAGE) for _ in range(slots)])
    made = prove(tuple(many), CONTEXT, opened=True)
    assert made.total is not None
    opening = (made.total.value, made.total.blinding.to_bytes())
    receipt = proof.verify("usage", made.commitments, opening, made.points, made.scalars, made.hints)
    assert receipt.ok() is True
    print(f"verify-proof usage, {slots} slots: {receipt.costs}")
    assert receipt.costs["readLength"] <= CALL_READ_LENGTH
    assert receipt.costs["readCount"] <= CALL_READ_COUNT
    assert receipt.costs["runtime"] <= CALL_RUNTIME


@pytest.mark.parametrize("m", [1, 4, 16, 32])
def test_anyone_s_check_of_money_fits_a_read_only_call(proof: Proof, rng: random.Random, m: int) -> None:
    known = openings(rng, [rng.randrange(2**48) for _ in range(m)])
    made = money.prove(LibPoint, known, CONTEXT, rng.randbytes(32))
    receipt = proof.verify("money", made.commitments, None, made.points, made.scalars, made.hints)
    assert receipt.ok() is True
    print(f"verify-proof money, {m} values: {receipt.costs}")
    assert receipt.costs["readLength"] <= CALL_READ_LENGTH
    assert receipt.costs["readCount"] <= CALL_READ_COUNT
    assert receipt.costs["runtime"] <= CALL_RUNTIME


@pytest.mark.parametrize("b", [2, 3, 4])
def test_zeros_of_a_whole_zone(proof: Proof, rng: random.Random, b: int) -> None:
    """About 28,000 for each branch and slot, as a single zero costs."""
    rows = [openings(rng, [0 if i == 0 else 7] * 64) for i in range(b)]
    branches = [encoded(row) for row in rows]
    known = [KnownZero(0, zeroed.blinding) for zeroed in rows[0]]
    made = each_zero.prove(LIB, branches, known, CONTEXT, rng.randbytes(32))
    receipt = proof.each_zero(branches, made)
    receipt.ok()
    load = receipt.costs["readLength"]
    print(f"verify-each-zero, {b} branches, 64 slots: {receipt.costs['runtime']} of which {load} to load contracts")
    assert receipt.costs["runtime"] - load <= 29_000 * 64 * b


def test_the_small_proofs(proof: Proof, rng: random.Random) -> None:
    """Runtime of a call less what loading contracts costs, which is their length and a little."""
    one, none, ballot = openings(rng, [5, 0, 1])
    shown = zero.prove(LIB, none.blinding, CONTEXT, rng.randbytes(32))
    bit_shown = bit.prove(LIB, ballot, CONTEXT, rng.randbytes(32))
    usage = encoded(openings(rng, [7] * 64))
    rate, constant = 250, -90_000
    line = Line(rate, constant).points(LIB, usage, [True] * 64)
    other = encoded(openings(rng, [7] * 64))
    whole = sum_openings(many := openings(rng, [7] * 64))
    (opened,), (nothing,) = encoded([one]), encoded([none])
    figures: list[tuple[str, Receipt, int]] = [
        ("opening", proof.opens(opened, 5, one.blinding.to_bytes()), 16_500),
        ("opening of zero", proof.opens(nothing, 0, none.blinding.to_bytes()), 50_000),
        ("zero", proof.zero(nothing, shown.nonce, shown.response), 30_000),
        ("bit", proof.verify("bit", encoded([ballot]), None, *parts_of(bit_shown)), 350_000),
        ("a line of 64", proof.line(usage, rate, constant, line.hint), 16_000_000),
        ("a line of 64 without a constant", proof.line(usage, rate, 0, b""), 3_000_000),
        ("64 differences", proof.subtract(usage, other, addition_hint(usage, other)), 13_500_000),
        (
            "opening of a sum of 64",
            proof.verify(
                "opening", encoded(many), (whole.value, whole.blinding.to_bytes()), hints=sum_hints(encoded(many))
            ),
            14_000_000,
        ),
    ]
    for name, receipt, most in figures:
        receipt.ok()
        load = receipt.costs["readLength"]
        print(f"{name}: {receipt.costs['runtime']} of which {load} to load contracts")
        assert receipt.costs["runtime"] - load <= most, name


def parts_of(made: BitProof) -> tuple[tuple[bytes, ...], tuple[bytes, ...], tuple[bytes, ...]]:
    return made.points, made.scalars, made.hints
