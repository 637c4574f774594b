"""A call that was made again: what became of what it was before is not taken for what it is now."""

from __future__ import annotations

from typing import cast

import pytest

from appliance import delivery
from appliance.chain.address import Contract, Network
from appliance.chain.clarity import TRUE, ResponseOk, UInt
from appliance.chain.node import Account, Node, Tip, TransactionState, TransactionStatus
from appliance.chain.payload import ContractCall
from appliance.chain.transaction import PrivateKey
from appliance.delivery import Executed, Pending, queued
from appliance.store.outbox import Call, Signed, Submission
from appliance.uplink import deliver
from appliance.uplink.deliver import Lane
from tests.appliance.settled import DEPLOYER

LANE = Lane(PrivateKey(bytes(31) + b"\1"), Network.TESTNET, DEPLOYER)


def signed(content: int, nonce: int) -> Signed:
    return LANE.sign(ContractCall(Contract(DEPLOYER, "payment"), "credit-batch", (UInt(content),)), nonce, 10)


class Chain:
    """Knows of some versions that they were executed, and of the others that they wait."""

    def __init__(self, *done: Signed) -> None:
        self.done = {version.txid.hex() for version in done}

    async def transaction(self, txid: str) -> TransactionStatus:
        state = TransactionState.SUCCESS if txid in self.done else TransactionState.PENDING
        mined = txid in self.done
        return TransactionStatus(txid, state, 7 if mined else None, 9 if mined else None, True, ResponseOk(TRUE), None)

    async def tip(self) -> Tip:
        return Tip(8, 10, Network.TESTNET.chain_id)

    async def account(self, _address: object) -> Account:
        return Account(5, 1)


def submission(*versions: Signed, nonce: int) -> Submission:
    return Submission(1, Call(1, "credit-batch", 1, 0, 0), False, str(LANE.address), nonce, queued(0), versions)


@pytest.mark.parametrize(
    ("versions", "done", "executed"),
    [
        ([(1, 3), (2, 4)], (1, 3), False),  # made again: the first is past
        ([(1, 3), (2, 4)], (2, 4), True),
        ([(1, 3), (1, 4)], (1, 3), True),  # a lost nonce: the same call turned up after all
        ([(1, 4), (2, 4)], (1, 4), True),  # one nonce: the configuration changed, and the older was mined
        ([(1, 3)], (1, 3), True),
    ],
)
async def test_only_what_the_call_is_now_counts(
    versions: list[tuple[int, int]], done: tuple[int, int], executed: bool
) -> None:
    made = [signed(*version) for version in versions]
    node = cast(Node, Chain(signed(*done)))
    found = await deliver._look_up(node, submission(*made, nonce=versions[-1][1]), first=True)
    assert isinstance(found, Executed if executed else Pending)
    assert delivery.MADE_AGAIN in deliver._LATER
