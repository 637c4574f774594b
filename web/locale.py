"""All words of the portal by key, per language, and which language a browser gets."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

DEFAULT: Final = "en"
LANGUAGES: Final = ("en", "sw")


@dataclass(frozen=True, slots=True)
class Locale:
    """`draft`: no native speaker has read it yet; the pages say so."""

    language: str
    name: str
    draft: bool
    texts: dict[str, str]

    def text(self, key: str, **values: str | int) -> str:
        """The words for a key with its {placeholders} filled. KeyError for an unknown key: a test finds those."""
        return self.texts[key].format(**values)


@cache
def locale(language: str) -> Locale:
    """One of LANGUAGES."""
    tables = tomllib.loads((files("web") / "locales" / f"{language}.toml").read_text("utf-8"))
    meta = tables.pop("meta")
    texts = {f"{table}.{key}": text for table, entries in tables.items() for key, text in entries.items()}
    return Locale(language, meta["name"], meta["draft"], texts)


def preferred(accept_language: str) -> str:
    """The best of LANGUAGES for an Accept-Language header (RFC 9110, section 12.5.4); DEFAULT when none fits."""
    wanted: list[tuple[int, str]] = []
    for item in accept_language.split(",")[:20]:
        tag, _, parameter = item.strip().partition(";")
        weight = _thousandths(parameter.strip())
        language = tag.strip().lower().split("-")[0]
        if weight > 0 and language in LANGUAGES:
            wanted.append((weight, language))
    return max(wanted, key=lambda w: w[0])[1] if wanted else DEFAULT


def _thousandths(parameter: str) -> int:
    """A weight "q=0.8" in thousandths; 1000 when there is none, 0 when it cannot be read."""
    if not parameter:
        return 1000
    whole, _, fraction = parameter.removeprefix("q=").partition(".")
    digits = whole + fraction[:3].ljust(3, "0")
    return int(digits) if digits.isascii() and digits.isdigit() else 0
