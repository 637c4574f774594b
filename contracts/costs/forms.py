"""Forms that are more than a function of values: bindings, branches, tuples, iteration.

As in stacks-core (commit in tables.py), clarity/src/vm/functions/{mod,options,tuples,sequences}.rs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from contracts.costs import assets, storage
from contracts.costs.code import CallAborted, Code, Frame, Leave, Run, calling
from contracts.costs.kinds import BOOL, Kind, list_of, tuple_of
from contracts.costs.parser import Group, Literal, Name, Node, SourceError
from contracts.costs.sequences import elements, length, with_contents
from contracts.costs.values import Err, Fields, Items, Ok, Some, Value, make_list

if TYPE_CHECKING:
    from contracts.costs.compiler import Compiler, Scope

Form = Callable[["Compiler", Sequence[Node], "Scope", int], Code]


def _let(compiler: Compiler, args: Sequence[Node], scope: Scope, line: int) -> Code:
    check(args, 2, "let", line, more=True)
    bindings = args[0]
    if not isinstance(bindings, Group):
        raise SourceError("let takes a list of bindings", line)
    inner = scope.inner()
    parts: list[Code] = []
    slots: list[int] = []
    for binding in bindings.items:
        match binding:
            case Group((Name(text, _), value)):
                code = compiler.owned(value, inner)
                parts.append(code)
                slots.append(inner.bind(text, code.kind))
            case _:
                raise SourceError("a binding is (name value)", binding.line)
    bodies = [compiler.expression(body, inner) for body in args[1:-1]]
    last = compiler.owned(args[-1], inner)

    def make(runs: list[Run]) -> Run:
        stores = list(zip(slots, runs, strict=False))
        statements, final = runs[len(slots) : -1], runs[-1]

        def run(frame: Frame) -> Value:
            for slot, binding in stores:
                frame[slot] = binding(frame)
            for statement in statements:
                statement(frame)
            value: Value = final(frame)
            return value

        return run

    due = compiler.charges.runtime("let", len(slots))
    return compiler.charges.strict([*parts, *bodies, last], make, before=due, kind=last.kind)


def _if(compiler: Compiler, args: Sequence[Node], scope: Scope, line: int) -> Code:
    check(args, 3, "if", line)
    condition = compiler.expression(args[0], scope)
    branches = [compiler.owned(arg, scope) for arg in args[1:]]
    test, (yes, no) = condition.run, map(compiler.charges.charged, branches)

    def run(frame: Frame) -> Value:
        value: Value = yes(frame) if test(frame) else no(frame)
        return value

    kind = branches[0].kind if branches[0].kind is branches[1].kind else None
    leaves = any(code.leaves for code in (condition, *branches))
    return Code(run, compiler.charges.runtime("if") + condition.fixed, kind, leaves)


def _asserts(compiler: Compiler, args: Sequence[Node], scope: Scope, line: int) -> Code:
    """The condition's name is paid for where it holds, the thrown value where it does not."""
    check(args, 2, "asserts!", line)
    condition = compiler.expression(args[0], scope)
    test, thrown = condition.run, compiler.charges.charged(compiler.owned(args[1], scope))
    meter, size = compiler.charges.meter, compiler.charges.cost("lookup_variable_size")
    taking = size.runtime(BOOL.size) if condition.borrowed else 0

    def run(frame: Frame) -> bool:
        if not test(frame):
            raise Leave(thrown(frame))
        meter.runtime += taking
        return True

    return Code(run, compiler.charges.runtime("asserts") + condition.fixed, BOOL, leaves=True)


