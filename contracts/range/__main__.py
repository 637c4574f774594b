"""`python -m contracts.range` writes the generated contracts beside this package; with --check says which differ."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from circuits.shape import MONEY, USAGE
from contracts.range.generator import CONTRACTS, name_of, verifier
from contracts.range.points import point_sums


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m contracts.range", description="Generates contracts from templates."
    )
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a file differs")
    check: bool = parser.parse_args(arguments).check
    differing = []
    texts = {name_of(shape): verifier(shape) for shape in (*USAGE.values(), *MONEY.values())}
    for name, text in (texts | {"point-sums": point_sums()}).items():
        path: Path = CONTRACTS / f"{name}.clar"
        if check and (not path.exists() or path.read_text() != text):
            differing.append(path.name)
        elif not check:
            path.write_text(text)
    for name in differing:
        print(f"{name} is not what the generator makes of the templates", file=sys.stderr)
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
