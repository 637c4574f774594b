"""What user-registry and meter-data say of a zone's periods, and the call that closes one."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.call import METER_DATA, USER_REGISTRY, Sender
from appliance.chain.address import Address, Contract
from appliance.chain.clarity import Bool, Buffer, List, Optional, Tuple, UInt, Value
from appliance.chain.payload import ContractCall


@dataclass(frozen=True, slots=True)
class ClosedPeriod:
    """The period's sums of commitments by slot, and how many blocks and batches they are of."""

    usage: tuple[bytes, ...]
    blocks: int
    batches: int


def registry(sender: Sender) -> Contract:
    return Contract(sender.deployer, USER_REGISTRY)


def close_period(sender: Sender, zone: int) -> ContractCall:
    return ContractCall(Contract(sender.deployer, METER_DATA), "close-period", (UInt(zone),))


@dataclass(frozen=True, slots=True)
class ZoneOnChain:
    """Of a zone what money needs: its open period, and the units of account in a unit of its token."""

    period: int
    ratio: int
    closed: bool


def read_zone(value: Value) -> ZoneOnChain | None:
    """The answer of `get-zone`; None for a zone that is not registered. TypeError for another shape."""
    match value:
        case Optional(None):
            return None
        case Optional(Tuple(fields)):
            found = dict(fields)
            match found.get("period"), found.get("ratio"), found.get("closed"):
                case UInt(period), UInt(ratio), Bool(closed):
                    return ZoneOnChain(period, ratio, closed)
    raise TypeError("get-zone did not answer with an optional tuple")


def read_truth(value: Value) -> bool:
    """TypeError for an answer that is not true or false."""
    if not isinstance(value, Bool):
        raise TypeError("neither true nor false")
    return value.value


def read_maybe_number(value: Value) -> int | None:
    """An answer that is an optional number. TypeError for anything else."""
    match value:
        case Optional(None):
            return None
        case Optional(UInt(number)):
            return number
    raise TypeError("an optional number is missing in a contract's answer")


def read_voters(slots: int, value: Value) -> tuple[bool, ...]:
    """The answer of `get-voters`, of so many slots. TypeError for another shape."""
    match value:
        case List(items) if len(items) >= slots:
            return tuple(map(read_truth, items[:slots]))
    raise TypeError("get-voters did not answer with a list")


@dataclass(frozen=True, slots=True)
class Membership:
    """By slot, whether somebody lives there in a period, and whether that began with it."""

    occupied: tuple[bool, ...]
    began: tuple[bool, ...]


def read_membership(slots: int, value: Value) -> Membership:
    """The answer of `get-membership`. TypeError for another shape."""
    match value:
        case Tuple(fields):
            found = dict(fields)
            match found.get("occupied"), found.get("fresh"):
                case UInt(occupied), UInt(fresh):
                    return Membership(_bits(slots, occupied), _bits(slots, fresh))
    raise TypeError("get-membership did not answer with masks")


def _bits(slots: int, mask: int) -> tuple[bool, ...]:
    return tuple(bool(mask >> slot & 1) for slot in range(slots))


def read_number(value: Value) -> int:
    """An answer that is a number, or an optional of one. TypeError for anything else."""
    match value:
        case UInt(number) | Optional(UInt(number)):
            return number
    raise TypeError("a number is missing in a contract's answer")


def read_active(value: Value) -> Contract | None:
    """The answer of `get-active-contract`; None where nothing does this job. TypeError for another shape."""
    match value:
        case Optional(None):
            return None
        case Optional(Contract() as contract):
            return contract
        case Optional(Address()):
            raise TypeError("a person stands in the table of contracts")
    raise TypeError("get-active-contract did not answer with an optional")


def read_closed(value: Value) -> ClosedPeriod | None:
    """The answer of `get-period-usage`; None while the period is open. TypeError for another shape."""
    match value:
        case Optional(None):
            return None
        case Optional(Tuple(fields)):
            found = dict(fields)
            match found.get("usage"), found.get("blocks"), found.get("batches"):
                case List(usage), UInt(blocks), UInt(batches):
                    points = tuple(item.data for item in usage if isinstance(item, Buffer))
                    return ClosedPeriod(points, blocks, batches)
    raise TypeError("get-period-usage did not answer with an optional tuple")
