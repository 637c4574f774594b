"""A chain of contracts that charges its calls by a cost table, and what the charges mean."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from appliance.chain import clarity
from appliance.chain.address import Address, Contract, Network
from contracts.costs.assets import Moved
from contracts.costs.code import CallAborted, Charges, Meter
from contracts.costs.compiler import Compiler, Function, refused
from contracts.costs.definitions import define
from contracts.costs.parser import SourceError, parse
from contracts.costs.tables import LIMITS, Limits, Table
from contracts.costs.values import (
    Value,
    admits,
    encoded_size,
    from_clarity,
    kind_of,
    sanitized,
    to_clarity,
)

RESOLUTION: Final = 10_000
_MULTISIG_VERSIONS: Final = {Network.MAINNET: 20, Network.TESTNET: 21}

__all__ = ["CallAborted", "Chain", "Costs", "Outcome", "SourceError", "fee_scalar", "worst_share"]


@dataclass(frozen=True, slots=True)
class Costs:
    """The five dimensions."""

    runtime: int
    read_count: int
    read_length: int
    write_count: int
    write_length: int


@dataclass(frozen=True, slots=True)
class Part(Costs):
    """What a contract's call of another contract's public function was charged, that contract's loading included."""

    contract: Contract
    function: str


@dataclass(frozen=True, slots=True)
class Outcome(Costs):
    """One call: what it returned and what it was charged. `parts` are the public functions that it had called."""

    result: clarity.Value
    parts: tuple[Part, ...] = ()


def shares(costs: Costs, limits: Limits = LIMITS) -> dict[str, Fraction]:
    """Each dimension as a part of the tenure's budget."""
    names = ("runtime", "read_count", "read_length", "write_count", "write_length")
    return {name: Fraction(getattr(costs, name), getattr(limits, name)) for name in names}


def worst_share(costs: Costs, limits: Limits = LIMITS) -> tuple[str, Fraction]:
    """The dimension that takes the largest part of the tenure's budget, and that part."""
    each = shares(costs, limits)
    worst = max(each, key=lambda name: each[name])
    return worst, each[worst]


def fee_scalar(costs: Costs, tx_bytes: int, limits: Limits = LIMITS) -> Fraction:
    """What a node's fee rate is multiplied with: ten-thousandths of the budget, summed over dimensions and block bytes.

    stacks-core cost_estimates/metrics.rs; the node drops the fraction of each part, and takes at least 1 for each.
    """
    parts = shares(costs, limits).values()
    return RESOLUTION * (sum(parts, Fraction(0)) + Fraction(tx_bytes, limits.block_bytes))


def _charged(meter: Meter) -> Costs:
    return Costs(meter.runtime, meter.read_count, meter.read_length, meter.write_count, meter.write_length)


