"""What crosses from a driver to the appliance is right or does not exist, and keeps private data out of logs."""

from dataclasses import replace

import pytest

from drivers.api import Authenticity, Confidence, DriverError, Identity, Reading, Register, Unit

READING = Reading("1-0:1.8.0", 1_234_567, Unit.WH, 1_790_000_000, Authenticity.L0, b"\x44\x9a\x52\x25", None)
REGISTER = Register("1-0:1.8.0", Unit.WH, None, 11_385, False)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("register", "1.8.0"),
        ("register", "import"),
        ("register", 18),
        ("index", -1),
        ("index", 2**63),
        ("index", 1.0),
        ("index", True),
        ("index", None),
        ("unit", "Wh"),
        ("unit", "kWh"),
        ("at", 0),
        ("at", 1.5),
        ("level", 0),
        ("frame", b""),
        ("frame", b"x" * 4097),
        ("frame", "44"),
        ("counter", -1),
        ("counter", 0.5),
    ],
)
def test_a_reading_that_cannot_be_is_refused(field: str, value: object) -> None:
    with pytest.raises(ValueError, match=field):
        replace(READING, **{field: value})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("field", "value"), [("code", "import"), ("unit", "Wh"), ("modulus", 0), ("max_rate", 0), ("resettable", None)]
)
def test_a_register_that_cannot_be_is_refused(field: str, value: object) -> None:
    with pytest.raises(ValueError, match=field):
        replace(REGISTER, **{field: value})  # type: ignore[arg-type]


def test_water_and_counters() -> None:
    water = Reading("8-0:1.0.0", 0, Unit.ML, 1, Authenticity.L3, b"\0", 2**32 - 1)
    assert (water.unit, water.counter) == ("ml", 4_294_967_295)


def test_repr_keeps_usage_and_serial_numbers_to_itself() -> None:
    assert "1234567" not in repr(READING)
    assert "R%" not in repr(READING)
    assert "1-0:1.8.0" in repr(READING)
    identity = Identity("Eastron", "SDM120-Modbus", "S-4711", "eastron-sdm120@1", Confidence.A, REGISTER)
    assert "4711" not in repr(identity)
    assert "SDM120" in repr(identity)


def test_levels_have_the_order_of_their_strength() -> None:
    assert [level.name for level in sorted(Authenticity)] == ["L0", "L1", "L2", "L3", "L4", "L5"]
    assert [int(level) for level in Authenticity] == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize("permanent", [True, False])
def test_an_error_says_whether_to_try_again(permanent: bool) -> None:
    error = DriverError("no answer", permanent=permanent)
    assert (str(error), error.permanent) == ("no answer", permanent)
