"""Every model against a device whose registers were laid out by hand, from the register facts and IEEE 754 tables.

No line of the table comes from the model files or from the decoder: address, bytes and expected integer stand together.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from drivers.api import Authenticity, Confidence, DriverError, Unit
from drivers.decode import decode
from drivers.modbus import DRIVER, model
from drivers.modbus.bus import ModbusBus
from drivers.modbus.meter import ModbusMeter
from tests.drivers.scripted_meter import ScriptedMeter, clock, register_script, settings

# model -> key -> (function, wire address, register bytes as they come, expected in the finest unit)
DEVICES: dict[str, dict[str, tuple[int, int, str, int]]] = {
    "eastron-sdm120": {
        "import": (4, 0x0048, "449A5225", 1_234_567),  # 1234.567 kWh
        "export": (4, 0x004A, "3E800000", 250),  # 0.25 kWh
        "voltage-l1": (4, 0x0000, "43678000", 231_500),
        "current-l1": (4, 0x0006, "40880000", 4_250),
        "power": (4, 0x000C, "4475F000", 983_750),
        "frequency": (4, 0x0046, "42480000", 50_000),
    },
    "eastron-sdm630": {
        "import": (4, 0x0048, "47AB3329", 87_654_320),  # 87654.3203125 kWh: the nearest to 87654.32
        "export": (4, 0x004A, "41480000", 12_500),
        "voltage-l1": (4, 0x0000, "4365C000", 229_750),
        "voltage-l2": (4, 0x0002, "43668000", 230_500),
        "voltage-l3": (4, 0x0004, "43674000", 231_250),
        "current-l1": (4, 0x0006, "3FC00000", 1_500),
        "current-l2": (4, 0x0008, "40100000", 2_250),
        "current-l3": (4, 0x000A, "40480000", 3_125),
        "power-l1": (4, 0x000C, "43AC8000", 345_000),
        "power-l2": (4, 0x000E, "44016000", 517_500),
        "power-l3": (4, 0x0010, "4433B000", 718_750),
        "power": (4, 0x0034, "44C5A800", 1_581_250),
        "frequency": (4, 0x0046, "4247E148", 49_970),
    },
    "abb-b23": {
        "import": (3, 0x5000, "000000000085BFF8", 87_654_320),  # 8765432 x 0.01 kWh
        "export": (3, 0x5004, "00000000000000FA", 2_500),
        "voltage-l1": (3, 0x5B00, "0000090B", 231_500),
        "voltage-l2": (3, 0x5B02, "000008FA", 229_800),
        "voltage-l3": (3, 0x5B04, "00000900", 230_400),
        "current-l1": (3, 0x5B0C, "00000200", 5_120),
        "current-l2": (3, 0x5B0E, "0000040A", 10_340),
        "current-l3": (3, 0x5B10, "00000800", 20_480),
        "power": (3, 0x5B14, "FFFDB5C5", -1_500_750),  # feeding in: -1500.75 W
        "frequency": (3, 0x5B2C, "1386", 49_980),
    },
    "bove-b": {
        "volume": (3, 0x0007, "614E00BC", 12_345_678_000),  # 12345678 litres, the low word first
        "flow": (3, 0x0001, "86A00001", 1_000_000),  # 100000 x 0.01 litre per hour
    },
}
BILLED = {"bove-b": ("volume", "8-0:1.0.0", Unit.ML)}
BILLED |= dict.fromkeys(("eastron-sdm120", "eastron-sdm630", "abb-b23"), ("import", "1-0:1.8.0", Unit.WH))
SERIALS = {
    "eastron-sdm120": (3, 0xFC00, "00BC614E", "12345678"),
    "eastron-sdm630": (3, 0xFC00, "00BC614E", "12345678"),
    "abb-b23": (3, 0x8900, "00BC614E", "12345678"),
    "bove-b": (3, 0x0021, "614E00BC", "12345678"),
}
IDENTITIES = {
    "eastron-sdm120": ("Eastron", "SDM120-Modbus", Confidence.A, 11_385),
    "eastron-sdm630": ("Eastron", "SDM630-Modbus", Confidence.A, 75_900),
    "abb-b23": ("ABB", "B23", Confidence.B, 49_335),
    "bove-b": ("BOVE", "B series, ultrasonic", Confidence.C, 5_000_000),
}


@dataclass(frozen=True, slots=True)
class Bench:
    """A device with known registers, and the driver's view of it."""

    device: ScriptedMeter
    bus: ModbusBus
    meter: ModbusMeter


@asynccontextmanager
async def bench(name: str, table: dict[tuple[int, int], str]) -> AsyncIterator[Bench]:
    async with ScriptedMeter(register_script(table)) as device:
        wanted = settings(device.port, name)
        async with DRIVER.open_bus(wanted, clock) as bus:
            yield Bench(device, bus, bus.meter(wanted))


