"""The secrets of a gateway: how they are made, derived, sealed at rest and printed on a card.

A device key in a file protects what it seals only as long as the file and the card are not stolen together; hardware
that holds the key is a matter of the image.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from circuits import code
from circuits.blinding import KEY_BYTES, BlindingKey, hkdf

SECRET_BYTES: Final = 32
SIGN_IN_BYTES: Final = 10
_NONCE_BYTES: Final = 12

Randomness = Callable[[int], bytes]


class KeyFileError(Exception):
    """The device key is missing, damaged or not the one that sealed the store."""


@dataclass(frozen=True, slots=True)
class Secret:
    """32 bytes from which a dwelling's (or, for vacant slots, a zone's) codes and keys derive. `repr` hides it."""

    raw: bytes

    def __post_init__(self) -> None:
        if len(self.raw) != SECRET_BYTES:
            raise ValueError("a secret has 32 bytes")

    def blinding_key(self) -> BlindingKey:
        return BlindingKey(hkdf(self.raw, b"mita/v1/proof-code", KEY_BYTES))

    def sign_in_code(self) -> str:
        """80 bits as 16 characters in groups of four."""
        return code.encode(hkdf(self.raw, b"mita/v1/sign-in", SIGN_IN_BYTES), checked=False)

    def signing_key(self) -> bytes:
        """32 bytes: the key of the dwelling's own account, until the dwelling names another."""
        return hkdf(self.raw, b"mita/v1/signing-key", 32)

    def payment_salt(self, number: int) -> bytes:
        """16 bytes that hide whose payment it is; `number` counts the dwelling's payments, each with its own."""
        return hkdf(self.raw, b"mita/v1/payment/" + number.to_bytes(8, "big"), 16)

    def mark(self) -> bytes:
        """16 bytes by which the files of one gateway are known; they tell nothing of the secret."""
        return hkdf(self.raw, b"mita/v1/mark", 16)

    def sign_in_salt(self) -> bytes:
        """16 bytes: the same code is always hashed with the same salt, so that an unchanged one is recognised."""
        return hkdf(self.raw, b"mita/v1/sign-in-salt", 16)

    def __repr__(self) -> str:
        return "Secret(...)"


class Seal:
    """AES-256-GCM under the device key; a secret's name is authenticated with it, so that boxes cannot be swapped."""

    def __init__(self, device_key: bytes, randomness: Randomness) -> None:
        self._cipher = AESGCM(device_key)
        self._randomness = randomness

    def close(self, name: str, raw: bytes) -> bytes:
        nonce = self._randomness(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, raw, name.encode())

    def open(self, name: str, box: bytes) -> bytes:
        """KeyFileError when the box is damaged or was sealed with another key or name."""
        try:
            return self._cipher.decrypt(box[:_NONCE_BYTES], box[_NONCE_BYTES:], name.encode())
        except InvalidTag as error:
            raise KeyFileError(
                f"the stored secret {name} does not open with this device key: "
                "put back the key file that belongs to this data folder"
            ) from error


def load_device_key(path: Path, randomness: Randomness) -> bytes:
    """Reads the 32-byte key, making it at the first start (mode 0600, on disk before it is used)."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            os.write(descriptor, randomness(32))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        part.rename(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    key = path.read_bytes()
    if len(key) != 32:
        raise KeyFileError(f"{path.name} has {len(key)} bytes instead of 32: restore it from a backup")
    return key
