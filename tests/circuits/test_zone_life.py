"""A zone of four over some periods, all blindings from codes: every proof verified from public lists, no money lost."""

from random import Random

from circuits import bill, credit, lists, settlement, tariff
from circuits.bill import Billed, Public
from circuits.blinding import BlindingKey, Letter
from circuits.generators import LIB
from circuits.group import LibPoint
from circuits.pedersen import Opening
from circuits.scalar import ONE, Scalar
from circuits.settlement import Before, Dues, Settled
from circuits.tariff import Band
from tests.circuits.zones import ENTROPY, commitments

SLOTS, ZONE = 4, 7
KEYS = [BlindingKey(bytes(15) + bytes([slot])) for slot in range(SLOTS)]
OCCUPIED = (True, True, False, True)
LINES = tariff.lines(1_000, (Band(0, 200), Band(3_000, 450), Band(10_000, 900)), 30)


def opening(letter: Letter, slot: int, number: int, value: int) -> Opening:
    return Opening(value, KEYS[slot].blinding(letter, ZONE, slot, number, value))


def context(what: str, period: int) -> bytes:
    return what.encode().ljust(31, b".") + bytes([period])


def test_a_zone_over_some_periods() -> None:
    rng = Random(1)
    state = [Settled(Opening(0, ONE), Opening(0, Scalar(2))) for _ in range(SLOTS)]
    public_w, public_d = (commitments([getattr(s, name) for s in state]) for name in ("balance", "arrears"))
    received = paid_out = billed_in_all = 0
    for period in range(3):
        # a credit for everybody, of nothing for some
        shares = [opening(Letter.CREDIT, s, period, rng.choice((0, rng.randrange(10**8)))) for s in range(SLOTS)]
        shown = credit.prove(LibPoint, shares, [context("credit", period)], ENTROPY)
        credit.verify(LibPoint, shown.commitments, shown.total, [context("credit", period)], shown.parts)
        received += shown.total.value
        public_w = lists.add(LibPoint, public_w, shown.commitments).points
        state = [Settled(s.balance + share, s.arrears) for s, share in zip(state, shares, strict=True)]

        usages = [rng.randrange(30 * 20_000) if taken else 0 for taken in OCCUPIED]
        slots = [
            Billed(
                opening(Letter.USAGE, s, period, usage),
                opening(Letter.BILL, s, period, tariff.bill(LINES, usage, occupied=OCCUPIED[s])),
                OCCUPIED[s],
            )
            for s, usage in enumerate(usages)
        ]
        public = Public(commitments([s.usage for s in slots]), commitments([s.bill for s in slots]), OCCUPIED)
        for k, line in enumerate(LINES):
            where = [context(f"band {k}", period)]
            bill.verify_band(LibPoint, line, public, where, bill.prove_band(LibPoint, line, slots, where, ENTROPY))
        touched = bill.prove_touched(LIB, LINES, slots, context("bills", period), ENTROPY)
        bill.verify_touched(LibPoint, LINES, public, context("bills", period), touched)
        billed_in_all += sum(s.bill.value for s in slots)

        due = [Dues(s.bill, old.arrears, old.balance) for s, old in zip(slots, state, strict=True)]
        state = [
            each.settle(opening(Letter.BALANCE, s, period, max(-each.due(), 0)).blinding, corrected=False)
            for s, each in enumerate(due)
        ]
        before, named = Before(public.bills, public_d, public_w, None), commitments([s.balance for s in state])
        where = [context("settle", period)]
        either = settlement.prove_either(LIB, state, where[0], ENTROPY)
        settlement.verify_either(LibPoint, before, named, where[0], either)
        settlement.verify_sums(LibPoint, before, named, where, settlement.prove_sums(LibPoint, state, where, ENTROPY))
        public_w, public_d = named, settlement.settled(LibPoint, before, named).arrears

        # who moves out takes what is left along
        leaver = max(range(SLOTS), key=lambda s: state[s].balance.value)
        payouts = [
            opening(Letter.PAYOUT, s, period, state[s].balance.value if s == leaver else 0) for s in range(SLOTS)
        ]
        balances = [s.balance for s in state]
        given = credit.prove(LibPoint, payouts, [context("payout", period)], ENTROPY)
        credit.verify(LibPoint, given.commitments, given.total, [context("payout", period)], given.parts)
        left = credit.prove_remaining(LibPoint, balances, payouts, [context("left", period)], ENTROPY)
        credit.verify_remaining(LibPoint, public_w, given.commitments, [context("left", period)], left)
        paid_out += given.total.value
        public_w = lists.subtract(LibPoint, public_w, given.commitments).points
        state = [
            Settled(credit.remaining(s.balance, payout), s.arrears) for s, payout in zip(state, payouts, strict=True)
        ]

        assert public_w == commitments([s.balance for s in state])
        assert public_d == commitments([s.arrears for s in state])
        held, owed = sum(s.balance.value for s in state), sum(s.arrears.value for s in state)
        assert received - paid_out - held == billed_in_all - owed
    assert received
    assert paid_out
