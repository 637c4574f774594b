"""Holds the chain against the meters: what virtual meters served, what the appliance stored, what the contracts keep.

The meters' side comes from the log their simulator wrote of every index that left it, not from the appliance.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from appliance import call
from appliance.ballot import Vote
from appliance.beside import Beside
from appliance.block import MAX_BLOCK_USAGE
from appliance.calls.billing import BILLING
from appliance.calls.dispute import DISPUTES
from appliance.calls.payment import PAYMENT
from appliance.calls.voting import GOVERNANCE
from appliance.chain.address import Address, Contract
from appliance.chain.clarity import Optional, Tuple, UInt
from appliance.chain.node import Node
from appliance.cli.pots import Paid, paid_in
from appliance.config import Unit
from appliance.dispute import Act
from appliance.period import Step
from appliance.store.readings import ML_PER_LITRE

CONTRACT_OF: Final = {
    **dict.fromkeys((Step.CLOSE.value,), call.METER_DATA),
    **dict.fromkeys((Step.BILLS.value, Step.BAND.value, Step.PROVE_BILLS.value), BILLING),
    **dict.fromkeys((Step.CREDIT.value, Step.FINISH_CREDIT.value), PAYMENT),
    **dict.fromkeys((Step.SETTLE.value, Step.FINISH_SETTLEMENT.value), PAYMENT),
    **dict.fromkeys((act.value for act in Act), DISPUTES),
    **dict.fromkeys((vote.value for vote in Vote), GOVERNANCE),
    Beside.CLAIM.value: DISPUTES,
    Beside.CONTEST.value: GOVERNANCE,
    Beside.COMBINED.value: call.METER_DATA,
}


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
    """One batch, counted at both ends; None where the chain does not have it. `batch` is its first block."""

    zone: int
    unit: Unit
    batch: int
    meters: int
    chain: int | None


@dataclass(frozen=True, slots=True)
class Settled:
    """A settled period of a zone, in units of account. `chain` is what the contract lets the provider have of it."""

    zone: int
    period: int
    bills: int
    paid: int
    arrears: int
    debtors: int
    chain: int | None


@dataclass(frozen=True, slots=True)
class Sent:
    """A call that was signed, as stored."""

    kind: str
    zone: int
    number: int
    part: int
    state: str
    txid: bytes
    bytes: int

    @property
    def function(self) -> str:
        if self.kind == "batch":
            return "meter-data.submit-usage-batch"
        return f"{CONTRACT_OF[self.kind]}.{self.kind}"


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
    settled: tuple[Settled, ...]
    paid: tuple[Paid, ...]
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
        return self.count("SELECT count(*) FROM batch_delivery WHERE on_chain = 1 AND state = 'final'")

    def proving(self) -> list[Proving]:
        """Of blocks and batches; a kind that was not proved yet is left out."""
        found = []
        for kind in ("block", "batch"):
            rows = self._db.execute(f"SELECT proving_ms FROM {kind}_proof ORDER BY proving_ms").fetchall()
            if rows:
                found.append(Proving(kind, len(rows), rows[len(rows) // 2][0], rows[-1][0]))
        return found

    def batches(self) -> list[tuple[int, int, int, int]]:
        """(zone, first, last, period) of every batch, in order."""
        return self._db.execute(
            "SELECT zone, first_block, last_block, period FROM batch ORDER BY zone, first_block"
        ).fetchall()

    def submissions(self) -> list[Sent]:
        """The version of every call that went out last, by nonce."""
        rows = self._db.execute(
            "SELECT kind, zone, number, part, state, signed.txid, length(raw) FROM submission s "
            "JOIN call c ON c.id = call_id JOIN signed ON submission_id = s.id "
            "AND signed.txid = coalesce(s.txid, (SELECT txid FROM signed n WHERE n.submission_id = s.id "
            "ORDER BY version DESC LIMIT 1)) ORDER BY nonce"
        )
        return [Sent(*row) for row in rows]

    def settled(self) -> list[tuple[int, int]]:
        """(zone, period) of settlements that are final and were read back from the chain."""
        return self._db.execute(
            "SELECT zone, number FROM call c JOIN submission s ON s.call_id = c.id "
            "WHERE kind = 'settle-period' AND on_chain = 1 AND state = 'final' ORDER BY zone, number"
        ).fetchall()

    def credited(self) -> int:
        """Payments whose credits are final and were read back from the chain."""
        return self.count(
            "SELECT count(*) FROM payment p JOIN call c ON c.kind = 'credit-batch' AND c.zone = p.zone "
            "AND c.number = p.sequence JOIN submission s ON s.call_id = c.id WHERE on_chain = 1 AND state = 'final'"
        )

    def sold(self) -> int:
        """Agents' sales whose credits are final and were read back from the chain."""
        return self.count(
            "SELECT count(*) FROM sale JOIN call c ON c.kind = 'credit-batch' AND c.zone = sale.zone "
            "AND c.number = sequence JOIN submission s ON s.call_id = c.id WHERE on_chain = 1 AND state = 'final'"
        )

    def agents(self, zone: int) -> list[tuple[str, int]]:
        """Agents with a float in a zone, and the token units of their receipts that are in a batch of credits."""
        return self._db.execute(
            "SELECT f.agent, coalesce(sum(tokens), 0) FROM agent_float f LEFT JOIN sale s ON s.zone = f.zone "
            "AND s.agent = f.agent AND sequence IS NOT NULL WHERE f.zone = ? GROUP BY f.agent ORDER BY f.agent",
            (zone,),
        ).fetchall()

    def settlement(self, zone: int, period: int) -> tuple[int, int, int, int]:
        """(bills, paid from balances, arrears after it, slots in arrears), in units of account."""
        row = self._db.execute(
            "SELECT sum(amount), sum(before - balance), sum(arrears), sum(arrears > 0) FROM bill "
            "JOIN settled_slot USING (zone, period, slot) WHERE zone = ? AND period = ?",
            (zone, period),
        ).fetchone()
        return row[0], row[1], row[2], row[3]

    def spans(self, zone: int, first: int, last: int) -> list[Span]:
        rows = self._db.execute(
            "SELECT name, min(index_start), max(index_end), max(usage) FROM block_slot JOIN feed USING (zone, slot) "
            "JOIN meter ON meter.id = meter_id WHERE block_slot.zone = ? AND block BETWEEN ? AND ? GROUP BY name "
            "ORDER BY name",
            (zone, first, last),
        )
        return [Span(name, start, end, usage == MAX_BLOCK_USAGE) for name, start, end, usage in rows]

    def close(self) -> None:
        self._db.close()


