"""The contract simulator as a child process (contracts/tests/vm.mjs), for what the benches ask of it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from appliance.chain.address import Address, Contract
from appliance.chain.clarity import Buffer, Optional, Tuple, UInt, Value, deserialize, serialize
from contracts.costs import surroundings

CONTRACTS: Final = Path(__file__).resolve().parents[2] / "contracts"


class SimulatorError(Exception):
    """It refused to run a call, or ended; the text is its own. `missing` if it is not installed."""

    def __init__(self, words: str, *, missing: bool = False) -> None:
        super().__init__(words)
        self.missing = missing


@dataclass(frozen=True, slots=True)
class Charged:
    """What one call was charged, and its result."""

    runtime: int
    read_count: int
    read_length: int
    write_count: int
    write_length: int
    result: Value


class Simulator:
    """A chain at epoch 4.0, Clarity 6, empty but for a contract of `observer` that looks around. Threads may share it:
    what they ask is done one after the other."""

    def __init__(self, child: subprocess.Popen[str], observer: Address) -> None:
        self._child = child
        self._turn = threading.Lock()
        self._surroundings = Contract(observer, surroundings.NAME)
        self._ask(
            {
                "op": "deploy",
                "name": surroundings.NAME,
                "source": surroundings.SOURCE,
                "sender": str(observer),
            }
        )

    def deploy(self, name: str, sender: Address) -> Contract:
        """contracts/NAME.clar."""
        path = str(CONTRACTS / f"{name}.clar")
        self._ask({"op": "deploy", "name": name, "path": path, "sender": str(sender)})
        return Contract(sender, name)

    def call(
        self, contract: Contract, function: str, arguments: Sequence[Value], sender: Address, *, read_only: bool
    ) -> Charged:
        answer = self._ask(
            {
                "op": "read" if read_only else "public",
                "contract": str(contract),
                "fn": function,
                "args": [serialize(argument).hex() for argument in arguments],
                "sender": str(sender),
            }
        )
        costs, result = answer["costs"], answer["result"]
        if not isinstance(costs, dict) or not isinstance(result, str):
            raise SimulatorError("it did not say what the call cost")
        return Charged(
            runtime=costs["runtime"],
            read_count=costs["readCount"],
            read_length=costs["readLength"],
            write_count=costs["writeCount"],
            write_length=costs["writeLength"],
            result=deserialize(bytes.fromhex(result)),
        )

    def burn(self, blocks: int) -> int:
        """So many empty burn blocks; the burn height then."""
        height = self._ask({"op": "burn", "blocks": blocks})["height"]
        if not isinstance(height, int):
            raise SimulatorError("it did not say how high its chain is")
        return height

    def read(self, contract: Contract, function: str, *arguments: Value) -> Value:
        """The answer of a read-only function."""
        return self.call(contract, function, arguments, contract.address, read_only=True).result

    def heights(self) -> dict[str, int]:
        """As a model of the chain has them."""
        found = self._look("heights")
        if not isinstance(found, Tuple):
            raise SimulatorError("it did not say how high its chain is")
        return {name: height.value for name, height in found.fields if isinstance(height, UInt)}

    def burn_header(self, height: int) -> bytes | None:
        """The hash of a burn block."""
        found = self._look("header", UInt(height))
        if not isinstance(found, Optional):
            raise SimulatorError("it did not say what a burn block's hash is")
        return found.value.data if isinstance(found.value, Buffer) else None

    def _look(self, function: str, *arguments: Value) -> Value:
        return self.read(self._surroundings, function, *arguments)

    def _ask(self, request: dict[str, object]) -> dict[str, object]:
        stdin, stdout = self._child.stdin, self._child.stdout
        if stdin is None or stdout is None:
            raise AssertionError("it was started with pipes")
        try:
            with self._turn:
                stdin.write(json.dumps(request) + "\n")
                stdin.flush()
                line = stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise SimulatorError(f"the contract simulator ended with code {self._child.wait()}")
        answer = json.loads(line)
        if not isinstance(answer, dict) or "error" in answer:
            raise SimulatorError(str(answer))
        return answer


@contextmanager
def simulator(observer: Address) -> Iterator[Simulator]:
    """SimulatorError when Node or the contract SDK is missing."""
    node = os.environ.get("MITA_NODE") or shutil.which("node")
    if node is None or not (CONTRACTS / "node_modules" / "@stacks" / "clarinet-sdk").is_dir():
        raise SimulatorError("Node or the contract SDK is not installed: start with ./mita bench", missing=True)
    child = subprocess.Popen(
        [node, str(CONTRACTS / "tests" / "vm.mjs")],
        cwd=CONTRACTS,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield Simulator(child, observer)
    finally:
        child.kill()
        child.wait()
        for pipe in filter(None, (child.stdin, child.stdout)):
            with suppress(BrokenPipeError):  # a request that it did not live to read is still in the pipe's buffer
                pipe.close()
