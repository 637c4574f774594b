"""Signed transactions: stored before they are sent, followed until they are final."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.delivery import MAX_DELAY, Delivery, State
from appliance.store.database import Database, Transaction
from appliance.store.rows import blob, maybe_blob, maybe_whole, text, whole


@dataclass(frozen=True, slots=True)
class Signed:
    """One signed version of a submission; fee in micro-STX."""

    txid: bytes
    fee: int
    raw: bytes


@dataclass(frozen=True, slots=True)
class Submission:
    """A batch's contract call under way. `versions` share the nonce; the last one is the one to send."""

    id: int
    zone: int
    first_block: int
    address: str
    nonce: int
    delivery: Delivery
    versions: tuple[Signed, ...]


async def unsigned(db: Database) -> list[tuple[int, int]]:
    """(zone, first block) of batches without a submission, oldest first; zones with a rejected one are left alone."""
    rows = await db.all(
        "SELECT zone, first_block FROM batch LEFT JOIN submission USING (zone, first_block) WHERE id IS NULL "
        "AND zone NOT IN (SELECT zone FROM submission WHERE state = 'rejected') ORDER BY first_block, zone"
    )
    return [(whole(zone), whole(first)) for zone, first in rows]


async def next_nonce(source: Database | Transaction, address: str) -> int | None:
    """One above the highest nonce given away; None if none was."""
    row = await source.one("SELECT max(nonce) FROM submission WHERE address = ?", (address,))
    highest = None if row is None else maybe_whole(row[0])
    return None if highest is None else highest + 1


async def put(
    tx: Transaction, zone: int, first_block: int, address: str, nonce: int, delivery: Delivery, signed: Signed
) -> None:
    """A new submission with its first version."""
    row_id = await tx.insert(
        "INSERT INTO submission (zone, first_block, address, nonce, state, since, next_at, failures, reason) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            zone,
            first_block,
            address,
            nonce,
            delivery.state.value,
            delivery.since,
            delivery.next_at,
            delivery.failures,
            delivery.reason,
        ),
    )
    await add_version(tx, row_id, signed)


async def add_version(tx: Transaction, submission_id: int, signed: Signed) -> None:
    """Makes it the newest. Signing is deterministic, so the same version may come again."""
    await tx.run(
        "INSERT INTO signed SELECT ?, coalesce(max(version) + 1, 0), ?, ?, ? FROM signed WHERE submission_id = ? "
        "ON CONFLICT (txid) DO UPDATE SET version = excluded.version",
        (submission_id, signed.txid, signed.fee, signed.raw, submission_id),
    )


async def save(tx: Transaction, submission_id: int, delivery: Delivery) -> None:
    await tx.run(
        "UPDATE submission SET state = ?, since = ?, next_at = ?, failures = ?, reason = ?, txid = ?, height = ?, "
        "burn_height = ?, lost_since = ? WHERE id = ?",
        (
            delivery.state.value,
            delivery.since,
            delivery.next_at,
            delivery.failures,
            delivery.reason,
            delivery.txid,
            delivery.height,
            delivery.burn_height,
            delivery.lost_since,
            submission_id,
        ),
    )


async def lowest_nonce(db: Database) -> int | None:
    """Of the submissions that are not in a block yet: the one that all others wait for."""
    row = await db.one("SELECT min(nonce) FROM submission WHERE state IN ('queued', 'sent')")
    return None if row is None else maybe_whole(row[0])


async def renew(tx: Transaction, submission_id: int, nonce: int, delivery: Delivery, signed: Signed) -> None:
    """A rejected submission begins again under another nonce."""
    await tx.run("UPDATE submission SET nonce = ? WHERE id = ?", (nonce, submission_id))
    await save(tx, submission_id, delivery)
    await add_version(tx, submission_id, signed)


async def rejected(db: Database) -> list[Submission]:
    """The oldest rejected submission of each zone."""
    rows = await db.all(
        "SELECT id FROM submission s WHERE state = 'rejected' AND first_block = (SELECT min(first_block) "
        "FROM submission WHERE zone = s.zone AND state = 'rejected') ORDER BY nonce"
    )
    return [await _get(db, whole(row[0])) for row in rows]


async def due(db: Database, now: int) -> list[Submission]:
    """Submissions under way with something to do now, in the order of their nonces.

    What is put off for longer than any delay was put off by a clock that has been set back since.
    """
    rows = await db.all(
        "SELECT id FROM submission WHERE state IN ('queued', 'sent', 'included') "
        "AND (next_at <= ? OR next_at > ?) ORDER BY nonce",
        (now, now + 2 * MAX_DELAY),
    )
    return [await _get(db, whole(row[0])) for row in rows]


async def of_batch(db: Database, zone: int, first_block: int) -> Submission | None:
    row = await db.one("SELECT id FROM submission WHERE zone = ? AND first_block = ?", (zone, first_block))
    return None if row is None else await _get(db, whole(row[0]))


async def _get(db: Database, row_id: int) -> Submission:
    row = await db.one(
        "SELECT zone, first_block, address, nonce, state, since, next_at, failures, reason, height, burn_height, txid, "
        "lost_since FROM submission WHERE id = ?",
        (row_id,),
    )
    if row is None:
        raise KeyError(f"no submission {row_id}")
    versions = await db.all("SELECT txid, fee, raw FROM signed WHERE submission_id = ? ORDER BY version", (row_id,))
    delivery = Delivery(
        State(text(row[4])),
        since=whole(row[5]),
        next_at=whole(row[6]),
        failures=whole(row[7]),
        reason=text(row[8]),
        height=maybe_whole(row[9]),
        burn_height=maybe_whole(row[10]),
        txid=maybe_blob(row[11]),
        lost_since=maybe_whole(row[12]),
    )
    return Submission(
        row_id,
        whole(row[0]),
        whole(row[1]),
        text(row[2]),
        whole(row[3]),
        delivery,
        tuple(Signed(blob(t), whole(f), blob(r)) for t, f, r in versions),
    )
