"""What can be seen from the contracts' text: errors, order, constants, size, and that the documents keep up."""

from __future__ import annotations

import re
import tomllib
from itertools import pairwise

import pytest

from appliance import call
from circuits.generators import LIB, bases
from circuits.reference import ReferencePoint
from circuits.scalar import N
from tests.contracts.errors import RANGES, duplicates, error_constants
from tests.contracts.settlement import DEPLOYMENT_ORDER
from tests.contracts.vm import CONTRACTS

SOURCES = {name: (CONTRACTS / f"{name}.clar").read_text() for name in DEPLOYMENT_ORDER}
CODE = {name: re.sub(r";;.*", "", source) for name, source in SOURCES.items()}


def test_errors_are_unique_in_range_explained_and_used() -> None:
    table = error_constants()
    assert duplicates() == []
    assert set(RANGES) == set(DEPLOYMENT_ORDER)
    for error in table:
        assert RANGES[error.contract] <= error.code < RANGES[error.contract] + 100, error
        assert len(re.findall(rf"{error.name}\b", CODE[error.contract])) > 1, f"{error} is never used"
    for name, code in CODE.items():
        assert len(re.findall(r"\(err u\d+\)", code)) == sum(error.contract == name for error in table)


def test_the_appliance_names_errors_as_the_contracts_do() -> None:
    names = {error.code: error.name for error in error_constants()}
    assert {code: names.get(code) for code in call.ERRORS} == call.ERRORS
    own = {e.code for e in error_constants() if e.contract in ("meter-data", "privacy-proof")}
    # what else a batch can end in: totals and log answer to their own rules, on arguments that meter-data makes
    below = {"ERR_NOT_METER_DATA", "ERR_RECORDED", "ERR_NOT_WRITER"}
    assert set(call.ERRORS) == own | {e.code for e in error_constants() if e.name in below}


def test_calls_go_only_backwards_and_every_contract_is_in_the_manifest() -> None:
    manifest = tomllib.loads((CONTRACTS / "Clarinet.toml").read_text())["contracts"]
    assert list(manifest) == list(DEPLOYMENT_ORDER)
    for position, name in enumerate(DEPLOYMENT_ORDER):
        called = set(re.findall(r" \.([a-z-]+)", CODE[name]))
        assert called <= set(DEPLOYMENT_ORDER[:position]), name
        assert set(manifest[name].get("depends_on", [])) == called
        assert manifest[name] | {"depends_on": []} == {
            "path": f"{name}.clar",
            "clarity_version": 6,
            "epoch": "4.0",
            "depends_on": [],
        }
    assert sorted(path.stem for path in CONTRACTS.glob("*.clar")) == sorted(DEPLOYMENT_ORDER)


def test_banner_sections_come_in_the_agreed_order() -> None:
    order = ["traits", "constants", "errors", "data vars", "maps", "read-only", "private", "public"]
    for name, source in SOURCES.items():
        banners = re.findall(r";; -{100}\n;; ([a-z-]+(?: vars)?)(?:: .*)?\n", source)
        positions = [order.index(banner) for banner in banners]
        assert len(banners) >= 4
        assert all(a <= b for a, b in pairwise(positions)), (name, banners)


def test_nothing_panics_but_natives_on_fixed_lengths() -> None:
    for name, code in CODE.items():
        if name != "privacy-proof":
            assert "unwrap-panic" not in code
    private = re.findall(r"\(define-private \((half-at|half-bytes)(.*?)\n\n", CODE["privacy-proof"], re.DOTALL)
    inside = sum(body.count("unwrap-panic") + body.count("unwrap-err-panic") for _, body in private)
    assert inside == 5 == CODE["privacy-proof"].count("-panic")


def test_roles_hang_on_contract_caller() -> None:
    for name, code in CODE.items():
        code = code.replace("(define-constant DEPLOYER tx-sender)", "")
        assert "tx-sender" not in code, name
        assert "bit-shift-left" not in code, name


@pytest.mark.parametrize("name", DEPLOYMENT_ORDER)
def test_size(name: str) -> None:
    assert len(SOURCES[name].encode()) < 60_000
    assert all(len(line) <= 120 for line in SOURCES[name].splitlines()), "lines of at most 120 characters"


def test_pinned_constants_are_the_protocol_s() -> None:
    code = CODE["privacy-proof"]
    assert f"VALUE_LIFT_X 0x{LIB.x.to_bytes().hex()})" in code
    assert f"ORDER 0x{N:064x})" in code
    halves = [int(number) for number in re.findall(r"[hl]: u(\d+)", code.split("VALUE_BASE", 1)[1])[:4]]
    x, y = bases(ReferencePoint).value._xy
    assert halves == [x >> 128, x % 2**128, y >> 128, y % 2**128]


def test_no_zone_has_fewer_dwellings_than_the_protocol_s_floor() -> None:
    assert "(define-constant K_MIN_FLOOR u15)" in CODE["user-registry"]


def test_the_readme_names_every_contract_and_public_function() -> None:
    readme = (CONTRACTS / "README.md").read_text()
    for name, code in CODE.items():
        assert f"`{name}.clar`" in readme
        for function in re.findall(r"\(define-(?:public|read-only) \(([a-z-]+)", code):
            assert f"`{function}`" in readme, f"{name}: {function}"
