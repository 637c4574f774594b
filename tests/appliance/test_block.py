"""Blocks by index difference: nothing negative, nothing lost, sums that telescope."""

from hypothesis import given
from hypothesis import strategies as st

from appliance.block import MAX_BLOCK_USAGE, NO_JOURNAL, Observed, Sharing, close_block, close_slot, next_batch


def seen(billed: int | None, first: int | None, last: int | None, metered: bool = True) -> Observed:
    return Observed(0, "dwelling/A-01", billed, first, last, 1 if metered else None, NO_JOURNAL, metered)


def test_the_limit_is_the_protocols() -> None:
    assert MAX_BLOCK_USAGE == (2**20 - 1) // 7 == 149_796


def test_an_ordinary_day() -> None:
    usage = close_slot(seen(1000, 900, 1250))
    assert (usage.index_start, usage.index_end, usage.usage, usage.missing) == (1000, 1250, 250, False)


def test_the_first_day_starts_at_the_first_reading() -> None:
    usage = close_slot(seen(None, 900, 1250))
    assert (usage.index_start, usage.usage) == (900, 350)


def test_a_silent_meter_uses_nothing_and_is_marked() -> None:
    usage = close_slot(seen(1000, 900, None))
    assert (usage.index_start, usage.index_end, usage.usage, usage.missing) == (1000, 1000, 0, True)


def test_a_meter_that_never_answered() -> None:
    usage = close_slot(seen(None, None, None))
    assert (usage.index_start, usage.index_end, usage.usage, usage.missing) == (None, None, 0, True)


def test_a_slot_without_a_meter_is_not_missing() -> None:
    assert not close_slot(seen(None, None, None, metered=False)).missing


def test_too_much_is_cut_and_carried() -> None:
    first = close_slot(seen(0, 0, MAX_BLOCK_USAGE + 5))
    assert (first.usage, first.index_end) == (MAX_BLOCK_USAGE, MAX_BLOCK_USAGE)
    second = close_slot(seen(first.index_end, 0, MAX_BLOCK_USAGE + 7))
    assert second.usage == 7


@given(st.integers(0, 10**6), st.lists(st.one_of(st.none(), st.integers(0, 10**6)), max_size=30))
def test_sums_telescope_whatever_is_missing_or_carried(start: int, steps: list[int | None]) -> None:
    """After as many quiet days as the carry needs, the days add up to the meter's own difference."""
    billed: int | None = None
    index, total = start, 0
    for step in [*steps, *[0] * 250]:
        index += step or 0
        closed = close_slot(seen(billed, start, None if step is None else index))
        assert 0 <= closed.usage <= MAX_BLOCK_USAGE
        assert billed is None or closed.index_start == billed
        total += closed.usage
        billed = closed.index_end
    assert total == index - start


def test_a_block_keeps_the_order_of_its_slots() -> None:
    observed = [Observed(slot, "dwelling/A-01", 10, 5, 10 + slot, 0, NO_JOURNAL, True) for slot in range(16)]
    block = close_block(3, 7, 100, 200, observed)
    assert [slot.usage for slot in block.slots] == list(range(16))
    assert (block.zone, block.block, block.starts_at, block.ends_at) == (3, 7, 100, 200)


@given(st.integers(0, 1000), st.integers(1, 7), st.integers(0, 50), st.integers(0, 50))
def test_batches_tile_the_blocks(first: int, size: int, batches: int, more: int) -> None:
    span = next_batch(first, batches * size, batches * size + more, size, 10**9)
    if more < size:
        assert span is None
    else:
        assert span == (first + batches * size, first + batches * size + size - 1)


@given(
    st.lists(st.integers(0, 9), min_size=2, max_size=6),
    st.lists(st.one_of(st.none(), st.integers(0, 2 * MAX_BLOCK_USAGE)), min_size=1, max_size=12),
)
def test_a_shared_meter_is_split_whole_and_its_rest_carried(weights: list[int], steps: list[int | None]) -> None:
    """Whatever it shows and whenever it is silent: the parts add up to its indexes, and nothing is lost."""
    slots = range(len(weights))
    index, total, billed = 1000, 0, None
    for number, step in enumerate([*steps, *[0] * 40]):
        index += step or 0
        last = None if step is None else index
        observed = [Observed(s, "dwelling/A-01", billed, 1000, last, 1, NO_JOURNAL, True) for s in slots]
        block = close_block(1, number, 0, 100, observed, [Sharing(tuple(slots), tuple(weights))])
        parts = block.slots
        assert all(0 <= part.usage <= MAX_BLOCK_USAGE and part.shared for part in parts)
        assert len({(part.index_start, part.index_end, part.missing) for part in parts}) == 1
        assert parts[0].index_start is not None
        assert parts[0].index_end is not None
        assert sum(part.usage for part in parts) == parts[0].index_end - parts[0].index_start
        assert billed in (None, parts[0].index_start)
        billed = parts[0].index_end
        total += sum(part.usage for part in parts)
    assert total == index - 1000


def test_a_split_leaves_the_other_slots_alone() -> None:
    observed = [Observed(slot, "dwelling/A-01", 10, 5, 20 + slot, 0, NO_JOURNAL, True) for slot in range(4)]
    shared = [Observed(slot, "dwelling/A-01", 10, 5, 31, 0, NO_JOURNAL, True) for slot in (1, 3)]
    mixed = [observed[0], shared[0], observed[2], shared[1]]
    block = close_block(3, 7, 100, 200, mixed, [Sharing((3, 1), (2, 1))])
    assert [slot.usage for slot in block.slots] == [10, 7, 12, 14]
    assert [slot.shared for slot in block.slots] == [False, True, False, True]
