"""What was planned otherwise is prepared anew, and only what has had its turn in a block gives up its nonce."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance import delivery
from appliance.app import core_store
from appliance.chain.address import Contract
from appliance.chain.clarity import UInt
from appliance.chain.payload import ContractCall
from appliance.delivery import State
from appliance.period import Step
from appliance.settlement import OPENING_ACCOUNT
from appliance.store import money, outbox, planned
from appliance.store.money import SettledSlot
from appliance.store.outbox import Signed
from tests.appliance.settled import DEPLOYER, config

PAYLOAD = ContractCall(Contract(DEPLOYER, "payment"), "settle-period", (UInt(1),))
ACCOUNTS = [SettledSlot(slot, OPENING_ACCOUNT, OPENING_ACCOUNT) for slot in range(64)]


@pytest.mark.parametrize("state", [State.QUEUED, State.SENT, State.INCLUDED, State.FINAL])
async def test_a_settlement_of_two_parts_is_begun_again_where_it_had_begun(state: State, tmp_path: Path) -> None:
    """A nonce that no block has used is kept: a gap would hold back everything behind it."""
    async with core_store(config(tmp_path)) as (db, _):
        async with db.transaction() as tx:
            for number in (0, 1):
                await tx.run(
                    "INSERT INTO period (zone, period, first_block, last_block) VALUES (1, ?, ?, ?)",
                    (number, 2 * number, 2 * number + 1),
                )
                await money.put_settlement(tx, 1, number, ACCOUNTS, opened=True)
            calls = await outbox.select(tx, "ORDER BY id")
            for call in calls:
                await outbox.prepare(tx, call.id, "me", PAYLOAD)
            await outbox.put(tx, calls[0].id, "ST1", 7, delivery.queued(5), Signed(bytes(32), 1, b"raw"))
            await tx.run("UPDATE submission SET state = ?", (state.value,))
            await money.forget_settlements(tx, 1, 0)
        begun = await outbox.of_call(db, Step.SETTLE, 1, 0)
        assert begun is not None
        assert begun.nonce == 7
        had_its_turn = state in (State.INCLUDED, State.FINAL)
        assert (begun.delivery.state is State.REJECTED) is had_its_turn
        assert (begun.delivery.reason == delivery.MADE_AGAIN) is had_its_turn
        assert await db.all("SELECT * FROM prepared") == [], "what follows it builds on what has changed"
        assert await db.all("SELECT * FROM settlement") == []
        assert await outbox.select(db, "ORDER BY id") == calls, "the order stays"


async def test_only_the_opening_is_made_again_where_no_correction_was_named(tmp_path: Path) -> None:
    async with core_store(config(tmp_path)) as (db, _), db.transaction() as tx:
        await tx.run("INSERT INTO period (zone, period, first_block, last_block) VALUES (1, 0, 0, 1)")
        await money.put_settlement(tx, 1, 0, ACCOUNTS, opened=True)
        later = await outbox.put_call(tx, Step.CREDIT, 1, 4)
        for call in await outbox.select(tx, "ORDER BY id"):
            await outbox.prepare(tx, call.id, "me", PAYLOAD)
        await money.set_opened(tx, 1, 0, opened=False)
        assert await money.planned(tx) == [(1, 0, False)]
        assert await tx.all("SELECT call_id FROM prepared") == [(later,)]
        assert len(await money.settled_slots(tx, 1, 0)) == 64
        assert await planned.id_of(tx, Step.CREDIT, 1, 4) == later
        with pytest.raises(KeyError):
            await planned.id_of(tx, Step.CREDIT, 1, 5)
