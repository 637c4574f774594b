"""The prover's randomness, hedged: from the witness, the whole statement and fresh entropy together.

A broken random source alone then betrays nothing, and two statements never share a nonce.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

from circuits.scalar import N

ATTEMPTS: Final = 8
"""How often a prover tries. One attempt fails by chance once in 2^120 or so, eight in a row do not."""


class Nonces:
    """A stream of uniform integers (bias 2^-256). `public` begins with 32 bytes of the statement's own domain."""

    __slots__ = ("_count", "_key")

    def __init__(self, entropy: bytes, secret: bytes, public: bytes, attempt: int) -> None:
        if len(entropy) != 32:
            raise ValueError("a proof needs 32 bytes of entropy")
        text = b"mita/v1/nonces" + hashlib.sha512(secret).digest() + public + attempt.to_bytes(4, "big")
        self._key = hmac.digest(entropy, text, "sha512")
        self._count = 0

    def next(self, modulus: int = N) -> int:
        """In [0, modulus), modulus at most N."""
        self._count += 1
        return int.from_bytes(hmac.digest(self._key, self._count.to_bytes(8, "big"), "sha512"), "big") % modulus

    def take(self, count: int) -> list[int]:
        return [self.next() for _ in range(count)]
