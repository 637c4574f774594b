"""Cases of "in every slot one of several commitments is zero": their arguments are lists of lists."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any, Final

from circuits import each_zero
from circuits.each_zero import EachZeroProof, KnownZero
from circuits.generators import LIB, bases
from circuits.group import Point
from circuits.scalar import N
from circuits.transcript import MODULUS
from circuits.verdict import ProofRejected
from tests.vectors.case import FOLDER, OK
from tests.vectors.parts import (
    CONTEXT,
    ENCODING,
    EQUATION,
    LENGTH,
    OTHER,
    ZERO,
    commitments,
    entropy,
    openings,
    plus,
    shifted,
)

NAME: Final = "each-zero"
Lists = tuple[tuple[bytes, ...], ...]


@dataclass(frozen=True, slots=True)
class EachZeroCase:
    """Lists by branch, then slot. `expected` is "ok" or the name of a Check."""

    comment: str
    context: bytes
    branches: Lists
    nonces: Lists
    shares: Lists
    responses: Lists
    expected: str

    def to_json(self) -> dict[str, Any]:
        lists = {name: [[item.hex() for item in row] for row in getattr(self, name)] for name in LISTS}
        return {"comment": self.comment, "context": self.context.hex(), **lists, "expected": self.expected}

    @classmethod
    def from_json(cls, case: dict[str, Any]) -> EachZeroCase:
        branches, nonces, shares, responses = (
            tuple(tuple(bytes.fromhex(item) for item in row) for row in case[name]) for name in LISTS
        )
        context = bytes.fromhex(case["context"])
        return cls(case["comment"], context, branches, nonces, shares, responses, case["expected"])


LISTS: Final = ("branches", "nonces", "shares", "responses")


def load() -> list[EachZeroCase]:
    """All cases of tests/vectors/each-zero.json."""
    return [EachZeroCase.from_json(case) for case in json.loads((FOLDER / f"{NAME}.json").read_text())]


def verdict(kind: type[Point], case: EachZeroCase) -> str:
    """What the case is found to be, over the given group."""
    try:
        proof = EachZeroProof(case.nonces, case.shares, case.responses)
        each_zero.verify(bases(kind), case.branches, case.context, proof)
    except ProofRejected as rejected:
        return rejected.check.value
    return OK


def valid(b: int, slots: int) -> EachZeroCase:
    """Slot s is zero on branch s mod b and nowhere else."""
    label = f"each zero {b} {slots}"
    rows = [openings([0 if s % b == k else 7 + s + k for s in range(slots)], f"{label} {k}") for k in range(b)]
    branches = tuple(commitments(row) for row in rows)
    known = [KnownZero(s % b, rows[s % b][s].blinding) for s in range(slots)]
    proof = each_zero.prove(LIB, branches, known, CONTEXT, entropy(label))
    comment = f"{b} branches, {slots} slots"
    return EachZeroCase(comment, CONTEXT, branches, proof.nonces, proof.shares, proof.responses, OK)


def each_zero_cases() -> list[EachZeroCase]:
    a = valid(2, 2)
    changes = [
        ("another context", replace(a, context=OTHER), EQUATION),
        ("branches swapped", replace(a, branches=a.branches[::-1]), EQUATION),
        ("slots swapped", replace(a, branches=tuple(row[::-1] for row in a.branches)), EQUATION),
        ("slot 0 shows what slot 1 shows", borrowed(a), EQUATION),
        ("last slot has no zero", pretended(a), EQUATION),
        ("last response + 1", replace(a, responses=put(a.responses, 1, 1, plus(a.responses[1][1], 1))), EQUATION),
        ("shares that add up over all slots only", exchanged(a), EQUATION),
        ("a share zero", replace(a, shares=put(a.shares, 0, 1, bytes(16))), ZERO),
        ("a share that leaves zero for the last", replace(a, shares=put(a.shares, 0, 1, whole(a))), ZERO),
        ("a slot too few", replace(a, branches=tuple(row[:-1] for row in a.branches)), LENGTH),
        ("a share of 15 bytes", replace(a, shares=put(a.shares, 0, 0, a.shares[0][0][1:])), ENCODING),
        ("a response of N", replace(a, responses=put(a.responses, 0, 1, N.to_bytes(32, "big"))), ENCODING),
        ("infinity as a branch", replace(a, branches=put(a.branches, 1, 1, bytes(33))), ENCODING),
    ]
    broken = [replace(case, comment=comment, expected=expected) for comment, case, expected in changes]
    return [a, valid(4, 1), valid(3, 2), *broken]


def put(rows: Lists, k: int, s: int, item: bytes) -> Lists:
    return tuple(tuple(item if (i, j) == (k, s) else old for j, old in enumerate(row)) for i, row in enumerate(rows))


def whole(case: EachZeroCase) -> bytes:
    """What the shares of a slot add up to."""
    return each_zero.challenge(case.context, case.branches, case.nonces).to_bytes(16, "big")


def borrowed(a: EachZeroCase) -> EachZeroCase:
    """Slot 1's branches and its whole answer, in the place of slot 0's."""
    branches, nonces, shares, responses = (
        tuple((row[1], *row[1:]) for row in rows) for rows in (a.branches, a.nonces, a.shares, a.responses)
    )
    return EachZeroCase(a.comment, a.context, branches, nonces, shares, responses, a.expected)


def pretended(a: EachZeroCase) -> EachZeroCase:
    """Slot 1 is zero on branch 1; with A more it is zero nowhere."""
    return replace(a, branches=put(a.branches, 1, 1, shifted(a.branches[1][1])))


def exchanged(a: EachZeroCase) -> EachZeroCase:
    """Slot 0's first share is one more, slot 1's one less."""

    def moved(share: bytes, by: int) -> bytes:
        return ((int.from_bytes(share, "big") + by) % MODULUS).to_bytes(16, "big")

    first = put(a.shares, 0, 0, moved(a.shares[0][0], 1))
    return replace(a, shares=put(first, 0, 1, moved(a.shares[0][1], -1)))
