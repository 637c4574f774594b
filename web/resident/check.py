"""Recomputes a dwelling's commitments of one batch from its proof code and compares them with what is stored. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from appliance.store.portal import Batch, BatchCommitment, UsageBlock
from circuits.blinding import BlindingKey, Letter
from circuits.generators import LIB
from circuits.group import LibPoint
from circuits.pedersen import Opening, commit

BlockVerdict = Literal["fits", "differs", "absent"]
Verdict = Literal["fits", "fits_waiting", "other_code", "blocks", "sum", "unread"]


@dataclass(frozen=True, slots=True)
class Checked:
    """`blocks` has every block of the batch in order. `sum_fits`: they add up to the batch's commitment."""

    verdict: Verdict
    blocks: list[tuple[int, BlockVerdict]]
    sum_fits: bool

    @property
    def failing(self) -> list[int]:
        return [block for block, verdict in self.blocks if verdict != "fits"]


def check(
    batch: Batch,
    blocks: Sequence[UsageBlock],
    stored: BatchCommitment | None,
    others: Sequence[UsageBlock],
    key: BlindingKey,
) -> Checked:
    """`blocks` are one slot's in the batch. A missing block was committed as zero, whatever is stored as its usage.

    `others` are the same slot's outside it: a code that opens one of them is the dwelling's, so that a batch in which
    nothing fits is not put down to the wrong card.

    verdict: fits (and was read back from the chain), fits_waiting (not on chain yet), other_code (it opens no block at
    all), blocks (some do not fit), sum (each does, the batch's commitment does not), unread (all fit, but the box says
    that the batch is on chain and has not found this commitment there).
    """
    by_number = {block.block: block for block in blocks}
    verdicts: list[tuple[int, BlockVerdict]] = []
    points = []
    for number in range(batch.first_block, batch.last_block + 1):
        block = by_number.get(number)
        if block is None:
            verdicts.append((number, "absent"))
            continue
        point = _commitment(block, key)
        points.append(point)
        verdicts.append((number, "fits" if _fits(block, key) else "differs"))
    total = LibPoint.sum(points)
    sum_fits = stored is not None and not total.is_infinity() and total.to_bytes() == stored.commitment
    known = sum_fits or any(v == "fits" for _, v in verdicts) or any(_fits(block, key) for block in others)
    return Checked(_verdict(batch, verdicts, sum_fits, stored) if known else "other_code", verdicts, sum_fits)


def _fits(block: UsageBlock, key: BlindingKey) -> bool:
    return _commitment(block, key).to_bytes() == block.commitment


def _commitment(block: UsageBlock, key: BlindingKey) -> LibPoint:
    usage = 0 if block.missing else block.usage
    blinding = key.blinding(Letter.USAGE, block.zone, block.slot, block.block, usage)
    point: LibPoint = commit(LIB, Opening(usage, blinding))
    return point


def _verdict(
    batch: Batch, blocks: list[tuple[int, BlockVerdict]], sum_fits: bool, stored: BatchCommitment | None
) -> Verdict:
    if any(verdict != "fits" for _, verdict in blocks):
        return "blocks"
    if not sum_fits or stored is None:
        return "sum"
    if stored.on_chain:
        return "fits"
    return "unread" if batch.state in ("included", "final") else "fits_waiting"
