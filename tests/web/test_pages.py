"""What the pages say: amounts, days, missing ones, states; and how heavy they are."""

import re
import zlib
from html import unescape

import pytest

from appliance.store import portal, sign_in
from appliance.store.portal import UsageBlock
from tests.web.conftest import Running, Visitor
from tests.web.village import (
    BATCH_BLOCKS,
    BLOCKS,
    CONTRACT,
    DAY,
    ELECTRICITY,
    FIRST_BLOCK,
    HOMES,
    MISSING_BLOCK,
    WATER,
    Card,
    block_of,
    usage_of,
)
from web import amounts
from web.locale import locale
from web.page import STYLE
from web.resident.chart import BASE, MAX_BARS, TOP, WIDTH, chart

EN = locale("en")
SAY = EN.text
FIRST_VIEW_BYTES = 14 * 1024
PAGE_BYTES = 60 * 1024


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0, "Wh", "0.000_kWh"),
        (7, "Wh", "0.007_kWh"),
        (12_345, "Wh", "12.345_kWh"),
        (1_234_567_890, "Wh", "1_234_567.890_kWh"),
        (0, "L", "0_L"),
        (1_240, "L", "1_240_L"),
    ],
)
def test_amounts(value: int, unit: portal.Unit, text: str) -> None:
    assert amounts.amount(value, unit) == text.replace("_", "\u202f")


@pytest.mark.parametrize(
    ("litres", "count"), [(0, "0"), (19, "0.9"), (20, "1"), (39, "1.9"), (50, "2.5"), (20_020, "1\u202f001")]
)
def test_jerrycans(litres: int, count: str) -> None:
    assert amounts.everyday(litres, "L", EN) == f"about {count} jerrycans of 20\u00a0L"
    assert amounts.everyday(litres, "Wh", EN) is None


def test_day_is_the_settlements() -> None:
    """22:00 UTC is midnight of the next day two hours east."""
    evening = 1_794_088_800  # Saturday 2026-11-07 22:00 UTC
    assert amounts.day(evening, evening + DAY, 120, EN) == "Sun 2026-11-08"
    assert amounts.day(evening, evening + DAY, 0, EN) == "Sat 2026-11-07"
    assert amounts.day(evening, evening + 60, 0, EN) == "Sat 2026-11-07 22:00:00"
    assert amounts.short_day(evening, evening + DAY, 120) == "8"
    assert amounts.short_day(evening, evening + 60, 0) == "22:00"


def test_chart_is_to_scale() -> None:
    blocks = [block_of(ELECTRICITY, 7, FIRST_BLOCK + i) for i in range(15)]
    drawn = chart(blocks, 0)
    assert len(drawn.bars) == MAX_BARS
    shown = blocks[-MAX_BARS:]
    assert drawn.highest == max(b.usage for b in shown)
    assert max(bar.height for bar in drawn.bars) == BASE - TOP
    for bar, block in zip(drawn.bars, shown, strict=True):
        assert bar.missing is block.missing
        assert bar.y + bar.height == BASE
        assert bar.x + bar.width <= WIDTH
        assert abs(bar.height * drawn.highest - block.usage * (BASE - TOP)) <= drawn.highest
    assert [a.x for a in drawn.bars] == sorted(a.x for a in drawn.bars)


def test_chart_of_nothing() -> None:
    empty: list[UsageBlock] = []
    assert chart(empty, 0).bars == []
    zero = UsageBlock(1, 1, 1, 0, DAY, 0, 0, 0, missing=False, commitment=bytes(33))
    assert [bar.height for bar in chart([zero], 0).bars] == [0]


async def test_usage_per_day(resident: Visitor) -> None:
    text = (await resident.get("/usage")).text
    for block in range(FIRST_BLOCK, FIRST_BLOCK + BLOCKS):
        for zone, unit in ((ELECTRICITY, "Wh"), (WATER, "L")):
            row = block_of(zone, 7, block)
            expected = SAY("usage.missing") if row.missing else amounts.amount(row.usage, "Wh" if unit == "Wh" else "L")
            day = amounts.day(row.starts_at, row.ends_at, 120, EN)
            assert re.search(f'<th scope="row" class="date">{day}</th><td class="number">{re.escape(expected)}', text)
    assert text.count("<rect ") == 2 * (BLOCKS - 1)
    assert text.count(SAY("usage.missing_words")) == 2
    assert SAY("usage.chart", utility="Water") in text


