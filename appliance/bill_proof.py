"""6: a period's usage -> bills, and what shows that they are the tariff's. Pure, for the worker process.

Everything here is verified before it is handed out: a proof that the contract would refuse is refused here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from appliance.money import Money
from appliance.position import Place, bill_opening
from appliance.proof import BlockWitness, ProofError
from circuits import bill, tariff
from circuits.bill import Billed, Public
from circuits.each_zero import EachZeroProof
from circuits.generators import LIB
from circuits.group import LibPoint
from circuits.listed import ListedProof
from circuits.opening import sum_openings
from circuits.pedersen import Opening, commit
from circuits.tariff import Line
from circuits.verdict import ProofRejected


@dataclass(frozen=True, slots=True)
class Metered:
    """A slot and the opening of what it used in a period. Secret."""

    place: Place
    usage: Opening


@dataclass(frozen=True, slots=True)
class MadeBills:
    """By slot, in order: usage and bill of each, secret, and their commitments, which are public."""

    slots: tuple[Billed, ...]
    public: Public


@dataclass(frozen=True, slots=True)
class BandProof:
    """Two hints for the first part, and a proof for each part."""

    line_hint: bytes
    difference_hint: bytes
    parts: tuple[ListedProof, ...]


def metered(places: Sequence[Place], witnesses: Sequence[BlockWitness]) -> tuple[Metered, ...]:
    """Of the blocks of a whole period, in order."""
    columns = zip(*(witness.openings() for witness in witnesses), strict=True)
    return tuple(Metered(place, sum_openings(column)) for place, column in zip(places, columns, strict=True))


def make(lines: Sequence[Line], slots: Sequence[Metered], period: int) -> MadeBills:
    made = []
    for slot in slots:
        amount = Money(tariff.bill(lines, slot.usage.value, occupied=slot.place.occupied))
        opening = bill_opening(slot.place, lines, slot.usage, period, amount)
        made.append(Billed(slot.usage, opening, slot.place.occupied))
    public = Public(
        tuple(commit(LIB, slot.usage).to_bytes() for slot in made),
        tuple(commit(LIB, slot.bill).to_bytes() for slot in made),
        tuple(slot.occupied for slot in made),
    )
    return MadeBills(tuple(made), public)


def make_from(
    places: Sequence[Place], witnesses: Sequence[BlockWitness], lines: Sequence[Line], period: int
) -> MadeBills:
    return make(lines, metered(places, witnesses), period)


def computed_hint(line: Line, made: MadeBills) -> bytes:
    """What the contract takes to compute the bills of a single band; no bytes where it adds nothing."""
    on_line = line.points(LIB, made.public.usages, made.public.occupied)
    if on_line.points != made.public.bills:
        raise ProofError("the bills are not what the contract computes")
    return on_line.hint


def prove_band(line: Line, made: MadeBills, contexts: Sequence[bytes], entropy: bytes) -> BandProof:
    """No bill is below the line: a context for each part of the zone. ProofError where that is false."""
    try:
        excess = bill.excess(LibPoint, line, made.public)
        parts = bill.prove_band(LibPoint, line, made.slots, contexts, entropy)
        bill.verify_band(LibPoint, line, made.public, contexts, parts)
    except (ValueError, ProofRejected) as error:
        raise ProofError(f"bills do not keep above a band's line: {error}") from error
    return BandProof(excess.line_hint, excess.difference_hint, parts)


def prove_touched(lines: Sequence[Line], made: MadeBills, context: bytes, entropy: bytes) -> EachZeroProof:
    """Every bill lies on one of the lines. ProofError where that is false."""
    try:
        proof = bill.prove_touched(LIB, lines, made.slots, context, entropy)
        bill.verify_touched(LibPoint, lines, made.public, context, proof)
    except (ValueError, ProofRejected) as error:
        raise ProofError(f"a bill lies on no line: {error}") from error
    return proof
