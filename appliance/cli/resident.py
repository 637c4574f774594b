"""`./mita resident`: a dwelling proves its usage, claims its reward or disputes a bill, with its own key alone."""

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
from appliance.resident_money import Doubt, blinding_of, claim, dispute, tell

HELP = "prove a dwelling's own usage, claim its reward or dispute a bill, with its own key"
EXAMPLE = """\
example, for three blocks that end with number 20789:
  ./mita resident submit --node https://node.example --settlement SP... --secret secret.hex \\
      --zone 1 --slot 6 --first-block 20787 --usage 5120 4876 6001

the reward for owing nothing after period 4, with the code on the page of its bills:
  ./mita resident claim --node ... --settlement ... --secret secret.hex --key own.hex \\
      --zone 1 --slot 6 --period 4 --code 1234-...

a bill of 80100 units of account that should be 60000:
  ./mita resident dispute --node ... --settlement ... --secret secret.hex --zone 1 --slot 6 --period 4 \\
      --billed 80100 --right 60000

The files hold the secret of the dwelling's card and the key of its own principal, 64 hexadecimal digits each; nobody
else should be able to read them. Without --key, the key that the gateway made signs, which counts for less.
Who proves its usage has to have named its key as prover before the period began (user-registry.set-self-proving).
A bill by a tariff of one band is disputed with --first-block and --usage, the page's numbers of all blocks of the
period; one that does not open, with --sealed, which takes --key.
"""
MAX_FEE: Final = 500_000
_POLL_SECONDS: Final = 2
_PATIENCE: Final = 300


def configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = EXAMPLE
    parser.add_argument("action", choices=("submit", "claim", "dispute"), help="what to do")
    parser.add_argument("--node", required=True, metavar="URL", help="a Stacks node or API")
    parser.add_argument("--settlement", required=True, metavar="ADDRESS", help="who deployed the contracts")
    parser.add_argument("--secret", required=True, type=Path, metavar="FILE", help="the secret of the card, in hex")
    parser.add_argument("--key", type=Path, metavar="FILE", help="the key of the dwelling's own principal, in hex")
    parser.add_argument("--zone", required=True, type=int)
    parser.add_argument("--slot", required=True, type=int)
    parser.add_argument("--first-block", type=int, help="submit, dispute: the first block of the batch, or period")
    parser.add_argument("--usage", type=int, nargs="+", help="submit, dispute: Wh or litre, block by block")
    parser.add_argument("--period", type=int, help="claim, dispute: the period's number")
    parser.add_argument("--code", help="claim: the reward code on the page of the bills")
    parser.add_argument("--billed", type=int, default=0, help="dispute: what the bill is, in units of account")
    parser.add_argument("--right", type=int, help="dispute: what it should be")
    parser.add_argument("--sealed", action="store_true", help="dispute: the bill cannot be opened by the dwelling")
    parser.add_argument("--max-fee", type=int, default=MAX_FEE, help="micro-STX, never more (default: %(default)s)")


def run(options: argparse.Namespace) -> int:
    try:
        settlement = _settlement(options.settlement)
        own = None if options.key is None else _secret(options.key)
        home = Home.from_secret(options.zone, options.slot, _secret(options.secret), own)
        return asyncio.run(_act(options, settlement, home))
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


async def _act(options: argparse.Namespace, settlement: Settlement, home: Home) -> int:
    async with aiohttp.ClientSession() as session:
        node, fee = Node(options.node, session), options.max_fee
        entropy = os.urandom(ENTROPY_BYTES)
        if options.action == "submit":
            _need(options, "first_block", "usage")
            said = Said(options.first_block, tuple(options.usage))
            done = "accepted: a batch that says otherwise is refused while this holds"
            return await _followed(node, await submit(node, settlement, home, said, entropy, fee), done)
        if options.action == "claim":
            _need(options, "period", "code")
            blinding = blinding_of(options.code)
            txid = await claim(node, settlement, home, options.period, blinding, entropy, fee)
            return await _followed(node, txid, "claimed: the reward tokens are this key's")
        _need(options, "period", "right")
        if options.usage is not None:
            _need(options, "first_block")
        used = tuple(options.usage or ())
        doubt = Doubt(options.period, options.billed, options.right, options.sealed, options.first_block or 0, used)
        txid = await dispute(node, settlement, home, doubt, entropy, fee)
        failed = await _followed(node, txid, "disputed: neighbours will be drawn by lot")
        if failed:
            return failed
        told = await tell(node, settlement, home, doubt, fee)
        return await _followed(node, told, "told: the gateway can settle what is ruled")


def _need(options: argparse.Namespace, *names: str) -> None:
    missing = [f"--{name.replace('_', '-')}" for name in names if getattr(options, name) is None]
    if missing:
        raise ResidentError(f"{options.action} needs {' and '.join(missing)}")


async def _followed(node: Node, txid: str, done: str) -> int:
    """0 once the contract accepted a transaction, and says so; ResidentError where it refused."""
    sys.stdout.write(f"sent: transaction {txid}\n")
    for _ in range(_PATIENCE // _POLL_SECONDS):
        if await outcome(node, txid):
            sys.stdout.write(f"{done}\n")
            return 0
        await asyncio.sleep(_POLL_SECONDS)
    sys.stderr.write("mita: it is not in a block yet: look for the transaction later\n")
    return 1
