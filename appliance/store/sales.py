"""Agents' floats and receipts. A receipt is made once and never changed; what covers it on chain is noted beside it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from appliance.credit import Sale
from appliance.money import Money, Ratio
from appliance.receipt import Kind, Receipt
from appliance.sale import Float, Watched, coverable
from appliance.store.database import Database, Transaction, Value
from appliance.store.rows import blob, maybe_whole, text, whole


@dataclass(frozen=True, slots=True)
class StoredFloat:
    """A float, and what the books know of it: `booked` token units in so many `entries`. `open`: it may be sold."""

    zone: int
    agent: str
    ratio: Ratio
    watched: Watched
    open: bool
    booked: int = 0
    entries: int = 0


@dataclass(frozen=True, slots=True)
class StoredSale:
    """A receipt, where its home was, and, once credits cover it, their sequence and the slot that is credited."""

    id: int
    agent: str
    name: str
    zone: int
    slot: int
    tokens: int
    receipt: Receipt
    sequence: int | None
    credited: int | None


async def put_float(tx: Transaction, of: StoredFloat) -> None:
    pending, since = of.watched.pending or (None, None)
    seen = of.watched.seen
    await tx.run(
        "INSERT INTO agent_float (zone, agent, ratio, balance, approved, debited, final, pending, since, earlier, open,"
        " booked, entries) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (zone, agent) DO UPDATE SET"
        " balance = excluded.balance, approved = excluded.approved, debited = excluded.debited, final = excluded.final,"
        " pending = excluded.pending, since = excluded.since, open = excluded.open, booked = excluded.booked,"
        " entries = excluded.entries",
        (
            *(of.zone, of.agent, of.ratio.units, seen.balance, seen.approved, seen.debited, of.watched.final),
            *(pending, since, of.watched.earlier, int(of.open), of.booked, of.entries),
        ),
    )


async def floats(source: Database | Transaction, zone: int, agent: str | None = None) -> list[StoredFloat]:
    """A zone's, or one agent's there."""
    rows = await source.all(
        "SELECT zone, agent, ratio, balance, approved, debited, final, pending, since, earlier, open, booked, entries "
        "FROM agent_float WHERE zone = ? AND agent = coalesce(?, agent) ORDER BY agent",
        (zone, agent),
    )
    return [_float(row) for row in rows]


async def sold(source: Database | Transaction, zone: int, agent: str) -> tuple[int, int]:
    """Token units of all the agent's receipts in a zone, and of those in no batch."""
    row = await source.one(
        "SELECT coalesce(sum(tokens), 0), coalesce(sum(tokens) FILTER (WHERE sequence IS NULL), 0) FROM sale "
        "WHERE zone = ? AND agent = ?",
        (zone, agent),
    )
    return (0, 0) if row is None else (whole(row[0]), whole(row[1]))


async def of_request(source: Database | Transaction, request: bytes) -> StoredSale | None:
    """The receipt that a request has got."""
    found = [_sale(row) for row in await source.all(f"{_SALE} WHERE request = ?", (request,))]
    return found[0] if found else None


async def last(tx: Transaction, agent: str) -> Receipt | None:
    """The agent's newest receipt."""
    rows = await tx.all(f"{_SALE} WHERE agent = ? ORDER BY number DESC LIMIT 1", (agent,))
    return _sale(rows[0]).receipt if rows else None


async def put_sale(
    tx: Transaction, made: Receipt, agent: str, name: str, zone: int, slot: int, tokens: int, request: bytes
) -> StoredSale:
    """A receipt that follows the agent's last. sqlite3.IntegrityError for another number."""
    row_id = await tx.insert(
        "INSERT INTO sale (agent, number, name, zone, slot, label, tokens, amount, at, request, previous) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(agent, made.number, name, zone, slot, made.label, tokens, made.amount.units, made.at),
            *(request, made.previous),
        ),
    )
    return StoredSale(row_id, agent, name, zone, slot, tokens, made, None, None)


async def waiting(source: Database | Transaction, zone: int) -> list[StoredSale]:
    """Sales that no credits cover, oldest first."""
    rows = await source.all(f"{_SALE} WHERE zone = ? AND sequence IS NULL ORDER BY id", (zone,))
    return [_sale(row) for row in rows]


