"""Stacks addresses and contract identifiers: c32check text <-> version and hash160 (SIP-005)."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Self

import coincurve

C32_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford: no I, L, O, U
HASH160_BYTES = 20
CHECKSUM_BYTES = 4
MAX_C32_TEXT = 64  # more than any address; bounds the work on outside text

_CONTRACT_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9_-]{0,39}")


class CodecError(ValueError):
    """Bytes, text or a value that the chain's formats do not admit. Never helped by retrying."""


class AddressError(CodecError):
    """Not a canonical address, contract identifier or compressed public key."""


class Network(Enum):
    """One chain: transaction version byte, chain id, version of its single-signature addresses."""

    MAINNET = (0x00, 0x00000001, 22)
    TESTNET = (0x80, 0x80000000, 26)

    def __init__(self, transaction_version: int, chain_id: int, address_version: int) -> None:
        self.transaction_version = transaction_version
        self.chain_id = chain_id
        self.address_version = address_version


def c32_encode(data: bytes) -> str:
    """`data` as a big-endian number in base 32, with one leading 0 for every leading zero byte."""
    number = int.from_bytes(data, "big")
    digits: list[str] = []
    while number:
        number, digit = divmod(number, 32)
        digits.append(C32_ALPHABET[digit])
    zeros = len(data) - len(data.lstrip(b"\0"))
    return "0" * zeros + "".join(reversed(digits))


def c32_decode(text: str) -> bytes:
    """The inverse of c32_encode. Refuses lower case, the look-alikes I L O U, and text over MAX_C32_TEXT."""
    if len(text) > MAX_C32_TEXT:
        raise AddressError("c32 text is too long")
    number = 0
    for character in text:
        digit = C32_ALPHABET.find(character)
        if digit < 0:
            raise AddressError("a character is not of the c32 alphabet")
        number = number * 32 + digit
    zeros = len(text) - len(text.lstrip("0"))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")


def c32check_encode(version: int, data: bytes) -> str:
    """`data` and its checksum in c32 behind the version's character. 0 <= version < 32."""
    return C32_ALPHABET[version] + c32_encode(data + _checksum(version, data))


def c32check_decode(text: str) -> tuple[int, bytes]:
    """(version, data). Refuses a wrong checksum and any text that c32check_encode would not have written."""
    version = C32_ALPHABET.find(text[:1]) if text else -1
    if version < 0:
        raise AddressError("the version character is not of the c32 alphabet")
    body = c32_decode(text[1:])
    if len(body) < CHECKSUM_BYTES:
        raise AddressError("too short for a checksum")
    data, checksum = body[:-CHECKSUM_BYTES], body[-CHECKSUM_BYTES:]
    if checksum != _checksum(version, data):
        raise AddressError("the checksum does not match")
    return version, data


def _checksum(version: int, data: bytes) -> bytes:
    return hashlib.sha256(hashlib.sha256(bytes([version]) + data).digest()).digest()[:CHECKSUM_BYTES]


@dataclass(frozen=True, slots=True)
class Address:
    """A standard principal: 0 <= version < 32 and a hash160 of 20 bytes. As text `S` + c32check."""

    version: int
    hash160: bytes

    def __post_init__(self) -> None:
        if type(self.version) is not int or not 0 <= self.version < 32:
            raise AddressError("an address version is 0 to 31")
        if type(self.hash160) is not bytes or len(self.hash160) != HASH160_BYTES:
            raise AddressError("a hash160 is 20 bytes")

    @classmethod
    def from_c32(cls, text: str) -> Self:
        """From canonical text only: upper case, no look-alikes, right checksum."""
        if text[:1] != "S":
            raise AddressError("an address begins with S")
        version, hash160 = c32check_decode(text[1:])
        return cls(version, hash160)

    @classmethod
    def from_public_key(cls, key33: bytes, network: Network) -> Self:
        """The P2PKH address of a compressed key that lies on the curve. Refuses hybrid and uncompressed keys."""
        return cls(network.address_version, hash160(compressed_key_checked(key33)))

    def c32(self) -> str:
        return "S" + c32check_encode(self.version, self.hash160)

    def __str__(self) -> str:
        return self.c32()


@dataclass(frozen=True, slots=True)
class Contract:
    """A contract principal: the deployer's address and a name of 1 to 40 characters. As text `ST....name`."""

    address: Address
    name: str

    def __post_init__(self) -> None:
        contract_name_checked(self.name)

    @classmethod
    def parse(cls, text: str) -> Self:
        address, dot, name = text.partition(".")
        if not dot:
            raise AddressError("a contract identifier is an address, a dot and a name")
        return cls(Address.from_c32(address), name)

    def __str__(self) -> str:
        return f"{self.address}.{self.name}"


