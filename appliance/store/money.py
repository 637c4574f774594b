"""Payments, batches of credits, and the books."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from appliance.calls.payment import PaymentOnChain
from appliance.credit import Credits, Payment
from appliance.ledger import Entry, Kind, LedgerError, Name
from appliance.money import NOTHING, Money, total
from appliance.period import Step, crediting, settling
from appliance.settlement import Account
from appliance.store import outbox, sales
from appliance.store import planned as planned_calls
from appliance.store.database import Database, Transaction, Value
from appliance.store.outbox import Call
from appliance.store.rows import maybe_whole, text, whole

CHANGES: Final = (Step.CREDIT, Step.SETTLE, Step.PAYOUT, Step.RELEASE)  # of balances and arrears, by their first call


@dataclass(frozen=True, slots=True)
class SlotCredit:
    """What a slot gets of a batch; `holder` names the secret behind its commitment."""

    slot: int
    holder: str
    amount: Money


@dataclass(frozen=True, slots=True)
class StoredCredit:
    """A batch of credits: the payments it covers, what it debits of agents' floats, and every slot's part in order."""

    zone: int
    sequence: int
    payments: tuple[int, ...]
    floats: tuple[tuple[str, int], ...]
    slots: tuple[SlotCredit, ...]


async def references_of(db: Database, label: str) -> tuple[int, int]:
    """(how many references a dwelling has, how many from the first on are no longer to be shown)."""
    row = await db.one(
        "SELECT count(*), coalesce(max(number) FILTER (WHERE reference IN (SELECT reference FROM payment)) + 1, 0) "
        "FROM reference WHERE label = ?",
        (label,),
    )
    return (0, 0) if row is None else (whole(row[0]), whole(row[1]))


async def is_registered(tx: Transaction, label: str) -> bool:
    """Whether the registry has known the dwelling: since then it has references."""
    return await tx.one("SELECT 1 FROM reference WHERE label = ? LIMIT 1", (label,)) is not None


async def put_references(tx: Transaction, label: str, first: int, references: Sequence[bytes]) -> None:
    await tx.run_many(
        "INSERT INTO reference (reference, label, number) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        [(reference, label, first + n) for n, reference in enumerate(references)],
    )


async def label_of(tx: Transaction, reference: bytes) -> str | None:
    """The dwelling that was given this reference, if any was."""
    row = await tx.one("SELECT label FROM reference WHERE reference = ?", (reference,))
    return None if row is None else text(row[0])


async def put_payment(tx: Transaction, number: int, seen: PaymentOnChain) -> None:
    """Seen on chain; again, it stays as it is."""
    await tx.run(
        "INSERT INTO payment (id, zone, tokens, reference, height, returned) VALUES (?, ?, ?, ?, ?, ?) "
        "ON CONFLICT DO NOTHING",
        (number, seen.zone, seen.tokens, seen.reference, seen.height, int(not seen.open)),
    )


async def last_payment(source: Database | Transaction) -> int:
    """The highest id seen; 0 before the first."""
    row = await source.one("SELECT max(id) FROM payment")
    return 0 if row is None else maybe_whole(row[0]) or 0


async def waiting(source: Database | Transaction, zone: int, slots: Mapping[str, int]) -> list[Payment]:
    """Payments that no credits cover, under references of dwellings whose slots are given by label."""
    rows = await source.all(
        "SELECT id, label, tokens FROM payment JOIN reference USING (reference) "
        "WHERE zone = ? AND sequence IS NULL AND returned = 0 ORDER BY id",
        (zone,),
    )
    return [
        Payment(whole(row_id), slots[text(label)], whole(tokens))
        for row_id, label, tokens in rows
        if text(label) in slots
    ]


async def put_credit(tx: Transaction, zone: int, sequence: int, covers: Credits, holders: Sequence[str]) -> None:
    """Once: a batch of credits, what it covers, and the calls by which the contract gets it."""
    await tx.run("INSERT INTO credit (zone, sequence, amount) VALUES (?, ?, ?)", (zone, sequence, covers.amount.units))
    await tx.run_many(
        "INSERT INTO credit_slot (zone, sequence, slot, holder, amount) VALUES (?, ?, ?, ?, ?)",
        [(zone, sequence, slot, holder, covers.of(slot).units) for slot, holder in enumerate(holders)],
    )
    for payment in covers.payments:
        await tx.run("UPDATE payment SET sequence = ? WHERE id = ? AND sequence IS NULL", (sequence, payment))
    for due in crediting(len(holders)):
        await outbox.put_call(tx, due.step, zone, sequence, due.part)


async def replace_credit(tx: Transaction, zone: int, sequence: int, slots: Sequence[SlotCredit]) -> None:
    """Other amounts for a batch of credits that the contract refused."""
    amount = total(slot.amount for slot in slots)
    await tx.run("UPDATE credit SET amount = ? WHERE zone = ? AND sequence = ?", (amount.units, zone, sequence))
    await tx.run_many(
        "UPDATE credit_slot SET amount = ? WHERE zone = ? AND sequence = ? AND slot = ?",
        [(slot.amount.units, zone, sequence, slot.slot) for slot in slots],
    )


async def next_sequence(source: Database | Transaction, zone: int) -> int:
    row = await source.one("SELECT max(sequence) FROM credit WHERE zone = ?", (zone,))
    last = None if row is None else maybe_whole(row[0])
    return 0 if last is None else last + 1


async def is_crediting(source: Database | Transaction, zone: int) -> bool:
    """Whether a batch of credits is planned and not final."""
    row = await source.one(
        "SELECT 1 FROM call c LEFT JOIN submission s ON s.call_id = c.id "
        "WHERE kind = ? AND zone = ? AND coalesce(state, '') <> 'final' LIMIT 1",
        (Step.CREDIT, zone),
    )
    return row is not None


async def get_credit(source: Database | Transaction, zone: int, sequence: int) -> StoredCredit:
    slots = await source.all(
        "SELECT slot, holder, amount FROM credit_slot WHERE zone = ? AND sequence = ? ORDER BY slot", (zone, sequence)
    )
    paid = await source.all("SELECT id FROM payment WHERE zone = ? AND sequence = ? ORDER BY id", (zone, sequence))
    if not slots:
        raise KeyError(f"zone {zone} has no credits {sequence}")
    parts = tuple(SlotCredit(whole(slot), text(holder), Money(whole(amount))) for slot, holder, amount in slots)
    floats = await sales.debits(source, zone, sequence)
    return StoredCredit(zone, sequence, tuple(whole(row_id) for (row_id,) in paid), floats, parts)


async def enter(tx: Transaction, entries: Iterable[Entry], now: int) -> None:
    """Each once: the same again changes nothing. LedgerError for another content under a known reference."""
    for entry in entries:
        known = await tx.all(
            "SELECT zone, kind, of, units FROM posting WHERE reference = ? ORDER BY zone, kind, of", (entry.reference,)
        )
        rows = sorted((p.account.zone, p.account.kind.value, p.account.of, p.units) for p in entry.postings)
        if await tx.one("SELECT 1 FROM entry WHERE reference = ?", (entry.reference,)) is not None:
            if sorted(known, key=str) != sorted(rows, key=str):
                raise LedgerError(f"{entry.reference} was entered with other content")
            continue
        await tx.run("INSERT INTO entry (reference, at) VALUES (?, ?)", (entry.reference, now))
        await tx.run_many(
            "INSERT INTO posting (reference, zone, kind, of, units) VALUES (?, ?, ?, ?, ?)",
            [(entry.reference, *row) for row in rows],
        )


async def sums(source: Database | Transaction, zone: int) -> dict[Name, int]:
    """Debits less credits of a zone's accounts."""
    rows = await source.all("SELECT kind, of, sum(units) FROM posting WHERE zone = ? GROUP BY kind, of", (zone,))
    return {Name(zone, Kind(text(kind)), text(of)): whole(units) for kind, of, units in rows}


