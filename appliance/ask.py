"""What a settlement's contracts answer to questions, read into types at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from appliance.call import Sender
from appliance.chain.address import Contract
from appliance.chain.clarity import Value
from appliance.chain.node import Node, NodeError

Answer = TypeVar("Answer")


async def ask(
    node: Node, sender: Sender, read: Callable[[Value], Answer], contract: str, function: str, *arguments: Value
) -> Answer:
    """What a read-only function answers, as `read` understands it. NodeError where it cannot be asked or understood."""
    value = await node.call_read(Contract(sender.deployer, contract), function, arguments, sender.address)
    try:
        return read(value)
    except TypeError as error:
        raise NodeError(f"{contract}.{function} answers in an unknown form: {error}", permanent=True) from error
