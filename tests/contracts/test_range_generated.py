"""The verifiers' texts: what the generator makes of the templates, within their size, and the generator itself."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from circuits.scalar import P
from circuits.shape import USAGE, generators_hash
from contracts.range import layout
from contracts.range.generator import source_hash, verifier
from contracts.range.template import TemplateError, fill, macros
from tests.contracts.vm import CONTRACTS


@pytest.mark.parametrize("m", USAGE)
def test_committed_files_are_what_is_generated(m: int) -> None:
    shape = USAGE[m]
    text = (CONTRACTS / f"range-{m}.clar").read_text()
    assert text == verifier(shape), "python -m contracts.range writes them anew"
    head = text.split("\n\n", 1)[0]
    assert source_hash() in head
    assert generators_hash(shape.slots).hex() in head
    assert all(shape.domain(opened).hex() in text for opened in (True, False))


def test_check_says_nothing_of_files_that_are_right() -> None:
    command = [sys.executable, "-m", "contracts.range", "--check"]
    done = subprocess.run(command, cwd=CONTRACTS.parent, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("m", USAGE)
def test_size_and_names(m: int) -> None:
    text = (CONTRACTS / f"range-{m}.clar").read_text()
    assert len(text.encode()) <= 110_000
    assert text.isascii()
    code = re.sub(r";;.*", "", text)
    assert "{{" not in text
    assert not re.search(r"tx-sender|contract-call\?|define-(?:public|map|data-var)|bit-shift", code)
    errors = re.findall(r"^\(define-constant (ERR_[A-Z_]+) \(err u(\d+)\)\) ;; \S", text, re.MULTILINE)
    assert [int(code) for _, code in errors] == [1000, 1001, 1002, 1003, 1004]
    assert all(len(re.findall(rf"\b{name}\b", code)) > 1 for name, _ in errors)
    defined = re.findall(r"\(define-private \(([a-z0-9-]+)", code)
    assert [name for name in defined if len(re.findall(rf"(?<![\w-]){re.escape(name)}(?![\w-])", code)) < 2] == []


@pytest.mark.parametrize("m", USAGE)
def test_levels_halve_the_points(m: int) -> None:
    levels = layout.cut_best(USAGE[m])
    assert levels[0].points == USAGE[m].terms
    for level in levels:
        assert level.pairs * 2 + level.odd == level.points
        if level.following:
            assert level.following.points == level.pairs + level.odd
        halves = [step.half for step in level.steps]
        assert [*halves, level.tail] == [(level.pairs + level.fill) >> i + 1 for i in range(len(halves))] + [level.tail]
        assert (level.pairs + level.fill) == level.tail << level.depth


def test_a_multiple_of_p_has_limbs_above_any_that_is_packed() -> None:
    multiple, limbs = layout.offset()
    assert sum(limb << 52 * i for i, limb in enumerate(limbs)) == multiple * P
    assert all(2**62 <= limb < 2**64 for limb in limbs)


def filled(text: str, **names: object) -> list[str]:
    known = macros([";;% macro twice(x, y=2)", "{{x}} {{x}} {{y}}", ";;% end"], names)
    return list(fill(text.splitlines(), names, known))


def test_a_template_is_filled_in() -> None:
    text = """a{{n + 1}} {{n}}
;;%% a remark
;;% for i, (j, k) in enumerate([(1, 2), (3, 4)])
;;%   if j > 1
{{i}}{{j}}{{k}}
;;%   end
;;% end
;;% use twice('z', y=n)"""
    assert filled(text, n=7) == ["a8 7", "134", "z z 7"]


@pytest.mark.parametrize(
    "text",
    ["{{unknown}}", ";;% for x in [1]", ";;% use other(1)", ";;% use twice()", ";;% end", ";;% if 1 +\n;;% end"],
)
def test_a_template_that_cannot_be_filled_in(text: str) -> None:
    with pytest.raises(TemplateError):
        filled(text)
