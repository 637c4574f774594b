"""Clarinet projects for Rendezvous, the fuzzer of Clarity contracts: real contract texts, founded as they are deployed.

Rendezvous deploys a contract together with its tests (contracts/tests/rendezvous/) and calls it as accounts of its own,
so that no other contract can call anything first. What would come with calls before, roles, zones, members, bills, is
therefore written by expressions at the end of the texts that keep it.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.contracts.money_texts import BELIEVER
from tests.contracts.texts import small_registry
from tests.contracts.vm import CONTRACTS

TESTS: Final = CONTRACTS / "tests" / "rendezvous"
RV: Final = CONTRACTS / "node_modules" / "@stacks" / "rendezvous" / "dist" / "app.js"

# Accounts of the words below, which are public test vectors of BIP-39.
DEPLOYER: Final = "'ST1JAHE8GEHB0MCBGR8J6W0AA7TJEE1XKFSD2Q80H"
FIRST: Final = "'STPQRWQMH3FJQWSVK5BKE0K6S00GEAZJH73B77JK"
SECOND: Final = "'ST2BXYHE8GG3D713TY21QWNP79232SCMFKGZYNT81"
THIRD: Final = "'ST1PGN9MZTKZ2TVBSJXJNAY4P7PCMJQMA9TS115N"
PEOPLE: Final = (FIRST, SECOND, THIRD, DEPLOYER)
DEVNET: Final = '[network]\nname = "devnet"\n' + "".join(
    f'\n[accounts.{name}]\nmnemonic = "{words}"\nbalance = 100_000_000_000_000\n'
    for name, words in {
        "deployer": "abandon " * 23 + "art",
        "wallet_1": "legal winner thank year wave sausage worth useful legal winner thank yellow",
        "wallet_2": "letter advice cage absurd amount doctor acoustic avoid letter advice cage above",
        "wallet_3": "zoo " * 11 + "wrong",
    }.items()
)

_CONTEXT: Final = re.compile(r"(?<![\w-])context(?![\w-])")
"""Rendezvous adds a map of this name, which therefore no variable can have."""
_ALL: Final = f"(define-constant PEOPLE (list {' '.join(PEOPLE)}))\n"
_SPARE: Final = 10**12
"""Vouchers that payment has beside those in its pots, for properties that set a pot."""
_PERIODS: Final = range(12)


def _active(**contracts: str) -> str:
    return "".join(
        f'(map-set active-contracts "{name.replace("_", "-")}" {contract})\n' for name, contract in contracts.items()
    )


def _roles(**people: Sequence[str]) -> str:
    numbers = {"steward": 1, "treasurer": 2, "provider": 3, "agent": 4}
    return "".join(
        f"(map-set roles {{role: u{numbers[role]}, who: {who}}} true)\n"
        for role, holders in people.items()
        for who in holders
    )


def _dwellings(*places: tuple[str, Sequence[int]]) -> str:
    """By principal: the zones in which the dwelling has the slot of its place in the list."""
    added = ""
    for slot, (who, zones) in enumerate(places):
        homes = " ".join(f"{{zone: u{zone}, slot: u{slot}}}" for zone in zones)
        added += f"(is-ok (add-user {{who: {who}, slots: (list {homes})}} (ok u{slot})))\n"
    return added


def _own(*numbers: int) -> str:
    """These dwellings' keys are their own."""
    return "".join(
        f"(map-set dwellings u{number} (merge (unwrap-panic (map-get? dwellings u{number})) {{own: true}}))\n"
        for number in numbers
    )


def _zone(zone: int) -> str:
    """The zones' utilities are two."""
    return (
        f"(map-set zones u{zone} {{gateway: .payment, provider: {SECOND}, utility: u{zone}, slots: u4,"
        " first-block: u0, origin: u0, block-seconds: u1, token: .voucher-token, ratio: u1000, first-period: u0,"
        " period: u0, begun: false, closed: false, since: u0})\n"
    )


def _later(zone: int, *, closed: bool) -> str:
    """Eleven periods on, with those in it who were in it at first."""
    members = "".join(
        f"(map-set memberships {{zone: u{zone}, period: u{period}}}"
        f" (unwrap-panic (map-get? memberships {{zone: u{zone}, period: u0}})))\n"
        for period in _PERIODS[1:]
    )
    return (
        f"(map-set zones u{zone} (merge (unwrap-panic (map-get? zones u{zone}))"
        f" {{period: u{_PERIODS.stop - 1}, begun: true, closed: {str(closed).lower()}}}))\n{members}"
        f"(map-set rolls u{zone} (merge (roll-of u{zone})"
        f" {{settled: (get occupied (unwrap-panic (map-get? memberships {{zone: u{zone}, period: u0}})))}}))\n"
    )


def _bills(zone: int) -> str:
    point = "0x02a6851a018281fec9022c10bcfa8c4aea45895cdc22b381648a418e6943285818"
    return "".join(
        f"(map-set final-bills {{zone: u{zone}, period: u{period}}}"
        f" {{bills: (list {' '.join([point] * 4)}), version: u1, due: u100000000}})\n"
        for period in _PERIODS
    )


def _vouchers(amounts: Mapping[str, int]) -> str:
    return "".join(f"(is-ok (ft-mint? voucher u{amount} {who}))\n" for who, amount in amounts.items())


@dataclass(frozen=True, slots=True)
class Project:
    """What is deployed, in this order, and what is written at the end of each text; `named` goes before the tests."""

    contracts: tuple[str, ...]
    founded: Mapping[str, str]
    named: str


