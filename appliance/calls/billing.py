"""Calls of billing: a closed period's bills, proved band by band."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from appliance.bill import Tariff
from appliance.call import Sender
from appliance.calls.values import Args, buffers, context, digest, each_zero_args, proof_contract, range_args
from appliance.chain.address import Contract
from appliance.chain.clarity import Buffer, List, Optional, Tuple, UInt, Value
from appliance.chain.payload import ContractCall
from circuits.each_zero import EachZeroProof
from circuits.listed import ListedProof
from circuits.tariff import Band

BILLING: Final = "billing"


@dataclass(frozen=True, slots=True)
class Billing:
    """Which bills: of a zone's period under a version of its tariff. `bills` by slot, empty where there is one band."""

    zone: int
    period: int
    version: int
    bills: tuple[bytes, ...]


def band_context(sender: Sender, of: Billing, band: int, part: int) -> bytes:
    return context(sender, "bill-band", BILLING, {**_bound(of), "band": UInt(band), "part": UInt(part)})


def bills_context(sender: Sender, of: Billing) -> bytes:
    return context(sender, "bills", BILLING, _bound(of))


def calculate_bills(sender: Sender, of: Billing, hint: bytes) -> ContractCall:
    """`hint` is compute-line's where there is one band, and no bytes where bills are named."""
    return _call(sender, "calculate-bills", (UInt(of.zone), buffers(of.bills), Buffer(hint)))


def prove_band(
    sender: Sender, of: Billing, band: int, part: int, line_hint: bytes, difference_hint: bytes, proof: ListedProof
) -> ContractCall:
    """The proof holds for `band_context` alone. The hints are for the first part; later ones take none."""
    return _call(
        sender,
        "prove-band",
        (UInt(of.zone), UInt(band), UInt(part), Buffer(line_hint), Buffer(difference_hint), *range_args(proof)),
    )


def prove_bills(sender: Sender, of: Billing, proof: EachZeroProof) -> ContractCall:
    """The proof holds for `bills_context` alone."""
    return _call(sender, "prove-bills", (UInt(of.zone), *each_zero_args(proof)))


def read_tariff(utility: int, version: int, value: Value) -> Tariff | None:
    """The answer of `get-tariff`; None if there is no such version. TypeError for another shape."""
    found = _fields(value, "get-tariff")
    if found is None:
        return None
    match found.get("from-period"), found.get("charge"), found.get("bands"):
        case UInt(from_period), UInt(charge), List(bands):
            return Tariff(utility, version, from_period, charge, tuple(_band(band) for band in bands))
        case _:
            raise TypeError("get-tariff left out a field")


@dataclass(frozen=True, slots=True)
class FinalBills:
    """As the contract keeps them: bills by slot, and the burn height from which nobody may dispute them."""

    bills: tuple[bytes, ...]
    version: int
    due: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """Bills that wait for proofs; bit band * parts + part of `proved` is set for each there is."""

    bills: tuple[bytes, ...]
    proved: int


def read_bills(value: Value) -> FinalBills | None:
    """The answer of `get-bills`; None while they are not final. TypeError for another shape."""
    found = _fields(value, "get-bills")
    if found is None:
        return None
    match found.get("bills"), found.get("version"), found.get("due"):
        case List(bills), UInt(version), UInt(due):
            return FinalBills(_points(bills), version, due)
    raise TypeError("get-bills left out a field")


def read_candidate(value: Value) -> Candidate | None:
    """The answer of `get-candidate`; None where none wait. TypeError for another shape."""
    found = _fields(value, "get-candidate")
    if found is None:
        return None
    match found.get("bills"), found.get("proved"):
        case List(bills), UInt(proved):
            return Candidate(_points(bills), proved)
    raise TypeError("get-candidate left out a field")


def _fields(value: Value, function: str) -> dict[str, Value] | None:
    match value:
        case Optional(None):
            return None
        case Optional(Tuple(fields)):
            return dict(fields)
    raise TypeError(f"{function} did not answer with an optional tuple")


def _points(items: Sequence[Value]) -> tuple[bytes, ...]:
    return tuple(item.data for item in items if isinstance(item, Buffer))


def _band(value: Value) -> Band:
    match value:
        case Tuple(fields):
            found = dict(fields)
            match found.get("from"), found.get("rate"):
                case UInt(start), UInt(rate):
                    return Band(start, rate)
    raise TypeError("a band is a begin and a rate")


def _bound(of: Billing) -> dict[str, Value]:
    return {
        "zone": UInt(of.zone),
        "period": UInt(of.period),
        "version": UInt(of.version),
        "bills-hash": digest(of.bills),
    }


def _call(sender: Sender, function: str, arguments: Args) -> ContractCall:
    return ContractCall(Contract(sender.deployer, BILLING), function, (*arguments, proof_contract(sender)))
