"""A small settlement in a portal.db: written through the core's writers, with commitments really made by circuits."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

from appliance.store import agents, portal
from appliance.store.agents import Room
from appliance.store.database import Database, Transaction
from appliance.store.portal import Batch, Place, Service, UsageBlock, Zone
from circuits import code
from circuits.blinding import BlindingKey, Letter
from circuits.generators import LIB
from circuits.group import LibPoint
from circuits.pedersen import Opening, commit

START = 1_794_096_000  # 2026-11-08 00:00 UTC; the blocks begin at midnight of OFFSET_MINUTES
OFFSET_MINUTES = 120
DAY = 86_400
HOMES = 16
FIRST_BLOCK = 100
BLOCKS = 12
BATCH_BLOCKS = 4
ELECTRICITY = 1
WATER = 2
MISSING_BLOCK = 105
CONTRACT = "ST1SJ3DTE5DN7X54YDH5D64R3BCB6A2AG2ZQ8YPD5.meter-data"
STATES: Sequence[portal.State] = ("final", "included", "sent")


class FakeClock:
    def __init__(self, now: int) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now


class CountedRandomness:
    """Different bytes at each call, the same in each run."""

    def __init__(self) -> None:
        self._calls = 0

    def __call__(self, size: int) -> bytes:
        self._calls += 1
        return hashlib.shake_256(self._calls.to_bytes(8, "big")).digest(size)


@dataclass(frozen=True, slots=True)
class Card:
    """What is printed for a dwelling."""

    label: str
    secret: bytes = field(repr=False)

    @property
    def sign_in_code(self) -> str:
        return code.encode(hashlib.sha256(b"sign in" + self.secret).digest()[:10], checked=False)

    @property
    def sign_in_line(self) -> str:
        return f"{self.label} {self.sign_in_code}"

    @property
    def key(self) -> BlindingKey:
        return BlindingKey(hashlib.sha256(b"blinding" + self.secret).digest()[:16])

    @property
    def proof_code(self) -> str:
        return self.key.to_code()


def card(number: int, label: str | None = None) -> Card:
    return Card(label or f"A-{number:02}", number.to_bytes(16, "big"))


def usage_of(zone: int, slot: int, block: int) -> int:
    """Different for each dwelling and day; distinctive enough to be searched for in a page."""
    base = int.from_bytes(hashlib.sha256(f"{zone}/{slot}/{block}".encode()).digest()[:2], "big")
    return 2_000 + base % 7_919 if zone == ELECTRICITY else 40 + base % 311


@cache
def block_of(zone: int, number: int, block: int) -> UsageBlock:
    """One dwelling's closed block; dwelling `number` has slot number - 1. A missing block's usage comes a day later."""
    slot = number - 1
    missing = block == MISSING_BLOCK and number == 7
    usage = 0 if missing else usage_of(zone, slot, block)
    if block == MISSING_BLOCK + 1 and number == 7:
        usage += usage_of(zone, slot, MISSING_BLOCK)
    blinding = card(number).key.blinding(Letter.USAGE, zone, slot, block, usage)
    before = sum(usage_of(zone, slot, b) for b in range(FIRST_BLOCK, block))
    before += 123_456 + 10_000_000 * number
    starts_at = START - OFFSET_MINUTES * 60 + (block - FIRST_BLOCK) * DAY
    return UsageBlock(
        zone=zone,
        slot=slot,
        block=block,
        starts_at=starts_at,
        ends_at=starts_at + DAY,
        index_start=before - (usage - usage_of(zone, slot, block) if usage else 0),
        index_end=before + (0 if missing else usage_of(zone, slot, block)),
        usage=usage,
        missing=missing,
        commitment=commit(LIB, Opening(usage, blinding)).to_bytes(),
    )


def summed(blocks: Sequence[UsageBlock]) -> bytes:
    return _summed(tuple(blocks))


@cache
def _summed(blocks: tuple[UsageBlock, ...]) -> bytes:
    return LibPoint.sum([LibPoint.from_bytes_checked(b.commitment) for b in blocks]).to_bytes()


async def settle(db: Database, hashes: dict[int, tuple[bytes, bytes]]) -> None:
    """Everything of the village. `hashes` are salt and code hash of the dwellings that sign in, by number."""
    rows = {
        (zone, number): [block_of(zone, number, b) for b in range(FIRST_BLOCK, FIRST_BLOCK + BLOCKS)]
        for zone in (ELECTRICITY, WATER)
        for number in range(1, HOMES + 1)
    }
    async with db.transaction() as tx:
        await portal.put_place(tx, Place("Kisima Lane", OFFSET_MINUTES))
        await portal.put_zone(tx, Zone(ELECTRICITY, "Lane A", "electricity", "Wh", HOMES, CONTRACT))
        await portal.put_zone(tx, Zone(WATER, "Lane A", "water", "L", HOMES, CONTRACT))
        for number in range(1, HOMES + 1):
            salt, code_hash = hashes.get(number, (bytes(16), bytes(32)))
            dwelling_id = await portal.put_dwelling(tx, card(number).label, salt, code_hash)
            for zone in (ELECTRICITY, WATER):
                await portal.put_service(tx, Service(zone, number - 1, dwelling_id, 1 if number % 4 else 3))
        for blocks in rows.values():
            await portal.put_block(tx, blocks)
        for zone in (ELECTRICITY, WATER):
            for i, state in enumerate(STATES):
                await _put_batch(tx, rows, zone, i, state)


AGENT_CARD = card(99, "AG-1")
AGENT_ADDRESS = "ST1SJ3DTE5DN7X54YDH5D64R3BCB6A2AG2ZQ8YPD5"
STEP = 1_000


async def settle_agent(db: Database) -> None:
    """An agent with a float for electricity, and an empty one for water."""
    salt = bytes(range(16))
    code_hash = await portal.hash_code(AGENT_CARD.sign_in_code, salt)
    async with db.transaction() as tx:
        await agents.put_agent(tx, AGENT_ADDRESS, AGENT_CARD.label, salt, code_hash)
        await agents.put_room(tx, AGENT_ADDRESS, Room(ELECTRICITY, 500 * STEP, STEP))
        await agents.put_room(tx, AGENT_ADDRESS, Room(WATER, 0, STEP))


async def _put_batch(
    tx: Transaction, rows: dict[tuple[int, int], list[UsageBlock]], zone: int, i: int, state: portal.State
) -> None:
    first = FIRST_BLOCK + i * BATCH_BLOCKS
    inside = {n: rows[zone, n][i * BATCH_BLOCKS : (i + 1) * BATCH_BLOCKS] for n in range(1, HOMES + 1)}
    commitments = {number - 1: summed(blocks) for number, blocks in inside.items()}
    settled = state in ("included", "final")
    await portal.put_batch(
        tx,
        Batch(
            zone=zone,
            first_block=first,
            last_block=first + BATCH_BLOCKS - 1,
            total=sum(b.usage for blocks in inside.values() for b in blocks),
            evidence_root=hashlib.sha256(b"root" + bytes([zone, first])).digest(),
            state=state,
            txid=hashlib.sha256(b"tx" + bytes([zone, first])).hexdigest(),
            height=1_000 + first if settled else None,
            checked=1 if settled else 0,
        ),
    )
    await portal.put_batch_commitments(tx, zone, first, commitments)
    if settled:
        await portal.mark_on_chain(tx, zone, first, commitments)
