"""Payment over a proof contract that believes everything: for what is refused whatever is proved."""

from __future__ import annotations

import random
from typing import Any, Final

from appliance.chain.address import Address, Contract
from appliance.chain.clarity import NONE, Optional
from circuits.pedersen import Opening
from tests.contracts.errors import error_name
from tests.contracts.money import Money
from tests.contracts.money_bills import TWO
from tests.contracts.money_texts import BELIEVER
from tests.contracts.money_zone import points
from tests.contracts.settlement import AGENT, GATEWAY, consensus_hash
from tests.contracts.vm import Machine, Receipt, value

REFERENCE: Final = bytes(32)
RATIO: Final = 1000
NO_PROOF: Final[tuple[list[bytes], list[bytes], list[bytes]]] = ([], [], [])
NO_ROWS: Final[tuple[list[bytes], list[bytes], list[bytes]]] = ([], [], [])


def opening(total: int) -> Optional:
    return Optional(value({"total": total, "blinding": bytes(32), "hints": []}))


class Believing(Money):
    """Calls with arguments of one's choice. What is accepted the model does not follow."""

    def __init__(self, vm: Machine, rng: random.Random, ratio: int = RATIO) -> None:
        super().__init__(vm, rng, ratio=ratio, proof=BELIEVER)

    def list_of(self, count: int) -> list[bytes]:
        return points(self.fresh([0] * count))

    def give_credit(
        self,
        zone: int,
        ids: list[int],
        sales: tuple[tuple[Address, int], ...] = (),
        *,
        sequence: int | None = None,
        slots: int = 4,
        sender: Address = GATEWAY,
        proof: Contract | None = None,
    ) -> Receipt:
        number = self.account(zone)["sequence"] if sequence is None else sequence
        sold = [{"agent": agent, "amount": amount} for agent, amount in sales]
        args: tuple[Any, ...] = (zone, number, self.list_of(slots), ids, sold, bytes(32), [], b"", *NO_PROOF)
        return self.pay_call("credit-batch", *args, proof or self.s.proof, sender=sender)

    def finish_credit(self, zone: int, *, sender: Address = GATEWAY, proof: Contract | None = None) -> Receipt:
        return self.pay_call("finish-credit", zone, b"", *NO_PROOF, proof or self.s.proof, sender=sender)

    def end_period(self, zone: int, slots: int = 4) -> None:
        """Metered and billed."""
        self.s.metered(self.rng, zone, [1] * slots)
        self.bill_call("calculate-bills", zone, [], b"", self.s.proof).ok()

    def settle_with(
        self,
        zone: int,
        opened: Optional = NONE,
        corrected: tuple[tuple[int, int], ...] = (),
        *,
        slots: int = 4,
        sender: Address = GATEWAY,
        proof: Contract | None = None,
    ) -> Receipt:
        named = [{"slot": slot, "period": period} for slot, period in corrected]
        args: tuple[Any, ...] = (
            zone,
            self.list_of(slots),
            named,
            [],
            *NO_ROWS,
            *NO_PROOF,
            opened,
            proof or self.s.proof,
        )
        return self.pay_call("settle-period", *args, sender=sender)

    def finish_settling(
        self, zone: int, opened: Optional = NONE, *, sender: Address = GATEWAY, proof: Contract | None = None
    ) -> Receipt:
        return self.pay_call("finish-settlement", zone, *NO_PROOF, opened, proof or self.s.proof, sender=sender)

    def payouts(self, *slots: int, count: int = 4) -> list[bytes]:
        """Something for these slots, nothing for the others."""
        (nothing,) = points([Opening(0, TWO)])
        return [point if slot in slots else nothing for slot, point in enumerate(self.list_of(count))]

    def approve(self, zone: int, paid: list[bytes], mask: int, amount: int, agent: Address = AGENT) -> None:
        self.s.together(self.s.payment, "approve-payout", zone, mask, amount, agent, consensus_hash(paid))

    def pay_out(
        self,
        zone: int,
        paid: list[bytes],
        mask: int,
        amount: int,
        agent: Address = AGENT,
        *,
        sender: Address = GATEWAY,
        proof: Contract | None = None,
    ) -> Receipt:
        args: tuple[Any, ...] = (zone, paid, mask, amount, agent, bytes(32), [], b"", *NO_PROOF, proof or self.s.proof)
        return self.pay_call("payout-batch", *args, sender=sender)

    def prove_payout(self, zone: int, part: int, *, sender: Address = GATEWAY, **other: Contract) -> Receipt:
        token, proof = other.get("token", self.s.token), other.get("proof", self.s.proof)
        return self.pay_call("prove-payout", zone, part, *NO_PROOF, token, proof, sender=sender)

    def claim(self, zone: int, slot: int, period: int, *, sender: Address | None = None, **other: Contract) -> Receipt:
        who = sender or self.tenant(zone, slot)
        args = (zone, slot, period, self.list_of(1)[0], bytes(32), other.get("proof", self.s.proof))
        return self.pay_call("claim-reward", *args, sender=who)

    def account(self, zone: int) -> dict[str, int]:
        found = self.s.read(self.s.payment, "get-account", zone)
        assert isinstance(found, dict)
        return found

    def refused(self, receipt: Receipt) -> str:
        """The error's name; payment's own without the contract."""
        return error_name(receipt.refusal()).removeprefix("payment.")


def rich(m: Money, *who: Address) -> None:
    for each in who:
        m.mint(each, 10**12)
