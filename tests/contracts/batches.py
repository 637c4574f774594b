"""What a gateway sends of a batch, and a dwelling of its own slot, with the openings behind it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from appliance.chain.address import Contract
from appliance.chain.clarity import Buffer, Optional
from circuits.generators import LIB
from circuits.opening import sum_openings
from circuits.pedersen import Opening, commit
from circuits.scalar import N, Scalar


@dataclass(frozen=True, slots=True)
class Batch:
    """The arguments of submit-usage-batch, and the openings behind them. Without `points` it is not proven yet."""

    zone: int
    first_block: int
    last_block: int
    commitments: list[bytes]
    total: int
    blinding_sum: bytes
    evidence_root: bytes
    authenticity: list[int]
    openings: tuple[Opening, ...]
    sum_hint: bytes | None = None
    points: list[bytes] | None = None
    scalars: list[bytes] | None = None
    hints: list[bytes] | None = None

    def args(self, proof: Contract) -> list[Any]:
        return [
            self.zone,
            self.first_block,
            self.last_block,
            self.commitments,
            self.total,
            self.blinding_sum,
            self.evidence_root,
            self.authenticity,
            None if self.sum_hint is None else Optional(Buffer(self.sum_hint)),
            self.points or [],
            self.scalars or [],
            self.hints or [],
            proof,
        ]


@dataclass(frozen=True, slots=True)
class OwnProof:
    """What a dwelling says of its own slot."""

    zone: int
    slot: int
    first_block: int
    last_block: int
    opening: Opening


def make_batch(
    rng: random.Random, zone: int, first_block: int, last_block: int, usage: Sequence[int], **changes: Any
) -> Batch:
    """An honest batch, not proven yet: fresh blindings, the opening of the sum, an evidence root of its own."""
    openings = tuple(Opening(v, Scalar(rng.randrange(N))) for v in usage)
    whole = sum_openings(openings)
    batch = Batch(
        zone=zone,
        first_block=first_block,
        last_block=last_block,
        commitments=[commit(LIB, opening).to_bytes() for opening in openings],
        total=whole.value,
        blinding_sum=whole.blinding.to_bytes(),
        evidence_root=rng.randbytes(32),
        authenticity=[0, len(usage), 0, 0, 0, 0],
        openings=openings,
    )
    return replace(batch, **changes)
