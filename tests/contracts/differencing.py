"""Who reads all that a settlement's contracts print, and takes sums from sums: what is then known of single dwellings.

Hidden are, for every slot, the usage of each batch, each credit, the balance after each settlement, each payout, each
correction and each ballot. Public is what opens sums of them, and the rules by which bills, balances and arrears follow
from each other. All of that is linear, so whether a value is determined is a question of rank, and no guess is needed:
a sum of hidden values is known if and only if it is in the span of those that are public.

Assumed to be known, too: that nothing is used where nobody lives.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from appliance.chain.address import Address, Contract
from tests.contracts.vm import Print, plain

P: Final = 2**61 - 1
"""Factors are rates and small sums of them; modulo a prime as large as this none vanishes by chance."""

Name = tuple[Any, ...]
"""Of a hidden value: what it is, zone, slot, and which."""
Form = dict[Name, int]
"""A sum of hidden values with factors."""
Said = Mapping[str, Any]
Members = Callable[[int, int], Mapping[str, int]]
"""Zone and period -> {occupied, fresh}, bits by slot, as anybody may read them in the registry."""


def plus(*forms: Form) -> Form:
    total: Form = defaultdict(int)
    for form in forms:
        for name, factor in form.items():
            total[name] += factor
    return {name: factor % P for name, factor in total.items() if factor % P}


def times(form: Form, factor: int) -> Form:
    return {name: found * factor % P for name, found in form.items()} if factor % P else {}


class Span:
    """All sums whose value follows from those that were learned."""

    def __init__(self) -> None:
        self._rows: dict[Name, Form] = {}
        """By a name that has factor 1 in this row and is in no other row."""

    def rest(self, form: Form) -> Form:
        """What is left when all that is known is taken off."""
        known = [(name, factor) for name, factor in form.items() if name in self._rows]
        return plus(form, *(times(self._rows[name], -factor) for name, factor in known))

    def learn(self, form: Form) -> None:
        rest = self.rest(form)
        if not rest:
            return
        pivot, factor = next(iter(rest.items()))
        row = times(rest, pow(factor, -1, P))
        for name, other in self._rows.items():
            if pivot in other:
                self._rows[name] = plus(other, times(row, -other[pivot]))
        self._rows[pivot] = row

    def knows(self, form: Form) -> bool:
        return bool(form) and not self.rest(form)


@dataclass(slots=True)
class Purse:
    """A slot's balance and arrears."""

    balance: Form = field(default_factory=dict)
    arrears: Form = field(default_factory=dict)