def contract_name_checked(name: str) -> str:
    """A letter, then letters, digits, - and _; at most 40 (the limit of the transaction format)."""
    if not _CONTRACT_NAME.fullmatch(name):
        raise AddressError("not a contract name")
    return name


def compressed_key_checked(key33: bytes) -> bytes:
    """33 bytes, 02 or 03 and an x coordinate on secp256k1 (of 33 bytes, libsecp256k1 reads nothing else)."""
    if len(key33) != 33:
        raise AddressError("a public key is 33 bytes")
    try:
        coincurve.PublicKey(key33)
    except ValueError as error:
        raise AddressError("the public key is not a compressed point of the curve") from error
    return key33


def hash160(data: bytes) -> bytes:
    """RIPEMD-160 of SHA-256, 20 bytes."""
    return ripemd160(hashlib.sha256(data).digest())


# RIPEMD-160 (Dobbertin, Bosselaers, Preneel 1996). OpenSSL 3 may be built without it, so hashlib is not enough.
# Word orders follow the paper's definition by permutations; shifts are listed per round and message word.
_RHO = (7, 4, 13, 1, 10, 6, 15, 3, 12, 0, 9, 5, 2, 14, 11, 8)
_SHIFTS = (
    (11, 14, 15, 12, 5, 8, 7, 9, 11, 13, 14, 15, 6, 7, 9, 8),
    (12, 13, 11, 15, 6, 9, 9, 7, 12, 15, 11, 13, 7, 8, 7, 7),
    (13, 15, 14, 11, 7, 7, 6, 8, 13, 14, 13, 12, 5, 5, 6, 9),
    (14, 11, 12, 14, 8, 6, 5, 5, 15, 12, 15, 14, 9, 9, 8, 6),
    (15, 12, 13, 13, 9, 5, 8, 6, 14, 11, 12, 11, 8, 6, 5, 5),
)
_LEFT_K = (0x00000000, 0x5A827999, 0x6ED9EBA1, 0x8F1BBCDC, 0xA953FD4E)
_RIGHT_K = (0x50A28BE6, 0x5C4DD124, 0x6D703EF3, 0x7A6D76E9, 0x00000000)
_MASK = 0xFFFFFFFF
_BOOLEAN: tuple[Callable[[int, int, int], int], ...] = (
    lambda x, y, z: x ^ y ^ z,
    lambda x, y, z: (x & y) | (~x & z),
    lambda x, y, z: (x | ~y) ^ z,
    lambda x, y, z: (x & z) | (y & ~z),
    lambda x, y, z: x ^ (y | ~z),
)


def ripemd160_pure(data: bytes) -> bytes:
    """RIPEMD-160 without OpenSSL."""
    state = [0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0]
    padded = data + b"\x80" + bytes((55 - len(data)) % 64) + (8 * len(data)).to_bytes(8, "little")
    for start in range(0, len(padded), 64):
        words = [int.from_bytes(padded[i : i + 4], "little") for i in range(start, start + 64, 4)]
        left = _ripemd_line(state, words, tuple(range(16)), _BOOLEAN, _LEFT_K)
        right = _ripemd_line(state, words, tuple((9 * i + 5) % 16 for i in range(16)), _BOOLEAN[::-1], _RIGHT_K)
        state = [(state[(i + 1) % 5] + left[(i + 2) % 5] + right[(i + 3) % 5]) & _MASK for i in range(5)]
    return b"".join(word.to_bytes(4, "little") for word in state)


def _ripemd_line(
    state: list[int],
    words: list[int],
    order: tuple[int, ...],
    functions: tuple[Callable[[int, int, int], int], ...],
    constants: tuple[int, ...],
) -> list[int]:
    a, b, c, d, e = state
    for shifts, function, k in zip(_SHIFTS, functions, constants, strict=True):
        for word in order:
            t = (a + (function(b, c, d) & _MASK) + words[word] + k) & _MASK
            s = shifts[word]
            t = (((t << s) | (t >> (32 - s))) + e) & _MASK
            a, b, c, d, e = e, t, b, ((c << 10) | (c >> 22)) & _MASK, d
        order = tuple(_RHO[word] for word in order)
    return [a, b, c, d, e]


def ripemd160_openssl(data: bytes) -> bytes:
    """RIPEMD-160 by hashlib; ValueError where OpenSSL lacks it."""
    return hashlib.new("ripemd160", data, usedforsecurity=False).digest()


def _choose_ripemd160() -> Callable[[bytes], bytes]:
    try:
        ripemd160_openssl(b"")
    except ValueError:
        return ripemd160_pure
    return ripemd160_openssl


ripemd160 = _choose_ripemd160()
