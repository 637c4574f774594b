"""A machine that runs everything in the simulator and in the model, and lets no difference pass."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from appliance.chain.address import Address, Contract
from contracts.costs import surroundings
from contracts.costs.chain import CallAborted, Chain, Outcome
from contracts.costs.tables import MAINNET, SIMULATOR
from tests.contracts.settlement import account
from tests.contracts.vm import CONTRACTS, Machine, Receipt, VmError, value


class ComparedMachine(Machine):
    """The simulator's answers, after the model on the simulator's table gave the same result and the same five costs.

    A third chain, on mainnet's table, must give the same result. `sources` are the deployed texts, `calls` what was
    called.
    """

    def __init__(self, node: Path) -> None:
        super().__init__(node)
        self.model = Chain(SIMULATOR)
        self.mainnet = Chain(MAINNET)
        self.sources: dict[Contract, str] = {}
        self.calls: set[tuple[Contract, str]] = set()
        self.outcome: Outcome | None = None
        self.mainnet_outcome: Outcome | None = None
        for chain in (self.model, self.mainnet):
            chain.burn_header = self._header
        self._surroundings = super().deploy(surroundings.NAME, account("who looks around"), surroundings.SOURCE)

    def deploy(self, name: str, sender: Address, source: str | None = None) -> Contract:
        contract = super().deploy(name, sender, source)
        text = source if source is not None else (CONTRACTS / f"{name}.clar").read_text()
        for chain in (self.model, self.mainnet):
            assert chain.deploy(name, text, sender) == contract
        self.sources[contract] = text
        return contract

    def _call(self, op: str, contract: Contract, function: str, args: list[Any], sender: Address) -> Receipt:
        values = [value(arg) for arg in args]
        self.calls.add((contract, function))
        try:
            receipt = super()._call(op, contract, function, args, sender)
        except VmError:
            for chain in (self.model, self.mainnet):
                with pytest.raises(CallAborted):
                    chain.call(contract, function, values, sender)
            raise
        heights = super()._call("read", self._surroundings, "heights", [], sender).plain()
        for chain in (self.model, self.mainnet):
            chain.heights |= heights
        self.outcome = self.model.call(contract, function, values, sender)
        self.mainnet_outcome = self.mainnet.call(contract, function, values, sender)
        assert self.outcome.result == receipt.result
        assert self.mainnet_outcome.result == receipt.result
        assert camel(self.outcome) == receipt.costs
        return receipt

    def _header(self, height: int) -> bytes | None:
        found: bytes | None = (
            super()._call("read", self._surroundings, "header", [height], self._surroundings.address).plain()
        )
        return found


def camel(outcome: Outcome) -> dict[str, int]:
    """The costs as a receipt has them."""
    return {
        "runtime": outcome.runtime,
        "readCount": outcome.read_count,
        "readLength": outcome.read_length,
        "writeCount": outcome.write_count,
        "writeLength": outcome.write_length,
    }
