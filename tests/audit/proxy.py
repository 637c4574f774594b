"""A proxy between audit and node that rewrites what it is told to, so that the audit sees a lying node."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from aiohttp import web

from appliance.chain.clarity import Optional, ResponseOk, Tuple, UInt, Value, deserialize, serialize

Rewrite = Callable[[str, str, Any], Any]
"""(path, body of the request, parsed answer) -> the answer to give instead."""


@asynccontextmanager
async def lying(node_url: str, rewrite: Rewrite, ids: Mapping[str, str]) -> AsyncIterator[str]:
    """The proxy's URL. Every answer of the node that is JSON passes through `rewrite`.

    `ids` maps transaction ids that only the proxy knows to those that the node is asked for in their place.
    """

    async def handle(request: web.Request) -> web.Response:
        body = await request.read()
        path = request.path_qs
        for invented, true in ids.items():
            path = path.replace(invented, true)
        async with session.request(
            request.method, node_url + path, data=body, headers={"Content-Type": request.content_type}
        ) as answer:
            text = await answer.text()
            if answer.status == 200:
                text = json.dumps(rewrite(request.path, body.decode(), json.loads(text)))
            return web.Response(status=answer.status, text=text, content_type=answer.content_type)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app)
    async with aiohttp.ClientSession() as session:
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()


def flip(text: str, byte: int) -> str:
    """Hexadecimal with the lowest bit of one byte changed; 0x stays."""
    data = bytearray.fromhex(text.removeprefix("0x"))
    data[byte] ^= 1
    return "0x" + data.hex()


def edit(text: str, **changes: Value) -> str:
    """Hexadecimal of a tuple, perhaps in (some ...) or (ok ...), with other values of some fields."""
    value = deserialize(bytes.fromhex(text.removeprefix("0x")))
    return "0x" + serialize(_edited(value, {name.replace("_", "-"): new for name, new in changes.items()})).hex()


def _edited(value: Value, changes: Mapping[str, Value]) -> Value:
    if isinstance(value, Optional | ResponseOk) and value.value is not None:
        return type(value)(_edited(value.value, changes))
    assert isinstance(value, Tuple)
    assert changes.keys() <= dict(value.fields).keys()
    return Tuple.of({**dict(value.fields), **changes})


def at_read(function: str, *arguments: int, **changes: Value) -> Rewrite:
    """Alters the answer of one read-only call."""
    wanted = ["0x" + serialize(UInt(argument)).hex() for argument in arguments]

    def rewrite(path: str, body: str, answer: Any) -> Any:
        if path.endswith(f"/{function}") and json.loads(body)["arguments"] == wanted:
            answer["result"] = edit(answer["result"], **changes)
        return answer

    return rewrite
