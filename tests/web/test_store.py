"""portal.db: writers may be rerun, readers give a dwelling only its own, sessions idle, attempts slow down."""

from pathlib import Path

import pytest

from appliance.store import portal, sign_in
from appliance.store.database import Database, Value
from circuits.code import CodeError
from tests.web.conftest import Running
from tests.web.village import (
    BLOCKS,
    CONTRACT,
    ELECTRICITY,
    FIRST_BLOCK,
    HOMES,
    WATER,
    block_of,
    card,
    settle,
    summed,
)

TABLES = ("place", "dwelling", "zone", "service", "usage_block", "batch", "batch_commitment", "session", "attempt")
CLIENT = bytes(16)
OTHER_CLIENT = bytes([1]) * 16


async def contents(db: Database) -> dict[str, list[tuple[Value, ...]]]:
    return {table: await db.all(f"SELECT rowid, * FROM {table} ORDER BY rowid") for table in TABLES}


async def test_writing_everything_again_changes_nothing(
    running: Running, hashes: dict[int, tuple[bytes, bytes]]
) -> None:
    before = await contents(running.database)
    assert len(before["usage_block"]) == 2 * HOMES * BLOCKS
    await settle(running.database, hashes)
    assert await contents(running.database) == before


async def test_an_aborted_transaction_leaves_nothing(running: Running) -> None:
    before = await contents(running.database)
    with pytest.raises(KeyboardInterrupt):
        await _write_and_stop(running.database)
    assert await contents(running.database) == before


async def _write_and_stop(db: Database) -> None:
    async with db.transaction() as tx:
        await portal.put_zone(tx, portal.Zone(9, "Lane Z", "water", "L", 16, CONTRACT))
        await portal.put_block(tx, [block_of(ELECTRICITY, 7, FIRST_BLOCK + BLOCKS)])
        raise KeyboardInterrupt


async def test_batch_moves_on(running: Running) -> None:
    newest = (await portal.batches(running.database, ELECTRICITY, 1))[0]
    assert (newest.state, newest.height, newest.checked) == ("sent", None, 0)
    settled = portal.Batch(
        *(newest.zone, newest.first_block, newest.last_block, newest.total, newest.evidence_root),
        *("included", newest.txid, 4711),
        checked=3,
    )
    async with running.database.transaction() as tx:
        await portal.put_batch(tx, settled)
    assert await portal.batch(running.database, ELECTRICITY, newest.first_block) == settled


async def test_mark_only_what_the_chain_returned(running: Running) -> None:
    own = await _dwelling(running, "A-07")
    foreign = summed([block_of(ELECTRICITY, 8, FIRST_BLOCK)])
    async with running.database.transaction() as tx:
        assert await portal.mark_on_chain(tx, ELECTRICITY, FIRST_BLOCK, {6: foreign}) == HOMES - 1
    stored = await portal.commitment_of(running.database, own, ELECTRICITY, FIRST_BLOCK)
    assert stored is not None
    assert not stored.on_chain
    assert stored.commitment != foreign


async def test_changed_commitment_loses_its_mark(running: Running) -> None:
    own = await _dwelling(running, "A-07")
    foreign = summed([block_of(ELECTRICITY, 8, FIRST_BLOCK)])
    async with running.database.transaction() as tx:
        await portal.put_batch_commitments(tx, ELECTRICITY, FIRST_BLOCK, {6: foreign})
    assert await portal.commitment_of(running.database, own, ELECTRICITY, FIRST_BLOCK) == portal.BatchCommitment(
        foreign, on_chain=False
    )


async def test_readers_give_only_the_own(running: Running) -> None:
    own = await _dwelling(running, "A-07")
    blocks = await portal.blocks_of(running.database, own, WATER, FIRST_BLOCK, FIRST_BLOCK + BLOCKS - 1)
    assert blocks == [block_of(WATER, 7, FIRST_BLOCK + i) for i in range(BLOCKS)]
    assert await portal.newest_blocks_of(running.database, own, WATER, 3) == blocks[-3:]
    nobody = 999
    assert await portal.blocks_of(running.database, nobody, WATER, 0, 999) == []
    assert await portal.newest_blocks_of(running.database, nobody, WATER, 12) == []
    assert await portal.services_of(running.database, nobody) == []
    assert await portal.commitment_of(running.database, nobody, WATER, FIRST_BLOCK) is None


