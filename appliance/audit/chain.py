"""Fetches everything that an audit of a settlement needs from one node and its indexed API."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Final, TypeVar

from appliance.audit.batch import Evidence, decoded, fields, is_batch, number, place, result_fields, some
from appliance.audit.combined import CombinedEvidence, combined_place, is_combined
from appliance.audit.own import OwnEvidence, is_own, own_place
from appliance.audit.sources import UNREADABLE
from appliance.audit.submission import METER_DATA
from appliance.audit.zone import ZoneFacts
from appliance.chain.address import Address, Contract
from appliance.chain.clarity import Ascii, UInt, Value
from appliance.chain.history import History, Outcome, Print
from appliance.chain.node import NodeError

T = TypeVar("T")
Say = Callable[[str], None]
Sleep = Callable[[float], Awaitable[None]]

WAITS: Final = (0.5, 1.0, 2.0)  # seconds between tries of a request that may pass
LONGEST_WAIT: Final = 30.0  # seconds, whatever a node asks for
SNAPSHOTS: Final = 5  # tries to read everything between two blocks with a batch


class NoSettlementError(Exception):
    """What was named is not there; the message says what."""


@dataclass(frozen=True, slots=True)
class Settlement:
    """Everything fetched, as answered, of one moment. `sums` are aggregation's answers by (utility, period), `kept`
    meter-data's get-self-proofs by (zone, first block), `sources` the contracts' texts as `judge_sources` takes them.
    """

    chain_id: int
    meter_data: Contract
    zones: dict[int, ZoneFacts]
    evidence: tuple[Evidence, ...]
    sums: dict[tuple[int, int], bytes]
    own: tuple[OwnEvidence, ...]
    kept: dict[tuple[int, int], bytes]
    sources: dict[str, str | None]
    together: tuple[CombinedEvidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Told:
    """By the registry's events: the zones, and (zone, gateway that it had before)."""

    zones: tuple[int, ...]
    replaced: tuple[tuple[int, Value], ...]


