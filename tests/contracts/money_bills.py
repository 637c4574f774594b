"""Zones of a settlement with tariffs: usage is metered and billed, with real proofs, beside what the bills say."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any, Final

from appliance.chain.address import Address, Contract
from circuits import bill as bill_proofs
from circuits import lists, zero
from circuits.bill import Billed
from circuits.generators import LIB
from circuits.group import LibPoint
from circuits.pedersen import Opening
from circuits.scalar import ONE, N, Scalar
from circuits.settlement import Correction
from circuits.tariff import Band, bill, lines
from tests.contracts.money_texts import DESK
from tests.contracts.money_zone import Zone, accepted, points, range_args
from tests.contracts.settlement import CHAIN_ID, ELECTRICITY, GATEWAY, STRANGER, Settlement, consensus_hash
from tests.contracts.test_sealed_batches import seal
from tests.contracts.vm import Machine, Receipt

CONTRACTS: Final = ("billing", "utility-token", "voucher-token", "payment")
DISPUTABLE: Final = 1008
"""Burn blocks from a bill until it is due."""
TWO: Final = ONE + ONE


class Bills:
    """Zones of one settlement of its own, all in its one token, of which a unit is `ratio` units of account. A desk
    stands in for governance and disputes."""

    def __init__(self, vm: Machine, rng: random.Random, *, ratio: int = 1, proof: str | None = None) -> None:
        self.s = Settlement(vm, proof, small=True, later=CONTRACTS, ratio=ratio)
        self.desk = vm.deploy("desk", self.s.deployer, DESK)
        self.s.bootstrap(governance=self.desk, dispute_resolution=self.desk)
        self.rng = rng
        self.costs: dict[str, dict[str, int]] = {}
        self.zones: dict[int, Zone] = {}
        self.bands: Sequence[Band] = ()
        self.charge = 0

    # ------------------------------------------------------------------------------------------- setting up

    def found(self, charge: int, *bands: Band, ceiling: int = 16383, lifeline: int = 1) -> Receipt:
        """Electricity's first tariff."""
        first = {
            "utility": ELECTRICITY,
            "ceiling": ceiling,
            "charge-ceiling": 10 * charge,
            "lifeline": lifeline,
            "charge": charge,
            "bands": [{"from": band.start, "rate": band.rate} for band in bands],
        }
        self.charge, self.bands = charge, bands
        return self.s.call(self.s.billing, "found-tariffs", [first], sender=self.s.deployer)

    def back_rewards(self) -> Receipt:
        return self.s.call(self.s.later["utility-token"], "back-with", self.s.token, sender=self.s.deployer)

    def zone(self, zone: int, slots: int, *, vacant: Sequence[int] = ()) -> Zone:
        self.s.zone(zone, slots, vacant=vacant)
        self.zones[zone] = Zone(slots, self.s.ratio, [Opening(0, ONE)] * slots, [Opening(0, TWO)] * slots)
        return self.zones[zone]

    # ------------------------------------------------------------------------------------------- proofs

    def blinding(self) -> Scalar:
        return Scalar(self.rng.randrange(1, N))

    def fresh(self, amounts: Sequence[int]) -> list[Opening]:
        return [Opening(amount, self.blinding()) for amount in amounts]

    def context(self, what: str, contract: Contract, **bound: Any) -> bytes:
        """Of a call by `sender`, GATEWAY unless said otherwise."""
        usual = {
            "domain": f"mita/v1/{what}",
            "chain": CHAIN_ID,
            "contract": contract,
            "proof": self.s.proof,
            "submitter": bound.pop("sender", GATEWAY),
        }
        return consensus_hash(usual | {name.replace("_", "-"): it for name, it in bound.items()})

    def lists_context(self, what: str, zone: int, number: int, part: int, listed: Mapping[str, Any]) -> bytes:
        lists_hash = consensus_hash(dict(listed))
        return self.context(what, self.s.payment, zone=zone, number=number, part=part, lists_hash=lists_hash)

    def slot_context(self, what: str, zone: int, slot: int, number: int, sender: Address) -> bytes:
        return self.context(what, self.s.payment, zone=zone, slot=slot, number=number, sender=sender)

    def zero(self, opening: Opening, context: bytes) -> tuple[bytes, bytes]:
        """Nonce and response of a proof that the opening is of zero."""
        shown = zero.prove(LIB, opening.blinding, context, self.rng.randbytes(32))
        return shown.nonce, shown.response

    def pay_call(self, function: str, *args: Any, sender: Address = GATEWAY) -> Receipt:
        return self.call(self.s.payment, function, *args, sender=sender)

    def bill_call(self, function: str, *args: Any, sender: Address = GATEWAY) -> Receipt:
        return self.call(self.s.billing, function, *args, sender=sender)

    def at_desk(self, function: str, *args: Any) -> Receipt:
        """What governance or dispute-resolution may."""
        return self.s.call(self.desk, function, *args, sender=STRANGER)

    def call(self, contract: Contract, function: str, *args: Any, sender: Address) -> Receipt:
        receipt = self.s.call(contract, function, *args, sender=sender)
        self.costs.setdefault(function, receipt.costs)
        return receipt

    # ------------------------------------------------------------------------------------------- usage, bills

    def meter(self, zone: int, usage: Sequence[int], blocks: int = 7) -> None:
        """A period: one batch, sealed where no sum may be opened; closed."""
        period = self.s.open_period(zone)
        batch = self.s.following(self.rng, zone, usage, blocks)
        open_ = self.s.read(self.s.aggregation, "may-open", zone, period)
        (self.s.submit(batch) if open_ else seal(self.s, batch)).ok()
        self.s.close_period(zone).ok()
        self.zones[zone].usages[period] = (batch.openings, blocks)

    def occupied(self, zone: int, period: int) -> list[bool]:
        mask = self.s.read(self.s.registry, "get-membership", zone, period)["occupied"]
        return [bool(mask >> slot & 1) for slot in range(self.zones[zone].slots)]

    def billed(self, zone: int, period: int) -> list[Billed]:
        """What the tariff says, with fresh blindings."""
        usages, blocks = self.zones[zone].usages[period]
        of_tariff = lines(self.charge, self.bands, blocks)
        return [
            Billed(used, Opening(bill(of_tariff, used.value, occupied=taken), self.blinding()), taken)
            for used, taken in zip(usages, self.occupied(zone, period), strict=True)
        ]

    def bill(self, zone: int, *, sender: Address = GATEWAY) -> Receipt:
        """The next period's bills, through all their calls; the last receipt, or the first refusal."""
        period = self.s.read(self.s.billing, "get-next-period", zone)
        usages, blocks = self.zones[zone].usages[period]
        first, *more = lines(self.charge, self.bands, blocks)
        made = self.billed(zone, period)
        if more:
            receipt = self.bill_bands(zone, period, made)
        else:
            computed = first.points(LIB, points(usages), [slot.occupied for slot in made])
            receipt = self.bill_call("calculate-bills", zone, [], computed.hint, self.s.proof, sender=sender)
            made = [
                Billed(slot.usage, Opening(slot.bill.value, on_line), slot.occupied)
                for slot in made
                for on_line in [first.blinding(slot.usage.blinding, occupied=slot.occupied)]
            ]
        if accepted(receipt):
            self.zones[zone].bills[period] = [slot.bill for slot in made]
        return receipt

    def bill_bands(self, zone: int, period: int, made: Sequence[Billed]) -> Receipt:
        named = points([slot.bill for slot in made])
        receipt = self.bill_call("calculate-bills", zone, named, b"", self.s.proof)
        if not accepted(receipt):
            return receipt
        for band in range(len(self.bands)):
            for part in range(self.zones[zone].parts):
                receipt = self.prove_band(zone, period, made, band, part)
                if not accepted(receipt):
                    return receipt
        return self.prove_bills(zone, period, made)

    def bound_bills(self, zone: int, period: int, made: Sequence[Billed]) -> dict[str, Any]:
        version = self.s.read(self.s.billing, "get-version", ELECTRICITY, period)
        hashed = consensus_hash(points([slot.bill for slot in made]))
        return {"zone": zone, "period": period, "version": version, "bills_hash": hashed}

    def prove_band(self, zone: int, period: int, made: Sequence[Billed], band: int, part: int) -> Receipt:
        line = lines(self.charge, self.bands, self.zones[zone].usages[period][1])[band]
        bound = self.bound_bills(zone, period, made)
        contexts = [
            self.context("bill-band", self.s.billing, **bound, band=band, part=p) for p in range(self.zones[zone].parts)
        ]
        proofs = bill_proofs.prove_band(LibPoint, line, made, contexts, self.rng.randbytes(32))
        computed = bill_proofs.excess(LibPoint, line, self.public(made))
        hinted = (computed.line_hint, computed.difference_hint) if part == 0 else (b"", b"")
        return self.bill_call("prove-band", zone, band, part, *hinted, *range_args(proofs[part]), self.s.proof)

    def prove_bills(self, zone: int, period: int, made: Sequence[Billed]) -> Receipt:
        of_tariff = lines(self.charge, self.bands, self.zones[zone].usages[period][1])
        context = self.context("bills", self.s.billing, **self.bound_bills(zone, period, made))
        shown = bill_proofs.prove_touched(LIB, of_tariff, made, context, self.rng.randbytes(32))
        rows = [[list(row) for row in many] for many in (shown.nonces, shown.shares, shown.responses)]
        return self.bill_call("prove-bills", zone, *rows, self.s.proof)

    @staticmethod
    def public(made: Sequence[Billed]) -> bill_proofs.Public:
        return bill_proofs.Public(
            tuple(points([slot.usage for slot in made])),
            tuple(points([slot.bill for slot in made])),
            tuple(slot.occupied for slot in made),
        )

    def correct(self, zone: int, slot: int, period: int, alternative: int) -> None:
        """A dispute won: the bill should be `alternative`."""
        bill_ = self.zones[zone].bills[period][slot]
        should = Opening(alternative, self.blinding())
        (committed,), (other,) = points([bill_]), points([should])
        (correction,) = lists.subtract(LibPoint, [committed], [other]).points
        self.at_desk("freeze", zone, slot, period).ok()
        self.at_desk("correct-bill", zone, slot, period, correction).ok()
        self.at_desk("unfreeze", zone, slot, period).ok()
        self.zones[zone].corrections[slot, period] = Correction(bill_, should)
