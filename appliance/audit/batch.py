"""What an audit makes of one batch: its transaction first, then whether everything else the chain says agrees."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from appliance.audit.claim import Check, Claim, Failure, Refused
from appliance.audit.submission import Submission, authentic, proved_elsewhere, read_submission
from appliance.chain.address import CodecError, Contract
from appliance.chain.clarity import Ascii, Buffer, List, Optional, ResponseOk, Tuple, UInt, Value, deserialize
from appliance.chain.history import Outcome, Print

TOPIC: Final = "usage-batch"
SEALED_TOPIC: Final = "sealed-batch"
CHECKED: Final = 3  # bits: the total opens, every value is in range
SEALED_CHECKED: Final = 2


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything fetched about one print of meter-data, as answered. None: the chain knows nothing of it."""

    print: Print
    raw: bytes | None
    outcome: Outcome | None
    stored: bytes  # meter-data's get-batch
    recorded: bytes  # aggregation's get-zone-usage


@dataclass(frozen=True, slots=True)
class Finding:
    """A failure and the batch that it belongs to; `first_block` None for the zone, `zone` None for the settlement."""

    zone: int | None
    first_block: int | None
    txid: str
    failure: Failure

    def __str__(self) -> str:
        where = "settlement" if self.zone is None else f"zone {self.zone}"
        where += "" if self.first_block is None else f", batch of block {self.first_block}"
        return f"{where}: {self.failure.check}: {self.failure.words}"


@dataclass(frozen=True, slots=True)
class Batch:
    """A print of meter-data, judged but for its proof. `submission` is None if its transaction could not be read;
    `zone` and `first_block` are then what the print claims, None if it claims nothing readable."""

    zone: int | None
    first_block: int | None
    txid: str
    submission: Submission | None
    period: int
    findings: tuple[Finding, ...]

    @property
    def claim(self) -> Claim | None:
        return None if self.submission is None else self.submission.claim(self.period)


def is_batch(value: bytes) -> bool:
    """Whether a print is of a usage batch; an unreadable one may be."""
    try:
        event = deserialize(value)
    except CodecError:
        return True
    return not isinstance(event, Tuple) or dict(event.fields).get("topic") in (None, Ascii(TOPIC), Ascii(SEALED_TOPIC))


def place(print_: Print, raw: bytes | None) -> tuple[int | None, int | None]:
    """(zone, first block), by the transaction if it is the one that the print names, else by the print."""
    submission = None
    try:
        submission = read_submission(raw or b"")
        if authentic(raw or b"", print_.txid) is None:
            return submission.zone, submission.first_block
    except Refused:
        pass
    event = fields(decoded(print_.value))
    zone, first = number(event.get("zone")), number(event.get("first-block"))
    if submission is not None and (zone is None or first is None):
        return submission.zone, submission.first_block
    return zone, first


def judge(evidence: Evidence, chain_id: int, contract: Contract, gateways: Mapping[int, Collection[Value]]) -> Batch:
    """One batch by its transaction: everything but proof, sequence and sums. `contract` is the settlement's meter-data,
    `gateways` are those that its zones have or had."""
    print_ = evidence.print
    failures: list[Failure] = []
    submission = None
    if evidence.raw is None:
        failures.append(Failure(Check.TRANSACTION, "the chain does not know the transaction that its event names"))
    else:
        try:
            submission = read_submission(evidence.raw)
        except Refused as refused:
            failures.append(refused.failure)
        failures += filter(None, [authentic(evidence.raw, print_.txid)])
    period, from_result = _result(evidence.outcome, _checked(submission))
    failures += from_result
    event = fields(decoded(print_.value))
    if submission is not None:
        if (submission.chain_id, submission.contract) != (chain_id, contract):
            words = f"it calls {submission.contract} on chain {submission.chain_id:#x}"
            failures.append(Failure(Check.TRANSACTION, words))
        failures += filter(None, [proved_elsewhere(contract, submission.proof)])
        if submission.submitter not in gateways.get(submission.zone, ()):
            failures.append(Failure(Check.CONTEXT, f"it was sent by {submission.submitter}, not by the zone's gateway"))
        failures += _event_failures(event, submission, period, print_.contract == str(contract))
        failures += _stored_failures(evidence, submission)
    zone, first_block = place(print_, evidence.raw)
    found = tuple(Finding(zone, first_block, print_.txid, failure) for failure in failures)
    return Batch(zone, first_block, print_.txid, submission, period, found)


