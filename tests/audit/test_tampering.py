"""One altered byte, a batch left out or told twice: each is reported with zone, batch and check."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from appliance.audit.submission import Submission, read_submission
from appliance.chain.clarity import Ascii, Buffer, List, UInt, Value, serialize
from appliance.chain.payload import ContractCall
from appliance.chain.transaction import Transaction, txid
from appliance.chain.transaction import deserialize as read_transaction
from tests.audit.conftest import Through
from tests.audit.proxy import Rewrite, at_read, edit, flip
from tests.audit.settlement import BLOCKS, CONTESTED, FIRST_BLOCK, NETWORK, OWN, STEWARD, Made

BATCH = (1, FIRST_BLOCK + BLOCKS)  # the second of zone 1, whose period has two
TOTAL, ROOT, POINTS, SCALARS = 4, 6, 9, 10  # places in the call's arguments


def test_truth_passes(through: Through) -> None:
    told = through(lambda *asked: asked[-1])
    assert (told.code, told.report["good"], told.report["failures"]) == (0, True, [])
    assert [(zone["zone"], zone["batches"]) for zone in told.report["zones"]] == [(1, 2), (2, 1), (3, 0)]
    assert told.report["own_proofs"] == 2
    assert told.report["contested"] == [{"zone": CONTESTED, "batch": FIRST_BLOCK, "slots": [OWN[CONTESTED]]}]


# --- the transaction's bytes


def at_raw(made: Made, alter: Callable[[str], str]) -> Rewrite:
    """Alters the bytes of BATCH's transaction, in hexadecimal."""

    def rewrite(path: str, body: str, answer: Any) -> Any:
        if path.endswith(f"{made.txid(*BATCH)}/raw"):
            answer["raw_tx"] = alter(answer["raw_tx"])
        return answer

    return rewrite


ARGUMENTS: dict[str, tuple[Callable[[Submission], bytes], set[str]]] = {
    # a byte of what is altered: what must be found besides that the transaction's id is another
    "commitment": (lambda s: s.commitments[5], {"event", "context"}),
    "scalar": (lambda s: s.scalars[1], {"final equation"}),
    "hint": (lambda s: s.hints[2], {"hint"}),
    "first hint": (lambda s: s.hints[0], {"hint"}),
    "total": (lambda s: serialize(UInt(s.total)), {"final equation", "event", "context", "total"}),
    "blinding": (lambda s: s.blinding_sum, {"final equation", "context"}),
    "evidence root": (lambda s: s.evidence_root, {"final equation", "event", "context"}),
}


@pytest.mark.parametrize("what", ARGUMENTS)
def test_byte_of_an_argument(made: Made, through: Through, what: str) -> None:
    part, expected = ARGUMENTS[what]
    raw = made.raws[BATCH]
    wanted = part(read_submission(raw))
    assert raw.count(wanted) == 1
    told = through(at_raw(made, lambda text: flip(text, raw.index(wanted) + len(wanted) - 2)))
    assert told.code == 1
    assert {"transaction"} | expected <= told.checks(*BATCH)
    assert told.checks(1, FIRST_BLOCK) == set()


def test_byte_of_a_point_gives_another_or_none(made: Made, through: Through) -> None:
    raw = made.raws[BATCH]
    at = raw.index(read_submission(raw).points[3]) + 20
    found = through(at_raw(made, lambda text: flip(text, at))).checks(*BATCH)
    assert "transaction" in found
    assert found & {"encoding", "final equation"}


def test_prefix_of_a_point_is_an_encoding(made: Made, through: Through) -> None:
    raw = bytearray(made.raws[BATCH])
    raw[raw.index(read_submission(bytes(raw)).points[0])] = 6
    assert {"encoding", "transaction"} <= through(at_raw(made, lambda _: raw.hex())).checks(*BATCH)


@pytest.mark.parametrize(
    "alter", [lambda text: text[:-2], lambda text: text + "00", lambda text: text[:-1] + "x", lambda text: text[:0]]
)
def test_bytes_that_are_no_transaction_are_an_encoding(
    made: Made, through: Through, alter: Callable[[str], str]
) -> None:
    told = through(at_raw(made, alter))
    assert told.code == 1
    assert "encoding" in told.checks(*BATCH)


@pytest.mark.parametrize("place", [POINTS, SCALARS])
def test_missing_item_is_a_length(made: Made, through: Through, place: int) -> None:
    def shorten(value: Value) -> Value:
        assert isinstance(value, List)
        return List(value.items[:-1])

    forged = resigned(made.raws[BATCH], place, shorten)
    assert "length" in through(at_raw(made, lambda _: forged.hex())).checks(*BATCH)


def test_evidence_root_beyond_what_fits_into_a_context(made: Made, through: Through) -> None:
    forged = resigned(made.raws[BATCH], ROOT, lambda _: Buffer(bytes((1 << 20) - 20)))
    told = through(at_raw(made, lambda _: forged.hex()))
    assert told.code == 1
    assert {"encoding", "transaction"} <= told.checks(*BATCH)
    assert "has no context" in str(told.report["failures"])