class Fetching:
    """Requests to one node, repeated when that may help. NodeError when the node itself is of no use."""

    def __init__(self, history: History, deployer: Address, say: Say, sleep: Sleep = asyncio.sleep) -> None:
        self._history = history
        self._deployer = deployer
        self._say = say
        self._sleep = sleep
        self._meter_data = Contract(deployer, METER_DATA)
        self._registry = Contract(deployer, "user-registry")
        self._aggregation = Contract(deployer, "aggregation")

    async def settlement(self, contracts: Iterable[str]) -> Settlement:
        """With the sources of `contracts`. Read again from the start if a batch arrived meanwhile, so that answers and
        transactions belong together."""
        chain_id = (await self._history.tip()).network_id
        if await self._patient(lambda: self._history.source(self._meter_data)) is None:
            raise NoSettlementError(f"no contract {self._meter_data} on this chain: is the address the deployer's?")
        sources = await self.sources(contracts)
        before = None
        for _ in range(SNAPSHOTS):
            found = await self._snapshot(chain_id, sources)
            newest = await self._patient(lambda: self._history.newest(self._meter_data))
            prints = [evidence.print for evidence in found.evidence]
            # One that stays out of the list has not just arrived: the list is wrong, which the sequence will show.
            if newest is None or newest in (*prints, before) or not is_batch(newest.value):
                return found
            before = newest
            self._say("a batch arrived while reading; reading again")
        raise NodeError("batches arrive faster than they can be read", permanent=False)

    async def sources(self, contracts: Iterable[str]) -> dict[str, str | None]:
        """By name; None for a contract that is not there."""
        return {name: await self._source(Contract(self._deployer, name)) for name in contracts}

    async def _source(self, contract: Contract) -> str | None:
        return await self._or(UNREADABLE, lambda: self._history.source(contract))

    async def evidence(self, print_: Print) -> Evidence:
        """Of one batch. What this node does not answer usefully, though it answers, counts as unreadable."""
        raw, outcome = await self._transaction(print_.txid)
        zone, first = place(print_, raw)
        if zone is None or first is None:
            return Evidence(print_, raw, outcome, b"", b"")
        stored = await self._read(self._meter_data, "get-batch", zone, first)
        return Evidence(
            print_, raw, outcome, stored, await self._read(self._aggregation, "get-zone-usage", zone, first)
        )

    async def _transaction(self, txid: str) -> tuple[bytes | None, Outcome | None]:
        if not txid:
            return None, None
        raw = await self._or(b"", lambda: self._history.raw(txid))
        return raw, await self._or(Outcome(False, b""), lambda: self._history.outcome(txid))

    async def zone(self, zone: int, told: Told, periods: Iterable[int] = ()) -> ZoneFacts:
        state = await self._read(self._meter_data, "get-zone-state", zone)
        seen = {*periods, *_period(state)}
        return ZoneFacts(
            registered=await self._read(self._registry, "get-zone", zone),
            state=state,
            running=await self._read(self._meter_data, "get-running", zone),
            periods={
                period: await self._read(self._aggregation, "get-zone-period-usage", zone, period) for period in seen
            },
            closed={
                period: await self._read(self._meter_data, "get-period-usage", zone, period)
                for period in seen - {*_period(state)}
            },
            former=tuple(before for replaced, before in told.replaced if replaced == zone),
        )

    async def _snapshot(self, chain_id: int, sources: dict[str, str | None]) -> Settlement:
        prints = await self._patient(lambda: self._history.prints(self._meter_data))
        batches = [print_ for print_ in prints if is_batch(print_.value)]
        evidence = []
        for number_, print_ in enumerate(batches, 1):
            evidence.append(await self.evidence(print_))
            if number_ % 10 == 0 or number_ == len(batches):
                self._say(f"{number_} of {len(batches)} batches read from the chain")
        told = await self.told()
        periods: dict[int, set[int]] = {zone: set() for zone in told.zones}
        for one in evidence:
            zone, _ = place(one.print, one.raw)
            if zone is not None:
                period = number(result_fields(one.outcome).get("period"))
                periods.setdefault(zone, set()).update(set() if period is None else {period})
        zones = {zone: await self.zone(zone, told, found) for zone, found in sorted(periods.items())}
        pairs = {
            (facts.utility, period) for facts in zones.values() for period in facts.periods if facts.utility is not None
        }
        sums = {pair: await self._read(self._aggregation, "get-settlement-usage", *pair) for pair in sorted(pairs)}
        own = [OwnEvidence(print_, *await self._transaction(print_.txid)) for print_ in prints if is_own(print_.value)]
        places = [place(one.print, one.raw) for one in evidence] + [own_place(one) for one in own]
        kept = {
            (zone, first): await self._read(self._meter_data, "get-self-proofs", zone, first)
            for zone, first in dict.fromkeys(places)
            if zone is not None and first is not None
        }
        together = tuple([await self._together(print_) for print_ in prints if is_combined(print_.value)])
        return Settlement(chain_id, self._meter_data, zones, tuple(evidence), sums, tuple(own), kept, sources, together)

    async def _together(self, print_: Print) -> CombinedEvidence:
        raw, outcome = await self._transaction(print_.txid)
        first, zones = combined_place(print_.value)
        kept = {zone: await self._read(self._aggregation, "get-combined-usage", zone, first) for zone in zones}
        return CombinedEvidence(print_, raw, outcome, kept)

    async def told(self) -> Told:
        """What the registry has told of zones: one without any batch is noticed, too."""
        prints = await self._patient(lambda: self._history.prints(self._registry))
        events = [fields(decoded(print_.value)) for print_ in prints]
        found = [number(event.get("zone")) for event in events if event.get("topic") == Ascii("zone")]
        replaced = [
            (zone, before)
            for event in events
            if event.get("topic") == Ascii("replaced")
            and (zone := number(event.get("zone"))) is not None
            and (before := event.get("before")) is not None
        ]
        return Told(tuple(zone for zone in found if zone is not None), tuple(replaced))

    async def _read(self, contract: Contract, function: str, *arguments: int) -> bytes:
        values = tuple(map(UInt, arguments))
        return await self._or(b"", lambda: self._history.read(contract, function, *values)) or b""

    async def _or(self, unreadable: T, ask: Callable[[], Awaitable[T | None]]) -> T | None:
        """`unreadable` if the node is there and only this answer is of no use."""
        try:
            return await self._patient(ask)
        except NodeError as error:
            await self._history.tip()
            self._say(f"the node gives no usable answer: {error}")
            return unreadable

    async def _patient(self, ask: Callable[[], Awaitable[T]]) -> T:
        for wait in WAITS:
            try:
                return await ask()
            except NodeError as error:
                if error.permanent:
                    raise
                seconds = min(max(wait, error.retry_after), LONGEST_WAIT)
                asked = f" (it asks for {error.retry_after} s)" if error.retry_after > seconds else ""
                self._say(f"{error}; again in {seconds:g} s{asked}")
                await self._sleep(seconds)
        return await ask()


def _period(state: bytes) -> list[int]:
    period = number(some(state).get("period"))
    return [] if period is None else [period]
