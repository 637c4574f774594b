"""Sealed batches, totals that zones opened together, closed periods and replaced gateways, audited from outside."""

from __future__ import annotations

import asyncio
import json
import random
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from appliance.chain.address import Address, Contract
from appliance.chain.clarity import NONE, Buffer, List, Tuple, UInt, Value, deserialize
from appliance.chain.node import Node
from appliance.chain.payload import ContractCall
from appliance.chain.transaction import PrivateKey
from appliance.cli.town import TARIFFS
from appliance.config import ZoneConfig
from appliance.founding import CONTRACTS, Charter, Founders, Site, found
from circuits import usage
from circuits.generators import LIB
from circuits.group import LibPoint
from circuits.opening import sum_openings
from circuits.pedersen import Opening, commit
from circuits.scalar import N, Scalar
from tests.audit import settlement
from tests.audit.conftest import Told, audit_of
from tests.audit.proxy import Rewrite, at_read, lying
from tests.audit.settlement import BLOCKS, DAY, FIRST_BLOCK, FOLDER, GATEWAY, NETWORK, SECOND, SLOTS, STEWARD
from tests.contracts.privacy import sum_hints
from tests.contracts.settlement import consensus_hash
from tests.devnet.network import Devnet

DEPLOYER, NEW = (PrivateKey(bytes([n]) * 32) for n in (21, 22))
OWNER = DEPLOYER.address(NETWORK)
METER_DATA, REGISTRY, PROOF = (Contract(OWNER, name) for name in ("meter-data", "user-registry", "privacy-proof"))
DWELLINGS = 8  # of a zone: too few alone, enough together


@dataclass(frozen=True, slots=True)
class Hamlets:
    url: str
    total: int

    def audited(self, rewrite: Rewrite) -> Told:
        async def ask() -> Told:
            async with lying(self.url, rewrite, {}) as url:
                return await asyncio.to_thread(audit_of, "--chain", url, "--settlement", str(OWNER))

        return asyncio.run(ask())


@pytest.fixture(scope="module")
def hamlets(node: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hamlets]:
    keys = (DEPLOYER, STEWARD, SECOND, GATEWAY, NEW)
    genesis = {str(key.address(NETWORK)): 10**12 for key in keys}
    chain = Devnet(node, tmp_path_factory.mktemp("hamlets") / "chain", genesis, block_ms=50)
    assert chain.start(), chain.messages
    url = f"http://127.0.0.1:{chain.port}"
    yield Hamlets(url, asyncio.run(_make(url)))
    assert chain.kill(signal.SIGTERM) == 0


async def _make(url: str) -> int:
    """Two zones send sealed batches and open them together; zone 1 closes its period, and has a new gateway then."""
    zones = [
        ZoneConfig(zone, "Lane", "electricity", SLOTS, FIRST_BLOCK, {s: f"{zone}/{s}" for s in range(DWELLINGS)}, ())
        for zone in (1, 2)
    ]
    homes = {f"{zone}/{slot}": settlement.home(zone, slot).address(NETWORK) for zone in (1, 2) for slot in range(8)}
    token = Contract(OWNER, "voucher-token")
    counters = (GATEWAY.address(NETWORK),)
    charter = Charter(STEWARD.address(NETWORK), token, 1, TARIFFS, {"period-blocks": BLOCKS}, counters)
    sources = {name: (FOLDER / f"{name}.clar").read_text("utf-8") for name in CONTRACTS}
    site = Site(GATEWAY.address(NETWORK), zones, 0, DAY, homes)
    rng = random.Random(8)
    async with aiohttp.ClientSession() as session:
        node = Node(url, session)
        await found(node, Founders(DEPLOYER, (STEWARD, SECOND), NETWORK), sources, charter, site)
        batches = [await _seal(node, rng, zone, FIRST_BLOCK, GATEWAY) for zone in (1, 2)]
        whole = sum_openings([opening for batch in batches for opening in batch])
        lists = [[commit(LIB, opening).to_bytes() for opening in batch] for batch in batches]
        sums = [commit(LIB, sum_openings(batch)).to_bytes() for batch in batches]
        arguments = (
            List((UInt(1), UInt(2))),
            UInt(FIRST_BLOCK),
            UInt(whole.value),
            Buffer(whole.blinding.to_bytes()),
            List(tuple(_buffers(sum_hints(listed)) for listed in lists)),
            _buffers(sum_hints(sums)),
            PROOF,
        )
        await settlement.send(node, GATEWAY, ContractCall(METER_DATA, "open-combined-total", arguments))
        await settlement.send(node, STEWARD, ContractCall(METER_DATA, "close-period", (UInt(1),)))
        new = NEW.address(NETWORK)
        await settlement.send(node, STEWARD, ContractCall(REGISTRY, "register-gateway", (new,)))
        for steward in (STEWARD, SECOND):
            await settlement.send(node, steward, ContractCall(REGISTRY, "replace-gateway", (UInt(1), new)))
        await _seal(node, rng, 1, FIRST_BLOCK + BLOCKS, NEW, period=1)
    return whole.value


