"""portal.db from both sides: the core writes what residents may see, the portal reads it. Signing in is in `sign_in`.

Writers take a Transaction and may be rerun with the same values: nothing changes. Everything a resident reads goes
through the resident's dwelling, so that no caller can ask for another's usage.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass, field, fields
from typing import Any, Final, Literal

from appliance.store.database import Database, Transaction
from circuits import code

SIGN_IN_BYTES: Final = 10  # 80 bits, 16 characters on the card
SALT_BYTES: Final = 16

State = Literal["waiting", "sent", "included", "final", "refused"]
Utility = Literal["electricity", "water"]
Unit = Literal["Wh", "L"]


@dataclass(frozen=True, slots=True)
class Place:
    """The settlement; its days begin at midnight of the offset. A unit of account is 10^-decimals of the currency."""

    name: str
    utc_offset_minutes: int
    currency: str = ""
    decimals: int = 0


@dataclass(frozen=True, slots=True)
class Zone:
    zone: int
    name: str
    utility: Utility
    unit: Unit
    slots: int
    contract: str


@dataclass(frozen=True, slots=True)
class Service:
    """A dwelling's slot in a zone; level 0..5 is the authenticity of the meter there."""

    zone: int
    slot: int
    dwelling_id: int
    level: int


@dataclass(frozen=True, slots=True)
class UsageBlock:
    """A slot's closed block; usage and indexes in Wh or litre. Private: `repr` leaves them out.

    `shared`: the indexes are those of a meter that several homes share, the usage is this one's part.
    """

    zone: int
    slot: int
    block: int
    starts_at: int
    ends_at: int
    index_start: int = field(repr=False)
    index_end: int = field(repr=False)
    usage: int = field(repr=False)
    missing: bool
    commitment: bytes
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Batch:
    """Consecutive blocks of a zone in one transaction; `total` is the whole zone's, Wh or litre.

    `checked` are bits of what the contract says it checked: 1 that the sum opens to the total, 2 that each amount is in
    range; 0 until the core has read them from the contract.
    """

    zone: int
    first_block: int
    last_block: int
    total: int
    evidence_root: bytes
    state: State
    txid: str | None
    height: int | None
    checked: int


@dataclass(frozen=True, slots=True)
class BatchCommitment:
    """One slot's commitment in a batch; `on_chain` once the core has read exactly this back from the chain."""

    commitment: bytes
    on_chain: bool


@dataclass(frozen=True, slots=True)
class Dwelling:
    dwelling_id: int
    label: str


class LabelTaken(Exception):
    """Two labels that read the same once hyphens, spaces and case are gone; the second is refused."""


async def hash_code(sign_in_code: str, salt: bytes) -> bytes:
    """scrypt (N 2^14, r 8, p 1; 16 MiB) of the code's 80 bits, in a thread: 32 bytes. CodeError when it is no code."""
    secret = code.decode(sign_in_code, SIGN_IN_BYTES, checked=False)
    return await asyncio.to_thread(hashlib.scrypt, secret, salt=salt, n=2**14, r=8, p=1, dklen=32)


def label_key(label: str) -> str:
    """What is compared when somebody types a label: no spaces, hyphens or case."""
    return "".join(c for c in label if c != "-" and not c.isspace()).upper()


async def put_place(tx: Transaction, place: Place) -> None:
    await tx.run(
        "INSERT INTO place (id, name, utc_offset_minutes, currency, decimals) VALUES (1, ?, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET name = excluded.name, utc_offset_minutes = excluded.utc_offset_minutes,"
        " currency = excluded.currency, decimals = excluded.decimals",
        (place.name, place.utc_offset_minutes, place.currency, place.decimals),
    )


async def put_zone(tx: Transaction, zone: Zone) -> None:
    await _put(tx, "zone", ("zone",), [zone])


