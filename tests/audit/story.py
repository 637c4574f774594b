"""A settlement on the VM in which everything happens once, and the events of all its contracts."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from appliance.audit.state import Event
from appliance.chain.address import Address, Contract
from circuits import lists, money
from circuits.group import LibPoint
from circuits.pedersen import Opening
from circuits.scalar import Scalar
from circuits.settlement import Correction
from contracts.costs import surroundings
from tests.contracts.disputes import ANSWER, HASH, PERIOD, Court, Tried
from tests.contracts.money_zone import Paid, points, range_args
from tests.contracts.settlement import (
    AGENT,
    GATEWAY,
    PROVIDER,
    SECOND,
    STEWARD,
    TREASURERS,
    WATER,
    OwnProof,
    account,
    household,
)
from tests.contracts.test_sealed_batches import combined, sealed
from tests.contracts.vm import CONTRACTS, Machine, Receipt
from tests.contracts.votes import NO, PHOTO, YES, Polls, action, ballots, burn_to
from tests.tools import missing

TOWN, COURT, HAMLETS, WELL = 1, 2, (3, 4), 5
JURORS: Final = 14
SALT: Final = bytes(16)
RELATIVE: Final = account("a relative who pays")
DEVICE: Final = account("device of a household")
MOVED, KEYED, CASHED, DISPUTED, ASSEMBLED = 1, 2, 3, 0, 3


class Recorder(Machine):
    """Keeps every event with the heights of its block."""

    def __init__(self, node: Path) -> None:
        super().__init__(node)
        self.events: list[Event] = []
        self._around = self.deploy(surroundings.NAME, account("observer"), surroundings.SOURCE)

    def public(self, contract: Contract, function: str, args: list[Any], sender: Address) -> Receipt:
        receipt = super().public(contract, function, args, sender)
        if receipt.prints:
            heights = self.read(self._around, "heights").plain()
            self.events += [
                Event(
                    Contract.parse(printed.contract),
                    printed.value,
                    heights["stacks-block-height"],
                    heights["burn-block-height"],
                )
                for printed in receipt.prints
            ]
        return receipt


@contextmanager
def told(node: Path) -> Iterator[Story]:
    """Counts as not run without the contract SDK."""
    if not (CONTRACTS / "node_modules" / "@stacks" / "clarinet-sdk").is_dir():
        missing("the contract SDK is not installed (npm ci in contracts/)")
    with Recorder(node) as vm:
        story = Story(vm)
        story.tell()
        yield story


class Story:
    """Told in the order of its methods."""

    def __init__(self, vm: Recorder) -> None:
        self.rng = random.Random("story")
        self.vm = vm
        self.m = Tried(vm, self.rng, ratio=1000)
        self.m.own_keys = {}
        self.s = self.m.s
        self.m.back_rewards().ok()
        self.court = Court(self.s, self.rng)
        self.polls = Polls(self.s, self.rng)

    def tell(self) -> None:
        self.registered()
        self.paid_in()
        self.metered()
        self.disputed()
        self.voted()
        self.settled()
        self.closed()

    def together(self, function: str, *args: Any) -> None:
        self.s.together(self.s.registry, function, *args)

    def registered(self) -> None:
        s, m = self.s, self.m
        m.zone(TOWN, 4)
        m.zone(COURT, 16)
        for zone in HAMLETS:
            s.zone(zone, 4, vacant=[1, 2, 3])
        s.empty_zone(WELL, 4, utility=WATER)
        self.together("register-steward", account("third steward"))
        spare, other = account("spare gateway"), account("other gateway")
        for gateway in (spare, other):
            s.call(s.registry, "register-gateway", gateway, sender=STEWARD).ok()
        self.together("revoke-gateway", spare)
        for gateway in (other, GATEWAY):
            self.together("replace-gateway", COURT, gateway)
        self.together("assign-slot", 2, WELL, 0)
        self.together("move-out", WELL, 0)
        self.together("assign-slot", 2, WELL, 1)
        self.together("assign-slot", DISPUTED + 1, WELL, 2)
        old, new = (hashlib.sha256(name).digest() for name in (b"old meter", b"new meter"))
        s.call(s.registry, "register-meter", old, TOWN, [0, 2], 3, sender=STEWARD).ok()
        s.call(s.registry, "replace-meter", old, new, sender=STEWARD).ok()
        s.self_proving(TOWN, CASHED, DEVICE)
        m.own_keys[TOWN, KEYED] = account(f"own key of {TOWN}/{KEYED}")
        self.together("set-principal", KEYED + 1, m.own_keys[TOWN, KEYED])

    def paid_in(self) -> None:
        m = self.m
        for who in (AGENT, PROVIDER, RELATIVE, *(household(TOWN, slot) for slot in range(4))):
            m.mint(who, 10**9)
        for slot in (DISPUTED, KEYED, CASHED):
            m.pay(TOWN, slot, 9000, payer=RELATIVE).ok()
        reference = hashlib.sha256(SALT + (DISPUTED + 1).to_bytes(16, "big")).digest()
        self.asked = [m.pay_call("pay", TOWN, reference, 1, m.s.token, sender=RELATIVE).ok() for _ in range(2)]
        for number in self.asked:
            m.zones[TOWN].payments[number] = Paid(RELATIVE, 1, DISPUTED)
            m.zones[TOWN].pot += 1
        m.fund_float(TOWN, 1000).ok()
        m.approve_sales(TOWN, 400).ok()
        m.credit(TOWN, sales=[(KEYED, 250), (CASHED, 50)]).ok()
        m.withdraw_float(TOWN, 500).ok()
        self.forgotten = m.pay(TOWN, MOVED, 7, payer=RELATIVE).ok()
        m.fund_rewards(TOWN, 500).ok()
        m.court.call("claim-credit", self.asked[0], SALT, DISPUTED + 1, sender=RELATIVE).ok()
        m.court.call("answer-claim", *self.answer(self.asked[0]), sender=GATEWAY).ok()
        m.court.call("claim-credit", self.asked[1], SALT, DISPUTED + 1, sender=RELATIVE).ok()
        for treasurer in TREASURERS:
            m.s.call(m.s.later["voucher-token"], "mint", 1, 100, RELATIVE, sender=treasurer).ok()

    def metered(self) -> None:
        s, m = self.s, self.m
        batch = s.following(self.rng, TOWN, [9000, 5000, 100, 1000])
        s.submit(batch).ok()
        own = OwnProof(TOWN, CASHED, batch.first_block, batch.last_block, Opening(999, m.blinding()))
        assert s.submit_own(own, sender=DEVICE).ok()["contested"] is True
        s.close_period(TOWN).ok()
        m.zones[TOWN].usages[0] = (batch.openings, 7)
        m.bill(TOWN).ok()
        m.meter(TOWN, [9000, 5000, 100, 1000])
        m.bill(TOWN).ok()
        combined(s, sealed(s, self.rng, *HAMLETS)).ok()
        self.together("move-out", TOWN, MOVED)
        m.meter(TOWN, [9000, 5000, 100, 1000])
        m.bill(TOWN).ok()
        for _ in range(2):
            m.meter(COURT, [10] * 16)
        m.settle(TOWN).ok()
        m.settle(TOWN).ok()

    def disputed(self) -> None:
        m, court = self.m, self.court
        self.open(ASSEMBLED)
        for slot in range(JURORS):
            court.join(COURT, slot)
        self.open(DISPUTED)
        for number in (1, 2):
            court.call("submit-evidence", number, HASH, sender=GATEWAY).ok()
        court.call("submit-evidence", 2, HASH, sender=household(TOWN, DISPUTED)).ok()
        court.ruled(2, for_resident=False)
        court.call("appeal", 2, sender=household(TOWN, DISPUTED)).ok()
        court.ruled(2, for_resident=True)
        burn_to(self.s, self.s.read(self.s.billing, "get-bills", TOWN, PERIOD)["due"])
        court.call("close-dispute", 2, sender=RELATIVE).ok()
        for who in TREASURERS:
            receipt = court.call("rule-by-assembly", 1, False, PHOTO, sender=who)
            receipt.ok()
        court.call("close-dispute", 1, sender=RELATIVE).ok()
        bill = m.zones[TOWN].bills[PERIOD][DISPUTED]
        m.zones[TOWN].corrections[DISPUTED, PERIOD] = Correction(bill, self.alternative)

    def open(self, slot: int) -> None:
        bill = self.m.zones[TOWN].bills[PERIOD][slot]
        self.alternative = Opening(bill.value // 2, self.m.blinding())
        self.court.open_proved(slot, bill, self.alternative).ok()

    def voted(self) -> None:
        s, polls = self.s, self.polls
        here = [DISPUTED, KEYED, CASHED]
        number = polls.propose(action("parameter", name="quorum-pct", number=30))
        other = polls.propose(action("pause-off"), sender=SECOND)
        third = polls.propose(action("parameter", name="reward", number=70), sender=account("third steward"))
        made = ballots(self.rng, (YES, NO, NO, YES))
        again = ballots(self.rng, (YES, YES, NO, YES))
        for vector in (again, made):
            polls.cast(number, TOWN, vector).ok()
        polls.cast(other, TOWN, again).ok()
        neighbours = ballots(self.rng, [YES, NO, NO, NO] * 4)
        polls.cast(other, COURT, neighbours).ok()
        burn_to(s, polls.proposal(third)["closes"] + 1)
        polls.tally(number, TOWN, made, here).ok()
        polls.tally_together(other, [(TOWN, again, here), (COURT, neighbours, range(16))]).ok()
        key = self.m.own_keys[TOWN, KEYED]
        polls.call("contest-ballot", number, TOWN, KEYED, sender=key).ok()
        blinding = made.yes[KEYED].blinding.to_bytes()
        polls.call("answer-contest", number, TOWN, KEYED, blinding, s.proof, sender=GATEWAY).ok()
        polls.call("contest-ballot", other, TOWN, KEYED, sender=key).ok()
        for who in TREASURERS:
            polls.call("record-assembly", third, 10, 1, PHOTO, sender=who).ok()
        polls.executed(third).ok()

    def settled(self) -> None:
        m, s = self.m, self.s
        m.claim_reward(TOWN, KEYED).ok()
        m.redeem(TOWN, KEYED, 30).ok()
        m.pay_call("allow-payout", TOWN, CASHED, sender=household(TOWN, CASHED)).ok()
        m.payout(TOWN, {CASHED: 2500}).ok()
        m.settle(TOWN, [(DISPUTED, PERIOD)]).ok()
        m.withdraw(TOWN).ok()
        s.submit(s.following(self.rng, TOWN, [1, 2, 3, 4])).ok()
        s.vm.burn(ANSWER)
        m.release_slot(TOWN, MOVED, PERIOD).ok()
        self.court.call("refund-claim", self.asked[1], 1, s.token, sender=RELATIVE).ok()
        s.submit(s.following(self.rng, TOWN, [5, 0, 3, 4])).ok()
        s.vm.burn(4320)
        m.release(TOWN).ok()
        m.reclaim(TOWN, self.forgotten).ok()

    def answer(self, number: int) -> tuple[Any, ...]:
        """The slot was credited with that payment, and more."""
        m, total = self.m, self.m.s.ratio
        share = m.zones[TOWN].credits[0][DISPUTED]
        bound = {"payment": number, "zone": TOWN, "sequence": 0, "slot": DISPUTED, "total": total}
        context = m.context("claim", m.s.disputes, **bound)
        rest = Opening(share.value - total, share.blinding)
        made = money.prove(LibPoint, [rest], context, self.rng.randbytes(32))
        hint = lists.subtract(LibPoint, points([share]), points([Opening(total, Scalar(0))])).hint
        return (number, DISPUTED, hint, *range_args(made), m.s.proof)

    def closed(self) -> None:
        m, s = self.m, self.s
        for steward in (STEWARD, SECOND):
            self.polls.call("pause", sender=steward).ok()
        s.vm.burn(12_960)
        s.call(s.meter_data, "close-zone", TOWN, sender=RELATIVE).ok()
        s.call(s.registry, "revote", DISPUTED + 1, sender=RELATIVE).ok()
        s.together(s.payment, "approve-exit", TOWN, CASHED, household(TOWN, CASHED))
        m.claim_remainder(TOWN).ok()
        s.vm.burn(4320)
        m.exit(TOWN, CASHED).ok()
        s.vm.burn(8640)
        m.approve_remainder(TOWN).ok()
        m.claim_remainder(TOWN).ok()
