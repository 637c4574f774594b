"""`./mita resident submit`: a dwelling proves its own usage, without the appliance and with its own key."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from pathlib import Path
from typing import Final

import aiohttp

from appliance.chain.address import Address, AddressError, Network
from appliance.chain.node import Node, NodeError
from appliance.resident import ENTROPY_BYTES, Home, ResidentError, Said, Settlement, outcome, submit

HELP = "prove a dwelling's own usage with its own key, beside the gateway"
EXAMPLE = """\
example, for three blocks that end with number 20789:
  ./mita resident submit --node https://node.example --settlement SP... --secret secret.hex \\
      --zone 1 --slot 6 --first-block 20787 --usage 5120 4876 6001

The file holds the secret of the dwelling's card, 64 hexadecimal digits; nobody else should be able to read it.
The dwelling has to have named its key as prover before the period began (user-registry.set-self-proving).
"""
MAX_FEE: Final = 500_000
_POLL_SECONDS: Final = 2
_PATIENCE: Final = 300


def configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = EXAMPLE
    parser.add_argument("action", choices=("submit",), help="what to do")
    parser.add_argument("--node", required=True, metavar="URL", help="a Stacks node or API")
    parser.add_argument("--settlement", required=True, metavar="ADDRESS", help="who deployed the contracts")
    parser.add_argument("--secret", required=True, type=Path, metavar="FILE", help="the secret of the card, in hex")
    parser.add_argument("--zone", required=True, type=int)
    parser.add_argument("--slot", required=True, type=int)
    parser.add_argument("--first-block", required=True, type=int, help="the first block of the gateway's batch")
    parser.add_argument("--usage", required=True, type=int, nargs="+", help="Wh or litre, block by block")
    parser.add_argument("--max-fee", type=int, default=MAX_FEE, help="micro-STX, never more (default: %(default)s)")


def run(options: argparse.Namespace) -> int:
    try:
        settlement = _settlement(options.settlement)
        home = Home.from_secret(options.zone, options.slot, _secret(options.secret))
        said = Said(options.first_block, tuple(options.usage))
        return asyncio.run(_submit(options.node, settlement, home, said, options.max_fee))
    except (ResidentError, AddressError) as error:
        sys.stderr.write(f"mita: {error}\n")
        return 1
    except NodeError as error:
        sys.stderr.write(f"mita: the node cannot be asked: {error}\n")
        return 1


def _settlement(text: str) -> Settlement:
    deployer = Address.from_c32(text)
    for network in Network:
        if network.address_version == deployer.version:
            return Settlement(network, deployer)
    raise ResidentError(f"{text} is no address of mainnet or testnet")


def _secret(path: Path) -> bytes:
    try:
        return bytes.fromhex(path.read_text("ascii").strip())
    except (OSError, ValueError) as error:
        raise ResidentError(f"{path} cannot be read as hexadecimal digits: {error}") from error


async def _submit(url: str, settlement: Settlement, home: Home, said: Said, max_fee: int) -> int:
    async with aiohttp.ClientSession() as session:
        node = Node(url, session)
        txid = await submit(node, settlement, home, said, os.urandom(ENTROPY_BYTES), max_fee)
        sys.stdout.write(f"sent: transaction {txid}\n")
        for _ in range(_PATIENCE // _POLL_SECONDS):
            if await outcome(node, txid):
                sys.stdout.write("accepted: a batch that says otherwise is refused while this holds\n")
                return 0
            await asyncio.sleep(_POLL_SECONDS)
    sys.stderr.write("mita: it is not in a block yet: look for the transaction later\n")
    return 1
