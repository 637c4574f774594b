"""`./mita demo`: the main job on simulated meters, a local chain and the portal, each a process of its own."""

from __future__ import annotations

import argparse
import asyncio
import re
import signal
import sqlite3
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, TextIO

import aiohttp

from appliance.chain.node import Node
from appliance.cli import actors, agents, life
from appliance.cli import town as surroundings
from appliance.cli.actors import ActorError
from appliance.cli.reckoning import Books, Reckoning, reckon
from appliance.cli.town import Pace, Process, Town, TownError
from circuits.shape import USAGE_BOUND

HELP = "watch it work: simulated meters, commitments, a local chain, the portal"
EXAMPLE = """\
examples:
  ./mita demo             runs until Ctrl-C; open the portal's address in a browser
  ./mita demo --once      ends when a period is billed and settled on chain
"""

FINAL_BATCHES: Final = 3
PATIENCE: Final = 120  # seconds
CARDS_SHOWN: Final = 3
BLOCK_RUNTIME: Final = 5_000_000_000  # what the VM grants a block (stacks-core, epoch limits)
MILESTONE: Final = 8  # meters, between two lines that count them
_LOG_PREFIX: Final = re.compile(r"^[\d:, .-]+ mita(\.\w+)?: ")
_PAGE: Final = re.compile(r" aiohttp\.access: ")
_ANSWERS: Final = re.compile(r"meter \S+ answers: ")

Tell = Callable[[str], None]
Part = Callable[[Node, Town, Tell], Coroutine[Any, Any, None]]


def configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = EXAMPLE
    parser.add_argument(
        "--once", action="store_true", help="stop after the first settled periods and compare chain with meters"
    )
    parser.add_argument("--json", action="store_true", help="with --once: one JSON object on standard output")
    parser.add_argument("--port", type=int, default=0, help="port of the portal (default: any free one)")


def run(options: argparse.Namespace) -> int:
    teller = Teller(sys.stderr if options.json else sys.stdout)
    signal.signal(signal.SIGTERM, _end)  # as Ctrl-C: its processes end and its folder is gone
    try:
        with tempfile.TemporaryDirectory(prefix="mita-demo-") as folder:
            return asyncio.run(_run(Path(folder), options, teller))
    except TownError as error:
        sys.stderr.write(f"mita: the demonstration did not start: {error}\n")
        return 1


def _end(number: int, _: object) -> None:
    raise SystemExit(128 + number)