async def entered(source: Database | Transaction, reference: str) -> bool:
    return await source.one("SELECT 1 FROM entry WHERE reference = ?", (reference,)) is not None


@dataclass(frozen=True, slots=True)
class SettledSlot:
    """A slot's account before and after a settlement."""

    slot: int
    before: Account
    after: Account


async def unsettled(db: Database) -> list[tuple[int, int]]:
    """(zone, period) of billed periods whose settlement is not planned, oldest first."""
    rows = await db.all(
        "SELECT zone, period FROM period LEFT JOIN settlement s USING (zone, period) "
        "WHERE version IS NOT NULL AND s.opened IS NULL ORDER BY period, zone"
    )
    return [(whole(zone), whole(period)) for zone, period in rows]


async def put_settlement(
    tx: Transaction, zone: int, period: int, slots: Sequence[SettledSlot], *, opened: bool
) -> None:
    """Once: how a period is settled, and the calls by which the contract does it."""
    await tx.run("INSERT INTO settlement (zone, period, opened) VALUES (?, ?, ?)", (zone, period, int(opened)))
    await tx.run_many(
        "INSERT INTO settled_slot (zone, period, slot, before, owed, balance, arrears) VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (
                zone,
                period,
                s.slot,
                s.before.balance.units,
                s.before.arrears.units,
                s.after.balance.units,
                s.after.arrears.units,
            )
            for s in slots
        ],
    )
    for due in settling(len(slots)):
        await outbox.put_call(tx, due.step, zone, period, due.part)


