"""Small contracts: aborts, traits, heights, early returns; and where the simulator is not a node."""

from __future__ import annotations

import random
from typing import Final

import pytest

from appliance.chain.clarity import FALSE, Buffer, List
from contracts.costs.chain import CallAborted
from tests.contracts.vm import VmError
from tests.costs.cases import HASH, OTHER, OWNER, PUBLIC, SIGNATURE
from tests.costs.compared import ComparedMachine

ABORTS: Final = [
    "(/ u1 a)", "(mod u1 a)", "(- a u1)", "(+ MAX u1 a)", "(* MAX u2)", "(pow u2 u128)", "(pow u3 u4294967296)",
    "(log2 a)", "(unwrap-panic (element-at? (list u1) u1))", "(unwrap-err-panic (begin (print a) (ok-of a)))",
    "(- u1)", "(to-uint (- (to-int a) 1))", "(to-int MAX)", "(/ 1 (to-int a))", "(mod 1 (to-int a))",
    "(* (to-int (/ MAX u2)) 2)", "(- (to-int a) (to-int (/ MAX u2)) 2)",
]  # fmt: skip


def test_what_aborts_aborts_in_both(machine: ComparedMachine) -> None:
    """And leaves nothing behind."""
    lines = [
        "(define-constant MAX u340282366920938463463374607431768211455)",
        "(define-private (ok-of (n uint)) (if (> n u5) (err n) (ok n)))",
        "(define-data-var touched uint u0)",
        "(define-read-only (get-touched) (var-get touched))",
    ]
    for index, body in enumerate(ABORTS):
        lines.append(f"(define-public (abort-{index} (a uint)) (begin (var-set touched u9) (ok {body})))")
    contract = machine.deploy("aborts", OWNER, "\n".join(lines))
    for index in range(len(ABORTS)):
        with pytest.raises(VmError):
            machine.public(contract, f"abort-{index}", [0], OTHER)
    assert machine.read(contract, "get-touched").plain() == 0


def test_traits(machine: ComparedMachine) -> None:
    """Calls through a trait's argument, directly and handed on, of contracts that name the trait and that do not."""
    machine.deploy("shape", OWNER, "(define-trait shape ((area (uint (list 4 uint)) (response uint uint))))")
    body = "(define-public (area (a uint) (rest (list 4 uint))) (if (> a u5) (err a) (ok (+ a (len rest)))))"
    square = machine.deploy("square", OWNER, f"(impl-trait .shape.shape)\n{body}")
    circle = machine.deploy("circle", OWNER, body)
    user = machine.deploy(
        "user",
        OWNER,
        """(use-trait shape .shape.shape)
        (define-data-var last uint u0)
        (define-private (hand-on (s <shape>) (a uint))
          (let ((b (+ a u1))) (let ((c b)) (contract-call? s area c (list c a)))))
        (define-private (ignore (s <shape>)) true)
        (define-public (direct (s <shape>) (a uint)) (contract-call? s area a (list)))
        (define-public (indirect (s <shape>) (a uint)) (begin (ignore s) (var-set last a) (hand-on s a)))
        (define-public (which (s <shape>)) (ok (list (contract-of s) contract-caller tx-sender)))
        (define-public (fixed (a uint)) (contract-call? .square area a (list a)))
        (define-read-only (get-last) (var-get last))""",
    )
    for shape in (square, circle):
        for a in (1, 9):
            machine.public(user, "direct", [shape, a], OTHER)
            machine.public(user, "indirect", [shape, a], OTHER)
            machine.read(user, "get-last")
        machine.public(user, "which", [shape], OTHER)
    machine.public(user, "fixed", [2], OTHER)


def test_heights(machine: ComparedMachine) -> None:
    """Each costs a read; the machine tells the model what they are."""
    contract = machine.deploy(
        "tall",
        OWNER,
        """(define-read-only (all)
          {burn: burn-block-height, tenure: tenure-height, time: stacks-block-time, height: stacks-block-height})""",
    )
    heights = machine.read(contract, "all")
    machine.mine(3)
    assert machine.read(contract, "all").plain() != heights.plain()
    assert heights.costs["readCount"] == 3 + 4


class Expressions:
    """Deep uint expressions over a, b, x and K, drawn at random; every match binds a name of its own."""

    def __init__(self, seed: str) -> None:
        self.rng = random.Random(seed)
        self.bound = 0

    def draw(self, depth: int) -> str:
        if depth == 0:
            return self.rng.choice(["a", "b", "u3", "K", "x"])
        left, right = self.draw(depth - 1), self.draw(depth - 1)
        self.bound += 1
        name = f"y{self.bound}"
        return self.rng.choice(
            [
                f"(+ {left} {right})",
                f"(mod {left} (+ u1 {right}))",
                f"(if (< {left} {right}) {left} u4)",
                f"(get p {{p: {left}, q: {right}}})",
                f"(match (element-at? (list {left} u5) (mod {right} u3)) {name} (+ {name} u1) u7)",
                f"(default-to {left} (some {right}))",
                f"(unwrap! (if (> {left} u2) (some {right}) none) u9)",
            ]
        )


def test_programs_by_chance(machine: ComparedMachine) -> None:
    """What is certain beforehand and what is not add up the same, wherever a function is left early."""
    expressions = Expressions("programs")
    bodies = [f"(let ((x (+ a b))) {expressions.draw(4)})" for _ in range(30)]
    lines = [f"(define-read-only (f{index} (a uint) (b uint)) {body})" for index, body in enumerate(bodies)]
    contract = machine.deploy("chance", OWNER, "\n".join(["(define-constant K u2)", *lines]))
    for index in range(len(bodies)):
        for _ in range(2):
            machine.read(contract, f"f{index}", expressions.rng.randrange(9), expressions.rng.randrange(9))


def test_where_the_simulator_is_not_a_node(machine: ComparedMachine) -> None:
    """A map with one list empty, and a signature with high s: the model on mainnet's table does as a node does."""
    contract = machine.deploy(
        "elsewhere",
        OWNER,
        """(define-private (sum-of (a uint) (b uint)) (+ a b))
        (define-read-only (sums (a (list 3 uint))) (map sum-of a (list u1 u2)))
        (define-read-only (signed (hash (buff 32)) (signature (buff 65)) (key (buff 33)))
          (secp256k1-verify hash signature key))""",
    )
    empty = List(())
    with pytest.raises(VmError, match="IncorrectArgumentCount"):
        super(ComparedMachine, machine)._call("read", contract, "sums", [empty], OWNER)
    with pytest.raises(CallAborted):
        machine.model.call(contract, "sums", [empty], OWNER)
    assert machine.mainnet.call(contract, "sums", [empty], OWNER).result == empty
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    high = SIGNATURE[:32] + (order - int.from_bytes(SIGNATURE[32:64], "big")).to_bytes(32, "big")
    args = [Buffer(HASH), Buffer(high), Buffer(PUBLIC)]
    assert super(ComparedMachine, machine)._call("read", contract, "signed", args, OWNER).plain() is True
    assert machine.mainnet.call(contract, "signed", args, OWNER).result == FALSE