_REGISTRY: Final = (
    _roles(steward=[FIRST, THIRD], provider=[SECOND], agent=PEOPLE, treasurer=[FIRST, SECOND, THIRD])
    + f"(map-set gateways .payment {{steward: {FIRST}, height: u0, revoked: false}})\n"
    + "(map-set listed-tokens .voucher-token u1000)\n"
    + '(map-set parameters "reward" u7)\n'
    + _zone(1)
    + _zone(2)
)
_FOUR: Final = _dwellings(*((who, (1, 2)) for who in PEOPLE)) + _later(1, closed=False) + _later(2, closed=True)
_THREE: Final = _dwellings((FIRST, (1,)), (SECOND, (1,)), (THIRD, ()), (DEPLOYER, (1,)))
_DEPENDS: Final = """
(define-read-only (depends)
  (and
    (is-ok (contract-call? .privacy-proof verify-opening 0x u0 0x))
    (is-ok (contract-call? .voucher-token get-name))))
"""
"""Clarinet deploys a contract after those that its own text calls, and knows nothing of what its tests call."""
_MONEY: Final = ("audit-log", "user-registry", "privacy-proof", "aggregation", "meter-data")
PROJECTS: Final = {
    "payment": Project(
        (*_MONEY, "billing", "utility-token", "voucher-token", "payment"),
        {
            "audit-log": "(map-set writers .payment true)\n",
            "user-registry": _REGISTRY
            + _FOUR
            + _own(1, 2, 3, 4)
            + _active(payment=".payment", privacy_proof=".privacy-proof", dispute_resolution=".payment"),
            "billing": _bills(1),
            "utility-token": "(var-set backing (some .voucher-token))\n",
            "payment": _DEPENDS,
            "voucher-token": _vouchers({**dict.fromkeys(PEOPLE, 10**9), ".payment": _SPARE + 500}),
        },
        f"{_ALL}(define-constant THE_AGENT {FIRST})\n(define-constant THE_PROVIDER {SECOND})\n"
        f"(define-constant SPARE u{_SPARE})\n",
    ),
    "billing": Project(
        (*_MONEY, "billing"),
        {
            "audit-log": "(map-set writers .billing true)\n",
            "user-registry": _REGISTRY + _THREE + _active(dispute_resolution=".billing", payment=".billing"),
        },
        _bills(1),
    ),
    "utility-token": Project(
        ("audit-log", "user-registry", "utility-token"),
        {
            "user-registry": _dwellings((SECOND, ()), (DEPLOYER, ())) + _active(payment=FIRST),
            "utility-token": f"(var-set backing (some {DEPLOYER}))\n",
        },
        f"{_ALL}(define-constant OUTSIDER {THIRD})\n",
    ),
    "voucher-token": Project(
        ("audit-log", "user-registry", "utility-token", "voucher-token"),
        {
            "audit-log": "(map-set writers .voucher-token true)\n(map-set writers .user-registry true)\n",
            "user-registry": _roles(treasurer=[FIRST, SECOND, THIRD]) + _active(voucher_token=".voucher-token"),
        },
        f"{_ALL}(define-constant RECIPIENT {DEPLOYER})\n",
    ),
}


def text_of(contract: str) -> str:
    """As it is shipped, but for small zones; a proof contract that believes everything."""
    match contract:
        case "user-registry":
            return small_registry()
        case "privacy-proof":
            return BELIEVER
    return (CONTRACTS / f"{contract}.clar").read_text()


def assemble(name: str, folder: Path, changes: Mapping[str, str] | None = None) -> None:
    """The Clarinet project for a contract. `changes` are made in its text: each is there once."""
    project = PROJECTS[name]
    (folder / "contracts").mkdir(parents=True)
    (folder / "settings").mkdir()
    (folder / "settings" / "Devnet.toml").write_text(DEVNET)
    manifest = '[project]\nname = "properties"\nauthors = []\ntelemetry = false\ncache_dir = "./.cache"\n'
    manifest += "requirements = []\n"
    before: list[str] = []
    for contract in project.contracts:
        text = text_of(contract)
        if contract == name:
            for old, new in (changes or {}).items():
                assert text.count(old) == 1, old
                text = text.replace(old, new)
            text = _CONTEXT.sub("context-hash", text)
        (folder / "contracts" / f"{contract}.clar").write_text(f"{text}\n{project.founded.get(contract, '')}")
        manifest += f'\n[contracts.{contract}]\npath = "contracts/{contract}.clar"\nclarity_version = 6\n'
        manifest += f'epoch = "4.0"\ndepends_on = {before}\n'.replace("'", '"')
        before.append(contract)
    tests = (TESTS / f"{name}.tests.clar").read_text()
    (folder / "contracts" / f"{name}.tests.clar").write_text(f"{project.named}\n{tests}")
    (folder / "Clarinet.toml").write_text(manifest)


@dataclass(frozen=True, slots=True)
class Told:
    """What Rendezvous says at the end: `counts` are successful calls, checks and properties by function."""

    passed: bool
    counts: Mapping[str, int]
    text: str


def run(node: Path, folder: Path, name: str, kind: str, *, runs: int, seed: int = 1) -> Told:
    """`kind` is test or invariant."""
    options = [f"--seed={seed}", f"--runs={runs}", "--bail"]
    command = [str(node), "--require", str(TESTS / "plan.cjs"), str(RV), str(folder), name, kind, *options]
    done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)
    text = re.sub(r"\x1b\[\d+m", "", done.stdout + done.stderr)
    passed = done.returncode == 0 and f"passed after {runs} runs" in text and "[FAIL]" not in text
    counts: dict[str, int] = {}
    for name_, count in re.findall(r"─ (\S+): x(\d+)", text):
        counts.setdefault(name_, int(count))  # of those that were successful, which come first
    return Told(passed, counts, text)
