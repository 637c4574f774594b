"""The benches themselves: the promised names, a model that agrees with the simulator, and ends in words."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from appliance.bench import proof, simulator
from appliance.cli.main import main
from appliance.founding import CONTRACTS
from circuits.shape import USAGE, operations
from tests.tools import missing

ROOT = Path(__file__).resolve().parents[2]
Figures = dict[str, dict[str, Any]]


def figures_of(text: str) -> Figures:
    """By name; one object and nothing else was printed."""
    told = json.loads(text)
    named = {figure["name"]: figure for figure in told["figures"]}
    assert len(named) == len(told["figures"])
    assert {frozenset(figure) for figure in told["figures"]} == {
        frozenset({"name", "value", "unit", "better", "target", "note"})
    }
    return named


def missed(figures: Figures) -> int:
    """All targets are upper bounds."""
    assert {figure["better"] for figure in figures.values()} == {"lower"}
    return sum(figure["target"] is not None and figure["value"] > figure["target"] for figure in figures.values())


def last_line(progress: str) -> str:
    """Behind the seconds since the start."""
    return progress.splitlines()[-1].partition(" s  ")[2]


CHECKS = ("opening", "sum64", "ballot", "bill64", "money.32", "each-zero.64x2", "each-zero.64x4")


@pytest.fixture(scope="module")
def chain(node: Path) -> subprocess.CompletedProcess[str]:
    if not (simulator.CONTRACTS / "node_modules" / "@stacks" / "clarinet-sdk").is_dir():
        missing("the contract SDK is not installed (npm ci in contracts/)")
    command = [sys.executable, "-I", "-m", "appliance", "bench", "chain", "--json"]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=ROOT, env={"MITA_NODE": str(node), "PATH": ""}
    )


@pytest.fixture(scope="module")
def chain_figures(chain: subprocess.CompletedProcess[str]) -> Figures:
    assert chain.returncode == 0, chain.stderr
    return figures_of(chain.stdout)


def test_chain_has_the_promised_names(chain_figures: Figures, chain: subprocess.CompletedProcess[str]) -> None:
    shares = ("runtime_pct_simulator", "runtime_pct_mainnet", "worst_pct_mainnet", "fee_scalar_mainnet")
    wanted = {f"chain.s1.{m}.{measure}" for m in (1, 16, 64) for measure in (*shares, "bytes_per_slot")}
    wanted |= {f"chain.{what}.runtime_simulator" for what in CHECKS}
    wanted |= {f"chain.meter-data.submit-usage-batch.64.{m}" for m in ("runtime_pct_simulator", "worst_pct_mainnet")}
    assert wanted <= chain_figures.keys()
    assert "verifying the usage of 64 slots" in chain.stderr
    assert last_line(chain.stderr) == f"{missed(chain_figures)} targets missed"
    assert "dearest" not in chain.stdout


def test_model_charges_what_the_simulator_charges(chain_figures: Figures) -> None:
    deviations = {name: f["value"] for name, f in chain_figures.items() if name.endswith("model_deviation_pct")}
    assert len(deviations) == 3 + len(CHECKS) + 2
    assert deviations["chain.functions.model_deviation_pct"] == 0
    assert all(0 <= value <= 1 for value in deviations.values()), deviations


def test_chain_figures_hang_together(chain_figures: Figures) -> None:
    def value(name: str) -> float:
        found: float = chain_figures[f"chain.{name}"]["value"]
        return found

    for m in (1, 16, 64):
        s1 = f"s1.{m}"
        assert value(f"{s1}.runtime_pct_mainnet") == round(value(f"{s1}.runtime_mainnet") / 5e7, 4)
        assert value(f"{s1}.worst_pct_mainnet") >= value(f"{s1}.runtime_pct_mainnet")
        assert value(f"{s1}.runtime_pct_simulator") > value(f"{s1}.runtime_pct_mainnet")
        assert value(f"{s1}.writes") == 0
        assert value(f"{s1}.bytes") > value(f"{s1}.bytes_per_slot") * m
    assert value("s1.1.runtime_pct_simulator") < value("s1.16.runtime_pct_simulator")
    assert value("s1.16.runtime_pct_simulator") < value("s1.64.runtime_pct_simulator")
    submitted = "meter-data.submit-usage-batch.64"
    assert value(f"{submitted}.runtime_pct_simulator") > value("s1.64.runtime_pct_simulator")
    assert value(f"{submitted}.writes") > 0


PUBLIC = re.compile(r"^\(define-public \(([a-z0-9-]+)", re.MULTILINE)


def test_every_public_function_has_its_figures(chain_figures: Figures) -> None:
    """Read from the contracts' texts, so that a new function cannot be forgotten."""
    functions = {
        f"{name}.{function}"
        for name in CONTRACTS
        for function in PUBLIC.findall((simulator.CONTRACTS / f"{name}.clar").read_text())
    }
    assert len(functions) > 90
    measures = ("runtime_pct_simulator", "worst_pct_mainnet", "bytes")
    missing = {f"chain.{f}.{m}" for f in functions for m in measures} - chain_figures.keys()
    assert not missing
    for function in functions:
        runtime, worst, size = (chain_figures[f"chain.{function}.{measure}"] for measure in measures)
        assert (runtime["target"], worst["target"], size["target"]) == (5, 1, None)
        assert runtime["value"] <= 5
        assert worst["value"] > 0
        assert size["value"] > 100


