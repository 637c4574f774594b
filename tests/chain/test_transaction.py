import copy
import dataclasses
import pickle
import random
from collections.abc import Callable
from typing import Any

import coincurve
import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.chain.address import Address, CodecError, Contract, Network, hash160
from appliance.chain.clarity import Buffer, Optional, UInt, Value
from appliance.chain.payload import (
    MAX_ARGUMENT_DEPTH,
    Asset,
    Comparison,
    ContractCall,
    ContractDeploy,
    FtCondition,
    NftCondition,
    Origin,
    Sent,
    StxCondition,
    TokenTransfer,
    TransactionError,
    payload_bytes,
)
from appliance.chain.transaction import (
    CURVE_ORDER,
    SPONSOR_TO_COME,
    AnchorMode,
    PostConditionMode,
    PrivateKey,
    SignatureError,
    Spending,
    Transaction,
    _presign,
    deserialize,
    txid,
)

from .descriptions import PATIENT, Draw, transaction

KEY = PrivateKey(bytes(31) + b"\x07")
SPONSOR = PrivateKey(bytes(31) + b"\x09")
CONTRACT = Contract(KEY.address(Network.TESTNET), "meter-data")
CALL = ContractCall(CONTRACT, "submit-usage-batch", (UInt(1), Buffer(b"\x02" * 33)))
CONDITIONS = (
    StxCondition(Origin.ORIGIN, Comparison.LESS_OR_EQUAL, 5),
    FtCondition(CONTRACT, Asset(CONTRACT, "voucher"), Comparison.EQUAL, 1),
    NftCondition(CONTRACT.address, Asset(CONTRACT, "seal"), UInt(3), Sent.NOT_SENT),
)


def unsigned(sponsored: bool = False) -> Transaction:
    return Transaction.unsigned(
        CALL,
        network=Network.TESTNET,
        public_key=KEY.public_key,
        nonce=3,
        fee=0 if sponsored else 1000,
        conditions=CONDITIONS,
        mode=PostConditionMode.ORIGINATOR,
        sponsored=sponsored,
    )


def signed() -> Transaction:
    return unsigned().sign_origin(KEY)


def sponsored() -> Transaction:
    return unsigned(sponsored=True).sign_origin(KEY).sign_sponsor(SPONSOR, nonce=9, fee=2000)


BOTH = pytest.mark.parametrize("make", [signed, sponsored])


def test_sizes() -> None:
    """A plain transfer is the 180 bytes that nodes relay at least; a sponsor adds one condition of 103."""
    transfer = TokenTransfer(CONTRACT.address, 1)
    made = Transaction.unsigned(transfer, network=Network.TESTNET, public_key=KEY.public_key, nonce=0, fee=180)
    assert len(made.serialize()) == 180
    assert len(sponsored().serialize()) - len(signed().serialize()) == 103


@BOTH
def test_what_is_read_is_what_was_written(make: Callable[[], Transaction]) -> None:
    made = make()
    raw = made.serialize()
    read = deserialize(raw)
    assert read == made
    assert read.payload == CALL
    assert read.conditions == CONDITIONS
    assert read.origin_address == KEY.address(Network.TESTNET)
    assert read.verify_origin() == KEY.public_key
    assert read.anchor is AnchorMode.ANY
    assert txid(raw) == made.txid()
    read.verify()


def test_who_pays() -> None:
    assert (signed().fee, signed().sponsor_address) == (1000, None)
    assert (sponsored().fee, sponsored().sponsor_address) == (2000, SPONSOR.address(Network.TESTNET))


@BOTH
def test_every_flipped_bit_is_noticed(make: Callable[[], Transaction]) -> None:
    raw = make().serialize()
    for position in range(len(raw)):
        for bit in (1 << (position % 8), 0x80 >> (position % 8)):
            changed = raw[:position] + bytes([raw[position] ^ bit]) + raw[position + 1 :]
            with pytest.raises(CodecError):
                deserialize(changed).verify()


@BOTH
def test_every_other_length_is_refused(make: Callable[[], Transaction]) -> None:
    raw = make().serialize()
    for length in range(len(raw)):
        with pytest.raises(TransactionError):
            deserialize(raw[:length])
    with pytest.raises(TransactionError):
        deserialize(raw + b"\0")


