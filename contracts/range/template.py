"""Clarity with blanks: what the templates beside this file are written in.

`{{ expression }}` stands for its value. A line `;;% for NAME in EXPRESSION`, `;;% if EXPRESSION` or
`;;% macro NAME(PARAMETERS)` begins a part that `;;% end` closes; `;;% use NAME(ARGUMENTS)` puts in a macro's text.
Expressions are Python, over the names that the generator gives and those bound around them. `;;%%` is a remark that
does not get into the contract.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

_DIRECTIVE: Final = re.compile(r"\s*;;%\s*(for|if|macro|use|end)\b\s*(.*?)\s*$")
_BLANK: Final = re.compile(r"\{\{(.+?)\}\}")
_LOOP: Final = re.compile(r"(.+?) in (.+)")
_MACRO: Final = re.compile(r"([a-z_]+)\((.*)\)")


class TemplateError(ValueError):
    """A template that cannot be filled in."""


@dataclass(frozen=True)
class Macro:
    """A named part of a template. Its parameters are written as Python's, defaults included."""

    signature: inspect.Signature
    body: tuple[str, ...]


def macros(lines: Iterable[str], names: Mapping[str, Any]) -> dict[str, Macro]:
    """Those that a template defines, which must be all it does."""
    found: dict[str, Macro] = {}
    rest = list(lines)
    while rest:
        line = rest.pop(0)
        match = _DIRECTIVE.match(line)
        if match is None or match[1] != "macro":
            if line.strip() and not line.strip().startswith(";;"):
                raise TemplateError(f"not a macro: {line}")
            continue
        head = _MACRO.fullmatch(match[2])
        if head is None:
            raise TemplateError(f"not a macro's head: {line}")
        body, rest = _block(rest)
        made = eval(f"lambda {head[2]}: None", dict(names))  # our own template
        found[head[1]] = Macro(inspect.signature(made), tuple(body))
    return found


def fill(lines: Iterable[str], names: Mapping[str, Any], known: Mapping[str, Macro]) -> Iterator[str]:
    """The lines with everything put in."""
    rest = list(lines)
    while rest:
        line = rest.pop(0)
        if line.strip().startswith(";;%%"):
            continue
        match = _DIRECTIVE.match(line)
        if match is None:
            yield _BLANK.sub(lambda blank: str(_value(blank[1], names)), line)
            continue
        word, text = match[1], match[2]
        if word == "use":
            yield from _use(text, names, known)
            continue
        body, rest = _block(rest)
        if word == "if":
            if _value(text, names):
                yield from fill(body, names, known)
        elif word == "for":
            loop = _LOOP.fullmatch(text)
            if loop is None:
                raise TemplateError(f"not a loop: {line}")
            bound = re.findall(r"\w+", loop[1])
            for values in _value(f"[({', '.join(bound)},) for {loop[1]} in ({loop[2]})]", names):
                yield from fill(body, {**names, **dict(zip(bound, values, strict=True))}, known)
        else:
            raise TemplateError(f"out of place: {line}")


def _use(call: str, names: Mapping[str, Any], known: Mapping[str, Macro]) -> Iterator[str]:
    name, _, arguments = call.partition("(")
    if name not in known:
        raise TemplateError(f"no macro {name}")
    macro = known[name]
    bound = _value(f"_signature.bind({arguments}", {**names, "_signature": macro.signature})
    bound.apply_defaults()
    yield from fill(macro.body, {**names, **bound.arguments}, known)


def _block(lines: list[str]) -> tuple[list[str], list[str]]:
    """Up to the end that belongs to a beginning just taken off, and what follows it."""
    depth = 1
    for position, line in enumerate(lines):
        match = _DIRECTIVE.match(line)
        if match and match[1] != "use":
            depth += -1 if match[1] == "end" else 1
        if not depth:
            return lines[:position], lines[position + 1 :]
    raise TemplateError("a part without its end")


def _value(expression: str, names: Mapping[str, Any]) -> Any:
    try:
        return eval(expression, dict(names))  # our own template
    except (ArithmeticError, AttributeError, LookupError, NameError, SyntaxError, TypeError, ValueError) as error:
        raise TemplateError(f"{expression}: {error!r}") from error
