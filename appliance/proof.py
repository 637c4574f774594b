"""6: Block and Batch -> commitments, the opening of their total, and the proof that each is in range. Pure.

Dataclasses of integers and bytes only, so that they can cross into the worker process. A range proof is bound to a
context of 32 bytes; a batch's is the contract's own (`call.usage_batch_context`), a block's is made here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from appliance.block import LEVELS, Block
from circuits import hints, usage
from circuits.blinding import BlindingKey, Letter
from circuits.generators import LIB
from circuits.group import LibPoint
from circuits.opening import sum_openings, sum_opens
from circuits.pedersen import Opening, commit
from circuits.scalar import P, Scalar
from circuits.verdict import ProofRejected

ENTROPY_BYTES: Final = 32  # of fresh randomness that a proof takes
_BLOCK_DOMAIN: Final = b"mita/v1/usage-block"


class ProofError(Exception):
    """What was to be proved is false, or the proof is: store or machine are damaged. Ends the process, each time."""


@dataclass(frozen=True, slots=True)
class SlotWitness:
    """A slot's usage in one block (Wh or litre) and the key its blinding derives from. Secret."""

    usage: int
    key: BlindingKey

    def opening(self, zone: int, slot: int, block: int) -> Opening:
        return Opening(self.usage, self.key.blinding(Letter.USAGE, zone, slot, block, self.usage))


@dataclass(frozen=True, slots=True)
class BlockWitness:
    """Everything needed to commit to a block: the slots in order."""

    zone: int
    block: int
    slots: tuple[SlotWitness, ...]

    def openings(self) -> list[Opening]:
        return [witness.opening(self.zone, slot, self.block) for slot, witness in enumerate(self.slots)]


@dataclass(frozen=True, slots=True)
class BoundProof:
    """Shows of a list of commitments that each is in range and that their sum opens to its total (S1, variant a).

    It holds for `context` alone. Points have 33 bytes; scalars and hints, the contract's inverses, have 32.
    """

    context: bytes
    points: tuple[bytes, ...]
    scalars: tuple[bytes, ...]
    hints: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class ProvenBlock:
    """A block's commitments in slot order, the opening of their sum, and the proof."""

    total: int
    blinding_sum: bytes
    commitments: tuple[bytes, ...]
    proof: BoundProof


@dataclass(frozen=True, slots=True)
class SummedBatch:
    """A batch before its proof: per slot the commitment and the period's running sum, and the total's opening.

    `sum_hint` is the inverse mod p of the product of all (x_added - x_running), None for the first batch of a period.
    """

    total: int
    blinding_sum: bytes
    commitments: tuple[bytes, ...]
    running: tuple[bytes, ...]
    sum_hint: bytes | None


def witness_of(block: Block, keys: Mapping[str, BlindingKey]) -> BlockWitness:
    """`keys` are the blinding keys by the names of the secrets they derive from."""
    return BlockWitness(
        block.zone, block.block, tuple(SlotWitness(slot.usage, keys[slot.holder]) for slot in block.slots)
    )


def usage_block_context(
    zone: int, block: int, starts_at: int, ends_at: int, authenticity: Sequence[int], evidence_root: bytes
) -> bytes:
    """What the proof of a block is bound to: 32 bytes.

    SHA-256 of the domain behind its length, zone (4 bytes), block (8), start and end (8 each, UTC seconds), the six
    counts of slots by meter level (1 each), the root over the block's leaves (32).
    """
    if len(authenticity) != LEVELS or len(evidence_root) != 32:
        raise ValueError("a block has six counts by level and a root of 32 bytes")
    fields = (
        bytes([len(_BLOCK_DOMAIN)]) + _BLOCK_DOMAIN,
        zone.to_bytes(4, "big"),
        block.to_bytes(8, "big"),
        starts_at.to_bytes(8, "big"),
        ends_at.to_bytes(8, "big"),
        bytes(authenticity),
        evidence_root,
    )
    return hashlib.sha256(b"".join(fields)).digest()


def commit_block(witness: BlockWitness) -> tuple[bytes, ...]:
    """The commitments of a block in slot order, 33 bytes each."""
    return tuple(commit(LIB, opening).to_bytes() for opening in witness.openings())


def prove_block(witness: BlockWitness, context: bytes, entropy: bytes) -> ProvenBlock:
    """Commitments and proof of a block. `entropy` is fresh: ENTROPY_BYTES bytes that were never used before."""
    commitments, whole, proof = _prove(witness.openings(), context, entropy)
    return ProvenBlock(whole.value, whole.blinding.to_bytes(), commitments, proof)


