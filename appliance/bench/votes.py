"""Proposals of every kind, a zone's ballots, and what follows: calls of governance, with real proofs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from appliance.bench.calls import GATEWAY, SECOND_STEWARD, STEWARD, Call, Plain
from appliance.bench.money import MOVED_OUT, PAYER
from appliance.bench.town import (
    COURT,
    GOVERNANCE,
    HOMES,
    POWER,
    SLOTS,
    SMALL,
    THIRD_STEWARD,
    TREASURERS,
    Town,
    address,
    call,
    own_key,
    own_principal,
    proof,
    some,
    together,
)
from appliance.calls.values import digest
from appliance.chain.clarity import Optional, Tuple, UInt
from appliance.chain.transaction import PrivateKey
from appliance.money_proof import OpenedSum, opened_sum, points
from circuits import each_zero, lists
from circuits.each_zero import KnownZero
from circuits.generators import LIB
from circuits.group import LibPoint
from circuits.opening import sum_openings
from circuits.pedersen import Opening

CONTESTED: Final = 9
"""A slot that votes against, and whose dwelling says that it did not."""
FIELDS: Final = ("name", "number", "who", "holds", "tariff")
TEXT: Final = bytes(32)
CONTRACT, TARIFF = 1, 2
"""Proposals on which there are ballots. They decide the first; all others are an assembly's in the end."""


def proposed(town: Town) -> Iterator[Call]:
    """One of each kind."""
    closes = town.chain.burn(1) + 1_008 + 100
    changed = [{"from": band.start, "rate": band.rate + band.rate // 10} for band in town.bands]
    tariff: Plain = {"utility": 1, "from-period": 10, "charge": 950, "bands": changed}
    asked: tuple[tuple[PrivateKey, str, dict[str, Plain]], ...] = (
        (STEWARD, "contract", {"name": "privacy-proof", "who": proof()}),
        (SECOND_STEWARD, "tariff", {"tariff": tariff}),
        (THIRD_STEWARD, "parameter", {"name": "quorum-pct", "number": 30}),
        (HOMES[10], "role", {"number": 2, "who": address(HOMES[10]), "holds": True}),
        (HOMES[11], "token", {"who": proof(), "number": 5}),
        (HOMES[12], "pause-off", {}),
    )
    for proposer, kind, fields in asked:
        yield call(proposer, GOVERNANCE, "propose", _action(kind, fields), TEXT, closes)


def cast(town: Town) -> Iterator[Call]:
    """A zone's vector, and those of two; then the votes are closed, counted, and one ballot contested."""
    yield from own_principal(CONTESTED + 1)
    yes, no = _vector(town, *(slot for slot in range(SLOTS) if slot != CONTESTED)), _vector(town, CONTESTED)
    yield from _ballots(town, CONTRACT, POWER, yes, no)
    court = _vector(town, 1, slots=SMALL), _vector(town, 2, slots=SMALL)
    yield from _ballots(town, TARIFF, POWER, yes, no)
    yield from _ballots(town, TARIFF, COURT, *court)
    town.chain.burn(1_008 + 100)
    voters = [slot for slot in range(SLOTS) if slot != MOVED_OUT]
    sums = [opened_sum([side[slot] for slot in voters]) for side in (yes, no)]
    common = [_common([[side[slot] for slot in voters], other]) for side, other in zip((yes, no), court, strict=True)]
    yield call(GATEWAY, GOVERNANCE, "tally-together", TARIFF, [POWER, COURT], *common[0], *common[1], proof())
    yield call(GATEWAY, GOVERNANCE, "tally", CONTRACT, POWER, *_opening(sums[0]), *_opening(sums[1]), proof())
    yield call(own_key(CONTESTED + 1), GOVERNANCE, "contest-ballot", CONTRACT, POWER, CONTESTED)
    blinding = yes[CONTESTED].blinding.to_bytes()
    yield call(GATEWAY, GOVERNANCE, "answer-contest", CONTRACT, POWER, CONTESTED, blinding, proof())


def decided(town: Town) -> Iterator[Call]:
    """What an assembly decided on the other proposals; all of them are done."""
    others = range(CONTRACT + 1, CONTRACT + 6)
    for number in others:
        for treasurer in TREASURERS:
            yield call(treasurer, GOVERNANCE, "record-assembly", number, 40, 10, TEXT)
    for number in (CONTRACT, *others):
        town.burn_to(_ready(town, number))
        yield call(PAYER, GOVERNANCE, "execute", number)


def paused(_: Town) -> Iterator[Call]:
    yield from together(GOVERNANCE, "pause")


def _vector(town: Town, *ones: int, slots: int = SLOTS) -> list[Opening]:
    return [Opening(int(slot in ones), town.blinding()) for slot in range(slots)]


def _ballots(town: Town, proposal: int, zone: int, yes: Sequence[Opening], no: Sequence[Opening]) -> Iterator[Call]:
    either = [a + b for a, b in zip(yes, no, strict=True)]
    listed = [points(side) for side in (yes, no, either)]
    one = [LIB.value.to_bytes()] * len(yes)
    context = town.bound(
        "ballots",
        GOVERNANCE,
        proposal=proposal,
        zone=zone,
        yes_hash=digest(listed[0]),
        no_hash=digest(listed[1]),
    )
    less = [lists.subtract(LibPoint, side, one) for side in listed]
    hints = [lists.add(LibPoint, listed[0], listed[1]).hint, *(side.hint for side in less)]
    bits = []
    for side, own, other in zip((yes, no, either), listed, less, strict=True):
        known = [KnownZero(opening.value, opening.blinding) for opening in side]
        made = each_zero.prove(LIB, [own, other.points], known, context, town.entropy())
        bits.append({"nonces": made.nonces, "shares": made.shares, "responses": made.responses})
    yield call(GATEWAY, GOVERNANCE, "cast-ballots", proposal, zone, *listed[:2], hints, bits, proof())


def _common(zones: Sequence[Sequence[Opening]]) -> tuple[int, bytes, list[tuple[bytes, ...]], tuple[bytes, ...]]:
    """One opening of what these zones' add up to, with hints for each zone and for the zones' sums."""
    whole = opened_sum([sum_openings(zone) for zone in zones])
    return whole.total, whole.blinding, [opened_sum(zone).hints for zone in zones], whole.hints


def _opening(whole: OpenedSum) -> tuple[int, bytes, tuple[bytes, ...]]:
    return whole.total, whole.blinding, whole.hints


def _action(kind: str, fields: dict[str, Plain]) -> dict[str, Plain]:
    return {"kind": kind, **{name: some(fields[name]) if name in fields else None for name in FIELDS}}


def _ready(town: Town, number: int) -> int:
    match town.read(GOVERNANCE, "get-proposal", number):
        case Optional(Tuple(fields)):
            match dict(fields).get("ready"):
                case UInt(height):
                    return height
    raise TypeError("get-proposal did not say when it may be executed")
