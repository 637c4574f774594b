"""The appliance settles a zone on the contracts, period after period: payments, a float, a debtor; its books fit."""

from __future__ import annotations

import random
from typing import Any

import pytest

from appliance import bill_proof, ledger, money_proof, position
from appliance.bill import Tariff
from appliance.bill_proof import Metered
from appliance.call import Sender
from appliance.calls import billing, errors, payment
from appliance.calls.billing import Billing
from appliance.calls.payment import Crediting, Settling
from appliance.chain.address import Network
from appliance.chain.clarity import ResponseErr, UInt
from appliance.chain.payload import ContractCall
from appliance.credit import Credits, Payment, Sale, next_credits
from appliance.ledger import Entry, Mirrored
from appliance.money import Money, Ratio
from appliance.money_proof import MadeSettlement
from appliance.position import Place, Position
from appliance.proof import ProofError
from appliance.settlement import Account, settle
from circuits.blinding import BlindingKey
from circuits.generators import LIB
from circuits.pedersen import commit
from circuits.settlement import Before
from circuits.tariff import Band
from tests.contracts.errors import constants_of
from tests.contracts.settlement import AGENT, ELECTRICITY, GATEWAY, Settlement, household
from tests.contracts.vm import Machine, Receipt

SLOTS, BLOCKS, RATIO = 4, 7, Ratio(1000)
PLACES = [Place(1, slot, slot != 3, BlindingKey(bytes([slot + 1]) * 16)) for slot in range(SLOTS)]
_REFUSED = {error.name: error.code for error in constants_of("payment", "payment")}
TARIFF = Tariff(ELECTRICITY, 1, 0, 50, (Band(0, 200),))


