"""Follows ONE reading by name: from the meter through every table and call to the VM and back to its home's page."""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing

import aiohttp
import pytest

from appliance import app, call
from appliance.block import MAX_BLOCK_USAGE
from appliance.chain.address import Contract
from appliance.chain.clarity import Buffer, List, Optional, Tuple, UInt
from appliance.chain.clarity import deserialize as from_consensus
from appliance.chain.payload import ContractCall
from appliance.chain.transaction import deserialize
from appliance.evidence import Leaf, merkle_path, root_from_path
from appliance.keys import Seal, Secret
from appliance.store import secrets
from appliance.store.readings import Entry
from circuits import usage as usage_statement
from circuits.blinding import BlindingKey, Letter
from circuits.generators import bases
from circuits.pedersen import Opening, commit
from circuits.reference import ReferencePoint
from circuits.scalar import Scalar
from tests.endtoend.conftest import Run
from web.locale import locale

pytestmark = pytest.mark.asyncio(loop_scope="package")

METER, ZONE, SLOT, LABEL = "z1s05", 1, 5, "A-06"
REFERENCE = bases(ReferencePoint)


async def test_one_reading_goes_all_the_way(run: Run) -> None:
    with (
        closing(sqlite3.connect(f"file:{run.core}?mode=ro", uri=True)) as books,
        closing(sqlite3.connect(f"file:{run.town.config.data / 'portal.db'}?mode=ro", uri=True)) as shown,
    ):
        await _follow(run, books.execute, shown)


