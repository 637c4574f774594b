"""The books on disk: each entry once, never changed, and a payment under one reference is one home's."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from appliance import ledger
from appliance.calls.payment import PaymentOnChain, reference
from appliance.credit import Payment
from appliance.keys import Secret
from appliance.ledger import LedgerError
from appliance.money import Money
from appliance.store import money
from appliance.store.database import Database


async def test_an_entry_is_made_once_and_another_under_its_reference_is_refused(tmp_path: Path) -> None:
    paid = ledger.paid(1, 7, 2, Money(5))
    async with Database.open(tmp_path / "core.db", "core") as db:
        for now in (1, 2):
            async with db.transaction() as tx:
                await money.enter(tx, [paid, paid], now)
        assert await money.sums(db, 1) == ledger.sums([paid])
        assert await money.sums(db, 2) == {}
        assert await money.entered(db, "payment/1/7")
        with pytest.raises(LedgerError, match="payment/1/7 was entered with other content"):
            async with db.transaction() as tx:
                await money.enter(tx, [ledger.paid(1, 7, 2, Money(6))], 3)


@pytest.mark.parametrize(
    "statement", ["UPDATE posting SET units = 9", "DELETE FROM posting", "UPDATE entry SET at = 9", "DELETE FROM entry"]
)
async def test_the_books_are_append_only(statement: str, tmp_path: Path) -> None:
    async with Database.open(tmp_path / "core.db", "core") as db:
        async with db.transaction() as tx:
            await money.enter(tx, [ledger.paid(1, 7, 2, Money(5))], 1)
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            async with db.transaction() as tx:
                await tx.run(statement)


async def test_references_go_on_from_the_last_that_was_used(tmp_path: Path) -> None:
    secret = Secret(bytes(32))
    given = [reference(secret.payment_salt(n), 3) for n in range(8)]
    assert len(set(given)) == 8
    assert given[0] != reference(secret.payment_salt(0), 4)
    async with Database.open(tmp_path / "core.db", "core") as db:
        async with db.transaction() as tx:
            await money.put_references(tx, "A-01", 0, given)
        assert await money.references_of(db, "A-01") == (8, 0)
        async with db.transaction() as tx:
            await money.put_payment(tx, 5, PaymentOnChain(1, 70, given[2], 900, open=True))
            await money.put_payment(tx, 6, PaymentOnChain(1, 9, bytes(32), 900, open=True))
            await money.put_payment(tx, 7, PaymentOnChain(1, 9, given[3], 900, open=False))
            assert await money.label_of(tx, given[2]) == "A-01"
            assert await money.label_of(tx, bytes(32)) is None
        assert await money.references_of(db, "A-01") == (8, 4)
        assert await money.waiting(db, 1, {"A-01": 2}) == [Payment(5, 2, 70)]
        assert await money.waiting(db, 1, {"A-02": 2}) == []
        assert await money.waiting(db, 2, {"A-01": 2}) == []
        assert await money.last_payment(db) == 7


def test_a_salt_has_sixteen_bytes() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        reference(bytes(15), 1)
