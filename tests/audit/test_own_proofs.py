"""Proofs that dwellings sent of their own slots: altered ones are reported, and batches that they contest are named."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from appliance.audit.own import SelfProof, read_own
from appliance.chain.address import Contract
from appliance.chain.clarity import FALSE, TRUE, Ascii, Buffer, UInt, Value
from appliance.chain.payload import ContractCall
from appliance.chain.transaction import Transaction, txid
from appliance.chain.transaction import deserialize as read_transaction
from appliance.cli.main import main
from tests.audit.conftest import Through
from tests.audit.proxy import Rewrite, at_read, edit, flip, lying
from tests.audit.settlement import CONTESTED, DWELLING, FIRST_BLOCK, HONEST, NETWORK, OWN, STEWARD, Made

PROVED = (HONEST, FIRST_BLOCK)


def at_own(made: Made, alter: Callable[[str], str] | None = None, event: Callable[[str], str] | None = None) -> Rewrite:
    """Alters the bytes of the honest slot's transaction, or its event's value."""
    own = txid(made.own[PROVED])

    def rewrite(path: str, body: str, answer: Any) -> Any:
        if alter and path.endswith(f"{own}/raw"):
            answer["raw_tx"] = alter(answer["raw_tx"])
        for one in answer["results"] if path.endswith("/events") else ():
            if event and one["tx_id"] == f"0x{own}":
                one["contract_log"]["value"]["hex"] = event(one["contract_log"]["value"]["hex"])
        return answer

    return rewrite


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (lambda own: own.scalars[1], {"transaction", "final equation"}),
        (lambda own: own.hints[1], {"transaction", "hint"}),
        (lambda own: own.commitment, {"transaction", "event", "context", "sequence"}),
    ],
)
def test_byte_of_an_own_proof(
    made: Made, through: Through, part: Callable[[SelfProof], bytes], expected: set[str]
) -> None:
    raw = made.own[PROVED]
    at = raw.index(part(read_own(raw))) + 31
    told = through(at_own(made, lambda text: flip(text, at)))
    assert told.code == 1
    assert expected <= told.checks(*PROVED)
    assert "own proof" in str(told.report["failures"])


def test_own_proof_that_is_no_transaction(made: Made, through: Through) -> None:
    assert {"encoding", "transaction"} <= through(at_own(made, lambda text: text[:-2])).checks(*PROVED)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"context": Buffer(bytes(32))}, {"context"}),
        ({"slot": UInt(6)}, {"event"}),
        ({"prover": STEWARD.address(NETWORK)}, {"event"}),
        ({"period": UInt(1)}, {"context", "final equation"}),
        ({"topic": Ascii("usage-prose")}, {"sequence"}),
    ],
)
def test_event_of_an_own_proof(made: Made, through: Through, changes: dict[str, Value], expected: set[str]) -> None:
    assert through(at_own(made, event=lambda text: edit(text, **changes))).checks(*PROVED) == expected


def test_contradiction_that_is_not_marked(through: Through) -> None:
    told = through(at_read("get-batch", CONTESTED, FIRST_BLOCK, contested=FALSE))
    assert told.failures() == {(CONTESTED, FIRST_BLOCK, "event")}


def test_mark_without_a_contradiction(through: Through) -> None:
    told = through(at_read("get-batch", *PROVED, contested=TRUE))
    assert told.failures() == {(*PROVED, "event")}


# --- own proofs that were sent in a way that shows no arguments


def wallet(made: Made, place: tuple[int, int]) -> bytes:
    """Through a contract of the dwelling's."""
    return forwarded(made, place, Contract(DWELLING.address(NETWORK), "wallet"), "prove")


def namesake(made: Made, place: tuple[int, int]) -> bytes:
    """Through a contract that looks like meter-data."""
    return forwarded(made, place, Contract(DWELLING.address(NETWORK), "meter-data"), "submit-usage-proof")


def forwarded(made: Made, place: tuple[int, int], contract: Contract, function: str) -> bytes:
    call = read_transaction(made.own[place]).payload
    assert isinstance(call, ContractCall)
    other = ContractCall(contract, function, call.arguments)
    unsigned = Transaction.unsigned(other, network=NETWORK, public_key=DWELLING.public_key, nonce=9, fee=1)
    return unsigned.sign_origin(DWELLING).serialize()


def several_keys(made: Made, place: tuple[int, int]) -> bytes:
    """From an account with several keys, by its hash mode."""
    raw = bytearray(made.own[place])
    raw[6] = 1
    return bytes(raw)


def sent_as(made: Made, place: tuple[int, int], forged: bytes, event: Callable[[str], str] = str) -> Rewrite:
    """The own proof's transaction is another one, with its right id, wherever the node tells of it."""
    true, other = txid(made.own[place]), txid(forged)

    def rewrite(path: str, body: str, answer: Any) -> Any:
        for one in answer["results"] if path.endswith("/events") else ():
            if one["tx_id"] == f"0x{true}":
                one["tx_id"] = f"0x{other}"
                one["contract_log"]["value"]["hex"] = event(one["contract_log"]["value"]["hex"])
        if path.endswith(f"{other}/raw"):
            answer["raw_tx"] = forged.hex()
        elif path.endswith(other):
            answer["tx_id"] = f"0x{other}"
        return answer

    return rewrite


