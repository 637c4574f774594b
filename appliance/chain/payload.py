"""What a transaction does and what it may move: payloads and post-conditions, and their encoding (SIP-005).

Payload 6 as in SIP-015; staking conditions and the payloads that only miners send are refused when read.
"""

import re
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import TypeVar

from appliance.chain.address import Address, CodecError, Contract, contract_name_checked
from appliance.chain.clarity import Reader, Value, name_checked, read_value, serialize

MAX_ARGUMENT_DEPTH = 16  # nodes read values in a transaction less deep than the VM goes
MAX_CLARITY_VERSION = 6
MEMO_BYTES = 34

_SOURCE = re.compile(r"[\x20-\x7e\t\n]*")
_U64 = 1 << 64


class TransactionError(CodecError):
    """Not a transaction of these kinds, or not one that a node would accept."""


class Comparison(IntEnum):
    """How the amount moved must compare with the amount named."""

    EQUAL = 1
    GREATER = 2
    GREATER_OR_EQUAL = 3
    LESS = 4
    LESS_OR_EQUAL = 5


class Sent(IntEnum):
    SENT = 0x10
    NOT_SENT = 0x11
    MAY_BE_SENT = 0x12


class Origin(Enum):
    """Whoever the origin turns out to be, as the principal of a post-condition."""

    ORIGIN = 0x01


@dataclass(frozen=True, slots=True)
class Asset:
    """A token class: the contract that defines it and its name there."""

    contract: Contract
    name: str

    def __post_init__(self) -> None:
        name_checked(self.name)


Payer = Origin | Address | Contract


@dataclass(frozen=True, slots=True)
class StxCondition:
    """Amount in microSTX, 0 to 2^64 - 1."""

    payer: Payer
    comparison: Comparison
    amount: int

    def __post_init__(self) -> None:
        u64_checked(self.amount, "an amount")


@dataclass(frozen=True, slots=True)
class FtCondition:
    """Amount in the token's smallest unit, 0 to 2^64 - 1."""

    payer: Payer
    asset: Asset
    comparison: Comparison
    amount: int

    def __post_init__(self) -> None:
        u64_checked(self.amount, "an amount")


@dataclass(frozen=True, slots=True)
class NftCondition:
    payer: Payer
    asset: Asset
    token: Value
    sent: Sent


PostCondition = StxCondition | FtCondition | NftCondition


@dataclass(frozen=True, slots=True)
class ContractCall:
    contract: Contract
    function: str
    arguments: tuple[Value, ...]

    def __post_init__(self) -> None:
        name_checked(self.function)


@dataclass(frozen=True, slots=True)
class ContractDeploy:
    """Source is printable ASCII with tabs and line feeds; Clarity 1 to 6."""

    name: str
    source: str
    clarity_version: int = MAX_CLARITY_VERSION

    def __post_init__(self) -> None:
        contract_name_checked(self.name)
        if not _SOURCE.fullmatch(self.source):
            raise TransactionError("a contract's source is printable ASCII, tabs and line feeds")
        if not 1 <= self.clarity_version <= MAX_CLARITY_VERSION:
            raise TransactionError("a Clarity version is 1 to 6")


@dataclass(frozen=True, slots=True)
class TokenTransfer:
    """Amount in microSTX, 1 to 2^64 - 1; the memo is 34 bytes, zero-filled."""

    recipient: Address | Contract
    amount: int
    memo: bytes = bytes(MEMO_BYTES)

    def __post_init__(self) -> None:
        if u64_checked(self.amount, "an amount") == 0:
            raise TransactionError("nodes refuse a transfer of nothing")
        if len(self.memo) != MEMO_BYTES:
            raise TransactionError("a memo is 34 bytes")


Payload = ContractCall | ContractDeploy | TokenTransfer


