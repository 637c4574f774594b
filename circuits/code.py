"""Codes that people copy from a card: Crockford base32 in groups of four, with a check against misreading.

O is read as 0, I and L as 1, lower case as upper, spaces and hyphens are ignored (Crockford, "Base 32"). The check is
the number mod 1021, a prime just below 32^2: one wrong character and two neighbours swapped change the number by d*32^i
or 31*d*32^i with 0 < abs(d) < 32, neither of which 1021 divides, so both are always found.
"""

from __future__ import annotations

from typing import Final

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CHECK_CHARS: Final = 2
_MODULUS: Final = 1021
_READ: Final = {**{c: i for i, c in enumerate(ALPHABET)}, "O": 0, "I": 1, "L": 1}


class CodeError(ValueError):
    """A code that was not copied correctly; the message is fit for the person who typed it."""


def encode(secret: bytes, *, checked: bool) -> str:
    """Groups of four characters; with two check characters at the end if `checked`."""
    length = _length(len(secret))
    number = int.from_bytes(secret, "big") << (length * 5 - len(secret) * 8)
    text = _digits(number, length) + (_digits(number % _MODULUS, CHECK_CHARS) if checked else "")
    return "-".join(text[i : i + 4] for i in range(0, len(text), 4))


def decode(text: str, size: int, *, checked: bool) -> bytes:
    """The inverse of `encode` for `size` bytes; CodeError says in words what is wrong, never the code itself."""
    symbols = [c for c in text.upper() if c != "-" and not c.isspace()]
    length = _length(size)
    expected = length + (CHECK_CHARS if checked else 0)
    if len(symbols) != expected:
        raise CodeError(f"this code has {expected} letters and digits; {len(symbols)} were typed")
    if any(c not in _READ for c in symbols):
        raise CodeError("this code has only the digits 0 to 9 and letters; the letter U does not occur in it")
    number = _number(symbols[:length])
    spare = length * 5 - size * 8
    misread = checked and number % _MODULUS != _number(symbols[length:])
    if misread or number & ((1 << spare) - 1):
        raise CodeError("a letter or digit is wrong; compare the code with the card once more")
    return (number >> spare).to_bytes(size, "big")


def _length(size: int) -> int:
    return -(-size * 8 // 5)


def _digits(number: int, length: int) -> str:
    return "".join(ALPHABET[(number >> (5 * i)) & 31] for i in reversed(range(length)))


def _number(symbols: list[str]) -> int:
    number = 0
    for symbol in symbols:
        number = number << 5 | _READ[symbol]
    return number
