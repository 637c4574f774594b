"""Sums and differences of lists of commitments, slot by slot, as a contract makes them: with one hint for a list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from circuits import hints
from circuits.generators import PointT
from circuits.scalar import EncodingError
from circuits.verdict import Check, ProofRejected


@dataclass(frozen=True, slots=True)
class Combined:
    """The points, 33 bytes each, and the hint of their additions; no bytes of a hint where nothing is added."""

    points: tuple[bytes, ...]
    hint: bytes


def add(kind: type[PointT], left: Sequence[bytes], right: Sequence[bytes]) -> Combined:
    """ProofRejected for lists that differ in length, for what is no point, and for equal or opposite points."""
    if len(left) != len(right):
        raise ProofRejected(Check.LENGTH, "two lists to be added differ in length")
    try:
        pairs = [(kind.from_bytes_checked(a), kind.from_bytes_checked(b)) for a, b in zip(left, right, strict=True)]
    except EncodingError as error:
        raise ProofRejected(Check.ENCODING, str(error)) from error
    hint = hints.for_lists(left, right)
    return Combined(tuple((a + b).to_bytes() for a, b in pairs), hint)


def subtract(kind: type[PointT], left: Sequence[bytes], right: Sequence[bytes]) -> Combined:
    """left - right; ProofRejected as for `add`."""
    return add(kind, left, [negated(point) for point in right])


def negated(point: bytes) -> bytes:
    """-P: the other prefix. What is no encoding stays none."""
    return bytes([point[0] ^ 1]) + point[1:] if point else point
