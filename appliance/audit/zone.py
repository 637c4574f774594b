"""What an audit makes of batches together: none missing, none doubled, and sums that agree with the contracts'."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from appliance.audit.batch import Batch, Finding, decoded, fields, number, shown, some
from appliance.audit.claim import Check, Failure
from appliance.audit.submission import Submission
from appliance.chain.clarity import Buffer, List, Optional, UInt, Value
from circuits.reference import ReferencePoint
from circuits.scalar import EncodingError


@dataclass(frozen=True, slots=True)
class ZoneFacts:
    """Read-only answers about a zone in consensus bytes, as answered; `periods` its opened totals by period, `closed`
    what meter-data keeps of periods before the open one. `former` are gateways that the registry tells were replaced.
    """

    registered: bytes
    state: bytes
    running: bytes
    periods: Mapping[int, bytes]
    closed: Mapping[int, bytes]
    former: tuple[Value, ...]

    @property
    def gateways(self) -> tuple[Value, ...]:
        gateway = some(self.registered).get("gateway")
        return self.former if gateway is None else (gateway, *self.former)

    @property
    def utility(self) -> int | None:
        return number(some(self.registered).get("utility"))


@dataclass(frozen=True, slots=True)
class Accepted:
    """A batch whose transaction could be read."""

    submission: Submission
    period: int
    txid: str


def accepted(batches: Iterable[Batch], zone: int) -> list[Accepted]:
    """Those of a zone, in the order of their blocks."""
    found = [
        Accepted(batch.submission, batch.period, batch.txid)
        for batch in batches
        if batch.submission is not None and batch.submission.zone == zone
    ]
    return sorted(found, key=lambda a: (a.submission.first_block, a.submission.last_block))


def judge_zone(zone: int, facts: ZoneFacts, batches: Sequence[Accepted]) -> Iterator[Finding]:
    """`batches` are all of the zone, in order."""
    state = some(facts.state)
    start, end = number(some(facts.registered).get("first-block")), number(state.get("next-block"))
    if start is None or end is None:
        words = "what the registry or meter-data says of the zone is unreadable, or it is not registered"
        yield Finding(zone, None, "", Failure(Check.SEQUENCE, words))
        return
    yield from _sequence(zone, start, end, batches)
    slots = number(some(facts.registered).get("slots"))
    for batch in batches:
        if len(batch.submission.commitments) != slots:
            words = f"{len(batch.submission.commitments)} commitments in a zone of {slots} slots"
            yield Finding(zone, batch.submission.first_block, batch.txid, Failure(Check.LENGTH, words))
    yield from _sums(zone, facts.periods, batches)
    value = decoded(facts.running)
    there = value.value if isinstance(value, Optional) else None
    open_period = number(state.get("period"))
    yield from _summed(zone, "running commitments", _of_period(batches, open_period), there)
    for period, answer in sorted(facts.closed.items()):
        kept = some(answer)
        own = _of_period(batches, period)
        yield from _summed(zone, f"commitments of period {period}", own, kept.get("usage"))
        blocks = sum(b.last_block - b.first_block + 1 for b in own)
        if (number(kept.get("batches")), number(kept.get("blocks"))) != (len(own), blocks):
            words = f"period {period} has {len(own)} batches of {blocks} blocks; meter-data keeps other numbers"
            yield Finding(zone, None, "", Failure(Check.TOTAL, words))


def _of_period(batches: Sequence[Accepted], period: int | None) -> list[Submission]:
    return [batch.submission for batch in _once(batches) if batch.period == period]


def repeated(batches: Iterable[Accepted]) -> Iterator[Finding]:
    """Whole lists of commitments that were submitted before for other blocks, here or in another zone."""
    first: dict[bytes, Submission] = {}
    for batch in batches:
        own = batch.submission
        other = first.setdefault(own.commitments_hash, own)
        if (other.zone, other.first_block) != (own.zone, own.first_block):
            words = f"its commitments are those of zone {other.zone}, batch of block {other.first_block}"
            yield Finding(own.zone, own.first_block, batch.txid, Failure(Check.SEQUENCE, words))


def judge_settlement(
    answers: Mapping[tuple[int, int], bytes], totals: Mapping[tuple[int, int], list[int]]
) -> Iterator[Finding]:
    """The sums over all zones, by (utility, period): as aggregation answers, and the totals found."""
    for (utility, period), answer in sorted(answers.items()):
        for failure in _sum_failures(period, answer, totals.get((utility, period), [])):
            yield Finding(None, None, "", Failure(failure.check, f"utility {utility}, {failure.words}"))


def totals_of(batches: Sequence[Accepted]) -> dict[int, list[int]]:
    """Totals by period that batches opened themselves, a doubled batch counted once."""
    found: dict[int, list[int]] = defaultdict(list)
    for batch in _once(batches):
        if not batch.submission.sealed:
            found[batch.period].append(batch.submission.total)
    return dict(found)


def _once(batches: Sequence[Accepted]) -> list[Accepted]:
    return list({b.submission.first_block: b for b in reversed(batches)}.values())[::-1]


def _sequence(zone: int, start: int, end: int, batches: Sequence[Accepted]) -> Iterator[Finding]:
    """From the zone's first block to the one before its next, each exactly once."""

    def finding(block: int, txid: str, words: str) -> Finding:
        return Finding(zone, block, txid, Failure(Check.SEQUENCE, words))

    expected = start
    for batch in batches:
        first, last = batch.submission.first_block, batch.submission.last_block
        if first < expected:
            yield finding(first, batch.txid, f"blocks {first} to {min(last, expected - 1)} are in two batches")
        elif first > expected:
            yield finding(expected, "", f"no batch tells of blocks {expected} to {first - 1}")
        expected = max(expected, last + 1)
    if expected < end:
        yield finding(expected, "", f"no batch tells of blocks {expected} to {end - 1}, which the chain has accepted")
    elif expected > end:
        yield finding(end, "", f"the chain has accepted blocks up to {end - 1} only")


