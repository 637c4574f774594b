"""Every transition of a delivery, and that what a state does not expect changes nothing but the time to ask again."""

from __future__ import annotations

import itertools

import pytest

from appliance import delivery
from appliance.delivery import DEARER_AFTER, MAX_DELAY, PATIENCE, Alert, Delivery, Event, Policy, SignAgain, State, step

POLICY = Policy(final_burn_blocks=2, poll=5, max_fee=1000)
NOW = 1000
TXID = bytes(32)


def at(state: State, **more: int) -> Delivery:
    placed = {"height": 7, "burn_height": 100, "txid": TXID} if state is State.INCLUDED else {}
    return Delivery(state, since=NOW - 10, next_at=NOW, **{**placed, **more})  # type: ignore[arg-type]


def executed(ok: bool = True, tip: int = 100, read_back: bool = True) -> Event:
    return delivery.Executed(ok, read_back, "" if ok else "abort_by_response: ERR_GAP", TXID, 7, 100, tip)


@pytest.mark.parametrize(
    ("state", "event", "after"),
    [
        (State.QUEUED, delivery.Taken(), State.SENT),
        (State.QUEUED, delivery.TryLater("down"), State.QUEUED),
        (State.QUEUED, delivery.FeeTooLow(500, 100), State.QUEUED),
        (State.QUEUED, delivery.FeeTooLow(5000, 100), State.QUEUED),
        (State.QUEUED, delivery.NonceUsed("BadNonce"), State.SENT),
        (State.QUEUED, delivery.Refused("NoSuchContract"), State.QUEUED),
        (State.SENT, delivery.Pending(100, True), State.SENT),
        (State.SENT, delivery.TryLater("down"), State.SENT),
        (State.SENT, delivery.Unknown(nonce_passed=False), State.QUEUED),
        (State.SENT, delivery.Unknown(nonce_passed=True), State.SENT),
        (State.SENT, executed(), State.INCLUDED),
        (State.SENT, executed(tip=102), State.FINAL),
        (State.SENT, executed(ok=False), State.INCLUDED),
        (State.SENT, executed(ok=False, tip=102), State.REJECTED),
        (State.INCLUDED, executed(tip=101), State.INCLUDED),
        (State.INCLUDED, executed(tip=102), State.FINAL),
        (State.INCLUDED, executed(tip=102, read_back=False), State.INCLUDED),
        (State.INCLUDED, executed(ok=False, tip=102), State.REJECTED),
        (State.INCLUDED, delivery.Pending(100, True), State.SENT),
        (State.INCLUDED, delivery.Unknown(nonce_passed=False), State.QUEUED),
        (State.INCLUDED, delivery.TryLater("down"), State.INCLUDED),
    ],
)
def test_transitions(state: State, event: Event, after: State) -> None:
    result, _ = step(at(state), event, NOW, POLICY)
    assert result.state is after
    assert result.since == (NOW if after is not state else NOW - 10)
    if after in (State.QUEUED, State.SENT):
        assert (result.height, result.burn_height, result.txid) == (None, None, None)


def test_the_unexpected_only_waits() -> None:
    events: list[Event] = [
        delivery.Taken(),
        delivery.FeeTooLow(1, 0),
        delivery.NonceUsed(""),
        delivery.Refused(""),
        delivery.Pending(100, True),
        delivery.Unknown(nonce_passed=True),
        executed(),
    ]
    for state, event in itertools.product((State.FINAL, State.REJECTED), events):
        result, actions = step(at(state), event, NOW, POLICY)
        assert result.state is state
        assert actions == ()
    for event in events[1:4]:
        assert step(at(State.SENT), event, NOW, POLICY)[0].state is State.SENT


def test_failures_back_off_and_are_forgotten_on_success() -> None:
    now, waits, under_way = NOW, [], at(State.QUEUED)
    for _ in range(14):
        under_way, actions = step(under_way, delivery.TryLater("down"), now, POLICY)
        assert actions == ()
        waits.append(under_way.next_at - now)
        now = under_way.next_at
    assert waits[:4] == [2, 4, 8, 16]
    assert waits[-1] == MAX_DELAY
    assert under_way.reason == "down"
    taken, _ = step(under_way, delivery.Taken(), now, POLICY)
    assert (taken.failures, taken.reason) == (0, "")


