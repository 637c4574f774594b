"""Looks for usage and secrets where they must not be: logs, the chain, public pages, the portal's files."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import aiohttp
import pytest

from appliance.chain.clarity import NONE, Buffer, List, Optional, UInt, Value
from appliance.chain.payload import ContractCall
from appliance.chain.transaction import deserialize
from appliance.cli import town as surroundings
from appliance.keys import Seal, Secret
from circuits.blinding import Letter
from circuits.shape import USAGE
from tests.endtoend.conftest import Run

in_town = pytest.mark.asyncio(loop_scope="package")

SMALL = 10_000  # numbers below it occur everywhere by chance: heights, ports, bytes


def secrets_of(run: Run) -> dict[str, Secret]:
    seal = Seal((run.town.config.data / "device.key").read_bytes(), lambda _: b"")
    with closing(sqlite3.connect(f"file:{run.core}?mode=ro", uri=True)) as books:
        return {name: Secret(seal.open(name, box)) for name, box in books.execute("SELECT name, box FROM sealed")}


def forms(secret: Secret) -> list[bytes]:
    """Every form in which a secret or what derives from it could leak."""
    key = secret.blinding_key()
    raw = [secret.raw, key.secret]
    codes = [secret.sign_in_code(), key.to_code()]
    texts = [code.encode() for code in codes] + [code.replace("-", "").encode() for code in codes]
    return raw + [r.hex().encode() for r in raw] + texts


def private_numbers(run: Run) -> set[int]:
    """Indexes and usages of single homes."""
    with closing(sqlite3.connect(f"file:{run.core}?mode=ro", uri=True)) as books:
        found = {n for (n,) in books.execute("SELECT idx FROM reading")}
        found |= {n for row in books.execute("SELECT index_start, index_end, usage FROM block_slot") for n in row}
    return {number for number in found if number is not None and number >= SMALL}


def public_numbers(run: Run) -> set[int]:
    """What everybody may know, and by chance may equal a home's number: totals, blocks, ports, seconds, prices."""
    config = run.town.config
    with closing(sqlite3.connect(f"file:{run.core}?mode=ro", uri=True)) as books:
        found = {n for row in books.execute("SELECT total, first_block, last_block FROM batch") for n in row}
        found |= {n for (n,) in books.execute("SELECT block FROM block")}
    ports = {config.portal.port, int(run.town.node_url.rsplit(":", 1)[1])}
    prices = {surroundings.RATIO}
    for tariff in surroundings.TARIFFS:
        prices |= {tariff.charge, tariff.ceiling, tariff.charge_ceiling, tariff.lifeline}
        prices |= {number for band in tariff.bands for number in (band.start, band.rate)}
    return found | ports | prices | {config.time.block_seconds}


def slot_blindings(run: Run) -> list[bytes]:
    """The blindings of single slots, which only their sum may leave."""
    owned = secrets_of(run)
    made = []
    for zone in run.town.config.zones:
        with closing(sqlite3.connect(f"file:{run.core}?mode=ro", uri=True)) as books:
            used = books.execute(
                "SELECT slot, block, usage, holder FROM block_slot WHERE zone = ?", (zone.zone,)
            ).fetchall()
        for slot, block, usage, holder in used[: 4 * zone.slots]:
            key = owned[holder].blinding_key()
            made.append(key.blinding(Letter.USAGE, zone.zone, slot, block, usage).to_bytes())
    return made


def secrets_in(content: bytes, run: Run) -> list[str]:
    """Which secrets and single blindings occur in some bytes: raw, in hex, or as printed on a card."""
    found = [
        f"secret of {name}" for name, secret in secrets_of(run).items() for form in forms(secret) if form in content
    ]
    return found + ["a blinding" for r in slot_blindings(run) if r in content or r.hex().encode() in content]


def leaks(content: bytes, run: Run) -> list[str]:
    """Secrets, and numbers of single homes written in digits."""
    numbers = {int(digits) for digits in re.findall(rb"(?<![0-9a-zA-Z])\d{5,9}(?![0-9a-zA-Z])", content)}
    private = (numbers & private_numbers(run)) - public_numbers(run)
    return secrets_in(content, run) + [f"the number {number}" for number in private]


@in_town
async def test_the_search_finds_what_is_there(run: Run) -> None:
    """The tests below can fail: each kind of private thing is found when it is put before the search."""
    owned = secrets_of(run)
    number = max(private_numbers(run) - public_numbers(run))
    for content in (
        b"log: " + owned["dwelling/A-01"].raw,
        b"log: " + owned["gateway"].raw.hex().encode(),
        f"code {owned['dwelling/A-02'].sign_in_code()}".encode(),
        f"meter shows {number} Wh".encode(),
        slot_blindings(run)[0].hex().encode(),
    ):
        assert leaks(content, run), content


