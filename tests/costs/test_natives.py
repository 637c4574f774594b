"""Each native by itself: result and costs as in the simulator."""

from __future__ import annotations

import pytest

from appliance.chain.address import Contract
from contracts.costs.forms import FORMS
from contracts.costs.natives import NATIVES
from tests.costs.cases import CASES, DEFINITIONS, OTHER, OWNER
from tests.costs.compared import ComparedMachine


def name(index: int) -> str:
    return f"case-{index}"


@pytest.fixture(scope="module")
def natives(machine: ComparedMachine) -> Contract:
    functions = []  # public functions return responses, so a case is a private one inside one that does
    for index, case in enumerate(CASES):
        params = case.params
        names = " ".join(part.split(" ")[0] for part in _parameters(params))
        functions.append(f"(define-private (body-{index} {params}) {case.body})")
        functions.append(f"(define-public ({name(index)} {params}) (ok (body-{index} {names})))")
    return machine.deploy("natives", OWNER, DEFINITIONS + "\n" + "\n".join(functions))


def _parameters(params: str) -> list[str]:
    """`a uint`, `b (buff 4)` of `(a uint) (b (buff 4))`."""
    parts, depth, start = [], 0, 0
    for position, character in enumerate(params):
        if character == "(":
            depth += 1
            start = position + 1 if depth == 1 else start
        elif character == ")":
            depth -= 1
            if depth == 0:
                parts.append(params[start:position])
    return parts


@pytest.mark.parametrize("index", range(len(CASES)), ids=[case.body[:60] for case in CASES])
def test_a_native_costs_what_it_does_in_the_simulator(machine: ComparedMachine, natives: Contract, index: int) -> None:
    for args in CASES[index].calls:
        machine.public(natives, name(index), list(args), OTHER)


def test_every_native_is_compared() -> None:
    words = set()
    for case in CASES:
        words |= set(case.body.replace("(", " ( ").replace(")", " ").split())
    words |= set(DEFINITIONS.replace("(", " ( ").replace(")", " ").split())
    untested = (set(NATIVES) | set(FORMS)) - words - {"tuple", "contract-call?", "contract-of"}
    assert not untested  # those three: braces above, and the traits below
