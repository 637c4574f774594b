"""The text of a verifier, from the templates."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

from circuits.shape import Shape
from contracts.range import layout
from contracts.range.template import Macro, fill, macros

HERE: Final = Path(__file__).parent
CONTRACTS: Final = HERE.parent
MACROS: Final = ("field.clar", "scalars.clar", "sums.clar")
TEMPLATE: Final = "verifier.clar"


def source_hash() -> str:
    """SHA-256 over everything that decides what is generated, but for the shapes and generators themselves."""
    digest = hashlib.sha256()
    for path in sorted(HERE.iterdir()):
        if path.suffix in (".py", ".clar"):
            digest.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def verifier(shape: Shape) -> str:
    """The contract that checks range proofs of this shape."""
    names = layout.names(shape, source_hash())
    known: dict[str, Macro] = {}
    for file in MACROS:
        known |= macros((HERE / file).read_text().splitlines(), names)
    lines = fill((HERE / TEMPLATE).read_text().splitlines(), names, known)
    return "\n".join(lines) + "\n"
