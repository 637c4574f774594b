"""Periods that ended, the tariffs they are billed by, and their bills."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from appliance.bill import Tariff
from appliance.money import Money
from appliance.period import Step, billing
from appliance.store import outbox
from appliance.store.database import Database, Transaction, Value
from appliance.store.rows import blob, maybe_whole, text, whole
from appliance.store.shown import State
from circuits.tariff import Band


@dataclass(frozen=True, slots=True)
class StoredPeriod:
    """A period that ended: its blocks, both inclusive, and once bills are made the tariff's version."""

    zone: int
    period: int
    first_block: int
    last_block: int
    version: int | None

    @property
    def blocks(self) -> int:
        return self.last_block - self.first_block + 1


@dataclass(frozen=True, slots=True)
class StoredBill:
    """What a slot owes for a period; `holder` names the secret behind the commitment.

    `began`: who lives there moved in with the period, and owes nothing from before.
    """

    slot: int
    holder: str
    occupied: bool
    began: bool
    usage: int
    amount: Money
    commitment: bytes


async def open_period(source: Database | Transaction, zone: int, first_block: int) -> tuple[int, int]:
    """(number, first block) of the period that has not ended."""
    row = await source.one("SELECT period, last_block FROM period WHERE zone = ? ORDER BY period DESC LIMIT 1", (zone,))
    return (0, first_block) if row is None else (whole(row[0]) + 1, whole(row[1]) + 1)


async def end(tx: Transaction, zone: int, period: int, first_block: int, last_block: int) -> None:
    """The period has ended with this block, and is to be closed on chain before anything that comes later."""
    await tx.run(
        "INSERT INTO period (zone, period, first_block, last_block) VALUES (?, ?, ?, ?)",
        (zone, period, first_block, last_block),
    )
    await outbox.put_call(tx, Step.CLOSE, zone, period)


async def get(source: Database | Transaction, zone: int, period: int) -> StoredPeriod:
    row = await source.one(
        "SELECT zone, period, first_block, last_block, version FROM period WHERE zone = ? AND period = ?",
        (zone, period),
    )
    if row is None:
        raise KeyError(f"period {period} of zone {zone} has not ended")
    return _period(row)


async def of_block(source: Database | Transaction, zone: int, block: int) -> int:
    """The period of a block that has ended; for a later block the one that has not."""
    row = await source.one(
        "SELECT coalesce(min(period), (SELECT coalesce(max(period), -1) + 1 FROM period WHERE zone = ?)) "
        "FROM period WHERE zone = ? AND last_block >= ?",
        (zone, zone, block),
    )
    return 0 if row is None else whole(row[0])


async def unbilled(db: Database) -> list[StoredPeriod]:
    """Periods that ended and have no bills yet, oldest first."""
    rows = await db.all(
        "SELECT zone, period, first_block, last_block, version FROM period WHERE version IS NULL ORDER BY period, zone"
    )
    return [_period(row) for row in rows]


async def put_bills(tx: Transaction, of: StoredPeriod, tariff: Tariff, bills: Sequence[StoredBill]) -> None:
    """Once: bills in slot order, and the calls by which the contracts get them."""
    await _put_tariff(tx, tariff)
    claimed = await tx.run(
        "UPDATE period SET utility = ?, version = ? WHERE zone = ? AND period = ? AND version IS NULL",
        (tariff.utility, tariff.version, of.zone, of.period),
    )
    if claimed != 1:
        return
    await tx.run_many(
        "INSERT INTO bill (zone, period, slot, holder, occupied, began, usage, amount, commitment) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                *(of.zone, of.period, b.slot, b.holder, int(b.occupied), int(b.began)),
                b.usage,
                b.amount.units,
                b.commitment,
            )
            for b in bills
        ],
    )
    for due in billing(len(tariff.bands), len(bills)):
        await outbox.put_call(tx, due.step, of.zone, of.period, due.part)


async def _put_tariff(tx: Transaction, tariff: Tariff) -> None:
    """A version that periods were billed by stays as it is: the foreign key from them does not let it change."""
    await tx.run(
        "INSERT INTO tariff (utility, version, from_period, charge) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (tariff.utility, tariff.version, tariff.from_period, tariff.charge),
    )
    await tx.run_many(
        "INSERT INTO tariff_band (utility, version, start, rate) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        [(tariff.utility, tariff.version, band.start, band.rate) for band in tariff.bands],
    )


async def tariff_of(source: Database | Transaction, zone: int, period: int) -> Tariff | None:
    """What a period was billed by; None until it is."""
    row = await source.one(
        "SELECT t.utility, t.version, from_period, charge FROM period JOIN tariff t USING (utility, version) "
        "WHERE zone = ? AND period = ?",
        (zone, period),
    )
    if row is None:
        return None
    bands = await source.all(
        "SELECT start, rate FROM tariff_band WHERE utility = ? AND version = ? ORDER BY start", row[:2]
    )
    made = tuple(Band(whole(start), whole(rate)) for start, rate in bands)
    return Tariff(whole(row[0]), whole(row[1]), whole(row[2]), whole(row[3]), made)


async def bills_of(source: Database | Transaction, zone: int, period: int) -> list[StoredBill]:
    """In slot order; none until they are made."""
    rows = await source.all(
        "SELECT slot, holder, occupied, began, usage, amount, commitment FROM bill WHERE zone = ? AND period = ? "
        "ORDER BY slot",
        (zone, period),
    )
    return [
        StoredBill(
            slot=whole(r[0]),
            holder=text(r[1]),
            occupied=bool(r[2]),
            began=bool(r[3]),
            usage=whole(r[4]),
            amount=Money(whole(r[5])),
            commitment=blob(r[6]),
        )
        for r in rows
    ]


async def set_due(tx: Transaction, zone: int, period: int, height: int) -> None:
    """The bills are final, and may be disputed until this burn height."""
    await tx.run("UPDATE period SET due = ? WHERE zone = ? AND period = ?", (height, zone, period))


async def due_of(source: Database | Transaction, zone: int, period: int) -> int | None:
    row = await source.one("SELECT due FROM period WHERE zone = ? AND period = ?", (zone, period))
    return None if row is None else maybe_whole(row[0])


async def state_words(db: Database) -> list[tuple[int, int, State]]:
    """(zone, period, state to show) of billed periods that are not shown in this state yet."""
    rows = await db.all(
        "SELECT p.zone, p.period, CASE WHEN EXISTS (SELECT 1 FROM call c JOIN submission s ON s.call_id = c.id "
        "WHERE c.kind = ? AND c.zone = p.zone AND c.number = p.period AND c.on_chain = 1 AND s.state = 'final') "
        "THEN 'settled' WHEN due IS NOT NULL THEN 'final' ELSE 'made' END AS word FROM period p "
        "WHERE version IS NOT NULL AND word <> shown ORDER BY p.period, p.zone",
        (Step.SETTLE,),
    )
    words: dict[str, State] = {"made": "made", "final": "final", "settled": "settled"}
    return [(whole(zone), whole(period), words[text(word)]) for zone, period, word in rows]


async def set_shown_word(tx: Transaction, zone: int, period: int, word: State) -> None:
    await tx.run("UPDATE period SET shown = ? WHERE zone = ? AND period = ?", (word, zone, period))


def _period(row: Sequence[Value]) -> StoredPeriod:
    return StoredPeriod(whole(row[0]), whole(row[1]), whole(row[2]), whole(row[3]), maybe_whole(row[4]))
