"""6: asks the chain whether a zone may open its totals, and opens those of several small zones together (task)."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import groupby
from typing import Final

from appliance import proof
from appliance.ask import ask
from appliance.beside import Beside
from appliance.call import USER_REGISTRY, UTILITY_CODES, Sender
from appliance.calls import metering as calls
from appliance.calls import registry
from appliance.calls.metering import Crowd
from appliance.chain.clarity import UInt
from appliance.chain.node import Node
from appliance.config import ZoneConfig
from appliance.store import blocks, outbox, proofs, sealed
from appliance.store.database import Database
from appliance.store.outbox import Call
from appliance.store.sealed import SealedBatch
from appliance.worker import Prover

log = logging.getLogger("mita.sealed")

TOGETHER: Final = 4  # zones of a common total, at most
WAIT: Final = 144  # burn blocks that a zone's batch waits for another's that is not on the chain
LOOK_BACK: Final = 62  # blocks, two of the longest periods: what was not opened by then stays sealed


async def ask_due(db: Database, node: Node, sender: Sender) -> None:
    """Before a batch is proved, and again until it is in a block: may its total be opened? NodeError.

    Only in the period that is open on chain: who lives in later ones is not known yet.
    """
    periods: dict[int, int] = {}
    opens: dict[int, bool] = {}
    for of in await proofs.unsettled_batches(db):
        zone = of.zone
        if zone not in periods:
            periods[zone] = await ask(node, sender, registry.read_number, USER_REGISTRY, "get-open-period", UInt(zone))
            opens[zone] = await may_open(node, sender, zone, periods[zone])
        if of.period != periods[zone] or of.sealed is (not opens[zone]):
            continue
        async with db.transaction() as tx:
            await proofs.set_sealed(tx, zone, of.first_block, sealed=not opens[zone])
        if of.sealed is not None or not opens[zone]:
            how = "opens its total" if opens[zone] else "is sealed: too few homes are hidden behind its total"
            log.info("zone %d: the batch from block %d %s", zone, of.first_block, how)


async def may_open(node: Node, sender: Sender, zone: int, period: int) -> bool:
    """Whether a sum over the zone's slots may be opened for this period, and so must be. NodeError."""
    where = UInt(zone), UInt(period)
    return await ask(node, sender, registry.read_truth, calls.AGGREGATION, "may-open", *where)


async def combine_due(db: Database, node: Node, sender: Sender, zones: Sequence[ZoneConfig]) -> None:
    """Plans the common total of sealed batches of the same blocks, once all that could be in it are there or have kept
    the others waiting for a day. NodeError."""
    utilities = {zone.zone: UTILITY_CODES[zone.utility] for zone in zones}
    since = await sealed.newest_block(db) - LOOK_BACK
    found = [of for of in await sealed.uncombined(db, since) if of.zone in utilities]
    height = None
    known: dict[tuple[int, int], Crowd] = {}
    for key, alike in groupby(sorted(found, key=partial(_alike, utilities)), key=partial(_alike, utilities)):
        batches = list(alike)
        heights = [of.height for of in batches if of.height is not None]
        if len(heights) < 2:
            continue
        if len(heights) < len(batches):
            height = (await node.tip()).burn_height if height is None else height
            if height < max(heights) + WAIT:
                continue
        for zone in [of.zone for of in batches if of.height is not None]:
            if (zone, batches[0].period) not in known:
                known[zone, batches[0].period] = await crowd(node, sender, zone, batches[0].period)
        crowds = {of.zone: known[of.zone, of.period] for of in batches if of.height is not None}
        for chosen in groups(crowds):
            async with db.transaction() as tx:
                await sealed.combine(tx, chosen, batches[0].first_block)
                await outbox.put_call(tx, Beside.COMBINED, min(chosen), batches[0].first_block)
            log.info("zones %s: sealed batches from block %d are opened together", chosen, key[2])


def _alike(utilities: Mapping[int, int], of: SealedBatch) -> tuple[int, int, int, int]:
    """What batches must have in common: their blocks are the same days in all zones of a gateway."""
    return utilities[of.zone], of.period, of.first_block, of.last_block


def groups(crowds: Mapping[int, Crowd]) -> list[list[int]]:
    """Zones to open together, each in one group at most: the fewest that hide enough homes, so that most zones are in
    one; who is left over joins a group with room. None if all together are too few."""
    made: list[list[int]] = []
    left: list[int] = []
    for zone in sorted(crowds, key=lambda zone: (-crowds[zone].hidden, zone)):
        left.append(zone)
        for start in range(len(left)):
            if len(left) - start <= TOGETHER and _enough([crowds[one] for one in left[start:]]):
                made.append(left[start:])
                left = left[:start]
                break
    for zone in left:
        room = next((group for group in made if len(group) < TOGETHER), None)
        if room is not None and _enough([crowds[one] for one in (*room, zone)]):
            room.append(zone)
    return [sorted(group) for group in made]


def _enough(crowds: Sequence[Crowd]) -> bool:
    return sum(one.hidden for one in crowds) >= max(one.k_min for one in crowds)


async def crowd(node: Node, sender: Sender, zone: int, period: int) -> Crowd:
    """How many homes a zone hides in a period, and how many it takes. NodeError."""
    where = UInt(zone), UInt(period)
    homes = await ask(node, sender, calls.read_dwellings, USER_REGISTRY, "get-membership", *where)
    exposed = await ask(node, sender, calls.read_count, calls.AGGREGATION, "get-exposed", *where)
    k_min = await ask(node, sender, registry.read_number, USER_REGISTRY, "get-k-min", UInt(zone))
    return Crowd(max(homes - exposed, 0), k_min)


async def prepare_due(db: Database, prover: Prover, sender: Sender) -> None:
    """Prepares every common total that has no payload for this sender. ProofError for a damaged store."""
    for call in await outbox.unprepared(db, sender.mark):
        if call.kind != Beside.COMBINED:
            continue
        zones = await sealed.combined(db, call.zone, call.number)
        lists = [(await blocks.get_batch(db, zone, call.number)).sums.commitments for zone in zones]
        openings = [await sealed.opening(db, zone, call.number) for zone in zones]
        total = sum(each for each, _ in openings)
        blinding, each, together = await prover.run(
            proof.combined_sum, lists, total, [blinding for _, blinding in openings]
        )
        payload = calls.open_combined_total(sender, zones, call.number, total, blinding, each, together)
        async with db.transaction() as tx:
            await outbox.prepare(tx, call.id, sender.mark, payload)


async def took_effect(db: Database, node: Node, sender: Sender, made: Call) -> bool:
    """Whether aggregation keeps the total of all its zones. NodeError."""
    zones = await sealed.combined(db, made.zone, made.number)
    total = sum([(await sealed.opening(db, zone, made.number))[0] for zone in zones])
    where = UInt(made.zone), UInt(made.number)
    kept = await ask(node, sender, calls.read_combined, calls.AGGREGATION, "get-combined-usage", *where)
    return kept == (tuple(zones), total)
