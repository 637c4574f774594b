"""user-registry: principals, meters, devices that prove, and what governance sets."""

from __future__ import annotations

import hashlib

import pytest

from appliance.chain.address import Address, Contract
from appliance.chain.clarity import NONE, Optional
from tests.contracts.settlement import GATEWAY, SECOND, STEWARD, STRANGER, account, household
from tests.contracts.town import Town, refusal
from tests.contracts.vm import Machine

ANNA, BEN, CLARA = account("Anna"), account("Ben"), account("Clara")


@pytest.fixture
def town(machine: Machine) -> Town:
    return Town(machine)


# ------------------------------------------------------------------------------------------------ principals


def test_a_derived_principal_is_replaced_by_two_stewards_and_an_own_one_by_itself(town: Town) -> None:
    town.register(ANNA, (1, 0))
    assert refusal(town.call(ANNA, "set-principal", 1, BEN)) == "ERR_ROLE"
    assert town.call(STEWARD, "set-principal", 1, BEN).ok() is False
    assert town.call(SECOND, "set-principal", 1, CLARA).ok() is False
    assert town.read("get-dwelling-of", ANNA) == 1
    assert town.call(SECOND, "set-principal", 1, BEN).ok() is True
    assert town.read("get-dwelling-of", ANNA) is None
    assert town.read("get-dwelling-of", BEN) == 1
    since = town.read("get-dwelling", 1)["own-since"]
    assert since > 0
    assert (town.read("is-own", BEN), town.read("is-own", ANNA)) == (True, False)
    town.s.vm.burn(5)
    for sender in (ANNA, STEWARD, SECOND):
        assert refusal(town.call(sender, "set-principal", 1, CLARA)) == "ERR_NOT_DWELLING"
    town.call(BEN, "set-principal", 1, CLARA).ok()
    assert town.read("dwelling-principal", 1, 0, 0) == CLARA
    known = town.read("get-dwelling", 1)
    assert (known["own"], known["own-since"]) == (True, since)  # as long as two stewards can have known it
    town.turn(1)
    assert refusal(town.call(BEN, "move-out", 1, 0)) == "ERR_ROLE"
    town.call(CLARA, "move-out", 1, 0).ok()


def test_principals_nobody_can_have(town: Town) -> None:
    town.register(ANNA)
    town.register(BEN)
    for new, error in ((BEN, "ERR_PRINCIPAL_KNOWN"), (ANNA, "ERR_PRINCIPAL_KNOWN"), (town.s.audit, "ERR_NOT_ACCOUNT")):
        assert refusal(town.call(STEWARD, "set-principal", 1, new)) == error
    for dwelling in (0, 3, 2**128 - 1):
        assert refusal(town.call(STEWARD, "set-principal", dwelling, CLARA)) == "ERR_DWELLING_UNKNOWN"


# ------------------------------------------------------------------------------------------------ meters


