"""What a call may cost: shares of a block's budget, on the cost table that the VM of the tests charges.

That table is older than mainnet's and dearer for arithmetic and hashes; reads, writes and lengths are the same.
"""

from __future__ import annotations

import random

import pytest

from tests.contracts.settlement import MAX_USAGE, Settlement

RUNTIME = 5_000_000_000
READ_COUNT, READ_LENGTH = 30_000, 200_000_000
WRITE_COUNT, WRITE_LENGTH = 15_000, 15_000_000
CALL_READ_LENGTH, CALL_READ_COUNT = 200_000, 100  # a node's default budget for a read-only call


@pytest.mark.parametrize(("zone", "slots"), [(1, 16), (2, 64)])
def test_a_batch_stays_within_its_share_of_a_block(
    settlement: Settlement, rng: random.Random, zone: int, slots: int
) -> None:
    s = settlement
    for which in ("first", "later"):
        batch = s.following(rng, zone, [rng.randrange(MAX_USAGE) for _ in range(slots)])
        receipt = s.submit(batch)
        receipt.ok()
        costs = receipt.costs
        print(f"submit-usage-batch, {slots} slots, {which} batch of a period: {costs}")
        assert costs["runtime"] <= RUNTIME * 5 // 100
        assert costs["readCount"] <= READ_COUNT // 100
        assert costs["readLength"] <= READ_LENGTH // 100
        assert costs["writeCount"] <= WRITE_COUNT // 100
        assert costs["writeLength"] <= WRITE_LENGTH // 100
    preflight = s.vm.read(
        s.proof, "verify-usage-batch", bytes(32), batch.commitments, batch.total, batch.blinding_sum, [], [], []
    )
    assert preflight.ok() == 1
    assert preflight.costs["readLength"] <= CALL_READ_LENGTH
    assert preflight.costs["readCount"] <= CALL_READ_COUNT
    assert preflight.costs["runtime"] <= 1_000_000_000
