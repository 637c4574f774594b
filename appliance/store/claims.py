"""Payers' questions whether their payment got there, about payments that were credited here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from appliance.beside import Beside, Claim
from appliance.money import Money
from appliance.period import Step
from appliance.store import planned
from appliance.store.database import Database, Transaction, Value
from appliance.store.rows import text, whole
from appliance.store.shown import Question


@dataclass(frozen=True, slots=True)
class StoredClaim:
    """`doubted`: the books do not bear the claim out, and a person was told."""

    of: Claim
    doubted: bool


@dataclass(frozen=True, slots=True)
class Credited:
    """What the credits of a claim gave the dwelling that its payment was for; `holder` names the secret behind it."""

    slot: int
    holder: str
    amount: Money


async def may_be_asked(source: Database | Transaction, since: int) -> list[int]:
    """Payments whose credits are final and came at this burn height or later, and that nobody has asked about."""
    rows = await source.all(
        "SELECT p.id FROM payment p JOIN call c ON c.kind = ? AND c.zone = p.zone AND c.number = p.sequence "
        "JOIN submission s ON s.call_id = c.id WHERE s.state = 'final' AND s.burn_height >= ? "
        "AND NOT EXISTS (SELECT 1 FROM claim k WHERE k.payment = p.id) ORDER BY p.id",
        (Step.CREDIT, since),
    )
    return [whole(row[0]) for row in rows]


async def put(tx: Transaction, of: Claim) -> None:
    """As the chain shows it now. What is over stays so; where less is to be shown than before, it is proved anew."""
    known = await tx.one("SELECT 1 FROM claim WHERE payment = ? AND total <> ? AND over = 0", (of.payment, of.total))
    if known is not None:
        await planned.forget_prepared(tx, Beside.CLAIM, of.zone, of.payment)
    await tx.run(
        "INSERT INTO claim (payment, zone, sequence, total, opened, answer_by, over) VALUES (?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (payment) DO UPDATE SET over = excluded.over, total = excluded.total WHERE over = 0",
        (of.payment, of.zone, of.sequence, of.total, of.opened, of.answer_by, int(of.over)),
    )


async def waiting(source: Database | Transaction) -> list[StoredClaim]:
    """Those that are not over."""
    rows = await source.all(f"SELECT {_COLUMNS} FROM claim WHERE over = 0 ORDER BY payment")
    return [_stored(row) for row in rows]


async def get(source: Database | Transaction, payment: int) -> StoredClaim:
    row = await source.one(f"SELECT {_COLUMNS} FROM claim WHERE payment = ?", (payment,))
    if row is None:
        raise KeyError(f"nobody asked about payment {payment}")
    return _stored(row)


async def not_shown(source: Database | Transaction) -> list[tuple[StoredClaim, Question]]:
    """Those whose state to show is not the one that was shown last, and that state."""
    rows = await source.all(
        f"SELECT {_COLUMNS}, CASE WHEN over = 1 THEN 'over' WHEN doubted = 1 THEN 'doubted' ELSE 'asked' END AS word "
        "FROM claim WHERE word <> shown ORDER BY payment"
    )
    words: dict[str, Question] = {"asked": "asked", "doubted": "doubted", "over": "over"}
    return [(_stored(row), words[text(row[8])]) for row in rows]


async def set_shown(tx: Transaction, payment: int, state: Question) -> None:
    await tx.run("UPDATE claim SET shown = ? WHERE payment = ?", (state, payment))


async def show_all_again(tx: Transaction) -> None:
    await tx.run("UPDATE claim SET shown = ''")


async def set_doubted(tx: Transaction, payment: int) -> bool:
    """Whether this is the first time."""
    return await tx.run("UPDATE claim SET doubted = 1 WHERE payment = ? AND doubted = 0", (payment,)) == 1


async def credited(source: Database | Transaction, of: Claim) -> Credited | None:
    """By the books: None where the payment is not among these credits, or under no reference that was given out."""
    row = await source.one(
        "SELECT s.slot, s.holder, s.amount FROM payment p JOIN reference r USING (reference) "
        "JOIN credit_slot s ON s.zone = p.zone AND s.sequence = p.sequence AND s.holder = 'dwelling/' || r.label "
        "WHERE p.id = ? AND p.zone = ? AND p.sequence = ?",
        (of.payment, of.zone, of.sequence),
    )
    return None if row is None else Credited(whole(row[0]), text(row[1]), Money(whole(row[2])))


_COLUMNS: Final = "payment, zone, sequence, total, opened, answer_by, over, doubted"


def _stored(row: Sequence[Value]) -> StoredClaim:
    payment, zone, sequence, total, opened, answer_by = (whole(value) for value in row[:6])
    return StoredClaim(Claim(payment, zone, sequence, total, opened, answer_by, bool(row[6])), bool(row[7]))
