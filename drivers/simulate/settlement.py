"""All virtual meters of a plan, listening."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from types import TracebackType

from drivers.api import Clock, DriverError
from drivers.modbus.model import load
from drivers.simulate.device import VirtualMeter
from drivers.simulate.load import MEANS, LoadCurve
from drivers.simulate.plan_file import Fault, Plan
from drivers.simulate.server import HOST, Gateway


class Settlement:
    """An async context manager; the clock gives simulated UTC seconds and `record` hears (meter, at, index)."""

    def __init__(self, plan: Plan, clock: Clock, record: Callable[[str, int, int], None]) -> None:
        self._plan = plan
        self._stack = AsyncExitStack()
        self.gateways: dict[str, Gateway] = {}  # by meter name; meters of one port share one
        self._meters: dict[str, VirtualMeter] = {}
        for planned in plan.meters:
            model = load(planned.model)
            means = MEANS[model.utility]
            curve = LoadCurve(planned.dwelling, planned.seed, plan.epoch_utc, planned.start_index, means)
            self._meters[planned.name] = VirtualMeter(planned.name, model, curve, clock, record)
            self._meters[planned.name].fault = planned.fault

    async def __aenter__(self) -> "Settlement":
        ports: dict[int, dict[int, VirtualMeter]] = {}
        for planned in self._plan.meters:
            if planned.port:
                ports.setdefault(planned.port, {})[planned.unit] = self._meters[planned.name]
        async with AsyncExitStack() as stack:
            shared = {port: await stack.enter_async_context(Gateway(port, units)) for port, units in ports.items()}
            for planned in self._plan.meters:
                if planned.port:
                    self.gateways[planned.name] = shared[planned.port]
                else:
                    alone = Gateway(0, {planned.unit: self._meters[planned.name]})
                    self.gateways[planned.name] = await stack.enter_async_context(alone)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    def set_fault(self, name: str, fault: Fault | None) -> None:
        """DriverError(permanent=True) if there is no such meter."""
        if name not in self._meters:
            raise DriverError(f"there is no meter {name!r}; write one of: {', '.join(self._meters)}", permanent=True)
        self._meters[name].fault = fault

    def describe(self) -> dict[str, object]:
        """What the launcher prints when everything listens."""
        meters = [
            {
                "name": planned.name,
                "port": self.gateways[planned.name].port,
                "unit": planned.unit,
                "model": planned.model,
            }
            for planned in self._plan.meters
        ]
        ports = sorted({gateway.port for gateway in self.gateways.values()})
        return {"ready": True, "host": HOST, "ports": ports, "meters": meters}
