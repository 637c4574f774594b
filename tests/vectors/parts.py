"""What several kinds of vectors are made of: known openings, and ways to spoil a valid case."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from random import Random

from circuits.generators import LIB
from circuits.group import LibPoint
from circuits.pedersen import Opening, commit
from circuits.scalar import N, P, Scalar
from tests.vectors.case import OK, Case

ENCODING, LENGTH, HINT, ZERO, EQUATION = "encoding", "length", "hint", "zero challenge", "final equation"
CONTEXT = hashlib.sha256(b"context").digest()
OTHER = hashlib.sha256(b"another context").digest()


def entropy(label: str) -> bytes:
    return hashlib.sha256(label.encode()).digest()


def openings(values: Sequence[int], label: str) -> list[Opening]:
    """With blindings that depend on the label."""
    random = Random(label)
    return [Opening(value, Scalar(random.randrange(1, N))) for value in values]


def commitments(opened: Sequence[Opening]) -> tuple[bytes, ...]:
    return tuple(commit(LIB, opening).to_bytes() for opening in opened)


def plain(comment: str, kind: str, points: Sequence[bytes], proof: Sequence[Sequence[bytes]]) -> Case:
    """A valid one without a total; `proof` is points, scalars and hints."""
    shown, scalars, made = (tuple(part) for part in proof)
    return Case(comment, kind, CONTEXT, tuple(points), None, None, shown, scalars, made, OK)


def judged(expected: str, changes: Sequence[tuple[str, Case]]) -> list[Case]:
    return [replace(case, comment=comment, expected=expected) for comment, case in changes]


def swapped(items: tuple[bytes, ...], i: int, j: int) -> tuple[bytes, ...]:
    changed = list(items)
    changed[i], changed[j] = changed[j], changed[i]
    return tuple(changed)


def put(items: tuple[bytes, ...], i: int, item: bytes) -> tuple[bytes, ...]:
    return (*items[:i], item, *items[i + 1 :])


def plus(scalar: bytes, summand: int) -> bytes:
    value: int = (int.from_bytes(scalar, "big") + summand) % N
    return value.to_bytes(32, "big")


def minus(inverse: bytes) -> bytes:
    return (P - int.from_bytes(inverse, "big")).to_bytes(32, "big")


def negated(point: bytes) -> bytes:
    return bytes([point[0] ^ 1]) + point[1:]


def shifted(point: bytes) -> bytes:
    """C + A."""
    return LibPoint.sum([LibPoint.from_bytes_checked(point), LIB.value]).to_bytes()


def bad_points(good: bytes) -> list[tuple[str, bytes]]:
    """Encodings that are refused."""
    return [
        ("prefix 04", b"\x04" + good[1:]),
        ("hybrid prefix 06", b"\x06" + good[1:]),
        ("prefix 00", b"\x00" + good[1:]),
        ("32 bytes", good[:-1]),
        ("infinity as 33 zero bytes", bytes(33)),
        ("an x-coordinate that no point has", b"\x02" + (5).to_bytes(32, "big")),
        ("an x-coordinate not below p", b"\x02" + (P + 1).to_bytes(32, "big")),
    ]


def bad_scalars() -> list[tuple[str, bytes]]:
    return [("N", N.to_bytes(32, "big")), ("2^256 - 1", b"\xff" * 32), ("31 bytes", bytes(30) + b"\1")]
