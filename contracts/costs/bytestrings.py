"""Natives over bytes: numbers, consensus bytes, hashes, principals, and keys, by libsecp256k1 as on a node."""

from __future__ import annotations

import hashlib
from typing import Literal

import coincurve

from appliance.chain.address import Address, Contract, hash160
from contracts.costs.code import CallAborted
from contracts.costs.values import Err, Fields, Ok, Signed, Some, encode

MAX_BUFFER = 1 << 20
_N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def number(data: bytes, order: Literal["big", "little"]) -> int:
    if len(data) > 16:
        raise CallAborted("more than 16 bytes to a uint")
    return int.from_bytes(data, order)


def signed_number(data: bytes, order: Literal["big", "little"]) -> Signed:
    """Of 16 bytes, as two's complement; fewer are filled up with zeros."""
    unsigned = number(data, order)
    return Signed(unsigned - (unsigned >> 127 << 128))


def consensus(value: object) -> Some | None:
    data = encode(value)  # type: ignore[arg-type]  # its call admits values with bytes only
    return Some(data) if len(data) <= MAX_BUFFER else None


def hashed(name: str, data: bytes | int | Signed) -> bytes:
    return hashlib.new(name, _hash_input(data), usedforsecurity=False).digest()


def hashed160(data: bytes | int | Signed) -> bytes:
    return hash160(_hash_input(data))


def _hash_input(data: bytes | int | Signed) -> bytes:
    if isinstance(data, Signed):
        return data.value.to_bytes(16, "little", signed=True)
    return data if isinstance(data, bytes) else data.to_bytes(16, "little")


def recovered(message: bytes, signature: bytes) -> Ok | Err:
    """The compressed key; err u1 where there is none, err u2 for a signature of the wrong form."""
    if len(message) != 32 or len(signature) > 65:
        raise CallAborted("recover of a hash not 32 bytes, or a signature above 65")
    if len(signature) < 65 or signature[64] > 3:
        return Err(2)
    try:
        key = coincurve.PublicKey.from_signature_and_message(signature, message, hasher=None)
    except ValueError:
        return Err(1)
    return Ok(key.format(compressed=True))


def is_signature(message: bytes, signature: bytes) -> bool:
    """Whether the form is right, which decides whether `secp256k1-verify` looks at the key at all."""
    if len(message) != 32 or len(signature) > 65:
        raise CallAborted("verify of a hash not 32 bytes, or a signature above 65")
    return len(signature) == 64 or (len(signature) == 65 and signature[64] <= 3)


def verified(message: bytes, signature: bytes, key: bytes) -> bool:
    """High s is refused, as on a node; the simulator takes it."""
    if len(key) != 33:
        raise CallAborted("verify with a key not 33 bytes")
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big")
    if not (0 < r < _N and 0 < s <= _N // 2):
        return False
    try:
        return coincurve.PublicKey(key).verify(_der(r, s), message, hasher=None)
    except ValueError:
        return False


def _der(r: int, s: int) -> bytes:
    parts = b"".join(b"\x02" + bytes([len(n)]) + n for n in (_der_number(r), _der_number(s)))
    return b"\x30" + bytes([len(parts)]) + parts


def _der_number(n: int) -> bytes:
    return n.to_bytes(n.bit_length() // 8 + 1, "big")


def decompressed(key: bytes) -> Ok | Err:
    if len(key) != 33:
        raise CallAborted("decompress of a key not 33 bytes")
    try:
        return Ok(coincurve.PublicKey(key).format(compressed=False))
    except ValueError:
        return Err(1)


def is_of(principal: Address | Contract, versions: tuple[int, ...]) -> bool:
    return _address(principal).version in versions


def destructed(principal: Address | Contract, versions: tuple[int, ...]) -> Ok | Err:
    """ok for a principal of this network, err for another's."""
    address = _address(principal)
    name = Some(principal.name) if isinstance(principal, Contract) else None
    parts = Fields.of({"version": bytes([address.version]), "hash-bytes": address.hash160, "name": name})
    return Ok(parts) if address.version in versions else Err(parts)


def _address(principal: Address | Contract) -> Address:
    return principal.address if isinstance(principal, Contract) else principal
