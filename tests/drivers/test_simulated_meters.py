"""Virtual meters read by the real driver over real sockets: the log is what was read, each fault has its outcome."""

import asyncio
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from drivers.api import DriverError, Meter, Settings, Unit
from drivers.modbus import DRIVER
from drivers.modbus.model import Utility
from drivers.simulate import Fault, FaultKind, Plan, PlannedMeter, Settlement, parse, plan
from drivers.simulate.load import Dwelling
from tests.drivers.scripted_meter import settings

EPOCH = 1_790_000_000
SHORT_MS = 150
ROOT = Path(__file__).parents[2]


class SimulatedTime:
    """UTC seconds, moved by the test."""

    def __init__(self) -> None:
        self.now = EPOCH

    def __call__(self) -> int:
        return self.now


class Town:
    """A settlement in this process, its time and its log."""

    def __init__(self, planned: Plan) -> None:
        self.time = SimulatedTime()
        self.log: list[tuple[str, int, int]] = []
        self.plan = planned
        self.settlement = Settlement(planned, self.time, lambda *entry: self.log.append(entry))

    def settings(self, name: str, timeout_ms: int = 5000) -> Settings:
        meter = next(meter for meter in self.plan.meters if meter.name == name)
        return settings(self.settlement.gateways[name].port, meter.model, meter.unit, timeout_ms)


@asynccontextmanager
async def town(planned: Plan) -> AsyncIterator[Town]:
    opened = Town(planned)
    async with opened.settlement:
        yield opened


@asynccontextmanager
async def meters_of(there: Town) -> AsyncIterator[dict[str, Meter]]:
    """Every meter of the town, on one bus per bus key."""
    async with AsyncExitStack() as stack:
        buses = {}
        meters: dict[str, Meter] = {}
        for planned in there.plan.meters:
            wanted = there.settings(planned.name)
            key = DRIVER.bus_key(wanted)
            if key not in buses:
                buses[key] = await stack.enter_async_context(DRIVER.open_bus(wanted, there.time))
            meters[planned.name] = buses[key].meter(wanted)
        yield meters


def free_ports(count: int) -> list[int]:
    holders = [socket.socket() for _ in range(count)]
    try:
        for holder in holders:
            holder.bind(("127.0.0.1", 0))
        return [holder.getsockname()[1] for holder in holders]
    finally:
        for holder in holders:
            holder.close()


def default_plan(utilities: Sequence[Utility] = tuple(Utility)) -> Plan:
    """The default plan, moved to ports that are free here."""
    usual = plan(utilities, epoch_utc=EPOCH, epoch_wall_ms=0)
    ports = sorted({meter.port for meter in usual.meters})
    moved = dict(zip(ports, free_ports(len(ports)), strict=True))
    return replace(usual, meters=tuple(replace(meter, port=moved[meter.port]) for meter in usual.meters))


def one(model: str = "eastron-sdm120", fault: Fault | None = None, dwelling: Dwelling = Dwelling.FAMILY) -> Plan:
    return Plan(EPOCH, 0, 1, (PlannedMeter("m", 0, 1, model, 7, dwelling, 123_456, fault),))


def test_the_default_plan_is_two_zones_of_the_same_sixteen_dwellings() -> None:
    usual = plan(epoch_utc=EPOCH, epoch_wall_ms=1000)
    assert len(usual.meters) == len({meter.name for meter in usual.meters}) == 32
    assert len({(meter.port, meter.unit) for meter in usual.meters}) == 32
    assert usual.meters[0].name == "z1s00"
    assert usual.meters[-1].name == "z2s15"
    halves = [{meter.model for meter in half} for half in (usual.meters[:16], usual.meters[16:])]
    assert halves == [{"eastron-sdm120", "eastron-sdm630", "abb-b23"}, {"bove-b"}]
    assert {meter.dwelling for meter in usual.meters} == set(Dwelling)
    assert [meter.dwelling for meter in usual.meters[:16]] == [meter.dwelling for meter in usual.meters[16:]]
    gateways = [meter.port for meter in usual.meters if meter.unit > 1]
    assert (len(gateways), len(set(gateways))) == (6, 2)
    assert parse(usual.to_json()) == usual


