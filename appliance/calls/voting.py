"""Calls of governance: proposals, a zone's ballots, their tally, and doing what was decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from appliance.ballot_proof import CommonSum, CommonTally
from appliance.call import Sender
from appliance.calls.values import Args, buffers, context, digest, each_zero_args, proof_contract, table
from appliance.chain.address import Address, Contract
from appliance.chain.clarity import NONE, Ascii, Bool, Buffer, List, Optional, Tuple, UInt, Value
from appliance.chain.payload import ContractCall
from circuits.ballot import BallotProof, Tally
from circuits.each_zero import EachZeroProof
from circuits.tariff import Band

GOVERNANCE: Final = "governance"


@dataclass(frozen=True, slots=True)
class Rates:
    """A tariff that is proposed: of a utility, by the registry's number, from a period on."""

    utility: int
    from_period: int
    charge: int
    bands: tuple[Band, ...]


@dataclass(frozen=True, slots=True)
class Action:
    """What is done when a proposal is carried: one of the contract's kinds, with the fields that this kind takes.

    `who` is the text of a principal.
    """

    kind: str
    name: str | None = None
    number: int | None = None
    who: str | None = None
    holds: bool | None = None
    rates: Rates | None = None


@dataclass(frozen=True, slots=True)
class Ballots:
    """A zone's vector as the contract is given it: commitments Y and N by slot."""

    proposal: int
    zone: int
    yes: tuple[bytes, ...]
    no: tuple[bytes, ...]

    @property
    def mark(self) -> bytes:
        """By which a vector is known again."""
        return digest((*self.yes, *self.no)).data


@dataclass(frozen=True, slots=True)
class Proposal:
    """As the contract keeps it. Heights are of Bitcoin blocks; `ready` is 0 while there is no result."""

    action: Action
    closes: int
    electorate: int
    yes: int
    no: int
    assembly: bool
    ready: int
    executed: bool


@dataclass(frozen=True, slots=True)
class Cast:
    """The vector that the contract keeps for a zone, and who votes by it."""

    ballots: Ballots
    voters: tuple[bool, ...]
    tallied: bool


def propose(sender: Sender, action: Action, text_hash: bytes, closes: int) -> ContractCall:
    return _call(sender, "propose", (_written(action), Buffer(text_hash), UInt(closes)))


def ballots_context(sender: Sender, of: Ballots) -> bytes:
    bound: dict[str, Value] = {
        "proposal": UInt(of.proposal),
        "zone": UInt(of.zone),
        "yes-hash": digest(of.yes),
        "no-hash": digest(of.no),
    }
    return context(sender, "ballots", GOVERNANCE, bound)


def cast_ballots(sender: Sender, of: Ballots, hints: Sequence[bytes], proof: BallotProof) -> ContractCall:
    """The proof holds for `ballots_context` alone."""
    bits = List(tuple(map(_bits, (proof.yes, proof.no, proof.both))))
    lists = buffers(of.yes), buffers(of.no), buffers(hints)
    where = UInt(of.proposal), UInt(of.zone)
    return _call(sender, "cast-ballots", (*where, *lists, bits, proof_contract(sender)))


def tally(sender: Sender, proposal: int, zone: int, made: Tally) -> ContractCall:
    """Opens the sums of a zone's kept vector over those who vote."""
    yes = UInt(made.yes.value), Buffer(made.yes.blinding.to_bytes()), buffers(made.yes_hints)
    no = UInt(made.no.value), Buffer(made.no.blinding.to_bytes()), buffers(made.no_hints)
    return _call(sender, "tally", (UInt(proposal), UInt(zone), *yes, *no, proof_contract(sender)))


def tally_together(sender: Sender, proposal: int, zones: Sequence[int], made: CommonTally) -> ContractCall:
    """Opens the sums of all these zones' kept vectors over those who vote."""
    sums = _common_sum(made.yes), _common_sum(made.no)
    listed = List(tuple(map(UInt, zones)))
    return _call(sender, "tally-together", (UInt(proposal), listed, *sums[0], *sums[1], proof_contract(sender)))


def execute(sender: Sender, proposal: int) -> ContractCall:
    return _call(sender, "execute", (UInt(proposal),))