def sum_batch(
    witnesses: Sequence[BlockWitness], stored: Sequence[Sequence[bytes]], running: Sequence[bytes] | None
) -> SummedBatch:
    """Sums the blocks per slot.

    `stored` are the blocks' commitments as residents were shown them; ProofError if they are not what the witnesses
    commit to. `running` are the period's sums so far, None for its first batch.
    """
    for witness, commitments in zip(witnesses, stored, strict=True):
        if commit_block(witness) != tuple(commitments):
            raise ProofError(f"block {witness.block} of zone {witness.zone} does not open with the stored keys")
    points = [LibPoint.sum([LibPoint.from_bytes_checked(c) for c in column]) for column in zip(*stored, strict=True)]
    whole = sum_openings(_batch_openings(witnesses))
    if not sum_opens(LIB, points, whole):
        raise ProofError("the sum of the commitments does not open to the total")
    commitments = tuple(point.to_bytes() for point in points)
    if running is None:
        return SummedBatch(whole.value, whole.blinding.to_bytes(), commitments, commitments, None)
    before = [LibPoint.from_bytes_checked(r) for r in running]
    after = tuple((old + new).to_bytes() for old, new in zip(before, points, strict=True))
    return SummedBatch(whole.value, whole.blinding.to_bytes(), commitments, after, sum_hint(running, commitments))


def prove_batch(
    witnesses: Sequence[BlockWitness], commitments: Sequence[bytes], context: bytes, entropy: bytes
) -> BoundProof:
    """The proof of a summed batch; ProofError if the witnesses do not open its commitments."""
    made, _, proof = _prove(_batch_openings(witnesses), context, entropy)
    if made != tuple(commitments):
        raise ProofError(f"the batch from block {witnesses[0].block} of zone {witnesses[0].zone} does not open")
    return proof


def prove_sealed(
    witnesses: Sequence[BlockWitness], commitments: Sequence[bytes], context: bytes, entropy: bytes
) -> BoundProof:
    """The same for a batch whose total stays hidden."""
    made = usage.prove(LibPoint, _batch_openings(witnesses), context, entropy, opened=False)
    if made.commitments != tuple(commitments):
        raise ProofError(f"the batch from block {witnesses[0].block} of zone {witnesses[0].zone} does not open")
    try:
        usage.verify(LibPoint, made.commitments, context, None, made.points, made.scalars)
    except ProofRejected as error:
        raise ProofError(f"a proof made here does not verify, {error}: is the machine sound?") from error
    return BoundProof(context, made.points, made.scalars, made.hints)


def combined_sum(
    lists: Sequence[Sequence[bytes]], total: int, blindings: Sequence[bytes]
) -> tuple[bytes, tuple[tuple[bytes, ...], ...], tuple[bytes, ...]]:
    """Of several zones' sealed batches, or ballots: the blinding of their common total, the hints that add up each
    zone's commitments, and those that add up the zones' sums. ProofError where they do not open to the total."""
    points = [[LibPoint.from_bytes_checked(item) for item in listed] for listed in lists]
    whole = sum_openings([Opening(0, Scalar.from_bytes_checked(blinding)) for blinding in blindings])
    if not sum_opens(LIB, [point for listed in points for point in listed], Opening(total, whole.blinding)):
        raise ProofError("the commitments of several zones do not open to their common total")
    each = tuple(hints.for_additions([point.xy() for point in listed], 1) for listed in points)
    return whole.blinding.to_bytes(), each, hints.for_additions([LibPoint.sum(listed).xy() for listed in points], 1)


def _batch_openings(witnesses: Sequence[BlockWitness]) -> list[Opening]:
    return [sum_openings(column) for column in zip(*(w.openings() for w in witnesses), strict=True)]


def _prove(
    openings: Sequence[Opening], context: bytes, entropy: bytes
) -> tuple[tuple[bytes, ...], Opening, BoundProof]:
    """Commitments, the opening of their sum, and a proof that has been verified: a faulty one would stop the zone."""
    made = usage.prove(LibPoint, openings, context, entropy, opened=True)
    if made.total is None:
        raise AssertionError("a proof with an opened total has a total")
    try:
        usage.verify(LibPoint, made.commitments, context, made.total, made.points, made.scalars)
    except ProofRejected as error:
        raise ProofError(f"a proof made here does not verify, {error}: is the machine sound?") from error
    return made.commitments, made.total, BoundProof(context, made.points, made.scalars, made.hints)


def sum_hint(running: Sequence[bytes], added: Sequence[bytes]) -> bytes:
    """The one inverse with which the contract adds all slots' points (batched inversion)."""
    product = 1
    for old, new in zip(running, added, strict=True):
        product = product * (int.from_bytes(new[1:], "big") - int.from_bytes(old[1:], "big")) % P
    return pow(product, -1, P).to_bytes(32, "big")
