"""7: proven things -> contract calls. Pure. The mirror of the contracts' signatures, names of their errors included."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from appliance.chain.address import Address, Contract, Network
from appliance.chain.clarity import NONE, Ascii, Buffer, List, Optional, ResponseErr, Tuple, UInt, Value, serialize
from appliance.chain.payload import ContractCall
from appliance.config import Utility, ZoneConfig
from appliance.proof import BoundProof, SummedBatch

METER_DATA: Final = "meter-data"
USER_REGISTRY: Final = "user-registry"
UTILITY_CODES: Final[Mapping[Utility, int]] = {"electricity": 1, "water": 2}
PRIVACY_PROOF: Final = "privacy-proof"
FIRST_PERIOD: Final = 0  # of every zone
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
    213: "ERR_SELF_PROVED",
    214: "ERR_NOT_SELF_PROVER",
    215: "ERR_PROVED",
    216: "ERR_NOT_A_BATCH",
    217: "ERR_AHEAD",
    218: "ERR_K_MIN",
    219: "ERR_FROZEN",
    220: "ERR_PERIOD_SHORT",
    221: "ERR_HEARD",
    222: "ERR_CLOSED",
    223: "ERR_TOO_LATE",
    224: "ERR_EARLY",
    225: "ERR_NOT_ALIKE",
    226: "ERR_NOT_SEALED",
    227: "ERR_MAY_OPEN",
    300: "ERR_ENCODING",
    301: "ERR_LENGTH",
    302: "ERR_HINT",
    303: "ERR_ZERO_CHALLENGE",
    304: "ERR_OPENING",
    305: "ERR_EQUATION",
    306: "ERR_KIND",
    307: "ERR_PRICE",
    400: "ERR_NOT_METER_DATA",
    401: "ERR_RECORDED",
    903: "ERR_NOT_WRITER",
    1000: "ERR_ENCODING",  # the range verifiers', as those of privacy-proof above
    1001: "ERR_LENGTH",
    1002: "ERR_HINT",
    1003: "ERR_ZERO_CHALLENGE",
    1004: "ERR_EQUATION",
}


@dataclass(frozen=True, slots=True)
class BatchOnChain:
    """What meter-data keeps of an accepted batch; `total` in Wh or litre."""

    last_block: int
    total: int
    commitments_hash: bytes
    evidence_root: bytes
    checked: int


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends batches, over which chain, to whose contracts."""

    network: Network
    deployer: Address
    address: Address

    @property
    def mark(self) -> str:
        """By which a payload is known that was prepared for this sender."""
        return f"{self.network.chain_id:#x}/{self.deployer}/{self.address}"


@dataclass(frozen=True, slots=True)
class UsageBatch:
    """A batch as the contract is given it, without its proof. `authenticity` counts slots by meter level, L0 to L5.

    `period` is the one that is open when it comes. `sealed`: its total is not opened.
    """

    zone: int
    first_block: int
    last_block: int
    evidence_root: bytes
    authenticity: tuple[int, ...]
    sums: SummedBatch
    period: int = FIRST_PERIOD
    sealed: bool = False


def usage_batch_context(sender: Sender, batch: UsageBatch, period: int | None = None) -> bytes:
    """What a batch's range proof is bound to, as meter-data computes it: SHA-256 of a tuple's consensus bytes.

    In the batch's own period, unless another is named.
    """
    bound: dict[str, Value] = {
        "domain": Ascii("mita/v1/sealed-batch" if batch.sealed else "mita/v1/usage-batch"),
        "chain": UInt(sender.network.chain_id),
        "contract": Contract(sender.deployer, METER_DATA),
        "proof": Contract(sender.deployer, PRIVACY_PROOF),
        "submitter": sender.address,
        "zone": UInt(batch.zone),
        "period": UInt(batch.period if period is None else period),
        "first-block": UInt(batch.first_block),
        "last-block": UInt(batch.last_block),
        "total": UInt(0 if batch.sealed else batch.sums.total),
        "blinding-sum": Buffer(b"" if batch.sealed else batch.sums.blinding_sum),
        "evidence-root": Buffer(batch.evidence_root),
        "authenticity": _counts(batch.authenticity),
        "commitments-hash": Buffer(commitments_hash(batch.sums.commitments)),
    }
    return hashlib.sha256(serialize(Tuple.of(bound))).digest()


def submit_usage_batch(sender: Sender, batch: UsageBatch, proof: BoundProof) -> ContractCall:
    """The call that puts a batch on chain. The contract takes only a proof bound to `usage_batch_context`."""
    sums = batch.sums
    opening = () if batch.sealed else (UInt(sums.total), Buffer(sums.blinding_sum))
    return ContractCall(
        Contract(sender.deployer, METER_DATA),
        "submit-sealed-batch" if batch.sealed else "submit-usage-batch",
        (
            UInt(batch.zone),
            UInt(batch.first_block),
            UInt(batch.last_block),
            _buffers(sums.commitments),
            *opening,
            Buffer(batch.evidence_root),
            _counts(batch.authenticity),
            NONE if sums.sum_hint is None else Optional(Buffer(sums.sum_hint)),
            _buffers(proof.points),
            _buffers(proof.scalars),
            _buffers(proof.hints),
            Contract(sender.deployer, PRIVACY_PROOF),
        ),
    )


def commitments_hash(commitments: Sequence[bytes]) -> bytes:
    """What the contract keeps of a batch's commitments: SHA-256 of their consensus bytes."""
    return hashlib.sha256(serialize(_buffers(commitments))).digest()


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


def read_holds_until(value: Value) -> int:
    """The answer of `get-self-proofs`: the burn height from which a batch may say otherwise; 0 if none was given."""
    if not isinstance(value, Optional):
        raise TypeError("get-self-proofs did not answer with an optional")
    return 0 if value.value is None else _whole(dict(_tuple(value.value).fields).get("holds-until"))


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


def _buffers(items: Sequence[bytes]) -> List:
    return List(tuple(Buffer(item) for item in items))


def _counts(numbers: Sequence[int]) -> List:
    return List(tuple(UInt(number) for number in numbers))


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
