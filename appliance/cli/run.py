"""`./mita run -c FILE`: the appliance."""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import sys
from pathlib import Path

from appliance import app, config

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
    try:
        asyncio.run(_until_told(settings))
    except app.InUseError as error:
        sys.stderr.write(f"mita: {error}\n")
        return 1
    return 0


async def _until_told(settings: config.Config) -> None:
    """SIGTERM and SIGINT end it in order; anything else that ends it is an error."""
    task = asyncio.current_task()
    assert task is not None
    told = asyncio.Event()

    def stop() -> None:
        told.set()
        task.cancel()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    try:
        await app.run(settings)
    except asyncio.CancelledError:
        if not told.is_set():
            raise
