"""Proposals, what dwellings chose on them, and the vectors of ballots that were made of it. Private, all of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from appliance.ballot import Choice
from appliance.calls.voting import Proposal, read_proposal
from appliance.chain.clarity import Value as Clarity
from appliance.chain.clarity import deserialize, serialize
from appliance.store.database import Database, Transaction, Value
from appliance.store.rows import CorruptionError, blob, text, whole
from appliance.store.votes import STATES, State


@dataclass(frozen=True, slots=True)
class StoredProposal:
    """`over`: nothing changes any more."""

    id: int
    kept: Proposal
    state: State
    over: bool


@dataclass(frozen=True, slots=True)
class VectorSlot:
    """A slot's part of a vector; `holder` names the secret behind its commitments. `repr` leaves out the choice."""

    slot: int
    holder: str
    votes: bool
    choice: Choice | None = field(repr=False)


async def put_proposal(tx: Transaction, number: int, answer: Clarity, state: State, *, over: bool) -> None:
    """What `get-proposal` answered; the same again changes nothing."""
    await tx.run(
        "INSERT INTO proposal (id, kept, state, over) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET "
        "kept = excluded.kept, state = excluded.state, over = excluded.over, shown = 0 "
        "WHERE kept <> excluded.kept OR state <> excluded.state OR over <> excluded.over",
        (number, serialize(answer), state, int(over)),
    )


async def proposals(source: Database | Transaction) -> list[StoredProposal]:
    """All of them, by number."""
    return [_proposal(*row) for row in await source.all("SELECT id, kept, state, over FROM proposal ORDER BY id")]


async def not_shown(db: Database) -> list[StoredProposal]:
    rows = await db.all("SELECT id, kept, state, over FROM proposal WHERE shown = 0 ORDER BY id")
    return [_proposal(*row) for row in rows]


async def set_shown(tx: Transaction, of: StoredProposal) -> None:
    """Nothing where it changed since."""
    await tx.run("UPDATE proposal SET shown = 1 WHERE id = ? AND state = ?", (of.id, of.state))


async def show_all_again(tx: Transaction) -> None:
    await tx.run("UPDATE proposal SET shown = 0")


async def put_choice(tx: Transaction, proposal: int, label: str, choice: Choice) -> None:
    """In the place of an earlier one."""
    await tx.run(
        "INSERT INTO choice (proposal, label, choice) VALUES (?, ?, ?) "
        "ON CONFLICT (proposal, label) DO UPDATE SET choice = excluded.choice",
        (proposal, label, choice.value),
    )


async def choices(source: Database | Transaction, proposal: int) -> dict[str, Choice]:
    """By dwelling."""
    rows = await source.all("SELECT label, choice FROM choice WHERE proposal = ?", (proposal,))
    return {text(label): Choice(text(choice)) for label, choice in rows}


async def last_revision(source: Database | Transaction, proposal: int, zone: int) -> int | None:
    """Of the zone's newest vector; None before the first."""
    row = await source.one("SELECT max(revision) FROM vector WHERE proposal = ? AND zone = ?", (proposal, zone))
    return None if row is None or row[0] is None else whole(row[0])


async def put_vector(
    tx: Transaction, proposal: int, zone: int, revision: int, mark: bytes, slots: Sequence[VectorSlot]
) -> None:
    key = (proposal, zone, revision)
    await tx.run("INSERT INTO vector (proposal, zone, revision, mark) VALUES (?, ?, ?, ?)", (*key, mark))
    await tx.run_many(
        "INSERT INTO vector_slot (proposal, zone, revision, slot, holder, votes, choice) VALUES (?, ?, ?, ?, ?, ?, ?)",
        [(*key, s.slot, s.holder, int(s.votes), None if s.choice is None else s.choice.value) for s in slots],
    )


async def revision_of(source: Database | Transaction, proposal: int, zone: int, mark: bytes) -> int | None:
    """Which of ours a vector is; None if none."""
    row = await source.one(
        "SELECT revision FROM vector WHERE proposal = ? AND zone = ? AND mark = ?", (proposal, zone, mark)
    )
    return None if row is None else whole(row[0])


async def vector(source: Database | Transaction, proposal: int, zone: int, revision: int) -> list[VectorSlot]:
    rows = await source.all(
        "SELECT slot, holder, votes, choice FROM vector_slot WHERE proposal = ? AND zone = ? AND revision = ? "
        "ORDER BY slot",
        (proposal, zone, revision),
    )
    if not rows:
        raise KeyError(f"zone {zone} has no vector {revision} for proposal {proposal}")
    return [
        VectorSlot(whole(slot), text(holder), bool(votes), None if choice is None else Choice(text(choice)))
        for slot, holder, votes, choice in rows
    ]


async def count(
    tx: Transaction, proposal: int, zone: int, revision: int, voters: Mapping[int, bool], together: int
) -> None:
    """The contract kept this vector at the close, and counts these slots, in one sum with those of zones that have the
    same `together`: the lowest of them."""
    key = (proposal, zone, revision)
    await tx.run(
        "UPDATE vector SET counted = 1, together = ? WHERE proposal = ? AND zone = ? AND revision = ?", (together, *key)
    )
    await tx.run_many(
        "UPDATE vector_slot SET votes = ? WHERE proposal = ? AND zone = ? AND revision = ? AND slot = ?",
        [(int(votes), *key, slot) for slot, votes in voters.items()],
    )


async def counted(source: Database | Transaction, proposal: int, zone: int) -> int:
    """The revision that was counted. KeyError before that."""
    row = await source.one(
        "SELECT revision FROM vector WHERE proposal = ? AND zone = ? AND counted = 1", (proposal, zone)
    )
    if row is None:
        raise KeyError(f"no vector of zone {zone} is counted for proposal {proposal}")
    return whole(row[0])


async def together(source: Database | Transaction, proposal: int, zone: int) -> list[int]:
    """The zones that are counted in one sum, of which this is the lowest."""
    rows = await source.all(
        "SELECT zone FROM vector WHERE proposal = ? AND together = ? AND counted = 1 ORDER BY zone", (proposal, zone)
    )
    return [whole(found) for (found,) in rows]


def _proposal(number: Value, kept: Value, state: Value, over: Value) -> StoredProposal:
    found = read_proposal(deserialize(blob(kept)))
    if found is None or state not in STATES:
        raise CorruptionError("a proposal that is none")
    return StoredProposal(whole(number), found, next(one for one in STATES if one == state), bool(over))
