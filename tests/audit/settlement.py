"""A settlement on the local chain with real proofs in it, made by the appliance's own means."""

from __future__ import annotations

import asyncio
import hashlib
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import aiohttp

from appliance.call import Sender, UsageBatch, submit_usage_batch, usage_batch_context
from appliance.chain.address import Address, Contract, Network
from appliance.chain.clarity import Ascii, Buffer, List, Optional, Tuple, UInt, Value, serialize
from appliance.chain.node import Accepted, Node
from appliance.chain.payload import ContractCall
from appliance.chain.transaction import PrivateKey, Transaction, txid
from appliance.cli.town import TARIFFS
from appliance.config import ZoneConfig
from appliance.founding import CONTRACTS, Charter, Founders, Site, found
from appliance.proof import BoundProof, SummedBatch, sum_hint
from circuits import usage
from circuits.generators import LIB
from circuits.group import LibPoint
from circuits.opening import sum_openings
from circuits.pedersen import Opening, commit
from circuits.scalar import N, Scalar

DAY: Final = 86400
FIRST_BLOCK: Final = 20_000
BLOCKS: Final = 2  # of a batch
SLOTS: Final = 16
BATCHES: Final = {1: 2, 2: 1}  # by zone; water has one more zone without any
HONEST, CONTESTED = 1, 2  # zones with a slot that proves its own usage
OWN: Final = {HONEST: 5, CONTESTED: 7}  # that slot
NETWORK: Final = Network.TESTNET
FOLDER: Final = Path(__file__).resolve().parents[2] / "contracts"

DEPLOYER, STEWARD, GATEWAY, DWELLING, SECOND = (PrivateKey(bytes([n]) * 32) for n in (11, 12, 13, 14, 15))


@dataclass(frozen=True, slots=True)
class Made:
    """What is on chain: the node's URL, whose contracts, and signed bytes of batches and own proofs by zone and first
    block."""

    url: str
    deployer: Address
    raws: dict[tuple[int, int], bytes]
    own: dict[tuple[int, int], bytes]
    totals: dict[tuple[int, int], int]

    def txid(self, zone: int, first_block: int) -> str:
        return txid(self.raws[zone, first_block])


def genesis() -> dict[str, int]:
    homes = [home(zone, slot) for zone, slot in OWN.items()]
    return {str(key.address(NETWORK)): 10**12 for key in (DEPLOYER, STEWARD, SECOND, GATEWAY, DWELLING, *homes)}


def home(zone: int, slot: int) -> PrivateKey:
    """The key of the dwelling in a slot; those of zone 1 have water, too."""
    return PrivateKey(hashlib.sha256(f"home {zone}/{slot}".encode()).digest())


def zones() -> list[ZoneConfig]:
    lane_a, lane_b = ({slot: f"{zone}/{slot}" for slot in range(SLOTS)} for zone in (1, 2))
    return [
        ZoneConfig(1, "Lane A", "electricity", SLOTS, FIRST_BLOCK, lane_a, ()),
        ZoneConfig(2, "Lane B", "electricity", SLOTS, FIRST_BLOCK, lane_b, ()),
        ZoneConfig(3, "Well", "water", SLOTS, FIRST_BLOCK, lane_a, ()),
    ]


def site() -> Site:
    principals = {f"{zone}/{slot}": home(zone, slot).address(NETWORK) for zone in (1, 2) for slot in range(SLOTS)}
    return Site(GATEWAY.address(NETWORK), zones(), 0, DAY, principals)


