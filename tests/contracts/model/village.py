"""The model: a settlement of two zones of four slots in plain numbers, clocks and lists, beside the contracts.

A command foretells what it is refused for, makes the call, and moves the model if the call was accepted; then all that
can be read is compared. What a refused call would have changed differs just as what an accepted one forgot.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

from appliance.chain.address import Address, Contract
from circuits.bill import Billed
from circuits.pedersen import Opening
from circuits.scalar import ONE
from circuits.tariff import Band
from tests.contracts.differencing import Attacker
from tests.contracts.errors import error_name
from tests.contracts.model.view import PERIODS, PURSES, of_settlement, of_zone
from tests.contracts.money import Money
from tests.contracts.money_bills import TWO
from tests.contracts.money_zone import Float, accepted, points
from tests.contracts.settlement import AGENT, GATEWAY, PROVIDER, STRANGER, account, household
from tests.contracts.texts import SMALL_K_MIN
from tests.contracts.vm import Machine, Receipt

ZONES: Final = (1, 2)
HOSTILE_ZONE: Final = 3
SLOTS: Final = 4
FUNDS: Final = 10**12
FIRST_BLOCK: Final = 100
REWARD: Final = 70
NEWCOMERS: Final = tuple(account(f"newcomer {n}") for n in range(6))
OWN: Final = tuple(account(f"own key {n}") for n in range(4))

PROVED: Final = frozenset(
    {
        *("submit-usage-batch", "submit-sealed-batch", "prove-band", "prove-bills", "credit-batch", "settle-period"),
        *("payout-batch", "prove-payout", "release-slot", "claim-reward", "exit-claim"),
    }
)
"""Functions that take a proof in zero knowledge."""
SILENT: Final = frozenset({"prove-band", "transfer"})
"""Functions that write nothing into the audit log."""

commands: Final = Counter[str]()
"""By command and outcome: "pay", or "pay: ERR_PAUSED"."""
proofs: Final = Counter[str]()
"""By function: accepted calls with proofs."""


P = ParamSpec("P")
VillageT = TypeVar("VillageT", bound="Village")
Command = Callable[Concatenate[VillageT, P], None]


def command(carried_out: Command[VillageT, P]) -> Command[VillageT, P]:
    """After it, model and contracts agree."""

    def checked(village: VillageT, /, *args: P.args, **named: P.kwargs) -> None:
        carried_out(village, *args, **named)
        village.agrees()

    return checked


@dataclass(slots=True)
class Dwelling:
    principal: Address
    own: bool = False
    own_since: int = 0


@dataclass(slots=True)
class Tenancy:
    dwelling: int
    start: int
    until: int | None = None


@dataclass(slots=True)
class Place:
    """What registry, meter-data and billing keep of a zone."""

    gateway: Address = GATEWAY
    period: int = 0
    begun: bool = False
    closed: bool = False
    heard: int = 0
    next_block: int = FIRST_BLOCK
    batches: int = 0
    blocks: int = 0
    running: list[Opening] = field(default_factory=list)
    members: dict[int, tuple[int, int]] = field(default_factory=dict)
    """By period: who is there and who is new, as bits."""
    tenancies: dict[int, list[Tenancy]] = field(default_factory=lambda: {slot: [] for slot in range(SLOTS)})
    unreleased: set[int] = field(default_factory=set)
    left: set[tuple[int, int]] = field(default_factory=set)
    next_bill: int = 0
    due: dict[int, int] = field(default_factory=dict)
    candidate: Sequence[Billed] | None = None
    honest: Sequence[Billed] = ()
    proved: int = 0
    frozen: set[tuple[int, int]] = field(default_factory=set)
    corrected: set[tuple[int, int]] = field(default_factory=set)
    exposed: dict[int, set[int]] = field(default_factory=dict)
    wanted: dict[int, int] = field(default_factory=dict)
    paid_out_at: set[int] = field(default_factory=set)
    settled_at: dict[int, int] = field(default_factory=dict)
    rewarded: set[tuple[int, int]] = field(default_factory=set)
    exits: dict[tuple[int, Address], int] = field(default_factory=dict)
    last_call: int | None = None
    remainder_approved: bool = False

    def membership(self, period: int) -> dict[str, int]:
        occupied, fresh = self.members.get(period, (self.members[self.period][0], 0))
        if period > self.period + 1:
            occupied = fresh = 0
        return {"occupied": occupied, "fresh": fresh, "dwellings": occupied.bit_count()}

    def may_open(self, period: int) -> bool:
        hidden = self.membership(period)["dwellings"] - len(self.exposed.get(period, ()))
        return hidden >= SMALL_K_MIN

    def target(self) -> int:
        """The period from which changes of who lives where hold."""
        return self.period + 1 if self.begun else self.period

    def occupant(self, slot: int, period: int) -> int | None:
        return next(
            (
                home.dwelling
                for home in reversed(self.tenancies[slot])
                if home.start <= period and (home.until is None or period <= home.until)
            ),
            None,
        )

    def is_settled(self, slot: int) -> bool:
        """Whether who is there now was there two periods ago."""
        now = self.occupant(slot, self.period)
        return any(home.dwelling == now and home.start <= self.period - 2 for home in self.tenancies[slot][-1:])

    def holder(self, slot: int) -> int | None:
        """Whose money is in the slot."""
        last = self.tenancies[slot][-1:]
        return next((home.dwelling for home in last if home.until is None or slot in self.unreleased), None)

    def claims(self, slot: int, pending: Sequence[tuple[int, int]]) -> int:
        return sum(at == slot for at, _ in self.frozen) + sum(at == slot for at, _ in pending)


class Village(Money):
    """Zones ZONES, the second with a vacant slot; reward tokens; and a third zone with a token that is no good."""

    def __init__(
        self, vm: Machine, rng: random.Random, *, ratio: int, charge: int, bands: Sequence[Band], hostile: str
    ) -> None:
        self.places: dict[int, Place] = {}
        self.entries = 0
        self.attacker = Attacker(lambda zone, period: self.places[zone].membership(period))
        vm.hears = lambda prints: self.attacker.hear(prints, self.s.deployer)
        super().__init__(vm, rng, ratio=ratio)
        self.purses = vm.deploy("purses", self.s.deployer, PURSES)
        self.found(charge, *bands).ok()
        self.back_rewards().ok()
        self.at_desk("set-parameter", "reward", REWARD).ok()
        self.revoked: set[Address] = set()
        self.gateways = 1
        self.paused_until = 0
        self.paid_at: dict[int, int] = {}
        self.dwellings: dict[int, Dwelling] = {}
        for zone in ZONES:
            self.zone(zone, SLOTS, vacant=[3] if zone == 2 else [])
            self.zones[zone].floats[AGENT] = Float()
        self.bad_token = vm.deploy("bad-token", self.s.deployer, hostile)
        self.at_desk("list-token", self.bad_token, 1).ok()
        self.s.empty_zone(HOSTILE_ZONE, SLOTS, token=self.bad_token)
        homes = [(zone, slot) for zone in ZONES for slot in range(SLOTS) if (zone, slot) != (2, 3)]
        self.places = {zone: Place() for zone in ZONES}
        for number, (zone, slot) in enumerate(homes, 1):
            self.dwellings[number] = Dwelling(household(zone, slot))
            self.places[zone].tenancies[slot].append(Tenancy(number, 0))
        self.people = [home.principal for home in self.dwellings.values()]
        self.people += [AGENT, PROVIDER, STRANGER, *NEWCOMERS, *OWN]
        self.coins: dict[Address | Contract, int] = {}
        for who in self.people:
            self.mint(who, FUNDS)
            self.coins[who] = FUNDS
        for who in (household(1, 0), AGENT):
            self.s.call(self.bad_token, "mint", 1000, who, sender=who).ok()
        self.height: int = self.s.read(self.purses, "purses", [])["height"]
        self.entries = self.s.read(self.s.audit, "get-head")["seq"]
        nothing, twice = points([Opening(0, ONE), Opening(0, TWO)])
        self.blank: dict[str, Any] = {
            "accounts": self.zones[1].account(),
            "balances": [nothing] * SLOTS,
            "arrears": [twice] * SLOTS,
            "floats": {"balance": 0, "approved": 0, "debited": 0},
            "exposures": {"slots": 0, "count": 0},
            "rolls": {"settled": 0, "unreleased": 0},
            **dict.fromkeys(("pending-counts", "next-periods", "frozen-counts", "claims"), 0),
        }
        for zone, mask in zip(ZONES, (0b1111, 0b0111), strict=True):
            self.places[zone].heard = self.s.read(self.s.meter_data, "get-last-heard", zone)
            self.places[zone].members[0] = (mask, mask)
        self.agrees()

    # ------------------------------------------------------------------------------------------- who is who

    def tenant(self, zone: int, slot: int) -> Address:
        """Who speaks for a slot: of the open period, in a closed zone who has money there; if nobody, a stranger."""
        place = self.places[zone]
        number = place.holder(slot) if place.closed else place.occupant(slot, place.period)
        return STRANGER if number is None else self.dwellings[number].principal

    def known(self, who: Address) -> bool:
        return who in {home.principal for home in self.dwellings.values()}

    def serves(self, zone: int) -> bool:
        place = self.places[zone]
        return not (place.closed or place.gateway in self.revoked)

    @property
    def paused(self) -> bool:
        return self.height < self.paused_until

    def pending(self, zone: int) -> list[tuple[int, int]]:
        return list(self.zones[zone].corrections)

    # ------------------------------------------------------------------------------------------- calls

    def call(self, contract: Contract, function: str, *args: Any, sender: Address) -> Receipt:
        """GATEWAY stands for the gateway that the zone has by now."""
        if sender == GATEWAY and args and args[0] in self.places:
            sender = self.places[args[0]].gateway
        receipt = super().call(contract, function, *args, sender=sender)
        if accepted(receipt):
            if function in PROVED:
                proofs[function] += 1
            candidate = function == "calculate-bills" and len(self.bands) > 1
            self.entries += function not in SILENT and not candidate
        return receipt

    def at_desk(self, function: str, *args: Any) -> Receipt:
        receipt = super().at_desk(function, *args)
        self.entries += accepted(receipt)
        return receipt

    def context(self, what: str, contract: Contract, **bound: Any) -> bytes:
        if bound.get("sender", GATEWAY) == GATEWAY:
            bound["sender"] = self.places[bound["zone"]].gateway
        return super().context(what, contract, **bound)

    def says(self, what: str, receipt: Receipt, *refusals: tuple[str, bool]) -> bool:
        """Whether it was accepted. It is refused for the first of `refusals` that is so, else accepted."""
        error = next((name for name, is_so in refusals if is_so), None)
        refused = None if accepted(receipt) else receipt.refusal()
        named = refused if refused is None or refused < 100 else error_name(refused).removeprefix("payment.")
        assert named == (int(error) if error and error.isdigit() else error), what
        commands[what if error is None else f"{what}: {error}"] += 1
        return error is None

    def moves(self, amount: int, *, by: Address | None = None, to: Address | None = None) -> None:
        """Coins between a person and payment."""
        if by is not None:
            self.coins[by] -= amount
        if to is not None:
            self.coins[to] += amount

    # ------------------------------------------------------------------------------------------- what must hold

    def periods(self, zone: int) -> list[int]:
        newest = max(PERIODS - 1, self.places[zone].next_bill)
        return list(range(newest - PERIODS + 1, newest + 1))

    def numbers(self) -> list[int]:
        """The newest payments."""
        last = sum(len(at.payments) for at in self.zones.values())
        return list(range(max(1, last - 31), last + 1))

    def agrees(self) -> None:
        """All that the contracts keep is what the model says; and nothing is owed that is not there."""
        entries = of_settlement(self.s)
        numbers = self.numbers()
        for zone, place in self.places.items():
            at = self.zones[zone]
            found = of_zone(self.s, zone, periods=self.periods(zone), open_=place.period, settled=at.settled)
            entries |= {f"{zone} {name}": entry for name, entry in found.items()}
        asked = [*entries.values(), *((self.s.payment, "payments", number) for number in numbers)]
        kept = self.s.vm.stored(*asked)
        stored = dict(zip(entries, kept, strict=False))
        self.agrees_in_all(stored)
        self.agrees_on_purses()
        paid = {number: made for at in self.zones.values() for number, made in at.payments.items()}
        for number, payment in zip(numbers, kept[len(entries) :], strict=True):
            made = paid[number]
            assert (payment["payer"], payment["amount"], payment["reward"]) == (made.payer, made.amount, made.reward)
            assert payment["height"] == self.paid_at[number]
            assert (payment["sequence"] is not None) == (made.state in {"credited", "refunded"})
            assert payment["returned"] == (made.state in {"returned", "refunded"})
        for zone in self.places:
            for name, expected in self.expected(zone).items():
                assert self.seen(name, stored[f"{zone} {name}"]) == expected, (zone, name)

    def agrees_in_all(self, stored: Mapping[str, Any]) -> None:
        assert stored["log"]["seq"] == self.entries
        assert stored["count"] == sum(len(at.payments) for at in self.zones.values())
        assert stored["rewards-out"] == sum(self.rewards.values())
        assert stored["busy"] is False
        assert stored["paused-until"] == self.paused_until
        assert stored["dwellings"] == len(self.dwellings)

    def agrees_on_purses(self) -> None:
        holders: list[Address | Contract] = [*self.people, self.s.payment]
        purses = self.s.read(self.purses, "purses", holders)
        self.coins[self.s.payment] = self.owed()
        assert purses["height"] == self.height
        assert purses["coins"] == [self.coins[who] for who in holders]
        assert purses["rewards"] == [*(self.rewards.get(who, 0) for who in self.people), 0]

    def seen(self, name: str, kept: Any) -> Any:
        """What is compared of an entry, or of what the contracts take none for."""
        kind = name.split()[0]
        if kept is None:
            return self.blank.get(kind)
        if kind == "zones":
            return {field_: kept[field_] for field_ in ("gateway", "period", "begun", "closed")}
        if kind == "rolls":
            return {field_: kept[field_] for field_ in ("settled", "unreleased")}
        if kind == "candidates":
            return {"bills": kept["bills"], "proved": kept["proved"]}
        return kept

    def expected(self, zone: int) -> dict[str, Any]:
        """By entry; None where there is none."""
        at, place = self.zones[zone], self.places[zone]
        pending, float_, candidate = self.pending(zone), at.floats[AGENT], place.candidate
        exposed = place.exposed.get(max(0, at.settled - 1), set())
        entries: dict[str, Any] = {
            "accounts": at.account(),
            "balances": points(at.balances),
            "arrears": points(at.arrears),
            "last-calls": place.last_call,
            "pending-counts": len(pending),
            "next-periods": place.next_bill,
            "candidates": candidate and {"bills": points([slot.bill for slot in candidate]), "proved": place.proved},
            "running": points(place.running) if place.batches else None,
            "zone-states": {
                "next-block": place.next_block,
                "batches": place.batches,
                "blocks": place.blocks,
                "heard": place.heard,
            }
            if place.begun
            else None,
            "zones": {
                "gateway": place.gateway,
                "period": place.period,
                "begun": place.begun,
                "closed": place.closed,
            },
            "rolls": {
                "settled": sum(1 << slot for slot in range(SLOTS) if place.is_settled(slot)),
                "unreleased": sum(1 << slot for slot in place.unreleased),
            },
            "floats": {"balance": float_.balance, "approved": float_.approved, "debited": float_.debited},
            "wanted": place.wanted.get(at.settled),
            "exposures": {"slots": sum(1 << slot for slot in exposed), "count": len(exposed)},
        }
        for period in self.periods(zone):
            final = period in place.due
            entries[f"hold-backs {period}"] = at.hold_backs.get(period)
            entries[f"final-bills {period}"] = (
                {"bills": points(at.bills[period]), "version": 1, "due": place.due[period]} if final else None
            )
            entries[f"frozen-counts {period}"] = sum(of == period for _, of in place.frozen)
        for period in (place.period, place.period + 1):
            kept = period in place.members
            entries[f"memberships {period}"] = place.membership(period) if kept else None
        for slot in range(SLOTS):
            entries[f"claims {slot}"] = place.claims(slot, pending)
        return entries