async def settled_slots(source: Database | Transaction, zone: int, period: int) -> list[SettledSlot]:
    """In slot order; none until it is planned."""
    rows = await source.all(
        "SELECT slot, before, owed, balance, arrears FROM settled_slot WHERE zone = ? AND period = ? ORDER BY slot",
        (zone, period),
    )
    return [SettledSlot(whole(r[0]), _account(r[1], r[2]), _account(r[3], r[4])) for r in rows]


async def is_opened(source: Database | Transaction, zone: int, period: int) -> bool:
    row = await source.one("SELECT opened FROM settlement WHERE zone = ? AND period = ?", (zone, period))
    return row is not None and bool(row[0])


async def changes(
    source: Database | Transaction, zone: int, *, after: int = 0, before: int | None = None
) -> list[Call]:
    """The calls that change a zone's balances and arrears, in their order, between the ids `after` and `before`."""
    return await outbox.of_kinds(source, zone, CHANGES, after=after, before=before)


async def arrears_before(source: Database | Transaction, zone: int, slot: int, call_id: int) -> Money:
    """What a slot owed when the call with this id was planned: as the settlement before it left it."""
    row = await source.one(
        "SELECT arrears FROM settled_slot s JOIN call c ON c.kind = ? AND c.zone = s.zone AND c.number = s.period "
        "WHERE s.zone = ? AND s.slot = ? AND c.id < ? ORDER BY c.id DESC LIMIT 1",
        (Step.SETTLE, zone, slot, call_id),
    )
    return NOTHING if row is None else Money(whole(row[0]))


async def not_booked(source: Database | Transaction) -> list[Call]:
    """Changes that are final and not in the books, in their order."""
    return await planned_calls.final_without_entry(source, CHANGES)


async def planned(source: Database | Transaction) -> list[tuple[int, int, bool]]:
    """(zone, period, whether the sum is opened) of settlements that were not read back from the chain."""
    rows = await source.all(
        "SELECT s.zone, period, opened FROM settlement s JOIN call c ON c.kind = ? AND c.zone = s.zone "
        "AND c.number = s.period WHERE on_chain = 0 ORDER BY c.id",
        (Step.SETTLE,),
    )
    return [(whole(zone), whole(period), bool(opened)) for zone, period, opened in rows]


async def set_opened(tx: Transaction, zone: int, period: int, *, opened: bool) -> None:
    """Whether a settlement opens its sum; what was prepared for it is forgotten."""
    await tx.run("UPDATE settlement SET opened = ? WHERE zone = ? AND period = ?", (int(opened), zone, period))
    for kind in (Step.SETTLE, Step.FINISH_SETTLEMENT):
        await planned_calls.forget_prepared(tx, kind, zone, period)


async def forget_settlements(tx: Transaction, zone: int, period: int) -> None:
    """This period's settlement and later ones are to be planned anew; their calls stay, and what was prepared for them
    and for other money after them is forgotten."""
    first = await planned_calls.id_of(tx, Step.SETTLE, zone, period)
    await tx.run("DELETE FROM settled_slot WHERE zone = ? AND period >= ?", (zone, period))
    await tx.run("DELETE FROM settlement WHERE zone = ? AND period >= ?", (zone, period))
    await planned_calls.put_off_begun(tx, first)
    await planned_calls.forget_money_prepared(tx, zone, first)


def _account(balance: Value, arrears: Value) -> Account:
    return Account(Money(whole(balance)), Money(whole(arrears)))
