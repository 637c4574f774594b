"""What the launcher finds missing in a checkout, and that a set-up cut short is never taken for whole."""

import fcntl
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.launcher.conftest import ECHO, Checkout, script

ALL = ("run", "test", "node")


def test_whole_environment_needs_nothing(checkout: Checkout, capsys: pytest.CaptureFixture[str]) -> None:
    checkout.set_up("run", "test")
    setup = checkout.setup()
    assert setup.missing(setup.stamp(), ALL) == []
    assert setup.ensure(ALL) == checkout.stamp()
    assert capsys.readouterr().err == ""


def test_nothing_there(checkout: Checkout) -> None:
    setup = checkout.setup()
    assert setup.stamp() == {}
    assert setup.missing({}, ("run",)) == ["venv", "run", "project"]
    assert setup.missing({}, ALL) == ["venv", "run", "test", "node", "project", "modules"]


def test_only_what_a_command_needs(checkout: Checkout) -> None:
    checkout.set_up("run")
    setup = checkout.setup()
    assert setup.missing(setup.stamp(), ("run", "node")) == []
    assert setup.missing(setup.stamp(), ALL) == ["test"]


def change(checkout: Checkout, name: str) -> None:
    (checkout.root / name).write_text("changed")


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ("requirements.lock", ["venv", *ALL, "project", "modules"]),
        ("pyproject.toml", ["project"]),
        ("contracts/package-lock.json", ["modules"]),
        ("contracts/package.json", ["modules"]),
        ("elsewhere/node", ["node"]),
    ],
)
def test_change_is_noticed(checkout: Checkout, name: str, missing: list[str]) -> None:
    checkout.set_up("run", "test")
    change(checkout, name)
    setup = checkout.setup()
    assert setup.missing(setup.stamp(), ALL) == missing


def test_node_changes_do_not_matter_to_a_command_without(checkout: Checkout) -> None:
    checkout.set_up("run")
    change(checkout, "contracts/package-lock.json")
    (checkout.root / "elsewhere" / "node").unlink()
    setup = checkout.setup()
    assert setup.missing(setup.stamp(), ("run",)) == []
    assert "MITA_NODE" not in setup.environment(setup.stamp())


@pytest.mark.parametrize("damage", ["no stamp", "cut stamp", "no python", "other python", "no packages", "moved"])
def test_damaged_environment_is_not_whole(checkout: Checkout, damage: str) -> None:
    checkout.set_up("run", "test")
    match damage:
        case "no stamp":
            checkout.stamp_path.unlink()
        case "cut stamp":
            checkout.stamp_path.write_text(checkout.stamp_path.read_text()[:40])
        case "no python":
            checkout.python.unlink()
            checkout.python.symlink_to(checkout.root / "gone")
        case "other python":
            checkout.python.unlink()
            checkout.python.symlink_to(script(checkout.root / "python3.13", ECHO))
        case "no packages":
            (checkout.root / ".venv" / "lib" / "python3.11" / "site-packages").rmdir()
        case "moved":
            checkout.root = checkout.root.rename(checkout.root.parent / "moved")
    assert checkout.setup().stamp() == {}


def test_half_made_environment_is_made_anew(checkout: Checkout, capsys: pytest.CaptureFixture[str]) -> None:
    left = script(checkout.root / ".venv" / "lib" / "left", "from a start that was killed")
    stamp = checkout.setup().make_venv({})
    assert not left.exists()
    assert stamp == checkout.stamp() == checkout.setup().stamp()
    assert stamp["sections"] == []
    asked = [str(checkout.python), "-I", "-c", "import sys, pip; print(sys.prefix)"]
    assert subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip() == str(
        checkout.root / ".venv"
    )
    assert "half made" in capsys.readouterr().err


