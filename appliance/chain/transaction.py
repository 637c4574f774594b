"""Stacks transactions, signed by one P2PKH key and, when sponsored, by a second one (SIP-005; mode 3 of SIP-040).

Multi-signature and P2WPKH accounts are refused when read.
"""

import hashlib
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Final, NoReturn, Self

import coincurve

from appliance.chain.address import (
    HASH160_BYTES,
    Address,
    AddressError,
    Network,
    compressed_key_checked,
    hash160,
)
from appliance.chain.clarity import ClarityError, Reader
from appliance.chain.payload import (
    Payload,
    PostCondition,
    TransactionError,
    condition_bytes,
    payload_bytes,
    read_condition,
    read_member,
    read_payload,
    u64_checked,
)

MAX_TRANSACTION_BYTES = 2 << 20  # of a block, so of any transaction
SIGNATURE_BYTES = 65
UNSIGNED: Final = bytes(SIGNATURE_BYTES)
CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141

_STANDARD = 0x04
_SPONSORED = 0x05
_P2PKH = 0x00


class SignatureError(TransactionError):
    """A signature that is missing, malformed, high-S, or not of the account it stands for."""


class PrivateKey:
    """A secp256k1 secret of 32 bytes, 1 to n - 1. Never shown, compared or pickled."""

    __slots__ = ("_key",)

    def __init__(self, secret: bytes) -> None:
        if len(secret) != 32 or not 0 < int.from_bytes(secret, "big") < CURVE_ORDER:
            raise TransactionError("a private key is 32 bytes, 1 to n - 1")
        self._key = coincurve.PrivateKey(secret)

    @property
    def public_key(self) -> bytes:
        """33 bytes."""
        return self._key.public_key.format(compressed=True)

    def address(self, network: Network) -> Address:
        return Address.from_public_key(self.public_key, network)

    def sign(self, digest: bytes) -> bytes:
        """v r s, 65 bytes, low-S, nonce by RFC 6979, over a digest of 32 bytes that is not hashed again."""
        if len(digest) != 32:
            raise TransactionError("a digest is 32 bytes")
        signature = self._key.sign_recoverable(digest, hasher=None)
        return signature[64:] + signature[:64]

    def __repr__(self) -> str:
        return "PrivateKey(...)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a private key is not pickled")


class PostConditionMode(IntEnum):
    """What happens to asset movements that no condition names."""

    ALLOW = 1
    DENY = 2
    ORIGINATOR = 3  # denied for the origin's own assets only


class AnchorMode(IntEnum):
    ON_CHAIN = 1
    OFF_CHAIN = 2
    ANY = 3


@dataclass(frozen=True, slots=True)
class Spending:
    """One signer's part: hash160 of its key, its nonce, the fee in microSTX that it pays, its signature (v r s)."""

    signer: bytes
    nonce: int
    fee: int
    compressed: bool = True
    signature: bytes = UNSIGNED

    def __post_init__(self) -> None:
        u64_checked(self.nonce, "a nonce")
        u64_checked(self.fee, "a fee")
        if len(self.signer) != HASH160_BYTES or len(self.signature) != SIGNATURE_BYTES:
            raise TransactionError("a signer is 20 bytes, a signature 65")

    def serialize(self) -> bytes:
        return b"".join(
            (
                bytes([_P2PKH]),
                self.signer,
                self.nonce.to_bytes(8, "big"),
                self.fee.to_bytes(8, "big"),
                bytes([0 if self.compressed else 1]),
                self.signature,
            )
        )


SPONSOR_TO_COME: Final = Spending(bytes(HASH160_BYTES), 0, 0)  # SIP-005's sentinel: what a sponsored origin signs over


