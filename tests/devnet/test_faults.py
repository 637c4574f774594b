"""Each way in which the chain can be told to misbehave."""

from __future__ import annotations

import http.client
import select
from collections.abc import Callable, Iterator

import pytest

from .conftest import BALANCE
from .network import Account, Devnet

Fresh = Callable[[], Account]
BURN = "ST000000000000000000002AMW42H"


@pytest.fixture(autouse=True)
def _clear(devnet: Devnet) -> Iterator[None]:
    yield
    devnet.fault("clear")


def test_drop_answers_200_and_forgets(devnet: Devnet, fresh: Fresh) -> None:
    sender = fresh()
    devnet.fault("drop", count=2)
    signed = sender.transfer(0, BURN, 1)
    for _ in range(2):
        devnet.accept(signed)
        assert devnet.request("GET", f"/extended/v1/tx/{signed.txid}").status == 404
    devnet.mine()
    assert devnet.account(sender.address) == (BALANCE, 0)
    devnet.accept(signed)
    devnet.mine()
    assert devnet.account(sender.address) == (BALANCE - 301, 1)


def test_refuse(devnet: Devnet, fresh: Fresh) -> None:
    signed = fresh().transfer(0, BURN, 1)
    devnet.fault("refuse", reason="ServerFailureDatabase", reason_data={"message": "busy"})
    rejection = devnet.refuse(signed)
    assert (rejection["reason"], rejection["reason_data"]) == ("ServerFailureDatabase", {"message": "busy"})
    devnet.accept(signed)


def test_dark_by_reset(devnet: Devnet) -> None:
    devnet.fault("dark", count=2)
    for _ in range(2):
        with pytest.raises((ConnectionResetError, http.client.RemoteDisconnected)):
            devnet.get("/v2/info")
    assert devnet.get("/v2/info")["network_id"] == 0x80000000


def test_dark_by_503(devnet: Devnet, fresh: Fresh) -> None:
    signed = fresh().transfer(0, BURN, 1)
    devnet.fault("dark", mode="503", ms=600_000)
    assert devnet.request("GET", "/v2/info").status == 503
    assert devnet.submit(signed.raw).status == 503
    devnet.fault("clear")
    assert devnet.request("GET", f"/extended/v1/tx/{signed.txid}").status == 404
    devnet.accept(signed)


def test_delay_holds_one_answer_back(devnet: Devnet) -> None:
    devnet.fault("delay", ms=600_000)
    slow = http.client.HTTPConnection("127.0.0.1", devnet.port, timeout=30)
    try:
        slow.request("GET", "/v2/info")
        while devnet.state()["faults"]["delay"] is not None:
            pass  # the request has not reached the node yet
        assert devnet.get("/v2/info")["network_id"] == 0x80000000
        readable, _, _ = select.select([slow.sock], [], [], 0)
        assert readable == []
    finally:
        slow.close()


def test_short_delay_still_answers(devnet: Devnet) -> None:
    devnet.fault("delay", ms=1, count=3)
    for _ in range(3):
        assert devnet.get("/v2/info")["network_id"] == 0x80000000
    assert devnet.state()["faults"]["delay"] is None


def test_lag_freezes_the_tip_and_then_catches_up(devnet: Devnet, fresh: Fresh) -> None:
    sender = fresh()
    before = devnet.get("/v2/info")
    devnet.fault("lag")
    txid = devnet.accept(sender.transfer(0, BURN, 1))
    devnet.mine(3)
    assert devnet.get("/v2/info") == before
    assert devnet.tx(txid)["tx_status"] == "pending"
    assert devnet.fault("lag", on=False) == {"caught_up": 3}
    assert devnet.get("/v2/info")["stacks_tip_height"] >= before["stacks_tip_height"] + 3
    assert devnet.tx(txid)["tx_status"] == "success"


def test_replace_takes_our_nonce(devnet: Devnet, fresh: Fresh) -> None:
    sender = fresh()
    signed = sender.transfer(0, BURN, 500, fee=400)
    ours = devnet.accept(signed)
    theirs = devnet.fault("replace", txid=ours)["replaced_by"]
    view = devnet.tx(ours)
    assert (view["tx_status"], view["replaced_by_tx_id"]) == ("dropped_replace_by_fee", theirs)
    assert devnet.refuse(signed)["reason"] == "ConflictingNonceInMempool"
    devnet.mine()
    assert devnet.tx(theirs)["tx_status"] == "success"
    assert devnet.tx(theirs)["sender_address"] == sender.address
    assert devnet.refuse(signed)["reason"] == "BadNonce"
    assert devnet.account(sender.address) == (BALANCE - 401 - 1, 1)


def test_evict(devnet: Devnet, fresh: Fresh) -> None:
    sender = fresh()
    signed = sender.transfer(0, BURN, 1)
    txid = devnet.accept(signed)
    devnet.fault("evict", txid=txid)
    devnet.mine()
    assert devnet.tx(txid)["tx_status"] == "dropped_stale_garbage_collect"
    assert devnet.account(sender.address) == (BALANCE, 0)
    devnet.accept(signed)
    devnet.mine()
    assert devnet.tx(txid)["tx_status"] == "success"


@pytest.mark.parametrize(
    "order",
    [
        {"kind": "unknown"},
        {},
        {"kind": "drop", "count": 0},
        {"kind": "refuse"},
        {"kind": "delay"},
        {"kind": "dark", "mode": "sulk"},
        {"kind": "evict", "txid": "0x" + "00" * 32},
        {"kind": "replace", "txid": "0x" + "00" * 32},
    ],
)
def test_orders_that_make_no_sense(devnet: Devnet, order: dict[str, object]) -> None:
    assert devnet.post("/devnet/fault", order).status == 400
    assert devnet.post("/devnet/mine", {"blocks": 0}).status == 400
