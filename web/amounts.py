"""Amounts and days as people read them. Integers in, text out; groups are split by a narrow no-break space (U+202F)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from appliance.store.portal import Place, Unit
from web.locale import Locale

SPACE = "\u202f"
DAY_SECONDS = 86_400
JERRYCAN_LITRES = 20


def grouped(number: int) -> str:
    """1234567 as 1 234 567."""
    return f"{number:,}".replace(",", SPACE)


def amount(value: int, unit: Unit) -> str:
    """Wh as kWh with three decimals, litres as litres; exact."""
    if unit == "Wh":
        return f"{grouped(value // 1000)}.{value % 1000:03}{SPACE}kWh"
    return f"{grouped(value)}{SPACE}L"


def money(units: int, place: Place) -> str:
    """Units of account in the place's currency; exact, with two decimals or as many as it takes."""
    if not place.decimals:
        return f"{grouped(units)}{SPACE}{place.currency}".rstrip(SPACE)
    whole, rest = divmod(units, 10**place.decimals)
    decimals = f"{rest:0{place.decimals}}".rstrip("0").ljust(min(2, place.decimals), "0")
    return f"{grouped(whole)}.{decimals}{SPACE}{place.currency}".rstrip(SPACE)


def units_of(typed: str, place: Place) -> int | None:
    """What somebody typed in the place's currency, in units of account; None for what is no amount above nothing.

    Spaces split groups and a point decimals, as on the pages; a comma could be either, so it is refused.
    """
    found = re.fullmatch(r"([0-9]{1,12})(?:\.([0-9]{1,9}))?", "".join(typed.split()))
    if found is None:
        return None
    decimals = (found[2] or "").rstrip("0")
    if len(decimals) > place.decimals:
        return None
    return int(found[1] + decimals.ljust(place.decimals, "0")) or None


def rate(units: int, unit: Unit, place: Place) -> str:
    """What a kWh or a cubic metre costs, where `units` is the price of a Wh or litre."""
    return f"{money(units * 1000, place)}/{'kWh' if unit == 'Wh' else 'm³'}"


def everyday(value: int, unit: Unit, words: Locale) -> str | None:
    """Litres as jerrycans of 20 L, to a tenth, rounded down; None for electricity."""
    if unit == "Wh":
        return None
    tenths = value * 10 // JERRYCAN_LITRES
    count = grouped(tenths // 10) + (f".{tenths % 10}" if tenths % 10 else "")
    return words.text("amount.jerrycans", count=count)


def day(starts_at: int, ends_at: int, offset_minutes: int, words: Locale) -> str:
    """A block's weekday and date, where the settlement is; with the hour when it is not about a day long."""
    start = _local(starts_at, offset_minutes)
    text = f"{words.text(f'weekday.{start.isoweekday()}')} {start:%Y-%m-%d}"
    return text if _is_a_day(starts_at, ends_at) else f"{text} {start:%H:%M:%S}"


def moment(at: int, offset_minutes: int, words: Locale) -> str:
    """Weekday, date and time of day, where the settlement is."""
    when = _local(at, offset_minutes)
    return f"{words.text(f'weekday.{when.isoweekday()}')} {when:%Y-%m-%d %H:%M}"


def short_day(starts_at: int, ends_at: int, offset_minutes: int) -> str:
    """The same under a bar of a chart: the day of the month, or the minute."""
    start = _local(starts_at, offset_minutes)
    return f"{start.day}" if _is_a_day(starts_at, ends_at) else f"{start:%H:%M}"


def _is_a_day(starts_at: int, ends_at: int) -> bool:
    return abs(ends_at - starts_at - DAY_SECONDS) <= DAY_SECONDS // 6


def _local(at: int, offset_minutes: int) -> datetime:
    return datetime.fromtimestamp(at, UTC) + timedelta(minutes=offset_minutes)
