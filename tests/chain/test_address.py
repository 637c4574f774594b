import hashlib
import itertools

import coincurve
import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.chain import address
from appliance.chain.address import (
    C32_ALPHABET,
    Address,
    AddressError,
    Contract,
    Network,
    c32_decode,
    c32_encode,
    c32check_decode,
    c32check_encode,
)

from .descriptions import ADDRESS_VERSIONS, PATIENT
from .oracle import Oracle

# Appendix B of the RIPEMD-160 paper (Dobbertin, Bosselaers, Preneel, 1996).
RIPEMD160 = {
    b"": "9c1185a5c5e9fc54612808977ee8f548b2258d31",
    b"a": "0bdc9d2d256b3ee9daae347be6f4dc835a467ffe",
    b"abc": "8eb208f7e05d987a9b044a8e98c6b087f15a0bfc",
    b"message digest": "5d0689ef49d2fae572b881b123a85ffa21595f36",
    b"abcdefghijklmnopqrstuvwxyz": "f71c27109c692c1b56bbdceb5b9d2865b3708dbc",
    b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq": "12a053384a9c0c88e405a06c27dcf49ada62eb2b",
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789": "b0e20b6e3116640286ed3a87a5713079b21f5189",
    b"1234567890" * 8: "9b752e45573d4b39f4dbd3323cab82bf63326bfb",
}

# Addresses of the c32check reference tests in stacks-core (stacks-common/src/address/c32.rs), by version.
HASHES = (
    "a46ff88886c2ef9762d970b4d2c63678835bd39d",
    "0000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000001",
    "1000000000000000000000000000000000000001",
    "1000000000000000000000000000000000000000",
)
ADDRESSES = {
    22: (
        "SP2J6ZY48GV1EZ5V2V5RB9MP66SW86PYKKNRV9EJ7",
        "SP000000000000000000002Q6VF78",
        "SP00000000000000000005JA84HQ",
        "SP80000000000000000000000000000004R0CMNV",
        "SP800000000000000000000000000000033H8YKK",
    ),
    0: (
        "S02J6ZY48GV1EZ5V2V5RB9MP66SW86PYKKPVKG2CE",
        "S0000000000000000000002AA028H",
        "S000000000000000000006EKBDDS",
        "S080000000000000000000000000000007R1QC00",
        "S080000000000000000000000000000003ENTGCQ",
    ),
    26: (
        "ST2J6ZY48GV1EZ5V2V5RB9MP66SW86PYKKQYAC0RQ",
        "ST000000000000000000002AMW42H",
        "ST000000000000000000042DB08Y",
        "ST80000000000000000000000000000006BYJ4R4",
        "ST80000000000000000000000000000002YBNPV3",
    ),
}
# The accounts that SIP-005 names in its examples of keys in the state.
SIP_005 = ("SP2RZRSEQHCFPHSBHJTKNWT86W6VSK51M7BCMY06Q", "SP13N5TE1FBBGRZD1FCM49QDGN32WAXM2E5F8WT2G")
GENERATOR = bytes.fromhex("0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798")


@pytest.mark.parametrize("message", RIPEMD160)
def test_ripemd160_vectors(message: bytes) -> None:
    assert address.ripemd160_pure(message).hex() == RIPEMD160[message]
    assert address.ripemd160(message).hex() == RIPEMD160[message]


def test_ripemd160_of_hashlib() -> None:
    try:
        address.ripemd160_openssl(b"")
    except ValueError:
        pytest.skip("this OpenSSL has no RIPEMD-160; the fallback was tested with the published vectors")
    for message, digest in RIPEMD160.items():
        assert address.ripemd160_openssl(message).hex() == digest
    for length in range(300):
        message = hashlib.shake_128(length.to_bytes(2, "big")).digest(length)
        assert address.ripemd160_pure(message) == address.ripemd160_openssl(message)


def test_without_openssl_the_fallback_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str, data: bytes = b"", *, usedforsecurity: bool = True) -> None:
        raise ValueError(f"unsupported hash type {name}")

    monkeypatch.setattr(hashlib, "new", absent)
    assert address._choose_ripemd160() is address.ripemd160_pure


@pytest.mark.parametrize(("version", "index"), [(v, i) for v in ADDRESSES for i in range(len(HASHES))])
def test_reference_addresses(version: int, index: int) -> None:
    made = Address(version, bytes.fromhex(HASHES[index]))
    assert made.c32() == ADDRESSES[version][index]
    assert Address.from_c32(ADDRESSES[version][index]) == made


@pytest.mark.parametrize("text", SIP_005)
def test_addresses_of_sip_005(text: str) -> None:
    assert Address.from_c32(text).version == Network.MAINNET.address_version
    assert str(Address.from_c32(text)) == text


