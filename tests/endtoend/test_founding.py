"""Founding a settlement: repeatable after any failure, never dearer than agreed, never onto other contracts."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import aiohttp
import pytest

from appliance import founding
from appliance.chain.address import Contract, Network
from appliance.chain.node import Accepted, Node, NodeError, Rejected
from appliance.chain.transaction import PrivateKey
from appliance.cli import town as surroundings
from appliance.config import ZoneConfig

DEPLOYER, STEWARD, GATEWAY, SECOND = (PrivateKey(bytes(31) + bytes([n])) for n in (1, 2, 3, 4))
NETWORK = Network.TESTNET
HOMES = {slot: f"A-{slot + 1:02}" for slot in range(16)}
ZONE = ZoneConfig(1, "Lane A", "electricity", 16, 100, HOMES, ())
CHARTER = founding.Charter(
    provider=STEWARD.address(NETWORK),
    token=Contract(DEPLOYER.address(NETWORK), "voucher-token"),
    ratio=100_000,
    tariffs=surroundings.TARIFFS,
    treasurers=(GATEWAY.address(NETWORK),),
)
PRINCIPALS = {label: PrivateKey(bytes(30) + bytes([1, slot])).address(NETWORK) for slot, label in HOMES.items()}
SITE = founding.Site(GATEWAY.address(NETWORK), [ZONE], 0, 60, PRINCIPALS)
LARGEST = 110_000  # bytes of a generated verifier, at most
SOURCES = {name: (surroundings.CONTRACTS / f"{name}.clar").read_text() for name in founding.CONTRACTS}
SOURCES["audit-log"] = SOURCES["audit-log"].ljust(LARGEST - 1) + "\n"


class Failing:
    """A node whose link breaks after some submissions."""

    def __init__(self, node: Node, submissions: int) -> None:
        self._node, self._left = node, submissions

    async def submit(self, raw: bytes) -> Accepted | Rejected:
        if self._left == 0:
            raise NodeError("the link failed", permanent=False)
        self._left -= 1
        return await self._node.submit(raw)

    def __getattr__(self, name: str) -> object:
        return getattr(self._node, name)


async def test_a_founding_that_breaks_off_is_taken_up(tmp_path: Path, node: Path) -> None:
    people = ", ".join(
        f'{{"address": "{key.address(NETWORK)}", "balance": "1000000000000"}}' for key in (DEPLOYER, STEWARD, SECOND)
    )
    (tmp_path / "genesis.json").write_text(f'{{"accounts": [{people}]}}')
    server = surroundings.CONTRACTS / "devnet" / "server.mjs"
    options = ("--data", tmp_path / "data", "--block-ms", "100", "--genesis", tmp_path / "genesis.json")
    founders = founding.Founders(DEPLOYER, (STEWARD, SECOND), NETWORK)
    async with (
        surroundings.process(lambda _: None, node, server, "--port", "0", *options) as running,
        aiohttp.ClientSession() as session,
    ):
        link = Node(str((await running.ready())["url"]), session)
        poor = founding.Founders(DEPLOYER, (STEWARD, SECOND), NETWORK, 1000)
        with pytest.raises(founding.FoundingError, match=r"would cost .* more than 1000"):
            await founding.found(link, poor, SOURCES, CHARTER, SITE)
        sent = 0
        for submissions in (3, 5, 2, 1, 1):
            with pytest.raises(NodeError, match="the link failed"):
                await founding.found(cast(Node, Failing(link, submissions)), founders, SOURCES, CHARTER, SITE)
            sent += submissions
            await _all_mined(link)
        rest = await founding.found(link, founders, SOURCES, CHARTER, SITE)
        # bootstraps, backing and tariffs, the gateway, and by two stewards provider, treasurer, zone and dwellings
        assert sent + len(rest) == len(founding.CONTRACTS) + 4 + 1 + 2 * 4
        assert await link.source(Contract(DEPLOYER.address(NETWORK), "audit-log")) == SOURCES["audit-log"]
        assert len(SOURCES["audit-log"]) == LARGEST
        assert await founding.found(link, founders, SOURCES, CHARTER, SITE) == []
        other = {**SOURCES, "aggregation": SOURCES["aggregation"] + "\n;; changed\n"}
        with pytest.raises(founding.FoundingError, match="another aggregation"):
            await founding.found(link, founders, other, CHARTER, SITE)


async def _all_mined(link: Node) -> None:
    """What was sent before the link broke is in blocks when somebody tries again."""
    start = await link.tip()
    while (await link.tip()).stacks_height < start.stacks_height + 2:
        pass
