"""The signed bytes of a transaction, as the indexed API hands them out to checkers."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .network import Account, Devnet


def test_raw_bytes_while_pending_and_once_mined(devnet: Devnet, fresh: Callable[[], Account]) -> None:
    sender, receiver = fresh(), fresh()
    signed = sender.transfer(0, receiver.address, 5)
    devnet.accept(signed)
    for path in (f"0x{signed.txid}", signed.txid):
        assert devnet.get(f"/extended/v1/tx/{path}/raw") == {"raw_tx": "0x" + signed.raw.hex()}
    devnet.mine()
    assert devnet.tx("0x" + signed.txid)["tx_status"] == "success"
    assert devnet.get(f"/extended/v1/tx/0x{signed.txid}/raw") == {"raw_tx": "0x" + signed.raw.hex()}


@pytest.mark.parametrize("txid", ["0x" + "0" * 64, "f" * 64, "0x12"])
def test_unknown_transaction_is_404(devnet: Devnet, txid: str) -> None:
    assert devnet.request("GET", f"/extended/v1/tx/{txid}/raw").status == 404
