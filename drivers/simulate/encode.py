"""A quantity -> register words, as a meter of a model would lay it out; and what its display would then show.

Written from IEEE 754 and from the model files' meaning, on integers and fractions, and deliberately without anything of
drivers/decode.py but its names of types: what the driver reads from a virtual meter was not encoded by its own inverse.
"""

from fractions import Fraction

from drivers.decode import Encoding, Layout, WordOrder

_FLOATS = {Encoding.F32: (8, 23), Encoding.F64: (11, 52)}


def encode(layout: Layout, quantity: int) -> tuple[tuple[int, ...], int]:
    """(words, shown): words for a quantity in finest units; shown is what these words stand for, rounded half up.

    Integer registers cut to whole steps, as counters do; float registers take the nearest number that they have.
    """
    steps = Fraction(quantity) / layout.scale
    width = 16 * layout.encoding.words
    if layout.encoding in _FLOATS:
        bits, exact = ieee754(steps, *_FLOATS[layout.encoding])
    else:
        whole = steps.numerator // steps.denominator
        signed = layout.encoding.value[0] == "i"
        low, high = (-(1 << (width - 1)), (1 << (width - 1)) - 1) if signed else (0, (1 << width) - 1)
        if not low <= whole <= high:
            raise ValueError(f"{whole} does not fit {layout.encoding}")
        bits, exact = whole % (1 << width), Fraction(whole)
    words = [bits >> shift & 0xFFFF for shift in range(width - 16, -16, -16)]
    if layout.order is WordOrder.LITTLE:
        words.reverse()
    shown = exact * layout.scale + Fraction(1, 2)
    return tuple(words), shown.numerator // shown.denominator


def ieee754(value: Fraction, exponent_bits: int, fraction_bits: int) -> tuple[int, Fraction]:
    """(bits, exact): the nearest binary float, ties to even, and the number it really is. ValueError if too large."""
    bias = (1 << (exponent_bits - 1)) - 1
    magnitude = abs(value)
    if magnitude == 0:
        return 0, Fraction(0)
    exponent = magnitude.numerator.bit_length() - magnitude.denominator.bit_length()
    if Fraction(2) ** exponent > magnitude:
        exponent -= 1
    exponent = max(exponent, 1 - bias)
    step = Fraction(2) ** (exponent - fraction_bits)
    mantissa = _round_half_even(magnitude / step)
    if mantissa >> (fraction_bits + 1):
        mantissa >>= 1
        exponent += 1
        step *= 2
    if exponent > bias:
        raise ValueError(f"{value} does not fit {1 + exponent_bits + fraction_bits} bits")
    normal = mantissa >> fraction_bits
    biased = exponent + bias if normal else 0
    bits = biased << fraction_bits | (mantissa & ((1 << fraction_bits) - 1))
    sign = 1 if value < 0 else 0
    return sign << (exponent_bits + fraction_bits) | bits, (-1) ** sign * mantissa * step


def _round_half_even(value: Fraction) -> int:
    whole, rest = divmod(value.numerator, value.denominator)
    twice = 2 * rest
    if twice > value.denominator or (twice == value.denominator and whole % 2):
        return whole + 1
    return whole
