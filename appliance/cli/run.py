"""`./mita run -c FILE`: the appliance."""

from __future__ import annotations

import argparse
import asyncio
import errno
import logging
import resource
import signal
import sqlite3
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
    except ExceptionGroup as group:  # raised again unless a person can mend it
        words = _in_words(_first(group), settings)
        if words is None:
            raise
        sys.stderr.write(f"mita: {words}\n")
        return 1
    return 0


def _first(error: Exception) -> Exception:
    """What a group of tasks ended for."""
    inner = error.exceptions[0] if isinstance(error, ExceptionGroup) else error.__cause__
    return _first(inner) if isinstance(inner, Exception) and not isinstance(error, OSError | sqlite3.Error) else error


def _in_words(error: Exception, settings: config.Config) -> str | None:
    """What to do about an end that a person can mend; None where only a programmer can."""
    match error:
        case sqlite3.OperationalError():
            return f"the store in {settings.data} cannot be written ({error}): make room on the disk, nothing is lost"
        case OSError(errno=errno.EADDRINUSE):
            place = f"{settings.portal.host}:{settings.portal.port}"
            return f"the portal cannot listen on {place}, address already in use: stop what uses it or set portal.port"
        case _:
            return None


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
