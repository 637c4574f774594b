"""user-registry: dwellings, who lives where from when to when, who votes."""

from __future__ import annotations

from typing import Any

import pytest

from appliance.chain.address import Contract
from appliance.founding import USERS_AT_ONCE
from tests.contracts.settlement import GATEWAY, STEWARD, STRANGER, WATER, account
from tests.contracts.town import Town, refusal
from tests.contracts.vm import Machine, VmError

ANNA, BEN, CLARA = account("Anna"), account("Ben"), account("Clara")


@pytest.fixture
def town(machine: Machine) -> Town:
    return Town(machine)


def user(who: Any, *places: tuple[int, int]) -> dict[str, Any]:
    return {"who": who, "slots": [{"zone": zone, "slot": slot} for zone, slot in places]}


# ------------------------------------------------------------------------------------------------ registration


def test_while_a_zone_is_founded_dwellings_live_there_at_once(town: Town) -> None:
    assert town.register(ANNA, (1, 3), (3, 0)) == 1
    assert town.members(1, 0) == (0b1000, 0b1000, 1)
    assert town.members(1, 1) == (0b1000, 0, 1)
    assert town.members(1, 2) == (0, 0, 0)
    assert town.read("get-dwelling", 1) == {
        "principal": ANNA,
        "own": False,
        "own-since": 0,
        "voting-zone": 1,
        "voting-since": 0,
        "homes": [
            {"zone": 1, "slot": 3, "utility": 1, "until": None},
            {"zone": 3, "slot": 0, "utility": 2, "until": None},
        ],
    }
    assert town.read("get-slot", 1, 3) == {"dwelling": 1, "from": 0, "until": None}
    assert town.read("get-occupant", 1, 3, 0) == 1
    assert town.read("get-occupant", 1, 3, 2**128 - 1) == 1
    assert town.read("get-occupant", 1, 2, 0) is None
    assert town.read("get-occupant", 77, 2**128 - 1, 0) is None
    assert town.read("dwelling-principal", 1, 3, 0) == ANNA
    assert town.read("dwelling-principal", 1, 2, 0) is None
    assert town.read("get-dwelling-of", BEN) is None
    assert town.read("get-dwelling", 2) is None


def test_in_a_zone_that_runs_who_comes_lives_there_from_the_next_period_on(town: Town) -> None:
    town.register(ANNA, (1, 0))
    town.turn(1)
    town.register(BEN, (1, 1))
    assert town.members(1, 1) == (0b01, 0, 1)
    assert town.members(1, 2) == (0b11, 0b10, 2)
    assert town.read("get-slot", 1, 1) is None
    assert town.read("get-occupant", 1, 1, 2) == 2
    town.turn(1)
    assert town.members(1, 2) == (0b11, 0b10, 2)
    assert town.members(1, 3) == (0b11, 0, 2)
    assert town.read("get-slot", 1, 1) == {"dwelling": 2, "from": 2, "until": None}
    assert town.members(1, 0) == (0b01, 0b01, 1)  # what was stays


def test_a_list_is_one_call(town: Town) -> None:
    users = [user(account(f"home {n}"), (1, n), (3, n)) for n in range(4)]
    town.both("register-users", users)
    assert [town.id_of(account(f"home {n}")) for n in range(4)] == [1, 2, 3, 4]
    assert town.members(3, 0) == (0b1111, 0b1111, 4)
    town.both("register-users", [user(account(f"homeless {n}")) for n in range(USERS_AT_ONCE)])
    assert town.id_of(account(f"homeless {USERS_AT_ONCE - 1}")) == 4 + USERS_AT_ONCE
    with pytest.raises(VmError):
        town.both("register-users", [user(account(f"one more {n}")) for n in range(USERS_AT_ONCE + 1)])


