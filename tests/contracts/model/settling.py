"""Commands: credits, settlements, income, and money that leaves with somebody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from appliance.chain.clarity import NONE
from circuits.pedersen import Opening
from circuits.settlement import Settled
from tests.contracts.model.metering import Metering
from tests.contracts.model.paying import CREDIT_LIMIT, MONTH
from tests.contracts.model.village import SLOTS, command
from tests.contracts.money_bills import TWO
from tests.contracts.settlement import AGENT, PROVIDER, STRANGER
from tests.contracts.vm import Receipt

BALANCES_LIMIT: Final = 2**47


class Settling(Metering):
    def residents(self, zone: int) -> int:
        """What dwellings have, in units of account, as far as anybody sees."""
        at = self.zones[zone]
        return at.credited - at.paid_out - at.entitled

    # ------------------------------------------------------------------------------------------- credits

    @command
    def credits(
        self, zone: int, numbers: Sequence[int] | None, sales: Sequence[tuple[int, int]], *, more: int = 0
    ) -> None:
        """All that wait, or payments by number, AGENT's sales by slot; a false one gives slot 0 `more` than that."""
        at, float_ = self.zones[zone], self.zones[zone].floats[AGENT]
        waiting = set(at.waiting())
        covered = sorted(waiting)[:32] if numbers is None else sorted(numbers)
        sold = sum(amount for _, amount in sales)
        total = (sold + sum(at.payments[number].amount for number in waiting.intersection(covered))) * at.ratio
        over = total >= CREDIT_LIMIT or total + self.residents(zone) >= BALANCES_LIMIT
        refusals = (
            ("ERR_PAYMENT", not waiting.issuperset(covered) or len(set(covered)) < len(covered)),
            ("ERR_PAUSED", self.paused),
            ("ERR_NOT_GATEWAY", not self.serves(zone)),
            ("ERR_AMOUNT", over),
            ("privacy-proof.ERR_OPENING", more != 0),
            ("ERR_FLOAT", float_.debited + sold > float_.approved or sold > float_.balance),
        )
        if more:
            shares = self.fresh([total + more, *[0] * (SLOTS - 1)])
            receipt = self.credit_call(
                zone, shares, covered, [{"agent": AGENT, "amount": amount} for _, amount in sales]
            )
        else:
            receipt = self.credit(zone, covered, sales)
        if self.says("credit-batch", receipt, *refusals):
            self.places[zone].begun = True

    # ------------------------------------------------------------------------------------------- settlements

    @command
    def settles(self, zone: int, named: Sequence[tuple[int, int]] = (), *, kept: int = 0) -> None:
        """Corrections by (slot, period). A false one leaves slot 0 a balance that is larger by `kept`."""
        at, place = self.zones[zone], self.places[zone]
        billed = at.settled in place.due
        pending = set(self.pending(zone)).issuperset(named) and len({slot for slot, _ in named}) == len(named)
        refusals = [("ERR_NO_BILLS", not billed), ("ERR_CORRECTION", not pending)]
        refusals.append(("ERR_NOT_GATEWAY", not self.serves(zone)))
        if not (billed and pending):
            bogus = [{"slot": slot, "period": period} for slot, period in named]
            args: tuple[Any, ...] = (zone, [], bogus, [], [], [], [], [], [], [], NONE, self.s.proof)
            self.says("settle-period", self.pay_call("settle-period", *args), *refusals)
            return
        fresh = place.membership(at.settled)["fresh"]
        owed = [
            at.due(slot, named).due() - (at.arrears[slot].value if fresh >> slot & 1 else 0) for slot in range(SLOTS)
        ]
        held = sum(-value for value in owed if value < 0)
        period = at.settled
        if kept:
            receipt = self.settles_falsely(zone, fresh, kept)
            refusals.append(("privacy-proof.ERR_EQUATION", True))
        else:
            opens = place.may_open(at.settled)
            short = held - self.residents(zone)
            covered = at.income + at.hold_backs.get(at.released, 0) if named else 0
            refusals.append(("ERR_UNFUNDED", short > covered if opens else bool(named)))
            receipt = self.settle(zone, sorted(named))
        if self.says("settle-period with corrections" if named else "settle-period", receipt, *refusals):
            place.settled_at[period] = self.height

    def settles_falsely(self, zone: int, fresh: int, kept: int) -> Receipt:
        """The contract computes the arrears: a balance too large leaves arrears too large, and neither is zero."""
        at = self.zones[zone]
        arrears = at.arrears
        at.arrears = [Opening(0, TWO) if fresh >> slot & 1 else owed for slot, owed in enumerate(arrears)]
        honest = [at.due(slot).settle(self.blinding(), corrected=False) for slot in range(SLOTS)]
        extra = Opening(kept, self.blinding())
        false = [Settled(honest[0].balance + extra, honest[0].arrears + extra), *honest[1:]]
        receipt = self.settle_call(zone, false, (), shown=honest)
        at.arrears = arrears
        return receipt

    # ------------------------------------------------------------------------------------------- income

    @command
    def withdraws(self, zone: int, *, by_provider: bool) -> None:
        at = self.zones[zone]
        units = at.income // at.ratio
        refusals = (
            ("ERR_PAUSED", self.paused),
            ("ERR_NOT_PROVIDER", not by_provider),
            ("ERR_AMOUNT", units == 0),
        )
        stranger = (self.s.payment, "withdraw", zone, self.s.token)
        receipt = self.withdraw(zone) if by_provider else self.call(*stranger, sender=STRANGER)
        if self.says("withdraw", receipt, *refusals):
            self.moves(units, to=PROVIDER)

    @command
    def releases(self, zone: int) -> None:
        at, place = self.zones[zone], self.places[zone]
        since = place.settled_at.get(at.released, 0) + (2 * MONTH if at.corrections else MONTH)
        refusals = (
            ("ERR_EARLY", at.released not in place.settled_at),
            ("ERR_PAUSED", self.paused),
            ("ERR_EARLY", self.height < since),
            ("ERR_CLAIMS", any(period == at.released for _, period in place.frozen)),
        )
        self.says("release-holdback", self.release(zone), *refusals)

    # ------------------------------------------------------------------------------------------- payouts

    @command
    def allows_payout(self, zone: int, slot: int, *, by_tenant: bool) -> None:
        at, place = self.zones[zone], self.places[zone]
        who = self.tenant(zone, slot) if by_tenant else PROVIDER
        lives = place.occupant(slot, place.period)
        refused = lives is None or self.dwellings[lives].principal != who
        if self.says(
            "allow-payout", self.pay_call("allow-payout", zone, slot, sender=who), ("ERR_NOT_DWELLING", refused)
        ):
            place.wanted[at.settled] = place.wanted.get(at.settled, 0) | 1 << slot

    @command
    def pays_out(self, zone: int, shares: Mapping[int, int]) -> None:
        """By slot, so many millionths of its balance."""
        at, place = self.zones[zone], self.places[zone]
        units = {slot: at.balances[slot].value * millionths // 10**6 for slot, millionths in shares.items()}
        mask, total = sum(1 << slot for slot in units), sum(units.values())
        settled = at.settled
        living = place.membership(settled)["occupied"]
        here = living | place.membership(place.period)["occupied"] | place.membership(place.period + 1)["occupied"]
        refusals = (
            ("ERR_PAUSED", self.paused),
            ("ERR_NOT_GATEWAY", not self.serves(zone)),
            ("ERR_REPEATED", settled in place.paid_out_at),
            ("ERR_EARLY", settled == 0),
            ("ERR_MASK", mask & here & ~place.wanted.get(settled, 0) != 0),
            ("ERR_AMOUNT", total == 0),
        )
        if self.says("payout", self.payout(zone, units), *refusals):
            place.paid_out_at.add(settled)
            shown = {slot for slot in units if living >> slot & 1}
            place.exposed.setdefault(settled, set()).update(shown)
            self.moves(total // at.ratio, to=AGENT)

    @command
    def releases_slot(self, zone: int, slot: int, last: int) -> None:
        at, place = self.zones[zone], self.places[zone]
        refusals = (
            ("ERR_OCCUPIED", place.occupant(slot, last) is None),
            ("ERR_NOT_GATEWAY", not self.serves(zone)),
            ("ERR_OCCUPIED", last >= at.settled or place.occupant(slot, last + 1) is not None),
            ("ERR_CLAIMS", place.claims(slot, self.pending(zone)) > 0),
            ("ERR_EARLY", self.height < place.due.get(last, 0)),
            ("privacy-proof.ERR_EQUATION", at.balances[slot].value > 0),
            ("ERR_REPEATED", (slot, last) in place.left),
            ("user-registry.ERR_OCCUPIED", place.occupant(slot, place.period) is not None),
        )
        if self.says("release-slot", self.release_slot(zone, slot, last), *refusals):
            place.left.add((slot, last))
            place.unreleased.discard(slot)
