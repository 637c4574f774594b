"""A Stacks node and its API over HTTP: the only I/O of this package.

Every answer is untrusted: bounded in size and time, checked field by field, and a NodeError when it is not as it should
be. A node can lie about the chain; it cannot make this client hang, use unbounded memory or raise another error.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Final, NoReturn
from urllib.parse import quote

import aiohttp

from appliance.chain.address import Address, CodecError, Contract
from appliance.chain.clarity import Value, deserialize, serialize
from appliance.chain.transaction import txid

MAX_ANSWER_BYTES = 4 << 20  # a value of 1 MiB in hexadecimal, and what surrounds it
MAX_MESSAGE = 200
TIMEOUT_SECONDS = 20
FALLBACK_FEE_PER_BYTE = 10  # microSTX; observed for calls that no estimator had seen
LEAST_FEE_PER_BYTE = 1  # microSTX; nodes relay nothing below it
_STORABLE = 1 << 63  # no height, nonce or fee is larger, and SQLite holds no larger integer


class NodeError(Exception):
    """No usable answer. `permanent`: the same request to the same node will fail again, so do not repeat it.

    `retry_after` is the delay in seconds that the node asked for, 0 when it named none.
    """

    def __init__(self, message: str, *, permanent: bool, retry_after: int = 0) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.retry_after = retry_after


class Action(Enum):
    """What to do with a transaction that a node refused."""

    RETRY_LATER = "the node cannot judge it now: send the same bytes again, there or elsewhere"
    WAIT_TURN = "too many of this account's transactions wait: send the same bytes when some are mined"
    FEE_TOO_LOW = "sign again with the same nonce and a higher fee"
    NONCE_STALE = "the chain has passed this nonce: look up the txid, it may be mined; or the key is used elsewhere"
    NONCE_CONFLICT = "another transaction waits with this nonce and no lower fee: compare txids, or raise the fee"
    NO_FUNDS = "the account cannot pay: alert, then send the same bytes again"
    PERMANENT = "these bytes will never be accepted"


_PERMANENT = (
    "NoSuchContract", "NoSuchPublicFunction", "BadFunctionArgument", "ContractAlreadyExists", "SignatureValidation",
    "Serialization", "Deserialization", "BadAddressVersionByte", "BadTransactionVersion",
    "TransferRecipientCannotEqualSender", "TransferAmountMustBePositive",
)  # fmt: skip
# TemporarilyBlacklisted, EstimatorError, ServerFailure* and what only a newer node knows: RETRY_LATER. A nonce is never
# given up for a reason that is not understood.
_ACTIONS: Final[Mapping[str, Action]] = {
    "ConflictingNonceInMempool": Action.NONCE_CONFLICT,
    "TooMuchChaining": Action.WAIT_TURN,
    "BadNonce": Action.NONCE_STALE,
    "FeeTooLow": Action.FEE_TOO_LOW,
    "NotEnoughFunds": Action.NO_FUNDS,
    **dict.fromkeys(_PERMANENT, Action.PERMANENT),
}


@dataclass(frozen=True, slots=True)
class Tip:
    """Heights of the highest Stacks block and Bitcoin block the node knows; network_id is the chain id."""

    stacks_height: int
    burn_height: int
    network_id: int


@dataclass(frozen=True, slots=True)
class Account:
    """The next nonce on chain, and microSTX."""

    nonce: int
    balance: int


@dataclass(frozen=True, slots=True)
class Accepted:
    """The node took the bytes. It may still drop them unsaid, so look the txid up."""

    txid: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """The node's reason and its plain data (numbers, words), what to do about it, and its message, cut to 200."""

    reason: str
    data: Mapping[str, str | int | bool]
    action: Action
    message: str

    @property
    def permanent(self) -> bool:
        return self.action is Action.PERMANENT


class TransactionState(Enum):
    PENDING = "pending"
    SUCCESS = "success"
    ABORT_BY_RESPONSE = "abort_by_response"
    ABORT_BY_POST_CONDITION = "abort_by_post_condition"
    DROPPED_REPLACE_BY_FEE = "dropped_replace_by_fee"
    DROPPED_REPLACE_ACROSS_FORK = "dropped_replace_across_fork"
    DROPPED_TOO_EXPENSIVE = "dropped_too_expensive"
    DROPPED_STALE_GARBAGE_COLLECT = "dropped_stale_garbage_collect"
    DROPPED_PROBLEMATIC = "dropped_problematic"
    PROBLEMATIC_SKIPPED = "problematic_skipped"

    @property
    def dropped(self) -> bool:
        """Left the mempool unmined; its nonce is not spent by it."""
        return self.value.startswith("dropped_")

    @property
    def mined(self) -> bool:
        """In a block: fee and nonce are spent, whatever became of the call."""
        return self is not TransactionState.PENDING and not self.dropped


@dataclass(frozen=True, slots=True)
class ExecutionCost:
    runtime: int
    read_count: int
    read_length: int
    write_count: int
    write_length: int


