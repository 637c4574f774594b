"""The rules of the layout. Each takes the project's root and yields one line per violation, beginning with the file."""

import ast
import re
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from appliance.cli.main import commands
from tests.layout.source import imports, module_of, own_files, python_files, tree_of, within

Rule = Callable[[Path], Iterator[str]]

FOLDERS = frozenset({"appliance", "contracts", "circuits", "drivers", "web", "image", "tests", ".ci"})
PACKAGES = ("appliance", "circuits", "drivers", "web")
MAX_LINES = 400
MAX_CONTRACT_LINES = 1200  # their number is fixed, and to split one that keeps something would cost every call to it
NO_INPUT_OUTPUT = ("aiohttp", "aiosqlite", "asyncio", "random", "socket", "sqlite3", "subprocess", "time")
PURE_STEPS = (
    *("validation", "split", "block", "money", "settlement", "position", "bill", "credit", "sale", "ballot", "dispute"),
    *("period", "proof", "bill_proof", "money_proof", "call", "delivery"),
    *("ledger", "receipt", "evidence", "chain/address", "chain/clarity", "chain/payload", "chain/transaction"),
)
CIRCUITS_REFUSED = (*NO_INPUT_OUTPUT, "datetime", "io", "multiprocessing", "os", "pathlib", "secrets", "threading")
DRIVERS_ALLOWED = ("drivers", "bleak", "pymodbus", "serial", "cryptography", "gpiod")
WEB_ALLOWED = (
    *("web", "appliance.store.portal", "appliance.store.shown", "appliance.store.database", "appliance.config"),
    *("appliance.store.votes", "appliance.store.agents", "appliance.store.sign_in", "circuits"),
)
RESIDENT_ALLOWED = ("circuits", "appliance.chain", "appliance.resident")
NO_TRANSPORT = frozenset({"api", "registry", "decode", "table", "models"})
OWN_CLOCK = ("appliance.clock", "appliance.cli", "drivers.simulate")
NOW = re.compile(r"\b(time\.time(_ns)?|datetime\.(now|utcnow|today)|date\.today)$")
# Joined here, so that this file names none of them itself.
HOSTS = tuple(
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("deb", "debian", "org"),
    )
)
MACHINE_PATHS = tuple(
    "/" + "/".join(parts)
    for parts in (
        *(("work", "main"), ("work", "shared"), ("work", ".library"), ("root", "."), ("tmp", "lab")),
        *(("opt", "wheels"), ("opt", "pypi")),
    )
)


def top_level(root: Path) -> Iterator[str]:
    for name in sorted({path.relative_to(root).parts[0] for path in own_files(root) if path.parent != root} - FOLDERS):
        yield f"{name}: no top-level folder of the project"


def readmes(root: Path) -> Iterator[str]:
    for folder in (root, *(root / name for name in sorted(FOLDERS - {".ci"}))):
        if not (folder / "README.md").is_file():
            yield f"{(folder / 'README.md').relative_to(root)}: missing"


def pipeline_map(root: Path) -> Iterator[str]:
    """The docstring of appliance names, at the beginning of its lines, exactly the folder's modules and packages."""
    folder = root / "appliance"
    text = ast.get_docstring(tree_of(folder / "__init__.py")) or ""
    named: set[str] = set()
    for line in text.splitlines():
        start = re.match(r"\s*((?:\w+(?:\.py|/)\s*)+)(?:\s|$)", line)
        named |= set(start[1].split()) if start else set()
    there = {path.name for path in folder.glob("*.py")} - {"__init__.py", "__main__.py"}
    there |= {path.parent.name + "/" for path in folder.glob("*/__init__.py")}
    yield from (f"appliance/__init__.py: the map does not name {name}" for name in sorted(there - named))
    yield from (f"appliance/__init__.py: the map names {name}, which is not there" for name in sorted(named - there))


def order_is_whole(root: Path) -> Iterator[str]:
    """Every module of appliance has its place in the import order of pyproject.toml."""
    settings = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["id"] == "order")
    placed = frozenset(re.findall(r"[\w.]+", " ".join(layers)))
    for path in python_files(root, "appliance"):
        name = module_of(root, path)
        if path.name != "__init__.py" and not within(name, placed):
            yield f"{path.relative_to(root)}: has no place in the import order of pyproject.toml"


def drivers_imports(root: Path) -> Iterator[str]:
    for path in python_files(root, "drivers"):
        for line, name in imports(root, path):
            if name.split(".")[0] not in sys.stdlib_module_names and not within(name, DRIVERS_ALLOWED):
                yield f"{path.relative_to(root)}:{line}: a driver imports {name}"


def circuits_imports(root: Path) -> Iterator[str]:
    for path in python_files(root, "circuits"):
        allowed = ("circuits", "coincurve", *(("py_ecc",) if path.name == "reference.py" else ()))
        for line, name in imports(root, path):
            standard = name.split(".")[0] in sys.stdlib_module_names and not within(name, CIRCUITS_REFUSED)
            if not standard and not within(name, allowed):
                yield f"{path.relative_to(root)}:{line}: circuits import {name}"


def web_imports(root: Path) -> Iterator[str]:
    """Of the project's own packages, only those that a page needs. What else web uses from outside is free."""
    for path in python_files(root, "web"):
        for line, name in imports(root, path):
            if name.split(".")[0] in PACKAGES and not within(name, WEB_ALLOWED):
                yield f"{path.relative_to(root)}:{line}: web imports {name}"


