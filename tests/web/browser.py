"""Headless Chromium looking at pages: their pixels, their layout, and what axe-core finds in them."""

from __future__ import annotations

import asyncio
import html
import importlib.util
import json
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.tools import missing
from web.page import STYLE

ROOT: Final = Path(__file__).parents[2]
WCAG: Final = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
SMALLEST_TARGET: Final = 44
_FLAGS: Final = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
_TIMEOUT_SECONDS: Final = 60

# In the frame: lay out, look for what is too wide or too small to touch, let axe look, hand everything to the outside.
_LOOK: Final = """
addEventListener("load", async () => {
  const small = [...document.querySelectorAll("a, button, input:not([type=hidden])")]
    .filter(e => !e.classList.contains("skip"))
    .map(e => [e.outerHTML.slice(0, 90), e.getBoundingClientRect()])
    .filter(([, box]) => box.height < %d || box.width < %d)
    .map(([text, box]) => `${box.width}x${box.height} ${text}`);
  const found = { width: document.documentElement.scrollWidth, small, violations: [] };
  if (window.axe) {
    const result = await axe.run(document, { runOnly: %s });
    found.violations = result.violations.map(v => `${v.id}: ${v.nodes.map(n => n.html.slice(0, 120)).join(" | ")}`);
    found.passes = result.passes.length;
  }
  parent.document.getElementById(window.name).textContent = JSON.stringify(found);
});
"""


@dataclass(frozen=True, slots=True)
class Looked:
    """`width` in CSS pixels as scrolled; `small` are targets under 44 px; `passes` are the rules that axe applied."""

    width: int
    small: list[str]
    violations: list[str]
    passes: int


def axe_source() -> str:
    """axe-core, from the contract packages or a Python distribution that carries it; else the test is not run."""
    places = [ROOT / "contracts" / "node_modules" / "axe-core" / "axe.min.js"]
    carrier = importlib.util.find_spec("axe_playwright_python")
    if carrier is not None and carrier.origin is not None:
        places.append(Path(carrier.origin).with_name("axe.min.js"))
    for place in places:
        if place.is_file():
            return place.read_text("utf-8")
    return missing("axe-core is not installed (npm package axe-core in contracts/)")


async def look(chromium: Path, pages: Mapping[str, str], width: int, axe: str = "") -> dict[str, Looked]:
    """`pages` are the portal's HTML by name, each seen in a frame: a window has a least width, a frame has none."""
    script = _LOOK % (SMALLEST_TARGET, SMALLEST_TARGET, json.dumps(list(WCAG)))
    scripts = f"<script>{axe}</script><script>{script}</script></body>"
    framed = {name: with_style(page).replace("</body>", scripts) for name, page in pages.items()}
    dom = await _run(chromium, _frames(framed, width), "--virtual-time-budget=60000", "--dump-dom")
    looked = {}
    for name, text in re.findall(r'<pre id="([^"]+)">(.*?)</pre>', dom, re.DOTALL):
        assert text, f"nothing came back from {name}"
        found: dict[str, Any] = json.loads(html.unescape(text))
        looked[name] = Looked(found["width"], found["small"], found["violations"], found.get("passes", 0))
    assert list(looked) == list(pages)
    return looked


async def screenshot(chromium: Path, page: str, width: int, height: int, to: Path) -> None:
    await _run(
        chromium, _frames({"page": with_style(page)}, width), f"--window-size={width},{height}", f"--screenshot={to}"
    )


def with_style(page: str) -> str:
    """The page with its style sheet inside, so that it can be looked at as a file."""
    return re.sub(r'<link rel="stylesheet"[^>]*>', lambda _: f"<style>{STYLE.decode()}</style>", page)


def _frames(pages: Mapping[str, str], width: int) -> str:
    """A page of frames, and an invisible place for what each of them finds."""
    frames = "".join(
        f'<iframe name="{name}" style="width:{width}px" srcdoc="{html.escape(page)}"></iframe>'
        for name, page in pages.items()
    )
    results = "".join(f'<pre id="{name}"></pre>' for name in pages)
    style = "<style>body{margin:0}pre{display:none}iframe{border:0;height:4000px;display:block}</style>"
    return f"<!doctype html><body>{style}{results}{frames}</body>"


async def _run(chromium: Path, page: str, *flags: str) -> str:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        file = Path(folder) / "page.html"
        file.write_text(page, "utf-8")
        process = await asyncio.create_subprocess_exec(
            *(str(chromium), *_FLAGS, f"--user-data-dir={folder}/profile", *flags, file.as_uri()),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        output, _ = await asyncio.wait_for(process.communicate(), _TIMEOUT_SECONDS)
        assert process.returncode == 0
        return output.decode()
