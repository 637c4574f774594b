"""A small real HTTP server on this machine that answers as told, and good answers to begin from."""

import asyncio
import json
from collections.abc import Awaitable, Callable

import pytest
from aiohttp import web

from appliance.chain.address import Address, Contract
from appliance.chain.clarity import ResponseOk, UInt, Value, serialize
from appliance.chain.node import Node, NodeError
from appliance.chain.transaction import txid

ADDRESS = Address(26, bytes(range(20)))
CONTRACT = Contract(ADDRESS, "meter-data")
RAW = b"\x80" + bytes(199)
TXID = txid(RAW)


def hexed(value: Value) -> str:
    return "0x" + serialize(value).hex()


INFO = {"stacks_tip_height": 70, "burn_block_height": 900, "network_id": 2147483648, "server_version": "x"}
MINED = {
    "tx_id": "0x" + TXID,
    "tx_status": "success",
    "block_height": 71,
    "burn_block_height": 901,
    "canonical": True,
    "tx_result": {"hex": hexed(ResponseOk(UInt(5))), "repr": "(ok u5)"},
    "execution_cost_runtime": 11,
    "execution_cost_read_count": 12,
    "execution_cost_read_length": 13,
    "execution_cost_write_count": 14,
    "execution_cost_write_length": 15,
}
ESTIMATES = {"estimations": [{"fee_rate": 0.5, "fee": fee} for fee in (300, 400, 900)]}


class FakeNode:
    """Answers every request with `answer`, and remembers what was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, bytes]] = []
        self.released = asyncio.Event()  # what a slow answer waits for
        self.answer: Callable[[web.Request], Awaitable[web.StreamResponse]] = self._nothing

    def says(self, body: object, status: int = 200, headers: dict[str, str] | None = None) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()

        async def answer(_: web.Request) -> web.StreamResponse:
            return web.Response(body=data, status=status, headers=headers)

        self.answer = answer

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append((request.method, request.raw_path, await request.read()))
        return await self.answer(request)

    async def _nothing(self, _: web.Request) -> web.StreamResponse:
        raise AssertionError("the fake was not told what to say")


Ask = Callable[[Node], Awaitable[object]]
QUESTIONS: dict[str, Ask] = {
    "tip": lambda node: node.tip(),
    "account": lambda node: node.account(ADDRESS),
    "submit": lambda node: node.submit(RAW),
    "transaction": lambda node: node.transaction(TXID),
    "call_read": lambda node: node.call_read(CONTRACT, "get-head", (), ADDRESS),
    "map_entry": lambda node: node.map_entry(CONTRACT, "zones", UInt(1)),
    "source": lambda node: node.source(CONTRACT),
    "fee": lambda node: node.fee(b"\x02", 200),
}


async def refusal(asked: Awaitable[object]) -> NodeError:
    with pytest.raises(NodeError) as caught:
        await asked
    return caught.value
