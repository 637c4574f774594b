"""`./mita bench NAME`: measured figures; one module of appliance/bench per name."""

from __future__ import annotations

import argparse
import importlib
import sys
import time
from typing import Final

from appliance.bench.figures import as_json, as_lines

HELP = "measure what proofs and contract calls cost, on this machine"
EXAMPLE = """\
examples:
  ./mita bench proof            proving and verifying usage, 1, 16 and 64 slots on one core
  ./mita bench chain            what verifying it costs on chain, on two cost tables
  ./mita bench chain --json     for programs; progress goes to standard error
"""
BENCHES: Final = ("proof", "chain")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = EXAMPLE
    parser.add_argument("bench", choices=BENCHES, help="what to measure")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.add_argument("--long", action="store_true", help="measure more often, and more")


def run(options: argparse.Namespace) -> int:
    start = time.monotonic()

    def say(text: str) -> None:
        print(f"{time.monotonic() - start:6.1f} s  {text}", file=sys.stderr, flush=True)

    bench = importlib.import_module(f"appliance.bench.{options.bench}")
    try:
        figures = bench.measure(say, long=options.long)
    except bench.Unmeasured as error:
        sys.stderr.write(f"mita: {error}\n")
        return int(error.code)
    sys.stdout.write(as_json(figures) + "\n" if options.json else "".join(line + "\n" for line in as_lines(figures)))
    return 1 if any(figure.missed and figure.binding for figure in figures) else 0
