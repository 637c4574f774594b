"""The books of a zone balance and open what the chain keeps, whatever happens; receipts follow each other."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance import ledger, position, receipt
from appliance.credit import Payment, Sale, next_credits
from appliance.ledger import Entry, Kind, LedgerError, Mirrored, Name, Posting
from appliance.money import NOTHING, Money, Ratio, total
from appliance.position import Place, Position
from appliance.settlement import Account, Correction, Settled, settle
from circuits import lists
from circuits import settlement as proved
from circuits.blinding import BlindingKey
from circuits.generators import bases
from circuits.group import LibPoint
from circuits.pedersen import Opening, commit
from circuits.scalar import Scalar
from circuits.tariff import Band, lines

ZONE, SLOTS = 3, 3
BASES = bases(LibPoint)
PLACES = [Place(ZONE, slot, slot != 2, BlindingKey(bytes([slot]) * 16)) for slot in range(SLOTS)]
RATIO = Ratio(100)
UNITS = st.integers(0, 10**9)


def points(openings: list[Opening]) -> tuple[bytes, ...]:
    return tuple(commit(BASES, opening).to_bytes() for opening in openings)


class Chain:
    """W and D of a zone as the payment contract combines them, without knowing a value."""

    def __init__(self) -> None:
        self.balances = points([position.FIRST.balance] * SLOTS)
        self.arrears = points([position.FIRST.arrears] * SLOTS)

    def credit(self, added: tuple[bytes, ...]) -> None:
        self.balances = lists.add(LibPoint, self.balances, added).points

    def settle(
        self, bills: tuple[bytes, ...], corrections: tuple[bytes, ...] | None, balances: tuple[bytes, ...]
    ) -> None:
        before = proved.Before(bills, self.arrears, self.balances, corrections)
        self.arrears, self.balances = proved.settled(LibPoint, before, balances).arrears, balances

    def mirrored(self) -> dict[int, Mirrored]:
        return {slot: Mirrored(self.balances[slot], self.arrears[slot]) for slot in range(SLOTS)}


class Zone:
    """A zone of three slots: books, openings and chain side by side."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.positions = dict.fromkeys(range(SLOTS), position.FIRST)
        self.chain = Chain()
        self.payments: list[Payment] = []
        self.sales: list[Sale] = []
        self.sequence = self.period = self.number = 0
        self.bills: list[tuple[list[Opening], dict[int, Settled]]] = []

    def account(self, slot: int) -> Account:
        return ledger.account_of(ledger.sums(self.entries), ZONE, slot)

    def receive(self, slot: int, tokens: int, agent: str | None) -> None:
        self.number += 1
        if agent is None:
            self.payments.append(Payment(self.number, slot, tokens))
            self.entries.append(ledger.paid(ZONE, self.number, slot, RATIO.worth(tokens)))
        else:
            self.sales.append(Sale(self.number, slot, agent, tokens))
            self.entries.append(ledger.funded(ZONE, self.number, agent, RATIO.worth(tokens)))
            self.entries.append(ledger.sold(ZONE, self.number, slot, agent, RATIO.worth(tokens)))

    def credit(self) -> None:
        made = next_credits(self.payments, self.sales, RATIO)
        if made is None:
            return
        self.sequence += 1
        self.payments = [payment for payment in self.payments if payment.id not in made.payments]
        self.sales = [sale for sale in self.sales if sale.number not in made.sales]
        openings = [position.credit_opening(place, self.sequence, made.of(place.slot)) for place in PLACES]
        self.chain.credit(points(openings))
        self.positions = {s: position.credited(self.positions[s], openings[s]) for s in range(SLOTS)}
        self.entries.append(ledger.credited(ZONE, self.sequence, made.by_slot))

    def settle(self, amounts: list[int], ruled: int | None) -> None:
        """Bills under two bands have blindings of their own; `ruled` is what slot 0's last bill ought to have been."""
        before = {slot: self.account(slot) for slot in range(SLOTS)}
        bill = [Money(amount) for amount in amounts]
        two = lines(1, (Band(0, 1), Band(5, 2)), 3)
        bills = [
            position.bill_opening(place, two, Opening(1, Scalar(9)), self.period, bill[place.slot]) for place in PLACES
        ]
        corrected = ruled is not None and self.bills != []
        correction, hidden = None, None
        if ruled is not None and self.bills:
            old = self.bills[-1][0][0]
            correction = Correction(Money(old.value), Money(ruled))
            hidden = proved.Correction(old, Opening(ruled, Scalar(77 + self.period)))
        made = {s: settle(before[s], bill[s], correction if s == 0 else None) for s in range(SLOTS)}
        dues = [position.dues(self.positions[s], bills[s], hidden if s == 0 else None) for s in range(SLOTS)]
        after = [position.settled(place, dues[place.slot], self.period, corrected=corrected) for place in PLACES]
        self.chain.settle(points(bills), self._corrections(hidden), points([slot.balance for slot in after]))
        self.positions = dict(enumerate(after))
        self.entries.append(ledger.settled(ZONE, self.period, before, made))
        self.bills.append((bills, made))
        self.period += 1

    def _corrections(self, hidden: proved.Correction | None) -> tuple[bytes, ...] | None:
        if hidden is None:
            return None
        named = lists.subtract(LibPoint, points([hidden.bill]), points([hidden.alternative])).points
        return (*named, *points([Opening(0, Scalar(1))] * (SLOTS - 1)))


