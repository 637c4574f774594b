import os
import shutil
from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from appliance.chain.node import Node

from .fake_node import FakeNode
from .oracle import CONTRACTS, Oracle


@pytest.fixture(scope="session")
def oracle() -> Iterator[Oracle]:
    """@stacks/transactions, c32check and the contract VM, in a Node process that lives as long as the tests."""
    node = os.environ.get("MITA_NODE") or shutil.which("node")
    if node is None:
        _missing("no Node binary: set MITA_NODE or put node on PATH")
    elif not (CONTRACTS / "node_modules" / "@stacks" / "transactions").is_dir():
        _missing("contracts/node_modules is not installed: run npm ci in contracts/")
    else:
        with Oracle(node) as process:
            yield process


def _missing(reason: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture
async def fake() -> FakeNode:
    return FakeNode()


@pytest.fixture
async def node(fake: FakeNode) -> AsyncIterator[Node]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", fake.handle)
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        yield Node(str(server.make_url("/")), session)
        fake.released.set()
