"""Dwellings that prove their own slot: the registry's entry, and whose proof of what is taken."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

from appliance.chain.clarity import NONE
from circuits.generators import LIB
from circuits.pedersen import commit
from circuits.scalar import Scalar
from tests.contracts.self_proving import DEVICE, NEIGHBOUR, SLOT, WINDOW, ZONE, another, own_of, refusal
from tests.contracts.settlement import (
    GATEWAY,
    STEWARD,
    OwnProof,
    Settlement,
    consensus_hash,
    household,
    prove,
    usage,
)
from tests.contracts.texts import LOOK_ALIKE
from tests.contracts.vm import plain

# ------------------------------------------------------------------------------------------------ who, what, when


def test_a_proof_is_kept_printed_and_recorded(home: Settlement, rng: random.Random) -> None:
    s = home
    batch = s.following(rng, ZONE, usage(rng, 16))
    own = own_of(batch)
    receipt = s.submit_own(own, sender=DEVICE)
    answer = receipt.ok()
    assert answer["contested"] is False
    height = answer["holds-until"] - WINDOW
    assert s.vm.burn(1) == height + 1
    kept = {"slot": SLOT, "last-block": batch.last_block, "commitment": batch.commitments[SLOT]}
    assert s.read(s.meter_data, "get-self-proofs", ZONE, batch.first_block) == {
        "holds-until": height + WINDOW,
        "proofs": [kept],
    }
    (event,) = [event.value for event in receipt.prints if event.contract == str(s.meter_data)]
    assert plain(event) == {
        "topic": "usage-proof",
        "zone": ZONE,
        "slot": SLOT,
        "period": 0,
        "first-block": batch.first_block,
        "last-block": batch.last_block,
        "commitment": batch.commitments[SLOT],
        "prover": DEVICE,
        "checked": 2,
        "holds-until": height + WINDOW,
        "contested": False,
        "context": s.own_context(own, DEVICE),
    }
    head = s.read(s.audit, "get-head")
    entry = s.read(s.audit, "get-entry", head["seq"])["entry"]
    assert entry[32:36] == (201).to_bytes(4, "big")
    assert entry[68:] == consensus_hash(event)

    assert refusal(s.submit_own(own, sender=DEVICE)) == "meter-data.ERR_PROVED"
    changed = replace(own, opening=another(rng), last_block=own.first_block)
    assert refusal(s.submit_own(changed, sender=DEVICE)) == "meter-data.ERR_PROVED"


def test_only_the_slot_s_own_prover(home: Settlement, rng: random.Random) -> None:
    s = home
    batch = s.following(rng, ZONE, usage(rng, 16))
    for sender in (GATEWAY, STEWARD, s.deployer, s.stranger, NEIGHBOUR):
        assert refusal(s.submit_own(own_of(batch), sender=sender)) == "meter-data.ERR_NOT_SELF_PROVER"
    for slot in (4, 5, 15):
        receipt = s.submit_own(own_of(batch, slot), sender=DEVICE)
        assert refusal(receipt) == "meter-data.ERR_NOT_SELF_PROVER"
    for slot in (16, 2**128 - 1):
        receipt = s.submit_own(replace(own_of(batch), slot=slot), sender=DEVICE)
        assert refusal(receipt) == "meter-data.ERR_NOT_SELF_PROVER"
    assert refusal(s.submit_own(own_of(batch, zone=77), sender=DEVICE)) == "meter-data.ERR_ZONE_UNKNOWN"
    s.zone(2, 16)
    assert refusal(s.submit_own(own_of(batch, zone=2), sender=DEVICE)) == "meter-data.ERR_NOT_SELF_PROVER"
    s.call(s.registry, "set-self-proving", ZONE, SLOT, NONE, sender=household(ZONE, SLOT)).ok()
    assert refusal(s.submit_own(own_of(batch), sender=DEVICE)) == "meter-data.ERR_NOT_SELF_PROVER"
    assert s.read(s.meter_data, "get-self-proofs", ZONE, batch.first_block) is None


def test_blocks_that_are_no_span(unchanged: Settlement, rng: random.Random) -> None:
    batch = unchanged.following(rng, ZONE, usage(rng, 16))
    for first, last in ((100, 99), (100, 107), (100, 2**128 - 1), (2**128 - 1, 0)):
        own = own_of(batch, first_block=first, last_block=last)
        assert refusal(unchanged.submit_own(own, sender=DEVICE)) == "meter-data.ERR_SPAN"


def test_a_look_alike_proof_contract(unchanged: Settlement, rng: random.Random) -> None:
    s = unchanged
    source = LOOK_ALIKE.replace("CLAIM", "u3").replace(" .user-registry", f" '{s.registry}")
    look_alike = s.vm.deploy("look-alike", s.stranger, source)
    batch = s.following(rng, ZONE, usage(rng, 16))
    receipt = s.submit_own(own_of(batch), sender=DEVICE, through=look_alike)
    assert refusal(receipt) == "meter-data.ERR_PROOF_CONTRACT"


@pytest.mark.parametrize("claim", ["u0", "u1", "u4"])
def test_an_active_proof_contract_must_have_checked_the_range(bare: Settlement, rng: random.Random, claim: str) -> None:
    s = bare
    nothing = s.vm.deploy("nothing", s.deployer, LOOK_ALIKE.replace("CLAIM", claim))
    s.bootstrap(privacy_proof=nothing)
    s.zone(ZONE, 16)
    s.self_proving(ZONE, SLOT, DEVICE)
    receipt = s.submit_own(own_of(s.following(rng, ZONE, usage(rng, 16))), sender=DEVICE, through=nothing)
    assert refusal(receipt) == "meter-data.ERR_UNCHECKED"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("domain", "mita/v1/usage-batch"),
        ("chain", 1),
        ("contract", STEWARD),
        ("proof", STEWARD),
        ("submitter", NEIGHBOUR),
        ("zone", 2),
        ("slot", 4),
        ("period", 1),
        ("first-block", 99),
        ("last-block", 105),
        ("commitments-hash", bytes(32)),
    ],
)
def test_a_proof_for_another_call_is_refused(unchanged: Settlement, rng: random.Random, field: str, value: Any) -> None:
    s = unchanged
    own = own_of(s.following(rng, ZONE, usage(rng, 16)))
    assert refusal(s.submit_own(own, sender=DEVICE, **{field: value})) == "range.ERR_HINT"
    assert s.read(s.meter_data, "get-self-proofs", ZONE, 100) is None


def test_a_batch_s_proof_is_no_slot_s_own_and_no_value_is_out_of_range(
    unchanged: Settlement, rng: random.Random
) -> None:
    s = unchanged
    batch = s.proved(s.following(rng, ZONE, usage(rng, 16)))
    args = [ZONE, SLOT, 100, 106, batch.commitments[SLOT], batch.points, batch.scalars, batch.hints, s.proof]
    assert refusal(s.call(s.meter_data, "submit-usage-proof", *args, sender=DEVICE)) == "range.ERR_LENGTH"
    own = own_of(batch)
    made = prove((own.opening,), s.own_context(own, DEVICE), opened=False)
    above = (commit(LIB, own.opening) + LIB.value * Scalar(2**20)).to_bytes()
    args = [ZONE, SLOT, 100, 106, above, list(made.points), list(made.scalars), list(made.hints), s.proof]
    assert refusal(s.call(s.meter_data, "submit-usage-proof", *args, sender=DEVICE)) == "range.ERR_HINT"


def test_a_proof_that_cannot_be_recorded_is_refused(bare: Settlement, rng: random.Random) -> None:
    s = bare
    s.bootstrap(writers=[s.registry])
    s.zone(ZONE, 16)
    s.self_proving(ZONE, SLOT, DEVICE)
    own = OwnProof(ZONE, SLOT, 100, 106, another(rng))
    assert refusal(s.submit_own(own, sender=DEVICE)) == "audit-log.ERR_NOT_WRITER"
    assert s.read(s.meter_data, "get-self-proofs", ZONE, 100) is None
