"""Commands: who lives where and who serves, a pause, time, and a zone that is closed."""

from __future__ import annotations

from typing import Any, Final

from tests.contracts.model.paying import MONTH
from tests.contracts.model.settling import Settling
from tests.contracts.model.village import NEWCOMERS, OWN, Dwelling, Tenancy, command
from tests.contracts.money_zone import accepted
from tests.contracts.settlement import PROVIDER, SECOND, STEWARD, STRANGER, account
from tests.contracts.vm import Receipt

SILENCE: Final = 12_960
LAST_CALL: Final = 12_960


class Living(Settling):
    def two_stewards(self, contract: Any, function: str, *args: Any) -> Receipt:
        """The second one's receipt, or the first one's refusal."""
        receipt = self.call(contract, function, *args, sender=STEWARD)
        if not accepted(receipt):
            return receipt
        assert receipt.ok() is False
        return self.call(contract, function, *args, sender=SECOND)

    # ------------------------------------------------------------------------------------------- time

    @command
    def passes(self, blocks: int) -> None:
        self.height = self.s.vm.burn(blocks)

    @command
    def pauses(self, blocks: int) -> None:
        self.at_desk("set-pause", self.height + blocks).ok()
        self.paused_until = self.height + blocks

    # ------------------------------------------------------------------------------------------- tenancies

    @command
    def moves_out(self, zone: int, slot: int, who: str) -> None:
        """`who`: tenant, stewards or stranger."""
        place = self.places[zone]
        homes, after = place.tenancies[slot], place.target()
        here = bool(homes) and homes[-1].until is None and homes[-1].start <= place.period
        lives = self.dwellings[homes[-1].dwelling] if homes else None
        home, own = (lives.principal, lives.own) if lives else (STRANGER, False)
        if who == "stewards":
            receipt = self.two_stewards(self.s.registry, "move-out", zone, slot)
        else:
            sender = home if who == "tenant" else PROVIDER
            receipt = self.call(self.s.registry, "move-out", zone, slot, sender=sender)
        if not self.says(
            "move-out",
            receipt,
            ("user-registry.ERR_VACANT", not here),
            ("user-registry.ERR_ROLE", who == "stranger" or (who == "tenant" and not own)),
        ):
            return
        before = place.membership(after)
        place.members[after] = (before["occupied"] & ~(1 << slot), before["fresh"] & ~(1 << slot))
        if place.begun:
            homes[-1].until = place.period
            place.unreleased.add(slot)
        else:
            homes.pop()

    @command
    def moves_in(self, zone: int, slot: int, number: int) -> None:
        place, who = self.places[zone], NEWCOMERS[number]
        target = place.target()
        before = place.membership(target)
        if not self.says(
            "register-user",
            self.two_stewards(self.s.registry, "register-user", who, [{"zone": zone, "slot": slot}]),
            ("user-registry.ERR_PRINCIPAL_KNOWN", self.known(who)),
            ("user-registry.ERR_CLOSED", place.closed),
            ("user-registry.ERR_OCCUPIED", bool(before["occupied"] >> slot & 1)),
            ("user-registry.ERR_NOT_RELEASED", slot in place.unreleased),
        ):
            return
        dwelling = len(self.dwellings) + 1
        self.dwellings[dwelling] = Dwelling(who)
        place.members[target] = (before["occupied"] | 1 << slot, before["fresh"] | 1 << slot)
        place.tenancies[slot] = [*place.tenancies[slot][-3:], Tenancy(dwelling, target)]

    @command
    def takes_own_key(self, zone: int, slot: int, number: int) -> None:
        place, new = self.places[zone], OWN[number]
        dwelling = place.occupant(slot, place.period)
        if dwelling is None:
            return
        home = self.dwellings[dwelling]
        if home.own:
            receipt = self.call(self.s.registry, "set-principal", dwelling, new, sender=home.principal)
        else:
            receipt = self.two_stewards(self.s.registry, "set-principal", dwelling, new)
        if self.says("set-principal", receipt, ("user-registry.ERR_PRINCIPAL_KNOWN", self.known(new))):
            if not home.own:
                home.own, home.own_since = True, self.height
            home.principal = new

    # ------------------------------------------------------------------------------------------- gateways

    @command
    def revokes(self, zone: int) -> None:
        gateway = self.places[zone].gateway
        if self.says(
            "revoke-gateway",
            self.two_stewards(self.s.registry, "revoke-gateway", gateway),
            ("user-registry.ERR_GATEWAY_UNKNOWN", gateway in self.revoked),
        ):
            self.revoked.add(gateway)

    @command
    def replaces(self, zone: int, *, by_itself: bool) -> None:
        """By a new gateway, or by the one that it has."""
        place = self.places[zone]
        gateway = place.gateway
        if not by_itself:
            self.gateways += 1
            gateway = account(f"gateway {self.gateways}")
            self.call(self.s.registry, "register-gateway", gateway, sender=STEWARD).ok()
        if self.says(
            "replace-gateway",
            self.two_stewards(self.s.registry, "replace-gateway", zone, gateway),
            ("user-registry.ERR_GATEWAY_UNKNOWN", gateway in self.revoked),
        ):
            place.gateway = gateway

    # ------------------------------------------------------------------------------------------- a closed zone

    @command
    def closes_zone(self, zone: int) -> None:
        place = self.places[zone]
        if self.says(
            "close-zone",
            self.call(self.s.meter_data, "close-zone", zone, sender=STRANGER),
            ("meter-data.ERR_CLOSED", place.closed),
            ("meter-data.ERR_HEARD", self.height < place.heard + SILENCE),
        ):
            place.closed = True

    @command
    def approves_exit(self, zone: int, slot: int) -> None:
        place, who = self.places[zone], self.tenant(zone, slot)
        if self.says(
            "approve-exit",
            self.two_stewards(self.s.payment, "approve-exit", zone, slot, who),
            ("ERR_NOT_CLOSED", not place.closed),
        ):
            place.exits[slot, who] = self.height + MONTH

    @command
    def exits(self, zone: int, slot: int, *, more: int = 0) -> None:
        """A false one claims `more` than its balance."""
        at, place, who = self.zones[zone], self.places[zone], self.tenant(zone, slot)
        dwelling = place.holder(slot)
        amount = at.balances[slot].value + more
        home = None if dwelling is None else self.dwellings[dwelling]
        own = home is not None and home.own and self.height >= home.own_since + MONTH
        refusals = (
            ("ERR_NOT_DWELLING", dwelling is None),
            ("ERR_NOT_CLOSED", not place.closed),
            ("ERR_NOT_DWELLING", home is not None and home.principal != who),
            ("ERR_NOT_APPROVED", not own and self.height < place.exits.get((slot, who), self.height + 1)),
            ("ERR_AMOUNT", amount == 0),
            ("ERR_UNFUNDED", amount > self.residents(zone)),
            ("privacy-proof.ERR_EQUATION", more != 0),
        )
        if more:
            args = (*self.hint_and_zero(zone, slot, amount), self.s.token, self.s.proof)
            receipt = self.pay_call("exit-claim", zone, slot, amount, *args, sender=who)
        elif amount:
            receipt = self.exit(zone, slot)
        else:
            args = (b"", bytes(33), bytes(32), self.s.token, self.s.proof)
            receipt = self.pay_call("exit-claim", zone, slot, 0, *args, sender=who)
        if self.says("exit-claim", receipt, *refusals):
            self.moves(amount // at.ratio, to=who)

    @command
    def approves_remainder(self, zone: int) -> None:
        place = self.places[zone]
        early = place.last_call is None or self.height < place.last_call
        if self.says("approve-remainder", self.approve_remainder(zone), ("ERR_EARLY", early)):
            place.remainder_approved = True

    @command
    def calls_for_remainder(self, zone: int) -> None:
        place = self.places[zone]
        announced = place.last_call
        if (
            self.says(
                "claim-remainder",
                self.claim_remainder(zone),
                ("ERR_NOT_CLOSED", not place.closed),
                ("ERR_EARLY", announced is not None and self.height < announced),
                ("ERR_NOT_APPROVED", announced is not None and not place.remainder_approved),
            )
            and announced is None
        ):
            place.last_call = self.height + LAST_CALL
