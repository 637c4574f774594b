"""Neutral descriptions of values and transactions: plain JSON that the oracle builds one way and the appliance another.

A shape is a type with room in it; a value is drawn from a shape, so that the items of a list share a type and the
contract VM can be told what to expect.
"""

import random
import string
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, settings

from appliance.chain.address import Address, Contract, Network
from appliance.chain.clarity import (
    Ascii,
    Bool,
    Buffer,
    Int,
    List,
    Optional,
    ResponseErr,
    ResponseOk,
    Tuple,
    UInt,
    Utf8,
    Value,
)
from appliance.chain.payload import (
    Asset,
    Comparison,
    ContractCall,
    ContractDeploy,
    FtCondition,
    NftCondition,
    Origin,
    Payload,
    PostCondition,
    Sent,
    StxCondition,
    TokenTransfer,
)
from appliance.chain.transaction import PostConditionMode, PrivateKey, Transaction

Description = dict[str, Any]
PATIENT = settings(
    deadline=None, suppress_health_check=[HealthCheck.too_slow]
)  # no test depends on the machine's speed

LEAVES = ("uint", "int", "bool", "buffer", "ascii", "utf8", "principal")
ADDRESS_VERSIONS = (20, 21, 22, 26)
PRINTABLE = "".join(map(chr, range(0x20, 0x7F)))
# @stacks/transactions sorts tuple keys by locale, the VM by bytes. The orders agree on these letters; the rest of the
# alphabet is compared with the VM alone.
PLAIN_NAME = string.ascii_lowercase + string.digits + "-"
ANY_NAME = string.ascii_letters + string.digits + "-_!?+<>=/*"


@dataclass(frozen=True, slots=True)
class Shape:
    """`inner` by tag: one shape for optional and list, two for response, named ones for tuple."""

    tag: str
    inner: "tuple[Shape, ...]" = ()
    names: tuple[str, ...] = ()

    def clarity(self) -> str:
        """As Clarity writes the type."""
        match self.tag:
            case "buffer":
                return "(buff 40)"
            case "ascii":
                return "(string-ascii 40)"
            case "utf8":
                return "(string-utf8 40)"
            case "optional":
                return f"(optional {self.inner[0].clarity()})"
            case "response":
                return f"(response {self.inner[0].clarity()} {self.inner[1].clarity()})"
            case "list":
                return f"(list 4 {self.inner[0].clarity()})"
            case "tuple":
                fields = zip(self.names, self.inner, strict=True)
                return "{" + ", ".join(f"{name}: {shape.clarity()}" for name, shape in fields) + "}"
        return self.tag