def _checked(submission: Submission | None) -> int:
    return SEALED_CHECKED if submission is not None and submission.sealed else CHECKED


def _result(outcome: Outcome | None, needed: int) -> tuple[int, list[Failure]]:
    """The period that the contract answered with; 0 beside a failure."""
    if outcome is None or not outcome.succeeded:
        return 0, [Failure(Check.TRANSACTION, "it is in no block of this chain as a successful transaction")]
    answer = result_fields(outcome)
    period, checked = number(answer.get("period")), number(answer.get("checked"))
    if period is None or checked is None:
        return 0, [Failure(Check.TRANSACTION, "its result is not that of an accepted batch")]
    if checked & needed != needed:
        wanted = "total and ranges (u3)" if needed == CHECKED else "ranges (u2)"
        return period, [Failure(Check.TRANSACTION, f"the contract checked u{checked}, not {wanted}")]
    return period, []


def result_fields(outcome: Outcome | None) -> dict[str, Value]:
    """Of the tuple in (ok ...); none of anything else."""
    value = None if outcome is None else decoded(outcome.result)
    return fields(value.value) if isinstance(value, ResponseOk) else {}


def _event_failures(
    event: Mapping[str, Value], submission: Submission, period: int, right_contract: bool
) -> Iterator[Failure]:
    """The print says what the transaction says, and its context is the one recomputed."""
    if not event or not right_contract:
        yield Failure(Check.EVENT, "it is no readable event of this meter-data")
        return
    expected: dict[str, Value] = {
        "topic": Ascii(SEALED_TOPIC if submission.sealed else TOPIC),
        "zone": UInt(submission.zone),
        "period": UInt(period),
        "first-block": UInt(submission.first_block),
        "last-block": UInt(submission.last_block),
        "total": UInt(submission.total),
        "commitments": List(tuple(Buffer(c) for c in submission.commitments)),
        "commitments-hash": Buffer(submission.commitments_hash),
        "evidence-root": Buffer(submission.evidence_root),
        "authenticity": List(tuple(UInt(count) for count in submission.authenticity)),
        "checked": UInt(_checked(submission)),
    }
    differ = [name for name, value in expected.items() if event.get(name) != value]
    if differ:
        yield Failure(Check.EVENT, f"it says another {', '.join(differ)} than the transaction")
    if event.get("context") != Buffer(submission.context(period)):
        yield Failure(Check.CONTEXT, "the event's context is not the one that follows from the transaction")


def _stored_failures(evidence: Evidence, submission: Submission) -> Iterator[Failure]:
    """What the contracts keep of the batch is what was submitted."""
    stored = some(evidence.stored)
    expected: dict[str, Value] = {
        "last-block": UInt(submission.last_block),
        "total": UInt(submission.total),
        "commitments-hash": Buffer(submission.commitments_hash),
        "evidence-root": Buffer(submission.evidence_root),
        "checked": UInt(_checked(submission)),
    }
    differ = [name for name, value in expected.items() if stored.get(name) != value]
    if differ:
        check = Check.TOTAL if differ == ["total"] else Check.EVENT
        yield Failure(check, f"meter-data keeps another {', '.join(differ)} than was submitted")
    recorded = some(evidence.recorded)
    if submission.sealed:
        if recorded:
            yield Failure(Check.TOTAL, "aggregation keeps a total of a batch that opened none")
    elif recorded.get("total") != UInt(submission.total) or recorded.get("last-block") != UInt(submission.last_block):
        yield Failure(Check.TOTAL, f"aggregation keeps {shown(recorded.get('total'))}, not {submission.total}")


def decoded(value: bytes) -> Value | None:
    """None for bytes that are no value."""
    try:
        return deserialize(value)
    except CodecError:
        return None


def fields(value: Value | None) -> dict[str, Value]:
    """Of a tuple; none of anything else."""
    return dict(value.fields) if isinstance(value, Tuple) else {}


def some(answer: bytes) -> dict[str, Value]:
    """The fields of (some tuple) in consensus bytes; none of anything else."""
    value = decoded(answer)
    return fields(value.value) if isinstance(value, Optional) else {}


def number(value: Value | None) -> int | None:
    return value.value if isinstance(value, UInt) else None


def shown(value: Value | None) -> str:
    """A number for a message, or that there is none."""
    return "nothing readable" if number(value) is None else str(number(value))
