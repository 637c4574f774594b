"""Amounts and days as people read them. Integers in, text out; groups are split by a narrow no-break space (U+202F)."""

from __future__ import annotations

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


def short_day(starts_at: int, ends_at: int, offset_minutes: int) -> str:
    """The same under a bar of a chart: the day of the month, or the minute."""
    start = _local(starts_at, offset_minutes)
    return f"{start.day}" if _is_a_day(starts_at, ends_at) else f"{start:%H:%M}"


def _is_a_day(starts_at: int, ends_at: int) -> bool:
    return abs(ends_at - starts_at - DAY_SECONDS) <= DAY_SECONDS // 6


def _local(at: int, offset_minutes: int) -> datetime:
    return datetime.fromtimestamp(at, UTC) + timedelta(minutes=offset_minutes)
