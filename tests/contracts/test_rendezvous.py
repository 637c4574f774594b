"""Rendezvous, a fuzzer of Clarity contracts, on the contracts of money: properties of their parts, and what holds after
whatever is called. That these can fail is shown on wrong texts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.contracts.rendezvous import PROJECTS, RV, TESTS, assemble, run
from tests.tools import missing

RUNS = {
    ("payment", "test"): 120,
    ("payment", "invariant"): 50,
    ("billing", "test"): 60,
    ("billing", "invariant"): 20,
    ("utility-token", "test"): 60,
    ("utility-token", "invariant"): 20,
    ("voucher-token", "test"): 20,
    ("voucher-token", "invariant"): 60,
}
SUCCESSFUL = {
    ("payment", "invariant"): ("any-pay", "any-credit", "any-settle", "any-fund-float", "any-claim", "any-exit"),
    ("billing", "invariant"): ("any-freeze", "any-correct", "any-take"),
    ("utility-token", "invariant"): ("any-mint", "any-transfer", "any-burn"),
    ("voucher-token", "invariant"): ("any-mint", "any-transfer"),
}
"""What must have been called with success, since invariants of what never changes always hold."""

WRONG = {
    "hold-backs of a settlement that are counted twice": (
        "payment",
        "test",
        {"(+ (get income account) (- growth held-back))": "(+ (get income account) growth)"},
    ),
    "payments that are returned and stay in the pot": (
        "payment",
        "invariant",
        {"{pot: (- (get pot account) amount)}": "{pot: (get pot account)}"},
    ),
    "constants of lines that forget the charge": ("billing", "test", {"constant: (to-int charge)": "constant: 0"}),
    "claims that are not counted": (
        "billing",
        "invariant",
        {"    (count-claim zone slot is-so)\n": ""},
    ),
    "rewards that go anywhere": ("utility-token", "test", {"(and (is-inside sender) (is-inside recipient))": "true"}),
    "a number of a mint that serves twice": ("voucher-token", "invariant", {"(var-set mints number)": "true"}),
}


@pytest.fixture
def installed() -> None:
    """Without Rendezvous these tests count as not run."""
    if not RV.is_file():
        missing("Rendezvous is not installed (npm ci in contracts/)")


def properties(name: str, kind: str) -> list[str]:
    return re.findall(rf"\n\(define-\S+ \(({kind}-[^\s)]+)", (TESTS / f"{name}.tests.clar").read_text())


@pytest.mark.parametrize(("name", "kind"), RUNS, ids=[f"{name} {kind}" for name, kind in RUNS])
def test_no_counterexample_is_found(installed: None, node: Path, tmp_path: Path, name: str, kind: str) -> None:
    assemble(name, tmp_path / "project")
    told = run(node, tmp_path / "project", name, kind, runs=RUNS[name, kind])
    assert told.passed, told.text[-6000:]
    for function in (*SUCCESSFUL.get((name, kind), ()), *properties(name, kind)):
        assert told.counts[function], function


@pytest.mark.long
@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_contract_is_caught(installed: None, node: Path, tmp_path: Path, what: str) -> None:
    name, kind, changes = WRONG[what]
    assemble(name, tmp_path / "project", changes)
    told = run(node, tmp_path / "project", name, kind, runs=4 * RUNS[name, kind])
    assert not told.passed
    assert "Counterexample" in told.text, told.text[-3000:]


def test_each_contract_of_money_has_properties() -> None:
    assert {path.name.removesuffix(".tests.clar") for path in TESTS.glob("*.clar")} == set(PROJECTS)
    assert {name for name, _ in RUNS} == set(PROJECTS)
