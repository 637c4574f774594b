"""Holds the chain against the meters: what virtual meters served, what the appliance stored, what the contracts keep.

The meters' side comes from the log their simulator wrote of every index that left it, not from the appliance.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from appliance import call
from appliance.block import MAX_BLOCK_USAGE
from appliance.chain.address import Address, Contract
from appliance.chain.clarity import Tuple, UInt
from appliance.chain.node import Node


@dataclass(frozen=True, slots=True)
class CallMade:
    """A transaction and what executing it cost the VM; `runtime` in the simulator's units, `bytes` of the wire."""

    function: str
    txid: str
    status: str
    runtime: int | None
    bytes: int


@dataclass(frozen=True, slots=True)
class Total:
    """One batch, counted at both ends, in Wh; None where the chain does not have it. `batch` is its first block."""

    zone: int
    batch: int
    meters: int
    chain: int | None


@dataclass(frozen=True, slots=True)
class Proving:
    """How long the worker took for the proofs `of` one kind ("block", "batch"), in milliseconds."""

    of: str
    count: int
    median_ms: int
    longest_ms: int


@dataclass(frozen=True, slots=True)
class Reckoning:
    """What a demonstration came to. `problems` in words; none if nothing was lost, doubled or changed.

    `range_proved`: the contract says of every batch that it keeps that it checked the sum and the ranges.
    """

    readings: int
    meters: int
    blocks: int
    transactions: tuple[CallMade, ...]
    totals: tuple[Total, ...]
    proofs: tuple[Proving, ...]
    range_proved: bool
    problems: tuple[str, ...]

    @property
    def equal(self) -> bool:
        return bool(self.totals) and all(total.meters == total.chain for total in self.totals) and not self.problems

    def to_json(self, seconds: int) -> str:
        return json.dumps({**asdict(self), "equal": self.equal, "seconds": seconds})


@dataclass(frozen=True, slots=True)
class Span:
    """A slot over a batch's blocks, as stored: meter, indexes at both ends, whether a block was cut at the limit."""

    meter: str
    start: int | None
    end: int | None
    capped: bool


