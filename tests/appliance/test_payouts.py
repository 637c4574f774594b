"""`./mita payouts` shows what stewards are to approve, beside a running appliance, and names no home."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.cli.main import main
from appliance.money import Money
from appliance.settlement import OPENING_ACCOUNT
from appliance.store import leaving, money
from appliance.store.database import Database
from appliance.store.leaving import PaidSlot, StoredPayout
from appliance.store.money import SettledSlot

CONFIG = """
data = "data"
[chain]
node = "http://127.0.0.1:1"
network = "testnet"
deployer = "ST000000000000000000002AMW42H"
[[zone]]
zone = 1
name = "Lane A"
utility = "electricity"
slots = 16
first_block = 5
[zone.dwellings]
0 = "A-01"
"""
PAYOUT = StoredPayout(
    *(1, 3, "ST1AGENT", "ST1.token", bytes(31) + b"\x07", Money(1), False),
    (PaidSlot(0, "dwelling/A-01", Money(700)), PaidSlot(5, "dwelling/A-01", Money(42))),
)


async def stored(folder: Path) -> None:
    """A store with a payout that waits; `folder` gets its configuration."""
    (folder / "mita.toml").write_text(CONFIG)
    async with Database.open(folder / "data" / "core.db", "core") as db, db.transaction() as tx:
        await tx.run("INSERT INTO sealed (name, box) VALUES ('dwelling/A-01', x'00')")
        await leaving.put_payout(tx, PAYOUT)
        await leaving.put_payout(tx, PAYOUT)


async def test_what_waits_is_printed_and_what_does_not_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await stored(tmp_path)
    command = ["payouts", "-c", str(tmp_path / "mita.toml")]
    assert main(command) == 0
    told = capsys.readouterr().out
    assert told == (
        "zone 1, before the settlement of period 3: waits for two stewards\n"
        "  mask          u33\n"
        "  amount        u742\n"
        "  agent         ST1AGENT\n"
        f"  payouts-hash  0x{'00' * 31}07\n"
    )
    path = tmp_path / "data" / "core.db"
    async with Database.open(path, "core") as db:
        async with db.transaction() as tx:
            await leaving.set_planned(tx, 1, 3)
        assert main(command) == 0, "the appliance may run meanwhile"
        assert "approved, and carried out" in capsys.readouterr().out
        async with db.transaction() as tx:
            await tx.run("UPDATE payout SET planned = 0")
            await tx.run("INSERT INTO period (zone, period, first_block, last_block) VALUES (1, 3, 5, 6)")
            slots = [SettledSlot(slot, OPENING_ACCOUNT, OPENING_ACCOUNT) for slot in range(16)]
            await money.put_settlement(tx, 1, 3, slots, opened=True)
        assert main(command) == 0
        assert "too late" in capsys.readouterr().out


def test_nothing_to_pay_out_and_nothing_to_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mita.toml").write_text(CONFIG)
    command = ["payouts", "-c", str(tmp_path / "mita.toml")]
    assert main(command) == 1
    assert "cannot be read" in capsys.readouterr().err
    assert main(["payouts", "-c", str(tmp_path / "none.toml")]) == 2


async def test_a_store_without_payouts_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mita.toml").write_text(CONFIG)
    async with Database.open(tmp_path / "data" / "core.db", "core"):
        assert main(["payouts", "-c", str(tmp_path / "mita.toml")]) == 0
    assert capsys.readouterr().out == "nothing is to be paid out\n"
