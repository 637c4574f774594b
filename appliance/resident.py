"""A dwelling proves its own usage, on a device of its own, with nothing of the appliance but the wire format.

It takes the dwelling's secret, derives from it the keys that the card holds, commits to what the dwelling says its
meter showed, and sends the proof that this is in range. A batch of the gateway that says otherwise is refused while the
proof holds. Imports `circuits` and `appliance.chain` alone, so that whoever reads these two knows what it does.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from appliance.chain.address import Address, Contract, Network
from appliance.chain.clarity import Ascii, Buffer, List, Optional, ResponseErr, Tuple, UInt, Value, serialize
from appliance.chain.node import Accepted, Node
from appliance.chain.payload import ContractCall, payload_bytes
from appliance.chain.transaction import PrivateKey, Transaction
from circuits import usage
from circuits.blinding import KEY_BYTES, BlindingKey, Letter, hkdf
from circuits.generators import LIB
from circuits.group import LibPoint
from circuits.opening import sum_openings
from circuits.pedersen import Opening, commit
from circuits.usage import UsageProof

METER_DATA: Final = "meter-data"
PRIVACY_PROOF: Final = "privacy-proof"
SECRET_BYTES: Final = 32
LONGEST: Final = 7  # blocks of a batch
ENTROPY_BYTES: Final = 32


class ResidentError(Exception):
    """Nothing was sent, or it was refused; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Home:
    """A dwelling's slot, and its keys. Secret: both keys hide themselves."""

    zone: int
    slot: int
    blinding: BlindingKey
    signing: PrivateKey

    @classmethod
    def from_secret(cls, zone: int, slot: int, secret: bytes, own: bytes | None = None) -> Home:
        """From the 32 bytes in the card's code, as the appliance derives them. ResidentError for another length.

        `own`: the 32 bytes of a key that the gateway does not have, for a dwelling with a principal of its own.
        """
        if len(secret) != SECRET_BYTES:
            raise ResidentError(f"the secret has {SECRET_BYTES} bytes, not {len(secret)}")
        blinding = BlindingKey(hkdf(secret, b"mita/v1/proof-code", KEY_BYTES))
        return cls(zone, slot, blinding, PrivateKey(own or hkdf(secret, b"mita/v1/signing-key", 32)))


@dataclass(frozen=True, slots=True)
class Said:
    """What the meter showed, block by block from `first_block` on, in Wh or litre. Private: `repr` hides the usages."""

    first_block: int
    usages: tuple[int, ...]

    def __post_init__(self) -> None:
        if not 1 <= len(self.usages) <= LONGEST or any(used < 0 for used in self.usages):
            raise ResidentError(f"say the usage of 1 to {LONGEST} blocks, none below zero")

    @property
    def last_block(self) -> int:
        return self.first_block + len(self.usages) - 1

    def opening(self, home: Home) -> Opening:
        """With the blinding that the gateway derives from the same secret, so that it can prove the same."""
        return sum_openings(
            [
                Opening(used, home.blinding.blinding(Letter.USAGE, home.zone, home.slot, block, used))
                for block, used in enumerate(self.usages, self.first_block)
            ]
        )

    def __repr__(self) -> str:
        return f"Said({self.first_block}, ...)"


@dataclass(frozen=True, slots=True)
class Settlement:
    """Whose contracts, over which chain."""

    network: Network
    deployer: Address

    @property
    def meter_data(self) -> Contract:
        return Contract(self.deployer, METER_DATA)

    @property
    def proof(self) -> Contract:
        return Contract(self.deployer, PRIVACY_PROOF)


def context(settlement: Settlement, home: Home, said: Said, period: int, commitment: bytes) -> bytes:
    """What meter-data binds the proof to: SHA-256 of a tuple's consensus bytes."""
    listed = serialize(List((Buffer(commitment),)))
    bound: dict[str, Value] = {
        "domain": Ascii("mita/v1/usage-proof"),
        "chain": UInt(settlement.network.chain_id),
        "contract": settlement.meter_data,
        "proof": settlement.proof,
        "submitter": home.signing.address(settlement.network),
        "zone": UInt(home.zone),
        "slot": UInt(home.slot),
        "period": UInt(period),
        "first-block": UInt(said.first_block),
        "last-block": UInt(said.last_block),
        "commitments-hash": Buffer(hashlib.sha256(listed).digest()),
    }
    return hashlib.sha256(serialize(Tuple.of(bound))).digest()


