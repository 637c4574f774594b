"""portal.db: who may sign in with which code, who is signed in, and failed attempts. The portal's own.

A dwelling and an agent are different types from the lookup of the code on: a session is of one or of the other.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Final

from appliance.store.database import Database, Transaction
from appliance.store.portal import Dwelling, label_key

TOKEN_BYTES: Final = 32
IDLE_SECONDS: Final = 300
FORGET_ATTEMPTS_SECONDS: Final = 3600


@dataclass(frozen=True, slots=True)
class Agent:
    """Somebody who sells credit for cash; `address` is its account on the chain."""

    agent_id: int
    label: str
    address: str


Who = Dwelling | Agent


@dataclass(frozen=True, slots=True)
class Credential:
    """What a sign-in code is checked against."""

    who: Who
    salt: bytes
    code_hash: bytes


def _key(who: Who) -> tuple[str, int]:
    """The column by which sessions and attempts name who it is, and the number there."""
    return ("agent_id", who.agent_id) if isinstance(who, Agent) else ("dwelling_id", who.dwelling_id)


async def find_credential(db: Database, typed_label: str) -> Credential | None:
    """The dwelling or agent whose label reads like the typed one; no two of all do."""
    key = label_key(typed_label)
    dwellings: Any = await db.all("SELECT id, label, salt, code_hash FROM dwelling")
    agents: Any = await db.all("SELECT id, label, address, salt, code_hash FROM agent")
    found = [Credential(Dwelling(*row[:2]), *row[2:]) for row in dwellings if label_key(row[1]) == key]
    found += [Credential(Agent(*row[:3]), *row[3:]) for row in agents if label_key(row[1]) == key]
    return found[0] if found else None


async def open_session(tx: Transaction, token: bytes, who: Who, now: int) -> None:
    """`token` is 256 random bits; only its hash is stored. Sweeps out sessions that have idled."""
    column, number = _key(who)
    await tx.run("DELETE FROM session WHERE abs(? - seen_at) >= ?", (now, IDLE_SECONDS))
    await tx.run(
        f"INSERT INTO session (token_hash, {column}, created_at, seen_at) VALUES (?, ?, ?, ?)",
        (_token_hash(token), number, now, now),
    )


async def use_session(tx: Transaction, token: bytes, now: int) -> Who | None:
    """Who is signed in with this token, and their idle time begins anew; None when it idled or never was."""
    changed = await tx.run(
        "UPDATE session SET seen_at = ? WHERE token_hash = ? AND abs(? - seen_at) < ?",
        (now, _token_hash(token), now, IDLE_SECONDS),
    )
    if not changed:
        return None
    dwelling: Any = await tx.one(
        "SELECT d.id, d.label FROM session s JOIN dwelling d ON d.id = s.dwelling_id WHERE s.token_hash = ?",
        (_token_hash(token),),
    )
    if dwelling is not None:
        return Dwelling(*dwelling)
    agent: Any = await tx.one(
        "SELECT a.id, a.label, a.address FROM session s JOIN agent a ON a.id = s.agent_id WHERE s.token_hash = ?",
        (_token_hash(token),),
    )
    return Agent(*agent)


async def close_session(tx: Transaction, token: bytes) -> None:
    await tx.run("DELETE FROM session WHERE token_hash = ?", (_token_hash(token),))


def delay_after(failures: int) -> int:
    """Seconds that must pass after that many failures in a row: none for three, then 2, 4, 8 ... up to 15 minutes."""
    return 0 if failures < 3 else min(2 ** (failures - 2), 900)


async def begin_attempt(tx: Transaction, who: Who, client: bytes, now: int) -> int:
    """Counts a try at somebody's code as failed until it succeeds; 0 when it may go on, else seconds to wait."""
    column, number = _key(who)
    await tx.run("DELETE FROM attempt WHERE abs(? - last_at) >= ?", (now, FORGET_ATTEMPTS_SECONDS))
    row: Any = await tx.one(
        f"SELECT failures, last_at FROM attempt WHERE {column} = ? AND client = ?", (number, client)
    )
    if row is not None and (wait := row[1] + delay_after(row[0]) - now) > 0:
        return int(wait)
    await tx.run(
        f"INSERT INTO attempt ({column}, client, failures, last_at) VALUES (?, ?, 1, ?)"
        f" ON CONFLICT ({column}, client) DO UPDATE SET failures = failures + 1, last_at = excluded.last_at",
        (number, client, now),
    )
    return 0


async def forget_attempts(tx: Transaction, who: Who, client: bytes) -> None:
    column, number = _key(who)
    await tx.run(f"DELETE FROM attempt WHERE {column} = ? AND client = ?", (number, client))


async def has_failed(db: Database, client: bytes, now: int) -> bool:
    """Whether the client failed at any code lately."""
    row = await db.one(
        "SELECT 1 FROM attempt WHERE client = ? AND abs(? - last_at) < ? LIMIT 1",
        (client, now, FORGET_ATTEMPTS_SECONDS),
    )
    return row is not None


def _token_hash(token: bytes) -> bytes:
    return hashlib.sha256(token).digest()
