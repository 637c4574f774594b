"""Programs that some tests need and that a machine may not have."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

import pytest

NODE_OLDEST = 20
# program: the Debian package that brings it; the same packages are in .ci/packages
PACKAGES = {
    "chromium": "chromium",
    "dbus-daemon": "dbus",
    "debootstrap": "debootstrap",
    "mbpoll": "mbpoll",
    "w3m": "w3m",
}


def missing(reason: str) -> NoReturn:
    """Counts the running test as not run; where everything must be there (CI=true) that is a failure."""
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def find_tool(name: str) -> Path:
    """The path of a program of PACKAGES; ends the test if it is missing."""
    package = PACKAGES[name]
    found = shutil.which(name)
    if found is None:
        missing(f"{name} is not installed (apt-get install {package})")
    return Path(found)


def find_node(environment: Mapping[str, str] = os.environ) -> Path:
    """The Node binary that the launcher set up (MITA_NODE), else one on PATH of version 20 or newer."""
    node = environment.get("MITA_NODE") or shutil.which("node", path=environment.get("PATH"))
    if node is None:
        missing(f"Node {NODE_OLDEST} or newer is not installed (./mita test brings it)")
    asked = subprocess.run(
        [node, "-p", "process.versions.node"], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True
    )
    if int(asked.stdout.split(".")[0]) < NODE_OLDEST:
        missing(f"{node} is Node {asked.stdout.strip()}, older than {NODE_OLDEST} (./mita test brings a newer one)")
    return Path(node)