async def test_missing_usage_is_carried_to_the_next_day(resident: Visitor) -> None:
    carried = usage_of(ELECTRICITY, 6, MISSING_BLOCK) + usage_of(ELECTRICITY, 6, MISSING_BLOCK + 1)
    text = (await resident.get(f"/usage/1/{MISSING_BLOCK - 1}")).text
    assert f">{amounts.amount(carried, 'Wh')}<" in text
    total = sum(usage_of(ELECTRICITY, 6, FIRST_BLOCK + BATCH_BLOCKS + i) for i in range(BATCH_BLOCKS))
    assert f'<span class="big">{amounts.amount(total, "Wh")}</span>' in text


async def test_commitment_and_transaction_beside_the_usage(running: Running, resident: Visitor) -> None:
    found = await sign_in.find_credential(running.database, "A-07")
    assert found is not None
    assert isinstance(found.who, portal.Dwelling)
    own = found.who.dwelling_id
    overview = (await resident.get("/usage")).text
    for zone in (ELECTRICITY, WATER):
        for batch in await portal.batches(running.database, zone, 10):
            stored = await portal.commitment_of(running.database, own, zone, batch.first_block)
            assert stored is not None
            page = (await resident.get(f"/usage/{zone}/{batch.first_block}")).text
            assert batch.txid is not None
            for text in (overview, page):
                assert stored.commitment.hex() in text
                assert batch.txid in text
                assert SAY(f"state.{batch.state}_words") in text
            assert batch.evidence_root.hex() in page
            assert CONTRACT in page
            assert (SAY("chain.read_back") in page) is stored.on_chain


async def test_batches_lead_to_each_other(resident: Visitor) -> None:
    text = (await resident.get("/usage/1/104")).text
    assert 'href="/usage/1/100"' in text
    assert 'href="/usage/1/108"' in text


async def test_community_totals_and_states(running: Running, visitor: Visitor) -> None:
    text = (await visitor.get("/")).text
    assert "<h1>Kisima Lane</h1>" in text
    for zone, unit in ((ELECTRICITY, "Wh"), (WATER, "L")):
        for batch in await portal.batches(running.database, zone, 10):
            rows = [
                block_of(zone, n, b)
                for n in range(1, HOMES + 1)
                for b in range(batch.first_block, batch.last_block + 1)
            ]
            assert batch.total == sum(row.usage for row in rows)
            assert amounts.amount(batch.total, "Wh" if unit == "Wh" else "L") in text
            assert batch.txid is not None
            assert batch.txid in text
            assert SAY(f"state.{batch.state}_words") in text
    assert SAY("level.1") in text
    assert SAY("level.3") in text
    assert SAY("level.below_three") in text
    assert "Sun 2026-11-08" in text


@pytest.mark.parametrize("language", ["en", "sw"])
async def test_a_page_claims_what_the_contract_checked_and_no_more(
    running: Running, visitor: Visitor, language: str
) -> None:
    say = locale(language).text
    nothing = say("checked.0")
    total, ranges = ({say(f"checked.{bits}", limit=limit(unit)) for unit in ("Wh", "L")} for bits in (1, 3))

    async def page() -> tuple[int, ...]:
        text = unescape((await visitor.get(f"/?lang={language}")).text)
        claims = (say("proves.ranges") in text, say("proves.no_ranges") in text)
        return text.count(nothing), *(sum(map(text.count, words)) for words in (total, ranges)), *claims

    assert await page() == (2, 4, 0, False, True), "on chain, and of an age that had no range proofs"
    await running.change("UPDATE batch SET checked = 3 WHERE state = 'final'")
    assert await page() == (2, 2, 2, True, True)
    await running.change("UPDATE batch SET checked = 3 WHERE state = 'included'")
    assert await page() == (2, 0, 4, True, False)
    await running.change("UPDATE batch SET checked = 0")
    assert await page() == (6, 0, 0, False, False), "in a block, but nothing was read back yet"


async def test_a_home_sees_what_the_contract_checked_of_its_batch(running: Running, resident: Visitor) -> None:
    for bits in (0, 1, 3):
        await running.change(f"UPDATE batch SET checked = {bits} WHERE first_block = 100")
        for zone, unit in ((ELECTRICITY, "Wh"), (WATER, "L")):
            text = (await resident.get(f"/usage/{zone}/100")).text
            said = [b for b in (0, 1, 3) if SAY(f"checked.{b}", limit=limit(unit)) in text]
            assert said == [bits]
            assert SAY("level.below_three") in text, "whatever was proved, of whichever reading"