class Draw:
    """Everything random of one seed."""

    def __init__(self, seed: int, name_alphabet: str = PLAIN_NAME) -> None:
        self.rng = random.Random(seed)
        self.name_alphabet = name_alphabet

    def text(self, alphabet: str, least: int, most: int) -> str:
        return "".join(self.rng.choices(alphabet, k=self.rng.randint(least, most)))

    def name(self, most: int = 12) -> str:
        """Not beginning with u: Clarity source reads u1 as a number."""
        first = [c for c in self.name_alphabet if c.isalpha() and c != "u"]
        return self.rng.choice(first) + self.text(self.name_alphabet, 0, most - 1)

    def contract_name(self) -> str:
        return self.rng.choice(string.ascii_letters) + self.text(string.ascii_letters + string.digits + "-_", 0, 39)

    def u64(self) -> int:
        return self.rng.choice((0, 1, (1 << 64) - 1, self.rng.getrandbits(64), self.rng.getrandbits(20)))

    def address(self) -> str:
        hash160 = self.rng.choice((bytes(20), bytes(7) + self.rng.randbytes(13), self.rng.randbytes(20)))
        return Address(self.rng.choice(ADDRESS_VERSIONS), hash160).c32()

    def principal(self) -> str:
        return self.address() + (f".{self.contract_name()}" if self.rng.random() < 0.5 else "")

    def shape(self, depth: int) -> Shape:
        if depth <= 1 or self.rng.random() < 0.3:
            return Shape(self.rng.choice(LEAVES))
        tag = self.rng.choice(("optional", "response", "list", "tuple"))
        count = {"optional": 1, "list": 1, "response": 2, "tuple": self.rng.randint(1, 4)}[tag]
        inner = tuple(self.shape(depth - 1) for _ in range(count))
        if tag != "tuple":
            return Shape(tag, inner)
        names: set[str] = set()
        while len(names) < count:
            names.add(self.name())
        return Shape(tag, inner, tuple(self.rng.sample(sorted(names), count)))

    def value(self, shape: Shape) -> Description:
        rng = self.rng
        match shape.tag:
            case "uint":
                bits = rng.choice((0, 1, 8, 64, 127, 128))
                return {"t": "uint", "v": str(rng.choice((rng.getrandbits(bits), (1 << bits) - 1)))}
            case "int":
                bits = rng.choice((0, 1, 8, 64, 127))
                return {"t": "int", "v": str(rng.choice((rng.getrandbits(bits), -rng.getrandbits(bits), -(1 << bits))))}
            case "bool":
                return {"t": "bool", "v": rng.random() < 0.5}
            case "buffer":
                return {"t": "buffer", "v": rng.randbytes(rng.randint(0, 40)).hex()}
            case "ascii":
                return {"t": "ascii", "v": self.text(PRINTABLE + "\t\n\r", 0, 40)}
            case "utf8":
                return {"t": "utf8", "v": self.text(PRINTABLE + "µ×−äß日本語😀\u0301\u200d\U0010ffff\0", 0, 40)}
            case "principal":
                return {"t": "principal", "v": self.principal()}
            case "optional":
                return {"t": "some", "v": self.value(shape.inner[0])} if rng.random() < 0.7 else {"t": "none"}
            case "response":
                side = rng.randrange(2)
                return {"t": ("ok", "err")[side], "v": self.value(shape.inner[side])}
            case "list":
                return {"t": "list", "v": [self.value(shape.inner[0]) for _ in range(rng.randint(0, 4))]}
        return {"t": "tuple", "v": [[n, self.value(s)] for n, s in zip(shape.names, shape.inner, strict=True)]}

    def wrapped(self, depth: int) -> Description:
        """A value of exactly that type depth: a leaf in a chain of single containers."""
        value = self.value(Shape(self.rng.choice(LEAVES)))
        for _ in range(depth - 1):
            tag = self.rng.choice(("some", "ok", "err", "list", "tuple"))
            value = {"t": tag, "v": {"list": [value], "tuple": [[self.name(), value]]}.get(tag, value)}
        return value

    def argument(self) -> Description:
        return self.wrapped(16) if self.rng.random() < 0.05 else self.value(self.shape(self.rng.randint(1, 5)))

    def condition(self) -> Description:
        kind = self.rng.choice(("stx", "ft", "nft"))
        payer = "origin" if self.rng.random() < 0.3 else self.principal()
        found: Description = {"type": kind, "payer": payer}
        if kind == "nft":
            found["condition"] = self.rng.choice(("sent", "not-sent", "maybe-sent"))
            found["token"] = self.argument()
        else:
            found["condition"] = self.rng.choice(("eq", "gt", "gte", "lt", "lte"))
            found["amount"] = str(self.u64())
        if kind != "stx":
            found["asset"] = f"{self.address()}.{self.contract_name()}::{self.name()}"
        return found

    def key(self) -> str:
        return self.rng.randbytes(32).hex() + "01"

    def transaction(self) -> Description:
        rng = self.rng
        kind = rng.choices(("call", "deploy", "transfer"), (6, 2, 2))[0]
        sponsored = rng.random() < 0.35
        found: Description = {
            "kind": kind,
            "network": rng.choice(("mainnet", "testnet")),
            "key": self.key(),
            "nonce": str(self.u64()),
            "fee": "0" if sponsored and rng.random() < 0.5 else str(self.u64()),
            "mode": "deny",
            "conditions": [],
            "sponsor": {"key": self.key(), "nonce": str(self.u64()), "fee": str(self.u64())} if sponsored else None,
        }
        if kind != "transfer":
            found["mode"] = rng.choice(("allow", "deny", "originator"))
            found["conditions"] = [self.condition() for _ in range(rng.choice((0, 0, 1, 3)))]
        if kind == "call":
            arguments = [self.argument() for _ in range(rng.randint(0, 6))]
            return found | {
                "address": self.address(),
                "name": self.contract_name(),
                "function": self.name(40),
                "arguments": arguments,
            }
        if kind == "deploy":
            source = self.text(PRINTABLE + "\n\t", 0, rng.choice((0, 50, 2000)))
            return found | {"name": self.contract_name(), "source": source, "clarity": rng.randint(1, 6)}
        memo = self.text(PRINTABLE, 0, 34)
        return found | {"recipient": self.principal(), "amount": str(max(1, self.u64())), "memo": memo}


