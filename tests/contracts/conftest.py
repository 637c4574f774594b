from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contracts.privacy import Proof, alone
from tests.contracts.self_proving import trusting
from tests.contracts.settlement import Settlement
from tests.contracts.vm import CONTRACTS, Machine, Machines
from tests.tools import missing


@pytest.fixture(scope="session")
def machines(node: Path) -> Iterator[Machines]:
    """Without the contract SDK they count as not run."""
    if not (CONTRACTS / "node_modules" / "@stacks" / "clarinet-sdk").is_dir():
        missing("the contract SDK is not installed (npm ci in contracts/)")
    with Machines(node) as vms:
        yield vms


@pytest.fixture(scope="module")
def machine(machines: Machines) -> Machine:
    """The VM's process, shared by the tests of one file and mostly by many."""
    return machines.roomy()


@pytest.fixture(scope="module")
def proof(machine: Machine) -> Proof:
    """privacy-proof alone."""
    return alone(machine)


@pytest.fixture
def bare(machine: Machine) -> Settlement:
    """Deployed, not bootstrapped."""
    return Settlement(machine)


@pytest.fixture
def settlement(bare: Settlement) -> Settlement:
    """Bootstrapped, with zone 1 of 16 slots and zone 2 of 64, both electricity from block 100."""
    bare.bootstrap()
    bare.zone(1, 16)
    bare.zone(2, 64)
    return bare


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> random.Random:
    """Another sequence for every test, the same in every run."""
    return random.Random(request.node.nodeid.rpartition("::")[2])


@pytest.fixture
def home(machine: Machine) -> Settlement:
    """Zone 1 of 16 slots, of which two devices prove their own."""
    return trusting(machine)


@pytest.fixture(scope="module")
def unchanged(machine: Machine) -> Settlement:
    """The same, for what is refused."""
    return trusting(machine)