@dataclass(frozen=True, slots=True)
class Transaction:
    """`sponsor` is None when the origin pays itself, SPONSOR_TO_COME until sign_sponsor."""

    network: Network
    origin: Spending
    sponsor: Spending | None
    payload: Payload
    conditions: tuple[PostCondition, ...] = ()
    mode: PostConditionMode = PostConditionMode.DENY
    anchor: AnchorMode = AnchorMode.ANY

    @classmethod
    def unsigned(
        cls,
        payload: Payload,
        *,
        network: Network,
        public_key: bytes,
        nonce: int,
        fee: int,
        conditions: tuple[PostCondition, ...] = (),
        mode: PostConditionMode = PostConditionMode.DENY,
        sponsored: bool = False,
    ) -> Self:
        """Fee in microSTX; a sponsored origin pays none, so its fee is 0 unless another signer agreed otherwise."""
        origin = Spending(hash160(compressed_key_checked(public_key)), nonce, fee)
        return cls(network, origin, SPONSOR_TO_COME if sponsored else None, payload, conditions, mode)

    def sign_origin(self, key: PrivateKey) -> Self:
        """Signed anew by the origin; a sponsor's signature, which covers the origin's, is dropped."""
        _own_checked(key, self.origin)
        sponsor = None if self.sponsor is None else SPONSOR_TO_COME
        signature = key.sign(_presign(self._initial_digest(), _STANDARD, self.origin))
        return replace(self, origin=replace(self.origin, signature=signature), sponsor=sponsor)

    def sign_sponsor(self, key: PrivateKey, *, nonce: int, fee: int) -> Self:
        """With `key`'s account as the sponsor that pays `fee` microSTX. The origin must have signed."""
        if self.sponsor is None:
            raise TransactionError("the origin did not ask for a sponsor")
        self.verify_origin()
        sponsor = Spending(hash160(key.public_key), nonce, fee)
        signature = key.sign(_presign(self._sponsor_digest(), _SPONSORED, sponsor))
        return replace(self, sponsor=replace(sponsor, signature=signature))

    def verify_origin(self) -> bytes:
        """The origin's compressed public key, recovered from its signature; SignatureError when it is not valid."""
        return _recover(_presign(self._initial_digest(), _STANDARD, self.origin), self.origin)

    def verify(self) -> None:
        """SignatureError unless every signature is there, low-S and of its account."""
        self.verify_origin()
        if self.sponsor is not None:
            _recover(_presign(self._sponsor_digest(), _SPONSORED, self.sponsor), self.sponsor)

    @property
    def origin_address(self) -> Address:
        """As stated; verify_origin says whether it signed."""
        return Address(self.network.address_version, self.origin.signer)

    @property
    def sponsor_address(self) -> Address | None:
        return None if self.sponsor is None else Address(self.network.address_version, self.sponsor.signer)

    @property
    def fee(self) -> int:
        """MicroSTX, of whoever pays."""
        return self.origin.fee if self.sponsor is None else self.sponsor.fee

    def serialize(self) -> bytes:
        """The bytes that a node takes; TransactionError when over 2 MiB."""
        data = self._with_auth(self.origin, self.sponsor)
        if len(data) > MAX_TRANSACTION_BYTES:
            raise TransactionError("a transaction is at most 2 MiB")
        return data

    def txid(self) -> str:
        """64 hexadecimal digits."""
        return txid(self.serialize())

    def _with_auth(self, origin: Spending, sponsor: Spending | None) -> bytes:
        auth = bytes([_STANDARD]) + origin.serialize()
        if sponsor is not None:
            auth = bytes([_SPONSORED]) + origin.serialize() + sponsor.serialize()
        return b"".join(
            (
                bytes([self.network.transaction_version]),
                self.network.chain_id.to_bytes(4, "big"),
                auth,
                bytes([self.anchor, self.mode]),
                len(self.conditions).to_bytes(4, "big"),
                *(condition_bytes(condition) for condition in self.conditions),
                payload_bytes(self.payload),
            )
        )

    def _initial_digest(self) -> bytes:
        blank = replace(self.origin, nonce=0, fee=0, signature=UNSIGNED)
        return _sha512_256(self._with_auth(blank, None if self.sponsor is None else SPONSOR_TO_COME))

    def _sponsor_digest(self) -> bytes:
        encoding = bytes([0 if self.origin.compressed else 1])
        presign = _presign(self._initial_digest(), _STANDARD, self.origin)
        return _sha512_256(presign + encoding + self.origin.signature)


def txid(raw: bytes) -> str:
    """Of serialized bytes: SHA-512/256 as 64 hexadecimal digits."""
    return _sha512_256(raw).hex()


def deserialize(raw: bytes) -> Transaction:
    """The transaction that serializes to exactly `raw`; CodecError for anything else. Signatures are not checked."""
    if len(raw) > MAX_TRANSACTION_BYTES:
        raise TransactionError("a transaction is at most 2 MiB")
    try:
        reader = Reader(raw)
        version, chain = reader.integer(1), reader.integer(4)
        network = next((n for n in Network if (n.transaction_version, n.chain_id) == (version, chain)), None)
        if network is None:
            raise TransactionError("neither mainnet nor testnet")
        flag = reader.integer(1)
        if flag not in (_STANDARD, _SPONSORED):
            raise TransactionError("an unknown authorization")
        origin = _read_spending(reader)
        sponsor = _read_spending(reader) if flag == _SPONSORED else None
        anchor = read_member(AnchorMode, reader)
        mode = read_member(PostConditionMode, reader)
        conditions = tuple(read_condition(reader) for _ in range(reader.integer(4)))
        payload = read_payload(reader)
        reader.end()
    except (ClarityError, AddressError) as error:
        raise TransactionError(str(error)) from error
    return Transaction(network, origin, sponsor, payload, conditions, mode, anchor)


def _read_spending(reader: Reader) -> Spending:
    if reader.integer(1) != _P2PKH:
        raise TransactionError("not a single-signature P2PKH account")
    signer, nonce, fee = reader.take(HASH160_BYTES), reader.integer(8), reader.integer(8)
    encoding = reader.integer(1)
    if encoding > 1:
        raise TransactionError("an unknown key encoding")
    return Spending(signer, nonce, fee, encoding == 0, reader.take(SIGNATURE_BYTES))


def _presign(digest: bytes, flag: int, spending: Spending) -> bytes:
    """The digest that `spending` signs: the one before it, the authorization flag, its fee and nonce."""
    return _sha512_256(digest + bytes([flag]) + spending.fee.to_bytes(8, "big") + spending.nonce.to_bytes(8, "big"))


def _own_checked(key: PrivateKey, spending: Spending) -> None:
    if not spending.compressed or hash160(key.public_key) != spending.signer:
        raise SignatureError("the key is not the account's")


def _recover(digest: bytes, spending: Spending) -> bytes:
    """The compressed public key that signed; high-S is invalid by consensus since Epoch 4.0."""
    recovery, r_s = spending.signature[0], spending.signature[1:]
    if recovery > 3 or int.from_bytes(r_s[32:], "big") > CURVE_ORDER // 2:
        raise SignatureError("the signature is malformed or high-S")
    try:
        key = coincurve.PublicKey.from_signature_and_message(r_s + bytes([recovery]), digest, hasher=None)
    except ValueError as error:
        raise SignatureError("no key gives this signature") from error
    if hash160(key.format(compressed=spending.compressed)) != spending.signer:
        raise SignatureError("the signature is not of the account")
    return key.format(compressed=True)


def _sha512_256(data: bytes) -> bytes:
    return hashlib.new("sha512_256", data).digest()
