"""Transcripts of protocols that went wrong: they forget, come late, draw zero, or say what a simulator wants.

A step is a call of `absorb`: 0 the commitments, 1 M and D, 2 R, 3 S and K, then X and Y of each round, last the scalars
with the total. Each is made into a `NewTranscript` with functools.partial.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from circuits.transcript import HashTranscript

Pair = tuple[int, int]


class Forgetful:
    """Hashes zeros in place of the bytes [first, last) of one step."""

    def __init__(self, step: int, first: int, last: int, domain: bytes, context: bytes) -> None:
        self._gap = (step, first, last)
        self._step = 0
        self._hash = HashTranscript(domain, context)

    def absorb(self, data: bytes) -> None:
        step, first, last = self._gap
        if self._step == step:
            if last > len(data):
                raise AssertionError("nothing there to forget")
            data = data[:first] + bytes(last - first) + data[last:]
        self._step += 1
        self._hash.absorb(data)

    def challenges(self) -> Pair:
        return self._hash.challenges()

    def derived(self, index: int) -> Pair:
        return self._hash.derived(index)


class Late:
    """Hashes the bytes [first, last) of one step only before the next: a challenge is drawn without them."""

    def __init__(self, step: int, first: int, last: int, domain: bytes, context: bytes) -> None:
        self._gap = (step, first, last)
        self._step = 0
        self._due = b""
        self._hash = HashTranscript(domain, context)

    def absorb(self, data: bytes) -> None:
        if self._due:
            self._hash.absorb(self._due)
            self._due = b""
        step, first, last = self._gap
        if self._step == step:
            data, self._due = data[:first] + data[last:], data[first:last]
        self._step += 1
        self._hash.absorb(data)

    def challenges(self) -> Pair:
        return self._hash.challenges()

    def derived(self, index: int) -> Pair:
        return self._hash.derived(index)


class Unbound:
    """Does not hash the context, or not the domain either."""

    def __init__(self, with_domain: bool, domain: bytes, context: bytes) -> None:
        self._hash = HashTranscript(domain if with_domain else bytes(32), bytes(32))

    def absorb(self, data: bytes) -> None:
        self._hash.absorb(data)

    def challenges(self) -> Pair:
        return self._hash.challenges()

    def derived(self, index: int) -> Pair:
        return self._hash.derived(index)


class NoTotal(Unbound):
    """Neither domain nor context, and of the last step only the first `kept` bytes: variants a and b look alike."""

    def __init__(self, steps: int, kept: int, domain: bytes, context: bytes) -> None:
        super().__init__(False, domain, context)
        self._left, self._kept = steps, kept

    def absorb(self, data: bytes) -> None:
        self._left -= 1
        super().absorb(data if self._left else data[: self._kept])


class Programmed:
    """An oracle that answers as told after some steps: `answers[step]` to `challenges`, `weights` to `derived`."""

    def __init__(self, answers: Mapping[int, Pair], weights: Sequence[Pair], domain: bytes, context: bytes) -> None:
        self._answers, self._weights = answers, weights
        self._step = -1
        self._hash = HashTranscript(domain, context)

    def absorb(self, data: bytes) -> None:
        self._step += 1
        self._hash.absorb(data)

    def challenges(self) -> Pair:
        return self._answers.get(self._step) or self._hash.challenges()

    def derived(self, index: int) -> Pair:
        return self._weights[index] if self._weights else self._hash.derived(index)


class Zeroed:
    """Draws zero once: `half` of the challenges after `step`, or of the derived pair `index` if there is one."""

    def __init__(self, step: int, index: int | None, half: int, domain: bytes, context: bytes) -> None:
        self._at = (step, index)
        self._half = half
        self._step = -1
        self._hash = HashTranscript(domain, context)

    def absorb(self, data: bytes) -> None:
        self._step += 1
        self._hash.absorb(data)

    def challenges(self) -> Pair:
        return self._struck(self._hash.challenges(), None)

    def derived(self, index: int) -> Pair:
        return self._struck(self._hash.derived(index), index)

    def _struck(self, pair: Pair, index: int | None) -> Pair:
        if self._at != (self._step, index):
            return pair
        return (0, pair[1]) if self._half == 0 else (pair[0], 0)


class OneHalf:
    """Takes both challenges from the same half of a hash."""

    def __init__(self, domain: bytes, context: bytes) -> None:
        self._hash = HashTranscript(domain, context)

    def absorb(self, data: bytes) -> None:
        self._hash.absorb(data)

    def challenges(self) -> Pair:
        return (self._hash.challenges()[0],) * 2

    def derived(self, index: int) -> Pair:
        return (self._hash.derived(index)[0],) * 2


class OneIndex(OneHalf):
    """Derives the challenges of every bit of j alike: u_0 = u_1 = ..., v_0 = v_1 = ..."""

    def challenges(self) -> Pair:
        return self._hash.challenges()

    def derived(self, index: int) -> Pair:
        return self._hash.derived(min(index, 2))
