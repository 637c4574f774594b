"""The dangers of a Modbus bus, each with the outcome that is promised."""

import asyncio
import logging
from collections.abc import Callable

import pytest
from pymodbus import FramerType
from pymodbus.client import AsyncModbusTcpClient

from drivers.api import DriverError
from drivers.modbus import DRIVER
from drivers.modbus.bus import ModbusBus
from drivers.modbus.model import load
from drivers.modbus.settings import LONGEST_TIMEOUT_MS, TcpLink
from tests.drivers.scripted_meter import (
    Request,
    ScriptedMeter,
    Send,
    attached,
    clock,
    register_script,
    registers,
    rtu,
    settings,
    tcp,
)

OLD = "3F800000"  # 1.0 kWh
NEW = "40000000"  # 2.0 kWh
SHORT_MS = 150
DEAD_MS = 50


def link(device: ScriptedMeter, framer: FramerType = FramerType.SOCKET) -> TcpLink:
    return TcpLink("127.0.0.1", device.port, framer)


class LateMeter:
    """Answers the first request when told, after `gave_up`; the later ones at once. RTU framing: no transaction id."""

    def __init__(self) -> None:
        self.gave_up = asyncio.Event()
        self.sent = asyncio.Event()
        self._first = True

    async def __call__(self, request: Request, send: Send) -> None:
        if not self._first:
            send(rtu(request, registers(4, NEW)))
            return
        self._first = False
        await self.gave_up.wait()
        send(rtu(request, registers(4, OLD)))
        self.sent.set()


async def test_a_late_answer_without_transaction_id_falls_into_the_quiet_time() -> None:
    late = LateMeter()
    async with ScriptedMeter(late, rtu=True) as device, ModbusBus(link(device, FramerType.RTU), clock) as bus:
        meter = bus.attach(attached(link(device, FramerType.RTU), 1, SHORT_MS))
        bus.attach(attached(link(device, FramerType.RTU), 2))  # not silent yet, so the link stays open
        with pytest.raises(DriverError, match=f"no answer within {SHORT_MS} ms") as silent:
            await meter.read()
        late.gave_up.set()
        reading = await bus.attach(attached(link(device, FramerType.RTU), 1)).read()
    assert not silent.value.permanent
    assert late.sent.is_set()
    assert reading.index == 2000
    assert device.connections == 1


async def test_without_quiet_time_the_late_answer_would_have_been_booked() -> None:
    """The danger is real: the same late answer, and a client that asks again at once."""
    first: list[Request] = []

    async def script(request: Request, send: Send) -> None:
        first.append(request)
        if len(first) == 2:
            send(rtu(first[0], registers(4, OLD)))

    async with ScriptedMeter(script, rtu=True) as device:
        client = AsyncModbusTcpClient(
            "127.0.0.1", port=device.port, framer=FramerType.RTU, retries=0, timeout=SHORT_MS / 1000, reconnect_delay=0
        )
        assert await client.connect()
        logging.getLogger("pymodbus").setLevel(logging.CRITICAL + 1)
        with pytest.raises(Exception, match="No response"):
            await client.read_input_registers(0x48, count=2, device_id=1)
        booked = await client.read_input_registers(0x48, count=2, device_id=1)
        client.close()
    assert booked.registers == [0x3F80, 0x0000]


async def test_the_only_meter_of_a_bus_gets_a_new_connection_after_silence() -> None:
    late = LateMeter()
    async with ScriptedMeter(late, rtu=True) as device, ModbusBus(link(device, FramerType.RTU), clock) as bus:
        meter = bus.attach(attached(link(device, FramerType.RTU), 1, SHORT_MS))
        with pytest.raises(DriverError, match="no answer"):
            await meter.read()
        late.gave_up.set()
        assert (await bus.attach(attached(link(device, FramerType.RTU), 1)).read()).index == 2000
    assert device.connections == 2


