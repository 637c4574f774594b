"""Calls that are planned: their places in the order, and what is prepared for those that are planned otherwise now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from appliance.delivery import MADE_AGAIN, State
from appliance.period import Step
from appliance.store import outbox
from appliance.store.database import Database, Transaction
from appliance.store.outbox import Call
from appliance.store.rows import whole

MONEY: Final = tuple(  # kinds that build on a zone's balances
    step.value
    for step in (
        *(Step.CREDIT, Step.FINISH_CREDIT, Step.SETTLE, Step.FINISH_SETTLEMENT),
        *(Step.PAYOUT, Step.PROVE_PAYOUT, Step.RELEASE),
    )
)


async def id_of(source: Database | Transaction, kind: str, zone: int, number: int, part: int = 0) -> int:
    """KeyError for a call that is not planned."""
    row = await source.one(
        "SELECT id FROM call WHERE kind = ? AND zone = ? AND number = ? AND part = ?", (kind, zone, number, part)
    )
    if row is None:
        raise KeyError(f"zone {zone}: {kind} {number} is not planned")
    return whole(row[0])


async def final_without_entry(source: Database | Transaction, kinds: Sequence[str]) -> list[Call]:
    """Calls of these kinds that are final and that the books say nothing of, in their order."""
    marks = ", ".join("?" for _ in kinds)
    return await outbox.select(
        source,
        f"JOIN submission s ON s.call_id = c.id WHERE state = 'final' AND kind IN ({marks}) "
        "AND NOT EXISTS (SELECT 1 FROM entry e WHERE e.reference = CASE kind "
        "WHEN 'credit-batch' THEN 'credit/' || zone || '/' || number "
        "WHEN 'settle-period' THEN 'settlement/' || zone || '/' || number "
        "WHEN 'payout-batch' THEN 'payout/' || zone || '/' || number "
        "WHEN 'release-slot' THEN 'release/' || zone || '/' || part || '/' || number END) ORDER BY c.id",
        tuple(kinds),
    )


async def forget_prepared(tx: Transaction, kind: str, zone: int, number: int) -> None:
    """Calls of this kind and number are to be prepared anew."""
    await tx.run(
        "DELETE FROM prepared WHERE call_id IN (SELECT id FROM call WHERE kind = ? AND zone = ? AND number = ?)",
        (kind, zone, number),
    )


async def forget_money_prepared(tx: Transaction, zone: int, first: int) -> None:
    """A zone's calls for money from this id on are to be prepared anew: they built upon what has changed."""
    marks = ", ".join("?" for _ in MONEY)
    await tx.run(
        f"DELETE FROM prepared WHERE call_id IN (SELECT id FROM call WHERE zone = ? AND id >= ? AND kind IN ({marks}))",
        (zone, first, *MONEY),
    )


async def put_off_begun(tx: Transaction, call_id: int) -> None:
    """What a call began in a block is not gone on with: it is to be sent once more. One that is in no block yet keeps
    its nonce."""
    row = await tx.one("SELECT state FROM submission WHERE call_id = ?", (call_id,))
    if row is not None and row[0] in (State.INCLUDED.value, State.FINAL.value):
        await outbox.put_off(tx, call_id, MADE_AGAIN)
