"""Credits, ballots, disputes and the end of a period, decided without looking at anything but arguments."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance import ballot, period
from appliance.ballot import Choice
from appliance.block import next_batch
from appliance.credit import AGENTS, PAYMENTS, Payment, Sale, next_credits
from appliance.dispute import APPEAL_BLOCKS, Act, Dispute, Ruling, due, is_done, left_to_answer, state
from appliance.money import BATCH_BOUND, CREDIT_BOUND, Money, Ratio, total
from appliance.period import Due, Step
from appliance.position import Place
from circuits import ballot as proved
from circuits.blinding import BlindingKey
from circuits.generators import bases
from circuits.group import LibPoint
from circuits.pedersen import commit

TOKENS = st.integers(1, 2**38)
PAYMENTS_SEEN = st.lists(st.tuples(st.integers(0, 15), TOKENS), max_size=50).map(
    lambda rows: [Payment(n, slot, tokens) for n, (slot, tokens) in enumerate(rows)]
)
SALES_MADE = st.lists(st.tuples(st.integers(0, 15), st.integers(0, 11), TOKENS), max_size=40).map(
    lambda rows: [Sale(n, slot, f"agent {agent}", tokens) for n, (slot, agent, tokens) in enumerate(rows)]
)


@given(PAYMENTS_SEEN, SALES_MADE, st.integers(1, 2**20))
def test_everything_is_credited_once_and_to_whom_it_belongs(
    payments: list[Payment], sales: list[Sale], units: int
) -> None:
    ratio = Ratio(units)
    every: list[Payment | Sale] = [*payments, *sales]
    fit = [item for item in every if ratio.units * item.tokens < CREDIT_BOUND]
    credited = dict.fromkeys(range(16), 0)
    while (made := next_credits(payments, sales, ratio)) is not None:
        covered = [payment for payment in payments if payment.id in made.payments]
        sold = [sale for sale in sales if sale.number in made.sales]
        assert len(covered) == len(made.payments) <= PAYMENTS
        assert len(made.floats) <= AGENTS
        assert made.amount.units < BATCH_BOUND
        used: list[Payment | Sale] = [*covered, *sold]
        assert total(made.by_slot.values()) == made.amount == total(ratio.worth(item.tokens) for item in used)
        for agent, tokens in made.floats:
            assert tokens == sum(sale.tokens for sale in sold if sale.agent == agent)
        for slot, amount in made.by_slot.items():
            credited[slot] += amount.units
        payments = [payment for payment in payments if payment not in covered]
        sales = [sale for sale in sales if sale not in sold]
    left: list[Payment | Sale] = [*payments, *sales]
    assert all(ratio.units * item.tokens >= CREDIT_BOUND for item in left), "only what is refused is left"
    for slot in range(16):
        assert credited[slot] == sum(ratio.worth(item.tokens).units for item in fit if item.slot == slot), slot


def test_the_oldest_payments_come_first() -> None:
    made = next_credits([Payment(n, 0, 1) for n in range(40, 0, -1)], [], Ratio(1))
    assert made is not None
    assert made.payments == tuple(range(1, 33))
    assert made.of(0) == Money(32)
    assert made.of(1) == Money(0)


PLACES = [Place(1, slot, True, BlindingKey(bytes([slot]) * 16)) for slot in range(4)]


@given(st.lists(st.booleans(), min_size=4, max_size=4), st.dictionaries(st.integers(0, 3), st.sampled_from(Choice)))
def test_a_vector_says_what_was_chosen_where_a_vote_is_and_nothing_elsewhere(
    voters: list[bool], choices: dict[int, Choice]
) -> None:
    made = ballot.vector(PLACES, voters, choices, 7, 0)
    for slot, one in enumerate(made):
        counted = choices.get(slot) if voters[slot] else None
        assert (one.yes.value, one.no.value) == (int(counted is Choice.YES), int(counted is Choice.NO))


def test_two_vectors_show_nobody_who_changed() -> None:
    first, second = (ballot.vector(PLACES, [True] * 4, {1: Choice.YES}, 7, revision) for revision in (0, 1))
    base = bases(LibPoint)
    for a, b in zip(first, second, strict=True):
        for one, other in ((a.yes, b.yes), (a.no, b.no)):
            assert one.value == other.value
            assert commit(base, one) != commit(base, other)
    proof = proved.prove(base, second, bytes(32), bytes(range(32)))
    yes, no = ([commit(base, o).to_bytes() for o in row] for row in ([b.yes for b in second], [b.no for b in second]))
    proved.verify(LibPoint, yes, no, bytes(32), proof)


OPENED = Dispute(
    id=1,
    zone=2,
    slot=3,
    period=4,
    alternative=bytes(33),
    opened=1000,
    answer_by=2008,
    answered=False,
    round=0,
    redrawn=False,
    draw_at=1006,
    assembly=False,
    rule_by=0,
    ruling=None,
    closed=False,
)


def test_an_operator_answers_draws_and_closes_in_time() -> None:
    assert due(OPENED, 1000) is Act.ANSWER
    assert state(OPENED) == ("answer", 2008)
    assert left_to_answer(OPENED, 1000) == 1008
    assert due(OPENED, 5000) is Act.ANSWER, "the clock may have stood still"
    assert left_to_answer(OPENED, 2500) == 0
    answered = replace(OPENED, answered=True)
    assert is_done(Act.ANSWER, 0, answered)
    assert due(answered, 1006) is None
    assert state(answered) == ("draw", 1006)
    assert due(answered, 1007) is Act.DRAW
    assert left_to_answer(answered, 1007) is None
    assembly = replace(answered, assembly=True, rule_by=4024)
    assert due(assembly, 9000) is None, "whom it rules for may end it"
    assert state(assembly) == ("assembly", 4024)
    drawn = replace(answered, rule_by=2015)
    assert is_done(Act.DRAW, 0, drawn)
    assert due(drawn, 2015) is None
    assert state(drawn) == ("panel", 2015)
    assert due(drawn, 2016) is Act.EXPIRE
    again = replace(answered, redrawn=True, draw_at=2022)
    assert again.draws == 1
    assert is_done(Act.EXPIRE, 0, again)
    assert not is_done(Act.DRAW, 1, again)
    assert due(again, 2023) is Act.DRAW
    ruled = replace(drawn, ruling=Ruling(True, 1500, False))
    assert due(ruled, 1500 + APPEAL_BLOCKS) is None, "an appeal may still be in this block"
    assert state(ruled) == ("for", 1500 + APPEAL_BLOCKS)
    assert due(ruled, 1501 + APPEAL_BLOCKS) is Act.CLOSE
    final = replace(ruled, ruling=Ruling(False, 1500, True))
    assert due(final, 1501) is Act.CLOSE
    assert state(final) == ("against", None)
    assert due(replace(ruled, closed=True), 9000) is None
    assert state(replace(ruled, closed=True)) == ("closed-for", None)
    assert replace(ruled, round=1).draws == 2


def test_the_calls_of_a_period_in_their_order() -> None:
    assert period.billing(1, 16) == (Due(Step.BILLS),)
    assert period.billing(2, 16) == (Due(Step.BILLS), Due(Step.BAND, 0), Due(Step.BAND, 1), Due(Step.PROVE_BILLS))
    large = period.billing(3, 64)
    assert [period.band_and_part(call.part, 64) for call in large if call.step is Step.BAND] == [
        *((0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 1)),
    ]
    assert large[-1] == Due(Step.PROVE_BILLS)
    assert period.settling(16) == (Due(Step.SETTLE),)
    assert period.settling(64) == (Due(Step.SETTLE), Due(Step.FINISH_SETTLEMENT, 1))
    assert period.crediting(64) == (Due(Step.CREDIT), Due(Step.FINISH_CREDIT, 1))
    with pytest.raises(ValueError, match="1 to 4 bands"):
        period.billing(5, 16)


@given(st.integers(0, 10**6), st.integers(1, 7), st.integers(1, 40), st.integers(1, 6))
def test_batches_tile_periods_and_periods_tile_blocks(first: int, size: int, length: int, periods: int) -> None:
    spans: list[tuple[int, int]] = []
    begin = first
    for _ in range(periods):
        ends = period.ends_at(begin, begin - 1, length)
        assert ends - begin + 1 == length
        while begin <= ends:
            span = next_batch(first, begin - first, 10**9, size, ends)
            assert span is not None
            assert next_batch(first, begin - first, span[1] - first, size, ends) is None
            spans.append(span)
            begin = span[1] + 1
    assert [start for start, _ in spans] == [first, *(last + 1 for _, last in spans[:-1])]
    assert spans[-1][1] == first + periods * length - 1
    assert all(0 < last - start + 1 <= size for start, last in spans)


def test_a_period_begun_when_none_ended_ends_with_its_batches() -> None:
    assert period.ends_at(10, 95, 28) == 95
    assert period.ends_at(10, 20, 28) == 37
