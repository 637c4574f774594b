"""8: the life of one signed transaction: queued, sent, included, final, or rejected. Pure state machine.

A crash between any two steps only repeats a question or sends the same bytes again, which a node answers like the first
time; the nonce makes a second execution impossible. A nonce that no block has used is never given up: a gap would hold
back everything behind it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

FIRST_DELAY: Final = 2  # seconds of back-off after a failure, doubled by each further one
MAX_DELAY: Final = 900
PATIENCE: Final = 3600  # a node's index may lag so long behind its table of accounts
READ_BACK_POLLS: Final = 5  # pauses in which the contract was surely asked what it keeps
DEARER_AFTER: Final = 7200  # a transaction that waits so long in mempools is sent again, the first of all for more
UNSEEN: Final = "a node says it was executed, but the contract does not keep it"
MADE_AGAIN: Final = "the contract refused it, and it was made again as it can be"
NONCE_LOST: Final = "another transaction used this nonce: is the gateway's key in use elsewhere?"


class State(StrEnum):
    QUEUED = "queued"  # signed and stored; no node is known to have it
    SENT = "sent"  # a node took it into its mempool
    INCLUDED = "included"  # executed in a block that a Bitcoin reorganisation could still undo
    FINAL = "final"
    REJECTED = "rejected"  # did not take effect; a person must look, unless the chain still waits for it


@dataclass(frozen=True, slots=True)
class Policy:
    """`final_burn_blocks` on top make a transaction final; `poll` is the pause between two questions, in seconds."""

    final_burn_blocks: int
    poll: int
    max_fee: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """Where a submission stands. `since` and `next_at` in UTC seconds; heights once included.

    `lost_since` is when it was first unknown although its nonce had passed.
    """

    state: State
    since: int
    next_at: int
    failures: int = 0
    reason: str = ""
    height: int | None = None
    burn_height: int | None = None
    txid: bytes | None = None
    lost_since: int | None = None


# events


@dataclass(frozen=True, slots=True)
class Taken:
    """A node accepted the bytes, or already had them."""


@dataclass(frozen=True, slots=True)
class TryLater:
    """The link is down, or the node cannot take it now."""

    reason: str


@dataclass(frozen=True, slots=True)
class FeeTooLow:
    """The node wants at least `needed` micro-STX; it was offered `offered`."""

    needed: int
    offered: int


@dataclass(frozen=True, slots=True)
class NonceUsed:
    """The nonce is taken, by an earlier sending of ours or by a stranger with our key: the chain must be asked."""

    reason: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The node will never take these bytes; with another configuration it may take others with the same nonce."""

    reason: str


@dataclass(frozen=True, slots=True)
class Pending:
    """In a mempool; the dearest version offers `fee` micro-STX. `first`: nothing of ours with a lower nonce waits."""

    fee: int
    first: bool


@dataclass(frozen=True, slots=True)
class Unknown:
    """No node knows any of the signed versions. `nonce_passed`: the account has used a higher nonce already."""

    nonce_passed: bool


@dataclass(frozen=True, slots=True)
class Executed:
    """In a block. `ok` false: the contract refused it and nothing but the fee changed.

    `read_back`: the contract itself was asked, and keeps what was sent; a node's word alone makes nothing final.
    """

    ok: bool
    read_back: bool
    reason: str
    txid: bytes
    height: int
    burn_height: int
    burn_tip: int


Event = Taken | TryLater | FeeTooLow | NonceUsed | Refused | Pending | Unknown | Executed


# actions


@dataclass(frozen=True, slots=True)
class SignAgain:
    """Sign the same call and nonce with this fee, store it, then go on."""

    fee: int


@dataclass(frozen=True, slots=True)
class Alert:
    """A person must look; nothing is retried."""

    message: str


Action = SignAgain | Alert
Step = tuple[Delivery, tuple[Action, ...]]


def queued(now: int) -> Delivery:
    """A submission that has just been signed and stored."""
    return Delivery(State.QUEUED, since=now, next_at=now)


def step(delivery: Delivery, event: Event, now: int, policy: Policy) -> Step:
    """What an event makes of a delivery. An event that a state does not expect leaves it as it is, to ask again."""
    decide = _TABLE.get((delivery.state, type(event)))
    if decide is None:
        return replace(delivery, next_at=now + policy.poll), ()
    return decide(delivery, event, now, policy)


def _enter(delivery: Delivery, state: State, now: int, next_at: int, reason: str = "") -> Delivery:
    since = delivery.since if state is delivery.state else now
    return replace(delivery, state=state, since=since, next_at=next_at, failures=0, reason=reason, lost_since=None)


