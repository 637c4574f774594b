"""What the mempool takes and refuses, with the node's reasons."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .conftest import BALANCE
from .network import Account, Devnet, Oracle, make_high_s

Fresh = Callable[[], Account]


def test_bytes_and_json_forms_are_both_taken(devnet: Devnet, probe: str, fresh: Fresh) -> None:
    sender = fresh()
    devnet.accept(sender.call(0, probe, "increment", "u1"))
    signed = sender.call(1, probe, "increment", "u1")
    reply = devnet.post("/v2/transactions", {"tx": "0x" + signed.raw.hex()})
    assert (reply.status, reply.body) == (200, signed.txid)
    pending = devnet.tx("0x" + signed.txid)
    assert pending["tx_status"] == "pending"
    assert pending["contract_call"]["function_args"] == [
        {"hex": "0x0100000000000000000000000000000001", "repr": "u1", "name": "by", "type": "uint"}
    ]
    assert "block_height" not in pending


def test_resending_is_idempotent_until_mined(devnet: Devnet, probe: str, fresh: Fresh) -> None:
    sender = fresh()
    signed = sender.call(0, probe, "increment", "u1")
    for _ in range(3):
        devnet.accept(signed)
    assert devnet.state()["mempool"].count("0x" + signed.txid) == 1
    devnet.mine()
    rejection = devnet.refuse(signed)
    assert rejection["reason"] == "BadNonce"
    assert rejection["reason_data"] == {"expected": 1, "actual": 0, "principal": sender.address, "is_origin": True}


@pytest.mark.parametrize("mangle", [lambda raw: raw[:-1], lambda raw: raw + b"\0", lambda _: b"", lambda _: b"\x80"])
def test_broken_bytes(devnet: Devnet, fresh: Fresh, mangle: Callable[[bytes], bytes]) -> None:
    signed = fresh().transfer(0, "ST000000000000000000002AMW42H", 1)
    reply = devnet.submit(mangle(signed.raw))
    assert reply.status == 400
    assert reply.body["reason"] == "Deserialization"
    assert reply.body["error"] == "transaction rejected"


def test_every_signed_bit_matters(devnet: Devnet, probe: str, fresh: Fresh) -> None:
    """A flipped bit in signer, nonce, fee, signature or arguments never passes as the same signer's."""
    sender = fresh()
    raw = sender.call(0, probe, "increment", "u1", fee=5_000).raw
    before = devnet.state()["mempool"]
    for position in (7, 26, 34, 36, 42, 44, 45, 77, len(raw) - 1):
        changed = bytearray(raw)
        changed[position] ^= 1
        reply = devnet.submit(bytes(changed))
        assert reply.status == 400, position
        assert reply.body["reason"] in {"SignatureValidation", "Deserialization"}, (position, reply)
    assert devnet.state()["mempool"] == before
    assert devnet.submit(raw).status == 200


def test_high_s_is_refused(devnet: Devnet, fresh: Fresh) -> None:
    signed = fresh().transfer(0, "ST000000000000000000002AMW42H", 1)
    reply = devnet.submit(make_high_s(signed.raw))
    assert reply.body["reason"] == "SignatureValidation"
    assert "low-S" in reply.body["reason_data"]["message"]
    devnet.accept(signed)


def test_other_networks_are_refused(devnet: Devnet, fresh: Fresh) -> None:
    signed = fresh().transfer(0, "ST000000000000000000002AMW42H", 1, network="mainnet")
    assert devnet.refuse(signed)["reason"] == "SignatureValidation"


def test_fee_floor_is_one_micro_stx_a_byte(devnet: Devnet, fresh: Fresh) -> None:
    sender = fresh()
    size = len(sender.transfer(0, "ST000000000000000000002AMW42H", 1).raw)
    rejection = devnet.refuse(sender.transfer(0, "ST000000000000000000002AMW42H", 1, fee=size - 1))
    assert rejection["reason"] == "FeeTooLow"
    assert rejection["reason_data"] == {"expected": size, "actual": size - 1}
    devnet.accept(sender.transfer(0, "ST000000000000000000002AMW42H", 1, fee=size))


def test_not_enough_funds(devnet: Devnet, oracle: Oracle, fresh: Fresh) -> None:
    poor = Account.numbered(oracle, 1_000)
    rejection = devnet.refuse(poor.transfer(0, "ST000000000000000000002AMW42H", 1))
    assert rejection["reason"] == "NotEnoughFunds"
    assert rejection["reason_data"] == {"expected": f"0x{300:032x}", "actual": f"0x{0:032x}"}
    sender = fresh()
    rejection = devnet.refuse(sender.transfer(0, "ST000000000000000000002AMW42H", BALANCE - 299))
    assert rejection["reason_data"] == {"expected": f"0x{BALANCE + 1:032x}", "actual": f"0x{BALANCE:032x}"}
    devnet.accept(sender.transfer(0, "ST000000000000000000002AMW42H", BALANCE - 300))


