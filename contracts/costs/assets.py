"""Fungible tokens, what may move of them inside a guarded body, and the burn chain's headers.

As in stacks-core (commit in tables.py), clarity/src/vm/functions/{assets,post_conditions,database}.rs. Of allowances
the model has `with-ft`; of tokens, those without a limit of their supply.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from appliance.chain.address import Address, Contract
from contracts.costs.code import CallAborted, Code, Frame, Leave, Run
from contracts.costs.kinds import UINT
from contracts.costs.parser import Group, Name, Node, SourceError
from contracts.costs.values import Err, Ok, Some, Value, encode

if TYPE_CHECKING:
    from contracts.costs.compiler import Compiler, Scope, World

ANY_TOKEN: Final = "*"
UNALLOWED: Final = 128  # what a guarded body answers when something moved that no allowance names
_SUPPLY: Final = b""
_MAX_UINT: Final = 2**128 - 1
_MAX_HEIGHT: Final = 2**32 - 1
_POOR, _TO_ONESELF, _NOTHING = 1, 2, 3  # SIP-010's errors of a transfer
_MINTED_NOTHING, _BURNT_WRONGLY = 1, 1


@dataclass(frozen=True, slots=True)
class Moved:
    """So much of a token left its owner: transferred or burnt."""

    owner: Address | Contract
    contract: Contract
    token: str
    amount: int


@dataclass(frozen=True, slots=True)
class Allowance:
    """At most so much of a contract's token, or of any one of its tokens."""

    contract: Contract
    token: str
    amount: int

    def covers(self, moved: Moved) -> bool:
        return self.contract == moved.contract and self.token in (moved.token, ANY_TOKEN)


@dataclass(frozen=True, slots=True)
class _Token:
    """One contract's token: balances by principal, and under _SUPPLY their sum."""

    world: World
    contract: Contract
    name: str

    def amount(self, key: bytes) -> int:
        found = self.world.storage(self.contract, self.name).get(key)
        return found[0] if found is not None and isinstance(found[0], int) else 0

    def put(self, key: bytes, amount: int) -> None:
        if amount > _MAX_UINT:
            raise CallAborted("more of a token than a uint holds")
        self.world.put(self.world.storage(self.contract, self.name), key, (amount, 0))

    def mint(self, amount: int, to: Address | Contract) -> Ok | Err:
        if not amount:
            return Err(_MINTED_NOTHING)
        key = encode(to)
        self.put(_SUPPLY, self.amount(_SUPPLY) + amount)
        self.put(key, self.amount(key) + amount)
        return Ok(value=True)

    def burn(self, amount: int, owner: Address | Contract) -> Ok | Err:
        key = encode(owner)
        if not 0 < amount <= self.amount(key):
            return Err(_BURNT_WRONGLY)
        self.put(_SUPPLY, self.amount(_SUPPLY) - amount)
        self.put(key, self.amount(key) - amount)
        self.world.log_moved(Moved(owner, self.contract, self.name, amount))
        return Ok(value=True)

    def transfer(self, amount: int, owner: Address | Contract, to: Address | Contract) -> Ok | Err:
        if not amount:
            return Err(_NOTHING)
        if owner == to:
            return Err(_TO_ONESELF)
        before, after = encode(owner), encode(to)
        if self.amount(before) < amount:
            return Err(_POOR)
        self.put(before, self.amount(before) - amount)
        self.put(after, self.amount(after) + amount)
        self.world.log_moved(Moved(owner, self.contract, self.name, amount))
        return Ok(value=True)


def ft_mint(compiler: Compiler, args: Sequence[Node], scope: Scope, line: int) -> Code:
    token = _token(compiler, args, 3, line)
    return _paid(compiler, "ft_mint", args[1:], scope, token.mint)


def ft_burn(compiler: Compiler, args: Sequence[Node], scope: Scope, line: int) -> Code:
    token = _token(compiler, args, 3, line)
    return _paid(compiler, "ft_burn", args[1:], scope, token.burn)


def ft_transfer(compiler: Compiler, args: Sequence[Node], scope: Scope, line: int) -> Code:
    token = _token(compiler, args, 4, line)
    return _paid(compiler, "ft_transfer", args[1:], scope, token.transfer)


def ft_get_balance(compiler: Compiler, args: Sequence[Node], scope: Scope, line: int) -> Code:
    token = _token(compiler, args, 2, line)
    return _paid(compiler, "ft_balance", args[1:], scope, lambda owner: token.amount(encode(owner)))


def ft_get_supply(compiler: Compiler, args: Sequence[Node], scope: Scope, line: int) -> Code:
    token = _token(compiler, args, 1, line)
    return _paid(compiler, "ft_get_supply", (), scope, lambda: token.amount(_SUPPLY))


def burn_block_info(compiler: Compiler, args: Sequence[Node], scope: Scope, line: int) -> Code:
    match args:
        case [Name("header-hash", _), height]:
            pass
        case _:
            raise SourceError("get-burn-block-info? takes header-hash, of what the model has, and a height", line)

    def found(at: int) -> Some | None:
        header = compiler.world.burn_header(at) if at <= _MAX_HEIGHT else None
        return None if header is None else Some(header)

    return _paid(compiler, "burn_block_info", (height,), scope, found)


