"""Calls mirror the contracts: names of errors, registration."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from appliance import call, founding
from appliance.chain.address import Contract, Network
from appliance.chain.clarity import List
from appliance.chain.transaction import PrivateKey
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


def test_nothing_is_founded_without_three_who_may_observe() -> None:
    """The registry takes no zone then: an assembly takes three, and a treasurer who is a steward is nobody more."""
    stewards = [DEPLOYER, GATEWAY]
    token = Contract(DEPLOYER, "voucher-token")
    for treasurers in ((), (GATEWAY,), (GATEWAY, DEPLOYER)):
        charter = founding.Charter(DEPLOYER, token, 1, (), treasurers=treasurers)
        with pytest.raises(founding.FoundingError, match="must be 3 persons or more"):
            founding.bootstrap_calls(DEPLOYER, stewards, charter)
    third = PrivateKey(bytes([7]) * 32).address(Network.TESTNET)
    assert founding.bootstrap_calls(DEPLOYER, stewards, founding.Charter(DEPLOYER, token, 1, (), treasurers=(third,)))
    assert founding.bootstrap_calls(DEPLOYER, [*stewards, third], founding.Charter(DEPLOYER, token, 1, ()))


def test_many_dwellings_are_registered_in_as_many_calls_as_it_takes() -> None:
    """Each call twice: one stage of the first steward's, one of the second's."""
    charter = founding.Charter(DEPLOYER, Contract(DEPLOYER, "voucher-token"), 1, ())
    homes = {slot: f"B-{slot + 1:02}" for slot in range(40)}
    zone = replace(ZONE, slots=64, dwellings=homes)
    site = founding.Site(GATEWAY, [zone], 0, 86400, dict.fromkeys(homes.values(), DEPLOYER))
    *_, (first, calls), (second, same) = founding.registration_calls(DEPLOYER, charter, site)
    assert (first, second, calls) == (0, 1, same)
    sizes = [len(listed.items) for made in calls for listed in made.arguments if isinstance(listed, List)]
    assert sizes == [16, 16, 8]


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
