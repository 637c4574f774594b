"""How long an audit waits for a node that asks it to."""

from __future__ import annotations

import aiohttp
from aiohttp import web

from appliance.audit.chain import LONGEST_WAIT, Fetching
from appliance.chain.address import Address
from appliance.chain.history import History

NOBODY = Address(26, bytes(20))


class Asked:
    """Every wait, none of which takes any time, and what was said about it."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.said: list[str] = []

    async def sleep(self, seconds: float) -> None:
        self.seconds.append(seconds)


async def fetch(asked: Asked, retry_after: str, refusals: int) -> dict[str, str | None]:
    """A contract's text from a node that first answers so many times that it is asked too often."""
    left = refusals

    async def handle(request: web.Request) -> web.Response:
        nonlocal left
        if request.path == "/v2/info":
            return web.json_response({"stacks_tip_height": 1, "burn_block_height": 1, "network_id": 1})
        left -= 1
        if left >= 0:
            return web.Response(status=429, headers={"Retry-After": retry_after})
        return web.json_response({"source": "(ok)", "publish_height": 1})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        async with aiohttp.ClientSession() as session:
            history = History(f"http://127.0.0.1:{runner.addresses[0][1]}", session)
            return await Fetching(history, NOBODY, asked.said.append, asked.sleep).sources(["one"])
    finally:
        await runner.cleanup()


async def test_node_cannot_stop_the_audit() -> None:
    asked = Asked()
    assert await fetch(asked, "99999", 1) == {"one": "(ok)"}
    assert asked.seconds == [LONGEST_WAIT] == [30]
    assert asked.said == ["the node answered 429; again in 30 s (it asks for 99999 s)"]


async def test_shorter_wishes_are_granted() -> None:
    asked = Asked()
    assert await fetch(asked, "7", 2) == {"one": "(ok)"}
    assert asked.seconds == [7, 7]
    assert asked.said == ["the node answered 429; again in 7 s"] * 2


async def test_node_that_always_refuses_is_given_up() -> None:
    asked = Asked()
    assert await fetch(asked, "99999", 99) == {"one": ""}
    assert asked.seconds == [30, 30, 30]
    assert asked.said[-1] == "the node gives no usable answer: the node answered 429"