@in_town
async def test_the_log_holds_nothing_private(run: Run) -> None:
    assert len(run.lines) > 20
    said = "\n".join(run.lines)
    assert leaks(said.encode(), run) == []
    with closing(sqlite3.connect(f"file:{run.core}?mode=ro", uri=True)) as books:
        shown = [
            part for row in books.execute("SELECT points, scalars, hints, context FROM block_proof") for part in row
        ]
        shown += [
            part for row in books.execute("SELECT points, scalars, hints, context FROM batch_proof") for part in row
        ]
    assert len(shown) >= 8 * 4
    assert not [part for part in shown if part[1:9].hex() in said], "nor a part of any proof"


@in_town
async def test_the_chain_holds_nothing_private(run: Run) -> None:
    """Everything the local chain ever took in, byte for byte and as hex digits."""
    folder = run.town.folder / "chain"
    files = [path for path in folder.rglob("*") if path.is_file()]
    content = b"\n".join(path.read_bytes() for path in files)
    hexadecimal = b"\n".join(bytes.fromhex(h.decode()) for h in re.findall(rb"(?:[0-9a-f]{2}){64,}", content))
    assert b"submit-usage-batch" in hexadecimal
    assert secrets_in(content, run) == []
    assert secrets_in(hexadecimal, run) == []
    uints = {
        int.from_bytes(hexadecimal[m.end() : m.end() + 16], "big") for m in re.finditer(rb"\x01(?=\0{8})", hexadecimal)
    }
    assert uints & public_numbers(run), "the search finds uints at all"
    assert (uints & private_numbers(run)) - public_numbers(run) == set()


@in_town
async def test_a_call_says_only_what_is_public(run: Run) -> None:
    with closing(sqlite3.connect(f"file:{run.core}?mode=ro", uri=True)) as books:
        rows = books.execute(
            "SELECT zone, first_block, last_block, total, blinding_sum, evidence_root, sum_hint, raw FROM batch "
            "JOIN batch_delivery d USING (zone, first_block) JOIN signed ON submission_id = d.id"
        ).fetchall()
    assert len(rows) >= 4
    for zone, first, last, total, blinding_sum, root, hint, raw in rows:
        payload = deserialize(raw).payload
        assert isinstance(payload, ContractCall)
        said = payload.arguments
        assert said[:3] == (UInt(zone), UInt(first), UInt(last))
        assert isinstance(said[3], List)
        assert {len(point.data) for point in said[3].items if isinstance(point, Buffer)} == {33}
        assert said[4:7] == (UInt(total), Buffer(blinding_sum), Buffer(root))
        assert said[7] == List(tuple(UInt(16 if level == 0 else 0) for level in range(6))), "levels, not which meter"
        assert said[8] == (NONE if hint is None else Optional(Buffer(hint)))
        shape = USAGE[16]
        lengths = [33] * (5 + 2 * shape.rounds), [32] * (shape.digits + shape.linear + 2), [32] * shape.hints
        assert tuple(_lengths(items) for items in said[9:12]) == lengths, "the same shape whatever was used"
    assert len({part for *_, raw in rows for part in _proof_parts(raw)}) == sum(map(len, lengths)) * len(rows)


def _proof_parts(raw: bytes) -> list[bytes]:
    payload = deserialize(raw).payload
    assert isinstance(payload, ContractCall)
    return [part for items in payload.arguments[9:12] for part in _data(items)]


def _lengths(items: Value) -> list[int]:
    return [len(part) for part in _data(items)]


def _data(items: Value) -> list[bytes]:
    assert isinstance(items, List)
    return [part.data for part in items.items if isinstance(part, Buffer)]


@in_town
async def test_the_portal_cannot_open_a_commitment(run: Run) -> None:
    """portal.db holds hashes of codes, never codes; the portal's user has no key."""
    content = b"".join(path.read_bytes() for path in run.town.config.data.glob("portal.db*"))
    assert secrets_in(content, run) == []


@in_town
async def test_public_pages_say_totals_only(run: Run) -> None:
    async with aiohttp.ClientSession() as browser, browser.get(run.portal_url + "/") as response:
        text = await response.text()
    assert response.status == 200
    assert leaks(text.encode(), run) == []
    shown = {int(re.sub(r"\D", "", n)) for n in re.findall(r"(?<![\w.])\d[\d.\u2009\u202f\u00a0]*(?!\w)", text)}
    with closing(sqlite3.connect(f"file:{run.core}?mode=ro", uri=True)) as books:
        totals = {t for (t,) in books.execute("SELECT total FROM batch")}
    assert shown & totals, "the search finds totals as they are printed"
    assert (shown & private_numbers(run)) - public_numbers(run) == set()


def test_files_are_for_their_owner_only(run: Run) -> None:
    data: Path = run.town.config.data
    for path in [*data.glob("core.db*"), *data.glob("portal.db*"), data / "device.key", data / "lock"]:
        assert path.stat().st_mode & 0o077 == 0, path.name
