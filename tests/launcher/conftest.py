"""The launcher as a module, and a checkout whose set-up is made of small scripts."""

import importlib.util
import json
import os
import shutil
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
ECHO = '#!/bin/sh\necho "$@"\necho "cwd=$PWD node=$MITA_NODE"\n'


def script(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


class Checkout:
    """A folder with the launcher, a lock and, after `set_up`, a whole environment whose python only echoes."""

    def __init__(self, root: Path, launcher: ModuleType) -> None:
        self.root = root
        self.launcher = launcher
        self.python = root / ".venv" / "bin" / "python"
        self.stamp_path = root / ".venv" / "mita.json"
        root.mkdir(parents=True)
        shutil.copy(ROOT / "mita", root / "mita")
        (root / "requirements.lock").write_text("# [run]\none==1\ntwo==2\n\n# [test]\nthree==3\n\n# [node]\nfour==4\n")
        (root / "pyproject.toml").write_text("[project]\n")
        (root / "contracts").mkdir()
        (root / "contracts" / "package.json").write_text("{}")
        (root / "contracts" / "package-lock.json").write_text("{}")

    def setup(self) -> Any:
        return self.launcher.Setup(str(self.root))

    def stamp(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.stamp_path.read_text())
        return found

    def set_up(self, *sections: str, python: str = ECHO) -> None:
        script(self.python, python)
        (self.root / ".venv" / "lib" / "python3.11" / "site-packages").mkdir(parents=True, exist_ok=True)
        node = script(self.root / "elsewhere" / "node", "#!/bin/sh\n")
        (self.root / "contracts" / "node_modules").mkdir(exist_ok=True)
        (self.root / "contracts" / "node_modules" / ".mita").write_text(self.setup().modules_digest())
        stamp = {
            "root": str(self.root),
            "python": os.path.realpath(self.python),
            "version": [3, 11, 2],
            "lock": self.launcher.digest(str(self.root / "requirements.lock")),
            "sections": list(sections),
            "project": self.setup().project_digest(),
            "node": self.launcher.identity(str(node)),
        }
        self.stamp_path.write_text(json.dumps(stamp))


@pytest.fixture(scope="session")
def launcher() -> ModuleType:
    loader = SourceFileLoader("launcher", str(ROOT / "mita"))
    spec = importlib.util.spec_from_loader("launcher", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


@pytest.fixture
def checkout(tmp_path: Path, launcher: ModuleType) -> Checkout:
    return Checkout(tmp_path / "a folder" / "mita's", launcher)
