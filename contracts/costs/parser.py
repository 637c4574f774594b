"""Clarity source to nodes: names, literals and groups. {a: x} becomes (tuple (a x))."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from appliance.chain.address import Address, AddressError, Contract
from contracts.costs.values import Unicode, Value

_TOKEN: Final = re.compile(
    r"""(?P<space>\s+|;;[^\n]*) | (?P<mark>[(){},:]) | "(?P<text>(?:[^"\\]|\\.)*)" | (?P<word>[^\s(){},:";]+)""",
    re.VERBOSE,
)
_UINT: Final = re.compile(r"u[0-9]+")
_INT: Final = re.compile(r"-?[0-9]+")
_HEX: Final = re.compile(r"0x(?:[0-9a-fA-F]{2})*")
_ESCAPES: Final = {r"\"": '"', r"\\": "\\", r"\n": "\n", r"\t": "\t", r"\r": "\r", r"\0": "\0"}
_CLOSING: Final = {"(": ")", "{": "}"}


class SourceError(ValueError):
    """Not Clarity, or outside the part of it that the model knows. Never helped by retrying.

    `line` 0: no place in it.
    """

    permanent = True

    def __init__(self, message: str, line: int) -> None:
        super().__init__(f"line {line}: {message}" if line else message)
        self.line = line


@dataclass(frozen=True, slots=True)
class Name:
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Literal:
    value: Value
    line: int


@dataclass(frozen=True, slots=True)
class Number:
    """An int, or in a type a length."""

    value: int
    line: int


@dataclass(frozen=True, slots=True)
class TraitName:
    """A trait of another contract, as in .registry.proof-trait."""

    contract: Contract
    trait: str
    line: int


@dataclass(frozen=True, slots=True)
class Group:
    items: tuple[Node, ...]
    line: int


Node = Name | Literal | Number | TraitName | Group


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    line: int


@lru_cache(maxsize=16)  # two tables read the same sources
def parse(source: str, deployer: Address) -> tuple[Group, ...]:
    """The top-level groups of a contract; `.name` is a contract of `deployer`. SourceError with a line."""
    tokens = _tokens(source)[::-1]
    groups: list[Group] = []
    while tokens:
        node = _node(tokens, deployer)
        if not isinstance(node, Group):
            raise SourceError("only definitions stand at the top level", node.line)
        groups.append(node)
    return tuple(groups)


def _tokens(source: str) -> list[_Token]:
    tokens: list[_Token] = []
    position, line = 0, 1
    while position < len(source):
        match = _TOKEN.match(source, position)
        if match is None:
            raise SourceError(f"cannot read {source[position : position + 20]!r}", line)
        kind = match.lastgroup
        assert kind is not None
        if kind != "space":
            tokens.append(_Token(kind, match[kind], line))
        line += match[0].count("\n")
        position = match.end()
    return tokens


def _node(tokens: list[_Token], deployer: Address) -> Node:
    """Takes one node off the end of `tokens`, which are in reverse."""
    token = tokens.pop()
    if token.kind == "text":
        return Literal(_text(token), token.line)
    if token.kind == "word":
        if token.text == "u" and tokens and tokens[-1].kind == "text":
            return Literal(Unicode(_text(tokens.pop())), token.line)
        return _word(token, deployer)
    if token.text == "(":
        items: list[Node] = []
        while not _closes(tokens, token):
            items.append(_node(tokens, deployer))
        return Group(tuple(items), token.line)
    if token.text == "{":
        return _braces(tokens, token, deployer)
    raise SourceError(f"{token.text} stands where an expression should", token.line)


def _closes(tokens: list[_Token], opening: _Token) -> bool:
    """Takes the closing mark of `opening` if it comes next."""
    if not tokens:
        raise SourceError(f"the {opening.text} of this line is never closed", opening.line)
    if tokens[-1].text != _CLOSING[opening.text] or tokens[-1].kind != "mark":
        return False
    tokens.pop()
    return True


def _braces(tokens: list[_Token], opening: _Token, deployer: Address) -> Group:
    fields: list[Node] = [Name("tuple", opening.line)]
    while not _closes(tokens, opening):
        if len(fields) > 1:
            _expect(tokens, ",", opening)
            if _closes(tokens, opening):
                break
        name = _node(tokens, deployer)
        _expect(tokens, ":", opening)
        if not tokens:
            raise SourceError("the { of this line is never closed", opening.line)
        fields.append(Group((name, _node(tokens, deployer)), name.line))
    return Group(tuple(fields), opening.line)


def _expect(tokens: list[_Token], mark: str, opening: _Token) -> None:
    if not tokens:
        raise SourceError(f"the {opening.text} of this line is never closed", opening.line)
    token = tokens.pop()
    if token.kind != "mark" or token.text != mark:
        raise SourceError(f"expected {mark} and found {token.text}", token.line)


def _word(token: _Token, deployer: Address) -> Node:
    text, line = token.text, token.line
    if _UINT.fullmatch(text):
        number = int(text[1:])
        if number >= 1 << 128:
            raise SourceError("a uint is below 2^128", line)
        return Literal(number, line)
    if text.startswith("0x"):
        if not _HEX.fullmatch(text):
            raise SourceError(f"{text} is not hexadecimal", line)
        return Literal(bytes.fromhex(text[2:]), line)
    if text[0] in ".'":
        return _principal(text, line, deployer)
    if _INT.fullmatch(text):
        number = int(text)
        if not -(1 << 127) <= number < 1 << 127:
            raise SourceError("an int is -2^127 to 2^127 - 1", line)
        return Number(number, line)
    return Name(text, line)


def _principal(text: str, line: int, deployer: Address) -> Node:
    try:
        if text[0] == ".":
            name, _, trait = text[1:].partition(".")
            contract = Contract(deployer, name)
        else:
            address, _, rest = text[1:].partition(".")
            name, _, trait = rest.partition(".")
            if not name:
                return Literal(Address.from_c32(address), line)
            contract = Contract(Address.from_c32(address), name)
    except AddressError as error:
        raise SourceError(f"{text} is not a principal: {error}", line) from error
    return TraitName(contract, trait, line) if trait else Literal(contract, line)


def _text(token: _Token) -> str:
    def unescaped(match: re.Match[str]) -> str:
        if match[0] not in _ESCAPES:
            raise SourceError(f"unknown escape {match[0]}", token.line)
        return _ESCAPES[match[0]]

    return re.sub(r"\\.", unescaped, token.text)
