"""Arithmetic of uint (int here) and int (Signed): what leaves the range aborts the call; shifts drop bits instead.

The two never mix in one operation. `pow`, `log2`, `sqrti` and the shifts are modelled for uint only.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from functools import reduce

from contracts.costs.code import CallAborted
from contracts.costs.values import Signed

Number = int | Signed
MAX = (1 << 128) - 1


def to_int(n: int) -> Signed:
    return _signed(n)


def to_uint(n: Signed) -> int:
    if n.value < 0:
        raise CallAborted("a negative int to a uint")
    return n.value


def add(first: Number, *others: Number) -> Number:
    if isinstance(first, Signed):
        return _stepwise(operator.add, first, others)
    total = sum(others, first)  # type: ignore[arg-type]  # analysis admits numbers only
    if total > MAX:
        raise CallAborted("a sum above 2^128 - 1")
    return total


def subtract(first: Number, *others: Number) -> Number:
    if isinstance(first, Signed):
        return _stepwise(operator.sub, first, others) if others else _signed(-first.value)
    if not others and first:
        raise CallAborted("a negative uint")
    rest = first - sum(others)  # type: ignore[arg-type]  # analysis admits numbers only
    if rest < 0:
        raise CallAborted("a difference below 0")
    return rest


def multiply(first: Number, *others: Number) -> Number:
    if isinstance(first, Signed):
        return _stepwise(operator.mul, first, others)
    product = first
    for other in others:
        product *= other  # type: ignore[operator]  # analysis admits numbers only
        if product > MAX:
            raise CallAborted("a product above 2^128 - 1")
    return product


def divide(first: Number, *others: Number) -> Number:
    if isinstance(first, Signed):
        return _stepwise(_quotient, first, others)
    for other in others:
        if other == 0:
            raise CallAborted("a division by zero")
        first //= other  # type: ignore[operator]  # analysis admits numbers only
    return first


def modulo(a: Number, b: Number) -> Number:
    """The sign is that of a."""
    if isinstance(a, Signed):
        return _stepwise(_remainder, a, (b,))
    if b == 0:
        raise CallAborted("a division by zero")
    return a % b  # type: ignore[operator]  # analysis admits numbers only


def power(base: int, exponent: int) -> int:
    _unsigned(base)
    if exponent >= 1 << 32 and base > 1:
        raise CallAborted("an exponent above 2^32 - 1")
    if base > 1 and (base.bit_length() - 1) * exponent > 128:
        raise CallAborted("a power above 2^128 - 1")
    result: int = base**exponent if base > 1 else int(base == 1 or exponent == 0)
    if result > MAX:
        raise CallAborted("a power above 2^128 - 1")
    return result


def square_root(n: int) -> int:
    _unsigned(n)
    return math.isqrt(n)


def log2(n: int) -> int:
    _unsigned(n)
    if n == 0:
        raise CallAborted("the logarithm of zero")
    return n.bit_length() - 1


def bit_and(first: Number, *others: Number) -> Number:
    return _bits(operator.and_, first, others)


def bit_or(first: Number, *others: Number) -> Number:
    return _bits(operator.or_, first, others)


def bit_xor(first: Number, *others: Number) -> Number:
    return _bits(operator.xor, first, others)


def bit_not(n: Number) -> Number:
    return Signed(~n.value) if isinstance(n, Signed) else n ^ MAX


def shift_left(n: int, by: int) -> int:
    _unsigned(n)
    return n << (by % 128) & MAX


def shift_right(n: int, by: int) -> int:
    _unsigned(n)
    return n >> (by % 128)


def _signed(n: int) -> Signed:
    if not -(1 << 127) <= n < 1 << 127:
        raise CallAborted("an int beyond -2^127 to 2^127 - 1")
    return Signed(n)


def _stepwise(step: Callable[[int, int], int], first: Signed, others: tuple[Number, ...]) -> Signed:
    """In range after each step."""
    result = first
    for other in others:
        result = _signed(step(result.value, _plain(other)))
    return result


def _bits(step: Callable[[int, int], int], first: Number, others: tuple[Number, ...]) -> Number:
    result = reduce(step, map(_plain, others), _plain(first))
    return Signed(result) if isinstance(first, Signed) else result


def _plain(n: Number) -> int:
    return n.value if isinstance(n, Signed) else n


def _quotient(a: int, b: int) -> int:
    """Toward zero."""
    if b == 0:
        raise CallAborted("a division by zero")
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


def _remainder(a: int, b: int) -> int:
    if b == 0:
        raise CallAborted("a division by zero")
    return a - b * _quotient(a, b)


def _unsigned(n: object) -> None:
    if isinstance(n, Signed):
        raise ValueError("pow, log2, sqrti and shifts of an int are outside the modelled part of Clarity")  # noqa: TRY004 - unsupported, not of a wrong type
