"""A form on a page: its fields and what was wrong with them. The template `form.html` draws it."""

from __future__ import annotations

from dataclasses import dataclass, field

from aiohttp import web


@dataclass(frozen=True, slots=True)
class Form:
    """Errors by field name, in the reader's words. What was typed is never kept: both forms take codes."""

    errors: dict[str, str] = field(default_factory=dict)


async def typed(request: web.Request, name: str) -> str:
    """A text field of a checked form; empty when it was not sent."""
    value = (await request.post()).get(name, "")
    return value if isinstance(value, str) else ""
