"""The log: nothing reported is lost, and a replay gives the same chain."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from .conftest import BALANCE, deploy_probe
from .network import Account, Devnet

BURN = "ST000000000000000000002AMW42H"


def play(chain: Devnet, accounts: list[Account]) -> list[str]:
    """A history with every kind of outcome, and one transaction still pending; the txids."""
    probe = deploy_probe(chain, accounts[0])
    one, two = accounts[1], accounts[2]
    txids = [
        chain.accept(one.call(0, probe, "increment", "u3")),
        chain.accept(two.call(0, probe, "crash")),
        chain.accept(one.call(1, probe, "refuse")),
        chain.accept(two.call(1, probe, "pay", "u9", f"'{BURN}", mode="deny")),
    ]
    chain.mine(2)
    txids.append(chain.accept(one.call(2, probe, "issue", "u3", "u1")))
    txids.append(chain.accept(two.transfer(2, one.address, 77)))
    chain.mine(3)
    txids.append(chain.accept(one.call(3, probe, "deposit", "u500", mode="allow")))
    chain.mine()
    txids.append(chain.accept(two.call(3, probe, "increment", "u1")))
    return txids


@dataclass(frozen=True, slots=True)
class History:
    """A folder left behind by kill -9, and what the chain last said about it."""

    folder: Path
    txids: list[str]
    state: dict[str, Any]
    views: list[dict[str, Any]]


@pytest.fixture(scope="module")
def history(
    node: Path, genesis: dict[str, int], accounts: list[Account], tmp_path_factory: pytest.TempPathFactory
) -> History:
    chain = Devnet(node, tmp_path_factory.mktemp("history") / "chain", genesis)
    assert chain.start(), chain.messages
    txids = play(chain, accounts)
    left = History(chain.data, txids, chain.state(), [chain.tx(txid) for txid in txids])
    chain.kill()
    return left


@pytest.fixture
def stopped(node: Path, genesis: dict[str, int], history: History, tmp_path: Path) -> Iterator[Devnet]:
    """A copy of the history, not yet started."""
    folder = tmp_path / "chain"
    shutil.copytree(history.folder, folder)
    chain = Devnet(node, folder, genesis)
    yield chain
    if chain.running:
        chain.kill()


def restart(chain: Devnet) -> None:
    chain.kill()
    assert chain.start(), chain.messages


def test_replay_after_kill_gives_the_same_chain(stopped: Devnet, history: History) -> None:
    assert {view["tx_status"] for view in history.views} == {
        "success",
        "abort_by_response",
        "abort_by_post_condition",
        "pending",
    }
    assert stopped.start(), stopped.messages
    assert stopped.state() == history.state
    assert [stopped.tx(txid) for txid in history.txids] == history.views
    stopped.mine()
    assert stopped.tx(history.txids[-1])["tx_status"] == "success"


def test_torn_last_lines_are_cut_off(stopped: Devnet, history: History) -> None:
    for name in ("blocks.jsonl", "mempool.jsonl"):
        path = stopped.data / name
        last = path.read_text(encoding="utf-8").splitlines()[-1]
        with path.open("a", encoding="utf-8") as file:
            file.write(last[: len(last) // 2])
    assert stopped.start(), stopped.messages
    assert stopped.state() == history.state
    stopped.mine()
    after = stopped.state()
    restart(stopped)
    assert stopped.state() == after


def break_line(lines: list[str]) -> None:
    lines[2] = lines[2][:40]


def drop_line(lines: list[str]) -> None:
    del lines[2]


def change_result(lines: list[str]) -> None:
    for i, line in enumerate(lines):
        record: dict[str, Any] = json.loads(line)
        for mined in record.get("txs", []):
            if mined["receipt"]["status"] == "success":
                mined["receipt"]["costs"]["runtime"] += 1
                lines[i] = json.dumps(record, separators=(",", ":"))
                return


@pytest.mark.parametrize(
    ("damage", "message"),
    [(break_line, "is not a record"), (drop_line, "gave another result"), (change_result, "gave another result")],
)
def test_a_damaged_log_is_not_served(stopped: Devnet, damage: Callable[[list[str]], None], message: str) -> None:
    path = stopped.data / "blocks.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines()
    before = list(lines)
    damage(lines)
    assert lines != before
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert not stopped.start()
    assert stopped.exit_code != 0
    assert message in stopped.messages


def test_another_genesis_is_refused(node: Path, stopped: Devnet, accounts: list[Account]) -> None:
    other = Devnet(node, stopped.data, {accounts[0].address: 5})
    assert not other.start()
    assert other.exit_code != 0
    assert "genesis accounts" in other.messages


def test_reorganise(private_devnet: Devnet, accounts: list[Account]) -> None:
    chain = private_devnet
    probe = deploy_probe(chain, accounts[0])
    one = accounts[1]
    kept = chain.accept(one.call(0, probe, "increment", "u1"))
    chain.mine()
    before = chain.state()
    lost = chain.accept(one.call(1, probe, "increment", "u1", fee=2_000))
    chain.mine()
    old = chain.tx(lost)
    chain.mine(2)
    depth = chain.state()["stacks_tip_height"] - before["stacks_tip_height"]
    chain.fault("reorganise", depth=depth)

    after = chain.state()
    assert after["mempool"] == [lost]
    same = ("stacks_tip_height", "burn_block_height", "stacks_tip", "balances", "nonces", "mined")
    assert {name: after[name] for name in same} == {name: before[name] for name in same}
    assert chain.tx(lost)["tx_status"] == "pending"
    assert chain.tx(kept)["canonical"] is True
    assert chain.account(one.address) == (BALANCE - 1_000, 1)
    assert chain.submit(bytes(one.call(1, probe, "increment", "u1", fee=2_000).raw)).status == 200

    restart(chain)
    assert chain.state() == after
    chain.mine()
    new = chain.tx(lost)
    assert new["tx_status"] == "success"
    assert new["block_height"] == old["block_height"]
    assert new["block_hash"] != old["block_hash"]
    assert new["tx_result"] == old["tx_result"]
    final = chain.state()
    restart(chain)
    assert chain.state() == final


def test_reorganise_takes_contracts_back(private_devnet: Devnet, accounts: list[Account]) -> None:
    chain = private_devnet
    probe = deploy_probe(chain, accounts[0])
    called = chain.accept(accounts[1].call(0, probe, "increment", "u1"))
    chain.mine()
    chain.fault("reorganise", depth=chain.state()["stacks_tip_height"] - 1)
    path = f"/v2/contracts/interface/{probe.replace('.', '/')}"
    assert chain.request("GET", path).status == 404
    assert chain.state()["stacks_tip_height"] == 1
    chain.mine()
    assert chain.request("GET", path).status == 200
    assert chain.tx(called)["tx_status"] == "pending"
    chain.mine()
    assert chain.tx(called)["tx_status"] == "success"
    for depth in (0, 1_000, "1", None):
        assert chain.post("/devnet/fault", {"kind": "reorganise", "depth": depth}).status == 400


def test_nothing_reported_is_lost_by_kills_while_mining(
    node: Path, genesis: dict[str, int], accounts: list[Account], tmp_path: Path
) -> None:
    chain = Devnet(node, tmp_path / "chain", genesis, block_ms=50)
    assert chain.start(), chain.messages
    sender = accounts[1]
    mined: dict[str, dict[str, Any]] = {}
    accepted: list[str] = []
    nonce = 0
    for target in (3, 6):
        while len(mined) < target:
            accepted.append(chain.accept(sender.transfer(nonce, BURN, 1)))
            nonce += 1
            wait_until_mined(chain, accepted[-1])
            mined[accepted[-1]] = chain.tx(accepted[-1])
        accepted.append(chain.accept(sender.transfer(nonce, BURN, 1)))
        nonce += 1
        tip = chain.get("/v2/info")
        restart(chain)
        assert chain.get("/v2/info")["stacks_tip_height"] >= tip["stacks_tip_height"]
        assert {txid: chain.tx(txid) for txid in mined} == mined
        wait_until_mined(chain, accepted[-1])
        mined[accepted[-1]] = chain.tx(accepted[-1])
    assert chain.account(sender.address) == (BALANCE - nonce * 301, nonce)
    chain.kill()


def wait_until_mined(chain: Devnet, txid: str) -> None:
    """Scheduled mining: polls until the transaction is in a block."""
    for _ in range(2_000):
        if chain.tx(txid)["tx_status"] != "pending":
            return
        time.sleep(0.005)
    pytest.fail(f"{txid} was not mined")


def test_bitcoin_blocks_may_come_in_runs_and_a_restart_replays_them(
    node: Path, genesis: dict[str, int], tmp_path: Path
) -> None:
    """A run of them comes after two scheduled blocks, each with its empty Stacks block, and is replayed as it was."""
    chain = Devnet(node, tmp_path / "chain", genesis, burn_run=72)
    assert chain.start(), chain.messages
    before, after = chain.state(), chain.mine(4)
    assert after["burn_block_height"] - before["burn_block_height"] == 72
    assert after["stacks_tip_height"] - before["stacks_tip_height"] == 76
    chain.kill()
    chain.burn_run = 1
    assert chain.start(), chain.messages
    assert chain.state()["stacks_tip"] == after["stacks_tip"]
    chain.kill()
    chain.burn_run = 0
    assert not chain.start()
    assert chain.exit_code == 2
    assert "--burn-run must be at least 1" in chain.messages