@pytest.mark.parametrize(
    ("users", "error"),
    [
        ([user(ANNA, (77, 0))], "ERR_ZONE_UNKNOWN"),
        ([user(ANNA, (1, 4))], "ERR_SLOT"),
        ([user(ANNA, (1, 2**128 - 1))], "ERR_SLOT"),
        ([user(ANNA, (2**128 - 1, 0))], "ERR_ZONE_UNKNOWN"),
        ([user(ANNA, (1, 0), (1, 0))], "ERR_OCCUPIED"),
        ([user(ANNA, (1, 0)), user(BEN, (1, 0))], "ERR_OCCUPIED"),
        ([user(ANNA, (1, 0), (1, 1))], "ERR_ONE_CONNECTION"),
        ([user(ANNA, (1, 0), (3, 0), (2, 1))], "ERR_ONE_CONNECTION"),
        ([user(ANNA, (1, 0)), user(ANNA, (2, 0))], "ERR_PRINCIPAL_KNOWN"),
        ([user(Contract(STRANGER, "wallet"), (1, 0))], "ERR_NOT_ACCOUNT"),
    ],
)
def test_lists_that_are_refused_as_a_whole(town: Town, users: list[Any], error: str) -> None:
    assert town.refused("register-users", [user(CLARA, (1, 3)), *users]) == error
    assert town.read("get-dwelling-of", CLARA) is None
    assert town.members(1, 0) == (0, 0, 0)
    assert town.register(CLARA, (1, 3)) == 1


def test_only_stewards_register_and_assign(town: Town) -> None:
    for sender in (ANNA, GATEWAY, town.s.deployer):
        assert refusal(town.call(sender, "register-user", ANNA, [])) == "ERR_ROLE"
        assert refusal(town.call(sender, "assign-slot", 1, 1, 0)) == "ERR_ROLE"


def test_a_further_slot_is_assigned(town: Town) -> None:
    town.register(ANNA, (2, 0))
    town.both("assign-slot", 1, 3, 2)
    assert town.read("get-slot", 3, 2)["dwelling"] == 1
    assert town.refused("assign-slot", 1, 1, 0) == "ERR_ONE_CONNECTION"
    assert town.refused("assign-slot", 7, 1, 0) == "ERR_DWELLING_UNKNOWN"
    assert town.refused("assign-slot", 2**128 - 1, 1, 0) == "ERR_DWELLING_UNKNOWN"


def test_nobody_is_registered_into_a_closed_zone(town: Town) -> None:
    town.act("close-zone", 1).ok()
    assert town.refused("register-user", ANNA, [{"zone": 1, "slot": 0}]) == "ERR_CLOSED"
    assert town.read("is-gateway", 1, GATEWAY) is False
    assert town.read("get-zone", 1)["closed"] is True


# ------------------------------------------------------------------------------------------------ moving out


def test_who_leaves_stays_to_the_end_of_the_open_period(town: Town) -> None:
    town.register(ANNA, (1, 0))
    town.register(BEN, (1, 1))
    town.turn(1)
    for who in (BEN, ANNA):  # the key behind it may still be the gateway's
        assert refusal(town.call(who, "move-out", 1, 0)) == "ERR_ROLE"
    town.both("move-out", 1, 0)
    assert town.members(1, 1) == (0b11, 0, 2)
    assert town.members(1, 2) == (0b10, 0, 1)
    assert town.read("get-slot", 1, 0) == {"dwelling": 1, "from": 0, "until": 1}
    assert refusal(town.call(ANNA, "move-out", 1, 0)) == "ERR_VACANT"
    town.turn(1)
    assert town.members(1, 2) == (0b10, 0, 1)
    assert town.read("get-slot", 1, 0) is None
    assert town.read("get-occupant", 1, 0, 1) == 1
    assert town.read("get-occupant", 1, 0, 2) is None


def test_a_dwelling_with_a_key_of_its_own_moves_out_by_itself(town: Town) -> None:
    town.register(ANNA, (1, 0))
    town.both("set-principal", 1, BEN)
    town.turn(1)
    town.call(BEN, "move-out", 1, 0).ok()
    assert town.members(1, 2) == (0, 0, 0)


