"""The pages in real browsers: Chromium with axe-core at 320 px, and the text browser w3m from sign-in to check."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.web.browser import axe_source, look, screenshot
from tests.web.conftest import Running, Visitor
from tests.web.village import Card, card
from web.locale import locale

SAY = locale("en").text
NARROW = 320
W3M_SECONDS = 30
STEP_RIGHT = "\x1b[C"  # how w3m writes a single space when it redraws

BROKEN = """<!doctype html><html><head><title></title></head><body><main><h1>x</h1>
<form><input name="a"></form><p style="color:#bbb;background:#fff">grey</p>
<div style="width:500px">wide</div></main></body></html>"""


@pytest.fixture
async def pages(visitor: Visitor, resident: Visitor, my_card: Card) -> dict[str, str]:
    found = {
        "community": (await visitor.get("/")).text,
        "sign in": (await visitor.get("/sign-in")).text,
        "sign in, letters shown": (await visitor.get("/sign-in?show=1")).text,
        "sign in, refused": (await visitor.post("/sign-in", {"code": "A-07"})).text,
        "no such page": (await visitor.get("/nowhere")).text,
        "usage": (await resident.get("/usage")).text,
        "batch": (await resident.get("/usage/1/104")).text,
        "fits": (await resident.post("/usage/1/104/check", {"proof_code": my_card.proof_code})).text,
        "other code": (await resident.post("/usage/1/104/check", {"proof_code": card(8).proof_code})).text,
        "usage in Swahili": (await resident.get("/usage", {"Accept-Language": "sw"})).text,
        "community in Swahili": (await resident.get("/", {"Accept-Language": "sw"})).text,
        "finished": (await resident.post("/finish", {})).text,
    }
    assert SAY("check.fits_words") in found["fits"]
    return found


async def test_narrow_screen_and_thumbs(pages: dict[str, str], tool: Callable[[str], Path]) -> None:
    """320 px is also 1280 px at 400 % zoom."""
    for name, looked in (await look(tool("chromium"), pages, NARROW)).items():
        assert looked.width == NARROW, name
        assert looked.small == [], name


async def test_axe_finds_nothing(pages: dict[str, str], tool: Callable[[str], Path]) -> None:
    for name, looked in (await look(tool("chromium"), pages, NARROW, axe_source())).items():
        assert looked.violations == [], name
        assert looked.passes > 10, name


async def test_the_look_finds_what_is_wrong(tool: Callable[[str], Path]) -> None:
    looked = (await look(tool("chromium"), {"broken": BROKEN}, NARROW))["broken"]
    assert looked.width > NARROW
    assert len(looked.small) == 1


async def test_axe_finds_what_is_wrong(tool: Callable[[str], Path]) -> None:
    looked = (await look(tool("chromium"), {"broken": BROKEN}, NARROW, axe_source()))["broken"]
    rules = {violation.split(":")[0] for violation in looked.violations}
    assert {"document-title", "html-has-lang", "label", "color-contrast"} <= rules


async def test_screenshots(pages: dict[str, str], tool: Callable[[str], Path], tmp_path: Path) -> None:
    """At 360 px; kept in the folder MITA_SCREENSHOTS names, for somebody to look at."""
    folder = Path(os.environ.get("MITA_SCREENSHOTS", tmp_path))
    for name in ("community", "usage", "fits"):
        file = folder / f"{name}.png"
        await screenshot(tool("chromium"), pages[name], 360, 3000, file)
        assert file.read_bytes().startswith(b"\x89PNG")


class TextBrowser:
    """w3m on a terminal so tall that every page fits."""

    def __init__(self, terminal: int) -> None:
        self._terminal = terminal

    def press(self, keys: str) -> None:
        os.write(self._terminal, keys.encode())

    def until(self, text: str) -> None:
        """Redraws until the screen shows the text, on one line."""
        deadline = time.monotonic() + W3M_SECONDS
        seen = ""
        self.press("\x0c")
        while text not in seen:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self._terminal], [], [], left)[0]:
                pytest.fail(f"w3m never showed {text!r}; its screen: {seen[-4000:]}")
            seen += os.read(self._terminal, 65_536).decode("utf-8", "replace").replace(STEP_RIGHT, " ")


@contextlib.contextmanager
def text_browser(w3m: Path, address: str, home: Path) -> Iterator[TextBrowser]:
    terminal, other_end = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 400, 120, 0, 0))
    process = subprocess.Popen(
        [w3m, "-cookie", "-o", "accept_cookie=1", "-o", "confirm_qq=0", address],
        stdin=other_end,
        stdout=other_end,
        stderr=other_end,
        env={"HOME": str(home), "TERM": "xterm", "LANG": "C.UTF-8"},
        start_new_session=True,  # so that the terminal becomes its own
    )
    os.close(other_end)
    try:
        yield TextBrowser(terminal)
    finally:
        process.terminate()
        process.wait()
        os.close(terminal)


def visit(w3m: Path, address: str, home: Path, owner: Card) -> None:
    """Sign in, open the newest batch, check it, finish: keys only."""
    with text_browser(w3m, address, home) as browser:
        browser.until(SAY("sign_in.title"))
        browser.press("/small letters\n\t\n")
        browser.press(f"{owner.sign_in_line}\n\t\t\n")
        browser.until(SAY("usage.title"))
        browser.until(SAY("usage.missing"))
        browser.press(f"/{SAY('usage.open')}\n\n")
        browser.until(SAY("batch.numbers"))
        browser.press("/The 28 letters\n\t\n")
        browser.press(f"{owner.proof_code}\n\t\n")
        browser.until(SAY("check.fits_waiting"))
        browser.until("To have it computed elsewhere")
        browser.press(f"g/{SAY('base.signed_in', label=owner.label)}\n\t\n")
        browser.until(SAY("finished.title"))
        browser.press("q")


async def test_whole_visit_in_a_text_browser(
    running: Running, tool: Callable[[str], Path], tmp_path: Path, my_card: Card
) -> None:
    await asyncio.to_thread(visit, tool("w3m"), f"{running.base}/sign-in", tmp_path, my_card)
    assert await running.database.all("SELECT * FROM session") == []
