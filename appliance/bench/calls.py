"""A contract call as the benches measure it: who makes it, and how many bytes it takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from appliance.chain.address import Contract, Network
from appliance.chain.clarity import NONE, Ascii, Bool, Buffer, List, Tuple, UInt, Value, serialize
from appliance.chain.payload import ContractCall
from appliance.chain.transaction import PrivateKey, Transaction

NETWORK: Final = Network.TESTNET
DEPLOYER, STEWARD, GATEWAY, SECOND_STEWARD, PROVIDER, OBSERVER = (PrivateKey(bytes([n]) * 32) for n in range(1, 7))


Plain = Value | None | bool | int | bytes | str | Sequence["Plain"] | Mapping[str, "Plain"]


@dataclass(frozen=True, slots=True)
class Call:
    """A call, its sender, the bytes of a transaction that makes it, and those of its arguments alone."""

    contract: Contract
    function: str
    arguments: tuple[Value, ...]
    sender: PrivateKey
    read_only: bool

    @property
    def argument_bytes(self) -> int:
        return sum(map(encoded_bytes, self.arguments))

    @property
    def transaction_bytes(self) -> int:
        payload = ContractCall(self.contract, self.function, self.arguments)
        unsigned = Transaction.unsigned(payload, network=NETWORK, public_key=self.sender.public_key, nonce=0, fee=0)
        return len(unsigned.sign_origin(self.sender).serialize())


def encoded_bytes(value: Value) -> int:
    """Of its consensus encoding."""
    return len(serialize(value))


def contract(name: str) -> Contract:
    return Contract(DEPLOYER.address(NETWORK), name)


def value(plain: Plain) -> Value:
    """int -> uint, bytes -> buff, str -> ascii, None -> none, sequence -> list, mapping -> tuple; values stay."""
    match plain:
        case None:
            return NONE
        case bool():
            return Bool(plain)
        case int():
            return UInt(plain)
        case bytes():
            return Buffer(plain)
        case str():
            return Ascii(plain)
        case Mapping():
            return Tuple.of({name: value(item) for name, item in plain.items()})
        case Sequence():
            return List(tuple(map(value, plain)))
    return plain


def buffers(data: Sequence[bytes]) -> List:
    return List(tuple(Buffer(item) for item in data))
