"""user-registry: bootstrap, stewards, gateways, zones, active contracts."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from appliance.chain.clarity import serialize
from tests.contracts.errors import error_name
from tests.contracts.settlement import (
    DAY,
    ELECTRICITY,
    GATEWAY,
    STEWARD,
    STRANGER,
    WATER,
    Settlement,
    account,
)
from tests.contracts.vm import Receipt


def refusal(receipt: Receipt) -> str:
    return error_name(receipt.refusal())


def register_zone(s: Settlement, sender: Any = STEWARD, **changes: Any) -> Receipt:
    fields = {
        "zone": 5,
        "gateway": GATEWAY,
        "utility": ELECTRICITY,
        "slots": 16,
        "dwellings": 16,
        "first_block": 20_000,
        "block_seconds": DAY,
    } | changes
    return s.call(s.registry, "register-zone", *fields.values(), sender=sender)


def test_a_zone_is_what_was_registered(settlement: Settlement) -> None:
    s = settlement
    for zone, slots, dwellings, utility, first_block in (
        (5, 16, 16, ELECTRICITY, 20_000),
        (6, 64, 64, WATER, 0),
        (0, 16, 15, WATER, 2**62 - 1),
        (2**32 - 1, 64, 15, ELECTRICITY, 20_000),
    ):
        fields = {"zone": zone, "slots": slots, "dwellings": dwellings, "utility": utility, "first_block": first_block}
        register_zone(s, **fields).ok()
        assert s.read(s.registry, "get-zone", zone) == {
            "gateway": GATEWAY,
            "utility": utility,
            "slots": slots,
            "dwellings": dwellings,
            "first-block": first_block,
            "block-seconds": DAY,
        }
        state = {"next-block": first_block, "period": 0, "batches": 0}
        assert s.read(s.meter_data, "get-zone-state", zone) == state
    assert s.read(s.registry, "get-zone", 7) is None
    assert s.read(s.meter_data, "get-zone-state", 7) is None


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"sender": GATEWAY}, "ERR_NOT_STEWARD"),
        ({"sender": STRANGER}, "ERR_NOT_STEWARD"),
        ({"gateway": STRANGER}, "ERR_GATEWAY_UNKNOWN"),
        ({"utility": 0}, "ERR_UTILITY"),
        ({"utility": 3}, "ERR_UTILITY"),
        ({"slots": 0}, "ERR_SLOTS"),
        ({"slots": 4}, "ERR_SLOTS"),
        ({"slots": 32}, "ERR_SLOTS"),
        ({"slots": 65}, "ERR_SLOTS"),
        ({"dwellings": 0}, "ERR_TOO_FEW_DWELLINGS"),
        ({"dwellings": 14}, "ERR_TOO_FEW_DWELLINGS"),
        ({"dwellings": 14, "slots": 64}, "ERR_TOO_FEW_DWELLINGS"),
        ({"dwellings": 17}, "ERR_TOO_MANY_DWELLINGS"),
        ({"dwellings": 65, "slots": 64}, "ERR_TOO_MANY_DWELLINGS"),
        ({"dwellings": 2**128 - 1}, "ERR_TOO_MANY_DWELLINGS"),
        ({"block_seconds": 0}, "ERR_BLOCK_SECONDS"),
        ({"zone": 2**32}, "ERR_ZONE_ID"),
        ({"zone": 2**128 - 1}, "ERR_ZONE_ID"),
        ({"first_block": 2**62}, "ERR_FIRST_BLOCK"),
        ({"first_block": 2**128 - 1}, "ERR_FIRST_BLOCK"),
    ],
)
def test_refused_zones(settlement: Settlement, changes: dict[str, Any], error: str) -> None:
    head = settlement.read(settlement.audit, "get-head")
    assert refusal(register_zone(settlement, sender=settlement.deployer)) == "user-registry.ERR_NOT_STEWARD"
    assert refusal(register_zone(settlement, **changes)) == f"user-registry.{error}"
    assert settlement.read(settlement.registry, "get-zone", 5) is None
    assert settlement.read(settlement.audit, "get-head") == head


def test_a_zone_id_is_given_once_even_to_the_same_zone(settlement: Settlement) -> None:
    register_zone(settlement).ok()
    before = settlement.read(settlement.registry, "get-zone", 5)
    assert refusal(register_zone(settlement)) == "user-registry.ERR_ZONE_KNOWN"
    assert refusal(register_zone(settlement, slots=64)) == "user-registry.ERR_ZONE_KNOWN"
    assert settlement.read(settlement.registry, "get-zone", 5) == before


def test_gateways(settlement: Settlement) -> None:
    s = settlement
    other = account("other gateway")
    assert s.read(s.registry, "get-gateway", other) is None
    for sender in (s.deployer, GATEWAY, s.stranger):
        receipt = s.call(s.registry, "register-gateway", other, sender=sender)
        assert refusal(receipt) == "user-registry.ERR_NOT_STEWARD"
    s.call(s.registry, "register-gateway", other, sender=STEWARD).ok()
    assert s.read(s.registry, "get-gateway", other) == {"steward": STEWARD, "height": s.vm.height()}
    again = s.call(s.registry, "register-gateway", other, sender=STEWARD)
    assert refusal(again) == "user-registry.ERR_GATEWAY_KNOWN"


def test_a_steward_s_key_behind_another_contract_is_no_steward(settlement: Settlement) -> None:
    s = settlement
    relay = s.vm.deploy(
        "relay",
        s.stranger,
        f"""(define-public (lure) (contract-call? '{s.registry} register-gateway '{s.stranger}))""",
    )
    assert refusal(s.call(relay, "lure", sender=STEWARD)) == "user-registry.ERR_NOT_STEWARD"


def test_only_the_deployer_bootstraps_once_and_keeps_no_power(bare: Settlement) -> None:
    s = bare
    s.call(s.audit, "bootstrap", [s.registry], sender=s.deployer).ok()
    table = [{"name": "meter-data", "contract": s.meter_data}]
    other = [{"name": "meter-data", "contract": s.stranger}]

    def bootstrap(sender: Any, stewards: list[Any], contracts: list[Any]) -> Receipt:
        return s.call(s.registry, "bootstrap", stewards, contracts, sender=sender)

    assert refusal(bootstrap(s.stranger, [s.stranger], other)) == "user-registry.ERR_NOT_DEPLOYER"
    assert refusal(bootstrap(s.deployer, [], table)) == "user-registry.ERR_NO_STEWARD"
    early = s.call(s.registry, "register-gateway", GATEWAY, sender=s.deployer)
    assert refusal(early) == "user-registry.ERR_NOT_STEWARD"
    bootstrap(s.deployer, [STEWARD], table).ok()
    for sender in (s.deployer, STEWARD):
        error = "ERR_BOOTSTRAPPED" if sender == s.deployer else "ERR_NOT_DEPLOYER"
        assert refusal(bootstrap(sender, [s.deployer], other)) == f"user-registry.{error}"
    assert s.read(s.registry, "is-steward", STEWARD) is True
    assert s.read(s.registry, "is-steward", s.deployer) is False
    assert s.read(s.registry, "get-active-contract", "meter-data") == s.meter_data
    assert s.read(s.registry, "get-active-contract", "billing") is None
    assert s.read(s.registry, "is-active", "meter-data", s.meter_data) is True
    assert s.read(s.registry, "is-active", "meter-data", s.stranger) is False
    assert s.read(s.registry, "is-active", "billing", s.meter_data) is False
    for function, args in (("register-gateway", [GATEWAY]), ("register-zone", [5, GATEWAY, 1, 16, 16, 0, DAY])):
        receipt = s.call(s.registry, function, *args, sender=s.deployer)
        assert refusal(receipt) == "user-registry.ERR_NOT_STEWARD"


def test_without_the_right_to_the_audit_log_nothing_is_registered(bare: Settlement) -> None:
    """A change that cannot be recorded does not happen."""
    bare.call(bare.audit, "bootstrap", [bare.meter_data], sender=bare.deployer).ok()
    receipt = bare.call(bare.registry, "bootstrap", [STEWARD], [], sender=bare.deployer)
    assert refusal(receipt) == "audit-log.ERR_NOT_WRITER"
    assert bare.read(bare.registry, "is-steward", STEWARD) is False


def test_every_change_is_printed_and_its_digest_recorded(settlement: Settlement) -> None:
    s = settlement
    other = account("other gateway")
    zone = [5, GATEWAY, ELECTRICITY, 16, 15, 0, DAY]
    for function, args in (("register-gateway", [other]), ("register-zone", zone)):
        receipt = s.call(s.registry, function, *args, sender=STEWARD)
        receipt.ok()
        (event,) = [event.value for event in receipt.prints if event.contract == str(s.registry)]
        head = s.read(s.audit, "get-head")
        entry = s.read(s.audit, "get-entry", head["seq"])["entry"]
        assert entry[68:] == hashlib.sha256(serialize(event)).digest()
