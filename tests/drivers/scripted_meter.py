"""A TCP listener that plays a script on the Modbus wire, in TCP or RTU framing, byte by byte as the test wants."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import TracebackType

from drivers.modbus.model import load
from drivers.modbus.settings import MeterSettings, TcpLink


@dataclass(frozen=True, slots=True)
class Request:
    """One read request as it came."""

    transaction: int
    unit: int
    function: int
    address: int
    count: int


Send = Callable[[bytes], None]
Script = Callable[[Request, Send], Awaitable[None]]


class ScriptedMeter:
    """Calls the script for each request. `overtaken` is True once a request came before the last one was answered."""

    def __init__(self, script: Script, *, rtu: bool = False) -> None:
        self.requests: list[Request] = []
        self.connections = 0
        self.port = 0
        self.overtaken = False
        self.asked = asyncio.Event()
        self._script = script
        self._rtu = rtu
        self._server: asyncio.Server | None = None
        self._writers: dict[asyncio.Task[None] | None, asyncio.StreamWriter] = {}

    async def __aenter__(self) -> "ScriptedMeter":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        handlers = [task for task in self._writers if task is not None]
        self.drop()
        await asyncio.gather(*handlers)
        await self._server.wait_closed()

    def drop(self) -> None:
        """Closes all connections."""
        for writer in self._writers.values():
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers[asyncio.current_task()] = writer
        working = False
        tasks: set[asyncio.Task[None]] = set()

        async def play(request: Request) -> None:
            nonlocal working
            self.overtaken = self.overtaken or working
            working = True
            await self._script(request, writer.write)
            working = False

        try:
            while True:
                request = await self._request(reader)
                self.requests.append(request)
                self.asked.set()
                tasks.add(asyncio.create_task(play(request)))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            writer.close()
            del self._writers[asyncio.current_task()]

    async def _request(self, reader: asyncio.StreamReader) -> Request:
        if self._rtu:
            adu = await reader.readexactly(8)
            assert crc16(adu[:6]) == adu[6:], "the client's checksum"
            return _request(0, adu[:6])
        adu = await reader.readexactly(12)
        assert adu[2:6] == b"\0\0\0\x06", "the client's header"
        return _request(int.from_bytes(adu[:2], "big"), adu[6:])


def _request(transaction: int, pdu: bytes) -> Request:
    return Request(transaction, pdu[0], pdu[1], int.from_bytes(pdu[2:4], "big"), int.from_bytes(pdu[4:6], "big"))


def tcp(request: Request, body: bytes, *, transaction: int | None = None, unit: int | None = None) -> bytes:
    """An answer in TCP framing; body is function code and data."""
    number = request.transaction if transaction is None else transaction
    answering = request.unit if unit is None else unit
    return number.to_bytes(2, "big") + b"\0\0" + (len(body) + 1).to_bytes(2, "big") + bytes([answering]) + body


def rtu(request: Request, body: bytes) -> bytes:
    """An answer in RTU framing."""
    adu = bytes([request.unit]) + body
    return adu + crc16(adu)


def registers(function: int, data: str) -> bytes:
    """The body of an answer with these register bytes, in hexadecimal."""
    return bytes([function, len(data) // 2]) + bytes.fromhex(data)


def crc16(data: bytes) -> bytes:
    """Modbus over serial line V1.02, 6.2.2, bit by bit."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ 0xA001 if crc & 1 else crc >> 1
    return crc.to_bytes(2, "little")


def register_script(table: Mapping[tuple[int, int], str]) -> Script:
    """Serves {(function, address): register bytes in hexadecimal}; exception 2 for what is not in the table."""
    words: dict[tuple[int, int], str] = {}
    for (function, address), data in table.items():
        for at in range(0, len(data), 4):
            words[function, address + at // 4] = data[at : at + 4]

    async def script(request: Request, send: Send) -> None:
        wanted = [(request.function, address) for address in range(request.address, request.address + request.count)]
        if any(key not in words for key in wanted):
            send(tcp(request, bytes([request.function | 0x80, 2])))
        else:
            send(tcp(request, registers(request.function, "".join(words[key] for key in wanted))))

    return script


def settings(port: int, model: str = "eastron-sdm120", unit: int = 1, timeout_ms: int = 5000) -> dict[str, object]:
    """As they would stand in TOML. The timeout is long: only tests of silence wait for it, and give their own."""
    return {
        "transport": "tcp",
        "host": "127.0.0.1",
        "port": port,
        "unit": unit,
        "model": model,
        "timeout_ms": timeout_ms,
    }


def attached(link: TcpLink, unit: int = 1, timeout_ms: int = 5000) -> MeterSettings:
    """An SDM120 on any link."""
    return MeterSettings(link, unit, load("eastron-sdm120"), timeout_ms)


def clock() -> int:
    """A clock that stands still."""
    return 1_790_000_000
