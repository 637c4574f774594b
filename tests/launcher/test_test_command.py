"""`./mita test` counts what ran, names what did not and why, and never calls a run without tests good."""

import argparse
import os
from pathlib import Path

import pytest

from appliance.cli import test as command
from appliance.cli.test import Outcome, Step, conclude, run_pytest, run_step, spread

SUITE = """\
import pytest

def test_good():
    pass

@pytest.mark.parametrize("n", [1, 2])
def test_bad(n):
    assert n == 0

def test_tool():
    pytest.skip("w3m is not installed")

@pytest.mark.xfail(reason="nobody knows why")
def test_expected():
    assert False

@pytest.fixture
def broken():
    raise OSError("no")

def test_broken(broken):
    pass
"""


def suite(root: Path, text: str, *arguments: str) -> Outcome:
    (root / "pytest.ini").write_text("[pytest]\nmarkers = long: takes minutes\n")
    (root / "conftest.py").write_text("from tests.conftest import *\n")
    (root / "test_suite.py").write_text(text)
    return run_pytest(arguments, root)


def test_counts(tmp_path: Path) -> None:
    outcome = suite(tmp_path, SUITE)
    assert outcome.passed == 1
    assert outcome.failures == ("test_suite::test_bad[1]", "test_suite::test_bad[2]", "test_suite::test_broken")
    assert outcome.not_run == (
        ("test_suite::test_tool", "w3m is not installed"),
        ("test_suite::test_expected", "nobody knows why"),
    )


@pytest.mark.parametrize(("arguments", "passed"), [((), 1), (("--long",), 2)])
def test_long_tests_run_when_asked_and_are_not_missed_else(
    tmp_path: Path, arguments: tuple[str, ...], passed: int
) -> None:
    text = "import pytest\n@pytest.mark.long\ndef test_a(): pass\ndef test_b(): pass\n"
    assert suite(tmp_path, text, *arguments) == Outcome(passed, (), ())


def test_module_that_cannot_be_imported_is_a_failure(tmp_path: Path) -> None:
    outcome = suite(tmp_path, "import no_such_module\n")
    assert outcome.passed == 0
    assert len(outcome.failures) == 1


def test_wrong_option_is_a_failure(tmp_path: Path) -> None:
    outcome = suite(tmp_path, "def test_a(): pass\n", "--no-such-option")
    assert outcome == Outcome(0, ("pytest: ended with exit code 4 and left no report",), ())


def test_killed_run_is_a_failure(tmp_path: Path) -> None:
    outcome = suite(tmp_path, "import os\ndef test_a(): pass\ndef test_b(): os._exit(0)\n")
    assert outcome.failures


def test_missing_tool_in_ci_fails_and_else_does_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.delenv("MITA_NODE", raising=False)
    text = "def test_page(tool): tool('w3m')\ndef test_vm(node): pass\n"
    outcome = suite(tmp_path, text)
    assert [reason for _, reason in outcome.not_run] == [
        "w3m is not installed (apt-get install w3m)",
        "Node 20 or newer is not installed (./mita test brings it)",
    ]
    assert outcome.failures == ()
    monkeypatch.setenv("CI", "true")
    assert len(suite(tmp_path, text).failures) == 2


def test_steps(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_step(Step("good", "sys", ("-c", "")), tmp_path) == Outcome(1, (), ())
    bad = Step("bad", "sys", ("-c", "print('line 7 is wrong'); raise SystemExit(2)"))
    assert run_step(bad, tmp_path) == Outcome(0, ("bad",), ())
    assert "line 7 is wrong" in capsys.readouterr().out
    gone = Step("gone", "no_such_module", ("-c", ""))
    assert run_step(gone, tmp_path) == Outcome(0, (), (("gone", "no_such_module is not installed"),))


def test_linters_refuse_bad_source(tmp_path: Path) -> None:
    """Each linter of the real command fails on a file that breaks its rule."""
    steps = {step.name: step for step in command.STEPS}
    for name in ("mita", ".ci/lock"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / "pyproject.toml").write_text('[tool.mypy]\nstrict = true\nfiles = ["a.py"]\n')
    (tmp_path / "a.py").write_text("X = 1\n")
    assert [run_step(steps[name], tmp_path).passed for name in ("ruff check", "ruff format", "mypy")] == [1, 1, 1]
    (tmp_path / "a.py").write_text("import os\ndef f( x ): return 1\n")
    for name in ("ruff check", "ruff format", "mypy"):
        assert run_step(steps[name], tmp_path).failures == (name,)


@pytest.mark.parametrize(
    ("outcome", "strict", "code", "line"),
    [
        (Outcome(3, (), ()), False, 0, "3 passed, 0 failed"),
        (Outcome(3, ("a",), ()), False, 1, "3 passed, 1 failed"),
        (Outcome(3, (), (("w", "no w3m"),)), False, 0, "3 passed, 0 failed"),
        (Outcome(3, (), (("w", "no w3m"),)), True, 1, "3 passed, 1 failed"),
        (Outcome(0, (), ()), False, 1, "0 passed, 0 failed"),
        (Outcome(0, (), (("w", "no w3m"),)), False, 1, "0 passed, 0 failed"),
    ],
)
def test_closing_line(capsys: pytest.CaptureFixture[str], outcome: Outcome, strict: bool, code: int, line: str) -> None:
    assert conclude(outcome, strict=strict) == code
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == line
    assert sum("passed," in text for text in lines) == 1
    assert [text for text in lines if text.startswith("not run: ")] == [
        f"not run: {n}: {r}" for n, r in outcome.not_run
    ]


@pytest.mark.parametrize(
    ("words", "steps", "given"),
    [
        ([], 4, []),
        (["--long"], 4, ["--long"]),
        (["-k", "layout"], 0, ["-k", "layout"]),
        (["tests/chain", "--", "-x"], 0, ["tests/chain", "-x"]),
    ],
)
def test_selection(monkeypatch: pytest.MonkeyPatch, words: list[str], steps: int, given: list[str]) -> None:
    ran: list[str] = []
    asked: list[list[str]] = []

    def step_passes(step: Step, _root: Path) -> Outcome:
        ran.append(step.name)
        return Outcome(1, (), ())

    def tests_pass(arguments: list[str], _root: Path) -> Outcome:
        asked.append(arguments)
        return Outcome(1, (), ())

    monkeypatch.setattr(command, "run_step", step_passes)
    monkeypatch.setattr(command, "run_pytest", tests_pass)
    parser = argparse.ArgumentParser()
    command.configure(parser)
    assert command.run(parser.parse_args(words)) == 0
    assert len(ran) == steps
    assert asked == [given]


def test_files_are_spread_over_the_cores_and_a_single_file_is_not() -> None:
    assert spread(())[:4] == ("-n", str(os.cpu_count()), "--dist", "loadfile")
    assert spread(("tests/chain",)) == spread(("-k", "layout")) == spread(())
    assert spread(("tests/chain/test_node.py::test_tip",)) == spread(("--pdb",)) == ()


def test_a_test_that_ends_its_process_is_a_failure_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "test_dies.py").write_text("import os\ndef test_dies(): os._exit(0)\n")
    assert suite(tmp_path, "def test_good(): pass\n").failures[0] == "test_dies::test_dies"
