"""The command line: finds the command, imports only that one, and turns its end into an exit code."""

import argparse
import ast
import difflib
import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

DONE, FAILED, USED_WRONGLY, INCOMPLETE = 0, 1, 2, 3

OWN = ("appliance", "circuits", "drivers", "web")
FOLDER = Path(__file__).resolve().parent
EXAMPLE = """\
example:
  ./mita demo --once      watch simulated meters, commitments, blocks and the chain; ends by itself
"""


def help_of(module: Path) -> str | None:
    """The command's HELP line, read and not run, so that the list costs no imports; None if this is no command."""
    for node in ast.parse(module.read_text(encoding="utf-8")).body:
        match node:
            case ast.Assign(targets=[ast.Name(id="HELP")], value=ast.Constant(value=str(text))):
                return text
    return None


def commands(folder: Path = FOLDER) -> dict[str, str]:
    """{command: its HELP line} of every command module in the folder, by name."""
    found = {module.stem.replace("_", "-"): help_of(module) for module in sorted(folder.glob("*.py"))}
    return {name: text for name, text in found.items() if text is not None}


def overview(known: dict[str, str]) -> str:
    width = max(map(len, known), default=0)
    lines = "\n".join(f"  {name:<{width}}  {text}" for name, text in known.items())
    return (
        "usage: ./mita COMMAND [options]\n\n"
        "Mita reads a community's meters, commits to every reading and settles on Stacks.\n\n"
        f"commands:\n{lines}\n\n{EXAMPLE}\n./mita COMMAND --help tells more about one command.\n"
    )


def unknown(name: str, known: dict[str, str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    meant = f" Did you mean ./mita {close[0]}?" if close else ""
    return f"mita: there is no command '{name}'.{meant}\nThe commands are: {', '.join(known)}.\n"


def main(arguments: Sequence[str], folder: Path = FOLDER, package: str = "appliance.cli") -> int:
    """Runs one command; the result is the exit code of the process."""
    known = commands(folder)
    name = arguments[0] if arguments else ""
    if name in ("", "-h", "--help", "help"):
        sys.stdout.write(overview(known))
        return DONE if name else USED_WRONGLY
    if name not in known:
        sys.stderr.write(unknown(name, known))
        return USED_WRONGLY
    try:
        command = importlib.import_module(f"{package}.{name.replace('-', '_')}")
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in OWN:
            raise
        sys.stderr.write(
            f"mita: set-up incomplete: {name} needs the module {error.name}. Start it with ./mita {name}.\n"
        )
        return INCOMPLETE
    parser = argparse.ArgumentParser(
        prog=f"./mita {name}", description=known[name], formatter_class=argparse.RawDescriptionHelpFormatter
    )
    command.configure(parser)
    try:
        options = parser.parse_args(arguments[1:])
    except SystemExit as end:
        # argparse ends by itself, after its help (0) or its words about a wrong use (2)
        return int(end.code or 0)
    try:
        return int(command.run(options))
    except KeyboardInterrupt:
        sys.stderr.write("\nmita: stopped.\n")
        return 130