async def _follow(run: Run, one: Callable[..., sqlite3.Cursor], shown: sqlite3.Connection) -> None:
    # the batch to follow: the zone's second, so that running sums are exercised
    first, last, total, blinding_sum, root, hint = one(
        "SELECT first_block, last_block, total, blinding_sum, evidence_root, sum_hint FROM batch WHERE zone = ? "
        "ORDER BY first_block LIMIT 1 OFFSET 1",
        (ZONE,),
    ).fetchone()

    # 1 meter -> 3 journal: the index that closed the last block is one that the meter served, and it is chained
    index_start, index_end, usage, journal_head, holder = one(
        "SELECT index_start, index_end, usage, journal_head, holder FROM block_slot "
        "WHERE zone = ? AND block = ? AND slot = ?",
        (ZONE, last, SLOT),
    ).fetchone()
    assert 0 < usage < MAX_BLOCK_USAGE
    assert holder == f"dwelling/{LABEL}"
    served = [json.loads(line) for line in run.town.served.read_text().splitlines()]
    indexes = {entry["index"] for entry in served if entry["meter"] == METER}
    assert {index_start, index_end} <= indexes
    row = one(
        "SELECT seq, at, register, unit, idx, level, counter, frame_hash, reason, prev_hash, hash, verdict "
        "FROM reading JOIN meter ON meter.id = meter_id WHERE name = ? AND hash = ?",
        (METER, journal_head),
    ).fetchone()
    assert row[4] == index_end
    assert row[2] == "1-0:1.8.0"
    assert row[11] == "accepted"
    assert Entry(*row[:10]).digest(METER) == row[10]

    # 4 block: this reading's block is its day, and usage is the difference
    starts_at, ends_at = one(
        "SELECT starts_at, ends_at FROM block WHERE zone = ? AND block = ?", (ZONE, last)
    ).fetchone()
    assert starts_at <= row[1] < ends_at
    assert usage == index_end - index_start

    # 6 commitment: recomputed over py_ecc from the dwelling's secret
    device_key = (run.town.config.data / "device.key").read_bytes()
    box = one("SELECT box FROM sealed WHERE name = ?", (f"dwelling/{LABEL}",)).fetchone()[0]
    key = Secret(Seal(device_key, lambda _: b"").open(f"dwelling/{LABEL}", box)).blinding_key()
    column = []
    for block in range(first, last + 1):
        value, stored = one(
            "SELECT usage, commitment FROM block_slot WHERE zone = ? AND block = ? AND slot = ?", (ZONE, block, SLOT)
        ).fetchone()
        made = commit(REFERENCE, Opening(value, key.blinding(Letter.USAGE, ZONE, SLOT, block, value)))
        assert made.to_bytes() == stored
        column.append(made)

    # batch: the sum over its blocks; all slots together open to the total
    points = [
        c
        for (c,) in one(
            "SELECT commitment FROM batch_slot WHERE zone = ? AND first_block = ? ORDER BY slot", (ZONE, first)
        )
    ]
    assert ReferencePoint.sum(column).to_bytes() == points[SLOT]
    whole = ReferencePoint.sum([ReferencePoint.from_bytes_checked(point) for point in points])
    assert whole == commit(REFERENCE, Opening(total, Scalar.from_bytes_checked(blinding_sum)))

    # evidence: the leaf of this slot and day lies under the root
    leaves: list[bytes] = []
    position = -1
    owned = _owned(run)
    for block in range(first, last + 1):
        for slot, *fields in one(
            "SELECT slot, index_start, index_end, usage, missing, journal_head FROM block_slot "
            "WHERE zone = ? AND block = ? ORDER BY slot",
            (ZONE, block),
        ):
            if (block, slot) == (last, SLOT):
                position = len(leaves)
            start, end, used, missing, head = fields
            leaf = Leaf(ZONE, block, slot, start, end, used, bool(missing), head)
            leaves.append(leaf.digest(owned[slot].leaf_salt(ZONE, slot, block)))
    assert root_from_path(leaves[position], merkle_path(leaves, position)) == root

    # 6 proofs: of the last block, and of the batch for the context that the contract computes, verified over py_ecc
    block_context, block_total, block_blinding, *shown_of_block = one(
        "SELECT context, total, blinding_sum, points, scalars FROM block_proof WHERE zone = ? AND block = ?",
        (ZONE, last),
    ).fetchone()
    block_points = [
        c for (c,) in one("SELECT commitment FROM block_slot WHERE zone = ? AND block = ? ORDER BY slot", (ZONE, last))
    ]
    (block_sum,) = one("SELECT sum(usage) FROM block_slot WHERE zone = ? AND block = ?", (ZONE, last)).fetchone()
    assert block_total == block_sum
    _verify(
        block_points, block_context, Opening(block_total, Scalar.from_bytes_checked(block_blinding)), shown_of_block
    )
    context, *shown_of_batch, hints = one(
        "SELECT context, points, scalars, hints FROM batch_proof WHERE zone = ? AND first_block = ?", (ZONE, first)
    ).fetchone()
    _verify(points, context, Opening(total, Scalar.from_bytes_checked(blinding_sum)), shown_of_batch)

    # 7, 8 call and delivery: the signed bytes carry exactly this
    raw, txid, state = one(
        "SELECT raw, signed.txid, state FROM batch_delivery d JOIN signed ON submission_id = d.id "
        "WHERE zone = ? AND first_block = ?",
        (ZONE, first),
    ).fetchone()
    assert state == "final"
    transaction = deserialize(raw)
    transaction.verify()
    payload = transaction.payload
    assert isinstance(payload, ContractCall)
    assert transaction.origin_address == run.town.gateway
    assert payload.arguments[3] == List(tuple(Buffer(point) for point in points))
    assert payload.arguments[4] == UInt(total)
    assert payload.arguments[8] == Optional(Buffer(hint))
    assert payload.arguments[9:12] == tuple(
        List(tuple(map(Buffer, _split(items, size))))
        for items, size in zip((*shown_of_batch, hints), (33, 32, 32), strict=True)
    )

    # the VM: executed, kept, summed
    status = await run.node.transaction(txid.hex())
    assert status is not None
    assert status.state.value == "success"
    deployer, gateway = run.town.deployer, run.town.gateway
    meter_data = Contract(deployer, call.METER_DATA)
    kept = call.read_batch(await run.node.call_read(meter_data, "get-batch", (UInt(ZONE), UInt(first)), gateway))
    assert kept == call.BatchOnChain(
        last, total, call.commitments_hash(points), root, call.CHECKED_SUM | call.CHECKED_RANGES
    )
    assert await _printed_context(run, txid.hex()) == context, "the contract computed the context that was proved for"
    totals = await run.node.call_read(
        Contract(deployer, "aggregation"), "get-zone-usage", (UInt(ZONE), UInt(first)), gateway
    )
    assert isinstance(totals, Optional)
    assert isinstance(totals.value, Tuple)
    assert totals.value["total"] == UInt(total)
    sums = "SELECT running FROM batch_slot WHERE zone = ? AND first_block = ? ORDER BY slot"
    running = await run.node.call_read(meter_data, "get-running", (UInt(ZONE),), gateway)
    assert isinstance(running, Optional)
    stored_sums = {
        earlier: List(tuple(Buffer(c) for (c,) in one(sums, (ZONE, earlier))))
        for (earlier,) in one("SELECT first_block FROM batch WHERE zone = ?", (ZONE,)).fetchall()
    }
    sums_there = running.value
    if sums_there is None:  # the period was closed with them
        closed = await run.node.call_read(meter_data, "get-period-usage", (UInt(ZONE), UInt(0)), gateway)
        assert isinstance(closed, Optional)
        assert isinstance(closed.value, Tuple)
        sums_there = closed.value["usage"]
    assert sums_there in stored_sums.values(), "the chain's running sums are those after one of our batches"

    # 11 portal.db and the page: the home sees its own day, the commitment and the transaction
    await _until_shown(shown, first)
    assert shown.execute(
        "SELECT usage, commitment FROM usage_block WHERE zone = ? AND slot = ? AND block = ?", (ZONE, SLOT, last)
    ).fetchone() == (usage, column[-1].to_bytes())
    assert shown.execute(
        "SELECT commitment, on_chain FROM batch_commitment WHERE zone = ? AND first_block = ? AND slot = ?",
        (ZONE, first, SLOT),
    ).fetchone() == (points[SLOT], 1)
    pages = await _pages(run, first)
    text = re.sub(r"\s+", " ", pages["usage"])
    assert _kwh(usage) in text
    assert points[SLOT].hex() in pages["batch"]
    assert txid.hex() in pages["batch"]
    assert 'class="result good"' in pages["checked"]
    assert locale("en").text("checked.3", limit="1\u202f048.576\u202fkWh") in text_of(pages["batch"])


