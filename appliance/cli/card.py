"""`./mita card -c FILE`: what a dwelling's or agent's card says, for printing. Needs the device key and a stopped
appliance."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

from appliance import app, config, keys

HELP = "show the codes of dwellings and agents for their printed cards (stop the appliance first)"
EXAMPLE = """\
example:
  ./mita card -c /etc/mita.toml A-07
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = EXAMPLE
    parser.add_argument(
        "-c", "--config", type=Path, required=True, metavar="FILE", help="configuration of the appliance"
    )
    parser.add_argument("label", nargs="*", help="labels of dwellings or agents; all of them if none is given")


def run(options: argparse.Namespace) -> int:
    try:
        settings = config.load(options.config)
        cards = asyncio.run(_cards(settings))
    except (config.ConfigError, app.InUseError, keys.KeyFileError) as error:
        sys.stderr.write(f"mita: {error}\n")
        return 2 if isinstance(error, config.ConfigError) else 1
    known = {card.label: _printed(card) for card in cards}
    unknown = [label for label in options.label if label not in known]
    if unknown:
        sys.stderr.write(f"mita: there is no dwelling or agent {unknown[0]}; there are {', '.join(known)}\n")
        return 2
    for label in options.label or known:
        sys.stdout.write(known[label])
    return 0


def _printed(card: app.Card | app.AgentCard) -> str:
    """An agent proves nothing, so its card has one code."""
    lines = f"{card.label}\n  sign in with   {card.label} {card.sign_in_code}\n"
    return lines + f"  proof code     {card.proof_code}\n" if isinstance(card, app.Card) else lines


async def _cards(settings: config.Config) -> list[app.Card | app.AgentCard]:
    async with app.core_store(settings) as (_, owned):
        return [*owned.cards(), *owned.agent_cards()]
