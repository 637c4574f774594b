"""The money of zones on the VM, beside a model in plain numbers.

Every command makes the honest call, with real proofs, and returns its receipt; where the call was accepted the model
moves too. `holds` compares what is public with the model and checks that nothing is owed that is not there: what the
contract cannot see, balances and arrears, the model knows.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from appliance.chain.address import Address
from appliance.chain.clarity import NONE, Optional
from circuits import credit as credit_proofs
from circuits import lists
from circuits import money as money_proofs
from circuits import settlement as settlement_proofs
from circuits.generators import LIB
from circuits.group import LibPoint
from circuits.opening import sum_openings
from circuits.pedersen import Opening
from circuits.scalar import ONE, Scalar
from circuits.settlement import Before, Settled
from tests.contracts.money_bills import TWO, Bills
from tests.contracts.money_zone import Float, Paid, Zone, accepted, points, range_args, sum_hints
from tests.contracts.settlement import AGENT, GATEWAY, PROVIDER, SECOND, STEWARD, account, consensus_hash, household
from tests.contracts.vm import Machine, Receipt, value


class Money(Bills):
    """Everything that payment does, for the zones of one settlement."""

    def __init__(self, vm: Machine, rng: random.Random, *, ratio: int = 1, proof: str | None = None) -> None:
        super().__init__(vm, rng, ratio=ratio, proof=proof)
        self.rewards: dict[Address, int] = {}
        self.own_keys: dict[tuple[int, int], Address] = {}

    # ------------------------------------------------------------------------------------------- paying in

    def tenant(self, zone: int, slot: int) -> Address:
        """Who speaks for this slot."""
        return self.own_keys.get((zone, slot), household(zone, slot))

    def give_key(self, zone: int, slot: int) -> Address:
        """Two stewards say that the dwelling has a key of its own from now on."""
        dwelling = self.s.read(self.s.registry, "get-holder", zone, slot)
        self.own_keys[zone, slot] = account(f"own key of {zone}/{slot}")
        self.s.together(self.s.registry, "set-principal", dwelling, self.own_keys[zone, slot])
        return self.own_keys[zone, slot]

    def mint(self, who: Address, amount: int) -> None:
        self.s.call(self.s.token, "mint", amount, who, sender=who).ok()

    def pay(self, zone: int, slot: int, amount: int, *, payer: Address | None = None) -> Receipt:
        who = payer or self.tenant(zone, slot)
        receipt = self.pay_call("pay", zone, self.rng.randbytes(32), amount, self.s.token, sender=who)
        if accepted(receipt):
            self.zones[zone].payments[receipt.ok()] = Paid(who, amount, slot)
            self.zones[zone].pot += amount
        return receipt

    def reclaim(self, zone: int, number: int) -> Receipt:
        paid = self.zones[zone].payments[number]
        receipt = self.pay_call("reclaim", number, self.s.token, sender=paid.payer)
        if accepted(receipt):
            paid.state = "returned"
            self.zones[zone].pot -= paid.amount
        return receipt

    def fund_float(self, zone: int, amount: int, *, agent: Address = AGENT) -> Receipt:
        receipt = self.pay_call("fund-float", zone, amount, self.s.token, sender=agent)
        if accepted(receipt):
            self.zones[zone].floats.setdefault(agent, Float()).balance += amount
            self.zones[zone].pot += amount
        return receipt

    def approve_sales(self, zone: int, total: int, *, agent: Address = AGENT) -> Receipt:
        receipt = self.pay_call("approve-sales", zone, total, sender=agent)
        if accepted(receipt):
            self.zones[zone].floats[agent].approved = total
        return receipt

    def withdraw_float(self, zone: int, amount: int, *, agent: Address = AGENT) -> Receipt:
        receipt = self.pay_call("withdraw-float", zone, amount, self.s.token, sender=agent)
        if accepted(receipt):
            self.zones[zone].floats[agent].balance -= amount
            self.zones[zone].pot -= amount
        return receipt

    # ------------------------------------------------------------------------------------------- credits

    def credit(self, zone: int, numbers: Sequence[int] | None = None, sales: Sequence[tuple[int, int]] = ()) -> Receipt:
        """Payments by number (all that wait, where none are named) and AGENT's sales as (slot, token units)."""
        at = self.zones[zone]
        covered = sorted(at.waiting() if numbers is None else numbers)
        units = [0] * at.slots
        for number in covered:
            paid = at.payments.get(number)
            units[paid.slot if paid else 0] += (paid.amount if paid else 1) * at.ratio
        for slot, amount in sales:
            units[slot] += amount * at.ratio
        shares = self.fresh(units)
        debited = [{"agent": AGENT, "amount": amount} for _, amount in sales]
        receipt = self.credit_call(zone, shares, covered, debited)
        if accepted(receipt):
            at.balances = [old + new for old, new in zip(at.balances, shares, strict=True)]
            at.credits[at.sequence] = shares
            at.credited += sum(units)
            at.sequence += 1
            at.version += 1
            for number in covered:
                at.payments[number].state = "credited"
            for _, amount in sales:
                at.floats[AGENT].balance -= amount
                at.floats[AGENT].debited += amount
        return receipt

    def credit_call(
        self, zone: int, shares: Sequence[Opening], covered: Sequence[int], debited: Sequence[Mapping[str, Any]]
    ) -> Receipt:
        at = self.zones[zone]
        whole = sum_openings(shares)
        bound = {
            "credits": points(shares),
            "payments": list(covered),
            "floats": list(debited),
            "amount": whole.value,
            "blinding-sum": whole.blinding.to_bytes(),
        }
        contexts = [self.lists_context("credit", zone, at.sequence, part, bound) for part in range(at.parts)]
        made = credit_proofs.prove(LibPoint, shares, contexts, self.rng.randbytes(32))
        hint = lists.add(LibPoint, points(at.balances), points(shares)).hint
        receipt = self.pay_call(
            "credit-batch",
            *(zone, at.sequence, list(made.commitments), list(covered), list(debited), whole.blinding.to_bytes()),
            *(list(made.sum_hints), hint, *range_args(made.parts[0]), self.s.proof),
        )
        if at.parts == 1 or not accepted(receipt):
            return receipt
        return self.pay_call("finish-credit", zone, hint, *range_args(made.parts[1]), self.s.proof)

    # ------------------------------------------------------------------------------------------- settlements

    def settle(self, zone: int, corrected: Sequence[tuple[int, int]] = ()) -> Receipt:
        """`corrected` names pending corrections by (slot, period)."""
        at = self.zones[zone]
        fresh = self.s.read(self.s.registry, "get-membership", zone, at.settled)["fresh"]
        kept = at.arrears
        at.arrears = [Opening(0, TWO) if fresh >> slot & 1 else owed for slot, owed in enumerate(at.arrears)]
        after = [at.due(slot, corrected).settle(self.blinding(), corrected=bool(corrected)) for slot in range(at.slots)]
        receipt = self.settle_call(zone, after, corrected)
        if accepted(receipt):
            opened = self.s.read(self.s.payment, "get-settlement", zone, at.settled)["opened"]
            self.book_settlement(at, after, corrected, opened=opened is not None)
        else:
            at.arrears = kept
        return receipt

    def book_settlement(
        self, at: Zone, after: Sequence[Settled], corrected: Sequence[tuple[int, int]], *, opened: bool
    ) -> None:
        at.balances = [slot.balance for slot in after]
        at.arrears = [slot.arrears for slot in after]
        held = sum(opening.value for opening in at.balances)
        change = at.credited - at.paid_out - held - at.entitled if opened else 0
        growth = max(change, 0)
        at.entitled += change
        at.draw(at.released, growth - change)
        at.hold_backs[at.settled] = growth // 20
        at.income += growth - growth // 20
        at.settled += 1
        at.version += 1
        for place in corrected:
            del at.corrections[place]

    def settle_call(
        self,
        zone: int,
        after: Sequence[Settled],
        corrected: Sequence[tuple[int, int]],
        *,
        shown: Sequence[Settled] | None = None,
        opened: Sequence[Opening] | None = None,
        begin_only: bool = False,
    ) -> Receipt:
        """All calls of it. A false one has proofs of what is `shown` instead of `after`, or opens the sum of others."""
        at = self.zones[zone]
        taken_off = None
        if corrected:
            taken_off = points([Opening(0, ONE)] * at.slots)
            for slot, period in corrected:
                found = self.s.read(self.s.billing, "get-correction", zone, slot, period)
                taken_off[slot] = found["correction"] if found else taken_off[slot]
        before = Before(
            tuple(points(at.bills[at.settled])),
            tuple(points(at.arrears)),
            tuple(points(at.balances)),
            None if taken_off is None else tuple(taken_off),
        )
        new = points([slot.balance for slot in after])
        computed = settlement_proofs.settled(LibPoint, before, new)
        bound = {"balances": new, "arrears": list(computed.arrears)}
        contexts = [self.lists_context("settlement", zone, at.settled, part, bound) for part in range(at.parts)]
        either = settlement_proofs.prove_either(LIB, shown or after, contexts[0], self.rng.randbytes(32))
        sums = settlement_proofs.prove_sums(LibPoint, shown or after, contexts, self.rng.randbytes(32))
        rows = [[list(row) for row in many] for many in (either.nonces, either.shares, either.responses)]
        opening = self.opening(zone, opened or [slot.balance for slot in after])
        named = [{"slot": slot, "period": period} for slot, period in corrected]
        first = (zone, new, named, list(computed.hints), *rows, *range_args(sums[0]))
        receipt = self.pay_call("settle-period", *first, opening if at.parts == 1 else NONE, self.s.proof)
        if at.parts == 1 or begin_only or not accepted(receipt):
            return receipt
        return self.finish_settlement(zone, after)

    def finish_settlement(self, zone: int, after: Sequence[Settled]) -> Receipt:
        """The second half."""
        at = self.zones[zone]
        bound = {
            "balances": points([slot.balance for slot in after]),
            "arrears": points([slot.arrears for slot in after]),
        }
        contexts = [self.lists_context("settlement", zone, at.settled, part, bound) for part in range(2)]
        _, second = settlement_proofs.prove_sums(LibPoint, after, contexts, self.rng.randbytes(32))
        opening = self.opening(zone, [slot.balance for slot in after])
        return self.pay_call("finish-settlement", zone, *range_args(second), opening, self.s.proof)

    def opening(self, zone: int, balances: Sequence[Opening]) -> Optional:
        """Of the sum of balances, where the period's sums may be opened."""
        if not self.s.read(self.s.aggregation, "may-open", zone, self.zones[zone].settled):
            return NONE
        whole = sum_openings(balances)
        found = {"total": whole.value, "blinding": whole.blinding.to_bytes(), "hints": sum_hints(points(balances))}
        return Optional(value(found))

    def withdraw(self, zone: int) -> Receipt:
        at = self.zones[zone]
        receipt = self.pay_call("withdraw", zone, self.s.token, sender=PROVIDER)
        if accepted(receipt):
            at.pot -= at.income // at.ratio
            at.income %= at.ratio
        return receipt

    def release(self, zone: int) -> Receipt:
        at = self.zones[zone]
        receipt = self.pay_call("release-holdback", zone, sender=PROVIDER)
        if accepted(receipt):
            at.income += at.hold_backs.pop(at.released)
            at.released += 1
        return receipt

    # ------------------------------------------------------------------------------------------- moving out

    def payout(self, zone: int, units: Mapping[int, int], *, finish: bool = True) -> Receipt:
        """Two stewards approve, the gateway proves all parts: units of account by slot."""
        at = self.zones[zone]
        nothing = Opening(0, TWO)
        paid = [Opening(units[slot], self.blinding()) if slot in units else nothing for slot in range(at.slots)]
        whole = sum_openings([paid[slot] for slot in units])
        mask = sum(1 << slot for slot in units)
        approval = (zone, mask, whole.value, AGENT, consensus_hash(points(paid)))
        for steward in (STEWARD, SECOND):
            receipt = self.pay_call("approve-payout", *approval, sender=steward)
            if not accepted(receipt):
                return receipt
        rest = lists.subtract(LibPoint, points(at.balances), points(paid))
        bound = {"payouts": points(paid), "rest": list(rest.points), "amount": whole.value, "agent": AGENT}
        contexts = [self.lists_context("payout", zone, at.settled, part, bound) for part in range(2 * at.parts)]
        added = sum_hints(points([paid[slot] for slot in sorted(units)]))
        entropy = self.rng.randbytes(32)
        proofs = (
            *money_proofs.prove_parts(LibPoint, paid, contexts[: at.parts], entropy),
            *credit_proofs.prove_remaining(LibPoint, at.balances, paid, contexts[at.parts :], entropy),
        )
        receipt = self.pay_call(
            "payout-batch",
            *(zone, points(paid), mask, whole.value, AGENT, whole.blinding.to_bytes()),
            *(added, rest.hint, *range_args(proofs[0]), self.s.proof),
        )
        for part in range(1, 2 * at.parts if finish else 1):
            if accepted(receipt):
                args = (*range_args(proofs[part]), self.s.token, self.s.proof)
                receipt = self.pay_call("prove-payout", zone, part, *args)
        if accepted(receipt) and finish:
            left = zip(at.balances, paid, strict=True)
            at.balances = [credit_proofs.remaining(balance, payout) for balance, payout in left]
            at.paid_out += whole.value
            at.pot -= whole.value // at.ratio
            at.income += whole.value % at.ratio
            at.version += 1
        return receipt

    def release_slot(self, zone: int, slot: int, last: int) -> Receipt:
        at = self.zones[zone]
        context = self.slot_context("release", zone, slot, at.version, GATEWAY)
        receipt = self.pay_call("release-slot", zone, slot, last, *self.zero(at.balances[slot], context), self.s.proof)
        if accepted(receipt):
            at.balances[slot], at.arrears[slot] = Opening(0, ONE), Opening(0, TWO)
            at.version += 1
        return receipt

    # ------------------------------------------------------------------------------------------- rewards, exits

    def fund_rewards(self, zone: int, amount: int, *, who: Address = PROVIDER) -> Receipt:
        receipt = self.pay_call("fund-rewards", zone, amount, self.s.token, sender=who)
        if accepted(receipt):
            self.zones[zone].pot += amount
            self.zones[zone].pool += amount
        return receipt

    def claim_reward(self, zone: int, slot: int) -> Receipt:
        at = self.zones[zone]
        who = self.tenant(zone, slot)
        period = at.settled - 1
        context = self.slot_context("reward", zone, slot, period, who)
        shown = self.zero(at.arrears[slot], context)
        receipt = self.pay_call("claim-reward", zone, slot, period, *shown, self.s.proof, sender=who)
        if accepted(receipt):
            amount = self.s.read(self.s.registry, "get-parameter", "reward")
            at.pot -= amount
            at.pool -= amount
            self.rewards[who] = self.rewards.get(who, 0) + amount
        return receipt

    def redeem(self, zone: int, slot: int, amount: int) -> Receipt:
        who = self.tenant(zone, slot)
        receipt = self.pay_call("redeem", zone, self.rng.randbytes(32), amount, sender=who)
        if accepted(receipt):
            self.rewards[who] -= amount
            self.zones[zone].pot += amount
            self.zones[zone].payments[receipt.ok()] = Paid(who, amount, slot, reward=True)
        return receipt

    def hint_and_zero(self, zone: int, slot: int, amount: int) -> tuple[bytes, bytes, bytes]:
        """Hint, nonce and response of a household that says so much is its balance."""
        balance = self.zones[zone].balances[slot]
        hint = lists.subtract(LibPoint, points([balance]), points([Opening(amount, Scalar(0))])).hint
        context = self.slot_context("exit", zone, slot, amount, self.tenant(zone, slot))
        return hint, *self.zero(Opening(0, balance.blinding), context)

    def exit(self, zone: int, slot: int) -> Receipt:
        at = self.zones[zone]
        amount = at.balances[slot].value
        args = (*self.hint_and_zero(zone, slot, amount), self.s.token, self.s.proof)
        receipt = self.pay_call("exit-claim", zone, slot, amount, *args, sender=self.tenant(zone, slot))
        if accepted(receipt):
            at.balances[slot] = Opening(0, ONE)
            at.paid_out += amount
            at.income += amount % at.ratio
            at.pot -= amount // at.ratio
            at.version += 1
        return receipt

    def approve_remainder(self, zone: int) -> Receipt:
        """The second steward's receipt, or the first one's refusal."""
        receipt = self.pay_call("approve-remainder", zone, sender=STEWARD)
        return self.pay_call("approve-remainder", zone, sender=SECOND) if accepted(receipt) else receipt

    def claim_remainder(self, zone: int) -> Receipt:
        at = self.zones[zone]
        receipt = self.pay_call("claim-remainder", zone, sender=PROVIDER)
        if accepted(receipt) and receipt.ok():
            rest = at.credited - at.paid_out - at.entitled
            at.entitled += rest
            at.income += rest
            at.balances_forfeited = True
        return receipt

    # ------------------------------------------------------------------------------------------- what must hold

    def holds(self) -> None:
        """Public accounts are the model's, to the unit; every commitment is what the model thinks it is; and what is
        owed is all there."""
        for zone, at in self.zones.items():
            assert self.s.read(self.s.payment, "get-account", zone) == at.account()
            assert self.s.read(self.s.payment, "get-balances", zone) == points(at.balances)
            assert self.s.read(self.s.payment, "get-arrears", zone) == points(at.arrears)
            for period, held in at.hold_backs.items():
                assert self.s.read(self.s.payment, "get-hold-back", zone, period) == held
        assert self.s.read(self.s.payment, "get-rewards-out") == sum(self.rewards.values())
        held = self.s.vm.read(self.s.token, "get-balance", self.s.payment).ok()
        assert held == self.owed()

    def owed(self) -> int:
        """The token units that payment has to have. In every zone balances, payments, floats, hold-backs, income and
        pool are exactly its pot."""
        owed = sum(self.rewards.values())
        for at in self.zones.values():
            residents = at.credited - at.paid_out - at.entitled
            assert at.balances_forfeited or sum(opening.value for opening in at.balances) <= residents
            provider = at.income + sum(at.hold_backs.values())
            waiting = sum(at.payments[number].amount for number in at.waiting())
            floats = sum(float_.balance for float_ in at.floats.values())
            assert at.pot * at.ratio == residents + provider + (waiting + floats + at.pool) * at.ratio
            owed += at.pot
        return owed