def read_proposal(value: Value) -> Proposal | None:
    """The answer of `get-proposal`; None for a number that is none. TypeError for another shape."""
    match value:
        case Optional(None):
            return None
        case Optional(Tuple(fields)):
            found = dict(fields)
            numbers = [found.get(name) for name in ("closes", "electorate", "yes", "no", "ready")]
            match found.get("action"), numbers, found.get("assembly"), found.get("executed"):
                case (
                    Tuple(action),
                    [UInt(closes), UInt(electorate), UInt(yes), UInt(no), UInt(ready)],
                    Bool(assembly),
                    Bool(executed),
                ):
                    return Proposal(_action(dict(action)), closes, electorate, yes, no, assembly, ready, executed)
    raise TypeError("get-proposal did not answer with an optional tuple")


def read_cast(proposal: int, zone: int, value: Value) -> Cast | None:
    """The answer of `get-ballots`; None where the zone has none. TypeError for another shape."""
    match value:
        case Optional(None):
            return None
        case Optional(Tuple(fields)):
            found = dict(fields)
            match found.get("yes"), found.get("no"), found.get("voters"), found.get("tallied"):
                case List(yes), List(no), List(voters), Bool(tallied):
                    kept = Ballots(proposal, zone, _points(yes), _points(no))
                    return Cast(kept, tuple(voter == Bool(True) for voter in voters), tallied)
    raise TypeError("get-ballots did not answer with an optional tuple")


def _action(found: dict[str, Value]) -> Action:
    match [found.get(name) for name in ("kind", "name", "number", "who", "holds", "tariff")]:
        case [Ascii(kind), Optional(name), Optional(number), Optional(who), Optional(holds), Optional(tariff)]:
            return Action(
                kind,
                name.text if isinstance(name, Ascii) else None,
                number.value if isinstance(number, UInt) else None,
                str(who) if isinstance(who, Address | Contract) else None,
                holds.value if isinstance(holds, Bool) else None,
                _rates(dict(tariff.fields)) if isinstance(tariff, Tuple) else None,
            )
    raise TypeError("a proposal's action is missing")


def _rates(found: dict[str, Value]) -> Rates:
    match [found.get(name) for name in ("utility", "from-period", "charge", "bands")]:
        case [UInt(utility), UInt(from_period), UInt(charge), List(bands)]:
            return Rates(utility, from_period, charge, tuple(map(_band, bands)))
    raise TypeError("a proposed tariff left out a field")


def _band(value: Value) -> Band:
    match value:
        case Tuple(fields):
            match dict(fields).get("from"), dict(fields).get("rate"):
                case UInt(start), UInt(rate):
                    return Band(start, rate)
    raise TypeError("a band is a begin and a rate")


def _written(action: Action) -> Tuple:
    rates = action.rates
    return Tuple.of(
        {
            "kind": Ascii(action.kind),
            "name": NONE if action.name is None else Optional(Ascii(action.name)),
            "number": NONE if action.number is None else Optional(UInt(action.number)),
            "who": NONE if action.who is None else Optional(_principal(action.who)),
            "holds": NONE if action.holds is None else Optional(Bool(action.holds)),
            "tariff": NONE if rates is None else Optional(_tariff(rates)),
        }
    )


def _tariff(rates: Rates) -> Tuple:
    bands = [Tuple.of({"from": UInt(band.start), "rate": UInt(band.rate)}) for band in rates.bands]
    return Tuple.of(
        {
            "utility": UInt(rates.utility),
            "from-period": UInt(rates.from_period),
            "charge": UInt(rates.charge),
            "bands": List(tuple(bands)),
        }
    )


def _principal(text: str) -> Address | Contract:
    address, dot, name = text.partition(".")
    return Contract(Address.from_c32(address), name) if dot else Address.from_c32(address)


def _common_sum(whole: CommonSum) -> Args:
    return UInt(whole.total), Buffer(whole.blinding), table(whole.zone_hints), buffers(whole.hints)


def _bits(proof: EachZeroProof) -> Tuple:
    nonces, shares, responses = each_zero_args(proof)
    return Tuple.of({"nonces": nonces, "shares": shares, "responses": responses})


def _points(items: Sequence[Value]) -> tuple[bytes, ...]:
    return tuple(item.data for item in items if isinstance(item, Buffer))


def _call(sender: Sender, function: str, arguments: Args) -> ContractCall:
    return ContractCall(Contract(sender.deployer, GOVERNANCE), function, arguments)
