"""What went wrong: a page in plain words for the reader, and for the log a line that holds nothing from outside."""

from __future__ import annotations

import logging
import traceback
from typing import Final

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from web.access import PATTERN
from web.page import HEADERS, render

log = logging.getLogger("mita.portal")

_EXPLAINED: Final = (400, 403, 404, 405, 413, 415)
_FROM_OUTSIDE: Final = (HttpProcessingError, web.RequestPayloadError, ConnectionError)


def error_page(request: web.Request, status: int) -> web.Response:
    """Of 400 to 599; one without words of its own is shown as 400 or 500. Works without a resolved route."""
    shown = status if status in _EXPLAINED else 400 if status < 500 else 500
    response = render(request, "error.html", status=shown, key=f"error.{shown}")
    response.headers.update(HEADERS)
    response.headers["Cache-Control"] = "no-store"
    return response


def report(error: BaseException | None, request: web.BaseRequest) -> None:
    """One line for a fault of ours. The message stays out: it may quote what was sent."""
    log.error("%s, route %s", _place(error), request.get(PATTERN, "-"))


class PlaceOnly(logging.Filter):
    """For aiohttp's own loggers, whose records quote requests and addresses: keeps where a fault rose, drops the rest.

    What is wrong with a request is for its sender alone, so such records go altogether.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if error is None or isinstance(error, _FROM_OUTSIDE):
            return False
        record.msg, record.args = _place(error), ()
        record.exc_info = record.exc_text = record.stack_info = None
        return True


_PLACE_ONLY: Final = PlaceOnly()


def hush() -> None:
    """Once per process or more often. Access lines are not touched: the portal writes those itself."""
    for name in ("aiohttp.server", "aiohttp.web"):
        logging.getLogger(name).addFilter(_PLACE_ONLY)
    # Quotes the names of odd cookies when debugging. The client of the chain's node warns through it too.
    internal = logging.getLogger("aiohttp.internal")
    internal.setLevel(max(internal.level, logging.WARNING))


def _place(error: BaseException | None) -> str:
    if error is None:
        return "a fault without an exception"
    frames = list(traceback.walk_tb(error.__traceback__))
    if not frames:
        return type(error).__qualname__
    frame, line = frames[-1]
    return f"{type(error).__qualname__} in {frame.f_globals.get('__name__', '-')}, line {line}"
