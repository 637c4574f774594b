"""Which parts of a contract ran: every body, branch and statement of a text gets a mark that it prints.

A mark is a number above any that contracts print. A refused call prints nothing, but the VM's trace of it does. A line
counts as run when the innermost marked part that holds its first character ran.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Final

FIRST: Final = 10**30
"""Marks begin here; each contract has 10^6 of them."""
CONTRACTS: Final = (
    "audit-log",
    "user-registry",
    "privacy-proof",
    "aggregation",
    "meter-data",
    "billing",
    "utility-token",
    "voucher-token",
    "payment",
    "dispute-resolution",
    "governance",
)
"""Those written by hand."""

_TOKEN: Final = re.compile(r'\s+|;;[^\n]*|(?P<open>[({])|(?P<close>[)}])|"(?:[^"\\]|\\.)*"|[^\s(){}";]+|;')
_FUNCTIONS: Final = ("define-public", "define-read-only", "define-private")


@dataclass(slots=True)
class Node:
    """An expression, from its first character to behind its last."""

    start: int
    end: int
    items: list[Node] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Marked:
    """A text with marks, and from where to where in the plain text each mark's part reaches."""

    text: str
    parts: dict[int, tuple[int, int]]


@cache
def marked(name: str, source: str) -> Marked:
    """The text of the contract `name`, one of CONTRACTS, with its marks."""
    parts = {FIRST + CONTRACTS.index(name) * 10**6 + i: (node.start, node.end) for i, node in enumerate(_parts(source))}
    at: dict[int, list[str]] = {}
    for mark, (start, end) in sorted(parts.items()):
        at.setdefault(start, []).append(f"(begin (print u{mark}) ")
        at.setdefault(end, []).insert(0, ")")
    pieces, last = [], 0
    for position, texts in sorted(at.items()):
        pieces += [source[last:position], *sorted(texts, key=lambda text: text != ")")]
        last = position
    return Marked("".join([*pieces, source[last:]]), parts)


def unless_foreign(name: str, source: str, shipped: str) -> str:
    """The text with marks, if it has the parts of the one that is shipped: look-alikes stay as they are."""
    found = marked(name, source)
    return found.text if len(found.parts) == len(marked(name, shipped).parts) else source


def lines(source: str, parts: dict[int, tuple[int, int]], ran: set[int]) -> tuple[list[int], list[int]]:
    """Numbers of the lines that are inside a part, and of those among them whose innermost part did not run."""
    inside, missed = [], []
    position = 0
    for number, line in enumerate(source.split("\n"), 1):
        first = position + len(line) - len(line.lstrip())
        text = line.strip()
        holding = [(end - start, mark) for mark, (start, end) in parts.items() if start <= first < end]
        if holding and text.strip(")}") and not text.startswith(";;"):
            inside.append(number)
            if min(holding)[1] not in ran:
                missed.append(number)
        position += len(line) + 1
    return inside, missed


def _parts(source: str) -> Iterator[Node]:
    for form in _read(source):
        if form.items and _text(source, form.items[0]) in _FUNCTIONS:
            for body in form.items[2:]:
                yield body
                yield from _below(source, body)


def _below(source: str, node: Node) -> Iterator[Node]:
    """The parts of an expression that run or not by themselves."""
    if not node.items:
        return
    head = _text(source, node.items[0])
    own: list[Node] = []
    match head:
        case "if":
            own = node.items[2:]
        case "match":
            own = [node.items[3], node.items[-1]]
        case "asserts!" | "unwrap!" | "unwrap-err!":
            own = [node.items[2]]
        case "and" | "or" | "begin":
            own = node.items[2:]
        case "let":
            own = [*(binding.items[1] for binding in node.items[1].items[1:]), *node.items[2:]]
    yield from own
    for item in node.items:
        yield from _below(source, item)


def _text(source: str, node: Node) -> str:
    return source[node.start : node.end]


def _read(source: str) -> list[Node]:
    stack = [Node(0, len(source))]
    for token in _TOKEN.finditer(source):
        if token["open"]:
            stack.append(Node(token.start(), 0))
        elif token["close"]:
            done = stack.pop()
            done.end = token.end()
            stack[-1].items.append(done)
        elif token[0].strip() and not token[0].startswith(";;"):
            stack[-1].items.append(Node(token.start(), token.end()))
    (top,) = stack
    return top.items
