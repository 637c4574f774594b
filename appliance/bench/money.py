"""Payments, floats, payouts, rewards and what happens in a zone that is closed: calls of payment and its tokens."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from appliance.bench.calls import GATEWAY, PROVIDER, Call, Plain
from appliance.bench.periods import credited
from appliance.bench.town import (
    AGENTS,
    HOMES,
    PAYMENT,
    POWER,
    RATIO,
    REWARD,
    REWARD_AMOUNT,
    TREASURERS,
    VOUCHER,
    Town,
    address,
    call,
    own_key,
    own_principal,
    proof,
    together,
    token,
)
from appliance.call import USER_REGISTRY
from appliance.calls import payment as pay_calls
from appliance.calls.values import digest
from appliance.chain.transaction import PrivateKey
from appliance.money_proof import opened_sum, points
from circuits import credit, lists, money, zero
from circuits.generators import LIB
from circuits.group import LibPoint
from circuits.pedersen import Opening
from circuits.scalar import ONE, Scalar

PAYER: Final = HOMES[3]
PAYMENTS: Final = 32
"""Of one batch of credits, the most there are; one more is never credited."""
LARGE: Final = 100_000  # token units
SMALL: Final = 100
CLAIMED_SLOT: Final = 4
CLAIMED: Final = (1, 2)
"""Payments for the dwelling of that slot that are asked about; the second is small enough to be paid back."""
SALT: Final = bytes(16)
MOVED_OUT: Final = 8
PAID_OUT: Final = 5
PUNCTUAL: Final = 6
LEAVING: Final = 20


def amount(number: int) -> int:
    return SMALL if number == CLAIMED[1] else LARGE


def paid_in(town: Town) -> Iterator[Call]:
    """Vouchers, as many payments and floats as one batch of credits takes, rewards, then the credits."""
    for treasurer in TREASURERS:
        yield call(treasurer, VOUCHER, "mint", 1, 10**9, address(PAYER))
    for agent in AGENTS:
        yield call(PAYER, VOUCHER, "transfer", LARGE, address(PAYER), address(agent), None)
        yield call(agent, PAYMENT, "fund-float", POWER, LARGE, token())
        yield call(agent, PAYMENT, "approve-sales", POWER, SMALL)
    yield call(AGENTS[0], PAYMENT, "withdraw-float", POWER, SMALL, token())
    for number in range(1, PAYMENTS + 2):
        reference = pay_calls.reference(SALT, CLAIMED_SLOT + 1)
        yield call(PAYER, PAYMENT, "pay", POWER, reference, amount(number), token())
    yield call(PAYER, PAYMENT, "fund-rewards", POWER, 100 * REWARD_AMOUNT, token())
    floats = {str(address(agent)): SMALL for agent in AGENTS}
    numbers = range(1, PAYMENTS + 1)
    whole = sum(map(amount, numbers)) + sum(floats.values())
    claimed = sum(map(amount, CLAIMED))
    slots = [slot for slot in range(town.books[POWER].slots) if slot not in (CLAIMED_SLOT, MOVED_OUT)]
    by_slot = dict.fromkeys(slots, (whole - claimed) // len(slots))
    by_slot[CLAIMED_SLOT] = whole - sum(by_slot.values())
    yield from credited(town, POWER, by_slot, numbers, floats)


def payout(town: Town) -> Iterator[Call]:
    """A slot whose dwelling wants it is paid out through an agent."""
    book, agent = town.books[POWER], AGENTS[1]
    yield call(HOMES[PAID_OUT], PAYMENT, "allow-payout", POWER, PAID_OUT)
    paid = [Opening(0, ONE + ONE)] * book.slots
    paid[PAID_OUT] = Opening(SMALL * RATIO, town.blinding())
    listed, mask = points(paid), 1 << PAID_OUT
    approval = (POWER, mask, SMALL * RATIO, address(agent), digest(listed))
    yield from together(PAYMENT, "approve-payout", *approval)
    rest = lists.subtract(LibPoint, points(book.balances), listed)
    bound: dict[str, Plain] = {"payouts": listed, "rest": rest.points, "amount": SMALL * RATIO, "agent": address(agent)}
    contexts = [
        town.bound("payout", PAYMENT, zone=POWER, number=book.settled, part=part, lists_hash=town.hashed(bound))
        for part in range(2 * len(money.parts(paid)))
    ]
    half = len(contexts) // 2
    proofs = (
        *money.prove_parts(LibPoint, paid, contexts[:half], town.entropy()),
        *credit.prove_remaining(LibPoint, book.balances, paid, contexts[half:], town.entropy()),
    )
    added = opened_sum([paid[PAID_OUT]])
    said = (POWER, listed, mask, SMALL * RATIO, address(agent), added.blinding, added.hints, rest.hint)
    first, *others = [(shown.points, shown.scalars, shown.hints) for shown in proofs]
    yield call(GATEWAY, PAYMENT, "payout-batch", *said, *first, proof())
    for part, shown in enumerate(others, 1):
        yield call(GATEWAY, PAYMENT, "prove-payout", POWER, part, *shown, token(), proof())
    book.balances = [credit.remaining(*pair) for pair in zip(book.balances, paid, strict=True)]
    book.version += 1


def release_slot(town: Town) -> Iterator[Call]:
    """Of who moved out in period 0."""
    book = town.books[POWER]
    shown = _zero(town, book.balances[MOVED_OUT].blinding, "release", MOVED_OUT, book.version, GATEWAY)
    yield call(GATEWAY, PAYMENT, "release-slot", POWER, MOVED_OUT, 0, *shown, proof())
    book.balances[MOVED_OUT], book.arrears[MOVED_OUT] = Opening(0, ONE), Opening(0, ONE + ONE)
    book.version += 1


def rewards(town: Town) -> Iterator[Call]:
    """For paying on time; passed on, and paid with."""
    who, other = own_key(PUNCTUAL + 1), HOMES[PUNCTUAL + 1]
    yield from own_principal(PUNCTUAL + 1)
    period = town.books[POWER].settled - 1
    shown = _zero(town, town.books[POWER].arrears[PUNCTUAL].blinding, "reward", PUNCTUAL, period, who)
    yield call(who, PAYMENT, "claim-reward", POWER, PUNCTUAL, period, *shown, proof())
    yield call(who, REWARD, "transfer", 1, address(who), address(other), None)
    yield call(who, PAYMENT, "redeem", POWER, town.entropy(), REWARD_AMOUNT - 1)


def income(town: Town) -> Iterator[Call]:
    """The provider's, and a month later what was held back; and a payment that nobody was credited with."""
    yield call(PROVIDER, PAYMENT, "withdraw", POWER, token())
    town.chain.burn(4_320)
    yield call(PROVIDER, PAYMENT, "release-holdback", POWER)
    yield call(PAYER, PAYMENT, "reclaim", PAYMENTS + 1, token())


