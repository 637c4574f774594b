"""python -m drivers.simulate --plan FILE.json --log FILE.jsonl

Prints one JSON line when all meters listen, then answers each line of standard input, {"meter": NAME, "fault": FAULT}
with a fault of plan_file.FaultKind or null, with a line of its own. Ends on SIGTERM or SIGINT with exit code 0.
"""

import argparse
import asyncio
import json
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from drivers.api import DriverError
from drivers.simulate.device import journal
from drivers.simulate.plan_file import Plan, parse, parse_fault
from drivers.simulate.settlement import Settlement
from drivers.table import Table

CONTROL_LIMIT = 4096


def main(arguments: list[str]) -> int:
    """0 ended by a signal, 2 used wrongly."""
    parser = argparse.ArgumentParser(prog="python -m drivers.simulate", description="Virtual meters on Modbus TCP.")
    parser.add_argument("--plan", type=Path, required=True, help="JSON, see drivers/README.md")
    parser.add_argument("--log", type=Path, required=True, help="appended: one line per index that was served")
    options = parser.parse_args(arguments)
    try:
        plan = parse(options.plan.read_text())
        with options.log.open("a") as log:
            asyncio.run(_serve(plan, log))
    except (DriverError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


async def _serve(plan: Plan, log: TextIO) -> None:
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)

    def clock() -> int:
        return plan.utc(time.time_ns() // 1_000_000)

    async with Settlement(plan, clock, journal(log)) as settlement:
        _say(settlement.describe())

        def control(line: bytes) -> None:
            _say(_control(settlement, line))

        # A thread, because standard input may be a file or a device, which an event loop cannot wait for.
        threading.Thread(target=_listen, args=(loop, control), daemon=True).start()
        await ended.wait()


def _listen(loop: asyncio.AbstractEventLoop, control: Callable[[bytes], None]) -> None:
    # Unbuffered: a buffer's lock held by a waiting thread would abort the interpreter on its way out.
    with open(0, "rb", buffering=0, closefd=False) as lines:
        while (line := lines.readline(CONTROL_LIMIT)) and not loop.is_closed():
            loop.call_soon_threadsafe(control, line)


def _control(settlement: Settlement, line: bytes) -> dict[str, object]:
    try:
        table = Table("control", _object(line))
        name = table.text("meter", ".*", "a meter's name")
        fault = None
        if table.has("fault") and not table.is_null("fault"):
            fault = parse_fault(table.table("fault"))
        table.close()
        settlement.set_fault(name, fault)
    except DriverError as error:
        return {"ok": False, "error": str(error)}
    return {"ok": True, "meter": name, "fault": None if fault is None else fault.kind.value}


def _object(line: bytes) -> dict[str, object]:
    try:
        document = json.loads(line)
    except ValueError as error:
        raise DriverError(f"a control line is JSON: {error}", permanent=True) from error
    if not isinstance(document, dict):
        raise DriverError("a control line is a JSON object", permanent=True)
    return document


def _say(document: dict[str, object]) -> None:
    print(json.dumps(document), flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
