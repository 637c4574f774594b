"""payment as its events tell it."""

from __future__ import annotations

from typing import Any, Final

from appliance.audit.state.billing import Billing
from appliance.audit.state.events import Fields, Readers, Said, insist, only, without
from appliance.audit.state.metering import Metering
from appliance.audit.state.registry import Registry
from appliance.chain.address import Address, Contract
from circuits import lists
from circuits.generators import LIB
from circuits.group import LibPoint
from circuits.pedersen import Opening, commit
from circuits.scalar import ONE

NOTHING: Final = commit(LIB, Opening(0, ONE)).to_bytes()
TWICE_NOTHING: Final = commit(LIB, Opening(0, ONE + ONE)).to_bytes()
COUNTS: Final = ("pot", "pool", "credited", "paid-out", "entitled", "income")


class Payment:
    """Accounts, balances and arrears, payments, floats, credits, settlements, and what left them."""

    def __init__(self, registry: Registry, metering: Metering, billing: Billing) -> None:
        self.registry, self.metering, self.billing = registry, metering, billing
        self.accounts: dict[int, Fields] = {}
        self.balances: dict[int, list[bytes]] = {}
        self.arrears: dict[int, list[bytes]] = {}
        self.payments: dict[int, Fields] = {}
        self.floats: dict[tuple[int, Address | Contract], Fields] = {}
        self.credits: dict[tuple[int, int], Fields] = {}
        self.settlements: dict[tuple[int, int], Fields] = {}
        self.hold_backs: dict[tuple[int, int], int] = {}
        self.wanted: dict[tuple[int, int], int] = {}
        self.approved: set[tuple[Any, ...]] = set()
        self.paid_out: set[tuple[int, int]] = set()
        self.left: dict[tuple[int, int, int], Fields] = {}
        self.rewarded: set[tuple[int, int, int]] = set()
        self.rewards_out = 0
        self.exits: dict[tuple[int, int, Address | Contract], int] = {}
        self.last_calls: dict[int, int] = {}
        self.approved_remainders: set[int] = set()

    def readers(self) -> Readers:
        own = {
            "payment": self._payment,
            "returned": self._returned,
            "refunded": self._refunded,
            "float": self._float,
            "credit": self._credit,
            "settlement": self._settlement,
            "withdrawal": self._withdrawal,
            "released": self._released,
            "payout-wanted": self._wanted,
            "payout-begun": self._payout_begun,
            "payout-approved": lambda said: self.approved.add(
                tuple(only(said.fields, "zone", "settled", "amount", "agent").values())
            ),
            "payout": self._payout,
            "slot-released": self._slot_released,
            "pool": self._pool,
            "reward": self._reward,
            "exit-approved": self._exit_approved,
            "exit": self._exit,
            "last-call": lambda said: self.last_calls.update({said.fields["zone"]: said.fields["from"]}),
            "remainder-approved": lambda said: self.approved_remainders.add(said.fields["zone"]),
            "remainder": self._remainder,
        }
        return {("payment", topic): reader for topic, reader in own.items()}

    def account(self, zone: int) -> Fields:
        """Of a zone, to be changed; zones that nothing happened in have one of nothing."""
        if zone not in self.accounts:
            first = self.registry.zones[zone]["first-period"]
            self.accounts[zone] = {
                **dict.fromkeys(COUNTS, 0),
                "settled": first,
                "released": first,
                "sequence": 0,
                "version": 0,
            }
            slots = self.registry.zones[zone]["slots"]
            self.balances[zone] = [NOTHING] * slots
            self.arrears[zone] = [TWICE_NOTHING] * slots
        return self.accounts[zone]

    def _ratio(self, zone: int) -> int:
        return int(self.registry.zones[zone]["ratio"])

    def _add(self, zone: int, **changes: int) -> None:
        """None of these ever falls below nothing."""
        account = self.account(zone)
        for name, change in changes.items():
            account[name.replace("_", "-")] += change
            insist(account[name.replace("_", "-")] >= 0, f"takes more than there is: {name}")

    # in

    def _payment(self, said: Said) -> None:
        fields = said.fields
        insist(fields["id"] == len(self.payments) + 1, "is not the next payment")
        insist(fields["height"] == said.burn, "is of another burn height than its block")
        self.payments[fields["id"]] = without(fields, "id")
        self._add(fields["zone"], pot=fields["amount"])
        if fields["reward"]:
            self.rewards_out -= fields["amount"]

    def _returned(self, said: Said) -> None:
        paid = self.payments[said.fields["id"]]
        insist(not paid["returned"] and paid["sequence"] is None, "returns what is not waiting")
        paid["returned"] = True
        self._add(paid["zone"], pot=-paid["amount"])

    def _refunded(self, said: Said) -> None:
        paid = self.payments[said.fields["id"]]
        insist(not paid["returned"] and paid["sequence"] is not None, "refunds what was not credited")
        paid["returned"] = True
        self._draw(paid["zone"], said.fields["period"], paid["amount"] * self._ratio(paid["zone"]))
        self._add(paid["zone"], pot=-paid["amount"])

    def _draw(self, zone: int, period: int, amount: int) -> None:
        """What the provider gives back, in units of account: out of this period's hold-back, then its income."""
        if held := min(amount, self.hold_backs.get((zone, period), 0)):
            self.hold_backs[zone, period] -= held
        insist(amount - held <= self.account(zone)["income"], "draws more than was held back and came in")
        self._add(zone, income=held - amount)

    def _float(self, said: Said) -> None:
        """An agent's own change: what it pays in or takes out."""
        fields = said.fields
        key = fields["zone"], fields["agent"]
        before = self.floats.get(key, {"balance": 0, "approved": 0, "debited": 0})
        insist(fields["debited"] == before["debited"], "says that the agent debits itself")
        self.floats[key] = without(fields, "zone", "agent")
        self._add(fields["zone"], pot=fields["balance"] - before["balance"])

    def _credit(self, said: Said) -> None:
        fields, zone = said.fields, said.fields["zone"]
        account = self.account(zone)
        insist(fields["sequence"] == account["sequence"], "is not the zone's next credits")
        self.registry.begin(zone)
        covered = 0
        for number in fields["payments"]:
            paid = self.payments[number]
            insist(paid["zone"] == zone and paid["sequence"] is None and not paid["returned"], "covers no such payment")
            paid["sequence"] = fields["sequence"]
            covered += paid["amount"]
        for sale in fields["floats"]:
            held = self.floats[zone, sale["agent"]]
            held["balance"] -= sale["amount"]
            held["debited"] += sale["amount"]
            insist(held["balance"] >= 0 and held["debited"] <= held["approved"], "debits more than an agent approved")
            covered += sale["amount"]
        insist(fields["amount"] == covered * self._ratio(zone), "credits another amount than it covers")
        self.balances[zone] = list(lists.add(LibPoint, self.balances[zone], fields["credits"]).points)
        self.credits[zone, fields["sequence"]] = {**only(fields, "credits", "amount"), "height": said.burn}
        self._add(zone, credited=fields["amount"], sequence=1, version=1)

    # settlements

    def _settlement(self, said: Said) -> None:
        fields, zone, period = said.fields, said.fields["zone"], said.fields["period"]
        account = self.account(zone)
        insist(period == account["settled"] and (zone, period) in self.billing.bills, "settles no period that is due")
        opened, growth, drawn = fields["opened"], fields["growth"], fields["drawn"]
        left = account["credited"] - account["paid-out"] - account["entitled"]
        change = 0 if opened is None else left - opened
        insist((growth, drawn) == (max(change, 0), max(-change, 0)), "changes by something else than balances leave")
        insist(drawn == 0 or len(fields["corrected"]) > 0, "draws on what is the provider's without a correction")
        self._draw(zone, account["released"], drawn)
        insist(fields["held-back"] == growth // 20, "holds back another part")
        for named in fields["corrected"]:
            self.billing.take(zone, named["slot"], named["period"])
        self.balances[zone], self.arrears[zone] = fields["balances"], fields["arrears"]
        self.settlements[zone, period] = {"opened": opened, "growth": growth, "height": said.burn}
        self.hold_backs[zone, period] = fields["held-back"]
        income = growth - fields["held-back"]
        self._add(zone, entitled=growth - drawn, income=income, settled=1, version=1)

    def _withdrawal(self, said: Said) -> None:
        zone, amount = said.fields["zone"], said.fields["amount"]
        self._add(zone, pot=-amount, income=-amount * self._ratio(zone))

    def _released(self, said: Said) -> None:
        zone, period, amount = (said.fields[name] for name in ("zone", "period", "amount"))
        insist(period == self.account(zone)["released"], "releases another hold-back than the next")
        insist(self.hold_backs.pop((zone, period)) == amount, "releases another amount than was held back")
        self._add(zone, income=amount, released=1)

    # moving out

    def _wanted(self, said: Said) -> None:
        zone, settled, slot = (said.fields[name] for name in ("zone", "settled", "slot"))
        self.wanted[zone, settled] = self.wanted.get((zone, settled), 0) | 1 << slot

    def _payout_begun(self, said: Said) -> None:
        named = tuple(only(said.fields, "zone", "settled", "amount", "agent").values())
        insist(named in self.approved, "begins what is not approved")

    def _payout(self, said: Said) -> None:
        fields, zone, amount = said.fields, said.fields["zone"], said.fields["amount"]
        key = zone, fields["settled"]
        insist(tuple(only(fields, "zone", "settled", "amount", "agent").values()) in self.approved, "is not approved")
        insist(fields["settled"] == self.account(zone)["settled"] and key not in self.paid_out, "is paid out again")
        self.paid_out.add(key)
        self.balances[zone] = fields["balances"]
        ratio = self._ratio(zone)
        self._add(zone, paid_out=amount, pot=-(amount // ratio), income=amount % ratio, version=1)

    def _slot_released(self, said: Said) -> None:
        fields = said.fields
        zone, slot, last = (fields[name] for name in ("zone", "slot", "last"))
        self.account(zone)
        insist(self.registry.occupant(zone, slot, last) == fields["dwelling"], "names another than who left")
        insist(self.arrears[zone][slot] == fields["arrears"], "names other arrears")
        insist((zone, slot, last) not in self.left, "releases a slot again")
        self.left[zone, slot, last] = only(fields, "dwelling", "arrears")
        self._put(self.balances, zone, slot, NOTHING)
        self._put(self.arrears, zone, slot, TWICE_NOTHING)
        self.registry.release((zone, slot))
        self._add(zone, version=1)

    def _put(self, of: dict[int, list[bytes]], zone: int, slot: int, point: bytes) -> None:
        of[zone] = [*of[zone][:slot], point, *of[zone][slot + 1 :]]

    # rewards

    def _pool(self, said: Said) -> None:
        self._add(said.fields["zone"], pot=said.fields["amount"], pool=said.fields["amount"])

    def _reward(self, said: Said) -> None:
        fields = said.fields
        key = fields["zone"], fields["slot"], fields["period"]
        insist(key not in self.rewarded, "rewards a dwelling again")
        self.rewarded.add(key)
        self._add(fields["zone"], pot=-fields["amount"], pool=-fields["amount"])
        self.rewards_out += fields["amount"]

    # closed zones

    def _exit_approved(self, said: Said) -> None:
        fields = said.fields
        self.exits[fields["zone"], fields["slot"], fields["recipient"]] = fields["from"]

    def _exit(self, said: Said) -> None:
        zone, slot, value = (said.fields[name] for name in ("zone", "slot", "value"))
        ratio = self._ratio(zone)
        insist(self.registry.zones[zone]["closed"], "leaves a zone that is not closed")
        self.account(zone)
        self._put(self.balances, zone, slot, NOTHING)
        self._add(zone, paid_out=value, income=value % ratio, pot=-(value // ratio), version=1)

    def _remainder(self, said: Said) -> None:
        zone, amount = said.fields["zone"], said.fields["amount"]
        account = self.account(zone)
        insist(amount == account["credited"] - account["paid-out"] - account["entitled"], "is another remainder")
        self._add(zone, entitled=amount, income=amount)
