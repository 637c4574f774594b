"""The checks of privacy-proof that `./mita bench chain` measures, with real proofs in their arguments."""

from __future__ import annotations

import random
from collections.abc import Sequence
from math import prod
from typing import Final

from appliance.bench.calls import GATEWAY, Call, buffers, contract
from appliance.call import PRIVACY_PROOF
from appliance.chain.clarity import Ascii, Bool, Buffer, Int, List, Optional, Tuple, UInt, Value
from circuits import bit, each_zero, hints, money, usage
from circuits.each_zero import KnownZero
from circuits.generators import LIB
from circuits.group import LibPoint
from circuits.opening import sum_openings
from circuits.pedersen import Opening, commit
from circuits.scalar import N, P, Scalar
from circuits.shape import MONEY_BOUND, USAGE_BOUND
from circuits.tariff import Line

SLOTS: Final = 64
CONTEXT: Final = bytes(range(32))
LINE: Final = Line(rate=2_500, constant=-120_000)  # of a tariff's second band; every other slot is vacant


def openings(rng: random.Random, m: int, bound: int = USAGE_BOUND) -> list[Opening]:
    return [Opening(rng.randrange(bound), Scalar(rng.randrange(N))) for _ in range(m)]


def commitments(known: Sequence[Opening]) -> tuple[bytes, ...]:
    return tuple(commit(LIB, opening).to_bytes() for opening in known)


def s1(rng: random.Random, m: int) -> Call:
    """The range verifier with the sum's opening, through privacy-proof, as anyone may call it."""
    made = usage.prove(LibPoint, openings(rng, m), CONTEXT, rng.randbytes(32), opened=True)
    return _verify_proof("usage", made.commitments, made.total, made.points, made.scalars, made.hints)


def opening(rng: random.Random) -> Call:
    (known,) = openings(rng, 1)
    arguments = (Buffer(commitments([known])[0]), UInt(known.value), Buffer(known.blinding.to_bytes()))
    return _read("verify-opening", arguments)


def sum64(rng: random.Random) -> Call:
    """Opening of the sum of 64 commitments, nothing else."""
    known = openings(rng, SLOTS)
    listed = commitments(known)
    level = [LibPoint.from_bytes_checked(commitment).xy() for commitment in listed]
    made: list[bytes] = []
    while len(level) > 1:
        inverse = pow(prod(hints.differences(level)), -1, P)
        made.append(inverse.to_bytes(32, "big"))
        level = hints.add_pairs(level, inverse)
    return _verify_proof("opening", listed, sum_openings(known), (), (), made)


def ballot(rng: random.Random) -> Call:
    """One commitment to 0 or 1."""
    known = Opening(1, Scalar(rng.randrange(N)))
    made = bit.prove(LIB, known, CONTEXT, rng.randbytes(32))
    parts = (buffers(made.points), buffers(made.scalars), buffers(made.hints))
    return _read("verify-bit", (Buffer(CONTEXT), Buffer(commitments([known])[0]), *parts))


def bill64(rng: random.Random) -> Call:
    """A line of a tariff for 64 slots: all of the bill where there is one band."""
    listed = commitments(openings(rng, SLOTS))
    occupied = [slot % 2 == 0 for slot in range(SLOTS)]
    hint = LINE.points(LIB, listed, occupied).hint
    prices = (UInt(LINE.rate), Int(LINE.constant))
    return _read("compute-line", (buffers(listed), *prices, List(tuple(map(Bool, occupied))), Buffer(hint)))


def money32(rng: random.Random) -> Call:
    """Range proof of half a zone's amounts of money."""
    made = money.prove(LibPoint, openings(rng, money.PART, MONEY_BOUND), CONTEXT, rng.randbytes(32))
    parts = (buffers(made.points), buffers(made.scalars), buffers(made.hints))
    return _read("verify-money", (Buffer(CONTEXT), buffers(made.commitments), *parts))


def each_zero64(rng: random.Random, branches: int) -> Call:
    """In every slot one of so many branches is zero."""
    rows = [openings(rng, SLOTS, MONEY_BOUND) for _ in range(branches)]
    known = [KnownZero(rng.randrange(branches), Scalar(rng.randrange(1, N))) for _ in range(SLOTS)]
    for slot, zero in enumerate(known):
        rows[zero.branch][slot] = Opening(0, zero.blinding)
    listed = [commitments(row) for row in rows]
    made = each_zero.prove(LIB, listed, known, CONTEXT, rng.randbytes(32))
    lists = (listed, made.nonces, made.shares, made.responses)
    return _read("verify-each-zero", (Buffer(CONTEXT), *(List(tuple(map(buffers, rows))) for rows in lists)))


def _verify_proof(
    kind: str,
    listed: Sequence[bytes],
    total: Opening | None,
    points: Sequence[bytes],
    scalars: Sequence[bytes],
    inverses: Sequence[bytes],
) -> Call:
    if total is None:
        raise AssertionError("these statements open a total")
    opened = Tuple.of({"total": UInt(total.value), "blinding": Buffer(total.blinding.to_bytes())})
    parts = (buffers(points), buffers(scalars), buffers(inverses))
    return _read("verify-proof", (Ascii(kind), Buffer(CONTEXT), buffers(listed), Optional(opened), *parts))


def _read(function: str, arguments: tuple[Value, ...]) -> Call:
    return Call(contract(PRIVACY_PROOF), function, arguments, GATEWAY, read_only=True)
