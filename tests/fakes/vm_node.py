"""A node over the contract VM of the tests: what is submitted waits until `mine`, and is executed there for real."""

from __future__ import annotations

from collections import Counter
from typing import Any

from appliance.chain.address import Address, Contract, Network
from appliance.chain.clarity import Optional, ResponseOk, Value
from appliance.chain.node import Accepted, Account, NodeError, Tip, TransactionState, TransactionStatus
from appliance.chain.payload import ContractCall
from appliance.chain.transaction import deserialize, txid
from tests.contracts.vm import Machine, value


class VmNode:
    """Stands in for `appliance.chain.node.Node`. `link_up` false: nothing is answered."""

    def __init__(self, vm: Machine) -> None:
        self.vm = vm
        self.waiting: dict[tuple[Address, int], bytes] = {}
        self.nonces: Counter[Address] = Counter()
        self.done: dict[str, TransactionStatus] = {}
        self.executed: list[tuple[str, bool]] = []
        self.link_up = True

    async def submit(self, raw: bytes) -> Accepted:
        self._check_link()
        transaction = deserialize(raw)
        transaction.verify()
        self.waiting[transaction.origin_address, transaction.origin.nonce] = raw
        return Accepted(txid(raw))

    async def transaction(self, wanted: str) -> TransactionStatus | None:
        self._check_link()
        if wanted in self.done:
            return self.done[wanted]
        if any(txid(raw) == wanted for raw in self.waiting.values()):
            return TransactionStatus(wanted, TransactionState.PENDING, None, None, True, None, None)
        return None

    async def account(self, address: Address) -> Account:
        self._check_link()
        return Account(self.nonces[address], 10**12)

    async def tip(self) -> Tip:
        self._check_link()
        return Tip(self.vm.height(), self.vm.burn(0), Network.TESTNET.chain_id)

    async def fee(self, payload: bytes, length: int) -> int:
        self._check_link()
        return 1

    async def call_read(
        self, contract: Contract, function: str, arguments: tuple[Value, ...], sender: Address
    ) -> Value:
        self._check_link()
        return self.vm.read(contract, function, *arguments).result

    async def map_entry(self, contract: Contract, name: str, key: Value) -> Value:
        self._check_link()
        (kept,) = self.vm.stored((contract, name, key))
        return Optional(None if kept is None else value(kept))

    def _check_link(self) -> None:
        if not self.link_up:
            raise NodeError("the link failed", permanent=False)

    def mine(self) -> None:
        """Everything that waits, each sender's in the order of its nonces, each in a block of its own."""
        for sender in dict.fromkeys(sender for sender, _ in self.waiting):
            while (sender, self.nonces[sender]) in self.waiting:
                raw = self.waiting.pop((sender, self.nonces[sender]))
                self.nonces[sender] += 1
                self._execute(sender, raw)

    def _execute(self, sender: Address, raw: bytes) -> None:
        payload = deserialize(raw).payload
        assert isinstance(payload, ContractCall)
        arguments: list[Any] = list(payload.arguments)
        result = self.vm.public(payload.contract, payload.function, arguments, sender).result
        ok = isinstance(result, ResponseOk)
        state = TransactionState.SUCCESS if ok else TransactionState.ABORT_BY_RESPONSE
        height, burn = self.vm.height(), self.vm.burn(0)
        self.done[txid(raw)] = TransactionStatus(txid(raw), state, height, burn, True, result, None)
        self.executed.append((payload.function, ok))