def _match(compiler: Compiler, args: Sequence[Node], scope: Scope, line: int) -> Code:
    if len(args) not in (4, 5):
        raise SourceError("match takes an option and 3 arguments, or a response and 4", line)
    subject = compiler.owned(args[0], scope)
    slot, present = _bound(compiler, args[1], args[2], scope)
    if len(args) == 4:
        other_slot, absent = None, compiler.owned(args[3], scope)
    else:
        other_slot, absent = _bound(compiler, args[3], args[4], scope)
    due = compiler.charges.runtime("match")
    some, none = compiler.charges.charged(present), compiler.charges.charged(absent)

    def make(runs: list[Run]) -> Run:
        def run(frame: Frame) -> Value:
            value = runs[0](frame)
            if isinstance(value, Some | Ok):
                frame[slot] = value.value
                result: Value = some(frame)
                return result
            if isinstance(value, Err) and other_slot is not None:
                frame[other_slot] = value.value
            otherwise: Value = none(frame)
            return otherwise

        return run

    kind = present.kind if present.kind is absent.kind else None
    return compiler.charges.strict([subject], make, after=due, kind=kind, leaves=present.leaves or absent.leaves)


def _bound(compiler: Compiler, name: Node, body: Node, scope: Scope) -> tuple[int, Code]:
    inner = scope.inner()
    slot = inner.bind(name_of(name), None)
    return slot, compiler.owned(body, inner)


def _tuple(compiler: Compiler, args: Sequence[Node], scope: Scope, line: int) -> Code:
    check(args, 1, "tuple", line, more=True)
    pairs: list[tuple[str, Code]] = []
    for arg in args:
        match arg:
            case Group((Name(text, _), value)):
                pairs.append((text, compiler.owned(value, scope)))
            case _:
                raise SourceError("a field is (name value)", arg.line)
    order = sorted(range(len(pairs)), key=lambda index: pairs[index][0])
    names = tuple(pairs[index][0] for index in order)
    if len(set(names)) < len(names):
        raise SourceError("a field is named twice", line)
    known = [kind for kind in (pairs[index][1].kind for index in order) if kind is not None]
    in_order = order == list(range(len(order)))

    def make(runs: list[Run]) -> Run:
        if in_order:
            return lambda frame: Fields(names, tuple([run(frame) for run in runs]))

        def run(frame: Frame) -> Fields:
            values = [run(frame) for run in runs]
            return Fields(names, tuple([values[index] for index in order]))

        return run

    kind = tuple_of(names, tuple(known)) if len(known) == len(names) else None
    due = compiler.charges.runtime("tuple_cons", len(names))
    return compiler.charges.strict([code for _, code in pairs], make, after=due, kind=kind)


def _get(compiler: Compiler, args: Sequence[Node], scope: Scope, line: int) -> Code:
    check(args, 2, "get", line)
    name, whole = name_of(args[0]), compiler.owned(args[1], scope)
    if whole.kind is not None and whole.kind.family == "tuple":
        return _get_known(compiler, name, whole, whole.kind, line)
    meter, cost = compiler.charges.meter, compiler.charges.cost("tuple_get")

    def field_of(value: Value) -> Value:
        if isinstance(value, Fields):
            meter.runtime += cost.runtime(len(value.names))
            return value.values[value.names.index(name)]
        if isinstance(value, Some):
            return Some(field_of(value.value))
        if value is None:
            return None
        raise CallAborted("get of no tuple")

    return compiler.charges.strict([whole], lambda runs: calling(field_of, runs))


def _get_known(compiler: Compiler, name: str, whole: Code, kind: Kind, line: int) -> Code:
    if name not in kind.names:
        raise SourceError(f"no field {name}", line)
    at = kind.names.index(name)
    due = compiler.charges.runtime("tuple_get", len(kind.names))
    return compiler.charges.strict(
        [whole], lambda runs: lambda frame: runs[0](frame).values[at], after=due, kind=kind.inner[at]
    )


def _applied(compiler: Compiler, name: str, count: int, line: int) -> Callable[[list[Any]], Any]:
    """A function by name, of values in a frame of their own."""
    code = compiler.apply(name, [Code(itemgetter(index)) for index in range(count)], line)
    return compiler.charges.charged(code)


