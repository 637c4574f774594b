"""The Clarity VM as a child process: `contracts/tests/vm.mjs`, spoken to in JSON lines and consensus bytes."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from appliance.chain.address import Address, Contract
from appliance.chain.clarity import (
    NONE,
    Ascii,
    Bool,
    Buffer,
    Int,
    List,
    Optional,
    ResponseErr,
    ResponseOk,
    Tuple,
    UInt,
    Utf8,
    Value,
    deserialize,
    serialize,
)
from tests.contracts import marks

CONTRACTS: Final = Path(__file__).resolve().parents[2] / "contracts"
MARKS: Final = "MITA_MARKS"
"""The variable that names a file: contracts are then deployed with marks, and it gets the numbers of those that ran, as
does a file with the process's name after that name where several run tests."""
ROOMY: Final = 1_500_000_000
"""Bytes of memory up to which a process takes on the tests of another file."""


class VmError(Exception):
    """The VM refused to run the call, or aborted it; the text is the VM's."""


@dataclass(frozen=True, slots=True)
class Print:
    """One print event."""

    contract: str
    value: Value


@dataclass(frozen=True, slots=True)
class Receipt:
    """What one call or deployment did. `costs`: runtime, readCount, readLength, writeCount, writeLength."""

    result: Value
    prints: tuple[Print, ...]
    costs: dict[str, int]

    def ok(self) -> Any:
        """The value inside (ok ...), as plain Python."""
        assert isinstance(self.result, ResponseOk), f"refused: {self.result}"
        return plain(self.result.value)

    def refusal(self) -> int:
        """The number inside (err ...)."""
        assert isinstance(self.result, ResponseErr), f"not refused: {self.result}"
        code = plain(self.result.value)
        assert isinstance(code, int)
        return code

    def plain(self) -> Any:
        """The value of a function that returns no response."""
        return plain(self.result)


def value(python: Any) -> Value:
    """int -> uint, bytes -> buff, str -> string-ascii, None -> none, list -> list, dict -> tuple; values stay."""
    match python:
        case None:
            return NONE
        case bool():
            return Bool(python)
        case int():
            return UInt(python)
        case bytes():
            return Buffer(python)
        case str():
            return Ascii(python)
        case list():
            return List(tuple(value(item) for item in python))
        case dict():
            return Tuple.of({name: value(item) for name, item in python.items()})
    assert isinstance(python, Value)
    return python


def plain(clarity: Value) -> Any:
    """The inverse of `value`; responses stay what they are, principals are addresses and contracts."""
    match clarity:
        case UInt(number) | Int(number):
            return number
        case Bool(truth):
            return truth
        case Buffer(data):
            return data
        case Ascii(text) | Utf8(text):
            return text
        case Optional(inner):
            return None if inner is None else plain(inner)
        case List(items):
            return [plain(item) for item in items]
        case Tuple(fields):
            return {name: plain(field) for name, field in fields}
    return clarity


class Machine:
    """The process, with one empty chain at epoch 4.0."""

    def __init__(self, node: Path) -> None:
        self.ran: set[int] = set()
        """Marks of the parts that ran so far; none but in a run that marks texts."""
        self.hears: Callable[[Sequence[Print]], None] | None = None
        """Gets what every accepted transaction prints."""
        self._process = subprocess.Popen(
            [node, str(CONTRACTS / "tests" / "vm.mjs")],
            cwd=CONTRACTS,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def memory(self) -> int:
        """Bytes that the process holds now."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) * 1024

    def reset(self) -> None:
        """An empty chain again."""
        self._ask({"op": "reset"})

    def deploy_manifest(self, path: Path) -> list[str]:
        """A new chain on which Clarinet deploys what the manifest lists; the names of those contracts."""
        contracts: list[str] = self._ask({"op": "manifest", "path": str(path)})["contracts"]
        return [Contract.parse(contract).name for contract in contracts]

    def height(self) -> int:
        """The Stacks height of the tip."""
        height = self._ask({"op": "height"})["height"]
        assert isinstance(height, int)
        return height

    def mine(self, blocks: int) -> None:
        self._ask({"op": "mine", "blocks": blocks})

    def burn(self, blocks: int) -> int:
        """Empty burn blocks; the burn height of the tip."""
        height = self._ask({"op": "burn", "blocks": blocks})["height"]
        assert isinstance(height, int)
        return height

    def deploy(self, name: str, sender: Address, source: str | None = None) -> Contract:
        """contracts/<name>.clar, or `source` under that name. VmError when it does not pass the analysis."""
        text = (CONTRACTS / f"{name}.clar").read_text() if source is None else source
        if MARKS in os.environ and name in marks.CONTRACTS:
            text = marks.unless_foreign(name, text, (CONTRACTS / f"{name}.clar").read_text())
        self._ask({"op": "deploy", "name": name, "sender": str(sender), "source": text})
        return Contract(sender, name)

    def public(self, contract: Contract, function: str, args: list[Any], sender: Address) -> Receipt:
        """A transaction in a block of its own; VmError when it aborts."""
        receipt = self._call("public", contract, function, args, sender)
        if self.hears is not None and receipt.prints:
            self.hears(receipt.prints)
        return receipt

    def read(self, contract: Contract, function: str, *args: Any) -> Receipt:
        return self._call("read", contract, function, list(args), contract.address)

    def private(self, contract: Contract, function: str, *args: Any) -> Receipt:
        """A private function, which only the VM of the tests can reach."""
        return self._call("private", contract, function, list(args), contract.address)

    def stored(self, *asked: tuple[Contract, str] | tuple[Contract, str, Any]) -> list[Any]:
        """What contracts keep, without running them: data variables by name, map entries by name and key, or None."""
        wanted = []
        for contract, name, *key in asked:
            wanted.append({"contract": str(contract), "name": name})
            if key:
                wanted[-1]["key"] = serialize(value(key[0])).hex()
        return [
            plain(deserialize(bytes.fromhex(kept))) for kept in self._ask({"op": "stored", "asked": wanted})["stored"]
        ]

    def _call(self, op: str, contract: Contract, function: str, args: list[Any], sender: Address) -> Receipt:
        answer = self._ask(
            {
                "op": op,
                "contract": str(contract),
                "fn": function,
                "args": [serialize(value(arg)).hex() for arg in args],
                "sender": str(sender),
            }
        )
        self.ran.update(map(int, answer["marks"]))
        return Receipt(
            deserialize(bytes.fromhex(answer["result"])),
            tuple(Print(e["contract"], deserialize(bytes.fromhex(e["value"]))) for e in answer["events"]),
            answer["costs"] or {},
        )

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise VmError(f"the VM's process ended with code {self._process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise VmError(answer["error"])
        return answer


class Machines:
    """One process after the other: what a process has deployed stays in its memory, which has a limit of 4 GB."""

    def __init__(self, node: Path) -> None:
        self._node = node
        self._now: Machine | None = None
        self._ran: set[int] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()
        if file := os.environ.get(MARKS):
            process = os.environ.get("PYTEST_XDIST_WORKER", "")
            Path(file + process).write_text("\n".join(map(str, sorted(self._ran))))

    def roomy(self) -> Machine:
        """The present one, or a new one if that has grown."""
        if self._now is None or self._now.memory() > ROOMY:
            self._end()
            self._now = Machine(self._node)
        return self._now

    def _end(self) -> None:
        if self._now is not None:
            self._now.__exit__()
            self._ran |= self._now.ran
            self._now = None