def test_fees_rise_up_to_the_limit() -> None:
    assert step(at(State.QUEUED), delivery.FeeTooLow(1000, 999), NOW, POLICY)[1] == (SignAgain(1000),)
    after, actions = step(at(State.QUEUED), delivery.FeeTooLow(1001, 999), NOW, POLICY)
    assert isinstance(actions[0], Alert)
    assert "max_fee 1000" in actions[0].message
    assert after.next_at > NOW
    after, actions = step(at(State.QUEUED), delivery.FeeTooLow(500, 500), NOW, POLICY)
    assert actions == ()
    assert after.failures == 1, "a node that is never content is asked less and less often"


def test_a_refusal_keeps_the_nonce_and_tells_a_person() -> None:
    after, actions = step(at(State.QUEUED), delivery.Refused("NoSuchContract: x"), NOW, POLICY)
    assert after.next_at == NOW + MAX_DELAY
    assert actions == (Alert("NoSuchContract: x"),)


def test_a_stranger_with_our_key_is_told_from_a_slow_index() -> None:
    waiting = at(State.SENT)
    later = NOW + 100 * PATIENCE  # patience begins with the first such answer, however long the state has lasted
    after, actions = step(waiting, delivery.Unknown(nonce_passed=True), later, POLICY)
    assert (after.state, actions, after.lost_since) == (State.SENT, (), later)
    seen, _ = step(after, delivery.Pending(100, True), later + 5, POLICY)
    assert seen.lost_since is None
    after, actions = step(after, delivery.Unknown(nonce_passed=True), later + PATIENCE - 1, POLICY)
    assert (after.state, actions) == (State.SENT, ())
    dead, actions = step(after, delivery.Unknown(nonce_passed=True), later + PATIENCE, POLICY)
    assert dead.state is State.REJECTED
    assert isinstance(actions[0], Alert)
    assert "in use elsewhere" in actions[0].message


def test_a_refused_batch_is_told_once_when_included_and_once_when_final() -> None:
    first, actions = step(at(State.SENT), executed(ok=False), NOW, POLICY)
    assert actions == (Alert("abort_by_response: ERR_GAP"),)
    again, actions = step(first, executed(ok=False, tip=101), NOW + 5, POLICY)
    assert actions == ()
    dead, actions = step(again, executed(ok=False, tip=102), NOW + 10, POLICY)
    assert dead.state is State.REJECTED
    assert dead.reason == "abort_by_response: ERR_GAP"
    assert len(actions) == 1


def test_what_waits_too_long_is_offered_more_up_to_the_limit() -> None:
    waiting = at(State.SENT)
    after, actions = step(waiting, delivery.Pending(100, True), waiting.since + DEARER_AFTER - 1, POLICY)
    assert (after.state, actions) == (State.SENT, ())
    after, actions = step(waiting, delivery.Pending(100, False), waiting.since + DEARER_AFTER, POLICY)
    assert (after.state, actions) == (State.QUEUED, ()), "those behind are sent again as they are"
    after, actions = step(waiting, delivery.Pending(100, True), waiting.since + DEARER_AFTER, POLICY)
    assert (after.state, actions) == (State.QUEUED, (SignAgain(126),))
    after, actions = step(waiting, delivery.Pending(POLICY.max_fee, True), waiting.since + DEARER_AFTER, POLICY)
    assert (after.state, actions) == (State.QUEUED, ()), "at the limit the same bytes are sent again"


def test_what_no_contract_keeps_is_told_once_and_never_final() -> None:
    """Not at once: the contract is asked when the transaction is known to be in a block, which may be long buried."""
    soon, actions = step(at(State.SENT), executed(tip=102, read_back=False), NOW, POLICY)
    assert (soon.state, soon.reason, actions) == (State.INCLUDED, "", ())
    asked = NOW + delivery.READ_BACK_POLLS * POLICY.poll
    soon, actions = step(soon, executed(tip=102, read_back=False), asked - 1, POLICY)
    assert (soon.state, soon.reason, actions) == (State.INCLUDED, "", ())
    first, actions = step(soon, executed(tip=103, read_back=False), asked, POLICY)
    assert (first.state, actions) == (State.INCLUDED, (Alert(delivery.UNSEEN),))
    again, actions = step(first, executed(tip=104, read_back=False), asked + 5, POLICY)
    assert (again.state, actions) == (State.INCLUDED, ())
    assert step(again, executed(tip=104), asked + 10, POLICY)[0].state is State.FINAL