async def test_a_late_answer_with_another_transaction_id_is_passed_over() -> None:
    waiting: list[Request] = []

    async def script(request: Request, send: Send) -> None:
        waiting.append(request)
        if len(waiting) == 2:
            send(tcp(waiting[0], registers(4, OLD)) + tcp(request, registers(4, NEW)))

    async with ScriptedMeter(script) as device, ModbusBus(link(device), clock) as bus:
        meter = bus.attach(attached(link(device), 1, SHORT_MS))
        bus.attach(attached(link(device), 2))
        with pytest.raises(DriverError, match="no answer"):
            await meter.read()
        assert (await bus.attach(attached(link(device), 1)).read()).index == 2000
    assert device.connections == 1


async def test_an_answer_without_its_transaction_id_is_refused() -> None:
    """The client library lets transaction 0 pass for any."""

    async def script(request: Request, send: Send) -> None:
        send(tcp(request, registers(4, OLD), transaction=0))

    async with ScriptedMeter(script) as device, ModbusBus(link(device), clock) as bus:
        with pytest.raises(DriverError, match="belongs to another request") as refused:
            await bus.attach(attached(link(device))).read()
    assert not refused.value.permanent


async def test_after_a_caller_gave_up_the_bus_is_quiet_too() -> None:
    late = LateMeter()
    async with ScriptedMeter(late, rtu=True) as device, ModbusBus(link(device, FramerType.RTU), clock) as bus:
        meter = bus.attach(attached(link(device, FramerType.RTU), 1, 1000))
        reading = asyncio.create_task(meter.read())
        await device.asked.wait()
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        late.gave_up.set()
        assert (await meter.read()).index == 2000
    assert device.connections == 1


@pytest.mark.parametrize("data", ["", "3F80", OLD + "0000", OLD * 2])
async def test_a_wrong_register_count_is_refused(data: str) -> None:
    async def script(request: Request, send: Send) -> None:
        send(tcp(request, registers(4, data)))

    async with ScriptedMeter(script) as device, ModbusBus(link(device), clock) as bus:
        with pytest.raises(DriverError, match=f"{len(data) // 4} registers came where 2 were asked") as refused:
            await bus.attach(attached(link(device))).read()
    assert not refused.value.permanent


async def test_an_answer_to_another_function_is_refused() -> None:
    async def script(request: Request, send: Send) -> None:
        send(tcp(request, registers(3, OLD)))

    async with ScriptedMeter(script) as device, ModbusBus(link(device), clock) as bus:
        with pytest.raises(DriverError, match="function 3 came where 4") as refused:
            await bus.attach(attached(link(device))).read()
    assert not refused.value.permanent


async def test_another_units_answer_is_passed_over() -> None:
    async def script(request: Request, send: Send) -> None:
        send(tcp(request, registers(4, OLD), unit=2) + tcp(request, registers(4, NEW)))

    async with ScriptedMeter(script) as device, ModbusBus(link(device), clock) as bus:
        assert (await bus.attach(attached(link(device))).read()).index == 2000


async def test_another_units_answer_alone_is_no_answer() -> None:
    async def script(request: Request, send: Send) -> None:
        send(tcp(request, registers(4, OLD), unit=2))

    async with ScriptedMeter(script) as device, ModbusBus(link(device), clock) as bus:
        with pytest.raises(DriverError, match="no answer"):
            await bus.attach(attached(link(device), timeout_ms=SHORT_MS)).read()


async def test_a_dead_meter_does_not_cost_the_others_their_connection() -> None:
    async def script(request: Request, send: Send) -> None:
        if request.unit == 1:
            send(tcp(request, registers(4, NEW)))

    async with ScriptedMeter(script) as device, ModbusBus(link(device), clock) as bus:
        living, dead = bus.attach(attached(link(device), 1)), bus.attach(attached(link(device), 2, DEAD_MS))
        for _ in range(8):  # the client library closes the link at the fifth
            with pytest.raises(DriverError, match="no answer"):
                await dead.read()
        assert (await living.read()).index == 2000
    assert device.connections == 1


