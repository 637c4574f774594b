"""`python -m contracts.range` writes the verifiers beside this package; with --check it says which differ."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from circuits.shape import USAGE
from contracts.range.generator import CONTRACTS, verifier


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m contracts.range", description="Generates the range verifiers.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a file differs")
    check: bool = parser.parse_args(arguments).check
    differing = []
    for m, shape in USAGE.items():
        path: Path = CONTRACTS / f"range-{m}.clar"
        text = verifier(shape)
        if check and (not path.exists() or path.read_text() != text):
            differing.append(path.name)
        elif not check:
            path.write_text(text)
    for name in differing:
        print(f"{name} is not what the generator makes of the templates", file=sys.stderr)
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
