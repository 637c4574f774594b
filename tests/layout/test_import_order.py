"""The import order of pyproject.toml, as import-linter understands it, refuses an import upwards."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINT = "from importlinter.cli import lint_imports_command; lint_imports_command()"
GOOD = {
    "appliance/__init__.py": "",
    "appliance/collect.py": "from appliance import store\nfrom drivers import api\n",
    "appliance/prove.py": "",
    "appliance/keys.py": "",
    "appliance/block.py": "from appliance import validation\n",
    "appliance/validation.py": "",
    "appliance/chain/__init__.py": "",
    "appliance/chain/clarity.py": "from appliance.chain import address\n",
    "appliance/chain/address.py": "",
    "appliance/store/__init__.py": "from appliance import block\n",
    "circuits/__init__.py": "",
    "drivers/__init__.py": "",
    "drivers/api.py": "",
    "web/__init__.py": "from appliance import store\n",
}


def lint(root: Path, files: dict[str, str]) -> subprocess.CompletedProcess[str]:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    shutil.copy(ROOT / "pyproject.toml", root)
    command = [sys.executable, "-I", "-c", LINT, "--no-logo", "--no-cache"]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)


def test_good_tree_passes(tmp_path: Path) -> None:
    done = lint(tmp_path, GOOD)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 kept, 0 broken" in done.stdout


@pytest.mark.parametrize(
    ("file", "text", "broken"),
    [
        ("appliance/validation.py", "from appliance import block\n", "appliance.validation -> appliance.block"),
        ("appliance/block.py", "from appliance import store\n", "appliance.block -> appliance.store"),
        ("appliance/collect.py", "from appliance import prove\n", "appliance.collect -> appliance.prove"),
        (
            "appliance/chain/address.py",
            "from appliance.chain import clarity\n",
            "chain.address -> appliance.chain.clarity",
        ),
        ("drivers/api.py", "import circuits\n", "drivers.api -> circuits"),
        ("circuits/__init__.py", "import web\n", "circuits -> web"),
        ("web/__init__.py", "from appliance import keys\n", "web -> appliance.keys"),
        ("appliance/store/__init__.py", "from appliance import keys\n", "appliance.store -> appliance.keys"),
    ],
)
def test_import_upwards_is_refused(file: str, text: str, broken: str, tmp_path: Path) -> None:
    done = lint(tmp_path, {**GOOD, file: text})
    assert done.returncode == 1, done.stdout + done.stderr
    assert broken in done.stdout
