"""portal.db: what residents may choose on, and their choices as numbered requests, which the core answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, get_args

from appliance.store.database import Database, Transaction

State = Literal["open", "closed", "passed", "refused", "done", "lapsed"]
Kind = Literal["tariff", "parameter", "role", "token", "contract", "pause-off"]
Answer = Literal["waiting", "taken", "late", "no_vote"]
Yes = Literal["yes", "no"]
STATES: Final[tuple[State, ...]] = get_args(State)
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class ShownBand:
    """From so much usage per block on, in Wh or litre; for each above, in units of account."""

    start: int
    rate: int


@dataclass(frozen=True, slots=True)
class ShownProposal:
    """What is asked, and how it stands. Of the fields those are there that the kind of action takes."""

    id: int
    kind: Kind
    name: str | None
    number: int | None
    who: str | None
    holds: bool | None
    utility: Literal["electricity", "water"] | None
    from_period: int | None
    charge: int | None
    bands: tuple[ShownBand, ...]
    until: int
    ready: int | None
    voted: int
    voters: int
    state: State


@dataclass(frozen=True, slots=True)
class Request:
    """A dwelling's choice, before it is answered. `repr` leaves it out."""

    number: int
    label: str
    proposal: int
    choice: Yes = field(repr=False)


async def put_proposal(tx: Transaction, of: ShownProposal) -> None:
    """A new one, or how it stands now."""
    await tx.run(
        "INSERT INTO proposal (id, kind, name, number, who, holds, utility, from_period, charge, until, ready, voted,"
        " voters, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
        " ready = excluded.ready, voted = excluded.voted, voters = excluded.voters, state = excluded.state",
        (
            of.id,
            of.kind,
            of.name,
            of.number,
            of.who,
            None if of.holds is None else int(of.holds),
            of.utility,
            of.from_period,
            of.charge,
            of.until,
            of.ready,
            of.voted,
            of.voters,
            of.state,
        ),
    )
    await tx.run_many(
        "INSERT INTO proposal_band (proposal, start, rate) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        [(of.id, band.start, band.rate) for band in of.bands],
    )


async def proposals(db: Database, limit: int) -> list[ShownProposal]:
    """Newest first."""
    rows: Any = await db.all(
        "SELECT id, kind, name, number, who, holds, utility, from_period, charge, until, ready, voted, voters, state"
        " FROM proposal ORDER BY id DESC LIMIT ?",
        (limit,),
    )
    return [await _proposal(db, row) for row in rows]


async def is_open(tx: Transaction, proposal: int) -> bool:
    return await tx.one("SELECT 1 FROM proposal WHERE id = ? AND state = 'open'", (proposal,)) is not None


async def request(tx: Transaction, dwelling_id: int, proposal: int, choice: Yes) -> None:
    """The dwelling's newest, under a number of its own; an earlier one for the same proposal is gone."""
    await tx.run(
        "INSERT OR REPLACE INTO choice (number, dwelling_id, proposal, choice)"
        " SELECT coalesce(max(number), 0) + 1, ?, ?, ? FROM choice",
        (dwelling_id, proposal, choice),
    )


async def waiting(db: Database) -> list[Request]:
    """In the order in which they came."""
    rows: Any = await db.all(
        "SELECT number, label, proposal, choice FROM choice JOIN dwelling d ON d.id = dwelling_id"
        " WHERE answer = 'waiting' ORDER BY number"
    )
    return [Request(*row) for row in rows]


async def answer(tx: Transaction, request: Request, words: Answer) -> None:
    """Once, and what was chosen is forgotten here. Nothing where the dwelling has chosen again since."""
    await tx.run(
        "UPDATE choice SET answer = ?, choice = NULL WHERE number = ? AND answer = 'waiting' AND proposal = ?"
        " AND choice = ? AND dwelling_id = (SELECT id FROM dwelling WHERE label = ?)",
        (words, request.number, request.proposal, request.choice, request.label),
    )


async def answers_of(db: Database, dwelling_id: int) -> dict[int, Answer]:
    """By proposal, what became of the dwelling's own newest choice."""
    rows: Any = await db.all("SELECT proposal, answer FROM choice WHERE dwelling_id = ?", (dwelling_id,))
    return dict(rows)


async def _proposal(db: Database, row: Sequence[Any]) -> ShownProposal:
    bands: Any = await db.all("SELECT start, rate FROM proposal_band WHERE proposal = ? ORDER BY start", (row[0],))
    values = [*row[:5], None if row[5] is None else bool(row[5]), *row[6:9], tuple(ShownBand(*b) for b in bands)]
    return ShownProposal(*values, *row[9:14])
