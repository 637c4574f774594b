"""`./mita audit`: checks a settlement from what the chain holds, with nothing of the appliance but the wire format."""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import re
import signal
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import aiohttp

from appliance.audit import proof_file, sources
from appliance.audit.batch import Batch, Finding, judge
from appliance.audit.chain import Fetching, NoSettlementError, Settlement
from appliance.audit.claim import Claim, Failure, Refused, Verdict, verify
from appliance.audit.combined import combined_place, judge_combined, judge_once
from appliance.audit.own import Contested, Own, contradictions, judge_kept, judge_own
from appliance.audit.report import Checked, Report
from appliance.audit.sources import SourcesMissingError, judge_sources, own_sources
from appliance.audit.submission import authentic, read_submission
from appliance.audit.zone import ZoneFacts, accepted, judge_settlement, judge_zone, repeated, totals_of
from appliance.chain.address import Address, AddressError
from appliance.chain.clarity import Value
from appliance.chain.history import History, Print
from appliance.chain.node import NodeError

HELP = "check every usage batch of a settlement from the chain alone, proofs included"
EXAMPLE = """\
examples:
  ./mita audit --chain URL --settlement ADDRESS          every batch; ADDRESS deployed the settlement's contracts
  ./mita audit --chain URL --tx ID                       one transaction
  ./mita audit --proof zone-1-block-20000.json           a proof in a file, as --save writes it

URL is a Stacks node with the indexed API. Exit code 0: all good, 1: a check failed, 2: used wrongly, 3: no answer,
or no contracts in this installation to compare those on the chain with.
"""

