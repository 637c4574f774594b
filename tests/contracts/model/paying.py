"""Commands: paying in and taking back, floats, rewards, refunds, and a token that is no good."""

from __future__ import annotations

from typing import Final

from tests.contracts.model.village import HOSTILE_ZONE, REWARD, Village, command
from tests.contracts.settlement import AGENT, PROVIDER, STRANGER, household

LIMIT: Final = 2**36
CREDIT_LIMIT: Final = 2**40
MONTH: Final = 4320


class Paying(Village):
    @command
    def pays(self, zone: int, slot: int, amount: int) -> None:
        payer = self.tenant(zone, slot)
        receipt = self.pay(zone, slot, amount)
        if self.says(
            "pay",
            receipt,
            ("ERR_PAUSED", self.paused),
            ("ERR_CLOSED", self.places[zone].closed),
            ("ERR_AMOUNT", not 0 < amount * self.s.ratio < LIMIT),
            ("ERR_TOKEN", amount > self.coins[payer]),
        ):
            self.moves(amount, by=payer)
            self.paid_at[receipt.ok()] = self.height

    @command
    def reclaims(self, zone: int, pick: int, *, by_payer: bool) -> None:
        at = self.zones[zone]
        if not at.payments:
            return
        number = list(at.payments)[pick % len(at.payments)]
        paid = at.payments[number]
        refusals = (
            ("ERR_NOT_PAYER", not by_payer),
            ("ERR_PAYMENT", paid.state != "waiting" or paid.reward),
            ("ERR_EARLY", self.height < self.paid_at[number] + MONTH),
        )
        if by_payer:
            receipt = self.reclaim(zone, number)
        else:
            receipt = self.pay_call("reclaim", number, self.s.token, sender=PROVIDER)
        if self.says("reclaim", receipt, *refusals):
            self.moves(paid.amount, to=paid.payer)

    @command
    def refunds(self, zone: int, pick: int, period: int) -> None:
        """What dispute-resolution has a payer be given back."""
        at = self.zones[zone]
        if not at.payments:
            return
        number = list(at.payments)[pick % len(at.payments)]
        paid, units = at.payments[number], at.payments[number].amount * at.ratio
        receipt = self.at_desk("refund", number, period, self.s.token)
        if self.says(
            "refund",
            receipt,
            ("ERR_PAYMENT", paid.state != "credited" or paid.reward),
            ("ERR_POT", units > at.hold_backs.get(period, 0) + at.income),
        ):
            paid.state = "refunded"
            at.draw(period, units)
            at.pot -= paid.amount
            self.moves(paid.amount, to=paid.payer)

    # ------------------------------------------------------------------------------------------- floats

    @command
    def funds_float(self, zone: int, amount: int, *, agent: bool) -> None:
        who = AGENT if agent else STRANGER
        if self.says(
            "fund-float",
            self.fund_float(zone, amount, agent=who),
            ("ERR_PAUSED", self.paused),
            ("ERR_NOT_AGENT", not agent),
            ("ERR_CLOSED", self.places[zone].closed),
            ("ERR_AMOUNT", not 0 < amount < CREDIT_LIMIT),
            ("ERR_TOKEN", amount > self.coins[who]),
        ):
            self.moves(amount, by=who)

    @command
    def approves_sales(self, zone: int, total: int) -> None:
        float_ = self.zones[zone].floats[AGENT]
        refused = not float_.approved < total <= float_.debited + float_.balance
        self.says("approve-sales", self.approve_sales(zone, total), ("ERR_FLOAT", refused))

    @command
    def withdraws_float(self, zone: int, amount: int) -> None:
        float_ = self.zones[zone].floats[AGENT]
        sold = 0 if self.places[zone].closed else float_.approved - float_.debited
        before = float_.balance
        receipt = self.withdraw_float(zone, amount)
        if self.says("withdraw-float", receipt, ("ERR_FLOAT", not 0 < amount <= before - sold)):
            self.moves(amount, to=AGENT)

    # ------------------------------------------------------------------------------------------- rewards

    @command
    def funds_rewards(self, zone: int, amount: int) -> None:
        if self.says(
            "fund-rewards",
            self.fund_rewards(zone, amount),
            ("ERR_AMOUNT", not 0 < amount < CREDIT_LIMIT),
            ("ERR_TOKEN", amount > self.coins[PROVIDER]),
        ):
            self.moves(amount, by=PROVIDER)

    @command
    def claims_reward(self, zone: int, slot: int) -> None:
        at, place = self.zones[zone], self.places[zone]
        period = at.settled - 1
        if period < 0:
            return
        now, then = place.occupant(slot, place.period), place.occupant(slot, period)
        home = next((home for home in place.tenancies[slot] if home.dwelling == now), None)
        exposed = place.exposed.get(period, set())
        hidden = place.membership(period)["dwellings"] - len(exposed | {slot})
        pool = at.pool
        if self.says(
            "claim-reward",
            self.claim_reward(zone, slot),
            ("ERR_NOT_DWELLING", now is None or now != then),
            (
                "ERR_NOT_REWARDED",
                home is not None and (home.start + 2 > place.period or not self.dwellings[home.dwelling].own),
            ),
            ("ERR_POT", pool < REWARD),
            ("ERR_CLAIMS", (slot, period) in place.frozen),
            ("ERR_REPEATED", (slot, period) in place.rewarded),
            ("privacy-proof.ERR_EQUATION", at.arrears[slot].value > 0),
            ("aggregation.ERR_K_MIN", slot not in exposed and hidden < self.s.k_min),
        ):
            place.rewarded.add((slot, period))
            place.exposed.setdefault(period, set()).add(slot)

    @command
    def redeems(self, zone: int, slot: int, amount: int) -> None:
        who = self.tenant(zone, slot)
        before = self.rewards.get(who, 0)
        receipt = self.redeem(zone, slot, amount)
        if self.says(
            "redeem",
            receipt,
            ("ERR_CLOSED", self.places[zone].closed),
            ("1", amount > before),
        ):
            self.paid_at[receipt.ok()] = self.height

    @command
    def passes_rewards_on(self, sender: tuple[int, int], recipient: tuple[int, int] | None, amount: int) -> None:
        """From slot to slot, or (none) out of the settlement."""
        owner, other = self.tenant(*sender), AGENT if recipient is None else self.tenant(*recipient)
        token = self.s.later["utility-token"]
        if self.says(
            "transfer",
            self.call(token, "transfer", amount, owner, other, None, sender=owner),
            ("utility-token.ERR_OUTSIDE", not (self.known(owner) and self.known(other))),
            ("2", owner == other),
            ("1", amount > self.rewards.get(owner, 0)),
        ):
            self.rewards[owner] -= amount
            self.rewards[other] = self.rewards.get(other, 0) + amount

    @command
    def takes_rewards(self, owner: tuple[int, int], amount: int) -> None:
        """Somebody else's."""
        args = (amount, self.tenant(*owner), PROVIDER, None)
        self.says("transfer", self.call(self.s.later["utility-token"], "transfer", *args, sender=PROVIDER), ("4", True))
        self.says(
            "mint",
            self.call(self.s.later["utility-token"], "mint", amount, PROVIDER, sender=PROVIDER),
            ("utility-token.ERR_CALLER", True),
        )

    # ------------------------------------------------------------------------------------------- a hostile token

    @command
    def pays_with_a_bad_token(self, amount: int, *, zone: int | None) -> None:
        """Into its own zone, or passing it off for another zone's."""
        who = household(1, 0)
        args = (HOSTILE_ZONE if zone is None else zone, bytes(32), amount, self.bad_token)
        closed = zone is not None and self.places[zone].closed
        self.says(
            "pay with a bad token",
            self.pay_call("pay", *args, sender=who),
            ("ERR_PAUSED", self.paused),
            ("ERR_CLOSED", closed),
            ("ERR_TOKEN", True),
        )
