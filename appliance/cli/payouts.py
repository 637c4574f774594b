"""`./mita payouts -c FILE`: what two stewards are to approve for homes that have left. Only reads core.db."""

from __future__ import annotations

import argparse
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from appliance import config

HELP = "show the payouts to homes that have left, for two stewards to approve"
EXAMPLE = """\
example:
  ./mita payouts -c /etc/mita.toml

Two stewards who are neither the zone's provider nor the agent call payment.approve-payout with exactly these arguments,
before the period that is named is settled. Nothing here names a home; a payout for one slot shows that home's balance.
"""


@dataclass(frozen=True, slots=True)
class Proposed:
    """Arguments of `approve-payout`. `period` is the next to settle, `amount` in units of account."""

    zone: int
    period: int
    mask: int
    amount: int
    agent: str
    payouts_hash: str
    planned: bool
    late: bool

    def lines(self) -> Iterator[str]:
        if self.planned:
            state = "approved, and carried out by the appliance"
        elif self.late:
            state = "too late: the period's settlement is planned"
        else:
            state = "waits for two stewards"
        yield f"zone {self.zone}, before the settlement of period {self.period}: {state}"
        yield f"  mask          u{self.mask}"
        yield f"  amount        u{self.amount}"
        yield f"  agent         {self.agent}"
        yield f"  payouts-hash  0x{self.payouts_hash}"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = EXAMPLE
    parser.add_argument(
        "-c", "--config", type=Path, required=True, metavar="FILE", help="configuration of the appliance"
    )


def run(options: argparse.Namespace) -> int:
    try:
        settings = config.load(options.config)
        found = proposed(settings.data / "core.db")
    except config.ConfigError as error:
        sys.stderr.write(f"mita: {error}\n")
        return 2
    except sqlite3.Error as error:
        sys.stderr.write(f"mita: the store in {settings.data} cannot be read ({error}): has the appliance run?\n")
        return 1
    for one in found:
        sys.stdout.write("\n".join(one.lines()) + "\n")
    if not found:
        sys.stdout.write("nothing is to be paid out\n")
    return 0


def proposed(path: Path) -> list[Proposed]:
    """The newest proposal of each zone. sqlite3.Error where there is no store."""
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as db:
        rows = db.execute(
            "SELECT zone, max(settled), agent, hex(hash), planned, EXISTS "
            "(SELECT 1 FROM settlement s WHERE s.zone = p.zone AND s.period = p.settled) FROM payout p "
            "GROUP BY zone ORDER BY zone"
        ).fetchall()
        found = []
        for zone, period, agent, digest, planned, late in rows:
            slots = db.execute(
                "SELECT slot, amount FROM payout_slot WHERE zone = ? AND settled = ?", (zone, period)
            ).fetchall()
            mask, amount = sum(1 << slot for slot, _ in slots), sum(units for _, units in slots)
            found.append(Proposed(zone, period, mask, amount, agent, digest.lower(), bool(planned), bool(late)))
    return found
