"""A model of the chain in a process of its own, so that two cost tables are followed at the same time."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Final

from appliance.bench.calls import NETWORK, Call
from contracts.costs.chain import Chain, Outcome

DRAWS: Final = "draw-panel"
"""The function that asks for the hash of a burn block, of the last few."""
NEWEST: Final = 16


class Twin:
    """What is asked of it is begun at once; `outcome` waits for the oldest answer."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe

    def begin(self, call: Call, heights: Mapping[str, int], headers: Mapping[int, bytes | None]) -> None:
        made = call.contract, call.function, call.arguments, call.sender.address(NETWORK)
        self._pipe.send((made, dict(heights), dict(headers)))

    def outcome(self) -> Outcome:
        answer = self._pipe.recv()
        if isinstance(answer, Exception):
            raise answer
        assert isinstance(answer, Outcome)
        return answer


@contextmanager
def twin(model: Chain) -> Iterator[Twin]:
    """The model as it is now, which from then on is the other process's."""
    forking = multiprocessing.get_context("fork")
    here, there = forking.Pipe()
    process = forking.Process(target=_follow, args=(model, there, here), daemon=True)
    process.start()
    there.close()
    try:
        yield Twin(here)
    finally:
        here.close()
        process.join()


def _follow(model: Chain, pipe: Connection, other_end: Connection) -> None:
    other_end.close()
    headers: dict[int, bytes | None] = {}
    model.burn_header = headers.get
    while True:
        try:
            made, heights, newest = pipe.recv()
        except EOFError:
            return
        headers |= newest
        model.heights |= heights
        try:
            answer: Outcome | Exception = model.call(*made)
        except Exception as error:  # noqa: BLE001  # is raised where the answer is waited for
            answer = error
        pipe.send(answer)
