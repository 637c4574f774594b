"""portal.db: bills and their steps, from both sides. Amounts in units of account; a resident reads only its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from appliance.store.database import Database, Transaction

State = Literal["made", "final", "settled"]
Question = Literal["asked", "doubted", "over"]
Stage = Literal["answer", "draw", "panel", "assembly", "for", "against", "closed-for", "closed-against"]


@dataclass(frozen=True, slots=True)
class Step:
    """`quantity` times `rate` is `amount`. A band applies from `start` to `upto` of the period's usage; a charge has no
    start, and its quantity are blocks."""

    start: int | None
    upto: int | None
    quantity: int
    rate: int
    amount: int


@dataclass(frozen=True, slots=True)
class Accounts:
    """Balance and arrears before a settlement, and after it."""

    before: int
    owed: int
    balance: int
    arrears: int


@dataclass(frozen=True, slots=True)
class Contest:
    """A dispute about a bill: where it stands, and the Bitcoin block that is waited for.

    `corrected` is the period whose settlement takes off what the bill is above `claimed`, once one does.
    """

    stage: Stage
    height: int | None
    claimed: int | None = field(repr=False)
    corrected: int | None


@dataclass(frozen=True, slots=True)
class Bill:
    """What a slot owes for a period. Private: `repr` leaves the amounts out. The steps add up to `amount`.

    `clear` opens the arrears after the settlement to nothing, where they are.
    """

    zone: int
    slot: int
    period: int
    starts_at: int
    ends_at: int
    blocks: int
    usage: int = field(repr=False)
    version: int
    amount: int = field(repr=False)
    state: State
    accounts: Accounts | None = field(repr=False)
    dispute_by: int | None
    commitment: bytes
    steps: tuple[Step, ...] = field(repr=False)
    clear: bytes | None = field(repr=False, default=None)
    contest: Contest | None = None


async def put_bills(tx: Transaction, bills: Sequence[Bill]) -> None:
    """New bills, or their new state; the same again changes nothing."""
    for bill in bills:
        key = (bill.zone, bill.slot, bill.period)
        accounts = bill.accounts
        settled = (None,) * 4
        values: tuple[Any, ...] = (
            settled if accounts is None else (accounts.before, accounts.owed, accounts.balance, accounts.arrears)
        )
        await tx.run(
            "INSERT INTO bill (zone, slot, period, starts_at, ends_at, blocks, usage, version, amount, state, before,"
            " owed, balance, arrears, dispute_by, commitment, clear)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET state = excluded.state, before = excluded.before, owed = excluded.owed,"
            " balance = excluded.balance, arrears = excluded.arrears, dispute_by = excluded.dispute_by,"
            " clear = excluded.clear",
            (
                *key,
                bill.starts_at,
                bill.ends_at,
                bill.blocks,
                bill.usage,
                bill.version,
                bill.amount,
                bill.state,
                *values,
                bill.dispute_by,
                bill.commitment,
                bill.clear,
            ),
        )
        await tx.run_many(
            "INSERT INTO bill_step (zone, slot, period, step, start, upto, quantity, rate, amount)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            [(*key, n, s.start, s.upto, s.quantity, s.rate, s.amount) for n, s in enumerate(bill.steps)],
        )


async def put_contest(tx: Transaction, zone: int, slot: int, period: int, contest: Contest) -> None:
    """A dispute, or how it stands now."""
    await tx.run(
        "INSERT INTO dispute (zone, slot, period, state, height, claimed, corrected) VALUES (?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET state = excluded.state, height = excluded.height, claimed = excluded.claimed,"
        " corrected = excluded.corrected",
        (zone, slot, period, contest.stage, contest.height, contest.claimed, contest.corrected),
    )


@dataclass(frozen=True, slots=True)
class Asked:
    """A payer asks on chain whether its payment, by the chain's number, got to this home; until a burn height."""

    payment: int
    state: Question
    answer_by: int


async def put_asked(tx: Transaction, zone: int, slot: int, of: Asked) -> None:
    """A question, or how it stands now."""
    await tx.run(
        "INSERT INTO claim (payment, zone, slot, state, answer_by) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET state = excluded.state",
        (of.payment, zone, slot, of.state, of.answer_by),
    )


async def asked_of(db: Database, dwelling_id: int, zone: int, limit: int) -> list[Asked]:
    """About payments for this dwelling, newest first."""
    rows: Any = await db.all(
        "SELECT payment, state, answer_by FROM claim c JOIN service s ON s.zone = c.zone AND s.slot = c.slot"
        " WHERE s.dwelling_id = ? AND c.zone = ? ORDER BY payment DESC LIMIT ?",
        (dwelling_id, zone, limit),
    )
    return [Asked(*row) for row in rows]


async def bills_of(db: Database, dwelling_id: int, zone: int, limit: int) -> list[Bill]:
    """The dwelling's own, newest first."""
    rows: Any = await db.all(
        "SELECT b.zone, b.slot, b.period, starts_at, ends_at, blocks, usage, version, amount, state, before, owed,"
        " balance, arrears, dispute_by, commitment, clear FROM bill b"
        " JOIN service s ON s.zone = b.zone AND s.slot = b.slot"
        " WHERE s.dwelling_id = ? AND b.zone = ? ORDER BY b.period DESC LIMIT ?",
        (dwelling_id, zone, limit),
    )
    return [await _bill(db, row) for row in rows]


async def _bill(db: Database, row: Any) -> Bill:
    steps: Any = await db.all(
        "SELECT start, upto, quantity, rate, amount FROM bill_step WHERE zone = ? AND slot = ? AND period = ?"
        " ORDER BY step",
        row[:3],
    )
    contest: Any = await db.one(
        "SELECT state, height, claimed, corrected FROM dispute WHERE zone = ? AND slot = ? AND period = ?", row[:3]
    )
    accounts = None if row[10] is None else Accounts(*row[10:14])
    disputed = None if contest is None else Contest(*contest)
    values = [*row[:10], accounts, row[14], row[15], tuple(Step(*step) for step in steps), row[16], disputed]
    return Bill(*values)
