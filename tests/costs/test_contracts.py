"""Our own contracts: every call of a settlement costs in the model exactly what the simulator charges."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from appliance.chain.clarity import FALSE, NONE, Ascii, Buffer, Int, List, ResponseErr, Tuple, UInt, Value
from contracts.costs.chain import Chain, SourceError
from contracts.costs.compiler import Compiler, Function
from contracts.costs.definitions import define
from contracts.costs.kinds import Kind
from contracts.costs.parser import parse
from contracts.costs.tables import MAINNET
from tests.contracts.settlement import GATEWAY, STEWARD, STRANGER, Settlement, addition_hint, make_batch
from tests.contracts.vm import VmError
from tests.costs.compared import ComparedMachine

USAGE = 2**20


@pytest.fixture(scope="module")
def settlement(machine: ComparedMachine) -> Settlement:
    """Bootstrapped, with zone 1 of 16 slots and a batch in it, and zone 2 of 64: every call compared."""
    rng = random.Random("a settlement")
    settled = Settlement(machine)
    settled.bootstrap()
    for zone, slots in ((1, 16), (2, 64)):
        settled.zone(zone, slots)
    settled.submit(settled.following(rng, 1, [rng.randrange(USAGE) for _ in range(16)])).ok()
    return settled


def test_a_settlement(machine: ComparedMachine, settlement: Settlement) -> None:
    """The first batch is compared while it is submitted; here a later one, which is cheaper on mainnet."""
    rng = random.Random("one more")
    settlement.submit(settlement.following(rng, 1, [rng.randrange(USAGE) for _ in range(16)])).ok()
    assert machine.outcome is not None
    assert machine.mainnet_outcome is not None
    assert 0 < machine.mainnet_outcome.runtime < machine.outcome.runtime
    assert machine.mainnet_outcome.write_length == machine.outcome.write_length
    assert machine.mainnet_outcome.read_length > machine.outcome.read_length  # constants count


@pytest.mark.long
def test_batches_of_64(settlement: Settlement) -> None:
    rng = random.Random("many slots")
    for _ in ("first", "later"):
        settlement.submit(settlement.following(rng, 2, [rng.randrange(USAGE) for _ in range(64)])).ok()


def test_what_can_be_read(settlement: Settlement) -> None:
    for zone in (1, 2, 3):
        if zone < 3:
            settlement.snapshot(zone)
        settlement.read(settlement.registry, "get-zone", zone)
        settlement.read(settlement.meter_data, "get-batch", zone, 100)
        settlement.read(settlement.aggregation, "get-zone-usage", zone, 100)
    for who in (GATEWAY, STEWARD):
        settlement.read(settlement.registry, "get-gateway", who)
        settlement.read(settlement.registry, "has-role", 1, who)
    for writer in (settlement.registry, settlement.proof):
        settlement.read(settlement.audit, "is-writer", writer)
    settlement.read(settlement.registry, "is-active", "privacy-proof", settlement.proof)
    settlement.read(settlement.registry, "get-active-contract", "aggregation")
    settlement.read(settlement.audit, "get-entry", 3)
    for first, count in ((1, 1), (2, 5), (1, 99), (99, 1)):
        settlement.read(settlement.audit, "verify-chain", first, count)


def test_openings_and_sums(settlement: Settlement) -> None:
    rng = random.Random("openings")
    batch = make_batch(rng, 1, 1, 1, [0, 7, 1000, USAGE - 1])
    for encoded, opening in zip(batch.commitments, batch.openings, strict=True):
        for value in (opening.value, opening.value + 1):
            settlement.read(settlement.proof, "verify-opening", encoded, value, opening.blinding.to_bytes())
    other = make_batch(rng, 1, 1, 1, [5, 6, 7, 8])
    hint = addition_hint(batch.commitments, other.commitments)
    for candidate in (hint, bytes(32), hint[:31]):
        settlement.read(settlement.proof, "add-commitments", batch.commitments, other.commitments, candidate)


def test_refusals_cost_and_undo_the_same(settlement: Settlement) -> None:
    rng = random.Random("refusals")
    good = settlement.following(rng, 1, [1] * 16)
    wrong_total = make_batch(rng, 1, good.first_block, good.last_block, [1] * 16, total=17, sum_hint=good.sum_hint)
    replay = make_batch(rng, 1, 100, 100, [1] * 16)
    for batch, sender in ((wrong_total, GATEWAY), (replay, GATEWAY), (good, STRANGER)):
        settlement.submit(batch, sender=sender).refusal()
        settlement.snapshot(1)


def functions_of(source: str, deployer_of: Settlement) -> Iterator[Function]:
    """The functions that anyone may call."""
    compiler = Compiler(Chain(MAINNET), deployer_of.proof)
    define(compiler, parse(source, deployer_of.deployer))
    yield from (function for function in compiler.functions.values() if function.access != "private")


def simplest(kind: Kind, settlement: Settlement) -> Value:
    """Some value of a declared type."""
    match kind.family:
        case "uint":
            return UInt(1)
        case "int":
            return Int(1)
        case "bool":
            return FALSE
        case "buff":
            return Buffer(bytes(range(1, kind.length + 1)))
        case "string-ascii":
            return Ascii("a name")
        case "principal" | "trait":
            return settlement.proof
        case "optional":
            return NONE
        case "list":
            return List((simplest(kind.inner[0], settlement),) * min(3, kind.length))
        case "response":
            return ResponseErr(simplest(kind.inner[1], settlement))
    return Tuple.of({name: simplest(inner, settlement) for name, inner in zip(kind.names, kind.inner, strict=True)})


def test_every_function_that_anyone_may_call(machine: ComparedMachine, settlement: Settlement) -> None:
    """With the simplest arguments there are: most refuse or abort, and do so alike and for the same cost."""
    own = {contract: text for contract, text in machine.sources.items() if contract.address == settlement.deployer}
    expected = set()
    for contract, source in own.items():
        for function in functions_of(source, settlement):
            args = [simplest(kind, settlement) for _, kind in function.params]
            expected.add((contract, function.name))
            try:
                if function.access == "public":
                    machine.public(contract, function.name, args, STRANGER)
                else:
                    machine.read(contract, function.name, *args)
            except VmError:
                continue
    assert len(own) >= 5
    assert expected
    assert expected <= machine.calls


def test_no_function_no_call(settlement: Settlement, machine: ComparedMachine) -> None:
    with pytest.raises(SourceError, match="no function"):
        machine.model.call(settlement.proof, "no-such-function", [], STRANGER)
    with pytest.raises(SourceError, match="no function"):  # private
        machine.model.call(settlement.audit, "append-entry", [], STRANGER)