async def test_thirty_two_meters_are_read_and_the_log_says_the_same() -> None:
    async with town(default_plan()) as there, meters_of(there) as meters:
        read = []
        for step in range(4):
            there.time.now = EPOCH + step * 7000
            readings = await asyncio.gather(*(meter.read() for meter in meters.values()))
            read += [(name, reading.at, reading.index) for name, reading in zip(meters, readings, strict=True)]
        connections = {gateway: gateway.connections for gateway in there.settlement.gateways.values()}
    assert len(read) == 128
    assert sorted(read) == sorted(there.log)
    assert set(connections.values()) == {1}
    assert len(connections) == 26


async def test_every_virtual_meter_passes_its_models_probe() -> None:
    async with town(default_plan()) as there, meters_of(there) as meters:
        identities = [await meter.identify() for meter in meters.values()]
    assert [identity.profile for identity in identities] == [f"{meter.model}@1" for meter in there.plan.meters]
    assert len({identity.serial for identity in identities}) == 32
    assert not there.log


@pytest.mark.parametrize("model", ["eastron-sdm120", "eastron-sdm630", "abb-b23", "bove-b"])
async def test_a_restart_changes_no_number(model: str) -> None:
    indexes = []
    for _ in range(2):
        async with town(one(model)) as there, meters_of(there) as meters:
            there.time.now = EPOCH + 100_000
            indexes.append((await meters["m"].read()).index)
    assert indexes[0] == indexes[1] > 123_456


async def test_the_index_on_the_wire_never_falls_and_keeps_to_the_load() -> None:
    async with town(one("abb-b23", dwelling=Dwelling.SHOP)) as there, meters_of(there) as meters:
        indexes = []
        for hour in range(48):
            there.time.now = EPOCH + hour * 3600
            indexes.append((await meters["m"].read()).index)
    assert indexes == sorted(indexes)
    assert all(index % 10 == 0 for index in indexes)  # this counter steps by 0.01 kWh
    assert 20_000 < indexes[-1] - indexes[0] < 60_000


async def test_a_water_meter_shows_whole_litres_in_millilitres() -> None:
    async with town(one("bove-b")) as there, meters_of(there) as meters:
        hours = range(EPOCH, EPOCH + 25 * 3600, 3600)
        readings = [await meters["m"].read() for there.time.now in hours]
    assert {(reading.register, reading.unit) for reading in readings} == {("8-0:1.0.0", Unit.ML)}
    indexes = [reading.index for reading in readings]
    assert [index for _, _, index in there.log] == indexes == sorted(indexes)
    assert indexes[0] == 123_000  # of 123456 ml
    assert all(index % 1000 == 0 for index in indexes)
    assert 100_000 < indexes[-1] - indexes[0] < 500_000


async def test_a_read_of_other_registers_is_not_logged() -> None:
    async with town(one()) as there, meters_of(there) as meters:
        await meters["m"].identify()
        assert there.log == []
        await meters["m"].read()
        assert len(there.log) == 1


@pytest.mark.parametrize(
    ("fault", "message", "permanent"),
    [
        (Fault(FaultKind.SILENT), "no answer within 150 ms", False),
        (Fault(FaultKind.SLOW, 250), "no answer within 150 ms", False),
        (Fault(FaultKind.EXCEPTION, 4), r"\(exception 4\)", False),
        (Fault(FaultKind.EXCEPTION, 2), r"\(exception 2\)", True),
        (Fault(FaultKind.COUNT, 1), "1 registers came where 2", False),
        (Fault(FaultKind.COUNT, 4), "4 registers came where 2", False),
        (Fault(FaultKind.COUNT, 0), "0 registers came where 2", False),
        (Fault(FaultKind.GARBAGE), "connection was lost", False),
        (Fault(FaultKind.DROP), "connection was lost", False),
        (Fault(FaultKind.FUNCTION), "function 3 came where 4", False),
        (Fault(FaultKind.UNIT), "no answer within 150 ms", False),
    ],
    ids=str,
)
async def test_a_fault_is_told_and_passes(fault: Fault, message: str, permanent: bool) -> None:
    timeout_ms = SHORT_MS if "150" in message else 5000
    async with town(one(fault=fault)) as there:
        async with DRIVER.open_bus(there.settings("m"), there.time) as bus:
            with pytest.raises(DriverError, match=message) as told:
                await bus.meter(there.settings("m", timeout_ms)).read()
        assert told.value.permanent is permanent
        there.settlement.set_fault("m", None)
        async with DRIVER.open_bus(there.settings("m"), there.time) as bus:
            assert (await bus.meter(there.settings("m")).read()).index == 123_456
    assert len(there.log) == (2 if fault.kind is FaultKind.SLOW else 1)