async def reckon(
    books: Books, served: Path, node: Node, deployer: Address, gateway: Address, units: Mapping[int, Unit]
) -> Reckoning:
    """Compares everything that was batched, with the units of the zones. NodeError when the chain cannot be asked."""
    indexes = _served(served)
    problems: list[str] = []
    totals = []
    ranges = []
    sums: dict[tuple[int, int], list[int]] = {}
    for zone, first, last, period in books.batches():
        usage = 0
        for span in books.spans(zone, first, last):
            usage += _usage(span, _in(units[zone], indexes.get(span.meter, set())), problems)
        meter_data = Contract(deployer, call.METER_DATA)
        kept = call.read_batch(await node.call_read(meter_data, "get-batch", (UInt(zone), UInt(first)), gateway))
        totals.append(Total(zone, units[zone], first, usage, None if kept is None else kept.total))
        if kept is not None:
            sums.setdefault((zone, period), []).append(kept.total)
            ranges.append(kept.checked == call.CHECKED_SUM | call.CHECKED_RANGES)
    submissions = books.submissions()
    settled = [await _settled(node, deployer, gateway, books, *which) for which in books.settled()]
    problems += [
        f"zone {one.zone}: of period {one.period} the books say {one.paid} was paid, the chain {one.chain}"
        for one in settled
        if one.paid != one.chain
    ]
    paid = tuple([await paid_in(node, deployer, gateway, zone, books.agents(zone), problems) for zone in units])
    problems += [
        f"zone {one.zone}: {one.paid} was paid in and {one.sold} sold, {one.chain} credited"
        for one in paid
        if one.paid + one.sold != one.chain
    ]
    problems += await _sums(node, deployer, gateway, sums)
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
        transactions=tuple([await _made(node, sent) for sent in submissions]),
        totals=tuple(on_chain),
        settled=tuple(settled),
        paid=paid,
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


def _in(unit: Unit, indexes: set[int]) -> set[int]:
    """Served indexes as they are billed: of water whole litres, where its meters serve ml."""
    return {index // ML_PER_LITRE for index in indexes} if unit == "L" else indexes


def _usage(span: Span, served: set[int], problems: list[str]) -> int:
    """The span's usage by indexes the meter really served. A block cut at the limit ends between two of them."""
    if span.start is None or span.end is None:
        return 0
    for index in (span.start, span.end):
        if index not in served and not (span.capped and index <= max(served, default=0)):
            problems.append(f"meter {span.meter} never showed an index that was billed")
    return span.end - span.start


async def _sums(
    node: Node, deployer: Address, gateway: Address, sums: Mapping[tuple[int, int], Sequence[int]]
) -> list[str]:
    """The contracts' own count and sum of a period's batches must be the batches': a doubled one would show here.

    `sums` are the totals on chain by zone and period.
    """
    problems = []
    for (zone, period), own in sums.items():
        answer = await node.call_read(
            Contract(deployer, "aggregation"), "get-zone-period-usage", (UInt(zone), UInt(period)), gateway
        )
        if answer != Tuple.of({"total": UInt(sum(own)), "batches": UInt(len(own))}):
            problems.append(f"zone {zone}: the contract's count or sum of its batches is not that of the batches")
    return problems


async def _settled(node: Node, deployer: Address, gateway: Address, books: Books, zone: int, period: int) -> Settled:
    kept = await node.call_read(Contract(deployer, PAYMENT), "get-settlement", (UInt(zone), UInt(period)), gateway)
    growth = None
    match kept:
        case Optional(Tuple(fields)):
            found = dict(fields).get("growth")
            growth = found.value if isinstance(found, UInt) else None
    return Settled(zone, period, *books.settlement(zone, period), growth)


async def _nonces(node: Node, gateway: Address, submissions: Sequence[Sent]) -> list[str]:
    """As many transactions of the gateway were executed as calls were included: none twice."""
    included = sum(sent.state in ("included", "final") for sent in submissions)
    under_way = sum(sent.state in ("queued", "sent") for sent in submissions)
    problems = [
        f"zone {sent.zone}: {sent.kind} {sent.number} was rejected" for sent in submissions if sent.state == "rejected"
    ]
    nonce = (await node.account(gateway)).nonce
    if not included <= nonce <= included + under_way + len(problems):
        problems.append(f"the gateway has executed {nonce} transactions for {included} calls")
    return problems


async def _made(node: Node, sent: Sent) -> CallMade:
    status = await node.transaction(sent.txid.hex())
    runtime = None if status is None or status.cost is None else status.cost.runtime
    return CallMade(
        sent.function, sent.txid.hex(), "unknown" if status is None else status.state.value, runtime, sent.bytes
    )
