"""For all tests: --long, the programs that a test needs, and the interpreter as the appliance has it."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tools import find_node, find_tool


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="run the tests that take minutes, too")


def pytest_configure() -> None:
    """Undoes the recursion limit of 100000 that py_ecc sets when it is imported.

    Under it deeply nested JSON from outside ends the process instead of raising RecursionError. The appliance never
    imports py_ecc, so no test may run under its limit.
    """
    limit = sys.getrecursionlimit()
    import py_ecc  # noqa: F401

    sys.setrecursionlimit(limit)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--long"):
        return
    long = [item for item in items if item.get_closest_marker("long")]
    if long:
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if not item.get_closest_marker("long")]


@pytest.fixture(scope="session")
def node() -> Path:
    """The Node binary, 20 or newer; without one the test counts as not run."""
    return find_node()


@pytest.fixture(scope="session")
def tool() -> Callable[[str], Path]:
    """`tool("w3m")`: the path of a program of tests.tools.PACKAGES; without it the test counts as not run."""
    return find_tool
