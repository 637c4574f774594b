"""submit-usage-batch: every refusal by name and without a trace."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from circuits.generators import LIB
from circuits.opening import sum_openings
from circuits.pedersen import Opening, commit
from circuits.scalar import N
from tests.contracts.errors import error_name
from tests.contracts.settlement import (
    GATEWAY,
    STEWARD,
    Batch,
    Settlement,
    addition_hint,
    usage,
)
from tests.contracts.texts import LOOK_ALIKE
from tests.contracts.vm import VmError

OPENING = "privacy-proof.ERR_OPENING"
ENCODING = "range.ERR_ENCODING"
BLINDING = "privacy-proof.ERR_ENCODING"
LENGTH = "range.ERR_LENGTH"
CHANGED = "range.ERR_HINT"  # another statement has other challenges, which the hints do not fit; see test_replay.py
REPEATED = "meter-data.ERR_REPEATED"


def _replaced(items: list[bytes], index: int, item: bytes) -> list[bytes]:
    return [*items[:index], item, *items[index + 1 :]]


def _commitment(batch: Batch, item: bytes) -> Batch:
    return replace(batch, commitments=_replaced(batch.commitments, 5, item))


def _some(part: list[bytes] | None) -> list[bytes]:
    assert part is not None, "not proven"
    return part


def _flip(batch: Batch) -> bytes:
    return bytes([batch.commitments[5][0] ^ 1]) + batch.commitments[5][1:]


REFUSALS: dict[str, tuple[str, Callable[[Batch], Batch]]] = {
    "unknown zone": ("meter-data.ERR_ZONE_UNKNOWN", lambda b: replace(b, zone=77)),
    "replay of the last batch": ("meter-data.ERR_REPLAY", lambda b: replace(b, first_block=b.first_block - 7)),
    "overlap of one block": ("meter-data.ERR_REPLAY", lambda b: replace(b, first_block=b.first_block - 1)),
    "block zero": ("meter-data.ERR_REPLAY", lambda b: replace(b, first_block=0)),
    "gap of one block": ("meter-data.ERR_GAP", lambda b: replace(b, first_block=b.first_block + 1)),
    "last block number there is": ("meter-data.ERR_GAP", lambda b: replace(b, first_block=2**128 - 1)),
    "no block": ("meter-data.ERR_SPAN", lambda b: replace(b, last_block=b.first_block - 1)),
    "eight blocks": ("meter-data.ERR_SPAN", lambda b: replace(b, last_block=b.first_block + 7)),
    "endless": ("meter-data.ERR_SPAN", lambda b: replace(b, last_block=2**128 - 1)),
    "a slot missing": ("meter-data.ERR_SLOT_COUNT", lambda b: replace(b, commitments=b.commitments[:-1])),
    "a slot too many": (
        "meter-data.ERR_SLOT_COUNT",
        lambda b: replace(b, commitments=[*b.commitments, b.commitments[0]]),
    ),
    "no slots": ("meter-data.ERR_SLOT_COUNT", lambda b: replace(b, commitments=[])),
    "short root": ("meter-data.ERR_EVIDENCE_ROOT", lambda b: replace(b, evidence_root=b.evidence_root[:31])),
    "no root": ("meter-data.ERR_EVIDENCE_ROOT", lambda b: replace(b, evidence_root=b"")),
    "five counts": ("meter-data.ERR_AUTHENTICITY", lambda b: replace(b, authenticity=[16, 0, 0, 0, 0])),
    "no counts": ("meter-data.ERR_AUTHENTICITY", lambda b: replace(b, authenticity=[])),
    "17 of 16 slots": ("meter-data.ERR_AUTHENTICITY", lambda b: replace(b, authenticity=[10, 7, 0, 0, 0, 0])),
    "counts that overflow": (
        "meter-data.ERR_AUTHENTICITY",
        lambda b: replace(b, authenticity=[2**128 - 1, 2**128 - 1, 2, 0, 0, 0]),
    ),
    "no hint": ("meter-data.ERR_SUM_HINT", lambda b: replace(b, sum_hint=None)),
    "wrong hint": ("privacy-proof.ERR_HINT", lambda b: replace(b, sum_hint=bytes(31) + b"\x01")),
    "short hint": ("privacy-proof.ERR_LENGTH", lambda b: replace(b, sum_hint=bytes(31))),
    "no proof": (LENGTH, lambda b: replace(b, points=[], scalars=[], hints=[])),
    "a point too many": (LENGTH, lambda b: replace(b, points=[*_some(b.points), b.commitments[0]])),
    "a scalar missing": (LENGTH, lambda b: replace(b, scalars=_some(b.scalars)[1:])),
    "a hint missing": (LENGTH, lambda b: replace(b, hints=_some(b.hints)[:-1])),
    "a point of the proof off the curve": (
        ENCODING,
        lambda b: replace(b, points=_replaced(_some(b.points), 2, b"\x02" + bytes(32))),
    ),
    "a scalar of the proof of n": (
        ENCODING,
        lambda b: replace(b, scalars=_replaced(_some(b.scalars), 0, N.to_bytes(32, "big"))),
    ),
    "a short hint of the proof": (ENCODING, lambda b: replace(b, hints=_replaced(_some(b.hints), 1, bytes(31)))),
    "another hint of the proof": (CHANGED, lambda b: replace(b, hints=_replaced(_some(b.hints), 1, bytes(32)))),
    "scalars of the proof in another order": (CHANGED, lambda b: replace(b, scalars=_some(b.scalars)[::-1])),
    "another commitment": (CHANGED, lambda b: _commitment(b, b.commitments[6])),
    "the opposite commitment": (CHANGED, lambda b: _commitment(b, _flip(b))),
    "commitments in another order": (CHANGED, lambda b: replace(b, commitments=b.commitments[::-1])),
    "total one more": (CHANGED, lambda b: replace(b, total=b.total + 1)),
    "total of zero": (CHANGED, lambda b: replace(b, total=0)),
    "total beyond all slots": (OPENING, lambda b: replace(b, total=16 * 2**20)),
    "total beyond everything": (OPENING, lambda b: replace(b, total=2**128 - 1)),
    "another blinding": (CHANGED, lambda b: replace(b, blinding_sum=bytes(31) + b"\x05")),
    "blinding of zero": (CHANGED, lambda b: replace(b, blinding_sum=bytes(32))),
    "another evidence root": (CHANGED, lambda b: replace(b, evidence_root=bytes(32))),
    "other blocks": (
        CHANGED,
        lambda b: replace(b, last_block=b.first_block + (b.last_block == b.first_block)),
    ),
    "hybrid commitment": (ENCODING, lambda b: _commitment(b, b"\x06" + b.commitments[5][1:])),
    "uncompressed prefix": (ENCODING, lambda b: _commitment(b, b"\x04" + b.commitments[5][1:])),
    "short commitment": (ENCODING, lambda b: _commitment(b, b.commitments[5][:32])),
    "empty commitment": (ENCODING, lambda b: _commitment(b, b"")),
    "commitment off the curve": (ENCODING, lambda b: _commitment(b, b"\x02" + bytes(32))),
    "x not below p": (ENCODING, lambda b: _commitment(b, b"\x02" + b"\xff" * 32)),
    "blinding of n": (BLINDING, lambda b: replace(b, blinding_sum=N.to_bytes(32, "big"))),
    "blinding plus n": (
        BLINDING,
        lambda b: replace(b, blinding_sum=(2**256 - 1).to_bytes(32, "big")),
    ),
    "short blinding": (BLINDING, lambda b: replace(b, blinding_sum=b.blinding_sum[:31])),
}


@pytest.fixture(scope="module")
def walked(machine: Any) -> Settlement:
    """A zone with one accepted batch, on which all refusals are tried: none of them changes anything."""
    s = Settlement(machine)
    s.bootstrap()
    s.zone(1, 16)
    s.submit(s.following(random.Random(7), 1, usage(random.Random(8), 16))).ok()
    return s


@pytest.fixture(scope="module")
def honest(walked: Settlement) -> Batch:
    """The proven batch that comes next."""
    return walked.proved(walked.following(random.Random(9), 1, usage(random.Random(10), 16)))


@pytest.mark.parametrize("case", list(REFUSALS))
def test_refused_by_name_and_without_a_trace(walked: Settlement, honest: Batch, case: str) -> None:
    expected, change = REFUSALS[case]
    assert walked.refused(change(honest)) == expected


def test_a_foreign_sender(walked: Settlement, honest: Batch) -> None:
    for sender in (walked.stranger, STEWARD, walked.deployer):
        assert walked.refused(honest, sender=sender) == "meter-data.ERR_NOT_GATEWAY"


def test_the_refused_batch_was_good_but_for_its_change(walked: Settlement, honest: Batch) -> None:
    """Last on this settlement: after all those refusals the honest batch is accepted, and only once."""
    walked.submit(honest).ok()
    assert walked.refused(honest) == "meter-data.ERR_REPLAY"


def test_what_does_not_fit_the_types_is_no_call(settlement: Settlement, rng: random.Random) -> None:
    honest = settlement.following(rng, 1, usage(rng, 16))
    honest = settlement.proved(honest)
    before = settlement.snapshot(1)
    for batch in (
        _commitment(honest, b"\x04" + bytes(64)),
        replace(honest, blinding_sum=bytes(33)),
        replace(honest, evidence_root=bytes(33)),
        replace(honest, authenticity=[0] * 7),
        replace(honest, commitments=honest.commitments * 5),
    ):
        with pytest.raises(VmError):
            settlement.submit(batch)
    assert settlement.snapshot(1) == before


def test_the_first_batch_of_a_period_takes_no_hint(settlement: Settlement, rng: random.Random) -> None:
    batch = settlement.following(rng, 1, usage(rng, 16))
    assert batch.sum_hint is None
    assert settlement.refused(replace(batch, sum_hint=bytes(32))) == "meter-data.ERR_SUM_HINT"


@pytest.mark.parametrize("sign", [1, -1])
def test_a_commitment_equal_or_opposite_to_the_running_one_cannot_be_added(
    settlement: Settlement, rng: random.Random, sign: int
) -> None:
    """No honest batch repeats a blinding; a gateway that does only refuses itself."""
    first = settlement.following(rng, 1, [0, *usage(rng, 15)])
    settlement.submit(first).ok()
    other = settlement.following(rng, 1, [0, *usage(rng, 15)])
    slot = first.openings[0] if sign == 1 else Opening(0, -first.openings[0].blinding)
    openings = (slot, *other.openings[1:])
    whole = sum_openings(openings)
    batch = replace(
        other,
        openings=openings,
        commitments=[commit(LIB, slot).to_bytes(), *other.commitments[1:]],
        blinding_sum=whole.blinding.to_bytes(),
    )
    assert batch.commitments[0][1:] == first.commitments[0][1:]
    assert batch.total == whole.value
    assert addition_hint(first.commitments, batch.commitments) == bytes(32), "there is none"
    assert settlement.refused(replace(batch, sum_hint=bytes(32))) == "privacy-proof.ERR_HINT"


def test_a_list_is_accepted_once_in_any_zone_and_batch(settlement: Settlement, rng: random.Random) -> None:
    s = settlement
    s.zone(3, 16)
    first = s.following(rng, 1, usage(rng, 16))
    s.submit(first).ok()
    second = s.following(rng, 1, usage(rng, 16))
    s.submit(second).ok()

    # another zone: as its first batch and as a later one
    changed = replace(first, zone=3, last_block=first.first_block, evidence_root=bytes(32), authenticity=[0] * 6)
    assert s.refused(changed, zone=3) == REPEATED
    own = s.following(rng, 3, usage(rng, 16))
    s.submit(own).ok()
    hint = addition_hint(own.commitments, second.commitments)
    copy = replace(second, zone=3, first_block=107, last_block=113, sum_hint=hint)
    assert s.refused(copy, zone=3) == REPEATED

    # the same zone: the last batch again, and the one before it, with hints that fit
    for resent in (second, first):
        running = s.read(s.meter_data, "get-running", 1)
        hint = addition_hint(running, resent.commitments)
        assert s.refused(replace(resent, first_block=114, last_block=120, sum_hint=hint)) == REPEATED
    for zone in (1, 3):  # no refusal has spent anything
        s.submit(s.following(rng, zone, usage(rng, 16))).ok()


def test_a_refused_list_is_not_spent(settlement: Settlement, rng: random.Random) -> None:
    batch = settlement.proved(settlement.following(rng, 1, usage(rng, 16)))
    for wrong in (replace(batch, total=batch.total + 1), replace(batch, sum_hint=bytes(32)), replace(batch, zone=2)):
        settlement.submit(wrong).refusal()
    settlement.submit(batch).ok()


def test_what_a_gateway_can_still_repeat(settlement: Settlement, rng: random.Random) -> None:
    """What is NOT caught: who knows the openings proves the same commitments once more, if not all in their places."""
    s = settlement
    first = s.following(rng, 1, usage(rng, 16))
    s.submit(first).ok()
    commitments = [*first.commitments[1:], first.commitments[0]]
    openings = (*first.openings[1:], first.openings[0])
    turned = replace(first, first_block=107, last_block=113, openings=openings, commitments=commitments)
    turned = replace(turned, sum_hint=addition_hint(first.commitments, turned.commitments))
    assert s.submit(turned).ok()["checked"] == 3


def test_a_batch_that_cannot_be_totalled_or_recorded_is_refused(bare: Settlement, rng: random.Random) -> None:
    """A meter-data that is no longer active, and one that may not write to the log."""
    s = bare
    s.bootstrap(writers=[s.registry])
    s.zone(1, 16)
    assert s.refused(s.following(rng, 1, usage(rng, 16))) == "audit-log.ERR_NOT_WRITER"

    other = Settlement(s.vm)
    other.bootstrap(meter_data=s.meter_data)
    other.zone(1, 16)
    assert other.refused(other.following(rng, 1, usage(rng, 16))) == "aggregation.ERR_NOT_METER_DATA"


def test_a_look_alike_proof_contract_is_refused(settlement: Settlement, rng: random.Random) -> None:
    s = settlement
    look_alike = s.vm.deploy("look-alike", s.stranger, _with_registry(s, LOOK_ALIKE.replace("CLAIM", "u3")))
    batch = s.following(rng, 1, usage(rng, 16))
    assert s.refused(replace(batch, total=1), proof=look_alike) == "meter-data.ERR_PROOF_CONTRACT"
    assert s.refused(batch, proof=look_alike) == "meter-data.ERR_PROOF_CONTRACT"
    s.submit(batch).ok()


@pytest.mark.parametrize("claim", ["u0", "u1", "u2", "u4", "u6"])
def test_an_active_proof_contract_must_have_checked_both(bare: Settlement, rng: random.Random, claim: str) -> None:
    """The opening alone (u1) let a gateway write below zero; the ranges alone (u2) say nothing of the total."""
    nothing = bare.vm.deploy("nothing", bare.deployer, LOOK_ALIKE.replace("CLAIM", claim))
    bare.bootstrap(privacy_proof=nothing)
    bare.zone(1, 16)
    batch = bare.proved(bare.following(rng, 1, usage(rng, 16)))
    assert bare.refused(batch, proof=nothing) == "meter-data.ERR_UNCHECKED"
    assert bare.refused(batch) == "meter-data.ERR_PROOF_CONTRACT"


def test_the_gateway_s_key_behind_another_contract_is_a_foreign_sender(
    settlement: Settlement, rng: random.Random
) -> None:
    """Roles hang on contract-caller: a contract that the gateway's key is lured to call cannot pass a batch on."""
    s = settlement
    source = _with_registry(
        s,
        """
(use-trait proof-trait .user-registry.proof-trait)
(define-public (relay
    (zone uint) (first-block uint) (last-block uint) (commitments (list 64 (buff 33))) (total uint)
    (blinding-sum (buff 32)) (evidence-root (buff 32)) (authenticity (list 6 uint)) (sum-hint (optional (buff 32)))
    (points (list 32 (buff 33))) (scalars (list 32 (buff 32))) (hints (list 12 (buff 32))) (proof <proof-trait>))
  (contract-call? .meter-data submit-usage-batch zone first-block last-block commitments total blinding-sum
    evidence-root authenticity sum-hint points scalars hints proof))
""",
    )
    relay = s.vm.deploy("relay", s.stranger, source)
    batch = s.proved(s.following(rng, 1, usage(rng, 16)))
    before = s.snapshot(1)
    receipt = s.call(relay, "relay", *batch.args(s.proof), sender=GATEWAY)
    assert error_name(receipt.refusal()) == "meter-data.ERR_NOT_GATEWAY"
    assert s.snapshot(1) == before


def _with_registry(s: Settlement, source: str) -> str:
    """The source as another deployer writes it: with the settlement's full contract names."""
    return source.replace(" .user-registry", f" '{s.registry}").replace(" .meter-data", f" '{s.meter_data}")
