"""Dwellings that prove their own slot: the registry's entry, the proof, and what it does to a batch."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from appliance.chain.address import Address
from appliance.chain.clarity import NONE, Optional
from circuits.generators import LIB
from circuits.pedersen import Opening, commit
from circuits.scalar import N, Scalar
from tests.contracts.errors import error_name
from tests.contracts.settlement import (
    GATEWAY,
    STEWARD,
    Batch,
    OwnProof,
    Settlement,
    account,
    consensus_hash,
    prove,
    usage,
)
from tests.contracts.test_meter_data_refusals import LOOK_ALIKE
from tests.contracts.vm import CONTRACTS, Machine, Receipt, plain

DEVICE = account("the phone of slot 3")
NEIGHBOUR = account("the phone of slot 4")
WINDOW, REST = 144, 1008
ZONE, SLOT = 1, 3


def refusal(receipt: Receipt) -> str:
    return error_name(receipt.refusal())


TRUSTING = """
(define-read-only (verify
    (ctx (buff 32)) (commitments (list 64 (buff 33))) (opened (optional {total: uint, blinding: (buff 32)}))
    (points (list 32 (buff 33))) (scalars (list 32 (buff 32))) (hints (list 12 (buff 32))))
  (if true (ok true) (err u1004)))
"""


@cache
def believer(vm: Machine) -> Address:
    deployer = account("deployer of a verifier that believes")
    vm.deploy("range-16", deployer, TRUSTING)
    return deployer


def trusting(vm: Machine) -> Settlement:
    """Zone 1, of whose slots 3 and 4 two devices prove their own. Range proofs of slots are checked as ever; those of
    batches, which other tests are about and which take the VM half a second each, are believed."""
    source = (CONTRACTS / "privacy-proof.clar").read_text()
    s = Settlement(vm, source.replace(" .range-16 ", f" '{believer(vm)}.range-16 "))
    s.bootstrap()
    s.zone(ZONE, 16)
    s.self_proving(ZONE, SLOT, DEVICE)
    s.self_proving(ZONE, 4, NEIGHBOUR)
    return s


@pytest.fixture
def home(machine: Machine) -> Settlement:
    return trusting(machine)


@pytest.fixture(scope="module")
def unchanged(machine: Machine) -> Settlement:
    """The same, for what is refused."""
    return trusting(machine)


def own_of(batch: Batch, slot: int = SLOT, **changes: Any) -> OwnProof:
    """The dwelling proves what the gateway commits."""
    own = OwnProof(batch.zone, slot, batch.first_block, batch.last_block, batch.openings[slot])
    return replace(own, **changes)


def another(rng: random.Random, value: int = 77) -> Opening:
    return Opening(value, Scalar(rng.randrange(1, N)))


def contested(s: Settlement, batch: Batch) -> bool:
    found = s.read(s.meter_data, "get-batch", batch.zone, batch.first_block)["contested"]
    assert isinstance(found, bool)
    return found


def burn_to(s: Settlement, height: int) -> None:
    """To the burn block `height`, in which the next call runs."""
    now = s.vm.burn(1)
    assert now <= height
    if now < height:
        assert s.vm.burn(height - now) == height


# ------------------------------------------------------------------------------------------------ the registry


def test_stewards_name_a_slot_s_prover_and_take_it_back(settlement: Settlement) -> None:
    s = settlement
    assert s.read(s.registry, "get-self-prover", ZONE, SLOT) is None
    for prover in (Optional(DEVICE), Optional(NEIGHBOUR), NONE, NONE):
        receipt = s.call(s.registry, "set-self-proving", ZONE, SLOT, prover, sender=STEWARD)
        receipt.ok()
        named = plain(prover)
        assert s.read(s.registry, "get-self-prover", ZONE, SLOT) == named
        (event,) = [event.value for event in receipt.prints if event.contract == str(s.registry)]
        assert plain(event) == {
            "topic": "self-proving",
            "zone": ZONE,
            "slot": SLOT,
            "prover": named,
            "steward": STEWARD,
        }
        head = s.read(s.audit, "get-head")
        entry = s.read(s.audit, "get-entry", head["seq"])["entry"]
        assert entry[32:36] == (103).to_bytes(4, "big")
        assert entry[68:] == consensus_hash(event)
    assert s.read(s.registry, "get-self-prover", ZONE, 4) is None
    assert s.read(s.registry, "get-self-prover", 2, SLOT) is None


def test_what_is_no_slot_or_no_second_prover(settlement: Settlement) -> None:
    s = settlement
    head = s.read(s.audit, "get-head")
    cases: list[tuple[str, int, int, Address, Address]] = [
        ("ERR_NOT_STEWARD", ZONE, SLOT, DEVICE, GATEWAY),
        ("ERR_NOT_STEWARD", ZONE, SLOT, DEVICE, DEVICE),
        ("ERR_NOT_STEWARD", ZONE, SLOT, DEVICE, s.deployer),
        ("ERR_ZONE_UNKNOWN", 77, SLOT, DEVICE, STEWARD),
        ("ERR_SLOT", ZONE, 16, DEVICE, STEWARD),
        ("ERR_SLOT", 2, 64, DEVICE, STEWARD),
        ("ERR_SLOT", ZONE, 2**128 - 1, DEVICE, STEWARD),
        ("ERR_GATEWAY_PROVES", ZONE, SLOT, GATEWAY, STEWARD),
    ]
    for error, zone, slot, prover, sender in cases:
        receipt = s.call(s.registry, "set-self-proving", zone, slot, Optional(prover), sender=sender)
        assert refusal(receipt) == f"user-registry.{error}"
        assert s.read(s.registry, "get-self-prover", zone, slot) is None
    assert s.read(s.audit, "get-head") == head
    s.self_proving(2, 63, DEVICE)


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
    s.call(s.registry, "set-self-proving", ZONE, SLOT, NONE, sender=STEWARD).ok()
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


# ------------------------------------------------------------------------------------------------ before the batch


def test_a_batch_that_agrees_is_an_ordinary_one(home: Settlement, rng: random.Random) -> None:
    s = home
    batch = s.following(rng, ZONE, usage(rng, 16))
    s.submit_own(own_of(batch), sender=DEVICE).ok()
    s.submit_own(own_of(batch, 4), sender=NEIGHBOUR).ok()
    s.submit(batch).ok()
    assert contested(s, batch) is False
    # nor does it end in a rest: the next proof opens a window again
    later = s.following(rng, ZONE, usage(rng, 16))
    assert s.submit_own(own_of(later), sender=DEVICE).ok()["holds-until"] > 0


def test_a_batch_that_says_otherwise_waits_for_the_end_of_the_window(home: Settlement, rng: random.Random) -> None:
    s = home
    batch = s.proved(s.following(rng, ZONE, usage(rng, 16)))
    until = s.submit_own(own_of(batch, opening=another(rng)), sender=DEVICE).ok()["holds-until"]
    assert s.refused(batch) == "meter-data.ERR_SELF_PROVED"
    burn_to(s, until - 1)
    assert s.refused(batch) == "meter-data.ERR_SELF_PROVED"
    s.vm.burn(1)
    receipt = s.submit(batch)
    receipt.ok()
    (event,) = [plain(event.value) for event in receipt.prints if event.contract == str(s.meter_data)]
    assert event["contested"] is True
    assert contested(s, batch) is True
    assert s.read(s.meter_data, "get-running", ZONE) == batch.commitments


def test_a_batch_over_other_blocks_says_otherwise_too(home: Settlement, rng: random.Random) -> None:
    """A gateway that ends its batch elsewhere would else never be compared."""
    s = home
    longer = s.following(rng, ZONE, usage(rng, 16), blocks=7)
    s.submit_own(own_of(longer, last_block=longer.first_block + 2), sender=DEVICE).ok()
    assert s.refused(s.proved(longer)) == "meter-data.ERR_SELF_PROVED"
    s.submit(replace(longer, last_block=longer.first_block + 2)).ok()
    assert contested(s, longer) is False


def test_slots_together_hold_a_batch_back_for_one_window_only(home: Settlement, rng: random.Random) -> None:
    """Proofs one after the other, with blocks that cannot all be met: the first one's window is everyone's."""
    s = home
    batch = s.proved(s.following(rng, ZONE, usage(rng, 16)))
    until = s.submit_own(own_of(batch, last_block=100, opening=another(rng)), sender=DEVICE).ok()["holds-until"]
    burn_to(s, until - 1)
    later = s.submit_own(own_of(batch, 4, last_block=101, opening=another(rng)), sender=NEIGHBOUR)
    assert later.ok() == {"holds-until": until, "contested": False}
    s.vm.burn(1)
    s.submit(batch).ok()
    assert contested(s, batch) is True


def test_after_a_window_that_was_waited_for_none_opens_in_the_rest(home: Settlement, rng: random.Random) -> None:
    """So a zone whose seven blocks are shorter than a window is not stalled either."""
    s = home
    batch = s.proved(s.following(rng, ZONE, usage(rng, 16)))
    until = s.submit_own(own_of(batch, opening=another(rng)), sender=DEVICE).ok()["holds-until"]
    burn_to(s, until)
    s.submit(batch).ok()
    taken = s.vm.burn(1) - 1

    second = s.following(rng, ZONE, usage(rng, 16))
    answer = s.submit_own(own_of(second, opening=another(rng)), sender=DEVICE).ok()
    assert answer == {"holds-until": 0, "contested": False}
    s.submit(second).ok()
    assert contested(s, second) is True  # marked all the same

    # a batch that waited for nobody does not prolong the rest
    third = s.following(rng, ZONE, usage(rng, 16))
    burn_to(s, taken + REST - 1)
    assert s.submit_own(own_of(third, opening=another(rng)), sender=DEVICE).ok()["holds-until"] == 0
    s.submit(third).ok()
    fourth = s.following(rng, ZONE, usage(rng, 16))
    s.vm.burn(1)
    answer = s.submit_own(own_of(fourth, opening=another(rng)), sender=DEVICE).ok()
    assert answer["holds-until"] == taken + REST + WINDOW


def test_windows_that_were_opened_ahead_do_not_follow_one_another(home: Settlement, rng: random.Random) -> None:
    """The next batch's window, opened in the last moment of this one's, holds nothing in the rest, nor prolongs it."""
    s = home
    batch = s.proved(s.following(rng, ZONE, usage(rng, 16)))
    until = s.submit_own(own_of(batch, opening=another(rng)), sender=DEVICE).ok()["holds-until"]
    burn_to(s, until - 2)
    for first in (107, 114):
        ahead = OwnProof(ZONE, SLOT, first, first + 6, another(rng))
        assert s.submit_own(ahead, sender=DEVICE).ok()["holds-until"] >= until + WINDOW - 2
    burn_to(s, until)
    s.submit(batch).ok()
    taken = s.vm.burn(1) - 1
    second = s.following(rng, ZONE, usage(rng, 16))
    assert second.first_block == 107
    s.submit(second).ok()
    assert contested(s, second) is True
    burn_to(s, taken + REST)
    answer = s.submit_own(OwnProof(ZONE, SLOT, 200, 206, another(rng)), sender=DEVICE).ok()
    assert answer["holds-until"] == taken + REST + WINDOW


def test_a_proof_ahead_of_time_lasts_no_longer(home: Settlement, rng: random.Random) -> None:
    """Windows that opened early are over early, and no other zone feels them."""
    s = home
    ahead = OwnProof(ZONE, SLOT, 107, 113, another(rng))
    until = s.submit_own(ahead, sender=DEVICE).ok()["holds-until"]
    burn_to(s, until)
    s.submit(s.following(rng, ZONE, usage(rng, 16))).ok()
    second = s.following(rng, ZONE, usage(rng, 16))
    assert second.first_block == 107
    s.submit(second).ok()
    assert contested(s, second) is True
    s.submit_own(OwnProof(ZONE, SLOT, 2**64, 2**64 + 6, another(rng)), sender=DEVICE).ok()


def test_a_commitment_that_cannot_be_added_stalls_no_longer_than_any(home: Settlement, rng: random.Random) -> None:
    """The running commitment over again has no sum; a gateway's own commitment does, at the window's end."""
    s = home
    first = s.following(rng, ZONE, [9] * 16)
    s.submit(first).ok()
    batch = s.following(rng, ZONE, [9] * 16)
    until = s.submit_own(own_of(batch, opening=first.openings[SLOT]), sender=DEVICE).ok()["holds-until"]
    assert s.refused(s.proved(batch)) == "meter-data.ERR_SELF_PROVED"
    burn_to(s, until)
    s.submit(batch).ok()
    assert contested(s, batch) is True


# ------------------------------------------------------------------------------------------------ after the batch


def test_a_late_proof_confirms_or_contests_and_holds_nothing(home: Settlement, rng: random.Random) -> None:
    s = home
    batch = s.following(rng, ZONE, usage(rng, 16))
    s.submit(batch).ok()
    assert s.submit_own(own_of(batch), sender=DEVICE).ok() == {"holds-until": 0, "contested": False}
    assert contested(s, batch) is False
    before = s.read(s.meter_data, "get-batch", ZONE, batch.first_block)
    answer = s.submit_own(own_of(batch, 4, opening=another(rng)), sender=NEIGHBOUR).ok()
    assert answer == {"holds-until": 0, "contested": True}
    assert s.read(s.meter_data, "get-batch", ZONE, batch.first_block) == before | {"contested": True}
    assert s.read(s.meter_data, "get-running", ZONE) == batch.commitments
    later = s.following(rng, ZONE, usage(rng, 16))
    s.submit(later).ok()
    assert contested(s, later) is False


def test_a_late_proof_of_an_older_batch_is_compared_with_that_one(home: Settlement, rng: random.Random) -> None:
    s = home
    first = s.following(rng, ZONE, usage(rng, 16))
    s.submit(first).ok()
    second = s.following(rng, ZONE, usage(rng, 16))
    s.submit(second).ok()
    assert s.submit_own(own_of(first), sender=DEVICE).ok()["contested"] is False
    assert s.submit_own(own_of(second, opening=first.openings[SLOT]), sender=DEVICE).ok()["contested"] is True
    assert (contested(s, first), contested(s, second)) == (False, True)


def test_blocks_that_were_batched_are_proved_as_they_were_batched(home: Settlement, rng: random.Random) -> None:
    s = home
    batch = s.following(rng, ZONE, usage(rng, 16))
    s.submit(batch).ok()
    for first, last in ((100, 105), (101, 106), (101, 107), (106, 107), (99, 105), (0, 6)):
        own = own_of(batch, first_block=first, last_block=last)
        assert refusal(s.submit_own(own, sender=DEVICE)) == "meter-data.ERR_NOT_A_BATCH"
    s.submit_own(own_of(batch), sender=DEVICE).ok()


def test_a_prover_that_was_replaced_leaves_what_it_proved(home: Settlement, rng: random.Random) -> None:
    s = home
    batch = s.proved(s.following(rng, ZONE, usage(rng, 16)))
    s.submit_own(own_of(batch, opening=another(rng)), sender=DEVICE).ok()
    s.self_proving(ZONE, SLOT, NEIGHBOUR)
    assert refusal(s.submit_own(own_of(batch), sender=NEIGHBOUR)) == "meter-data.ERR_PROVED"
    assert s.refused(batch) == "meter-data.ERR_SELF_PROVED"


def test_a_proof_that_cannot_be_recorded_is_refused(bare: Settlement, rng: random.Random) -> None:
    s = bare
    s.call(s.audit, "bootstrap", [s.registry], sender=s.deployer).ok()
    table = [{"name": "meter-data", "contract": s.meter_data}, {"name": "privacy-proof", "contract": s.proof}]
    s.call(s.registry, "bootstrap", [STEWARD], table, sender=s.deployer).ok()
    s.call(s.registry, "register-gateway", GATEWAY, sender=STEWARD).ok()
    s.zone(ZONE, 16)
    s.self_proving(ZONE, SLOT, DEVICE)
    own = OwnProof(ZONE, SLOT, 100, 106, another(rng))
    assert refusal(s.submit_own(own, sender=DEVICE)) == "audit-log.ERR_NOT_WRITER"
    assert s.read(s.meter_data, "get-self-proofs", ZONE, 100) is None


def test_every_slot_of_a_zone_may_prove_itself(home: Settlement, rng: random.Random) -> None:
    s = home
    batch = s.following(rng, ZONE, usage(rng, 16))
    for slot in range(16):
        s.self_proving(ZONE, slot, DEVICE)
        s.submit_own(own_of(batch, slot), sender=DEVICE).ok()
    kept = s.read(s.meter_data, "get-self-proofs", ZONE, 100)["proofs"]
    assert [own["commitment"] for own in kept] == batch.commitments
    s.submit(batch).ok()
    assert contested(s, batch) is False