def prove(settlement: Settlement, home: Home, said: Said, period: int, entropy: bytes) -> UsageProof:
    """`entropy` is fresh: ENTROPY_BYTES bytes that were never used before. ResidentError for too large a usage."""
    opening = said.opening(home)
    commitment = commit(LIB, opening).to_bytes()
    try:
        bound = context(settlement, home, said, period, commitment)
        return usage.prove(LibPoint, [opening], bound, entropy, opened=False)
    except ValueError as error:
        raise ResidentError("so much in one batch cannot be proved: compare the numbers with the meter") from error


def usage_proof_call(settlement: Settlement, home: Home, said: Said, made: UsageProof) -> ContractCall:
    """submit-usage-proof, as the contract takes it."""
    return ContractCall(
        settlement.meter_data,
        "submit-usage-proof",
        (
            UInt(home.zone),
            UInt(home.slot),
            UInt(said.first_block),
            UInt(said.last_block),
            Buffer(made.commitments[0]),
            _buffers(made.points),
            _buffers(made.scalars),
            _buffers(made.hints),
            settlement.proof,
        ),
    )


async def submit(node: Node, settlement: Settlement, home: Home, said: Said, entropy: bytes, max_fee: int) -> str:
    """The id of the transaction that the node took. ResidentError where it was not; NodeError without a link."""
    period = await period_of(node, settlement, home, said.first_block)
    call = usage_proof_call(settlement, home, said, prove(settlement, home, said, period, entropy))
    return await send(node, settlement, home, call, max_fee)


async def send(node: Node, settlement: Settlement, home: Home, call: ContractCall, max_fee: int) -> str:
    """Signs a call with the dwelling's key; as for `submit`."""
    nonce = (await node.account(home.signing.address(settlement.network))).nonce
    fee = await node.fee(payload_bytes(call), len(_signed(settlement, home, call, nonce, 0)))
    if fee > max_fee:
        raise ResidentError(f"it would cost {fee} micro-STX, more than {max_fee}: allow more with --max-fee")
    answer = await node.submit(_signed(settlement, home, call, nonce, fee))
    if not isinstance(answer, Accepted):
        raise ResidentError(f"the node refused it: {answer.reason} {answer.message}".rstrip())
    return answer.txid


async def outcome(node: Node, txid: str) -> bool | None:
    """Whether the contract accepted a transaction; None while it is in no block. ResidentError where it refused."""
    status = await node.transaction(txid)
    if status is None or not status.state.mined:
        return None
    match status.result:
        case ResponseErr(UInt(code)):
            raise ResidentError(f"the contract refused it with error u{code}: look it up in its list of errors")
    return status.state.value == "success"


async def period_of(node: Node, settlement: Settlement, home: Home, first_block: int) -> int:
    """Of a batch that the contract has, its period; else the open one. ResidentError for an unknown zone."""
    sender = home.signing.address(settlement.network)
    for function, key in (("get-batch", (UInt(home.zone), UInt(first_block))), ("get-zone-state", (UInt(home.zone),))):
        match await node.call_read(settlement.meter_data, function, key, sender):
            case Optional(Tuple(fields)):
                match dict(fields).get("period"):
                    case UInt(period):
                        return period
    raise ResidentError(f"the contract knows no zone {home.zone}: check number and settlement")


def _signed(settlement: Settlement, home: Home, call: ContractCall, nonce: int, fee: int) -> bytes:
    key = home.signing
    transaction = Transaction.unsigned(
        call, network=settlement.network, public_key=key.public_key, nonce=nonce, fee=fee
    )
    return transaction.sign_origin(key).serialize()


def _buffers(items: Sequence[bytes]) -> List:
    return List(tuple(Buffer(item) for item in items))