async def test_when_all_meters_are_silent_the_link_is_made_anew() -> None:
    answering = False

    async def script(request: Request, send: Send) -> None:
        if answering:
            send(tcp(request, registers(4, NEW)))

    async with ScriptedMeter(script) as device, ModbusBus(link(device), clock) as bus:
        for unit in (1, 2):
            bus.attach(attached(link(device), unit))
        for unit in (1, 2):
            with pytest.raises(DriverError, match="no answer"):
                await bus.attach(attached(link(device), unit, DEAD_MS)).read()
        answering = True
        assert (await bus.attach(attached(link(device), 1)).read()).index == 2000
    assert device.connections == 2


async def test_a_restarted_server_is_found_again() -> None:
    device = ScriptedMeter(register_script({(4, 0x48): NEW}))
    async with device:
        bus = ModbusBus(link(device), clock)
        await bus.__aenter__()
        assert (await bus.attach(attached(link(device))).read()).index == 2000
    meter = bus.attach(attached(link(device), timeout_ms=SHORT_MS))
    with pytest.raises(DriverError) as gone:
        await meter.read()
    assert not gone.value.permanent
    with pytest.raises(DriverError, match="cannot be reached") as unreachable:
        await meter.read()
    assert not unreachable.value.permanent
    async with device:
        assert (await bus.attach(attached(link(device))).read()).index == 2000
        await bus.__aexit__(None, None, None)


async def test_a_bus_opens_while_nobody_listens_and_connects_when_asked() -> None:
    device = ScriptedMeter(register_script({(4, 0x48): NEW}))
    async with device:
        pass  # the port is known and closed
    async with DRIVER.open_bus(settings(device.port), clock) as bus:
        meter = bus.meter(settings(device.port))
        with pytest.raises(DriverError, match="cannot be reached"):
            await meter.read()
        async with device:
            assert (await meter.read()).index == 2000


async def test_a_bus_is_one_client_and_one_request_at_a_time() -> None:
    async def script(request: Request, send: Send) -> None:
        for _ in range(20):  # lets a second request come in, if there were one
            await asyncio.sleep(0)
        send(tcp(request, registers(4, NEW)))

    async with ScriptedMeter(script) as device, DRIVER.open_bus(settings(device.port), clock) as bus:
        meters = [bus.meter(settings(device.port, unit=unit)) for unit in range(1, 9)]
        readings = await asyncio.gather(*(meter.read() for meter in meters for _ in range(3)))
    assert [reading.index for reading in readings] == [2000] * 24
    assert sorted(request.unit for request in device.requests) == sorted(list(range(1, 9)) * 3)
    assert device.connections == 1
    assert not device.overtaken


@pytest.mark.parametrize(
    ("code", "message", "permanent"),
    [
        (1, "does not know this function", True),
        (2, "no such register", True),
        (3, "refuses this register count", True),
        (4, "failure of its own", False),
        (6, "busy", False),
        (10, "no path", False),
        (11, "does not answer the gateway", False),
        (77, "refuses", False),
    ],
)
async def test_an_exception_says_whether_to_try_again(code: int, message: str, permanent: bool) -> None:
    async def script(request: Request, send: Send) -> None:
        send(tcp(request, bytes([0x84, code])))

    async with ScriptedMeter(script) as device, ModbusBus(link(device), clock) as bus:
        with pytest.raises(DriverError, match=rf"{message}.*\(exception {code}\)") as refused:
            await bus.attach(attached(link(device))).read()
    assert refused.value.permanent is permanent


async def test_an_exception_is_an_answer_and_needs_no_quiet_time() -> None:
    """Held by the timeout of this test's own, far below the meter's."""

    async def script(request: Request, send: Send) -> None:
        refuse = len(device.requests) == 1
        send(tcp(request, bytes([0x84, 6]) if refuse else registers(4, NEW)))

    span = load("eastron-sdm120").billing.span
    device = ScriptedMeter(script)
    async with device, ModbusBus(link(device), clock) as bus, asyncio.timeout(60):
        with pytest.raises(DriverError, match="busy"):
            await bus.registers(1, span, 600_000)
        assert await bus.registers(1, span, 600_000) == (0x4000, 0)
    assert device.connections == 1