GOOD, FAILED, USED_WRONGLY, NO_ANSWER = 0, 1, 2, 3
_TXID: Final = re.compile(r"(?:0x)?([0-9a-fA-F]{64})")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = EXAMPLE
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--chain", metavar="URL", help="a Stacks node with the indexed API")
    what.add_argument("--proof", type=Path, nargs="+", metavar="FILE", help="proofs in files instead of a chain")
    one = parser.add_mutually_exclusive_group()
    one.add_argument("--settlement", metavar="ADDRESS", help="with --chain: the deployer of the contracts")
    one.add_argument("--tx", metavar="ID", help="with --chain: only this transaction")
    parser.add_argument("--save", type=Path, metavar="DIR", help="with --chain: write each proof to a file there")
    parser.add_argument(
        "--jobs", type=int, default=min(2, os.cpu_count() or 1), help="processes (default: %(default)s)"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")


def run(options: argparse.Namespace) -> int:
    try:
        if options.proof:
            return _files(options)
        return _chain(options)
    except (_Misuse, proof_file.FileError, NoSettlementError) as error:
        sys.stderr.write(f"mita: {error}\n")
        return USED_WRONGLY
    except SourcesMissingError as error:
        sys.stderr.write(f"mita: set-up incomplete: {error}.\n")
        sys.stderr.write("      An audit compares the contracts on the chain with those of a checkout of Mita.\n")
        return NO_ANSWER
    except NodeError as error:
        sys.stderr.write(f"mita: {options.chain} gives no answer to audit: {error}.\n")
        sys.stderr.write("      Needed is a Stacks node with the indexed API (paths /v2 and /extended).\n")
        return USED_WRONGLY if error.permanent else NO_ANSWER


class _Misuse(Exception):
    """Options that do not go together; the message says what to change."""


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _chain(options: argparse.Namespace) -> int:
    start = time.monotonic()
    if (options.settlement is None) == (options.tx is None):
        raise _Misuse("say with --settlement ADDRESS whose contracts to audit, or with --tx ID which transaction")
    if options.jobs < 1:
        raise _Misuse("--jobs is 1 or more")
    whole = not options.tx
    texts = own_sources(sources.FOLDER)
    contract = None
    utilities: dict[int, int | None] = {}
    judged = Judged((), (), (), ())
    try:
        if options.tx:
            settlement = asyncio.run(_fetch_one(options.chain, _txid(options.tx), texts))
        else:
            settlement = asyncio.run(_fetch(options.chain, _address(options.settlement), texts))
    except Refused as refused:
        judged = Judged((), (Finding(None, None, options.tx, refused.failure),), (), ())
    else:
        contract = settlement.meter_data
        judged = _judge(settlement, texts, options.jobs, whole=whole)
        if not judged.checked and not judged.findings:
            raise NoSettlementError(f"{settlement.meter_data} has taken no usage batch yet: there is nothing to audit")
        utilities = {zone: facts.utility for zone, facts in settlement.zones.items()}
    if options.save:
        _save(options.save, [one.batch for one in judged.checked])
    seconds = round(time.monotonic() - start)
    report = Report(
        chain=options.chain,
        settlement=options.settlement or options.tx,
        contract=contract,
        compared=() if contract is None else tuple(texts),
        utilities=utilities,
        checked=judged.checked,
        findings=judged.findings,
        seconds=seconds,
        whole=whole,
        own=sum(own.sent is not None for own in judged.own),
        contested=judged.contested,
        unjudged=tuple(own for own in judged.own if own.unjudged is not None),
    )
    sys.stdout.write(report.to_json() + "\n" if options.json else "".join(line + "\n" for line in report.lines()))
    return GOOD if report.good else FAILED


def _address(text: str) -> Address:
    try:
        return Address.from_c32(text)
    except AddressError as error:
        raise _Misuse(f"--settlement {text} is no Stacks address: {error}") from error


def _txid(text: str) -> str:
    match = _TXID.fullmatch(text)
    if not match:
        raise _Misuse("--tx takes a transaction id of 64 hexadecimal digits")
    return match[1].lower()


async def _fetch(url: str, deployer: Address, contracts: Iterable[str]) -> Settlement:
    async with aiohttp.ClientSession() as session:
        return await Fetching(History(url, session), deployer, _say).settlement(contracts)


async def _fetch_one(url: str, txid: str, contracts: Iterable[str]) -> Settlement:
    """What concerns one transaction only. Refused for broken bytes."""
    async with aiohttp.ClientSession() as session:
        history = History(url, session)
        chain_id = (await history.tip()).network_id
        raw = await history.raw(txid)
        if raw is None:
            raise NoSettlementError(f"this node knows no transaction {txid}")
        try:
            submission = read_submission(raw)
        except Refused as refused:
            if authentic(raw, txid) is not None:
                raise
            raise NoSettlementError(f"transaction {txid} is no usage batch: {refused}") from refused
        fetching = Fetching(history, submission.contract.address, _say)
        told = [one for one in await history.prints(submission.contract) if one.txid == txid]
        print_ = told[0] if told else Print(txid, -1, str(submission.contract), b"")
        evidence = await fetching.evidence(print_)
        zones = {submission.zone: await fetching.zone(submission.zone, await fetching.told())}
        compared = await fetching.sources(contracts)
        return Settlement(chain_id, submission.contract, zones, (evidence,), {}, (), {}, compared)


@dataclass(frozen=True, slots=True)
class Judged:
    """Batches with their proofs checked, everything that failed, dwellings' own proofs, batches that they contest."""

    checked: tuple[Checked, ...]
    findings: tuple[Finding, ...]
    own: tuple[Own, ...]
    contested: tuple[Contested, ...]


def _judge(settlement: Settlement, texts: Mapping[str, str], jobs: int, *, whole: bool) -> Judged:
    """The contracts, every batch and every slot's own proof; with `whole` also what they are together."""
    gateways = {zone: facts.gateways for zone, facts in settlement.zones.items()}
    batches = [judge(one, settlement.chain_id, settlement.meter_data, gateways) for one in settlement.evidence]
    own = [judge_own(one, settlement.chain_id, settlement.meter_data) for one in settlement.own]
    told: list[Batch | Own] = [*batches, *own]
    findings = list(judge_sources(settlement.meter_data.address, texts, settlement.sources))
    findings += [finding for one in told for finding in one.findings]
    verdicts = _verify([claim for one in told if (claim := one.claim) is not None], jobs)
    taken = []
    for number, one in enumerate(told, 1):
        verdict = Verdict(None, 0) if one.claim is None else next(verdicts)
        taken.append(verdict.milliseconds)
        if verdict.failure is not None:
            findings.append(Finding(one.zone, one.first_block, one.txid, verdict.failure))
        _say(_progress(one, verdict, number, len(told)))
    contested: list[Contested] = []
    if whole:
        findings += _together(settlement, batches, gateways)
        sent: dict[tuple[int | None, int | None], list[Own]] = defaultdict(list)
        for one_own in own:
            sent[one_own.zone, one_own.first_block].append(one_own)
        for stored, batch in zip(settlement.evidence, batches, strict=True):
            if batch.submission is not None:
                who, finding = contradictions(batch.submission, stored.stored, sent[batch.submission.place])
                contested += [who] if who else []
                findings += [finding] if finding else []
        for place, answer in settlement.kept.items():
            findings += judge_kept(*place, answer, sent[place])
    order = sorted(findings, key=lambda f: (f.zone is None, f.zone or 0, f.first_block is None, f.first_block or 0))
    checked = tuple(Checked(batch, ms) for batch, ms in zip(batches, taken, strict=False))
    return Judged(checked, tuple(order), tuple(own), tuple(contested))


def _progress(one: Batch | Own, verdict: Verdict, number: int, of: int) -> str:
    where = f"{number} of {of}: zone {one.zone}, "
    where += "own proof of a slot" if isinstance(one, Own) else f"batch of block {one.first_block}"
    if isinstance(one, Own) and one.unjudged is not None:
        return f"{where}: it cannot be judged"
    if one.claim is None:
        return f"{where}: its transaction cannot be read"
    found = "proof holds" if verdict.failure is None else f"proof FAILED: {verdict.failure.check}"
    slots = "" if isinstance(one, Own) else f", {len(one.claim.commitments)} slots"
    return f"{where}{slots}: {found} ({verdict.milliseconds} ms)"


def _together(
    settlement: Settlement, batches: Sequence[Batch], gateways: Mapping[int, Collection[Value]]
) -> Iterator[Finding]:
    totals: dict[tuple[int, int], list[int]] = defaultdict(list)
    named = {batch.submission.zone for batch in batches if batch.submission is not None}
    unknown = ZoneFacts(b"", b"", b"", {}, {}, ())
    ordered = []
    for zone in sorted({*settlement.zones, *named}):
        facts = settlement.zones.get(zone, unknown)
        own = accepted(batches, zone)
        ordered += own
        yield from judge_zone(zone, facts, own)
        for period, opened in totals_of(own).items():
            totals[facts.utility or 0, period] += opened
    yield from repeated(ordered)
    sealed = {one.submission.place: (one.submission, one.period) for one in ordered if one.submission.sealed}
    combined = [
        judge_combined(one, settlement.chain_id, settlement.meter_data, gateways, sealed) for one in settlement.together
    ]
    for one in combined:
        yield from one.findings
        totals[one.utility, one.period] += [one.total, *[0] * (len(one.zones) - 1)]
    yield from judge_once(combined, [combined_place(one.print.value)[0] for one in settlement.together])
    yield from judge_settlement(settlement.sums, totals)


def _verify(claims: Sequence[Claim], jobs: int) -> Iterator[Verdict]:
    """In order; over so many processes, or here for a single one."""
    if len(claims) < 2:
        yield from map(verify, claims)
        return
    pool = ProcessPoolExecutor(
        min(jobs, len(claims)), mp_context=multiprocessing.get_context("spawn"), initializer=_settle
    )
    try:
        yield from pool.map(verify, claims)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _settle() -> None:
    """A worker leaves the interruption to its parent, and never outlives it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is None:
        raise AssertionError("a worker has a parent")

    def follow() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=follow, daemon=True).start()


def _save(folder: Path, batches: Sequence[Batch]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        saved = [
            proof_file.save(folder, batch.submission, batch.period, batch.txid)
            for batch in batches
            if batch.submission is not None
        ]
    except OSError as error:
        raise _Misuse(f"the proofs cannot be saved in {folder}: {error.strerror}") from error
    _say(f"{len(saved)} proofs saved in {folder}")


def _files(options: argparse.Namespace) -> int:
    if options.settlement or options.tx or options.save:
        raise _Misuse("--settlement, --tx and --save go with --chain, not with --proof")
    entries: list[dict[str, object]] = []
    for path in options.proof:
        proofs = proof_file.load(path)
        for number, proof in enumerate(proofs, 1):
            name = str(path) if len(proofs) == 1 else f"{path}, number {number}"
            failure = _file_failure(proof)
            entries.append({"file": name, "check": failure and failure.check, "words": failure and failure.words})
            if not options.json:
                verdict = "the proof holds" if failure is None else f"FAILED  {failure.check}: {failure.words}"
                sys.stdout.write(f"{name}: {verdict}\n")
                sys.stdout.flush()
    good = all(entry["check"] is None for entry in entries)
    if options.json:
        sys.stdout.write(json.dumps({"good": good, "proofs": entries}) + "\n")
    return GOOD if good else FAILED


def _file_failure(proof: Mapping[str, object]) -> Failure | None:
    try:
        claim, wrong_context = proof_file.read(proof)
    except Refused as refused:
        return refused.failure
    return verify(claim).failure or wrong_context