def both(first: Rewrite, second: Rewrite) -> Rewrite:
    return lambda path, body, answer: second(path, body, first(path, body, answer))


@pytest.mark.parametrize("way", [wallet, namesake, several_keys])
@pytest.mark.parametrize("place", [PROVED, (CONTESTED, FIRST_BLOCK)])
def test_unreadable_own_proof_is_no_failure(
    made: Made, through: Through, way: Callable[[Made, tuple[int, int]], bytes], place: tuple[int, int]
) -> None:
    forged = way(made, place)
    told = through(sent_as(made, place, forged), {txid(forged): txid(made.own[place])})
    assert (told.code, told.report["good"], told.report["failures"]) == (0, True, [])
    (unjudged,) = told.report["unjudged"]
    assert (unjudged["zone"], unjudged["slot"], unjudged["batch"]) == (place[0], OWN[place[0]], FIRST_BLOCK)
    assert unjudged["txid"] == txid(forged)
    assert unjudged["words"]
    assert told.report["own_proofs"] == 1
    others = [] if place[0] == CONTESTED else [{"zone": CONTESTED, "batch": FIRST_BLOCK, "slots": [OWN[CONTESTED]]}]
    assert told.report["contested"] == others
    assert "own proof of a slot: it cannot be judged" in told.err


@pytest.mark.parametrize("mark", [TRUE, FALSE])
def test_mark_that_rests_on_what_cannot_be_judged(made: Made, through: Through, mark: Value) -> None:
    place = (CONTESTED, FIRST_BLOCK)
    forged = wallet(made, place)
    rewrite = both(sent_as(made, place, forged), at_read("get-batch", *place, contested=mark))
    told = through(rewrite, {txid(forged): txid(made.own[place])})
    assert (told.code, told.report["contested"]) == (0, [])


def test_mark_that_not_even_an_unreadable_proof_explains(made: Made, through: Through) -> None:
    forged = wallet(made, PROVED)
    rewrite = both(sent_as(made, PROVED, forged), at_read("get-batch", *PROVED, contested=TRUE))
    assert through(rewrite, {txid(forged): txid(made.own[PROVED])}).failures() == {(*PROVED, "event")}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"slot": UInt(6)}, {"sequence"}),
        ({"commitment": UInt(6)}, {"sequence"}),
        ({"zone": TRUE}, {"event", "sequence"}),
    ],
)
def test_event_of_an_unreadable_own_proof(
    made: Made, through: Through, changes: dict[str, Value], expected: set[str]
) -> None:
    """What meter-data keeps must still be told of."""
    forged = wallet(made, PROVED)
    told = through(
        sent_as(made, PROVED, forged, lambda text: edit(text, **changes)), {txid(forged): txid(made.own[PROVED])}
    )
    assert told.code == 1
    assert {check for _, _, check in told.failures()} == expected


def test_bytes_of_another_transaction_are_a_failure(made: Made, through: Through) -> None:
    """They are the node's doing, however they were sent."""
    for way in (wallet, several_keys, namesake):
        told = through(at_own(made, lambda _, way=way: way(made, PROVED).hex()))  # type: ignore[misc]
        assert told.code == 1
        assert "transaction" in told.checks(*PROVED)
        assert told.report["unjudged"] == []


def test_unreadable_batch_of_a_gateway_is_a_failure(made: Made, through: Through) -> None:
    raw = bytearray(made.raws[PROVED])
    raw[6] = 1
    true, other = made.txid(*PROVED), txid(bytes(raw))

    def rewrite(path: str, body: str, answer: Any) -> Any:
        for one in answer["results"] if path.endswith("/events") else ():
            one["tx_id"] = one["tx_id"].replace(true, other)
        if path.endswith(f"{other}/raw"):
            answer["raw_tx"] = raw.hex()
        elif path.endswith(other):
            answer["tx_id"] = f"0x{other}"
        return answer

    told = through(rewrite, {other: true})
    assert told.code == 1
    assert "encoding" in told.checks(*PROVED)
    assert told.report["unjudged"] == []


def test_what_cannot_be_judged_is_said_in_words(
    made: Made, verified_once: None, capsys: pytest.CaptureFixture[str]
) -> None:
    forged = wallet(made, PROVED)

    async def ask() -> int:
        async with lying(made.url, sent_as(made, PROVED, forged), {txid(forged): txid(made.own[PROVED])}) as url:
            return await asyncio.to_thread(main, ["audit", "--chain", url, "--settlement", str(made.deployer)])

    assert asyncio.run(ask()) == 0
    lines = capsys.readouterr().out.splitlines()
    at = next(n for n, line in enumerate(lines) if line.startswith("cannot be judged: "))
    assert lines[at].startswith(f"cannot be judged: zone {HONEST}, slot {OWN[HONEST]}, block {FIRST_BLOCK}: ")
    assert lines[at + 1 : at + 3] == [
        "        it is no call of meter-data.submit-usage-proof",
        f"        transaction {txid(forged)}",
    ]
    assert "proofs that hold over py_ecc: 3 of batches, 1 of single slots" in lines
