"""One physical Modbus bus: one client, one request at a time, and no answer booked to the wrong question.

What the wire does to a reader, and the rule against it:
- A late answer can pass for the answer to the next request (RTU framing has no transaction id). After every request
  without a proper answer the bus stays quiet for one timeout, in which a late answer falls on the floor.
- An answer must come from the unit that was asked, to the function, in the transaction and with the register count.
- A dead meter must not cost the others their connection: the client never retries and never gives up on the link;
  only when every meter of this bus has fallen silent is the link closed, to be opened anew by the next request.
- When to ask a silent meter again is the caller's decision.
"""

import asyncio
import logging
from types import TracebackType

from pymodbus.client.base import ModbusBaseClient
from pymodbus.exceptions import ConnectionException, ModbusException
from pymodbus.pdu import ExceptionResponse, ModbusPDU

from drivers.api import Clock, DriverError, Settings
from drivers.modbus.meter import ModbusMeter
from drivers.modbus.model import Span
from drivers.modbus.settings import Link, MeterSettings, parse

CONNECT_TIMEOUT_MS = 3000
EXCEPTIONS = {
    1: ("does not know this function; is it another model?", True),
    2: ("has no such register; is it another model?", True),
    3: ("refuses this register count; is it another model?", True),
    4: ("reports a failure of its own", False),
    5: ("is still working on it", False),
    6: ("is busy", False),
    8: ("reports a memory error", False),
    10: ("cannot be reached by the gateway: no path", False),
    11: ("does not answer the gateway", False),
}


class ModbusBus:
    """An async context manager; it connects when it is first asked for registers, and again whenever it must."""

    def __init__(self, link: Link, clock: Clock) -> None:
        self._link = link
        self._clock = clock
        self._client: ModbusBaseClient | None = None
        self._turn = asyncio.Lock()
        self._asking = False
        self._quiet_until = 0.0  # event loop time
        self._units: set[int] = set()
        self._silent: set[int] = set()

    async def __aenter__(self) -> "ModbusBus":
        # The library writes whole frames, that is usage, into its error messages.
        logging.getLogger("pymodbus").setLevel(logging.CRITICAL + 1)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._disconnect()

    def meter(self, settings: Settings) -> ModbusMeter:
        """The meter with these settings. DriverError(permanent=True) if they are wrong or of another bus."""
        wanted = parse(settings)
        if wanted.link != self._link:
            raise DriverError(
                f"the meter is on {wanted.link.key}, this bus is {self._link.key}; open its own", permanent=True
            )
        return self.attach(wanted)

    def attach(self, settings: MeterSettings) -> ModbusMeter:
        """As `meter`, from settings that are parsed."""
        self._units.add(settings.unit)
        return ModbusMeter(self, settings, self._clock)

    async def registers(self, unit: int, span: Span, timeout_ms: int) -> tuple[int, ...]:
        """The span's register words. DriverError in the words of a technician, without the meter's name."""
        async with self._turn:
            client = await self._connected()
            answered = False
            try:
                reply = await self._ask(client, unit, span, timeout_ms)
                answered = True
            finally:
                # Also when the caller gave up on us: the answer is still under way then.
                if not answered:
                    self._quiet_until = asyncio.get_running_loop().time() + timeout_ms / 1000
        if isinstance(reply, ExceptionResponse):
            text, permanent = EXCEPTIONS.get(reply.exception_code, ("refuses", False))
            raise DriverError(f"the meter {text} (exception {reply.exception_code})", permanent=permanent)
        return tuple(reply.registers)

    async def _ask(self, client: ModbusBaseClient, unit: int, span: Span, timeout_ms: int) -> ModbusPDU:
        """The answer to this very request: registers as many as asked, or an exception."""
        read = client.read_input_registers if span.function == 4 else client.read_holding_registers
        self._asking = True
        try:
            async with asyncio.timeout(timeout_ms / 1000):
                reply = await read(span.address, count=span.count, device_id=unit)
        except (TimeoutError, ModbusException) as error:
            raise self._no_answer(unit, timeout_ms) from error
        finally:
            self._asking = False
        self._silent.clear()
        _check(reply, client, unit, span)
        return reply

    def _no_answer(self, unit: int, timeout_ms: int) -> DriverError:
        if self._client is None or not self._client.connected:
            return DriverError("the connection was lost before an answer came", permanent=False)
        self._silent.add(unit)
        if self._silent >= self._units:
            self._disconnect()
        return DriverError(f"no answer within {timeout_ms} ms", permanent=False)

    def _connection(self, made: bool) -> None:
        """Ends the wait for an answer that cannot come any more; the client itself would wait on."""
        if not made and self._asking and self._client is not None:
            answer = self._client.ctx.response_future
            if not answer.done():
                answer.set_exception(ConnectionException("the connection was lost"))

    async def _connected(self) -> ModbusBaseClient:
        await asyncio.sleep(max(0, self._quiet_until - asyncio.get_running_loop().time()))
        if self._client is not None and self._client.connected:
            return self._client
        self._disconnect()
        self._client = self._link.client(self._connection)
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_MS / 1000):
                reached = await self._client.connect()
        except TimeoutError:
            reached = False
        if not reached:
            self._disconnect()
            raise DriverError(f"{self._link.key} cannot be reached", permanent=False)
        return self._client

    def _disconnect(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None
        self._silent.clear()


def _check(reply: ModbusPDU, client: ModbusBaseClient, unit: int, span: Span) -> None:
    """DriverError if the reply is not to the request that was last sent."""
    if reply.dev_id != unit or reply.transaction_id != client.ctx.request_transaction_id:
        raise DriverError("an answer came that belongs to another request", permanent=False)
    if isinstance(reply, ExceptionResponse) and reply.function_code == span.function | 0x80:
        return
    if reply.function_code != span.function:
        raise DriverError(
            f"an answer to function {reply.function_code} came where {span.function} was asked", permanent=False
        )
    if len(reply.registers) != span.count:
        raise DriverError(f"{len(reply.registers)} registers came where {span.count} were asked", permanent=False)