class Zone:
    """A zone of three homes and a vacant slot under one band, and everything its gateway knows about money."""

    def __init__(self, vm: Machine, rng: random.Random) -> None:
        self.rng = rng
        self.home = Settlement(vm, small=True, later=("billing", "utility-token", "payment"), ratio=RATIO.units)
        self.home.bootstrap()
        limits = {"ceiling": 1000, "charge-ceiling": 1000, "lifeline": 1}
        first = {"utility": ELECTRICITY, "charge": 50, "bands": [{"from": 0, "rate": 200}], **limits}
        self.home.call(self.home.billing, "found-tariffs", [first], sender=self.home.deployer).ok()
        self.home.zone(1, SLOTS, vacant=[3])
        self.sender = Sender(Network.TESTNET, self.home.deployer, GATEWAY)
        self.positions: list[Position] = [position.FIRST] * SLOTS
        self.entries: list[Entry] = []
        self.payments: list[Payment] = []
        self.sales: list[Sale] = []
        self.sequence = self.period = self.receipts = self.approved = 0

    def send(self, call: ContractCall) -> Receipt:
        return self.home.vm.public(call.contract, call.function, list(call.arguments), GATEWAY)

    def account(self, slot: int) -> Account:
        return ledger.account_of(ledger.sums(self.entries), 1, slot)

    def pay(self, slot: int, tokens: int) -> None:
        """A wallet pays under a reference."""
        payer = household(1, slot)
        self.home.call(self.home.token, "mint", tokens, payer, sender=payer).ok()
        arguments = (1, self.rng.randbytes(32), tokens, self.home.token)
        number = self.home.call(self.home.payment, "pay", *arguments, sender=payer).ok()
        self.payments.append(Payment(number, slot, tokens))
        self.entries.append(ledger.paid(1, number, slot, RATIO.worth(tokens)))

    def sell(self, slot: int, tokens: int) -> None:
        """An agent takes cash: the float is filled up and the sale approved."""
        self.receipts += 1
        self.approved += tokens
        self.home.call(self.home.token, "mint", tokens, AGENT, sender=AGENT).ok()
        self.home.call(self.home.payment, "fund-float", 1, tokens, self.home.token, sender=AGENT).ok()
        self.home.call(self.home.payment, "approve-sales", 1, self.approved, sender=AGENT).ok()
        self.entries.append(ledger.funded(1, self.receipts, str(AGENT), RATIO.worth(tokens)))
        self.entries.append(ledger.sold(1, self.receipts, slot, str(AGENT), RATIO.worth(tokens)))
        self.sales.append(Sale(self.receipts, slot, str(AGENT), tokens))

    def crediting(self) -> tuple[Crediting, list[Any]]:
        covers = next_credits(self.payments, self.sales, RATIO)
        assert covers is not None
        openings = [position.credit_opening(place, self.sequence, covers.of(place.slot)) for place in PLACES]
        return Crediting(1, self.sequence, covers, money_proof.opened_sum(openings)), openings

    def credit(self) -> Credits:
        of, openings = self.crediting()
        balances = money_proof.points([slot.balance for slot in self.positions])
        contexts = payment.credit_contexts(self.sender, of)
        proof = money_proof.prove_credit(openings, balances, contexts, self.rng.randbytes(32))
        assert self.send(payment.credit_batch(self.sender, of, proof)).ok() is True
        self.positions = [position.credited(*pair) for pair in zip(self.positions, openings, strict=True)]
        self.entries.append(ledger.credited(1, self.sequence, of.covers.by_slot))
        self.payments = [one for one in self.payments if one.id not in of.covers.payments]
        self.sales = [one for one in self.sales if one.number not in of.covers.sales]
        self.sequence += 1
        return of.covers

    def bills(self, usage: list[int]) -> bill_proof.MadeBills:
        """A period of these usages, closed and billed."""
        batch = self.home.metered(self.rng, 1, usage, blocks=BLOCKS)
        slots = [Metered(place, opening) for place, opening in zip(PLACES, batch.openings, strict=True)]
        made = bill_proof.make(TARIFF.lines(BLOCKS), slots, self.period)
        hint = bill_proof.computed_hint(TARIFF.lines(BLOCKS)[0], made)
        assert self.send(billing.calculate_bills(self.sender, Billing(1, self.period, 1, ()), hint)).ok() is True
        return made

    def settling(self, bills: bill_proof.MadeBills) -> tuple[MadeSettlement, Before]:
        dues = [position.dues(where, slot.bill, None) for where, slot in zip(self.positions, bills.slots, strict=True)]
        before = Before(
            bills.public.bills,
            money_proof.points([slot.arrears for slot in self.positions]),
            money_proof.points([slot.balance for slot in self.positions]),
            None,
        )
        return money_proof.settle(PLACES, dues, before, self.period), before

    def settle(self, usage: list[int]) -> list[Account]:
        """A whole period; the accounts after it."""
        bills = self.bills(usage)
        made, before = self.settling(bills)
        of = Settling(1, self.period, (), made, opened=True)
        contexts = payment.settlement_contexts(self.sender, of)
        proof = money_proof.prove_settlement(made, before, contexts, self.rng.randbytes(32))
        assert self.send(payment.settle_period(self.sender, of, proof)).ok() is True
        accounts = {slot: self.account(slot) for slot in range(SLOTS)}
        settled = {s: settle(accounts[s], Money(bills.slots[s].bill.value)) for s in range(SLOTS)}
        self.entries.append(ledger.settled(1, self.period, accounts, settled))
        self.positions = list(made.positions)
        self.period += 1
        return [settled[slot].after for slot in range(SLOTS)]

    def mismatches(self) -> list[int]:
        """The ledger against what the contract keeps."""
        balances = self.home.read(self.home.payment, "get-balances", 1)
        arrears = self.home.read(self.home.payment, "get-arrears", 1)
        mirrored = {slot: Mirrored(balances[slot], arrears[slot]) for slot in range(SLOTS)}
        return ledger.mismatches(ledger.sums(self.entries), 1, dict(enumerate(self.positions)), mirrored)


