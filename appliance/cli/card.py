"""`./mita card -c FILE`: what a dwelling's card says, for printing. Needs the device key and a stopped appliance."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

from appliance import app, config, keys

HELP = "show the codes of dwellings for their printed cards (stop the appliance first)"
EXAMPLE = """\
example:
  ./mita card -c /etc/mita.toml A-07
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = EXAMPLE
    parser.add_argument(
        "-c", "--config", type=Path, required=True, metavar="FILE", help="configuration of the appliance"
    )
    parser.add_argument("label", nargs="*", help="labels of dwellings; all of them if none is given")


def run(options: argparse.Namespace) -> int:
    try:
        settings = config.load(options.config)
        cards = asyncio.run(_cards(settings))
    except (config.ConfigError, app.InUseError, keys.KeyFileError) as error:
        sys.stderr.write(f"mita: {error}\n")
        return 2 if isinstance(error, config.ConfigError) else 1
    known = {card.label: card for card in cards}
    unknown = [label for label in options.label if label not in known]
    if unknown:
        sys.stderr.write(f"mita: there is no dwelling {unknown[0]}; there are {', '.join(known)}\n")
        return 2
    for label in options.label or known:
        card = known[label]
        sys.stdout.write(
            f"{card.label}\n  sign in with   {card.label} {card.sign_in_code}\n  proof code     {card.proof_code}\n"
        )
    return 0


async def _cards(settings: config.Config) -> list[app.Card]:
    async with app.core_store(settings) as (_, owned):
        return owned.cards()
