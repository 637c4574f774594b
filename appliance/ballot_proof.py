"""6: a zone's ballots -> commitments, proofs that all are ballots, and the opening of their sums. Pure, for the worker.

Verified before it is handed out, as all proofs here are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from appliance.proof import ProofError, combined_sum
from circuits import ballot
from circuits.ballot import Ballot, BallotProof, Tally
from circuits.generators import LIB
from circuits.group import LibPoint
from circuits.opening import sum_openings
from circuits.pedersen import Opening, commit
from circuits.verdict import ProofRejected


@dataclass(frozen=True, slots=True)
class ProvedBallots:
    """`hints` are for the contract's additions."""

    hints: tuple[bytes, ...]
    proof: BallotProof


def points(ballots: Sequence[Ballot]) -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
    """Commitments Y and N by slot."""
    return (
        tuple(commit(LIB, one.yes).to_bytes() for one in ballots),
        tuple(commit(LIB, one.no).to_bytes() for one in ballots),
    )


def prove(ballots: Sequence[Ballot], context: bytes, entropy: bytes) -> ProvedBallots:
    """`entropy` is fresh. ProofError where it would not be taken."""
    yes, no = points(ballots)
    proof = ballot.prove(LIB, ballots, context, entropy)
    try:
        ballot.verify(LibPoint, yes, no, context, proof)
    except ProofRejected as error:
        raise ProofError(f"a proof of ballots does not verify: {error}") from error
    return ProvedBallots(ballot.branches(LibPoint, yes, no).hints, proof)


@dataclass(frozen=True, slots=True)
class CommonSum:
    """Opens a sum over several zones; hints for adding up each zone, and then the zones' sums."""

    total: int
    blinding: bytes
    zone_hints: tuple[tuple[bytes, ...], ...]
    hints: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class CommonTally:
    yes: CommonSum
    no: CommonSum


def tally_together(zones: Sequence[tuple[Sequence[Ballot], Sequence[bool]]]) -> CommonTally:
    """Of each zone its ballots and, by slot, who votes: somebody in each. ProofError where sums do not open."""
    counted = [[one for one, votes in zip(ballots, voters, strict=True) if votes] for ballots, voters in zones]
    return CommonTally(
        _common([[one.yes for one in zone] for zone in counted]),
        _common([[one.no for one in zone] for zone in counted]),
    )


def _common(zones: Sequence[Sequence[Opening]]) -> CommonSum:
    sums = [sum_openings(zone) for zone in zones]
    lists = [[commit(LIB, opening).to_bytes() for opening in zone] for zone in zones]
    total = sum(whole.value for whole in sums)
    return CommonSum(total, *combined_sum(lists, total, [whole.blinding.to_bytes() for whole in sums]))


def tally(ballots: Sequence[Ballot], voters: Sequence[bool]) -> Tally:
    """Over the slots that vote."""
    return ballot.tally(LIB, ballots, sum(1 << slot for slot, votes in enumerate(voters) if votes))
