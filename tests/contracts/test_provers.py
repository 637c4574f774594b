"""Who may prove a slot, and of which blocks: nobody speaks for those who come later, or through a contract."""

from __future__ import annotations

import random

import pytest

from appliance.chain.address import Contract
from appliance.chain.clarity import Optional
from circuits.pedersen import Opening
from circuits.scalar import N, Scalar
from tests.contracts.errors import error_name
from tests.contracts.settlement import STEWARD, OwnProof, Settlement, account, household, usage
from tests.contracts.vm import Receipt

FORMER, LATER = account("the former household's phone"), account("the later household's phone")
ZONE, SLOT, FIRST = 1, 3, 100


def refusal(receipt: Receipt) -> str:
    return error_name(receipt.refusal())


def own(rng: random.Random, first: int, last: int | None = None) -> OwnProof:
    return OwnProof(ZONE, SLOT, first, first + 6 if last is None else last, Opening(77, Scalar(rng.randrange(1, N))))


def test_what_lies_more_than_a_period_back_is_not_contested(settlement: Settlement, rng: random.Random) -> None:
    s = settlement
    s.self_proving(ZONE, SLOT, FORMER)
    batch = s.metered(rng, ZONE, usage(rng, 16))
    s.metered(rng, ZONE, usage(rng, 16))
    late = OwnProof(ZONE, SLOT, FIRST, FIRST + 6, batch.openings[SLOT])
    assert refusal(s.submit_own(late, sender=FORMER, period=0)) == "meter-data.ERR_TOO_LATE"


@pytest.mark.parametrize("first", [FIRST + 1, FIRST + 7, 2**64])
def test_a_household_that_leaves_cannot_speak_for_the_next_one(
    settlement: Settlement, rng: random.Random, first: int
) -> None:
    s = settlement
    s.self_proving(ZONE, SLOT, FORMER)
    assert refusal(s.submit_own(own(rng, first), sender=FORMER)) == "meter-data.ERR_AHEAD"
    assert s.read(s.meter_data, "get-self-proofs", ZONE, first) is None


def test_after_the_batch_the_next_household_proves_the_next_blocks(settlement: Settlement, rng: random.Random) -> None:
    s = settlement
    s.self_proving(ZONE, SLOT, FORMER)
    batch = s.following(rng, ZONE, usage(rng, 16))
    s.submit(batch).ok()
    s.self_proving(ZONE, SLOT, LATER)
    assert refusal(s.submit_own(own(rng, FIRST + 7), sender=LATER)) == "meter-data.ERR_NOT_SELF_PROVER"
    s.close_period(ZONE).ok()
    assert refusal(s.submit_own(own(rng, FIRST + 7), sender=FORMER)) == "meter-data.ERR_NOT_SELF_PROVER"
    s.submit_own(own(rng, FIRST + 7), sender=LATER).ok()
    # of what was batched before, still the former one speaks, until another period is over
    late = OwnProof(ZONE, SLOT, FIRST, FIRST + 6, batch.openings[SLOT])
    assert refusal(s.submit_own(late, sender=LATER, period=0)) == "meter-data.ERR_NOT_SELF_PROVER"
    assert s.submit_own(late, sender=FORMER, period=0).ok() == {"holds-until": 0, "contested": False}


def test_a_contract_is_no_prover_and_no_gateway(settlement: Settlement) -> None:
    """What it sends on can be read from no transaction, so nobody outside could check it."""
    s = settlement
    for contract in (s.audit, Contract(s.stranger, "wallet")):
        named = s.call(s.registry, "set-self-proving", ZONE, SLOT, Optional(contract), sender=household(ZONE, SLOT))
        assert refusal(named) == "user-registry.ERR_NOT_ACCOUNT"
        registered = s.call(s.registry, "register-gateway", contract, sender=STEWARD)
        assert refusal(registered) == "user-registry.ERR_NOT_ACCOUNT"
    assert s.read(s.registry, "get-self-prover", ZONE, SLOT) is None