@dataclass(frozen=True, slots=True)
class TransactionStatus:
    """Heights are None until mined; `canonical` is False when the block was left behind by a fork."""

    txid: str
    state: TransactionState
    block_height: int | None
    burn_height: int | None
    canonical: bool
    result: Value | None
    cost: ExecutionCost | None


class Node:
    """One node at `url`. The session is the caller's; every method raises NodeError and nothing else of the network."""

    def __init__(self, url: str, session: aiohttp.ClientSession, *, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._url = url.rstrip("/")
        self._session = session
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)

    async def tip(self) -> Tip:
        answer = _object(await self._get("/v2/info"))
        return Tip(
            _count(answer, "stacks_tip_height"), _count(answer, "burn_block_height"), _count(answer, "network_id")
        )

    async def account(self, address: Address | Contract) -> Account:
        answer = _object(await self._get(f"/v2/accounts/{address}?proof=0"))
        return Account(_count(answer, "nonce"), int.from_bytes(_hex(answer.get("balance"), 16), "big"))

    async def submit(self, raw: bytes) -> Accepted | Rejected:
        """Sending the same bytes again is safe while they wait; once mined they are Rejected as NONCE_STALE."""
        status, answer = await self._request("POST", "/v2/transactions", raw=raw, also=400)
        if status == 400:
            return _rejected(_object(answer))
        expected = txid(raw)
        if _hex(answer, 32).hex() != expected:
            raise NodeError("the node answered with another transaction's id", permanent=False)
        return Accepted(expected)

    async def transaction(self, txid_: str) -> TransactionStatus | None:
        """None when the node does not know it: never sent, dropped long ago, or not yet seen there."""
        status, answer = await self._request("GET", f"/extended/v1/tx/0x{txid_}", also=404)
        if status == 404:
            return None
        found = _object(answer)
        if _hex(found.get("tx_id"), 32).hex() != txid_:
            raise NodeError("the node answered with another transaction", permanent=False)
        return _transaction_status(txid_, found)

    async def call_read(
        self, contract: Contract, function: str, arguments: tuple[Value, ...], sender: Address | Contract
    ) -> Value:
        """What the read-only function returns at the tip; a failing call is a NodeError with the VM's words."""
        body = {"sender": str(sender), "arguments": ["0x" + serialize(argument).hex() for argument in arguments]}
        path = f"/v2/contracts/call-read/{contract.address}/{contract.name}/{quote(function, safe='')}"
        answer = _object(await self._post(path, body))
        okay = answer.get("okay")
        if not isinstance(okay, bool):
            _malformed("okay")
        if not okay:
            cause = _text(answer.get("cause"))
            raise NodeError(f"the call failed: {cause}", permanent="NoSuchContract" not in cause)
        return _value(answer.get("result"))

    async def map_entry(self, contract: Contract, name: str, key: Value) -> Value:
        """(some entry) or none, as the VM's map-get? would give."""
        path = f"/v2/map_entry/{contract.address}/{contract.name}/{quote(name, safe='')}?proof=0"
        return _value(_object(await self._post(path, "0x" + serialize(key).hex())).get("data"))

    async def source(self, contract: Contract) -> str | None:
        """The contract's source, None when it is not deployed."""
        path = f"/v2/contracts/source/{contract.address}/{contract.name}?proof=0"
        status, answer = await self._request("GET", path, also=404)
        if status == 404:
            return None
        source = _object(answer).get("source")
        if not isinstance(source, str):
            _malformed("source")
        return source

    async def fee(self, payload: bytes, length: int) -> int:
        """MicroSTX for a transaction of `length` bytes: the node's middle estimate, or 10 a byte when it has none.

        Never under the relay minimum; a ceiling is the caller's to set.
        """
        body = {"transaction_payload": payload.hex(), "estimated_len": length}
        status, answer = await self._request("POST", "/v2/fees/transaction", body=body, also=400)
        found = _object(answer)
        if status == 400:
            if found.get("reason") == "NoEstimateAvailable":
                return FALLBACK_FEE_PER_BYTE * length
            raise NodeError(
                f"no fee estimate: {_text(found.get('reason'))}", permanent=found.get("reason") != "DatabaseError"
            )
        estimates = found.get("estimations")
        if not isinstance(estimates, list) or len(estimates) != 3:
            _malformed("estimations")
        return max(_count(_object(estimates[1]), "fee"), LEAST_FEE_PER_BYTE * length)

    async def _get(self, path: str) -> object:
        return (await self._request("GET", path))[1]

    async def _post(self, path: str, body: object) -> object:
        return (await self._request("POST", path, body=body))[1]

    async def _request(
        self,
        method: str,
        path: str,
        *,
        raw: bytes | None = None,
        body: object = None,
        also: int = 200,
    ) -> tuple[int, object]:
        """(status, JSON) of an answer of status 200 or `also`; a 404 that is asked for needs no JSON."""
        headers = {
            "Accept": "application/json",
            "Content-Type": "application/octet-stream" if raw else "application/json",
        }
        data = raw if raw is not None else None if body is None else json.dumps(body).encode()
        try:
            async with self._session.request(
                method, self._url + path, data=data, headers=headers, timeout=self._timeout, allow_redirects=False
            ) as response:
                status = response.status
                retry_after = response.headers.get("Retry-After", "")
                content = await _bounded(response)
        except TimeoutError as error:
            raise NodeError("no answer in time", permanent=False) from error
        except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError) as error:
            raise NodeError("the node's URL is not one", permanent=True) from error
        except (aiohttp.ClientError, OSError) as error:
            raise NodeError(f"the link failed: {type(error).__name__}", permanent=False) from error
        if status not in (200, also):
            _refused(status, retry_after)
        if status == 404:
            return status, None
        try:
            return status, _json(content)
        except NodeError:
            if status == 200:
                raise
            _refused(status, retry_after)


