"""meter-data: sealed batches of small zones, whose total is opened together with those of others."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from appliance.chain.address import Contract
from appliance.chain.clarity import Buffer, Optional
from circuits.generators import LIB
from circuits.group import LibPoint
from circuits.opening import sum_openings
from circuits.pedersen import Opening, commit
from tests.contracts.errors import error_name
from tests.contracts.privacy import sum_hints
from tests.contracts.settlement import (
    DAY,
    ELECTRICITY,
    GATEWAY,
    STEWARD,
    STRANGER,
    WATER,
    Batch,
    Settlement,
    account,
    consensus_hash,
    prove,
)
from tests.contracts.texts import LOOK_ALIKE
from tests.contracts.vm import Machine, Receipt, plain


def refusal(receipt: Receipt) -> str:
    return error_name(receipt.refusal()).removeprefix("meter-data.")


def seal(s: Settlement, batch: Batch, *, domain: str = "mita/v1/sealed-batch", sender: Any = GATEWAY) -> Receipt:
    """submit-sealed-batch with a proof that opens nothing."""
    context = s.context(replace(batch, total=0, blinding_sum=b""), domain=domain)
    made = prove(batch.openings, context, opened=False)
    blocks = (batch.zone, batch.first_block, batch.last_block)
    hint = None if batch.sum_hint is None else Optional(Buffer(batch.sum_hint))
    parts = (list(made.points), list(made.scalars), list(made.hints))
    said = (batch.commitments, batch.evidence_root, batch.authenticity, hint, *parts, s.proof)
    return s.call(s.meter_data, "submit-sealed-batch", *blocks, *said, sender=sender)


def combined(
    s: Settlement,
    batches: Sequence[Batch],
    *,
    zones: Sequence[int] | None = None,
    more: int = 0,
    sender: Any = GATEWAY,
    proof: Contract | None = None,
) -> Receipt:
    """open-combined-total of these batches, with a total that is `more` than theirs."""
    whole = sum_openings([opening for batch in batches for opening in batch.openings])
    sums = [LibPoint.sum([LibPoint.from_bytes_checked(c) for c in batch.commitments]).to_bytes() for batch in batches]
    args = (
        [batch.zone for batch in batches] if zones is None else list(zones),
        batches[0].first_block,
        whole.value + more,
        whole.blinding.to_bytes(),
        [sum_hints(batch.commitments) for batch in batches],
        sum_hints(sums),
        proof or s.proof,
    )
    return s.call(s.meter_data, "open-combined-total", *args, sender=sender)


@pytest.fixture
def hamlet(machine: Machine) -> Settlement:
    """Zones 1 to 3 of one dwelling each: k-min is 2. Zone 4 is of water."""
    s = Settlement(machine, small=True)
    s.bootstrap()
    for zone in (1, 2, 3):
        s.zone(zone, 4, vacant=[1, 2, 3])
    s.zone(4, 4, vacant=[1, 2, 3], utility=WATER)
    return s


def sealed(s: Settlement, rng: random.Random, *zones: int, blocks: int = 7) -> list[Batch]:
    batches = [s.following(rng, zone, [zone * 10, 0, 0, 0], blocks) for zone in zones]
    for batch in batches:
        seal(s, batch).ok()
    return batches


def test_a_small_zone_goes_on_without_a_total(hamlet: Settlement, rng: random.Random) -> None:
    s = hamlet
    batch = s.following(rng, 1, [7, 0, 0, 0])
    assert s.refused(s.proved(batch)) == "meter-data.ERR_K_MIN"
    receipt = seal(s, batch)
    assert receipt.ok() == {"next-block": 107, "period": 0, "checked": 2}
    assert s.read(s.meter_data, "get-running", 1) == batch.commitments
    kept = s.read(s.meter_data, "get-batch", 1, 100)
    assert (kept["checked"], kept["total"], kept["last-block"]) == (2, 0, 106)
    assert s.read(s.aggregation, "get-zone-usage", 1, 100) is None
    assert s.read(s.aggregation, "get-zone-period-usage", 1, 0) == {"total": 0, "batches": 0}
    (event,) = [event.value for event in receipt.prints if event.contract == str(s.meter_data)]
    assert plain(event)["topic"] == "sealed-batch"
    entry = s.read(s.audit, "get-entry", s.read(s.audit, "get-head")["seq"])["entry"]
    assert int.from_bytes(entry[32:36], "big") == 204
    assert entry[68:] == consensus_hash(event)
    later = s.following(rng, 1, [8, 0, 0, 0])
    seal(s, later).ok()
    s.close_period(1).ok()
    assert s.read(s.meter_data, "get-period-usage", 1, 0)["blocks"] == 14


def test_a_proof_that_opens_is_no_sealed_one_and_the_other_way_round(hamlet: Settlement, rng: random.Random) -> None:
    s = hamlet
    batch = s.following(rng, 1, [7, 0, 0, 0])
    assert error_name(seal(s, batch, domain="mita/v1/usage-batch").refusal()) == "range.ERR_HINT"
    assert refusal(seal(s, batch, sender=STRANGER)) == "ERR_NOT_GATEWAY"
    seal(s, batch).ok()
    assert refusal(seal(s, batch)) == "ERR_REPLAY"


def test_a_zone_that_may_open_its_total_is_not_sealed(hamlet: Settlement, rng: random.Random) -> None:
    """Beside its own bills or growth, a total together with others would show theirs."""
    s = hamlet
    s.zone(5, 4)
    s.zone(6, 4, vacant=[2, 3])
    for zone in (5, 6):
        assert refusal(seal(s, s.following(rng, zone, [1, 2, 3, 4]))) == "ERR_MAY_OPEN"
    s.submit(s.following(rng, 5, [1, 2, 3, 4])).ok()


def test_small_zones_open_one_total_together(hamlet: Settlement, rng: random.Random) -> None:
    s = hamlet
    batches = sealed(s, rng, 1, 2, 3)
    receipt = combined(s, batches)
    receipt.ok()
    together = {"zones": [1, 2, 3], "last-block": 106, "total": 60}
    for zone in (1, 2, 3):
        assert s.read(s.aggregation, "get-combined-usage", zone, 100) == together
        assert s.read(s.aggregation, "get-zone-usage", zone, 100) is None
    assert s.read(s.aggregation, "get-settlement-usage", ELECTRICITY, 0) == {"total": 60, "batches": 3}
    events = {plain(event.value)["topic"]: plain(event.value) for event in receipt.prints}
    where = {"utility": ELECTRICITY, "period": 0, "first-block": 100, "last-block": 106}
    shared = where | {"zones": [1, 2, 3], "total": 60}
    assert events["combined-total"] == shared | {"topic": "combined-total"}
    assert events["combined-usage"] == shared | {"topic": "combined-usage"}
    entry = s.read(s.audit, "get-entry", s.read(s.audit, "get-head")["seq"])["entry"]
    assert int.from_bytes(entry[32:36], "big") == 205
    # once, in whatever company
    for again in (batches, batches[:2], batches[1:]):
        assert error_name(combined(s, again).refusal()) == "aggregation.ERR_RECORDED"


def test_four_zones_are_the_most(hamlet: Settlement, rng: random.Random) -> None:
    s = hamlet
    s.zone(5, 4, vacant=[1, 2, 3])
    combined(s, sealed(s, rng, 1, 2, 3, 5)).ok()


def test_one_zone_twice_is_not_a_crowd(hamlet: Settlement, rng: random.Random) -> None:
    """Twice the sum opens to twice the total, of which the half is one dwelling's."""
    s = hamlet
    (batch,) = sealed(s, rng, 1)
    opened = sum_openings(batch.openings)
    point = commit(LIB, opened).to_bytes()
    doubled = Opening(2 * opened.value, opened.blinding + opened.blinding)
    assert LibPoint.sum([LibPoint.from_bytes_checked(point)] * 2) == commit(LIB, doubled)
    args = (100, doubled.value, doubled.blinding.to_bytes(), [sum_hints(batch.commitments)] * 2)
    # two equal points have no hint; so the verifier is one that believes everything
    s2 = Settlement(s.vm, LOOK_ALIKE.replace("CLAIM", "u2"), small=True)
    s2.bootstrap()
    s2.zone(1, 4, vacant=[1, 2, 3])
    seal(s2, s2.following(rng, 1, [7, 0, 0, 0])).ok()
    believed = s2.call(s2.meter_data, "open-combined-total", [1, 1], *args, [], s2.proof, sender=GATEWAY)
    assert error_name(believed.refusal()) == "aggregation.ERR_RECORDED"
    assert error_name(combined(s, [batch]).refusal()) == "aggregation.ERR_K_MIN"


