"""Every refusal that the contracts owe, asked for through the appliance's own codec, answered by the VM by name."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import pytest
import pytest_asyncio

from appliance import call, founding
from appliance.call import BatchOnChain, Sender, UsageBatch
from appliance.chain.address import Address, Contract, Network
from appliance.chain.clarity import NONE, Buffer, List, Tuple, UInt, deserialize
from appliance.chain.node import Accepted, Node
from appliance.chain.payload import ContractCall, ContractDeploy
from appliance.chain.transaction import PrivateKey, Transaction
from appliance.cli import town as surroundings
from appliance.config import ZoneConfig
from appliance.delivery import Policy, State
from appliance.proof import BlockWitness, BoundProof, SlotWitness, commit_block, prove_batch, sum_batch
from appliance.store import blocks, outbox, proofs
from appliance.store.database import Database
from appliance.uplink import deliver
from appliance.uplink.deliver import Lane
from circuits import hints
from circuits.blinding import BlindingKey
from circuits.generators import LIB
from circuits.group import LibPoint
from circuits.opening import sum_opens
from circuits.pedersen import Opening
from circuits.range_equation import RangeProof, RangeStatement
from circuits.scalar import N, Scalar
from circuits.shape import USAGE, generators
from tests.fakes.clock import FakeClock

T = TypeVar("T")
on_chain = pytest.mark.asyncio(loop_scope="module")

DEPLOYER, STEWARD, GATEWAY, STRANGER, SECOND = (PrivateKey(bytes(31) + bytes([n])) for n in range(1, 6))
NETWORK = Network.TESTNET
FIRST = 100
DWELLINGS = {slot: f"A-{slot + 1:02}" for slot in range(16)}
ZONE = ZoneConfig(1, "Lane A", "electricity", 16, FIRST, DWELLINGS, ())
OTHER_ZONE = replace(ZONE, zone=2, dwellings={slot: f"B-{slot + 1:02}" for slot in range(16)})
ROOT = bytes(range(32))
AUTHENTICITY = (16, 0, 0, 0, 0, 0)
ENTROPY = bytes(range(32, 64))
SHAPE = USAGE[16]


@dataclass(frozen=True, slots=True)
class Summed:
    """A batch and what opens it."""

    batch: UsageBatch
    witnesses: tuple[BlockWitness, ...]


@dataclass(slots=True)
class Chain:
    """A founded settlement on a local chain, and a gateway of two zones to send from."""

    node: Node
    url: str
    contracts: Address

    @property
    def sender(self) -> Sender:
        return Sender(NETWORK, self.contracts, GATEWAY.address(NETWORK))

    def prove(self, summed: Summed) -> BoundProof:
        """For exactly this batch, as the appliance does it."""
        return bound_to(call.usage_batch_context(self.sender, summed.batch), summed)

    def call(self, batch: UsageBatch, proof: BoundProof) -> ContractCall:
        return call.submit_usage_batch(self.sender, batch, proof)

    def hinted(self, batch: UsageBatch, proof: BoundProof) -> ContractCall:
        """With the inverses that the contract will need, so that it gets to the end and refuses the proof itself."""
        sums = batch.sums
        whole = Opening(sums.total, Scalar.from_bytes_checked(sums.blinding_sum))
        context = call.usage_batch_context(self.sender, batch)
        statement = RangeStatement(SHAPE, context, sums.commitments, whole)
        made = hints.make(generators(LibPoint, SHAPE.slots), statement, RangeProof(proof.points, proof.scalars))
        return self.call(batch, replace(proof, hints=made))

    async def outcomes(self, payloads: list[ContractCall], key: PrivateKey = GATEWAY) -> list[str]:
        """Sends all in order; of each "ok" or the name of the error that the VM answered."""
        nonce = (await self.node.account(key.address(NETWORK))).nonce
        txids = []
        for offset, payload in enumerate(payloads):
            transaction = Transaction.unsigned(
                payload, network=NETWORK, public_key=key.public_key, nonce=nonce + offset, fee=50_000
            ).sign_origin(key)
            answer = await self.node.submit(transaction.serialize())
            assert isinstance(answer, Accepted), answer
            txids.append(answer.txid)
        return [await self._outcome(txid) for txid in txids]

    async def _outcome(self, txid: str) -> str:
        async with asyncio.timeout(60):
            while True:
                status = await self.node.transaction(txid)
                if status is not None and status.state.mined:
                    return "ok" if status.state.value == "success" else call.error_name(status.result)
                await asyncio.sleep(0.05)

    async def newest_context(self) -> bytes:
        """The `context` that meter-data printed last."""
        address = f"{self.url}/extended/v1/contract/{self.contracts}.{call.METER_DATA}/events?limit=1"
        async with aiohttp.ClientSession() as session, session.get(address) as response:
            (event,) = (await response.json())["results"]
        printed = deserialize(bytes.fromhex(event["contract_log"]["value"]["hex"][2:]))
        assert isinstance(printed, Tuple)
        context = printed["context"]
        assert isinstance(context, Buffer)
        return context.data

    async def kept(self, first: int) -> BatchOnChain | None:
        meter_data = Contract(self.contracts, call.METER_DATA)
        gateway = GATEWAY.address(NETWORK)
        return call.read_batch(await self.node.call_read(meter_data, "get-batch", (UInt(1), UInt(first)), gateway))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chain(tmp_path_factory: pytest.TempPathFactory, node: Path) -> AsyncIterator[Chain]:
    folder = tmp_path_factory.mktemp("chain")
    keys = (DEPLOYER, STEWARD, SECOND, GATEWAY, STRANGER)
    accounts = ", ".join(f'{{"address": "{key.address(NETWORK)}", "balance": "1000000000000"}}' for key in keys)
    (folder / "genesis.json").write_text(f'{{"accounts": [{accounts}]}}')
    server = surroundings.CONTRACTS / "devnet" / "server.mjs"
    options = ("--data", folder / "data", "--block-ms", "150", "--genesis", folder / "genesis.json")
    async with (
        surroundings.process(lambda _: None, node, server, "--port", "0", *options) as running,
        aiohttp.ClientSession() as session,
    ):
        url = str((await running.ready())["url"])
        link = Node(url, session)
        sources = {name: (surroundings.CONTRACTS / f"{name}.clar").read_text() for name in founding.CONTRACTS}
        founders = founding.Founders(DEPLOYER, (STEWARD, SECOND), NETWORK)
        token = Contract(DEPLOYER.address(NETWORK), "voucher-token")
        counters = (GATEWAY.address(NETWORK),)
        charter = founding.Charter(STEWARD.address(NETWORK), token, 100_000, surroundings.TARIFFS, treasurers=counters)
        zones = [ZONE, OTHER_ZONE]
        labels = sorted({label for zone in zones for label in zone.dwellings.values()})
        principals = {label: PrivateKey(bytes(30) + bytes([1, n])).address(NETWORK) for n, label in enumerate(labels)}
        site = founding.Site(GATEWAY.address(NETWORK), zones, 0, 86400, principals)
        await founding.found(link, founders, sources, charter, site)
        yield Chain(link, url, DEPLOYER.address(NETWORK))


def summed(blocks: range, usages: list[int], running: tuple[bytes, ...] | None, zone: int = 1) -> Summed:
    """A batch as the appliance sums it; the last block of the range has the usages, the others nothing."""
    keys = [BlindingKey(bytes(15) + bytes([slot])) for slot in range(16)]
    witnesses = tuple(
        BlockWitness(
            zone, n, tuple(SlotWitness(u if n == blocks[-1] else 0, k) for u, k in zip(usages, keys, strict=True))
        )
        for n in blocks
    )
    sums = sum_batch(witnesses, [commit_block(witness) for witness in witnesses], running)
    return Summed(UsageBatch(zone, blocks[0], blocks[-1], ROOT, AUTHENTICITY, sums), witnesses)


def bound_to(context: bytes, summed: Summed) -> BoundProof:
    return prove_batch(summed.witnesses, summed.batch.sums.commitments, context, ENTROPY)


def with_sums(batch: UsageBatch, **changes: Any) -> UsageBatch:
    return replace(batch, sums=replace(batch.sums, **changes))


def with_point(batch: UsageBatch, slot: int, point: bytes) -> UsageBatch:
    points = list(batch.sums.commitments)
    points[slot] = point
    return with_sums(batch, commitments=tuple(points))


def swapped(items: tuple[bytes, ...], one: int, other: int) -> tuple[bytes, ...]:
    new = list(items)
    new[one], new[other] = new[other], new[one]
    return tuple(new)


def one_more(items: tuple[bytes, ...], position: int) -> tuple[bytes, ...]:
    """The scalar at a position plus 1."""
    new = list(items)
    new[position] = (Scalar.from_bytes_checked(new[position]) + Scalar(1)).to_bytes()
    return tuple(new)


def with_argument(payload: ContractCall, position: int, value: object) -> ContractCall:
    arguments = list(payload.arguments)
    arguments[position] = value  # type: ignore[call-overload]
    return replace(payload, arguments=tuple(arguments))


def batched(items: list[T], size: int) -> Iterator[list[T]]:
    """A mempool takes few transactions of one account."""
    return (items[start : start + size] for start in range(0, len(items), size))


USAGES = [0, 1, 149_796, *range(1000, 1013)]
LAST = FIRST + 1


def statements_refused(chain: Chain, good: Summed) -> list[tuple[ContractCall, str]]:
    """Calls whose batch is not what was proved, each with its refusal."""
    batch, proof = good.batch, chain.prove(good)
    sums = batch.sums
    negated = bytes([sums.commitments[15][0] ^ 1]) + sums.commitments[15][1:]
    over = (N + 1).to_bytes(32, "big")
    return [
        (chain.call(with_sums(batch, total=sums.total + 1), proof), "ERR_HINT"),
        (chain.hinted(with_sums(batch, total=sums.total + 1), proof), "ERR_EQUATION"),
        (chain.call(with_sums(batch, total=16 * (2**20 - 1) + 1), proof), "ERR_OPENING"),
        (chain.hinted(with_sums(batch, blinding_sum=bytes(31) + b"\x01"), proof), "ERR_EQUATION"),
        (chain.hinted(with_sums(batch, commitments=swapped(sums.commitments, 0, 1)), proof), "ERR_EQUATION"),
        (chain.hinted(with_point(batch, 15, negated), proof), "ERR_EQUATION"),
        (chain.hinted(replace(batch, evidence_root=bytes(32)), proof), "ERR_EQUATION"),
        (chain.hinted(replace(batch, authenticity=(15, 1, 0, 0, 0, 0)), proof), "ERR_EQUATION"),
        (chain.hinted(replace(batch, last_block=LAST + 1), proof), "ERR_EQUATION"),
        (chain.call(replace(batch, first_block=FIRST + 1), proof), "ERR_GAP"),
        (chain.call(replace(batch, first_block=FIRST - 1), proof), "ERR_REPLAY"),
        (chain.call(replace(batch, last_block=FIRST + 7), proof), "ERR_SPAN"),
        (chain.call(replace(batch, last_block=FIRST - 1), proof), "ERR_SPAN"),
        (chain.call(with_point(batch, 3, bytes([6]) + sums.commitments[0][1:]), proof), "ERR_ENCODING"),
        (chain.call(with_point(batch, 3, b"\x02" + (5).to_bytes(32, "big")), proof), "ERR_ENCODING"),
        (chain.call(with_point(batch, 3, sums.commitments[3][:32]), proof), "ERR_ENCODING"),
        (chain.call(with_sums(batch, blinding_sum=over), proof), "ERR_ENCODING"),
        (chain.call(with_sums(batch, commitments=sums.commitments[:15]), proof), "ERR_SLOT_COUNT"),
        (chain.call(with_sums(batch, commitments=sums.commitments * 2), proof), "ERR_SLOT_COUNT"),
        (chain.call(replace(batch, evidence_root=bytes(31)), proof), "ERR_EVIDENCE_ROOT"),
        (chain.call(replace(batch, zone=9), proof), "ERR_ZONE_UNKNOWN"),
        (chain.call(with_sums(batch, sum_hint=bytes(31) + b"\x01"), proof), "ERR_SUM_HINT"),
    ]


def proofs_refused(chain: Chain, good: Summed) -> list[tuple[ContractCall, str]]:
    """Calls with the right batch and a proof that is not its own, each with its refusal."""
    batch, proof = good.batch, chain.prove(good)
    none: tuple[bytes, ...] = ()
    foreign = [
        bound_to(call.usage_batch_context(sender, other, period), good)
        for sender, other, period in (
            (replace(chain.sender, address=STRANGER.address(NETWORK)), batch, call.FIRST_PERIOD),
            (replace(chain.sender, deployer=STRANGER.address(NETWORK)), batch, call.FIRST_PERIOD),
            (replace(chain.sender, network=Network.MAINNET), batch, call.FIRST_PERIOD),
            (chain.sender, batch, call.FIRST_PERIOD + 1),
            (chain.sender, replace(batch, zone=2), call.FIRST_PERIOD),
            (chain.sender, replace(batch, first_block=FIRST + 1), call.FIRST_PERIOD),
        )
    ]
    return [
        (chain.call(batch, replace(proof, points=none, scalars=none, hints=none)), "ERR_LENGTH"),
        (chain.call(batch, replace(proof, points=proof.points[:-1])), "ERR_LENGTH"),
        (chain.call(batch, replace(proof, scalars=(*proof.scalars, bytes(32)))), "ERR_LENGTH"),
        (chain.call(batch, replace(proof, hints=proof.hints[1:])), "ERR_LENGTH"),
        (chain.call(batch, replace(proof, points=(bytes(33), *proof.points[1:]))), "ERR_ENCODING"),
        (chain.call(batch, replace(proof, scalars=(b"\xff" * 32, *proof.scalars[1:]))), "ERR_ENCODING"),
        (chain.call(batch, replace(proof, hints=swapped(proof.hints, 1, 2))), "ERR_HINT"),
        (chain.call(batch, replace(proof, scalars=one_more(proof.scalars, 0))), "ERR_HINT"),
        *((chain.hinted(batch, replace(proof, scalars=one_more(proof.scalars, i))), "ERR_EQUATION") for i in (0, -1)),
        (chain.hinted(batch, replace(proof, points=swapped(proof.points, 0, 1))), "ERR_EQUATION"),
        *((chain.hinted(batch, other), "ERR_EQUATION") for other in foreign),
    ]


@on_chain
async def test_each_refusal_has_its_name_and_changes_nothing(chain: Chain) -> None:
    good = summed(range(FIRST, FIRST + 2), USAGES, None)
    sums = good.batch.sums
    assert sums.total == sum(USAGES)
    base = chain.call(good.batch, chain.prove(good))
    cases = statements_refused(chain, good) + proofs_refused(chain, good)
    outcomes = [name for part in batched(cases, 20) for name in await chain.outcomes([payload for payload, _ in part])]
    assert outcomes == [name for _, name in cases]
    assert await chain.outcomes([base], key=STRANGER) == ["ERR_NOT_GATEWAY"]
    assert await chain.outcomes([base], key=STEWARD) == ["ERR_NOT_GATEWAY"]
    assert await chain.kept(FIRST) is None

    assert await chain.outcomes([base, base]) == ["ok", "ERR_REPLAY"]
    kept = await chain.kept(FIRST)
    assert kept is not None
    everything = call.CHECKED_SUM | call.CHECKED_RANGES
    assert (kept.last_block, kept.total, kept.checked) == (LAST, sum(USAGES), everything)

    # a later batch: its hint, and a total of zero
    third = FIRST + 2
    zero = summed(range(third, third + 1), [0] * 16, sums.running)
    assert zero.batch.sums.total == 0
    assert zero.batch.sums.sum_hint is not None
    proof = chain.prove(zero)
    outcomes = await chain.outcomes(
        [
            chain.call(with_sums(zero.batch, sum_hint=bytes(31) + b"\x01"), proof),
            with_argument(chain.call(zero.batch, proof), 8, NONE),
            chain.hinted(with_sums(zero.batch, total=1), proof),
            chain.call(zero.batch, proof),
        ]
    )
    assert outcomes == ["ERR_HINT", "ERR_SUM_HINT", "ERR_EQUATION", "ok"]


@on_chain
async def test_what_only_opens_is_refused(chain: Chain) -> None:
    """One home is given 5 Wh less than nothing and another 5 more: the sum opens as before, and that is not enough."""
    honest = summed(range(FIRST, FIRST + 2), [0] * 15 + [7], None, zone=2)
    five = LIB.value * Scalar(5)
    points = [LibPoint.from_bytes_checked(c) for c in honest.batch.sums.commitments]
    points[0], points[1] = points[0] - five, points[1] + five
    shifted = with_sums(honest.batch, commitments=tuple(point.to_bytes() for point in points))
    whole = Opening(shifted.sums.total, Scalar.from_bytes_checked(shifted.sums.blinding_sum))
    assert sum_opens(LIB, points, whole), "all that a contract without range proofs would check"
    context = call.usage_batch_context(chain.sender, shifted)
    assert await chain.outcomes([chain.hinted(shifted, bound_to(context, honest))]) == ["ERR_EQUATION"]


@on_chain
async def test_the_context_is_the_contracts(chain: Chain) -> None:
    """The contract prints the context it computed: byte for byte ours, over both forms of authenticity counts."""
    zone, running = 2, None
    for first, authenticity in ((FIRST, AUTHENTICITY), (FIRST + 2, (1, 2, 3, 4, 5, 1))):
        good = summed(range(first, first + 2), USAGES, running, zone)
        good = replace(good, batch=replace(good.batch, authenticity=authenticity))
        running = good.batch.sums.running
        payload = chain.call(good.batch, chain.prove(good))
        assert await chain.outcomes([payload]) == ["ok"]
        assert await chain.newest_context() == call.usage_batch_context(chain.sender, good.batch)


@on_chain
async def test_an_altered_proof_is_refused_by_name_and_stops_the_zone(
    chain: Chain, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A stored proof that was changed goes out; the contract names the check, a person is told, nothing follows."""
    meter_data = Contract(chain.contracts, call.METER_DATA)
    kept = await chain.node.call_read(meter_data, "get-zone-state", (UInt(2),), chain.sender.address)
    first = call.read_next_block(kept)
    assert first is not None
    clock, lane = FakeClock(), Lane(GATEWAY, NETWORK, chain.contracts)
    policy = Policy(final_burn_blocks=1, poll=1, max_fee=500_000)
    async with Database.open(tmp_path / "core.db", "core") as db:
        for start in (first, first + 2):
            one = summed(range(start, start + 2), USAGES, (LIB.value.to_bytes(),) * 16, zone=2)
            async with db.transaction() as tx:
                await blocks.put_batch(tx, 2, start, start + 1, ROOT, one.batch.sums)
            batch = await proofs.for_chain(db, 2, start)
            assert batch.authenticity == (0,) * 6
            context = call.usage_batch_context(chain.sender, batch)
            proof = bound_to(context, one)
            if start == first:
                changed = replace(proof, scalars=one_more(proof.scalars, 3))
                arguments = chain.hinted(batch, changed).arguments[11]
                assert isinstance(arguments, List)
                proof = replace(changed, hints=tuple(h.data for h in arguments.items if isinstance(h, Buffer)))
                async with db.transaction() as tx:
                    await proofs.put_batch_proof(tx, 2, start, proof, 1)
        with caplog.at_level(logging.ERROR):
            async with asyncio.timeout(60):
                while (await _state(db, first)) is not State.REJECTED:
                    clock.at += policy.poll
                    await deliver.sign_due(db, chain.node, lane, clock, policy, {2})
                    await deliver.deliver_due(db, chain.node, lane, clock, policy)
                    await asyncio.sleep(0.05)
        assert "batch from block " + str(first) + ": abort_by_response: ERR_EQUATION" in caplog.text
        async with db.transaction() as tx:
            await proofs.put_batch_proof(tx, 2, first + 2, proof, 1)
        await deliver.sign_due(db, chain.node, lane, clock, policy, {2})
        assert await _state(db, first + 2) is None, "the zone waits for a person"