EVENTS = st.lists(
    st.one_of(
        st.tuples(
            st.just("receive"), st.integers(0, SLOTS - 1), st.integers(1, 10**6), st.sampled_from([None, "a", "b"])
        ),
        st.tuples(st.just("credit")),
        st.tuples(st.just("settle"), st.lists(UNITS, min_size=SLOTS, max_size=SLOTS), st.none() | UNITS),
    ),
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(EVENTS)
def test_the_books_balance_and_open_what_the_chain_keeps(events: list[tuple[object, ...]]) -> None:
    zone = Zone()
    for name, *arguments in events:
        getattr(zone, str(name))(*arguments)
        found = ledger.sums(zone.entries)
        assert sum(found.values()) == 0
        assert ledger.mismatches(found, ZONE, zone.positions, zone.chain.mirrored()) == []
        promised = total(ledger.promised_of(found, ZONE, slot) for slot in range(SLOTS))
        waiting = [payment.tokens for payment in zone.payments] + [sale.tokens for sale in zone.sales]
        assert promised == total(RATIO.worth(tokens) for tokens in waiting), "a receipt binds until a credit carries it"


def test_one_unit_or_one_point_that_differs_is_found() -> None:
    zone = Zone()
    zone.receive(1, 50, None)
    zone.credit()
    zone.settle([10, 20, 0], None)
    found = ledger.sums(zone.entries)
    mirrored = zone.chain.mirrored()
    assert ledger.mismatches(found, ZONE, zone.positions, mirrored) == []
    other = {**found, Name(ZONE, Kind.BALANCE, "1"): found[Name(ZONE, Kind.BALANCE, "1")] - 1}
    assert ledger.mismatches(other, ZONE, zone.positions, mirrored) == [1]
    swapped = {**mirrored, 0: mirrored[2], 2: Mirrored(mirrored[2].arrears, mirrored[2].balance)}
    assert ledger.mismatches(found, ZONE, zone.positions, swapped) == [0, 2]
    moved = {
        **zone.positions,
        0: Position(zone.positions[0].balance + Opening(0, Scalar(1)), zone.positions[0].arrears),
    }
    assert ledger.mismatches(found, ZONE, moved, mirrored) == [0]


def test_the_same_entry_again_counts_once_and_another_under_its_reference_stops_everything() -> None:
    entry = ledger.paid(1, 7, 2, Money(5))
    assert ledger.sums([entry, entry]) == ledger.sums([entry])
    with pytest.raises(LedgerError, match="payment/1/7 was entered with other content"):
        ledger.sums([entry, ledger.paid(1, 7, 3, Money(5))])


def test_an_entry_balances() -> None:
    pot, slot = Name(1, Kind.POT), Name(1, Kind.BALANCE, "2")
    for postings, words in (
        ((Posting(pot, 5), Posting(slot, -4)), "does not balance"),
        ((Posting(pot, 5), Posting(pot, -5)), "names an account twice"),
        ((Posting(pot, 0), Posting(slot, 0)), "moves nothing"),
    ):
        with pytest.raises(LedgerError, match=words):
            Entry("x", postings)


def test_provider_and_leavers_take_what_is_theirs_from_the_pot() -> None:
    zone = Zone()
    zone.receive(0, 100, "a")
    zone.credit()
    zone.settle([4000, 30, 0], None)
    zone.entries += [ledger.taken(ZONE, 1, Money(3800)), ledger.paid_out(ZONE, 1, {0: Money(6000)})]
    found = ledger.sums(zone.entries)
    assert found[Name(ZONE, Kind.POT)] == 10_000 - 3800 - 6000
    assert ledger.account_of(found, ZONE, 0) == Account(NOTHING, NOTHING)
    assert ledger.account_of(found, ZONE, 1).arrears == Money(30)
    assert -found[Name(ZONE, Kind.PROVIDER)] == 4000 + 30 - 3800
    assert sum(found.values()) == 0


def chain_of_receipts(count: int) -> list[receipt.Receipt]:
    made: list[receipt.Receipt] = []
    for n in range(count):
        before = made[-1] if made else None
        made.append(receipt.following(before, 1000 + n, receipt.Kind.SALE, "A-07", Money(n), "agent"))
    return made


def test_receipts_follow_each_other_and_none_can_be_changed_or_left_out() -> None:
    made = chain_of_receipts(5)
    assert receipt.first_broken(made) is None
    assert receipt.first_broken([*made[:2], *made[3:]]) == 4
    assert len({paper.short() for paper in made}) == 5
    for other in (
        replace(made[1], at=9),
        replace(made[1], label="A-08"),
        replace(made[1], amount=Money(99)),
        replace(made[1], source="x"),
        replace(made[1], kind=receipt.Kind.PAYMENT),
    ):
        assert receipt.first_broken([*made[:1], other, *made[2:]]) == 3
