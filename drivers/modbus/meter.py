"""One meter on a Modbus bus: registers -> Reading. Modbus proves nothing, so every reading is of level L0."""

from typing import TYPE_CHECKING

from drivers.api import Authenticity, Clock, DriverError, Identity, Reading
from drivers.decode import decode, decode_index, frame
from drivers.modbus.model import Span
from drivers.modbus.settings import MeterSettings

if TYPE_CHECKING:
    from drivers.modbus.bus import ModbusBus


class ModbusMeter:
    """Made by the bus. Every DriverError names bus, unit and model, never an index."""

    def __init__(self, bus: "ModbusBus", settings: MeterSettings, clock: Clock) -> None:
        self._bus = bus
        self._settings = settings
        self._clock = clock

    async def read(self) -> Reading:
        """The billing point, in one exchange of exactly its registers."""
        point = self._settings.model.billing
        words = await self._registers(point.span)
        at = self._clock()
        try:
            index = decode_index(point.span.layout, words)
        except DriverError as error:
            raise self._named(error) from error
        return Reading(
            register=point.code,
            index=index,
            unit=self._settings.model.register.unit,
            at=at,
            level=Authenticity.L0,
            frame=frame(words),
            counter=None,
        )

    async def identify(self) -> Identity:
        """Checks the model's probe and asks for the serial number. Permanent if the probe is out of its bounds."""
        model = self._settings.model
        probe = model.probe
        words = await self._registers(probe.point.span)
        try:
            value = decode(probe.point.span.layout, words)
        except DriverError as error:
            raise self._named(error) from error
        if not probe.minimum <= value <= probe.maximum:
            raise self._named(
                DriverError(
                    f"{probe.point.key} is {value} {probe.point.unit.value}, not {probe.minimum} to {probe.maximum};"
                    " is it another model?",
                    permanent=True,
                )
            )
        return Identity(
            vendor=model.vendor,
            model=model.model,
            serial=None if model.serial_number is None else await self._serial(model.serial_number),
            profile=model.profile,
            confidence=model.confidence,
            register=model.register,
        )

    async def _serial(self, span: Span) -> str | None:
        """None from a meter of the model that lacks the register or has nothing in it."""
        try:
            words = await self._registers(span)
        except DriverError as error:
            if error.permanent:
                return None
            raise
        try:
            return str(decode(span.layout, words))
        except DriverError:
            return None

    async def _registers(self, span: Span) -> tuple[int, ...]:
        try:
            return await self._bus.registers(self._settings.unit, span, self._settings.timeout_ms)
        except DriverError as error:
            raise self._named(error) from error

    def _named(self, error: DriverError) -> DriverError:
        settings = self._settings
        return DriverError(
            f"{settings.link.key} unit {settings.unit} ({settings.model.name}): {error}", permanent=error.permanent
        )