async def _state(db: Database, first: int) -> State | None:
    submission = await outbox.of_batch(db, 2, first)
    return None if submission is None else submission.delivery.state


@on_chain
async def test_a_proof_contract_of_ones_own_is_refused(chain: Chain) -> None:
    """The very same code, deployed by somebody else, is not the active one."""
    source = (surroundings.CONTRACTS / "privacy-proof.clar").read_text()
    registry = f"'{chain.contracts}.user-registry"
    source = source.replace(".user-registry", registry)
    for name in founding.GENERATED:
        source = source.replace(f" .{name} ", f" '{chain.contracts}.{name} ")
    stranger = STRANGER.address(NETWORK)
    nonce, payload = (await chain.node.account(stranger)).nonce, ContractDeploy("privacy-proof", source)
    deploy = Transaction.unsigned(payload, network=NETWORK, public_key=STRANGER.public_key, nonce=nonce, fee=500_000)
    answer = await chain.node.submit(deploy.sign_origin(STRANGER).serialize())
    assert isinstance(answer, Accepted), answer
    assert await chain._outcome(answer.txid) == "ok"
    good = summed(range(103, 104), [1] * 16, None)
    own = with_argument(chain.call(good.batch, chain.prove(good)), 12, Contract(stranger, "privacy-proof"))
    assert await chain.outcomes([own]) == ["ERR_PROOF_CONTRACT"]
