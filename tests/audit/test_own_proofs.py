"""Proofs that dwellings sent of their own slots: altered ones are reported, and batches that they contest are named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from appliance.audit.own import SelfProof, read_own
from appliance.chain.clarity import FALSE, TRUE, Ascii, Buffer, UInt, Value
from appliance.chain.transaction import txid
from tests.audit.conftest import Through
from tests.audit.proxy import Rewrite, at_read, edit, flip
from tests.audit.settlement import CONTESTED, FIRST_BLOCK, HONEST, NETWORK, STEWARD, Made

PROVED = (HONEST, FIRST_BLOCK)


def at_own(made: Made, alter: Callable[[str], str] | None = None, event: Callable[[str], str] | None = None) -> Rewrite:
    """Alters the bytes of the honest slot's transaction, or its event's value."""
    own = txid(made.own[PROVED])

    def rewrite(path: str, body: str, answer: Any) -> Any:
        if alter and path.endswith(f"{own}/raw"):
            answer["raw_tx"] = alter(answer["raw_tx"])
        for one in answer["results"] if path.endswith("/events") else ():
            if event and one["tx_id"] == f"0x{own}":
                one["contract_log"]["value"]["hex"] = event(one["contract_log"]["value"]["hex"])
        return answer

    return rewrite


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (lambda own: own.scalars[1], {"transaction", "final equation"}),
        (lambda own: own.hints[1], {"transaction", "hint"}),
        (lambda own: own.commitment, {"transaction", "event", "context", "sequence"}),
    ],
)
def test_byte_of_an_own_proof(
    made: Made, through: Through, part: Callable[[SelfProof], bytes], expected: set[str]
) -> None:
    raw = made.own[PROVED]
    at = raw.index(part(read_own(raw))) + 31
    told = through(at_own(made, lambda text: flip(text, at)))
    assert told.code == 1
    assert expected <= told.checks(*PROVED)
    assert "own proof" in str(told.report["failures"])


def test_own_proof_that_is_no_transaction(made: Made, through: Through) -> None:
    assert {"encoding", "transaction"} <= through(at_own(made, lambda text: text[:-2])).checks(*PROVED)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"context": Buffer(bytes(32))}, {"context"}),
        ({"slot": UInt(6)}, {"event"}),
        ({"prover": STEWARD.address(NETWORK)}, {"event"}),
        ({"period": UInt(1)}, {"context", "final equation"}),
        ({"topic": Ascii("usage-prose")}, {"sequence"}),
    ],
)
def test_event_of_an_own_proof(made: Made, through: Through, changes: dict[str, Value], expected: set[str]) -> None:
    assert through(at_own(made, event=lambda text: edit(text, **changes))).checks(*PROVED) == expected


def test_contradiction_that_is_not_marked(through: Through) -> None:
    told = through(at_read("get-batch", CONTESTED, FIRST_BLOCK, contested=FALSE))
    assert told.failures() == {(CONTESTED, FIRST_BLOCK, "event")}


def test_mark_without_a_contradiction(through: Through) -> None:
    told = through(at_read("get-batch", *PROVED, contested=TRUE))
    assert told.failures() == {(*PROVED, "event")}
