"""A dwelling claims its reward, or disputes its bill, with its own key and without the appliance.

Imports `circuits`, `appliance.chain` and `appliance.resident` alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from appliance.chain.address import Contract
from appliance.chain.clarity import Ascii, Bool, Buffer, List, Optional, Tuple, UInt, Value, serialize
from appliance.chain.node import Node
from appliance.chain.payload import ContractCall
from appliance.resident import Home, ResidentError, Settlement, send
from circuits import alternative, code, lists, money, zero
from circuits.blinding import Letter
from circuits.generators import LIB
from circuits.group import LibPoint
from circuits.pedersen import Opening, commit
from circuits.scalar import EncodingError, Scalar, total
from circuits.tariff import Line

CODE_BYTES: Final = 32
BOUND: Final = 1 << 36  # no bill, and no alternative to one, is as high
USAGE_BOUND: Final = 1 << 20  # of one block
CEILING: Final = (LIB.value * Scalar(BOUND - 1)).to_bytes()
"""What stands for a bill that only the gateway could open."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """A bill, in units of account, and what it should be. `sealed`: the bill cannot be opened by the dwelling.

    A bill by a tariff of one band opens with what was used in each block of the period, `used`, from `first_block` on.
    """

    period: int
    billed: int = field(repr=False)
    right: int = field(repr=False)
    sealed: bool = False
    first_block: int = 0
    used: tuple[int, ...] = field(repr=False, default=())

    def __post_init__(self) -> None:
        if not 0 <= self.right < BOUND or not 0 <= self.billed < BOUND:
            raise ResidentError("an amount is a whole number of units of account, from 0 to 2^36 - 1")
        if not self.sealed and self.right > self.billed:
            raise ResidentError("what the bill should be is more than what it is")
        if any(not 0 <= used < USAGE_BOUND for used in self.used) or self.first_block < 0:
            raise ResidentError("what a block used is a whole number of Wh or litres")


def blinding_of(reward_code: str) -> Scalar:
    """What the page calls the reward code. ResidentError where it was copied wrongly."""
    try:
        return Scalar.from_bytes_checked(code.decode(reward_code, CODE_BYTES, checked=True))
    except (code.CodeError, EncodingError) as error:
        raise ResidentError(f"the reward code is not one: {error}") from error


async def claim(
    node: Node, settlement: Settlement, home: Home, period: int, blinding: Scalar, entropy: bytes, max_fee: int
) -> str:
    """Shows that the arrears after the last settled period are zero; the transaction's id. ResidentError, NodeError."""
    payment = Contract(settlement.deployer, "payment")
    owed = _slot_of(await _ask(node, settlement, home, payment, "get-arrears", UInt(home.zone)), home.slot)
    if owed != commit(LIB, Opening(0, blinding)).to_bytes():
        raise ResidentError("the chain's arrears of this home do not open to nothing with this code: is it the newest?")
    context = _context(settlement, home, payment, "reward", {**_place(home), "number": UInt(period)})
    made = zero.prove(LIB, blinding, context, entropy)
    arguments = (UInt(home.zone), UInt(home.slot), UInt(period), Buffer(made.nonce), Buffer(made.response))
    call = ContractCall(payment, "claim-reward", (*arguments, settlement.proof))
    return await send(node, settlement, home, call, max_fee)


async def dispute(node: Node, settlement: Settlement, home: Home, doubt: Doubt, entropy: bytes, max_fee: int) -> str:
    """Opens a dispute about a bill; the transaction's id. `tell` comes after it. ResidentError, NodeError."""
    bill = await _bill(node, settlement, home, doubt.period)
    opened = await _opening(node, settlement, home, doubt)
    right = alternative.opening(home.blinding, home.zone, home.slot, doubt.period, doubt.right)
    if doubt.sealed:
        second = Opening(BOUND - 1 - right.value, -right.blinding)
    elif commit(LIB, opened).to_bytes() == bill:
        second = Opening(opened.value - right.value, opened.blinding - right.blinding)
    else:
        raise ResidentError(
            "this amount does not open the bill on chain: compare it with the page. By a tariff of one band it takes "
            "--first-block and --usage, all blocks of the period; or add --sealed"
        )
    named = commit(LIB, right).to_bytes()
    bound = {**_place(home), "period": UInt(doubt.period), "sealed": Bool(doubt.sealed), "bill": Buffer(bill)}
    context = _context(settlement, home, _disputes(settlement), "dispute", bound)
    made = money.prove(LibPoint, (right, second, right, second), context, entropy)
    hint = lists.subtract(LibPoint, (bill, CEILING), (named, named)).hint
    arguments: tuple[Value, ...] = (
        *(UInt(home.zone), UInt(home.slot), UInt(doubt.period), Buffer(named), Bool(doubt.sealed), Buffer(hint)),
        *(List(tuple(map(Buffer, items))) for items in (made.points, made.scalars, made.hints)),
        settlement.proof,
    )
    return await send(node, settlement, home, ContractCall(_disputes(settlement), "open-dispute", arguments), max_fee)


