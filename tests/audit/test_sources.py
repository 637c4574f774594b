"""The contracts on the chain are this project's, or the audit says which is not."""

from __future__ import annotations

import asyncio
import signal
import tomllib
from pathlib import Path
from typing import Any

import pytest

from appliance.audit import sources
from appliance.audit.batch import Evidence, judge
from appliance.audit.sources import SourcesMissingError, judge_sources, own_sources
from appliance.chain.address import Address, Contract
from appliance.chain.clarity import serialize
from appliance.chain.history import Outcome, Print
from appliance.cli.main import main
from appliance.founding import CONTRACTS
from tests.audit import settlement
from tests.audit.conftest import Through, audit_of
from tests.audit.settlement import FIRST_BLOCK, FOLDER, NETWORK, STEWARD, Made
from tests.devnet.network import Devnet

NOBODY = Address(26, bytes(20))


def copied(folder: Path) -> Path:
    """A folder of contracts of one's own."""
    folder.mkdir()
    for file in (*FOLDER.glob("*.clar"), FOLDER / "Clarinet.toml"):
        (folder / file.name).write_bytes(file.read_bytes())
    return folder


def test_every_contract_of_a_settlement_is_compared() -> None:
    listed = tomllib.loads((FOLDER / "Clarinet.toml").read_text())["contracts"]
    own = own_sources(FOLDER)
    assert set(own) == set(listed) == set(CONTRACTS) == {file.stem for file in FOLDER.glob("*.clar")}
    assert all(own[name].encode() == (FOLDER / f"{name}.clar").read_bytes() for name in own)


@pytest.mark.parametrize("name", CONTRACTS)
def test_one_differing_contract_is_named(made: Made, through: Through, name: str) -> None:
    def rewrite(path: str, body: str, answer: Any) -> Any:
        if path.endswith(f"/source/{made.deployer}/{name}"):
            answer["source"] += "\n"
        return answer

    told = through(rewrite)
    assert told.code == 1
    assert told.failures() == {(None, None, "contract")}
    (failure,) = told.report["failures"]
    assert f"the text of {made.deployer}.{name} is not that of this Mita's {name}" in failure["words"]
    assert "audit with the version of Mita that the settlement was founded with, or distrust it" in failure["words"]


@pytest.mark.parametrize(
    ("there", "words"),
    [
        (None, "there is no"),
        ("", "shows no readable text"),
        ("(ok\r\n)\n", "is not that"),
        ("(ok\n)", "is not that"),
        ("(ok\n)\n ", "is not that"),
    ],
)
def test_any_other_text(there: str | None, words: str) -> None:
    own = {"one": "(ok\n)\n", "two": "(two)\n"}
    (finding,) = judge_sources(NOBODY, own, {"one": there, "two": "(two)\n"})
    assert words in str(finding)
    assert f"{NOBODY}.one" in str(finding)
    assert list(judge_sources(NOBODY, own, dict(own))) == []


def test_contract_that_the_chain_does_not_have(
    made: Made, verified_once: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As when this version has a contract more than the settlement."""
    folder = copied(tmp_path / "contracts")
    (folder / "further.clar").write_text("(define-constant A u1)\n")
    with (folder / "Clarinet.toml").open("a") as manifest:
        manifest.write('\n[contracts.further]\npath = "further.clar"\n')
    monkeypatch.setattr(sources, "FOLDER", folder)
    for what in (("--settlement", str(made.deployer)), ("--tx", made.txid(1, FIRST_BLOCK))):
        told = audit_of("--chain", made.url, *what)
        assert told.code == 1
        assert [failure["check"] for failure in told.report["failures"]] == ["contract"]
        assert f"there is no {made.deployer}.further on this chain" in told.report["failures"][0]["words"]


def test_text_that_the_node_does_not_show(made: Made, through: Through) -> None:
    def rewrite(path: str, body: str, answer: Any) -> Any:
        return answer | {"source": ""} if path.endswith(f"/source/{made.deployer}/range-64") else answer

    told = through(rewrite)
    assert told.failures() == {(None, None, "contract")}
    assert "shows no readable text" in told.report["failures"][0]["words"]


@pytest.mark.parametrize("lost", ["Clarinet.toml", "range-16.clar"])
def test_without_contracts_the_set_up_is_incomplete(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, lost: str
) -> None:
    folder = copied(tmp_path / "contracts")
    (folder / lost).unlink()
    with pytest.raises(SourcesMissingError, match=lost):
        own_sources(folder)
    monkeypatch.setattr(sources, "FOLDER", folder)
    assert main(["audit", "--chain", "http://127.0.0.1:1", "--settlement", str(NOBODY)]) == 3
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "set-up incomplete" in captured.err


def test_proof_contract_of_another_settlement(made: Made) -> None:
    """Its text is not compared, so its word counts for nothing."""
    raw = made.raws[1, FIRST_BLOCK]
    print_ = Print(made.txid(1, FIRST_BLOCK), 0, f"{made.deployer}.meter-data", b"")
    own = serialize(Contract(made.deployer, "privacy-proof"))
    other = serialize(Contract(STEWARD.address(NETWORK), "privacy-proof"))
    found = []
    for bytes_ in (raw, raw.replace(own, other)):
        evidence = Evidence(print_, bytes_, Outcome(True, b""), b"", b"")
        batch = judge(evidence, NETWORK.chain_id, Contract(made.deployer, "meter-data"), {})
        found.append([finding.failure.words for finding in batch.findings if finding.failure.check == "contract"])
    assert found == [
        [],
        [f"its proof was checked by {STEWARD.address(NETWORK)}.privacy-proof, which is not of this settlement"],
    ]


def test_settlement_whose_meter_data_checks_nothing(
    node: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A chain of its own: meter-data takes proofs for granted. All it holds is true, and yet nobody vouches for it."""
    folder = copied(tmp_path / "contracts")
    meter_data = folder / "meter-data.clar"
    asked = "(try! (contract-call? proof verify-usage-batch"
    head, _, tail = meter_data.read_text().partition(asked)
    assert tail
    meter_data.write_text(head + "u3" + tail.partition("))")[2])
    monkeypatch.setattr(settlement, "FOLDER", folder)
    chain = Devnet(node, tmp_path / "chain", settlement.genesis(), block_ms=50)
    assert chain.start(), chain.messages
    try:
        made = asyncio.run(settlement.make(f"http://127.0.0.1:{chain.port}"))
        told = audit_of("--chain", made.url, "--settlement", str(made.deployer))
        assert told.code == 1
        assert told.failures() == {(None, None, "contract")}
        assert f"{made.deployer}.meter-data" in told.report["failures"][0]["words"]
        assert audit_of("--chain", made.url, "--tx", made.txid(1, FIRST_BLOCK)).failures() == told.failures()
    finally:
        assert chain.kill(signal.SIGTERM) == 0
