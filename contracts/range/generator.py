"""Templates, and the text of a verifier from them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from circuits.shape import Shape
from contracts.range import layout
from contracts.range.phrases import singly, wrapped

HERE: Final = Path(__file__).parent
CONTRACTS: Final = HERE.parent
TEMPLATE: Final = "verifier.clar"


def source_hash() -> str:
    """SHA-256 over everything that decides what is generated, but for the shapes and generators themselves."""
    digest = hashlib.sha256()
    for path in sorted(HERE.iterdir()):
        if path.suffix in (".py", ".clar"):
            digest.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def environment(shape: Shape) -> Environment:
    """What fills in the templates of this shape."""
    return templates(layout.names(shape, source_hash()))


def templates(names: Mapping[str, Any]) -> Environment:
    """The templates beside this file, over these names. Statements are comments of Clarity, such as `;;% for`; `;;%%`
    begins a remark that does not get into the contract. The text of a macro ends without its last line break."""
    filled = Environment(
        autoescape=False,
        loader=FileSystemLoader(HERE),
        undefined=StrictUndefined,
        line_statement_prefix=";;%",
        line_comment_prefix=";;%%",
        trim_blocks=True,
        keep_trailing_newline=True,
        finalize=_without_last_break,
    )
    filled.filters["singly"] = singly
    filled.globals.update(names)
    return filled


def name_of(shape: Shape) -> str:
    """The verifier's name: range-16 for the usage of 16 slots, money-16 for sums of money."""
    return f"{layout.FAMILIES[shape.bound]}-{shape.m}"


def verifier(shape: Shape) -> str:
    """The contract that checks range proofs of this shape."""
    return wrapped(environment(shape).get_template(TEMPLATE).render())


def _without_last_break(value: Any) -> Any:
    return value.removesuffix("\n") if isinstance(value, str) else value
