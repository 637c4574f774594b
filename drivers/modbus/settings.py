"""A meter's settings -> where it is and what it is. A transport is a Link and an entry of LINKS."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from pymodbus import FramerType
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.client.base import ModbusBaseClient

from drivers.api import Settings
from drivers.modbus import model as models
from drivers.modbus.model import Model
from drivers.table import Table

TIMEOUT_MS = 500
LONGEST_TIMEOUT_MS = 10_000
HOST = r"(?=.{1,253}$)[A-Za-z0-9_:-]{1,63}(\.[A-Za-z0-9_-]{1,63})*"


class Link(Protocol):
    """One physical bus: how to name it and how to make the one client for it. Equal links are one bus."""

    @property
    def key(self) -> str: ...

    def client(self, connected: Callable[[bool], None]) -> ModbusBaseClient:
        """A new client, not connected, that never retries, never reconnects by itself and never times out first.

        It tells `connected` True when the connection is made and False when the other side ends it.
        """


@dataclass(frozen=True, slots=True)
class TcpLink:
    """A TCP connection to a meter or to a gateway with many meters behind it."""

    host: str
    port: int
    framer: FramerType = FramerType.SOCKET  # RTU: a serial server that passes the bytes on as they are

    @property
    def key(self) -> str:
        return f"tcp://{self.host}:{self.port}"

    def client(self, connected: Callable[[bool], None]) -> ModbusBaseClient:
        client = AsyncModbusTcpClient(
            self.host,
            port=self.port,
            framer=self.framer,
            retries=0,
            reconnect_delay=0,  # a background reconnect beside ours would be a second client on the bus
            timeout=10 * LONGEST_TIMEOUT_MS / 1000,
            trace_connect=connected,
        )
        client.set_max_no_responses(2**31)
        return client


@dataclass(frozen=True, slots=True)
class MeterSettings:
    """One meter: on which bus, under which unit id, of which model."""

    link: Link
    unit: int
    model: Model
    timeout_ms: int


def _tcp(table: Table) -> TcpLink:
    host = table.text("host", HOST, "a host name or address such as '192.168.1.20'")
    return TcpLink(host.lower(), table.integer("port", 1, 65535, default=502))


class Transport(StrEnum):
    TCP = "tcp"


LINKS: Mapping[Transport, Callable[[Table], Link]] = {Transport.TCP: _tcp}


def parse(settings: Settings) -> MeterSettings:
    """DriverError(permanent=True) that names the key, the value given and what to write instead."""
    table = Table("modbus settings", settings)
    link = LINKS[table.choice("transport", Transport)](table)
    unit = table.integer("unit", 1, 255, default=1)
    if 247 < unit < 255:
        raise table.wrong("unit", "1 to 247, or 255 for a device that is itself the TCP server")
    name = table.text("model", models.NAME, f"a meter model: {', '.join(models.names())}")
    if name not in models.names():
        raise table.wrong("model", f"a meter model: {', '.join(models.names())}")
    timeout_ms = table.integer("timeout_ms", 50, LONGEST_TIMEOUT_MS, default=TIMEOUT_MS)
    table.close()
    return MeterSettings(link, unit, models.load(name), timeout_ms)
