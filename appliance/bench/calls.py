"""The contract calls that `./mita bench chain` measures, with real proofs in their arguments."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Final

from appliance import founding
from appliance.call import METER_DATA, PRIVACY_PROOF, Sender, UsageBatch, submit_usage_batch, usage_batch_context
from appliance.chain.address import Contract, Network
from appliance.chain.clarity import Ascii, Buffer, List, Optional, Tuple, UInt, Value, serialize
from appliance.chain.payload import ContractCall
from appliance.chain.transaction import PrivateKey, Transaction
from appliance.config import ZoneConfig
from appliance.proof import BoundProof, SummedBatch, sum_hint
from circuits import bit, hints, usage
from circuits.generators import LIB
from circuits.group import LibPoint
from circuits.opening import sum_openings
from circuits.pedersen import Opening, commit
from circuits.scalar import N, P, Scalar
from circuits.shape import USAGE_BOUND

NETWORK: Final = Network.TESTNET
SLOTS: Final = 64
FIRST_BLOCK: Final = 20_000
BLOCKS: Final = 7
DAY: Final = 86_400
CONTEXT: Final = bytes(range(32))
RATE: Final = 2_500
FEE: Final = 120_000  # of a bill with one band, both below 2^52

DEPLOYER, STEWARD, GATEWAY = (PrivateKey(bytes([n]) * 32) for n in (1, 2, 3))


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


def founding_calls() -> list[Call]:
    """Bootstrap and registration of one gateway and one zone of 64 slots."""
    deployer, steward, gateway = (key.address(NETWORK) for key in (DEPLOYER, STEWARD, GATEWAY))
    zone = ZoneConfig(1, "", "electricity", SLOTS, FIRST_BLOCK, {slot: f"home {slot}" for slot in range(SLOTS)}, ())
    calls = [
        *((DEPLOYER, payload) for payload in founding.bootstrap_calls(deployer, steward)),
        *((STEWARD, payload) for payload in founding.registration_calls(deployer, gateway, [zone], DAY)),
    ]
    return [
        Call(payload.contract, payload.function, payload.arguments, key, read_only=False)
        for key, payload in calls
        if isinstance(payload, ContractCall)
    ]


def openings(rng: random.Random, m: int) -> list[Opening]:
    return [Opening(rng.randrange(USAGE_BOUND), Scalar(rng.randrange(N))) for _ in range(m)]


def commitments(known: Sequence[Opening]) -> tuple[bytes, ...]:
    return tuple(commit(LIB, opening).to_bytes() for opening in known)


def s1(rng: random.Random, m: int) -> Call:
    """The range verifier with the sum's opening, through privacy-proof, as anyone may call it."""
    made = usage.prove(LibPoint, openings(rng, m), CONTEXT, rng.randbytes(32), opened=True)
    return _verify_proof("usage", made.commitments, made.total, made.points, made.scalars, made.hints)


def opening(rng: random.Random) -> Call:
    (known,) = openings(rng, 1)
    arguments = (Buffer(commitments([known])[0]), UInt(known.value), Buffer(known.blinding.to_bytes()))
    return _read("verify-opening", arguments)


def sum64(rng: random.Random) -> Call:
    """Opening of the sum of 64 commitments, nothing else."""
    known = openings(rng, SLOTS)
    listed = commitments(known)
    level = [LibPoint.from_bytes_checked(commitment).xy() for commitment in listed]
    made: list[bytes] = []
    while len(level) > 1:
        inverse = pow(prod(hints.differences(level)), -1, P)
        made.append(inverse.to_bytes(32, "big"))
        level = hints.add_pairs(level, inverse)
    return _verify_proof("opening", listed, sum_openings(known), (), (), made)


def ballot(rng: random.Random) -> Call:
    """One commitment to 0 or 1."""
    known = Opening(1, Scalar(rng.randrange(N)))
    made = bit.prove(LIB, known, CONTEXT, rng.randbytes(32))
    parts = (_buffers(made.points), _buffers(made.scalars), _buffers(made.hints))
    return _read("verify-bit", (Buffer(CONTEXT), Buffer(commitments([known])[0]), *parts))


def bill64(rng: random.Random) -> Call:
    """Bills of 64 slots under a tariff of one band."""
    points = [LibPoint.from_bytes_checked(c) for c in commitments(openings(rng, SLOTS))]
    fee_x = (LIB.value * Scalar(FEE)).xy()[0]
    hint = pow(prod(fee_x - (point * Scalar(RATE)).xy()[0] for point in points), -1, P).to_bytes(32, "big")
    usages = _buffers([point.to_bytes() for point in points])
    return _read("compute-bills", (usages, UInt(RATE), UInt(FEE), Buffer(hint)))


def submissions(rng: random.Random) -> list[Call]:
    """The first two batches of the zone; the second adds to running commitments."""
    sender = Sender(NETWORK, DEPLOYER.address(NETWORK), GATEWAY.address(NETWORK))
    calls: list[Call] = []
    running: tuple[bytes, ...] | None = None
    for number in range(2):
        known = openings(rng, SLOTS)
        listed, whole = commitments(known), sum_openings(known)
        hint = None if running is None else sum_hint(running, listed)
        running = listed
        first = FIRST_BLOCK + number * BLOCKS
        sums = SummedBatch(whole.value, whole.blinding.to_bytes(), listed, listed, hint)
        batch = UsageBatch(1, first, first + BLOCKS - 1, rng.randbytes(32), (0, SLOTS, 0, 0, 0, 0), sums)
        context = usage_batch_context(sender, batch)
        made = usage.prove(LibPoint, known, context, rng.randbytes(32), opened=True)
        payload = submit_usage_batch(sender, batch, BoundProof(context, made.points, made.scalars, made.hints))
        calls.append(Call(contract(METER_DATA), payload.function, payload.arguments, GATEWAY, read_only=False))
    return calls


def _verify_proof(
    kind: str,
    listed: Sequence[bytes],
    total: Opening | None,
    points: Sequence[bytes],
    scalars: Sequence[bytes],
    inverses: Sequence[bytes],
) -> Call:
    if total is None:
        raise AssertionError("these statements open a total")
    opened = Tuple.of({"total": UInt(total.value), "blinding": Buffer(total.blinding.to_bytes())})
    parts = (_buffers(points), _buffers(scalars), _buffers(inverses))
    return _read("verify-proof", (Ascii(kind), Buffer(CONTEXT), _buffers(listed), Optional(opened), *parts))


def _read(function: str, arguments: tuple[Value, ...]) -> Call:
    return Call(contract(PRIVACY_PROOF), function, arguments, GATEWAY, read_only=True)


def _buffers(data: Sequence[bytes]) -> List:
    return List(tuple(Buffer(item) for item in data))
