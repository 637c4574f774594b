"""Calls of payment for homes that leave: payouts, and slots that are given on."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from appliance.call import Sender
from appliance.calls.payment import PAYMENT
from appliance.calls.values import buffers, context, proof_contract, range_args
from appliance.chain.address import Address, Contract
from appliance.chain.clarity import Ascii, Bool, Buffer, Optional, Tuple, UInt, Value, serialize
from appliance.chain.payload import ContractCall
from appliance.money_proof import OpenedSum, PayoutProof
from appliance.period import Step, parts
from circuits.zero import ZeroProof

APPROVED: Final = "approved-payouts"  # the contract's map


@dataclass(frozen=True, slots=True)
class PayingOut:
    """Payouts by slot before the settlement of a period, of the slots in `mask`; `opened` is the sum of these alone."""

    zone: int
    settled: int
    mask: int
    agent: Address
    payouts: tuple[bytes, ...]
    opened: OpenedSum

    def action(self) -> bytes:
        """What stewards approve."""
        return action(self.zone, self.settled, self.mask, self.opened.total, self.agent, hash_of(self.payouts))


def hash_of(payouts: Sequence[bytes]) -> bytes:
    """SHA-256 of the list's consensus bytes."""
    return hashlib.sha256(serialize(buffers(payouts))).digest()


def action(zone: int, settled: int, mask: int, amount: int, agent: Address, payouts_hash: bytes) -> bytes:
    """As `get-payout-action` computes it."""
    fields: dict[str, Value] = {
        "function": Ascii("payout"),
        "zone": UInt(zone),
        "settled": UInt(settled),
        "mask": UInt(mask),
        "amount": UInt(amount),
        "agent": agent,
        "payouts-hash": Buffer(payouts_hash),
    }
    return hashlib.sha256(serialize(Tuple.of(fields))).digest()


def contexts(sender: Sender, of: PayingOut, rest: Sequence[bytes]) -> list[bytes]:
    """What each part's proof is bound to: those of the payouts, then those of what they leave."""
    fields: dict[str, Value] = {
        "payouts": buffers(of.payouts),
        "rest": buffers(rest),
        "amount": UInt(of.opened.total),
        "agent": of.agent,
    }
    lists_hash = Buffer(hashlib.sha256(serialize(Tuple.of(fields))).digest())
    return [
        context(
            sender,
            "payout",
            PAYMENT,
            {"zone": UInt(of.zone), "number": UInt(of.settled), "part": UInt(part), "lists-hash": lists_hash},
        )
        for part in range(2 * parts(len(of.payouts)))
    ]


def payout_batch(sender: Sender, of: PayingOut, proof: PayoutProof) -> ContractCall:
    arguments = (
        UInt(of.zone),
        buffers(of.payouts),
        UInt(of.mask),
        UInt(of.opened.total),
        of.agent,
        Buffer(of.opened.blinding),
        buffers(of.opened.hints),
        Buffer(proof.difference_hint),
        *range_args(proof.parts[0]),
        proof_contract(sender),
    )
    return ContractCall(Contract(sender.deployer, PAYMENT), Step.PAYOUT.value, arguments)


def prove_payout(sender: Sender, zone: int, part: int, proof: PayoutProof, token: Contract) -> ContractCall:
    arguments = (UInt(zone), UInt(part), *range_args(proof.parts[part]), token, proof_contract(sender))
    return ContractCall(Contract(sender.deployer, PAYMENT), Step.PROVE_PAYOUT.value, arguments)


def release_context(sender: Sender, zone: int, slot: int, version: int) -> bytes:
    """`version` is the account's when the call comes."""
    return context(sender, "release", PAYMENT, {"zone": UInt(zone), "slot": UInt(slot), "number": UInt(version)})


def release_slot(sender: Sender, zone: int, slot: int, last: int, proof: ZeroProof) -> ContractCall:
    arguments = (
        *(UInt(zone), UInt(slot), UInt(last)),
        *(Buffer(proof.nonce), Buffer(proof.response)),
        proof_contract(sender),
    )
    return ContractCall(Contract(sender.deployer, PAYMENT), Step.RELEASE.value, arguments)


def read_token(value: Value) -> Contract:
    """The token of a zone, of the answer of `get-zone`. TypeError for another shape."""
    match value:
        case Optional(Tuple(fields)):
            match dict(fields).get("token"):
                case Contract() as token:
                    return token
    raise TypeError("get-zone names no token")


def is_approved(value: Value) -> bool:
    """An entry of the contract's map of approved payouts."""
    return value == Optional(Bool(True))