def resigned(raw: bytes, place: int, change: Callable[[Value], Value]) -> bytes:
    """The call with another argument, signed by somebody else: all that a liar can do without the gateway's key."""
    call = read_transaction(raw).payload
    assert isinstance(call, ContractCall)
    arguments = tuple(change(argument) if i == place else argument for i, argument in enumerate(call.arguments))
    unsigned = Transaction.unsigned(
        ContractCall(call.contract, call.function, arguments),
        network=NETWORK,
        public_key=STEWARD.public_key,
        nonce=0,
        fee=1,
    )
    return unsigned.sign_origin(STEWARD).serialize()


def test_a_lie_without_contradiction_still_breaks_sender_and_proof(made: Made, through: Through) -> None:
    """One Wh less in a signed transaction with its right id, and in everything else that the node says."""
    less = UInt(made.totals[BATCH] - 1)
    forged = resigned(made.raws[BATCH], TOTAL, lambda _: less)
    true, lie = made.txid(*BATCH), txid(forged)
    context = Buffer(read_submission(forged).context(0))
    others = made.totals[1, FIRST_BLOCK]
    both = made.totals[2, FIRST_BLOCK]
    sums = {
        "get-batch": less,
        "get-zone-usage": less,
        "get-zone-period-usage": UInt(less.value + others),
        "get-settlement-usage": UInt(less.value + others + both),
    }

    def rewrite(path: str, body: str, answer: Any) -> Any:
        function = path.rpartition("/")[2]
        zone_or_utility = json.loads(body)["arguments"][0] == "0x" + serialize(UInt(1)).hex() if body else False
        second = body and "0x" + serialize(UInt(BATCH[1])).hex() in body
        if path.endswith("/events"):
            for event in answer["results"]:
                if event["tx_id"] == f"0x{true}":
                    event["tx_id"] = f"0x{lie}"
                    log = event["contract_log"]["value"]
                    log["hex"] = edit(log["hex"], total=less, context=context)
        elif path.endswith(f"{lie}/raw"):
            answer["raw_tx"] = forged.hex()
        elif path.endswith(lie):
            answer["tx_id"] = f"0x{lie}"
        elif function in sums and zone_or_utility and (second or "settlement" in function or "period" in function):
            answer["result"] = edit(answer["result"], total=sums[function])
        return answer

    told = through(rewrite, {lie: true})
    assert told.failures() == {(*BATCH, "context"), (*BATCH, "final equation")}


# --- events


def at_event(made: Made, alter: Callable[[str], str]) -> Rewrite:
    """Alters the value of BATCH's event, in hexadecimal."""

    def rewrite(path: str, body: str, answer: Any) -> Any:
        for event in answer["results"] if path.endswith("/events") else ():
            if event["tx_id"] == f"0x{made.txid(*BATCH)}":
                event["contract_log"]["value"]["hex"] = alter(event["contract_log"]["value"]["hex"])
        return answer

    return rewrite


EVENT: dict[str, Value] = {
    "zone": UInt(2),
    "period": UInt(1),
    "first_block": UInt(FIRST_BLOCK),
    "last_block": UInt(FIRST_BLOCK),
    "total": UInt(1),
    "commitments_hash": Buffer(bytes(32)),
    "evidence_root": Buffer(bytes(32)),
    "checked": UInt(1),
    "context": Buffer(bytes(32)),
}


@pytest.mark.parametrize("field", EVENT)
def test_field_of_an_event(made: Made, through: Through, field: str) -> None:
    told = through(at_event(made, lambda text: edit(text, **{field: EVENT[field]})))
    assert told.failures() == {(*BATCH, "context" if field == "context" else "event")}


def test_unreadable_event(made: Made, through: Through) -> None:
    told = through(at_event(made, lambda text: text[:-2]))
    assert told.failures() == {(*BATCH, "event")}


def test_event_of_another_topic_is_a_missing_batch(made: Made, through: Through) -> None:
    told = through(at_event(made, lambda text: edit(text, topic=Ascii("usage-botch"))))
    assert told.checks(*BATCH) == {"sequence"}


def test_event_that_names_no_transaction(made: Made, through: Through) -> None:
    def rewrite(path: str, body: str, answer: Any) -> Any:
        for event in answer["results"] if path.endswith("/events") else ():
            event["tx_id"] = event["tx_id"].replace(made.txid(*BATCH), "0" * 64)
        return answer

    assert "transaction" in through(rewrite).checks(*BATCH)


def at_events(made: Made, batch: tuple[int, int], change: Callable[[list[Any], int], None]) -> Rewrite:
    """Changes the list of events where that of `batch` stands, on every page."""

    def rewrite(path: str, body: str, answer: Any) -> Any:
        if path.endswith("/events"):
            ids = [event["tx_id"] for event in answer["results"]]
            if f"0x{made.txid(*batch)}" in ids:
                change(answer["results"], ids.index(f"0x{made.txid(*batch)}"))
        return answer

    return rewrite


