"""Who lives where: a home may move in, nobody's key changes under a block, and a lost portal.db is made again."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from appliance import prove
from appliance.app import Household, InUseError, core_store, household, only_one, run
from appliance.chain.address import Network
from appliance.chain.transaction import PrivateKey
from appliance.close import close_due
from appliance.config import AgentConfig, ChainConfig, Config, ConfigError, PortalConfig, TimeConfig, ZoneConfig
from appliance.period import Step
from appliance.projection import show_due, show_place
from appliance.store import blocks, homes, leaving, outbox
from appliance.store.database import Database
from appliance.store.leaving import Departure
from appliance.worker import Prover
from tests.appliance.settled import GATEWAY, OTHER
from tests.fakes.clock import FakeClock

TIME = TimeConfig(0, 100, 2, 0, 1, 1, period_blocks=2)
HOMES = {slot: f"A-{slot + 1:02}" for slot in range(15)}
ZONE = ZoneConfig(1, "Lane A", "electricity", 16, 5, HOMES, ())
CHAIN = ChainConfig("http://127.0.0.1:1", "testnet", "ST000000000000000000002AMW42H", 1000, 2, 1)


def config(folder: Path, zone: ZoneConfig = ZONE) -> Config:
    return Config("Place", 0, folder / "data", TIME, None, CHAIN, PortalConfig("127.0.0.1", 0), (zone,))


async def run_to(db: Database, owned: Household, zone: ZoneConfig, at: int) -> None:
    """Closes, commits and batches everything that is over at that time."""
    clock = FakeClock(at)
    await close_due(db, [zone], clock, TIME, set())
    with Prover() as prover:
        await prove.commit_due(db, prover, owned.keys, clock, os.urandom)
        await prove.batch_due(db, prover, [zone], owned.keys, TIME)


async def test_a_home_moves_in_when_a_period_begins(tmp_path: Path) -> None:
    async with core_store(config(tmp_path)) as (db, owned):
        await run_to(db, owned, ZONE, 600)
    moved = replace(ZONE, dwellings={**HOMES, 15: "A-16"})
    async with core_store(config(tmp_path, moved)) as (db, owned):
        await run_to(db, owned, moved, 900)
        holders = [(await blocks.get_block(db, 1, number)).content.slots[15].holder for number in range(5, 9)]
        assert holders == ["zone/1", "zone/1", "dwelling/A-16", "dwelling/A-16"]
        assert [(await blocks.get_batch(db, 1, first)).last_block for first in (5, 7)] == [6, 8]
        async with Database.open(tmp_path / "data" / "portal.db", "portal") as shown:
            await show(db, shown, owned, config(tmp_path, moved))
            rows = await shown.all("SELECT block FROM usage_block WHERE slot = 15 ORDER BY block")
            assert rows == [(7,), (8,)], "what was used before is nobody's"


async def test_homes_are_rearranged_before_the_first_block(tmp_path: Path) -> None:
    """A mistake in the list of homes is corrected by writing the right one, as long as nothing was committed."""
    arranged: list[dict[int, str]] = [
        HOMES,
        {**HOMES, 3: "A-05", 4: "A-04"},  # two changed places
        {slot + 1: label for slot, label in HOMES.items()},  # all by one
        {**HOMES, 3: "A0-4"},  # a label that reads the same when typed
    ]
    async with Database.open(tmp_path / "portal.db", "portal") as shown:
        for dwellings in arranged:
            settings = config(tmp_path, replace(ZONE, dwellings=dwellings))
            async with core_store(settings) as (db, owned):
                await show(db, shown, owned, settings)
            rows = await shown.all("SELECT slot, label FROM service JOIN dwelling ON dwelling.id = dwelling_id")
            assert {slot: label for slot, label in rows} == dwellings  # noqa: C416 - typed
            assert await shown.one("SELECT count(*) FROM dwelling") == (15,)


async def test_pages_of_another_core_are_not_taken_over(tmp_path: Path) -> None:
    async with Database.open(tmp_path / "portal.db", "portal") as shown:
        for place in ("first", "second"):
            async with core_store(config(tmp_path / place)) as (db, owned):
                await run_to(db, owned, ZONE, 700 if place == "first" else 600)
                await show(db, shown, owned, config(tmp_path / place))
        assert await shown.one("SELECT count(*), max(block) FROM usage_block") == (15, 5)


async def show(db: Database, shown: Database, owned: Household, settings: Config) -> None:
    await show_place(db, shown, settings, owned.dwellings, "ST.meter-data", owned.gateway.mark())
    await show_due(db, shown, owned.keys)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"dwellings": {**HOMES, 3: "B-77"}}, r'slot 3 of zone 1 is A-04\'s: write 3 = "A-04"'),
        (
            {"dwellings": {s: h for s, h in HOMES.items() if s != 3}},
            "until this box has read in the registry that it moves out",
        ),
        ({"dwellings": {**HOMES, 3: "A-05", 4: "A-04"}}, "slot 3 of zone 1 is A-04"),
        ({"slots": 64}, "zone 1 has 16 slots, not 64"),
        ({"first_block": 4}, "write first_block = 5"),
    ],
)
async def test_a_change_that_would_break_blocks_is_refused_in_words(
    tmp_path: Path, change: dict[str, object], words: str
) -> None:
    async with core_store(config(tmp_path)) as (db, owned):
        await run_to(db, owned, ZONE, 600)
    with pytest.raises(ConfigError, match=words):
        async with core_store(config(tmp_path, replace(ZONE, **change))):  # type: ignore[arg-type]
            pass
    for time in (replace(TIME, block_seconds=200), replace(TIME, origin=50)):
        with pytest.raises(ConfigError, match="write block_seconds = 100, origin = 0"):
            async with core_store(replace(config(tmp_path), time=time)):
                pass
    async with core_store(config(tmp_path)) as (db, owned):
        await run_to(db, owned, ZONE, 700)
        assert (await blocks.get_batch(db, 1, 5)).last_block == 6, "with the old configuration it goes on"


async def test_a_zone_taken_out_of_the_configuration_does_no_harm(tmp_path: Path) -> None:
    async with core_store(config(tmp_path)) as (db, owned):
        clock = FakeClock(600)
        await close_due(db, [ZONE], clock, TIME, set())
    other = replace(ZONE, zone=2, dwellings={slot: f"B-{slot + 1:02}" for slot in range(15)})
    async with core_store(config(tmp_path, other)) as (db, owned):
        await run_to(db, owned, other, 700)
        assert (await blocks.get_block(db, 1, 5)).commitments is not None
        assert owned.keys.keys() >= {"zone/1", "zone/2", "dwelling/A-01", "dwelling/B-01"}


async def test_a_lost_portal_database_is_filled_again(tmp_path: Path) -> None:
    async with core_store(config(tmp_path)) as (db, owned):
        await run_to(db, owned, ZONE, 700)
        for name in ("first.db", "second.db"):
            async with Database.open(tmp_path / name, "portal") as shown:
                for _ in range(2):
                    await show(db, shown, owned, config(tmp_path))
                assert await shown.one("SELECT count(*) FROM usage_block") == (30,)
                assert await shown.one("SELECT count(*) FROM batch_commitment") == (16,)
                assert len(await homes.salts(shown)) == 15


async def test_secrets_are_made_once(tmp_path: Path) -> None:
    async with core_store(config(tmp_path)) as (db, owned):
        again = await household(config(tmp_path), db)
        assert again == owned
        assert len({key.secret for key in owned.keys.values()}) == 16
        assert [card.label for card in owned.cards()] == sorted(HOMES.values())
        assert owned.cards()[0].proof_code not in repr(owned.cards())


async def test_an_agents_code_is_its_accounts_and_opens_no_commitment(tmp_path: Path) -> None:
    """Another account under the same label is somebody else, with a code of its own."""
    first, second = AgentConfig("AG-1", str(GATEWAY)), AgentConfig("AG-1", str(OTHER))
    codes = []
    for agent in (first, second, first):
        async with core_store(replace(config(tmp_path), agents=(agent,))) as (_, owned):
            (card,) = owned.agent_cards()
            assert card.label == "AG-1"
            assert card.sign_in_code not in repr(owned.agent_cards())
            assert card.sign_in_code not in [home.sign_in_code for home in owned.cards()]
            assert not [name for name in owned.keys if name.startswith("agent/")]
            codes.append(card.sign_in_code)
    assert codes[0] == codes[2] != codes[1]


@pytest.mark.parametrize("address", ["ST1", "", str(PrivateKey(bytes(31) + b"\1").address(Network.MAINNET))])
async def test_an_agent_without_an_account_of_the_network_is_refused(address: str, tmp_path: Path) -> None:
    settings = replace(config(tmp_path), agents=(AgentConfig("AG-1", address),))
    with pytest.raises(ConfigError, match=r"agent AG-1: .* is no address of the testnet"):
        await run(settings)


async def test_one_appliance_per_folder_and_a_private_folder(tmp_path: Path) -> None:
    with only_one(tmp_path / "data"):
        with pytest.raises(InUseError, match="stop it first"), only_one(tmp_path / "data"):
            pass
        assert os.stat(tmp_path / "data").st_mode & 0o077 == 0
    with only_one(tmp_path / "data"):
        pass


async def test_who_comes_after_a_home_sees_nothing_of_it(tmp_path: Path) -> None:
    """The home leaves with its period; what it used until then is shown to nobody else, not even from a lost portal."""
    path = tmp_path / "data" / "portal.db"
    async with core_store(config(tmp_path)) as (db, owned), Database.open(path, "portal") as shown:
        await run_to(db, owned, ZONE, 600)
        await show(db, shown, owned, config(tmp_path))
        assert await shown.all("SELECT block FROM usage_block WHERE slot = 3") == [(5,)]
        async with db.transaction() as tx:
            await leaving.put_departure(tx, 1, Departure(3, "dwelling/A-04", 0))
    after = replace(ZONE, dwellings={**HOMES, 3: "B-77"})
    async with core_store(config(tmp_path, after)) as (db, owned), Database.open(path, "portal") as shown:
        await run_to(db, owned, after, 900)
        holders = [(await blocks.get_block(db, 1, number)).content.slots[3].holder for number in range(5, 9)]
        assert holders == ["dwelling/A-04", "dwelling/A-04", "dwelling/B-77", "dwelling/B-77"]
        await show(db, shown, owned, config(tmp_path, after))
        assert await shown.all("SELECT block FROM usage_block WHERE slot = 3 ORDER BY block") == [(7,), (8,)]
        assert await shown.all("SELECT 1 FROM dwelling WHERE label = 'A-04'") == []
    path.unlink()
    async with core_store(config(tmp_path, after)) as (db, owned), Database.open(path, "portal") as shown:
        await show(db, shown, owned, config(tmp_path, after))
        assert await shown.all("SELECT block FROM usage_block WHERE slot = 3 ORDER BY block") == [(7,), (8,)]


async def test_a_home_that_has_left_holds_its_slot_no_more_whatever_is_written(tmp_path: Path) -> None:
    async with core_store(config(tmp_path)) as (db, owned):
        await run_to(db, owned, ZONE, 600)
        async with db.transaction() as tx:
            await leaving.put_departure(tx, 1, Departure(3, "dwelling/A-04", 0))
        await run_to(db, owned, ZONE, 1100)
        holders = [(await blocks.get_block(db, 1, number)).content.slots[3].holder for number in range(5, 11)]
        assert holders == ["dwelling/A-04"] * 2 + ["zone/1"] * 4


async def test_whose_money_a_slot_holds(tmp_path: Path) -> None:
    """Who has left has it until the slot is released; who comes next, only then."""
    after = replace(ZONE, dwellings={**HOMES, 3: "B-77"})
    async with core_store(config(tmp_path)) as (db, owned):
        await run_to(db, owned, ZONE, 600)
        assert await leaving.receiving(db, ZONE) == {label: slot for slot, label in HOMES.items()}
        async with db.transaction() as tx:
            await leaving.put_departure(tx, 1, Departure(3, "dwelling/A-04", 0))
        for zone in (ZONE, after):
            assert (await leaving.receiving(db, zone))["A-04"] == 3
            assert "B-77" not in await leaving.receiving(db, zone)
            assert (await leaving.holders_of(db, zone))[3] == "dwelling/A-04"
        async with db.transaction() as tx:
            await outbox.put_call(tx, Step.RELEASE, 1, 0, 3)
        assert "A-04" not in await leaving.receiving(db, ZONE)
        assert (await leaving.holders_of(db, ZONE))[3] == "zone/1"
        assert (await leaving.receiving(db, after))["B-77"] == 3