def closed(town: Town) -> Iterator[Call]:
    """After 90 days of silence, and 90 more."""
    book, who = town.books[POWER], HOMES[LEAVING]
    town.chain.burn(12_960)
    yield call(who, "meter-data", "close-zone", POWER)
    yield call(who, USER_REGISTRY, "revote", 1)
    yield from together(PAYMENT, "approve-exit", POWER, LEAVING, address(who))
    yield call(PROVIDER, PAYMENT, "claim-remainder", POWER)
    town.chain.burn(4_320)
    balance = book.balances[LEAVING]
    hint = lists.subtract(LibPoint, points([balance]), points([Opening(balance.value, Scalar(0))])).hint
    shown = _zero(town, balance.blinding, "exit", LEAVING, balance.value, who)
    yield call(who, PAYMENT, "exit-claim", POWER, LEAVING, balance.value, hint, *shown, token(), proof())
    book.balances[LEAVING] = replace(balance, value=0)
    town.chain.burn(8_640)
    yield from together(PAYMENT, "approve-remainder", POWER)
    yield call(PROVIDER, PAYMENT, "claim-remainder", POWER)


def _zero(town: Town, blinding: Scalar, domain: str, slot: int, number: int, sender: PrivateKey) -> tuple[bytes, bytes]:
    """Nonce and response of the proof that the commitment with this blinding is to zero."""
    context = town.bound(domain, PAYMENT, sender, zone=POWER, slot=slot, number=number)
    shown = zero.prove(LIB, blinding, context, town.entropy())
    return shown.nonce, shown.response
