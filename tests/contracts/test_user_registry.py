"""user-registry: bootstrap, what takes two stewards, gateways, zones, active contracts."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from appliance.chain.clarity import serialize
from tests.contracts.errors import error_name
from tests.contracts.registering import register_zone, zone_fields
from tests.contracts.settlement import (
    GATEWAY,
    K_MIN,
    PROVIDER,
    SECOND,
    STEWARD,
    STRANGER,
    TREASURERS,
    Settlement,
    account,
)
from tests.contracts.vm import CONTRACTS, Machine, Receipt

STEWARD_ROLE, TREASURER_ROLE, PROVIDER_ROLE, AGENT_ROLE, OBSERVER_ROLE = 1, 2, 3, 4, 5
OTHER = account("other gateway")


def refusal(receipt: Receipt) -> str:
    return error_name(receipt.refusal()).removeprefix("user-registry.")


# ------------------------------------------------------------------------------------------------ bootstrap


def bootstrap(s: Settlement, **changes: Any) -> Receipt:
    arguments = {
        "stewards": [STEWARD, SECOND],
        "contracts": [{"name": "meter-data", "contract": s.meter_data}],
        "parameters": [{"name": "k-min", "value": 18}],
        "tokens": [{"token": s.token, "ratio": 100}],
    }
    sender = changes.pop("sender", s.deployer)
    assert set(changes) <= set(arguments)
    return s.call(s.registry, "bootstrap", *(arguments | changes).values(), sender=sender)


@pytest.fixture
def logged(bare: Settlement) -> Settlement:
    """Deployed, with the registry as the only writer of the log."""
    bare.call(bare.audit, "bootstrap", [bare.registry], sender=bare.deployer).ok()
    return bare


def test_only_the_deployer_bootstraps_once_and_keeps_no_power(logged: Settlement) -> None:
    s = logged
    assert refusal(bootstrap(s, sender=s.stranger)) == "ERR_NOT_DEPLOYER"
    early = s.call(s.registry, "register-gateway", GATEWAY, sender=s.deployer)
    assert refusal(early) == "ERR_ROLE"
    bootstrap(s).ok()
    for sender in (s.deployer, STEWARD):
        error = "ERR_BOOTSTRAPPED" if sender == s.deployer else "ERR_NOT_DEPLOYER"
        assert refusal(bootstrap(s, sender=sender, stewards=[s.deployer, s.stranger])) == error
    assert s.read(s.registry, "has-role", STEWARD_ROLE, STEWARD) is True
    assert s.read(s.registry, "has-role", STEWARD_ROLE, SECOND) is True
    assert s.read(s.registry, "has-role", STEWARD_ROLE, s.deployer) is False
    assert s.read(s.registry, "get-active-contract", "meter-data") == s.meter_data
    assert s.read(s.registry, "get-active-contract", "billing") is None
    assert s.read(s.registry, "is-active", "meter-data", s.meter_data) is True
    assert s.read(s.registry, "is-active", "meter-data", s.stranger) is False
    assert s.read(s.registry, "is-active", "billing", s.meter_data) is False
    assert s.read(s.registry, "get-parameter", "k-min") == 18
    assert s.read(s.registry, "get-parameter", "quorum-pct") == 25
    assert s.read(s.registry, "get-parameter", "no such") == 0
    assert s.read(s.registry, "get-token-ratio", s.token) == 100
    assert s.read(s.registry, "get-token-ratio", s.audit) is None
    for function, args in (("register-gateway", [GATEWAY]), ("register-steward", [s.deployer])):
        assert refusal(s.call(s.registry, function, *args, sender=s.deployer)) == "ERR_ROLE"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"stewards": []}, "ERR_FEW_STEWARDS"),
        ({"stewards": [STEWARD]}, "ERR_FEW_STEWARDS"),
        ({"stewards": [STEWARD] * 8}, "ERR_FEW_STEWARDS"),
        ({"parameters": [{"name": "k-min", "value": K_MIN - 1}]}, "ERR_PARAMETER"),
        ({"parameters": [{"name": "k-min", "value": 21}]}, "ERR_PARAMETER"),
        ({"parameters": [{"name": "k-min", "value": 2**128 - 1}]}, "ERR_PARAMETER"),
        ({"parameters": [{"name": "period-blocks", "value": 0}]}, "ERR_PARAMETER"),
        ({"parameters": [{"name": "no such", "value": 1}]}, "ERR_PARAMETER"),
        ({"tokens": [{"token": STEWARD, "ratio": 0}]}, "ERR_RATIO"),
        ({"tokens": [{"token": STEWARD, "ratio": 2**40}]}, "ERR_RATIO"),
        ({"tokens": [{"token": STEWARD, "ratio": 1}, {"token": STEWARD, "ratio": 2}]}, "ERR_RATIO"),
    ],
)
def test_foundings_that_are_refused(logged: Settlement, changes: dict[str, Any], error: str) -> None:
    assert refusal(bootstrap(logged, **changes)) == error
    assert logged.read(logged.registry, "has-role", STEWARD_ROLE, STEWARD) is False
    bootstrap(logged).ok()


def test_without_the_right_to_the_audit_log_nothing_is_registered(bare: Settlement) -> None:
    """A change that cannot be recorded does not happen."""
    bare.call(bare.audit, "bootstrap", [bare.meter_data], sender=bare.deployer).ok()
    assert refusal(bootstrap(bare)) == "audit-log.ERR_NOT_WRITER"
    assert bare.read(bare.registry, "has-role", STEWARD_ROLE, STEWARD) is False


# ------------------------------------------------------------------------------------------------ two stewards


def test_one_steward_s_two_calls_are_one_voice(settlement: Settlement) -> None:
    s = settlement
    for _ in range(3):
        assert s.call(s.registry, "register-agent", OTHER, sender=STEWARD).ok() is False
    assert s.read(s.registry, "has-role", AGENT_ROLE, OTHER) is False
    assert s.call(s.registry, "register-agent", OTHER, sender=SECOND).ok() is True
    assert s.read(s.registry, "has-role", AGENT_ROLE, OTHER) is True


def test_different_arguments_and_calls_do_not_combine(settlement: Settlement) -> None:
    s = settlement
    assert s.call(s.registry, "register-agent", OTHER, sender=STEWARD).ok() is False
    for function, who in (("register-agent", STRANGER), ("register-treasurer", OTHER), ("register-steward", OTHER)):
        assert s.call(s.registry, function, who, sender=SECOND).ok() is False
    for role in (STEWARD_ROLE, TREASURER_ROLE, AGENT_ROLE):
        for who in (OTHER, STRANGER):
            assert s.read(s.registry, "has-role", role, who) is False


def test_nobody_else_is_asked(settlement: Settlement) -> None:
    s = settlement
    for sender in (s.deployer, GATEWAY, PROVIDER, *TREASURERS, s.stranger):
        assert refusal(s.call(s.registry, "register-agent", OTHER, sender=sender)) == "ERR_ROLE"
    assert s.call(s.registry, "register-agent", OTHER, sender=STEWARD).ok() is False
    for sender in (GATEWAY, *TREASURERS):
        assert refusal(s.call(s.registry, "register-agent", OTHER, sender=sender)) == "ERR_ROLE"
    assert s.read(s.registry, "has-role", AGENT_ROLE, OTHER) is False


def test_who_is_no_steward_any_more_has_said_nothing(bare: Settlement) -> None:
    s = bare
    office = s.office()
    s.bootstrap(governance=office)
    third = account("third steward")
    s.together(s.registry, "register-steward", third)
    assert s.call(s.registry, "register-agent", OTHER, sender=third).ok() is False
    s.call(office, "set-role", STEWARD_ROLE, third, False, sender=STRANGER).ok()
    assert s.call(s.registry, "register-agent", OTHER, sender=STEWARD).ok() is False
    assert refusal(s.call(s.registry, "register-agent", OTHER, sender=third)) == "ERR_ROLE"
    assert s.call(s.registry, "register-agent", OTHER, sender=SECOND).ok() is True


def test_an_approval_lapses_after_a_week(settlement: Settlement) -> None:
    s = settlement
    assert s.call(s.registry, "register-agent", OTHER, sender=STEWARD).ok() is False
    s.vm.burn(1008)
    assert s.call(s.registry, "register-agent", OTHER, sender=SECOND).ok() is False
    s.vm.burn(1006)
    assert s.call(s.registry, "register-agent", OTHER, sender=STEWARD).ok() is True


def test_what_took_effect_is_asked_for_anew(settlement: Settlement) -> None:
    """A third voice that comes late opens the question again, and alone decides nothing."""
    s = settlement
    s.together(s.registry, "register-steward", OTHER)
    s.together(s.registry, "register-agent", STRANGER)
    assert s.call(s.registry, "register-agent", STRANGER, sender=OTHER).ok() is False
    assert refusal(s.call(s.registry, "register-agent", STRANGER, sender=STEWARD)) == "ERR_NO_CHANGE"


def test_observers_are_stewards_and_treasurers_each_counted_once(bare: Settlement) -> None:
    s = bare
    office = s.office()
    s.bootstrap(governance=office)
    s.together(s.registry, "register-treasurer", STEWARD)
    action = bytes(range(32))

    def approve(sender: Any, name: str = "governance", action: bytes = action, needed: int = 3) -> Receipt:
        return s.call(office, "approve", name, OBSERVER_ROLE, action, needed, sender=sender)

    assert s.read(s.registry, "has-role", OBSERVER_ROLE, STEWARD) is True
    assert s.read(s.registry, "has-role", OBSERVER_ROLE, TREASURERS[0]) is True
    assert s.read(s.registry, "has-role", OBSERVER_ROLE, PROVIDER) is False
    assert approve(STEWARD).ok() is False
    assert approve(STEWARD).ok() is False
    assert approve(TREASURERS[0]).ok() is False
    assert approve(TREASURERS[1], action=bytes(32)).ok() is False
    assert refusal(approve(PROVIDER)) == "ERR_ROLE"
    assert refusal(approve(SECOND, name="payment")) == "ERR_CALLER"
    assert approve(SECOND).ok() is True
    assert approve(account("nobody"), needed=0).refusal() == 103


def test_more_persons_than_can_be_kept_never_are_enough(bare: Settlement) -> None:
    s = bare
    office = s.office()
    s.bootstrap(governance=office)
    people = [account(f"treasurer number {n}") for n in range(7)]
    for who in people:
        s.together(s.registry, "register-treasurer", who)
    for who in (*TREASURERS, *people):
        assert s.call(office, "approve", "governance", TREASURER_ROLE, bytes(32), 9, sender=who).ok() is False


def test_roles_are_given_once_and_two_stewards_stay(bare: Settlement) -> None:
    s = bare
    office = s.office()
    s.bootstrap(governance=office)

    def set_role(role: int, who: Any, given: bool) -> Receipt:
        return s.call(office, "set-role", role, who, given, sender=STRANGER)

    for role in (0, OBSERVER_ROLE, 2**128 - 1):
        assert refusal(set_role(role, OTHER, True)) == "ERR_NO_SUCH_ROLE"
    assert refusal(set_role(PROVIDER_ROLE, PROVIDER, True)) == "ERR_NO_CHANGE"
    assert refusal(set_role(AGENT_ROLE, OTHER, False)) == "ERR_NO_CHANGE"
    assert refusal(set_role(STEWARD_ROLE, SECOND, False)) == "ERR_FEW_STEWARDS"
    set_role(STEWARD_ROLE, OTHER, True).ok()
    set_role(STEWARD_ROLE, SECOND, False).ok()
    assert refusal(set_role(STEWARD_ROLE, STEWARD, False)) == "ERR_FEW_STEWARDS"
    assert s.read(s.registry, "has-role", STEWARD_ROLE, SECOND) is False


def test_an_assembly_has_three_observers_as_long_as_there_is_a_zone(bare: Settlement) -> None:
    """Else nobody could record what it decided, and where it decides alone a resident would always be right."""
    s = bare
    office = s.office()
    s.found(governance=office)
    for role, who in (("provider", PROVIDER), ("treasurer", SECOND)):
        s.together(s.registry, f"register-{role}", who)
    s.call(s.registry, "register-gateway", GATEWAY, sender=STEWARD).ok()

    def set_role(role: int, who: Any, given: bool) -> Receipt:
        return s.call(office, "set-role", role, who, given, sender=STRANGER)

    assert refusal(register_zone(s)) == "ERR_FEW_OBSERVERS", "two stewards, of whom one is the treasurer"
    set_role(TREASURER_ROLE, SECOND, False).ok()
    set_role(TREASURER_ROLE, SECOND, True).ok()
    s.together(s.registry, "register-treasurer", OTHER)
    register_zone(s).ok()
    register_zone(s, SECOND).ok()
    assert s.read(s.registry, "get-zones") == [5]
    assert refusal(set_role(TREASURER_ROLE, OTHER, False)) == "ERR_FEW_OBSERVERS"
    set_role(TREASURER_ROLE, SECOND, False).ok()
    set_role(PROVIDER_ROLE, PROVIDER, False).ok()
    set_role(STEWARD_ROLE, OTHER, True).ok()
    set_role(TREASURER_ROLE, OTHER, False).ok()
    assert refusal(set_role(STEWARD_ROLE, OTHER, False)) == "ERR_FEW_OBSERVERS", "two stewards would still be left"
    set_role(TREASURER_ROLE, STRANGER, True).ok()
    set_role(STEWARD_ROLE, OTHER, False).ok()


# ------------------------------------------------------------------------------------------------ gateways


def test_gateways_are_registered_by_a_steward(settlement: Settlement) -> None:
    s = settlement
    assert s.read(s.registry, "get-gateway", OTHER) is None
    for sender in (s.deployer, GATEWAY, s.stranger):
        assert refusal(s.call(s.registry, "register-gateway", OTHER, sender=sender)) == "ERR_ROLE"
    assert refusal(s.call(s.registry, "register-gateway", s.audit, sender=STEWARD)) == "ERR_NOT_ACCOUNT"
    s.call(s.registry, "register-gateway", OTHER, sender=STEWARD).ok()
    assert s.read(s.registry, "get-gateway", OTHER) == {"steward": STEWARD, "height": s.vm.height(), "revoked": False}
    assert refusal(s.call(s.registry, "register-gateway", OTHER, sender=STEWARD)) == "ERR_GATEWAY_KNOWN"


def test_a_revoked_gateway_is_out_and_its_zones_are_frozen_until_another_comes(settlement: Settlement) -> None:
    s = settlement

    def revoke(sender: Any, gateway: Any = GATEWAY) -> Receipt:
        return s.call(s.registry, "revoke-gateway", gateway, sender=sender)

    assert refusal(revoke(STEWARD, OTHER)) == "ERR_GATEWAY_UNKNOWN"
    assert refusal(revoke(s.stranger)) == "ERR_ROLE"
    assert revoke(STEWARD).ok() is False
    assert s.read(s.registry, "is-gateway", 1, GATEWAY) is True
    assert revoke(SECOND).ok() is True
    assert s.read(s.registry, "get-zone", 1)["frozen"] is True
    assert s.read(s.registry, "is-gateway", 1, GATEWAY) is False
    assert refusal(revoke(STEWARD)) == "ERR_GATEWAY_UNKNOWN"

    replace = ("replace-gateway", 1, OTHER)
    assert refusal(s.call(s.registry, *replace, sender=STEWARD)) == "ERR_GATEWAY_UNKNOWN"
    assert refusal(s.call(s.registry, "replace-gateway", 1, GATEWAY, sender=STEWARD)) == "ERR_GATEWAY_UNKNOWN"
    assert refusal(s.call(s.registry, "register-gateway", GATEWAY, sender=STEWARD)) == "ERR_GATEWAY_KNOWN"
    assert refusal(register_zone(s)) == "ERR_GATEWAY_UNKNOWN"
    s.call(s.registry, "register-gateway", OTHER, sender=STEWARD).ok()
    assert refusal(s.call(s.registry, "replace-gateway", 77, OTHER, sender=STEWARD)) == "ERR_ZONE_UNKNOWN"
    assert s.call(s.registry, "replace-gateway", 2, OTHER, sender=STEWARD).ok() is False  # another zone: another call
    s.together(s.registry, *replace)
    assert s.read(s.registry, "get-zone", 1)["frozen"] is False
    assert s.read(s.registry, "get-zone", 1)["gateway"] == OTHER
    assert s.read(s.registry, "get-zone", 2)["frozen"] is True
    assert s.read(s.registry, "is-gateway", 1, OTHER) is True
    assert s.read(s.registry, "is-gateway", 2, OTHER) is False
    assert s.read(s.registry, "is-gateway", 77, OTHER) is False


def test_a_steward_s_key_behind_another_contract_is_no_steward(settlement: Settlement) -> None:
    s = settlement
    relay = s.vm.deploy(
        "relay",
        s.stranger,
        f"""(define-public (lure) (contract-call? '{s.registry} register-gateway '{s.stranger}))""",
    )
    assert refusal(s.call(relay, "lure", sender=STEWARD)) == "ERR_ROLE"


def test_every_change_is_printed_and_its_digest_recorded(settlement: Settlement) -> None:
    s = settlement
    meter = hashlib.sha256(b"meter").digest()
    for sender, function, args, topic in (
        (STEWARD, "register-gateway", [OTHER], 101),
        (STEWARD, "register-zone", zone_fields(s), 104),
        (SECOND, "register-zone", zone_fields(s), 102),
        (STEWARD, "register-agent", [OTHER], 104),
        (SECOND, "register-agent", [OTHER], 105),
        (STEWARD, "register-user", [account("x"), [{"zone": 5, "slot": 0}]], 104),
        (SECOND, "register-user", [account("x"), [{"zone": 5, "slot": 0}]], 106),
        (STEWARD, "register-meter", [meter, 5, [0], 2], 107),
    ):
        receipt = s.call(s.registry, function, *args, sender=sender)
        receipt.ok()
        (event,) = [event.value for event in receipt.prints if event.contract == str(s.registry)]
        entry = s.read(s.audit, "get-entry", s.read(s.audit, "get-head")["seq"])["entry"]
        assert int.from_bytes(entry[32:36], "big") == topic
        assert entry[68:] == hashlib.sha256(serialize(event)).digest()


def test_the_test_copy_differs_in_two_places_only(machine: Machine) -> None:
    small = Settlement(machine, small=True)
    small.bootstrap()
    small.zone(1, 4)
    assert small.read(small.registry, "get-k-min", 1) == 2
    assert "(define-constant K_MIN_FLOOR u15)" in (CONTRACTS / "user-registry.clar").read_text()
