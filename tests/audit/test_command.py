"""The command itself: what it says, how it ends, files, and that it needs nothing else of the appliance."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import urllib.request
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from appliance.audit import proof_file
from appliance.audit.claim import Refused, verify
from appliance.chain.address import Address
from appliance.cli.main import main
from appliance.founding import CONTRACTS
from tests.audit.conftest import Told, audit_of
from tests.audit.settlement import BLOCKS, FIRST_BLOCK, NETWORK, STEWARD, Made

ROOT = Path(__file__).resolve().parents[2]
BATCH = (1, FIRST_BLOCK + BLOCKS)
NOBODY = str(Address(26, bytes(20)))
ALLOWED = {"appliance", "appliance.__main__", "appliance.cli", "appliance.cli.main", "appliance.chain"}


def mita(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-m", "appliance", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)


@pytest.fixture(scope="module")
def saved(made: Made, tmp_path_factory: pytest.TempPathFactory) -> tuple[subprocess.CompletedProcess[str], Path]:
    """The settlement audited by the command as anyone runs it, in two processes, and its proofs in files."""
    folder = tmp_path_factory.mktemp("saved") / "new"
    settlement = ("--settlement", str(made.deployer))
    return mita("audit", "--chain", made.url, *settlement, "--save", str(folder), "--jobs", "2"), folder


def test_says_each_batch_and_zone_and_a_verdict(
    saved: tuple[subprocess.CompletedProcess[str], Path], made: Made
) -> None:
    done, _ = saved
    assert done.returncode == 0, done.stderr
    progress = done.stderr.splitlines()
    assert sum("16 slots: proof holds (" in line for line in progress) == 3
    assert f"2 of 5: zone 1, batch of block {BATCH[1]}, 16 slots" in done.stderr
    assert "4 of 5: zone 1, own proof of a slot: proof holds" in done.stderr
    contract, compared, zone_1, zone_2, zone_3, contested, verdict, sums, limit = done.stdout.splitlines()
    assert contract == f"contract {made.deployer}.meter-data"
    assert compared == f"text compared with this Mita's, of {', '.join(CONTRACTS)}: all the same"
    both = made.totals[1, FIRST_BLOCK] + made.totals[BATCH]
    last = FIRST_BLOCK + 2 * BLOCKS - 1
    assert zone_1 == f"zone 1: 16 slots, blocks {FIRST_BLOCK} to {last} in 2 batches, {both} Wh; all checks hold"
    assert f"in 1 batch, {made.totals[2, FIRST_BLOCK]} Wh; all checks hold" in zone_2
    assert zone_3 == "zone 3: no batch; all checks hold"
    assert contested == f"zone 2, batch of block {FIRST_BLOCK} is contested: slot 7 proved something else"
    assert verdict == "proofs that hold over py_ecc: 3 of batches, 2 of single slots"
    assert sums == "no batch is missing or doubled, and every total adds up"
    assert "believed, not checked" in limit


def test_imports_nothing_else_of_the_appliance(made: Made) -> None:
    """After a whole audit in one process: only its own modules, the wire format and circuits were loaded."""
    code = (
        "import sys\n"
        "from appliance.cli.main import main\n"
        f"code = main(['audit', '--chain', {made.url!r}, '--tx', {made.txid(*BATCH)!r}])\n"
        "print('MODULES', *sorted(sys.modules))\n"
        "sys.exit(code)\n"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    modules = done.stdout.rpartition("MODULES ")[2].split()
    own = {name for name in modules if name.partition(".")[0] in ("appliance", "drivers", "web", "contracts", "tests")}
    others = {
        name for name in own if not name.startswith(("appliance.cli.audit", "appliance.audit", "appliance.chain."))
    }
    assert others <= ALLOWED
    assert {"appliance.cli.audit", "appliance.chain.history", "circuits.reference", "py_ecc.secp256k1"} <= set(modules)


def test_one_transaction(made: Made) -> None:
    told = audit_of("--chain", made.url, "--tx", "0x" + made.txid(*BATCH).upper())
    assert (told.code, told.report["failures"]) == (0, [])
    assert [batch["batch"] for batch in told.report["batches"]] == [BATCH[1]]
    assert told.report["contract"] == f"{made.deployer}.meter-data"
    assert told.report["compared"] == list(CONTRACTS)


def test_one_transaction_says_whose_contract_it_called(made: Made, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "--chain", made.url, "--tx", made.txid(*BATCH)]) == 0
    contract, compared, *_ = capsys.readouterr().out.splitlines()
    assert contract == f"contract {made.deployer}.meter-data"
    assert compared.startswith("text compared with this Mita's")


def test_transaction_that_is_no_batch(made: Made) -> None:
    assert audit_of("--chain", made.url, "--tx", "0" * 64).code == 2
    founding = founding_transaction(made)
    told = audit_of("--chain", made.url, "--tx", founding)
    assert told.code == 2
    assert "is no usage batch" in told.err


def founding_transaction(made: Made) -> str:
    with urllib.request.urlopen(f"{made.url}/extended/v1/contract/{made.deployer}.user-registry/events") as answer:
        found: str = json.load(answer)["results"][0]["tx_id"]
    return found


# --- files


def test_saved_proofs_hold_alone(saved: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    _, folder = saved
    files = sorted(folder.iterdir())
    assert [file.name for file in files] == [
        f"zone-1-block-{FIRST_BLOCK}.json",
        f"zone-1-block-{BATCH[1]}.json",
        f"zone-2-block-{FIRST_BLOCK}.json",
    ]
    told = audit_of("--proof", *map(str, files))
    assert told.code == 0
    assert [proof["check"] for proof in told.report["proofs"]] == [None, None, None]


ALTERED: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "commitment": (lambda proof: proof["commitments"].reverse(), "final equation"),
    "total": (lambda proof: proof.update(total=proof["total"] + 1), "final equation"),
    "blinding": (lambda proof: proof.update(blinding="ff" * 32), "encoding"),
    "no opening": (lambda proof: proof.update(total=None, blinding=None, submitted=None), "final equation"),
    "context": (lambda proof: proof.update(context="00" * 32), "final equation"),
    "submitted": (lambda proof: proof["submitted"].update(zone=2), "context"),
    "chain": (lambda proof: proof["submitted"].update(chain=1), "context"),
    "submitter": (lambda proof: proof["submitted"].update(submitter=str(STEWARD.address(NETWORK))), "context"),
    "broken submitter": (lambda proof: proof["submitted"].update(submitter="ST1"), "context"),
    "root beyond a value": (lambda proof: proof["submitted"].update(evidence_root="00" * ((1 << 20) - 20)), "encoding"),
    "root beyond a buffer": (lambda proof: proof["submitted"].update(evidence_root="00" * ((1 << 20) + 1)), "encoding"),
    "hint": (lambda proof: proof["hints"].__setitem__(1, "00" * 32), "hint"),
    "hint missing": (lambda proof: proof["hints"].pop(), "length"),
    "commitment missing": (lambda proof: proof["commitments"].pop(), "length"),
    "point": (lambda proof: proof["points"].__setitem__(0, "02" + "00" * 32), "encoding"),
    "scalar": (lambda proof: proof["scalars"].__setitem__(0, "00" * 31), "encoding"),
    "not hexadecimal": (lambda proof: proof["scalars"].__setitem__(0, "xy" * 32), "encoding"),
}


@pytest.mark.parametrize("what", ALTERED)
def test_altered_file(saved: tuple[subprocess.CompletedProcess[str], Path], tmp_path: Path, what: str) -> None:
    alter, check = ALTERED[what]
    proof = json.loads((saved[1] / f"zone-1-block-{FIRST_BLOCK}.json").read_text())
    alter(proof)
    file = tmp_path / "altered.json"
    file.write_text(json.dumps([proof]))
    told = audit_of("--proof", str(file))
    assert told.code == 1
    assert [proof["check"] for proof in told.report["proofs"]] == [check]


@pytest.mark.parametrize(
    "content", ["", "[", "[]", "{}", "[1]", '{"kind": "zero"}', '{"kind": "usage"}', "[" * 100_000]
)
def test_file_that_holds_no_proof(tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str) -> None:
    file = tmp_path / "other.json"
    file.write_text(content)
    assert main(["audit", "--proof", str(file)]) == 2
    assert capsys.readouterr().err.startswith("mita: ")


@pytest.mark.parametrize("m", [1, 4])
def test_vectors_are_judged_as_they_say(m: int) -> None:
    """All but one kind: where both a hint and the equation are wrong, the audit names the equation."""
    cases = proof_file.load(ROOT / "tests" / "vectors" / f"usage-{m}.json")
    assert len(cases) > 10
    for case in cases:
        try:
            failure = verify(proof_file.read(case)[0]).failure
        except Refused as refused:
            failure = refused.failure
        found = "ok" if failure is None else str(failure.check)
        both_wrong = str(case["comment"]).startswith("P + ")
        assert found == ("final equation" if both_wrong else case["expected"]), case["comment"]


def test_file_that_is_too_large(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "large.json"
    file.write_bytes(b" " * (proof_file.MAX_FILE_BYTES + 1))
    assert main(["audit", "--proof", str(file)]) == 2
    assert "is larger than 4 MiB" in capsys.readouterr().err


def test_file_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "--proof", str(tmp_path / "none.json")]) == 2
    assert "none.json cannot be read: No such file" in capsys.readouterr().err


def test_folder_that_cannot_be_made(made: Made, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    told = audit_of("--chain", made.url, "--tx", made.txid(*BATCH), "--save", str(tmp_path / "file"))
    assert told.code == 2
    assert "cannot be saved" in told.err


# --- wrong use, and nodes that are none


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--chain", "http://127.0.0.1:1"),
        ("--chain", "http://127.0.0.1:1", "--settlement", NOBODY, "--tx", "0" * 64),
        ("--chain", "http://127.0.0.1:1", "--settlement", "ST1"),
        ("--chain", "http://127.0.0.1:1", "--settlement", NOBODY, "--jobs", "0"),
        ("--chain", "http://127.0.0.1:1", "--tx", "12"),
        ("--chain", "nonsense", "--settlement", NOBODY),
        ("--proof", "a.json", "--tx", "0" * 64),
        ("--proof", "a.json", "--chain", "http://127.0.0.1:1"),
    ],
)
def test_wrong_use(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err


def test_nobody_listens() -> None:
    told = audit_of("--chain", "http://127.0.0.1:1", "--settlement", NOBODY)
    assert told.code == 3
    assert "http://127.0.0.1:1 gives no answer to audit: the link failed" in told.err


def test_no_settlement_at_the_address(made: Made) -> None:
    told = audit_of("--chain", made.url, "--settlement", NOBODY)
    assert told.code == 2
    assert "no contract" in told.err


Handler = Callable[[web.Request], Awaitable[web.Response]]


def audit_at(handler: Handler) -> Told:
    """An audit of something that only looks like a node."""

    @asynccontextmanager
    async def site() -> Any:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", handler)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()

    async def ask() -> Told:
        async with site() as url:
            return await asyncio.to_thread(audit_of, "--chain", url, "--settlement", NOBODY)

    return asyncio.run(ask())


def test_site_that_is_no_node() -> None:
    async def page(_: web.Request) -> web.Response:
        return web.Response(text="<html>Welcome</html>", content_type="text/html")

    told = audit_at(page)
    assert told.code == 3
    assert "the answer is not JSON" in told.err
    assert "Stacks node with the indexed API" in told.err


def test_site_without_these_paths() -> None:
    async def nothing(_: web.Request) -> web.Response:
        return web.Response(status=404)

    told = audit_at(nothing)
    assert told.code == 2
    assert "answered 404" in told.err


def test_settlement_without_batches_is_said() -> None:
    async def young(request: web.Request) -> web.Response:
        if request.path == "/v2/info":
            return web.json_response({"stacks_tip_height": 1, "burn_block_height": 1, "network_id": 2147483648})
        if "/source/" in request.path:
            source = (ROOT / "contracts" / f"{request.path.rpartition('/')[2]}.clar").read_text("utf-8")
            return web.json_response({"source": source, "publish_height": 1})
        return web.json_response({"results": [], "okay": True, "result": "0x09"})

    told = audit_at(young)
    assert told.code == 2
    assert "has taken no usage batch yet" in told.err