def limit(unit: str) -> str:
    return {"Wh": "1\u202f048.576\u202fkWh", "L": "1\u202f048\u202f576\u202fL"}[unit]


async def test_total_of_few_homes_waits_for_the_contract(running: Running, visitor: Visitor) -> None:
    await running.change("DELETE FROM service WHERE zone = 1 AND slot > 13")
    text = (await visitor.get("/")).text
    assert text.count(SAY("community.few_homes")) == 1
    sent, *accepted = await portal.batches(running.database, ELECTRICITY, 10)
    assert amounts.amount(sent.total, "Wh") not in text
    for batch in accepted:
        assert amounts.amount(batch.total, "Wh") in text


async def test_before_anything_happened(running: Running, visitor: Visitor, my_card: Card) -> None:
    for table in ("batch_commitment", "batch", "usage_block"):
        await running.change(f"DELETE FROM {table}")
    assert SAY("community.no_batches") in (await visitor.get("/")).text
    text = (await visitor.sign_in(my_card.sign_in_line)).text
    assert SAY("usage.no_days") in text
    assert SAY("usage.no_batches") in text
    for table in ("service", "zone", "place"):
        await running.change(f"DELETE FROM {table}")
    assert SAY("usage.no_services") in (await visitor.get("/usage")).text
    assert SAY("community.no_zones") in (await visitor.get("/")).text


async def test_batch_from_before_the_dwelling_had_a_meter(running: Running, resident: Visitor) -> None:
    await running.change("DELETE FROM usage_block WHERE zone = 1 AND slot = 6 AND block < 104")
    assert SAY("batch.not_yours") in (await resident.get("/usage/1/100")).text
    assert SAY("batch.not_yours") in (await resident.get("/usage")).text


@pytest.mark.parametrize("path", ["/", "/sign-in", "/usage", "/usage/1/104", "/finished", "/nowhere"])
@pytest.mark.parametrize("language", ["en", "sw"])
async def test_weight(resident: Visitor, path: str, language: str) -> None:
    html = (await resident.get(path, {"Accept-Language": language})).text.encode()
    assert f'<html lang="{language}">'.encode() in html
    assert len(zlib.compress(html)) + len(zlib.compress(STYLE)) <= FIRST_VIEW_BYTES
    assert len(html) + len(STYLE) <= PAGE_BYTES
    fetched = set(re.findall(rb'(?:src|<link[^>]*href)="([^"]+)"', html))
    assert len(fetched) == 1


async def test_pages_travel_compressed(resident: Visitor) -> None:
    for encoding in ("gzip", "deflate"):
        seen = await resident.get("/usage", {"Accept-Encoding": encoding})
        assert seen.headers["Content-Encoding"] == encoding
    assert "Content-Encoding" not in (await resident.get("/usage", {"Accept-Encoding": "identity"})).headers


async def test_landmarks_and_titles(resident: Visitor) -> None:
    titles = set()
    for path in ("/", "/usage", "/usage/1/104", "/finished"):
        text = (await resident.get(path)).text
        titles.add(re.search("<title>(.*)</title>", text)[1])  # type: ignore[index]
        for once in ("<main ", "<h1>", "<header>", "<footer>", 'class="skip"', '<html lang="en">'):
            assert text.count(once) == 1, (path, once)
        ids = re.findall(r' id="([^"]+)"', text)
        assert len(ids) == len(set(ids))
        for referenced in " ".join(re.findall(r'aria-(?:labelledby|describedby)="([^"]+)"', text)).split():
            assert referenced in ids
    assert len(titles) == 4
    assert all("kWh" not in title and "A-07" not in title for title in titles)


async def test_a_sealed_total_is_not_shown(running: Running, visitor: Visitor) -> None:
    """Neither once the chain has the batch, nor before, when the core gives the page no number at all."""
    await running.change("UPDATE batch SET checked = 2, total = 0 WHERE first_block = 100")
    await running.change("UPDATE batch SET total = 0 WHERE state NOT IN ('included', 'final')")
    text = unescape((await visitor.get("/")).text)
    for zone in (ELECTRICITY, WATER):
        for batch in await portal.batches(running.database, zone, 10):
            if not batch.total:
                continue
            assert amounts.amount(batch.total, "Wh" if zone == ELECTRICITY else "L") in text
    assert text.count(SAY("community.sealed")) == 2
    assert text.count(SAY("checked.2", limit=limit("Wh"))) == 1
    assert text.count(SAY("community.few_homes")) == 2
    assert ">0 Wh<" not in text.replace("\u202f", " ").replace("\u00a0", " ")
