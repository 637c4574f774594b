"""6: proposals -> what dwellings choose, ballots before the close, tallies after it, and what was decided done.

Ballots of every zone are cast twice before each close, at heights that depend on nobody's choice, with blindings of
their own: nobody sees who voted, or changed a vote, or when.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from appliance import ballot, ballot_proof
from appliance.ask import ask
from appliance.ballot import Choice, Vote
from appliance.call import USER_REGISTRY, Sender
from appliance.calls import registry
from appliance.calls import voting as calls
from appliance.calls.metering import Crowd
from appliance.calls.voting import Ballots, Cast, Proposal
from appliance.chain.address import Contract
from appliance.chain.clarity import Ascii, ResponseOk, UInt, Value
from appliance.chain.node import Node
from appliance.chain.payload import ContractCall
from appliance.config import ZoneConfig
from appliance.keys import Randomness
from appliance.position import Place
from appliance.proof import ENTROPY_BYTES, ProofError
from appliance.sealed import groups
from appliance.store import outbox, polls, secrets, votes
from appliance.store.database import Database
from appliance.store.outbox import Call
from appliance.store.polls import VectorSlot
from appliance.store.votes import State
from appliance.worker import Keys, Prover
from circuits.ballot import Ballot

log = logging.getLogger("mita.polls")

CAST_BEFORE: Final = (432, 144)  # burn blocks before the close, at which ballots are cast: three days, and one
TAKEN_UNTIL: Final = CAST_BEFORE[-1]  # burn blocks before it, choices are no longer taken
TALLY_TIME: Final = 432  # as in the contract: after the close, for tallies
EXECUTION_TIME: Final = 4320  # likewise: from `ready` on, and for an assembly's vote


@dataclass(frozen=True, slots=True)
class Standing:
    """How things stood when the chain was last asked: proposals on which dwellings may choose, and who they are.

    Who votes was asked in these open periods of the zones, and changes only with them.
    """

    open: frozenset[int] = frozenset()
    voters: frozenset[str] = frozenset()
    periods: tuple[int, ...] = ()


NOTHING: Final = Standing()


async def look(
    db: Database, node: Node, sender: Sender, zones: Sequence[ZoneConfig], before: Standing = NOTHING
) -> Standing:
    """Takes down how every proposal stands, and who may choose. NodeError."""
    active = await ask(node, sender, registry.read_active, USER_REGISTRY, "get-active-contract", Ascii("governance"))
    if active is None:
        return NOTHING
    height = (await node.tip()).burn_height
    known = {of.id: of for of in await polls.proposals(db)}
    count = await ask(node, sender, registry.read_number, calls.GOVERNANCE, "get-proposal-count")
    contract = Contract(sender.deployer, calls.GOVERNANCE)
    for number in range(1, count + 1):
        if number in known and known[number].over:
            continue
        answer = await node.call_read(contract, "get-proposal", (UInt(number),), sender.address)
        found = await ask(node, sender, calls.read_proposal, calls.GOVERNANCE, "get-proposal", UInt(number))
        if found is None or calls.read_proposal(answer) != found:
            continue  # a reorganisation, or it changed in between
        carried = found.ready > 0 and await _is_carried(node, sender, number)
        state, over = standing_of(found, height, carried=carried)
        async with db.transaction() as tx:
            await polls.put_proposal(tx, number, answer, state, over=over)
    asked = frozenset(of.id for of in await polls.proposals(db) if of.state == "open")
    if not asked:
        return NOTHING
    open_period = partial(ask, node, sender, registry.read_number, USER_REGISTRY, "get-open-period")
    periods = tuple([await open_period(UInt(zone.zone)) for zone in zones])
    if before.periods == periods:
        return replace(before, open=asked)
    voters = {
        zone.dwellings[slot]
        for zone in zones
        for slot, votes_here in enumerate(await voters_of(node, sender, zone))
        if votes_here and slot in zone.dwellings
    }
    return Standing(asked, frozenset(voters), periods)


def standing_of(of: Proposal, height: int, *, carried: bool) -> tuple[State, bool]:
    """In a word, and whether nothing changes any more. `carried`: the contract finds the result to be in favour."""
    last = (of.ready if of.ready and carried else of.closes) + EXECUTION_TIME
    if of.executed:
        return "done", True
    if height < of.closes - TAKEN_UNTIL:
        return "open", False
    if height >= last:
        return ("refused" if of.ready and not carried else "lapsed"), True
    if of.ready and carried and (of.assembly or height >= of.closes):
        return "passed", False
    if of.ready and height >= of.closes + TALLY_TIME:
        return "refused", False
    return "closed", False


async def take_choices(db: Database, shown: Database, standing: Standing) -> None:
    """Answers every request that waits; a choice is kept before it is answered, so that none is lost."""
    for request in await votes.waiting(shown):
        answer: votes.Answer = "taken"
        if request.proposal not in standing.open:
            if not await _is_late(db, request.proposal):
                continue  # nobody could say yet
            answer = "late"
        elif request.label not in standing.voters:
            answer = "no_vote"
        else:
            async with db.transaction() as tx:
                await polls.put_choice(tx, request.proposal, request.label, Choice(request.choice))
        async with shown.transaction() as tx:
            await votes.answer(tx, request, answer)


async def plan_due(
    db: Database, node: Node, prover: Prover, sender: Sender, zones: Sequence[ZoneConfig], keys: Keys, buried: int
) -> None:
    """Plans ballots, tallies and executions that are due. `buried` Bitcoin blocks make a block final. NodeError."""
    live = [of for of in await polls.proposals(db) if not of.over]
    if not live:
        return
    height = (await node.tip()).burn_height
    for of in live:
        if height < of.kept.closes:
            await _plan_casts(db, node, prover, sender, zones, of.id, height - of.kept.closes, keys)
        elif of.kept.closes + buried <= height < of.kept.closes + TALLY_TIME and not of.kept.assembly:
            await _plan_tallies(db, node, sender, zones, of.id)
        if of.state == "passed" and height >= of.kept.ready:
            async with db.transaction() as tx:
                await outbox.put_call(tx, Vote.EXECUTE, zones[0].zone, of.id)


async def _plan_casts(
    db: Database,
    node: Node,
    prover: Prover,
    sender: Sender,
    zones: Sequence[ZoneConfig],
    proposal: int,
    until_close: int,
    keys: Keys,
) -> None:
    """In zones whose sums can be opened, alone or with others of these. `until_close` is negative: so many burn blocks
    before the close."""
    revision = sum(until_close >= -before for before in CAST_BEFORE) - 1
    last = {zone.zone: await polls.last_revision(db, proposal, zone.zone) for zone in zones}
    behind = [zone for zone in zones if (-1 if (made := last[zone.zone]) is None else made) < revision]
    if not behind:
        return
    voters: dict[int, tuple[bool, ...]] = {}
    for zone in zones:
        cast = await _cast(node, sender, proposal, zone.zone)
        voters[zone.zone] = await voters_of(node, sender, zone) if cast is None else cast.voters
    counted = {zone for group in await _groups(node, sender, voters) for zone in group}
    for zone in behind:
        if zone.zone in counted:
            await _plan_cast(db, prover, zone, proposal, revision, voters[zone.zone], keys)


async def _plan_cast(
    db: Database,
    prover: Prover,
    zone: ZoneConfig,
    proposal: int,
    revision: int,
    voters: Sequence[bool],
    keys: Keys,
) -> None:
    chosen = await polls.choices(db, proposal)
    slots = [
        VectorSlot(
            slot,
            secrets.holder(zone, slot),
            voters[slot],
            chosen.get(zone.dwellings[slot]) if voters[slot] and slot in zone.dwellings else None,
        )
        for slot in range(zone.slots)
    ]
    yes, no = await prover.run(ballot_proof.points, _ballots(zone.zone, proposal, revision, slots, keys))
    mark = Ballots(proposal, zone.zone, yes, no).mark
    async with db.transaction() as tx:
        await polls.put_vector(tx, proposal, zone.zone, revision, mark, slots)
        await outbox.put_call(tx, Vote.CAST, zone.zone, proposal, revision)
    log.info("zone %d: ballots on proposal %d are cast", zone.zone, proposal)


async def _plan_tallies(db: Database, node: Node, sender: Sender, zones: Sequence[ZoneConfig], proposal: int) -> None:
    """Who is counted with whom follows from the vectors that the contract kept, tallied or not: it stays the same."""
    casts: dict[int, Cast] = {}
    revisions: dict[int, int] = {}
    for zone in [of.zone for of in zones]:
        if await polls.last_revision(db, proposal, zone) is None:
            continue
        cast = await _cast(node, sender, proposal, zone)
        if cast is None:
            continue
        revision = await polls.revision_of(db, proposal, zone, cast.ballots.mark)
        if revision is None:
            log.error("zone %d: the ballots on chain for proposal %d are not this box's", zone, proposal)
            continue
        casts[zone], revisions[zone] = cast, revision
    for group in await _groups(node, sender, {zone: cast.voters for zone, cast in casts.items()}):
        if any(casts[zone].tallied for zone in group):
            continue
        async with db.transaction() as tx:
            for zone in group:
                voters = dict(enumerate(casts[zone].voters))
                await polls.count(tx, proposal, zone, revisions[zone], voters, group[0])
            await outbox.put_call(tx, Vote.TALLY if len(group) == 1 else Vote.TOGETHER, group[0], proposal)


async def _groups(node: Node, sender: Sender, voters: Mapping[int, Sequence[bool]]) -> list[list[int]]:
    """Zones whose ballots are opened in one sum, most of them alone; those that remain are too few. NodeError."""
    k_min = partial(ask, node, sender, registry.read_number, USER_REGISTRY, "get-k-min")
    return groups({zone: Crowd(sum(who), await k_min(UInt(zone))) for zone, who in voters.items() if any(who)})


async def prepare_due(db: Database, prover: Prover, sender: Sender, keys: Keys, randomness: Randomness) -> None:
    """Proves and prepares every call for a vote that has no payload for this sender."""
    for call in await outbox.unprepared(db, sender.mark):
        if call.voting:
            payload = await _prepared(db, prover, sender, call, keys, randomness)
            async with db.transaction() as tx:
                await outbox.prepare(tx, call.id, sender.mark, payload)


async def _prepared(
    db: Database, prover: Prover, sender: Sender, call: Call, keys: Keys, randomness: Randomness
) -> ContractCall:
    """ProofError for a damaged store."""
    if call.kind == Vote.EXECUTE:
        return calls.execute(sender, call.number)
    if call.kind == Vote.TOGETHER:
        zones = await polls.together(db, call.number, call.zone)
        counted = [await _counted(db, call.number, zone, keys) for zone in zones]
        return calls.tally_together(sender, call.number, zones, await prover.run(ballot_proof.tally_together, counted))
    if call.kind == Vote.TALLY:
        ballots, voters = await _counted(db, call.number, call.zone, keys)
        return calls.tally(sender, call.number, call.zone, await prover.run(ballot_proof.tally, ballots, voters))
    slots = await polls.vector(db, call.number, call.zone, call.part)
    ballots = _ballots(call.zone, call.number, call.part, slots, keys)
    yes, no = await prover.run(ballot_proof.points, ballots)
    of = Ballots(call.number, call.zone, yes, no)
    if await polls.revision_of(db, call.number, call.zone, of.mark) != call.part:
        raise ProofError(f"{call}: ballots do not open with the stored keys")
    context, entropy = calls.ballots_context(sender, of), randomness(ENTROPY_BYTES)
    proved = await prover.run(ballot_proof.prove, ballots, context, entropy)
    return calls.cast_ballots(sender, of, proved.hints, proved.proof)


async def took_effect(db: Database, node: Node, sender: Sender, made: Call) -> bool:
    """Whether the contract keeps what a call for a vote was to bring about, or what came after it. NodeError."""
    if made.kind == Vote.EXECUTE:
        found = await ask(node, sender, calls.read_proposal, calls.GOVERNANCE, "get-proposal", UInt(made.number))
        return found is not None and found.executed
    cast = await _cast(node, sender, made.number, made.zone)
    if cast is None or made.kind != Vote.CAST:
        return cast is not None and cast.tallied
    kept = await polls.revision_of(db, made.number, made.zone, cast.ballots.mark)
    return kept is not None and kept >= made.part


async def is_awaited(db: Database, node: Node, sender: Sender, made: Call) -> bool:
    """Whether the contract would still take a call for a vote that is not there yet. NodeError."""
    found = await ask(node, sender, calls.read_proposal, calls.GOVERNANCE, "get-proposal", UInt(made.number))
    if found is None or await took_effect(db, node, sender, made):
        return False
    height = (await node.tip()).burn_height
    match made.kind:
        case Vote.CAST:
            return height < found.closes
        case Vote.TALLY | Vote.TOGETHER:
            return found.closes <= height < found.closes + TALLY_TIME
    return found.ready > 0 and found.ready <= height < found.ready + EXECUTION_TIME


async def _counted(db: Database, proposal: int, zone: int, keys: Keys) -> tuple[list[Ballot], list[bool]]:
    """A zone's ballots that are counted, and by slot whether they are."""
    revision = await polls.counted(db, proposal, zone)
    slots = await polls.vector(db, proposal, zone, revision)
    return _ballots(zone, proposal, revision, slots, keys), [slot.votes for slot in slots]


