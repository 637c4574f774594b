"""Wrong settings are refused with the key, the value given and what to write instead."""

from dataclasses import FrozenInstanceError

import pytest

from drivers.api import DriverError
from drivers.modbus import DRIVER, model
from tests.drivers.scripted_meter import clock, settings


def test_meters_behind_one_address_share_a_bus() -> None:
    key = DRIVER.bus_key(settings(15020))
    assert key == "tcp://127.0.0.1:15020"
    assert DRIVER.bus_key(settings(15020, "abb-b23", unit=7, timeout_ms=900)) == key
    assert DRIVER.bus_key(settings(15021)) != key
    assert DRIVER.bus_key(settings(15020) | {"host": "Gateway.Local"}) == "tcp://gateway.local:15020"


def test_what_may_be_left_out() -> None:
    short: dict[str, object] = {"transport": "tcp", "host": "gateway.local", "model": "abb-b23"}
    assert DRIVER.bus_key(short) == "tcp://gateway.local:502"


@pytest.mark.parametrize("unit", [1, 247, 255])
def test_unit_ids_that_are_right(unit: int) -> None:
    assert DRIVER.bus_key(settings(15020, unit=unit))


@pytest.mark.parametrize(
    ("key", "value", "instead"),
    [
        ("transport", "serial", "one of 'tcp'"),
        ("transport", None, "one of 'tcp'"),
        ("host", "", "a host name or address"),
        ("host", "two words", "a host name or address"),
        ("host", "a..b", "a host name or address"),
        ("host", "x" * 64, "a host name or address"),
        ("host", 127, "a host name or address"),
        ("port", 0, "1 to 65535"),
        ("port", 65536, "1 to 65535"),
        ("port", "502", "1 to 65535"),
        ("port", 502.0, "1 to 65535"),
        ("port", True, "1 to 65535"),
        ("unit", 0, "1 to 255"),
        ("unit", 248, "1 to 247"),
        ("unit", 256, "1 to 255"),
        ("unit", -1, "1 to 255"),
        ("model", "eastron-sdm12", "eastron-sdm120"),
        ("model", "../secrets", "eastron-sdm120"),
        ("model", ["abb-b23"], "abb-b23"),
        ("timeout_ms", 49, "50 to 10000"),
        ("timeout_ms", 10_001, "50 to 10000"),
        ("timeout_ms", 0.5, "50 to 10000"),
    ],
)
def test_a_wrong_value_is_refused(key: str, value: object, instead: str) -> None:
    with pytest.raises(DriverError) as refused:
        DRIVER.bus_key(settings(15020) | {key: value})
    assert refused.value.permanent
    assert f"{key} = {value!r}" in str(refused.value)
    assert instead in str(refused.value)


@pytest.mark.parametrize("key", ["transport", "host", "model"])
def test_a_missing_key_is_named(key: str) -> None:
    given = settings(15020)
    del given[key]
    with pytest.raises(DriverError, match=f"{key} is missing; write") as refused:
        DRIVER.open_bus(given, clock)
    assert refused.value.permanent


def test_a_mistyped_key_does_not_pass_for_a_default() -> None:
    with pytest.raises(DriverError, match=r"time_out_ms = 900 is not a known key; .*timeout_ms") as refused:
        DRIVER.bus_key(settings(15020) | {"time_out_ms": 900})
    assert refused.value.permanent


async def test_a_bus_refuses_wrong_settings_of_a_meter() -> None:
    async with DRIVER.open_bus(settings(15020), clock) as bus:
        with pytest.raises(DriverError, match="unit = 300"):
            bus.meter(settings(15020, unit=300))


def test_a_driver_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        DRIVER.name = "other"  # type: ignore[misc]


def test_settings_name_the_models_there_are() -> None:
    assert model.names() == ("abb-b23", "bove-b", "eastron-sdm120", "eastron-sdm630")
