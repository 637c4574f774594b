"""meter-data: periods that close, zones that fall silent, gateways that were revoked, totals over too few."""

from __future__ import annotations

import random

import pytest

from circuits.generators import LIB
from circuits.opening import sum_openings
from circuits.pedersen import commit
from tests.contracts.errors import error_name
from tests.contracts.settlement import (
    DAY,
    ELECTRICITY,
    GATEWAY,
    PROVIDER,
    STEWARD,
    STRANGER,
    Settlement,
    account,
    consensus_hash,
)
from tests.contracts.vm import Machine, Receipt, plain

SILENCE = 12_960
NEW = account("new gateway")


def refusal(receipt: Receipt) -> str:
    return error_name(receipt.refusal()).removeprefix("meter-data.")


@pytest.fixture
def small(machine: Machine) -> Settlement:
    """Zone 1 of four dwellings, from block 100."""
    s = Settlement(machine, small=True)
    s.bootstrap()
    s.zone(1, 4)
    return s


# ------------------------------------------------------------------------------------------------ closing


def test_a_closed_period_keeps_the_sums_of_its_batches(small: Settlement, rng: random.Random) -> None:
    s = small
    batches = []
    for usage, blocks in (([1, 2, 3, 4], 7), ([9, 0, 0, 2**20 - 1], 2)):
        batches.append(s.following(rng, 1, usage, blocks))
        s.submit(batches[-1]).ok()
    running = s.read(s.meter_data, "get-running", 1)
    receipt = s.close_period(1, sender=STRANGER)
    assert receipt.ok() == 0
    kept = {"usage": running, "blocks": 9, "batches": 2}
    assert s.read(s.meter_data, "get-period-usage", 1, 0) == kept
    for slot in range(4):
        whole = sum_openings([batch.openings[slot] for batch in batches])
        assert commit(LIB, whole).to_bytes() == running[slot]
    assert s.read(s.meter_data, "get-zone-state", 1) == {"next-block": 109, "period": 1, "batches": 0}
    assert s.read(s.meter_data, "get-running", 1) is None
    assert s.read(s.registry, "get-open-period", 1) == 1
    assert s.read(s.meter_data, "get-period-usage", 1, 1) is None
    (event,) = [plain(event.value) for event in receipt.prints if event.contract == str(s.meter_data)]
    assert event == kept | {"topic": "period-closed", "zone": 1, "period": 0}
    entry = s.read(s.audit, "get-entry", s.read(s.audit, "get-head")["seq"])["entry"]
    assert int.from_bytes(entry[32:36], "big") == 202
    assert entry[68:] == consensus_hash(event)


def test_the_next_period_begins_with_its_own_first_batch(small: Settlement, rng: random.Random) -> None:
    s = small
    s.metered(rng, 1, [1, 1, 1, 1])
    batch = s.following(rng, 1, [5, 6, 7, 8])
    assert batch.sum_hint is None
    assert s.submit(batch).ok() == {"next-block": 114, "period": 1, "checked": 3}
    assert s.read(s.meter_data, "get-running", 1) == batch.commitments
    assert s.read(s.meter_data, "get-batch", 1, 107)["period"] == 1
    assert s.read(s.aggregation, "get-zone-period-usage", 1, 0) == {"total": 4, "batches": 1}
    assert s.read(s.aggregation, "get-zone-period-usage", 1, 1) == {"total": 26, "batches": 1}
    assert s.read(s.aggregation, "get-settlement-usage", ELECTRICITY, 1) == {"total": 26, "batches": 1}


def test_a_proof_for_the_period_before_is_no_proof_for_this_one(small: Settlement, rng: random.Random) -> None:
    s = small
    s.submit(s.following(rng, 1, [1, 1, 1, 1])).ok()
    s.close_period(1).ok()
    prepared = s.proved(s.following(rng, 1, [2, 2, 2, 2]), period=0)
    assert s.refused(prepared) == "range.ERR_HINT"
    s.submit(s.proved(prepared)).ok()


def test_a_period_has_the_blocks_that_the_founders_fixed(machine: Machine, rng: random.Random) -> None:
    s = Settlement(machine, small=True)
    s.bootstrap(parameters={"period-blocks": 9})
    s.zone(1, 4)
    assert refusal(s.close_period(77)) == "ERR_ZONE_UNKNOWN"
    assert refusal(s.close_period(1)) == "ERR_PERIOD_SHORT"
    s.submit(s.following(rng, 1, [1, 1, 1, 1])).ok()
    for sender in (GATEWAY, PROVIDER, STEWARD):
        assert refusal(s.close_period(1, sender=sender)) == "ERR_PERIOD_SHORT"
    s.submit(s.following(rng, 1, [1, 1, 1, 1], 2)).ok()
    s.close_period(1).ok()
    assert refusal(s.close_period(1)) == "ERR_PERIOD_SHORT"


# ------------------------------------------------------------------------------------------------ the chain's clock