def _ballots(zone: int, proposal: int, revision: int, slots: Sequence[VectorSlot], keys: Keys) -> list[Ballot]:
    places = [Place(zone, slot.slot, True, keys[slot.holder]) for slot in slots]
    chosen: Mapping[int, Choice] = {slot.slot: slot.choice for slot in slots if slot.choice is not None}
    return ballot.vector(places, [True] * len(slots), chosen, proposal, revision)


async def _is_late(db: Database, proposal: int) -> bool:
    return any(of.id == proposal and of.state != "open" for of in await polls.proposals(db))


async def _is_carried(node: Node, sender: Sender, proposal: int) -> bool:
    def read(value: Value) -> bool:
        return isinstance(value, ResponseOk)

    return await ask(node, sender, read, calls.GOVERNANCE, "check-result", UInt(proposal))


async def voters_of(node: Node, sender: Sender, zone: ZoneConfig) -> tuple[bool, ...]:
    """By slot, whether its dwelling votes here."""
    read = partial(registry.read_voters, zone.slots)
    return await ask(node, sender, read, USER_REGISTRY, "get-voters", UInt(zone.zone))


async def _cast(node: Node, sender: Sender, proposal: int, zone: int) -> Cast | None:
    read = partial(calls.read_cast, proposal, zone)
    return await ask(node, sender, read, calls.GOVERNANCE, "get-ballots", UInt(proposal), UInt(zone))