async def test_an_exception_of_another_function_is_refused() -> None:
    async def script(request: Request, send: Send) -> None:
        send(tcp(request, bytes([0x83, 2])))

    async with ScriptedMeter(script) as device, ModbusBus(link(device), clock) as bus:
        with pytest.raises(DriverError, match="function") as refused:
            await bus.attach(attached(link(device))).read()
    assert not refused.value.permanent


GARBAGE: dict[str, Callable[[Request], bytes]] = {
    "unknown function": lambda request: tcp(request, bytes.fromhex("6B0011223344")),
    "byte count beyond the frame": lambda request: tcp(request, bytes.fromhex("04FE3F800000")),
    "no Modbus protocol": lambda _: b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "half a frame": lambda request: tcp(request, registers(4, OLD))[:9],
    "nothing but the header": lambda request: tcp(request, b""),
    "more than any frame": lambda _: b"\0" * 5000,
}


@pytest.mark.parametrize("kind", GARBAGE)
async def test_garbage_is_no_reading_and_the_next_request_is_answered(
    kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def script(request: Request, send: Send) -> None:
        send(GARBAGE[kind](request) if len(device.requests) == 1 else tcp(request, registers(4, NEW)))

    device = ScriptedMeter(script)
    async with device, ModbusBus(link(device), clock) as bus:
        with pytest.raises(DriverError) as refused:
            await bus.attach(attached(link(device), timeout_ms=SHORT_MS)).read()
        assert not refused.value.permanent
        assert (await bus.attach(attached(link(device))).read()).index == 2000
    assert not [record for record in caplog.records if record.name.startswith("pymodbus")]


async def test_the_library_is_not_allowed_to_log_frames(caplog: pytest.LogCaptureFixture) -> None:
    """Its error messages end with the last frames, which are somebody's usage."""

    async def script(request: Request, send: Send) -> None:
        send(tcp(request, registers(4, OLD), unit=2))

    logging.getLogger("pymodbus").setLevel(logging.NOTSET)
    with caplog.at_level(logging.DEBUG):
        async with ScriptedMeter(script) as device, ModbusBus(link(device), clock) as bus:
            with pytest.raises(DriverError):
                await bus.attach(attached(link(device), timeout_ms=SHORT_MS)).read()
    assert not [record for record in caplog.records if record.name.startswith("pymodbus")]


async def test_a_dropped_connection_is_said_and_made_anew() -> None:
    async def script(request: Request, send: Send) -> None:
        if len(device.requests) == 1:
            device.drop()
        else:
            send(tcp(request, registers(4, NEW)))

    device = ScriptedMeter(script)
    async with device, ModbusBus(link(device), clock) as bus:
        with pytest.raises(DriverError, match="connection was lost") as lost:
            await bus.attach(attached(link(device), timeout_ms=1000)).read()
        assert not lost.value.permanent
        assert (await bus.attach(attached(link(device))).read()).index == 2000
    assert device.connections == 2


async def test_a_dropped_connection_ends_the_wait() -> None:
    """Held by the timeout of this test's own, far below the meter's."""

    async def script(request: Request, send: Send) -> None:
        device.drop()

    device = ScriptedMeter(script)
    async with device, ModbusBus(link(device), clock) as bus:
        async with asyncio.timeout(60):
            with pytest.raises(DriverError, match="connection was lost"):
                await bus.registers(1, load("eastron-sdm120").billing.span, 600_000)


async def test_the_client_neither_retries_nor_gives_up_nor_reconnects_by_itself() -> None:
    """Each would be done behind the back of the bus, and a reconnect would be a second client."""
    client = TcpLink("127.0.0.1", 15020).client(lambda _: None)
    assert client.ctx.retries == 0
    assert client.ctx.max_until_disconnect >= 2**31
    assert not client.ctx.comm_params.reconnect_delay
    assert client.ctx.comm_params.timeout_connect * 1000 > LONGEST_TIMEOUT_MS


async def test_a_meter_of_another_bus_is_refused() -> None:
    async with DRIVER.open_bus(settings(15020), clock) as bus:
        with pytest.raises(DriverError, match=r"tcp://127.0.0.1:15021.*tcp://127.0.0.1:15020") as refused:
            bus.meter(settings(15021))
    assert refused.value.permanent