async def test_neighbouring_batches(running: Running) -> None:
    around = [await portal.neighbouring_batches(running.database, WATER, FIRST_BLOCK + i) for i in (0, 4, 8)]
    assert around == [(None, 104), (100, 108), (104, None)]


def test_repr_hides_usage() -> None:
    block = block_of(ELECTRICITY, 7, FIRST_BLOCK)
    assert str(block.usage) not in repr(block)
    assert str(block.index_end) not in repr(block)


async def test_two_labels_that_read_the_same_are_refused(tmp_path: Path) -> None:
    async with Database.open(tmp_path / "portal.db", "portal") as db, db.transaction() as tx:
        first = await portal.put_dwelling(tx, "A-07", bytes(16), bytes(32))
        assert await portal.put_dwelling(tx, "A-07", bytes(16), bytes(32)) == first
        with pytest.raises(portal.LabelTaken):
            await portal.put_dwelling(tx, "a 0-7", bytes(16), bytes(32))
        with pytest.raises(ValueError, match="letter or digit"):
            await portal.put_dwelling(tx, " - ", bytes(16), bytes(32))


async def test_new_code_ends_old_sessions(running: Running) -> None:
    own = await _dwelling(running, "A-07")
    token = bytes(32)
    async with running.database.transaction() as tx:
        await sign_in.open_session(tx, token, portal.Dwelling(own, "A-07"), running.clock.now)
        await portal.put_dwelling(tx, "A-07", bytes([9]) * 16, bytes(32))
        assert await sign_in.use_session(tx, token, running.clock.now) is None


@pytest.mark.parametrize(("later", "alive"), [(299, True), (300, False), (-299, True), (-300, False)])
async def test_session_idles(running: Running, later: int, alive: bool) -> None:
    own = await _dwelling(running, "A-07")
    token = bytes(32)
    async with running.database.transaction() as tx:
        await sign_in.open_session(tx, token, portal.Dwelling(own, "A-07"), 10_000)
        found = await sign_in.use_session(tx, token, 10_000 + later)
    assert (found is not None) is alive
    assert all(token not in (row[1], row[2]) for row in await running.database.all("SELECT rowid, * FROM session"))


async def test_delay_grows_for_each_client_alone(running: Running) -> None:
    who = portal.Dwelling(await _dwelling(running, "A-07"), "A-07")
    now = 50_000
    waited: list[int] = []
    async with running.database.transaction() as tx:
        for _ in range(14):
            assert await sign_in.begin_attempt(tx, who, CLIENT, now) == 0
            wait = await sign_in.begin_attempt(tx, who, CLIENT, now) if len(waited) >= 2 else 0
            waited.append(wait)
            now += wait
        assert await sign_in.begin_attempt(tx, who, OTHER_CLIENT, now) == 0
    assert waited == [0, 0, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]


async def test_attempts_are_forgotten(running: Running) -> None:
    who = portal.Dwelling(await _dwelling(running, "A-07"), "A-07")
    async with running.database.transaction() as tx:
        for _ in range(3):
            await sign_in.begin_attempt(tx, who, CLIENT, 0)
        assert await sign_in.begin_attempt(tx, who, CLIENT, 1) > 0
        await sign_in.forget_attempts(tx, who, CLIENT)
        assert await sign_in.begin_attempt(tx, who, CLIENT, 1) == 0
    assert await sign_in.has_failed(running.database, CLIENT, 3_600)
    assert not await sign_in.has_failed(running.database, CLIENT, 3_601)
    assert not await sign_in.has_failed(running.database, OTHER_CLIENT, 1)


async def test_hash_is_of_the_code_not_of_its_spelling() -> None:
    line = card(7).sign_in_code
    salt = bytes(range(16))
    assert await portal.hash_code(line, salt) == await portal.hash_code(line.lower().replace("-", " "), salt)
    assert await portal.hash_code(line, salt) != await portal.hash_code(line, bytes(16))
    with pytest.raises(CodeError):
        await portal.hash_code(line[:-1], salt)


async def _dwelling(running: Running, label: str) -> int:
    found = await sign_in.find_credential(running.database, label)
    assert found is not None
    assert isinstance(found.who, portal.Dwelling)
    return found.who.dwelling_id
