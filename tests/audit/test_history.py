"""What a chain remembers, as an indexed API pages it, also while it grows and when it answers nonsense."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from appliance.chain.address import Address, Contract
from appliance.chain.history import MAX_PRINTS, PAGE, History, Outcome, Print, _overlap
from appliance.chain.node import NodeError

CONTRACT = Contract(Address(26, bytes(20)), "meter-data")
TXID = "ab" * 32
Answer = Callable[[web.Request], Any]


@asynccontextmanager
async def history(answer: Answer) -> AsyncIterator[History]:
    async def handle(request: web.Request) -> web.Response:
        body = answer(request)
        return web.Response(status=404) if body is None else web.json_response(body)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        async with aiohttp.ClientSession() as session:
            yield History(f"http://127.0.0.1:{runner.addresses[0][1]}", session)
    finally:
        await runner.cleanup()


def event(number: int) -> dict[str, Any]:
    log = {"contract_id": str(CONTRACT), "topic": "print", "value": {"hex": f"0x{number:08x}", "repr": "..."}}
    return {"event_index": 3, "event_type": "smart_contract_log", "tx_id": f"0x{number:064x}", "contract_log": log}


class Events:
    """Events 0 .. count-1, newest first; `more` arrive between every two requests, unless for the first page again."""

    def __init__(self, count: int, more: int = 0) -> None:
        self.count = count
        self.more = more
        self.asked: list[str] = []

    def __call__(self, request: web.Request) -> dict[str, Any]:
        assert request.path == f"/extended/v1/contract/{CONTRACT}/events"
        self.asked.append(request.query_string)
        limit, offset = int(request.query["limit"]), int(request.query["offset"])
        page = [event(n) for n in reversed(range(self.count))][offset : offset + limit]
        self.count += self.more
        return {"limit": limit, "offset": offset, "results": page}


@pytest.mark.parametrize("count", [0, 1, PAGE - 1, PAGE, PAGE + 1, 3 * PAGE])
async def test_all_pages_oldest_first(count: int) -> None:
    async with history(Events(count)) as node:
        prints = await node.prints(CONTRACT)
    assert [int(one.txid, 16) for one in prints] == list(range(count))
    assert prints[:1] == ((Print(f"{0:064x}", 3, str(CONTRACT), bytes(4)),) if count else ())


@pytest.mark.parametrize("more", [1, 3, PAGE // 2])
async def test_pages_that_shift_while_they_are_read_are_joined(more: int) -> None:
    async with history(Events(3 * PAGE, more)) as node:
        prints = await node.prints(CONTRACT)
    assert [int(one.txid, 16) for one in prints] == list(range(3 * PAGE))


async def test_an_event_told_twice_is_handed_on_twice() -> None:
    def twice(request: web.Request) -> dict[str, Any]:
        return {"results": [event(2), event(1), event(1), event(0)] if request.query["offset"] == "0" else []}

    async with history(twice) as node:
        assert [int(one.txid, 16) for one in await node.prints(CONTRACT)] == [0, 1, 1, 2]


async def test_pages_without_end_are_given_up() -> None:
    def endless(request: web.Request) -> dict[str, Any]:
        return {"results": [event(int(request.query["offset"]) + n) for n in range(PAGE)]}

    async with history(endless) as node:
        with pytest.raises(NodeError, match=f"more than {MAX_PRINTS} events") as raised:
            await node.prints(CONTRACT)
    assert raised.value.permanent


async def test_too_many_bytes_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("appliance.chain.history.MAX_PRINTS_BYTES", 4 * 2 * PAGE)  # 4 bytes a value
    async with history(Events(2 * PAGE)) as node:
        assert len(await node.prints(CONTRACT)) == 2 * PAGE
    async with history(Events(2 * PAGE + 1)) as node:
        with pytest.raises(NodeError, match=f"or {4 * 2 * PAGE} bytes") as raised:
            await node.prints(CONTRACT)
    assert raised.value.permanent


async def test_more_than_was_asked_for_is_malformed() -> None:
    async with history(lambda _: {"results": [event(1)] * (PAGE + 1)}) as node:
        with pytest.raises(NodeError, match="more results than asked for"):
            await node.prints(CONTRACT)
    async with history(lambda _: {"results": [event(1)] * 2}) as node:
        with pytest.raises(NodeError, match="more results than asked for"):
            await node.newest(CONTRACT)


letters = st.lists(st.sampled_from([Print("", -1, "", b"a"), Print("", -1, "", b"b")]), max_size=12)


@given(letters, letters)
def test_overlap_by_trying_every_length(found: list[Print], page: list[Print]) -> None:
    longest = max(n for n in range(min(len(found), len(page)) + 1) if found[len(found) - n :] == page[:n])
    assert _overlap(found, page) == longest


class Counted(bytes):
    """Counts how often a value is compared."""

    times = 0

    def __eq__(self, other: object) -> bool:
        Counted.times += 1
        return bytes.__eq__(self, other)

    __hash__ = bytes.__hash__


def test_overlap_compares_a_few_times_each_print() -> None:
    """Of pages that almost match everywhere."""
    count = 2000
    page = [Print("", -1, "", Counted(b"")) for _ in range(count)]
    found = [*page[1:], Print("", -1, "", Counted(b"x"))]
    Counted.times = 0
    assert _overlap(found, page) == 0
    assert count < Counted.times <= 8 * count


async def test_newest() -> None:
    events = Events(3)
    async with history(events) as node:
        newest = await node.newest(CONTRACT)
        events.count = 0
        assert await node.newest(CONTRACT) is None
    assert newest is not None
    assert int(newest.txid, 16) == 2
    assert events.asked[0] == "limit=1&offset=0"


@pytest.mark.parametrize("answer", [{}, [], {"results": {}}, {"results": None}])
async def test_pages_that_are_none(answer: object) -> None:
    async with history(lambda _: answer) as node:
        with pytest.raises(NodeError, match="malformed"):
            await node.prints(CONTRACT)


@pytest.mark.parametrize(
    "broken",
    [{}, [], 7, {"tx_id": 1, "event_index": "x", "contract_log": []}, {"contract_log": {"value": {"hex": "0xz"}}}],
)
async def test_broken_event_is_handed_on_as_unreadable(broken: object) -> None:
    def answer(request: web.Request) -> dict[str, Any]:
        return {"results": [broken] if request.query["offset"] == "0" else []}

    async with history(answer) as node:
        assert await node.prints(CONTRACT) == (Print("", -1, "", b""),)


@pytest.mark.parametrize(
    ("answer", "raw"),
    [
        ({"raw_tx": "0x0102"}, b"\1\2"),
        ({"raw_tx": "0102"}, b"\1\2"),
        ({"raw_tx": "0x0"}, b""),
        ({}, b""),
        ([], b""),
        (None, None),
    ],
)
async def test_raw(answer: object, raw: bytes | None) -> None:
    async with history(lambda _: answer) as node:
        assert await node.raw(TXID) == raw


GOOD = {
    "tx_id": "0x" + TXID,
    "tx_status": "success",
    "canonical": True,
    "tx_result": {"hex": "0x0703", "repr": "(ok true)"},
}


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({}, Outcome(True, b"\7\3")),
        ({"tx_status": "abort_by_response"}, Outcome(False, b"\7\3")),
        ({"tx_status": "pending", "canonical": None, "tx_result": None}, Outcome(False, b"")),
        ({"canonical": False}, Outcome(False, b"\7\3")),
        ({"canonical": 1}, Outcome(False, b"\7\3")),
        ({"tx_id": "0x" + "00" * 32}, Outcome(False, b"\7\3")),
        ({"tx_result": {"hex": 7}}, Outcome(True, b"")),
    ],
)
async def test_outcome(changes: dict[str, object], outcome: Outcome) -> None:
    async with history(lambda _: GOOD | changes) as node:
        assert await node.outcome(TXID) == outcome


async def test_outcome_of_an_unknown_transaction() -> None:
    async with history(lambda _: None) as node:
        assert await node.outcome(TXID) is None


async def test_read() -> None:
    async with history(lambda _: {"okay": True, "result": "0x09"}) as node:
        assert await node.read(CONTRACT, "get-zone") == b"\x09"
    async with history(lambda _: {"okay": True, "result": "0x9"}) as node:
        assert await node.read(CONTRACT, "get-zone") == b""
    async with history(lambda _: {"okay": False, "cause": "Unchecked"}) as node:
        with pytest.raises(NodeError, match=r"meter-data\.get-zone cannot be read here"):
            await node.read(CONTRACT, "get-zone")
