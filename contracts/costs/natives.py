"""Natives of evaluated arguments: what each charges, and what it yields.

Which input a cost function gets, and whether names are taken or only looked at, as in stacks-core (commit in
tables.py), clarity/src/vm/functions/{mod,arithmetic,boolean,crypto,options,sequences,principals}.rs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from contracts.costs import arithmetic, sequences
from contracts.costs import bytestrings as b
from contracts.costs.code import CallAborted, Code, Frame, Leave, Run, calling
from contracts.costs.kinds import BOOL, INT, UINT, Kind, buff, wire_size
from contracts.costs.parser import SourceError
from contracts.costs.values import Err, Fields, Ok, Some, Value, encoded_size, same, size_of

if TYPE_CHECKING:
    from contracts.costs.compiler import Compiler

Native = Callable[["Compiler", Sequence[Code], int], Code]


def counted(
    cost: str, function: Callable[..., Value], arity: int | None, kind: Kind | None = None, *, leaves: bool = False
) -> Native:
    """Pays by the number of arguments. arity None: one or more."""

    def native(compiler: Compiler, codes: Sequence[Code], line: int) -> Code:
        _check_arity(cost, codes, arity, line)
        parts = [compiler.taken(code) for code in codes]
        due = compiler.charges.runtime(cost, len(codes))
        return compiler.charges.strict(parts, lambda runs: calling(function, runs), after=due, kind=kind, leaves=leaves)

    return native


def sized(cost: str, function: Callable[..., Value], arity: int | None, kind: Kind | None = None) -> Native:
    """Pays by the consensus bytes of its arguments."""

    def native(compiler: Compiler, codes: Sequence[Code], line: int) -> Code:
        _check_arity(cost, codes, arity, line)
        parts = [compiler.taken(code) for code in codes]
        charges, meter, paid = compiler.charges, compiler.charges.meter, compiler.charges.cost(cost)
        sizes = [None if code.kind is None else wire_size(code.kind) for code in codes]
        known = [size for size in sizes if size is not None]
        if len(known) == len(sizes):
            return charges.strict(
                parts, lambda runs: calling(function, runs), after=paid.runtime(sum(known)), kind=kind
            )

        def paying(*values: Value) -> Value:
            meter.charge(paid, sum(map(encoded_size, values)))
            return function(*values)

        return charges.strict(parts, lambda runs: calling(paying, runs), kind=kind)

    return native


def looking(cost: str, function: Callable[..., Value], arity: int, kind: Kind | None = None) -> Native:
    """Pays a constant, first, and does not take the values of names."""

    def native(compiler: Compiler, codes: Sequence[Code], line: int) -> Code:
        _check_arity(cost, codes, arity, line)
        return compiler.charges.strict(
            codes, lambda runs: calling(function, runs), before=compiler.charges.runtime(cost), kind=kind
        )

    return native


def comparison(cost: str, function: Callable[[Any, Any], Any]) -> Native:
    """Pays by the smaller size, and does not take the values of names."""

    def native(compiler: Compiler, codes: Sequence[Code], line: int) -> Code:
        _check_arity(cost, codes, 2, line)
        charges, meter, paid = compiler.charges, compiler.charges.meter, compiler.charges.cost(cost)
        kinds = [code.kind for code in codes if code.kind is not None]
        if len(kinds) == 2:
            due = paid.runtime(min(kind.size for kind in kinds))
            return charges.strict(codes, lambda runs: calling(function, runs), after=due, kind=BOOL)

        def paying(x: Value, y: Value) -> Any:
            meter.runtime += paid.runtime(min(size_of(x), size_of(y)))
            return function(x, y)

        return charges.strict(codes, lambda runs: calling(paying, runs), kind=BOOL)

    return native


def junction(cost: str, *, stops_at: bool) -> Native:
    """`and` and `or`: arguments up to the first that decides."""

    def native(compiler: Compiler, codes: Sequence[Code], line: int) -> Code:
        _check_arity(cost, codes, None, line)
        charges = compiler.charges
        first, rest = codes[0].run, [charges.charged(code) for code in codes[1:]]

        def run(frame: Frame) -> bool:
            found = first(frame) is stops_at or any(other(frame) is stops_at for other in rest)
            return found is stops_at

        return Code(run, charges.runtime(cost, len(codes)) + codes[0].fixed, BOOL, any(code.leaves for code in codes))

    return native


def _printed(compiler: Compiler, codes: Sequence[Code], line: int) -> Code:
    _check_arity("print", codes, 1, line)
    meter, cost = compiler.charges.meter, compiler.charges.cost("print")

    def make(runs: list[Run]) -> Run:
        def run(frame: Frame) -> Value:
            value: Value = runs[0](frame)
            meter.runtime += cost.runtime(size_of(value))
            return value

        return run

    return compiler.charges.strict([compiler.taken(codes[0])], make, kind=codes[0].kind)


def _destructed(compiler: Compiler, codes: Sequence[Code], line: int) -> Code:
    _check_arity("principal_destruct", codes, 1, line)
    world = compiler.world
    return compiler.charges.strict(
        [compiler.taken(codes[0])],
        lambda runs: calling(lambda principal: b.destructed(principal, world.address_versions), runs),
        before=compiler.charges.runtime("principal_destruct"),
    )


def _verified(compiler: Compiler, codes: Sequence[Code], line: int) -> Code:
    """Looks at the key only where the signature has the right form."""
    _check_arity("secp256k1verify", codes, 3, line)
    key = compiler.charges.charged(codes[2])

    def make(runs: list[Run]) -> Run:
        message, signature = runs

        def run(frame: Frame) -> bool:
            signed, by = message(frame), signature(frame)
            return b.is_signature(signed, by) and b.verified(signed, by, key(frame))

        return run

    due = compiler.charges.runtime("secp256k1verify")
    return compiler.charges.strict(codes[:2], make, before=due, kind=BOOL, leaves=codes[2].leaves)


def _standard(compiler: Compiler, codes: Sequence[Code], line: int) -> Code:
    world = compiler.world
    return looking("is_standard", lambda principal: b.is_of(principal, world.address_versions), 1, BOOL)(
        compiler, codes, line
    )


def _check_arity(cost: str, codes: Sequence[Code], arity: int | None, line: int) -> None:
    if len(codes) != arity if arity is not None else not codes:
        raise SourceError(f"{cost} takes {'one or more' if arity is None else arity} arguments, not {len(codes)}", line)


def _is_eq(first: Value, *others: Value) -> bool:
    return all(same((first,), (other,)) for other in others)


def _last(*values: Value) -> Value:
    return values[-1]


def _begun(compiler: Compiler, codes: Sequence[Code], line: int) -> Code:
    return counted("begin", _last, None, codes[-1].kind if codes else None)(compiler, codes, line)


def _default_to(default: Value, option: Value) -> Value:
    return option.value if isinstance(option, Some) else default


def _unwrap(wrapped: Value) -> Value:
    if isinstance(wrapped, Some | Ok):
        return wrapped.value
    raise CallAborted("unwrap-panic of none or err")


def _unwrap_err(wrapped: Value) -> Value:
    if isinstance(wrapped, Err):
        return wrapped.value
    raise CallAborted("unwrap-err-panic of ok")


def _unwrap_or(wrapped: Value, thrown: Value) -> Value:
    if isinstance(wrapped, Some | Ok):
        return wrapped.value
    raise Leave(thrown)


def _unwrap_err_or(wrapped: Value, thrown: Value) -> Value:
    if isinstance(wrapped, Err):
        return wrapped.value
    raise Leave(thrown)


def _try(wrapped: Value) -> Value:
    if isinstance(wrapped, Some | Ok):
        return wrapped.value
    raise Leave(wrapped)


def _merged(base: Fields, update: Fields) -> Fields:
    fields = dict(zip(base.names, base.values, strict=True)) | dict(zip(update.names, update.values, strict=True))
    kinds = dict(zip(base.names, base.kind.inner, strict=True)) | dict(
        zip(update.names, update.kind.inner, strict=True)
    )
    return sequences.tuple_with(fields, kinds)


NATIVES: Final[dict[str, Native]] = {
    "+": counted("add", arithmetic.add, None, UINT),
    "-": counted("sub", arithmetic.subtract, None, UINT),
    "*": counted("mul", arithmetic.multiply, None, UINT),
    "/": counted("div", arithmetic.divide, None, UINT),
    "mod": counted("mod", arithmetic.modulo, 2, UINT),
    "pow": counted("pow", arithmetic.power, 2, UINT),
    "to-int": counted("int_cast", arithmetic.to_int, 1, INT),
    "to-uint": counted("int_cast", arithmetic.to_uint, 1, UINT),
    "sqrti": counted("sqrti", arithmetic.square_root, 1, UINT),
    "log2": counted("log2", arithmetic.log2, 1, UINT),
    "xor": counted("xor", arithmetic.bit_xor, 2, UINT),
    "bit-and": counted("bitwise_and", arithmetic.bit_and, None, UINT),
    "bit-or": counted("bitwise_or", arithmetic.bit_or, None, UINT),
    "bit-xor": counted("xor", arithmetic.bit_xor, None, UINT),
    "bit-not": counted("bitwise_not", arithmetic.bit_not, 1, UINT),
    "bit-shift-left": counted("bitwise_left_shift", arithmetic.shift_left, 2, UINT),
    "bit-shift-right": counted("bitwise_right_shift", arithmetic.shift_right, 2, UINT),
    ">=": comparison("geq", lambda x, y: x >= y),
    "<=": comparison("leq", lambda x, y: x <= y),
    ">": comparison("ge", lambda x, y: x > y),
    "<": comparison("le", lambda x, y: x < y),
    "is-eq": sized("eq", _is_eq, None, BOOL),
    "and": junction("and", stops_at=False),
    "or": junction("or", stops_at=True),
    "not": counted("not", lambda truth: not truth, 1, BOOL),
    "begin": _begun,
    "print": _printed,
    "some": counted("some_cons", Some, 1),
    "ok": counted("ok_cons", Ok, 1),
    "err": counted("err_cons", Err, 1),
    "default-to": counted("default_to", _default_to, 2),
    "unwrap-panic": counted("unwrap", _unwrap, 1),
    "unwrap-err-panic": counted("unwrap_err", _unwrap_err, 1),
    "unwrap!": counted("unwrap_ret", _unwrap_or, 2, leaves=True),
    "unwrap-err!": counted("unwrap_err_or_ret", _unwrap_err_or, 2, leaves=True),
    "try!": counted("try_ret", _try, 1, leaves=True),
    "is-ok": counted("is_okay", lambda wrapped: isinstance(wrapped, Ok), 1, BOOL),
    "is-err": counted("is_err", lambda wrapped: isinstance(wrapped, Err), 1, BOOL),
    "is-some": counted("is_some", lambda wrapped: wrapped is not None, 1, BOOL),
    "is-none": counted("is_none", lambda wrapped: wrapped is None, 1, BOOL),
    "merge": sized("tuple_merge", _merged, 2),
    "len": counted("len", sequences.length, 1, UINT),
    "element-at?": counted("element_at", sequences.element_at, 2),
    "element-at": counted("element_at", sequences.element_at, 2),
    "index-of?": sized("index_of", sequences.index_of, 2),
    "index-of": sized("index_of", sequences.index_of, 2),
    "list": sequences.listed,
    "append": sequences.appended,
    "concat": sequences.concatenated,
    "slice?": sequences.sliced,
    "replace-at?": sequences.replaced,
    "buff-to-int-be": counted("buff_to_int_be", lambda data: b.signed_number(data, "big"), 1, INT),
    "buff-to-int-le": counted("buff_to_int_le", lambda data: b.signed_number(data, "little"), 1, INT),
    "buff-to-uint-be": counted("buff_to_uint_be", lambda data: b.number(data, "big"), 1, UINT),
    "buff-to-uint-le": counted("buff_to_uint_le", lambda data: b.number(data, "little"), 1, UINT),
    "to-consensus-buff?": sized("to_consensus_buff", b.consensus, 1),
    "hash160": sized("hash160", b.hashed160, 1, buff(20)),
    "sha256": sized("sha256", lambda data: b.hashed("sha256", data), 1, buff(32)),
    "sha512": sized("sha512", lambda data: b.hashed("sha512", data), 1, buff(64)),
    "sha512/256": sized("sha512t256", lambda data: b.hashed("sha512_256", data), 1, buff(32)),
    "secp256k1-recover?": looking("secp256k1recover", b.recovered, 2),
    "secp256k1-verify": _verified,
    "secp256k1-decompress?": counted("secp256k1decompress", b.decompressed, 1),
    "principal-destruct?": _destructed,
    "is-standard": _standard,
}
