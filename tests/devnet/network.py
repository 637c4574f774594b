"""The local chain and its oracle as child processes, for tests."""

from __future__ import annotations

import http.client
import json
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CONTRACTS = Path(__file__).resolve().parents[2] / "contracts"
PROBE = (CONTRACTS / "devnet" / "tests" / "probe.clar").read_text(encoding="utf-8")
# halves the start of a process that lives for seconds; what the VM computes does not depend on the compiler tier
QUICK_START = "--liftoff-only"
GROUP_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
# version, chain id, auth type, hash mode, signer, nonce, fee, key encoding come before the origin's signature
SIGNATURE_AT = 1 + 4 + 1 + 1 + 20 + 8 + 8 + 1


class Oracle:
    """The SDK of @stacks/transactions and the bare simulator, behind JSON lines."""

    def __init__(self, node: Path) -> None:
        self._process = subprocess.Popen(
            [str(node), QUICK_START, str(CONTRACTS / "devnet" / "tests" / "oracle.mjs")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def ask(self, **request: Any) -> Any:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps(request) + "\n")
        stdin.flush()
        line = stdout.readline()
        assert line, f"the oracle died on {request}"
        return json.loads(line)

    def value(self, text: str) -> str:
        """A Clarity value written as source, as 0x hex."""
        return str(self.ask(op="encode", text=text))

    def text(self, encoded: str) -> str:
        """The source notation of a value in hex."""
        return str(self.ask(op="decode", hex=encoded))

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


@dataclass(frozen=True, slots=True)
class Signed:
    raw: bytes
    txid: str
    payload: str


@dataclass(frozen=True, slots=True)
class Account:
    """A key and its address; nonces and fees are each test's business."""

    oracle: Oracle
    key: str
    address: str

    @classmethod
    def numbered(cls, oracle: Oracle, number: int) -> Account:
        key = f"{number:064x}01"
        return cls(oracle, key, oracle.ask(op="address", key=key))

    def sign(self, kind: str, nonce: int, fee: int = 1_000, **rest: Any) -> Signed:
        answer = self.oracle.ask(op="sign", kind=kind, key=self.key, nonce=nonce, fee=fee, **rest)
        return Signed(bytes.fromhex(answer["raw"]), answer["txid"], answer["payload"])

    def call(self, nonce: int, contract: str, fn: str, *args: str, fee: int = 1_000, **rest: Any) -> Signed:
        return self.sign("call", nonce, fee, contract=contract, fn=fn, args=list(args), **rest)

    def transfer(self, nonce: int, to: str, amount: int, fee: int = 300, **rest: Any) -> Signed:
        return self.sign("transfer", nonce, fee, to=to, amount=amount, **rest)

    def deploy(self, nonce: int, name: str, source: str, fee: int = 10_000, **rest: Any) -> Signed:
        return self.sign("deploy", nonce, fee, name=name, source=source, **rest)


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    body: Any


class Devnet:
    """One run of the local chain. `kill` is kill -9; `start` again continues from the same folder."""

    def __init__(
        self, node: Path, data: Path, accounts: dict[str, int], *, block_ms: int = 0, burn_run: int = 1
    ) -> None:
        self._node = node
        self.burn_run = burn_run
        self.data = data
        self._block_ms = block_ms
        self._genesis = data.parent / f"{data.name}-genesis.json"
        listed = [{"address": address, "balance": str(balance)} for address, balance in accounts.items()]
        self._genesis.write_text(json.dumps({"accounts": listed}), encoding="utf-8")
        self.port = 0
        self.exit_code: int | None = None
        self.messages = ""
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> bool:
        """True once ready; False when the process ended instead, with `exit_code` and `messages`."""
        command = [str(self._node), QUICK_START, str(CONTRACTS / "devnet" / "server.mjs"), "--port", "0"]
        command += ["--data", str(self.data), "--block-ms", str(self._block_ms), "--genesis", str(self._genesis)]
        command += ["--burn-run", str(self.burn_run)]
        log = self.data.parent / f"{self.data.name}.log"
        with log.open("w", encoding="utf-8") as stderr:
            self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, text=True)
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self.exit_code = self._process.wait()
            self._process.stdout.close()
            self.messages = log.read_text(encoding="utf-8")
            return False
        ready = json.loads(line)
        assert ready["ready"] is True
        assert ready["url"] == f"http://127.0.0.1:{ready['port']}"
        self.port = ready["port"]
        return True

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def kill(self, with_signal: int = signal.SIGKILL) -> int:
        assert self._process is not None
        self._process.send_signal(with_signal)
        self._process.communicate()
        return self._process.returncode

    def request(self, method: str, path: str, body: bytes | None = None, kind: str = "application/json") -> Reply:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body=body, headers={"content-type": kind})
            response = connection.getresponse()
            data = response.read()
            is_json = (response.getheader("content-type") or "").startswith("application/json")
            return Reply(response.status, json.loads(data) if is_json else data.decode())
        finally:
            connection.close()

    def get(self, path: str) -> Any:
        reply = self.request("GET", path)
        assert reply.status == 200, reply
        return reply.body

    def post(self, path: str, body: Any) -> Reply:
        return self.request("POST", path, json.dumps(body).encode())

    def submit(self, raw: bytes) -> Reply:
        return self.request("POST", "/v2/transactions", raw, "application/octet-stream")

    def accept(self, signed: Signed) -> str:
        """Submits and requires that the node took it; the txid with 0x."""
        reply = self.submit(signed.raw)
        assert (reply.status, reply.body) == (200, signed.txid), reply
        return "0x" + signed.txid

    def refuse(self, signed: Signed) -> dict[str, Any]:
        """Submits and requires a rejection in the node's shape."""
        reply = self.submit(signed.raw)
        assert reply.status == 400, reply
        assert reply.body["error"] == "transaction rejected"
        assert reply.body["txid"] == signed.txid
        rejection: dict[str, Any] = reply.body
        return rejection

    def mine(self, blocks: int = 1) -> dict[str, Any]:
        reply = self.post("/devnet/mine", {"blocks": blocks})
        assert reply.status == 200, reply
        state: dict[str, Any] = reply.body
        return state

    def fault(self, kind: str, **rest: Any) -> Any:
        reply = self.post("/devnet/fault", {"kind": kind, **rest})
        assert reply.status == 200, reply
        return reply.body

    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = self.get("/devnet/state")
        return state

    def tx(self, txid: str) -> dict[str, Any]:
        view: dict[str, Any] = self.get(f"/extended/v1/tx/{txid}")
        return view

    def account(self, address: str) -> tuple[int, int]:
        """(balance in uSTX, next nonce)."""
        view = self.get(f"/v2/accounts/{address}?proof=0")
        return int(view["balance"], 16), view["nonce"]

    def read(self, contract: str, fn: str, *args: str, sender: str) -> dict[str, Any]:
        path = f"/v2/contracts/call-read/{contract.replace('.', '/')}/{fn}"
        reply = self.post(path, {"sender": sender, "arguments": list(args)})
        assert reply.status == 200, reply
        answer: dict[str, Any] = reply.body
        return answer


def make_high_s(raw: bytes) -> bytes:
    """The same transaction with the other of the two valid signatures: s -> n - s, parity flipped."""
    v = raw[SIGNATURE_AT]
    s = int.from_bytes(raw[SIGNATURE_AT + 33 : SIGNATURE_AT + 65], "big")
    flipped = bytes([v ^ 1]) + raw[SIGNATURE_AT + 1 : SIGNATURE_AT + 33] + (GROUP_ORDER - s).to_bytes(32, "big")
    return raw[:SIGNATURE_AT] + flipped + raw[SIGNATURE_AT + 65 :]
