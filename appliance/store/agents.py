"""portal.db: agents, their requests to sell, and receipts, from both sides. Amounts in units of account.

An agent reads what it sold itself, a dwelling what was sold to it; nothing here says what a home used, owes or has.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

from appliance.store.database import Database, Transaction
from appliance.store.portal import LabelTaken, label_key

Answer = Literal["waiting", "sold", "home", "amount", "left", "closed", "late"]
State = Literal["approval", "ready", "open", "credit", "final"]
STATES: Final[tuple[State, ...]] = get_args(State)
KEPT_SECONDS: Final = 86_400


@dataclass(frozen=True, slots=True)
class Room:
    """What an agent may still sell in a zone; amounts are multiples of `step`."""

    zone: int
    room: int
    step: int


@dataclass(frozen=True, slots=True)
class Request:
    """What an agent asks to sell, under a number of its own and the mark of the form, which counts once."""

    number: int
    once: bytes
    address: str
    zone: int
    label: str
    amount: int
    at: int


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of a request; `receipt` is the number of the receipt where something was sold."""

    answer: Answer
    receipt: int | None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was sold, and where it is on its way to the chain. `code` is 80 bits of the receipt's digest."""

    agent: str
    number: int
    name: str
    zone: int
    label: str
    amount: int
    at: int
    code: str
    state: State
    sequence: int | None


async def put_agent(tx: Transaction, address: str, label: str, salt: bytes, code_hash: bytes | None) -> None:
    """New, or under another label; no hash where the code is as it was. A new code ends the sessions of the old one."""
    others = "SELECT label FROM dwelling UNION SELECT label FROM agent WHERE address <> ?"
    labels: Any = await tx.all(others, (address,))
    for (other,) in labels:
        if label_key(other) == label_key(label):
            raise LabelTaken(f"the labels {other} and {label} cannot be told apart when they are typed")
    if code_hash is None:
        await tx.run("UPDATE agent SET label = ? WHERE address = ?", (label, address))
        return
    await tx.run("DELETE FROM session WHERE agent_id = (SELECT id FROM agent WHERE address = ?)", (address,))
    await tx.run(
        "INSERT INTO agent (address, label, salt, code_hash) VALUES (?, ?, ?, ?) ON CONFLICT (address) DO UPDATE SET"
        " label = excluded.label, salt = excluded.salt, code_hash = excluded.code_hash",
        (address, label, salt, code_hash),
    )


async def salts(shown: Database) -> dict[str, bytes]:
    """Address -> salt of every agent."""
    rows: Any = await shown.all("SELECT address, salt FROM agent")
    return dict(rows)


async def let_go(tx: Transaction, addresses: Collection[str]) -> None:
    """Who is no agent any more signs in no more; the receipts stay. The others' labels are free to be given."""
    for agent_id, address in await tx.all("SELECT id, address FROM agent"):
        if address not in addresses:
            for table in ("session", "attempt", "agent_float", "sale_request"):
                await tx.run(f"DELETE FROM {table} WHERE agent_id = ?", (agent_id,))
            await tx.run("DELETE FROM agent WHERE id = ?", (agent_id,))
    await tx.run("UPDATE agent SET label = address")


async def put_room(tx: Transaction, address: str, room: Room) -> None:
    """Nothing for somebody who is no agent here."""
    await tx.run(
        "INSERT INTO agent_float (agent_id, zone, room, step) SELECT id, ?, ?, ? FROM agent WHERE address = ?"
        " ON CONFLICT DO UPDATE SET room = excluded.room, step = excluded.step",
        (room.zone, room.room, room.step, address),
    )


async def put_receipt(tx: Transaction, of: Receipt) -> None:
    """A new one, or where it is now."""
    await tx.run(
        "INSERT INTO sale (agent, number, name, zone, label, amount, at, code, state, sequence)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET state = excluded.state,"
        " sequence = excluded.sequence",
        (of.agent, of.number, of.name, of.zone, of.label, of.amount, of.at, of.code, of.state, of.sequence),
    )


