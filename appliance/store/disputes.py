"""Disputes about bills, as the chain shows them, and the corrections that rulings made of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from appliance.dispute import Dispute, Ruling
from appliance.money import Money
from appliance.store.database import Database, Transaction, Value
from appliance.store.rows import blob, maybe_whole, text, whole


@dataclass(frozen=True, slots=True)
class StoredDispute:
    """`claimed`: what the bill should be, once the dwelling has said so. `corrected`: the period that is settled with
    the difference."""

    of: Dispute
    claimed: Money | None
    corrected: int | None


@dataclass(frozen=True, slots=True)
class Ruled:
    """A bill of an earlier period that a ruling put another amount in the place of."""

    dispute: int
    slot: int
    period: int
    holder: str
    billed: Money
    ruled: Money
    alternative: bytes


async def put(tx: Transaction, seen: Dispute) -> None:
    """As the chain shows it now. What is closed stays so."""
    ruling = seen.ruling
    await tx.run(
        "INSERT INTO dispute (id, zone, slot, period, alternative, opened, answer_by, answered, round, redrawn, "
        "draw_at, assembly, rule_by, for_resident, ruled_at, final, closed) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET "
        "answer_by = excluded.answer_by, answered = excluded.answered, round = excluded.round, "
        "redrawn = excluded.redrawn, draw_at = excluded.draw_at, assembly = excluded.assembly, "
        "rule_by = excluded.rule_by, for_resident = excluded.for_resident, ruled_at = excluded.ruled_at, "
        "final = excluded.final, closed = excluded.closed WHERE closed = 0",
        (
            seen.id,
            seen.zone,
            seen.slot,
            seen.period,
            seen.alternative,
            seen.opened,
            seen.answer_by,
            int(seen.answered),
            seen.round,
            int(seen.redrawn),
            seen.draw_at,
            int(seen.assembly),
            seen.rule_by,
            None if ruling is None else int(ruling.for_resident),
            None if ruling is None else ruling.height,
            None if ruling is None else int(ruling.final),
            int(seen.closed),
        ),
    )


async def last(source: Database | Transaction) -> int:
    """The highest number that is known; 0 before the first."""
    row = await source.one("SELECT max(id) FROM dispute")
    return 0 if row is None else maybe_whole(row[0]) or 0


async def unclosed(source: Database | Transaction) -> list[StoredDispute]:
    return await _all(source, "closed = 0")


async def unread(source: Database | Transaction) -> list[StoredDispute]:
    """Those of which nobody has said yet what the bill should be."""
    return await _all(source, "claimed IS NULL")


async def set_claimed(tx: Transaction, dispute: int, amount: Money) -> None:
    await tx.run("UPDATE dispute SET claimed = ? WHERE id = ?", (amount.units, dispute))


async def to_correct(source: Database | Transaction, zone: int) -> list[Ruled]:
    """What rulings take off bills of a zone and no settlement names yet, oldest first."""
    return await _ruled(source, "d.zone = ? AND closed = 1 AND for_resident = 1 AND corrected IS NULL", (zone,))


async def corrected_by(source: Database | Transaction, zone: int, period: int) -> list[Ruled]:
    """What the settlement of a period names, by slot."""
    found = await _ruled(source, "d.zone = ? AND corrected = ?", (zone, period))
    return sorted(found, key=lambda of: of.slot)


async def set_corrected(tx: Transaction, numbers: Sequence[int], period: int) -> None:
    await tx.run_many("UPDATE dispute SET corrected = ? WHERE id = ?", [(period, number) for number in numbers])


async def forget_corrected(tx: Transaction, zone: int, period: int) -> None:
    """What the settlements from this period on were to name waits again."""
    await tx.run("UPDATE dispute SET corrected = NULL WHERE zone = ? AND corrected >= ?", (zone, period))


async def shown_words(source: Database | Transaction) -> list[tuple[StoredDispute, str]]:
    """The newest dispute about each bill, and how it was shown last."""
    newest = "SELECT max(id) FROM dispute GROUP BY zone, slot, period"
    rows = await source.all(f"SELECT {_COLUMNS}, shown FROM dispute WHERE id IN ({newest}) ORDER BY id")
    return [(_stored(row), text(row[-1])) for row in rows]


async def set_shown_word(tx: Transaction, dispute: int, word: str) -> None:
    await tx.run("UPDATE dispute SET shown = ? WHERE id = ?", (word, dispute))


_COLUMNS: Final = (
    "id, zone, slot, period, alternative, opened, answer_by, answered, round, redrawn, draw_at, assembly, rule_by, "
    "for_resident, ruled_at, final, closed, claimed, corrected"
)


async def _all(source: Database | Transaction, where: str) -> list[StoredDispute]:
    return [_stored(row) for row in await source.all(f"SELECT {_COLUMNS} FROM dispute WHERE {where} ORDER BY id")]


async def _ruled(source: Database | Transaction, where: str, values: Sequence[Value]) -> list[Ruled]:
    rows = await source.all(
        "SELECT d.id, d.slot, d.period, holder, amount, claimed, alternative FROM dispute d "
        "JOIN bill b ON b.zone = d.zone AND b.period = d.period AND b.slot = d.slot "
        f"WHERE {where} AND claimed IS NOT NULL ORDER BY d.id",
        values,
    )
    return [
        Ruled(whole(r[0]), whole(r[1]), whole(r[2]), text(r[3]), Money(whole(r[4])), Money(whole(r[5])), blob(r[6]))
        for r in rows
    ]


def _stored(row: Sequence[Value]) -> StoredDispute:
    ruling = None if row[13] is None else Ruling(bool(row[13]), whole(row[14]), bool(row[15]))
    of = Dispute(
        id=whole(row[0]),
        zone=whole(row[1]),
        slot=whole(row[2]),
        period=whole(row[3]),
        alternative=blob(row[4]),
        opened=whole(row[5]),
        answer_by=whole(row[6]),
        answered=bool(row[7]),
        round=whole(row[8]),
        redrawn=bool(row[9]),
        draw_at=whole(row[10]),
        assembly=bool(row[11]),
        rule_by=whole(row[12]),
        ruling=ruling,
        closed=bool(row[16]),
    )
    claimed = maybe_whole(row[17])
    return StoredDispute(of, None if claimed is None else Money(claimed), maybe_whole(row[18]))
