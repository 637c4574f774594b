"""Alternatives with real proofs: what may take a bill's place, for which call, and how it gets into the balance."""

from __future__ import annotations

import random
from typing import Any

import pytest

from circuits import lists
from circuits.generators import LIB
from circuits.group import LibPoint
from circuits.pedersen import Opening, commit
from circuits.scalar import N, Scalar
from circuits.settlement import Correction
from tests.contracts.disputes import CEILING, HASH, PERIOD, ZONE, Tried
from tests.contracts.money_zone import points
from tests.contracts.settlement import GATEWAY, SECOND, STEWARD, STRANGER, TREASURERS, household
from tests.contracts.vm import CONTRACTS, Machine
from tests.contracts.votes import burn_to, own_principal, refusal

USAGE = (9000, 5000, 0, 70)


def billed(machine: Machine, rng: random.Random) -> Tried:
    """Three periods of a zone of four, billed and not settled."""
    m = Tried(machine, rng)
    m.zone(ZONE, 4)
    for _ in range(PERIOD + 1):
        m.meter(ZONE, USAGE)
        m.bill(ZONE).ok()
    return m


@pytest.fixture(scope="module")
def unchanged(machine: Machine) -> Tried:
    """For what is refused, also to who has a principal of its own and need not be able to open the bill."""
    made = billed(machine, random.Random("bills"))
    for slot in (0, 2):
        own_principal(made.s, ZONE, slot)
    return made


@pytest.fixture
def m(machine: Machine, rng: random.Random) -> Tried:
    return billed(machine, rng)


def bill_of(m: Tried, slot: int) -> Opening:
    return m.zones[ZONE].bills[PERIOD][slot]


def fresh(m: Tried, amount: int) -> Opening:
    return Opening(amount, m.blinding())


def test_the_pinned_ceiling_is_the_highest_bill() -> None:
    text = (CONTRACTS / "dispute-resolution.clar").read_text()
    assert f"(define-constant CEILING 0x{CEILING.hex()})" in text
    assert "(define-constant BILL_LIMIT 68719476736)" in (CONTRACTS / "billing.clar").read_text()
    assert commit(LIB, Opening(2**36 - 1, Scalar(0))).to_bytes() == CEILING


@pytest.mark.parametrize("amount", [0, 1, 400_000, 899_999, 900_000])
def test_anything_from_nothing_to_the_bill(m: Tried, amount: int) -> None:
    alternative = fresh(m, amount)
    number = m.court.open_proved(0, bill_of(m, 0), alternative).ok()
    found = m.court.dispute(number)
    assert found["alternative"] == points([alternative])[0]
    assert found["correction"] == lists.subtract(LibPoint, points([bill_of(m, 0)]), points([alternative])).points[0]


def test_a_bill_of_nothing_and_of_others(m: Tried) -> None:
    m.court.open_proved(2, bill_of(m, 2), fresh(m, 0)).ok()
    m.court.open_proved(3, bill_of(m, 3), fresh(m, 6999)).ok()


@pytest.mark.parametrize("amount", [0, 900_001, 2**36 - 1])
def test_who_cannot_open_the_bill_still_disputes_it(m: Tried, amount: int) -> None:
    """The gateway may have hidden the opening; the resident then names any bill below the highest."""
    hidden, own = fresh(m, 123), own_principal(m.s, ZONE, 0)
    number = m.court.open_proved(0, hidden, fresh(m, amount), sealed=True, sender=own).ok()
    assert m.court.dispute(number)["bill"] == points([bill_of(m, 0)])[0]


def off(alternative: Opening, by: int) -> bytes:
    moved: bytes = (commit(LIB, alternative) + LIB.value * Scalar(by % N)).to_bytes()
    return moved


@pytest.mark.parametrize("sealed", [False, True])
@pytest.mark.parametrize("by", [1, -1, -900_001, 2**36, -(2**36), 2**48, 2**127])
def test_less_than_nothing_or_more_than_the_bill_is_no_alternative(unchanged: Tried, sealed: bool, by: int) -> None:
    """The blinding stays, and the proof is of an honest alternative, so that it is as near as can be."""
    m = unchanged
    alternative = fresh(m, 500)
    sent = off(alternative, by)
    assert refusal(m.court.open_proved(0, bill_of(m, 0), alternative, sealed=sealed, sent=sent)) == "range.ERR_HINT"
    assert not m.s.read(m.s.billing, "is-frozen", ZONE, 0, PERIOD)


