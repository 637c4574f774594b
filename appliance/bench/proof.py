"""How long proving and verifying S1 take on one core, against the cost of its scalar multiplications."""

from __future__ import annotations

import multiprocessing
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from typing import Final, TypeVar

from coincurve import PublicKey

from appliance.bench.figures import Figure
from circuits import usage
from circuits.generators import LIB
from circuits.group import LibPoint
from circuits.pedersen import Opening
from circuits.scalar import N, Scalar
from circuits.shape import USAGE, USAGE_BOUND, operations
from circuits.usage import UsageProof

T = TypeVar("T")

REPEATS: Final = {1: 25, 16: 11, 64: 7}
LONG: Final = 5  # times as many with --long
SAMPLE: Final = 60  # multiplications measured beside every proof
TARGETS: Final = {64: (0.5, 3.0)}  # seconds to prove, times the floor
CONTEXT: Final = bytes(range(32))


class Unmeasured(Exception):
    """This bench needs nothing that could be missing."""

    code = 1


@dataclass(frozen=True, slots=True)
class Times:
    """Nanoseconds, wall clock and processor."""

    wall: int
    processor: int


def measure(say: Callable[[str], None], *, long: bool) -> list[Figure]:
    figures = []
    for m, repeats in REPEATS.items():
        say(f"proving and verifying {m} values")
        figures += _measure(m, repeats * (LONG if long else 1))
    say(f"{sum(figure.missed for figure in figures)} targets missed")
    return figures


def _measure(m: int, repeats: int) -> list[Figure]:
    rng = random.Random(m)
    count = operations(USAGE[m])
    proving, verifying, multiplying = [], [], []
    made = _prove(openings(rng, m), rng.randbytes(32))  # builds what later proofs find ready
    for _ in range(repeats):
        known, entropy = openings(rng, m), rng.randbytes(32)
        multiplying.append(_multiplication(rng))
        made, taken = _timed(partial(_prove, known, entropy))
        proving.append(taken)
        verifying.append(_timed(partial(_verify, made))[1])
        multiplying.append(_multiplication(rng))
    one = median(multiplying)
    prove_s = median(t.wall for t in proving) / 1e9
    ratio = median(t.processor for t in proving) / (count * one)
    target_s, target_ratio = TARGETS.get(m, (None, None))
    listed = sum(len(item) for item in (*made.points, *made.scalars, *made.hints))
    name = f"proof.s1.{m}"
    return [
        Figure(f"{name}.prove_s", prove_s, target_s, f"median of {repeats}, hints included, one core"),
        Figure(f"{name}.verify_s", median(t.wall for t in verifying) / 1e9, None, f"median of {repeats}, one core"),
        Figure(
            f"{name}.floor_ratio",
            ratio,
            target_ratio,
            f"processor time over {count} multiplications of {one / 1000:.1f} µs by libsecp256k1, in the same run, "
            "those by digits and multiplicities (a few bits) not counted",
        ),
        Figure(
            f"{name}.bytes",
            listed,
            None,
            f"{len(made.points)} points, {len(made.scalars)} scalars, {len(made.hints)} hints; the "
            f"commitments are {33 * m} more",
        ),
        Figure(
            f"{name}.memory_kib", _memory(m), None, "resident memory that a first proof adds to a process at its peak"
        ),
    ]


def openings(rng: random.Random, m: int) -> list[Opening]:
    return [Opening(rng.randrange(USAGE_BOUND), Scalar(rng.randrange(N))) for _ in range(m)]


def _prove(known: Sequence[Opening], entropy: bytes) -> UsageProof:
    return usage.prove(LibPoint, known, CONTEXT, entropy, opened=True)


def _verify(made: UsageProof) -> None:
    usage.verify(LibPoint, made.commitments, CONTEXT, made.total, made.points, made.scalars)


def _timed(work: Callable[[], T]) -> tuple[T, Times]:
    wall, processor = time.perf_counter_ns(), time.process_time_ns()
    result = work()
    return result, Times(time.perf_counter_ns() - wall, time.process_time_ns() - processor)


def _multiplication(rng: random.Random) -> float:
    """Nanoseconds of processor time of one scalar times point by coincurve, over SAMPLE random scalars."""
    point = PublicKey(LIB.value.to_bytes())
    scalars = [rng.randrange(1, N).to_bytes(32, "big") for _ in range(SAMPLE)]
    start = time.process_time_ns()
    for scalar in scalars:
        point.multiply(scalar)
    return (time.process_time_ns() - start) / SAMPLE


def _memory(m: int) -> int:
    """KiB, measured in a process of its own."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    child = context.Process(target=_grow, args=(m, there))
    child.start()
    there.close()
    grown: int = here.recv()
    child.join()
    return grown


def _grow(m: int, answer: Connection) -> None:
    known = openings(random.Random(m), m)
    before = _status("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew (proc(5))
    _prove(known, bytes(32))
    answer.send(_status("VmHWM") - before)


def _status(name: str) -> int:
    """KiB, from /proc/self/status."""
    lines = Path("/proc/self/status").read_text("ascii", "replace").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name + ":"))
