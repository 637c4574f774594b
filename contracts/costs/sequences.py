"""Natives over lists, buffers and strings, and the kinds of the lists that come out.

As in stacks-core (commit in tables.py), clarity/src/vm/functions/sequences.rs (the versions of epoch 4.0).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from contracts.costs.code import CallAborted, Code, Frame, Run, calling
from contracts.costs.kinds import NO_TYPE, Kind, list_of, supertype, tuple_of
from contracts.costs.parser import SourceError
from contracts.costs.values import Fields, Items, Some, Value, kind_of, make_list, same, sanitized, size_of

if TYPE_CHECKING:
    from contracts.costs.compiler import Compiler

_ELEMENT_SIZE = 5  # of a buffer or string of one


def elements(sequence: Value) -> tuple[Value, ...]:
    """One by one, as map, fold and filter pass them on."""
    match sequence:
        case Items():
            return sequence.items
        case bytes():
            return tuple(sequence[i : i + 1] for i in range(len(sequence)))
        case str():
            return tuple(sequence)
    raise CallAborted("not a sequence")


def length(sequence: Value) -> int:
    return len(_contents(sequence))


def element_at(sequence: Value, index: int) -> Some | None:
    contents = _contents(sequence)
    if index >= len(contents):
        return None
    return Some(contents[index] if isinstance(sequence, Items) else contents[index : index + 1])


def index_of(sequence: Value, wanted: Value) -> Some | None:
    for index, element in enumerate(elements(sequence)):
        if same((element,), (wanted,)):
            return Some(index)
    return None


def with_contents(sequence: Value, kept: Sequence[Value]) -> Value:
    """What `filter` leaves: a list keeps its kind."""
    match sequence:
        case Items():
            return Items(tuple(kept), sequence.kind)
        case bytes():
            return b"".join(part for part in kept if isinstance(part, bytes))
    return "".join(part for part in kept if isinstance(part, str))


def tuple_with(fields: dict[str, Value], kinds: dict[str, Kind]) -> Fields:
    """A tuple whose fields keep kinds of their own, as `merge` makes it."""
    names = tuple(sorted(fields))
    return Fields(names, tuple(fields[name] for name in names), tuple_of(names, tuple(kinds[name] for name in names)))


def listed(compiler: Compiler, codes: Sequence[Code], line: int) -> Code:  # noqa: ARG001 - one signature for all forms
    parts = [compiler.taken(code) for code in codes]
    kinds = [code.kind for code in codes if code.kind is not None]
    meter, cost = compiler.charges.meter, compiler.charges.cost("list_cons")
    if len(kinds) == len(codes):
        due = cost.runtime(sum(kind.size for kind in kinds))
        return compiler.charges.strict(
            parts, lambda runs: lambda frame: make_list(tuple([run(frame) for run in runs])), after=due
        )

    def make(runs: list[Run]) -> Run:
        def run(frame: Frame) -> Value:
            items = tuple([run(frame) for run in runs])
            meter.runtime += cost.runtime(sum(map(size_of, items)))
            return make_list(items)

        return run

    return compiler.charges.strict(parts, make)


def appended(compiler: Compiler, codes: Sequence[Code], line: int) -> Code:
    _check(codes, 2, "append", line)
    meter, cost = compiler.charges.meter, compiler.charges.cost("append")

    def append(sequence: Items, element: Value) -> Items:
        entry, own = sequence.kind.inner[0], kind_of(element)
        meter.runtime += cost.runtime(max(entry.size, own.size))
        if entry is NO_TYPE:
            return make_list((element,))
        kind = list_of(supertype(entry, own), sequence.kind.length + 1)
        return Items((*sequence.items, sanitized(element)), kind)

    return compiler.charges.strict([compiler.taken(code) for code in codes], lambda runs: calling(append, runs))


def concatenated(compiler: Compiler, codes: Sequence[Code], line: int) -> Code:
    if len(codes) < 2:
        raise SourceError("concat takes two or more arguments", line)
    meter, cost = compiler.charges.meter, compiler.charges.cost("concat")

    def concat(*parts: Any) -> Value:
        meter.runtime += cost.runtime(sum(map(length, parts)))
        first = parts[0]
        if not isinstance(first, Items):
            return first[:0].join(parts)  # type: ignore[no-any-return]  # bytes or str, like its parts
        items, kind = first.items, first.kind
        for part in parts[1:]:
            kind = list_of(supertype(kind.inner[0], part.kind.inner[0]), kind.length + part.kind.length)
            items += tuple(sanitized(item) for item in part.items)
        return Items(items, kind)

    return compiler.charges.strict([compiler.taken(code) for code in codes], lambda runs: calling(concat, runs))


def sliced(compiler: Compiler, codes: Sequence[Code], line: int) -> Code:
    """Out of bounds costs nothing; positions are only looked at."""
    _check(codes, 3, "slice?", line)
    meter, cost = compiler.charges.meter, compiler.charges.cost("slice")

    def slice_of(sequence: Value, left: int, right: int) -> Some | None:
        contents = _contents(sequence)
        if left >= len(contents) or not left <= right <= len(contents):
            return None
        element = sequence.kind.inner[0].size if isinstance(sequence, Items) else _ELEMENT_SIZE
        meter.runtime += cost.runtime((right - left) * element)
        part = contents[left:right]
        return Some(make_list(tuple(sanitized(item) for item in part)) if isinstance(sequence, Items) else part)

    return compiler.charges.strict([compiler.taken(codes[0]), *codes[1:]], lambda runs: calling(slice_of, runs))


def replaced(compiler: Compiler, codes: Sequence[Code], line: int) -> Code:
    """Takes the sequence after paying for it, and the element only where the index fits."""
    _check(codes, 3, "replace-at?", line)
    meter, cost = compiler.charges.meter, compiler.charges.cost("replace_at")
    taking = compiler.charges.cost("lookup_variable_size")
    sequence_named, element_named = codes[0].borrowed, codes[2].borrowed

    def replace(sequence: Any, index: int, element: Any) -> Some | None:
        meter.runtime += cost.runtime(size_of(sequence))
        if sequence_named:
            meter.runtime += taking.runtime(size_of(sequence))
        contents = _contents(sequence)
        if index >= len(contents):
            return None
        if element_named:
            meter.runtime += taking.runtime(size_of(element))
        if isinstance(sequence, Items):
            return Some(Items((*contents[:index], element, *contents[index + 1 :]), sequence.kind))
        if len(element) != 1:
            raise CallAborted("replace-at? of an element that is not one")
        return Some(contents[:index] + element + contents[index + 1 :])

    return compiler.charges.strict(codes, lambda runs: calling(replace, runs))


def _contents(sequence: Value) -> Any:
    if isinstance(sequence, Items):
        return sequence.items
    if isinstance(sequence, bytes | str):
        return sequence
    raise CallAborted("not a sequence")


def _check(codes: Sequence[Code], arity: int, name: str, line: int) -> None:
    if len(codes) != arity:
        raise SourceError(f"{name} takes {arity} arguments, not {len(codes)}", line)