def test_an_honest_prover_finds_no_proof_for_them(unchanged: Tried) -> None:
    m = unchanged
    for amount, sealed in ((900_001, False), (2**36, True), (2**48, True)):
        with pytest.raises(ValueError, match=r"value|range"):
            m.court.open_proved(0, bill_of(m, 0), fresh(m, amount), sealed=sealed)


def test_the_proof_of_who_can_open_the_bill_is_none_of_who_cannot(unchanged: Tried) -> None:
    m = unchanged
    alternative = fresh(m, 500)
    for sealed in (True, False):
        receipt = m.court.open_proved(0, bill_of(m, 0), alternative, sealed=sealed, changes={"sealed": not sealed})
        assert refusal(receipt) == "range.ERR_HINT"


@pytest.mark.parametrize("negated", [False, True])
def test_neither_the_bill_itself_nor_its_mirror(unchanged: Tried, negated: bool) -> None:
    """There is no hint to subtract them; a nil bill's mirror would be a nil alternative."""
    m = unchanged
    bill = bill_of(m, 2)
    assert bill.value == 0
    same = Opening(0, -bill.blinding if negated else bill.blinding)
    receipt = m.court.open_proved(2, bill, fresh(m, 0), sealed=True, sent=points([same])[0])
    assert refusal(receipt) == "privacy-proof.ERR_HINT"


@pytest.mark.parametrize(
    ("field", "other"),
    [
        ("domain", "mita/v1/claim"),
        ("chain", 1),
        ("contract", STEWARD),
        ("proof", STEWARD),
        ("submitter", STEWARD),
        ("zone", 2),
        ("slot", 1),
        ("period", 1),
        ("bill", CEILING),
    ],
)
def test_a_proof_for_another_call_is_refused(unchanged: Tried, field: str, other: Any) -> None:
    m = unchanged
    receipt = m.court.open_proved(0, bill_of(m, 0), fresh(m, 500), changes={field: other})
    assert refusal(receipt) == "range.ERR_HINT"


def test_what_is_won_is_in_the_next_settlement(m: Tried) -> None:
    """From the payment to the balance, with every proof: the resident of slot 0 was billed 900,000 and owes 100,000."""
    s, court = m.s, m.court
    for slot in range(4):
        m.mint(household(ZONE, slot), 10**9)
        m.pay(ZONE, slot, 4_000_000).ok()
    m.credit(ZONE).ok()
    for _ in range(PERIOD):
        m.settle(ZONE).ok()
    m.holds()
    bill, alternative = bill_of(m, 0), fresh(m, 100_000)
    number = court.open_proved(0, bill, alternative).ok()
    court.batch()
    burn_to(s, court.dispute(number)["answer-by"] + 1)
    court.call("expire", number, sender=STRANGER).ok()
    court.call("close-dispute", number, sender=STRANGER).ok()
    correction = Correction(bill, alternative)
    assert s.read(s.billing, "get-correction", ZONE, 0, PERIOD) == {
        "correction": lists.subtract(LibPoint, points([bill]), points([alternative])).points[0],
        "taken": False,
    }
    m.zones[ZONE].corrections[0, PERIOD] = correction
    m.settle(ZONE, [(0, PERIOD)]).ok()
    m.holds()
    balances = [opening.value for opening in m.zones[ZONE].balances]
    assert balances == [4_000_000 - 2 * 900_000 - 100_000, *(4_000_000 - 3 * 100 * used for used in USAGE[1:])]
    assert s.read(s.billing, "get-correction", ZONE, 0, PERIOD)["taken"] is True


def test_what_is_lost_changes_nothing(m: Tried) -> None:
    court = m.court
    number = court.open_proved(0, bill_of(m, 0), fresh(m, 0)).ok()
    court.call("submit-evidence", number, HASH, sender=GATEWAY).ok()
    for sender in (STEWARD, SECOND, TREASURERS[0]):
        court.call("rule-by-assembly", number, False, HASH, sender=sender).ok()
    court.call("close-dispute", number, sender=STRANGER).ok()
    for slot in range(4):
        m.mint(household(ZONE, slot), 10**9)
        m.pay(ZONE, slot, 4_000_000).ok()
    m.credit(ZONE).ok()
    for _ in range(PERIOD + 1):
        m.settle(ZONE).ok()
    m.holds()
    assert m.zones[ZONE].balances[0].value == 4_000_000 - 3 * 900_000


def test_what_opening_costs(m: Tried) -> None:
    receipt = m.court.open_proved(0, bill_of(m, 0), fresh(m, 1))
    receipt.ok()
    print(receipt.costs)
    assert receipt.costs["runtime"] < 60_000_000
