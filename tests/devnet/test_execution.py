"""What a mined transaction did: fees, aborts, post-conditions, heights, events, costs, reads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .conftest import BALANCE
from .network import PROBE, Account, Devnet, Oracle

Fresh = Callable[[], Account]
BURN = "ST000000000000000000002AMW42H"


def read_uint(devnet: Devnet, oracle: Oracle, contract: str, fn: str, *args: str) -> int:
    answer = devnet.read(contract, fn, *args, sender=BURN)
    assert answer["okay"] is True, answer
    return int(oracle.text(answer["result"]).removeprefix("u"))


def test_transfer_moves_amount_and_fee(devnet: Devnet, fresh: Fresh) -> None:
    sender, receiver = fresh(), fresh()
    txid = devnet.accept(sender.transfer(0, receiver.address, 12_345, fee=400, memo="rent"))
    devnet.mine()
    view = devnet.tx(txid)
    assert (view["tx_status"], view["tx_type"]) == ("success", "token_transfer")
    assert view["token_transfer"]["recipient_address"] == receiver.address
    assert view["token_transfer"]["amount"] == "12345"
    assert bytes.fromhex(view["token_transfer"]["memo"][2:]).rstrip(b"\0") == b"rent"
    assert view["tx_result"] == {"hex": "0x0703", "repr": "(ok true)"}
    assert devnet.account(sender.address) == (BALANCE - 12_345 - 400, 1)
    assert devnet.account(receiver.address) == (BALANCE + 12_345, 0)


def test_balances_seen_by_contracts_are_those_served(devnet: Devnet, oracle: Oracle, probe: str, fresh: Fresh) -> None:
    sender = fresh()
    devnet.accept(sender.call(0, probe, "deposit", "u5000", fee=700, mode="allow"))
    devnet.mine()
    for who in (sender.address, probe, BURN):
        seen = read_uint(devnet, oracle, probe, "get-balance", oracle.value(f"'{who}"))
        assert devnet.account(who)[0] == seen
    assert devnet.account(sender.address) == (BALANCE - 5_000 - 700, 1)


def test_refused_and_crashed_calls_pay_and_change_nothing(
    devnet: Devnet, oracle: Oracle, probe: str, fresh: Fresh
) -> None:
    sender, other = fresh(), fresh()
    count = read_uint(devnet, oracle, probe, "get-count")
    refused = devnet.accept(sender.call(0, probe, "refuse", fee=1_000))
    crashed = devnet.accept(sender.call(1, probe, "crash", fee=1_100))
    between = devnet.accept(other.call(0, probe, "increment", "u1"))
    crashed_too = devnet.accept(sender.call(2, probe, "crash", fee=1_200))
    after = devnet.accept(sender.call(3, probe, "increment", "u1", fee=1_300))
    devnet.mine()
    views = {txid: devnet.tx(txid) for txid in (refused, crashed, between, crashed_too, after)}
    assert len({view["block_hash"] for view in views.values()}) == 1
    assert [view["tx_status"] for view in views.values()] == [
        "abort_by_response",
        "abort_by_response",
        "success",
        "abort_by_response",
        "success",
    ]
    assert views[refused]["tx_result"]["repr"] == "(err u5)"
    assert views[crashed]["tx_result"] == {"hex": "0x0809", "repr": "(err none)"}
    assert "DivisionByZero" in views[crashed]["vm_error"]
    assert views[refused]["events"] == []
    assert read_uint(devnet, oracle, probe, "get-count") == count + 2
    assert devnet.account(sender.address) == (BALANCE - 4_600, 4)


def test_deploy_that_fails_pays_and_publishes_nothing(devnet: Devnet, fresh: Fresh) -> None:
    sender = fresh()
    txid = devnet.accept(sender.deploy(0, "broken", "(define-read-only (one) (undefined-thing))", fee=600))
    devnet.mine()
    view = devnet.tx(txid)
    assert (view["tx_status"], view["tx_result"]["repr"]) == ("abort_by_response", "(err none)")
    assert devnet.account(sender.address) == (BALANCE - 600, 1)
    assert devnet.request("GET", f"/v2/contracts/source/{sender.address}/broken").status == 404
    again = devnet.accept(sender.deploy(1, "broken", "(define-read-only (one) u1)", fee=600))
    devnet.mine()
    assert devnet.tx(again)["tx_status"] == "success"


@pytest.mark.parametrize(
    ("conditions", "mode", "status"),
    [
        ([{"who": "origin", "code": "eq", "amount": 50}], "deny", "success"),
        ([{"who": "origin", "code": "le", "amount": 49}], "deny", "abort_by_post_condition"),
        ([{"who": "origin", "code": "ge", "amount": 51}], "allow", "abort_by_post_condition"),
        ([{"who": "origin", "code": "lt", "amount": 51}], "deny", "success"),
        ([{"who": "origin", "code": "gt", "amount": 50}], "deny", "abort_by_post_condition"),
        ([], "deny", "abort_by_post_condition"),
        ([], "originator", "abort_by_post_condition"),
        ([], "allow", "success"),
    ],
)
def test_stx_conditions(
    devnet: Devnet,
    oracle: Oracle,
    probe: str,
    fresh: Fresh,
    conditions: list[dict[str, Any]],
    mode: str,
    status: str,
) -> None:
    sender = fresh()
    count = read_uint(devnet, oracle, probe, "get-count")
    follower = fresh()
    signed = sender.call(0, probe, "pay", "u50", f"'{BURN}", conditions=conditions, mode=mode)
    txid = devnet.accept(signed)
    follow = devnet.accept(follower.call(0, probe, "increment", "u1"))
    devnet.mine()
    view = devnet.tx(txid)
    assert view["tx_status"] == status
    assert view["tx_result"]["repr"] == "(ok true)"
    assert view["execution_cost_runtime"] > 0
    assert devnet.tx(follow)["tx_status"] == "success"
    paid = status == "success"
    assert len(view["events"]) == (1 if paid else 0)
    assert read_uint(devnet, oracle, probe, "get-count") == count + (2 if paid else 1)
    assert devnet.account(sender.address) == (BALANCE - 1_000 - (50 if paid else 0), 1)


def test_contract_outflow_binds_deny_but_not_originator(devnet: Devnet, probe: str, fresh: Fresh) -> None:
    sender, receiver = fresh(), fresh()
    devnet.accept(sender.call(0, probe, "deposit", "u1000", mode="allow"))
    withdraw = ("withdraw", "u10", f"'{receiver.address}")
    denied = devnet.accept(sender.call(1, probe, *withdraw, mode="deny"))
    allowed = devnet.accept(sender.call(2, probe, *withdraw, mode="originator"))
    listed = [{"who": probe, "code": "eq", "amount": 10}]
    covered = devnet.accept(sender.call(3, probe, *withdraw, mode="deny", conditions=listed))
    devnet.mine()
    assert devnet.tx(denied)["tx_status"] == "abort_by_post_condition"
    assert devnet.tx(allowed)["tx_status"] == "success"
    assert devnet.tx(covered)["tx_status"] == "success"
    assert devnet.account(receiver.address)[0] == BALANCE + 20


def test_token_conditions(devnet: Devnet, probe: str, fresh: Fresh) -> None:
    sender, receiver = fresh(), fresh()
    coin = {"who": "origin", "asset": f"{probe}::coin"}
    deed = {"who": "origin", "asset": f"{probe}::deed", "id": "u7"}
    devnet.accept(sender.call(0, probe, "issue", "u20", "u7", mode="deny"))
    give = ("give", "u5", "u7", f"'{receiver.address}")
    wrong: list[list[dict[str, Any]]] = [
        [{**coin, "code": "eq", "amount": 5}],
        [{**deed, "code": "sends"}],
        [{**coin, "code": "eq", "amount": 4}, {**deed, "code": "sends"}],
        [{**coin, "code": "eq", "amount": 5}, {**deed, "code": "keeps"}],
        [{**coin, "code": "eq", "amount": 5}, {**deed, "id": "u8", "code": "sends"}],
    ]
    txids = [devnet.accept(sender.call(i + 1, probe, *give, conditions=c)) for i, c in enumerate(wrong)]
    right = [{**coin, "code": "eq", "amount": 5}, {**deed, "code": "sends"}]
    last = devnet.accept(sender.call(6, probe, *give, conditions=right))
    devnet.mine()
    assert [devnet.tx(txid)["tx_status"] for txid in txids] == ["abort_by_post_condition"] * 5
    view = devnet.tx(last)
    assert view["tx_status"] == "success"
    assert [event["event_type"] for event in view["events"]] == ["fungible_token_asset", "non_fungible_token_asset"]
    assert view["events"][1]["asset"]["value"]["repr"] == "u7"


def test_heights_agree_everywhere(devnet: Devnet, oracle: Oracle, probe: str, fresh: Fresh) -> None:
    sender = fresh()
    for nonce in range(6):
        txid = devnet.accept(sender.call(nonce, probe, "increment", "u1"))
        devnet.mine()
        view, info = devnet.tx(txid), devnet.get("/v2/info")
        printed = view["events"][0]["contract_log"]["value"]["repr"]
        assert f"(height u{view['block_height']})" in printed
        assert f"(burn u{view['burn_block_height']})" in printed
        assert (info["stacks_tip_height"], info["burn_block_height"]) == (
            view["block_height"],
            view["burn_block_height"],
        )
        assert view["block_hash"] == "0x" + info["stacks_tip"]
        heights = oracle.text(devnet.read(probe, "get-heights", sender=BURN)["result"])
        assert heights == f"{{ burn: u{view['burn_block_height']}, stacks: u{view['block_height']} }}"


def test_a_burn_block_arrives_every_second_scheduled_block(devnet: Devnet) -> None:
    """Each brings one empty Stacks block of its own, so four scheduled blocks are six blocks and two burn blocks."""
    before = devnet.state()
    after = devnet.mine(4)
    assert after["burn_block_height"] - before["burn_block_height"] == 2
    assert after["stacks_tip_height"] - before["stacks_tip_height"] == 6


def test_network_identity(devnet: Devnet, oracle: Oracle, probe: str) -> None:
    info = devnet.get("/v2/info")
    assert info["network_id"] == 0x80000000
    assert read_uint(devnet, oracle, probe, "get-chain") == 0x80000000
    pox = devnet.get("/v2/pox")
    assert pox["current_burnchain_block_height"] == info["burn_block_height"]


def test_costs_and_results_equal_the_sdk(
    devnet: Devnet, oracle: Oracle, probe: str, accounts: list[Account], fresh: Fresh
) -> None:
    owner, sender = accounts[0], fresh()
    deployed = devnet.accept(sender.deploy(0, "probe", PROBE, mode="allow"))
    steps = [("issue", ["u5", "u900"]), ("refuse", []), ("pay", ["u3", f"'{BURN}"]), ("deposit", ["u4"])]
    txids = [devnet.accept(sender.call(i + 1, probe, fn, *args, mode="allow")) for i, (fn, args) in enumerate(steps)]
    devnet.mine()
    calls = [{"kind": "call", "contract": probe, "fn": f, "args": a, "sender": sender.address} for f, a in steps]
    deploy = {"kind": "deploy", "name": "probe", "source": PROBE, "sender": owner.address}
    own = {**deploy, "sender": sender.address}
    balances = {owner.address: str(BALANCE), sender.address: str(BALANCE)}
    _, expected = oracle.ask(op="simulate", accounts=balances, blocks=[[deploy], [own, *calls]])
    for txid, want in zip([deployed, *txids], expected, strict=True):
        view = devnet.tx(txid)
        # the bare SDK answers `true` to a deployment, the chain (ok true)
        assert view["tx_result"]["hex"] == ("0x0703" if txid == deployed else want["result"])
        assert {
            "runtime": view["execution_cost_runtime"],
            "readCount": view["execution_cost_read_count"],
            "readLength": view["execution_cost_read_length"],
            "writeCount": view["execution_cost_write_count"],
            "writeLength": view["execution_cost_write_length"],
        } == want["costs"]


def test_contract_events_newest_first_in_pages(devnet: Devnet, probe: str, fresh: Fresh) -> None:
    sender = fresh()
    txids = []
    for nonce in range(3):
        txids.append(devnet.accept(sender.call(nonce, probe, "increment", "u1")))
        devnet.mine()
    page = devnet.get(f"/extended/v1/contract/{probe}/events?limit=2&offset=0")
    assert [event["tx_id"] for event in page["results"]] == [txids[2], txids[1]]
    rest = devnet.get(f"/extended/v1/contract/{probe}/events?limit=2&offset=2")
    assert rest["results"][0]["tx_id"] == txids[0]
    event = page["results"][0]
    assert (event["event_type"], event["event_index"]) == ("smart_contract_log", 0)
    assert event["contract_log"]["contract_id"] == probe
    assert event["contract_log"]["topic"] == "print"
    assert event["contract_log"]["value"]["hex"].startswith("0x0c")
    assert devnet.request("GET", f"/extended/v1/contract/{probe}/events?limit=-1").status == 400


def test_read_only_calls(devnet: Devnet, probe: str) -> None:
    causes = {
        fn: devnet.read(probe, fn, *args, sender=BURN)
        for fn, args in {"fail": [], "increment": ["0x" + "01" + "00" * 16], "absent": [], "hidden": []}.items()
    }
    assert all(answer["okay"] is False for answer in causes.values())
    assert "DivisionByZero" in causes["fail"]["cause"]
    assert "PublicFunctionNotReadOnly" in causes["increment"]["cause"]
    assert "UndefinedFunction" in causes["absent"]["cause"]
    assert "NoSuchPublicFunction" in causes["hidden"]["cause"]
    assert "NoSuchContract" in devnet.read(probe + "x", "get-count", sender=BURN)["cause"]
    assert "IncorrectArgumentCount" in devnet.read(probe, "get-balance", sender=BURN)["cause"]
    path = f"/v2/contracts/call-read/{probe.replace('.', '/')}/get-count"
    assert devnet.post(path, {"sender": "nobody", "arguments": []}).status == 400
    assert devnet.post(path, {"sender": BURN, "arguments": ["0xff"]}).status == 400


def test_state_reads(devnet: Devnet, oracle: Oracle, probe: str, fresh: Fresh) -> None:
    path = probe.replace(".", "/")
    txid = devnet.accept(fresh().call(0, probe, "increment", "u1"))
    devnet.mine()
    view = devnet.tx(txid)
    count = devnet.get(f"/v2/data_var/{path}/count?proof=0")["data"]
    assert oracle.text(count) == f"u{read_uint(devnet, oracle, probe, 'get-count')}"
    entry = devnet.post(f"/v2/map_entry/{path}/seen?proof=0", count).body["data"]
    expected = f"(some {{ burn: u{view['burn_block_height']}, height: u{view['block_height']} }})"
    assert oracle.text(entry) == expected
    assert devnet.post(f"/v2/map_entry/{path}/seen", oracle.value("u123456")).body == {"data": "0x09"}
    assert devnet.request("GET", f"/v2/data_var/{path}/absent").status == 404
    assert devnet.post(f"/v2/map_entry/{path}/absent", count).status == 404
    assert devnet.get(f"/v2/contracts/source/{path}")["source"] == PROBE
    names = {function["name"] for function in devnet.get(f"/v2/contracts/interface/{path}")["functions"]}
    assert {"increment", "get-count"} <= names
    assert devnet.request("GET", f"/v2/contracts/interface/{path}x").status == 404


def test_transfer_with_conditions_is_never_mined(devnet: Devnet, fresh: Fresh) -> None:
    sender = fresh()
    conditions = [{"who": "origin", "code": "eq", "amount": 5}]
    txid = devnet.accept(sender.transfer(0, BURN, 5, conditions=conditions))
    devnet.mine()
    assert devnet.tx(txid)["tx_status"] == "dropped_problematic"
    assert devnet.account(sender.address) == (BALANCE, 0)


def test_transfers_beyond_the_balance_wait(devnet: Devnet, fresh: Fresh) -> None:
    """Each fits the balance at submission; together they do not, and the second is not mined."""
    sender, donor = fresh(), fresh()
    first = devnet.accept(sender.transfer(0, BURN, BALANCE - 1_000, fee=400))
    second = devnet.accept(sender.transfer(1, BURN, BALANCE - 1_000, fee=400))
    devnet.mine()
    assert (devnet.tx(first)["tx_status"], devnet.tx(second)["tx_status"]) == ("success", "pending")
    assert devnet.account(sender.address) == (600, 1)
    devnet.accept(donor.transfer(0, sender.address, BALANCE - 1_000))
    devnet.mine(2)
    assert devnet.tx(second)["tx_status"] == "success"
    assert devnet.account(sender.address) == (200, 2)


def test_a_call_beyond_the_block_budget_is_dropped_unpaid(
    devnet: Devnet, oracle: Oracle, probe: str, fresh: Fresh
) -> None:
    sender, other = fresh(), fresh()
    count = read_uint(devnet, oracle, probe, "get-count")
    before = devnet.accept(other.call(0, probe, "increment", "u1"))
    dear = devnet.accept(sender.call(0, probe, "exhaust"))
    after = devnet.accept(other.call(1, probe, "increment", "u1"))
    devnet.mine()
    assert devnet.tx(dear)["tx_status"] == "dropped_too_expensive"
    assert devnet.tx(before)["tx_status"] == devnet.tx(after)["tx_status"] == "success"
    assert devnet.account(sender.address) == (BALANCE, 0)
    assert read_uint(devnet, oracle, probe, "get-count") == count + 2


def test_unknown_things_are_404(devnet: Devnet) -> None:
    assert devnet.request("GET", "/extended/v1/tx/0x" + "00" * 32).status == 404
    assert devnet.request("GET", "/v2/nothing").status == 404
    assert devnet.request("GET", "/v2/accounts/nobody?proof=0").status == 400
    assert devnet.request("GET", "//").status == 400
    assert devnet.request("GET", "/v2/%ff").status == 400
    assert devnet.request("POST", "/devnet/fault", b"null").status == 400
    assert devnet.request("POST", "/v2/fees/transaction", b"{").status == 400


def test_fee_estimates(devnet: Devnet, probe: str, fresh: Fresh) -> None:
    sender, receiver = fresh(), fresh()
    assert devnet.get("/v2/fees/transfer") == 1
    unseen = sender.call(0, probe, "deposit", "u1").payload.replace(b"deposit".hex(), b"withdr4".hex())
    reply = devnet.post("/v2/fees/transaction", {"transaction_payload": unseen, "estimated_len": 300})
    assert (reply.status, reply.body["reason"]) == (400, "NoEstimateAvailable")
    assert devnet.post("/v2/fees/transaction", {"transaction_payload": "zz"}).status == 400
    signed = sender.call(0, probe, "increment", "u1")
    txid = devnet.accept(signed)
    devnet.accept(sender.transfer(1, receiver.address, 5))
    devnet.mine()
    reply = devnet.post("/v2/fees/transaction", {"transaction_payload": signed.payload, "estimated_len": 300})
    assert reply.status == 200
    assert reply.body["estimated_cost"]["runtime"] == devnet.tx(txid)["execution_cost_runtime"]
    fees = [level["fee"] for level in reply.body["estimations"]]
    assert len(fees) == 3
    assert fees == sorted(fees)
    assert fees[0] >= 300
