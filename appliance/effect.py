"""What the contracts keep of a call for a period or money: whether it took effect, and whether they wait for it."""

from __future__ import annotations

from functools import partial

from appliance import books, claims, contests, polls, sealed
from appliance.ask import ask
from appliance.beside import Beside
from appliance.call import USER_REGISTRY, Sender
from appliance.calls import billing, payment, registry
from appliance.calls import dispute as calls
from appliance.calls.billing import Candidate
from appliance.chain.clarity import UInt
from appliance.chain.node import Node
from appliance.delivery import State
from appliance.dispute import Act, Dispute, due, is_done
from appliance.period import Step, band_and_part, parts
from appliance.store import blocks, outbox, periods
from appliance.store.database import Database
from appliance.store.outbox import Call

_BEGUN_BY = books.FIRST_OF
_CREDITS = (Step.CREDIT, Step.FINISH_CREDIT)
_SETTLEMENTS = (Step.SETTLE, Step.FINISH_SETTLEMENT)


async def took_effect(db: Database, node: Node, sender: Sender, made: Call) -> bool:
    """Whether the contracts keep what this call was to bring about. NodeError."""
    if made.voting:
        return await polls.took_effect(db, node, sender, made)
    key = UInt(made.zone), UInt(made.number)
    match made.kind:
        case Beside.CLAIM:
            return await claims.is_over(node, sender, made)
        case Beside.CONTEST:
            return await contests.is_over(node, sender, made)
        case Beside.COMBINED:
            return await sealed.took_effect(db, node, sender, made)
        case Step.PAYOUT | Step.PROVE_PAYOUT | Step.RELEASE:
            account = await ask(node, sender, payment.read_account, "payment", "get-account", UInt(made.zone))
            return account is not None and account.version > await books.changes_before(db, made)
        case Step.CLOSE:
            closed = await ask(node, sender, registry.read_closed, "meter-data", "get-period-usage", *key)
            return closed is not None and await _is_ours(db, made, closed)
        case Step.BILLS | Step.BAND | Step.PROVE_BILLS:
            return await _bills_took_effect(db, node, sender, made)
        case Step.CREDIT | Step.FINISH_CREDIT:
            account = await ask(node, sender, payment.read_account, "payment", "get-account", UInt(made.zone))
            return account is not None and account.sequence > made.number
        case Step.SETTLE | Step.FINISH_SETTLEMENT:
            account = await ask(node, sender, payment.read_account, "payment", "get-account", UInt(made.zone))
            return account is not None and account.settled > made.number
        case Act.ANSWER | Act.DRAW | Act.EXPIRE | Act.CLOSE as act:
            found = await _dispute(node, sender, made)
            return found is not None and is_done(Act(act), made.part, found)
    return False


async def is_awaited(db: Database, node: Node, sender: Sender, made: Call) -> bool:
    """Whether the contracts wait for exactly this call: all before it took effect, and it did not. NodeError.

    What would begin something anew that has been gone on with, as calculate-bills after prove-band, is not awaited.
    """
    if made.voting:
        return await polls.is_awaited(db, node, sender, made)
    if made.kind == Beside.CLAIM:
        return not await claims.is_over(node, sender, made)
    if made.kind == Beside.CONTEST:
        return not await contests.is_over(node, sender, made)
    if made.kind == Beside.COMBINED:
        return not await sealed.took_effect(db, node, sender, made)
    if made.aside:
        found = await _dispute(node, sender, made)
        due_now = None if found is None else due(found, (await node.tip()).burn_height)
        return found is not None and due_now == made.kind and (due_now is Act.ANSWER or found.draws == made.part)
    if not await _all_before(db, made):
        return False
    key = UInt(made.zone), UInt(made.number)
    if made.kind == Step.CLOSE:
        open_period = await ask(node, sender, registry.read_number, USER_REGISTRY, "get-open-period", UInt(made.zone))
        return open_period == made.number
    if made.kind in (Step.BILLS, Step.BAND, Step.PROVE_BILLS):
        return await _bills_awaited(db, node, sender, made)
    account = await ask(node, sender, payment.read_account, "payment", "get-account", UInt(made.zone))
    if made.kind in (Step.PAYOUT, Step.PROVE_PAYOUT, Step.RELEASE):
        paused = await ask(node, sender, registry.read_truth, USER_REGISTRY, "is-paused")
        return account is not None and account.version == await books.changes_before(db, made) and not paused
    if made.kind in _CREDITS:
        paused = await ask(node, sender, registry.read_truth, USER_REGISTRY, "is-paused")
        return account is not None and account.sequence == made.number and not paused
    if made.kind in _SETTLEMENTS:
        bills = await ask(node, sender, billing.read_bills, "billing", "get-bills", *key)
        return account is not None and account.settled == made.number and bills is not None
    return False