async def ready(source: Database | Transaction, zone: int, slots: Mapping[str, int]) -> list[Sale]:
    """Waiting sales that the next batch may debit, to dwellings whose slots are given by label."""
    found: list[Sale] = []
    every = await waiting(source, zone)
    for of in await floats(source, zone):
        own = [
            Sale(one.id, slots[one.receipt.label], one.agent, one.tokens)
            for one in every
            if one.agent == of.agent and one.receipt.label in slots
        ]
        if own:
            total, left = await sold(source, zone, of.agent)
            found += coverable(of.watched, total - left, own)
    return found


async def cover(tx: Transaction, sequence: int, of: Iterable[Sale]) -> None:
    """These sales are in credits with this sequence, in their slots."""
    for one in of:
        await tx.run(
            "UPDATE sale SET sequence = ?, credited = ? WHERE id = ? AND sequence IS NULL",
            (sequence, one.slot, one.number),
        )


async def covered(source: Database | Transaction, zone: int, sequence: int) -> list[StoredSale]:
    """The sales in a batch of credits."""
    rows = await source.all(f"{_SALE} WHERE zone = ? AND sequence = ? ORDER BY id", (zone, sequence))
    return [_sale(row) for row in rows]


async def debits(source: Database | Transaction, zone: int, sequence: int) -> tuple[tuple[str, int], ...]:
    """What a batch of credits debits, by agent, as the contract is given it."""
    rows = await source.all(
        "SELECT agent, sum(tokens) FROM sale WHERE zone = ? AND sequence = ? GROUP BY agent ORDER BY agent",
        (zone, sequence),
    )
    return tuple((text(agent), whole(tokens)) for agent, tokens in rows)


async def uncover(tx: Transaction, numbers: Iterable[int]) -> None:
    """These sales are in no batch any more: the one that they were in was refused and is made again without them."""
    for number in numbers:
        await tx.run("UPDATE sale SET sequence = NULL, credited = NULL WHERE id = ?", (number,))


async def shown_words(db: Database) -> list[tuple[StoredSale, bool, str]]:
    """Sales that may have to be copied to portal.db, whether they are final, and the state last copied."""
    rows = await db.all(
        f"{_SALE_SHOWN} LEFT JOIN call c ON c.kind = 'credit-batch' AND c.zone = sale.zone AND c.number = sequence "
        "LEFT JOIN submission s ON s.call_id = c.id WHERE shown NOT LIKE 'final%' ORDER BY sale.id",
    )
    return [(_sale(row), bool(row[13]), text(row[14])) for row in rows]


async def set_shown_word(tx: Transaction, number: int, word: str) -> None:
    await tx.run("UPDATE sale SET shown = ? WHERE id = ?", (word, number))


async def show_all_again(tx: Transaction) -> None:
    """For a portal.db that knows nothing."""
    await tx.run("UPDATE sale SET shown = ''")


_COLUMNS = "sale.id, agent, name, sale.zone, slot, tokens, sequence, sale.number, at, label, amount, previous, credited"
_SALE = f"SELECT {_COLUMNS} FROM sale"
_SALE_SHOWN = f"SELECT {_COLUMNS}, coalesce(c.on_chain AND s.state = 'final', 0), shown FROM sale"


def _sale(row: Sequence[Value]) -> StoredSale:
    agent = text(row[1])
    made = Receipt(
        number=whole(row[7]),
        at=whole(row[8]),
        kind=Kind.SALE,
        label=text(row[9]),
        amount=Money(whole(row[10])),
        source=agent,
        previous=blob(row[11]),
    )
    where = whole(row[3]), whole(row[4]), whole(row[5])
    return StoredSale(whole(row[0]), agent, text(row[2]), *where, made, maybe_whole(row[6]), maybe_whole(row[12]))


def _float(row: Sequence[Value]) -> StoredFloat:
    pending, since = maybe_whole(row[7]), maybe_whole(row[8])
    of = Watched(
        Float(whole(row[3]), whole(row[4]), whole(row[5])),
        whole(row[6]),
        None if pending is None or since is None else (pending, since),
        whole(row[9]),
    )
    ratio = Ratio(whole(row[2]))
    return StoredFloat(whole(row[0]), text(row[1]), ratio, of, bool(row[10]), whole(row[11]), whole(row[12]))
