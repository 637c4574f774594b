"""Calls of dispute-resolution: what a gateway does about a disputed bill, and a payment that a payer asks about."""

from __future__ import annotations

from typing import Final

from appliance.beside import Beside, Claim
from appliance.call import Sender
from appliance.calls.values import Args, context, proof_contract, range_args
from appliance.chain.address import Contract
from appliance.chain.clarity import NONE, Bool, Buffer, List, Optional, Tuple, UInt, Value
from appliance.chain.payload import ContractCall
from appliance.dispute import Act, Dispute, Ruling
from circuits.listed import ListedProof

DISPUTES: Final = "dispute-resolution"


def submit_evidence(sender: Sender, dispute: int, digest: bytes) -> ContractCall:
    """`digest` is what the operator will show: SHA-256."""
    return _call(sender, Act.ANSWER, (UInt(dispute), Buffer(digest)))


def about(sender: Sender, act: Act, dispute: int) -> ContractCall:
    """An act that takes nothing but the dispute's number."""
    if act is Act.ANSWER:
        raise ValueError("an answer needs evidence")
    return _call(sender, act, (UInt(dispute),))


def claim_context(sender: Sender, of: Claim, slot: int) -> bytes:
    """What the proof that a slot was credited with enough is bound to."""
    fields: dict[str, Value] = {
        "payment": UInt(of.payment),
        "zone": UInt(of.zone),
        "sequence": UInt(of.sequence),
        "slot": UInt(slot),
        "total": UInt(of.total),
    }
    return context(sender, "claim", DISPUTES, fields)


def answer_claim(sender: Sender, of: Claim, slot: int, hint: bytes, proof: ListedProof) -> ContractCall:
    """`hint` is that of subtracting total*A from the slot's credit; the proof is of what that leaves."""
    arguments = (UInt(of.payment), UInt(slot), Buffer(hint), *range_args(proof), proof_contract(sender))
    return ContractCall(Contract(sender.deployer, DISPUTES), Beside.CLAIM.value, arguments)


def read_claim(payment: int, value: Value) -> Claim | None:
    """The answer of `get-claim`; None for a payment that nobody asked about. TypeError for another shape."""
    match value:
        case Optional(None):
            return None
        case Optional(Tuple(fields)):
            found = dict(fields)
            names = ("zone", "sequence", "total", "opened", "answer-by", "over")
            match [found.get(name) for name in names]:
                case [UInt(zone), UInt(sequence), UInt(total), UInt(opened), UInt(answer_by), Bool(over)]:
                    return Claim(payment, zone, sequence, total, opened, answer_by, over)
    raise TypeError("get-claim did not answer with an optional tuple")


def read_dispute(number: int, value: Value) -> Dispute | None:
    """The answer of `get-dispute`; None for a number that is none. TypeError for another shape."""
    match value:
        case Optional(None):
            return None
        case Optional(Tuple(fields)):
            found = dict(fields)
        case _:
            raise TypeError("get-dispute did not answer with an optional tuple")
    names = ("zone", "slot", "period", "opened", "answer-by", "round", "draw-at", "rule-by")
    numbers = [item.value for item in map(found.get, names) if isinstance(item, UInt)]
    words = ("answered", "redrawn", "assembly", "closed")
    flags = [item.value for item in map(found.get, words) if isinstance(item, Bool)]
    alternative = found.get("alternative")
    if len(numbers) != len(names) or len(flags) != len(words) or not isinstance(alternative, Buffer):
        raise TypeError("get-dispute left out a field")
    zone, slot, period, opened, answer_by, round_, draw_at, rule_by = numbers
    answered, redrawn, assembly, closed = flags
    return Dispute(
        id=number,
        zone=zone,
        slot=slot,
        period=period,
        alternative=alternative.data,
        opened=opened,
        answer_by=answer_by,
        answered=answered,
        round=round_,
        redrawn=redrawn,
        draw_at=draw_at,
        assembly=assembly,
        rule_by=rule_by,
        ruling=_ruling(found.get("ruling")),
        closed=closed,
    )


def read_own(value: Value) -> bool:
    """Whether it was opened with a key that the gateway does not have, of the answer of `get-dispute`. TypeError."""
    match value:
        case Optional(Tuple(fields)):
            match dict(fields).get("own"):
                case Bool(own):
                    return own
    raise TypeError("get-dispute does not say whose key it was")


def read_evidence(value: Value) -> tuple[bytes, ...]:
    """The answer of `get-evidence`. TypeError for another shape."""
    match value:
        case List(items):
            return tuple(item.data for item in items if isinstance(item, Buffer))
    raise TypeError("get-evidence did not answer with a list")


def _ruling(value: Value | None) -> Ruling | None:
    if value == NONE:
        return None
    match value:
        case Optional(Tuple(fields)):
            found = dict(fields)
            match found.get("for-resident"), found.get("height"), found.get("final"):
                case Bool(for_resident), UInt(height), Bool(final):
                    return Ruling(for_resident, height, final)
    raise TypeError("a ruling is missing in an answer")


def _call(sender: Sender, act: Act, arguments: Args) -> ContractCall:
    return ContractCall(Contract(sender.deployer, DISPUTES), act.value, arguments)
