"""Languages: nothing is missing, placeholders match, and the reader gets the one asked for."""

import re
import string
from pathlib import Path

import pytest

import web
from tests.web.conftest import Visitor
from web.locale import LANGUAGES, locale, preferred

FOLDER = Path(web.__file__).parent
EN = locale("en").texts


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def used_keys() -> tuple[set[str], set[str]]:
    """Keys that templates and code name: whole ones, and the beginnings of composed ones."""
    whole: set[str] = set()
    begun: set[str] = set()
    for path in [*FOLDER.rglob("*.html"), *FOLDER.rglob("*.py")]:
        text = path.read_text("utf-8")
        for key, composed in re.findall(r"""(?:\bt|text)\(f?["']([a-z_0-9]+\.[a-z_0-9.]*)(["'] ~|\{)?""", text):
            (begun if composed else whole).add(key)
        whole.update(re.findall(r'key ~ "(_[a-z]+)"', text))
    return whole, begun


@pytest.mark.parametrize("language", LANGUAGES)
def test_same_keys_and_placeholders(language: str) -> None:
    texts = locale(language).texts
    assert set(texts) == set(EN)
    for key, text in texts.items():
        assert placeholders(text) == placeholders(EN[key]), key
        assert text.strip() == text
        assert text


def test_a_translation_differs_from_english() -> None:
    same = {key for key, text in locale("sw").texts.items() if text == EN[key]}
    assert same == set()


def test_every_key_is_used_and_every_used_key_exists() -> None:
    whole, begun = used_keys()
    suffixes = {key for key in whole if key.startswith("_")}
    assert suffixes == {"_title", "_words"}
    keys = whole - suffixes
    assert keys - set(EN) == set()
    composed = {key for key in EN if any(key.startswith(start) for start in begun)}
    errors = {key for key in EN if re.fullmatch(r"error\.\d{3}_(title|words)", key)}
    assert set(EN) - keys - composed - errors == set()


def test_draft_is_marked() -> None:
    assert locale("sw").draft
    assert not locale("en").draft


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("sw", "sw"),
        ("sw-KE,en;q=0.8", "sw"),
        ("en-GB,sw;q=0.9", "en"),
        ("fr,sw;q=0.5,en;q=0.4", "sw"),
        ("fr,en;q=0.2,sw;q=0.3", "sw"),
        ("SW;q=0.001", "sw"),
        ("sw;q=0,fr", "en"),
        ("sw;q=abc", "en"),
        ("*", "en"),
        (",;,;q=", "en"),
        ("fr," * 5000 + "sw", "en"),
    ],
)
def test_preferred(header: str, language: str) -> None:
    assert preferred(header) == language


async def test_language_by_link_outlasts_the_page(visitor: Visitor) -> None:
    sw = locale("sw").text
    assert '<html lang="en">' in (await visitor.get("/sign-in")).text
    seen = await visitor.get("/sign-in?lang=sw")
    assert seen.path == "/sign-in"
    assert '<html lang="sw">' in seen.text
    assert sw("base.draft") in seen.text
    assert sw("sign_in.title") in (await visitor.get("/sign-in", {"Accept-Language": "en"})).text
    assert '<html lang="en">' in (await visitor.get("/sign-in?lang=en")).text
    assert '<html lang="en">' in (await visitor.get("/sign-in?lang=xx")).text
    assert '<html lang="en">' in (await visitor.get("/", {"Cookie": "mita_language=../../etc/passwd"})).text


async def test_whole_visit_in_swahili(resident: Visitor) -> None:
    sw = locale("sw").text
    await resident.get("/?lang=sw")
    for path in ("/", "/usage", "/usage/1/104", "/finished", "/nowhere"):
        text = (await resident.get(path)).text
        for key in ("usage.title", "batch.numbers_words", "community.intro", "base.finish", "chain.read_back"):
            assert EN[key] not in text
        assert sw("base.finish") in text
