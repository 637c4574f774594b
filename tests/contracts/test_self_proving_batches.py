"""What a slot's own proof does to the zone's batches: before the batch it is held back, afterwards marked."""

from __future__ import annotations

import random
from dataclasses import replace

from tests.contracts.self_proving import (
    DEVICE,
    NEIGHBOUR,
    REST,
    SLOT,
    WINDOW,
    ZONE,
    another,
    burn_to,
    contested,
    own_of,
    refusal,
)
from tests.contracts.settlement import Settlement, usage
from tests.contracts.vm import plain

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