async def make(url: str) -> Made:
    """Founds the settlement and submits BATCHES; of the two OWN slots one proves what the batch will say, one something
    else."""
    sources = {name: (FOLDER / f"{name}.clar").read_text("utf-8") for name in CONTRACTS}
    deployer = DEPLOYER.address(NETWORK)
    counters = (GATEWAY.address(NETWORK),)
    charter = Charter(
        STEWARD.address(NETWORK), Contract(deployer, "voucher-token"), 100_000, TARIFFS, treasurers=counters
    )
    rng = random.Random(3)
    raws: dict[tuple[int, int], bytes] = {}
    own: dict[tuple[int, int], bytes] = {}
    totals: dict[tuple[int, int], int] = {}
    async with aiohttp.ClientSession() as session:
        node = Node(url, session)
        await found(node, Founders(DEPLOYER, (STEWARD, SECOND), NETWORK), sources, charter, site())
        for zone, slot in OWN.items():
            arguments = (UInt(zone), UInt(slot), Optional(DWELLING.address(NETWORK)))
            call = ContractCall(Contract(deployer, "user-registry"), "set-self-proving", arguments)
            await send(node, home(zone, slot), call)
        for zone, count in BATCHES.items():
            for first in range(FIRST_BLOCK, FIRST_BLOCK + BLOCKS * count, BLOCKS):
                openings = [Opening(rng.randrange(2**20), Scalar(rng.randrange(N))) for _ in range(SLOTS)]
                totals[zone, first] = sum(opening.value for opening in openings)
                if (zone, first) == (HONEST, FIRST_BLOCK):
                    own[zone, first] = await _prove_own(node, rng, zone, first, openings[OWN[zone]])
                raws[zone, first] = await _submit(node, rng, deployer, zone, first, openings)
        own[CONTESTED, FIRST_BLOCK] = await _prove_own(node, rng, CONTESTED, FIRST_BLOCK, Opening(1, Scalar(1)))
    return Made(url, deployer, raws, own, totals)


async def _submit(
    node: Node, rng: random.Random, deployer: Address, zone: int, first: int, openings: list[Opening]
) -> bytes:
    sender = Sender(NETWORK, deployer, GATEWAY.address(NETWORK))
    running = await node.call_read(Contract(deployer, "meter-data"), "get-running", (UInt(zone),), deployer)
    commitments = tuple(commit(LIB, opening).to_bytes() for opening in openings)
    hint = None
    if isinstance(running, Optional) and isinstance(running.value, List):
        hint = sum_hint([item.data for item in running.value.items if isinstance(item, Buffer)], commitments)
    whole = sum_openings(openings)
    sums = SummedBatch(whole.value, whole.blinding.to_bytes(), commitments, (), hint)
    batch = UsageBatch(zone, first, first + BLOCKS - 1, rng.randbytes(32), (0, SLOTS, 0, 0, 0, 0), sums)
    context = usage_batch_context(sender, batch)
    made = usage.prove(LibPoint, openings, context, rng.randbytes(32), opened=True)
    proof = BoundProof(context, made.points, made.scalars, made.hints)
    return await send(node, GATEWAY, submit_usage_batch(sender, batch, proof))


async def _prove_own(node: Node, rng: random.Random, zone: int, first: int, opening: Opening) -> bytes:
    """By the dwelling itself. The context is written out: nothing of the appliance makes it yet."""
    deployer = DEPLOYER.address(NETWORK)
    meter_data, privacy_proof = Contract(deployer, "meter-data"), Contract(deployer, "privacy-proof")
    commitment = commit(LIB, opening).to_bytes()
    bound: dict[str, Value] = {
        "domain": Ascii("mita/v1/usage-proof"),
        "chain": UInt(NETWORK.chain_id),
        "contract": meter_data,
        "proof": privacy_proof,
        "submitter": DWELLING.address(NETWORK),
        "zone": UInt(zone),
        "slot": UInt(OWN[zone]),
        "period": UInt(0),
        "first-block": UInt(first),
        "last-block": UInt(first + BLOCKS - 1),
        "commitments-hash": Buffer(hashlib.sha256(serialize(List((Buffer(commitment),)))).digest()),
    }
    context = hashlib.sha256(serialize(Tuple.of(bound))).digest()
    made = usage.prove(LibPoint, [opening], context, rng.randbytes(32), opened=False)
    arguments: tuple[Value, ...] = (
        *(UInt(number) for number in (zone, OWN[zone], first, first + BLOCKS - 1)),
        Buffer(commitment),
        *(List(tuple(Buffer(item) for item in part)) for part in (made.points, made.scalars, made.hints)),
        privacy_proof,
    )
    return await send(node, DWELLING, ContractCall(meter_data, "submit-usage-proof", arguments))


async def send(node: Node, key: PrivateKey, payload: ContractCall) -> bytes:
    """Signed, sent and successful: its bytes."""
    nonce = (await node.account(key.address(NETWORK))).nonce
    unsigned = Transaction.unsigned(payload, network=NETWORK, public_key=key.public_key, nonce=nonce, fee=1_000_000)
    raw = unsigned.sign_origin(key).serialize()
    answer = await node.submit(raw)
    assert isinstance(answer, Accepted), answer
    while (status := await node.transaction(answer.txid)) is None or not status.state.mined:
        await asyncio.sleep(0.05)
    assert status.state.value == "success", status
    return raw
