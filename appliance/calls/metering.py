"""What aggregation says of totals, and the call that opens several sealed ones together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from appliance.beside import Beside
from appliance.call import METER_DATA, Sender
from appliance.calls.values import buffers, proof_contract, table
from appliance.chain.address import Contract
from appliance.chain.clarity import Buffer, List, Optional, Tuple, UInt, Value
from appliance.chain.payload import ContractCall

AGGREGATION: Final = "aggregation"


@dataclass(frozen=True, slots=True)
class Crowd:
    """The homes of a zone that nothing singled out in a period, and how many an opened sum takes."""

    hidden: int
    k_min: int


def open_combined_total(
    sender: Sender,
    zones: Sequence[int],
    first_block: int,
    total: int,
    blinding: bytes,
    zone_hints: Sequence[Sequence[bytes]],
    hints: Sequence[bytes],
) -> ContractCall:
    """`zone_hints` add up each zone's commitments, `hints` the zones' sums."""
    arguments = (
        List(tuple(UInt(zone) for zone in zones)),
        UInt(first_block),
        UInt(total),
        Buffer(blinding),
        table(zone_hints),
        buffers(hints),
        proof_contract(sender),
    )
    return ContractCall(Contract(sender.deployer, METER_DATA), Beside.COMBINED.value, arguments)


def read_dwellings(value: Value) -> int:
    """How many homes there are, of the answer of `get-membership`. TypeError for another shape."""
    return _number(value, "dwellings")


def read_count(value: Value) -> int:
    """How many of them were singled out, of the answer of `get-exposed`. TypeError for another shape."""
    return _number(value, "count")


def read_combined(value: Value) -> tuple[tuple[int, ...], int] | None:
    """The answer of `get-combined-usage`: zones and total; None where the batch is in none. TypeError."""
    match value:
        case Optional(None):
            return None
        case Optional(Tuple(fields)):
            found = dict(fields)
            match found.get("zones"), found.get("total"):
                case List(zones), UInt(total):
                    return tuple(zone.value for zone in zones if isinstance(zone, UInt)), total
    raise TypeError("get-combined-usage did not answer with an optional tuple")


def _number(value: Value, name: str) -> int:
    match value:
        case Tuple(fields):
            match dict(fields).get(name):
                case UInt(number):
                    return number
    raise TypeError(f"{name} is missing in a contract's answer")