async def test_a_slow_meter_within_the_timeout_is_read() -> None:
    async with town(one(fault=Fault(FaultKind.SLOW, 50))) as there, meters_of(there) as meters:
        assert (await meters["m"].read()).index == 123_456


async def test_a_frozen_index_stands_still_and_goes_on_afterwards() -> None:
    async with town(one()) as there, meters_of(there) as meters:
        there.time.now += 10_000
        before = (await meters["m"].read()).index
        there.settlement.set_fault("m", Fault(FaultKind.FROZEN))
        there.time.now += 10_000
        assert (await meters["m"].read()).index == before
        there.settlement.set_fault("m", None)
        assert (await meters["m"].read()).index > before
    assert [index for _, _, index in there.log][:2] == [before, before]


async def test_a_meter_that_is_not_there_is_silence() -> None:
    async with town(one()) as there, DRIVER.open_bus(there.settings("m"), there.time) as bus:
        absent = dict(there.settings("m", SHORT_MS)) | {"unit": 9}
        with pytest.raises(DriverError, match="no answer"):
            await bus.meter(absent).read()
        assert (await bus.meter(there.settings("m")).read()).index == 123_456


async def test_dead_meters_of_a_gateway_leave_the_living_readable() -> None:
    async with town(default_plan([Utility.ELECTRICITY])) as there:
        names = [meter.name for meter in there.plan.meters][-4:]
        there.settlement.set_fault(names[0], Fault(FaultKind.SILENT))
        there.settlement.set_fault(names[1], Fault(FaultKind.SLOW, 400))
        async with DRIVER.open_bus(there.settings(names[0]), there.time) as bus:
            living = [bus.meter(there.settings(name)) for name in names[2:]]
            for _ in range(3):
                for name in names[:2]:
                    with pytest.raises(DriverError, match="no answer"):
                        await bus.meter(there.settings(name, 50)).read()
                for name, meter in zip(names[2:], living, strict=True):
                    reading = await meter.read()
                    assert there.log[-1] == (name, reading.at, reading.index)
        assert there.settlement.gateways[names[0]].connections == 1


PLAN = one().to_json()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"speed": 1', '"speed": 0', "speed = 0"),
        ('"speed": 1', '"speed": 1.5', "speed = 1.5"),
        ('"epoch_utc": 1790000000', '"epoch_utc": "now"', "epoch_utc = 'now'"),
        ('"eastron-sdm120"', '"eastron"', "model = 'eastron'.*eastron-sdm120"),
        ('"family"', '"castle"', "dwelling = 'castle'.*'family'"),
        ('"unit": 1', '"unit": 248', "unit = 248"),
        ('"port": 0', '"port": 70000', "port = 70000"),
        ('"port": 0', '"port": 0, "colour": 1', "colour = 1 is not a known key"),
        ('"port": 0', '"port": 0, "fault": {"kind": "tired"}', "kind = 'tired'.*'silent'"),
        ('"port": 0', '"port": 0, "fault": {"kind": "slow"}', "value is missing"),
        ('"port": 0', '"port": 0, "fault": {"kind": "silent", "value": 1}', "value = 1 is not a known key"),
        ('"name"', '"nom"', "name is missing"),
        ("{", "[", "not JSON"),
    ],
)
def test_a_broken_plan_is_refused(old: str, new: str, message: str) -> None:
    assert old in PLAN
    with pytest.raises(DriverError, match=message):
        parse(PLAN.replace(old, new, 1))


def test_doubles_in_a_plan_are_refused() -> None:
    meter = one().meters[0]
    for other, message in (
        (replace(meter, unit=2), "two meters are called 'm'"),
        (replace(meter, name="n"), "two meters are unit 1 at port 15020"),
    ):
        doubled = replace(one(), meters=(replace(meter, port=15020), replace(other, port=15020)))
        with pytest.raises(DriverError, match=message):
            parse(doubled.to_json())


