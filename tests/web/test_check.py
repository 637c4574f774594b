""" "Check this": accepts what was committed, and names what was changed."""

import pytest

from tests.web.conftest import Running, Visitor
from tests.web.village import (
    BATCH_BLOCKS,
    ELECTRICITY,
    FIRST_BLOCK,
    MISSING_BLOCK,
    WATER,
    Card,
    block_of,
    card,
    summed,
)
from web.locale import locale

SAY = locale("en").text
SLOT = 6


async def check(somebody: Visitor, code: str, first_block: int = FIRST_BLOCK, zone: int = ELECTRICITY) -> str:
    page = f"/usage/{zone}/{first_block}"
    assert (await somebody.get(page)).status == 200
    return (await somebody.post(f"{page}/check", {"proof_code": code})).text


def block_line(text: str, block: int) -> str:
    """The result's line about a block."""
    return next(line for line in text.splitlines() if f"block {block})" in line and "<strong>" in line)


@pytest.mark.parametrize("zone", [ELECTRICITY, WATER])
async def test_right_code_fits_and_says_who_computed_it(resident: Visitor, my_card: Card, zone: int) -> None:
    text = await check(resident, my_card.proof_code, zone=zone)
    assert SAY("check.fits_words") in text
    assert "This box computed it" in text
    assert "To have it computed elsewhere" in text
    for block in range(FIRST_BLOCK, FIRST_BLOCK + BATCH_BLOCKS):
        assert SAY("check.block_fits") in block_line(text, block)
    assert my_card.proof_code not in text


async def test_code_as_a_person_types_it(resident: Visitor, my_card: Card) -> None:
    typed = "  " + my_card.proof_code.lower().replace("-", " ").replace("0", "o").replace("1", "l") + " "
    assert SAY("check.fits_words") in await check(resident, typed)


async def test_batch_with_a_missing_day_fits(resident: Visitor, my_card: Card) -> None:
    text = await check(resident, my_card.proof_code, MISSING_BLOCK - 1)
    assert SAY("check.fits_words") in text
    assert SAY("check.block_fits") in block_line(text, MISSING_BLOCK)


async def test_batch_on_its_way_fits_so_far(resident: Visitor, my_card: Card) -> None:
    text = await check(resident, my_card.proof_code, FIRST_BLOCK + 2 * BATCH_BLOCKS)
    assert SAY("check.fits_waiting_words") in text
    assert SAY("check.fits_words") not in text


async def test_one_wrong_letter_is_a_typo_or_opens_nothing(resident: Visitor, my_card: Card) -> None:
    letters = my_card.proof_code.replace("-", "")
    typos = 0
    for position in range(len(letters)):
        other = "7" if letters[position] != "7" else "8"
        text = await check(resident, letters[:position] + other + letters[position + 1 :])
        assert SAY("check.fits_words") not in text
        typos += SAY("check.error_code") in text
        assert SAY("check.error_code") in text or SAY("check.other_code") in text
        assert 'aria-invalid="true"' in text
        assert '<a href="#proof_code">' in text
    assert typos >= len(letters) - 1, "two check characters let one typo in 1024 pass; such a code opens nothing"


@pytest.mark.parametrize("code", ["", "A", "U" * 28, "é" * 28, "0" * 300])
async def test_what_is_no_code(resident: Visitor, code: str) -> None:
    assert SAY("check.error_code") in await check(resident, code)


async def test_another_dwellings_code_opens_nothing(resident: Visitor) -> None:
    text = await check(resident, card(8).proof_code)
    assert SAY("check.other_code") in text
    assert SAY("check.fits_words") not in text


@pytest.mark.parametrize("block", range(FIRST_BLOCK, FIRST_BLOCK + BATCH_BLOCKS))
async def test_changed_usage_is_named(running: Running, resident: Visitor, my_card: Card, block: int) -> None:
    changed = await running.change(
        "UPDATE usage_block SET usage = usage + 1 WHERE zone = ? AND slot = ? AND block = ?", ELECTRICITY, SLOT, block
    )
    assert changed == 1
    text = await check(resident, my_card.proof_code)
    assert SAY("check.blocks_words") in text
    for other in range(FIRST_BLOCK, FIRST_BLOCK + BATCH_BLOCKS):
        expected = "check.block_differs" if other == block else "check.block_fits"
        assert f"<strong>{SAY(expected)}</strong>" in block_line(text, other)


