"""Every refusal that the contracts owe, asked for through the appliance's own codec, answered by the VM by name."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from appliance import call, founding
from appliance.call import BatchOnChain
from appliance.chain.address import Address, Contract, Network
from appliance.chain.clarity import NONE, UInt
from appliance.chain.node import Accepted, Node
from appliance.chain.payload import ContractCall, ContractDeploy
from appliance.chain.transaction import PrivateKey, Transaction
from appliance.cli import town as surroundings
from appliance.config import ZoneConfig
from appliance.proof import BlockWitness, ProvenBatch, SlotWitness, prove_batch, prove_block
from circuits.blinding import BlindingKey
from circuits.scalar import N

on_chain = pytest.mark.asyncio(loop_scope="module")

DEPLOYER, STEWARD, GATEWAY, STRANGER = (PrivateKey(bytes(31) + bytes([n])) for n in (1, 2, 3, 4))
NETWORK = Network.TESTNET
FIRST = 100
DWELLINGS = {slot: f"A-{slot + 1:02}" for slot in range(16)}
ZONE = ZoneConfig(1, "Lane A", "electricity", 16, FIRST, DWELLINGS, ())
ROOT = bytes(range(32))
LEVELS = [0] * 16


@dataclass(slots=True)
class Chain:
    """A founded settlement on a local chain, and one zone's gateway to send from."""

    node: Node
    contracts: Address

    def call(self, first: int, last: int, proof: ProvenBatch, root: bytes = ROOT, zone: int = 1) -> ContractCall:
        return call.submit_usage_batch(self.contracts, zone, first, last, root, LEVELS, proof)

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

    async def kept(self, first: int) -> BatchOnChain | None:
        meter_data = Contract(self.contracts, call.METER_DATA)
        gateway = GATEWAY.address(NETWORK)
        return call.read_batch(await self.node.call_read(meter_data, "get-batch", (UInt(1), UInt(first)), gateway))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chain(tmp_path_factory: pytest.TempPathFactory, node: Path) -> AsyncIterator[Chain]:
    folder = tmp_path_factory.mktemp("chain")
    keys = (DEPLOYER, STEWARD, GATEWAY, STRANGER)
    accounts = ", ".join(f'{{"address": "{key.address(NETWORK)}", "balance": "1000000000000"}}' for key in keys)
    (folder / "genesis.json").write_text(f'{{"accounts": [{accounts}]}}')
    server = surroundings.CONTRACTS / "devnet" / "server.mjs"
    options = ("--data", folder / "data", "--block-ms", "150", "--genesis", folder / "genesis.json")
    async with (
        surroundings.process(lambda _: None, node, server, "--port", "0", *options) as running,
        aiohttp.ClientSession() as session,
    ):
        link = Node(str((await running.ready())["url"]), session)
        sources = {name: (surroundings.CONTRACTS / f"{name}.clar").read_text() for name in founding.CONTRACTS}
        founders = founding.Founders(DEPLOYER, STEWARD, NETWORK)
        await founding.found(link, founders, sources, GATEWAY.address(NETWORK), [ZONE], 86400)
        yield Chain(link, DEPLOYER.address(NETWORK))


def proven(blocks: range, usages: list[int], running: tuple[bytes, ...] | None) -> ProvenBatch:
    """A batch as the appliance proves it; the last block of the range has the usages, the others nothing."""
    keys = [BlindingKey(bytes(15) + bytes([slot])) for slot in range(16)]
    witnesses = [
        BlockWitness(
            1, n, tuple(SlotWitness(u if n == blocks[-1] else 0, k) for u, k in zip(usages, keys, strict=True))
        )
        for n in blocks
    ]
    return prove_batch(witnesses, [prove_block(witness) for witness in witnesses], running)


def altered(proof: ProvenBatch, slot: int, point: bytes) -> ProvenBatch:
    points = list(proof.commitments)
    points[slot] = point
    return replace(proof, commitments=tuple(points))


def with_argument(payload: ContractCall, position: int, value: object) -> ContractCall:
    arguments = list(payload.arguments)
    arguments[position] = value  # type: ignore[call-overload]
    return replace(payload, arguments=tuple(arguments))