@pytest.mark.parametrize("batch", [(1, FIRST_BLOCK), BATCH, (2, FIRST_BLOCK)])
def test_batch_left_out(made: Made, through: Through, batch: tuple[int, int]) -> None:
    told = through(at_events(made, batch, lambda events, at: events.pop(at) and None))
    assert (*batch, "sequence") in told.failures()
    assert (batch[0], None, "total") in told.failures()
    assert (None, None, "total") in told.failures()


@pytest.mark.parametrize("batch", [(1, FIRST_BLOCK), BATCH, (2, FIRST_BLOCK)])
def test_batch_told_twice(made: Made, through: Through, batch: tuple[int, int]) -> None:
    told = through(at_events(made, batch, lambda events, at: events.insert(at, dict(events[at]))))
    assert told.failures() == {(*batch, "sequence")}


def test_all_batches_left_out(made: Made, through: Through) -> None:
    def rewrite(path: str, body: str, answer: Any) -> Any:
        return answer | {"results": []} if "meter-data/events" in path else answer

    failures = through(rewrite).failures()
    assert {(1, FIRST_BLOCK, "sequence"), (2, FIRST_BLOCK, "sequence")} <= failures
    assert not [failure for failure in failures if failure[0] == 3]


# --- what the contracts keep


@pytest.mark.parametrize(
    ("rewrite", "failure"),
    [
        (at_read("get-batch", *BATCH, total=UInt(7)), (*BATCH, "total")),
        (at_read("get-batch", *BATCH, commitments_hash=Buffer(bytes(32))), (*BATCH, "event")),
        (at_read("get-batch", *BATCH, last_block=UInt(7)), (*BATCH, "event")),
        (at_read("get-zone-usage", *BATCH, total=UInt(7)), (*BATCH, "total")),
        (at_read("get-zone-period-usage", 1, 0, total=UInt(7)), (1, None, "total")),
        (at_read("get-zone-period-usage", 2, 0, batches=UInt(2)), (2, None, "total")),
        (at_read("get-zone-period-usage", 3, 0, batches=UInt(1)), (3, None, "total")),
        (at_read("get-settlement-usage", 1, 0, total=UInt(7)), (None, None, "total")),
        (at_read("get-zone-state", 1, next_block=UInt(BATCH[1] + 4)), (1, BATCH[1] + BLOCKS, "sequence")),
        (at_read("get-zone-state", 1, next_block=UInt(BATCH[1])), (1, BATCH[1], "sequence")),
        (at_read("get-zone", 1, first_block=UInt(FIRST_BLOCK - 1)), (1, FIRST_BLOCK - 1, "sequence")),
        (at_read("get-zone", 2, slots=UInt(64)), (2, FIRST_BLOCK, "length")),
        (at_read("get-zone", 2, gateway=STEWARD.address(NETWORK)), (2, FIRST_BLOCK, "context")),
    ],
)
def test_answer_of_a_contract(through: Through, rewrite: Rewrite, failure: tuple[int | None, int | None, str]) -> None:
    told = through(rewrite)
    assert told.code == 1
    assert told.failures() == {failure}


def test_running_commitment(through: Through) -> None:
    def rewrite(path: str, body: str, answer: Any) -> Any:
        if path.endswith("/get-running") and json.loads(body)["arguments"] == ["0x" + serialize(UInt(1)).hex()]:
            answer["result"] = flip(answer["result"], 178)  # behind 6 bytes of head, 38 a slot
        return answer

    told = through(rewrite)
    assert told.failures() == {(1, None, "total")}
    assert "slot 4" in told.report["failures"][0]["words"]


@pytest.mark.parametrize("function", ["get-batch", "get-zone-usage"])
def test_unreadable_answer_of_a_contract(through: Through, function: str) -> None:
    def rewrite(path: str, body: str, answer: Any) -> Any:
        if path.endswith(f"/{function}") and "0x" + serialize(UInt(BATCH[1])).hex() in body:
            answer["result"] = "0xff"
        return answer

    assert through(rewrite).checks(*BATCH) & {"total", "event"}


@pytest.mark.parametrize(
    "change", [{"tx_status": "abort_by_response"}, {"canonical": False}, {"tx_id": "0x" + "0" * 64}]
)
def test_transaction_that_did_not_succeed(made: Made, through: Through, change: dict[str, Any]) -> None:
    def rewrite(path: str, body: str, answer: Any) -> Any:
        return answer | change if path.endswith(made.txid(*BATCH)) else answer

    assert "transaction" in through(rewrite).checks(*BATCH)


def test_result_that_checked_no_ranges(made: Made, through: Through) -> None:
    def rewrite(path: str, body: str, answer: Any) -> Any:
        if path.endswith(made.txid(*BATCH)):
            answer["tx_result"]["hex"] = edit(answer["tx_result"]["hex"], checked=UInt(1))
        return answer

    told = through(rewrite)
    assert told.failures() == {(*BATCH, "transaction")}
    assert "u1, not total and ranges" in told.report["failures"][0]["words"]
