"""What a chain remembers, for those who check it: prints of contracts, signed bytes, outcomes and read-only answers.

Hands on what was answered, unjudged: bytes that do not decode are for the checker to report, not for this client to
drop. Only what keeps the checker from asking at all (a link, a refusal, an answer that is not JSON) is a NodeError.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from appliance.chain.address import Contract
from appliance.chain.clarity import Value, serialize
from appliance.chain.node import Node, NodeError

PAGE: Final = 50  # the indexed API gives no more at once
MAX_PRINTS: Final = 20_000  # of one contract, some 60 MB
MAX_PRINTS_BYTES: Final = 128 << 20  # of their values
_TXID: Final = re.compile(r"(?:0x)?([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Print:
    """One print event as the indexed API tells it. `txid` is "" and `value` (consensus bytes) b"" if unreadable."""

    txid: str
    index: int
    contract: str
    value: bytes


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a transaction: whether it is in a canonical block and succeeded, and its result's bytes."""

    succeeded: bool
    result: bytes


class History(Node):
    """A node with the indexed API (`/extended`). Every method raises NodeError and nothing else of the network."""

    async def prints(self, contract: Contract) -> tuple[Print, ...]:
        """All of a contract, oldest first. A page that overlaps the one before, as when new prints push old ones
        down between two requests, is joined to it; anything else that is told twice is handed on twice."""
        found: list[Print] = []
        asked = size = 0
        while True:
            page = await self._page(contract, asked)
            older = page[_overlap(found, page) :]
            if not older:
                return tuple(reversed(found))
            asked += len(page)
            found += older
            size += sum(len(print_.value) for print_ in older)
            if asked > MAX_PRINTS or size > MAX_PRINTS_BYTES:
                words = f"{contract} has more than {MAX_PRINTS} events or {MAX_PRINTS_BYTES} bytes of them"
                raise NodeError(words, permanent=True)

    async def newest(self, contract: Contract) -> Print | None:
        """The last print of a contract, None before its first."""
        return next(iter(await self._page(contract, 0, limit=1)), None)

    async def raw(self, txid: str) -> bytes | None:
        """The signed bytes of a transaction, b"" if unreadable; None when the node does not know it."""
        status, answer = await self._request("GET", f"/extended/v1/tx/0x{txid}/raw", also=404)
        return None if status == 404 else _bytes(_member(answer, "raw_tx"))

    async def outcome(self, txid: str) -> Outcome | None:
        """None when the node does not know it."""
        status, answer = await self._request("GET", f"/extended/v1/tx/0x{txid}", also=404)
        if status == 404:
            return None
        succeeded = _member(answer, "tx_status") == "success" and _member(answer, "canonical") is True
        named = _member(answer, "tx_id")
        same = isinstance(named, str) and named.removeprefix("0x") == txid
        return Outcome(succeeded and same, _bytes(_member(_member(answer, "tx_result"), "hex")))

    async def read(self, contract: Contract, function: str, *arguments: Value) -> bytes:
        """The consensus bytes that a read-only function returns at the tip, b"" if unreadable."""
        path = f"/v2/contracts/call-read/{contract.address}/{contract.name}/{quote(function, safe='')}"
        given = ["0x" + serialize(argument).hex() for argument in arguments]
        answer = await self._post(path, {"sender": str(contract.address), "arguments": given})
        if _member(answer, "okay") is not True:
            raise NodeError(f"{contract.name}.{function} cannot be read here", permanent=True)
        return _bytes(_member(answer, "result"))

    async def _page(self, contract: Contract, offset: int, limit: int = PAGE) -> list[Print]:
        """Newest first; empty behind the oldest."""
        path = f"/extended/v1/contract/{contract}/events?limit={limit}&offset={offset}"
        results = _member(await self._get(path), "results")
        if not isinstance(results, list):
            raise NodeError("the answer is malformed: results", permanent=False)
        if len(results) > limit:
            raise NodeError("the answer is malformed: more results than asked for", permanent=False)
        return [_print(result) for result in results]


def _overlap(found: list[Print], page: list[Print]) -> int:
    """How many of the page's first prints are the last ones found, in order; in linear time, as pages come from a
    stranger: Knuth, Morris and Pratt's search for the page in what was found."""
    if not page:
        return 0
    border = [0]  # by length less one, of the page's beginnings: the longest proper beginning that ends there again
    for print_ in page[1:]:
        border.append(_extended(page, border, border[-1], print_))
    matched = 0
    for print_ in found[-len(page) :]:
        matched = _extended(page, border, matched, print_)
    return matched


def _extended(page: list[Print], border: list[int], matched: int, print_: Print) -> int:
    """How many of the page's first prints end at `print_`, if `matched` ended just before it."""
    while matched and (matched == len(page) or page[matched] != print_):
        matched = border[matched - 1]
    return matched + (page[matched] == print_)


def _print(result: object) -> Print:
    log = _member(result, "contract_log")
    txid, index, contract = _member(result, "tx_id"), _member(result, "event_index"), _member(log, "contract_id")
    match = _TXID.fullmatch(txid) if isinstance(txid, str) else None
    return Print(
        match[1] if match else "",
        index if type(index) is int else -1,
        contract if isinstance(contract, str) else "",
        _bytes(_member(_member(log, "value"), "hex")),
    )


def _member(answer: object, name: str) -> object:
    """None where there is none: what is missing shows as unreadable."""
    return answer.get(name) if isinstance(answer, dict) else None


def _bytes(text: object) -> bytes:
    try:
        return bytes.fromhex(text.removeprefix("0x")) if isinstance(text, str) else b""
    except ValueError:
        return b""
