"""Scalars that a caller steers to just above a multiple of 2^256 are reduced rightly: the contract then finds what
`circuits` finds, that the equation fails, and not hints that fit another sum."""

from __future__ import annotations

import random

import pytest

from appliance.chain.clarity import NONE
from circuits import hints
from circuits.group import LibPoint
from circuits.range_equation import RangeProof, RangeStatement, draw
from circuits.scalar import N, Scalar
from circuits.shape import USAGE, generators
from tests.contracts.settlement import account
from tests.contracts.vm import Machine

ERR_EQUATION = 1004


@pytest.mark.parametrize("excess", [15, 2**20 + 1])
def test_a_scalar_just_above_the_order(machine: Machine, rng: random.Random, excess: int) -> None:
    """n_0 = (N + excess)/2 times an even gamma is excess * gamma/2 above a multiple of N."""
    shape = USAGE[16]
    contract = machine.deploy("range-16", account(f"range-16 for scalars {excess} above N"))

    def point() -> bytes:
        return (LibPoint.generator() * Scalar(rng.randrange(1, N))).to_bytes()

    tried = 0
    while tried < 5:
        statement = RangeStatement(shape, rng.randbytes(32), tuple(point() for _ in range(shape.m)), None)
        points = tuple(point() for _ in range(shape.points))
        scalars = [rng.randrange(1, N).to_bytes(32, "big") for _ in range(shape.scalars)]
        gamma = draw(statement, RangeProof(points, tuple(scalars))).gammas[1]  # scalars come after it
        if gamma % 2:
            continue
        tried += 1
        scalars[0] = ((N + excess) // 2).to_bytes(32, "big")
        proof = RangeProof(points, tuple(scalars))
        made = hints.make(generators(LibPoint, shape.slots), statement, proof)
        arguments = (statement.context, list(statement.commitments), NONE, list(points), scalars, list(made))
        assert machine.read(contract, "verify", *arguments).refusal() == ERR_EQUATION
