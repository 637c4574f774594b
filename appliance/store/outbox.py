"""Calls of contracts and their signed transactions: stored before they are sent, followed until they are final."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from appliance.ballot import Vote
from appliance.beside import Beside
from appliance.chain.clarity import Reader
from appliance.chain.payload import ContractCall, payload_bytes, read_payload
from appliance.delivery import MAX_DELAY, Delivery, State
from appliance.dispute import Act
from appliance.period import Step
from appliance.store.database import Database, Transaction, Value
from appliance.store.rows import CorruptionError, blob, maybe_blob, maybe_whole, text, whole

BATCH: Final = "batch"
METERING: Final = (BATCH, Step.CLOSE.value)  # kinds that never wait for money
VOTES: Final = tuple(vote.value for vote in Vote)
BESIDE: Final = tuple(one.value for one in Beside)
ASIDE: Final = (*(act.value for act in Act), *VOTES, *BESIDE)  # kinds that wait for nothing and hold up nothing


@dataclass(frozen=True, slots=True)
class Call:
    """A call that is to be made once. `kind` is BATCH, with the first block as number, or the contract's function."""

    id: int
    kind: str
    zone: int
    number: int
    part: int

    @property
    def metering(self) -> bool:
        """Of a zone's metering; otherwise of its money, which waits for metering and is not waited for."""
        return self.kind in METERING

    @property
    def aside(self) -> bool:
        """Of disputes and votes, which go on beside metering and money."""
        return self.kind in ASIDE

    @property
    def voting(self) -> bool:
        return self.kind in VOTES

    def __str__(self) -> str:
        if self.kind == BATCH:
            return f"zone {self.zone}: batch from block {self.number}"
        part = f", part {self.part}" if self.part else ""
        return f"zone {self.zone}: {self.kind} {self.number}{part}"


@dataclass(frozen=True, slots=True)
class Signed:
    """One signed version of a submission; fee in micro-STX."""

    txid: bytes
    fee: int
    raw: bytes


@dataclass(frozen=True, slots=True)
class Submission:
    """A call under way. `versions` share the nonce; the last one is the one to send."""

    id: int
    call: Call
    on_chain: bool
    address: str
    nonce: int
    delivery: Delivery
    versions: tuple[Signed, ...]


async def put_call(tx: Transaction, kind: str, zone: int, number: int, part: int = 0) -> int:
    """The id of a call that is to be made, after all earlier ones of its zone; the same call has the same id."""
    await tx.run(
        "INSERT INTO call (kind, zone, number, part) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (kind, zone, number, part),
    )
    row = await tx.one(
        "SELECT id FROM call WHERE kind = ? AND zone = ? AND number = ? AND part = ?", (kind, zone, number, part)
    )
    if row is None:
        raise AssertionError("a row that was just written is there")
    return whole(row[0])


async def prepare(tx: Transaction, call_id: int, sender: str, payload: ContractCall) -> None:
    """Once for each sender: the payload of a call that is no batch's; one that is there is kept."""
    await tx.run(
        "INSERT INTO prepared (call_id, sender, payload) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (call_id, sender, payload_bytes(payload)),
    )


async def put_off(tx: Transaction, call_id: int, reason: str) -> None:
    """A call that was refused, or is of no use without one that was, is to be made again for this reason."""
    await tx.run(
        "UPDATE submission SET state = 'rejected', reason = ? WHERE call_id = ?",
        (reason, call_id),
    )


async def prepared(db: Database, call_id: int, sender: str) -> ContractCall | None:
    """What this sender signs for a call; None until it is prepared."""
    row = await db.one("SELECT payload FROM prepared WHERE call_id = ? AND sender = ?", (call_id, sender))
    if row is None:
        return None
    payload = read_payload(Reader(blob(row[0])))
    if not isinstance(payload, ContractCall):
        raise CorruptionError("a prepared payload is no contract call")
    return payload


async def unprepared(db: Database, sender: str) -> list[Call]:
    """Calls, batches aside, that may have to be signed and that this sender has no payload for, in their order."""
    rows = await db.all(
        f"SELECT {_CALL} FROM call c LEFT JOIN submission s ON s.call_id = c.id WHERE c.kind <> ? "
        "AND coalesce(s.state, '') NOT IN ('included', 'final') "
        "AND NOT EXISTS (SELECT 1 FROM prepared p WHERE p.call_id = c.id AND p.sender = ?) ORDER BY c.id",
        (BATCH, sender),
    )
    return [_call(row) for row in rows]


