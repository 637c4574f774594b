"""The frozen proofs in the VM: the verdict of circuits, by the same name."""

from __future__ import annotations

import pytest

from appliance.chain.clarity import ResponseOk
from circuits.each_zero import EachZeroProof
from tests.contracts.privacy import Proof, refusal
from tests.vectors import each_zero
from tests.vectors.case import Case, load
from tests.vectors.make import FILES

# In the VM an opening that does not hold has a name of its own.
NAMES = {
    "ERR_ENCODING": "encoding",
    "ERR_LENGTH": "length",
    "ERR_HINT": "hint",
    "ERR_ZERO_CHALLENGE": "zero challenge",
    "ERR_EQUATION": "final equation",
    "ERR_OPENING": "final equation",
}


def fits(case: Case) -> bool:
    """Bytes longer than their Clarity type never reach a contract."""
    points = all(len(point) <= 33 for point in (*case.points, *case.commitments))
    return points and all(len(part) <= 32 for part in (case.context, *case.scalars, *case.hints))


def verdict(proof: Proof, case: Case) -> str:
    opening = None if case.total is None or case.blinding is None else (case.total, case.blinding)
    receipt = proof.verify(case.kind, case.commitments, opening, case.points, case.scalars, case.hints, case.context)
    return "ok" if isinstance(receipt.result, ResponseOk) else NAMES[refusal(receipt).rpartition(".")[2]]


# at least so many cases reach the contract; of other files more than ten
ENOUGH = {"money-1": 8, "money-4": 3, "money-16": 3, "money-32": 3}


@pytest.mark.parametrize("name", [name for name in FILES if name != "any-zero"])
def test_the_contract_gives_the_verdict_of_circuits(proof: Proof, name: str) -> None:
    cases = [case for case in load(name) if fits(case)]
    assert len(cases) >= ENOUGH.get(name, 11)
    other = {case.comment: found for case in cases if (found := verdict(proof, case)) != case.expected}
    assert other == {}


def test_the_contract_gives_the_verdict_of_circuits_on_lists(proof: Proof) -> None:
    found = {}
    for case in each_zero.load():
        receipt = proof.each_zero(case.branches, EachZeroProof(case.nonces, case.shares, case.responses), case.context)
        found[case.comment] = "ok" if isinstance(receipt.result, ResponseOk) else NAMES[refusal(receipt)]
    assert len(found) > 10
    assert found == {case.comment: case.expected for case in each_zero.load()}
