"""What an audit makes of the proofs that dwellings sent of their own slots, and whether batches contradict them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from appliance.audit.batch import Finding, decoded, fields, number, some
from appliance.audit.claim import Check, Claim, Failure, Refused
from appliance.audit.submission import (
    Submission,
    authentic,
    buffer,
    buffers,
    encodable,
    hash_of,
    proved_elsewhere,
    read_call,
    whole,
)
from appliance.chain.address import Address, Contract
from appliance.chain.clarity import Ascii, Bool, Buffer, List, Tuple, UInt, Value, serialize
from appliance.chain.history import Outcome, Print
from appliance.chain.transaction import txid

TOPIC: Final = "usage-proof"
FUNCTION: Final = "submit-usage-proof"
ARGUMENTS: Final = 9
CHECKED: Final = 2  # bit: the value is in range

Said = tuple[Value | None, Value | None, Value | None]
"""Slot, last block and commitment of an own proof, as meter-data keeps them."""


@dataclass(frozen=True, slots=True)
class SelfProof:
    """One call of meter-data's submit-usage-proof, as its signed bytes say. Blocks inclusive."""

    chain_id: int
    contract: Contract
    submitter: Address
    zone: int
    slot: int
    first_block: int
    last_block: int
    commitment: bytes
    points: tuple[bytes, ...]
    scalars: tuple[bytes, ...]
    hints: tuple[bytes, ...]
    proof: Contract

    def __post_init__(self) -> None:
        """Refused as for a Submission."""
        self.context(0)

    def context(self, period: int) -> bytes:
        """SHA-256 of the tuple that meter-data.clar documents."""
        with encodable():
            bound: dict[str, Value] = {
                "domain": Ascii("mita/v1/usage-proof"),
                "chain": UInt(self.chain_id),
                "contract": self.contract,
                "proof": self.proof,
                "submitter": self.submitter,
                "zone": UInt(self.zone),
                "slot": UInt(self.slot),
                "period": UInt(period),
                "first-block": UInt(self.first_block),
                "last-block": UInt(self.last_block),
                "commitments-hash": Buffer(hash_of((self.commitment,))),
            }
            return hashlib.sha256(serialize(Tuple.of(bound))).digest()


@dataclass(frozen=True, slots=True)
class OwnEvidence:
    """Everything fetched about one print, as answered."""

    print: Print
    raw: bytes | None
    outcome: Outcome | None


@dataclass(frozen=True, slots=True)
class Own:
    """A slot's own proof, judged but for the proof itself. The period is what the event says: the context binds it.

    `unjudged` says why nothing can be said of it: its prover sent it in a way that shows no arguments, through another
    contract or from an account with several keys. That is no failure of the settlement; `said` is then the event's.
    """

    zone: int | None
    slot: int | None
    first_block: int | None
    txid: str
    sent: SelfProof | None
    said: Said | None
    period: int
    findings: tuple[Finding, ...]
    unjudged: str | None

    @property
    def claim(self) -> Claim | None:
        sent = self.sent
        if sent is None:
            return None
        return Claim(sent.context(self.period), (sent.commitment,), None, sent.points, sent.scalars, sent.hints)


@dataclass(frozen=True, slots=True)
class Contested:
    """Slots that proved something else of a batch's blocks than the batch says."""

    zone: int
    first_block: int
    slots: tuple[int, ...]


def is_own(value: bytes) -> bool:
    return fields(decoded(value)).get("topic") == Ascii(TOPIC)


def own_place(evidence: OwnEvidence) -> tuple[int | None, int | None]:
    """(zone, first block) that the print claims."""
    event = fields(decoded(evidence.print.value))
    return number(event.get("zone")), number(event.get("first-block"))


def read_own(raw: bytes) -> SelfProof:
    """From a transaction's bytes. Refused for anything that is no call of submit-usage-proof."""
    transaction, call = read_call(raw, FUNCTION, ARGUMENTS)
    zone, slot, first, last, commitment, points, scalars, hints, proof = call.arguments
    if not isinstance(proof, Contract):
        raise Refused(Check.ENCODING, "the proof contract is no contract")
    return SelfProof(
        chain_id=transaction.network.chain_id,
        contract=call.contract,
        submitter=transaction.origin_address,
        zone=whole(zone, "zone"),
        slot=whole(slot, "slot"),
        first_block=whole(first, "first-block"),
        last_block=whole(last, "last-block"),
        commitment=buffer(commitment, "commitment"),
        points=buffers(points, "points"),
        scalars=buffers(scalars, "scalars"),
        hints=buffers(hints, "hints"),
        proof=proof,
    )


