"""Wrong sources and wrong calls: refused in words, with a line, and without a trace."""

from __future__ import annotations

import pytest

from appliance.chain.address import Contract
from appliance.chain.clarity import FALSE, Buffer, Int, List, UInt, Utf8
from contracts.costs.chain import CallAborted, Chain, SourceError
from contracts.costs.kinds import UINT, ascii_string, buff, list_of, optional, tuple_of
from contracts.costs.parser import Group, Literal, Name, parse
from contracts.costs.tables import MAINNET
from tests.contracts.settlement import account

OWNER = account("owner of sources")
ANYONE = account("anyone")


@pytest.mark.parametrize(
    ("source", "line", "message"),
    [
        ("(define-constant A u1", 1, "never closed"),
        ("\n(define-constant A {a: u1)", 2, "expected ,"),
        ("(define-constant A {a: u1", 1, "never closed"),
        ("(define-constant A {a u1})", 1, "expected :"),
        ("(define-constant A {a:", 1, "never closed"),
        (")", 1, "stands where"),
        ("u1", 1, "only definitions"),
        ('(define-constant A "open)', 1, "cannot read"),
        ('(define-constant A "\\q")', 1, "unknown escape"),
        ("(define-constant A 0x123)", 1, "not hexadecimal"),
        ("(define-constant A u340282366920938463463374607431768211456)", 1, "below 2\\^128"),
        ("(define-constant A 170141183460469231731687303715884105728)", 1, "an int is"),
        ("(define-constant A 'ST123)", 1, "not a principal"),
        ("(define-constant A u1)\n(define-constant A u2)", 2, "defined twice"),
        ("(define-constant A B) (define-constant B A)", 1, "defined by itself"),
        ("(define-constant A {a: u1, a: u2})", 1, "named twice"),
        ("(define-stuff A u1)", 1, "no definition"),
        ("(define-private (f (a float)) a)", 1, "no type"),
        ("(define-private (f a) a)", 1, "a parameter is"),
        ("(define-private (f)\n  (+ u1 nope))", 2, "unknown name nope"),
        ("(define-private (f)\n\n  (nope u1))", 3, "nope is no function"),
        ("(define-private (f) (mod u1))", 1, "mod takes 2 arguments, not 1"),
        ("(define-private (f) (let (a u1) a))", 1, "a binding is"),
        ("(define-private (f) (if true u1))", 1, "if takes 3"),
        ("(define-private (f) (as-max-len? 0x00 (+ u1 u1)))", 1, "literal uint"),
        ("(define-private (f) (match none u1))", 1, "match takes"),
        ("(define-private (f) (get b {a: u1}))", 1, "no field b"),
        ("(define-private (f) (var-get v))", 1, "no data variable v"),
        ("(define-private (f) (map-get? m u1))", 1, "no map m"),
        ("(define-private (f) (g))\n(define-private (g) (f))", 2, "calls itself"),
        ("(define-private (f (a uint)) a) (define-private (g) (f))", 1, "f takes 1 arguments, not 0"),
        ("(define-private (f) (contract-call? .nobody g))", 1, "no contract .*nobody is deployed"),
        ("(define-private (f (p principal)) (contract-call? q g))", 1, "expected a contract"),
        ("(define-private (f) (contract-of u1))", 1, "expected a contract"),
        ("(define-fungible-token t)\n(define-constant t u1)", 2, "defined twice"),
        ("(define-fungible-token t u100)", 1, "no definition"),
        ("(define-private (f) (ft-get-supply t))", 1, "no token t"),
        ("(define-fungible-token t)\n(define-private (f) (ft-mint? t u1))", 2, "a token's name and 2 arguments"),
        ("(define-private (f) (get-burn-block-info? pox-addrs u1))", 1, "takes header-hash"),
        ("(define-private (f) (as-contract? ()))", 1, "allowances and a body"),
        ("(define-private (f) (as-contract? u1 u2))", 1, "allowances are a list"),
        ("(define-private (f)\n (restrict-assets? 'ST000000000000000000002AMW42H ()))", 2, "an owner, allowances and"),
        ("(define-private (f) (as-contract? ((with-stx u1)) u2))", 1, "no allowance that the model knows"),
    ],
)
def test_a_wrong_source_is_refused_with_its_line(source: str, line: int, message: str) -> None:
    chain = Chain(MAINNET)
    with pytest.raises(SourceError, match=message) as refused:
        chain.deploy("wrong", source, OWNER)
    assert refused.value.line == line
    chain.deploy("wrong", "(define-read-only (f) u1)", OWNER)  # the name is free


