"""The node client and answers as a node gives them."""

import json

import pytest

from appliance.chain import node as node_module
from appliance.chain.clarity import NONE, Ascii, Optional, ResponseErr, ResponseOk, Tuple, UInt
from appliance.chain.node import (
    Accepted,
    Account,
    Action,
    ExecutionCost,
    Node,
    Rejected,
    Tip,
    TransactionState,
    TransactionStatus,
)

from .fake_node import ADDRESS, CONTRACT, ESTIMATES, INFO, MINED, RAW, TXID, FakeNode, hexed, refusal


async def test_tip(node: Node, fake: FakeNode) -> None:
    fake.says(INFO)
    assert await node.tip() == Tip(70, 900, 0x80000000)
    assert fake.asked == [("GET", "/v2/info", b"")]


async def test_account(node: Node, fake: FakeNode) -> None:
    fake.says({"balance": "0x" + (1 << 100).to_bytes(16, "big").hex(), "locked": "0x00", "nonce": 8})
    assert await node.account(ADDRESS) == Account(8, 1 << 100)
    assert fake.asked == [("GET", f"/v2/accounts/{ADDRESS}?proof=0", b"")]


async def test_submit_sends_the_bytes_and_takes_only_their_own_txid(node: Node, fake: FakeNode) -> None:
    fake.says(TXID)
    assert await node.submit(RAW) == Accepted(TXID)
    fake.says("0x" + TXID)
    assert await node.submit(RAW) == Accepted(TXID)
    assert fake.asked == [("POST", "/v2/transactions", RAW)] * 2
    fake.says("00" * 32)
    assert not (await refusal(node.submit(RAW))).permanent


REASONS = {
    "ConflictingNonceInMempool": Action.NONCE_CONFLICT,
    "TooMuchChaining": Action.WAIT_TURN,
    "BadNonce": Action.NONCE_STALE,
    "FeeTooLow": Action.FEE_TOO_LOW,
    "NotEnoughFunds": Action.NO_FUNDS,
    "NoSuchContract": Action.PERMANENT,
    "NoSuchPublicFunction": Action.PERMANENT,
    "BadFunctionArgument": Action.PERMANENT,
    "ContractAlreadyExists": Action.PERMANENT,
    "SignatureValidation": Action.PERMANENT,
    "Serialization": Action.PERMANENT,
    "Deserialization": Action.PERMANENT,
    "BadAddressVersionByte": Action.PERMANENT,
    "TransferRecipientCannotEqualSender": Action.PERMANENT,
    "TransferAmountMustBePositive": Action.PERMANENT,
    "BadTransactionVersion": Action.PERMANENT,
    "TemporarilyBlacklisted": Action.RETRY_LATER,
    "ServerFailureDatabase": Action.RETRY_LATER,
    "ServerFailureNoSuchChainTip": Action.RETRY_LATER,
    "ServerFailureOther": Action.RETRY_LATER,
    "EstimatorError": Action.RETRY_LATER,
    "SomethingOfTheFuture": Action.RETRY_LATER,
}


@pytest.mark.parametrize(("reason", "action"), REASONS.items())
async def test_every_reason_of_a_refusal_has_an_action(node: Node, fake: FakeNode, reason: str, action: Action) -> None:
    fake.says({"txid": TXID, "error": "transaction rejected", "reason": reason}, 400)
    answer = await node.submit(RAW)
    assert answer == Rejected(reason, {}, action, "")
    assert isinstance(answer, Rejected)
    assert answer.permanent is (action is Action.PERMANENT)


async def test_the_data_of_a_refusal(node: Node, fake: FakeNode) -> None:
    data = {"expected": 5, "actual": 3, "is_origin": True, "principal": str(ADDRESS), "message": "nonce\n" + "x" * 999}
    refused = {"txid": TXID, "error": "transaction rejected", "reason": "BadNonce"}
    fake.says(refused | {"reason_data": data | {"more": [1], "rate": 0.5}}, 400)
    answer = await node.submit(RAW)
    assert isinstance(answer, Rejected)
    assert {name: answer.data[name] for name in ("expected", "actual", "is_origin", "principal")} == {
        "expected": 5,
        "actual": 3,
        "is_origin": True,
        "principal": str(ADDRESS),
    }
    assert answer.message == "nonce " + "x" * 194
    assert "more" not in answer.data
    assert "rate" not in answer.data


@pytest.mark.parametrize("body", [b"Failed to deserialize posted transaction", {"error": "bad"}, {"reason": 1}])
async def test_a_refusal_without_a_reason_is_of_the_request_itself(node: Node, fake: FakeNode, body: object) -> None:
    fake.says(body, 400)
    assert (await refusal(node.submit(RAW))).permanent