async def test_changed_block_commitment_is_named(running: Running, resident: Visitor, my_card: Card) -> None:
    foreign = block_of(ELECTRICITY, 8, FIRST_BLOCK + 2).commitment
    await running.change(
        "UPDATE usage_block SET commitment = ? WHERE zone = ? AND slot = ? AND block = ?",
        *(foreign, ELECTRICITY, SLOT, FIRST_BLOCK + 2),
    )
    text = await check(resident, my_card.proof_code)
    assert SAY("check.blocks_words") in text
    assert f"<strong>{SAY('check.block_differs')}</strong>" in block_line(text, FIRST_BLOCK + 2)
    assert f"<strong>{SAY('check.block_fits')}</strong>" in block_line(text, FIRST_BLOCK + 1)


async def test_every_usage_of_the_batch_changed_is_not_put_down_to_the_card(
    running: Running, resident: Visitor, my_card: Card
) -> None:
    await running.change(
        "UPDATE usage_block SET usage = usage + 1 WHERE zone = ? AND slot = ? AND block < ?",
        *(ELECTRICITY, SLOT, FIRST_BLOCK + BATCH_BLOCKS),
    )
    text = await check(resident, my_card.proof_code)
    assert SAY("check.blocks_words") in text
    assert SAY("check.other_code") not in text


async def test_changed_batch_commitment(running: Running, resident: Visitor, my_card: Card) -> None:
    foreign = summed([block_of(ELECTRICITY, 8, FIRST_BLOCK)])
    await running.change(
        "UPDATE batch_commitment SET commitment = ? WHERE zone = ? AND slot = ? AND first_block = ?",
        *(foreign, ELECTRICITY, SLOT, FIRST_BLOCK),
    )
    text = await check(resident, my_card.proof_code)
    assert SAY("check.sum_words") in text
    assert SAY("check.sum_differs") in text
    assert SAY("check.fits_words") not in text


async def test_usage_moved_to_another_day(running: Running, resident: Visitor, my_card: Card) -> None:
    """The sum is the same; the days are not."""
    for block, difference in ((FIRST_BLOCK, -5), (FIRST_BLOCK + 1, 5)):
        await running.change(
            "UPDATE usage_block SET usage = usage + ? WHERE zone = ? AND slot = ? AND block = ?",
            *(difference, ELECTRICITY, SLOT, block),
        )
    text = await check(resident, my_card.proof_code)
    assert SAY("check.blocks_words") in text
    assert f"<strong>{SAY('check.block_differs')}</strong>" in block_line(text, FIRST_BLOCK)
    assert f"<strong>{SAY('check.block_differs')}</strong>" in block_line(text, FIRST_BLOCK + 1)


async def test_usage_declared_missing_does_not_fit(running: Running, resident: Visitor, my_card: Card) -> None:
    await running.change(
        "UPDATE usage_block SET missing = 1 WHERE zone = ? AND slot = ? AND block = ?", ELECTRICITY, SLOT, FIRST_BLOCK
    )
    text = await check(resident, my_card.proof_code)
    assert f"<strong>{SAY('check.block_differs')}</strong>" in block_line(text, FIRST_BLOCK)


async def test_block_taken_away_is_named(running: Running, resident: Visitor, my_card: Card) -> None:
    await running.change(
        "DELETE FROM usage_block WHERE zone = ? AND slot = ? AND block = ?", ELECTRICITY, SLOT, FIRST_BLOCK + 1
    )
    text = await check(resident, my_card.proof_code)
    assert SAY("check.blocks_words") in text
    assert f"block {FIRST_BLOCK + 1}: <strong>{SAY('check.block_absent')}</strong>" in text


async def test_included_but_not_read_back(running: Running, resident: Visitor, my_card: Card) -> None:
    await running.change("UPDATE batch_commitment SET on_chain = 0 WHERE slot = ?", SLOT)
    text = await check(resident, my_card.proof_code)
    assert SAY("check.unread_words") in text
    assert SAY("check.fits_words") not in text


async def test_nothing_is_kept(running: Running, resident: Visitor, my_card: Card) -> None:
    await check(resident, my_card.proof_code)
    stored = b"".join(path.read_bytes() for path in sorted(running.folder.iterdir()))
    assert my_card.label.encode() in stored
    for secret in (my_card.proof_code, my_card.proof_code.replace("-", "")):
        assert secret.encode() not in stored
    assert my_card.key.secret not in stored
