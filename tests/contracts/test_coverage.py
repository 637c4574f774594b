"""How much of the contracts the tests run: at least 95 % of the lines of each that is written by hand."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.contracts import marks
from tests.contracts.vm import CONTRACTS, MARKS

FOLDER: Final = Path(__file__).parent
LEAST: Final = 95  # per cent
NOT_ASKED: Final = (
    "range_",
    "field",
    "vectors",
    "point_sums",
    "vm",
    "sources",
    "cost",
    "coverage",
    "rendezvous",
    "test_copy",
)
"""Files and tests about what is generated, or about texts and costs: marks would be in their way."""
UNREACHABLE: Final = {
    "ERR_SERIALIZE": "every value of these types has consensus bytes",
}
"""What stands alone on a line that cannot run, and why."""


@pytest.mark.long
def test_every_line_runs_or_is_explained(tmp_path: Path) -> None:
    """Runs the other tests of this folder once more, on contracts with marks."""
    record = tmp_path / "marks"
    left_out = " or ".join(NOT_ASKED)
    spread = ("-n", str(os.cpu_count()), "--dist", "loadfile")
    only = ("-p", "no:cacheprovider", "-k", f"not ({left_out})")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *spread, *only, str(FOLDER)],
        cwd=CONTRACTS.parent,
        env={**os.environ, MARKS: str(record)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    ran = {int(number) for part in tmp_path.glob(f"{record.name}*") for number in part.read_text().split()}
    told = []
    for name in marks.CONTRACTS:
        source = (CONTRACTS / f"{name}.clar").read_text()
        inside, missed = marks.lines(source, marks.marked(name, source).parts, ran)
        print(
            f"{name}: {len(inside) - len(missed)} of {len(inside)} lines, {100 - 100 * len(missed) / len(inside):.1f} %"
        )
        assert 100 * (len(inside) - len(missed)) >= LEAST * len(inside), name
        lines = source.split("\n")
        told += [f"{name}:{number}: {lines[number - 1].strip()}" for number in missed]
    unexplained = [line for line in told if not any(text in line for text in UNREACHABLE)]
    assert unexplained == []
