"""Fiat-Shamir over SHA-256: a chain of hashes of fixed-width inputs, and challenges of 128 bits read from it.

Every state determines the whole history, so no input can be read as another (protocol, section 4; the argument is in
README.md).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Final, Protocol

HALF: Final = 16
MODULUS: Final = 2**128
"""Challenges lie below it."""


class ZeroChallengeError(ValueError):
    """A challenge that is used is zero. Happens by chance once in 2^128; anything else is an attack."""


class Transcript(Protocol):
    """What prover and verifier both hash, in the same order. Challenges lie in [0, 2^128)."""

    def absorb(self, data: bytes) -> None: ...

    def challenges(self) -> tuple[int, int]:
        """Two challenges from the state."""

    def derived(self, index: int) -> tuple[int, int]:
        """Two more that belong to the same state; index in [0, 256)."""


NewTranscript = Callable[[bytes, bytes], Transcript]
"""From a domain and a context, 32 bytes each."""


class HashTranscript:
    """state = SHA-256(state | data); it begins as SHA-256(domain | context), both of 32 bytes."""

    __slots__ = ("_state",)

    def __init__(self, domain: bytes, context: bytes) -> None:
        if len(domain) != 32 or len(context) != 32:
            raise ValueError("domain and context have 32 bytes each")
        self._state = hashlib.sha256(domain + context).digest()

    def absorb(self, data: bytes) -> None:
        self._state = hashlib.sha256(self._state + data).digest()

    def challenges(self) -> tuple[int, int]:
        return halves(self._state)

    def derived(self, index: int) -> tuple[int, int]:
        return halves(hashlib.sha256(self._state + bytes([index])).digest())


def halves(digest: bytes) -> tuple[int, int]:
    """32 bytes as two integers of 128 bits, big-endian."""
    return int.from_bytes(digest[:HALF], "big"), int.from_bytes(digest[HALF:], "big")


def nonzero(*challenges: int) -> None:
    """ZeroChallengeError if one of these is zero. Only challenges that are used are asked about."""
    if not all(challenges):
        raise ZeroChallengeError("a challenge is zero")


def domain(name: bytes) -> bytes:
    """The 32 bytes a statement's transcript begins with: SHA-256 of its name (1 to 255 bytes) behind its length."""
    return hashlib.sha256(bytes([len(name)]) + name).digest()


def buffers(items: Sequence[bytes]) -> bytes:
    """A list of byte strings as Clarity serializes it (SIP-005): 0b, count u32, and each as 02, length u32, bytes."""
    return b"".join((b"\x0b", len(items).to_bytes(4, "big"), *(b"\x02" + len(i).to_bytes(4, "big") + i for i in items)))


def buffer_lists(lists: Sequence[Sequence[bytes]]) -> bytes:
    """A list of such lists, serialized the same way: 0b, count u32, and each list."""
    return b"".join((b"\x0b", len(lists).to_bytes(4, "big"), *(buffers(items) for items in lists)))
