"""From a dwelling's proof code to every blinding and leaf salt it needs (protocol, section 2).

HKDF is RFC 5869 over SHA-256.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from enum import Enum
from typing import Final

from circuits import code
from circuits.scalar import Scalar

KEY_BYTES: Final = 16
_PROTOCOL: Final = b"mita/v1"


def hkdf(key: bytes, info: bytes, length: int, salt: bytes = b"") -> bytes:
    """RFC 5869, sections 2.2 and 2.3; length at most 8160 bytes."""
    if length > 255 * 32:
        raise ValueError("HKDF-SHA256 yields at most 8160 bytes")
    pseudorandom = hmac.digest(salt or bytes(32), key, hashlib.sha256)
    output = block = b""
    counter = 1
    while len(output) < length:
        block = hmac.digest(pseudorandom, block + info + bytes([counter]), hashlib.sha256)
        output += block
        counter += 1
    return output[:length]


class Letter(Enum):
    """What a commitment commits to; one letter never shares a blinding with another.

    `block` of a blinding is the block of a usage, the period of a bill, balance, arrears or payout, the sequence number
    of a credit, the proposal of a ballot; `sequence` counts what is committed once more for the same.
    """

    USAGE = b"U"
    BILL = b"F"
    BALANCE = b"W"
    ARREARS = b"D"
    CREDIT = b"K"
    PAYOUT = b"P"
    YES = b"Y"
    NO = b"N"


@dataclass(frozen=True, slots=True)
class BlindingKey:
    """The 128-bit key behind a dwelling's commitments; on the card it is the proof code. Secret: `repr` hides it."""

    secret: bytes

    def __post_init__(self) -> None:
        if len(self.secret) != KEY_BYTES:
            raise ValueError("a blinding key has 16 bytes")

    @classmethod
    def from_code(cls, text: str) -> BlindingKey:
        """Read from the card; CodeError when it was copied wrongly."""
        return cls(code.decode(text, KEY_BYTES, checked=True))

    def to_code(self) -> str:
        """28 characters in groups of four."""
        return code.encode(self.secret, checked=True)

    def blinding(self, letter: Letter, zone: int, slot: int, block: int, value: int, sequence: int = 0) -> Scalar:
        """The blinding of the commitment to `value`, in [0, 2^64); ValueError outside: no negative value is committed.

        The value is part of the derivation: a block that is closed once more with other data, after an old backup was
        put back, say, gets another blinding. Two values under one blinding would show their difference to everybody.
        """
        if not 0 <= value < 2**64:
            raise ValueError("a committed value lies in [0, 2^64)")
        info = b"".join(
            (
                _PROTOCOL,
                b"/blinding/",
                letter.value,
                zone.to_bytes(4, "big"),
                slot.to_bytes(1, "big"),
                block.to_bytes(8, "big"),
                sequence.to_bytes(4, "big"),
                value.to_bytes(8, "big"),
            )
        )
        return Scalar.from_bytes_wide(hkdf(self.secret, info, 48))

    def leaf_salt(self, zone: int, slot: int, block: int) -> bytes:
        """16 bytes that keep a neighbour's sibling hash from telling anything."""
        info = _PROTOCOL + b"/leaf/" + zone.to_bytes(4, "big") + slot.to_bytes(1, "big") + block.to_bytes(8, "big")
        return hkdf(self.secret, info, 16)

    def __repr__(self) -> str:
        return "BlindingKey(...)"
