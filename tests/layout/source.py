"""What the layout rules look at: the project's own files, and the imports and names in its Python."""

import ast
import fnmatch
from collections.abc import Iterator
from pathlib import Path


def own_files(root: Path) -> Iterator[Path]:
    """Every file that belongs to the project: all but .git and what .gitignore names."""
    ignored = [line.strip().rstrip("/") for line in (root / ".gitignore").read_text().splitlines() if line.strip()]

    def walk(folder: Path) -> Iterator[Path]:
        for path in sorted(folder.iterdir()):
            if path.name == ".git" or any(fnmatch.fnmatch(path.name, pattern) for pattern in ignored):
                continue
            if path.is_dir() and not path.is_symlink():
                yield from walk(path)
            else:
                yield path

    return walk(root)


def python_files(root: Path, *folders: str) -> Iterator[Path]:
    """Every .py file below these folders; of all the project without any."""
    for path in own_files(root):
        relative = path.relative_to(root)
        if path.suffix == ".py" and (not folders or relative.parts[0] in folders):
            yield path


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def module_of(root: Path, path: Path) -> str:
    """The dotted name: drivers/modbus/__init__.py is drivers.modbus."""
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(root: Path, path: Path) -> Iterator[tuple[int, str]]:
    """(line, name) of each import, as far as it goes: `from a.b import c` is a.b.c."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = node.module or ""
            if node.level:
                here = module_of(root, path).split(".")
                package = here if path.name == "__init__.py" else here[:-1]
                origin = ".".join(filter(None, [*package[: len(package) - node.level + 1], origin]))
            yield from ((node.lineno, f"{origin}.{alias.name}") for alias in node.names)


def within(name: str, packages: Iterator[str] | tuple[str, ...] | frozenset[str]) -> bool:
    """Whether a dotted name is one of these or lies below one."""
    return any(name == package or name.startswith(package + ".") for package in packages)
