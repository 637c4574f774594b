"""The command line: the list of commands, the words for a wrong one, exit codes; a broken command harms no other."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.cli.main import commands, main

GOOD = """\
HELP = "says what it was given"
def configure(parser):
    parser.add_argument("--code", type=int, default=0)
def run(arguments):
    print("code", arguments.code)
    return arguments.code
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of command modules, importable as the package `told`."""
    package = tmp_path / "told"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "say.py").write_text(GOOD)
    (package / "wait_long.py").write_text(
        "HELP = 'is interrupted'\ndef configure(parser): pass\ndef run(_): raise KeyboardInterrupt\n"
    )
    (package / "broken.py").write_text("HELP = 'cannot be imported'\nimport no_such_module\n")
    (package / "faulty.py").write_text("HELP = 'has a fault'\nimport appliance.no_such_module\n")
    (package / "table.py").write_text("WIDTH = 80\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield package
    for name in [name for name in sys.modules if name.partition(".")[0] == "told"]:
        del sys.modules[name]


def call(folder: Path, *arguments: str) -> int:
    return main(arguments, folder, "told")


def test_list_of_commands_is_the_folder(folder: Path) -> None:
    assert list(commands(folder)) == ["broken", "faulty", "say", "wait-long"]


def test_own_commands_include_test() -> None:
    assert {"audit", "bench", "demo", "run", "test"} <= commands().keys()


def test_modules_beside_a_command_are_no_commands() -> None:
    assert not [
        name for name in commands() if name.startswith(("audit-", "bench-")) or name in ("figures", "simulator")
    ]


@pytest.mark.parametrize("command", ["audit", "bench"])
def test_help_shows_examples(capsys: pytest.CaptureFixture[str], command: str) -> None:
    assert main([command, "--help"]) == 0
    assert f"examples:\n  ./mita {command} " in capsys.readouterr().out


@pytest.mark.parametrize("word", ["--help", "-h", "help"])
def test_help_lists_all_and_imports_none(folder: Path, capsys: pytest.CaptureFixture[str], word: str) -> None:
    assert call(folder, word) == 0
    out = capsys.readouterr().out
    assert "say" in out
    assert "cannot be imported" in out
    assert "example:\n  ./mita demo --once" in out
    assert not [name for name in sys.modules if name.startswith("told")]


def test_no_command_shows_help_and_is_a_wrong_use(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(folder) == 2
    assert "usage: ./mita" in capsys.readouterr().out


@pytest.mark.parametrize("code", [0, 1, 3])
def test_exit_code_is_the_commands(folder: Path, code: int) -> None:
    assert call(folder, "say", "--code", str(code)) == code


def test_wrong_option_is_2(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(folder, "say", "--colour", "red") == 2
    assert "./mita say: error:" in capsys.readouterr().err


def test_help_of_a_command_is_0(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(folder, "say", "--help") == 0
    assert "says what it was given" in capsys.readouterr().out


def test_unknown_command_names_the_closest(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(folder, "sya") == 2
    err = capsys.readouterr().err
    assert "there is no command 'sya'. Did you mean ./mita say?" in err
    assert "broken, faulty, say, wait-long" in err


def test_nothing_close_is_not_guessed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(folder, "qqqq") == 2
    assert "Did you mean" not in capsys.readouterr().err


def test_missing_package_is_incomplete_set_up(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(folder, "broken") == 3
    assert "broken needs the module no_such_module" in capsys.readouterr().err


def test_fault_of_our_own_is_not_hidden(folder: Path) -> None:
    with pytest.raises(ModuleNotFoundError):
        call(folder, "faulty")


def test_interruption_is_130(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(folder, "wait-long") == 130
    assert "stopped" in capsys.readouterr().err
