"""Modbus TCP for virtual meters, on plain asyncio streams.

The server of pymodbus is not used: it answers exception 4 for a unit that is not there where an RS-485 gateway stays
silent, and cannot answer late, in part, for another unit, with a wrong register count or not at all; and a server
that shares no code with the client under test is the better witness.
"""

import asyncio
from collections.abc import Mapping
from types import TracebackType

from drivers.simulate.device import ILLEGAL_FUNCTION, Answer, Device, Refusal
from drivers.simulate.load import jitter
from drivers.simulate.plan_file import Fault, FaultKind

HOST = "127.0.0.1"
_HEADER = 7  # transaction, protocol, length, unit
_READS = (3, 4)


class Gateway:
    """One listening port with one or more meters behind it, an async context manager. `connections` counts accepts."""

    def __init__(self, port: int, devices: Mapping[int, Device]) -> None:
        self.port = port
        self.connections = 0
        self._devices = devices
        self._server: asyncio.Server | None = None
        self._open: dict[asyncio.Task[None] | None, asyncio.StreamWriter] = {}

    async def __aenter__(self) -> "Gateway":
        self._server = await asyncio.start_server(self._serve, HOST, self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
            handlers = [task for task in self._open if task is not None]
            for writer in self._open.values():
                writer.close()
            await asyncio.gather(*handlers)
            await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._open[asyncio.current_task()] = writer
        try:
            while await self._exchange(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client went away
        finally:
            del self._open[asyncio.current_task()]
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request; False ends the connection."""
        header = await reader.readexactly(_HEADER)
        length = int.from_bytes(header[4:6], "big")
        if header[2:4] != b"\0\0" or not 2 <= length <= 254:
            return False
        request = await reader.readexactly(length - 1)
        transaction, unit = header[:2], header[6]
        device = self._devices.get(unit)
        if device is None:
            return True  # nobody there: an RS-485 line stays silent
        fault = device.fault
        if fault is not None and fault.kind is FaultKind.DROP:
            return False
        if fault is not None and fault.kind is FaultKind.SILENT:
            return True
        body = _body(device, request, fault, int.from_bytes(transaction, "big"))
        answering = (unit % 247 + 1) if fault is not None and fault.kind is FaultKind.UNIT else unit
        adu = transaction + b"\0\0" + (len(body) + 1).to_bytes(2, "big") + bytes([answering]) + body
        if fault is not None and fault.kind is FaultKind.SLOW:
            asyncio.get_running_loop().call_later(fault.value / 1000, _write, writer, adu)
        else:
            _write(writer, adu)
            await writer.drain()
        return True


def _write(writer: asyncio.StreamWriter, adu: bytes) -> None:
    if not writer.is_closing():
        writer.write(adu)


def _body(device: Device, request: bytes, fault: Fault | None, transaction: int) -> bytes:
    """The answer's function code and data, as true as the fault lets it be."""
    function = request[0]
    if fault is not None and fault.kind is FaultKind.EXCEPTION:
        return bytes([function | 0x80, fault.value])
    if fault is not None and fault.kind is FaultKind.GARBAGE:
        return bytes([0x6B]) + jitter(transaction, function).to_bytes(8, "big")
    if function not in _READS or len(request) != 5:
        return bytes([function | 0x80, ILLEGAL_FUNCTION])
    answer = device.answer(function, int.from_bytes(request[1:3], "big"), int.from_bytes(request[3:5], "big"))
    if isinstance(answer, Refusal):
        return bytes([function | 0x80, answer.code])
    if fault is None or fault.kind in (FaultKind.SLOW, FaultKind.FROZEN):
        device.served(answer)
    return _registers(answer, function, fault)


def _registers(answer: Answer, function: int, fault: Fault | None) -> bytes:
    words = answer.words
    if fault is not None and fault.kind is FaultKind.COUNT:
        words = (words * (fault.value // len(words) + 1))[: fault.value]
    if fault is not None and fault.kind is FaultKind.FUNCTION:
        function = 7 - function
    data = b"".join(word.to_bytes(2, "big") for word in words)
    return bytes([function, len(data)]) + data
