"""A range proof is good for one call: one zone, batch, sender, chain, contract, and all that is said with it."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

from circuits.generators import LIB
from circuits.group import LibPoint
from circuits.pedersen import Opening
from circuits.scalar import ONE, Scalar
from tests.contracts.settlement import (
    STEWARD,
    STRANGER,
    Batch,
    Settlement,
    account,
    usage,
)

EQUATION = "range.ERR_EQUATION"
HINT = "range.ERR_HINT"


@pytest.fixture(scope="module")
def settled(machine: Any) -> Settlement:
    """A zone on which nothing is ever accepted."""
    s = Settlement(machine)
    s.bootstrap()
    s.zone(1, 16)
    return s


@pytest.fixture(scope="module")
def batch(settled: Settlement) -> Batch:
    rng = random.Random(12)
    return settled.following(rng, 1, usage(rng, 16))


OTHERS: dict[str, Any] = {
    "domain": "mita/v1/usage-proof",
    "chain": 1,
    "contract": STRANGER,
    "proof": STRANGER,
    "submitter": STRANGER,
    "zone": 2,
    "period": 1,
    "first-block": 93,
    "last-block": 105,
    "total": 7,
    "blinding-sum": bytes(32),
    "evidence-root": bytes(32),
    "authenticity": [0, 15, 1, 0, 0, 0],
    "commitments-hash": bytes(32),
}


@pytest.mark.parametrize("field", list(OTHERS))
def test_a_proof_for_another_call_is_refused(settled: Settlement, batch: Batch, field: str) -> None:
    """What changed are the challenges, which its hints do not fit."""
    assert settled.refused(settled.proved(batch, **{field: OTHERS[field]})) == HINT


@pytest.mark.parametrize("field", ["submitter", "zone", "total", "evidence-root", "commitments-hash"])
def test_hints_that_fit_this_call_do_not_help(settled: Settlement, batch: Batch, field: str) -> None:
    for_another = settled.proved(batch, **{field: OTHERS[field]})
    assert settled.refused(settled.rehinted(for_another)) == EQUATION


def test_who_sees_a_pending_batch_cannot_send_it_first(settlement: Settlement, rng: random.Random) -> None:
    """Another gateway of the settlement, with a zone of its own that expects the same blocks."""
    s = settlement
    other = account("another gateway")
    s.call(s.registry, "register-gateway", other, sender=STEWARD).ok()
    s.zone(3, 16, gateway=other)
    pending = s.proved(s.following(rng, 1, usage(rng, 16)))
    copied = replace(pending, zone=3)
    assert s.refused(copied, zone=3, sender=other) == HINT
    fitting = s.rehinted(copied, submitter=other)
    assert s.refused(fitting, zone=3, sender=other) == EQUATION
    s.submit(pending).ok()  # and the honest gateway is not held up


def test_envelopes_cannot_be_changed_by_who_cannot_open_them(settlement: Settlement, rng: random.Random) -> None:
    """From public data alone: one blinding shifted, two envelopes exchanged, one put in twice."""
    s = settlement
    seen = s.proved(s.following(rng, 1, usage(rng, 16)))
    c = seen.commitments
    shifted = (LibPoint.from_bytes_checked(c[0]) + LIB.blinding).to_bytes()
    blinding = (Scalar.from_bytes_checked(seen.blinding_sum) + ONE).to_bytes()
    for forged in (
        replace(seen, commitments=[shifted, *c[1:]], blinding_sum=blinding),
        replace(seen, commitments=[c[1], c[0], *c[2:]]),
        replace(seen, commitments=[c[0], c[0], *c[2:]]),
    ):
        assert s.refused(s.rehinted(forged)) == EQUATION


def test_values_below_zero_and_above_the_bound_cannot_be_proved(settlement: Settlement, rng: random.Random) -> None:
    """One household's usage lowered below zero and another's raised: the sum opens, which once was enough."""
    s = settlement
    honest = s.proved(s.following(rng, 1, [5] * 16))
    low = LibPoint.from_bytes_checked(honest.commitments[0]) - LIB.value * Scalar(9)
    high = LibPoint.from_bytes_checked(honest.commitments[1]) + LIB.value * Scalar(9)
    commitments = [low.to_bytes(), high.to_bytes(), *honest.commitments[2:]]
    forged = replace(honest, commitments=commitments)
    total = Opening(honest.total, Scalar.from_bytes_checked(honest.blinding_sum))
    assert LibPoint.sum([LibPoint.from_bytes_checked(c) for c in commitments]) == (
        LIB.value * Scalar(total.value) + LIB.blinding * total.blinding
    )
    assert s.refused(s.rehinted(forged)) == EQUATION
    for value in (2**20, -1 % 2**64):
        with pytest.raises(ValueError, match="outside"):
            s.proved(s.following(rng, 1, [value] + [0] * 15))
