"""The frozen vectors: what each is found to be, over libsecp256k1 and over py_ecc, and that nobody changed them."""

import json
from collections import Counter

import pytest

from circuits.group import LibPoint
from circuits.reference import ReferencePoint
from circuits.verdict import Check
from tests.vectors import each_zero
from tests.vectors.case import FOLDER, OK, Case, load, text, verdict, verdict_without_hints
from tests.vectors.make import FILES

SLOW = {"usage-16": 5, "usage-64": 2, "money-16": 2, "money-32": 2}
"""How many a pure-Python group is asked to check: valid ones first, then those that fail last."""


def wrong(kind: type[LibPoint] | type[ReferencePoint], cases: list[Case]) -> list[tuple[str, str, str]]:
    found = [(case.comment, case.expected, verdict(kind, case)) for case in cases]
    return [entry for entry in found if entry[1] != entry[2]]


@pytest.mark.parametrize("name", FILES)
def test_every_vector_over_libsecp256k1(name: str) -> None:
    assert wrong(LibPoint, load(name)) == []


@pytest.mark.parametrize("name", FILES)
def test_vectors_over_py_ecc(name: str) -> None:
    cases = load(name)
    if name in SLOW:
        last = [case for case in cases if case.expected == Check.EQUATION.value][-1]
        cases = [*cases[: SLOW[name] - 1], last]
    assert wrong(ReferencePoint, cases) == []


@pytest.mark.parametrize("name", [name for name in FILES if name.startswith(("usage", "money"))])
def test_without_hints_the_same_but_for_the_hints(name: str) -> None:
    for case in load(name):
        expected = OK if "hint" in case.comment else case.expected
        if "among the terms" in case.comment:  # without additions by hints these are just false
            expected = Check.EQUATION.value
        assert verdict_without_hints(LibPoint, case) == expected, case.comment


@pytest.mark.parametrize("name", FILES)
def test_the_program_writes_these_very_files(name: str) -> None:
    assert (FOLDER / f"{name}.json").read_text() == text(FILES[name]())


@pytest.mark.parametrize("kind", [LibPoint, ReferencePoint])
def test_every_vector_of_lists(kind: type[LibPoint] | type[ReferencePoint]) -> None:
    cases = each_zero.load()
    found = [(case.comment, case.expected, each_zero.verdict(kind, case)) for case in cases]
    assert [entry for entry in found if entry[1] != entry[2]] == []
    assert len({case.comment for case in cases}) == len(cases)
    assert (FOLDER / f"{each_zero.NAME}.json").read_text() == text(each_zero.each_zero_cases())


def test_the_folder_holds_these_files_and_every_kind_of_verdict() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} == {*FILES, each_zero.NAME}
    expected = Counter(case.expected for name in FILES for case in load(name))
    assert set(expected) == {OK, *(check.value for check in Check)}
    for name in FILES:
        comments = [case["comment"] for case in json.loads((FOLDER / f"{name}.json").read_text())]
        assert len(set(comments)) == len(comments), name