def test_simulated_time_runs_as_planned() -> None:
    fast = Plan(EPOCH, 5_000, 3600, one().meters)
    assert [fast.utc(wall) for wall in (5_000, 5_001, 6_000, 6_500)] == [EPOCH, EPOCH + 3, EPOCH + 3600, EPOCH + 5400]
    assert fast.utc(0) == EPOCH


class Simulator:
    """`python -m drivers.simulate` as a process."""

    def __init__(self, plan_file: Path, log: Path) -> None:
        self.log = log
        self.process = subprocess.Popen(
            [sys.executable, "-m", "drivers.simulate", "--plan", str(plan_file), "--log", str(log)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def line(self) -> dict[str, object]:
        assert self.process.stdout is not None
        answer: dict[str, object] = json.loads(self.process.stdout.readline())
        return answer

    def say(self, line: str) -> dict[str, object]:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.line()

    def logged(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()]


@pytest.fixture
def simulator(tmp_path: Path) -> Iterator[Simulator]:
    """One meter, time a thousand times as fast as the wall clock's, on a port of its own choice."""
    plan_file = tmp_path / "plan.json"
    plan_file.write_text(replace(one(), speed=1000, epoch_wall_ms=time.time_ns() // 1_000_000).to_json())
    started = Simulator(plan_file, tmp_path / "log.jsonl")
    try:
        yield started
    finally:
        started.process.kill()
        started.process.communicate()


async def test_the_simulator_as_a_process(simulator: Simulator) -> None:
    ready = simulator.line()
    assert ready["ready"] is True
    ports = ready["ports"]
    assert isinstance(ports, list)
    assert ready["meters"] == [{"name": "m", "port": ports[0], "unit": 1, "model": "eastron-sdm120"}]
    wanted = settings(ports[0])
    async with DRIVER.open_bus(wanted, lambda: 1) as bus:
        first = await bus.meter(wanted).read()
        assert simulator.say('{"meter": "m", "fault": {"kind": "silent"}}') == {
            "ok": True,
            "meter": "m",
            "fault": "silent",
        }
        with pytest.raises(DriverError, match="no answer"):
            await bus.meter(wanted | {"timeout_ms": SHORT_MS}).read()
        for wrong in (
            '{"meter": "x", "fault": null}',
            '{"meter": "m", "fault": {"kind": "?"}}',
            "[]",
            "nonsense",
            "{}",
        ):
            assert simulator.say(wrong)["ok"] is False
        assert simulator.say('{"meter": "m", "fault": null}') == {"ok": True, "meter": "m", "fault": None}
        second = await bus.meter(wanted).read()
    assert [entry["index"] for entry in simulator.logged()] == [first.index, second.index]
    assert {entry["meter"] for entry in simulator.logged()} == {"m"}
    assert second.index >= first.index
    simulator.process.send_signal(signal.SIGTERM)
    out, err = simulator.process.communicate(timeout=30)
    assert (simulator.process.returncode, out, err) == (0, "", "")


def test_a_simulator_goes_on_without_standard_input(simulator: Simulator) -> None:
    assert simulator.line()["ready"] is True
    assert simulator.process.stdin is not None
    simulator.process.stdin.close()
    simulator.process.stdin = None
    assert simulator.process.poll() is None
    simulator.process.send_signal(signal.SIGINT)
    assert simulator.process.wait(30) == 0


@pytest.mark.parametrize("content", ["{}", "nonsense", None])
def test_a_simulator_without_a_plan_says_so(tmp_path: Path, content: str | None) -> None:
    plan_file = tmp_path / "plan.json"
    if content is not None:
        plan_file.write_text(content)
    out, err = (failed := Simulator(plan_file, tmp_path / "log.jsonl")).process.communicate(timeout=30)
    assert failed.process.returncode == 2
    assert not out
    assert "plan" in err
    assert "Traceback" not in err


def test_a_port_that_is_taken_is_said(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        plan_file = tmp_path / "plan.json"
        plan_file.write_text(replace(one(), meters=(replace(one().meters[0], port=port),)).to_json())
        _, err = (failed := Simulator(plan_file, tmp_path / "log.jsonl")).process.communicate(timeout=30)
    assert failed.process.returncode == 2
    assert "address already in use" in err
    assert "Traceback" not in err
