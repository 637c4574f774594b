"""One test vector: the arguments of a verifier, and on which check they fail."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from circuits import bit, disjunction, hints, listed, zero
from circuits.bit import BitProof
from circuits.disjunction import DisjunctionProof
from circuits.generators import bases
from circuits.group import Point
from circuits.opening import sum_opens
from circuits.pedersen import Opening
from circuits.range_equation import RangeProof, RangeStatement
from circuits.scalar import EncodingError, Scalar
from circuits.shape import MONEY, USAGE, generators
from circuits.verdict import Check, ProofRejected
from circuits.zero import ZeroProof

FOLDER: Final = Path(__file__).parent
OK: Final = "ok"
SHAPES: Final = {"usage": USAGE, "money": MONEY}
"""Of the range proofs, by kind."""


@dataclass(frozen=True, slots=True)
class Case:
    """`expected` is "ok" or the name of a Check. Where nothing is opened, `total` and `blinding` are None.

    points, scalars and hints by kind: usage and money as in circuits.usage and circuits.money; zero: nonce, response;
    any-zero: nonces, then shares padded to 32 bytes and responses; bit as in circuits.bit; opening (of the commitments'
    sum): the hints for adding them up, no points and scalars.
    """

    comment: str
    kind: str
    context: bytes
    commitments: tuple[bytes, ...]
    total: int | None
    blinding: bytes | None
    points: tuple[bytes, ...]
    scalars: tuple[bytes, ...]
    hints: tuple[bytes, ...]
    expected: str

    def to_json(self) -> dict[str, Any]:
        return {
            "comment": self.comment,
            "kind": self.kind,
            "context": self.context.hex(),
            "commitments": _hex(self.commitments),
            "total": self.total,
            "blinding": None if self.blinding is None else self.blinding.hex(),
            "points": _hex(self.points),
            "scalars": _hex(self.scalars),
            "hints": _hex(self.hints),
            "expected": self.expected,
        }

    @classmethod
    def from_json(cls, case: dict[str, Any]) -> Case:
        blinding = case["blinding"]
        return cls(
            case["comment"],
            case["kind"],
            bytes.fromhex(case["context"]),
            _bytes(case["commitments"]),
            case["total"],
            None if blinding is None else bytes.fromhex(blinding),
            _bytes(case["points"]),
            _bytes(case["scalars"]),
            _bytes(case["hints"]),
            case["expected"],
        )


def load(name: str) -> list[Case]:
    """All cases of tests/vectors/NAME.json."""
    return [Case.from_json(case) for case in json.loads((FOLDER / f"{name}.json").read_text())]


class Written(Protocol):
    """A vector of any form."""

    def to_json(self) -> dict[str, Any]: ...


def text(cases: Sequence[Written]) -> str:
    """What the file holds."""
    return json.dumps([case.to_json() for case in cases], indent=1) + "\n"


def verdict(kind: type[Point], case: Case) -> str:
    """What the case is found to be, over the given group. Range proofs go the contract's way, with hints."""
    try:
        _run(kind, case)
    except ProofRejected as rejected:
        return rejected.check.value
    return OK


def verdict_without_hints(kind: type[Point], case: Case) -> str:
    """The same of a range proof by the plain verifier."""
    shapes = SHAPES[case.kind]
    try:
        listed.verify(kind, shapes, case.commitments, case.context, _opening(case), case.points, case.scalars)
    except ProofRejected as rejected:
        return rejected.check.value
    return OK


def _run(kind: type[Point], case: Case) -> None:
    base = bases(kind)
    match case.kind:
        case "usage" | "money":
            shape = SHAPES[case.kind].get(len(case.commitments))
            if shape is None:
                raise ProofRejected(Check.LENGTH, "no shape for so many values")
            statement = RangeStatement(shape, case.context, case.commitments, _opening(case))
            proof = RangeProof(case.points, case.scalars)
            hints.check(generators(kind, shape.slots), statement, proof, case.hints)
        case "zero":
            _lengths(case, 1, 1, 1, 0)
            zero.verify(base, case.commitments[0], case.context, ZeroProof(case.points[0], case.scalars[0]))
        case "any-zero":
            branches = len(case.commitments)
            padded, responses = case.scalars[: branches - 1], case.scalars[branches - 1 :]
            if any(len(share) != 32 or any(share[:16]) for share in padded):
                raise ProofRejected(Check.ENCODING, "a share is below 2^128, in 32 bytes")
            shares = tuple(share[16:] for share in padded)
            proven = DisjunctionProof(case.points, shares, responses)
            disjunction.verify(base, case.commitments, case.context, proven)
        case "bit":
            _lengths(case, 1, 2, 3, 1)
            bit.verify(base, case.commitments[0], case.context, BitProof(case.points, case.scalars, case.hints))
        case "opening":
            _sum(kind, case)
        case _:
            raise AssertionError(f"no kind {case.kind}")


def _sum(kind: type[Point], case: Case) -> None:
    """By the group's own addition, after the additions that a contract makes with hints."""
    count = len(case.commitments)
    if not count or case.points or case.scalars or case.total is None or len(case.context) != 32:
        raise ProofRejected(Check.LENGTH, "an opening has commitments, a total, hints and nothing else")
    try:
        points = [kind.from_bytes_checked(commitment) for commitment in case.commitments]
    except EncodingError as error:
        raise ProofRejected(Check.ENCODING, str(error)) from error
    if len(case.hints) != (count - 1).bit_length():
        raise ProofRejected(Check.LENGTH, "an opening has a hint for each level of additions")
    (whole,) = hints.add_up([point.xy() for point in points], case.hints)
    opening = _opening(case)
    if opening is None or not sum_opens(bases(kind), points, opening):
        raise ProofRejected(Check.EQUATION, "the sum does not open")
    if whole != kind.sum(points).xy():
        raise AssertionError("right hints lead to the sum")


def _lengths(case: Case, commitments: int, points: int, scalars: int, hint_count: int) -> None:
    found = len(case.commitments), len(case.points), len(case.scalars), len(case.hints)
    if found != (commitments, points, scalars, hint_count) or case.total is not None:
        raise ProofRejected(Check.LENGTH, f"{found}")


def _opening(case: Case) -> Opening | None:
    if case.total is None or case.blinding is None:
        return None
    try:
        return Opening(case.total, Scalar.from_bytes_checked(case.blinding))
    except EncodingError as error:
        raise ProofRejected(Check.ENCODING, str(error)) from error


def _hex(items: Sequence[bytes]) -> list[str]:
    return [item.hex() for item in items]


def _bytes(items: Sequence[str]) -> tuple[bytes, ...]:
    return tuple(bytes.fromhex(item) for item in items)