async def ask(tx: Transaction, agent_id: int, once: bytes, zone: int, label: str, amount: int, now: int) -> int:
    """The number of a request; the form's mark again is the same request, whatever stands in the form.

    Requests that were answered long ago are swept out: a mark that comes after that is known to the core.
    """
    await tx.run("DELETE FROM sale_request WHERE answer <> 'waiting' AND abs(? - at) >= ?", (now, KEPT_SECONDS))
    await tx.run(
        "INSERT INTO sale_request (number, agent_id, once, zone, label, amount, at)"
        " SELECT coalesce(max(number), 0) + 1, ?, ?, ?, ?, ?, ? FROM sale_request WHERE true ON CONFLICT DO NOTHING",
        (agent_id, once, zone, label, amount, now),
    )
    row: Any = await tx.one("SELECT number FROM sale_request WHERE once = ? AND agent_id = ?", (once, agent_id))
    if row is None:
        raise KeyError("the mark of another agent's form")
    return int(row[0])


async def waiting(shown: Database) -> list[Request]:
    """In the order in which they came."""
    rows: Any = await shown.all(
        "SELECT number, once, address, zone, r.label, amount, at FROM sale_request r JOIN agent a ON a.id = agent_id"
        " WHERE answer = 'waiting' ORDER BY number"
    )
    return [Request(*row) for row in rows]


async def answer(tx: Transaction, request: Request, words: Answer, receipt: int | None = None) -> None:
    """Once."""
    await tx.run(
        "UPDATE sale_request SET answer = ?, receipt = ? WHERE number = ? AND once = ? AND answer = 'waiting'",
        (words, receipt, request.number, request.once),
    )


async def answered(db: Database, agent_id: int, number: int) -> Answered | None:
    """What became of a request of the agent's own; None for what is none."""
    row: Any = await db.one(
        "SELECT answer, receipt FROM sale_request WHERE number = ? AND agent_id = ?", (number, agent_id)
    )
    return None if row is None else Answered(*row)


async def rooms(db: Database, agent_id: int) -> list[Room]:
    rows: Any = await db.all("SELECT zone, room, step FROM agent_float WHERE agent_id = ? ORDER BY zone", (agent_id,))
    return [Room(*row) for row in rows]


async def home(db: Database, typed: str, utility: str) -> tuple[str, int] | None:
    """(label, zone) of the home that reads like what was typed, where it gets this utility."""
    rows: Any = await db.all(
        "SELECT d.label, z.zone FROM dwelling d JOIN service s ON s.dwelling_id = d.id JOIN zone z ON z.zone = s.zone"
        " WHERE utility = ?",
        (utility,),
    )
    found = [row for row in rows if label_key(row[0]) == label_key(typed)]
    return None if not found else (found[0][0], found[0][1])


_RECEIPT = "SELECT agent, number, name, zone, label, amount, at, code, state, sequence FROM sale"


async def receipts(db: Database, address: str, limit: int) -> list[Receipt]:
    """An agent's own, newest first."""
    return _receipts(await db.all(f"{_RECEIPT} WHERE agent = ? ORDER BY number DESC LIMIT ?", (address, limit)))


async def receipt(db: Database, address: str, number: int) -> Receipt | None:
    """One of an agent's own."""
    found = _receipts(await db.all(f"{_RECEIPT} WHERE agent = ? AND number = ?", (address, number)))
    return found[0] if found else None


async def sold_to(db: Database, dwelling_id: int, zone: int, limit: int) -> list[Receipt]:
    """What a dwelling bought, newest first."""
    return _receipts(
        await db.all(
            f"{_RECEIPT} WHERE label = (SELECT label FROM dwelling WHERE id = ?) AND zone = ?"
            " ORDER BY at DESC, agent, number DESC LIMIT ?",
            (dwelling_id, zone, limit),
        )
    )


def _receipts(rows: Sequence[Any]) -> list[Receipt]:
    return [Receipt(*row) for row in rows]
