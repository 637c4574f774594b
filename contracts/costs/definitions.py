"""The definitions of a contract's source, read into a compiler."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from contracts.costs.compiler import Compiler, Function
from contracts.costs.kinds import (
    BOOL,
    INT,
    PRINCIPAL,
    TRAIT,
    UINT,
    Kind,
    ascii_string,
    buff,
    list_of,
    optional,
    response,
    tuple_of,
)
from contracts.costs.parser import Group, Name, Node, Number, SourceError, TraitName

_PLAIN: Final = {"uint": UINT, "int": INT, "bool": BOOL, "principal": PRINCIPAL}
_ACCESS: Final = {"define-public": "public", "define-read-only": "read-only", "define-private": "private"}


def define(compiler: Compiler, groups: Sequence[Group]) -> dict[str, Node]:
    """Everything but what data variables begin with, which is returned by name."""
    initial: dict[str, Node] = {}
    for group in groups:
        match group.items:
            case (Name("define-constant", line), Name(name, _), value):
                _unused(compiler, name, line)
                compiler.constant_nodes[name] = value
            case (Name("define-data-var", line), Name(name, _), kind, value):
                _unused(compiler, name, line)
                compiler.vars[name] = kind_from(kind)
                initial[name] = value
            case (Name("define-map", line), Name(name, _), key, value):
                _unused(compiler, name, line)
                compiler.maps[name] = (kind_from(key), kind_from(value))
            case (Name("define-fungible-token", line), Name(name, _)):
                _unused(compiler, name, line)
                compiler.tokens.add(name)
            case (Name(word, line), Group((Name(name, _), *params)), body) if word in _ACCESS:
                _unused(compiler, name, line)
                pairs = tuple(_param(param) for param in params)
                compiler.functions[name] = Function(name, _ACCESS[word], pairs, body)
            case (Name("define-trait", _), Name(), Group()):
                pass
            case (Name("use-trait", _), Name(), TraitName()):
                pass
            case (Name("impl-trait", _), TraitName()):
                pass
            case _:
                raise SourceError("no definition that the model knows", group.line)
    return initial


def _unused(compiler: Compiler, name: str, line: int) -> None:
    taken = (compiler.constant_nodes, compiler.vars, compiler.maps, compiler.tokens, compiler.functions)
    if any(name in names for names in taken):
        raise SourceError(f"{name} is defined twice", line)


def _param(node: Node) -> tuple[str, Kind]:
    match node:
        case Group((Name(name, _), kind)):
            return name, kind_from(kind)
    raise SourceError("a parameter is (name type)", node.line)


def kind_from(node: Node) -> Kind:
    """A type as it is written."""
    match node:
        case Name(text, _) if text in _PLAIN:
            return _PLAIN[text]
        case Name(text, _) if text.startswith("<") and text.endswith(">"):
            return TRAIT
        case Group((Name("buff", _), Number(n, _))):
            return buff(n)
        case Group((Name("string-ascii", _), Number(n, _))):
            return ascii_string(n)
        case Group((Name("list", _), Number(n, _), entry)):
            return list_of(kind_from(entry), n)
        case Group((Name("optional", _), some)):
            return optional(kind_from(some))
        case Group((Name("response", _), ok, err)):
            return response(kind_from(ok), kind_from(err))
        case Group((Name("tuple", _), *fields)):
            pairs = sorted(_param(field) for field in fields)
            return tuple_of(tuple(name for name, _ in pairs), tuple(kind for _, kind in pairs))
    raise SourceError("no type that the model knows", node.line)
