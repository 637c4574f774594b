"""Calls mirror the contracts: names of errors, registration."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from appliance import call, founding
from appliance.chain.address import Contract
from appliance.chain.clarity import List
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


def test_a_dwelling_has_one_slot_of_a_utility() -> None:
    """k-min counts dwellings, not slots: the registry refuses a second one, and so does the founding."""
    charter = founding.Charter(DEPLOYER, Contract(DEPLOYER, "voucher-token"), 1, ())
    principals = dict.fromkeys(HOMES.values(), DEPLOYER)
    doubled, water = replace(ZONE, dwellings={**HOMES, 15: "A-01"}), replace(ZONE, zone=2, utility="water")
    with pytest.raises(founding.FoundingError, match="A-01 has two slots of electricity"):
        founding.registration_calls(DEPLOYER, charter, founding.Site(GATEWAY, [doubled], 0, 86400, principals))
    site = founding.Site(GATEWAY, [ZONE, water], 0, 86400, principals)
    *_, (_, [users]) = founding.registration_calls(DEPLOYER, charter, site)
    assert users.function == "register-users"
    (listed,) = users.arguments
    assert isinstance(listed, List)
    assert len(listed.items) == len(HOMES), "each with its slot of both"
