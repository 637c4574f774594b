from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contracts.vm import CONTRACTS
from tests.costs.compared import ComparedMachine
from tests.tools import missing


@pytest.fixture(scope="session")
def machine(node: Path) -> Iterator[ComparedMachine]:
    """One process for all tests; without the contract SDK they count as not run."""
    if not (CONTRACTS / "node_modules" / "@stacks" / "clarinet-sdk").is_dir():
        missing("the contract SDK is not installed (npm ci in contracts/)")
    with ComparedMachine(node) as machine:
        yield machine
