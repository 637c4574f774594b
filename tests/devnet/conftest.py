"""One local chain for all tests that do not restart it, with the probe deployed; each test takes fresh accounts."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .network import PROBE, Account, Devnet, Oracle

BALANCE = 1_000_000_000
ACCOUNTS = 120


@pytest.fixture(scope="session")
def oracle(node: Path) -> Iterator[Oracle]:
    running = Oracle(node)
    yield running
    running.close()


@pytest.fixture(scope="session")
def accounts(oracle: Oracle) -> list[Account]:
    return [Account.numbered(oracle, number) for number in range(1, ACCOUNTS + 1)]


@pytest.fixture(scope="session")
def genesis(accounts: list[Account]) -> dict[str, int]:
    return {account.address: BALANCE for account in accounts}


@pytest.fixture(scope="session")
def fresh(accounts: list[Account]) -> Callable[[], Account]:
    """The next account that nobody has used; the first is the deployer's."""
    return iter(accounts[1:]).__next__


@pytest.fixture(scope="session")
def devnet(node: Path, genesis: dict[str, int], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Devnet]:
    chain = Devnet(node, tmp_path_factory.mktemp("devnet") / "chain", genesis)
    assert chain.start(), chain.messages
    yield chain
    assert chain.kill(signal.SIGTERM) == 0


@pytest.fixture(scope="session")
def probe(devnet: Devnet, accounts: list[Account]) -> str:
    """The contract id of the deployed probe."""
    return deploy_probe(devnet, accounts[0])


def deploy_probe(chain: Devnet, deployer: Account) -> str:
    txid = chain.accept(deployer.deploy(0, "probe", PROBE))
    chain.mine()
    assert chain.tx(txid)["tx_status"] == "success", chain.tx(txid)
    return f"{deployer.address}.probe"


@pytest.fixture
def private_devnet(node: Path, genesis: dict[str, int], tmp_path: Path) -> Iterator[Devnet]:
    """A chain of the test's own, to be killed and restarted."""
    chain = Devnet(node, tmp_path / "chain", genesis)
    assert chain.start(), chain.messages
    yield chain
    if chain.running:
        chain.kill()
