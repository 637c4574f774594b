"""A contract's expressions to closures: names, applications, user functions.

Charges as in stacks-core (commit in tables.py), clarity/src/vm/mod.rs (`lookup_variable`, `lookup_function`, `apply`)
and callables.rs (`execute_apply`), at epoch 4.0 and Clarity 6. The source is taken to have passed the VM's analysis:
types are checked only where a call enters a contract.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, Final, Protocol

from appliance.chain.address import Address, Contract
from contracts.costs.assets import Moved
from contracts.costs.code import Charges, Code, Frame, Leave, Run
from contracts.costs.forms import FORMS
from contracts.costs.kinds import BOOL, NONE_KIND, PRINCIPAL, UINT, Kind, is_fixed
from contracts.costs.natives import NATIVES
from contracts.costs.parser import Group, Literal, Name, Node, Number, SourceError
from contracts.costs.values import Err, Signed, Value, cast, kind_of, sanitized, size_of

_LITERAL_NAMES: Final[dict[str, tuple[Value, Kind]]] = {
    "true": (True, BOOL),
    "false": (False, BOOL),
    "none": (None, NONE_KIND),
}
_HEIGHTS: Final = ("stacks-block-height", "tenure-height", "burn-block-height", "stacks-block-time")


class World(Protocol):
    """What contracts see of the chain while they run."""

    charges: Charges
    sender: Address | Contract
    caller: Address | Contract
    heights: dict[str, int]
    chain_id: int
    address_versions: tuple[int, ...]
    burn_header: Callable[[int], bytes | None]

    def storage(self, contract: Contract, name: str) -> dict[bytes, tuple[Value, int]]: ...

    def put(self, store: dict[bytes, tuple[Value, int]], key: bytes, entry: tuple[Value, int] | None) -> None: ...

    def transaction(self, function: Callable[[], Value]) -> Value: ...

    def mark(self) -> int: ...

    def undo(self, mark: int) -> None: ...

    def log_moved(self, moved: Moved) -> None: ...

    def moved_since(self, mark: int) -> list[Moved]: ...

    def known(self, contract: Contract, function: str, line: int) -> Function: ...

    def enter(self, contract: Contract, function: str, args: list[Value]) -> Value: ...


@dataclass(slots=True)
class Function:
    """`access` is public, read-only or private. `code` is None until compiled, and while it is being compiled."""

    name: str
    access: str
    params: tuple[tuple[str, Kind], ...]
    body: Node
    slots: int = 0
    code: Code | None = None
    compiling: bool = False


@dataclass(slots=True)
class Scope:
    """Names in sight: slot and, where it is known, kind. `depth` counts the let and match around."""

    function: Function
    depth: int = 0
    names: dict[str, tuple[int, Kind | None]] = field(default_factory=dict)

    def inner(self) -> Scope:
        return Scope(self.function, self.depth + 1, dict(self.names))

    def bind(self, name: str, kind: Kind | None) -> int:
        slot = self.function.slots
        self.function.slots += 1
        self.names[name] = (slot, kind)
        return slot


class Compiler:
    """One contract: its definitions, and the expressions in them."""

    def __init__(self, world: World, contract: Contract) -> None:
        self.world = world
        self.charges = world.charges
        self.contract = contract
        self.functions: dict[str, Function] = {}
        self.constants: dict[str, Value] = {}
        self.constants_size = 0
        self.constant_nodes: dict[str, Node] = {}
        self.maps: dict[str, tuple[Kind, Kind]] = {}
        self.vars: dict[str, Kind] = {}
        self.tokens: set[str] = set()

    # expressions

    def expression(self, node: Node, scope: Scope) -> Code:
        match node:
            case Literal(value, _):
                return constant(value)
            case Name(text, line):
                return self._name(text, scope, line)
            case Group((Name(head, line), *args)):
                form = FORMS.get(head)
                if form is not None:
                    code = form(self, args, scope, line)
                else:
                    code = self.apply(head, [self.expression(arg, scope) for arg in args], line)
                return code.plus(self.charges.runtime("lookup_function"))
            case Number(number, _):
                return constant(Signed(number))
        raise SourceError("expected an expression", node.line)

    def owned(self, node: Node, scope: Scope) -> Code:
        return self.taken(self.expression(node, scope))

    def taken(self, code: Code) -> Code:
        """The same, paying for the value of a name."""
        if not code.borrowed:
            return code
        size = self.charges.cost("lookup_variable_size")
        if code.kind is not None:
            return Code(code.run, code.fixed + size.runtime(code.kind.size), code.kind, code.leaves)
        meter, run, base, slope = self.charges.meter, code.run, size.base, size.slope

        def taking(frame: Frame) -> Any:
            value = run(frame)
            meter.runtime += base + slope * size_of(value)
            return value

        return Code(taking, code.fixed, None, code.leaves)

    def _name(self, text: str, scope: Scope, line: int) -> Code:
        if text in _LITERAL_NAMES:
            value, kind = _LITERAL_NAMES[text]
            return Code(lambda _: value, kind=kind)
        reserved = self._reserved(text)
        if reserved is not None:
            return reserved
        depth = self.charges.runtime("lookup_variable_depth", scope.depth)
        if text in scope.names:
            slot, known = scope.names[text]
            return Code(itemgetter(slot), depth, known, borrowed=True)
        if text in self.constant_nodes:
            value = self.constant(text, line)
            return Code(lambda _: value, depth, kind_of(value), borrowed=True)
        raise SourceError(f"unknown name {text}", line)

    def _reserved(self, text: str) -> Code | None:
        world = self.world
        if text == "contract-caller":
            return Code(lambda _: world.caller, kind=PRINCIPAL)
        if text == "tx-sender":
            return Code(lambda _: world.sender, kind=PRINCIPAL)
        if text == "current-contract":
            return constant(self.contract)
        if text == "chain-id":
            return constant(world.chain_id)
        if text in _HEIGHTS:
            meter, cost = self.charges.meter, self.charges.cost("fetch_var")

            def height(_: Frame) -> int:
                meter.charge(cost, 1)
                return world.heights[text]

            return Code(height, kind=UINT)
        return None

    def constant(self, name: str, line: int) -> Value:
        """Evaluated at first use, so that the order of definitions does not matter."""
        if name not in self.constants:
            node = self.constant_nodes[name]
            if node is _BUSY:
                raise SourceError(f"the constant {name} is defined by itself", line)
            self.constant_nodes[name] = _BUSY
            value = self.evaluate(node)
            self.constants_size += size_of(value)
            self.constants[name] = sanitized(value)
        return self.constants[name]

    def evaluate(self, node: Node) -> Value:
        """An expression of the top level."""
        nowhere = Function("", "private", (), node)
        code = self.owned(node, Scope(nowhere))
        value: Value = code.run([None] * nowhere.slots)
        return value

    # applications

    def apply(self, name: str, codes: Sequence[Code], line: int) -> Code:
        """A native or a user function of values, without what looking it up costs."""
        native = NATIVES.get(name)
        if native is not None:
            return native(self, codes, line)
        function = self.functions.get(name)
        if function is None:
            raise SourceError(f"{name} is no function of this contract, and no native that the model has", line)
        return self._call(function, codes, line)

    def compiled(self, function: Function, line: int) -> Code:
        if function.code is None:
            if function.compiling:
                raise SourceError(f"{function.name} calls itself", line)
            function.compiling = True
            scope = Scope(function)
            for name, kind in function.params:
                scope.bind(name, kind if is_fixed(kind) else None)
            function.code = self.owned(function.body, scope)
        return function.code

    def _call(self, function: Function, codes: Sequence[Code], line: int) -> Code:
        if len(codes) != len(function.params):
            raise SourceError(f"{function.name} takes {len(function.params)} arguments, not {len(codes)}", line)
        code = self.compiled(function, line)
        check = self.charges.cost("inner_type_check_cost")
        due = self.charges.runtime("user_function_application", len(codes)) + code.fixed
        varying = []
        for index, (_, kind) in enumerate(function.params):
            if is_fixed(kind):
                due += check.runtime(kind.size)
            else:
                varying.append((index, kind))
        world, public = self.world, function.access != "private"
        invoke = self._invocation(function, code)

        def make(runs: list[Run]) -> Run:
            def run(frame: Frame) -> Value:
                args = [run(frame) for run in runs]
                for index, kind in varying:
                    self._pay_check(args[index])
                    args[index] = self._passed(args[index], kind)
                return world.transaction(lambda: invoke(args)) if public else invoke(args)

            return run

        return self.charges.strict(
            [self.taken(c) for c in codes], make, after=due, kind=None if code.leaves else code.kind
        )

    def _passed(self, value: Value, kind: Kind) -> Value:
        """An argument as the function has it."""
        argument = cast(value, kind)
        return sanitized(argument) if self.charges.table.arguments_sanitized else argument

    def _pay_check(self, value: Value) -> None:
        self.charges.meter.runtime += self.charges.runtime("inner_type_check_cost", size_of(value))

    def _invocation(self, function: Function, code: Code) -> Callable[[list[Value]], Value]:
        run, empty = code.run, [None] * (function.slots - len(function.params))

        def invoke(args: list[Value]) -> Value:
            value: Value = run(args + empty)
            return value

        def invoke_catching(args: list[Value]) -> Value:
            try:
                value: Value = run(args + empty)
            except Leave as leave:
                value = leave.value
            return value

        return invoke_catching if code.leaves else invoke

    def entered(self, function: Function, args: list[Value]) -> Value:
        """A call from outside, all charged; the arguments are sanitized and of the declared types."""
        code = self.compiled(function, function.body.line)
        meter = self.charges.meter
        meter.runtime += self.charges.runtime("user_function_application", len(args)) + code.fixed
        for arg in args:
            self._pay_check(arg)
        bound = [self._passed(arg, kind) for arg, (_, kind) in zip(args, function.params, strict=True)]
        invoke = self._invocation(function, code)
        return self.world.transaction(lambda: invoke(bound)) if function.access != "private" else invoke(bound)


_BUSY: Final = Name("", 0)


def constant(value: Value) -> Code:
    return Code(lambda _: value, kind=kind_of(value))


def refused(result: Value) -> bool:
    """Whether a public function's changes are undone."""
    return isinstance(result, Err)
