"""5: what dwellings chose on a proposal -> one vector of ballots for a zone, of constant shape. Pure.

Later vectors replace earlier ones until the vote closes; each has blindings of its own, so that comparing two shows
nobody who changed. `circuits.ballot` proves them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

from appliance.position import Place
from circuits.ballot import Ballot
from circuits.blinding import Letter
from circuits.pedersen import Opening


class Vote(StrEnum):
    """The contract's functions that a gateway calls for a vote."""

    CAST = "cast-ballots"
    TALLY = "tally"
    TOGETHER = "tally-together"
    EXECUTE = "execute"


class Choice(StrEnum):
    YES = "yes"
    NO = "no"


def vector(
    places: Sequence[Place], voters: Sequence[bool], choices: Mapping[int, Choice], proposal: int, revision: int
) -> list[Ballot]:
    """By slot. A slot that may not vote has zeros, whatever was chosen there; `revision` counts the zone's vectors."""
    made = []
    for place, may_vote in zip(places, voters, strict=True):
        choice = choices.get(place.slot) if may_vote else None
        made.append(
            Ballot(
                _bit(place, Letter.YES, proposal, revision, choice is Choice.YES),
                _bit(place, Letter.NO, proposal, revision, choice is Choice.NO),
            )
        )
    return made


def _bit(place: Place, letter: Letter, proposal: int, revision: int, value: bool) -> Opening:
    return Opening(int(value), place.key.blinding(letter, place.zone, place.slot, proposal, int(value), revision))
