"""9: signs what is due and drives every delivery to its end over one node (task). Decides nothing: see `delivery`."""

from __future__ import annotations

import logging
from collections.abc import Container
from dataclasses import dataclass, replace
from typing import Final

from appliance import call, delivery
from appliance.call import Sender
from appliance.calls.errors import error_name
from appliance.chain.address import Address, Contract, Network
from appliance.chain.clarity import UInt
from appliance.chain.node import Accepted, Action, Node, NodeError, Rejected, TransactionState, TransactionStatus
from appliance.chain.payload import ContractCall, payload_bytes
from appliance.chain.transaction import PrivateKey, Transaction, deserialize
from appliance.clock import Clock
from appliance.delivery import Delivery, Event, Policy, State
from appliance.effect import is_awaited
from appliance.store import outbox, proofs
from appliance.store.database import Database
from appliance.store.outbox import Call, Signed, Submission

log = logging.getLogger("mita.deliver")

EARLY: Final = "abort_by_response: ERR_GAP"  # a batch before it had lost its nonce
SOON: Final = "abort_by_response: ERR_EARLY"  # by the chain's clock its last block is not over yet
HELD: Final = "abort_by_response: ERR_SELF_PROVED"  # for a while, by what a dwelling proved of its own slot
PAUSED: Final = "abort_by_response: ERR_PAUSED"  # money waits, for days at most
_LATER: Final = (delivery.NONCE_LOST, delivery.MADE_AGAIN, EARLY, SOON, HELD, PAUSED)
OPENED: Final = "abort_by_response: ERR_K_MIN"  # something was shown since it was prepared, so no sum is opened
SEALED: Final = "abort_by_response: ERR_MAY_OPEN"  # or the other way round
_OTHERWISE: Final = (OPENED, SEALED)  # prepared in the other form by then


@dataclass(frozen=True, slots=True)
class Lane:
    """One key whose transactions are in nonce order, and where its contracts live."""

    key: PrivateKey
    network: Network
    deployer: Address

    @property
    def address(self) -> Address:
        return self.key.address(self.network)

    @property
    def sender(self) -> Sender:
        return Sender(self.network, self.deployer, self.address)

    def sign(self, payload: ContractCall, nonce: int, fee: int) -> Signed:
        transaction = Transaction.unsigned(
            payload, network=self.network, public_key=self.key.public_key, nonce=nonce, fee=fee
        ).sign_origin(self.key)
        raw = transaction.serialize()
        return Signed(bytes.fromhex(transaction.txid()), fee, raw)


async def sign_due(db: Database, node: Node, lane: Lane, clock: Clock, policy: Policy, ready: Container[int]) -> None:
    """Signs and stores a transaction for every call without one, of zones that are `ready`, once it is proved.

    NodeError while the first nonce or the fee is unknown.
    """
    stopped: set[int] = set()  # a later call of the same zone must not take an earlier nonce
    owing: set[int] = set()  # but metering does not wait for money
    for made in await outbox.unsigned(db):
        waits = made.zone in stopped or (made.zone in owing and not made.metering)
        if made.zone not in ready or (waits and not made.aside):
            continue
        payload = await _payload(db, lane, made)
        if payload is None:
            if not made.aside:
                (stopped if made.metering else owing).add(made.zone)
            continue
        nonce = await outbox.next_nonce(db, str(lane.address))
        if nonce is None:
            nonce = (await node.account(lane.address)).nonce
        signed = await _sign(node, lane, policy, payload, nonce)
        async with db.transaction() as tx:
            await outbox.put(tx, made.id, str(lane.address), nonce, delivery.queued(clock.now()), signed)
        log.info("%s signed, transaction %s", made, signed.txid.hex())


