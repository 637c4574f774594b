"""Calls of payment: credits and settlements of a zone, which the gateway proves."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from appliance.call import Sender
from appliance.calls.values import Args, buffers, context, each_zero_args, proof_contract, range_args
from appliance.chain.address import Address, Contract
from appliance.chain.clarity import NONE, Bool, Buffer, List, Optional, Tuple, UInt, Value, serialize
from appliance.chain.payload import ContractCall
from appliance.credit import Credits
from appliance.money_proof import CreditProof, MadeSettlement, OpenedSum, SettlementProof
from appliance.period import parts
from appliance.sale import Float
from circuits.listed import ListedProof

PAYMENT: Final = "payment"


@dataclass(frozen=True, slots=True)
class Crediting:
    """A batch of credits as the contract is given it: what it covers, and the shares, whose sum opens."""

    zone: int
    sequence: int
    covers: Credits
    shares: OpenedSum

    def lists_hash(self) -> Buffer:
        return _hash(
            {
                "credits": buffers(self.shares.commitments),
                "payments": _numbers(self.covers.payments),
                "floats": _floats(self.covers),
                "amount": UInt(self.shares.total),
                "blinding-sum": Buffer(self.shares.blinding),
            }
        )


@dataclass(frozen=True, slots=True)
class Settling:
    """A period's settlement as the contract is given it. `corrected` names (slot, period) by rising slot.

    The sum of the balances is opened where that may be.
    """

    zone: int
    period: int
    corrected: tuple[tuple[int, int], ...]
    made: MadeSettlement
    opened: bool

    def lists_hash(self) -> Buffer:
        return _hash({"balances": buffers(self.made.balances.commitments), "arrears": buffers(self.made.arrears)})


def credit_contexts(sender: Sender, of: Crediting) -> list[bytes]:
    """What each part's proof is bound to."""
    slots = len(of.shares.commitments)
    return [_context(sender, "credit", of.zone, of.sequence, part, of.lists_hash()) for part in range(parts(slots))]


def credit_batch(sender: Sender, of: Crediting, proof: CreditProof) -> ContractCall:
    """The first part; a zone of 64 slots is credited by `finish_credit`."""
    shares = of.shares
    return _call(
        sender,
        "credit-batch",
        (
            UInt(of.zone),
            UInt(of.sequence),
            buffers(shares.commitments),
            _numbers(of.covers.payments),
            _floats(of.covers),
            Buffer(shares.blinding),
            buffers(shares.hints),
            Buffer(proof.add_hint),
            *range_args(proof.parts[0]),
        ),
    )


def finish_credit(sender: Sender, zone: int, proof: CreditProof) -> ContractCall:
    return _call(sender, "finish-credit", (UInt(zone), Buffer(proof.add_hint), *range_args(proof.parts[1])))


def settlement_contexts(sender: Sender, of: Settling) -> list[bytes]:
    """What each part's proof is bound to; the first one the proof of all slots, too."""
    slots = len(of.made.arrears)
    return [_context(sender, "settlement", of.zone, of.period, part, of.lists_hash()) for part in range(parts(slots))]


def settle_period(sender: Sender, of: Settling, proof: SettlementProof) -> ContractCall:
    """The first part; a zone of 64 slots is settled by `finish_settlement`, which opens the sum."""
    named = tuple(Tuple.of({"slot": UInt(slot), "period": UInt(period)}) for slot, period in of.corrected)
    return _call(
        sender,
        "settle-period",
        (
            UInt(of.zone),
            buffers(of.made.balances.commitments),
            List(named),
            buffers(of.made.add_hints),
            *each_zero_args(proof.either),
            *range_args(proof.parts[0]),
            _opening(of) if parts(len(of.made.arrears)) == 1 else NONE,
        ),
    )


def finish_settlement(sender: Sender, of: Settling, proof: ListedProof) -> ContractCall:
    return _call(sender, "finish-settlement", (UInt(of.zone), *range_args(proof), _opening(of)))


