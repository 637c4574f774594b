"""The Modbus driver as the registry finds it."""

from dataclasses import dataclass

from drivers.api import Clock, Settings
from drivers.modbus.bus import ModbusBus
from drivers.modbus.settings import parse


@dataclass(frozen=True, slots=True)
class ModbusDriver:
    """Settings: transport, host, port, unit, model, timeout_ms; see drivers/README.md."""

    name: str = "modbus"

    def bus_key(self, settings: Settings) -> str:
        """Two names of the same host are two keys: write the same one for all meters of a gateway."""
        return parse(settings).link.key

    def open_bus(self, settings: Settings, clock: Clock) -> ModbusBus:
        return ModbusBus(parse(settings).link, clock)