class Attacker:
    """Reads events in their order. `members` is the registry's."""

    def __init__(self, members: Members) -> None:
        self.span = Span()
        self.secrets: dict[tuple[int, int], dict[Name, Form]] = defaultdict(dict)
        """What nobody should know, by zone and slot."""
        self.shown: set[tuple[int, int]] = set()
        """Zones and slots of which something was shown alone: a reward, a contest, a payout, who leaves. A slot stays
        so for whoever comes next, of whom nothing is then found."""
        self._members = members
        self._slots: dict[int, int] = {}
        self._utility: dict[int, int] = {}
        self._tariffs: dict[tuple[int, int], Said] = {}
        self._usage: dict[tuple[int, int, int], Form] = defaultdict(dict)
        self._bills: dict[tuple[int, int, int], Form] = {}
        self._purses: dict[tuple[int, int], Purse] = defaultdict(Purse)
        self._masks: dict[tuple[int, int], int] = {}
        self._voters: dict[tuple[int, int], list[bool]] = {}
        self._readers: dict[tuple[str, str], Callable[[Said], object]] = {
            ("user-registry", "zone"): self._zone,
            ("billing", "tariff"): self._tariff,
            ("meter-data", "usage-batch"): lambda said: self.span.learn(self._used(said)),
            ("meter-data", "sealed-batch"): self._used,
            ("meter-data", "combined-total"): self._combined,
            ("billing", "bills"): self._billed,
            ("payment", "credit"): self._credited,
            ("payment", "settlement"): self._settled,
            ("payment", "payout-begun"): self._begun,
            ("payment", "payout"): self._paid_out,
            ("payment", "slot-released"): self._released,
            ("payment", "reward"): self._rewarded,
            ("payment", "exit"): self._left,
            ("governance", "ballots"): self._cast,
            ("governance", "tally"): lambda said: self._tallied(said["proposal"], [said["zone"]]),
            ("governance", "tally-together"): lambda said: self._tallied(said["proposal"], said["zones"]),
            ("governance", "contest-answer"): self._answered,
        }

    def read(self, contract: str, said: Said) -> None:
        reader = self._readers.get((contract, str(said.get("topic"))))
        if reader is not None:
            reader(said)

    def known(self) -> dict[tuple[int, int], list[Name]]:
        """By zone and slot: what of it alone follows from all that was read."""
        found = {
            place: [name for name, form in forms.items() if self.span.knows(form)]
            for place, forms in self.secrets.items()
        }
        return {place: names for place, names in found.items() if names}

    def hear(self, prints: Sequence[Print], deployer: Address) -> None:
        """What the contracts of a settlement print in a transaction."""
        for printed in prints:
            contract, said = Contract.parse(printed.contract), plain(printed.value)
            if contract.address == deployer and isinstance(said, dict):
                self.read(contract.name, said)

    def found(self) -> dict[tuple[int, int], list[Name]]:
        """What is known of those of whom nothing was shown alone. Where all others of a zone were, what is left of a
        sum when theirs is taken off is the last one's: that cannot be helped, and is not counted."""
        hidden = set(self.secrets) - self.shown
        alone = {place for place in hidden if sum(other[0] == place[0] for other in hidden) == 1}
        return {place: names for place, names in self.known().items() if place in hidden - alone}

    def _hide(self, what: str, zone: int, slot: int, *which: Any) -> Form:
        form: Form = {(what, zone, slot, *which): 1}
        self._keep(form, what, zone, slot, *which)
        return form

    def _keep(self, form: Form, what: str, zone: int, slot: int, *which: Any) -> None:
        self.secrets[zone, slot][(what, zone, slot, *which)] = form

    def _all(self, zone: int, mask: int) -> list[int]:
        return [slot for slot in range(self._slots[zone]) if mask >> slot & 1]

    def _zone(self, said: Said) -> None:
        self._slots[said["zone"]], self._utility[said["zone"]] = said["slots"], said["utility"]

    def _tariff(self, said: Said) -> None:
        self._tariffs[said["utility"], said["version"]] = said

    def _used(self, said: Said) -> Form:
        """Of a batch; what its total is the sum of."""
        zone, period = said["zone"], said["period"]
        forms = []
        for slot in self._all(zone, self._members(zone, period)["occupied"]):
            forms.append(self._hide("usage", zone, slot, said["first-block"]))
            whole = self._usage[zone, slot, period] = plus(self._usage[zone, slot, period], forms[-1])
            self._keep(whole, "usage of a period", zone, slot, period)
        return plus(*forms)

    def _combined(self, said: Said) -> None:
        places = [(zone, slot) for zone in said["zones"] for slot in range(self._slots[zone])]
        names = [("usage", *place, said["first-block"]) for place in places]
        self.span.learn({name: 1 for place, name in zip(places, names, strict=True) if name in self.secrets[place]})

    def _billed(self, said: Said) -> None:
        zone, period = said["zone"], said["period"]
        bands = self._tariffs[self._utility[zone], said["version"]]["bands"]
        for slot in self._all(zone, self._members(zone, period)["occupied"]):
            if len(bands) == 1:
                bill = times(self._usage[zone, slot, period], bands[0]["rate"])
                self._keep(bill, "bill", zone, slot, period)
            else:
                bill = self._hide("bill", zone, slot, period)
            self._bills[zone, slot, period] = bill

    def _credited(self, said: Said) -> None:
        zone, sequence = said["zone"], said["sequence"]
        shares = [self._hide("credit", zone, slot, sequence) for slot in range(self._slots[zone])]
        self.span.learn(plus(*shares))
        for slot, credit in enumerate(shares):
            self._purses[zone, slot].balance = plus(self._purses[zone, slot].balance, credit)

    def _settled(self, said: Said) -> None:
        zone, period = said["zone"], said["period"]
        fresh = self._members(zone, period)["fresh"]
        corrected = {named["slot"]: named["period"] for named in said["corrected"]}
        balances = []
        for slot in range(self._slots[zone]):
            purse = self._purses[zone, slot]
            owed = {} if fresh >> slot & 1 else purse.arrears
            if not (purse.balance or owed or (zone, slot, period) in self._bills):
                purse.arrears = {}
                continue  # nobody was there, and nothing
            balances.append(self._hide("balance", zone, slot, period))
            taken = self._hide("correction", zone, slot, corrected[slot]) if slot in corrected else {}
            bill = self._bills.get((zone, slot, period), {})
            purse.arrears = plus(balances[-1], bill, owed, times(purse.balance, -1), times(taken, -1))
            purse.balance = balances[-1]
            self._keep(purse.arrears, "arrears", zone, slot, period)
        if said["opened"] is not None:
            self.span.learn(plus(*balances))

    def _begun(self, said: Said) -> None:
        self._masks[said["zone"], said["settled"]] = said["mask"]

    def _paid_out(self, said: Said) -> None:
        zone, settled = said["zone"], said["settled"]
        slots = self._all(zone, self._masks[zone, settled])
        payouts = {slot: self._hide("payout", zone, slot, settled) for slot in slots}
        self.span.learn(plus(*payouts.values()))
        for slot, payout in payouts.items():
            self._purses[zone, slot].balance = plus(self._purses[zone, slot].balance, times(payout, -1))
            self.shown.add((zone, slot))

    def _released(self, said: Said) -> None:
        self._left(said)
        self._purses[said["zone"], said["slot"]] = Purse()

    def _left(self, said: Said) -> None:
        place = said["zone"], said["slot"]
        self.span.learn(self._purses[place].balance)
        self.shown.add(place)
        self._purses[place].balance = {}

    def _rewarded(self, said: Said) -> None:
        place = said["zone"], said["slot"]
        self.span.learn(self._purses[place].arrears)
        self.shown.add(place)

    def _cast(self, said: Said) -> None:
        self._voters[said["proposal"], said["zone"]] = said["voters"]

    def _tallied(self, proposal: int, zones: Sequence[int]) -> None:
        places = [(zone, slot) for zone in zones for slot, votes in enumerate(self._voters[proposal, zone]) if votes]
        for choice in ("yes", "no"):
            self.span.learn(plus(*(self._hide(choice, *place, proposal) for place in places)))

    def _answered(self, said: Said) -> None:
        place = said["zone"], said["slot"]
        self.span.learn({("yes", *place, said["proposal"]): 1})
        self.shown.add(place)