def test_calls_between_contracts_are_checked_when_they_are_compiled() -> None:
    chain = Chain(MAINNET)
    chain.deploy("there", "(define-private (hidden) u1) (define-read-only (open (a uint)) a)", OWNER)
    for call, message in (
        ("hidden", "no function hidden"),
        ("none", "no function none"),
        ("open", "takes 1 arguments"),
    ):
        with pytest.raises(SourceError, match=message):
            chain.deploy("here", f"(define-public (f) (ok (contract-call? .there {call})))", OWNER)


def test_a_name_is_given_once() -> None:
    chain = Chain(MAINNET)
    chain.deploy("once", "", OWNER)
    with pytest.raises(SourceError, match="deployed already"):
        chain.deploy("once", "", OWNER)


def test_what_parses() -> None:
    source = ';; a comment (with "marks")\n(a u1 {x: 0x0a, y: (b),} "t\\"e\\n;;" .c \'ST000000000000000000002AMW42H.d)'
    [group] = parse(source, OWNER)
    name, one, braces, text, near, far = group.items
    assert (name, one) == (Name("a", 2), Literal(1, 2))
    assert isinstance(braces, Group)
    assert braces.items[0] == Name("tuple", 2)
    assert braces.items[1] == Group((Name("x", 2), Literal(b"\n", 2)), 2)
    assert len(braces.items) == 3
    assert text == Literal('t"e\n;;', 2)
    assert near == Literal(Contract(OWNER, "c"), 2)
    assert isinstance(far, Literal)
    assert str(far.value) == "ST000000000000000000002AMW42H.d"


SOURCE = """
(define-data-var n uint u0)
(define-map m uint uint)
(define-private (keep (a uint)) (begin (var-set n a) (map-set m a a)))
(define-public (set (a uint)) (begin (keep a) (asserts! (< a u9) (err a)) (ok a)))
(define-public (outer (a uint)) (begin (keep u1) (is-err (set a)) (ok (/ u9 a))))
(define-public (drop (a uint)) (begin (map-delete m a) (if (< a u5) (ok a) (err a))))
(define-read-only (get-state) {n: (var-get n), one: (map-get? m u1), three: (map-get? m u3), nine: (map-get? m u9)})
(define-read-only (take (a (buff 2)) (b (list 2 uint)) (c (string-ascii 3))) true)
"""


def test_err_undoes_what_it_covers_and_an_abort_everything() -> None:
    chain = Chain(MAINNET)
    contract = chain.deploy("state", SOURCE, OWNER)

    def state() -> str:
        return str(chain.call(contract, "get-state", [], ANYONE).result)

    blank = state()
    chain.call(contract, "set", [UInt(9)], ANYONE)
    assert state() == blank
    with pytest.raises(CallAborted, match="division by zero"):
        chain.call(contract, "outer", [UInt(0)], ANYONE)
    assert state() == blank
    chain.call(contract, "outer", [UInt(9)], ANYONE)  # what the inner err undid is only its own
    only_one = state()
    assert only_one != blank
    chain.call(contract, "set", [UInt(3)], ANYONE)
    assert state() not in (blank, only_one)
    with_three = state()
    chain.call(contract, "drop", [UInt(9)], ANYONE)
    assert state() == with_three
    chain.call(contract, "drop", [UInt(3)], ANYONE)
    assert state() != with_three


def test_arguments_of_the_wrong_type_abort() -> None:
    chain = Chain(MAINNET)
    contract = chain.deploy("state", SOURCE, OWNER)
    two, three = List((UInt(1), UInt(2))), List((UInt(1), UInt(2), UInt(3)))
    short = Buffer(b"ab")
    for args in ([FALSE], [short], [], [UInt(1), UInt(1)]):
        with pytest.raises(CallAborted):
            chain.call(contract, "set", args, ANYONE)
    for first, second in ((Buffer(b"abc"), two), (short, three), (short, List((short,)))):
        with pytest.raises(CallAborted):
            chain.call(contract, "take", [first, second, short], ANYONE)
    with pytest.raises(CallAborted):
        chain.call(contract, "set", [Int(1)], ANYONE)
    with pytest.raises(ValueError, match="outside the modelled part"):
        chain.call(contract, "set", [Utf8("x")], ANYONE)


def test_sizes_of_kinds() -> None:
    """Published: a uint is 16, a (buff 32) 36; a tuple adds names and types to its fields, a list its entry's type."""
    assert (UINT.size, buff(32).size, ascii_string(5).size) == (16, 36, 9)
    assert tuple_of(("h", "l"), (UINT, UINT)).size == 46
    assert list_of(buff(33), 64).size == 64 * 37 + 10
    assert optional(UINT).size == 17
    assert list_of(UINT, 3) is list_of(UINT, 3)
