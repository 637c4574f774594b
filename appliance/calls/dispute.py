"""Calls of dispute-resolution: what a gateway does about a disputed bill."""

from __future__ import annotations

from typing import Final

from appliance.call import Sender
from appliance.calls.values import Args
from appliance.chain.address import Contract
from appliance.chain.clarity import NONE, Bool, Buffer, List, Optional, Tuple, UInt, Value
from appliance.chain.payload import ContractCall
from appliance.dispute import Act, Dispute, Ruling

DISPUTES: Final = "dispute-resolution"


def submit_evidence(sender: Sender, dispute: int, digest: bytes) -> ContractCall:
    """`digest` is what the operator will show: SHA-256."""
    return _call(sender, Act.ANSWER, (UInt(dispute), Buffer(digest)))


def about(sender: Sender, act: Act, dispute: int) -> ContractCall:
    """An act that takes nothing but the dispute's number."""
    if act is Act.ANSWER:
        raise ValueError("an answer needs evidence")
    return _call(sender, act, (UInt(dispute),))


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