def meter(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()


def test_a_dwelling_finds_its_meters_by_their_pseudonyms(town: Town) -> None:
    town.register(ANNA, (1, 0), (3, 0))
    town.register(BEN, (1, 1))
    for name, zone, slots, level in (("own", 1, [0], 3), ("shared", 1, [0, 1], 1), ("water", 3, [0], 0)):
        town.call(STEWARD, "register-meter", meter(name), zone, slots, level).ok()
    assert town.read("get-meters-of", ANNA) == [meter("own"), meter("shared"), meter("water")]
    assert town.read("get-meters-of", BEN) == [meter("shared")]
    assert town.read("get-meters-of", CLARA) == []
    town.call(SECOND, "replace-meter", meter("shared"), meter("newer")).ok()
    assert town.read("get-meters-of", ANNA) == [meter("own"), meter("newer"), meter("water")]
    assert town.read("get-meters-of", BEN) == [meter("newer")]
    assert town.read("get-meter", meter("newer")) == {"zone": 1, "slots": [0, 1], "level": 1, "replaced": False}
    assert town.read("get-meter", meter("shared"))["replaced"] is True
    town.turn(1)
    town.both("move-out", 1, 0)
    town.turn(1)
    assert town.read("get-meters-of", ANNA) == [meter("water")]


@pytest.mark.parametrize(
    ("sender", "pseudonym", "zone", "slots", "level", "error"),
    [
        (GATEWAY, meter("new"), 1, [0], 0, "ERR_ROLE"),
        (STEWARD, meter("new"), 77, [0], 0, "ERR_ZONE_UNKNOWN"),
        (STEWARD, meter("new"), 1, [0], 6, "ERR_LEVEL"),
        (STEWARD, meter("new"), 1, [0], 2**128 - 1, "ERR_LEVEL"),
        (STEWARD, meter("new"), 1, [], 0, "ERR_FEEDS"),
        (STEWARD, meter("new"), 1, [2, 2], 0, "ERR_FEEDS"),
        (STEWARD, meter("new"), 1, [0], 0, "ERR_FEEDS"),
        (STEWARD, meter("new"), 1, [4], 0, "ERR_SLOT"),
        (STEWARD, meter("new"), 1, [2**128 - 1], 0, "ERR_SLOT"),
        (STEWARD, meter("new")[:31], 1, [1], 0, "ERR_METER"),
        (STEWARD, b"", 1, [1], 0, "ERR_METER"),
        (STEWARD, meter("0"), 1, [1], 0, "ERR_METER"),
    ],
)
def test_meters_that_are_refused(
    town: Town, sender: Address, pseudonym: bytes, zone: int, slots: list[int], level: int, error: str
) -> None:
    for number in range(4):
        town.call(STEWARD, "register-meter", meter(str(number)), 1, [0], 2).ok()
    assert refusal(town.call(sender, "register-meter", pseudonym, zone, slots, level)) == error


def test_replacements_that_are_refused(town: Town) -> None:
    for name in ("a", "b"):
        town.call(STEWARD, "register-meter", meter(name), 1, [0], 2).ok()
    town.call(STEWARD, "replace-meter", meter("a"), meter("c")).ok()
    for sender, old, new, error in (
        (GATEWAY, meter("b"), meter("d"), "ERR_ROLE"),
        (STEWARD, meter("unknown"), meter("d"), "ERR_METER_UNKNOWN"),
        (STEWARD, meter("a"), meter("d"), "ERR_METER_UNKNOWN"),
        (STEWARD, meter("b"), meter("c"), "ERR_METER"),
        (STEWARD, meter("b"), meter("d")[:31], "ERR_METER"),
    ):
        assert refusal(town.call(sender, "replace-meter", old, new)) == error


# ------------------------------------------------------------------------------------------------ self-proving

PHONE, TABLET = account("phone"), account("tablet")


def test_a_dwelling_proves_itself_from_the_next_period_on(town: Town) -> None:
    town.register(ANNA, (1, 0))
    town.call(ANNA, "set-self-proving", 1, 0, Optional(PHONE)).ok()
    assert town.read("get-self-prover", 1, 0) == PHONE  # the zone has sent nothing
    town.turn(1)
    town.call(ANNA, "set-self-proving", 1, 0, Optional(TABLET)).ok()
    town.call(ANNA, "set-self-proving", 1, 0, NONE).ok()
    town.call(ANNA, "set-self-proving", 1, 0, Optional(TABLET)).ok()
    assert town.read("get-self-prover", 1, 0) == PHONE
    town.turn(1)
    assert town.read("get-self-prover", 1, 0) == TABLET
    assert town.read("get-self-prover-at", 1, 0, 1) == PHONE
    town.call(ANNA, "set-self-proving", 1, 0, NONE).ok()
    town.turn(1)
    assert town.read("get-self-prover", 1, 0) is None
    assert town.read("get-self-prover", 1, 1) is None


def test_a_device_goes_with_the_tenancy(town: Town) -> None:
    """Neither the next household nor the same one that comes back has it."""
    town.register(ANNA, (1, 0))
    town.call(ANNA, "set-self-proving", 1, 0, Optional(PHONE)).ok()
    town.turn(1)
    town.both("move-out", 1, 0)
    assert town.read("get-self-prover", 1, 0) == PHONE
    town.turn(1)
    assert town.read("get-self-prover", 1, 0) is None
    town.act("release-slot", 1, 0).ok()
    town.both("assign-slot", 1, 1, 0)
    town.turn(1)
    assert town.read("get-slot", 1, 0)["dwelling"] == 1
    assert town.read("get-self-prover", 1, 0) is None


def test_devices_that_are_refused(town: Town) -> None:
    town.register(ANNA, (1, 0))
    town.register(BEN, (1, 1))
    wallet = Contract(STRANGER, "wallet")
    for sender, zone, slot, prover, error in (
        (STEWARD, 1, 0, PHONE, "ERR_NOT_DWELLING"),
        (GATEWAY, 1, 0, PHONE, "ERR_NOT_DWELLING"),
        (BEN, 1, 0, PHONE, "ERR_NOT_DWELLING"),
        (ANNA, 1, 1, PHONE, "ERR_NOT_DWELLING"),
        (ANNA, 1, 3, PHONE, "ERR_NOT_DWELLING"),
        (ANNA, 1, 2**128 - 1, PHONE, "ERR_NOT_DWELLING"),
        (ANNA, 77, 0, PHONE, "ERR_ZONE_UNKNOWN"),
        (ANNA, 1, 0, GATEWAY, "ERR_GATEWAY_PROVES"),
        (ANNA, 1, 0, wallet, "ERR_NOT_ACCOUNT"),
    ):
        assert refusal(town.call(sender, "set-self-proving", zone, slot, Optional(prover))) == error
    town.turn(1)
    town.register(CLARA, (1, 2))  # she lives there from the next period on
    assert refusal(town.call(CLARA, "set-self-proving", 1, 2, Optional(PHONE))) == "ERR_NOT_DWELLING"


# ------------------------------------------------------------------------------------------------ settings


def test_governance_sets_within_bounds_and_only_governance(town: Town) -> None:
    s = town.s
    for name, value in (("k-min", 2), ("k-min", 20), ("quorum-pct", 75), ("timelock", 8640), ("reward", 10**12)):
        town.act("set-parameter", name, value).ok()
        assert town.read("get-parameter", name) == value
    for name, value in (
        ("k-min", 1),
        ("k-min", 21),
        ("quorum-pct", 9),
        ("quorum-pct", 76),
        ("timelock", 2015),
        ("dispute-window", 1007),
        ("dispute-window", 2**128 - 1),
        ("no such", 1),
        ("no such", 0),
    ):
        assert refusal(town.act("set-parameter", name, value)) == "ERR_PARAMETER"
    assert refusal(town.act("set-parameter", "period-blocks", 30)) == "ERR_FOR_GOOD"
    coin = Contract(STRANGER, "coin")
    town.act("list-token", coin, 7).ok()
    assert town.read("get-token-ratio", coin) == 7
    for ratio in (7, 8):
        assert refusal(town.act("list-token", coin, ratio)) == "ERR_RATIO"
    town.act("switch-contract", "privacy-proof", coin).ok()
    assert town.read("is-active", "privacy-proof", coin) is True
    assert refusal(town.act("switch-contract", "payment", coin)) == "ERR_FOR_GOOD"
    assert town.read("is-paused") is False
    now = s.vm.burn(1)
    town.act("set-pause", now + 3).ok()
    assert town.read("is-paused") is True
    s.vm.burn(3)
    assert town.read("is-paused") is False
    for function, args in (
        ("set-parameter", ["k-min", 3]),
        ("list-token", [STRANGER, 1]),
        ("switch-contract", ["privacy-proof", STRANGER]),
        ("set-pause", [2**128 - 1]),
        ("set-role", [1, STRANGER, True]),
    ):
        for sender in (STEWARD, town.s.deployer, GATEWAY):
            assert refusal(town.call(sender, function, *args)) == "ERR_CALLER"


def test_every_slot_of_the_helpers_has_its_household(town: Town) -> None:
    town.s.zone(9, 4, vacant=[2])
    assert [town.read("dwelling-principal", 9, slot, 0) for slot in (0, 1, 2, 3)] == [
        household(9, 0),
        household(9, 1),
        None,
        household(9, 3),
    ]