@given(st.integers(0, 500), st.data())
@PATIENT
def test_changed_bytes_are_refused_or_canonical(seed: int, data: st.DataObject) -> None:
    raw = bytearray(transaction(Draw(seed).transaction()).serialize())
    for _ in range(data.draw(st.integers(1, 3))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    _refused_or_canonical(bytes(raw))


@given(st.binary(max_size=400))
@PATIENT
def test_any_bytes_are_refused_or_canonical(data: bytes) -> None:
    _refused_or_canonical(data)
    _refused_or_canonical(b"\x80\x80\x00\x00\x00\x04\x00" + data)


def _refused_or_canonical(data: bytes) -> None:
    try:
        read = deserialize(data)
    except TransactionError:
        return
    assert read.serialize() == data


def test_a_high_s_signature_is_refused() -> None:
    made = signed()
    v, r, s = made.origin.signature[:1], made.origin.signature[1:33], made.origin.signature[33:]
    assert int.from_bytes(s, "big") <= CURVE_ORDER // 2
    twin = bytes([v[0] ^ 1]) + r + (CURVE_ORDER - int.from_bytes(s, "big")).to_bytes(32, "big")
    forged = deserialize(dataclasses.replace(made, origin=dataclasses.replace(made.origin, signature=twin)).serialize())
    with pytest.raises(SignatureError, match="high-S"):
        forged.verify_origin()


@pytest.mark.parametrize("signature", [bytes(65), b"\xff" * 65, b"\x04" + bytes(63) + b"\x01", b"\0" + b"\1" * 64])
def test_what_is_not_a_signature_is_refused(signature: bytes) -> None:
    made = signed()
    with pytest.raises(SignatureError):
        dataclasses.replace(made, origin=dataclasses.replace(made.origin, signature=signature)).verify()


def test_signatures_bind_fee_nonce_payload_and_network() -> None:
    made = signed()
    origin = made.origin
    for changed in (
        dataclasses.replace(made, origin=dataclasses.replace(origin, fee=1001)),
        dataclasses.replace(made, origin=dataclasses.replace(origin, nonce=4)),
        dataclasses.replace(made, network=Network.MAINNET),
        dataclasses.replace(made, mode=PostConditionMode.ALLOW),
        dataclasses.replace(made, conditions=()),
        dataclasses.replace(made, anchor=AnchorMode.ON_CHAIN),
        dataclasses.replace(made, payload=dataclasses.replace(CALL, function="close-zone")),
        dataclasses.replace(made, sponsor=SPONSOR_TO_COME),
    ):
        with pytest.raises(SignatureError):
            changed.verify_origin()


def test_a_sponsor_can_change_fee_and_nonce_but_not_the_call() -> None:
    first = unsigned(sponsored=True).sign_origin(KEY)
    dearer = sponsored().sign_sponsor(SPONSOR, nonce=9, fee=3000)
    dearer.verify()
    assert dearer == first.sign_sponsor(SPONSOR, nonce=9, fee=3000)
    assert dearer.txid() != sponsored().txid()
    stolen = dataclasses.replace(sponsored(), payload=dataclasses.replace(CALL, function="close-zone"))
    with pytest.raises(SignatureError):
        stolen.sign_sponsor(SPONSOR, nonce=9, fee=2000)


def test_signing_anew_drops_the_sponsor_that_signed_over_it() -> None:
    changed = dataclasses.replace(sponsored(), mode=PostConditionMode.DENY).sign_origin(KEY)
    changed.verify_origin()
    assert changed.sponsor == SPONSOR_TO_COME
    changed.sign_sponsor(SPONSOR, nonce=9, fee=2000).verify()


def test_what_is_not_signed_is_not_sponsored_or_valid() -> None:
    with pytest.raises(SignatureError):
        unsigned().verify()
    with pytest.raises(SignatureError):
        unsigned(sponsored=True).sign_sponsor(SPONSOR, nonce=0, fee=1)
    with pytest.raises(SignatureError):
        unsigned(sponsored=True).sign_origin(KEY).verify()  # the sponsor is still to come
    with pytest.raises(TransactionError):
        signed().sign_sponsor(SPONSOR, nonce=0, fee=1)
    with pytest.raises(SignatureError):
        unsigned().sign_origin(SPONSOR)


def test_an_uncompressed_key_is_read_and_verified() -> None:
    """Old wallets hash the uncompressed key; the digest does not cover the encoding byte, the account does."""
    key = coincurve.PublicKey(KEY.public_key).format(compressed=False)
    blank = dataclasses.replace(unsigned(), origin=Spending(hash160(key), 3, 1000, compressed=False))
    signature = KEY.sign(_presign(blank._initial_digest(), 4, blank.origin))
    made = dataclasses.replace(blank, origin=dataclasses.replace(blank.origin, signature=signature))
    assert deserialize(made.serialize()).verify_origin() == KEY.public_key
    with pytest.raises(SignatureError):
        blank.sign_origin(KEY)


@pytest.mark.parametrize(
    "make",
    [
        lambda: PrivateKey(bytes(32)),
        lambda: PrivateKey(bytes(31)),
        lambda: PrivateKey(bytes(33)),
        lambda: PrivateKey(CURVE_ORDER.to_bytes(32, "big")),
        lambda: KEY.sign(bytes(31)),
        lambda: Spending(bytes(20), -1, 0),
        lambda: Spending(bytes(20), 1 << 64, 0),
        lambda: Spending(bytes(20), 0, 1 << 64),
        lambda: Spending(bytes(19), 0, 0),
        lambda: Spending(bytes(20), 0, 0, signature=bytes(64)),
        lambda: ContractCall(CONTRACT, "no such", ()),
        lambda: ContractCall(CONTRACT, "a" * 129, ()),
        lambda: ContractDeploy("a" * 41, ""),
        lambda: ContractDeploy("a", "ä"),
        lambda: ContractDeploy("a", "\r\n"),
        lambda: ContractDeploy("a", "", 0),
        lambda: ContractDeploy("a", "", 7),
        lambda: TokenTransfer(CONTRACT, 0),
        lambda: TokenTransfer(CONTRACT, 1 << 64),
        lambda: TokenTransfer(CONTRACT, 1, b""),
        lambda: Asset(CONTRACT, "1a"),
        lambda: StxCondition(CONTRACT, Comparison.EQUAL, -1),
        lambda: FtCondition(CONTRACT, Asset(CONTRACT, "a"), Comparison.EQUAL, 1 << 64),
        lambda: unsigned().unsigned(CALL, network=Network.TESTNET, public_key=b"\x04" + bytes(64), nonce=0, fee=0),
    ],
)
def test_not_a_part_of_a_transaction(make: Callable[[], Any]) -> None:
    with pytest.raises(CodecError):
        make()


def _nested(depth: int) -> Value:
    value: Value = UInt(1)
    for _ in range(depth - 1):
        value = Optional(value)
    return value


def test_arguments_nest_less_deep_than_values() -> None:
    assert payload_bytes(ContractCall(CONTRACT, "f", (_nested(MAX_ARGUMENT_DEPTH),)))
    with pytest.raises(CodecError):
        payload_bytes(ContractCall(CONTRACT, "f", (_nested(MAX_ARGUMENT_DEPTH + 1),)))


def test_nothing_over_two_mebibytes() -> None:
    half = Buffer(bytes((1 << 20) - 5))
    made = dataclasses.replace(unsigned(), payload=ContractCall(CONTRACT, "f", (half, half, half)))
    with pytest.raises(TransactionError, match="2 MiB"):
        made.serialize()
    with pytest.raises(TransactionError, match="2 MiB"):
        deserialize(bytes((2 << 20) + 1))


# Offsets in a standard transaction: version 0, chain id 1, flag 5, hash mode 6, key encoding 43, anchor 109, mode 110.
@pytest.mark.parametrize(
    ("position", "byte"),
    [
        (0, 0x00),
        (0, 0x81),
        (1, 0x00),
        (4, 0x01),
        (5, 0x03),
        (5, 0x06),
        (6, 0x01),
        (6, 0x02),
        (6, 0x05),
        (43, 0x02),
        (109, 0x00),
        (109, 0x04),
        (110, 0x00),
        (110, 0x04),
        (115, 0x03),
    ],
)
def test_bytes_that_no_transaction_of_ours_has(position: int, byte: int) -> None:
    raw = signed().serialize()
    with pytest.raises(TransactionError):
        deserialize(raw[:position] + bytes([byte]) + raw[position + 1 :])


@pytest.mark.parametrize("kind", [1, 3, 4, 5, 7, 8, 9, 255])
def test_other_payloads_are_refused(kind: int) -> None:
    raw = signed().serialize()
    start = len(raw) - len(payload_bytes(CALL))
    with pytest.raises(TransactionError):
        deserialize(raw[:start] + bytes([kind]) + raw[start + 1 :])


def test_a_private_key_is_never_shown() -> None:
    secret = random.Random(5).randbytes(32)
    key = PrivateKey(secret)
    for shown in (repr(key), str(key), f"{key}", repr([key]), repr({"key": key})):
        assert shown.count("PrivateKey(...)") == 1
        assert secret.hex() not in shown
    with pytest.raises(TypeError):
        pickle.dumps(key)
    with pytest.raises(TypeError):
        copy.deepcopy(key)
    assert not hasattr(key, "__dict__")


def test_deploys_and_transfers_are_read_back() -> None:
    deploy = ContractDeploy("meter-data", "(define-read-only (f) u1)\n")
    transfer = TokenTransfer(Address(26, bytes(20)), 5, b"rent".ljust(34, b"\0"))
    for payload in (deploy, transfer):
        made = Transaction.unsigned(
            payload, network=Network.MAINNET, public_key=KEY.public_key, nonce=0, fee=400
        ).sign_origin(KEY)
        assert deserialize(made.serialize()).payload == payload
    assert payload_bytes(deploy)[:2] == b"\x06\x06"