async def put_dwelling(tx: Transaction, label: str, salt: bytes, code_hash: bytes) -> int:
    """The dwelling's id. `code_hash` is hash_code(code, salt); a new code ends the sessions of the old one."""
    key = label_key(label)
    if not key:
        raise ValueError("a label needs a letter or digit: it is the first part of what is typed to sign in")
    others: Any = await tx.all("SELECT label FROM dwelling WHERE label <> ?", (label,))
    for (other,) in others:
        if label_key(other) == key:
            raise LabelTaken(f"the labels {other} and {label} cannot be told apart when they are typed")
    found: Any = await tx.one("SELECT id, salt, code_hash FROM dwelling WHERE label = ?", (label,))
    if found is None:
        return await tx.insert(
            "INSERT INTO dwelling (label, salt, code_hash) VALUES (?, ?, ?)", (label, salt, code_hash)
        )
    dwelling_id = int(found[0])
    if found[1:] != (salt, code_hash):
        await tx.run("UPDATE dwelling SET salt = ?, code_hash = ? WHERE id = ?", (salt, code_hash, dwelling_id))
        await tx.run("DELETE FROM session WHERE dwelling_id = ?", (dwelling_id,))
    return dwelling_id


async def put_service(tx: Transaction, service: Service) -> None:
    await _put(tx, "service", ("zone", "slot"), [service])


async def put_block(tx: Transaction, rows: Iterable[UsageBlock]) -> None:
    """The rows of all slots of a block."""
    await _put(tx, "usage_block", ("zone", "slot", "block"), rows)


async def put_batch(tx: Transaction, batch: Batch) -> None:
    """A new batch, or its new state, txid, height, checked."""
    await _put(tx, "batch", ("zone", "first_block"), [batch])


async def put_batch_commitments(tx: Transaction, zone: int, first_block: int, commitments: Mapping[int, bytes]) -> None:
    """By slot. A changed commitment is no longer marked as read back from the chain."""
    await tx.run_many(
        "INSERT INTO batch_commitment (zone, first_block, slot, commitment, on_chain) VALUES (?, ?, ?, ?, 0)"
        " ON CONFLICT (zone, first_block, slot) DO UPDATE SET commitment = excluded.commitment,"
        " on_chain = CASE WHEN commitment = excluded.commitment THEN on_chain ELSE 0 END",
        [(zone, first_block, slot, commitment) for slot, commitment in commitments.items()],
    )


async def mark_on_chain(tx: Transaction, zone: int, first_block: int, read_back: Mapping[int, bytes]) -> int:
    """Marks slots whose commitment is what the chain returned, unmarks the others; how many of the batch are marked."""
    for slot, commitment in read_back.items():
        await tx.run(
            "UPDATE batch_commitment SET on_chain = (commitment = ?) WHERE zone = ? AND first_block = ? AND slot = ?",
            (commitment, zone, first_block, slot),
        )
    marked = "SELECT slot FROM batch_commitment WHERE zone = ? AND first_block = ? AND on_chain = 1"
    return len(await tx.all(marked, (zone, first_block)))


async def place(db: Database) -> Place | None:
    """None until the core has said where it is."""
    row: Any = await db.one("SELECT name, utc_offset_minutes, currency, decimals FROM place")
    return None if row is None else Place(*row)


async def zones(db: Database) -> list[Zone]:
    rows: Any = await db.all("SELECT zone, name, utility, unit, slots, contract FROM zone ORDER BY zone")
    return [Zone(*row) for row in rows]


async def meter_levels(db: Database, zone: int) -> dict[int, int]:
    """Authenticity level -> number of dwellings of the zone that have it."""
    rows: Any = await db.all(
        "SELECT level, count(*) FROM service WHERE zone = ? GROUP BY level ORDER BY level", (zone,)
    )
    return dict(rows)


_BATCH: Final = "zone, first_block, last_block, total, evidence_root, state, txid, height, checked"


async def batches(db: Database, zone: int, limit: int) -> list[Batch]:
    """The newest first."""
    rows = await db.all(f"SELECT {_BATCH} FROM batch WHERE zone = ? ORDER BY first_block DESC LIMIT ?", (zone, limit))
    return [_batch(row) for row in rows]


