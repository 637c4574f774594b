"""4: the accepted readings of a day -> the usage of every slot; blocks -> batch. Pure, integers only.

Usage is the difference of two indexes, so what a block misses the next one carries and sums telescope.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

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
class SlotUsage:
    """A slot's share of a closed block. usage = index_end - index_start in [0, MAX_BLOCK_USAGE]."""

    slot: int
    holder: str
    index_start: int | None
    index_end: int | None
    usage: int
    missing: bool
    level: int | None
    journal_head: bytes


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


def close_block(zone: int, block: int, starts_at: int, ends_at: int, observed: Sequence[Observed]) -> Block:
    """The block of a zone whose slots were observed, in slot order."""
    return Block(zone, block, starts_at, ends_at, tuple(close_slot(seen) for seen in observed))


def next_batch(first_block: int, batched: int, closed: int, batch_blocks: int) -> tuple[int, int] | None:
    """(first, last) of the next batch of a zone, or None.

    `batched` blocks are already in batches, `closed` are proven; all consecutive from first_block.
    """
    if closed - batched < batch_blocks:
        return None
    first = first_block + batched
    return first, first + batch_blocks - 1


def level_counts(levels: Iterable[int | None]) -> tuple[int, ...]:
    """How many slots have a meter of level 0, 1, ... 5; slots without one (None) do not count."""
    given = list(levels)
    return tuple(given.count(level) for level in range(LEVELS))