def resident_imports(root: Path) -> Iterator[str]:
    """What proves for a dwelling needs circuits and the wire format alone."""
    for module in ("resident", "resident_money"):
        path = root / "appliance" / f"{module}.py"
        for line, name in imports(root, path) if path.exists() else ():
            if name.split(".")[0] in PACKAGES and not within(name, RESIDENT_ALLOWED):
                yield f"{path.relative_to(root)}:{line}: a dwelling's own program imports {name}"


def pure_imports(root: Path) -> Iterator[str]:
    for path in [root / "appliance" / f"{name}.py" for name in PURE_STEPS] + [root / "drivers" / "decode.py"]:
        for line, name in imports(root, path) if path.exists() else ():
            if within(name, NO_INPUT_OUTPUT):
                yield f"{path.relative_to(root)}:{line}: a pure module imports {name}"


def concrete_drivers(root: Path) -> Iterator[str]:
    """A transport is known to its own package alone; the simulation, which is no driver, to the command line too."""
    folder = root / "drivers"
    transports = {path.parent.name for path in folder.glob("*/__init__.py")} | {
        path.stem for path in folder.glob("*.py")
    }
    transports -= NO_TRANSPORT | {"__init__"}
    for path in python_files(root, *PACKAGES):
        here = module_of(root, path)
        for line, name in imports(root, path):
            for transport in sorted(transports):
                own = within(here, (f"drivers.{transport}", "drivers.simulate", "drivers.registry"))
                shown = transport == "simulate" and within(here, ("appliance.cli",))
                if within(name, (f"drivers.{transport}",)) and not own and not shown:
                    yield f"{path.relative_to(root)}:{line}: imports the concrete driver {name}"


def wall_clock(root: Path) -> Iterator[str]:
    """The time of day is asked only where a clock is made: in clock.py, the simulation and the command line."""
    for path in python_files(root, *PACKAGES):
        if within(module_of(root, path), OWN_CLOCK):
            continue
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.Attribute) and NOW.search(ast.unparse(node)):
                yield f"{path.relative_to(root)}:{node.lineno}: {ast.unparse(node)}"
            elif isinstance(node, ast.ImportFrom) and node.module == "time":
                yield from (
                    f"{path.relative_to(root)}:{node.lineno}: time.{alias.name}"
                    for alias in node.names
                    if alias.name in ("time", "time_ns")
                )


def floats(root: Path) -> Iterator[str]:
    """No float is written, named or made by / in circuits and the pure steps."""
    steps = [path for name in PURE_STEPS if (path := root / "appliance" / f"{name}.py").exists()]
    for path in [*python_files(root, "circuits"), *steps]:
        for node in ast.walk(tree_of(path)):
            match node:
                case ast.Constant(value=float()) | ast.Name(id="float"):
                    what = "a float"
                case ast.BinOp(op=ast.Div()) | ast.AugAssign(op=ast.Div()):
                    what = "a division that makes a float"
                case _:
                    continue
            yield f"{path.relative_to(root)}:{node.lineno}: {what}"


def long_modules(root: Path) -> Iterator[str]:
    for path in own_files(root):
        if path.suffix in (".py", ".js", ".mjs", ".clar", ".sh"):
            lines = path.read_text(encoding="utf-8").splitlines()
            made = path.suffix == ".clar" and lines and "generated" in lines[0].lower()
            most = MAX_CONTRACT_LINES if path.suffix == ".clar" else MAX_LINES
            if len(lines) > most and not made:
                yield f"{path.relative_to(root)}: {len(lines)} lines, more than {most}"


def foreign_names(root: Path) -> Iterator[str]:
    """No file names a package registry's host or a path of a machine that it was written on."""
    for path in own_files(root):
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for name in (*HOSTS, *MACHINE_PATHS):
            if name in text:
                line = text[: text.index(name)].count("\n") + 1
                yield f"{path.relative_to(root)}:{line}: names {name}"


def commands_documented(root: Path) -> Iterator[str]:
    """README.md shows every command, and no command that is not there."""
    text = (root / "README.md").read_text(encoding="utf-8") if (root / "README.md").exists() else ""
    there = set(commands(root / "appliance" / "cli"))
    shown = set(re.findall(r"\./mita ([a-z][a-z-]*)", text))
    yield from (f"README.md: does not show ./mita {name}" for name in sorted(there - shown))
    yield from (f"README.md: shows ./mita {name}, which is not there" for name in sorted(shown - there))


def lock_holds(root: Path) -> Iterator[str]:
    """The lock pins each named dependency to a version that pyproject.toml allows, and has a hash for each entry."""
    text = (root / "requirements.lock").read_text(encoding="utf-8")
    pins = dict(re.findall(r"^([\w.-]+)==([^\s;]+)", text, flags=re.MULTILINE))
    settings = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    groups = settings.get("dependency-groups", {}).values()
    for wanted in map(
        Requirement, [*settings["project"]["dependencies"], *(name for group in groups for name in group)]
    ):
        pin = pins.get(canonicalize_name(wanted.name))
        if pin is None or not wanted.specifier.contains(pin, prereleases=True):
            yield f"requirements.lock: {wanted} is pinned to {pin}; run .ci/lock"
    for entry in re.findall(r"^[\w.-]+==.*(?:\n .*)*", text, flags=re.MULTILINE):
        if "--hash=sha256:" not in entry:
            yield f"requirements.lock: no hash for {entry.splitlines()[0]}"


RULES: tuple[Rule, ...] = (
    *(top_level, readmes, pipeline_map, order_is_whole, drivers_imports, circuits_imports, web_imports, pure_imports),
    *(
        resident_imports,
        concrete_drivers,
        wall_clock,
        floats,
        long_modules,
        foreign_names,
        commands_documented,
        lock_holds,
    ),
)
