"""What an audit checks a usage proof with: the statement as submitted, over py_ecc, the slow and independent group."""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import StrEnum

from circuits import hints, usage
from circuits.group import LibPoint
from circuits.pedersen import Opening
from circuits.range_equation import RangeProof, RangeStatement
from circuits.reference import ReferencePoint
from circuits.scalar import EncodingError, Scalar
from circuits.shape import USAGE, generators
from circuits.verdict import ProofRejected


class Check(StrEnum):
    """What can be wrong, the proof's own five first."""

    ENCODING = "encoding"
    LENGTH = "length"
    HINT = "hint"
    ZERO_CHALLENGE = "zero challenge"
    EQUATION = "final equation"
    CONTEXT = "context"
    CONTRACT = "contract"
    TRANSACTION = "transaction"
    EVENT = "event"
    SEQUENCE = "sequence"
    TOTAL = "total"


@dataclass(frozen=True, slots=True)
class Failure:
    """A check that failed, and how, in words."""

    check: Check
    words: str


class Refused(ValueError):
    """Input that says nothing which could be checked further."""

    def __init__(self, check: Check, words: str) -> None:
        super().__init__(words)
        self.failure = Failure(check, words)


@dataclass(frozen=True, slots=True)
class Claim:
    """Statement S1 and its proof: every commitment holds a usage in range and, if `total` is there, they sum to it.

    `total` in Wh or litre with 32 bytes of blinding; points and commitments of 33 bytes, scalars and hints of 32.
    Nothing is checked yet.
    """

    context: bytes
    commitments: tuple[bytes, ...]
    total: tuple[int, bytes] | None
    points: tuple[bytes, ...]
    scalars: tuple[bytes, ...]
    hints: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """None for a valid proof; `milliseconds` that the check took."""

    failure: Failure | None
    milliseconds: int


def verify(claim: Claim) -> Verdict:
    """Proof and hints; what fails first is named. Seconds of pure Python for 64 commitments."""
    start = time.monotonic_ns()
    failure = _first_failure(claim)
    return Verdict(failure, (time.monotonic_ns() - start) // 1_000_000)


def _first_failure(claim: Claim) -> Failure | None:
    try:
        total = None if claim.total is None else Opening(claim.total[0], Scalar.from_bytes_checked(claim.total[1]))
    except EncodingError as error:
        return Failure(Check.ENCODING, f"the blinding of the total: {error}")
    except ValueError as error:
        return Failure(Check.TOTAL, str(error))
    try:
        usage.verify(ReferencePoint, claim.commitments, claim.context, total, claim.points, claim.scalars)
        _check_hints(claim, total)
    except ProofRejected as rejected:
        return Failure(Check(rejected.check.value), str(rejected))
    return None


def _check_hints(claim: Claim, total: Opening | None) -> None:
    """ProofRejected. Hints follow from the proof, which py_ecc has checked; so the fast group will do for them."""
    shape = USAGE[len(claim.commitments)]
    statement = RangeStatement(shape, claim.context, claim.commitments, total)
    hints.check(generators(LibPoint, shape.slots), statement, RangeProof(claim.points, claim.scalars), claim.hints)