def reference(salt: bytes, dwelling: int) -> bytes:
    """What a payment for a dwelling, by its number in the registry, refers to: SHA-256 of salt and number."""
    if len(salt) != 16:
        raise ValueError("a salt has 16 bytes")
    return hashlib.sha256(salt + dwelling.to_bytes(16, "big")).digest()


@dataclass(frozen=True, slots=True)
class PaymentOnChain:
    """A payment as the contract keeps it. `open`: no credits cover it, and it was not `returned`."""

    zone: int
    tokens: int
    reference: bytes
    height: int
    open: bool
    returned: bool = False


def read_payment(value: Value) -> PaymentOnChain | None:
    """The answer of `get-payment`; None for a number that is none. TypeError for another shape."""
    match value:
        case Optional(None):
            return None
        case Optional(Tuple(fields)):
            found = dict(fields)
            match [found.get(name) for name in ("zone", "amount", "reference", "height", "sequence", "returned")]:
                case [UInt(zone), UInt(tokens), Buffer(hidden), UInt(height), sequence, Bool(returned)]:
                    return PaymentOnChain(zone, tokens, hidden, height, sequence == NONE and not returned, returned)
    raise TypeError("get-payment did not answer with an optional tuple")


@dataclass(frozen=True, slots=True)
class AccountOnChain:
    """Of a zone's account what the gateway needs: the next period to settle and sequence to credit, and its version."""

    settled: int
    sequence: int
    version: int


def read_account(value: Value) -> AccountOnChain | None:
    """The answer of `get-account`; None for a zone that the chain does not know. TypeError for another shape."""
    match value:
        case Optional(None):
            return None
        case Optional(Tuple(fields)):
            found = dict(fields)
            match found.get("settled"), found.get("sequence"), found.get("version"):
                case UInt(settled), UInt(sequence), UInt(version):
                    return AccountOnChain(settled, sequence, version)
    raise TypeError("get-account did not answer with an optional tuple")


def read_float(value: Value) -> Float:
    """The answer of `get-float`. TypeError for another shape."""
    match value:
        case Tuple(fields):
            found = dict(fields)
            match found.get("balance"), found.get("approved"), found.get("debited"):
                case UInt(balance), UInt(approved), UInt(debited):
                    return Float(balance, approved, debited)
    raise TypeError("get-float did not answer with a tuple")


def read_points(value: Value) -> tuple[bytes, ...]:
    """The answer of `get-balances` and `get-arrears`. TypeError for another shape."""
    match value:
        case List(items) if all(isinstance(item, Buffer) for item in items):
            return tuple(item.data for item in items if isinstance(item, Buffer))
    raise TypeError("a list of commitments is missing in a contract's answer")


def _opening(of: Settling) -> Value:
    if not of.opened:
        return NONE
    balances = of.made.balances
    return Optional(
        Tuple.of(
            {
                "total": UInt(balances.total),
                "blinding": Buffer(balances.blinding),
                "hints": buffers(balances.hints),
            }
        )
    )


def _context(sender: Sender, domain: str, zone: int, number: int, part: int, lists_hash: Buffer) -> bytes:
    fields: dict[str, Value] = {
        "zone": UInt(zone),
        "number": UInt(number),
        "part": UInt(part),
        "lists-hash": lists_hash,
    }
    return context(sender, domain, PAYMENT, fields)


def _floats(covers: Credits) -> List:
    return List(
        tuple(Tuple.of({"agent": Address.from_c32(agent), "amount": UInt(tokens)}) for agent, tokens in covers.floats)
    )


def _numbers(numbers: Sequence[int]) -> List:
    return List(tuple(UInt(number) for number in numbers))


def _hash(fields: Mapping[str, Value]) -> Buffer:
    return Buffer(hashlib.sha256(serialize(Tuple.of(fields))).digest())


def _call(sender: Sender, function: str, arguments: Args) -> ContractCall:
    return ContractCall(Contract(sender.deployer, PAYMENT), function, (*arguments, proof_contract(sender)))