class Chain:
    """Contracts, their storage, and the surroundings that they can read.

    `heights` holds stacks-block-height, tenure-height, burn-block-height and stacks-block-time, `burn_header` finds the
    hash of a burn block by its height; who calls sets them.
    """

    def __init__(self, table: Table, network: Network = Network.TESTNET) -> None:
        self.charges = Charges(table, Meter())
        self.chain_id = network.chain_id
        self.address_versions: tuple[int, ...] = (network.address_version, _MULTISIG_VERSIONS[network])
        self.heights = {
            "stacks-block-height": 1,
            "tenure-height": 1,
            "burn-block-height": 1,
            "stacks-block-time": 1,
        }
        self.burn_header: Callable[[int], bytes | None] = lambda _: None
        self.sender: Address | Contract = Address(network.address_version, bytes(20))
        self.caller: Address | Contract = self.sender
        self._contracts: dict[Contract, Compiler] = {}
        self._loaded_sizes: dict[Contract, int] = {}
        self._storage: dict[tuple[Contract, str], dict[bytes, tuple[Value, int]]] = {}
        self._parts: list[Part] = []
        self._journal: list[tuple[dict[bytes, tuple[Value, int]], bytes, tuple[Value, int] | None] | Moved] = []

    def deploy(self, name: str, source: str, deployer: Address) -> Contract:
        """Reads and compiles a contract and sets its variables. SourceError, with a line. Charges are not modelled."""
        contract = Contract(deployer, name)
        if contract in self._contracts:
            raise SourceError(f"{name} is deployed already", 0)
        self.sender = self.caller = deployer
        compiler = Compiler(self, contract)
        initial = define(compiler, parse(source, deployer))
        for constant in list(compiler.constant_nodes):
            compiler.constant(constant, compiler.constant_nodes[constant].line)
        for variable, node in initial.items():
            value = compiler.evaluate(node)
            self.storage(contract, variable)[b""] = (sanitized(value), encoded_size(value))
        for function in compiler.functions.values():
            compiler.compiled(function, function.body.line)
        counted = compiler.constants_size if self.charges.table.constants_loaded else 0
        self._loaded_sizes[contract] = len(source.encode()) + counted
        self._contracts[contract] = compiler
        return contract

    def call(self, contract: Contract, function: str, args: Sequence[clarity.Value], sender: Address) -> Outcome:
        """A transaction of `sender`, or a read. What it changed is undone when it returns err, as on chain.

        CallAborted when the VM would abort it, and then nothing changed; SourceError for an unknown function.
        """
        self.sender = self.caller = sender
        called = self.known(contract, function, 0)
        values = [sanitized(from_clarity(arg)) for arg in args]
        self._check(called, values)
        meter = self.charges.meter
        meter.reset()
        self._journal.clear()
        self._parts.clear()
        try:
            result = self.enter(contract, function, values)
        except CallAborted:
            self.undo(0)
            raise
        return Outcome(
            meter.runtime,
            meter.read_count,
            meter.read_length,
            meter.write_count,
            meter.write_length,
            to_clarity(result),
            tuple(self._parts[:-1]),
        )

    # what running contracts see

    def storage(self, contract: Contract, name: str) -> dict[bytes, tuple[Value, int]]:
        return self._storage.setdefault((contract, name), {})

    def put(self, store: dict[bytes, tuple[Value, int]], key: bytes, entry: tuple[Value, int] | None) -> None:
        """entry None removes the key."""
        self._journal.append((store, key, store.get(key)))
        if entry is None:
            del store[key]
        else:
            store[key] = entry

    def transaction(self, function: Callable[[], Value]) -> Value:
        """Undoes what `function` changed if it yields err."""
        mark = self.mark()
        result = function()
        if refused(result):
            self.undo(mark)
        return result

    def mark(self) -> int:
        """What `undo` and `moved_since` count from."""
        return len(self._journal)

    def undo(self, mark: int) -> None:
        while len(self._journal) > mark:
            match self._journal.pop():
                case Moved():
                    pass
                case store, key, None:
                    del store[key]
                case store, key, entry:
                    store[key] = entry

    def log_moved(self, moved: Moved) -> None:
        self._journal.append(moved)

    def moved_since(self, mark: int) -> list[Moved]:
        """What left its owner and was not undone."""
        return [entry for entry in self._journal[mark:] if isinstance(entry, Moved)]

    def known(self, contract: Contract, function: str, line: int) -> Function:
        """A function that other contracts may call. SourceError if there is none."""
        if contract not in self._contracts:
            raise SourceError(f"no contract {contract} is deployed", line)
        found = self._contracts[contract].functions.get(function)
        if found is None or found.access == "private":
            raise SourceError(f"{contract} has no function {function} for others", line)
        return found

    def enter(self, contract: Contract, function: str, args: list[Value]) -> Value:
        """Loads the contract and applies its function."""
        compiler = self._contracts.get(contract)
        called = None if compiler is None else compiler.functions.get(function)
        if compiler is None or called is None or called.access == "private":
            raise CallAborted(f"{contract} has no function {function} for others")
        meter = self.charges.meter
        before = _charged(meter)
        meter.charge(self.charges.cost("load_contract"), self._loaded_sizes[contract])
        values = [sanitized(arg) for arg in args]
        self._check(called, values)
        result = compiler.entered(called, values)
        if called.access == "public":
            after = _charged(meter)
            self._parts.append(
                Part(
                    after.runtime - before.runtime,
                    after.read_count - before.read_count,
                    after.read_length - before.read_length,
                    after.write_count - before.write_count,
                    after.write_length - before.write_length,
                    contract,
                    function,
                )
            )
        return result

    def _check(self, function: Function, values: Sequence[Value]) -> None:
        if len(values) != len(function.params):
            raise CallAborted(f"{function.name} takes {len(function.params)} arguments, not {len(values)}")
        for value, (name, kind) in zip(values, function.params, strict=True):
            if not admits(kind, value):
                raise CallAborted(f"{function.name}: {name} is no {kind.family}: {kind_of(value).family}")
