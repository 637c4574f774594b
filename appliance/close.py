"""4: closes blocks that are over, once, in order (task)."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from appliance.block import Observed, Sharing, close_block
from appliance.clock import Clock
from appliance.config import SharedConfig, TimeConfig, ZoneConfig
from appliance.store import blocks, leaving, periods, readings, secrets
from appliance.store.database import Database, Transaction

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
        meters = await readings.feeds(tx, zone.zone)
        holders = await _holders(tx, zone, number, time)
        observed = [
            await readings.observe(
                tx,
                slot,
                holders[slot],
                meters.get(slot),
                billed.get(slot),
                starts_at,
                ends_at,
            )
            for slot in range(zone.slots)
        ]
        sharing = [
            await _sharing(tx, zone, meter.shared, observed, starts_at, ends_at)
            for meter in zone.meters
            if meter.shared is not None
        ]
        block = close_block(zone.zone, number, starts_at, ends_at, observed, sharing)
        await blocks.put_block(tx, block, now)
    read = sum(seen.metered and not slot.missing for seen, slot in zip(observed, block.slots, strict=True))
    log.info("zone %d: block %d closed, %d of %d meters read", zone.zone, number, read, len(meters))


async def _holders(tx: Transaction, zone: ZoneConfig, number: int, time: TimeConfig) -> list[str]:
    """By slot, whose secret commits. Only with a period a home moves in, as in the registry, or has moved out: once
    that is known from there, and not because the configuration says so."""
    configured = [secrets.holder(zone, slot) for slot in range(zone.slots)]
    before = await blocks.holders(tx, zone.zone)
    if not before:
        return configured
    period, began = await periods.open_period(tx, zone.zone, zone.first_block)
    if number < began or (number - began) % time.period_blocks:
        return [before[slot] for slot in range(zone.slots)]
    period += (number - began) // time.period_blocks
    left, vacant = await leaving.departures(tx, zone.zone), secrets.vacant(zone.zone)
    found = []
    for slot, named in enumerate(configured):
        holder = vacant if leaving.has_left(left, slot, named, period) else named
        stays = before[slot] not in (holder, vacant) and not leaving.has_left(left, slot, before[slot], period)
        found.append(before[slot] if stays else holder)
    return found


async def _sharing(
    tx: Transaction, zone: ZoneConfig, shared: SharedConfig, observed: Sequence[Observed], starts_at: int, ends_at: int
) -> Sharing:
    """What each slot counts in the split of this block. A vacant one counts nothing while another is occupied."""
    slots = tuple(share.slot for share in shared.shares)
    if shared.rule == "sub-meters":
        return Sharing(slots, tuple([await readings.moved(tx, zone.zone, slot, starts_at, ends_at) for slot in slots]))
    vacant = secrets.vacant(zone.zone)
    weights = [0 if observed[share.slot].holder == vacant else share.weight for share in shared.shares]
    return Sharing(slots, tuple(weights))