def text_of(page: str) -> str:
    return re.sub(r"[ \n]+", " ", page)


def _split(items: bytes, size: int) -> list[bytes]:
    return [items[i : i + size] for i in range(0, len(items), size)]


def _verify(commitments: list[bytes], context: bytes, whole: Opening, shown: list[bytes]) -> None:
    points, scalars = shown
    usage_statement.verify(ReferencePoint, commitments, context, whole, _split(points, 33), _split(scalars, 32))


async def _printed_context(run: Run, txid: str) -> bytes:
    """The `context` of the event that meter-data printed."""
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{run.town.node_url}/extended/v1/tx/0x{txid}") as response,
    ):
        events = (await response.json())["events"]
    printed = [from_consensus(bytes.fromhex(e["contract_log"]["value"]["hex"][2:])) for e in events]
    (context,) = [event["context"] for event in printed if isinstance(event, Tuple) and "context" in dict(event.fields)]
    assert isinstance(context, Buffer)
    return context.data


async def _until_shown(shown: sqlite3.Connection, first_block: int) -> None:
    """The projection runs a moment behind the core."""
    async with asyncio.timeout(30):
        while shown.execute(
            "SELECT state FROM batch WHERE zone = ? AND first_block = ?", (ZONE, first_block)
        ).fetchone() != ("final",):
            await asyncio.sleep(0.05)


def _kwh(watt_hours: int) -> str:
    return f"{watt_hours // 1000}.{watt_hours % 1000:03}"


def _owned(run: Run) -> list[BlindingKey]:
    config = run.town.config
    device_key = (config.data / "device.key").read_bytes()
    seal = Seal(device_key, lambda _: b"")
    zone = config.zones[0]
    names = [secrets.holder(zone, slot) for slot in range(zone.slots)]
    with closing(sqlite3.connect(f"file:{run.core}?mode=ro", uri=True)) as books:
        boxes = dict(books.execute("SELECT name, box FROM sealed"))
    return [Secret(seal.open(name, boxes[name])).blinding_key() for name in names]


async def _pages(run: Run, first_block: int) -> dict[str, str]:
    """Signs in with the card, as a browser does, and presses "check this"."""
    card = next(c for c in run.town.cards if c.label == LABEL)
    assert isinstance(card, app.Card)
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(cookie_jar=jar) as browser:

        async def get(path: str) -> str:
            async with browser.get(run.portal_url + path) as response:
                assert response.status == 200, path
                return await response.text()

        async def post(path: str, page: str, **fields: str) -> str:
            token = re.search(r'name="token" value="([^"]+)"', page)
            assert token is not None
            async with browser.post(
                run.portal_url + path, data={"token": token[1], **fields}, headers={"Sec-Fetch-Site": "same-origin"}
            ) as response:
                assert response.status == 200, path
                return await response.text()

        form = await get("/sign-in")
        await post("/sign-in", form, code=f"{card.label} {card.sign_in_code}")
        usage = await get("/usage")
        batch_path = f"/usage/{ZONE}/{first_block}"
        batch = await get(batch_path)
        checked = await post(batch_path + "/check", batch, proof_code=card.proof_code)
        return {"usage": usage, "batch": batch, "checked": checked}