@pytest.mark.parametrize(
    ("contract", "fn", "args", "reason"),
    [
        ("absent", "increment", ["u1"], "NoSuchContract"),
        ("probe", "absent", ["u1"], "NoSuchPublicFunction"),
        ("probe", "hidden", [], "NoSuchPublicFunction"),
        ("probe", "get-count", [], "NoSuchPublicFunction"),
        ("probe", "increment", [], "BadFunctionArgument"),
        ("probe", "increment", ["u1", "u1"], "BadFunctionArgument"),
        ("probe", "increment", ["1"], "BadFunctionArgument"),
        ("probe", "pay", ["u1", "u1"], "BadFunctionArgument"),
        ("probe", "keep", ['"123456789"', "0x01", "none", "(list)"], "BadFunctionArgument"),
        ("probe", "keep", ['"1"', "0x0102030405", "none", "(list)"], "BadFunctionArgument"),
        ("probe", "keep", ['"1"', "0x01", "(some u1)", "(list)"], "BadFunctionArgument"),
        ("probe", "keep", ['"1"', "0x01", "none", "(list 1 2 3)"], "BadFunctionArgument"),
        ("probe", "keep", ['"1"', "0x01", "none", "(list u1)"], "BadFunctionArgument"),
    ],
)
def test_calls_that_cannot_be_made(
    devnet: Devnet, probe: str, fresh: Fresh, contract: str, fn: str, args: list[str], reason: str
) -> None:
    target = probe.replace("probe", contract)
    assert devnet.refuse(fresh().call(0, target, fn, *args, fee=2_000))["reason"] == reason


def test_every_fitting_argument_is_taken(devnet: Devnet, probe: str, fresh: Fresh) -> None:
    sender = fresh()
    txid = devnet.accept(sender.call(0, probe, "keep", '"12345678"', "0x01020304", "(some true)", "(list 1 -2)"))
    devnet.mine()
    view = devnet.tx(txid)
    assert view["tx_result"]["repr"] == "(ok u15)"
    assert [arg["repr"] for arg in view["contract_call"]["function_args"]] == [
        '"12345678"',
        "0x01020304",
        "(some true)",
        "(list 1 -2)",
    ]


def test_contract_names_are_taken_once(devnet: Devnet, probe: str, accounts: list[Account]) -> None:
    assert probe.endswith(".probe")
    rejection = devnet.refuse(accounts[0].deploy(1, "probe", "(define-read-only (one) u1)"))
    assert rejection["reason"] == "ContractAlreadyExists"
    assert rejection["reason_data"] == {"contract_identifier": probe}


def test_transfers_that_make_no_sense(devnet: Devnet, fresh: Fresh) -> None:
    sender = fresh()
    assert devnet.refuse(sender.transfer(0, sender.address, 1))["reason"] == "TransferRecipientCannotEqualSender"
    empty = sender.transfer(0, "ST000000000000000000002AMW42H", 0)
    assert devnet.refuse(empty)["reason"] == "TransferAmountMustBePositive"
    abroad = sender.transfer(0, "SP000000000000000000002Q6VF78", 1)
    assert devnet.refuse(abroad)["reason"] == "BadAddressVersionByte"


def test_chaining_admits_the_next_nonce_and_26_more(devnet: Devnet, probe: str, fresh: Fresh) -> None:
    sender = fresh()
    rejection = devnet.refuse(sender.call(27, probe, "increment", "u1"))
    assert rejection["reason"] == "TooMuchChaining"
    data: dict[str, Any] = rejection["reason_data"]
    assert (data["expected"], data["actual"], data["principal"]) == (26, 27, sender.address)
    txids = [devnet.accept(sender.call(nonce, probe, "increment", "u1")) for nonce in reversed(range(27))]
    devnet.mine()
    views = [devnet.tx(txid) for txid in reversed(txids)]
    assert {view["tx_status"] for view in views} == {"success"}
    assert len({view["block_hash"] for view in views}) == 1
    assert [view["nonce"] for view in sorted(views, key=lambda view: view["tx_index"])] == list(range(27))


