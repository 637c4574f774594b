"""The long-lived Node process of contracts/tests/oracle.mjs, asked one JSON line at a time."""

import json
import subprocess
from pathlib import Path
from typing import Any, Self

CONTRACTS = Path(__file__).resolve().parents[2] / "contracts"
SCRIPT = CONTRACTS / "tests" / "oracle.mjs"


class Oracle:
    def __init__(self, node: str) -> None:
        self._process = subprocess.Popen(
            [node, str(SCRIPT)], cwd=CONTRACTS, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()  # closes its input, which ends it

    def answers(self, op: str, items: list[Any]) -> list[dict[str, Any]]:
        """One {"ok": ...} or {"error": ...} an item, in order."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"op": op, "items": items}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the oracle process ended; its reason is on standard error")
        answers: list[dict[str, Any]] = json.loads(line)
        assert len(answers) == len(items)
        return answers

    def ask(self, op: str, items: list[Any]) -> list[Any]:
        """The answers, when none is an error."""
        answers = self.answers(op, items)
        errors = [(item, answer["error"]) for item, answer in zip(items, answers, strict=True) if "error" in answer]
        assert not errors, errors[0]
        return [answer["ok"] for answer in answers]
