"""7: proven things -> contract calls. Pure. The mirror of the contracts' signatures, names of their errors included."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from appliance.chain.address import Address, Contract
from appliance.chain.clarity import NONE, Buffer, List, Optional, ResponseErr, Tuple, UInt, Value, serialize
from appliance.chain.payload import ContractCall
from appliance.config import Utility, ZoneConfig
from appliance.proof import ProvenBatch

METER_DATA: Final = "meter-data"
USER_REGISTRY: Final = "user-registry"
UTILITY_CODES: Final[Mapping[Utility, int]] = {"electricity": 1, "water": 2}
PRIVACY_PROOF: Final = "privacy-proof"
LEVELS: Final = 6
CHECKED_SUM: Final = 1  # bits of what privacy-proof says it checked
CHECKED_RANGES: Final = 2

ERRORS: Final[dict[int, str]] = {
    200: "ERR_ZONE_UNKNOWN",
    201: "ERR_NOT_GATEWAY",
    202: "ERR_REPLAY",
    203: "ERR_GAP",
    204: "ERR_SPAN",
    205: "ERR_SLOT_COUNT",
    206: "ERR_EVIDENCE_ROOT",
    207: "ERR_AUTHENTICITY",
    208: "ERR_PROOF_CONTRACT",
    209: "ERR_UNCHECKED",
    210: "ERR_SUM_HINT",
    211: "ERR_SERIALIZE",
    212: "ERR_REPEATED",
    300: "ERR_ENCODING",
    301: "ERR_LENGTH",
    302: "ERR_HINT",
    304: "ERR_OPENING",
    400: "ERR_NOT_METER_DATA",
    401: "ERR_RECORDED",
    903: "ERR_NOT_WRITER",
}


@dataclass(frozen=True, slots=True)
class BatchOnChain:
    """What meter-data keeps of an accepted batch; `total` in Wh or litre."""

    last_block: int
    total: int
    commitments_hash: bytes
    evidence_root: bytes
    checked: int


def submit_usage_batch(
    deployer: Address,
    zone: int,
    first_block: int,
    last_block: int,
    evidence_root: bytes,
    levels: Sequence[int],
    proof: ProvenBatch,
) -> ContractCall:
    """The call that puts a batch on chain. `levels` is the authenticity level of every metered slot."""
    none = List(())
    return ContractCall(
        Contract(deployer, METER_DATA),
        "submit-usage-batch",
        (
            UInt(zone),
            UInt(first_block),
            UInt(last_block),
            _commitments(proof.commitments),
            UInt(proof.total),
            Buffer(proof.blinding_sum),
            Buffer(evidence_root),
            List(tuple(UInt(list(levels).count(level)) for level in range(LEVELS))),
            NONE if proof.sum_hint is None else Optional(Buffer(proof.sum_hint)),
            none,  # points, scalars and hints of the range proof, which this version does not make
            none,
            none,
            Contract(deployer, PRIVACY_PROOF),
        ),
    )


def commitments_hash(commitments: Sequence[bytes]) -> bytes:
    """What the contract keeps of a batch's commitments: SHA-256 of their consensus bytes."""
    return hashlib.sha256(serialize(_commitments(commitments))).digest()


def read_batch(value: Value) -> BatchOnChain | None:
    """The answer of `get-batch`; None if the chain has no such batch. ValueError for any other shape."""
    if not isinstance(value, Optional):
        raise TypeError("get-batch did not answer with an optional")
    if value.value is None:
        return None
    fields = dict(_tuple(value.value).fields)
    return BatchOnChain(
        last_block=_whole(fields.get("last-block")),
        total=_whole(fields.get("total")),
        commitments_hash=_bytes(fields.get("commitments-hash")),
        evidence_root=_bytes(fields.get("evidence-root")),
        checked=_whole(fields.get("checked")) & (CHECKED_SUM | CHECKED_RANGES),
    )


def read_next_block(value: Value) -> int | None:
    """The answer of `get-zone-state`: the block that the zone sends next; None for a zone the chain does not know."""
    if not isinstance(value, Optional):
        raise TypeError("get-zone-state did not answer with an optional")
    return None if value.value is None else _whole(dict(_tuple(value.value).fields).get("next-block"))


def differences(value: Value, zone: ZoneConfig, gateway: Address, block_seconds: int) -> list[str]:
    """In which words the answer of `get-zone` is not what the configuration says; none if it is."""
    if value == NONE:
        return ["the registry does not know it"]
    if not isinstance(value, Optional) or value.value is None:
        raise TypeError("get-zone did not answer with an optional")
    found = dict(_tuple(value.value).fields)
    expected: dict[str, Value] = {
        "gateway": gateway,
        "utility": UInt(UTILITY_CODES[zone.utility]),
        "slots": UInt(zone.slots),
        "first-block": UInt(zone.first_block),
        "block-seconds": UInt(block_seconds),
    }
    return [
        f"{name} is {_shown(found.get(name))} there, {_shown(want)} here"
        for name, want in expected.items()
        if found.get(name) != want
    ]


def _shown(value: Value | None) -> str:
    return str(value.value) if isinstance(value, UInt) else str(value)


def error_name(result: Value | None) -> str:
    """The contracts' own name of an error result, such as ERR_REPLAY; its bare form where it has none."""
    if isinstance(result, ResponseErr) and isinstance(result.value, UInt):
        return ERRORS.get(result.value.value, f"err u{result.value.value}")
    return "no result" if result is None else type(result).__name__


def _commitments(commitments: Sequence[bytes]) -> List:
    return List(tuple(Buffer(commitment) for commitment in commitments))


def _tuple(value: Value) -> Tuple:
    if not isinstance(value, Tuple):
        raise TypeError("a tuple is missing in the contract's answer")
    return value


def _whole(value: Value | None) -> int:
    if not isinstance(value, UInt):
        raise TypeError("a number is missing in the contract's answer")
    return value.value


def _bytes(value: Value | None) -> bytes:
    if not isinstance(value, Buffer):
        raise TypeError("a buffer is missing in the contract's answer")
    return value.data