def test_link_in_place_of_the_environment_is_not_followed(
    checkout: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = script(tmp_path / "python3.11", '#!/bin/sh\nmkdir -p "$4/bin"\n')
    monkeypatch.setattr(checkout.launcher, "choose_python", lambda _: (str(python), (3, 11, 2)))
    kept = script(tmp_path / "other" / "kept", "")
    (checkout.root / ".venv").symlink_to(kept.parent)
    checkout.setup().make_venv({})
    assert kept.exists()
    assert not (checkout.root / ".venv").is_symlink()


def fails(checkout: Checkout, output: str) -> Any:
    """Sets up the test section with a pip that prints this and fails; the SetupError."""
    checkout.set_up("run", python=f"#!/bin/sh\ncat <<'END'\n{output}\nEND\nexit 1\n")
    setup = checkout.setup()
    with pytest.raises(checkout.launcher.SetupError) as failed:
        setup.ensure(ALL)
    return failed.value


def test_failed_download_leaves_what_was_whole(checkout: Checkout) -> None:
    error = fails(checkout, "Collecting three==3\nERROR: No matching distribution found for three==3")
    assert error.what == "the package registries cannot be reached"
    setup = checkout.setup()
    assert setup.missing(setup.stamp(), ("run", "node")) == []
    assert setup.missing(setup.stamp(), ALL) == ["test"]


def test_failed_installation_is_not_taken_for_whole(checkout: Checkout) -> None:
    error = fails(checkout, "Installing collected packages: three\n[Errno 28] No space left on device")
    assert error.what == "the disk is full"
    assert checkout.setup().stamp() == {}


def test_unknown_failure_shows_the_last_lines(checkout: Checkout) -> None:
    error = fails(checkout, "Collecting three==3\nSomething nobody knows")
    assert "exit 1" in error.what
    assert "    Something nobody knows" in error.what


def test_pip_is_asked_for_hashes_and_wheels(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = checkout.root / "asked"
    checkout.set_up("run", python=f'#!/bin/sh\necho "$@" > "{asked}"\nenv > "{asked}.env"\n')
    monkeypatch.setenv("PIP_TARGET", "/elsewhere")
    monkeypatch.setenv("PIP_INDEX_URL", "a person's own mirror")
    setup = checkout.setup()
    assert setup.make_test(setup.stamp())["sections"] == ["run", "test"]
    wanted = checkout.root / ".venv" / "mita-test.txt"
    assert wanted.read_text().strip() == "three==3"
    words = asked.read_text()
    assert words.startswith("-I -m pip install ")
    assert "--require-hashes --only-binary :all: --no-deps" in words
    environment = Path(f"{asked}.env").read_text().splitlines()
    assert not [line for line in environment if line.startswith("PIP_TARGET=")]
    assert "PIP_INDEX_URL=a person's own mirror" in environment
    assert "PIP_USER=0" in environment


def test_npm_cut_short_is_run_again(checkout: Checkout) -> None:
    checkout.set_up("run", "test")
    npm = script(checkout.root / "npm", "#!/bin/sh\necho npm error code ENOTFOUND\nrm -f node_modules/.mita\nexit 1\n")
    change(checkout, "contracts/package-lock.json")
    setup = checkout.setup()
    stamp = dict(setup.stamp(), node=dict(setup.stamp()["node"], npm=[str(npm)]))
    with pytest.raises(checkout.launcher.SetupError, match="cannot be reached"):
        setup.make_modules(stamp)
    assert setup.missing(stamp, ALL) == ["modules"]
    script(npm, '#!/bin/sh\necho "$@" > asked\n')
    setup.make_modules(stamp)
    assert (checkout.root / "contracts" / "asked").read_text().startswith("ci --ignore-scripts ")
    assert setup.missing(stamp, ALL) == []


def test_folder_of_another_owner(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkout.launcher.os, "access", lambda path, _mode: not str(path).endswith(".venv"))
    (checkout.root / ".venv").mkdir()
    with pytest.raises(checkout.launcher.SetupError) as refused:
        checkout.setup().ensure(("run",))
    assert "belongs to user" in refused.value.what
    assert "chown" in refused.value.how


def start(checkout: Checkout, *arguments: str, through: Path | None = None) -> subprocess.Popen[str]:
    """The launcher itself, as a person starts it."""
    command = [str(through or checkout.root / "mita"), *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd="/", stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, text=True)


def test_start_through_a_link_from_elsewhere(checkout: Checkout, tmp_path: Path) -> None:
    checkout.set_up("run")
    link = tmp_path / "link"
    link.symlink_to(checkout.root / "mita")
    out, err = start(checkout, "demo", "--once", through=link).communicate()
    assert out == f"-I -m appliance demo --once\ncwd=/ node={checkout.root / 'elsewhere' / 'node'}\n"
    assert err == ""


def test_second_start_waits_for_the_first(checkout: Checkout) -> None:
    folder = os.open(checkout.root, os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    with start(checkout, "demo") as second:
        assert second.stderr is not None
        assert second.stdout is not None
        assert "another ./mita is setting up here" in second.stderr.readline()
        checkout.set_up("run")
        os.close(folder)
        assert second.stdout.readline() == "-I -m appliance demo\n"
        assert second.wait() == 0


def test_installer_that_outlives_the_launcher_is_waited_for(checkout: Checkout) -> None:
    """The installer inherits the lock, so the lock is free only once the installer has ended."""
    look = (
        f"#!{sys.executable}\nimport os, sys\n"
        "held = [os.path.realpath(f'/proc/self/fd/{name}') for name in os.listdir('/proc/self/fd')]\n"
        f"sys.exit({str(checkout.root)!r} not in held)\n"
    )
    checkout.set_up("run", python=look)
    checkout.setup().ensure(("run", "test"))
    assert checkout.stamp()["sections"] == ["run", "test"]


def test_failed_set_up_ends_with_3_and_a_way_out(checkout: Checkout) -> None:
    checkout.set_up("run", python="#!/bin/sh\necho NameResolutionError\nexit 1\n")
    process = start(checkout, "test")
    out, err = process.communicate()
    assert process.returncode == 3
    assert out == ""
    assert "mita: set-up incomplete: the package registries cannot be reached\n" in err
    assert "internet" in err.splitlines()[-1]


def test_lost_lock_ends_with_3(checkout: Checkout) -> None:
    checkout.set_up("run")
    (checkout.root / "requirements.lock").unlink()
    process = start(checkout, "--help")
    err = process.communicate()[1]
    assert process.returncode == 3
    assert "requirements.lock" in err
