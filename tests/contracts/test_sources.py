"""What can be seen from the contracts' text: errors, order, constants, size, and that the documents keep up."""

from __future__ import annotations

import hashlib
import re
import tomllib
from itertools import pairwise

import pytest

from appliance import call
from circuits.generators import LIB, bases
from circuits.reference import ReferencePoint
from circuits.scalar import N
from circuits.shape import USAGE_BOUND
from tests.contracts.errors import GENERATED, RANGES, VERIFIERS, constants_of, duplicates, error_constants
from tests.contracts.settlement import DEPLOYMENT_ORDER
from tests.contracts.vm import CONTRACTS

SOURCES = {name: (CONTRACTS / f"{name}.clar").read_text() for name in DEPLOYMENT_ORDER}
CODE = {name: re.sub(r";;.*", "", source) for name, source in SOURCES.items()}
WRITTEN = [name for name in DEPLOYMENT_ORDER if name not in GENERATED]  # by hand


def test_errors_are_unique_in_range_explained_and_used() -> None:
    table = error_constants()
    assert duplicates() == []
    assert set(RANGES) == {*WRITTEN, "range", "point-sums"}
    for error in table:
        assert RANGES[error.contract] <= error.code < RANGES[error.contract] + 100, error
    for name, code in CODE.items():
        contract = "range" if name in VERIFIERS else name
        own = constants_of(contract, name)
        assert own == tuple(error for error in table if error.contract == contract), "all verifiers have the same"
        for error in own:
            assert len(re.findall(rf"{error.name}\b", code)) > 1, f"{error} is never used"
        assert len(re.findall(r"\(err u\d+\)", code)) == len(own)


def test_the_appliance_names_errors_as_the_contracts_do() -> None:
    names = {error.code: error.name for error in error_constants()}
    assert {code: names.get(code) for code in call.ERRORS} == call.ERRORS
    own = {e.code for e in error_constants() if e.contract in ("meter-data", "privacy-proof", "range")}
    # what else a batch can end in: totals and log answer to their own rules, on arguments that meter-data makes
    below = {"ERR_NOT_METER_DATA", "ERR_RECORDED", "ERR_NOT_WRITER"}
    assert set(call.ERRORS) == own | {e.code for e in error_constants() if e.name in below}


def test_calls_go_only_backwards_and_every_contract_is_in_the_manifest() -> None:
    manifest = tomllib.loads((CONTRACTS / "Clarinet.toml").read_text())["contracts"]
    assert list(manifest) == list(DEPLOYMENT_ORDER)
    for position, name in enumerate(DEPLOYMENT_ORDER):
        called = set(re.findall(r" \.([a-z0-9-]+)", CODE[name]))
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
    for name in WRITTEN:
        banners = re.findall(r";; -{100}\n;; ([a-z-]+(?: vars)?)(?:: .*)?\n", SOURCES[name])
        positions = [order.index(banner) for banner in banners]
        assert len(banners) >= 4
        assert all(a <= b for a, b in pairwise(positions)), (name, banners)


def test_nothing_panics_but_natives_on_fixed_lengths() -> None:
    for name in WRITTEN:
        if name != "privacy-proof":
            assert "unwrap-panic" not in CODE[name]
    # each of these takes what its types or its callers' checks give a length to
    careful = ("verify-opening", "half-at", "half-bytes", "is-recoverable", "opposite", "times-a", "recover-from")
    found = re.findall(rf"\(define-[a-z-]+ \(({'|'.join(careful)})\s(.*?)\n\n", CODE["privacy-proof"], re.DOTALL)
    assert sorted(name for name, _ in found) == sorted(careful)
    assert sum(body.count("-panic") for _, body in found) == CODE["privacy-proof"].count("-panic")


def test_roles_hang_on_contract_caller() -> None:
    for name in WRITTEN:
        code = CODE[name].replace("(define-constant DEPLOYER tx-sender)", "")
        if name == "voucher-token":  # whose asset it is; the caller is payment then
            code = code.replace("(is-eq tx-sender owner)", "")
        assert "tx-sender" not in code, name
        assert "bit-shift-left" not in code, name


@pytest.mark.parametrize("name", DEPLOYMENT_ORDER)
def test_size(name: str) -> None:
    if name in VERIFIERS:
        assert len(SOURCES[name].encode()) <= 110_000
    elif name in GENERATED:
        assert len(SOURCES[name].encode()) <= 25_000
    else:
        assert len(SOURCES[name].encode()) < 62_000
        assert all(len(line) <= 120 for line in SOURCES[name].splitlines()), "lines of at most 120 characters"


def test_pinned_constants_are_the_protocol_s() -> None:
    code = CODE["privacy-proof"]
    reference = bases(ReferencePoint)
    for pinned in (
        f"VALUE_LIFT (concat\n  0x{LIB.x.to_bytes().hex()}\n  0x{bytes(15).hex()}))",
        f"BLINDING_BASE 0x{reference.blinding.to_bytes().hex()})",
        f"MINUS_VALUE_BASE 0x{(-reference.value).to_bytes().hex()})",
        f"ORDER 0x{N:064x})",
        f"MINUS_ONE 0x{N - 1:064x})",
        f"MINUS_ONE_AND_LIFT 0x{(-1 - LIB.x.value) % N:064x})",
        f"MAX_HALF u{2**128 - 1})",
        f"ZERO_DOMAIN 0x{hashlib.sha256(bytes([12]) + b'mita/v1/zero').hexdigest()})",
        f"ANY_ZERO_DOMAIN 0x{hashlib.sha256(bytes([16]) + b'mita/v1/any-zero').hexdigest()})",
        f"EACH_ZERO_DOMAIN 0x{hashlib.sha256(bytes([17]) + b'mita/v1/each-zero').hexdigest()})",
        f"MAX_VALUE u{USAGE_BOUND - 1})",
        f"PRICE_LIMIT {2**52})",
    ):
        assert f"(define-constant {pinned}" in code
    assert f" 0x{LIB.x.to_bytes().hex()}{bytes(15).hex()}\n" in code, "what a signature over A begins with, once more"


def test_errors_of_point_sums_become_privacy_proof_s_of_the_same_name() -> None:
    mapped = re.search(r"\(define-private \(from-sums .*?\n\n", CODE["privacy-proof"], re.DOTALL)
    assert mapped is not None
    words = [int(word[1:]) if word[0] == "u" else word for word in re.findall(r"\bu1\d{3}\b|ERR_[A-Z]+", mapped[0])]
    numbers = {error.name: error.code for error in constants_of("point-sums", "point-sums")}
    # the prices that compute-line asserts leave no wrong factor, so that what is left is the hint
    assert set(numbers) == {"ERR_ENCODING", "ERR_LENGTH", "ERR_HINT", "ERR_FACTOR"}
    assert words == [numbers["ERR_ENCODING"], "ERR_ENCODING", numbers["ERR_LENGTH"], "ERR_LENGTH", "ERR_HINT"]


def test_the_window_is_a_day_of_burn_blocks() -> None:
    assert "(define-constant WINDOW u144)" in CODE["meter-data"]


def test_no_zone_has_fewer_dwellings_than_the_protocol_s_floor() -> None:
    assert "(define-constant K_MIN_FLOOR u15)" in CODE["user-registry"]


def test_the_readme_names_every_contract_and_public_function() -> None:
    readme = (CONTRACTS / "README.md").read_text()
    for name in WRITTEN:
        assert f"`{name}.clar`" in readme
        for function in re.findall(r"\(define-(?:public|read-only) \(([a-z-]+)", CODE[name]):
            assert f"`{function}`" in readme, f"{name}: {function}"
