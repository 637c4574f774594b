"""Virtual meters that speak real Modbus TCP, with faults: for the demo and for tests.

plan_file.py (who and where) -> load.py (how much) -> encode.py (register words) -> device.py (one meter) ->
server.py (the wire) -> settlement.py (all of them) -> __main__.py (as a process).
"""

from drivers.simulate.plan_file import Fault, FaultKind, Plan, PlannedMeter, parse, plan
from drivers.simulate.settlement import Settlement

__all__ = ["Fault", "FaultKind", "Plan", "PlannedMeter", "Settlement", "parse", "plan"]
