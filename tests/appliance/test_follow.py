"""What the chain keeps is compared: zones before anything is sent, batches before anything is called final."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import pytest

from appliance import call, delivery, follow
from appliance.chain.address import Address, Contract, Network
from appliance.chain.clarity import NONE, Ascii, Bool, Buffer, Optional, Tuple, UInt, Value
from appliance.chain.node import Node, NodeError
from appliance.chain.transaction import PrivateKey
from appliance.config import TimeConfig, ZoneConfig
from appliance.proof import SummedBatch
from appliance.store import blocks, outbox
from appliance.store.database import Database
from appliance.store.outbox import Signed
from tests.fakes.world import some_bytes

DEPLOYER, GATEWAY = (PrivateKey(bytes(31) + bytes([n])).address(Network.TESTNET) for n in (1, 2))
TIME = TimeConfig(0, 86_400, 2, 0, 60, 900)
ZONE = ZoneConfig(1, "Lane A", "electricity", 16, 10, {}, ())
REGISTERED: dict[str, Value] = {
    "gateway": GATEWAY,
    "utility": UInt(1),
    "slots": UInt(16),
    "dwellings": UInt(16),
    "first-block": UInt(10),
    "block-seconds": UInt(86_400),
}
POINTS = tuple(b"\x02" + some_bytes(f"{slot}", 32) for slot in range(16))
PROOF = SummedBatch(77, some_bytes("r", 32), POINTS, POINTS, None)
ROOT = some_bytes("root", 32)
KEPT: dict[str, Value] = {
    "last-block": UInt(11),
    "total": UInt(77),
    "commitments-hash": Buffer(call.commitments_hash(POINTS)),
    "evidence-root": Buffer(ROOT),
    "checked": UInt(1),
    "height": UInt(5),
}


class Answers:
    """A node of which only read-only calls are asked."""

    def __init__(self, value: Value) -> None:
        self.value, self.asked = value, 0
        self.period_blocks: Value = UInt(28)

    async def call_read(
        self, contract: Contract, function: str, arguments: tuple[Value, ...], sender: Address
    ) -> Value:
        assert contract.address == DEPLOYER
        assert function in ("get-zone", "get-batch", "get-parameter")
        if function == "get-parameter":
            assert arguments == (Ascii("period-blocks"),)
            return self.period_blocks
        self.asked += 1
        return self.value


def some(fields: Mapping[str, Value]) -> Value:
    return Optional(Tuple.of(fields))


async def confirm(answers: Answers, wrong: dict[int, list[str]]) -> None:
    await follow.confirm_zones(cast(Node, answers), DEPLOYER, GATEWAY, [ZONE], TIME, wrong)


async def test_a_zone_that_is_registered_alike_is_asked_for_once() -> None:
    answers = Answers(some(REGISTERED))
    wrong: dict[int, list[str]] = {}
    for _ in range(3):
        await confirm(answers, wrong)
    assert wrong == {1: []}
    assert answers.asked == 1


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("gateway", DEPLOYER, "gateway is"),
        ("utility", UInt(2), "utility is 2 there, 1 here"),
        ("slots", UInt(64), "slots is 64 there, 16 here"),
        ("first-block", UInt(9), "first-block is 9 there, 10 here"),
        ("block-seconds", UInt(3600), "block-seconds is 3600 there, 86400 here"),
    ],
)
async def test_a_zone_registered_otherwise_sends_nothing(
    field: str, value: Value, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    answers = Answers(some({**REGISTERED, field: value}))
    wrong: dict[int, list[str]] = {}
    with caplog.at_level(logging.ERROR):
        for _ in range(3):
            await confirm(answers, wrong)
    assert words in wrong[1][0]
    assert len(caplog.messages) == 1, "said once"
    answers.value = some(REGISTERED)
    await confirm(answers, wrong)
    assert wrong == {1: []}, "once it is mended it goes on without a restart"


async def test_periods_of_another_length_send_nothing() -> None:
    """Anybody may close a period that is long enough for the chain: it must be over for us, too."""
    answers = Answers(some(REGISTERED))
    answers.period_blocks = UInt(14)
    wrong: dict[int, list[str]] = {}
    await confirm(answers, wrong)
    assert wrong == {1: ["period_blocks is 14 there, 28 here"]}


async def test_a_zone_nobody_registered() -> None:
    wrong: dict[int, list[str]] = {}
    await confirm(Answers(NONE), wrong)
    assert wrong == {1: ["the registry does not know it"]}
    with pytest.raises(NodeError, match="unknown form"):
        await confirm(Answers(UInt(1)), {})


async def read(path: Path, value: Value) -> tuple[bool, set[tuple[int, int]]]:
    """Whether the batch counts as on chain after the node gave this answer, and what differs."""
    differing: set[tuple[int, int]] = set()
    async with Database.open(path / "core.db", "core") as db:
        async with db.transaction() as tx:
            await blocks.put_batch(tx, 1, 10, 11, ROOT, PROOF)
            call_id = await outbox.put_call(tx, outbox.BATCH, 1, 10)
            included = delivery.Delivery(delivery.State.INCLUDED, 1, 1, height=5, burn_height=5)
            await outbox.put(tx, call_id, str(GATEWAY), 0, included, Signed(bytes(32), 1, b"raw"))
        await follow.read_back(db, cast(Node, Answers(value)), DEPLOYER, GATEWAY, differing)
        return (await blocks.get_batch(db, 1, 10)).on_chain, differing


async def test_a_batch_that_is_kept_as_sent_is_on_chain(tmp_path: Path) -> None:
    assert await read(tmp_path, some(KEPT)) == (True, set())


async def test_a_batch_the_node_has_not_seen_yet_is_asked_for_again(tmp_path: Path) -> None:
    assert await read(tmp_path, NONE) == (False, set())


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("last-block", UInt(12)),
        ("total", UInt(78)),
        ("commitments-hash", Buffer(bytes(32))),
        ("evidence-root", Buffer(bytes(32))),
        ("checked", UInt(0)),
        ("checked", UInt(2**127)),
    ],
)
async def test_other_content_on_chain_is_told_and_holds_the_zone(tmp_path: Path, field: str, value: Value) -> None:
    assert await read(tmp_path, some({**KEPT, field: value})) == (False, {(1, 10)})


async def test_an_answer_of_another_form_is_a_fault_of_the_link(tmp_path: Path) -> None:
    with pytest.raises(NodeError, match="unknown form"):
        await read(tmp_path, some({**KEPT, "total": Bool(True)}))


async def test_an_answer_from_before_the_block_was_undone_does_not_count(tmp_path: Path) -> None:
    async with Database.open(tmp_path / "core.db", "core") as db:
        async with db.transaction() as tx:
            await blocks.put_batch(tx, 1, 10, 11, ROOT, PROOF)
            call_id = await outbox.put_call(tx, outbox.BATCH, 1, 10)
            included = delivery.Delivery(delivery.State.INCLUDED, 1, 1, height=5, burn_height=5)
            await outbox.put(tx, call_id, str(GATEWAY), 0, included, Signed(bytes(32), 1, b"raw"))

        class Slow(Answers):
            async def call_read(
                self, contract: Contract, function: str, arguments: tuple[Value, ...], sender: Address
            ) -> Value:
                answer = await super().call_read(contract, function, arguments, sender)
                undone = await outbox.of_batch(db, 1, 10)
                assert undone is not None
                async with db.transaction() as tx:
                    await outbox.save(tx, undone.id, delivery.queued(5))
                    await outbox.forget_on_chain(tx, call_id)
                return answer

        await follow.read_back(db, cast(Node, Slow(some(KEPT))), DEPLOYER, GATEWAY, set())
        assert not (await blocks.get_batch(db, 1, 10)).on_chain
