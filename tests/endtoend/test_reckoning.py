"""The demonstration's verdict: true for a sound run, and false, with words, for each thing that could be wrong."""

from __future__ import annotations

import io
import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import cast

import pytest

from appliance.chain.address import Address, Contract
from appliance.chain.clarity import Optional, Tuple, UInt, Value
from appliance.chain.node import Node
from appliance.cli.demo import Teller, summarise
from appliance.cli.reckoning import Books, Reckoning, reckon
from tests.endtoend.conftest import Run

pytestmark = pytest.mark.asyncio(loop_scope="package")


@pytest.fixture
def copied(run: Run, tmp_path: Path) -> Path:
    """The books and the meters' log as they stand at this moment, for tampering."""
    with closing(sqlite3.connect(run.core)) as source, closing(sqlite3.connect(tmp_path / "core.db")) as copy:
        source.backup(copy)
    (tmp_path / "served.jsonl").write_text(run.town.served.read_text())
    return tmp_path


async def verdict(run: Run, folder: Path) -> Reckoning:
    books = Books(folder / "core.db")
    try:
        return await reckon(
            books, folder / "served.jsonl", run.node, run.town.deployer, run.town.gateway, run.town.units
        )
    finally:
        books.close()


def tamper(folder: Path, statement: str) -> None:
    with closing(sqlite3.connect(folder / "core.db", isolation_level=None)) as db:
        assert db.execute(statement).rowcount > 0


async def test_a_sound_run_is_equal(run: Run, copied: Path) -> None:
    """Batches that the chain took after the copy was made do not matter here: the run is stopped by its own count."""
    books = Books(run.core)
    try:
        result = await reckon(books, run.town.served, run.node, run.town.deployer, run.town.gateway, run.town.units)
    finally:
        books.close()
    sums = [problem for problem in result.problems if "count or sum" not in problem and "executed" not in problem]
    assert sums == [], "a running appliance may add a batch between two questions, nothing else may differ"
    assert result.meters == 32
    assert len(result.totals) >= 4
    assert {(total.zone, total.unit) for total in result.totals} == {(1, "Wh"), (2, "L")}
    litres = [total.meters for total in result.totals if total.unit == "L"]
    assert all(0 < used < 20_000 for used in litres), "16 homes in two days"
    assert all(total.meters == total.chain for total in result.totals)
    assert result.range_proved
    assert {(proving.of, proving.count >= 4) for proving in result.proofs} == {("block", True), ("batch", True)}
    assert all(0 < proving.median_ms <= proving.longest_ms < 60_000 for proving in result.proofs)
    printed = json.loads(result.to_json(12))
    assert set(printed) >= {
        "readings",
        "meters",
        "blocks",
        "transactions",
        "totals",
        "settled",
        "paid",
        "proofs",
        "range_proved",
        "equal",
        "seconds",
    }
    assert set(printed["transactions"][0]) == {"function", "txid", "status", "runtime", "bytes"}
    assert set(printed["totals"][0]) == {"zone", "unit", "batch", "meters", "chain"}
    assert all(made["status"] == "success" for made in printed["transactions"][:4])
    batches = [made for made in printed["transactions"][:4] if made["function"] == "meter-data.submit-usage-batch"]
    assert batches
    assert all(made["runtime"] > 10**6 for made in batches)
    assert copied.exists()


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE block_slot SET index_end = index_end + 1 WHERE zone = 1 AND slot = 3 AND usage > 0", "never showed"),
        ("UPDATE submission SET state = 'rejected' WHERE id = 1", "was rejected"),
        ("DELETE FROM batch WHERE zone = 2 AND first_block = (SELECT min(first_block) FROM batch)", "count or sum"),
    ],
)
async def test_tampered_books_are_found(run: Run, copied: Path, statement: str, words: str) -> None:
    tamper(copied, statement)
    result = await verdict(run, copied)
    assert not result.equal
    assert any(words in problem for problem in result.problems), result.problems


class Doubting:
    """A node whose contract says that it checked less of one batch."""

    def __init__(self, run: Run, checked: int) -> None:
        self._node, self._checked, self._left = run.node, checked, 1

    async def call_read(
        self, contract: Contract, function: str, arguments: tuple[Value, ...], sender: Address
    ) -> Value:
        answer = await self._node.call_read(contract, function, arguments, sender)
        if function == "get-batch" and self._left and isinstance(answer, Optional) and isinstance(answer.value, Tuple):
            self._left = 0
            return Optional(Tuple.of({**dict(answer.value.fields), "checked": UInt(self._checked)}))
        return answer

    def __getattr__(self, name: str) -> object:
        return getattr(self._node, name)


@pytest.mark.parametrize("checked", [0, 1, 2])
async def test_range_proved_is_what_the_contract_says_of_every_batch(run: Run, copied: Path, checked: int) -> None:
    books = Books(copied / "core.db")
    try:
        node = cast(Node, Doubting(run, checked))
        result = await reckon(books, run.town.served, node, run.town.deployer, run.town.gateway, run.town.units)
    finally:
        books.close()
    assert not result.range_proved
    words = io.StringIO()
    summarise(result, Teller(words))
    assert "FAILED: the contract does not say of every batch that it checked the ranges" in words.getvalue()
    assert not json.loads(result.to_json(1))["range_proved"]


async def test_the_summary_has_seconds_per_proof_and_the_cost_of_each_call(run: Run, copied: Path) -> None:
    result = await verdict(run, copied)
    words = io.StringIO()
    summarise(result, Teller(words))
    said = words.getvalue()
    assert re.search(r"\d+ block proofs in the worker: \d+\.\d\d s each", said)
    assert re.search(r"\d+ batch proofs in the worker: \d+\.\d\d s each", said)
    assert "range-proved: the contract checked that each batch opens" in said
    executed = [made for made in result.transactions if made.runtime is not None]
    assert len(executed) >= 4
    for made in executed:
        assert f"VM runtime {made.runtime} ({made.runtime / 5e9:.2%} of a block" in said  # type: ignore[operator]


async def test_a_meter_that_showed_something_else_is_found(run: Run, copied: Path) -> None:
    log = copied / "served.jsonl"
    entries = [json.loads(line) for line in log.read_text().splitlines()]
    log.write_text("\n".join(json.dumps({**e, "index": e["index"] + 1000 * (e["meter"] == "z2s07")}) for e in entries))
    result = await verdict(run, copied)
    assert any("z2s07 never showed" in problem for problem in result.problems)
    assert not result.equal