@on_chain
async def test_each_refusal_has_its_name_and_changes_nothing(chain: Chain) -> None:
    usages = [0, 1, 149_796, *range(1000, 1013)]
    good = proven(range(FIRST, FIRST + 2), usages, None)
    assert good.total == sum(usages)
    second = FIRST + 1
    negated = bytes([good.commitments[15][0] ^ 1]) + good.commitments[15][1:]
    hybrid = bytes([6]) + good.commitments[0][1:]
    off_curve = b"\x02" + (5).to_bytes(32, "big")
    over = (N + 1).to_bytes(32, "big")
    wrong_root = b"\x00" * 31
    base = chain.call(FIRST, second, good)
    cases: list[tuple[ContractCall, str]] = [
        (chain.call(FIRST, second, altered(good, 0, good.commitments[1])), "ERR_OPENING"),
        (chain.call(FIRST, second, altered(good, 15, negated)), "ERR_OPENING"),
        (chain.call(FIRST, second, replace(good, total=good.total + 1)), "ERR_OPENING"),
        (chain.call(FIRST, second, replace(good, total=good.total - 1)), "ERR_OPENING"),
        (chain.call(FIRST, second, replace(good, blinding_sum=bytes(31) + b"\x01")), "ERR_OPENING"),
        (chain.call(FIRST + 1, second, good), "ERR_GAP"),
        (chain.call(FIRST - 1, second, good), "ERR_REPLAY"),
        (chain.call(FIRST, FIRST + 7, good), "ERR_SPAN"),
        (chain.call(FIRST, FIRST - 1, good), "ERR_SPAN"),
        (chain.call(FIRST, second, altered(good, 3, hybrid)), "ERR_ENCODING"),
        (chain.call(FIRST, second, altered(good, 3, off_curve)), "ERR_ENCODING"),
        (chain.call(FIRST, second, altered(good, 3, good.commitments[3][:32])), "ERR_ENCODING"),
        (chain.call(FIRST, second, replace(good, blinding_sum=over)), "ERR_ENCODING"),
        (chain.call(FIRST, second, replace(good, commitments=good.commitments[:15])), "ERR_SLOT_COUNT"),
        (chain.call(FIRST, second, replace(good, commitments=good.commitments * 2)), "ERR_SLOT_COUNT"),
        (chain.call(FIRST, second, good, root=wrong_root), "ERR_EVIDENCE_ROOT"),
        (chain.call(FIRST, second, good, zone=9), "ERR_ZONE_UNKNOWN"),
        (chain.call(FIRST, second, replace(good, sum_hint=bytes(31) + b"\x01")), "ERR_SUM_HINT"),
    ]  # fmt: skip
    outcomes = await chain.outcomes([payload for payload, _ in cases])
    assert outcomes == [name for _, name in cases]
    assert await chain.outcomes([base], key=STRANGER) == ["ERR_NOT_GATEWAY"]
    assert await chain.outcomes([base], key=STEWARD) == ["ERR_NOT_GATEWAY"]
    assert await chain.kept(FIRST) is None

    assert await chain.outcomes([base, base]) == ["ok", "ERR_REPLAY"]
    kept = await chain.kept(FIRST)
    assert kept is not None
    assert (kept.last_block, kept.total, kept.checked) == (second, sum(usages), call.CHECKED_SUM)

    # a later batch: its hint, and a total of zero
    third = FIRST + 2
    zero = proven(range(third, third + 1), [0] * 16, good.running)
    assert zero.total == 0
    assert zero.sum_hint is not None
    hint_wrong = replace(zero, sum_hint=bytes(31) + b"\x01")
    outcomes = await chain.outcomes(
        [
            chain.call(third, third, hint_wrong),
            with_argument(chain.call(third, third, zero), 8, NONE),
            chain.call(third, third, replace(zero, total=1)),
            chain.call(third, third, zero),
        ]
    )
    assert outcomes == ["ERR_HINT", "ERR_SUM_HINT", "ERR_OPENING", "ok"]


@on_chain
async def test_a_proof_contract_of_ones_own_is_refused(chain: Chain) -> None:
    """The very same code, deployed by somebody else, is not the active one."""
    source = (surroundings.CONTRACTS / "privacy-proof.clar").read_text()
    registry = f"'{chain.contracts}.user-registry"
    source = source.replace(".user-registry", registry)
    stranger = STRANGER.address(NETWORK)
    account = await chain.node.account(stranger)
    deploy = Transaction.unsigned(
        ContractDeploy("privacy-proof", source), network=NETWORK, public_key=STRANGER.public_key, nonce=account.nonce,
        fee=500_000,
    ).sign_origin(STRANGER)  # fmt: skip
    answer = await chain.node.submit(deploy.serialize())
    assert isinstance(answer, Accepted), answer
    assert await chain._outcome(answer.txid) == "ok"
    batch = proven(range(500, 501), [1] * 16, None)
    own = with_argument(chain.call(103, 103, batch), 12, Contract(stranger, "privacy-proof"))
    assert await chain.outcomes([own]) == ["ERR_PROOF_CONTRACT"]


def test_the_table_of_errors_is_the_contracts() -> None:
    """Names and numbers in `call.ERRORS` are those in the sources, for every contract a batch passes through."""

    found: dict[int, str] = {}
    for name in ("meter-data", "privacy-proof"):
        text = (surroundings.CONTRACTS / f"{name}.clar").read_text()
        found |= {int(n): e for e, n in re.findall(r"\(define-constant (ERR_\w+) \(err u(\d+)\)\)", text)}
    assert {n: e for n, e in call.ERRORS.items() if n < 400} == found


def test_a_dwelling_in_two_slots_is_registered_as_one() -> None:
    """The floor of k-min is about dwellings, not about slots."""
    doubled = replace(ZONE, dwellings={**DWELLINGS, 15: DWELLINGS[0]})
    for zone, dwellings in ((ZONE, 16), (doubled, 15)):
        _, register = founding.registration_calls(DEPLOYER.address(NETWORK), GATEWAY.address(NETWORK), [zone], 86400)
        assert isinstance(register, ContractCall)
        assert register.arguments[3:5] == (UInt(16), UInt(dwellings))