def test_addresses_are_those_of_c32check(oracle: Oracle) -> None:
    hashes = [bytes(zeros) + hashlib.sha256(bytes([zeros])).digest()[: 20 - zeros] for zeros in range(21)]
    hashes += [hashlib.sha256(n.to_bytes(2, "big")).digest()[:20] for n in range(200)]
    items = [{"version": v, "hash160": h.hex()} for v in (*ADDRESS_VERSIONS, 0, 31) for h in hashes]
    texts = oracle.ask("addresses", items)
    for item, text in zip(items, texts, strict=True):
        ours = Address(int(str(item["version"])), bytes.fromhex(str(item["hash160"])))
        assert ours.c32() == text
        assert Address.from_c32(text) == ours
    assert oracle.ask("address", [Address(26, h).c32() for h in hashes]) == [
        {"version": 26, "hash160": h.hex()} for h in hashes
    ]
    assert oracle.ask("c32", [h.hex() for h in hashes]) == [c32_encode(h) for h in hashes]


def test_addresses_of_keys_are_those_of_the_library(oracle: Oracle) -> None:
    secrets = [hashlib.sha256(bytes([n])).digest() for n in range(50)] + [b"\0" * 31 + b"\1"]
    for secret, theirs in zip(secrets, oracle.ask("keys", [s.hex() + "01" for s in secrets]), strict=True):
        key = coincurve.PrivateKey(secret).public_key.format()
        assert key.hex() == theirs["public"]
        assert Address.from_public_key(key, Network.MAINNET).c32() == theirs["mainnet"]
        assert Address.from_public_key(key, Network.TESTNET).c32() == theirs["testnet"]


@given(st.binary(max_size=40))
@PATIENT
def test_c32_round_trip(data: bytes) -> None:
    assert c32_decode(c32_encode(data)) == data


@given(st.integers(0, 31), st.binary(max_size=32))
@PATIENT
def test_c32check_round_trip(version: int, data: bytes) -> None:
    assert c32check_decode(c32check_encode(version, data)) == (version, data)


@given(st.text(C32_ALPHABET + "abILOU -.", max_size=45))
@PATIENT
def test_any_text_is_refused_or_the_one_spelling(text: str) -> None:
    try:
        read = Address.from_c32("S" + text)
    except AddressError:
        return
    assert read.c32() == "S" + text


def test_every_single_wrong_character_is_refused() -> None:
    text = ADDRESSES[26][0]
    for position, character in itertools.product(range(len(text)), C32_ALPHABET):
        changed = text[:position] + character + text[position + 1 :]
        if changed != text:
            with pytest.raises(AddressError):
                Address.from_c32(changed)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "S",
        "SP",
        "P2J6ZY48GV1EZ5V2V5RB9MP66SW86PYKKNRV9EJ7",
        ADDRESSES[22][0].lower(),
        ADDRESSES[22][0][:-1],
        ADDRESSES[22][0] + "0",
        " " + ADDRESSES[22][0],
        ADDRESSES[22][0] + "\n",
        "S" + "0" + ADDRESSES[22][0][1:],
        ADDRESSES[0][0].replace("0", "O"),  # look-alikes that a lenient decoder maps to 0 and 1
        ADDRESSES[0][0].replace("1", "L"),
        "S\N{MATHEMATICAL DOUBLE-STRUCK DIGIT ZERO}2J6ZY48GV1EZ5V2V5RB9MP66SW86PYKKPVKG2CE",
        "S" + c32check_encode(22, bytes(19)),
        "S" + c32check_encode(22, bytes(21)),
        "S" * 10_000,
    ],
)
def test_not_an_address(text: str) -> None:
    with pytest.raises(AddressError):
        Address.from_c32(text)


@pytest.mark.parametrize(
    ("version", "hash160"), [(-1, bytes(20)), (32, bytes(20)), (True, bytes(20)), (22, bytes(19)), (22, bytes(21))]
)
def test_parts_out_of_range(version: int, hash160: bytes) -> None:
    with pytest.raises(AddressError):
        Address(version, hash160)


@pytest.mark.parametrize(
    "key",
    [
        b"",
        GENERATOR[:-1],
        GENERATOR + b"\0",
        b"\x04" + GENERATOR[1:],
        b"\x06" + GENERATOR[1:],
        coincurve.PublicKey(GENERATOR).format(compressed=False),
        b"\x06" + coincurve.PublicKey(GENERATOR).format(compressed=False)[1:],  # hybrid: G has an even y
        b"\x02" + bytes(31) + b"\x05",  # 5^3 + 7 has no square root
        b"\x02" + b"\xff" * 32,
    ],
)
def test_not_a_compressed_key(key: bytes) -> None:
    with pytest.raises(AddressError):
        Address.from_public_key(key, Network.TESTNET)


def test_contract_identifiers() -> None:
    text = f"{ADDRESSES[26][0]}.meter-data_2"
    contract = Contract.parse(text)
    assert contract == Contract(Address.from_c32(ADDRESSES[26][0]), "meter-data_2")
    assert str(contract) == text
    assert Contract.parse(f"{ADDRESSES[26][0]}.{'a' * 40}").name == "a" * 40


@pytest.mark.parametrize("name", ["", "1a", "-a", "a.b", "a b", "a!", "ä", "a\n", "a" * 41])
def test_not_a_contract(name: str) -> None:
    with pytest.raises(AddressError):
        Contract.parse(f"{ADDRESSES[26][0]}.{name}")


def test_an_address_alone_is_not_a_contract() -> None:
    with pytest.raises(AddressError):
        Contract.parse(ADDRESSES[26][0])
