"""`./mita run -c FILE`: the appliance."""

from __future__ import annotations

import argparse
import asyncio
import logging
import resource
import signal
import sys
from pathlib import Path

from appliance import app, config
from appliance.chain.address import AddressError
from appliance.keys import KeyFileError
from appliance.store.migrate import SchemaError
from appliance.store.readings import JournalError
from drivers.api import DriverError

HELP = "run the appliance: read meters, commit, settle, serve the portal"
EXAMPLE = """\
example:
  ./mita run -c /etc/mita.toml
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = EXAMPLE
    parser.add_argument(
        "-c", "--config", type=Path, required=True, metavar="FILE", help="configuration, see appliance/README.md"
    )


def run(options: argparse.Namespace) -> int:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s: %(message)s", stream=sys.stderr)
    try:
        settings = config.load(options.config)
    except config.ConfigError as error:
        sys.stderr.write(f"mita: {error}\n")
        return 2
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core dump would hold every secret
    try:
        asyncio.run(_until_told(settings))
    except (config.ConfigError, DriverError, JournalError, AddressError) as error:
        sys.stderr.write(f"mita: {error}\n")
        return 2
    except (app.InUseError, KeyFileError, SchemaError) as error:
        sys.stderr.write(f"mita: {error}\n")
        return 1
    return 0


async def _until_told(settings: config.Config) -> None:
    """SIGTERM and SIGINT end it in order; anything else that ends it is an error."""
    task = asyncio.current_task()
    assert task is not None
    told = asyncio.Event()

    def stop() -> None:
        app.end_soon()
        told.set()
        task.cancel()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    try:
        await app.run(settings)
    except asyncio.CancelledError:
        if not told.is_set():
            raise
