"""What opens balances and arrears after a settlement, so that nobody has to follow them from the first one on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from appliance.position import Position
from appliance.settlement import Account
from appliance.store import money
from appliance.store.database import Database, Transaction
from appliance.store.outbox import Call
from appliance.store.rows import blob, whole
from circuits.pedersen import Opening
from circuits.scalar import Scalar


@dataclass(frozen=True, slots=True)
class Snapshot:
    """By slot, after a settlement; `version` counts the changes up to and with it, whose call has the id `call_id`."""

    period: int
    version: int
    call_id: int
    accounts: tuple[Account, ...]
    positions: tuple[Position, ...]


async def newest(
    source: Database | Transaction, zone: int, *, before_call: int | None = None, version: int | None = None
) -> Snapshot | None:
    """The newest one before a call, and not above a version; None if none is kept."""
    row = await source.one(
        "SELECT period, version, call_id FROM followed WHERE zone = ? AND call_id < coalesce(?, call_id + 1) "
        "AND version <= coalesce(?, version) ORDER BY version DESC LIMIT 1",
        (zone, before_call, version),
    )
    if row is None:
        return None
    period = whole(row[0])
    accounts = [slot.after for slot in await money.settled_slots(source, zone, period)]
    rows = await source.all(
        "SELECT balance, arrears FROM followed_slot WHERE zone = ? AND period = ? ORDER BY slot", (zone, period)
    )
    positions = [
        Position(
            Opening(account.balance.units, Scalar.from_bytes_checked(blob(balance))),
            Opening(account.arrears.units, Scalar.from_bytes_checked(blob(arrears))),
        )
        for account, (balance, arrears) in zip(accounts, rows, strict=True)
    ]
    return Snapshot(period, whole(row[1]), whole(row[2]), tuple(accounts), tuple(positions))


async def put(tx: Transaction, zone: int, call: Call, version: int, positions: Sequence[Position]) -> None:
    """Of the settlement that this call is; again, it changes nothing."""
    added = await tx.run(
        "INSERT INTO followed (zone, period, version, call_id) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (zone, call.number, version, call.id),
    )
    if added == 1:
        await tx.run_many(
            "INSERT INTO followed_slot (zone, period, slot, balance, arrears) VALUES (?, ?, ?, ?, ?)",
            [
                (zone, call.number, slot, of.balance.blinding.to_bytes(), of.arrears.blinding.to_bytes())
                for slot, of in enumerate(positions)
            ],
        )


async def forget(tx: Transaction, zone: int, period: int) -> None:
    """Those of this period's settlement and later ones, which are planned anew."""
    await tx.run("DELETE FROM followed_slot WHERE zone = ? AND period >= ?", (zone, period))
    await tx.run("DELETE FROM followed WHERE zone = ? AND period >= ?", (zone, period))