def test_the_money_in_a_slot_is_whose_tenancy_was_last_until_it_is_cleared_away(town: Town) -> None:
    assert town.read("get-holder", 1, 0) is None
    assert town.read("get-holder", 77, 2**128 - 1) is None
    town.register(ANNA, (1, 0))
    town.register(BEN)
    assert town.read("get-holder", 1, 0) == 1
    town.turn(1)
    town.both("move-out", 1, 0)
    town.turn(1, times=2)
    assert town.read("get-occupant", 1, 0, 3) is None
    assert town.read("get-holder", 1, 0) == 1
    town.act("release-slot", 1, 0).ok()
    assert town.read("get-holder", 1, 0) is None
    town.both("assign-slot", 2, 1, 0)
    assert town.read("get-holder", 1, 0) == 2


@pytest.mark.parametrize(("zone", "slot", "error"), [(77, 0, "ERR_ZONE_UNKNOWN"), (1, 3, "ERR_VACANT")])
def test_where_nobody_lives_nobody_moves_out(town: Town, zone: int, slot: int, error: str) -> None:
    town.register(ANNA, (1, 0))
    assert refusal(town.call(ANNA, "move-out", zone, slot)) == error
    assert refusal(town.call(ANNA, "move-out", 1, 2**128 - 1)) == "ERR_VACANT"


def test_who_never_came_has_never_been_there(town: Town) -> None:
    """Where the zone has not begun; in one that has, who is to come was credited already, it may be, and comes."""
    town.register(ANNA, (1, 0))
    town.both("move-out", 1, 0)
    assert town.members(1, 0) == (0, 0, 0)
    assert town.read("get-occupant", 1, 0, 0) is None
    assert town.read("get-dwelling", 1)["homes"] == []
    town.both("assign-slot", 1, 1, 0)
    town.turn(1)
    town.register(BEN, (1, 1))
    assert refusal(town.call(STEWARD, "move-out", 1, 1)) == "ERR_VACANT"
    assert town.read("get-holder", 1, 1) == 2
    town.turn(1)
    town.both("move-out", 1, 1)
    assert town.members(1, 2) == (0b11, 0b10, 2)
    assert town.members(1, 3) == (0b01, 0, 1)
    assert town.read("get-holder", 1, 1) == 2


def test_a_dwelling_comes_to_no_zone_in_a_period_in_which_it_was_elsewhere(town: Town) -> None:
    """Zone 2 is behind, and the home that ended in zone 1 is forgotten: the dwelling would be in two zones at once."""
    town.register(ANNA, (1, 0))
    town.turn(1, times=2)
    town.both("move-out", 1, 0)
    town.turn(1)
    assert town.refused("assign-slot", 1, 2, 0) == "ERR_ONE_CONNECTION"
    town.turn(2, times=2)
    town.both("assign-slot", 1, 2, 0)
    assert [town.read("get-occupant", 2, 0, period) for period in (2, 3)] == [None, 1]


def test_a_slot_is_given_on_only_when_its_money_is_cleared_away(town: Town) -> None:
    town.register(ANNA, (1, 0))
    town.register(BEN)
    town.turn(1)
    town.both("move-out", 1, 0)
    assert town.refused("assign-slot", 2, 1, 0) == "ERR_NOT_RELEASED"
    assert refusal(town.act("release-slot", 1, 0)) == "ERR_OCCUPIED"
    town.turn(1)
    assert town.refused("assign-slot", 2, 1, 0) == "ERR_NOT_RELEASED"
    assert refusal(town.call(STEWARD, "release-slot", 1, 0, 0)) == "ERR_CALLER"
    town.act("release-slot", 1, 0).ok()
    town.both("assign-slot", 2, 1, 0)
    assert town.read("get-occupant", 1, 0, 3) == 2
    assert town.read("get-occupant", 1, 0, 2) is None
    assert town.read("get-occupant", 1, 0, 1) == 1


def test_the_last_four_tenancies_are_remembered(town: Town) -> None:
    town.turn(1)
    for number in range(5):
        who = account(f"tenant {number}")
        town.register(who, (1, 0))
        town.turn(1)
        town.both("move-out", 1, 0)
        town.turn(1)
        town.act("release-slot", 1, 0).ok()
    occupants = [town.read("get-occupant", 1, 0, 2 + 2 * number) for number in range(5)]
    assert occupants == [None, 2, 3, 4, 5]