def principal(text: str) -> Address | Contract:
    return Contract.parse(text) if "." in text else Address.from_c32(text)


def value(description: Description) -> Value:
    """The appliance's value of a description."""
    v = description.get("v")
    match description["t"], v:
        case "none", _:
            return Optional(None)
        case "bool", bool():
            return Bool(v)
        case "list", list():
            return List(tuple(value(item) for item in v))
        case "tuple", list():
            return Tuple.of({name: value(field) for name, field in v})
        case "some", dict():
            return Optional(value(v))
        case "ok", dict():
            return ResponseOk(value(v))
        case "err", dict():
            return ResponseErr(value(v))
        case tag, str():
            match tag:
                case "uint":
                    return UInt(int(v))
                case "int":
                    return Int(int(v))
                case "buffer":
                    return Buffer(bytes.fromhex(v))
                case "ascii":
                    return Ascii(v)
                case "utf8":
                    return Utf8(v)
                case "principal":
                    return principal(v)
    raise AssertionError(description)


def literal(description: Description) -> str:
    """A description as Clarity source, for the VM."""
    v = description.get("v")
    match description["t"]:
        case "none":
            return "none"
        case "bool":
            return "true" if v else "false"
        case "uint":
            return f"u{v}"
        case "int":
            return str(v)
        case "buffer":
            return f"0x{v}"
        case "ascii":
            return '"' + "".join(_ESCAPES.get(c, c) for c in str(v)) + '"'
        case "utf8":
            escaped = (_ESCAPES.get(c, c if c in PRINTABLE else f"\\u{{{ord(c):x}}}") for c in str(v))
            return 'u"' + "".join(escaped) + '"'
        case "principal":
            return f"'{v}"
        case "list":
            return "(list " + " ".join(literal(item) for item in v or ()) + ")"
        case "tuple":
            return "{" + ", ".join(f"{name}: {literal(field)}" for name, field in v or ()) + "}"
    assert isinstance(v, dict)
    return f"({description['t']} {literal(v)})"


_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def condition(description: Description) -> PostCondition:
    payer = Origin.ORIGIN if description["payer"] == "origin" else principal(description["payer"])
    comparison = {
        "eq": Comparison.EQUAL,
        "gt": Comparison.GREATER,
        "gte": Comparison.GREATER_OR_EQUAL,
        "lt": Comparison.LESS,
        "lte": Comparison.LESS_OR_EQUAL,
    }
    sent = {"sent": Sent.SENT, "not-sent": Sent.NOT_SENT, "maybe-sent": Sent.MAY_BE_SENT}
    if description["type"] == "stx":
        return StxCondition(payer, comparison[description["condition"]], int(description["amount"]))
    contract, _, name = description["asset"].partition("::")
    asset = Asset(Contract.parse(contract), name)
    if description["type"] == "ft":
        return FtCondition(payer, asset, comparison[description["condition"]], int(description["amount"]))
    return NftCondition(payer, asset, value(description["token"]), sent[description["condition"]])


def payload(description: Description) -> Payload:
    match description["kind"]:
        case "call":
            contract = Contract(Address.from_c32(description["address"]), description["name"])
            arguments = tuple(value(argument) for argument in description["arguments"])
            return ContractCall(contract, description["function"], arguments)
        case "deploy":
            return ContractDeploy(description["name"], description["source"], description["clarity"])
    memo = description["memo"].encode().ljust(34, b"\0")
    return TokenTransfer(principal(description["recipient"]), int(description["amount"]), memo)


def transaction(description: Description) -> Transaction:
    """Built and signed by the appliance's own code."""
    key = PrivateKey(bytes.fromhex(description["key"])[:32])
    sponsor = description["sponsor"]
    signed = Transaction.unsigned(
        payload(description),
        network={"mainnet": Network.MAINNET, "testnet": Network.TESTNET}[description["network"]],
        public_key=key.public_key,
        nonce=int(description["nonce"]),
        fee=int(description["fee"]),
        conditions=tuple(condition(c) for c in description["conditions"]),
        mode=PostConditionMode[description["mode"].upper()],
        sponsored=sponsor is not None,
    ).sign_origin(key)
    if sponsor is None:
        return signed
    paying = PrivateKey(bytes.fromhex(sponsor["key"])[:32])
    return signed.sign_sponsor(paying, nonce=int(sponsor["nonce"]), fee=int(sponsor["fee"]))
