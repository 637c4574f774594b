"""4: the accepted readings of a day -> the usage of every slot; blocks -> batch. Pure, integers only.

Usage is the difference of two indexes, so what a block misses the next one carries and sums telescope. A shared meter's
is split when the block is made, never afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from appliance.split import most, parts

MAX_BLOCK_USAGE: Final = 149_796  # floor((2^20 - 1) / 7): seven blocks stay below the range bound (protocol, section 2)
NO_JOURNAL: Final = bytes(32)
LEVELS: Final = 6  # authenticity levels of meters, L0 to L5


@dataclass(frozen=True, slots=True)
class Observed:
    """What the journal says about a slot at the end of a block. Indexes in Wh or litre, None where nothing was read.

    `holder` names the secret that commits: the dwelling's, or the zone's for a vacant slot. `billed` is the end index
    of the block before, `first` the meter's earliest accepted index, `last` the latest accepted one in the block.
    """

    slot: int
    holder: str
    billed: int | None
    first: int | None
    last: int | None
    level: int | None
    journal_head: bytes
    metered: bool


@dataclass(frozen=True, slots=True)
class Sharing:
    """Two or more slots behind one meter, all observed alike, and their weights in the split; all 0: each the same."""

    slots: tuple[int, ...]
    weights: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SlotUsage:
    """A slot's part of a closed block, in [0, MAX_BLOCK_USAGE]: index_end - index_start, which are those of its meter.

    `shared`: of a meter that feeds several slots; theirs together are index_end - index_start.
    """

    slot: int
    holder: str
    index_start: int | None
    index_end: int | None
    usage: int
    missing: bool
    level: int | None
    journal_head: bytes
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """All usage of one zone in one day: closed once, never reopened."""

    zone: int
    block: int
    starts_at: int
    ends_at: int
    slots: tuple[SlotUsage, ...]


def close_slot(seen: Observed) -> SlotUsage:
    """A silent meter uses nothing now and catches up later; more than MAX_BLOCK_USAGE is carried to the next block."""
    start = seen.billed if seen.billed is not None else seen.first
    if start is None or seen.last is None:
        return SlotUsage(seen.slot, seen.holder, start, start, 0, seen.metered, seen.level, seen.journal_head)
    end = min(max(seen.last, start), start + MAX_BLOCK_USAGE)
    return SlotUsage(seen.slot, seen.holder, start, end, end - start, False, seen.level, seen.journal_head)


def close_shared(seen: Sequence[Observed], weights: Sequence[int], block: int) -> list[SlotUsage]:
    """The parts of one meter, in order; they add up to its own. What would be too much for one slot all carry on."""
    meter = seen[0]
    start = meter.billed if meter.billed is not None else meter.first
    if start is None or meter.last is None:
        return [replace(close_slot(slot), shared=True) for slot in seen]
    used = min(max(meter.last - start, 0), most(MAX_BLOCK_USAGE, weights))
    return [
        SlotUsage(slot.slot, slot.holder, start, start + used, part, False, slot.level, slot.journal_head, shared=True)
        for slot, part in zip(seen, parts(used, weights, block), strict=True)
    ]


def close_block(
    zone: int, block: int, starts_at: int, ends_at: int, observed: Sequence[Observed], sharing: Sequence[Sharing] = ()
) -> Block:
    """The block of a zone whose slots were observed, in slot order; a slot shares at most once."""
    closed = {seen.slot: seen for seen in map(close_slot, observed)}
    by_slot = {seen.slot: seen for seen in observed}
    for group in sharing:
        together = close_shared([by_slot[slot] for slot in group.slots], group.weights, block)
        closed |= {usage.slot: usage for usage in together}
    return Block(zone, block, starts_at, ends_at, tuple(closed[seen.slot] for seen in observed))


def next_batch(
    first_block: int, batched: int, closed: int, batch_blocks: int, period_ends: int
) -> tuple[int, int] | None:
    """(first, last) of the next batch of a zone, or None while it is not full; shorter where the period ends before.

    `batched` blocks are already in batches, `closed` are proven; all consecutive from first_block. `period_ends`, the
    period's last block, is not in a batch yet.
    """
    first = first_block + batched
    last = min(first + batch_blocks - 1, period_ends)
    return (first, last) if first_block + closed > last else None


def level_counts(levels: Iterable[int | None]) -> tuple[int, ...]:
    """How many slots have a meter of level 0, 1, ... 5; slots without one (None) do not count."""
    given = list(levels)
    return tuple(given.count(level) for level in range(LEVELS))