async def tell(node: Node, settlement: Settlement, home: Home, doubt: Doubt, max_fee: int) -> str:
    """Once the dispute is open: lets the gateway alone read what the bill should be, so that it can settle a ruling."""
    found = await _ask(
        *(node, settlement, home, _disputes(settlement), "get-dispute-of"),
        *(UInt(home.zone), UInt(home.slot), UInt(doubt.period)),
    )
    match found:
        case Optional(UInt() as number):
            right = alternative.opening(home.blinding, home.zone, home.slot, doubt.period, doubt.right)
            sealed = alternative.seal(home.blinding, commit(LIB, right).to_bytes(), doubt.right)
            call = ContractCall(_disputes(settlement), "submit-evidence", (number, Buffer(sealed)))
            return await send(node, settlement, home, call, max_fee)
    raise ResidentError("this bill is not disputed")


async def _opening(node: Node, settlement: Settlement, home: Home, doubt: Doubt) -> Opening:
    """What opens the bill: a blinding of its own, or the rate times that of the usage, as one band's line has it."""
    if not doubt.used:
        own = home.blinding.blinding(Letter.BILL, home.zone, home.slot, doubt.period, doubt.billed)
        return Opening(doubt.billed, own)
    registry, billing = (Contract(settlement.deployer, name) for name in ("user-registry", "billing"))
    zone = await _ask(node, settlement, home, registry, "get-zone", UInt(home.zone))
    utility = _field(zone, "utility")
    tariff = await _ask(node, settlement, home, billing, "get-tariff-for", utility, UInt(doubt.period))
    match _field(tariff, "bands"):
        case List((band,)):
            rate = _field(Optional(band), "rate")
        case _:
            raise ResidentError("a bill by a tariff of more than one band opens without --usage")
    blindings = [
        home.blinding.blinding(Letter.USAGE, home.zone, home.slot, block, used)
        for block, used in enumerate(doubt.used, doubt.first_block)
    ]
    line = Line(rate.value if isinstance(rate, UInt) else 0, 0)
    return Opening(doubt.billed, line.blinding(total(blindings), occupied=True))


def _field(value: Value, name: str) -> Value:
    """Of an optional tuple. ResidentError where it is not there."""
    match value:
        case Optional(Tuple(fields)):
            found = dict(fields).get(name)
            if found is not None:
                return found
    raise ResidentError(f"the contracts know no {name} of this zone and period: check zone, period and settlement")


def _disputes(settlement: Settlement) -> Contract:
    return Contract(settlement.deployer, "dispute-resolution")


def _place(home: Home) -> dict[str, Value]:
    return {"zone": UInt(home.zone), "slot": UInt(home.slot)}


def _context(settlement: Settlement, home: Home, contract: Contract, what: str, fields: Mapping[str, Value]) -> bytes:
    """What the contract binds the proof to: SHA-256 of a tuple's consensus bytes."""
    bound: dict[str, Value] = {
        "domain": Ascii(f"mita/v1/{what}"),
        "chain": UInt(settlement.network.chain_id),
        "contract": contract,
        "proof": settlement.proof,
        "submitter": home.signing.address(settlement.network),
        **fields,
    }
    return hashlib.sha256(serialize(Tuple.of(bound))).digest()


async def _bill(node: Node, settlement: Settlement, home: Home, period: int) -> bytes:
    billing = Contract(settlement.deployer, "billing")
    match await _ask(node, settlement, home, billing, "get-bills", UInt(home.zone), UInt(period)):
        case Optional(Tuple(fields)):
            return _slot_of(dict(fields).get("bills"), home.slot)
    raise ResidentError(f"zone {home.zone} has no final bills of period {period}")


async def _ask(
    node: Node, settlement: Settlement, home: Home, contract: Contract, function: str, *arguments: Value
) -> Value:
    return await node.call_read(contract, function, arguments, home.signing.address(settlement.network))


def _slot_of(points: Value | None, slot: int) -> bytes:
    match points:
        case List(items) if 0 <= slot < len(items):
            match items[slot]:
                case Buffer(data):
                    return data
    raise ResidentError(f"the chain has no slot {slot} there: check zone and slot")
