"""Why a proof was refused: the same five names in Python, in the contracts and in the test vectors."""

from __future__ import annotations

from enum import Enum


class Check(Enum):
    """What a proof failed on first; the contracts give the same names."""

    ENCODING = "encoding"
    LENGTH = "length"
    HINT = "hint"
    ZERO_CHALLENGE = "zero challenge"
    EQUATION = "final equation"


class ProofRejected(ValueError):
    """The proof does not show its statement; `check` says where it failed first."""

    def __init__(self, check: Check, words: str) -> None:
        super().__init__(f"{check.value}: {words}")
        self.check = check