async def _bounded(response: aiohttp.ClientResponse) -> bytes:
    content = bytearray()
    async for chunk in response.content.iter_any():
        content += chunk
        if len(content) > MAX_ANSWER_BYTES:
            raise NodeError("the answer is too large", permanent=False)
    return bytes(content)


def _refused(status: int, retry_after: str) -> NoReturn:
    """A 4xx is about our request, unless it is about the rate or time of it; all else may pass."""
    permanent = 400 <= status < 500 and status not in (408, 425, 429)
    seconds = int(retry_after) if retry_after.isascii() and retry_after.isdigit() and len(retry_after) <= 5 else 0
    raise NodeError(f"the node answered {status}", permanent=permanent, retry_after=seconds)


def _json(content: bytes) -> object:
    try:
        parsed: object = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise NodeError("the answer is not JSON", permanent=False) from error
    return parsed


def _malformed(what: str) -> NoReturn:
    """Not permanent: a captive portal or a broken proxy answers so too, and goes away."""
    raise NodeError(f"the answer is malformed: {what}", permanent=False)


def _object(answer: object) -> dict[str, object]:
    if not isinstance(answer, dict):
        _malformed("not an object")
    return answer


def _count(answer: dict[str, object], name: str) -> int:
    count = answer.get(name)
    if type(count) is not int or not 0 <= count < _STORABLE:
        _malformed(name)
    return count


def _hex(text: object, size: int) -> bytes:
    """`size` bytes, or any number when it is 0, with or without 0x."""
    if not isinstance(text, str):
        _malformed("not hexadecimal")
    try:
        data = bytes.fromhex(text.removeprefix("0x"))
    except ValueError as error:
        raise NodeError("the answer is malformed: not hexadecimal", permanent=False) from error
    if size and len(data) != size:
        _malformed(f"not {size} bytes")
    return data


def _value(text: object) -> Value:
    try:
        return deserialize(_hex(text, 0))
    except CodecError as error:
        raise NodeError("the answer is malformed: not a Clarity value", permanent=False) from error


def _text(value: object) -> str:
    """Of a stranger's words, what may be shown: one line, printable, cut."""
    text = value if isinstance(value, str) else ""
    return "".join(c if c.isprintable() else " " for c in text[:MAX_MESSAGE])


def _rejected(answer: dict[str, object]) -> Rejected:
    reason = answer.get("reason")
    if not isinstance(reason, str) or answer.get("error") != "transaction rejected":
        raise NodeError("the node refused the request itself", permanent=True)
    data: dict[str, str | int | bool] = {}
    given = answer.get("reason_data")
    for name, value in list(given.items())[:16] if isinstance(given, dict) else ():
        if isinstance(value, str):
            data[_text(name)] = _text(value)
        elif isinstance(value, bool | int):
            data[_text(name)] = value
    action = _ACTIONS.get(reason, Action.RETRY_LATER)
    message = data.get("message")
    return Rejected(_text(reason), MappingProxyType(data), action, message if isinstance(message, str) else "")


def _transaction_status(txid_: str, answer: dict[str, object]) -> TransactionStatus:
    status = answer.get("tx_status")
    try:
        state = TransactionState(status)
    except ValueError as error:
        raise NodeError("the answer is malformed: tx_status", permanent=False) from error
    if not state.mined:
        return TransactionStatus(txid_, state, None, None, False, None, None)
    canonical = answer.get("canonical")
    if not isinstance(canonical, bool):
        _malformed("canonical")
    result = answer.get("tx_result")
    cost = None
    if answer.get("execution_cost_runtime") is not None:
        names = ("runtime", "read_count", "read_length", "write_count", "write_length")
        cost = ExecutionCost(*(_count(answer, f"execution_cost_{name}") for name in names))
    return TransactionStatus(
        txid_,
        state,
        _count(answer, "block_height"),
        None if answer.get("burn_block_height") is None else _count(answer, "burn_block_height"),
        canonical,
        None if result is None else _value(_object(result).get("hex")),
        cost,
    )
