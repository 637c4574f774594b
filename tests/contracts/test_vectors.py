"""The frozen proofs in the VM: the verdict of circuits, by the same name."""

from __future__ import annotations

import pytest

from appliance.chain.clarity import ResponseOk
from tests.contracts.privacy import Proof, refusal
from tests.vectors.case import Case, load

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


@pytest.mark.parametrize("name", ["usage-1", "usage-4", "usage-16", "usage-64", "zero", "bit", "opening"])
def test_the_contract_gives_the_verdict_of_circuits(proof: Proof, name: str) -> None:
    cases = [case for case in load(name) if fits(case)]
    assert len(cases) > 10
    other = {case.comment: found for case in cases if (found := verdict(proof, case)) != case.expected}
    assert other == {}