async def take_up_due(
    db: Database, node: Node, lane: Lane, clock: Clock, policy: Policy, ready: Container[int]
) -> None:
    """Gives a fresh nonce to submissions that lost theirs, came too early, were held back or opened a sum that they may
    not (or must), if the chain waits for it.

    Too early came what follows a call that had lost its nonce. The contracts take each call once, so an older version
    that turns up after all does no harm; one that had turned up before, unseen, is followed again.
    """
    for submission in await outbox.rejected(db):
        reason = submission.delivery.reason
        lost = reason in _LATER or await outbox.overtook(db, submission)
        lost = lost or (reason in _OTHERWISE and not submission.call.aside)
        early = clock.now() - submission.delivery.since < delivery.PATIENCE
        if not lost or early or submission.call.zone not in ready:
            continue
        found = await _look_up(node, submission, first=False)
        if isinstance(found, delivery.Executed) and found.ok and reason != delivery.MADE_AGAIN:
            seen = replace(submission.delivery, state=State.SENT, since=clock.now(), next_at=clock.now())
            async with db.transaction() as tx:
                await outbox.save(tx, submission.id, seen)
            continue
        payload = await _payload(db, lane, submission.call)
        if payload is None or not await _awaited(db, node, lane, submission):
            continue
        on_chain = (await node.account(lane.address)).nonce
        nonce = max(on_chain, await outbox.next_nonce(db, str(lane.address)) or 0)
        signed = await _sign(node, lane, policy, payload, nonce)
        async with db.transaction() as tx:
            await outbox.renew(tx, submission.id, nonce, delivery.queued(clock.now()), signed)
        log.warning("%s is taken up again", submission.call)


async def _awaited(db: Database, node: Node, lane: Lane, submission: Submission) -> bool:
    """Whether the contracts wait for this call, and no dwelling's own proof holds it back any more."""
    if submission.call.kind != outbox.BATCH:
        return await is_awaited(db, node, lane.sender, submission.call)
    meter_data, zone = Contract(lane.deployer, call.METER_DATA), UInt(submission.call.zone)
    batch = zone, UInt(submission.call.number)
    try:
        state = await node.call_read(meter_data, "get-zone-state", (zone,), lane.address)
        if call.read_next_block(state) != submission.call.number:
            return False
        if submission.delivery.reason != HELD:
            return True
        held = call.read_holds_until(await node.call_read(meter_data, "get-self-proofs", batch, lane.address))
    except TypeError as error:
        raise NodeError(f"meter-data answers in an unknown form: {error}", permanent=True) from error
    return (await node.tip()).burn_height >= held


async def _sign(node: Node, lane: Lane, policy: Policy, payload: ContractCall, nonce: int) -> Signed:
    length = len(lane.sign(payload, nonce, 0).raw)
    fee = min(await node.fee(payload_bytes(payload), length), policy.max_fee)
    return lane.sign(payload, nonce, fee)


async def deliver_due(db: Database, node: Node, lane: Lane, clock: Clock, policy: Policy) -> None:
    """Takes every submission that is due one step further."""
    lowest = await outbox.lowest_nonce(db)
    for submission in await outbox.due(db, clock.now()):
        payload = await _payload(db, lane, submission.call)
        if submission.delivery.state is State.QUEUED:
            if payload is None:
                continue  # the configuration changed, or an older version signed it: soon there is a proof
            submission = await _as_configured(db, lane, submission, payload)
        event = await _event(node, submission, first=submission.nonce == lowest)
        after, actions = delivery.step(submission.delivery, event, clock.now(), policy)
        fresh: list[Signed] = []
        for action in actions:
            match action:
                case delivery.SignAgain(fee) if payload is not None:
                    fresh.append(lane.sign(payload, submission.nonce, fee))
                case delivery.SignAgain():
                    pass  # it stays as it was signed; should it have to be sent anew, it waits for its proof
                case delivery.Alert(message):
                    log.error("%s: %s", submission.call, message)
        async with db.transaction() as tx:
            for signed in fresh:
                await outbox.add_version(tx, submission.id, signed)
            await outbox.save(tx, submission.id, after)
            if after.state in (State.QUEUED, State.SENT, State.REJECTED):
                await outbox.forget_on_chain(tx, submission.call.id)
        _tell(submission, after)


async def _as_configured(db: Database, lane: Lane, submission: Submission, payload: ContractCall) -> Submission:
    """Signed anew where the configuration (deployer, network) is no longer what the stored bytes were made for."""
    last = submission.versions[-1]
    if lane.sign(payload, submission.nonce, last.fee).raw == last.raw:
        return submission
    signed = lane.sign(payload, submission.nonce, last.fee)
    async with db.transaction() as tx:
        await outbox.add_version(tx, submission.id, signed)
    return replace(submission, versions=(*submission.versions, signed))


