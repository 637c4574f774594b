"""What governance says of contested ballots, and the call that shows of one that it is no Y."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.beside import Beside
from appliance.call import Sender
from appliance.calls.values import proof_contract
from appliance.calls.voting import GOVERNANCE
from appliance.chain.address import Contract
from appliance.chain.clarity import Bool, Buffer, List, Optional, Tuple, UInt, Value
from appliance.chain.payload import ContractCall


@dataclass(frozen=True, slots=True)
class Opened:
    """How many of a zone's ballots nobody opened, and the zones whose ballots were opened in one sum with them."""

    hidden: int
    together: tuple[int, ...]


def answer_contest(sender: Sender, proposal: int, zone: int, slot: int, blinding: bytes) -> ContractCall:
    """`blinding` opens the ballot's Y to 0."""
    arguments = (UInt(proposal), UInt(zone), UInt(slot), Buffer(blinding), proof_contract(sender))
    return ContractCall(Contract(sender.deployer, GOVERNANCE), Beside.CONTEST.value, arguments)


def read_contested(value: Value) -> int:
    """How many ballots are contested and not answered, of the answer of `get-proposal`; none once it is executed, or
    where there is no such proposal. TypeError for another shape."""
    match value:
        case Optional(None):
            return 0
        case Optional(Tuple(fields)):
            found = dict(fields)
            match found.get("contested"), found.get("executed"):
                case UInt(contested), Bool(executed):
                    return 0 if executed else contested
    raise TypeError("get-proposal did not answer with an optional tuple")


def read_opened(value: Value) -> Opened | None:
    """Of the answer of `get-ballots`; None before the tally. TypeError for another shape."""
    match value:
        case Optional(None):
            return None
        case Optional(Tuple(fields)):
            found = dict(fields)
            match found.get("hidden"), found.get("tallied"), found.get("together"):
                case UInt(hidden), Bool(tallied), List(zones):
                    together = tuple(zone.value for zone in zones if isinstance(zone, UInt))
                    return Opened(hidden, together) if tallied else None
    raise TypeError("get-ballots did not answer with an optional tuple")
