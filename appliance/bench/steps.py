"""A settlement's transactions in the order in which they are sent: those that `./mita bench chain` measures, and those
that make them possible."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from appliance import founding
from appliance.bench.calls import (
    DEPLOYER,
    GATEWAY,
    NETWORK,
    PROVIDER,
    SECOND_STEWARD,
    STEWARD,
    Call,
    contract,
)
from appliance.bench.checks import SLOTS, commitments, openings
from appliance.call import METER_DATA, Sender, UsageBatch, submit_usage_batch, usage_batch_context
from appliance.chain.transaction import PrivateKey
from appliance.config import ZoneConfig
from appliance.proof import BoundProof, SummedBatch, sum_hint
from circuits import usage
from circuits.group import LibPoint
from circuits.opening import sum_openings

FIRST_BLOCK: Final = 20_000
BLOCKS: Final = 7
DAY: Final = 86_400
RATIO: Final = 100_000  # units of account in a token


@dataclass(frozen=True, slots=True)
class Step:
    """A transaction that takes effect, and the name of its figures; None where only what follows it is of interest."""

    call: Call
    figures: str | None = None
    note: str = ""


def steps(rng: random.Random) -> Iterator[Step]:
    """Founding, then two batches of a zone of 64 slots."""
    yield from map(Step, founding_calls())
    first, later = submissions(rng)
    yield Step(first)
    yield Step(
        later,
        f"{METER_DATA}.{later.function}.{SLOTS}",
        "a later batch of a period, which no slot's own proof contradicts: those that do make it a little dearer",
    )


def founding_calls() -> list[Call]:
    """Bootstrap and registration of one gateway and one zone of 64 slots with a dwelling in each."""
    stewards = (STEWARD, SECOND_STEWARD)
    deployer, gateway, provider = (key.address(NETWORK) for key in (DEPLOYER, GATEWAY, PROVIDER))
    homes = {slot: f"home {slot}" for slot in range(SLOTS)}
    zone = ZoneConfig(1, "", "electricity", SLOTS, FIRST_BLOCK, homes, ())
    charter = founding.Charter(provider, contract("voucher-token"), RATIO, ())
    principals = {home: PrivateKey(bytes([100 + n]) * 32).address(NETWORK) for n, home in homes.items()}
    site = founding.Site(gateway, [zone], 0, DAY, principals)
    bootstrap = founding.bootstrap_calls(deployer, [key.address(NETWORK) for key in stewards], charter)
    stages = founding.registration_calls(deployer, charter, site)
    calls = [
        *((DEPLOYER, payload) for payload in bootstrap),
        *((stewards[who], payload) for who, payloads in stages for payload in payloads),
    ]
    return [Call(payload.contract, payload.function, payload.arguments, key, read_only=False) for key, payload in calls]


def submissions(rng: random.Random) -> list[Call]:
    """The first two batches of the zone; the second adds to running commitments."""
    sender = Sender(NETWORK, DEPLOYER.address(NETWORK), GATEWAY.address(NETWORK))
    calls: list[Call] = []
    running: tuple[bytes, ...] | None = None
    for number in range(2):
        known = openings(rng, SLOTS)
        listed, whole = commitments(known), sum_openings(known)
        hint = None if running is None else sum_hint(running, listed)
        running = listed
        first = FIRST_BLOCK + number * BLOCKS
        sums = SummedBatch(whole.value, whole.blinding.to_bytes(), listed, listed, hint)
        batch = UsageBatch(1, first, first + BLOCKS - 1, rng.randbytes(32), (0, SLOTS, 0, 0, 0, 0), sums)
        context = usage_batch_context(sender, batch)
        made = usage.prove(LibPoint, known, context, rng.randbytes(32), opened=True)
        payload = submit_usage_batch(sender, batch, BoundProof(context, made.points, made.scalars, made.hints))
        calls.append(Call(contract(METER_DATA), payload.function, payload.arguments, GATEWAY, read_only=False))
    return calls
