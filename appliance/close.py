"""4: closes blocks that are over, once, in order (task)."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from appliance.block import close_block
from appliance.clock import Clock
from appliance.config import TimeConfig, ZoneConfig
from appliance.store import blocks, readings, secrets
from appliance.store.database import Database
from appliance.store.rows import whole

log = logging.getLogger("mita.close")


async def close_due(db: Database, zones: Sequence[ZoneConfig], clock: Clock, time: TimeConfig, told: set[int]) -> int:
    """Closes every block whose end and grace have passed; how many. A clock that leapt ahead closes nothing.

    `told` are the zones for which a person was told of that.
    """
    closed = 0
    for zone in zones:
        block = await blocks.next_block(db, zone.zone, zone.first_block)
        ahead = time.block_at(clock.now() - time.grace_seconds) - block
        if ahead > time.catch_up_blocks:
            if zone.zone not in told:
                told.add(zone.zone)
                log.error(
                    "the clock is %d blocks ahead of zone %d's last block: nothing is closed; set the right time, "
                    "or if it is right set catch_up_blocks in [time] to more",
                    ahead,
                    zone.zone,
                )
            continue
        told.discard(zone.zone)
        for number in range(block, block + max(ahead, 0)):
            await _close(db, zone, number, clock.now(), time)
            closed += 1
    return closed


async def _close(db: Database, zone: ZoneConfig, number: int, now: int, time: TimeConfig) -> None:
    starts_at, ends_at = time.starts_at(number), time.starts_at(number + 1)
    async with db.transaction() as tx:
        if await blocks.next_block(tx, zone.zone, zone.first_block) != number:
            return
        billed = await blocks.billed_indexes(tx, zone.zone, number - 1)
        meters = {
            whole(slot): whole(row_id)
            for slot, row_id in await tx.all("SELECT slot, id FROM meter WHERE zone = ?", (zone.zone,))
        }
        mid_batch = (number - zone.first_block) % time.batch_blocks != 0
        before = await blocks.holders(tx, zone.zone) if mid_batch else {}  # a home moves in when a batch begins
        observed = [
            await readings.observe(
                tx,
                slot,
                before.get(slot, secrets.holder(zone, slot)),
                meters.get(slot),
                billed.get(slot),
                starts_at,
                ends_at,
            )
            for slot in range(zone.slots)
        ]
        block = close_block(zone.zone, number, starts_at, ends_at, observed)
        await blocks.put_block(tx, block, now)
    read = sum(seen.metered and not slot.missing for seen, slot in zip(observed, block.slots, strict=True))
    log.info("zone %d: block %d closed, %d of %d meters read", zone.zone, number, read, len(meters))