def test_a_household_moves_within_one_period(town: Town) -> None:
    """From zone 1 to zone 2, both electricity: the second begins when the first has ended, by the count of periods."""
    town.register(ANNA, (1, 0))
    town.turn(1, 2)
    assert town.refused("assign-slot", 1, 2, 0) == "ERR_ONE_CONNECTION"
    town.both("move-out", 1, 0)
    town.both("assign-slot", 1, 2, 0)
    assert town.read("get-occupant", 1, 0, 1) == 1
    assert town.read("get-occupant", 2, 0, 1) is None
    assert town.read("get-occupant", 2, 0, 2) == 1
    # nor can it go on from a zone that counts ahead into one that lags behind
    town.turn(2, times=3)
    town.both("move-out", 2, 0)
    assert town.refused("assign-slot", 1, 1, 1) == "ERR_ONE_CONNECTION"


# ------------------------------------------------------------------------------------------------ periods


def test_only_meter_data_turns_periods(town: Town) -> None:
    for function in ("begin-zone", "open-period", "close-zone"):
        for sender in (STEWARD, GATEWAY, town.s.deployer):
            assert refusal(town.call(sender, function, 1)) == "ERR_CALLER"
        assert refusal(town.act(function, 77)) == "ERR_ZONE_UNKNOWN"


def test_the_latest_period_is_the_utility_s_and_no_zone_begins_later(town: Town) -> None:
    s = town.s
    assert town.read("get-latest-period", 1) == 0
    town.turn(1, times=3)
    town.turn(2)
    assert town.read("get-latest-period", 1) == 3
    assert town.read("get-latest-period", WATER) == 0
    assert town.read("get-open-period", 2) == 1
    assert town.read("get-open-period", 77) == 0
    s.empty_zone(4, 4, first_period=3)
    assert town.read("get-open-period", 4) == 3
    town.register(ANNA, (4, 0))
    assert town.read("get-slot", 4, 0)["from"] == 3


# ------------------------------------------------------------------------------------------------ votes


def test_a_dwelling_votes_after_two_periods_in_its_lowest_zone(town: Town) -> None:
    town.register(ANNA, (3, 0), (1, 0))
    for period in range(3):
        assert town.read("is-settled", 1, 0) is (period >= 2)
        assert town.read("is-voter", 1, 0) is (period >= 2)
        assert town.read("is-voter", 3, 0) is False
        town.turn(1, 3)
    assert town.read("is-settled", 3, 0) is True
    assert town.read("is-voter", 1, 1) is False
    assert town.read("is-settled", 77, 2**128 - 1) is False


def test_who_moves_votes_nowhere_for_sixty_days(town: Town) -> None:
    """Else it could leave a zone that has been counted and be counted in another."""
    town.register(ANNA, (1, 0), (3, 0))
    town.turn(1, 3, times=3)
    assert town.read("is-voter", 1, 0) is True
    town.both("move-out", 1, 0)
    assert town.read("get-dwelling", 1)["voting-zone"] == 3
    assert town.read("is-voter", 1, 0) is False
    assert town.read("is-voter", 3, 0) is False
    town.s.vm.burn(8639)
    assert town.read("is-voter", 3, 0) is False
    town.s.vm.burn(1)
    assert town.read("is-voter", 3, 0) is True
    since = town.read("get-dwelling", 1)["voting-since"]
    town.turn(1)
    town.turn(2, times=4)
    town.both("assign-slot", 1, 2, 1)  # a lower zone does not take the vote away
    assert town.read("get-dwelling", 1)["voting-since"] == since
    assert town.read("is-voter", 3, 0) is True


def test_a_dwelling_without_a_slot_at_first_votes_where_it_is_put(town: Town) -> None:
    town.register(ANNA)
    town.both("assign-slot", 1, 2, 0)
    assert town.read("get-dwelling", 1)["voting-zone"] == 2
    assert town.read("get-dwelling", 1)["voting-since"] == 0
    town.turn(2, times=2)
    assert town.read("is-voter", 2, 0) is True
