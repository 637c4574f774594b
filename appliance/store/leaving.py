"""Homes that have left their slots, and what is paid out to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from appliance.config import ZoneConfig
from appliance.money import Money
from appliance.period import Step
from appliance.store import secrets
from appliance.store.database import Database, Transaction
from appliance.store.rows import blob, maybe_whole, text, whole


@dataclass(frozen=True, slots=True)
class Departure:
    """`last` is the last period of the home whose secret is `holder` in this slot."""

    slot: int
    holder: str
    last: int


@dataclass(frozen=True, slots=True)
class PaidSlot:
    slot: int
    holder: str
    amount: Money


@dataclass(frozen=True, slots=True)
class StoredPayout:
    """Before the settlement of the period `settled`. `rest` of the amount is no whole token unit."""

    zone: int
    settled: int
    agent: str
    token: str
    hash: bytes
    rest: Money
    planned: bool
    slots: tuple[PaidSlot, ...]

    @property
    def mask(self) -> int:
        return sum(1 << of.slot for of in self.slots)

    @property
    def amount(self) -> Money:
        return Money(sum(of.amount.units for of in self.slots))


async def departures(source: Database | Transaction, zone: int) -> list[Departure]:
    """By slot, the oldest first."""
    rows = await source.all("SELECT slot, holder, last FROM departure WHERE zone = ? ORDER BY slot, last", (zone,))
    return [Departure(whole(slot), text(holder), whole(last)) for slot, holder, last in rows]


async def unreleased(source: Database | Transaction, zone: int) -> list[Departure]:
    """Those whose money is not cleared away: by slot, one at most."""
    rows = await source.all(
        "SELECT slot, holder, last FROM departure d WHERE zone = ? AND NOT EXISTS (SELECT 1 FROM call c "
        "WHERE c.kind = ? AND c.zone = d.zone AND c.number = d.last AND c.part = d.slot) ORDER BY slot, last",
        (zone, Step.RELEASE),
    )
    return [Departure(whole(slot), text(holder), whole(last)) for slot, holder, last in rows]


async def put_departure(tx: Transaction, zone: int, of: Departure) -> None:
    """Once."""
    await tx.run(
        "INSERT INTO departure (zone, slot, holder, last) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (zone, of.slot, of.holder, of.last),
    )


async def held_since(source: Database | Transaction, zone: int, slot: int, holder: str) -> int | None:
    """The first block that this secret committed for the slot; None if none."""
    row = await source.one(
        "SELECT min(block) FROM block_slot WHERE zone = ? AND slot = ? AND holder = ?", (zone, slot, holder)
    )
    return None if row is None else maybe_whole(row[0])


async def receiving(source: Database | Transaction, zone: ZoneConfig) -> dict[str, int]:
    """By label, the slots whose money is a home's: also of one that has left and is not released, and not yet of the
    one that comes after it."""
    left = await departures(source, zone.zone)
    gone = {(of.slot, of.holder) for of in left}
    waiting = {of.slot: of.holder for of in await unreleased(source, zone.zone)}
    found = {
        label: slot
        for slot, label in zone.dwellings.items()
        if slot not in waiting and (slot, secrets.dwelling(label)) not in gone
    }
    return found | {secrets.label_of(holder): slot for slot, holder in waiting.items()}


async def put_payout(tx: Transaction, of: StoredPayout) -> None:
    """Once for each settlement."""
    added = await tx.run(
        "INSERT INTO payout (zone, settled, agent, token, hash, rest) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (of.zone, of.settled, of.agent, of.token, of.hash, of.rest.units),
    )
    if added == 1:
        await tx.run_many(
            "INSERT INTO payout_slot (zone, settled, slot, holder, amount) VALUES (?, ?, ?, ?, ?)",
            [(of.zone, of.settled, slot.slot, slot.holder, slot.amount.units) for slot in of.slots],
        )


async def set_planned(tx: Transaction, zone: int, settled: int) -> None:
    await tx.run("UPDATE payout SET planned = 1 WHERE zone = ? AND settled = ?", (zone, settled))


async def find_payout(source: Database | Transaction, zone: int, settled: int) -> StoredPayout | None:
    row = await source.one(
        "SELECT agent, token, hash, rest, planned FROM payout WHERE zone = ? AND settled = ?", (zone, settled)
    )
    if row is None:
        return None
    slots = await source.all(
        "SELECT slot, holder, amount FROM payout_slot WHERE zone = ? AND settled = ? ORDER BY slot", (zone, settled)
    )
    return StoredPayout(
        zone,
        settled,
        text(row[0]),
        text(row[1]),
        blob(row[2]),
        Money(whole(row[3])),
        bool(row[4]),
        tuple(PaidSlot(whole(slot), text(holder), Money(whole(amount))) for slot, holder, amount in slots),
    )


async def payout(source: Database | Transaction, zone: int, settled: int) -> StoredPayout:
    """KeyError for one that was not proposed."""
    found = await find_payout(source, zone, settled)
    if found is None:
        raise KeyError(f"nothing is paid out of zone {zone} before the settlement of period {settled}")
    return found


async def holders_of(source: Database | Transaction, zone: ZoneConfig) -> list[str]:
    """By slot, the secret behind what it is credited with."""
    by_slot = {slot: secrets.dwelling(label) for label, slot in (await receiving(source, zone)).items()}
    return [by_slot.get(slot, secrets.vacant(zone.zone)) for slot in range(zone.slots)]


def has_left(left: Sequence[Departure], slot: int, holder: str, period: int) -> bool:
    """Whether a home no longer lives in a slot in this period."""
    return any((of.slot, of.holder) == (slot, holder) and of.last < period for of in left)
