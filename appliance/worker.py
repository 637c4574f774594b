"""6: the worker: one process of low priority in which everything is proved.

Bytes and integers in and out of it; it dies with its parent, and is remade when it breaks.
"""

from __future__ import annotations

import asyncio
import ctypes
import multiprocessing
import os
import resource
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import ParamSpec, Self, TypeVar

from circuits.blinding import BlindingKey

Args = ParamSpec("Args")
Result = TypeVar("Result")

_PR_SET_PDEATHSIG = 1  # prctl(2)
_NICE = 10


class Prover:
    """The worker: one process, started when first needed, remade when it breaks."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None

    async def run(self, function: Callable[Args, Result], *args: Args.args, **kwargs: Args.kwargs) -> Result:
        """function(*args) in the worker. A killed worker is remade once; what `function` raises is raised here."""
        if kwargs:
            raise TypeError("the worker takes positional arguments only")
        for last in (False, True):
            try:
                return await asyncio.get_running_loop().run_in_executor(self._worker(), function, *args)
            except BrokenProcessPool:
                self._pool = None
                if last:
                    raise
        raise AssertionError("unreachable")

    async def timed(self, function: Callable[..., Result], *args: object) -> tuple[Result, int]:
        """As `run`, and the milliseconds that it took in the worker."""
        return await self.run(_timed, function, args)

    def _worker(self) -> ProcessPoolExecutor:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                max_workers=1,
                mp_context=multiprocessing.get_context("spawn"),
                initializer=_settle,
                initargs=(os.getpid(),),
            )
        return self._pool

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)


def _settle(parent: int) -> None:
    """Low priority, no core dumps (they would hold secrets), and never outlives the parent."""
    os.nice(_NICE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if os.getppid() != parent:  # it died before prctl took effect
        os.kill(os.getpid(), signal.SIGKILL)


def _timed(function: Callable[..., Result], args: Sequence[object]) -> tuple[Result, int]:
    start = time.monotonic_ns()
    result = function(*args)
    return result, (time.monotonic_ns() - start) // 1_000_000


Keys = Mapping[str, BlindingKey]
"""Blinding keys by the name of the secret they derive from; a block's slots say whose they are."""
