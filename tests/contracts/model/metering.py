"""Commands: batches, periods, bills, and what disputes do to bills."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from appliance.chain.clarity import Buffer, Optional
from circuits import bill as bill_proofs
from circuits import lists
from circuits.bill import Billed
from circuits.generators import LIB
from circuits.group import LibPoint
from circuits.pedersen import Opening
from circuits.settlement import Correction
from circuits.tariff import lines
from tests.contracts.model.paying import Paying
from tests.contracts.model.village import command
from tests.contracts.money_zone import points
from tests.contracts.settlement import GATEWAY, PROVIDER, Batch, prove
from tests.contracts.vm import Receipt

DISPUTE_WINDOW: Final = 1008


class Metering(Paying):
    def sends(self, batch: Batch, *, sealed: bool) -> Receipt:
        gateway = self.places[batch.zone].gateway
        if not sealed:
            proved = self.s.proved(batch, submitter=gateway)
            return self.call(self.s.meter_data, "submit-usage-batch", *proved.args(self.s.proof), sender=gateway)
        bound = {"domain": "mita/v1/sealed-batch", "submitter": gateway}
        made = prove(batch.openings, self.s.context(replace(batch, total=0, blinding_sum=b""), **bound), opened=False)
        said: tuple[Any, ...] = (batch.zone, batch.first_block, batch.last_block, batch.commitments)
        said += (batch.evidence_root, batch.authenticity)
        said += (None if batch.sum_hint is None else Optional(Buffer(batch.sum_hint)),)
        said += (list(made.points), list(made.scalars), list(made.hints), self.s.proof)
        return self.call(self.s.meter_data, "submit-sealed-batch", *said, sender=gateway)

    @command
    def meters(self, zone: int, usage: Sequence[int], blocks: int, *, sealed: bool, again: bool = False) -> None:
        """`again` begins a block too early."""
        place = self.places[zone]
        batch = self.s.following(self.rng, zone, usage, blocks)
        if again:
            batch = replace(batch, first_block=batch.first_block - 1)
        receipt = self.sends(batch, sealed=sealed)
        if self.says(
            "submit-sealed-batch" if sealed else "submit-usage-batch",
            receipt,
            ("meter-data.ERR_FROZEN", place.gateway in self.revoked),
            ("meter-data.ERR_CLOSED", place.closed),
            ("meter-data.ERR_REPLAY", again),
            ("meter-data.ERR_K_MIN", not sealed and not place.may_open(place.period)),
            ("meter-data.ERR_MAY_OPEN", sealed and place.may_open(place.period)),
        ):
            before = place.running if place.batches else [None] * len(usage)
            place.running = [new if old is None else old + new for old, new in zip(before, batch.openings, strict=True)]
            place.next_block += blocks
            place.blocks += blocks
            place.batches += 1
            place.begun = True
            place.heard = self.height

    @command
    def closes_period(self, zone: int) -> None:
        place = self.places[zone]
        if self.says(
            "close-period",
            self.s.close_period(zone, sender=place.gateway),
            ("meter-data.ERR_CLOSED", place.closed),
            ("meter-data.ERR_PERIOD_SHORT", place.blocks == 0),
        ):
            self.entries += 1
            self.zones[zone].usages[place.period] = (tuple(place.running), place.blocks)
            membership = place.membership(place.period + 1)
            place.period += 1
            place.members[place.period] = (membership["occupied"], membership["fresh"])
            place.batches = place.blocks = 0
            place.running = []

    # ------------------------------------------------------------------------------------------- bills

    @command
    def names_bills(self, zone: int, *, by_provider: bool, more: int = 0) -> None:
        """With one band they are final; with more, a false list asks the first slot for `more`."""
        place, period = self.places[zone], self.places[zone].next_bill
        sender = PROVIDER if by_provider else GATEWAY
        refusals = (
            ("billing.ERR_NOT_CLOSED", period not in self.zones[zone].usages),
            (
                "billing.ERR_NOT_BILLER",
                not (by_provider and len(self.bands) == 1) and (by_provider or not self.serves(zone)),
            ),
        )
        if period not in self.zones[zone].usages:
            args: tuple[Any, ...] = (zone, [], b"", self.s.proof)
            self.says("calculate-bills", self.bill_call("calculate-bills", *args, sender=sender), *refusals)
        elif len(self.bands) == 1:
            if self.says("calculate-bills", self.bill(zone, sender=sender), *refusals):
                self.bills_final(zone)
        else:
            made = self.billed(zone, period)
            honest = list(made)
            made[0] = replace(made[0], bill=made[0].bill + Opening(more, self.blinding()))
            args = (zone, points([slot.bill for slot in made]), b"", self.s.proof)
            if self.says("name bills", self.bill_call("calculate-bills", *args, sender=sender), *refusals):
                place.candidate, place.honest, place.proved = made, honest if more else made, 0

    def bills_final(self, zone: int) -> None:
        place = self.places[zone]
        place.due[place.next_bill] = self.height + DISPUTE_WINDOW
        place.next_bill += 1
        place.candidate = None

    @command
    def proves_band(self, zone: int, band: int) -> None:
        place, made = self.places[zone], self.places[zone].candidate
        if made is None or band >= len(self.bands):
            receipt = self.bill_call("prove-band", zone, band, 0, b"", b"", [], [], [], self.s.proof)
        else:
            receipt = self.prove_band(zone, place.next_bill, made, band, 0)
        if self.says(
            "prove-band",
            receipt,
            ("billing.ERR_NO_CANDIDATE", made is None),
            ("billing.ERR_BAND", band >= len(self.bands)),
            ("billing.ERR_NOT_BILLER", not self.serves(zone)),
        ):
            place.proved |= 1 << band

    @command
    def proves_bills(self, zone: int) -> None:
        """Of a false list with the proof of the true one."""
        place, made = self.places[zone], self.places[zone].candidate
        if made is None:
            receipt = self.bill_call("prove-bills", zone, [], [], [], self.s.proof)
        else:
            receipt = self.shows_bills(zone, made, place.honest)
        unproved = place.proved != 2 ** len(self.bands) - 1
        if self.says(
            "prove-bills",
            receipt,
            ("billing.ERR_NO_CANDIDATE", made is None),
            ("billing.ERR_NOT_BILLER", not self.serves(zone)),
            ("billing.ERR_UNPROVED", unproved),
            ("privacy-proof.ERR_EQUATION", made is not place.honest),
        ):
            assert made is not None
            self.zones[zone].bills[place.next_bill] = [slot.bill for slot in made]
            self.bills_final(zone)

    def shows_bills(self, zone: int, made: Sequence[Billed], honest: Sequence[Billed]) -> Receipt:
        period = self.places[zone].next_bill
        of_tariff = lines(self.charge, self.bands, self.zones[zone].usages[period][1])
        context = self.context("bills", self.s.billing, **self.bound_bills(zone, period, made))
        shown = bill_proofs.prove_touched(LIB, of_tariff, honest, context, self.rng.randbytes(32))
        rows = [[list(row) for row in many] for many in (shown.nonces, shown.shares, shown.responses)]
        return self.bill_call("prove-bills", zone, *rows, self.s.proof)

    # ------------------------------------------------------------------------------------------- disputes

    @command
    def freezes(self, zone: int, slot: int, period: int) -> None:
        place = self.places[zone]
        if self.says(
            "freeze",
            self.at_desk("freeze", zone, slot, period),
            ("billing.ERR_NO_BILL", period not in place.due),
            ("billing.ERR_DUE", self.height >= place.due.get(period, 0)),
            ("billing.ERR_FREEZE", (slot, period) in place.frozen),
        ):
            place.frozen.add((slot, period))

    @command
    def unfreezes(self, zone: int, slot: int, period: int) -> None:
        place = self.places[zone]
        receipt = self.at_desk("unfreeze", zone, slot, period)
        if self.says("unfreeze", receipt, ("billing.ERR_FREEZE", (slot, period) not in place.frozen)):
            place.frozen.remove((slot, period))

    @command
    def corrects(self, zone: int, slot: int, period: int, per_mille: int) -> None:
        """A dispute is won: the bill should be so much of what it is."""
        place, bills = self.places[zone], self.zones[zone].bills.get(period)
        bill = bills[slot] if bills else Opening(0, self.blinding())
        should = Opening(bill.value * per_mille // 1000, self.blinding())
        (correction,) = lists.subtract(LibPoint, points([bill]), points([should])).points
        if self.says(
            "correct-bill",
            self.at_desk("correct-bill", zone, slot, period, correction),
            ("billing.ERR_FREEZE", (slot, period) not in place.frozen),
            ("billing.ERR_CORRECTION", (slot, period) in place.corrected),
        ):
            place.corrected.add((slot, period))
            self.zones[zone].corrections[slot, period] = Correction(bill, should)