async def unsigned(db: Database) -> list[Call]:
    """Calls without a submission that may be signed now, in their order; those aside always may.

    Nothing overtakes a rejected call of its zone. A period is closed only when all its batches were read back, and what
    comes after waits until that was: the call that closes a period does not say which, nor with which batches.
    """
    stopped = await db.all(f"SELECT {_CALL} FROM submission JOIN call c ON c.id = call_id WHERE state = 'rejected'")
    rejected = [call for call in map(_call, stopped) if not call.aside]
    everything = {call.zone for call in rejected if call.metering}
    money = {call.zone for call in rejected}
    first_unread = {
        (whole(zone), text(kind)): whole(first)
        for zone, kind, first in await db.all(
            "SELECT zone, kind, min(id) FROM call WHERE on_chain = 0 AND kind IN (?, ?) GROUP BY zone, kind", METERING
        )
    }
    rows = await db.all(
        f"SELECT {_CALL} FROM call c LEFT JOIN submission s ON s.call_id = c.id WHERE s.id IS NULL ORDER BY c.id"
    )

    def may(call: Call) -> bool:
        if call.aside:
            return True
        if call.zone in everything or (not call.metering and call.zone in money):
            return False
        if call.id > first_unread.get((call.zone, Step.CLOSE.value), call.id):
            return False
        return call.kind != Step.CLOSE or call.id < first_unread.get((call.zone, BATCH), call.id + 1)

    return [call for call in map(_call, rows) if may(call)]


async def unread(db: Database, *, also_rejected: bool = False) -> list[Call]:
    """Calls that are in a block, or were refused in one, and have not been read back, in their order."""
    states = "'included', 'final', 'rejected'" if also_rejected else "'included', 'final'"
    rows = await db.all(
        f"SELECT {_CALL} FROM call c JOIN submission s ON s.call_id = c.id "
        f"WHERE on_chain = 0 AND state IN ({states}) ORDER BY c.id"
    )
    return [_call(row) for row in rows]


async def not_on_chain(db: Database, zone: int, before: int) -> list[Call]:
    """A zone's calls with ids below `before` that were not read back, in their order."""
    rows = await db.all(
        f"SELECT {_CALL} FROM call c WHERE zone = ? AND id < ? AND on_chain = 0 ORDER BY id", (zone, before)
    )
    return [call for call in map(_call, rows) if not call.aside]


async def overtook(db: Database, submission: Submission) -> bool:
    """Whether its nonce is lower than that of a call that has to take effect before it, which was signed anew."""
    own = submission.call
    rows = await db.all(
        f"SELECT {_CALL} FROM submission s JOIN call c ON c.id = call_id WHERE zone = ? AND c.id < ? AND nonce > ?",
        (own.zone, own.id, submission.nonce),
    )
    before = [call for call in map(_call, rows) if not call.aside and (call.metering or not own.metering)]
    return bool(before) and not own.aside


async def select(source: Database | Transaction, rest: str, values: Sequence[Value] = ()) -> list[Call]:
    """Calls, `c`, by the rest of a SELECT."""
    return [_call(row) for row in await source.all(f"SELECT {_CALL} FROM call c {rest}", values)]


async def of_kinds(
    source: Database | Transaction, zone: int, kinds: Sequence[str], *, after: int = 0, before: int | None = None
) -> list[Call]:
    """A zone's calls of these kinds, in their order, between the ids `after` and `before`."""
    marks = ", ".join("?" for _ in kinds)
    rows = await source.all(
        f"SELECT {_CALL} FROM call c WHERE zone = ? AND kind IN ({marks}) AND id > ? AND id < coalesce(?, id + 1) "
        "ORDER BY id",
        (zone, *kinds, after, before),
    )
    return [_call(row) for row in rows]


async def final(db: Database, kinds: Sequence[str]) -> list[Call]:
    """Calls of these kinds that are final, in their order."""
    marks = ", ".join("?" for _ in kinds)
    rows = await db.all(
        f"SELECT {_CALL} FROM call c JOIN submission s ON s.call_id = c.id "
        f"WHERE state = 'final' AND kind IN ({marks}) ORDER BY c.id",
        tuple(kinds),
    )
    return [_call(row) for row in rows]


async def set_on_chain(tx: Transaction, call_id: int) -> None:
    """Read back. Nothing for a call that is in no block any more: the answer came from before it was undone.

    One that was refused, but whose effect is there, is done.
    """
    await tx.run(
        "UPDATE submission SET state = 'final', reason = '' WHERE call_id = ? AND state = 'rejected'", (call_id,)
    )
    await tx.run(
        "UPDATE call SET on_chain = 1 WHERE id = ? AND EXISTS "
        "(SELECT 1 FROM submission WHERE call_id = call.id AND state IN ('included', 'final'))",
        (call_id,),
    )


async def forget_on_chain(tx: Transaction, call_id: int) -> None:
    """The block that held it was undone."""
    await tx.run("UPDATE call SET on_chain = 0 WHERE id = ?", (call_id,))


async def next_nonce(source: Database | Transaction, address: str) -> int | None:
    """One above the highest nonce given away; None if none was."""
    row = await source.one("SELECT max(nonce) FROM submission WHERE address = ?", (address,))
    highest = None if row is None else maybe_whole(row[0])
    return None if highest is None else highest + 1


async def put(tx: Transaction, call_id: int, address: str, nonce: int, delivery: Delivery, signed: Signed) -> None:
    """A new submission with its first version."""
    row_id = await tx.insert(
        "INSERT INTO submission (call_id, address, nonce, state, since, next_at, failures, reason) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            call_id,
            address,
            nonce,
            delivery.state.value,
            delivery.since,
            delivery.next_at,
            delivery.failures,
            delivery.reason,
        ),
    )
    await add_version(tx, row_id, signed)


