"""What an audit makes of totals that several zones' sealed batches were opened in: sums over py_ecc, once each."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from appliance.audit.batch import Finding, decoded, fields, number, some
from appliance.audit.claim import Check, Failure, Refused
from appliance.audit.submission import Submission, authentic, buffer, items, proved_elsewhere, read_call, whole
from appliance.chain.address import Address, Contract
from appliance.chain.clarity import Ascii, List, UInt, Value
from appliance.chain.history import Outcome, Print
from circuits.generators import bases
from circuits.opening import sum_opens
from circuits.pedersen import Opening
from circuits.reference import ReferencePoint
from circuits.scalar import EncodingError, Scalar

TOPIC: Final = "combined-total"
FUNCTION: Final = "open-combined-total"
ARGUMENTS: Final = 7


@dataclass(frozen=True, slots=True)
class CombinedEvidence:
    """Everything fetched about one print, as answered; `kept` is aggregation's get-combined-usage by zone."""

    print: Print
    raw: bytes | None
    outcome: Outcome | None
    kept: Mapping[int, bytes]


@dataclass(frozen=True, slots=True)
class Combined:
    """A total that was opened, judged. `total` is 0 and `zones` are empty where nothing of it can be read."""

    zones: tuple[int, ...]
    utility: int
    period: int
    total: int
    findings: tuple[Finding, ...]


def is_combined(value: bytes) -> bool:
    return fields(decoded(value)).get("topic") == Ascii(TOPIC)


def combined_place(value: bytes) -> tuple[int, tuple[int, ...]]:
    """First block and zones that the print claims; (0, ()) for an unreadable one."""
    event = fields(decoded(value))
    listed = event.get("zones")
    zones = [number(zone) for zone in listed.items] if isinstance(listed, List) else []
    return number(event.get("first-block")) or 0, tuple(zone for zone in zones if zone is not None)


def judge_combined(
    evidence: CombinedEvidence,
    chain_id: int,
    contract: Contract,
    gateways: Mapping[int, Collection[Value]],
    sealed: Mapping[tuple[int, int], tuple[Submission, int]],
) -> Combined:
    """By its transaction. `sealed` are the readable sealed batches by zone and first block, each with its period."""
    event, named = fields(decoded(evidence.print.value)), evidence.print.txid
    first, zones = combined_place(evidence.print.value)
    utility, period = number(event.get("utility")) or 0, number(event.get("period")) or 0
    failures: list[Failure] = []
    total = 0
    try:
        transaction, call = read_call(evidence.raw or b"", FUNCTION, ARGUMENTS)
        said, first_block, opened, blinding, *_, proof = call.arguments
        total = whole(opened, "total")
        failures += filter(None, [authentic(evidence.raw or b"", named)])
        if (transaction.network.chain_id, call.contract) != (chain_id, contract):
            failures.append(Failure(Check.TRANSACTION, f"it calls {call.contract} on another chain or settlement"))
        if isinstance(proof, Contract):
            failures += filter(None, [proved_elsewhere(contract, proof)])
        same = (tuple(whole(zone, "zone") for zone in items(said, "zones")), whole(first_block, "first-block"))
        if same != (zones, first) or event.get("total") != UInt(total):
            failures.append(Failure(Check.EVENT, "its event says other zones, blocks or another total"))
        batches = [sealed[zone, first] for zone in zones if (zone, first) in sealed]
        failures += _members(zones, batches, period, transaction.origin_address, gateways)
        failures += _opening([batch for batch, _ in batches], total, buffer(blinding, "blinding"))
    except Refused as refused:
        failures.append(refused.failure)
    if evidence.outcome is None or not evidence.outcome.succeeded:
        failures.append(Failure(Check.TRANSACTION, "it is in no block of this chain as a successful transaction"))
    for zone in zones:
        if some(evidence.kept.get(zone, b"")).get("total") != UInt(total):
            failures.append(Failure(Check.TOTAL, f"aggregation keeps another combined total of zone {zone}"))
    found = tuple(Finding(None, None, named, Failure(f.check, f"a combined total: {f.words}")) for f in failures)
    return Combined(zones, utility, period, total, found)


def judge_once(combined: Sequence[Combined], first_blocks: Sequence[int]) -> Iterator[Finding]:
    """No batch is opened in two totals."""
    seen: set[tuple[int, int]] = set()
    for one, first in zip(combined, first_blocks, strict=True):
        for zone in one.zones:
            if (zone, first) in seen:
                words = "it is opened in two combined totals"
                yield Finding(zone, first, "", Failure(Check.SEQUENCE, words))
            seen.add((zone, first))


def _members(
    zones: Sequence[int],
    batches: Sequence[tuple[Submission, int]],
    period: int,
    sender: Address,
    gateways: Mapping[int, Collection[Value]],
) -> Iterator[Failure]:
    if len(batches) != len(zones) or not zones:
        yield Failure(Check.SEQUENCE, "it opens batches that are not there, or that are not sealed")
    if len({batch.last_block for batch, _ in batches}) > 1 or {of for _, of in batches} - {period}:
        yield Failure(Check.SEQUENCE, "its batches are of different blocks or periods")
    if any(sender not in gateways.get(zone, ()) for zone in zones):
        yield Failure(Check.CONTEXT, f"it was sent by {sender}, not by the gateway of all its zones")


def _opening(batches: Sequence[Submission], total: int, blinding: bytes) -> Iterator[Failure]:
    try:
        points = [ReferencePoint.from_bytes_checked(item) for batch in batches for item in batch.commitments]
        holds = sum_opens(bases(ReferencePoint), points, Opening(total, Scalar.from_bytes_checked(blinding)))
    except (EncodingError, ValueError) as error:
        yield Failure(Check.ENCODING, f"what it opens cannot be added up: {error}")
        return
    if not holds:
        yield Failure(Check.TOTAL, "the commitments do not open to the total")