def test_too_few_together_stay_sealed(machine: Machine, rng: random.Random) -> None:
    """As shipped: 7 and 7 dwellings are 14; with one more zone of one they are 15."""
    s = Settlement(machine)
    s.bootstrap()
    s.zone(1, 16, vacant=range(7, 16))
    s.zone(2, 16, vacant=range(7, 16))
    s.zone(3, 16, vacant=range(1, 16))
    batches = [s.following(rng, zone, [zone] + [0] * 15) for zone in (1, 2, 3)]
    for batch in batches:
        seal(s, batch).ok()
    assert error_name(combined(s, batches[:2]).refusal()) == "aggregation.ERR_K_MIN"
    combined(s, batches).ok()


def test_a_batch_that_opened_its_total_is_not_combined(hamlet: Settlement, rng: random.Random) -> None:
    s = hamlet
    s.zone(5, 4)
    opened = s.following(rng, 5, [1, 2, 3, 4])
    s.submit(opened).ok()
    (other,) = sealed(s, rng, 1)
    for batches in ([opened, other], [other, opened]):
        assert refusal(combined(s, batches)) == "ERR_NOT_SEALED"


def test_batches_that_are_not_alike(hamlet: Settlement, rng: random.Random) -> None:
    s = hamlet
    s.zone(5, 4, vacant=[1, 2, 3], origin=7)
    (first,) = sealed(s, rng, 1)
    (water,) = sealed(s, rng, 4)
    (elsewhen,) = sealed(s, rng, 5)
    (shorter,) = sealed(s, rng, 2, blocks=3)
    for other in (water, elsewhen, shorter):
        assert refusal(combined(s, [first, other])) == "ERR_NOT_ALIKE"
    # the same blocks at the same time, but one zone closed a period before them
    s.zone(7, 4, vacant=[1, 2, 3], first_block=99, origin=0)
    s.zone(8, 4, vacant=[1, 2, 3], first_block=100, origin=DAY)
    sealed(s, rng, 7, blocks=1)
    s.close_period(7).ok()
    (later,) = sealed(s, rng, 7)
    (same,) = sealed(s, rng, 8)
    assert later.first_block == same.first_block
    assert refusal(combined(s, [same, later])) == "ERR_NOT_ALIKE"