async def add_version(tx: Transaction, submission_id: int, signed: Signed) -> None:
    """Makes it the newest. Signing is deterministic, so the same version may come again."""
    await tx.run(
        "INSERT INTO signed SELECT ?, coalesce(max(version) + 1, 0), ?, ?, ? FROM signed WHERE submission_id = ? "
        "ON CONFLICT (txid) DO UPDATE SET version = excluded.version",
        (submission_id, signed.txid, signed.fee, signed.raw, submission_id),
    )


async def save(tx: Transaction, submission_id: int, delivery: Delivery) -> None:
    await tx.run(
        "UPDATE submission SET state = ?, since = ?, next_at = ?, failures = ?, reason = ?, txid = ?, height = ?, "
        "burn_height = ?, lost_since = ? WHERE id = ?",
        (
            delivery.state.value,
            delivery.since,
            delivery.next_at,
            delivery.failures,
            delivery.reason,
            delivery.txid,
            delivery.height,
            delivery.burn_height,
            delivery.lost_since,
            submission_id,
        ),
    )


async def lowest_nonce(db: Database) -> int | None:
    """Of the submissions that are not in a block yet: the one that all others wait for."""
    row = await db.one("SELECT min(nonce) FROM submission WHERE state IN ('queued', 'sent')")
    return None if row is None else maybe_whole(row[0])


async def renew(tx: Transaction, submission_id: int, nonce: int, delivery: Delivery, signed: Signed) -> None:
    """A rejected submission begins again under another nonce."""
    await tx.run("UPDATE submission SET nonce = ? WHERE id = ?", (nonce, submission_id))
    await save(tx, submission_id, delivery)
    await add_version(tx, submission_id, signed)


async def rejected(db: Database) -> list[Submission]:
    """The oldest rejected submission of each zone's metering and of its money, and all that stand aside."""
    rows = await db.all(
        f"SELECT {_CALL}, s.id FROM submission s JOIN call c ON c.id = call_id WHERE state = 'rejected' ORDER BY c.id"
    )
    seen: set[tuple[int, bool]] = set()
    oldest = []
    for row in rows:
        call = _call(row)
        if call.aside or (call.zone, call.metering) not in seen:
            oldest.append(whole(row[5]))
        if not call.aside:
            seen.add((call.zone, call.metering))
    return sorted([await _get(db, row_id) for row_id in oldest], key=lambda found: found.nonce)


async def due(db: Database, now: int) -> list[Submission]:
    """Submissions under way with something to do now, in the order of their nonces.

    What is put off for longer than any delay was put off by a clock that has been set back since.
    """
    rows = await db.all(
        "SELECT id FROM submission WHERE state IN ('queued', 'sent', 'included') "
        "AND (next_at <= ? OR next_at > ?) ORDER BY nonce",
        (now, now + 2 * MAX_DELAY),
    )
    return [await _get(db, whole(row[0])) for row in rows]


async def of_batch(db: Database, zone: int, first_block: int) -> Submission | None:
    return await of_call(db, BATCH, zone, first_block)


async def of_call(db: Database, kind: str, zone: int, number: int, part: int = 0) -> Submission | None:
    row = await db.one(
        "SELECT s.id FROM submission s JOIN call c ON c.id = call_id "
        "WHERE kind = ? AND zone = ? AND number = ? AND part = ?",
        (kind, zone, number, part),
    )
    return None if row is None else await _get(db, whole(row[0]))


_CALL: Final = "c.id, c.kind, c.zone, c.number, c.part"


def _call(row: Sequence[Value]) -> Call:
    return Call(whole(row[0]), text(row[1]), whole(row[2]), whole(row[3]), whole(row[4]))


async def _get(db: Database, row_id: int) -> Submission:
    row = await db.one(
        f"SELECT {_CALL}, on_chain, address, nonce, state, since, next_at, failures, reason, height, burn_height, "
        "txid, lost_since FROM submission s JOIN call c ON c.id = call_id WHERE s.id = ?",
        (row_id,),
    )
    if row is None:
        raise KeyError(f"no submission {row_id}")
    versions = await db.all("SELECT txid, fee, raw FROM signed WHERE submission_id = ? ORDER BY version", (row_id,))
    delivery = Delivery(
        State(text(row[8])),
        since=whole(row[9]),
        next_at=whole(row[10]),
        failures=whole(row[11]),
        reason=text(row[12]),
        height=maybe_whole(row[13]),
        burn_height=maybe_whole(row[14]),
        txid=maybe_blob(row[15]),
        lost_since=maybe_whole(row[16]),
    )
    return Submission(
        row_id,
        _call(row),
        bool(row[5]),
        text(row[6]),
        whole(row[7]),
        delivery,
        tuple(Signed(blob(t), whole(f), blob(r)) for t, f, r in versions),
    )