def judge_own(evidence: OwnEvidence, chain_id: int, contract: Contract) -> Own:
    """By its transaction: everything but the proof."""
    event, named = fields(decoded(evidence.print.value)), evidence.print.txid
    zone, slot, first, period = (number(event.get(name)) for name in ("zone", "slot", "first-block", "period"))
    raw = evidence.raw or b""
    sent, unjudged, failures = _sent(raw, named, contract)
    said: Said | None = None
    if evidence.outcome is None or not evidence.outcome.succeeded:
        failures.append(Failure(Check.TRANSACTION, "it is in no block of this chain as a successful transaction"))
    if sent is not None:
        said = UInt(sent.slot), UInt(sent.last_block), Buffer(sent.commitment)
        if (sent.chain_id, sent.contract) != (chain_id, contract):
            failures.append(Failure(Check.TRANSACTION, f"it calls {sent.contract} on chain {sent.chain_id:#x}"))
        failures += filter(None, [proved_elsewhere(contract, sent.proof)])
        failures += _event_failures(event, sent, period or 0)
    elif unjudged is not None:
        said = _kept(event)
        if None in (zone, first, *said):
            failures.append(Failure(Check.EVENT, "it is no readable event of this meter-data"))
    found = tuple(Finding(zone, first, named, Failure(f.check, f"a slot's own proof: {f.words}")) for f in failures)
    return Own(zone, slot, first, named, sent, said, period or 0, found, unjudged)


def _sent(raw: bytes, named: str, contract: Contract) -> tuple[SelfProof | None, str | None, list[Failure]]:
    """What was sent, why that cannot be judged, what is wrong. Bytes of the named transaction that are no direct call
    by one key are the prover's doing, and cannot be judged; other bytes are the node's, and wrong."""
    genuine = txid(raw) == named
    try:
        sent = read_own(raw)
    except Refused as refused:
        if genuine:
            return None, str(refused), []
        return None, None, [refused.failure, *filter(None, [authentic(raw, named)])]
    if genuine and sent.contract != contract:
        return None, f"it calls {sent.contract}", []
    return sent, None, list(filter(None, [authentic(raw, named)]))


def _event_failures(event: Mapping[str, Value], sent: SelfProof, period: int) -> Iterator[Failure]:
    expected: dict[str, Value] = {
        "zone": UInt(sent.zone),
        "slot": UInt(sent.slot),
        "period": UInt(period),
        "first-block": UInt(sent.first_block),
        "last-block": UInt(sent.last_block),
        "commitment": Buffer(sent.commitment),
        "prover": sent.submitter,
        "checked": UInt(CHECKED),
    }
    differ = [name for name, value in expected.items() if event.get(name) != value]
    if differ:
        yield Failure(Check.EVENT, f"it says another {', '.join(differ)} than the transaction")
    if event.get("context") != Buffer(sent.context(period)):
        yield Failure(Check.CONTEXT, "the event's context is not the one that follows from the transaction")


def judge_kept(zone: int, first_block: int, answer: bytes, proofs: Sequence[Own]) -> Iterator[Finding]:
    """meter-data keeps of these blocks exactly the own proofs that events tell of; `answer` is get-self-proofs."""
    listed = some(answer).get("proofs")
    kept = {_kept(fields(item)) for item in listed.items} if isinstance(listed, List) else set()
    said = [own.said for own in proofs if own.said is not None]
    if kept != set(said) or len(kept) != len(said):
        slots = sorted({str(number(slot)) for slot, *_ in kept ^ set(said)} or {str(number(slot)) for slot, *_ in said})
        words = f"own proofs of slot {', '.join(slots)}: events and what meter-data keeps differ"
        yield Finding(zone, first_block, "", Failure(Check.SEQUENCE, words))


def _kept(own: Mapping[str, Value]) -> Said:
    return own.get("slot"), own.get("last-block"), own.get("commitment")


def contradictions(batch: Submission, stored: bytes, proofs: Sequence[Own]) -> tuple[Contested | None, Finding | None]:
    """Who contests the batch, and what is wrong if meter-data has not marked it so, or has without a reason.

    From a proof that cannot be judged nothing follows: a mark that rests on it alone is neither asked for nor wrong.
    """
    against = [own for own in proofs if own.said is not None and _contradicts(own.said, batch)]
    slots = tuple(own.sent.slot for own in against if own.sent is not None)
    finding = None
    if (slots or not against) and some(stored).get("contested") != Bool(bool(slots)):
        words = f"meter-data does not mark rightly whether slots contest it; these do: {slots or 'none'}"
        finding = Finding(batch.zone, batch.first_block, "", Failure(Check.EVENT, words))
    return Contested(batch.zone, batch.first_block, slots) if slots else None, finding


def _contradicts(said: Said, batch: Submission) -> bool:
    slot, last, commitment = said
    at = number(slot)
    there = batch.commitments[at : at + 1] if at is not None else ()
    return last != UInt(batch.last_block) or [commitment] != [Buffer(item) for item in there]
