"""Zones in which devices prove slots of their own, over a verifier that believes every batch."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import cache
from typing import Any, Final

from appliance.chain.address import Address
from circuits.pedersen import Opening
from circuits.scalar import N, Scalar
from tests.contracts.errors import error_name
from tests.contracts.settlement import Batch, OwnProof, Settlement, account
from tests.contracts.vm import CONTRACTS, Machine, Receipt

DEVICE: Final = account("the phone of slot 3")
NEIGHBOUR: Final = account("the phone of slot 4")
WINDOW: Final = 144
REST: Final = 1008
ZONE: Final = 1
SLOT: Final = 3


def refusal(receipt: Receipt) -> str:
    return error_name(receipt.refusal())


TRUSTING: Final = """
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
