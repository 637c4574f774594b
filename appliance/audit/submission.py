"""What an audit reads out of a transaction: its sender, and the batch it submitted, with the context recomputed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from appliance.audit.claim import Check, Claim, Failure, Refused
from appliance.chain.address import Address, CodecError, Contract
from appliance.chain.clarity import Ascii, Buffer, List, Tuple, UInt, Value, serialize
from appliance.chain.payload import ContractCall
from appliance.chain.transaction import Transaction, deserialize, txid

METER_DATA: Final = "meter-data"
PRIVACY_PROOF: Final = "privacy-proof"
FUNCTION: Final = "submit-usage-batch"
DOMAIN: Final = "mita/v1/usage-batch"
ARGUMENTS: Final = 13
SEALED_FUNCTION: Final = "submit-sealed-batch"
SEALED_DOMAIN: Final = "mita/v1/sealed-batch"
SEALED_ARGUMENTS: Final = 11  # the same but for total and blinding


@dataclass(frozen=True, slots=True)
class Submission:
    """One call of meter-data's submit-usage-batch, as its signed bytes say. Blocks inclusive, total in Wh or litre.

    Of submit-sealed-batch, which opens nothing, if `sealed`: then total is 0 and blinding_sum empty."""

    chain_id: int
    contract: Contract
    submitter: Address
    zone: int
    first_block: int
    last_block: int
    commitments: tuple[bytes, ...]
    total: int
    blinding_sum: bytes
    evidence_root: bytes
    authenticity: tuple[int, ...]
    points: tuple[bytes, ...]
    scalars: tuple[bytes, ...]
    hints: tuple[bytes, ...]
    proof: Contract
    sealed: bool = False

    def __post_init__(self) -> None:
        """Refused for arguments too large for any context; of what passes, every period has one."""
        self.context(0)

    @property
    def place(self) -> tuple[int, int]:
        """Zone and first block."""
        return self.zone, self.first_block

    @property
    def commitments_hash(self) -> bytes:
        return hash_of(self.commitments)

    def context(self, period: int) -> bytes:
        """SHA-256 of the tuple that meter-data.clar documents, from nothing but these fields and the period."""
        with encodable():
            bound: dict[str, Value] = {
                "domain": Ascii(SEALED_DOMAIN if self.sealed else DOMAIN),
                "chain": UInt(self.chain_id),
                "contract": self.contract,
                "proof": self.proof,
                "submitter": self.submitter,
                "zone": UInt(self.zone),
                "period": UInt(period),
                "first-block": UInt(self.first_block),
                "last-block": UInt(self.last_block),
                "total": UInt(self.total),
                "blinding-sum": Buffer(self.blinding_sum),
                "evidence-root": Buffer(self.evidence_root),
                "authenticity": List(tuple(UInt(count) for count in self.authenticity)),
                "commitments-hash": Buffer(self.commitments_hash),
            }
            return hashlib.sha256(serialize(Tuple.of(bound))).digest()

    def claim(self, period: int) -> Claim:
        """What its proof must show."""
        total = None if self.sealed else (self.total, self.blinding_sum)
        return Claim(self.context(period), self.commitments, total, self.points, self.scalars, self.hints)


@contextmanager
def encodable() -> Iterator[None]:
    """Refused where a statement has no consensus bytes, as with a buffer beyond what fits into a value."""
    try:
        yield
    except CodecError as error:
        raise Refused(Check.ENCODING, f"what was submitted has no context: {error}") from error


def read_transaction(raw: bytes) -> Transaction:
    """From its bytes. Refused for anything else."""
    try:
        return deserialize(raw)
    except CodecError as error:
        raise Refused(Check.ENCODING, f"its bytes are no transaction that this audit can read: {error}") from error


def read_call(raw: bytes, function: str, arguments: int) -> tuple[Transaction, ContractCall]:
    """A call of meter-data from a transaction's bytes. Refused for anything else."""
    transaction = read_transaction(raw)
    call = transaction.payload
    if not isinstance(call, ContractCall) or (call.contract.name, call.function) != (METER_DATA, function):
        raise Refused(Check.TRANSACTION, f"it is no call of {METER_DATA}.{function}")
    if len(call.arguments) != arguments:
        raise Refused(Check.LENGTH, f"{len(call.arguments)} arguments, not {arguments}")
    return transaction, call


def read_submission(raw: bytes) -> Submission:
    """From a transaction's bytes. Refused for anything that is no call of submit-usage-batch or submit-sealed-batch."""
    called = read_transaction(raw).payload
    sealed = isinstance(called, ContractCall) and called.function == SEALED_FUNCTION
    if sealed:
        transaction, call = read_call(raw, SEALED_FUNCTION, SEALED_ARGUMENTS)
        arguments = (*call.arguments[:4], UInt(0), Buffer(b""), *call.arguments[4:])
    else:
        transaction, call = read_call(raw, FUNCTION, ARGUMENTS)
        arguments = call.arguments
    zone, first, last, commitments, total, blinding, root, levels, _, points, scalars, hints, proof = arguments
    if not isinstance(proof, Contract):
        raise Refused(Check.ENCODING, "the proof contract is no contract")
    return Submission(
        chain_id=transaction.network.chain_id,
        contract=call.contract,
        submitter=transaction.origin_address,
        zone=whole(zone, "zone"),
        first_block=whole(first, "first-block"),
        last_block=whole(last, "last-block"),
        commitments=buffers(commitments, "commitments"),
        total=whole(total, "total"),
        blinding_sum=buffer(blinding, "blinding-sum"),
        evidence_root=buffer(root, "evidence-root"),
        authenticity=tuple(whole(level, "authenticity") for level in items(levels, "authenticity")),
        points=buffers(points, "points"),
        scalars=buffers(scalars, "scalars"),
        hints=buffers(hints, "hints"),
        proof=proof,
        sealed=sealed,
    )


def authentic(raw: bytes, named: str) -> Failure | None:
    """Whether these readable bytes are the transaction of that id, signed by the account that they name."""
    if txid(raw) != named:
        return Failure(Check.TRANSACTION, "its bytes are not those of this transaction id")
    try:
        deserialize(raw).verify()
    except CodecError as error:
        return Failure(Check.TRANSACTION, str(error))
    return None


def proved_elsewhere(contract: Contract, proof: Contract) -> Failure | None:
    """Whether meter-data `contract` asked another proof contract than the settlement's own, whose text is compared."""
    if proof == Contract(contract.address, PRIVACY_PROOF):
        return None
    return Failure(Check.CONTRACT, f"its proof was checked by {proof}, which is not of this settlement")


def whole(value: Value | None, name: str) -> int:
    if not isinstance(value, UInt):
        raise Refused(Check.ENCODING, f"{name} is no number")
    return value.value


def buffer(value: Value | None, name: str) -> bytes:
    if not isinstance(value, Buffer):
        raise Refused(Check.ENCODING, f"{name} is no buffer")
    return value.data


def items(value: Value | None, name: str) -> tuple[Value, ...]:
    if not isinstance(value, List):
        raise Refused(Check.ENCODING, f"{name} is no list")
    return value.items


def buffers(value: Value | None, name: str) -> tuple[bytes, ...]:
    return tuple(buffer(item, name) for item in items(value, name))


def hash_of(commitments: tuple[bytes, ...]) -> bytes:
    """SHA-256 of the list's consensus bytes, as meter-data makes it."""
    return hashlib.sha256(serialize(List(tuple(Buffer(item) for item in commitments)))).digest()