def test_a_gap_blocks_what_follows(devnet: Devnet, probe: str, fresh: Fresh) -> None:
    sender = fresh()
    late = devnet.accept(sender.call(2, probe, "increment", "u1"))
    devnet.accept(sender.call(0, probe, "increment", "u1"))
    devnet.mine(2)
    assert devnet.tx(late)["tx_status"] == "pending"
    nonces = devnet.get(f"/extended/v1/address/{sender.address}/nonces")
    assert nonces == {
        "last_mempool_tx_nonce": 2,
        "last_executed_tx_nonce": 0,
        "possible_next_nonce": 3,
        "detected_missing_nonces": [1],
        "detected_mempool_nonces": [2],
    }
    devnet.accept(sender.call(1, probe, "increment", "u1"))
    devnet.mine()
    assert devnet.tx(late)["tx_status"] == "success"


def test_replacement_needs_a_higher_fee(devnet: Devnet, probe: str, fresh: Fresh) -> None:
    sender = fresh()
    first = devnet.accept(sender.call(0, probe, "increment", "u1", fee=1_000))
    for fee in (999, 1_000):
        rival = sender.call(0, probe, "increment", "u2", fee=fee)
        assert devnet.refuse(rival)["reason"] == "ConflictingNonceInMempool"
    second = devnet.accept(sender.call(0, probe, "increment", "u2", fee=1_001))
    replaced = devnet.tx(first)
    assert (replaced["tx_status"], replaced["replaced_by_tx_id"]) == ("dropped_replace_by_fee", second)
    devnet.mine()
    assert devnet.tx(second)["tx_status"] == "success"
    assert devnet.account(sender.address) == (BALANCE - 1_001, 1)


def test_sponsored(devnet: Devnet, probe: str, oracle: Oracle, fresh: Fresh) -> None:
    poor, sponsor = Account.numbered(oracle, 2_000), fresh()
    signed = poor.call(0, probe, "increment", "u1", sponsor={"key": sponsor.key, "nonce": 0, "fee": 900})
    at = SPONSOR_SIGNATURE_AT
    forged = signed.raw[:at] + bytes([signed.raw[at] ^ 1]) + signed.raw[at + 1 :]
    assert devnet.submit(forged).body["reason"] == "SignatureValidation"
    txid = devnet.accept(signed)
    rival = sponsor.call(0, probe, "increment", "u1", fee=900)
    assert devnet.refuse(rival)["reason"] == "ConflictingNonceInMempool"
    devnet.mine()
    view = devnet.tx(txid)
    assert (view["tx_status"], view["sponsored"]) == ("success", True)
    assert (view["sender_address"], view["sponsor_address"]) == (poor.address, sponsor.address)
    assert f"'{poor.address}" in view["events"][0]["contract_log"]["value"]["repr"]
    assert devnet.account(poor.address) == (0, 1)
    assert devnet.account(sponsor.address) == (BALANCE - 900, 1)
    behind = poor.call(1, probe, "increment", "u1", sponsor={"key": sponsor.key, "nonce": 0, "fee": 900})
    rejection = devnet.refuse(behind)
    assert rejection["reason"] == "BadNonce"
    assert rejection["reason_data"] == {
        "expected": 1,
        "actual": 0,
        "principal": sponsor.address,
        "is_origin": False,
    }


@pytest.mark.parametrize("ordered", [True, False])
def test_multisignature(devnet: Devnet, oracle: Oracle, fresh: Fresh, ordered: bool) -> None:
    donor = fresh()
    first = 3_000 if ordered else 3_010  # both modes share one address for the same keys
    keys = [Account.numbered(oracle, first + i).key for i in range(3)]
    shared = {"keys": keys, "required": 2, "ordered": ordered}
    address = oracle.ask(op="multisig_address", **shared)
    assert address.startswith("SN")
    devnet.accept(donor.transfer(0, address, 10_000))
    devnet.mine()
    signed = donor.transfer(0, donor.address, 1, fee=700, multisig=shared)
    second_signature_at = FIRST_MULTISIG_AT + 65 + 1
    third_key_at = second_signature_at + 65 + 1
    for at in (FIRST_MULTISIG_AT + 10, second_signature_at + 50, third_key_at, len(signed.raw) - 40):
        forged = signed.raw[:at] + bytes([signed.raw[at] ^ 1]) + signed.raw[at + 1 :]
        reply = devnet.submit(forged)
        assert (reply.status, reply.body["reason"]) == (400, "SignatureValidation"), at
    txid = devnet.accept(signed)
    devnet.mine()
    view = devnet.tx(txid)
    assert (view["tx_status"], view["sender_address"]) == ("success", address)
    assert devnet.account(address) == (10_000 - 700 - 1, 1)


# head, hash mode, signer, nonce, fee, field count and the kind of the first field
FIRST_MULTISIG_AT = 6 + 1 + 20 + 8 + 8 + 4 + 1
# the origin's condition of 103 bytes follows version, chain id and auth type; then as far again as the origin's own
SPONSOR_SIGNATURE_AT = 6 + 103 + 38