def _tell(submission: Submission, after: Delivery) -> None:
    if after.state is not submission.delivery.state:
        where = "" if after.height is None else f" at height {after.height}"
        log.info("%s is %s%s", submission.call, after.state.value, where)
    elif after.reason and after.failures == 1:
        log.warning("%s waits: %s", submission.call, after.reason)


async def _payload(db: Database, lane: Lane, made: Call) -> ContractCall | None:
    """None until the call is proved for what the contract of this lane will compute."""
    if made.kind != outbox.BATCH:
        return await outbox.prepared(db, made.id, lane.sender.mark)
    batch = await proofs.for_chain(db, made.zone, made.number)
    proof = await proofs.of_batch(db, made.zone, made.number, call.usage_batch_context(lane.sender, batch))
    return None if proof is None else call.submit_usage_batch(lane.sender, batch, proof)


async def _event(node: Node, submission: Submission, *, first: bool) -> Event:
    """Asks or tells the node what the state calls for."""
    try:
        if submission.delivery.state is State.QUEUED:
            newest = submission.versions[-1]
            return _of_submit(await node.submit(newest.raw), newest.fee)
        return await _look_up(node, submission, first=first)
    except NodeError as error:
        return delivery.TryLater(str(error))


def _of_submit(answer: Accepted | Rejected, offered: int) -> Event:
    if isinstance(answer, Accepted):
        return delivery.Taken()
    match answer.action:
        case Action.FEE_TOO_LOW:
            needed = answer.data.get("expected")
            return delivery.FeeTooLow(needed, offered) if isinstance(needed, int) else delivery.TryLater(answer.reason)
        case Action.NONCE_STALE | Action.NONCE_CONFLICT:
            return delivery.NonceUsed(answer.reason)
        case Action.PERMANENT:
            return delivery.Refused(f"{answer.reason}: {answer.message}")
        case _:
            return delivery.TryLater(answer.reason)


async def _look_up(node: Node, submission: Submission, *, first: bool) -> Event:
    """Of the versions with one nonce at most one can be mined; a refusal of an earlier nonce's version is past, and so
    is whatever became of one that was to do something else."""
    waiting, refused = False, None
    for version in _of_now(submission):
        status = await node.transaction(version.txid.hex())
        if status is None or status.state.dropped:
            continue
        if not (status.state.mined and status.canonical):
            waiting = True
        elif status.state is TransactionState.SUCCESS:
            return await _executed(node, submission, version, status)
        elif deserialize(version.raw).origin.nonce == submission.nonce:
            refused = version, status
    if waiting:
        return delivery.Pending(max(version.fee for version in submission.versions), first)
    if refused is not None:
        return await _executed(node, submission, *refused)
    account = await node.account(Address.from_c32(submission.address))
    return delivery.Unknown(nonce_passed=account.nonce > submission.nonce)


def _of_now(submission: Submission) -> list[Signed]:
    """The versions of what the call is now; under another nonce it may have been something else, see `mend`."""
    newest = submission.versions[-1]
    if len(submission.versions) == 1:
        return [newest]
    content = deserialize(newest.raw).payload
    read = [(version, deserialize(version.raw)) for version in submission.versions]
    return [version for version, tx in read if tx.origin.nonce == submission.nonce or tx.payload == content]


async def _executed(node: Node, submission: Submission, version: Signed, status: TransactionStatus) -> Event:
    if status.block_height is None or status.burn_height is None:
        return delivery.TryLater("the node does not say in which block the transaction is")
    tip = await node.tip()
    ok = status.state is TransactionState.SUCCESS
    return delivery.Executed(
        ok=ok,
        read_back=submission.on_chain,
        reason="" if ok else f"{status.state.value}: {error_name(status.result)}",
        txid=version.txid,
        height=status.block_height,
        burn_height=status.burn_height,
        burn_tip=tip.burn_height,
    )
