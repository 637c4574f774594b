"""One page out of a template, with what every page carries: language, who is signed in, the form token, headers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from importlib.resources import files
from typing import Final

import jinja2
from aiohttp import web

from web.access import AGENT, DWELLING
from web.locale import LANGUAGES, Locale, locale, preferred
from web.session import form_token

LANGUAGE_COOKIE: Final = "mita_language"
STYLE: Final = (files("web") / "static" / "style.css").read_bytes()
STYLE_PATH: Final = f"/static/style-{hashlib.sha256(STYLE).hexdigest()[:12]}.css"

# No scripts at all: whatever slips through escaping still cannot run.
HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Not "no-referrer": browsers would then send "Origin: null" with our own forms.
    "Referrer-Policy": "same-origin",
    "Server": "mita",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

_TEMPLATES: Final = jinja2.Environment(
    loader=jinja2.ChoiceLoader(
        [
            jinja2.PackageLoader("web", folder)
            for folder in ("templates", "resident/templates", "agent/templates", "community/templates")
        ]
    ),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def words_for(request: web.Request) -> Locale:
    """In the language chosen by link, else the browser's."""
    chosen = request.cookies.get(LANGUAGE_COOKIE)
    return locale(chosen if chosen in LANGUAGES else preferred(request.headers.get("Accept-Language", "")))


def render(
    request: web.Request,
    template: str,
    status: int = 200,
    here: str | None = None,
    *,
    compressed: bool = True,
    **values: object,
) -> web.Response:
    """`here` is where the links to other languages lead; by default the page itself when it was simply asked for.

    A page that shows again what was typed is not `compressed`: its length could tell the form token to who chose that.
    """
    words = words_for(request)
    say: Callable[..., str] = words.text
    html = _TEMPLATES.get_template(template).render(
        t=say,
        words=words,
        languages=[locale(language) for language in LANGUAGES],
        here=here or (request.path if request.method == "GET" and status == 200 else "/"),
        dwelling=request.get(DWELLING),
        agent=request.get(AGENT),
        token=lambda: form_token(request),
        style_path=STYLE_PATH,
        **values,
    )
    response = web.Response(text=html, status=status, content_type="text/html", charset="utf-8")
    if compressed:
        response.enable_compression()
    return response


async def add_headers(_request: web.Request, response: web.StreamResponse) -> None:
    """For every response, errors too; only the style sheet may be kept."""
    response.headers.update(HEADERS)
    response.headers.setdefault("Cache-Control", "no-store")


async def style(_request: web.Request) -> web.Response:
    """Its address holds its hash, so it never changes under one."""
    response = web.Response(body=STYLE, content_type="text/css", charset="utf-8")
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    response.enable_compression()
    return response