def as_contract(compiler: Compiler, args: Sequence[Node], scope: Scope, line: int) -> Code:
    if len(args) < 2:
        raise SourceError("as-contract? takes allowances and a body", line)
    guarded, world = _Guarded(compiler, args[0], args[1:], scope), compiler.world

    def run_body(body: Callable[[], Value]) -> Value:
        sender, caller = world.sender, world.caller
        world.sender = world.caller = compiler.contract
        try:
            return body()
        finally:
            world.sender, world.caller = sender, caller

    def make(runs: list[Run]) -> Run:
        return lambda frame: guarded.run(compiler.contract, runs, frame, run_body)

    due = compiler.charges.runtime("as_contract_safe", guarded.allowances)
    return compiler.charges.strict(guarded.parts, make, before=due)


def restrict_assets(compiler: Compiler, args: Sequence[Node], scope: Scope, line: int) -> Code:
    if len(args) < 3:
        raise SourceError("restrict-assets? takes an owner, allowances and a body", line)
    guarded = _Guarded(compiler, args[1], args[2:], scope)

    def make(runs: list[Run]) -> Run:
        return lambda frame: guarded.run(runs[0](frame), runs[1:], frame, lambda body: body())

    due = compiler.charges.runtime("restrict_assets", guarded.allowances)
    return compiler.charges.strict([compiler.owned(args[0], scope), *guarded.parts], make, before=due)


class _Guarded:
    """Allowances and a body, as `parts` whose runs `run` gets."""

    def __init__(self, compiler: Compiler, allowances: Node, body: Sequence[Node], scope: Scope) -> None:
        if not isinstance(allowances, Group):
            raise SourceError("allowances are a list", allowances.line)
        self._world = compiler.world
        self.allowances = len(allowances.items)
        self.parts = [compiler.owned(part, scope) for allowance in allowances.items for part in _of(allowance)]
        self.parts += [compiler.owned(statement, scope) for statement in body]

    def run(
        self,
        owner: Address | Contract,
        runs: Sequence[Run],
        frame: Frame,
        run_body: Callable[[Callable[[], Value]], Value],
    ) -> Value:
        """(ok of the body's last value), or (err ...) with everything undone when more moved than was allowed."""
        values = [run(frame) for run in runs[: 3 * self.allowances]]
        allowed = [Allowance(*values[at : at + 3]) for at in range(0, len(values), 3)]
        mark, left = self._world.mark(), None
        result: Value = None
        try:
            result = run_body(lambda: [run(frame) for run in runs[3 * self.allowances :]][-1])
        except Leave as leave:
            left = leave
        violated = _violated([m for m in self._world.moved_since(mark) if m.owner == owner], allowed)
        if violated is not None:
            self._world.undo(mark)
            return Err(violated)
        if left is not None:
            raise left
        return Ok(result)


def _of(allowance: Node) -> tuple[Node, Node, Node]:
    match allowance:
        case Group((Name("with-ft", _), contract, token, amount)):
            return contract, token, amount
    raise SourceError("no allowance that the model knows", allowance.line)


def _violated(moved: Sequence[Moved], allowed: Sequence[Allowance]) -> int | None:
    """The first allowance that was exceeded."""
    sums: dict[tuple[Contract, str], Moved] = {}
    for move in moved:
        before = sums.get((move.contract, move.token))
        total = move.amount + (before.amount if before else 0)
        sums[move.contract, move.token] = Moved(move.owner, move.contract, move.token, total)
    found: list[int] = []
    for move in sums.values():
        covering = [(index, allowance) for index, allowance in enumerate(allowed) if allowance.covers(move)]
        found += [index for index, allowance in covering if move.amount > allowance.amount]
        if not covering:
            found.append(UNALLOWED)
    return min(found, default=None)


def _token(compiler: Compiler, args: Sequence[Node], count: int, line: int) -> _Token:
    if len(args) != count or not isinstance(args[0], Name):
        raise SourceError(f"expected a token's name and {count - 1} arguments", line)
    name = args[0].text
    if name not in compiler.tokens:
        raise SourceError(f"no token {name}", line)
    return _Token(compiler.world, compiler.contract, name)


def _paid(
    compiler: Compiler, cost: str, args: Sequence[Node], scope: Scope, function: Callable[..., Value | Ok | Err]
) -> Code:
    """Pays first, and does not take the values of names."""
    meter, paid = compiler.charges.meter, compiler.charges.cost(cost)

    def make(runs: list[Run]) -> Run:
        def run(frame: Frame) -> Value:
            meter.charge(paid, 0)
            return function(*[run(frame) for run in runs])

        return run

    kind = UINT if cost in ("ft_balance", "ft_get_supply") else None
    return compiler.charges.strict([compiler.expression(arg, scope) for arg in args], make, kind=kind)
