"""6: a zone's ballots -> commitments, proofs that all are ballots, and the opening of their sums. Pure, for the worker.

Verified before it is handed out, as all proofs here are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from appliance.proof import ProofError
from circuits import ballot
from circuits.ballot import Ballot, BallotProof, Tally
from circuits.generators import LIB
from circuits.group import LibPoint
from circuits.pedersen import commit
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


def tally(ballots: Sequence[Ballot], voters: Sequence[bool]) -> Tally:
    """Over the slots that vote."""
    return ballot.tally(LIB, ballots, sum(1 << slot for slot, votes in enumerate(voters) if votes))