def registers_of(name: str) -> dict[tuple[int, int], str]:
    table = {(function, address): data for function, address, data, _ in DEVICES[name].values()}
    function, address, data, _ = SERIALS[name]
    return table | {(function, address): data}


def test_the_table_has_every_model_and_every_point() -> None:
    assert set(DEVICES) == set(SERIALS) == set(IDENTITIES) == set(BILLED) == set(model.names())
    for name, points in DEVICES.items():
        assert set(points) == {point.key for point in model.load(name).points}


@pytest.mark.parametrize("name", model.names())
async def test_the_driver_reads_the_index_of_every_model(name: str) -> None:
    key, code, unit = BILLED[name]
    function, address, data, expected = DEVICES[name][key]
    async with bench(name, registers_of(name)) as it:
        reading = await it.meter.read()
    assert reading.index == expected
    assert reading.register == code
    assert reading.unit is unit
    assert reading.at == clock()
    assert reading.level is Authenticity.L0
    assert reading.frame == bytes.fromhex(data)
    assert reading.counter is None
    assert [(request.function, request.address, request.count) for request in it.device.requests] == [
        (function, address, len(data) // 4)
    ]


@pytest.mark.parametrize(("name", "key"), [(name, key) for name, points in DEVICES.items() for key in points])
async def test_every_point_of_every_model(name: str, key: str) -> None:
    _, _, _, expected = DEVICES[name][key]
    span = next(point.span for point in model.load(name).points if point.key == key)
    async with bench(name, registers_of(name)) as it:
        assert decode(span.layout, await it.bus.registers(1, span, 5000)) == expected


@pytest.mark.parametrize("name", model.names())
async def test_every_model_identifies_itself(name: str) -> None:
    async with bench(name, registers_of(name)) as it:
        identity = await it.meter.identify()
    vendor, plate, confidence, max_rate = IDENTITIES[name]
    assert (identity.vendor, identity.model, identity.confidence) == (vendor, plate, confidence)
    assert identity.serial == SERIALS[name][3]
    assert identity.profile == f"{name}@1"
    assert identity.register.code == BILLED[name][1]
    assert identity.register.unit is BILLED[name][2]
    assert identity.register.max_rate == max_rate
    assert identity.register.modulus is None
    assert not identity.register.resettable
    assert "12345678" not in repr(identity)


@pytest.mark.parametrize("name", model.names())
async def test_a_meter_without_a_serial_register_still_identifies(name: str) -> None:
    table = registers_of(name)
    del table[SERIALS[name][:2]]
    async with bench(name, table) as it:
        assert (await it.meter.identify()).serial is None


async def test_a_serial_register_with_no_value_is_no_serial() -> None:
    table = registers_of("abb-b23") | {(3, 0x8900): "FFFFFFFF"}
    async with bench("abb-b23", table) as it:
        assert (await it.meter.identify()).serial is None


async def test_a_meter_of_another_model_is_recognised_by_its_probe() -> None:
    table = registers_of("eastron-sdm120") | {(4, 0x0000): "00000905"}  # 230.9 V as an Eltako would write it
    async with bench("eastron-sdm120", table) as it:
        with pytest.raises(DriverError, match=r"voltage-l1 is 0 mV.*another model") as refused:
            await it.meter.identify()
    assert refused.value.permanent


async def test_a_register_that_the_meter_lacks_is_permanent() -> None:
    async with bench("abb-b23", registers_of("eastron-sdm120")) as it:
        with pytest.raises(DriverError, match="no such register") as refused:
            await it.meter.read()
    assert refused.value.permanent


@pytest.mark.parametrize(
    ("name", "function", "address", "data", "message"),
    [
        ("abb-b23", 3, 0x5000, "F" * 16, "no value now"),
        ("abb-b23", 3, 0x5000, "F" * 15 + "E", "too large"),
        ("eastron-sdm120", 4, 0x0048, "7FC00000", "not a number"),  # quiet NaN
        ("eastron-sdm120", 4, 0x0048, "7F800000", "not a number"),  # infinity
        ("eastron-sdm120", 4, 0x0048, "7F7FFFFF", "too large"),  # 3.4e38
        ("eastron-sdm120", 4, 0x0048, "BA83126F", "negative"),  # -0.001 kWh
    ],
)
async def test_an_index_that_cannot_be_is_no_reading(
    name: str, function: int, address: int, data: str, message: str
) -> None:
    table = registers_of(name) | {(function, address): data}
    async with bench(name, table) as it:
        with pytest.raises(DriverError, match=message) as refused:
            await it.meter.read()
    assert not refused.value.permanent
    assert f"127.0.0.1:{it.device.port} unit 1 ({name})" in str(refused.value)