class Books:
    """core.db, read only, beside the running appliance."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)

    def count(self, sql: str) -> int:
        return int(self._db.execute(sql).fetchone()[0])

    def finals(self) -> int:
        """Batches that are final and were read back from the chain."""
        return self.count(
            "SELECT count(*) FROM batch JOIN submission USING (zone, first_block) "
            "WHERE on_chain = 1 AND state = 'final'"
        )

    def proving(self) -> list[Proving]:
        """Of blocks and batches; a kind that was not proved yet is left out."""
        found = []
        for kind in ("block", "batch"):
            rows = self._db.execute(f"SELECT proving_ms FROM {kind}_proof ORDER BY proving_ms").fetchall()
            if rows:
                found.append(Proving(kind, len(rows), rows[len(rows) // 2][0], rows[-1][0]))
        return found

    def batches(self) -> list[tuple[int, int, int]]:
        """(zone, first, last) of every batch, in order."""
        return self._db.execute("SELECT zone, first_block, last_block FROM batch ORDER BY zone, first_block").fetchall()

    def submissions(self) -> list[tuple[int, int, str, bytes, int]]:
        """(zone, first block, state, txid, bytes) of the version that went out last."""
        return self._db.execute(
            "SELECT zone, first_block, state, signed.txid, length(raw) FROM submission JOIN signed "
            "ON submission_id = id AND signed.txid = coalesce(submission.txid, signed.txid) ORDER BY nonce"
        ).fetchall()

    def spans(self, zone: int, first: int, last: int) -> list[Span]:
        rows = self._db.execute(
            "SELECT name, min(index_start), max(index_end), max(usage) FROM block_slot JOIN meter USING (zone, slot) "
            "WHERE zone = ? AND block BETWEEN ? AND ? GROUP BY name ORDER BY name",
            (zone, first, last),
        )
        return [Span(name, start, end, usage == MAX_BLOCK_USAGE) for name, start, end, usage in rows]

    def close(self) -> None:
        self._db.close()


async def reckon(books: Books, served: Path, node: Node, deployer: Address, gateway: Address) -> Reckoning:
    """Compares everything that was batched. NodeError when the chain cannot be asked."""
    indexes = _served(served)
    problems: list[str] = []
    totals = []
    ranges = []
    for zone, first, last in books.batches():
        usage = 0
        for span in books.spans(zone, first, last):
            usage += _usage(span, indexes.get(span.meter, set()), problems)
        meter_data = Contract(deployer, call.METER_DATA)
        kept = call.read_batch(await node.call_read(meter_data, "get-batch", (UInt(zone), UInt(first)), gateway))
        totals.append(Total(zone, first, usage, None if kept is None else kept.total))
        if kept is not None:
            ranges.append(kept.checked == call.CHECKED_SUM | call.CHECKED_RANGES)
    submissions = books.submissions()
    problems += await _sums(node, deployer, gateway, totals)
    problems += await _nonces(node, gateway, submissions)
    problems += [
        f"zone {total.zone}, batch {total.batch}: the meters say {total.meters}, the chain {total.chain}"
        for total in totals
        if total.chain is not None and total.chain != total.meters
    ]
    on_chain = [total for total in totals if total.chain is not None]
    return Reckoning(
        readings=books.count("SELECT count(*) FROM reading"),
        meters=books.count("SELECT count(DISTINCT meter_id) FROM reading"),
        blocks=books.count("SELECT count(*) FROM block"),
        transactions=tuple([await _made(node, txid, size) for _, _, _, txid, size in submissions]),
        totals=tuple(on_chain),
        proofs=tuple(books.proving()),
        range_proved=bool(ranges) and all(ranges),
        problems=tuple(problems),
    )


def _served(log: Path) -> dict[str, set[int]]:
    """Per meter every index that its simulator served."""
    indexes: dict[str, set[int]] = {}
    for line in log.read_text("utf-8").splitlines():
        entry = json.loads(line)
        indexes.setdefault(entry["meter"], set()).add(entry["index"])
    return indexes


def _usage(span: Span, served: set[int], problems: list[str]) -> int:
    """The span's usage by indexes the meter really served. A block cut at the limit ends between two of them."""
    if span.start is None or span.end is None:
        return 0
    for index in (span.start, span.end):
        if index not in served and not (span.capped and index <= max(served, default=0)):
            problems.append(f"meter {span.meter} never showed an index that was billed")
    return span.end - span.start


async def _sums(node: Node, deployer: Address, gateway: Address, totals: Sequence[Total]) -> list[str]:
    """The contracts' own count and sum of a zone's batches must be the batches': a doubled one would show here."""
    problems = []
    for zone in sorted({total.zone for total in totals}):
        own = [total.chain for total in totals if total.zone == zone and total.chain is not None]
        answer = await node.call_read(
            Contract(deployer, "aggregation"), "get-zone-period-usage", (UInt(zone), UInt(call.OPEN_PERIOD)), gateway
        )
        if answer != Tuple.of({"total": UInt(sum(own)), "batches": UInt(len(own))}):
            problems.append(f"zone {zone}: the contract's count or sum of its batches is not that of the batches")
    return problems


async def _nonces(node: Node, gateway: Address, submissions: Sequence[tuple[int, int, str, bytes, int]]) -> list[str]:
    """As many transactions of the gateway were executed as batches were included: none twice."""
    included = sum(state in ("included", "final") for _, _, state, _, _ in submissions)
    under_way = sum(state in ("queued", "sent") for _, _, state, _, _ in submissions)
    problems = [
        f"zone {zone}: batch {first} was rejected" for zone, first, state, _, _ in submissions if state == "rejected"
    ]
    nonce = (await node.account(gateway)).nonce
    if not included <= nonce <= included + under_way + len(problems):
        problems.append(f"the gateway has executed {nonce} transactions for {included} batches")
    return problems


async def _made(node: Node, txid: bytes, size: int) -> CallMade:
    status = await node.transaction(txid.hex())
    runtime = None if status is None or status.cost is None else status.cost.runtime
    return CallMade(
        "meter-data.submit-usage-batch", txid.hex(), "unknown" if status is None else status.state.value, runtime, size
    )
