"""Data variables, maps, and calls of other contracts.

As in stacks-core (commit in tables.py), clarity/src/vm/functions/database.rs (the versions since epoch 2.05), charging
by the consensus bytes stored: of a variable its value, of an entry its key and (some value).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from appliance.chain.address import Contract
from contracts.costs.code import CallAborted, Code, Frame, Run, calling
from contracts.costs.kinds import BOOL, PRINCIPAL, Kind
from contracts.costs.parser import Literal, Name, Node, SourceError
from contracts.costs.values import Some, Trait, Value, declared, encode, encoded_size, sanitized

if TYPE_CHECKING:
    from contracts.costs.compiler import Compiler, Scope

_VALUE = b""  # the key of a data variable
_SOME = 1


def var_get(compiler: Compiler, args: Sequence[Node], scope: Scope, line: int) -> Code:  # noqa: ARG001 - one signature for all forms
    name, kind = _variable(compiler, args, 1, line)
    store = compiler.world.storage(compiler.contract, name)
    meter, cost = compiler.charges.meter, compiler.charges.cost("fetch_var")

    def run(_: Frame) -> Value:
        value, size = store[_VALUE]
        meter.charge(cost, size)
        return declared(value, kind)

    return Code(run)


def var_set(compiler: Compiler, args: Sequence[Node], scope: Scope, line: int) -> Code:
    name, _ = _variable(compiler, args, 2, line)
    store, world = compiler.world.storage(compiler.contract, name), compiler.world
    meter, cost = compiler.charges.meter, compiler.charges.cost("set_var")

    def put(value: Value) -> bool:
        size = encoded_size(value)
        meter.charge(cost, size)
        world.put(store, _VALUE, (sanitized(value), size))
        return True

    return compiler.charges.strict([compiler.owned(args[1], scope)], lambda runs: calling(put, runs), kind=BOOL)


def map_get(compiler: Compiler, args: Sequence[Node], scope: Scope, line: int) -> Code:
    name, (_, kind) = _map(compiler, args, 2, line)
    store = compiler.world.storage(compiler.contract, name)
    meter, cost = compiler.charges.meter, compiler.charges.cost("fetch_entry")

    def fetch(key: Value) -> Some | None:
        encoded = encode(key)
        entry = store.get(encoded)
        if entry is None:
            meter.charge(cost, len(encoded))
            return None
        value, size = entry
        meter.charge(cost, len(encoded) + _SOME + size)
        return Some(declared(value, kind))

    return compiler.charges.strict([compiler.expression(args[1], scope)], lambda runs: calling(fetch, runs))


def map_set(compiler: Compiler, args: Sequence[Node], scope: Scope, line: int) -> Code:
    return _written(compiler, args, scope, line, replaces=True)


def map_insert(compiler: Compiler, args: Sequence[Node], scope: Scope, line: int) -> Code:
    return _written(compiler, args, scope, line, replaces=False)


def _written(compiler: Compiler, args: Sequence[Node], scope: Scope, line: int, *, replaces: bool) -> Code:
    """An insertion that finds an entry pays for the key only."""
    name, _ = _map(compiler, args, 3, line)
    store, world = compiler.world.storage(compiler.contract, name), compiler.world
    meter, cost = compiler.charges.meter, compiler.charges.cost("set_entry")

    def put(key: Value, value: Value) -> bool:
        encoded = encode(key)
        if not replaces and encoded in store:
            meter.charge(cost, len(encoded))
            return False
        size = encoded_size(value)
        meter.charge(cost, len(encoded) + _SOME + size)
        world.put(store, encoded, (sanitized(value), size))
        return True

    parts = [compiler.owned(arg, scope) for arg in args[1:]]
    return compiler.charges.strict(parts, lambda runs: calling(put, runs), kind=BOOL)


def map_delete(compiler: Compiler, args: Sequence[Node], scope: Scope, line: int) -> Code:
    name, _ = _map(compiler, args, 2, line)
    store, world = compiler.world.storage(compiler.contract, name), compiler.world
    meter, cost = compiler.charges.meter, compiler.charges.cost("set_entry")

    def delete(key: Value) -> bool:
        encoded = encode(key)
        if encoded not in store:
            meter.charge(cost, len(encoded))
            return False
        meter.charge(cost, len(encoded) + 1)  # none is stored
        world.put(store, encoded, None)
        return True

    return compiler.charges.strict([compiler.expression(args[1], scope)], lambda runs: calling(delete, runs), kind=BOOL)


def contract_call(compiler: Compiler, args: Sequence[Node], scope: Scope, line: int) -> Code:
    if len(args) < 2 or not isinstance(args[1], Name):
        raise SourceError("contract-call? takes a contract, a function's name and its arguments", line)
    function, world = args[1].text, compiler.world
    parts = [compiler.owned(arg, scope) for arg in args[2:]]
    due = compiler.charges.runtime("contract_call")
    target = args[0]
    if isinstance(target, Literal) and isinstance(target.value, Contract):
        contract = target.value
        called = world.known(contract, function, line)
        if len(called.params) != len(parts):
            raise SourceError(f"{function} takes {len(called.params)} arguments, not {len(parts)}", line)
        return compiler.charges.strict(
            parts,
            lambda runs: lambda frame: _across(compiler, contract, function, [run(frame) for run in runs]),
            before=due,
        )
    slot = _trait_slot(target, scope)
    if compiler.charges.table.traits_looked_up:
        due += compiler.charges.runtime("lookup_variable_depth", scope.depth)

    def make(runs: list[Run]) -> Run:
        def run(frame: Frame) -> Value:
            values = [run(frame) for run in runs]
            return _across(compiler, _contract(frame[slot]), function, values)

        return run

    return compiler.charges.strict(parts, make, before=due)


def _across(compiler: Compiler, contract: Contract, function: str, values: list[Value]) -> Value:
    world, caller = compiler.world, compiler.world.caller
    world.caller = compiler.contract
    try:
        return sanitized(world.enter(contract, function, values))
    finally:
        world.caller = caller


def contract_of(compiler: Compiler, args: Sequence[Node], scope: Scope, line: int) -> Code:
    if len(args) != 1:
        raise SourceError(f"contract-of takes 1 argument, not {len(args)}", line)
    slot = _trait_slot(args[0], scope)
    return Code(lambda frame: _contract(frame[slot]), compiler.charges.runtime("contract_of"), PRINCIPAL)


def _trait_slot(node: Node, scope: Scope) -> int:
    if not isinstance(node, Name) or node.text not in scope.names:
        raise SourceError("expected a contract or an argument of a trait's type", node.line)
    return scope.names[node.text][0]


def _contract(value: Any) -> Contract:
    if isinstance(value, Trait):
        return value.contract
    raise CallAborted("a call of what is no trait's argument")


def _variable(compiler: Compiler, args: Sequence[Node], count: int, line: int) -> tuple[str, Kind]:
    name = _named(args, count, line)
    if name not in compiler.vars:
        raise SourceError(f"no data variable {name}", line)
    return name, compiler.vars[name]


def _map(compiler: Compiler, args: Sequence[Node], count: int, line: int) -> tuple[str, tuple[Kind, Kind]]:
    name = _named(args, count, line)
    if name not in compiler.maps:
        raise SourceError(f"no map {name}", line)
    return name, compiler.maps[name]


def _named(args: Sequence[Node], count: int, line: int) -> str:
    if len(args) != count or not isinstance(args[0], Name):
        raise SourceError(f"expected a name and {count - 1} arguments", line)
    return args[0].text
