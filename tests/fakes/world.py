"""A world of one chain and its node, small enough to reason about: mempool, blocks, reorganisations, a link that fails.

It executes by nonce as a real chain does and refuses a batch it has executed already, as the contract does.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from appliance.chain.address import Address, Contract, Network
from appliance.chain.clarity import Optional, ResponseErr, ResponseOk, Tuple, UInt, Value
from appliance.chain.node import (
    Accepted,
    Account,
    Action,
    NodeError,
    Rejected,
    Tip,
    TransactionState,
    TransactionStatus,
)
from appliance.chain.payload import ContractCall
from appliance.chain.transaction import deserialize, txid


class Crash(Exception):
    """Power fails while the appliance waits for the node's answer."""


@dataclass(slots=True)
class Mined:
    """A block's transactions as (raw bytes, executed well)."""

    burn_height: int
    transactions: list[tuple[bytes, bool]] = field(default_factory=list)


class World:
    """Stands in for `appliance.chain.node.Node`; the rest of its methods are what happens to the chain."""

    def __init__(self) -> None:
        self.blocks: list[Mined] = [Mined(100)]
        self.mempool: dict[int, bytes] = {}
        self.burn_height = 100
        self.link_up = True
        self.answer_lost = False
        self.crash_on_submit = False
        self.minimum_fee = 1
        self.unknown_contract = False
        self.index_lags = False
        self.foreign = 0  # transactions of the same key from elsewhere, before everything else
        self.account_lags = False
        self.submissions = 0
        self.held_until = 0  # the burn height until which a dwelling's own proof holds every batch back

    # what the appliance sees

    async def submit(self, raw: bytes) -> Accepted | Rejected:
        self._check_link()
        self.submissions += 1
        answer = self._admit(raw)
        if self.crash_on_submit:
            self.crash_on_submit = False
            raise Crash
        if self.answer_lost:
            raise NodeError("no answer in time", permanent=False)
        return answer

    def _admit(self, raw: bytes) -> Accepted | Rejected:
        transaction = deserialize(raw)
        transaction.verify()
        nonce, fee = transaction.origin.nonce, transaction.fee
        if self.unknown_contract:
            return Rejected("NoSuchContract", {}, Action.PERMANENT, "")
        if fee < self.minimum_fee:
            return Rejected("FeeTooLow", {"expected": self.minimum_fee}, Action.FEE_TOO_LOW, "")
        if nonce < self.nonce:
            return Rejected("BadNonce", {"expected": self.nonce}, Action.NONCE_STALE, "")
        waiting = self.mempool.get(nonce)
        if waiting is not None and waiting != raw and fee <= deserialize(waiting).fee:
            return Rejected("ConflictingNonceInMempool", {}, Action.NONCE_CONFLICT, "")
        self.mempool[nonce] = raw
        return Accepted(txid(raw))

    async def transaction(self, wanted: str) -> TransactionStatus | None:
        self._check_link()
        if self.index_lags:
            return None
        for height, block in enumerate(self.blocks):
            for raw, ok in block.transactions:
                if txid(raw) == wanted:
                    state = TransactionState.SUCCESS if ok else TransactionState.ABORT_BY_RESPONSE
                    result = ResponseOk(UInt(1)) if ok else ResponseErr(self._why_not(raw))
                    return TransactionStatus(wanted, state, height, block.burn_height, True, result, None)
        if any(txid(raw) == wanted for raw in self.mempool.values()):
            return TransactionStatus(wanted, TransactionState.PENDING, None, None, True, None, None)
        return None

    def _why_not(self, raw: bytes) -> UInt:
        """ERR_REPLAY if the zone has this batch from elsewhere, ERR_GAP before its turn, ERR_SELF_PROVED while held."""
        if batch_of(raw) in self.executed():
            return UInt(202)
        return UInt(203 if spans(raw)[1].value > self._next(spans(raw)[0]) else 213)

    async def account(self, address: Address) -> Account:
        self._check_link()
        assert address.version == Network.TESTNET.address_version
        return Account(0 if self.account_lags else self.nonce, 10**12)

    async def tip(self) -> Tip:
        self._check_link()
        return Tip(len(self.blocks) - 1, self.burn_height, Network.TESTNET.chain_id)

    async def call_read(
        self, contract: Contract, function: str, arguments: tuple[Value, ...], sender: Address
    ) -> Value:
        """meter-data's get-zone-state, for zones whose first block is 10, and get-self-proofs."""
        self._check_link()
        assert contract.name == "meter-data"
        if function == "get-self-proofs":
            return Optional(Tuple.of({"holds-until": UInt(self.held_until)}))
        assert function == "get-zone-state"
        (zone,) = arguments
        return Optional(Tuple.of({"next-block": UInt(self._next(zone))}))

    async def fee(self, payload: bytes, length: int) -> int:
        self._check_link()
        return max(1, length // 100)

    def _check_link(self) -> None:
        if not self.link_up:
            raise NodeError("the link failed: ClientConnectorError", permanent=False)

    # what happens to the chain

    @property
    def nonce(self) -> int:
        return self.foreign + sum(len(block.transactions) for block in self.blocks)

    def executed(self) -> list[tuple[int, int]]:
        """(zone, first block) of every batch that took effect, in order."""
        return [batch_of(raw) for block in self.blocks for raw, ok in block.transactions if ok]

    def mine(self) -> None:
        block = Mined(self.burn_height)
        self.blocks.append(block)
        while self.nonce in self.mempool:
            raw = self.mempool.pop(self.nonce)
            block.transactions.append((raw, self._in_turn(raw)))

    def _in_turn(self, raw: bytes) -> bool:
        """As the contract decides: the zone's next block, no other."""
        zone, first, _ = spans(raw)
        return first.value == self._next(zone) and self.burn_height >= self.held_until

    def _next(self, zone: Value) -> int:
        done = (spans(raw) for block in self.blocks for raw, ok in block.transactions if ok)
        return max((last.value + 1 for z, _, last in done if z == zone), default=10)

    def burn(self) -> None:
        self.burn_height += 1

    def reorganise(self, depth: int) -> None:
        """The newest blocks are undone; their transactions wait again."""
        for _ in range(min(depth, len(self.blocks) - 1)):
            for raw, _ in self.blocks.pop().transactions:
                self.mempool[deserialize(raw).origin.nonce] = raw

    def forget_mempool(self) -> None:
        self.mempool.clear()


def spans(raw: bytes) -> tuple[UInt, UInt, UInt]:
    """Zone, first and last block of a batch's call."""
    payload = deserialize(raw).payload
    assert isinstance(payload, ContractCall)
    zone, first, last = payload.arguments[:3]
    assert isinstance(zone, UInt)
    assert isinstance(first, UInt)
    assert isinstance(last, UInt)
    return zone, first, last


def batch_of(raw: bytes) -> tuple[int, int]:
    zone, first, _ = spans(raw)
    return zone.value, first.value


def some_bytes(seed: str, size: int) -> bytes:
    """Deterministic bytes for fixtures."""
    return hashlib.shake_128(seed.encode()).digest(size)