def _sent(delivery: Delivery, _event: Event, now: int, policy: Policy) -> Step:
    gone_back = replace(delivery, height=None, burn_height=None, txid=None)
    return _enter(gone_back, State.SENT, now, now + policy.poll), ()


def _waiting(delivery: Delivery, event: Event, now: int, policy: Policy) -> Step:
    assert isinstance(event, Pending)
    fee = min(event.fee + event.fee // 4 + 1, policy.max_fee)
    if now - delivery.since < DEARER_AFTER:
        return _enter(delivery, State.SENT, now, now + policy.poll), ()
    dearer = (SignAgain(fee),) if event.first and fee > event.fee else ()
    return _enter(delivery, State.QUEUED, now, now), dearer  # miners may have forgotten it, so it is sent again


def _back_off(delivery: Delivery, event: Event, now: int, _policy: Policy) -> Step:
    reason = event.reason if isinstance(event, TryLater) else ""
    delay = min(FIRST_DELAY << min(delivery.failures, 16), MAX_DELAY)
    return replace(delivery, next_at=now + delay, failures=delivery.failures + 1, reason=reason), ()


def _fee(delivery: Delivery, event: Event, now: int, policy: Policy) -> Step:
    assert isinstance(event, FeeTooLow)
    if event.needed <= event.offered:
        return _back_off(delivery, TryLater("the node finds a fee too low that it asked for itself"), now, policy)
    if event.needed > policy.max_fee:
        reason = f"the network asks {event.needed} micro-STX, more than max_fee {policy.max_fee}"
        later, _ = _back_off(delivery, TryLater(reason), now, policy)
        return later, (Alert(reason),)
    return replace(delivery, next_at=now + policy.poll), (SignAgain(event.needed),)


def _ask_chain(delivery: Delivery, event: Event, now: int, _policy: Policy) -> Step:
    assert isinstance(event, NonceUsed)
    return _enter(delivery, State.SENT, now, now, event.reason), ()


def _refused(delivery: Delivery, event: Event, now: int, _policy: Policy) -> Step:
    assert isinstance(event, Refused)
    later = replace(delivery, next_at=now + MAX_DELAY, failures=delivery.failures + 1, reason=event.reason)
    return later, (Alert(event.reason),)


def _dead(delivery: Delivery, reason: str, now: int) -> Step:
    return _enter(delivery, State.REJECTED, now, now, reason), (Alert(reason),)


def _lost(delivery: Delivery, event: Event, now: int, policy: Policy) -> Step:
    assert isinstance(event, Unknown)
    if not event.nonce_passed:
        gone_back = replace(delivery, height=None, burn_height=None, txid=None)
        return _enter(gone_back, State.QUEUED, now, now + policy.poll), ()
    lost_since = now if delivery.lost_since is None else delivery.lost_since
    if now - lost_since < PATIENCE:
        return replace(delivery, next_at=now + policy.poll, lost_since=lost_since), ()
    return _dead(delivery, NONCE_LOST, now)


def _executed(delivery: Delivery, event: Event, now: int, policy: Policy) -> Step:
    assert isinstance(event, Executed)
    placed = replace(delivery, txid=event.txid, height=event.height, burn_height=event.burn_height)
    buried = event.burn_tip - event.burn_height >= policy.final_burn_blocks
    if buried and not event.ok:
        return _dead(placed, event.reason, now)
    if buried and event.read_back:
        return _enter(placed, State.FINAL, now, now), ()
    asked = delivery.state is State.INCLUDED and now - delivery.since >= READ_BACK_POLLS * policy.poll
    reason = UNSEEN if buried and asked else event.reason
    alerts = (Alert(reason),) if reason not in ("", delivery.reason) else ()
    return _enter(placed, State.INCLUDED, now, now + policy.poll, reason), alerts


_TABLE: Final[dict[tuple[State, type[Event]], Callable[[Delivery, Event, int, Policy], Step]]] = {
    (State.QUEUED, Taken): _sent,
    (State.QUEUED, TryLater): _back_off,
    (State.QUEUED, FeeTooLow): _fee,
    (State.QUEUED, NonceUsed): _ask_chain,
    (State.QUEUED, Refused): _refused,
    (State.SENT, Pending): _waiting,
    (State.SENT, TryLater): _back_off,
    (State.SENT, Unknown): _lost,
    (State.SENT, Executed): _executed,
    (State.INCLUDED, TryLater): _back_off,
    (State.INCLUDED, Pending): _sent,
    (State.INCLUDED, Unknown): _lost,
    (State.INCLUDED, Executed): _executed,
}
