"""The worker: results cross, errors cross, a killed worker is replaced, none outlives its parent."""

import multiprocessing
import os
import signal
from pathlib import Path

import pytest

from appliance.proof import BlockWitness, ProofError, SlotWitness, commit_block, prove_block, sum_batch
from appliance.worker import Prover
from circuits.blinding import BlindingKey

WITNESS = BlockWitness(1, 7, tuple(SlotWitness(n, BlindingKey(bytes(15) + bytes([n]))) for n in range(16)))


async def test_results_and_errors_cross() -> None:
    with Prover() as prover:
        proven, spent = await prover.timed(prove_block, WITNESS, bytes(32), bytes(32))
        assert proven == prove_block(WITNESS, bytes(32), bytes(32))
        assert spent > 0
        assert await prover.run(commit_block, WITNESS) == commit_block(WITNESS)
        with pytest.raises(ProofError, match="block 7 of zone 1"):
            await prover.run(sum_batch, [WITNESS], [[b"\x02" * 33] * 16], None)


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
        assert await prover.run(commit_block, WITNESS) == commit_block(WITNESS)
        assert await prover.run(os.getpid) != first


async def test_proving_goes_on_in_one_process_that_does_not_grow() -> None:
    """Memory after many proofs is what it was after a few, to within what the allocator keeps."""
    with Prover() as prover:
        resident = []
        for round_ in range(12):
            await prover.run(prove_block, WITNESS, bytes(32), bytes([round_]) * 32)
            resident.append(_resident_kib(await prover.run(os.getpid)))
        assert len(multiprocessing.active_children()) == 1
    assert max(resident) < 150_000, "of a whole Pi"
    assert resident[-1] < resident[2] + 4_000


def _resident_kib(process: int) -> int:
    status = Path(f"/proc/{process}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
