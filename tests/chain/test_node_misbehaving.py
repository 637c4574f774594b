"""The node client and everything that is not an answer: each is a NodeError that says whether to try again."""

import asyncio
import gzip
import json
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import unused_port

from appliance.chain.clarity import NONE
from appliance.chain.node import Node

from .fake_node import ESTIMATES, INFO, MINED, QUESTIONS, Ask, FakeNode, hexed, refusal

every_question = pytest.mark.parametrize("ask", QUESTIONS.values(), ids=QUESTIONS.keys())


def impatient(node: Node) -> Node:
    return Node(node._url, node._session, timeout_seconds=0.05)


GARBAGE = [
    b"",
    b"null",
    b"[]",
    b"0",
    b'""',
    b"{}",
    b"{",
    b"\xff\xfe\x00",
    b"[" * 200_000,
    b'{"a":' * 100_000,
    b"NaN",
    b"9" * 10_000,
    b"<html>Please sign in to the Wi-Fi</html>",
    b'"0x' + b"z" * 64 + b'"',
]


@every_question
@pytest.mark.parametrize("body", GARBAGE, ids=range(len(GARBAGE)))
async def test_garbage_is_a_passing_error(node: Node, fake: FakeNode, ask: Ask, body: bytes) -> None:
    fake.says(body)
    assert not (await refusal(ask(node))).permanent


BALANCE = "0x" + "0" * 32
BAD_FIELDS: dict[tuple[str, str], tuple[object, ...]] = {
    **{("tip", name): (-1, 1.0, "1", True, None, 1 << 64, []) for name in list(INFO)[:3]},
    ("account", "balance"): (None, 5, "0x", "0x00", "0x" + "0" * 34, "0x" + "g" * 32),
    ("account", "nonce"): (None, -1, "1"),
    ("transaction", "tx_status"): (None, 1, "", "SUCCESS", "dropped_", []),
    ("transaction", "tx_id"): (None, 1, "", "0x" + "0" * 64),
    ("transaction", "canonical"): (None, 1, "true"),
    ("transaction", "block_height"): (None, -1, "71"),
    ("transaction", "burn_block_height"): (-1, "71"),
    ("transaction", "tx_result"): (1, {}, {"hex": "0xff"}, {"hex": "0x0300"}, {"hex": 3}),
    ("transaction", "execution_cost_runtime"): (-1, 0.5),
    ("transaction", "execution_cost_read_count"): (None, -1),
    ("call_read", "result"): (None, 1, "", "0x", "0x0", "0xzz", "0x0300"),
    ("call_read", "okay"): (None, 1, "true"),
    ("map_entry", "data"): (None, 1, "", "0x0a"),
    ("source", "source"): (None, 1, []),
    ("fee", "estimations"): (None, [], [{"fee": 1}], [1, 2, 3], [{}, {}, {}], [{}, {"fee": -1}, {}]),
}
GOOD: dict[str, dict[str, Any]] = {
    "tip": INFO,
    "account": {"nonce": 1, "balance": BALANCE},
    "transaction": MINED,
    "call_read": {"okay": True, "result": hexed(NONE)},
    "map_entry": {"data": hexed(NONE)},
    "source": {"source": ""},
    "fee": ESTIMATES,
}


@pytest.mark.parametrize(("question", "field", "bad"), [(*at, bad) for at, bads in BAD_FIELDS.items() for bad in bads])
async def test_a_field_that_is_not_as_it_should_be(
    node: Node, fake: FakeNode, question: str, field: str, bad: object
) -> None:
    fake.says(GOOD[question])
    await QUESTIONS[question](node)
    fake.says(GOOD[question] | {field: bad})
    assert not (await refusal(QUESTIONS[question](node))).permanent


@every_question
@pytest.mark.parametrize(
    ("status", "permanent"),
    [(301, False), (401, True), (403, True), (408, False), (413, True), (429, False), (500, False), (502, False)],
)
async def test_statuses(node: Node, fake: FakeNode, ask: Ask, status: int, permanent: bool) -> None:
    fake.says(INFO, status, {"Location": "/v2/info"})
    assert (await refusal(ask(node))).permanent is permanent
    assert len(fake.asked) == 1  # no redirect is followed


@pytest.mark.parametrize(
    ("header", "seconds"), [("7", 7), ("", 0), ("-1", 0), ("soon", 0), ("9" * 50, 0), ("1.5", 0), ("²", 0)]
)
async def test_a_node_may_ask_for_time(node: Node, fake: FakeNode, header: str, seconds: int) -> None:
    fake.says(b"slow down", 429, {"Retry-After": header})
    error = await refusal(node.tip())
    assert (error.retry_after, error.permanent) == (seconds, False)


@every_question
async def test_a_huge_answer_is_cut_off(node: Node, fake: FakeNode, ask: Ask) -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while not fake.released.is_set():
            try:
                await response.write(b" " * (1 << 18))
            except ConnectionError:
                break
        return response

    fake.answer = endless
    error = await refusal(ask(node))
    assert "too large" in str(error)
    assert not error.permanent


async def test_a_small_answer_that_unpacks_to_a_huge_one_is_cut_off(node: Node, fake: FakeNode) -> None:
    packed = gzip.compress(b" " * (64 << 20), 1)
    assert len(packed) < 4 << 20
    fake.says(packed, 200, {"Content-Encoding": "gzip"})
    assert not (await refusal(node.tip())).permanent


async def test_packed_garbage(node: Node, fake: FakeNode) -> None:
    fake.says(b"not gzip", 200, {"Content-Encoding": "gzip"})
    assert not (await refusal(node.tip())).permanent


@every_question
async def test_a_node_that_never_answers(node: Node, fake: FakeNode, ask: Ask) -> None:
    async def silent(_: web.Request) -> web.StreamResponse:
        await fake.released.wait()
        return web.Response()

    fake.answer = silent
    error = await refusal(ask(impatient(node)))
    assert "in time" in str(error)
    assert not error.permanent


async def test_a_node_that_stops_in_the_middle_of_its_answer(node: Node, fake: FakeNode) -> None:
    async def half(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(json.dumps(INFO).encode()[:20])
        await fake.released.wait()
        return response

    fake.answer = half
    assert not (await refusal(impatient(node).tip())).permanent


async def test_a_link_that_breaks_in_the_middle_of_an_answer(node: Node, fake: FakeNode) -> None:
    async def broken(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b"{")
        assert request.transport is not None
        request.transport.close()
        return response

    fake.answer = broken
    assert not (await refusal(node.tip())).permanent


@every_question
async def test_no_node_there(ask: Ask) -> None:
    async with aiohttp.ClientSession() as session:
        assert not (await refusal(ask(Node(f"http://127.0.0.1:{unused_port()}", session)))).permanent


@pytest.mark.parametrize(
    "talk", [b"", b"\0\1garbage\r\n\r\n", b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000 + b"\r\n\r\n"]
)
async def test_something_that_does_not_speak_http(talk: bytes) -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(talk)
        writer.close()

    server = await asyncio.start_server(speak, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, aiohttp.ClientSession() as session:
        assert not (await refusal(Node(f"http://127.0.0.1:{port}", session).tip())).permanent


@pytest.mark.parametrize("url", ["", "not a url", "http://", "ftp://127.0.0.1"])
async def test_a_url_that_is_none(url: str) -> None:
    async with aiohttp.ClientSession() as session:
        assert (await refusal(Node(url, session).tip())).permanent
