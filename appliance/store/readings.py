"""The journal: every reading kept, raw, in one hash chain per meter."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from appliance.block import NO_JOURNAL, Observed
from appliance.store.database import Database, Transaction, Value
from appliance.store.rows import blob, maybe_whole, text, whole
from appliance.validation import Accepted, Reason
from drivers.api import Reading

ML_PER_LITRE: Final = 1000
_TAG: Final = b"mita/v1/reading"


class JournalError(Exception):
    """The journal does not hash to what it says: the store was damaged or edited."""


async def register_meter(tx: Transaction, name: str, zone: int, slot: int | None, shared: Sequence[int] = ()) -> int:
    """The row id of a meter at a slot, or of one that the slots in `shared` share; makes the row if it is new."""
    await tx.run("INSERT INTO meter (name, zone, slot) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", (name, zone, slot))
    row = await tx.one("SELECT id, zone, slot FROM meter WHERE name = ?", (name,))
    if row is None or (row[1], row[2]) != (zone, slot):
        raise JournalError(
            f"meter {name} was installed elsewhere, or another meter is at slot {slot} of zone {zone}: "
            "put the meter's old name and slot back; a replacement cannot be recorded yet"
        )
    meter_id = whole(row[0])
    await _share(tx, name, meter_id, zone, shared)
    return meter_id


async def _share(tx: Transaction, name: str, meter_id: int, zone: int, slots: Sequence[int]) -> None:
    """Slots share a meter from their first block on and do not change: each has its end index from the block before."""
    known = await tx.all("SELECT slot FROM shared_slot WHERE meter_id = ? ORDER BY slot", (meter_id,))
    if sorted(slots) == [whole(slot) for (slot,) in known]:
        return
    fed = await tx.all("SELECT DISTINCT slot FROM block_slot WHERE zone = ? AND index_end IS NOT NULL", (zone,))
    touched = {whole(slot) for (slot,) in known} | set(slots)
    if touched & {whole(slot) for (slot,) in fed}:
        raise JournalError(
            f"meter {name} of zone {zone} was shared by slots {[slot for (slot,) in known]} (none: []) when blocks "
            "were closed: put that back; other slots cannot be recorded yet"
        )
    await tx.run("DELETE FROM shared_slot WHERE meter_id = ?", (meter_id,))
    await tx.run_many(
        "INSERT INTO shared_slot VALUES (?, ?, ?) ON CONFLICT (zone, slot) DO UPDATE SET meter_id = excluded.meter_id",
        [(zone, slot, meter_id) for slot in slots],
    )


async def feeds(tx: Transaction, zone: int) -> dict[int, int]:
    """Per slot the row id of the meter from which its usage comes."""
    return {
        whole(slot): whole(meter)
        for slot, meter in await tx.all("SELECT slot, meter_id FROM feed WHERE zone = ?", (zone,))
    }


async def moved(tx: Transaction, zone: int, slot: int, starts_at: int, ends_at: int) -> int:
    """By how much the meter installed at a slot went forward in [starts_at, ends_at), in its zone's unit.

    Silence counts nothing, and what it held back counts in the block in which the meter answers again.
    """
    ends = []
    for before in (starts_at, ends_at):
        row = await tx.one(
            "SELECT idx, unit FROM reading JOIN meter ON meter.id = meter_id WHERE zone = ? AND slot = ? "
            "AND verdict = 'accepted' AND at < ? ORDER BY seq DESC LIMIT 1",
            (zone, slot, before),
        )
        ends.append(None if row is None else _billing_index(row))
    start, end = ends
    if start is None or end is None:
        return 0
    return max(end - start, 0)


async def last_accepted(source: Database | Transaction, meter_id: int) -> Accepted | None:
    row = await source.one(
        "SELECT at, idx, register, unit FROM reading WHERE meter_id = ? AND verdict = 'accepted' "
        "ORDER BY seq DESC LIMIT 1",
        (meter_id,),
    )
    return None if row is None else Accepted(whole(row[0]), whole(row[1]), text(row[2]), text(row[3]))


async def append(tx: Transaction, meter_id: int, meter: str, reading: Reading, reason: Reason) -> None:
    """Adds one entry to the meter's chain."""
    row = await tx.one("SELECT seq, hash FROM reading WHERE meter_id = ? ORDER BY seq DESC LIMIT 1", (meter_id,))
    seq, previous = (0, NO_JOURNAL) if row is None else (whole(row[0]) + 1, blob(row[1]))
    entry = Entry(
        seq=seq,
        at=reading.at,
        register=reading.register,
        unit=reading.unit.value,
        index=reading.index,
        level=int(reading.level),
        counter=reading.counter,
        frame_hash=hashlib.sha256(reading.frame).digest(),
        reason=reason.value,
        previous=previous,
    )
    await tx.run(
        "INSERT INTO reading VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            meter_id,
            entry.seq,
            entry.at,
            entry.register,
            entry.unit,
            entry.index,
            entry.level,
            entry.counter,
            entry.frame_hash,
            "accepted" if reason is Reason.NONE else "suspect",
            entry.reason,
            entry.previous,
            entry.digest(meter),
        ),
    )


