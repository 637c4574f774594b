"""What a dwelling says that a disputed bill should be: its opening, and the amount sealed for the gateway in 32 bytes.

Both follow from the dwelling's key, so that the gateway, which has it too, can open what a ruling takes off the bill.
The sealed amount goes among the dwelling's evidence, where it looks like every other hash.
"""

from __future__ import annotations

from typing import Final

from circuits.blinding import BlindingKey, Letter, hkdf
from circuits.generators import LIB
from circuits.pedersen import Opening, commit

SEALED_BYTES: Final = 32
_BOUND: Final = 1 << 48
_ONCE_MORE: Final = 1  # the bill itself has sequence 0


def opening(key: BlindingKey, zone: int, slot: int, period: int, amount: int) -> Opening:
    """Of the alternative to a bill, in units of account."""
    return Opening(amount, key.blinding(Letter.BILL, zone, slot, period, amount, _ONCE_MORE))


def seal(key: BlindingKey, alternative: bytes, amount: int) -> bytes:
    """The amount behind the commitment `alternative`. Another commitment is sealed with another key."""
    return bytes(a ^ b for a, b in zip(amount.to_bytes(SEALED_BYTES, "big"), _pad(key, alternative), strict=True))


def unseal(key: BlindingKey, zone: int, slot: int, period: int, alternative: bytes, sealed: bytes) -> int | None:
    """The amount, if these bytes hold it and it opens the commitment; None for any others."""
    if len(sealed) != SEALED_BYTES:
        return None
    amount = int.from_bytes(bytes(a ^ b for a, b in zip(sealed, _pad(key, alternative), strict=True)), "big")
    if amount >= _BOUND:
        return None
    made = commit(LIB, opening(key, zone, slot, period, amount)).to_bytes()
    return amount if made == alternative else None


def _pad(key: BlindingKey, alternative: bytes) -> bytes:
    return hkdf(key.secret, b"mita/v1/alternative/" + alternative, SEALED_BYTES)