def test_three_periods_with_payments_a_float_and_a_debtor(machine: Machine, rng: random.Random) -> None:
    zone = Zone(machine, rng)
    zone.pay(0, 900)
    zone.pay(0, 100)
    zone.sell(1, 400)
    assert zone.credit().amount == Money(1_400_000)
    assert zone.mismatches() == []
    accounts = zone.settle([2_000, 1_000, 3_000, 0])
    assert [account.balance.units for account in accounts] == [599_650, 199_650, 0, 0]
    assert [account.arrears.units for account in accounts] == [0, 0, 600_350, 0]
    assert zone.mismatches() == []

    accounts = zone.settle([2_000, 1_200, 0, 0])  # nobody paid, and nobody's debt grew but by the charge
    assert [account.arrears.units for account in accounts] == [0, 40_700, 600_700, 0]
    assert zone.mismatches() == []

    zone.sell(2, 700)
    zone.pay(1, 41)
    zone.credit()
    accounts = zone.settle([0, 0, 0, 0])
    assert [account.arrears.units for account in accounts] == [0, 50, 0, 0]
    assert [account.balance.units for account in accounts] == [198_950, 0, 98_950, 0]
    assert zone.mismatches() == []
    account = zone.home.read(zone.home.payment, "get-account", 1)
    kept = payment.read_account(machine.read(zone.home.payment, "get-account", 1).result)
    assert kept == payment.AccountOnChain(3, 2, 5)
    found = ledger.sums(zone.entries)
    assert account["pot"] * RATIO.units == found[ledger.Name(1, ledger.Kind.POT)]
    owed = -found[ledger.Name(1, ledger.Kind.PROVIDER)]
    assert account["entitled"] == owed - 50, "what the provider is owed, less what is still in arrears"


def test_a_settlement_or_credit_that_is_false_is_not_even_proved(machine: Machine, rng: random.Random) -> None:
    zone = Zone(machine, rng)
    zone.pay(0, 10)
    of, openings = zone.crediting()
    balances = money_proof.points([slot.balance for slot in zone.positions])
    contexts = payment.credit_contexts(zone.sender, of)
    with pytest.raises(ProofError, match="credits are not what they add up to"):
        money_proof.prove_credit(openings, (balances[0], *of.shares.commitments[1:]), contexts, bytes(32))
    zone.credit()
    bills = zone.bills([1, 1, 1, 0])
    zone.positions[1] = Position(zone.positions[0].balance, zone.positions[1].arrears)
    dues = [position.dues(where, slot.bill, None) for where, slot in zip(zone.positions, bills.slots, strict=True)]
    before = Before(
        bills.public.bills,
        money_proof.points([slot.arrears for slot in zone.positions]),
        tuple(zone.home.read(zone.home.payment, "get-balances", 1)),
        None,
    )
    with pytest.raises(ProofError, match="do not open to what is settled"):
        money_proof.settle(PLACES, dues, before, 0)
    assert zone.mismatches() == [1], "and the books say which slot it is"


def test_what_was_credited_once_is_refused_again(machine: Machine, rng: random.Random) -> None:
    """The outbox may send a call twice; the contract takes each sequence and each payment once."""
    zone = Zone(machine, rng)
    zone.pay(0, 10)
    of, openings = zone.crediting()
    balances = money_proof.points([slot.balance for slot in zone.positions])
    proof = money_proof.prove_credit(openings, balances, payment.credit_contexts(zone.sender, of), rng.randbytes(32))
    assert zone.send(payment.credit_batch(zone.sender, of, proof)).ok() is True
    assert zone.send(payment.credit_batch(zone.sender, of, proof)).refusal() == _REFUSED["ERR_PAYMENT"]
    kept = zone.home.read(zone.home.payment, "get-balances", 1)
    assert kept[0] == commit(LIB, position.credited(zone.positions[0], openings[0]).balance).to_bytes()


def test_the_appliance_calls_refusals_by_the_contracts_names() -> None:
    names = ("billing", "payment", "dispute-resolution", "governance")
    there = {error.code: error.name for name in names for error in constants_of(name, name)}
    assert there == errors.ERRORS
    assert errors.error_name(ResponseErr(UInt(515))) == "ERR_UNPROVED"
    assert errors.error_name(ResponseErr(UInt(202))) == "ERR_REPLAY"
    assert errors.error_name(None) == "no result"