class Teller:
    """Progress for a person: seconds since the start, then what happened."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._start = time.monotonic()
        self._answering = 0

    @property
    def seconds(self) -> int:
        return round(time.monotonic() - self._start)

    def say(self, text: str) -> None:
        print(f"{time.monotonic() - self._start:6.1f} s  {text}", file=self._stream, flush=True)

    def log_line(self, line: str) -> None:
        """A line of the appliance's log; the meters' first answers are counted, pages are left out."""
        if _PAGE.search(line):
            return  # whoever looks at pages sees them
        text = _LOG_PREFIX.sub("", line)
        if not _ANSWERS.match(text):
            self.say(text)
            return
        self._answering += 1
        if self._answering % MILESTONE == 0:
            self.say(f"{self._answering} meters answer")


async def _run(folder: Path, options: argparse.Namespace, teller: Teller) -> int:
    pace = Pace() if options.once else surroundings.LONG
    async with surroundings.town(folder, pace, teller.say, options.port) as town:
        people = (_pay, _prove_own) if options.once else (life.live, _prove_own)
        async with surroundings.appliance(town, teller.log_line) as running, _people(town, teller.say, people):
            _introduce(town, teller.say)
            if not options.once:
                code = await running.ended()
                teller.say(f"the appliance ended with exit code {code}")
                return 1
            done = await _until_final(town, running)
        return await _conclude(town, done, options, teller)


@asynccontextmanager
async def _people(town: Town, say: Tell, parts: Sequence[Part]) -> AsyncIterator[None]:
    """What people do, for as long as this lasts."""
    async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as tasks:
        node = Node(town.node_url, session)
        acting = [tasks.create_task(act(node, town, say)) for act in parts]
        yield
        for task in acting:
            task.cancel()


async def _pay(node: Node, town: Town, say: Tell) -> None:
    """Homes pay from wallets, while others bring cash to an agent."""
    zone, vouchers = surroundings.FLOAT
    try:
        await actors.mint(node, town.cast, vouchers, agents.person(node, town.cast).address)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(actors.pay_all(node, town.cast, surroundings.PAYING, say))
            await agents.fills_up(node, town.cast, zone, vouchers)
            say(f"{surroundings.AGENT} puts {vouchers} vouchers into the pot of zone {zone} and may sell as much")
            await agents.sell_all(town.portal, town.agent_card, surroundings.SELLING, say)
    except* ActorError as failed:
        say(f"FAILED: {failed.exceptions[0]}")


async def _prove_own(node: Node, town: Town, say: Tell) -> None:
    """A home proves its first batch with a program of its own, from what its page shows."""
    label, zone, slot = surroundings.SELF_PROVING
    try:
        await actors.name_prover(node, town.cast, label, zone, slot)
    except ActorError as error:
        say(f"FAILED: {error}")
        return
    first, usage = await actors.own_usage(town.config.data / "portal.db", zone, slot)
    secret = town.folder / "secret.hex"
    secret.touch(mode=0o600)
    secret.write_text(town.cast.residents[label].raw.hex(), "ascii")
    where = ("--node", town.node_url, "--settlement", str(town.deployer), "--secret", secret)
    what = ("--zone", zone, "--slot", slot, "--first-block", first, "--usage", *usage)
    command = surroundings.python("appliance", "resident", "submit", *map(str, (*where, *what)))
    async with surroundings.process(say, *command) as proving:
        code = await proving.ended()
    say(
        f"{label} proved its own usage of zone {zone}"
        if code == 0
        else f"FAILED: {label} could not prove its own usage"
    )


def _introduce(town: Town, say: Tell) -> None:
    say(f"portal: http://127.0.0.1:{town.config.portal.port}/")
    for card in town.cards[:CARDS_SHOWN]:
        say(f"card of {card.label}: sign in with {card.label} {card.sign_in_code}, proof code {card.proof_code}")
    agent = town.agent_card
    say(f"card of the agent: sign in with {agent.label} {agent.sign_in_code}")
    say(f"check it from outside: ./mita audit --chain {town.node_url} --settlement {town.deployer}")


async def _until_final(town: Town, running: Process) -> bool:
    """Whether enough batches became final, a period of every zone settled, and every payment and sale credited."""
    zones = {zone.zone for zone in town.config.zones}
    path = town.config.data / "core.db"
    deadline = time.monotonic() + PATIENCE
    books: Books | None = None
    try:
        while time.monotonic() < deadline and running.code is None:
            await asyncio.sleep(0.2)
            try:
                books = books or Books(path)
                settled = {zone for zone, _ in books.settled()} == zones
                credited = books.credited(), books.sold()
                paid = len(surroundings.PAYING), len(surroundings.SELLING)
                if books.finals() >= FINAL_BATCHES and settled and credited == paid:
                    return True
            except sqlite3.OperationalError:  # not there yet, or its schema is just being written
                books = None
        return False
    finally:
        if books is not None:
            books.close()


async def _conclude(town: Town, done: bool, options: argparse.Namespace, teller: Teller) -> int:
    books = Books(town.config.data / "core.db")
    try:
        async with aiohttp.ClientSession() as session:
            node = Node(town.node_url, session)
            result = await reckon(books, town.served, node, town.deployer, town.gateway, town.units)
    finally:
        books.close()
    if options.json:
        sys.stdout.write(result.to_json(teller.seconds) + "\n")
    summarise(result, teller)
    if not done:
        teller.say(
            f"FAILED: fewer than {FINAL_BATCHES} batches became final, a zone settled no period, "
            "or a payment or a sale is lost"
        )
    return 0 if done and result.equal and result.range_proved else 1


def summarise(result: Reckoning, teller: Teller) -> None:
    """The end of a demonstration in words."""
    say = teller.say
    say(f"{result.readings} readings of {result.meters} meters in {result.blocks} blocks")
    for made in result.transactions:
        say(f"  {made.function} {made.txid[:16]}… {made.status}, {made.bytes} bytes, {_cost(made.runtime)}")
    for total in result.totals:
        sign = "=" if total.meters == total.chain else "IS NOT"
        of = f"zone {total.zone}, blocks from {total.batch}"
        say(f"  {of}: meters {total.meters} {total.unit} {sign} chain {total.chain} {total.unit}")
    for one in result.settled:
        sign = "=" if one.paid == one.chain else "IS NOT"
        say(
            f"  zone {one.zone}, period {one.period}: bills {one.bills}, paid from balances {one.paid} {sign} "
            f"chain {one.chain}, {one.arrears} owed by {one.debtors} slots"
        )
    for pot in result.paid:
        sign = "=" if pot.paid + pot.sold == pot.chain else "IS NOT"
        paid = f"{pot.paid} paid in by residents and {pot.sold} sold by agents"
        say(f"  zone {pot.zone}: {paid} {sign} {pot.chain} credited to their balances")
    for proof in result.proofs:
        median, longest = proof.median_ms / 1000, proof.longest_ms / 1000
        say(f"{proof.count} {proof.of} proofs in the worker: {median:.2f} s each (median; the longest {longest:.2f} s)")
    say(
        f"range-proved: the contract checked that each batch opens to its total and each part is below {USAGE_BOUND}"
        if result.range_proved
        else "FAILED: the contract does not say of every batch that it checked the ranges"
    )
    for problem in result.problems:
        say(f"PROBLEM: {problem}")
    say(
        "the chain's totals equal the meters'" if result.equal else "FAILED: the chain's totals differ from the meters'"
    )


def _cost(runtime: int | None) -> str:
    if runtime is None:
        return "not executed"
    return f"VM runtime {runtime} ({runtime / BLOCK_RUNTIME:.2%} of a block, at what the local chain charges)"
