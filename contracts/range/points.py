"""The text of point-sums, from the templates."""

from __future__ import annotations

from typing import Final

from circuits.scalar import N
from contracts.range.generator import source_hash, templates
from contracts.range.layout import offset
from contracts.range.phrases import wrapped

TEMPLATE: Final = "points.clar"


def point_sums() -> str:
    """The contract that adds up points."""
    multiple, above = offset()
    names = {
        "source_hash": source_hash(),
        "multiple": multiple,
        "offset": above,
        "K": (2**256 % N % 2**64, 2**256 % N >> 64 & 2**64 - 1),
        "noughts": f"0x{'00' * 32}",
        "part": lambda name, first, end: _part("int", name, first, end),
        "upart": lambda name, first, end: _part("uint", name, first, end),
    }
    return wrapped(templates(names).get_template(TEMPLATE).render())


def _part(kind: str, name: str, first: int, end: int) -> str:
    """Bytes of a buffer, as a number."""
    return f"(buff-to-{kind}-be (unwrap-panic (as-max-len? (unwrap-panic (slice? {name} u{first} u{end})) u16)))"