async def batch(db: Database, zone: int, first_block: int) -> Batch | None:
    row = await db.one(f"SELECT {_BATCH} FROM batch WHERE zone = ? AND first_block = ?", (zone, first_block))
    return None if row is None else _batch(row)


async def neighbouring_batches(db: Database, zone: int, first_block: int) -> tuple[int | None, int | None]:
    """First blocks of the batches before and after this one."""
    row: Any = await db.one(
        "SELECT (SELECT max(first_block) FROM batch WHERE zone = ? AND first_block < ?),"
        " (SELECT min(first_block) FROM batch WHERE zone = ? AND first_block > ?)",
        (zone, first_block, zone, first_block),
    )
    return row[0], row[1]


async def block_times(db: Database, zone: int, block: int) -> tuple[int, int] | None:
    """Start and end of a zone's block, the same for all its slots; None when none of it is stored."""
    row: Any = await db.one(
        "SELECT starts_at, ends_at FROM usage_block WHERE zone = ? AND block = ? ORDER BY slot LIMIT 1", (zone, block)
    )
    return None if row is None else (row[0], row[1])


async def services_of(db: Database, dwelling_id: int) -> list[tuple[Service, Zone]]:
    rows: Any = await db.all(
        "SELECT s.zone, s.slot, s.dwelling_id, s.level, z.zone, z.name, z.utility, z.unit, z.slots, z.contract"
        " FROM service s JOIN zone z ON z.zone = s.zone WHERE s.dwelling_id = ? ORDER BY s.zone",
        (dwelling_id,),
    )
    return [(Service(*row[:4]), Zone(*row[4:])) for row in rows]


_OWN_BLOCK: Final = (
    "SELECT u.zone, u.slot, u.block, u.starts_at, u.ends_at, u.index_start, u.index_end, u.usage, u.missing,"
    " u.commitment, u.shared FROM usage_block u JOIN service s ON s.zone = u.zone AND s.slot = u.slot"
    " WHERE s.dwelling_id = ? AND u.zone = ?"
)


async def newest_blocks_of(db: Database, dwelling_id: int, zone: int, limit: int) -> list[UsageBlock]:
    """The dwelling's own, oldest first."""
    rows = await db.all(f"{_OWN_BLOCK} ORDER BY u.block DESC LIMIT ?", (dwelling_id, zone, limit))
    return [_usage_block(row) for row in reversed(rows)]


async def blocks_of(db: Database, dwelling_id: int, zone: int, first: int, last: int) -> list[UsageBlock]:
    """The dwelling's own from first to last block, oldest first."""
    rows = await db.all(f"{_OWN_BLOCK} AND u.block BETWEEN ? AND ? ORDER BY u.block", (dwelling_id, zone, first, last))
    return [_usage_block(row) for row in rows]


async def commitment_of(db: Database, dwelling_id: int, zone: int, first_block: int) -> BatchCommitment | None:
    row: Any = await db.one(
        "SELECT c.commitment, c.on_chain FROM batch_commitment c"
        " JOIN service s ON s.zone = c.zone AND s.slot = c.slot"
        " WHERE s.dwelling_id = ? AND c.zone = ? AND c.first_block = ?",
        (dwelling_id, zone, first_block),
    )
    return None if row is None else BatchCommitment(row[0], bool(row[1]))


async def _put(
    tx: Transaction, table: str, key: tuple[str, ...], rows: Iterable[Zone | Service | UsageBlock | Batch]
) -> None:
    """Inserts or updates rows of one kind, whose fields are the table's columns."""
    given = list(rows)
    if not given:
        return
    columns = [column.name for column in fields(given[0])]
    changes = ", ".join(f"{column} = excluded.{column}" for column in columns if column not in key)
    await tx.run_many(
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
        f" ON CONFLICT ({', '.join(key)}) DO UPDATE SET {changes}",
        [astuple(row) for row in given],
    )


def _batch(row: Any) -> Batch:
    return Batch(*row)


def _usage_block(row: Any) -> UsageBlock:
    values = [*row[:8], bool(row[8]), row[9], bool(row[10])]
    return UsageBlock(*values)
