"""5: a usage and a tariff -> a bill in steps that a person can follow. Pure.

The steps go band by band, the proof by lines (`circuits.tariff`); they come to the same amount. Charge and bands are
per block, so that a period closed early or late changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from appliance.block import MAX_BLOCK_USAGE
from appliance.config import LONGEST_PERIOD
from appliance.money import CREDIT_BOUND, NOTHING, Money, total
from circuits import tariff
from circuits.tariff import Band, Line

RATE_BOUND: Final = 1 << 14  # units of account for a Wh or litre


@dataclass(frozen=True, slots=True)
class Tariff:
    """A version of a utility's tariff as the chain keeps it: `charge` per block and occupied slot, then the bands."""

    utility: int
    version: int
    from_period: int
    charge: int
    bands: tuple[Band, ...]

    def __post_init__(self) -> None:
        made = tariff.lines(self.charge, self.bands, LONGEST_PERIOD)
        if any(not 0 <= band.rate < RATE_BOUND for band in self.bands):
            raise ValueError("rates lie in [0, 2^14)")
        if tariff.bill(made, LONGEST_PERIOD * MAX_BLOCK_USAGE, occupied=True) >= CREDIT_BOUND:
            raise ValueError("under this tariff a bill could reach 2^36")

    def lines(self, blocks: int) -> tuple[Line, ...]:
        """What the proof is about."""
        return tariff.lines(self.charge, self.bands, blocks)


@dataclass(frozen=True, slots=True)
class ChargeStep:
    """`blocks` times `charge`, for being connected."""

    blocks: int
    charge: int
    amount: Money


@dataclass(frozen=True, slots=True)
class BandStep:
    """`quantity` Wh or litre of the usage lie in this band and cost `rate` each. `upto` is the band's end, if any.

    `start` and `upto` are of the whole period: per block times blocks.
    """

    start: int
    upto: int | None
    quantity: int
    rate: int
    amount: Money


Step = ChargeStep | BandStep


@dataclass(frozen=True, slots=True)
class Bill:
    """What a slot owes for a period. The steps add up to `amount`."""

    version: int
    blocks: int
    usage: int
    steps: tuple[Step, ...]
    amount: Money


def bill(of: Tariff, usage: int, blocks: int, *, occupied: bool) -> Bill:
    """`usage` in Wh or litre over `blocks`, at least one. A vacant slot owes nothing: what it uses is a loss."""
    if usage < 0 or blocks < 1:
        raise ValueError("a bill is for a usage that is not negative over at least one block")
    if not occupied:
        return Bill(of.version, blocks, usage, (), NOTHING)
    steps: list[Step] = [ChargeStep(blocks, of.charge, Money(blocks * of.charge))] if of.charge else []
    steps += _band_steps(of.bands, usage, blocks)
    return Bill(of.version, blocks, usage, tuple(steps), total(step.amount for step in steps))


def _band_steps(bands: Sequence[Band], usage: int, blocks: int) -> list[BandStep]:
    """The bands that the usage reaches; the first always, so that a bill of nothing says so."""
    starts = [band.start * blocks for band in bands]
    ends = [*starts[1:], None]
    made = []
    for band, start, upto in zip(bands, starts, ends, strict=True):
        quantity = max(min(usage, usage if upto is None else upto) - start, 0)
        if quantity or not start:
            made.append(BandStep(start, upto, quantity, band.rate, Money(quantity * band.rate)))
    return made
