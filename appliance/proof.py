"""6: Block and Batch -> commitments, and their opening in total. Pure.

Dataclasses of integers and bytes only, so that they can cross into the worker process.

What a batch shows in this version: its commitments open in total. That each is in range is not proved yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from circuits.blinding import BlindingKey, Letter
from circuits.generators import LIB
from circuits.group import LibPoint
from circuits.opening import sum_openings, sum_opens
from circuits.pedersen import Opening, commit
from circuits.scalar import P


class ProofError(Exception):
    """What was to be proved is false: the store is damaged. Never retried."""


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
class ProvenBatch:
    """A batch ready for a contract call: per slot the commitment and the period's running sum, and the total's opening.

    `sum_hint` is the inverse mod p of the product of all (x_added - x_running), None for the first batch of a period.
    """

    total: int
    blinding_sum: bytes
    commitments: tuple[bytes, ...]
    running: tuple[bytes, ...]
    sum_hint: bytes | None


def prove_block(witness: BlockWitness) -> tuple[bytes, ...]:
    """The commitments of a block in slot order, 33 bytes each."""
    return tuple(commit(LIB, opening).to_bytes() for opening in witness.openings())


def prove_batch(
    witnesses: Sequence[BlockWitness], stored: Sequence[Sequence[bytes]], running: Sequence[bytes] | None
) -> ProvenBatch:
    """Sums the blocks per slot.

    `stored` are the blocks' commitments as residents were shown them; ProofError if they are not what the witnesses
    commit to. `running` are the period's sums so far, None for its first batch.
    """
    for witness, commitments in zip(witnesses, stored, strict=True):
        if prove_block(witness) != tuple(commitments):
            raise ProofError(f"block {witness.block} of zone {witness.zone} does not open with the stored keys")
    openings = [sum_openings(column) for column in zip(*(w.openings() for w in witnesses), strict=True)]
    points = [LibPoint.sum([LibPoint.from_bytes_checked(c) for c in column]) for column in zip(*stored, strict=True)]
    whole = sum_openings(openings)
    if not sum_opens(LIB, points, whole):
        raise ProofError("the sum of the commitments does not open to the total")
    commitments = tuple(point.to_bytes() for point in points)
    if running is None:
        return ProvenBatch(whole.value, whole.blinding.to_bytes(), commitments, commitments, None)
    before = [LibPoint.from_bytes_checked(r) for r in running]
    after = tuple((old + new).to_bytes() for old, new in zip(before, points, strict=True))
    return ProvenBatch(whole.value, whole.blinding.to_bytes(), commitments, after, sum_hint(running, commitments))


def sum_hint(running: Sequence[bytes], added: Sequence[bytes]) -> bytes:
    """The one inverse with which the contract adds all slots' points (batched inversion)."""
    product = 1
    for old, new in zip(running, added, strict=True):
        product = product * (int.from_bytes(new[1:], "big") - int.from_bytes(old[1:], "big")) % P
    return pow(product, -1, P).to_bytes(32, "big")