async def test_a_mined_transaction(node: Node, fake: FakeNode) -> None:
    fake.says(MINED)
    assert await node.transaction(TXID) == TransactionStatus(
        TXID, TransactionState.SUCCESS, 71, 901, True, ResponseOk(UInt(5)), ExecutionCost(11, 12, 13, 14, 15)
    )
    assert fake.asked == [("GET", f"/extended/v1/tx/0x{TXID}", b"")]


async def test_an_aborted_transaction_of_an_older_api(node: Node, fake: FakeNode) -> None:
    body = {name: value for name, value in MINED.items() if not name.startswith(("execution", "burn"))}
    result = {"hex": hexed(ResponseErr(UInt(205)))}
    fake.says(body | {"tx_status": "abort_by_response", "tx_result": result, "canonical": False})
    status = await node.transaction(TXID)
    assert status == TransactionStatus(
        TXID, TransactionState.ABORT_BY_RESPONSE, 71, None, False, ResponseErr(UInt(205)), None
    )


@pytest.mark.parametrize("state", TransactionState)
async def test_every_state(node: Node, fake: FakeNode, state: TransactionState) -> None:
    fake.says(MINED | {"tx_status": state.value})
    status = await node.transaction(TXID)
    assert status is not None
    assert status.state is state
    assert state.mined is (status.block_height == 71)
    assert state.dropped is state.value.startswith("dropped_")
    assert state.mined + state.dropped + (state is TransactionState.PENDING) == 1


async def test_a_pending_transaction_has_no_heights(node: Node, fake: FakeNode) -> None:
    fake.says({"tx_id": "0x" + TXID, "tx_status": "pending"})
    assert await node.transaction(TXID) == TransactionStatus(
        TXID, TransactionState.PENDING, None, None, False, None, None
    )


async def test_what_the_node_does_not_know(node: Node, fake: FakeNode) -> None:
    fake.says({"error": "could not find transaction by ID"}, 404)
    assert await node.transaction(TXID) is None
    assert await node.source(CONTRACT) is None


async def test_call_read(node: Node, fake: FakeNode) -> None:
    fake.says({"okay": True, "result": hexed(Optional(UInt(3)))})
    found = await node.call_read(CONTRACT, "known?", (UInt(1), Ascii("a")), CONTRACT)
    assert found == Optional(UInt(3))
    method, path, body = fake.asked[0]
    assert (method, path) == ("POST", f"/v2/contracts/call-read/{ADDRESS}/meter-data/known%3F")
    assert json.loads(body) == {"sender": str(CONTRACT), "arguments": [hexed(UInt(1)), hexed(Ascii("a"))]}


@pytest.mark.parametrize(
    ("cause", "permanent"), [("Runtime(DivisionByZero)", True), ("Unchecked(NoSuchContract(x))", False)]
)
async def test_a_read_that_fails(node: Node, fake: FakeNode, cause: str, permanent: bool) -> None:
    fake.says({"okay": False, "cause": cause})
    error = await refusal(node.call_read(CONTRACT, "f", (), ADDRESS))
    assert cause in str(error)
    assert error.permanent is permanent


async def test_map_entry_and_source(node: Node, fake: FakeNode) -> None:
    fake.says({"data": hexed(Optional(Tuple.of({"total": UInt(7)})))})
    assert await node.map_entry(CONTRACT, "zones", UInt(1)) == Optional(Tuple.of({"total": UInt(7)}))
    fake.says({"data": hexed(NONE)})
    assert await node.map_entry(CONTRACT, "zones", UInt(2)) == NONE
    fake.says({"source": "(define-map a uint uint)\n", "publish_height": 4})
    assert await node.source(CONTRACT) == "(define-map a uint uint)\n"
    path = f"/v2/map_entry/{ADDRESS}/meter-data/zones?proof=0"
    assert fake.asked[0] == ("POST", path, json.dumps(hexed(UInt(1))).encode())


async def test_fee(node: Node, fake: FakeNode) -> None:
    fake.says(ESTIMATES)
    assert await node.fee(b"\x02\xff", 200) == 400
    assert json.loads(fake.asked[0][2]) == {"transaction_payload": "02ff", "estimated_len": 200}
    assert await node.fee(b"\x02", 500) == 500  # never under one microSTX a byte
    fake.says({"error": "Estimation could not be performed", "reason": "NoEstimateAvailable"}, 400)
    assert await node.fee(b"\x02", 200) == 2000


@pytest.mark.parametrize(("reason", "permanent"), [("DatabaseError", False), ("Other", True), (None, True)])
async def test_a_fee_that_cannot_be_had(node: Node, fake: FakeNode, reason: str | None, permanent: bool) -> None:
    fake.says({"error": "no", "reason": reason}, 400)
    assert (await refusal(node.fee(b"\x02", 200))).permanent is permanent


def test_the_largest_value_fits_an_answer() -> None:
    assert node_module.MAX_ANSWER_BYTES > 2 * (1 << 20) + 1000
