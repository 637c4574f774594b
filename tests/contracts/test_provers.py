"""Who may prove a slot, and of which blocks: nobody speaks for those who come later, or through a contract."""

from __future__ import annotations

import random

import pytest

from appliance.chain.address import Contract
from appliance.chain.clarity import Optional
from circuits.pedersen import Opening
from circuits.scalar import N, Scalar
from tests.contracts.errors import error_name
from tests.contracts.settlement import STEWARD, OwnProof, Settlement, account, usage
from tests.contracts.vm import Receipt

FORMER, LATER = account("the former household's phone"), account("the later household's phone")
ZONE, SLOT, FIRST = 1, 3, 100


def refusal(receipt: Receipt) -> str:
    return error_name(receipt.refusal())


def own(rng: random.Random, first: int, last: int | None = None) -> OwnProof:
    return OwnProof(ZONE, SLOT, first, first + 6 if last is None else last, Opening(77, Scalar(rng.randrange(1, N))))


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
    s.submit(s.following(rng, ZONE, usage(rng, 16))).ok()
    s.self_proving(ZONE, SLOT, LATER)
    assert refusal(s.submit_own(own(rng, FIRST + 7), sender=FORMER)) == "meter-data.ERR_NOT_SELF_PROVER"
    s.submit_own(own(rng, FIRST + 7), sender=LATER).ok()


def test_a_contract_is_no_prover_and_no_gateway(settlement: Settlement) -> None:
    """What it sends on can be read from no transaction, so nobody outside could check it."""
    s = settlement
    for contract in (s.audit, Contract(s.stranger, "wallet")):
        named = s.call(s.registry, "set-self-proving", ZONE, SLOT, Optional(contract), sender=STEWARD)
        assert refusal(named) == "user-registry.ERR_NOT_ACCOUNT"
        registered = s.call(s.registry, "register-gateway", contract, sender=STEWARD)
        assert refusal(registered) == "user-registry.ERR_NOT_ACCOUNT"
    assert s.read(s.registry, "get-self-prover", ZONE, SLOT) is None