async def _seal(
    node: Node, rng: random.Random, zone: int, first: int, gateway: PrivateKey, period: int = 0
) -> list[Opening]:
    openings = [Opening(rng.randrange(2**20), Scalar(rng.randrange(N))) for _ in range(SLOTS)]
    commitments = [commit(LIB, opening).to_bytes() for opening in openings]
    root, levels = rng.randbytes(32), [0, SLOTS, 0, 0, 0, 0]
    context = consensus_hash(
        {
            "domain": "mita/v1/sealed-batch",
            "chain": NETWORK.chain_id,
            "contract": METER_DATA,
            "proof": PROOF,
            "submitter": gateway.address(NETWORK),
            "zone": zone,
            "period": period,
            "first-block": first,
            "last-block": first + BLOCKS - 1,
            "total": 0,
            "blinding-sum": b"",
            "evidence-root": root,
            "authenticity": levels,
            "commitments-hash": consensus_hash(commitments),
        }
    )
    made = usage.prove(LibPoint, openings, context, rng.randbytes(32), opened=False)
    arguments: tuple[Value, ...] = (
        *(UInt(number) for number in (zone, first, first + BLOCKS - 1)),
        _buffers(commitments),
        Buffer(root),
        List(tuple(map(UInt, levels))),
        NONE,
        *(_buffers(part) for part in (made.points, made.scalars, made.hints)),
        PROOF,
    )
    await settlement.send(node, gateway, ContractCall(METER_DATA, "submit-sealed-batch", arguments))
    return openings


def _buffers(data: Any) -> List:
    return List(tuple(Buffer(item) for item in data))


def test_all_of_it_holds(hamlets: Hamlets) -> None:
    told = hamlets.audited(lambda *asked: asked[-1])
    assert (told.code, told.report["failures"]) == (0, [])
    assert [(zone["zone"], zone["batches"]) for zone in told.report["zones"]] == [(1, 2), (2, 1)]


@pytest.mark.parametrize(
    ("rewrite", "failure"),
    [
        (at_read("get-combined-usage", 1, FIRST_BLOCK, total=UInt(7)), (None, None, "total")),
        (at_read("get-settlement-usage", 1, 0, total=UInt(7)), (None, None, "total")),
        (at_read("get-settlement-usage", 1, 0, batches=UInt(1)), (None, None, "total")),
        (at_read("get-batch", 2, FIRST_BLOCK, total=UInt(7)), (2, FIRST_BLOCK, "total")),
        (at_read("get-period-usage", 1, 0, blocks=UInt(7)), (1, None, "total")),
        (at_read("get-period-usage", 1, 0, batches=UInt(7)), (1, None, "total")),
        (at_read("get-period-usage", 1, 0, usage=List(())), (1, None, "total")),
    ],
)
def test_answer_of_a_contract(hamlets: Hamlets, rewrite: Rewrite, failure: tuple[int | None, int | None, str]) -> None:
    told = hamlets.audited(rewrite)
    assert told.code == 1
    assert told.failures() == {failure}


def without(contract: str, topic: str) -> Rewrite:
    """Events of that topic are left out of the list."""

    def rewrite(path: str, body: str, answer: Any) -> Any:
        if f"{contract}/events" in path:
            answer["results"] = [event for event in answer["results"] if topic.encode().hex() not in json.dumps(event)]
        return answer

    return rewrite


def test_a_gateway_that_nobody_tells_of_is_no_gateway(hamlets: Hamlets) -> None:
    told = hamlets.audited(without("user-registry", "replaced"))
    assert (1, FIRST_BLOCK, "context") in told.failures()


def test_a_combined_total_that_is_left_out(hamlets: Hamlets) -> None:
    told = hamlets.audited(without("meter-data", "combined-total"))
    assert told.failures() == {(None, None, "total")}


def test_another_combined_total_in_the_transaction(hamlets: Hamlets) -> None:
    """Its bytes say one Wh more: they are not the transaction's, and do not open the commitments."""
    said, altered = (bytes([1]) + total.to_bytes(16, "big") for total in (hamlets.total, hamlets.total + 1))

    def rewrite(path: str, body: str, answer: Any) -> Any:
        if path.endswith("/raw") and b"open-combined-total".hex() in answer["raw_tx"]:
            answer["raw_tx"] = answer["raw_tx"].replace(said.hex(), altered.hex())
        return answer

    told = hamlets.audited(rewrite)
    assert {check for _, _, check in told.failures()} == {"transaction", "event", "total"}


def test_the_registry_s_events_are_what_the_audit_reads_them_as(hamlets: Hamlets) -> None:
    events: list[dict[str, Any]] = []

    def listen(path: str, body: str, answer: Any) -> Any:
        if "user-registry/events" in path:
            events.extend(answer["results"])
        return answer

    hamlets.audited(listen)
    values = [deserialize(bytes.fromhex(e["contract_log"]["value"]["hex"].removeprefix("0x"))) for e in events]
    told = [dict(value.fields) for value in values if isinstance(value, Tuple)]
    assert any(isinstance(event.get("before"), Address) for event in told)