def _sums(zone: int, answers: Mapping[int, bytes], batches: Sequence[Accepted]) -> Iterator[Finding]:
    totals = totals_of(batches)
    for period in sorted(answers):
        for failure in _sum_failures(period, answers[period], totals.get(period, [])):
            yield Finding(zone, None, "", failure)


def _sum_failures(period: int, answer: bytes, totals: Sequence[int]) -> Iterator[Failure]:
    there = fields(decoded(answer))
    if (there.get("total"), there.get("batches")) != (UInt(sum(totals)), UInt(len(totals))):
        words = (
            f"period {period}: the transactions open {len(totals)} batches, {sum(totals)} in total; aggregation says "
            f"{shown(there.get('batches'))}, {shown(there.get('total'))}"
        )
        yield Failure(Check.TOTAL, words)


def _summed(zone: int, what: str, batches: Sequence[Submission], answer: Value | None) -> Iterator[Finding]:
    """What meter-data keeps of a period is, slot by slot, the sums of what was submitted in it."""
    if not batches:
        return
    there = answer.items if isinstance(answer, List) else ()
    try:
        columns = zip(*(batch.commitments for batch in batches), strict=True)
        sums = [
            ReferencePoint.sum([ReferencePoint.from_bytes_checked(c) for c in column]).to_bytes() for column in columns
        ]
    except (EncodingError, ValueError) as error:
        yield Finding(zone, None, "", Failure(Check.ENCODING, f"commitments that cannot be added up: {error}"))
        return
    wrong = [slot for slot, found in enumerate(sums) if slot >= len(there) or there[slot] != Buffer(found)]
    if wrong or len(there) != len(sums):
        slots = ", ".join(map(str, wrong[:5])) or "beyond the last"
        words = f"the {what} are not the sums of those submitted: slot {slots}"
        yield Finding(zone, None, "", Failure(Check.TOTAL, words))