async def _dispute(node: Node, sender: Sender, made: Call) -> Dispute | None:
    read = partial(calls.read_dispute, made.number)
    return await ask(node, sender, read, calls.DISPUTES, "get-dispute", UInt(made.number))


async def _all_before(db: Database, made: Call) -> bool:
    """Whether every earlier call of the zone was read back, or is in a block where only this one completes it.

    Metering does not wait for money.
    """
    begun_by = next((begun for finish, begun in _BEGUN_BY.items() if finish == made.kind), None)
    for earlier in await outbox.not_on_chain(db, made.zone, made.id):
        if made.metering and not earlier.metering:
            continue
        if earlier.kind not in (begun_by, made.kind) or begun_by is None or earlier.number != made.number:
            return False
        begun = await outbox.of_call(db, earlier.kind, earlier.zone, earlier.number, earlier.part)
        if begun is None or begun.delivery.state not in (State.INCLUDED, State.FINAL):
            return False
    return True


async def _is_ours(db: Database, made: Call, closed: registry.ClosedPeriod) -> bool:
    """Whether the period was closed with our batches, all of them and no more."""
    of = await periods.get(db, made.zone, made.number)
    running = await blocks.running_before(db, made.zone, of.last_block + 1, of.period)
    return (closed.usage, closed.blocks) == (running, of.blocks)


async def _bills_took_effect(db: Database, node: Node, sender: Sender, made: Call) -> bool:
    own = await _own_bills(db, made)
    key = UInt(made.zone), UInt(made.number)
    final = await ask(node, sender, billing.read_bills, "billing", "get-bills", *key)
    if final is not None and final.bills == own:
        async with db.transaction() as tx:
            await periods.set_due(tx, made.zone, made.number, final.due)
        return True
    candidate = await ask(node, sender, billing.read_candidate, "billing", "get-candidate", UInt(made.zone))
    if candidate is None or candidate.bills != own or made.kind == Step.PROVE_BILLS:
        return False
    return made.kind == Step.BILLS or _is_proved(candidate, made)


async def _bills_awaited(db: Database, node: Node, sender: Sender, made: Call) -> bool:
    own = await _own_bills(db, made)
    due = await ask(node, sender, registry.read_number, "billing", "get-next-period", UInt(made.zone))
    if due != made.number:
        return False
    candidate = await ask(node, sender, billing.read_candidate, "billing", "get-candidate", UInt(made.zone))
    ours = candidate is not None and candidate.bills == own
    if made.kind == Step.BILLS or candidate is None or not ours:
        return made.kind == Step.BILLS and not ours
    return made.kind == Step.PROVE_BILLS or not _is_proved(candidate, made)


async def _own_bills(db: Database, made: Call) -> tuple[bytes, ...]:
    return tuple(bill.commitment for bill in await periods.bills_of(db, made.zone, made.number))


def _is_proved(candidate: Candidate, made: Call) -> bool:
    band, part = band_and_part(made.part, len(candidate.bills))
    return bool(candidate.proved >> (band * parts(len(candidate.bills)) + part) & 1)