def _map(compiler: Compiler, args: Sequence[Node], scope: Scope, line: int) -> Code:
    check(args, 2, "map", line, more=True)
    function = _applied(compiler, name_of(args[0]), len(args) - 1, line)
    charges, shortest = compiler.charges, compiler.charges.table.maps_shortest
    due = charges.runtime("map", len(args)) + charges.runtime("lookup_function")

    def make(runs: list[Run]) -> Run:
        def run(frame: Frame) -> Items:
            columns = [elements(run(frame)) for run in runs]
            if not shortest and any(columns) and not all(columns):
                raise CallAborted("map over an empty list and one that is not")
            return make_list(tuple([function(list(row)) for row in zip(*columns, strict=False)]))

        return run

    return charges.strict([compiler.owned(arg, scope) for arg in args[1:]], make, before=due)


def _fold(compiler: Compiler, args: Sequence[Node], scope: Scope, line: int) -> Code:
    check(args, 3, "fold", line)
    function = _applied(compiler, name_of(args[0]), 2, line)
    charges = compiler.charges
    due = charges.runtime("fold") + charges.runtime("lookup_function")

    def make(runs: list[Run]) -> Run:
        sequence, initial = runs

        def run(frame: Frame) -> Value:
            items, result = elements(sequence(frame)), initial(frame)
            for item in items:
                result = function([item, result])
            value: Value = result
            return value

        return run

    return charges.strict([compiler.owned(arg, scope) for arg in args[1:]], make, before=due)


def _filter(compiler: Compiler, args: Sequence[Node], scope: Scope, line: int) -> Code:
    check(args, 2, "filter", line)
    function = _applied(compiler, name_of(args[0]), 1, line)
    charges = compiler.charges

    def kept(sequence: Value) -> Value:
        return with_contents(sequence, [item for item in elements(sequence) if function([item])])

    return charges.strict(
        [compiler.owned(args[1], scope)],
        lambda runs: calling(kept, runs),
        before=charges.runtime("filter"),
        after=charges.runtime("lookup_function"),
    )


def _as_max_len(compiler: Compiler, args: Sequence[Node], scope: Scope, line: int) -> Code:
    check(args, 2, "as-max-len?", line)
    most = args[1].value if isinstance(args[1], Literal) else None
    if not isinstance(most, int):
        raise SourceError("as-max-len? takes a literal uint", line)
    limit = most

    def limited(sequence: Value) -> Some | None:
        if length(sequence) > limit:
            return None
        if isinstance(sequence, Items) and limit < sequence.kind.length:
            return Some(Items(sequence.items, list_of(sequence.kind.inner[0], limit)))
        return Some(sequence)

    due = compiler.charges.runtime("as_max_len")
    return compiler.charges.strict([compiler.owned(args[0], scope)], lambda runs: calling(limited, runs), after=due)


def check(args: Sequence[Node], count: int, name: str, line: int, *, more: bool = False) -> None:
    if len(args) < count or (len(args) > count and not more):
        raise SourceError(f"{name} takes {count}{' or more' if more else ''} arguments, not {len(args)}", line)


def name_of(node: Node) -> str:
    if not isinstance(node, Name):
        raise SourceError("expected a name", node.line)
    return node.text


FORMS: Final[dict[str, Form]] = {
    "let": _let,
    "if": _if,
    "asserts!": _asserts,
    "match": _match,
    "tuple": _tuple,
    "get": _get,
    "map": _map,
    "fold": _fold,
    "filter": _filter,
    "as-max-len?": _as_max_len,
    "var-get": storage.var_get,
    "var-set": storage.var_set,
    "map-get?": storage.map_get,
    "map-set": storage.map_set,
    "map-insert": storage.map_insert,
    "map-delete": storage.map_delete,
    "contract-call?": storage.contract_call,
    "contract-of": storage.contract_of,
    "ft-mint?": assets.ft_mint,
    "ft-burn?": assets.ft_burn,
    "ft-transfer?": assets.ft_transfer,
    "ft-get-balance": assets.ft_get_balance,
    "ft-get-supply": assets.ft_get_supply,
    "get-burn-block-info?": assets.burn_block_info,
    "as-contract?": assets.as_contract,
    "restrict-assets?": assets.restrict_assets,
}
