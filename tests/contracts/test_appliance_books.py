"""What opens balances after years: followed from the newest settlement on, it is what following everything comes to."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from appliance import accounts, books
from appliance.position import Position
from appliance.store import followed, money, outbox
from appliance.store.database import Database, Transaction, Value
from tests.contracts.test_appliance_periods import FIRST, Gateway, gateway, two_blocks
from tests.contracts.vm import Machine

SLOTS = 4


async def forget(of: Gateway) -> None:
    async with of.db.transaction() as tx:
        await followed.forget(tx, 1, 0)


async def from_the_first(of: Gateway) -> list[Position]:
    """Without anything that is kept, which is then there again as before."""
    rows = {table: await of.db.all(f"SELECT * FROM {table}") for table in ("followed", "followed_slot")}
    await forget(of)
    found = await books.positions(of.db, 1, SLOTS, of.owned.keys)
    async with of.db.transaction() as tx:
        for table, kept in rows.items():
            for row in kept:
                await tx.run(f"INSERT INTO {table} VALUES ({', '.join('?' for _ in row)})", row)
    return found


async def period(of: Gateway, number: int, usage: list[int]) -> None:
    await two_blocks(of, FIRST + 2 * number, usage)
    await of.until_rest()


class Counted:
    """How many rows the statements of a database read."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.rows = 0
        real = Transaction.all

        async def every(self_: Transaction, sql: str, values: Iterable[Value] = ()) -> list[tuple[Value, ...]]:
            found = await real(self_, sql, values)
            self.rows += len(found)
            return found

        monkeypatch.setattr(Transaction, "all", every)

    def since(self) -> int:
        counted, self.rows = self.rows, 0
        return counted


async def test_what_is_kept_is_what_following_everything_comes_to(machine: Machine, tmp_path: Path) -> None:
    async with gateway(machine, tmp_path) as of:
        await of.reckon()
        for number, usage in enumerate(([400, 700, 100, 0], [0, 0, 900, 0], [5, 5, 5, 5])):
            of.pay("A-01", 90 + number)
            of.pay("A-03", 20)
            await of.until_rest(8)
            await period(of, number, usage)
            kept = await followed.newest(of.db, 1)
            assert kept is not None
            assert (kept.period, kept.version) == (number, 2 * (number + 1))
            whole = await from_the_first(of)
            assert list(kept.positions) == whole
            assert await books.positions(of.db, 1, SLOTS, of.owned.keys) == whole
            assert await books.positions_after(of.db, 1, number, SLOTS, of.owned.keys) == whole
        assert of.compared[1].wrong == []
        early = await books.positions_after(of.db, 1, 0, SLOTS, of.owned.keys)
        await forget(of)
        assert await books.positions_after(of.db, 1, 0, SLOTS, of.owned.keys) == early
        of.compared.clear()
        await of.reckon()
        assert of.compared[1].wrong == []
        kept = await followed.newest(of.db, 1)
        assert kept is not None
        assert kept.period == 2, "and it is kept again"


async def test_a_damaged_snapshot_stops_the_money(machine: Machine, tmp_path: Path) -> None:
    async with gateway(machine, tmp_path) as of:
        await of.reckon()
        of.pay("A-01", 500)
        await of.until_rest(8)
        await period(of, 0, [400, 700, 100, 0])
        async with of.db.transaction() as tx:
            await tx.run("UPDATE followed_slot SET balance = arrears WHERE slot = 0")
        of.compared.clear()
        await of.reckon()
        assert of.compared[1].wrong == [0]
        await forget(of)
        of.compared.clear()
        await of.reckon()
        assert of.compared[1].wrong == [], "it may be deleted at any time"


async def copied(db: Database, period: int) -> None:
    """Period 0's bills, settlement and blocks once more, as this period's: for counting what is read of them."""
    async with db.transaction() as tx:
        shift = 2 * period
        for table, columns in (
            ("block", "zone, block + ?, starts_at, ends_at, closed_at, proven_at, shown"),
            (
                "block_slot",
                (
                    "zone, block + ?, slot, index_start, index_end, usage, missing, level, journal_head, holder, "
                    "commitment, shared"
                ),
            ),
        ):
            await tx.run(f"INSERT INTO {table} SELECT {columns} FROM {table} WHERE block < {FIRST + 2}", (shift,))
        await tx.run(
            "INSERT INTO period SELECT zone, ?, first_block + ?, last_block + ?, utility, version, due, shown "
            "FROM period WHERE period = 0",
            (period, shift, shift),
        )
        await tx.run(
            "INSERT INTO bill SELECT zone, ?, slot, holder, occupied, began, usage, amount, commitment FROM bill "
            "WHERE period = 0",
            (period,),
        )
        await tx.run("INSERT INTO settlement SELECT zone, ?, opened FROM settlement WHERE period = 0", (period,))
        await tx.run(
            "INSERT INTO settled_slot SELECT zone, ?, slot, before, owed, balance, arrears FROM settled_slot "
            "WHERE period = 0",
            (period,),
        )
        call = await tx.insert(
            "INSERT INTO call (kind, zone, number, part, on_chain) VALUES ('settle-period', 1, ?, 0, 1)", (period,)
        )
        await tx.run(
            "INSERT INTO submission (call_id, address, nonce, state, since, next_at, failures, reason) "
            "SELECT ?, address, 1000 + ?, 'final', since, next_at, 0, '' FROM submission LIMIT 1",
            (call, period),
        )


async def test_the_work_of_a_look_does_not_grow_with_the_periods(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows read over 36 periods: from the first on they grow with every period, from what is kept they do not."""
    async with gateway(machine, tmp_path) as of:
        await of.reckon()
        await period(of, 0, [400, 700, 100, 0])
        counted = Counted(monkeypatch)
        kept_rows, first_rows, book_rows, every_row = [], [], [], []
        for number in range(1, 36):
            await copied(of.db, number)
            changes = await money.changes(of.db, 1)
            async with of.db.transaction() as tx:
                await tx.run("DELETE FROM followed_slot")
                await tx.run("DELETE FROM followed")
            counted.since()
            whole = await books.positions(of.db, 1, SLOTS, of.owned.keys)
            first_rows.append(counted.since())
            async with of.db.transaction() as tx:
                await followed.put(tx, 1, changes[-1], len(changes), [Position(w.balance, w.arrears) for w in whole])
            counted.since()
            await books.positions(of.db, 1, SLOTS, of.owned.keys)
            kept_rows.append(counted.since())
            await accounts.book_due(of.db, 0)
            counted.since()
            await accounts.book_due(of.db, 0)
            book_rows.append(counted.since())
            for change in await outbox.final(of.db, ("credit-batch", "settle-period")):
                await books.entry_of(of.db, change)
            every_row.append(counted.since())
    assert first_rows[-1] > 15 * first_rows[0], "as it grows from the first on"
    assert every_row[-1] > 15 * every_row[0]
    assert len(set(kept_rows)) == 1, "the same in the second period and in the last"
    assert set(book_rows) == {0}