def test_no_batch_comes_before_its_blocks_are_over(small: Settlement, rng: random.Random) -> None:
    s = small
    clock = s.vm.deploy("clock", s.deployer, "(define-public (now) (ok stacks-block-time))")
    now = s.call(clock, "now", sender=s.stranger).ok()
    s.zone(2, 4, origin=now - 3 * DAY)
    assert s.refused(s.proved(s.following(rng, 2, [1, 1, 1, 1], 4)), zone=2) == "meter-data.ERR_EARLY"
    s.submit(s.following(rng, 2, [1, 1, 1, 1], 3)).ok()
    assert s.refused(s.proved(s.following(rng, 2, [1, 1, 1, 1], 1)), zone=2) == "meter-data.ERR_EARLY"
    s.zone(3, 4, origin=2**32 - 1)
    assert s.refused(s.proved(s.following(rng, 3, [1, 1, 1, 1], 1)), zone=3) == "meter-data.ERR_EARLY"


# ------------------------------------------------------------------------------------------------ k-min


def test_no_total_over_fewer_dwellings_than_k_min(machine: Machine, rng: random.Random) -> None:
    """As shipped: a zone of 16 slots with 15 dwellings, and one with 14."""
    s = Settlement(machine)
    s.bootstrap()
    s.zone(1, 16, vacant=[7])
    s.zone(2, 16, vacant=[7, 8])
    s.submit(s.following(rng, 1, [1] * 16)).ok()
    assert s.refused(s.proved(s.following(rng, 2, [1] * 16)), zone=2) == "meter-data.ERR_K_MIN"


def test_a_zone_that_shrinks_below_k_min_opens_no_total_from_the_next_period_on(
    small: Settlement, rng: random.Random
) -> None:
    s = small
    s.submit(s.following(rng, 1, [1, 1, 1, 1])).ok()
    for slot in range(3):
        s.together(s.registry, "move-out", 1, slot)
    s.submit(s.following(rng, 1, [1, 1, 1, 1])).ok()
    s.close_period(1).ok()
    assert s.refused(s.proved(s.following(rng, 1, [1, 1, 1, 1]))) == "meter-data.ERR_K_MIN"


# ------------------------------------------------------------------------------------------------ gateways, silence


def test_a_revoked_gateway_sends_nothing_and_the_new_one_goes_on(small: Settlement, rng: random.Random) -> None:
    s = small
    s.submit(s.following(rng, 1, [1, 1, 1, 1])).ok()
    prepared = s.proved(s.following(rng, 1, [2, 2, 2, 2]))
    s.together(s.registry, "revoke-gateway", GATEWAY)
    assert s.refused(prepared) == "meter-data.ERR_FROZEN"
    s.call(s.registry, "register-gateway", NEW, sender=STEWARD).ok()
    s.together(s.registry, "replace-gateway", 1, NEW)
    assert s.refused(prepared) == "meter-data.ERR_NOT_GATEWAY"
    s.submit(s.proved(prepared, submitter=NEW), sender=NEW).ok()


def test_anybody_closes_a_zone_that_is_silent(small: Settlement, rng: random.Random) -> None:
    s = small
    assert refusal(s.call(s.meter_data, "close-zone", 77, sender=STRANGER)) == "ERR_ZONE_UNKNOWN"
    assert s.read(s.meter_data, "get-last-heard", 77) == 0
    s.vm.burn(10)
    s.submit(s.following(rng, 1, [1, 1, 1, 1])).ok()
    heard = s.read(s.meter_data, "get-last-heard", 1)
    prepared = s.proved(s.following(rng, 1, [2, 2, 2, 2]))
    assert refusal(s.call(s.meter_data, "close-zone", 1, sender=STRANGER)) == "ERR_HEARD"
    now = s.vm.burn(1)
    s.vm.burn(heard + SILENCE - 1 - now)
    assert refusal(s.call(s.meter_data, "close-zone", 1, sender=STRANGER)) == "ERR_HEARD"
    s.vm.burn(1)
    receipt = s.call(s.meter_data, "close-zone", 1, sender=STRANGER)
    receipt.ok()
    (event,) = [plain(event.value) for event in receipt.prints if event.contract == str(s.meter_data)]
    assert event == {"topic": "zone-closed", "zone": 1, "period": 0}
    assert s.read(s.registry, "get-zone", 1)["closed"] is True
    assert refusal(s.call(s.meter_data, "close-zone", 1, sender=STRANGER)) == "ERR_CLOSED"
    assert s.refused(prepared) == "meter-data.ERR_CLOSED"
    assert refusal(s.close_period(1)) == "ERR_CLOSED"


def test_a_zone_that_never_sent_anything_is_heard_from_its_registration_on(small: Settlement) -> None:
    s = small
    since = s.read(s.registry, "get-zone", 1)["since"]
    assert s.read(s.meter_data, "get-last-heard", 1) == since
    s.vm.burn(SILENCE)
    s.call(s.meter_data, "close-zone", 1, sender=STRANGER).ok()
