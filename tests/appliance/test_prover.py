"""The worker: results cross, errors cross, a killed worker is replaced, none outlives its parent."""

import os
import signal
from pathlib import Path

import pytest

from appliance.proof import BlockWitness, ProofError, SlotWitness, prove_batch, prove_block
from appliance.prove import Prover
from circuits.blinding import BlindingKey

WITNESS = BlockWitness(1, 7, tuple(SlotWitness(n, BlindingKey(bytes(15) + bytes([n]))) for n in range(16)))


async def test_results_and_errors_cross() -> None:
    with Prover() as prover:
        assert await prover.run(prove_block, WITNESS) == prove_block(WITNESS)
        with pytest.raises(ProofError, match="block 7 of zone 1"):
            await prover.run(prove_batch, [WITNESS], [[b"\x02" * 33] * 16], None)


async def test_the_worker_is_another_process_of_low_priority_without_core_dumps() -> None:
    with Prover() as prover:
        worker = await prover.run(os.getpid)
        assert worker != os.getpid()
        assert await prover.run(os.nice, 0) >= 10
        limits = Path(f"/proc/{worker}/limits").read_text()
        assert [line.split()[4:6] for line in limits.splitlines() if line.startswith("Max core")] == [["0", "0"]]


async def test_a_killed_worker_is_replaced() -> None:
    with Prover() as prover:
        first = await prover.run(os.getpid)
        os.kill(first, signal.SIGKILL)
        assert await prover.run(prove_block, WITNESS) == prove_block(WITNESS)
        assert await prover.run(os.getpid) != first
