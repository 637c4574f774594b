"""portal.db: whose pages these are, and which home has which slot. Written by the core alone."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from appliance.store.database import Database, Transaction
from appliance.store.rows import blob, text, whole

_SHOWN = (
    *("sale", "sale_request", "agent_float"),
    *("choice", "proposal_band", "proposal"),
    *("claim", "dispute"),
    *("bill_step", "bill", "batch_commitment", "batch", "usage_block", "service"),
    *("session", "attempt", "agent", "dwelling", "zone", "place"),
)


async def belongs_to(shown: Database, mark: bytes) -> bool:
    """Whether this core (16 bytes that only it has) wrote what is here."""
    row = await shown.one("SELECT mark FROM core")
    return row is not None and blob(row[0]) == mark


async def begin_again(tx: Transaction, mark: bytes) -> None:
    """Forgets everything that another core, or one whose data were lost, has shown."""
    for table in _SHOWN:
        await tx.run(f"DELETE FROM {table}")
    await tx.run(
        "INSERT INTO core (id, mark) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET mark = excluded.mark", (mark,)
    )


async def salts(shown: Database) -> dict[str, bytes]:
    """Label -> salt of every dwelling."""
    return {text(label): blob(salt) for label, salt in await shown.all("SELECT label, salt FROM dwelling")}


async def let_go(tx: Transaction, zones: Mapping[int, Mapping[int, str]], labels: Collection[str]) -> None:
    """Removes, before the configured homes are written, those that are configured otherwise now, with all that was
    shown of their slots: whoever comes after a home sees nothing of it.

    `zones` maps zone and slot to the label there, `labels` are all of them.
    """
    for zone, slot, label in await tx.all(
        "SELECT zone, slot, label FROM service JOIN dwelling ON dwelling.id = dwelling_id"
    ):
        homes = zones.get(whole(zone))
        if homes is not None and homes.get(whole(slot)) != label:
            await tx.run("DELETE FROM service WHERE zone = ? AND slot = ?", (zone, slot))
            await _forget(tx, whole(zone), whole(slot))
    for dwelling_id, label in await tx.all(
        "SELECT id, label FROM dwelling WHERE id NOT IN (SELECT dwelling_id FROM service)"
    ):
        if label not in labels:
            for table in ("choice", "session", "attempt"):
                await tx.run(f"DELETE FROM {table} WHERE dwelling_id = ?", (dwelling_id,))
            await tx.run("DELETE FROM dwelling WHERE id = ?", (dwelling_id,))


async def put_homes(tx: Transaction, zone: int, homes: Mapping[int, str]) -> None:
    """The slots of a zone and the dwellings, by label, that have them; a known meter level is kept."""
    there = {whole(slot) for (slot,) in await tx.all("SELECT slot FROM service WHERE zone = ?", (zone,))}
    for slot in homes.keys() - there:
        await _forget(tx, zone, slot)
    await tx.run_many(
        "INSERT INTO service (zone, slot, dwelling_id, level) SELECT ?, ?, id, 0 FROM dwelling WHERE label = ? "
        "ON CONFLICT (zone, slot) DO NOTHING",
        [(zone, slot, label) for slot, label in homes.items()],
    )


async def set_level(tx: Transaction, zone: int, slot: int, level: int) -> None:
    """The authenticity level of the meter at a slot, once it has answered."""
    await tx.run("UPDATE service SET level = ? WHERE zone = ? AND slot = ?", (level, zone, slot))


async def labels_of(source: Database | Transaction, zone: int) -> dict[int, str]:
    """By slot, the dwelling that sees what is shown of it."""
    rows = await source.all(
        "SELECT slot, label FROM service JOIN dwelling ON dwelling.id = dwelling_id WHERE zone = ?", (zone,)
    )
    return {whole(slot): text(label) for slot, label in rows}


async def _forget(tx: Transaction, zone: int, slot: int) -> None:
    """What only the home in this slot has seen."""
    for table in ("claim", "dispute", "bill_step", "bill", "usage_block"):
        await tx.run(f"DELETE FROM {table} WHERE zone = ? AND slot = ?", (zone, slot))
