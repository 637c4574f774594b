"""The verifiers' texts: what the generator makes of the templates, within their size, and the generator itself."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from jinja2 import UndefinedError

from circuits.scalar import P
from circuits.shape import MONEY, USAGE, Shape, generators_hash
from contracts.range import layout, levels
from contracts.range.generator import environment, name_of, source_hash, verifier
from contracts.range.phrases import wrapped
from tests.contracts.errors import VERIFIERS
from tests.contracts.vm import CONTRACTS

SHAPES = (*USAGE.values(), *MONEY.values())
every_shape = pytest.mark.parametrize("shape", SHAPES, ids=name_of)


def test_every_shape_has_a_verifier_of_its_own_name() -> None:
    assert tuple(map(name_of, SHAPES)) == VERIFIERS
    assert [shape.bound for shape in SHAPES] == [2**20] * 5 + [2**48] * 4


@every_shape
def test_committed_files_are_what_is_generated(shape: Shape) -> None:
    text = (CONTRACTS / f"{name_of(shape)}.clar").read_text()
    assert text == verifier(shape), "python -m contracts.range writes them anew"
    head = text.split("\n\n", 1)[0]
    assert head.startswith(f";; {name_of(shape)}, generated ")
    assert f"to values below 2^{shape.bound.bit_length() - 1}," in head
    assert source_hash() in head
    assert generators_hash(shape.slots).hex() in head
    assert all(shape.domain(opened).hex() in text for opened in (True, False))


def test_check_says_nothing_of_files_that_are_right() -> None:
    command = [sys.executable, "-m", "contracts.range", "--check"]
    done = subprocess.run(command, cwd=CONTRACTS.parent, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@every_shape
def test_size_and_names(shape: Shape) -> None:
    text = (CONTRACTS / f"{name_of(shape)}.clar").read_text()
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


@every_shape
def test_levels_halve_the_points(shape: Shape) -> None:
    cut = levels.cut_best(shape)
    assert cut[0].points == shape.terms
    for level in cut:
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


@every_shape
def test_small_sums_stay_within_the_columns_that_are_reduced(shape: Shape) -> None:
    """`sc-collect` and `sc-short-collect` take columns below 2^100; a limb is below 2^52."""
    sums = [sum(2 * weight for weight in shape.weights), 2 * shape.digits]
    sums += [sum(power) for power in layout.reciprocal_numerators(shape)] if shape.m == 1 else []
    sums += [sum(entry) for entry in layout.fraction_coefficients(shape)] if shape.m > 1 else []
    assert max(sums) << 52 < 1 << 100


@every_shape
def test_additions_pair_by_pair_meet_every_point_once(shape: Shape) -> None:
    rounds, left = levels.additions(shape.terms)
    assert len(rounds) == shape.hints - 1
    assert [level.number for level in rounds] == list(range(1, shape.hints))
    points = [f"s0-{i}" for i in range(shape.terms)]
    for level in rounds:
        firsts, seconds = ([pair[side] for pair in level.pairs] for side in (0, 1))
        half = len(points) // 2
        assert (firsts, seconds) == (points[:half], points[half : 2 * half])
        points = [*(f"s{level.number}-{i}" for i in range(half)), *points[2 * half :]]
    assert points == left
    assert len(left) == 2


@pytest.mark.parametrize("exponent", range(1, 20))
def test_powers_are_squares_or_products_of_those_before(exponent: int) -> None:
    known = [1]
    for power, root in layout.powers(exponent):
        assert power == (2 * root if root else known[-1] + 1)
        assert not root or root in known
        known.append(power)
    assert known[-1] == exponent


def filled(text: str, **names: object) -> str:
    return environment(USAGE[1]).from_string(text).render(names)


def test_a_template_is_filled_in() -> None:
    text = """;;% macro twice(x, y=2)
{{ x }} {{ x }} {{ y }}
;;% endmacro
a{{ n + 1 }} {{ n }}
;;% for i, j in ((0, 1), (2, 3))
;;%   if i > 1
{{ i }}{{ j }}
;;%   endif
;;% endfor
{{ twice('z', y=n) }}
{{ '(map + x (map * F1 B1))' | singly }}
"""
    assert filled(text, n=7) == "a8 7\n23\nz z 7\n(+ x (* 68719492368 4503599627370496))\n"


@pytest.mark.parametrize("text", ["{{ unknown }}", "{{ shape.unknown + 1 }}", ";;% for x in unknown\n;;% endfor"])
def test_a_template_that_asks_for_what_is_not_there(text: str) -> None:
    with pytest.raises(UndefinedError):
        filled(text)


def test_lines_are_broken_at_blanks_only_where_they_are_code() -> None:
    code, remark, long = "(list " + "17 " * 60 + ")", ";; " + "word " * 60, "0x" + "00" * 100
    lines = wrapped(f"{code}\n{remark}\n{long}").split("\n")
    assert lines[-2:] == [remark, long]
    assert max(map(len, lines[:-2])) <= 120
    assert " ".join(lines[:-2]).split() == code.split()
