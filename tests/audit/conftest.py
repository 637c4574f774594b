"""One settlement on one chain for all tests: the audit only reads it."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import io
import json
import signal
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

import pytest

from appliance.audit.claim import Claim, Verdict
from appliance.audit.claim import verify as verify_claim
from appliance.cli import audit
from appliance.cli.main import main
from tests.audit import settlement
from tests.audit.proxy import Rewrite, lying
from tests.audit.settlement import Made
from tests.devnet.network import Devnet


@pytest.fixture(scope="session")
def made(node: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    chain = Devnet(node, tmp_path_factory.mktemp("audited") / "chain", settlement.genesis(), block_ms=50)
    assert chain.start(), chain.messages
    yield asyncio.run(settlement.make(f"http://127.0.0.1:{chain.port}"))
    assert chain.kill(signal.SIGTERM) == 0


@dataclass(frozen=True, slots=True)
class Told:
    """The end of an audit: exit code, the JSON object if there was one, standard error."""

    code: int
    report: dict[str, Any]
    err: str

    def failures(self) -> set[tuple[int | None, int | None, str]]:
        """(zone, batch, check) of each."""
        return {(f["zone"], f["batch"], f["check"]) for f in self.report["failures"]}

    def checks(self, zone: int, batch: int) -> set[str]:
        """Those that failed for a batch."""
        return {check for *where, check in self.failures() if where == [zone, batch]}


def audit_of(*arguments: str) -> Told:
    """`./mita audit ... --json` in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(["audit", *arguments, "--json"])
    return Told(code, json.loads(out.getvalue() or "{}"), err.getvalue())


class Through(Protocol):
    def __call__(self, rewrite: Rewrite, ids: Mapping[str, str] = ...) -> Told: ...


@functools.cache
def _verdict(claim: Claim) -> Verdict:
    return verify_claim(claim)


@pytest.fixture
def verified_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same claim is checked once in all tests, and here; every altered claim is another one."""

    def verify(claims: Sequence[Claim], jobs: int) -> Iterator[Verdict]:
        del jobs
        return map(_verdict, claims)

    monkeypatch.setattr(audit, "_verify", verify)


@pytest.fixture
def through(made: Made, verified_once: None) -> Through:
    """An audit of the settlement through a proxy that rewrites the node's answers; see `lying`."""

    def run(rewrite: Rewrite, ids: Mapping[str, str] = MappingProxyType({})) -> Told:
        async def ask() -> Told:
            async with lying(made.url, rewrite, ids) as url:
                return await asyncio.to_thread(audit_of, "--chain", url, "--settlement", str(made.deployer))

        return asyncio.run(ask())

    return run
