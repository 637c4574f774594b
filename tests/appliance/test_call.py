"""Calls mirror the contracts: names of errors, registration."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from appliance import call, founding
from appliance.chain.clarity import UInt
from appliance.chain.payload import ContractCall
from tests.appliance.settled import DEPLOYER, GATEWAY, HOMES, ZONE

CONTRACTS = Path(__file__).parents[2] / "contracts"


def errors_of(name: str) -> dict[int, str]:
    text = (CONTRACTS / f"{name}.clar").read_text("utf-8")
    return {int(n): e for e, n in re.findall(r"\(define-constant (ERR_\w+) \(err u(\d+)\)\)", text)}


def test_the_table_of_errors_is_the_contracts() -> None:
    """Names and numbers in `call.ERRORS` are those in the sources of every contract a batch passes through."""
    checking: dict[int, str] = {}
    for name in (call.METER_DATA, call.PRIVACY_PROOF, *founding.VERIFIERS):
        own = errors_of(name)
        assert own, name
        assert all(checking.get(number, error) == error for number, error in own.items()), name
        checking |= own
    recording = errors_of("aggregation") | errors_of("audit-log")
    assert not checking.keys() & recording.keys()
    assert {n: e for n, e in call.ERRORS.items() if n not in recording} == checking
    assert {n: e for n, e in call.ERRORS.items() if n in recording}.items() <= recording.items()


def test_a_dwelling_in_two_slots_is_registered_as_one() -> None:
    """The floor of k-min is about dwellings, not about slots."""
    full, doubled = (replace(ZONE, dwellings={**HOMES, 15: label}) for label in ("A-16", "A-01"))
    for zone, dwellings in ((full, 16), (doubled, 15)):
        _, register = founding.registration_calls(DEPLOYER, GATEWAY, [zone], 86400)
        assert isinstance(register, ContractCall)
        assert register.arguments[3:5] == (UInt(16), UInt(dwellings))
