"""submit-usage-batch: the whole accepted path, and a random walk against a model."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

from appliance.chain.address import Contract
from circuits.reference import ReferencePoint
from circuits.scalar import N, Scalar
from tests.contracts.errors import error_name
from tests.contracts.settlement import (
    ELECTRICITY,
    WATER,
    Batch,
    Settlement,
    added,
    addition_hint,
    consensus_hash,
    make_batch,
    usage,
)
from tests.contracts.test_meter_data_refusals import REFUSALS, REPEATED
from tests.contracts.vm import Receipt, plain


def printed(receipt: Receipt, contract: Contract) -> dict[str, Any]:
    (event,) = [event.value for event in receipt.prints if event.contract == str(contract)]
    fields = plain(event)
    assert isinstance(fields, dict)
    return fields


# ------------------------------------------------------------------------------------------------ accepted


@pytest.mark.parametrize(("zone", "slots"), [(1, 16), (2, 64)])
def test_three_batches_of_a_zone(settlement: Settlement, rng: random.Random, zone: int, slots: int) -> None:
    s = settlement
    running: list[bytes] | None = None
    batches: list[Batch] = []
    totals = 0
    for number, (kind, blocks) in enumerate((("random", 7), ("zero", 1), ("full", 3))[: 3 if slots == 16 else 2]):
        batch = s.following(rng, zone, usage(rng, slots, kind), blocks)
        batches.append(batch)
        before = s.read(s.audit, "get-head")
        receipt = s.submit(batch)
        assert receipt.ok() == {"next-block": batch.last_block + 1, "period": 0, "checked": 3}

        running = batch.commitments if running is None else added(running, batch.commitments)
        assert s.read(s.meter_data, "get-running", zone) == running
        totals += batch.total
        state = {"next-block": batch.last_block + 1, "period": 0, "batches": number + 1}
        assert s.read(s.meter_data, "get-zone-state", zone) == state
        assert s.read(s.meter_data, "get-batch", zone, batch.first_block) == {
            "last-block": batch.last_block,
            "total": batch.total,
            "commitments-hash": consensus_hash(batch.commitments),
            "evidence-root": batch.evidence_root,
            "checked": 3,
            "height": s.vm.height(),
            "contested": False,
            "period": 0,
        }
        assert s.read(s.meter_data, "get-commitments", zone, batch.first_block) == batch.commitments
        assert s.read(s.aggregation, "get-zone-usage", zone, batch.first_block) == {
            "last-block": batch.last_block,
            "total": batch.total,
        }
        period = {"total": totals, "batches": number + 1}
        assert s.read(s.aggregation, "get-zone-period-usage", zone, 0) == period
        assert s.read(s.aggregation, "get-settlement-usage", ELECTRICITY, 0) == period
        assert s.read(s.aggregation, "get-settlement-usage", WATER, 0) == {"total": 0, "batches": 0}

        event = printed(receipt, s.meter_data)
        assert event == {
            "topic": "usage-batch",
            "zone": zone,
            "period": 0,
            "first-block": batch.first_block,
            "last-block": batch.last_block,
            "total": batch.total,
            "commitments": batch.commitments,
            "commitments-hash": consensus_hash(batch.commitments),
            "evidence-root": batch.evidence_root,
            "authenticity": batch.authenticity,
            "checked": 3,
            "contested": False,
            "context": s.context(batch),
        }
        head = s.read(s.audit, "get-head")
        entry = s.read(s.audit, "get-entry", head["seq"])["entry"]
        assert head["seq"] == before["seq"] + 1
        assert entry[36:68] == consensus_hash(s.meter_data)
        assert entry[68:] == consensus_hash(event)
    assert running is not None
    for slot in (0, slots - 1):  # the same sums over the other library
        points = [ReferencePoint.from_bytes_checked(batch.commitments[slot]) for batch in batches]
        assert ReferencePoint.sum(points).to_bytes() == running[slot]


def test_zones_share_nothing_but_the_settlement_total(settlement: Settlement, rng: random.Random) -> None:
    s = settlement
    s.zone(3, 16, utility=WATER, first_block=0)
    batches = [s.following(rng, zone, usage(rng, slots)) for zone, slots in ((1, 16), (2, 64), (3, 16))]
    for batch in batches:
        s.submit(batch).ok()
    for batch in batches:
        assert s.read(s.meter_data, "get-running", batch.zone) == batch.commitments
        assert s.read(s.aggregation, "get-zone-period-usage", batch.zone, 0)["total"] == batch.total
    electricity = batches[0].total + batches[1].total
    assert s.read(s.aggregation, "get-settlement-usage", ELECTRICITY, 0) == {"total": electricity, "batches": 2}
    assert s.read(s.aggregation, "get-settlement-usage", WATER, 0) == {"total": batches[2].total, "batches": 1}
    assert batches[2].first_block == 0


def test_an_accepted_batch_of_nothing_is_a_total_of_zero(settlement: Settlement, rng: random.Random) -> None:
    s = settlement
    assert s.read(s.aggregation, "get-zone-usage", 1, 100) is None
    assert s.read(s.aggregation, "get-zone-period-usage", 1, 0) == {"total": 0, "batches": 0}
    s.submit(s.following(rng, 1, usage(rng, 16, "zero"))).ok()
    assert s.read(s.aggregation, "get-zone-usage", 1, 100) == {"last-block": 106, "total": 0}
    assert s.read(s.aggregation, "get-zone-period-usage", 1, 0) == {"total": 0, "batches": 1}


def test_the_largest_batch_there_is(settlement: Settlement, rng: random.Random) -> None:
    batch = settlement.following(rng, 2, usage(rng, 64, "full"))
    assert batch.total == 64 * (2**20 - 1)
    assert settlement.submit(batch).ok()["checked"] == 3


def test_authenticity_may_count_fewer_than_all_slots_and_all_of_them(
    settlement: Settlement, rng: random.Random
) -> None:
    for counts in ([0] * 6, [1, 2, 3, 4, 5, 1]):
        batch = settlement.following(rng, 1, usage(rng, 16))
        settlement.submit(replace(batch, authenticity=counts)).ok()


# ------------------------------------------------------------------------------------------------ refused


def test_a_random_walk_agrees_with_a_model(settlement: Settlement, rng: random.Random) -> None:
    """18 honest and spoilt batches over two zones; after each, everything readable equals the model's."""
    s = settlement
    s.zone(3, 16, first_block=5)
    next_block = {1: 100, 3: 5}
    running: dict[int, list[bytes]] = {}
    totals = {1: 0, 3: 0}
    accepted = {1: 0, 3: 0}
    lists: list[Batch] = []
    seen: set[str] = set()
    for _ in range(18):
        zone = rng.choice((1, 3))
        blocks = rng.randint(1, 7)
        batch = make_batch(rng, zone, next_block[zone], next_block[zone] + blocks - 1, usage(rng, 16))
        if zone in running:
            batch = replace(batch, sum_hint=addition_hint(running[zone], batch.commitments))
        case = rng.choice([*REFUSALS, *["honest"] * len(REFUSALS), *["repeated"] * 12])
        if case == "repeated":
            if lists:
                old = rng.choice(lists)
                copy = replace(old, zone=zone, first_block=batch.first_block, last_block=batch.last_block)
                assert error_name(s.submit(copy).refusal()) == REPEATED
                seen.add(REPEATED)
        elif case == "honest":
            s.submit(batch).ok()
            lists.append(batch)
            running[zone] = added(running[zone], batch.commitments) if zone in running else batch.commitments
            next_block[zone] += blocks
            totals[zone] += batch.total
            accepted[zone] += 1
        else:
            expected, change = REFUSALS[case]
            if zone not in running:  # a hint, even a wrong one, is refused as such with a first batch
                expected = {"no hint": "", "wrong hint": "", "short hint": ""}.get(case, expected)
            if expected and not (case == "replay of the last batch" and next_block[zone] < 7):
                wrong = change(s.proved(batch))
                assert error_name(s.submit(wrong).refusal()) == expected
                seen.add(expected)
        for z in (1, 3):
            state = {"next-block": next_block[z], "period": 0, "batches": accepted[z]}
            assert s.read(s.meter_data, "get-zone-state", z) == state
            assert s.read(s.meter_data, "get-running", z) == running.get(z)
            period = {"total": totals[z], "batches": accepted[z]}
            assert s.read(s.aggregation, "get-zone-period-usage", z, 0) == period
        both = {"total": sum(totals.values()), "batches": sum(accepted.values())}
        assert s.read(s.aggregation, "get-settlement-usage", ELECTRICITY, 0) == both
    assert min(accepted.values()) >= 2
    assert len(seen) >= 5
    assert REPEATED in seen


def test_the_sum_of_blindings_is_what_opens_the_sum(settlement: Settlement, rng: random.Random) -> None:
    """The openings behind an accepted batch add up to what was sent, over plain integers."""
    batch = settlement.following(rng, 1, usage(rng, 16))
    settlement.submit(batch).ok()
    assert batch.total == sum(opening.value for opening in batch.openings)
    blindings = sum(opening.blinding.value for opening in batch.openings) % N
    assert Scalar.from_bytes_checked(batch.blinding_sum).value == blindings