def test_combinations_that_are_refused(hamlet: Settlement, rng: random.Random) -> None:
    s = hamlet
    batches = sealed(s, rng, 1, 2)
    assert refusal(combined(s, batches, zones=[])) == "ERR_NOT_A_BATCH"
    assert refusal(combined(s, batches, zones=[1, 3])) == "ERR_NOT_A_BATCH"
    assert refusal(combined(s, batches, zones=[1, 77])) == "ERR_ZONE_UNKNOWN"
    assert refusal(combined(s, batches, sender=STRANGER)) == "ERR_NOT_GATEWAY"
    for more in (1, 2**64, 2**128 - 1 - 30):
        assert error_name(combined(s, batches, more=more).refusal()) == "privacy-proof.ERR_OPENING"
    look_alike = s.vm.deploy("yes", s.stranger, LOOK_ALIKE.replace("CLAIM", "u3").replace(" .", f" '{s.deployer}."))
    assert refusal(combined(s, batches, proof=look_alike)) == "ERR_PROOF_CONTRACT"
    other = account("another gateway")
    s.call(s.registry, "register-gateway", other, sender=STEWARD).ok()
    s.together(s.registry, "replace-gateway", 2, other)
    for sender in (GATEWAY, other):
        assert refusal(combined(s, batches, sender=sender)) == "ERR_NOT_GATEWAY"
    s.together(s.registry, "replace-gateway", 1, other)
    s.together(s.registry, "revoke-gateway", other)
    assert refusal(combined(s, batches, sender=other)) == "ERR_FROZEN"
    assert s.read(s.aggregation, "get-combined-usage", 1, 100) is None


def test_a_closed_zone_opens_nothing_any_more(hamlet: Settlement, rng: random.Random) -> None:
    s = hamlet
    batches = sealed(s, rng, 1, 2)
    s.vm.burn(12_960)
    s.call(s.meter_data, "close-zone", 2, sender=STRANGER).ok()
    assert refusal(combined(s, batches)) == "ERR_CLOSED"


def test_nobody_but_meter_data_combines(hamlet: Settlement) -> None:
    s = hamlet
    for sender in (GATEWAY, STEWARD, s.deployer):
        receipt = s.call(s.aggregation, "record-combined", [1, 2], ELECTRICITY, 0, 100, 106, 5, sender=sender)
        assert error_name(receipt.refusal()) == "aggregation.ERR_NOT_METER_DATA"
