"""`./mita test`: the linters and every test, counted in one closing line `N passed, N failed`."""

import argparse
import importlib.util
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

HELP = "checks everything that CI checks: format, types, import rules, tests"
EXAMPLE = """\
examples:
  ./mita test                       everything that CI runs
  ./mita test --long                and the tests that take minutes
  ./mita test -k layout             only tests whose name matches; the linters are left out
  ./mita test tests/chain -- -x     only a folder; what follows -- goes to pytest
"""

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Step:
    """A linter: counted as one test."""

    name: str
    module: str
    command: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Counts of what ran, the reason of what did not, and the names of what failed."""

    passed: int
    failures: tuple[str, ...]
    not_run: tuple[tuple[str, str], ...]

    def __add__(self, other: "Outcome") -> "Outcome":
        return Outcome(self.passed + other.passed, self.failures + other.failures, self.not_run + other.not_run)


IMPORT_LINTER = "from importlinter.cli import lint_imports_command; lint_imports_command()"
STEPS = (
    Step("ruff check", "ruff", ("-m", "ruff", "check", "--quiet", ".", "mita", ".ci/lock")),
    Step("ruff format", "ruff", ("-m", "ruff", "format", "--check", "--quiet", "--diff", ".", "mita", ".ci/lock")),
    Step("mypy", "mypy", ("-m", "mypy", "--no-error-summary")),
    Step("import rules", "importlinter", ("-c", IMPORT_LINTER, "--no-logo")),
)


def configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = EXAMPLE
    parser.add_argument("--long", action="store_true", help="run the tests that take minutes, too")
    parser.add_argument("-k", metavar="EXPRESSION", help="only tests whose name matches, as pytest -k")
    parser.add_argument("rest", nargs="*", metavar="PATH", help="only these files or folders; after --: pytest options")


def run_step(step: Step, root: Path) -> Outcome:
    if importlib.util.find_spec(step.module) is None:
        return Outcome(0, (), ((step.name, f"{step.module} is not installed"),))
    start = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-I", *step.command],
        cwd=root,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    verdict = "failed" if done.returncode else "passed"
    print(f"{step.name:<14} {verdict}  {time.monotonic() - start:.1f} s", flush=True)
    if done.returncode:
        print(done.stdout, flush=True)
        return Outcome(0, (step.name,), ())
    return Outcome(1, (), ())


def read_report(report: Path) -> Outcome:
    """Counts of a JUnit report. Every skip, also an expected failure, is a test that did not run."""
    passed, failures, not_run = 0, [], []
    for case in ElementTree.parse(report).iter("testcase"):
        name = "::".join(part for part in (case.get("classname"), case.get("name")) if part)
        skipped = case.find("skipped")
        if case.find("failure") is not None or case.find("error") is not None:
            failures.append(name)
        elif skipped is not None:
            not_run.append((name, (skipped.get("message") or "no reason given").splitlines()[0]))
        else:
            passed += 1
    return Outcome(passed, tuple(failures), tuple(not_run))


def spread(arguments: Sequence[str]) -> tuple[str, ...]:
    """A process for each core, which takes one file after the other; none but this for a debugger or a single file."""
    alone = "--pdb" in arguments or any(argument.split("::")[0].endswith(".py") for argument in arguments)
    if alone or importlib.util.find_spec("xdist") is None:
        return ()
    return "-n", str(os.cpu_count() or 1), "--dist", "loadfile", "--max-worker-restart", "0"


def run_pytest(arguments: Sequence[str], root: Path) -> Outcome:
    if importlib.util.find_spec("pytest") is None:
        return Outcome(0, (), (("pytest", "pytest is not installed"),))
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-I", "-m", "pytest", f"--junit-xml={report}", *spread(arguments), *arguments]
        code = subprocess.run(command, cwd=root, stdin=subprocess.DEVNULL, check=False).returncode
        try:
            outcome = read_report(report)
        except (OSError, ElementTree.ParseError):
            return Outcome(0, (f"pytest: ended with exit code {code} and left no report",), ())
    # 0: all passed, 1: some failed, 5: none selected. Anything else that no test shows is one of its own.
    if code not in (0, 5) and not outcome.failures:
        outcome += Outcome(0, (f"pytest: ended with exit code {code}",), ())
    return outcome


def conclude(outcome: Outcome, *, strict: bool) -> int:
    """Prints what did not run and the closing line; strict counts the former as failed."""
    for name in outcome.failures:
        print(f"failed: {name}")
    for name, reason in outcome.not_run:
        print(f"not run: {name}: {reason}")
    failed = len(outcome.failures) + (len(outcome.not_run) if strict else 0)
    if outcome.passed + failed == 0:
        print("No test ran.")
    print(f"{outcome.passed} passed, {failed} failed", flush=True)
    return 0 if outcome.passed and not failed else 1


def run(arguments: argparse.Namespace) -> int:
    outcome = Outcome(0, (), ())
    if arguments.k or arguments.rest:
        print("A selection: the linters are left out.", flush=True)
    else:
        for step in STEPS:
            outcome += run_step(step, ROOT)
    selection = [*(["--long"] if arguments.long else []), *(["-k", arguments.k] if arguments.k else [])]
    outcome += run_pytest([*selection, *arguments.rest], ROOT)
    return conclude(outcome, strict=os.environ.get("CI", "").lower() == "true")