def test_who_is_over_one_per_cent_is_known(chain_figures: Figures) -> None:
    """Nobody."""
    over = {
        name.removeprefix("chain.").removesuffix(".worst_pct_mainnet")
        for name, figure in chain_figures.items()
        if name.endswith("worst_pct_mainnet") and figure["target"] == 1 and figure["value"] > 1
    }
    assert over == set()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each proof once: what matters here is what is told."""
    monkeypatch.setattr(proof, "REPEATS", dict.fromkeys(proof.REPEATS, 1))
    monkeypatch.setattr(proof, "SAMPLE", 3)


@pytest.mark.usefixtures("quick")
def test_proof_has_the_promised_names(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "proof", "--json"]) == 0
    captured = capsys.readouterr()
    figures = figures_of(captured.out)
    for m in (1, 16, 64):
        for measure in ("prove_s", "verify_s", "floor_ratio", "memory_kib", "bytes"):
            assert figures[f"proof.s1.{m}.{measure}"]["value"] >= 0
        shape = USAGE[m]
        listed = 33 * shape.points + 32 * (shape.scalars + shape.hints)
        assert figures[f"proof.s1.{m}.bytes"]["value"] == listed
        assert f"over {operations(shape)} multiplications" in figures[f"proof.s1.{m}.floor_ratio"]["note"]
    assert figures["proof.s1.64.prove_s"]["target"] == 0.5
    assert figures["proof.s1.64.floor_ratio"]["target"] == 3.0
    assert "digits and multiplicities" in figures["proof.s1.64.floor_ratio"]["note"]
    assert "proving and verifying 64 values" in captured.err
    assert last_line(captured.err) == f"{missed(figures)} targets missed"


@pytest.mark.usefixtures("quick")
def test_missed_targets_are_counted_and_no_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(proof, "TARGETS", {16: (0.0, 0.0), 64: (0.0, 1e9)})
    assert main(["bench", "proof", "--json"]) == 0
    assert last_line(capsys.readouterr().err) == "3 targets missed"


@pytest.mark.usefixtures("quick")
def test_proof_as_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "proof"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.split()[:1] == ["proof.s1.16.verify_s"] for line in lines)


def test_without_the_simulator_the_set_up_is_incomplete(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("MITA_NODE", raising=False)
    monkeypatch.setenv("PATH", "")
    assert main(["bench", "chain", "--json"]) == 3
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "start with ./mita bench" in captured.err


def test_simulator_that_ends_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "node"
    program.write_text("#!/bin/sh\nexit 7\n")
    program.chmod(0o755)
    monkeypatch.setenv("MITA_NODE", str(program))
    assert main(["bench", "chain"]) == 1


@pytest.mark.parametrize("arguments", [(), ("weather",), ("proof", "--fast")])
def test_wrong_use(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", *arguments]) == 2
    assert "usage: ./mita bench" in capsys.readouterr().err