def payload_bytes(payload: Payload) -> bytes:
    """As in the transaction, and as a fee estimate asks for it."""
    match payload:
        case TokenTransfer(recipient, amount, memo):
            return b"\x00" + serialize(recipient) + amount.to_bytes(8, "big") + memo
        case ContractCall(contract, function, arguments):
            return b"".join(
                (
                    b"\x02",
                    _contract_bytes(contract),
                    _short(function),
                    len(arguments).to_bytes(4, "big"),
                    *(serialize(argument, MAX_ARGUMENT_DEPTH) for argument in arguments),
                )
            )
        case ContractDeploy(name, source, clarity_version):
            text = source.encode("ascii")
            return b"\x06" + bytes([clarity_version]) + _short(name) + len(text).to_bytes(4, "big") + text


def read_payload(reader: Reader) -> Payload:
    match reader.integer(1):
        case 0x00:
            recipient = read_value(reader)
            if not isinstance(recipient, Address | Contract):
                raise TransactionError("the recipient is not a principal")
            return TokenTransfer(recipient, reader.integer(8), reader.take(MEMO_BYTES))
        case 0x02:
            contract, function = _read_contract(reader), reader.ascii(1)
            count = reader.integer(4)
            return ContractCall(contract, function, tuple(read_value(reader, MAX_ARGUMENT_DEPTH) for _ in range(count)))
        case 0x06:
            clarity_version = reader.integer(1)
            return ContractDeploy(reader.ascii(1), reader.ascii(4), clarity_version)
    raise TransactionError("not a call, a versioned deploy or a transfer")


def condition_bytes(condition: PostCondition) -> bytes:
    match condition:
        case StxCondition(payer, comparison, amount):
            return b"\x00" + _payer_bytes(payer) + bytes([comparison]) + amount.to_bytes(8, "big")
        case FtCondition(payer, asset, comparison, amount):
            head = b"\x01" + _payer_bytes(payer) + _asset_bytes(asset)
            return head + bytes([comparison]) + amount.to_bytes(8, "big")
        case NftCondition(payer, asset, token, sent):
            head = b"\x02" + _payer_bytes(payer) + _asset_bytes(asset)
            return head + serialize(token, MAX_ARGUMENT_DEPTH) + bytes([sent])


def read_condition(reader: Reader) -> PostCondition:
    kind = reader.integer(1)
    if kind not in (0, 1, 2):
        raise TransactionError("an unknown post-condition")
    payer = _read_payer(reader)
    if kind == 0:
        return StxCondition(payer, read_member(Comparison, reader), reader.integer(8))
    asset = Asset(_read_contract(reader), reader.ascii(1))
    if kind == 1:
        return FtCondition(payer, asset, read_member(Comparison, reader), reader.integer(8))
    return NftCondition(payer, asset, read_value(reader, MAX_ARGUMENT_DEPTH), read_member(Sent, reader))


def _payer_bytes(payer: Payer) -> bytes:
    match payer:
        case Address(version, hash_):
            return b"\x02" + bytes([version]) + hash_
        case Contract():
            return b"\x03" + _contract_bytes(payer)
        case Origin():
            return b"\x01"


def _read_payer(reader: Reader) -> Payer:
    match reader.integer(1):
        case 0x01:
            return Origin.ORIGIN
        case 0x02:
            return reader.address()
        case 0x03:
            return _read_contract(reader)
    raise TransactionError("an unknown principal in a post-condition")


def _asset_bytes(asset: Asset) -> bytes:
    return _contract_bytes(asset.contract) + _short(asset.name)


def _contract_bytes(contract: Contract) -> bytes:
    return bytes([contract.address.version]) + contract.address.hash160 + _short(contract.name)


def _read_contract(reader: Reader) -> Contract:
    return Contract(reader.address(), reader.ascii(1))


Code = TypeVar("Code", bound=IntEnum)


def read_member(kind: type[Code], reader: Reader) -> Code:
    """One byte that is a member of `kind`."""
    code = reader.integer(1)
    try:
        return kind(code)
    except ValueError as error:
        raise TransactionError(f"an unknown {kind.__name__}") from error


def _short(text: str) -> bytes:
    return bytes([len(text)]) + text.encode("ascii")


def u64_checked(value: int, what: str) -> int:
    if type(value) is not int or not 0 <= value < _U64:
        raise TransactionError(f"{what} is 0 to 2^64 - 1")
    return value
