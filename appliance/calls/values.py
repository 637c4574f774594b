"""Values that many calls are made of, and the context that binds a proof to one of them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Final

from appliance.call import PRIVACY_PROOF, Sender
from appliance.chain.address import Contract
from appliance.chain.clarity import Ascii, Buffer, List, Tuple, UInt, Value, serialize
from circuits.each_zero import EachZeroProof
from circuits.listed import ListedProof

Args = tuple[Value, ...]

NO_HINT: Final = b""  # where the contract adds nothing


def context(sender: Sender, domain: str, contract: str, fields: Mapping[str, Value]) -> bytes:
    """What `contract` binds a proof to: SHA-256 of a tuple's consensus bytes. `domain` without the protocol's name."""
    bound: dict[str, Value] = {
        "domain": Ascii(f"mita/v1/{domain}"),
        "chain": UInt(sender.network.chain_id),
        "contract": Contract(sender.deployer, contract),
        "proof": proof_contract(sender),
        "submitter": sender.address,
        **fields,
    }
    return hashlib.sha256(serialize(Tuple.of(bound))).digest()


def proof_contract(sender: Sender) -> Contract:
    return Contract(sender.deployer, PRIVACY_PROOF)


def digest(commitments: Sequence[bytes]) -> Buffer:
    """A list of commitments that a verifier does not absorb by itself."""
    return Buffer(hashlib.sha256(serialize(buffers(commitments))).digest())


def buffers(items: Sequence[bytes]) -> List:
    return List(tuple(Buffer(item) for item in items))


def table(rows: Sequence[Sequence[bytes]]) -> List:
    return List(tuple(buffers(row) for row in rows))


def range_args(proof: ListedProof) -> Args:
    """points, scalars, hints."""
    return buffers(proof.points), buffers(proof.scalars), buffers(proof.hints)


def each_zero_args(proof: EachZeroProof) -> Args:
    """nonces, shares, responses."""
    return table(proof.nonces), table(proof.shares), table(proof.responses)