@dataclass(frozen=True, slots=True)
class Entry:
    """One journal row as it is hashed."""

    seq: int
    at: int
    register: str
    unit: str
    index: int
    level: int
    counter: int | None
    frame_hash: bytes
    reason: str
    previous: bytes

    def digest(self, meter: str) -> bytes:
        """SHA-256 over the previous hash and every field, each text length-prefixed."""
        counter = b"\x00" if self.counter is None else b"\x01" + self.counter.to_bytes(8, "big")
        fields = (
            _TAG,
            self.previous,
            _prefixed(meter),
            self.seq.to_bytes(8, "big"),
            self.at.to_bytes(8, "big"),
            _prefixed(self.register),
            _prefixed(self.unit),
            self.index.to_bytes(8, "big"),
            bytes([self.level]),
            counter,
            self.frame_hash,
            _prefixed(self.reason),
        )
        return hashlib.sha256(b"".join(fields)).digest()


async def observe(
    tx: Transaction, slot: int, holder: str, meter_id: int | None, billed: int | None, starts_at: int, ends_at: int
) -> Observed:
    """What the journal says about a slot for the block [starts_at, ends_at); indexes in Wh or whole litres."""
    if meter_id is None:
        return Observed(slot, holder, billed, None, None, None, NO_JOURNAL, metered=False)
    first = await tx.one(
        "SELECT idx, unit FROM reading WHERE meter_id = ? AND verdict = 'accepted' AND at < ? ORDER BY seq LIMIT 1",
        (meter_id, ends_at),
    )
    last = await tx.one(
        "SELECT idx, unit, level FROM reading WHERE meter_id = ? AND verdict = 'accepted' AND at >= ? AND at < ? "
        "ORDER BY seq DESC LIMIT 1",
        (meter_id, starts_at, ends_at),
    )
    head = await tx.one(
        "SELECT hash FROM reading WHERE meter_id = ? AND at < ? ORDER BY seq DESC LIMIT 1", (meter_id, ends_at)
    )
    return Observed(
        slot=slot,
        holder=holder,
        billed=billed,
        first=None if first is None else _billing_index(first),
        last=None if last is None else _billing_index(last),
        level=None if last is None else maybe_whole(last[2]),
        journal_head=NO_JOURNAL if head is None else blob(head[0]),
        metered=True,
    )


async def verify_journal(db: Database) -> int:
    """Recomputes every chain; the number of entries. JournalError names the first entry that does not fit."""
    rows = await db.all(
        "SELECT name, seq, at, register, unit, idx, level, counter, frame_hash, reason, prev_hash, hash "
        "FROM reading JOIN meter ON meter.id = meter_id ORDER BY meter_id, seq"
    )
    heads: dict[str, tuple[int, bytes]] = {}
    for name, seq, at, register, unit, idx, level, counter, frame_hash, reason, prev_hash, digest in rows:
        meter = text(name)
        expected_seq, expected_prev = heads.get(meter, (0, NO_JOURNAL))
        entry = Entry(
            whole(seq),
            whole(at),
            text(register),
            text(unit),
            whole(idx),
            whole(level),
            maybe_whole(counter),
            blob(frame_hash),
            text(reason),
            blob(prev_hash),
        )
        if (entry.seq, entry.previous) != (expected_seq, expected_prev) or entry.digest(meter) != digest:
            raise JournalError(f"entry {entry.seq} of meter {meter} does not fit its hash chain")
        heads[meter] = (entry.seq + 1, blob(digest))
    return len(rows)


def _billing_index(row: tuple[Value, ...]) -> int:
    index = whole(row[0])
    return index // ML_PER_LITRE if row[1] == "ml" else index


def _prefixed(value: str) -> bytes:
    encoded = value.encode()
    return bytes([len(encoded)]) + encoded
