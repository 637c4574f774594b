"""What the appliance makes of a period is what billing accepts: bills of one band and of three, and no others."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from appliance import bill_proof, period
from appliance.bill import Tariff, bill
from appliance.bill_proof import MadeBills, Metered
from appliance.call import Sender
from appliance.calls import billing as calls
from appliance.calls.billing import Billing
from appliance.chain.address import Network
from appliance.chain.payload import ContractCall
from appliance.period import Step
from appliance.position import Place
from appliance.proof import ProofError
from circuits.bill import excess
from circuits.blinding import BlindingKey
from circuits.generators import LIB
from circuits.group import LibPoint
from circuits.pedersen import Opening, commit
from circuits.tariff import Band
from tests.contracts.errors import constants_of, error_name
from tests.contracts.settlement import ELECTRICITY, GATEWAY, Settlement
from tests.contracts.vm import Machine, Receipt

BILLING = {error.code: error.name for error in constants_of("billing", "billing")}
USAGE = [0, 9_000, 40_000, 3]
BLOCKS = 7
ONE = (Band(0, 200),)
THREE = (Band(0, 100), Band(1000, 250), Band(5000, 400))


def place(slot: int) -> Place:
    return Place(1, slot, slot != 3, BlindingKey(bytes([slot + 1]) * 16))


class Period:
    """A closed period of a zone of four slots, the last one vacant, under these bands."""

    def __init__(self, vm: Machine, rng: random.Random, bands: tuple[Band, ...], charge: int = 50) -> None:
        self.home = Settlement(vm, small=True, later=("billing",))
        self.home.bootstrap()
        limits = {"ceiling": 1000, "charge-ceiling": 1000, "lifeline": 1}
        founded = [{"from": band.start, "rate": band.rate} for band in bands]
        first = {"utility": ELECTRICITY, "charge": charge, "bands": founded, **limits}
        self.home.call(self.home.billing, "found-tariffs", [first], sender=self.home.deployer).ok()
        self.home.zone(1, 4, vacant=[3])
        batch = self.home.metered(rng, 1, USAGE, blocks=BLOCKS)
        self.slots = tuple(Metered(place(slot), opening) for slot, opening in enumerate(batch.openings))
        self.sender = Sender(Network.TESTNET, self.home.deployer, GATEWAY)
        answer = vm.read(self.home.billing, "get-tariff", ELECTRICITY, 1).result
        tariff = calls.read_tariff(ELECTRICITY, 1, answer)
        assert tariff is not None
        self.tariff: Tariff = tariff
        self.lines = tariff.lines(BLOCKS)

    def send(self, call: ContractCall) -> Receipt:
        return self.home.vm.public(call.contract, call.function, list(call.arguments), GATEWAY)

    def final(self) -> list[bytes] | None:
        kept = self.home.read(self.home.billing, "get-bills", 1, 0)
        return None if kept is None else kept["bills"]

    def named(self, made: MadeBills) -> Billing:
        return Billing(1, 0, 1, made.public.bills)

    def prove(self, made: MadeBills, rng: random.Random) -> list[Receipt]:
        """All calls after close-period that make bills, as period.py says."""
        of = self.named(made)
        bands = {}
        for band, line in enumerate(self.lines):
            contexts = [calls.band_context(self.sender, of, band, part) for part in range(period.parts(4))]
            bands[band] = bill_proof.prove_band(line, made, contexts, rng.randbytes(32))
        context = calls.bills_context(self.sender, of)
        touched = bill_proof.prove_touched(self.lines, made, context, rng.randbytes(32))
        receipts = []
        for due in period.billing(len(self.lines), 4):
            match due.step:
                case Step.BILLS:
                    receipts.append(self.send(calls.calculate_bills(self.sender, of, b"")))
                case Step.BAND:
                    band, part = period.band_and_part(due.part, 4)
                    shown = bands[band]
                    hints = shown.line_hint, shown.difference_hint
                    receipts.append(self.send(calls.prove_band(self.sender, of, band, part, *hints, shown.parts[part])))
                case Step.PROVE_BILLS:
                    receipts.append(self.send(calls.prove_bills(self.sender, of, touched)))
                case _:
                    break
        return receipts


def test_one_band_is_computed_by_the_contract(machine: Machine, rng: random.Random) -> None:
    of = Period(machine, rng, ONE)
    made = bill_proof.make(of.lines, of.slots, 0)
    hint = bill_proof.computed_hint(of.lines[0], made)
    assert of.send(calls.calculate_bills(of.sender, Billing(1, 0, 1, ()), hint)).ok() is True
    assert of.final() == list(made.public.bills)
    assert [slot.bill.value for slot in made.slots] == [BLOCKS * 50, 1_800_350, 8_000_350, 0]


@pytest.mark.parametrize("charge", [50, 0])
def test_three_bands_are_proved_and_the_steps_come_to_what_is_committed(
    machine: Machine, rng: random.Random, charge: int
) -> None:
    of = Period(machine, rng, THREE, charge)
    made = bill_proof.make(of.lines, of.slots, 0)
    for receipt in of.prove(made, rng):
        assert receipt.ok() is True
    assert of.final() == list(made.public.bills)
    for slot, used in zip(made.slots, USAGE, strict=True):
        shown = bill(of.tariff, used, BLOCKS, occupied=slot.occupied)
        assert shown.amount.units == slot.bill.value
    assert bill(of.tariff, 9_000, BLOCKS, occupied=True).amount.units == BLOCKS * charge + 700_000 + 2_000 * 250


def test_a_bill_that_is_too_high_or_too_low_is_not_even_proved(machine: Machine, rng: random.Random) -> None:
    of = Period(machine, rng, THREE)
    made = bill_proof.make(of.lines, of.slots, 0)
    for change, words in ((1, "lies on no line"), (-1, "keep above a band's line")):
        wrong = replace(made.slots[1], bill=Opening(made.slots[1].bill.value + change, made.slots[1].bill.blinding))
        bills = (made.public.bills[0], commit(LIB, wrong.bill).to_bytes(), *made.public.bills[2:])
        slots = (made.slots[0], wrong, *made.slots[2:])
        with pytest.raises(ProofError, match=words):
            of.prove(MadeBills(slots, replace(made.public, bills=bills)), rng)


def test_bills_that_were_not_proved_are_refused(machine: Machine, rng: random.Random) -> None:
    """The proofs are for these very bills: another vector under them, and nothing becomes final."""
    of = Period(machine, rng, THREE)
    made = bill_proof.make(of.lines, of.slots, 0)
    swapped = replace(made.public, bills=(*made.public.bills[2:], *made.public.bills[:2]))
    others = Billing(1, 0, 1, swapped.bills)
    assert of.send(calls.calculate_bills(of.sender, others, b"")).ok() is True
    context = calls.band_context(of.sender, of.named(made), 0, 0)
    shown = bill_proof.prove_band(of.lines[0], made, [context], rng.randbytes(32))
    hints = shown.line_hint, shown.difference_hint
    refused = of.send(calls.prove_band(of.sender, others, 0, 0, *hints, shown.parts[0])).refusal()
    assert error_name(refused) == "privacy-proof.ERR_HINT"
    fitting = excess(LibPoint, of.lines[0], swapped)
    hints = fitting.line_hint, fitting.difference_hint
    refused = of.send(calls.prove_band(of.sender, others, 0, 0, *hints, shown.parts[0])).refusal()
    assert error_name(refused) == "range.ERR_HINT"
    touched = bill_proof.prove_touched(
        of.lines, made, calls.bills_context(of.sender, of.named(made)), rng.randbytes(32)
    )
    assert BILLING[of.send(calls.prove_bills(of.sender, others, touched)).refusal()] == "ERR_UNPROVED"
    assert of.final() is None
