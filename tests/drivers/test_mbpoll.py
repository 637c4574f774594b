"""mbpoll, a Modbus client of other people, reads the virtual meters and gets the numbers that the driver gets."""

import asyncio
import re
import struct
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest

from drivers.modbus import DRIVER
from drivers.simulate import Plan, PlannedMeter
from drivers.simulate.load import Dwelling
from tests.drivers.test_simulated_meters import EPOCH, town

# model: mbpoll's register table, first register, count, and what the words are
LAYOUTS = {"eastron-sdm120": ("3", 0x48, 2), "eastron-sdm630": ("3", 0x48, 2), "abb-b23": ("4", 0x5000, 4)}


async def mbpoll(program: Path, port: int, unit: int, kind: str, register: int, count: int) -> list[str]:
    """The values it prints, one per register or pair of registers."""
    process = await asyncio.create_subprocess_exec(
        program,
        *("-m", "tcp", "-p", str(port), "-a", str(unit), "-0", "-B", "-1", "-o", "5"),
        *("-t", kind, "-r", str(register), "-c", str(count), "127.0.0.1"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await process.communicate()
    text = out.decode(errors="replace")
    assert process.returncode == 0, text
    return re.findall(r"^\[\d+\]:\s+(\S+)", text, re.MULTILINE)


def shown(model: str, words: list[str]) -> int:
    """Wh, from the words in mbpoll's hexadecimal."""
    data = bytes.fromhex("".join(word.removeprefix("0x") for word in words))
    if model == "abb-b23":
        return 10 * int.from_bytes(data, "big")
    kwh = Decimal(struct.unpack(">f", data)[0])
    return int((kwh * 1000).quantize(Decimal(1), rounding=ROUND_HALF_UP))


@pytest.mark.parametrize("model", LAYOUTS)
async def test_mbpoll_gets_the_same_numbers(model: str, tool: Callable[[str], Path]) -> None:
    program = tool("mbpoll")
    kind, register, count = LAYOUTS[model]
    meter = PlannedMeter("m", 0, 5, model, 7, Dwelling.FAMILY, 1_234_567)
    async with town(Plan(EPOCH, 0, 1, (meter,))) as there:
        there.time.now = EPOCH + 1_000_000
        async with DRIVER.open_bus(there.settings("m"), there.time) as bus:
            reading = await bus.meter(there.settings("m")).read()
        port = there.settlement.gateways["m"].port
        words = await mbpoll(program, port, 5, f"{kind}:hex", register, count)
        assert bytes.fromhex("".join(word.removeprefix("0x") for word in words)) == reading.frame
        assert shown(model, words) == reading.index
        assert [index for _, _, index in there.log] == [reading.index] * 2
        if model != "abb-b23":
            (printed,) = await mbpoll(program, port, 5, f"{kind}:float", register, 1)
            assert printed == f"{reading.index / 1000:g}"


async def test_mbpoll_sees_voltage_and_frequency(tool: Callable[[str], Path]) -> None:
    program = tool("mbpoll")
    async with town(Plan(EPOCH, 0, 1, (PlannedMeter("m", 0, 1, "eastron-sdm630", 7, Dwelling.SHOP, 0),))) as there:
        port = there.settlement.gateways["m"].port
        volts = await mbpoll(program, port, 1, "3:float", 0, 3)
        (total,) = await mbpoll(program, port, 1, "3:float", 0x34, 1)
        phases = await mbpoll(program, port, 1, "3:float", 0x0C, 3)
        (hertz,) = await mbpoll(program, port, 1, "3:float", 0x46, 1)
    assert len(volts) == 3
    assert all(224 <= float(volt) <= 236.1 for volt in volts)
    assert 49.9 <= float(hertz) <= 50.1
    assert float(total) == sum(float(watts) for watts in phases) > 0
